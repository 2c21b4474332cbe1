/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_WATCH_H
#define SIGNET_DB_DB_WATCH_H
/*
 * What somebody sees who watches the store at work: where counters stand, what
 * cards stations have in hand, and the last alarms.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_WATCH;

/* Numbers that only rise: two looks make a rate. */
struct db_watch_marks {
	int64_t	 certs;		/* issued */
	int64_t	 changes;	/* of a status */
	int64_t	 entries;	/* of the audit chain */
	int64_t	 silent_ms;	/* since the CA gave a sign of life */
};
int	 db_watch_marks(struct db *, struct db_watch_marks *,
	    struct error *);

struct db_watch_card {
	const char	*station, *reader, *number, *holder, *state;
	int64_t		 ms;		/* since it was last heard of */
};
struct db_watch_cards {
	struct db_watch_card	*v;
	size_t			 n;
};
/* The last card of each reader that has one in hand, or had in this hour. */
int	 db_watch_cards(struct db *, struct db_watch_cards *, struct arena *,
	    struct error *);

struct db_watch_alarms {
	struct bytes	*body;		/* of entries, the last one first */
	size_t		 n;
};
/* Among the last 10,000 entries. */
int	 db_watch_alarms(struct db *, size_t limit, struct db_watch_alarms *,
	    struct arena *, struct error *);
#endif
