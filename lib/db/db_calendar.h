/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CALENDAR_H
#define SIGNET_DB_DB_CALENDAR_H
/*
 * What of the store ends, and when: for who plans.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_CALENDAR;

/* Times are bounds: ends after "now" and not after "until". */
struct db_calendar_span {
	int64_t			 now, until;
	const char *const	*profiles;	/* of the suite's own people
						 * and programs */
	size_t			 n;
	const char *const	*told;		/* serials in hex: not among
						 * those of holders */
	size_t			 ntold;
};

struct db_calendar_cert {
	int64_t		 id;
	const char	*ca, *profile, *holder, *subject;
	struct db_serial serial;
	int64_t		 not_before, not_after;
};
struct db_calendar_certs {
	struct db_calendar_cert	*v;
	size_t			 n;
};
/* Of these profiles, not revoked, and nothing newer has taken their place. */
int	 db_calendar_own(struct db *, const struct db_calendar_span *,
	    struct db_calendar_certs *, struct arena *, struct error *);
/* Of all others, told or not, not revoked: by their end, after that end and id. */
int	 db_calendar_certs(struct db *, const struct db_calendar_span *,
	    int64_t after, int64_t id, size_t limit,
	    struct db_calendar_certs *, struct arena *, struct error *);

struct db_calendar_week {
	int64_t	 monday;	/* when it begins, UTC */
	int64_t	 first;		/* the first end in it */
	int64_t	 count;
};
struct db_calendar_weeks {
	struct db_calendar_week	*v;
	size_t			 n;
};
int	 db_calendar_cert_weeks(struct db *, const struct db_calendar_span *,
	    struct db_calendar_weeks *, struct arena *, struct error *);
/* Cards that somebody has, or is to get. */
int	 db_calendar_card_weeks(struct db *, const struct db_calendar_span *,
	    struct db_calendar_weeks *, struct arena *, struct error *);

struct db_calendar_card {
	const char	*number, *holder;
	int64_t		 expires;
};
struct db_calendar_cards {
	struct db_calendar_card	*v;
	size_t			 n;
};
/* By their end, after that end and number (0 and ""). */
int	 db_calendar_cards(struct db *, const struct db_calendar_span *,
	    int64_t after, const char *number, size_t limit,
	    struct db_calendar_cards *, struct arena *, struct error *);

struct db_calendar_list {
	const char	*ca;
	int64_t		 shard, number, this_update, next_update;
};
struct db_calendar_lists {
	struct db_calendar_list	*v;
	size_t			 n;
};
/* The latest list of each CA that is valid, and of each of its shards that a
 * certificate still needs. */
int	 db_calendar_lists(struct db *, int64_t now,
	    struct db_calendar_lists *, struct arena *, struct error *);

/* The entry of the last backup in the audit chain: 1, 0 none, -1. */
int	 db_calendar_backup(struct db *, struct bytes *body, struct arena *,
	    struct error *);
#endif
