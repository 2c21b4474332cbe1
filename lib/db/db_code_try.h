/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CODE_TRY_H
#define SIGNET_DB_DB_CODE_TRY_H
/*
 * Attempts at the one-time codes of orders.  Each is counted before the code
 * is looked at, so that a hundred at once are a hundred; the right one is
 * taken back afterwards.  From the fourth on there is a pause between them
 * that doubles.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_CODE_TRY;

#define DB_CODE_TRIES	10

/*
 * May this order's code be tried once more?  1: yes, and it is counted;
 * 0: not now or, when *wait is 0, never again; -1.  *wait: seconds.
 */
int	 db_code_try(struct db *, const uint8_t order[DB_ORDER_ID],
	    int64_t *wait, struct error *);
/* Wrong ones so far, of each of n orders (their ids). */
int	 db_code_try_count(struct db *, const struct bytes *order, size_t n,
	    int64_t *tries, struct error *);
/* The code was right. */
int	 db_code_try_forgive(struct db *, const uint8_t order[DB_ORDER_ID],
	    struct error *);
#endif
