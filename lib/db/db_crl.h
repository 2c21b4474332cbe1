/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CRL_H
#define SIGNET_DB_DB_CRL_H
/*
 * Revocation lists in the store, and what goes on the next one.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_CRL;		/* read lists */
extern const struct db_table DB_CRL_ENTRIES;	/* what is to be on them */
extern const struct db_table DB_CRL_MAKE;	/* due, add */

#define DB_CRL_PART	262144		/* bytes of a list in one row */

struct db_crl {
	const char	*ca;
	int64_t		 shard;		/* 0: of all certificates */
	int64_t		 number;
	int64_t		 base;		/* what a delta adds to; 0: complete */
	int64_t		 this_update, next_update;
	int64_t		 entries;
	int64_t		 size;		/* bytes */
	int64_t		 change;	/* for db_crl_add: db_crl_due.change */
};
struct db_crls {
	struct db_crl	*v;
	size_t		 n;
};
enum db_crl_kind { DB_CRL_COMPLETE, DB_CRL_DELTA };
/* The list, without its bytes: 1, 0 none, -1.  number 0: the latest. */
int	 db_crl_find(struct db *, const char *ca, int64_t shard,
	    enum db_crl_kind, int64_t number, struct db_crl *,
	    struct arena *, struct error *);
/* Complete ones and deltas, newest first, before number (0: from the
 * newest). */
int	 db_crl_list(struct db *, const char *ca, int64_t shard,
	    int64_t before, size_t limit, struct db_crls *, struct arena *,
	    struct error *);
/* Part n: DB_CRL_PART bytes, the last one fewer.  ERROR_UPSTREAM if it is not
 * there. */
int	 db_crl_part(struct db *, const struct db_crl *, int64_t n,
	    struct bytes *, struct arena *, struct error *);
/* All of it, appended to out. */
int	 db_crl_load(struct db *, const struct db_crl *, struct buf *out,
	    struct error *);

/* In one transaction: the row, with its outbox row, then the parts.
 * ERROR_CONFLICT if the number is taken. */
int	 db_crl_add(struct db *, const struct db_crl *, struct error *);
int	 db_crl_add_part(struct db *, const struct db_crl *, int64_t n,
	    struct bytes, struct error *);

struct db_crl_entry {
	struct db_serial serial;
	int		 reason;
	int64_t		 revoked_at;
	int64_t		 invalid_since;	/* 0: unknown */
};
struct db_crl_entries {
	struct db_crl_entry	*v;
	size_t			 n;
};
/*
 * What is revoked or held and expires after "cutoff", in the order of serial
 * numbers, after that one (NULL to start); shard 0: all of the CA's.
 */
int	 db_crl_entries(struct db *, const char *ca, int64_t shard,
	    const struct db_serial *after, int64_t cutoff, size_t limit,
	    struct db_crl_entries *, struct arena *, struct error *);

struct db_crl_due {
	const char	*ca;
	int64_t		 shard;		/* 0: of all certificates */
	int64_t		 number;	/* of the latest complete list, or 0 */
	int64_t		 this_update, next_update;	/* of that */
	int64_t		 latest;	/* highest number of all; the next are above */
	int64_t		 delta_update;	/* thisUpdate of the latest delta on
					 * it, or its own */
	int64_t		 change;	/* id of the latest change of status */
	int64_t		 changed_at;	/* and when it was stored, 0: never */
	bool		 urgent;	/* a reason asked for is not on it yet */
};
struct db_crl_dues {
	struct db_crl_due	*v;
	size_t			 n;
};
/* Pairs that are urgent; reason -1 is a release. */
struct db_crl_urgent {
	const char	**ca;
	int64_t		 *reason;
	size_t		  n;
};
/* The complete lists of all issuing CAs, or of that one. */
int	 db_crl_due(struct db *, const char *only,
	    const struct db_crl_urgent *, struct db_crl_dues *,
	    struct arena *, struct error *);
/* From how many shards certificates are drawn now. */
struct db_crl_drawn {
	const char	**ca;
	int64_t		 *n;
	size_t		  ncas;
};
/* All shards that are drawn now or that a certificate still needs, or that
 * one (of which CA and number count); they have no deltas. */
int	 db_crl_shard_due(struct db *, const struct db_crl_due *only,
	    const struct db_crl_urgent *, const struct db_crl_drawn *,
	    struct db_crl_dues *, struct arena *, struct error *);

/*
 * One maker of a list at a time among all instances: 1 we are, 0 somebody else
 * is.  The lock ends with db_crl_unlock() or with the connection.
 */
int	 db_crl_lock(struct db *, const char *ca, int64_t shard,
	    struct error *);
int	 db_crl_unlock(struct db *, const char *ca, int64_t shard,
	    struct error *);
#endif
