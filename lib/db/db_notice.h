/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_NOTICE_H
#define SIGNET_DB_DB_NOTICE_H
/*
 * Notices: who is to be told of what, by mail.
 *
 * Of an application there is at most one notice of each kind, of a certificate
 * one of each kind and step, whoever makes them and however often.  They are
 * made in the transaction of the act (db_notice_add), or by looking at what
 * has happened since (db_notice_scan_*), and taken on lease to be sent.
 */
#include "db/db.h"
#include "db/db_application.h"
#include "db/db_row.h"

extern const struct db_table DB_NOTICE_ADD;
extern const struct db_table DB_NOTICE_SCAN;	/* make them */
extern const struct db_table DB_NOTICE;		/* lease, sent, failed */
extern const struct db_table DB_NOTICE_ASK;	/* status, retry */

/*
 * About an application, to its own address: confirm, received, approved,
 * rejected, expired, issued.  Twice is once.
 */
int	 db_notice_add(struct db *, const uint8_t id[DB_APPLICATION_ID],
	    const char *kind, struct error *);

/* Days before a certificate expires, fewer and fewer; ends with 0. */
extern const int DB_NOTICE_DAYS[];

/* From now on, if this was never done before. */
int	 db_notice_start(struct db *, struct error *);
/*
 * Each looks at some of what has happened and returns how much; call again
 * until 0.  -1.  Several may run side by side.
 *
 * Certificates: their holders hear that they were issued (as applicants, where
 * they applied).  Status: revoked, held, released.  What happened more than
 * max_age seconds ago is no news, and nobody hears of it.
 */
int64_t	 db_notice_scan_issued(struct db *, int64_t max_age, size_t limit,
	    struct error *);
int64_t	 db_notice_scan_status(struct db *, int64_t max_age, size_t limit,
	    struct error *);
/*
 * Certificates that expire within so many days (one of DB_NOTICE_DAYS), unless
 * they do within the next smaller number, are not good, live less than twice
 * as many days in all, or have a successor.
 */
int64_t	 db_notice_scan_expiring(struct db *, int days, size_t limit,
	    struct error *);
/* Old ones, and applications that were never confirmed, go. */
int64_t	 db_notice_sweep(struct db *, int64_t before, size_t limit,
	    struct error *);

struct db_notice {
	int64_t		 id;
	const char	*kind;
	const char	*mail, *lang;		/* or NULL */
	int64_t		 step;
	int64_t		 attempts, made_at;
	bool		 has_application;
	uint8_t		 application[DB_APPLICATION_ID];
	int64_t		 cert;			/* or 0 */
	/* in listings */
	const char	*error;			/* or NULL */
};
struct db_notices {
	struct db_notice	*v;
	size_t			 n;
};
/* Up to n that are due, for so many seconds those of "who" alone. */
int	 db_notice_claim(struct db *, const char *who, size_t n,
	    int64_t seconds, struct db_notices *, struct arena *,
	    struct error *);
/* What "who" had on lease when it ended is anybody's again. */
int	 db_notice_resume(struct db *, const char *who, struct error *);
int	 db_notice_sent(struct db *, int64_t id, struct error *);
/* Not tried: as if it had not been claimed. */
int	 db_notice_release(struct db *, int64_t id, struct error *);
/* It has become pointless: the certificate is good no more, and so on. */
int	 db_notice_drop(struct db *, int64_t id, const char *why,
	    struct error *);
int	 db_notice_fail(struct db *, int64_t id, const char *why,
	    int64_t wait_seconds, bool dead, struct error *);

struct db_notice_state {
	int64_t	 waiting, due, dead;
	int64_t	 oldest;		/* made_at of the oldest waiting; 0 */
};
int	 db_notice_status(struct db *, struct db_notice_state *,
	    struct error *);
/* By id, after that one. */
int	 db_notice_dead(struct db *, int64_t after, size_t limit,
	    struct db_notices *, struct arena *, struct error *);
/* Dead ones are tried again: one (id), or all (0); how many, or -1. */
int64_t	 db_notice_retry(struct db *, int64_t id, struct error *);
#endif
