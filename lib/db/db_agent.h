/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_AGENT_H
#define SIGNET_DB_DB_AGENT_H
/*
 * What an agent sees of the store beside the CAs: its own orders, which it
 * knows by their ids, and whose a certificate is that it has.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_AGENT;

struct db_agent_order {
	const char	*state;
	const char	*reason;	/* or NULL; of the order or of its item */
	struct bytes	 cert;		/* p NULL until it is issued */
};
/* 1, 0 there is no such order, -1. */
int	 db_agent_order(struct db *, const uint8_t id[DB_ORDER_ID],
	    struct db_agent_order *, struct arena *, struct error *);
/* 1, 0 the store does not have that certificate, -1. */
int	 db_agent_holder(struct db *, struct bytes serial, struct bytes der,
	    const char **holder, struct arena *, struct error *);
#endif
