/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_ORDER_PRIVATE_H
#define SIGNET_DB_DB_ORDER_PRIVATE_H
/*
 * A row of orders, for the files that select one.
 */
#include "db/db_order.h"

#define DB_ORDER_COLUMNS "id, digest, kind, state, ca, profile, holder," \
	" summary, approvals, items, open_items, waiting_items, " \
	DB_EPOCH("created_at") ", " DB_EPOCH("expires_at") ", seq, " \
	DB_EPOCH("stored_at") ", " DB_EPOCH("changed_at") ", reason"
#define DB_ORDER_NCOLUMNS	18

void	 db_order_fill(struct db_order *, const struct db_rows *, size_t row,
	    struct arena *);
#endif
