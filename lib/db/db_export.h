/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_EXPORT_H
#define SIGNET_DB_DB_EXPORT_H
/*
 * The whole store, page by page, for "signet audit export".  Read only; the
 * pages of one transaction that began with db_export_begin() fit together.
 *
 * Each function gives the rows after a cursor that it moves on; a page
 * without rows is the end.  Pages are bounded in rows and in bytes.
 */
#include "db/db.h"
#include "db/db_crl.h"
#include "db/db_row.h"

extern const struct db_table DB_EXPORT;

/* First statement of the transaction: one snapshot, nothing is written. */
int	 db_export_begin(struct db *, struct error *);

struct db_export {		/* zero-initialised: from the start */
	int64_t		 seq;
	struct db_ref	 ref;
	bool		 began;
	const char	*ca;	/* lives as long as the arena given */
	int64_t		 shard, base;
};
struct db_export_blobs {
	struct bytes	*v;
	size_t		 n;
};
/* Orders in the order of their coming, then stations' orders for items. */
int	 db_export_orders(struct db *, struct db_export *,
	    struct db_export_blobs *, struct arena *, struct error *);
int	 db_export_stations(struct db *, struct db_export *,
	    struct db_export_blobs *, struct arena *, struct error *);
/* The next list, whose bytes are db_crl_part()'s to bring: 1, 0, -1. */
int	 db_export_crl(struct db *, struct db_export *, struct db_crl *,
	    struct arena *, struct error *);

struct db_export_request {
	struct db_ref	 ref;
	uint8_t		 order[DB_DIGEST];
	struct bytes	 der;
	struct bytes	 proof;		/* p NULL if none */
};
struct db_export_requests {
	struct db_export_request *v;
	size_t		 n;
};
int	 db_export_requests(struct db *, struct db_export *,
	    struct db_export_requests *, struct arena *, struct error *);

struct db_export_cert {
	const char	*ca;
	struct db_serial serial;
	struct bytes	 der;
	const char	*status;
	int		 reason;	/* -1: none */
	int64_t		 at;		/* 0: none */
	struct bytes	 order;		/* id of the last change; p NULL */
};
/* From these seven columns of a row. */
void	 db_export_cert_row(struct db_export_cert *, const struct db_rows *,
	    size_t row, int column, struct arena *);
struct db_export_certs {
	struct db_export_cert *v;
	size_t		 n;
};
int	 db_export_certs(struct db *, struct db_export *,
	    struct db_export_certs *, struct arena *, struct error *);

/* Roughly how many rows there are, to show how far it is. */
int	 db_export_count(struct db *, int64_t *entries, int64_t *certs,
	    int64_t *orders, struct error *);
#endif
