/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CARD_MOVE_H
#define SIGNET_DESK_CARD_MOVE_H
/*
 * What becomes of an issued card, and of its certificates with it.  The order
 * that has the effect is stored in the transaction that moves the card.
 */
#include "db/db_card_life.h"
#include "desk/desk.h"
#include "desk/draft.h"

struct card_move {
	struct desk		*desk;
	struct db_card		 card;
	const char		*verb;		/* "suspended", "resumed" ... */
	const char		*words;		/* why, or NULL */
	/* Of card_move_find(). */
	const char		*after;
	char			 effect[16];	/* "none", "hold" ... */
	int			 reason;	/* CRLReason */
	/* The order that has the effect, or NULL. */
	const uint8_t		*order_id;
};

/* The i-th verb; NULL: that were all. */
const char *card_move_verb(size_t i);
/* The way that the verb means: 1, 0 there is none from where the card is. */
int	 card_move_find(struct card_move *, struct error *);
/* Is there anything to order?  Makes the order, about those certificates that
 * it would change; none, and the card moves without.  ERROR_CONFLICT: what was
 * ordered before, to hold or to release them, is not done yet. */
int	 card_move_draft(struct card_move *, struct draft *, struct error *);
/* In a transaction: card and audit entry.  ERROR_CONFLICT: somebody else was
 * faster. */
int	 card_move_store(struct db *, void *card_move, struct error *);
/* The entry alone, for what changes no state. */
int	 card_move_note(struct db *, const struct card_move *,
	    struct error *);
#endif
