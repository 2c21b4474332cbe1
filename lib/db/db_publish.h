/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_PUBLISH_H
#define SIGNET_DB_DB_PUBLISH_H
/*
 * Deliveries to directories: made from the outbox and from what expires, taken
 * by publishers on lease, done, failed or dead.
 *
 * A delivery means that an entry needs a look, not what it must be: that is
 * what db_publish_people() and the CAs and lists of the store say at the moment
 * when it is done.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_PUBLISH_LOOK;	/* what entries must be */
extern const struct db_table DB_PUBLISH;	/* dispatch, lease, done */
extern const struct db_table DB_PUBLISH_ASK;	/* status, repair, rebuild */

/* Profiles whose certificates are published. */
struct db_profiles {
	const char *const	*v;
	size_t			 n;
};

struct db_published {
	const char	*holder, *ca, *profile;
	struct db_serial serial;
	int64_t		 id;
	struct bytes	 der;
};
struct db_publisheds {
	struct db_published	*v;
	size_t			 n;
};
#define DB_PUBLISHED_MAX	50	/* certificates of one holder */
/* What the store calls good and current at "now", by holder (in the order
 * given) and then newest first. */
int	 db_publish_people(struct db *, const char *const *holder, size_t n,
	    const struct db_profiles *, int64_t now, struct db_publisheds *,
	    struct arena *, struct error *);
struct db_keys {
	const char	**v;
	size_t		  n;
};
/* Holders of such certificates, whatever their status, after that one. */
int	 db_publish_holders(struct db *, const char *after,
	    const struct db_profiles *, size_t limit, struct db_keys *,
	    struct arena *, struct error *);
/* Which of these holders are among them: known[i]. */
int	 db_publish_known(struct db *, const char *const *holder, size_t n,
	    const struct db_profiles *, bool *known, struct error *);

/* These targets exist; new ones are filled by db_publish_fill(). */
int	 db_publish_targets(struct db *, const char *const *name, size_t n,
	    struct error *);
/* All CAs need a look. */
int	 db_publish_cas(struct db *, struct error *);
/*
 * Each turns some work into deliveries to all targets and returns how much of
 * it; call again until 0.  -1.
 */
int64_t	 db_publish_dispatch(struct db *, const struct db_profiles *,
	    size_t limit, struct error *);
int64_t	 db_publish_expire(struct db *, int64_t now, size_t limit,
	    struct error *);
int64_t	 db_publish_fill(struct db *, const struct db_profiles *,
	    size_t limit, struct error *);

struct db_delivery {
	const char	*kind;		/* person, ca, name */
	const char	*key;
	int64_t		 version;
	int64_t		 attempts;
};
struct db_deliveries {
	struct db_delivery	*v;
	size_t			 n;
};
/* Up to n that are due, for so many seconds those of "who" alone. */
int	 db_publish_claim(struct db *, const char *target, const char *who,
	    size_t n, int64_t seconds, struct db_deliveries *, struct arena *,
	    struct error *);
/* What "who" had on lease when it ended is anybody's again. */
int	 db_publish_resume(struct db *, const char *target, const char *who,
	    struct error *);
/*
 * Before anything else is said of what was claimed: what "who" has no longer,
 * since its lease has ended and somebody was quicker, is to be looked at again,
 * and is no more his to finish.
 */
int	 db_publish_late(struct db *, const char *target, const char *who,
	    const struct db_delivery *, size_t n, bool *late, struct error *);
/* Done; those that were asked for again since stay. */
int	 db_publish_done(struct db *, const char *target, const char *who,
	    const struct db_delivery *, size_t n, struct error *);
struct db_failure {
	struct db_delivery	 delivery;
	const char		*error;
	int64_t			 wait;	/* seconds */
	bool			 dead;
};
int	 db_publish_fail(struct db *, const char *target,
	    const struct db_failure *, size_t n, struct error *);
/* Not tried: as if they had not been claimed. */
int	 db_publish_release(struct db *, const char *target,
	    const struct db_delivery *, size_t n, struct error *);
enum db_target_state {
	DB_TARGET_WELL,		/* it has taken what was written */
	DB_TARGET_IDLE,		/* it is there; nothing was written */
	DB_TARGET_AWAY,
	DB_TARGET_REFUSES,	/* it is there, and takes nothing */
};
/* error: why, of the last two.  While something waits for a directory that
 * refuses, DB_TARGET_IDLE says nothing about it. */
int	 db_publish_state(struct db *, const char *target,
	    enum db_target_state, const char *error, struct error *);
/* 1: that is what a publisher has said last; 0; -1. */
int	 db_publish_is_refusing(struct db *, const char *target,
	    struct error *);

struct db_target {
	const char	*name;
	int64_t		 seen_at, failing_since;	/* 0: never, not */
	const char	*error;				/* or NULL */
	bool		 filling, refusing;
	int64_t		 waiting, dead;
	int64_t		 oldest;	/* when the oldest waiting was made */
};
struct db_targets {
	struct db_target	*v;
	size_t			 n;
};
int	 db_publish_status(struct db *, struct db_targets *, struct arena *,
	    struct error *);
/* Rows in the outbox, and when the oldest was made. */
int	 db_publish_outbox(struct db *, int64_t *n, int64_t *oldest,
	    struct error *);
struct db_dead {
	const char	*target, *kind, *key, *error;
	int64_t		 attempts, made_at;
};
struct db_deads {
	struct db_dead	*v;
	size_t		 n;
};
/* target NULL: of all.  After that row (NULL to start). */
int	 db_publish_dead(struct db *, const char *target,
	    const struct db_dead *after, size_t limit, struct db_deads *,
	    struct arena *, struct error *);
/* These need a look; kind and key of each. */
int	 db_publish_ask(struct db *, const char *target,
	    const struct db_delivery *, size_t n, struct error *);
/* Which of them wait: waits[i]. */
int	 db_publish_waits(struct db *, const char *target,
	    const struct db_delivery *, size_t n, bool *waits,
	    struct error *);
/* Dead ones are tried again: how many, or -1. */
int64_t	 db_publish_revive(struct db *, const char *target, struct error *);
/* All entries need a look.  ERROR_NOTFOUND. */
int	 db_publish_refill(struct db *, const char *target, struct error *);
/* The target is no more.  ERROR_NOTFOUND. */
int	 db_publish_forget(struct db *, const char *target, struct error *);
#endif
