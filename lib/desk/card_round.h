/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CARD_ROUND_H
#define SIGNET_DESK_CARD_ROUND_H
/*
 * Another round of orders for a batch of cards: for the items whose orders
 * spoiled cards have used up.  What is ordered is copied from the signed
 * orders of the earlier rounds, and officers approve it as they did those.
 */
#include "db/db_card_batch.h"
#include "desk/desk.h"

/* *n: how many items; ERROR_NOTFOUND when none is spent. */
int	 card_round_submit(struct desk *, const struct db_card_batch *,
	    size_t *n, struct error *);
#endif
