/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_OFFICER_H
#define SIGNET_DB_DB_OFFICER_H
/*
 * What officers look at: what waits for them, and figures.
 *
 * A page costs the same however many orders and certificates there are and
 * whatever is looked for: a step of the queue looks at so many rows and no
 * more, and may find nothing although there is more behind; figures stop
 * counting at DB_OFFICER_MANY.
 */
#include "db/db_order.h"

extern const struct db_table DB_OFFICER;

#define DB_OFFICER_MANY		10000	/* "or more" */
#define DB_OFFICER_STEP		2000	/* orders looked at for one page */

/* NULL and false match everything. */
struct db_officer_queue {
	const char		*state, *kind, *profile, *holder;
	const char		*text;		/* in summary, or the holder */
	const char *const	*scope;		/* profiles; NULL: all */
	size_t			 nscope;
	bool			 waiting;	/* for a request of their holder */
	int64_t			 since;		/* created_at */
};
/* An order with all that a scope is judged by, so that a page is one
 * question. */
struct db_officer_row {
	struct db_order	 order;
	struct bytes	 blob;		/* p NULL for a batch: that is large */
	bool		 applied;	/* it was applied for by form, */
	const char	*office;	/* there; or NULL */
};
struct db_officer_rows {
	struct db_officer_row	*v;
	size_t			 n;
};
/*
 * Newest first, before seq (0: from the newest).  *next is where to go on, 0
 * at the end.
 */
int	 db_officer_queue(struct db *, const struct db_officer_queue *,
	    int64_t before, size_t limit, struct db_officer_rows *, int64_t *next,
	    struct arena *, struct error *);

/* A certificate with all that a scope is judged by. */
struct db_officer_target {
	const char	*ca;		/* which: given */
	struct db_serial serial;
	bool		 found;
	const char	*profile;
	struct bytes	 der;
	bool		 applied;	/* it was applied for by form, */
	const char	*office;	/* there; or NULL */
};
/* Fill in any number of them: one question. */
int	 db_officer_targets(struct db *, struct db_officer_target *, size_t n,
	    struct arena *, struct error *);

/* Of the newest DB_OFFICER_STEP orders of this state those of the profiles
 * (NULL: of any). */
int	 db_officer_within(struct db *, const char *state,
	    const char *const *scope, size_t nscope, int64_t *n,
	    struct error *);

struct db_officer_counts {	/* each at most DB_OFFICER_MANY */
	int64_t	 pending;	/* orders */
	int64_t	 codes;		/* approved, waiting for their holder */
	int64_t	 expiring;	/* certificates, within that time */
	int64_t	 revoked;	/* since then */
};
int	 db_officer_counts(struct db *, int64_t now, int64_t expiring_until,
	    int64_t revoked_since, struct db_officer_counts *,
	    struct error *);

enum db_officer_days { DB_OFFICER_ISSUED, DB_OFFICER_REVOKED };
/*
 * How many on each of n days (UTC) from "since", whose first second it is.
 * What the newest 20,000 do not reach is -1: not known.
 */
int	 db_officer_days(struct db *, enum db_officer_days, int64_t since,
	    int64_t *day, size_t n, struct error *);
#endif
