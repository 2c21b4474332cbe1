/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_WORKER_ALONE_H
#define SIGNET_CA_WORKER_ALONE_H
/*
 * Orders that are about no certificate (adopt, reject, bind, unbind): each has
 * its message to the signer.
 */
#include "db/db_status.h"
#include "order/order.h"
#include "worker_private.h"

int	 worker_alone_ask(struct worker *, enum order_kind, struct bytes blob,
	    struct error *);
/* The signer has agreed: into the store, and what the audit chain is to say
 * into the buffer.  Within the caller's transaction. */
int	 worker_alone_apply(struct worker *, struct db *, struct buf *entry,
	    const struct db_status_order *, const struct order *,
	    struct error *);
#endif
