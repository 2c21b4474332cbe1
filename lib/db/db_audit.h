/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_AUDIT_H
#define SIGNET_DB_DB_AUDIT_H
/*
 * The audit chain in the store.  The server numbers and hashes (audit_append
 * in db/0001-core.sql); what a body says is lib/audit/chain.h's business.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_AUDIT;		/* read */
extern const struct db_table DB_AUDIT_APPEND;
extern const struct db_table DB_AUDIT_SIGN;	/* add a signed head */

/*
 * Append entries, in order; *seq (may be NULL) is the last one's number.
 * Appends wait for each other until COMMIT: do this last in a transaction.
 */
int	 db_audit_append(struct db *, const struct bytes *body, size_t n,
	    int64_t *seq, struct error *);

/* The same for one, which is cleared. */
int	 db_audit_add(struct db *, struct buf *body, struct error *);

struct db_audit_entry {
	int64_t		 seq;
	uint8_t		 hash[DB_DIGEST];
	struct bytes	 body;
};
struct db_audit_entries {
	struct db_audit_entry	*v;
	size_t			 n;
};
/* Entries after seq, ascending. */
int	 db_audit_list(struct db *, int64_t after, size_t limit,
	    struct db_audit_entries *, struct arena *, struct error *);
/* seq 0 and 32 zero bytes while it is empty. */
int	 db_audit_head(struct db *, int64_t *seq, uint8_t hash[DB_DIGEST],
	    struct error *);

struct db_audit_signed {
	int64_t		 seq;
	const char	*instance;
	int64_t		 at;
	struct bytes	 cms;
};
struct db_audit_signeds {
	struct db_audit_signed	*v;
	size_t			 n;
};
int	 db_audit_signed_add(struct db *, const struct db_audit_signed *,
	    struct error *);
/* After (seq, instance), ascending; start with 0 and "". */
int	 db_audit_signed_list(struct db *, int64_t seq, const char *instance,
	    size_t limit, struct db_audit_signeds *, struct arena *,
	    struct error *);
#endif
