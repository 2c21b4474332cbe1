/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_OCSP_H
#define SIGNET_DB_DB_OCSP_H
/*
 * Status as an OCSP responder needs it: by CA and serial, nothing about
 * persons, from a primary or a replica; and the feed that says when what was
 * read is no longer so.
 *
 * The feed is the head of the audit chain.  It moves in the transaction of
 * each act, in the order of commits, and its hash names the whole history: a
 * store that was set back, or another one, cannot show the same.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_OCSP;		/* read */
extern const struct db_table DB_RELEASE;	/* db_ocsp_release() */
extern const struct db_table DB_HEARTBEAT;	/* write */

enum db_status { DB_STATUS_NONE, DB_STATUS_GOOD, DB_STATUS_HELD,
    DB_STATUS_REVOKED };

struct db_ocsp_key {
	const char	*ca;
	struct db_serial serial;
};
struct db_ocsp_status {
	enum db_status	 status;	/* NONE: never issued */
	int		 reason;	/* CRLReason; -1 with good */
	int64_t		 revoked_at;
	int64_t		 not_after;	/* of the certificate */
};
/* out[i] is of key[i], of one or more; *seq is where the chain stood then. */
int	 db_ocsp_read(struct db *, const struct db_ocsp_key *, size_t n,
	    struct db_ocsp_status *out, int64_t *seq, struct error *);

struct db_ocsp_feed {
	int64_t		 seq;
	uint8_t		 hash[DB_DIGEST];
	/* Entry "after" of the chain is the one whose hash was given. */
	bool		 continues;
	int64_t		 heartbeat_ms;	/* its age by the server's clock */
	int64_t		 beat;		/* when it was, by the primary's */
	bool		 is_replica;
};
/* Where the chain stands; 0 and NULL to begin with. */
int	 db_ocsp_feed(struct db *, int64_t after,
	    const uint8_t hash[DB_DIGEST], struct db_ocsp_feed *,
	    struct error *);

struct db_ocsp_keys {
	struct db_ocsp_key	*v;
	size_t			 n;
};
/* Certificates whose status changed after that entry, limit at most. */
int	 db_ocsp_changes(struct db *, int64_t after, size_t limit,
	    struct db_ocsp_keys *, struct arena *, struct error *);

/* A list that is the newest of its CA and shard. */
struct db_ocsp_list {
	const char	*ca;
	int64_t		 shard, number, size;
};
struct db_ocsp_lists {
	struct db_ocsp_list	*v;
	size_t			 n;
};
int	 db_ocsp_lists(struct db *, struct db_ocsp_lists *, struct arena *,
	    struct error *);
/* The order that released a certificate last, and what it is judged by. */
struct db_ocsp_release {
	struct bytes	 order, cert;
	const char	*profile;
};
/* 1, 0 there is none, -1. */
int	 db_ocsp_release(struct db *, const struct db_ocsp_key *,
	    struct db_ocsp_release *, struct arena *, struct error *);

/* Once a second, by a program that writes to the primary. */
int	 db_heartbeat(struct db *, struct error *);
#endif
