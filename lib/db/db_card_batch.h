/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CARD_BATCH_H
#define SIGNET_DB_DB_CARD_BATCH_H
/*
 * Batches of cards as the bureau sees them: made, counted, paused, closed.
 * What stations do with the items is in db_card.h.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_CARD_BATCH;		/* read */
extern const struct db_table DB_CARD_BATCH_MAKE;	/* make and change */

struct db_card_batch {
	int64_t		 id;
	const char	*name, *layout;
	const char	*state;		/* running, paused, closed */
	int64_t		 per_holder;	/* 0: any number */
	int64_t		 expires;	/* of the cards; 0: by the layout */
	const char	*made_by;
	const char	*note;		/* or NULL */
	int64_t		 made_at;
	/* Counted by the store. */
	int64_t		 items, waiting, claimed, issued, spent, dropped;
	const char	*orders;	/* the worst state of its newest round's */
};
struct db_card_batches {
	struct db_card_batch	*v;
	size_t			 n;
};
/* 1, 0, -1. */
int	 db_card_batch_find(struct db *, const char *name,
	    struct db_card_batch *, struct arena *, struct error *);
/* Newest first, before id (0: from the newest). */
int	 db_card_batch_list(struct db *, const char *state, int64_t before,
	    size_t limit, struct db_card_batches *, struct arena *,
	    struct error *);

struct db_card_batch_order {
	int		 round;
	const char	*slot;
	uint8_t		 id[DB_ORDER_ID];
	const char	*profile, *state;
};
struct db_card_batch_orders {
	struct db_card_batch_order	*v;
	size_t				 n;
};
/* By round and slot. */
int	 db_card_batch_orders(struct db *, int64_t batch,
	    struct db_card_batch_orders *, struct arena *, struct error *);

struct db_card_item {
	uint32_t	 n;
	const char	*number, *holder;
	const char	*name;		/* of the holder */
	const char	*mail, *org;	/* or NULL */
	const char	*replaces;	/* or NULL */
	const char	*face;		/* JSON object */
	const char	*state;
	const char	*reason;	/* or NULL */
	int		 attempts;
	int64_t		 expires;	/* of its card once issued; or 0 */
	const char	*card_state;	/* of the card that counts; or NULL */
	const char	*letter;	/* its valid letter; or NULL */
};
struct db_card_items {
	struct db_card_item	*v;
	size_t			 n;
};
/* By n, after "after"; state NULL: all. */
int	 db_card_batch_items(struct db *, int64_t batch, const char *state,
	    uint32_t after, size_t limit, struct db_card_items *,
	    struct arena *, struct error *);

/* An item by the number on its card: 1, 0, -1. */
struct db_card_place {
	int64_t		 batch;
	const char	*batch_name;
	uint32_t	 n;
	const char	*number, *state;
};
int	 db_card_item_numbered(struct db *, const char *number,
	    struct db_card_place *, struct arena *, struct error *);

struct db_card_balance {
	int64_t	 received, returned, useless, under_way, issued, spoiled;
	int64_t	 items_open;
};
int	 db_card_batch_balance(struct db *, int64_t batch,
	    struct db_card_balance *, struct error *);

/* The next n running numbers; gaps are no harm.  Outside of a transaction. */
int	 db_card_numbers(struct db *, size_t n, int64_t *out, struct error *);
/* Holders, of these, who have so many cards in use already, not counting those
 * that are replaced: (holder, replaces) pairs.  *full: true per pair. */
int	 db_card_holders_full(struct db *, const char *const *holder,
	    const char *const *replaces, size_t n, int64_t per_holder,
	    bool *full, struct error *);

/* Sets id.  ERROR_CONFLICT: there is one of this name. */
int	 db_card_batch_add(struct db *, struct db_card_batch *,
	    struct error *);
int	 db_card_batch_add_order(struct db *, int64_t batch, int round,
	    const char *slot, const uint8_t order_id[DB_ORDER_ID],
	    struct error *);
/* Of round 1; number, holder, replaces and face of each.  Any number. */
int	 db_card_batch_add_items(struct db *, int64_t batch,
	    const struct db_card_item *, size_t n, struct error *);
/* ERROR_CONFLICT says what is in the way: items without card, blanks. */
int	 db_card_batch_move(struct db *, int64_t batch, const char *state,
	    struct error *);
/* kind: received, useless, returned. */
int	 db_card_batch_count(struct db *, int64_t batch, const char *kind,
	    int64_t count, const char *who, const char *note, struct error *);
/* Items whose orders spoiled cards have used: where those were. */
struct db_card_spent {
	uint32_t	 n, place;
	int		 round;
};
struct db_card_spents {
	struct db_card_spent	*v;
	size_t			 n;
};
int	 db_card_batch_spent(struct db *, int64_t batch,
	    struct db_card_spents *, struct arena *, struct error *);
/* They wait again, the i-th at place i + 1 of this round's orders.
 * ERROR_CONFLICT if one is not spent any more. */
int	 db_card_batch_again(struct db *, int64_t batch, int round,
	    const struct db_card_spents *, struct error *);
/* An item that waits or is spent gets no card.  ERROR_CONFLICT. */
int	 db_card_batch_drop(struct db *, int64_t batch, uint32_t n,
	    const char *reason, struct error *);
#endif
