/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_ORDER_H
#define SIGNET_DB_DB_ORDER_H
/*
 * Orders and their items, read and handed in.  What the CA does with them is
 * in db_issue.h and db_status.h.  Columns are for searching; what counts is
 * the signed blob.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_ORDER;		/* read */
extern const struct db_table DB_ORDER_ADD;	/* hand in, */
extern const struct db_table DB_ORDER_NEW;	/* with items */
extern const struct db_table DB_ORDER_ENTER;	/* both and what goes with it */
extern const struct db_table DB_ORDER_INTAKE;	/* approve, reject */
extern const struct db_table DB_ORDER_SUPPLY;	/* bring a missing request */
extern const struct db_table DB_ORDER_REQUESTS;	/* read the requests */
extern const struct db_table DB_ORDER_OF;	/* orders of one holder */

struct db_order {
	uint8_t		 id[DB_ORDER_ID];
	uint8_t		 digest[DB_DIGEST];
	const char	*kind;		/* as order_kind_name() */
	const char	*state;		/* pending, ready, done, rejected, ... */
	const char	*ca, *profile, *holder;		/* or NULL */
	const char	*summary;	/* one line for listings */
	int		 approvals;
	int		 items;
	int		 open_items;	/* not done, refused or dropped */
	int		 waiting_items;	/* of these: without a request */
	int64_t		 created_at, expires_at;
	/* set by the store */
	int64_t		 seq, stored_at, changed_at;
	const char	*reason;	/* or NULL */
};
struct db_orders {
	struct db_order	*v;
	size_t		 n;
};

/*
 * Hand in: state, approvals, items and waiting_items as given, open_items =
 * items.  1 stored; 0 an order with this digest is there already, unchanged;
 * -1.  Items follow with db_order_add_items() in the same transaction.
 */
int	 db_order_add(struct db *, const struct db_order *, struct bytes blob,
	    struct error *);
struct db_item_new {
	struct db_ref	 ref;
	const char	*holder;		/* or NULL */
	struct bytes	 request;		/* p NULL: comes later */
	struct bytes	 proof, station_order;	/* p NULL if none */
};
/*
 * The same for an order with one item, with its audit entry, and CAs are told
 * if it is ready: one question instead of a transaction of eight.  request.p
 * NULL: comes later.  0 also if the store does not know the holder.
 */
int	 db_order_enter(struct db *, const struct db_order *, struct bytes blob,
	    struct bytes request, struct bytes entry, struct error *);
/* Any number per call; 1,000 to 5,000 is a good piece of a big batch. */
int	 db_order_add_items(struct db *, const struct db_item_new *, size_t n,
	    struct error *);
/* The request that an item waits for; ERROR_CONFLICT if it does not. */
int	 db_order_supply(struct db *, const struct db_item_new *,
	    struct error *);

/*
 * Put another blob (one approval more) in the place of the one with SHA-256
 * "old".  ERROR_CONFLICT if it is not that one any more, or the order is
 * neither pending nor ready.
 */
int	 db_order_replace(struct db *, const uint8_t id[DB_ORDER_ID],
	    const uint8_t old[DB_DIGEST], struct bytes blob, int approvals,
	    const char *state, struct error *);
/* From pending or ready; drops the items that are not being signed. */
int	 db_order_reject(struct db *, const uint8_t id[DB_ORDER_ID],
	    const char *reason, struct error *);

/* Find: 1, 0 none, -1. */
int	 db_order_find(struct db *, const uint8_t id[DB_ORDER_ID],
	    struct db_order *, struct arena *, struct error *);
/* With what is signed. */
int	 db_order_load(struct db *, const uint8_t id[DB_ORDER_ID],
	    struct db_order *, struct bytes *blob, struct arena *,
	    struct error *);
/* By the first digits of the id; ERROR_INPUT if more than one begins so. */
int	 db_order_find_hex(struct db *, const char *hex, struct db_order *,
	    struct arena *, struct error *);
int	 db_order_blob(struct db *, const uint8_t id[DB_ORDER_ID],
	    struct bytes *blob, struct arena *, struct error *);

/*
 * Of one holder's newest orders for one certificate: the one that has this
 * request (1, 0, -1); those open ones that wait for theirs; and those that have
 * one, open or done (profile NULL: any).  Newest first.
 */
int	 db_order_find_request(struct db *, const char *holder,
	    struct bytes request, struct db_order *, struct arena *,
	    struct error *);
int	 db_order_waiting(struct db *, const char *holder,
	    const char *profile, size_t limit, struct db_orders *,
	    struct arena *, struct error *);
struct db_asked {
	struct db_orders	 orders;
	struct bytes		*request;	/* of each */
};
int	 db_order_asked(struct db *, const char *holder, const char *profile,
	    size_t limit, struct db_asked *, struct arena *, struct error *);

/* NULL and 0 match everything. */
struct db_order_filter {
	const char	*state, *kind, *ca, *profile, *holder;
	int64_t		 since;		/* created_at */
};
/* Newest first, before seq (0: from the newest). */
int	 db_order_list(struct db *, const struct db_order_filter *,
	    int64_t before, size_t limit, struct db_orders *, struct arena *,
	    struct error *);

struct db_state_count {
	const char	*state;
	int64_t		 n;
};
struct db_state_counts {
	struct db_state_count	*v;
	size_t			 n;
};

struct db_item {
	uint32_t	 n;
	const char	*state;
	const char	*holder, *reason;	/* or NULL */
	int64_t		 changed_at;
	int64_t		 cert;			/* id, 0: none, < 0: archived */
	const char	*ca;			/* or NULL */
	struct db_serial serial;
};
struct db_items {
	struct db_item	*v;
	size_t		 n;
};
/* By n, from "from" on; state NULL: all. */
int	 db_order_items(struct db *, const uint8_t id[DB_ORDER_ID],
	    const char *state, uint32_t from, size_t limit, struct db_items *,
	    struct arena *, struct error *);
/* The same as counts by state. */
int	 db_order_item_counts(struct db *, const uint8_t id[DB_ORDER_ID],
	    struct db_state_counts *, struct arena *, struct error *);

struct db_request {
	uint32_t	 n;
	struct bytes	 request;
};
struct db_requests {
	struct db_request	*v;
	size_t			 n;
};
/* The PKCS#10 of those items that have one, by n, from "from" on. */
int	 db_order_requests(struct db *, const uint8_t id[DB_ORDER_ID],
	    uint32_t from, size_t limit, struct db_requests *, struct arena *,
	    struct error *);
#endif
