/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_GAUGE_H
#define SIGNET_DB_DB_GAUGE_H
/*
 * How much there is to do, for those who watch.  Counting stops at
 * 100,000, so that looking costs the same however much there is.
 */
#include "db/db.h"

extern const struct db_table DB_GAUGE;
extern const struct db_table DB_GAUGE_PUBLISH;

struct db_gauges {
	int64_t	 pending, ready;	/* orders */
	int64_t	 waiting, open, signing;	/* items */
	int64_t	 outbox;		/* not taken up yet */
	int64_t	 outbox_ms;		/* age of the oldest of these */
};
int	 db_gauge_read(struct db *, struct db_gauges *, struct error *);

struct db_gauge_ca {
	const char	*ca;
	int64_t		 not_after;
	int64_t		 number, entries, size, next_update;	/* of the
					 * complete list; 0: there is none */
};
struct db_gauge_cas {
	struct db_gauge_ca	*v;
	size_t			 n;
};
/* Issuing CAs. */
int	 db_gauge_cas(struct db *, struct db_gauge_cas *, struct arena *,
	    struct error *);

/* What waits for one directory; age and depth as far as counting goes. */
struct db_gauge_target {
	const char	*name;
	int64_t		 failing_since;	/* 0: it is well */
	const char	*error;
	int64_t		 waiting, dead;
	int64_t		 oldest_ms;	/* age of the oldest that waits */
};
struct db_gauge_publish {
	int64_t			 outbox, outbox_ms;
	struct db_gauge_target	*v;
	size_t			 n;
};
int	 db_gauge_publish(struct db *, struct db_gauge_publish *,
	    struct arena *, struct error *);
#endif
