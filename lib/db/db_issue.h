/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_ISSUE_H
#define SIGNET_DB_DB_ISSUE_H
/*
 * Issuing as the store sees it: claim, intend, store.  For signet-cad alone;
 * everything goes by array, hundreds of items at a time.
 *
 *	transaction 1	db_issue_claim, db_issue_intend
 *	(sign)
 *	transaction 2	db_issue_store, db_audit_append, db_notify
 *
 * The certificate's life before that is db_order.h, after it db_cert.h.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_ISSUE;

/* An item that can be signed: its order is ready and its request is there. */
struct db_claim {
	struct db_ref	 ref;
	uint8_t		 digest[DB_DIGEST];	/* of the order */
	const char	*kind;			/* "issue", "batch" */
	const char	*holder;		/* as the row says, or NULL */
	struct bytes	 request;
	struct bytes	 proof;			/* p NULL if none */
	struct bytes	 station_order;		/* p NULL if none */
};
struct db_claims {
	struct db_claim	*v;
	size_t		 n;
};
struct db_issue_work {
	bool	 status;	/* orders that are not about new certificates */
	int64_t	 items;		/* to be made or being made */
};
/* What there is to do for signet-cad, in one question; items of at most
 * "enough" orders to these CAs. */
int	 db_issue_look(struct db *, const char *const *ca, size_t nca,
	    size_t enough, struct db_issue_work *, struct error *);
/*
 * Up to max items of orders to these CAs (one whose key is away must not stop
 * the others), oldest orders first, skipping what others have locked.
 * The locks last as long as the caller's transaction; outside of one this is
 * only a look, and db_issue_intend() decides.
 */
int	 db_issue_claim(struct db *, const char *const *ca, size_t nca,
	    size_t max, struct db_claims *, struct arena *, struct error *);
/* The signed order itself: 1, 0 no such order, -1. */
int	 db_issue_blob(struct db *, const uint8_t id[DB_ORDER_ID],
	    struct bytes *blob, struct arena *, struct error *);

struct db_intent {
	struct db_ref	 ref;
	const char	*ca;
	struct db_serial serial;
	struct bytes	 tbs;
	uint8_t		 key_digest[DB_DIGEST];	/* not read back */
};
/*
 * Write down what is going to be signed; items go from open to signing.
 * won[i] is false where the item was no longer open, or a certificate for the
 * same key is under way: do not sign that one now.  What the store knows of
 * the keys is to be looked up after this, not before.  In a transaction.
 */
int	 db_issue_intend(struct db *, const struct db_intent *, size_t n,
	    const char *instance, bool *won, struct error *);
/* The key was not used: items go back to open.  In a transaction. */
int	 db_issue_withdraw(struct db *, const struct db_ref *, size_t n,
	    struct error *);

struct db_resume {
	struct db_claim	 claim;
	struct db_intent intent;
};
struct db_resumes {
	struct db_resume *v;
	size_t		  n;
};
struct db_unfinished {
	const char *const *name;	/* the caller's */
	size_t		 nnames;
	const char *const *away;	/* CAs whose intents wait for a key */
	size_t		 naway;
	int64_t		 seconds, max;
};
/*
 * Intents under these names, and those of anybody that are older than
 * "seconds"; they become the first name's.  Call it while nothing of one's own
 * is being signed; the same come again until they are stored or withdrawn.
 */
int	 db_issue_resume(struct db *, const struct db_unfinished *,
	    struct db_resumes *, struct arena *, struct error *);

struct db_name {
	const char	*kind;		/* cn, mail, dns, upn, uri, ip */
	const char	*value;		/* lower case */
};
struct db_issued {
	struct db_ref	 ref;
	const char	*ca, *profile;
	const char	*holder;		/* or NULL */
	const char	*card;			/* NULL: what the station noted */
	const char	*subject;
	struct db_serial serial;
	uint8_t		 key_digest[DB_DIGEST];
	int64_t		 not_before, not_after, issued_at;
	int64_t		 shard;			/* of the list, 0: none */
	struct bytes	 der;
	const struct db_name *name;
	size_t		 nnames;
};
/*
 * Certificates with their names and outbox rows; intents go, items and, with
 * the last item, orders are done.  ERROR_CONFLICT if an intent with that CA
 * and serial is not there any more.  In a transaction.
 */
int	 db_issue_store(struct db *, const struct db_issued *, size_t n,
	    struct error *);

struct db_refusal {
	struct db_ref	 ref;
	const char	*reason;
};
/* Items go from open or signing to refused, a single order with its item.
 * In a transaction. */
int	 db_issue_refuse(struct db *, const struct db_refusal *, size_t n,
	    struct error *);
/* The whole order, whatever its kind, from ready or pending. */
int	 db_issue_refuse_order(struct db *, const uint8_t id[DB_ORDER_ID],
	    const char *reason, struct error *);

struct db_expired {
	uint8_t		 id[DB_ORDER_ID];
	uint8_t		 digest[DB_DIGEST];
	const char	*kind;
};
struct db_expireds {
	struct db_expired *v;
	size_t		   n;
};
/* Up to max orders past their time; those with an item at the signer wait. */
int	 db_issue_expire(struct db *, int64_t now, size_t max,
	    struct db_expireds *, struct arena *, struct error *);
#endif
