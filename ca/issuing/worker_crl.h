/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_WORKER_CRL_H
#define SIGNET_CA_WORKER_CRL_H
/*
 * Private to worker_crl*.c.
 */
#include "db/db_crl.h"
#include "worker_private.h"

/* Between signer and store, one list: asked for, fed, signed, stored. */
int	 worker_crl_make(struct worker *, const struct db_crl_due *,
	    enum wire_crl_kind, struct error *);
#endif
