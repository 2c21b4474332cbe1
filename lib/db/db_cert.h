/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CERT_H
#define SIGNET_DB_DB_CERT_H
/*
 * Certificates, read.  They are written in db_issue.h, their status is changed
 * in db_status.h.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_CERT;
extern const struct db_table DB_CERT_ORDER;	/* db_cert_find_order() */

struct db_cert {
	int64_t		 id;
	const char	*ca;
	struct db_serial serial;
	struct db_ref	 ref;			/* order and item */
	const char	*profile;
	const char	*holder, *card;		/* or NULL */
	const char	*subject;
	uint8_t		 key_digest[DB_DIGEST];
	int64_t		 not_before, not_after, issued_at;
	const char	*status;		/* good, held, revoked */
	int64_t		 revoked_at;		/* 0 while good */
	int		 reason;		/* -1 while good */
	int64_t		 invalid_since;		/* 0: unknown */
	int64_t		 shard;			/* of the list it is on; 0 */
	struct bytes	 der;			/* p NULL in lists */
};
struct db_certs {
	struct db_cert	*v;
	size_t		 n;
};

/* Find, with der: 1, 0 none, -1. */
int	 db_cert_find(struct db *, const char *ca, const struct db_serial *,
	    struct db_cert *, struct arena *, struct error *);
int	 db_cert_find_id(struct db *, int64_t id, struct db_cert *,
	    struct arena *, struct error *);
int	 db_cert_find_ref(struct db *, const struct db_ref *,
	    struct db_cert *, struct arena *, struct error *);
/* What became of a single order: 1, 0 no such order, -1.  Of the certificate
 * der.p is NULL when there is none. */
int	 db_cert_find_order(struct db *, const uint8_t id[DB_ORDER_ID],
	    const char **state, const char **reason, struct db_cert *,
	    struct arena *, struct error *);
/* By the first digits of the serial, ca NULL: of any CA; ERROR_INPUT if more
 * than one begins so. */
int	 db_cert_find_hex(struct db *, const char *ca, const char *hex,
	    struct db_cert *, struct arena *, struct error *);

/* NULL and 0 match everything. */
struct db_cert_filter {
	const char	*ca;		/* with all its generations */
	const char	*profile, *holder, *card;
	const char	*status;
	const char	*name;		/* a mail address, host name, ... */
	bool		 name_begins;	/* name is only how it begins */
	struct bytes	 key_digest;
	struct bytes	 order_id;
	int64_t		 valid_after;	/* not_after is later than that */
	int64_t		 expires_before;
};
/* Newest first, before id (0: from the newest). */
int	 db_cert_list(struct db *, const struct db_cert_filter *,
	    int64_t before, size_t limit, struct db_certs *, struct arena *,
	    struct error *);
/* Up to limit of this CA and status that end after "now": those with the
 * numbers next after "from".  With der. */
int	 db_cert_sample(struct db *, const char *ca, const char *status,
	    const struct db_serial *from, int64_t now, size_t limit,
	    struct db_certs *, struct arena *, struct error *);

struct db_status_entry {
	const char	*status;
	int		 reason;		/* -1: none */
	uint8_t		 order_id[DB_ORDER_ID];
	int64_t		 changed_at;
};
struct db_status_entries {
	struct db_status_entry	*v;
	size_t			 n;
};
/* Oldest first; empty for one that was always good. */
int	 db_cert_history(struct db *, const char *ca,
	    const struct db_serial *, struct db_status_entries *,
	    struct arena *, struct error *);
#endif
