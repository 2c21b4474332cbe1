/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_PERMIT_H
#define SIGNET_DB_DB_PERMIT_H
/*
 * Orders of kind permit: found by what they are for, and used once.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_PERMIT;		/* read */
extern const struct db_table DB_PERMIT_USE;

/* The newest that is open, pending or ready, for this ("puk P0000123K"): 1, 0,
 * -1. */
int	 db_permit_find(struct db *, const char *what,
	    uint8_t id[DB_ORDER_ID], struct error *);
/* In the transaction that does what it permits.  ERROR_CONFLICT: it was used,
 * or is not approved, or has expired. */
int	 db_permit_use(struct db *, const uint8_t id[DB_ORDER_ID],
	    const uint8_t digest[DB_DIGEST], const char *who, struct error *);
#endif
