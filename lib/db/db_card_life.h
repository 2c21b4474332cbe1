/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CARD_LIFE_H
#define SIGNET_DB_DB_CARD_LIFE_H
/*
 * What becomes of cards that were issued, for the bureau.  Which way leads
 * where, and what it does to certificates, is the table card_effect; the store
 * refuses a change whose order is not there.
 */
#include "db/db_card.h"

extern const struct db_table DB_CARD_LIFE;		/* read */
extern const struct db_table DB_CARD_LIFE_MOVE;
extern const struct db_table DB_CARD_ESCROW;		/* sealed secrets */

/* By the number on its face, the one that counts: 1, 0, -1. */
int	 db_card_numbered(struct db *, const char *number, struct db_card *,
	    struct arena *, struct error *);

struct db_cards {
	struct db_card	*v;
	size_t		 n;
};
/* NULL matches all; after (number, id), by number. */
struct db_card_filter {
	const char	*state, *holder, *batch;
};
int	 db_card_list(struct db *, const struct db_card_filter *,
	    const char *number, const uint8_t id[DB_CARD_ID], size_t limit,
	    struct db_cards *, struct arena *, struct error *);

struct db_card_event {
	const char	*what, *who;
	const char	*reason;	/* or NULL */
	uint8_t		 order_id[DB_ORDER_ID];
	bool		 has_order;
	int64_t		 at;
};
struct db_card_events {
	struct db_card_event	*v;
	size_t			 n;
};
/* Oldest first. */
int	 db_card_events(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card_events *, struct arena *, struct error *);

/* 1 and what it does ("none", "hold", "release", "revoke", and the CRLReason
 * of a revocation); 0 there is no such way. */
int	 db_card_effect(struct db *, const char *before, const char *after,
	    char effect[16], int *reason, struct error *);
/* 1: the order that it was moved with has its certificates held or released, and
 * the CA has not done so yet; 0, -1. */
int	 db_card_ordered(struct db *, const uint8_t id[DB_CARD_ID],
	    uint8_t order_id[DB_ORDER_ID], struct error *);
/* order_id NULL: it has no effect, or nothing is left to do.  ERROR_CONFLICT:
 * it is not in "before" any more, or its order is missing. */
int	 db_card_move(struct db *, const uint8_t id[DB_CARD_ID],
	    const char *before, const char *after, const char *who,
	    const char *reason, const uint8_t *order_id, struct error *);

/* What happened without a change of state. */
int	 db_card_note(struct db *, const uint8_t id[DB_CARD_ID],
	    const char *what, const char *who, const char *reason,
	    struct error *);

/* What the card has ("puk", "management"), sealed to the escrow: 1, 0 none that
 * is in force, -1. */
int	 db_card_escrow(struct db *, const uint8_t id[DB_CARD_ID],
	    const char *kind, struct bytes *sealed, struct arena *,
	    struct error *);

/* A certificate that is not as its card is. */
struct db_card_wrong {
	const char	*number, *state;	/* of the card */
	const char	*ca;
	struct db_serial serial;
	const char	*status;		/* of the certificate */
	bool		 ordered;		/* an order is on its way */
};
struct db_card_wrongs {
	struct db_card_wrong	*v;
	size_t			 n;
};
int	 db_card_check(struct db *, size_t limit, struct db_card_wrongs *,
	    struct arena *, struct error *);
#endif
