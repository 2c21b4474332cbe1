/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_export.h"

#define PAGE	"500"		/* rows */
#define HEAP	"16777216"	/* bytes, but for a single larger row */

/* A page of blobs: as many rows as fit, and at least one. */
#define BLOBS(keys, col, from, order) \
	"SELECT " keys ", " col " FROM (SELECT " keys ", " col \
	", sum(length(" col ")) OVER (ORDER BY " order ") - length(" col ")" \
	" AS heap FROM (SELECT " keys ", " col " FROM " from \
	" ORDER BY " order " LIMIT " PAGE ") p) q WHERE heap < " HEAP \
	" ORDER BY " order

enum { ORDERS, STATIONS, REQUESTS, CERTS, CRLS, COUNT };
static const struct db_stmt stmt[] = {
	[ORDERS] = DB_STMT("export_orders", BLOBS("seq", "blob",
	    "orders WHERE seq > $1::bigint AND blob IS NOT NULL", "seq")),
	[STATIONS] = DB_STMT("export_stations", BLOBS("order_id, n",
	    "station_order", "request WHERE station_order IS NOT NULL"
	    " AND (order_id, n) > ($1::bytea, $2::bigint)", "order_id, n")),
	[REQUESTS] = DB_STMT("export_requests",
	    "SELECT r.order_id, r.n, o.digest, r.der, r.proof"
	    " FROM (SELECT * FROM request"
	    " WHERE (order_id, n) > ($1::bytea, $2::bigint)"
	    " ORDER BY order_id, n LIMIT " PAGE ") r"
	    " JOIN orders o ON o.id = r.order_id ORDER BY r.order_id, r.n"),
	[CERTS] = DB_STMT("export_certs",
	    "SELECT c.id, c.ca, c.serial, c.der, c.status, c.reason, "
	    DB_EPOCH("c.revoked_at") ", (SELECT s.order_id FROM status_change s"
	    " WHERE s.ca = c.ca AND s.serial = c.serial"
	    " ORDER BY s.id DESC LIMIT 1)"
	    " FROM cert c WHERE c.id > $1::bigint ORDER BY c.id LIMIT " PAGE),
	[CRLS] = DB_STMT("export_crls",
	    "SELECT l.ca, l.shard, l.number, l.base, l.size"
	    " FROM crl l WHERE (l.ca, l.shard, l.number, l.base) >"
	    " ($1::text, $2::bigint, $3::bigint, $4::bigint)"
	    " ORDER BY l.ca, l.shard, l.number, l.base LIMIT 1"),
	[COUNT] = DB_STMT("export_count",
	    "SELECT (SELECT seq FROM audit_head),"
	    " (SELECT count(*) FROM cert), (SELECT count(*) FROM orders)"),
};
const struct db_table DB_EXPORT = DB_TABLE(stmt);

int
db_export_begin(struct db *db, struct error *e)
{
	return db_script(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ,"
	    " READ ONLY", e);
}

static void
blobs_fill(struct db_export_blobs *out, const struct db_rows *rows, int col,
    struct arena *a)
{
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = db_row_bytes(a, rows, i, col);
}

int
db_export_orders(struct db *db, struct db_export *at,
    struct db_export_blobs *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(at->seq) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[ORDERS], arg, 1, &rows, e) == -1)
		return -1;
	blobs_fill(out, rows, 1, a);
	if (out->n > 0)
		at->seq = db_get_int(rows, out->n - 1, 0);
	db_rows_free(&rows);
	return 0;
}

/* From before the first row, which has n = 0 and any id. */
static void
ref_args(struct db_arg arg[2], const struct db_export *at)
{
	arg[0] = db_bytes(at->ref.order_id, at->began ? DB_ORDER_ID : 0);
	arg[1] = db_int(at->ref.n);
}

int
db_export_stations(struct db *db, struct db_export *at,
    struct db_export_blobs *out, struct arena *a, struct error *e)
{
	struct db_arg	 arg[2];
	struct db_rows	*rows;

	ref_args(arg, at);
	if (db_query(db, &stmt[STATIONS], arg, 2, &rows, e) == -1)
		return -1;
	blobs_fill(out, rows, 2, a);
	if (out->n > 0) {
		db_row_ref(&at->ref, rows, out->n - 1, 0);
		at->began = true;
	}
	db_rows_free(&rows);
	return 0;
}

int
db_export_crl(struct db *db, struct db_export *at, struct db_crl *row,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = {
		db_text(at->ca != NULL ? at->ca : ""), db_int(at->shard),
		db_int(at->seq), db_int(at->base) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[CRLS], arg, 4, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		*row = (struct db_crl){ .ca = db_row_text(a, rows, 0, 0),
		    .shard = db_get_int(rows, 0, 1),
		    .number = db_get_int(rows, 0, 2),
		    .base = db_get_int(rows, 0, 3),
		    .size = db_get_int(rows, 0, 4) };
		at->ca = row->ca;
		at->shard = row->shard;
		at->seq = row->number;
		at->base = row->base;
	}
	db_rows_free(&rows);
	return found;
}

int
db_export_requests(struct db *db, struct db_export *at,
    struct db_export_requests *out, struct arena *a, struct error *e)
{
	struct db_arg	 arg[2];
	struct db_rows	*rows;

	ref_args(arg, at);
	if (db_query(db, &stmt[REQUESTS], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_export_request	*r = &out->v[i];

		db_row_ref(&r->ref, rows, i, 0);
		db_row_fixed(r->order, DB_DIGEST, rows, i, 2);
		r->der = db_row_bytes(a, rows, i, 3);
		r->proof = db_row_bytes(a, rows, i, 4);
	}
	if (out->n > 0) {
		at->ref = out->v[out->n - 1].ref;
		at->began = true;
	}
	db_rows_free(&rows);
	return 0;
}

void
db_export_cert_row(struct db_export_cert *c, const struct db_rows *rows,
    size_t i, int at, struct arena *a)
{
	c->ca = db_row_text(a, rows, i, at);
	db_row_serial(&c->serial, rows, i, at + 1);
	c->der = db_row_bytes(a, rows, i, at + 2);
	c->status = db_row_text(a, rows, i, at + 3);
	c->reason = db_is_null(rows, i, at + 4) ? -1 :
	    (int)db_get_int(rows, i, at + 4);
	c->at = db_get_int(rows, i, at + 5);
	c->order = db_row_bytes(a, rows, i, at + 6);
}

int
db_export_certs(struct db *db, struct db_export *at,
    struct db_export_certs *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(at->seq) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[CERTS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		db_export_cert_row(&out->v[i], rows, i, 1, a);
	if (out->n > 0)
		at->seq = db_get_int(rows, out->n - 1, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_export_count(struct db *db, int64_t *entries, int64_t *certs,
    int64_t *orders, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[COUNT], NULL, 0, &rows, e) == -1)
		return -1;
	*entries = db_get_int(rows, 0, 0);
	*certs = db_get_int(rows, 0, 1);
	*orders = db_get_int(rows, 0, 2);
	db_rows_free(&rows);
	return 0;
}
