/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_WORKER_H
#define SIGNET_CA_WORKER_H
/*
 * A worker process: it has the store and no key.  It carries orders from the
 * store to the signer and what comes out of it back into the store.
 */
#include "net/metrics.h"
#include "os/service.h"
#include "settings.h"

struct worker_setup {
	const struct cad_conf	*conf;
	struct service		*svc;
	struct metrics		*metrics;
	int			 index;		/* 0 also does lists and heads */
	int			 signer;	/* descriptor */
};

/* A proc_fn: parent is where heads to be pushed go. */
int	 worker_main(int parent, void *worker_setup);
#endif
