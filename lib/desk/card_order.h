/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CARD_ORDER_H
#define SIGNET_DESK_CARD_ORDER_H
/*
 * An order to revoke, hold or release what is on a card: those of its
 * certificates that such an order would change.
 */
#include "db/db_card.h"
#include "desk/draft.h"

/* order->ntargets may be 0: nothing is left to do.  reason: of a revocation;
 * words: the comment, or NULL. */
int	 card_order_draw_up(struct desk *, struct draft *, enum order_kind,
	    const struct db_card *, int reason, const char *words,
	    struct error *);
#endif
