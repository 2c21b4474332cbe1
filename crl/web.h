/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_WEB_H
#define SIGNET_CRL_WEB_H
/*
 * The process that serves the directory.  It parses what strangers send, and
 * has neither store nor keys: it may read the directory and nothing else.
 */
#include "net/metrics.h"
#include "settings.h"

#define WEB_LISTEN_MAX	16

struct web_setup {
	const struct crld_conf	*conf;
	struct metrics		*metrics;
	int			 fd[WEB_LISTEN_MAX];	/* that listen */
	size_t			 n;
};
/* A proc_fn.  Each octet from the parent means that the directory has
 * changed; the end of them, that it is to stop. */
int	 web_main(int parent, void *setup);
#endif
