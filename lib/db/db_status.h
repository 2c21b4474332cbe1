/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_STATUS_H
#define SIGNET_DB_DB_STATUS_H
/*
 * Orders that change the status of certificates, carried out.  For signet-cad
 * alone.  One transaction per group: claim, apply, resolve, record, db_notify.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_STATUS;

struct db_status_order {
	uint8_t		 id[DB_ORDER_ID];
	uint8_t		 digest[DB_DIGEST];
	const char	*kind;		/* revoke ... unbind */
	struct bytes	 blob;
};
struct db_status_orders {
	struct db_status_order	*v;
	size_t			 n;
};
/*
 * Ready orders, oldest first, locked until COMMIT, skipping locked ones; not
 * many more than DB_STATUS_BYTES of them, but one at least.  Orders to adopt a
 * head, which only a signer that has stopped takes, or all others.
 */
#define DB_STATUS_BYTES	(1 << 20)
int	 db_status_claim(struct db *, bool adopt, size_t max,
	    struct db_status_orders *, struct arena *, struct error *);

struct db_status_change {
	const uint8_t	*order_id;	/* which wants it */
	const char	*ca;
	struct db_serial serial;
	const char	*status;	/* good, held, revoked */
	int		 reason;	/* -1 with good */
	int64_t		 at;
	int64_t		 invalid_since;	/* 0: unknown */
};
/*
 * Changes, each of another certificate: rows of cert and outbox.  done[i] is
 * false where nothing changed: no such certificate, revoked already, or in
 * that status already.
 */
int	 db_status_apply(struct db *, const struct db_status_change *, size_t n,
	    bool *done, struct error *);
/*
 * Append the entries of these changes, one or more in all, to the audit chain
 * and write the history of the changes, with the last entry's number: that is
 * what readers of the feed (db_ocsp.h) go by.  As db_audit_append, this is the
 * last thing in a transaction.
 */
int	 db_status_record(struct db *, const struct db_status_change *,
	    size_t n, const struct bytes *body, size_t nbody, struct error *);
/* That order, if it is still pending or ready, becomes rejected. */
int	 db_status_reject(struct db *, const uint8_t digest[DB_DIGEST],
	    const char *reason, struct error *);
/* These orders are done.  (For refusing one see db_issue.h.) */
int	 db_status_resolve(struct db *, const struct bytes *order_id, size_t n,
	    struct error *);
#endif
