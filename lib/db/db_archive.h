/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_ARCHIVE_H
#define SIGNET_DB_DB_ARCHIVE_H
/*
 * Archives: what may leave the store, taking it, and what stays behind of it.
 * What may go is the store's to say, in functions that both the plan and the
 * taking ask (db/0020-archive.sql).
 */
#include "db/db.h"
#include "db/db_export.h"
#include "db/db_row.h"

extern const struct db_table DB_ARCHIVE;	/* read */
extern const struct db_table DB_ARCHIVE_PLAN;	/* what may go */
extern const struct db_table DB_ARCHIVE_TAKE;

/* What stays behind of a certificate. */
struct db_archived {
	const char	*ca;
	struct db_serial serial;
	struct db_ref	 ref;			/* order and item */
	const char	*profile;
	const char	*holder;		/* or NULL */
	uint8_t		 key_digest[DB_DIGEST], cert_digest[DB_DIGEST];
	int64_t		 not_after;
	const char	*status;		/* good, revoked */
	int64_t		 revoked_at;		/* 0 while good */
	int		 reason;		/* -1 while good */
	int64_t		 invalid_since;		/* 0: unknown */
	struct bytes	 changed_by;		/* order; p NULL: none */
	uint8_t		 digest[DB_DIGEST];	/* of the archive */
	const char	*archive;		/* its name */
};
struct db_archiveds {
	struct db_archived	*v;
	size_t			 n;
};
/* 1, 0, -1. */
int	 db_archived_find(struct db *, const char *ca,
	    const struct db_serial *, struct db_archived *, struct arena *,
	    struct error *);
/* By the first digits of the serial, ca NULL: of any CA: 1, 0, -1;
 * ERROR_INPUT if more than one begins so. */
int	 db_archived_find_hex(struct db *, const char *ca, const char *hex,
	    struct db_archived *, struct arena *, struct error *);
/* NULL and 0 match everything. */
struct db_archived_filter {
	const char	*ca, *profile, *holder, *status;
	struct bytes	 key_digest;
};
/* By serial and CA, after those (len 0: from the first). */
int	 db_archived_list(struct db *, const struct db_archived_filter *,
	    const struct db_serial *after, const char *after_ca, size_t limit,
	    struct db_archiveds *, struct arena *, struct error *);

struct db_archive {
	uint8_t		 digest[DB_DIGEST];	/* of its index */
	const char	*name;
	uint8_t		 order_id[DB_ORDER_ID];
	int64_t		 cutoff;
	int64_t		 orders, certs, lists;	/* taken so far */
	int64_t		 begun_at, done_at;	/* done_at 0: not yet */
};
struct db_archives {
	struct db_archive	*v;
	size_t			 n;
};
/* All, oldest first. */
int	 db_archive_list(struct db *, struct db_archives *, struct arena *,
	    struct error *);
int	 db_archive_find(struct db *, const char *name, struct db_archive *,
	    struct arena *, struct error *);
/* The name of the archive that has this order; NULL if none. */
int	 db_archive_of_order(struct db *, const uint8_t id[DB_ORDER_ID],
	    const char **name, struct arena *, struct error *);

/* What would go, and what stays although it has expired. */
struct db_archive_plan {
	int64_t	 orders, certs, lists;
	int64_t	 bytes;			/* of what is signed, roughly */
	struct db_archive_stays {
		const char	*why;
		int64_t		 orders;
	}	*stays;
	size_t	 nstays;
};
int	 db_archive_plan(struct db *, int64_t cutoff, struct db_archive_plan *,
	    struct arena *, struct error *);

/* Candidates, page by page: a page is bounded in items and in bytes. */
struct db_archive_orders {
	struct bytes	*id, *blob;
	size_t		 n;
	int64_t		 last;		/* cursor for the next page */
};
int	 db_archive_orders(struct db *, int64_t after, int64_t cutoff,
	    struct db_archive_orders *, struct arena *, struct error *);
struct db_archive_request {
	struct db_ref	 ref;
	uint8_t		 order[DB_DIGEST];
	struct bytes	 der, proof, station_order;	/* p NULL if none */
};
struct db_archive_requests {
	struct db_archive_request	*v;
	size_t				 n;
};
/* After the last that was given, NULL: from the first. */
int	 db_archive_requests(struct db *, const struct db_archive_orders *,
	    const struct db_ref *after, struct db_archive_requests *,
	    struct arena *, struct error *);
struct db_archive_cert {
	struct db_ref		 ref;
	struct db_export_cert	 row;
};
struct db_archive_certs {
	struct db_archive_cert	*v;
	size_t			 n;
};
int	 db_archive_certs(struct db *, const struct db_archive_orders *,
	    const struct db_ref *after, struct db_archive_certs *,
	    struct arena *, struct error *);
struct db_archive_crl {
	const char	*ca;
	int64_t		 shard, number, base, size;
	uint8_t		 digest[DB_DIGEST];
};
/* The next list that may go after that one (ca NULL: the first): 1, 0, -1. */
int	 db_archive_crl(struct db *, int64_t cutoff, struct db_archive_crl *,
	    struct arena *, struct error *);

/* A piece of an archive, to be taken out of the store in one transaction. */
struct db_archive_piece {
	const char	*name;
	const uint8_t	*digest;	/* of the index */
	const uint8_t	*permit;	/* the id of the order */
	int64_t		 cutoff;
	const char	*who;
	struct bytes	*order;		/* ids */
	size_t		 norders;
	const char	**ca;		/* of lists */
	int64_t		*shard, *number, *base;
	size_t		 nlists;
	struct bytes	*have;		/* digests of what the archive has */
	size_t		 nhave;
	bool		 is_last;
};
struct db_archive_taken {
	int64_t	 orders, certs, lists;
};
/* ERROR_CONFLICT with the store's words when it refuses. */
int	 db_archive_take(struct db *, const struct db_archive_piece *,
	    struct db_archive_taken *, struct error *);
#endif
