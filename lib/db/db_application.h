/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_APPLICATION_H
#define SIGNET_DB_DB_APPLICATION_H
/*
 * Applications: what people have asked for by form.
 *
 * An application waits until its mail address is confirmed, then for an
 * officer, then for the order that the officer made of it.  The states and the
 * ways between them are in db/0008-registration.sql.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_APPLICATION;		/* read */
extern const struct db_table DB_APPLICATION_NEW;	/* apply, links */
extern const struct db_table DB_APPLICATION_DECIDE;	/* by an officer */
extern const struct db_table DB_APPLICATION_FOLLOW;	/* orders, expiry */

#define DB_APPLICATION_ID	16
#define DB_APPLICATION_TOKEN	32	/* SHA-256 of a link's token */

struct db_application {
	uint8_t		 id[DB_APPLICATION_ID];
	const char	*office;	/* or NULL */
	const char	*profile;
	const char	*fields;	/* JSON: [["name", "value"], ...] */
	const char	*note;		/* to the officer, or NULL */
	struct bytes	 request;	/* PKCS#10; p NULL in listings */
	uint8_t		 key_digest[DB_DIGEST];		/* of its SPKI */
	const char	*mail, *lang;
	int64_t		 expires_at;
	/* set by the store */
	const char	*state;		/* unconfirmed, waiting, ordered, ... */
	const char	*reason;	/* why not, or NULL */
	bool		 has_order;
	uint8_t		 order_id[DB_ORDER_ID];
	int64_t		 seq, made_at, confirmed_at, changed_at; /* 0: not yet */
	/* of the last move; moved_by NULL: it never was */
	const char	*moved_from, *moved_by, *moved_why;
};
struct db_applications {
	struct db_application	*v;
	size_t			 n;
};

/*
 * Store it as unconfirmed.  0: there are "max" unconfirmed ones for this
 * address within the last day already, and nothing was done; 1 stored; -1.
 */
int	 db_application_add(struct db *, const struct db_application *,
	    int max, struct error *);

enum db_link { DB_LINK_CONFIRM, DB_LINK_STATUS };
/* A link with this token (its SHA-256) leads to the application. */
int	 db_application_link(struct db *, const uint8_t id[DB_APPLICATION_ID],
	    enum db_link, const uint8_t token[DB_APPLICATION_TOKEN],
	    struct error *);
/* 1, 0 no such link, -1.  Whatever the application's state is. */
int	 db_application_find_link(struct db *, enum db_link,
	    const uint8_t token[DB_APPLICATION_TOKEN], struct db_application *,
	    struct arena *, struct error *);
/*
 * The address is confirmed: an officer may decide until expires_at.
 * ERROR_CONFLICT unless it waited for that (and time is left).
 */
int	 db_application_confirm(struct db *,
	    const uint8_t id[DB_APPLICATION_ID], int64_t expires_at,
	    struct error *);
/* By the applicant, while it waits for an officer; else ERROR_CONFLICT. */
int	 db_application_withdraw(struct db *,
	    const uint8_t id[DB_APPLICATION_ID], struct error *);

/* An officer made this order of it (stored already, same transaction);
 * ERROR_CONFLICT unless it waits. */
int	 db_application_order(struct db *, const uint8_t id[DB_APPLICATION_ID],
	    const uint8_t order[DB_ORDER_ID], struct error *);
/* An officer says no; ERROR_CONFLICT unless it waits. */
int	 db_application_reject(struct db *, const uint8_t id[DB_APPLICATION_ID],
	    const char *reason, struct error *);
/* To another registration office; ERROR_CONFLICT unless it waits, there. */
struct db_application_move {
	const char	*from;		/* or NULL */
	const char	*to, *by, *why;
};
int	 db_application_move(struct db *, const uint8_t id[DB_APPLICATION_ID],
	    const struct db_application_move *, struct error *);

/* 1, 0 none, -1. */
int	 db_application_find(struct db *, const uint8_t id[DB_APPLICATION_ID],
	    struct db_application *, struct arena *, struct error *);
int	 db_application_of_order(struct db *, const uint8_t order[DB_ORDER_ID],
	    struct db_application *, struct arena *, struct error *);

/* NULL matches everything. */
struct db_application_filter {
	const char	*state, *profile;
	const char *const *office;	/* any of these */
	size_t		 noffices;
	const char	*mail;		/* in full; letter case does not matter */
	const uint8_t	*key_digest;
};
/* Newest first, before seq (0: from the newest). */
int	 db_application_list(struct db *, const struct db_application_filter *,
	    int64_t before, size_t limit, struct db_applications *,
	    struct arena *, struct error *);
struct db_application_count {
	const char	*state, *office;	/* unconfirmed, waiting, ordered */
	int64_t		 n;
	int64_t		 oldest;	/* made_at */
};
struct db_application_counts {
	struct db_application_count	*v;
	size_t				 n;
};
/* Those that are open, by state and office. */
int	 db_application_counts(struct db *, struct db_application_counts *,
	    struct arena *, struct error *);

/*
 * What became of the orders: those after seq "*after" that wait for theirs, at
 * most "limit" of them, are set to what it came to, and notices are made of
 * it.  *after is where to go on, 0 when all have been looked at.
 */
int	 db_application_follow(struct db *, int64_t *after, size_t limit,
	    struct error *);
/* Those whose time is over, with notice if they were confirmed; how many. */
int64_t	 db_application_expire(struct db *, size_t limit, struct error *);
#endif
