/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_archive.h"

#define ARCHIVED "x.ca, x.serial, x.order_id, x.n, x.profile, x.holder," \
	" x.key_digest, x.cert_digest, " DB_EPOCH("x.not_after") ", x.status, " \
	DB_EPOCH("x.revoked_at") ", coalesce(x.reason, -1), " \
	DB_EPOCH("x.invalid_since") ", x.changed_by, x.archive, r.name" \
	" FROM archived x JOIN archive r ON r.digest = x.archive"
#define ARCHIVE	"SELECT digest, name, order_id, " DB_EPOCH("cutoff") "," \
	" orders, certs, lists, " DB_EPOCH("begun_at") ", " \
	DB_EPOCH("done_at") " FROM archive"

enum { ONE, FIND_HEX, FIND_ALL, ALL, FIND, OF_ORDER };
static const struct db_stmt stmt[] = {
	[ONE] = DB_STMT("archived_find",
	    "SELECT " ARCHIVED " WHERE x.serial = $1::bytea"
	    " AND x.ca = $2::text"),
	[FIND_HEX] = DB_STMT_FRESH("archived_find_hex",
	    "SELECT " ARCHIVED " WHERE x.serial >= $1::bytea"
	    " AND ($2::bytea IS NULL OR x.serial < $2::bytea)"
	    " AND ($3::text IS NULL OR x.ca = $3::text)"
	    " ORDER BY x.serial LIMIT 2"),
	[FIND_ALL] = DB_STMT_FRESH("archived_list",
	    "SELECT " ARCHIVED " WHERE (x.serial, x.ca) >"
	    " ($1::bytea, $2::text)"
	    " AND ($3::text IS NULL OR x.ca = $3::text"
	    "  OR regexp_replace(x.ca, '[.]g[0-9]+$', '') = $3::text)"
	    " AND ($4::text IS NULL OR x.profile = $4::text)"
	    " AND ($5::text IS NULL OR x.holder = $5::text)"
	    " AND ($6::text IS NULL OR x.status = $6::text)"
	    " AND ($7::bytea IS NULL OR x.key_digest = $7::bytea)"
	    " ORDER BY x.serial, x.ca LIMIT $8::bigint"),
	[ALL] = DB_STMT("archive_list", ARCHIVE " ORDER BY begun_at, name"),
	[FIND] = DB_STMT("archive_find", ARCHIVE " WHERE name = $1::text"),
	[OF_ORDER] = DB_STMT("archive_of_order",
	    "SELECT r.name FROM orders o JOIN archive r"
	    " ON r.digest = o.archive WHERE o.id = $1::bytea"),
};
const struct db_table DB_ARCHIVE = DB_TABLE(stmt);

/* Cheap conditions first: the function looks at each certificate. */
#define MAY_GO	"o.archive IS NULL AND o.kind IN ('issue', 'batch')" \
	" AND o.state NOT IN ('pending', 'ready')"
#define ITEMS_IN_PIECE	"2000"
#define BYTES_IN_PIECE	"8388608"
/* Order by order, each by its index. */
#define NEXT_ITEMS(t)	t ".order_id = u.id AND (" t ".order_id, " t ".n) >" \
	" ($2::bytea, $3::bigint) ORDER BY " t ".order_id, " t ".n LIMIT 500"

enum { PLAN, PLAN_LISTS, ORDERS, REQUESTS, CERTS, LISTS };
static const struct db_stmt plan_stmt[] = {
	/* The bytes of the rows as they are; indexes come on top. */
	[PLAN] = DB_STMT_FRESH("archive_plan",
	    "SELECT why, count(*), sum(certs)::bigint, sum(bytes)::bigint"
	    " FROM (SELECT archive_objection(o.id, " DB_TIME(1) ") AS why,"
	    "  c.certs, pg_column_size(o.blob) + c.bytes + (SELECT"
	    "   coalesce(sum(pg_column_size(r)), 0) FROM request r"
	    "   WHERE r.order_id = o.id) AS bytes"
	    "  FROM orders o CROSS JOIN LATERAL (SELECT count(*) AS certs,"
	    "   coalesce(sum(pg_column_size(c)), 0) AS bytes,"
	    "   coalesce(bool_or(c.not_after < " DB_TIME(1) "), true) AS old"
	    "   FROM cert c WHERE c.order_id = o.id) c"
	    "  WHERE " MAY_GO " AND c.old AND o.created_at < " DB_TIME(1) ") p"
	    " GROUP BY why ORDER BY why NULLS FIRST"),
	[PLAN_LISTS] = DB_STMT_FRESH("archive_plan_lists",
	    "SELECT count(*), coalesce(sum(size), 0)::bigint FROM crl"
	    " WHERE next_update < " DB_TIME(1)
	    " AND archive_list_objection(ca, shard, number, base, "
	    DB_TIME(1) ") IS NULL"),
	/* First those that come next, then what is against them: asked for the
	 * next against which nothing is, the planner may judge all that are
	 * left before it takes the first.  Those that stay are in the answer,
	 * since the next page begins behind them. */
	[ORDERS] = DB_STMT_FRESH("archive_orders",
	    "SELECT seq, id, blob, goes FROM (SELECT seq, id, blob, goes,"
	    " sum(items) OVER w - items AS before, sum(bytes) OVER w - bytes"
	    " AS bytes FROM (SELECT seq, id, goes,"
	    "  CASE WHEN goes THEN blob END AS blob,"
	    "  CASE WHEN goes THEN items ELSE 0 END AS items,"
	    "  CASE WHEN goes THEN octet_length(blob) ELSE 0 END AS bytes"
	    "  FROM (SELECT seq, id, blob, items, archive_objection(id, "
	    DB_TIME(2) ") IS NULL AS goes FROM (SELECT seq, id, blob, items"
	    "   FROM orders o WHERE seq > $1::bigint AND " MAY_GO
	    "   AND expires_at < " DB_TIME(2) " ORDER BY seq LIMIT 500) o"
	    "  OFFSET 0) o) o WINDOW w AS (ORDER BY seq)) p"
	    " WHERE before < " ITEMS_IN_PIECE " AND bytes < " BYTES_IN_PIECE
	    " ORDER BY seq"),
	[REQUESTS] = DB_STMT("archive_requests",
	    "SELECT r.order_id, r.n, o.digest, r.der, r.proof,"
	    " r.station_order FROM unnest($1::bytea[]) AS u (id)"
	    " CROSS JOIN LATERAL (SELECT * FROM request r WHERE "
	    NEXT_ITEMS("r") ") r JOIN orders o ON o.id = r.order_id"
	    " WHERE u.id >= $2::bytea ORDER BY r.order_id, r.n LIMIT 500"),
	[CERTS] = DB_STMT("archive_certs",
	    "SELECT c.order_id, c.n, c.ca, c.serial, c.der, c.status,"
	    " coalesce(c.reason, -1), " DB_EPOCH("c.revoked_at") ", (SELECT"
	    " s.order_id FROM status_change s WHERE s.ca = c.ca"
	    " AND s.serial = c.serial ORDER BY s.id DESC LIMIT 1)"
	    " FROM unnest($1::bytea[]) AS u (id)"
	    " CROSS JOIN LATERAL (SELECT * FROM cert c WHERE "
	    NEXT_ITEMS("c") ") c"
	    " WHERE u.id >= $2::bytea ORDER BY c.order_id, c.n LIMIT 500"),
	[LISTS] = DB_STMT_FRESH("archive_crl",
	    "SELECT l.ca, l.shard, l.number, l.base, l.size, (SELECT"
	    " sha256(string_agg(p.der, ''::bytea ORDER BY p.n)) FROM crl_part p"
	    " WHERE p.ca = l.ca AND p.shard = l.shard AND p.number = l.number"
	    " AND p.base = l.base) FROM (SELECT * FROM crl"
	    " WHERE (ca, shard, number, base) >"
	    " ($1::text, $2::bigint, $3::bigint, $4::bigint)"
	    " AND next_update < " DB_TIME(5)
	    " AND archive_list_objection(ca, shard, number, base, "
	    DB_TIME(5) ") IS NULL"
	    " ORDER BY ca, shard, number, base LIMIT 1) l"),
};
const struct db_table DB_ARCHIVE_PLAN = DB_TABLE(plan_stmt);

static const struct db_stmt take_stmt[] = {
	DB_STMT("archive_take",
	    "SELECT orders, certs, lists FROM archive_take($1::bytea,"
	    " $2::text, $3::bytea, " DB_TIME(4) ", $5::text, $6::bytea[],"
	    " $7::text[], $8::bigint[], $9::bigint[], $10::bigint[],"
	    " $11::bytea[], $12::boolean)"),
};
const struct db_table DB_ARCHIVE_TAKE = DB_TABLE(take_stmt);

/* What stays behind. */

static void
archived_fill(struct db_archived *x, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	x->ca = db_row_text(a, rows, i, 0);
	db_row_serial(&x->serial, rows, i, 1);
	db_row_ref(&x->ref, rows, i, 2);
	x->profile = db_row_text(a, rows, i, 4);
	x->holder = db_row_text(a, rows, i, 5);
	db_row_fixed(x->key_digest, DB_DIGEST, rows, i, 6);
	db_row_fixed(x->cert_digest, DB_DIGEST, rows, i, 7);
	x->not_after = db_get_int(rows, i, 8);
	x->status = db_row_text(a, rows, i, 9);
	x->revoked_at = db_get_int(rows, i, 10);
	x->reason = (int)db_get_int(rows, i, 11);
	x->invalid_since = db_get_int(rows, i, 12);
	x->changed_by = db_row_bytes(a, rows, i, 13);
	db_row_fixed(x->digest, DB_DIGEST, rows, i, 14);
	x->archive = db_row_text(a, rows, i, 15);
}

int
db_archived_find(struct db *db, const char *ca, const struct db_serial *serial,
    struct db_archived *x, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(serial->p, serial->len),
	    db_text(ca) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[ONE], arg, 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		archived_fill(x, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_archived_find_hex(struct db *db, const char *ca, const char *hex,
    struct db_archived *x, struct arena *a, struct error *e)
{
	struct db_prefix	 p;
	struct db_rows		*rows;
	size_t			 n;

	if (db_prefix_init(&p, hex, e) == -1)
		return error_wrap(e, "serial");
	if (db_query(db, &stmt[FIND_HEX], (struct db_arg[]){
	    db_bytes(p.from.p, p.from.len),
	    p.to.len > 0 ? db_bytes(p.to.p, p.to.len) : db_null(),
	    db_text(ca) }, 3, &rows, e) == -1)
		return -1;
	if ((n = db_rows_count(rows)) == 1)
		archived_fill(x, rows, 0, a);
	db_rows_free(&rows);
	if (n < 2)
		return (int)n;
	error_set(e, ERROR_INPUT, "serial %s: more than one begins so", hex);
	return error_hint(e, "give more digits or name the CA");
}

int
db_archived_list(struct db *db, const struct db_archived_filter *f,
    const struct db_serial *after, const char *after_ca, size_t limit,
    struct db_archiveds *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(after->p, after->len),
	    db_text(after_ca != NULL ? after_ca : ""), db_text(f->ca),
	    db_text(f->profile), db_text(f->holder), db_text(f->status),
	    db_bytes(f->key_digest.p, f->key_digest.len),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[FIND_ALL], arg, 8, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		archived_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

/* Archives. */

static void
archive_fill(struct db_archive *x, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	db_row_fixed(x->digest, DB_DIGEST, rows, i, 0);
	x->name = db_row_text(a, rows, i, 1);
	db_row_fixed(x->order_id, DB_ORDER_ID, rows, i, 2);
	x->cutoff = db_get_int(rows, i, 3);
	x->orders = db_get_int(rows, i, 4);
	x->certs = db_get_int(rows, i, 5);
	x->lists = db_get_int(rows, i, 6);
	x->begun_at = db_get_int(rows, i, 7);
	x->done_at = db_get_int(rows, i, 8);
}

int
db_archive_list(struct db *db, struct db_archives *out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[ALL], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		archive_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_archive_find(struct db *db, const char *name, struct db_archive *x,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[FIND], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		archive_fill(x, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_archive_of_order(struct db *db, const uint8_t id[DB_ORDER_ID],
    const char **name, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID) };
	struct db_rows		*rows;

	*name = NULL;
	if (db_query(db, &stmt[OF_ORDER], arg, 1, &rows, e) == -1)
		return -1;
	if (db_rows_count(rows) == 1)
		*name = db_row_text(a, rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

/* What may go. */

int
db_archive_plan(struct db *db, int64_t cutoff, struct db_archive_plan *p,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(cutoff) };
	struct db_rows		*rows;
	size_t			 i, n;

	*p = (struct db_archive_plan){ 0 };
	if (db_query(db, &plan_stmt[PLAN], arg, 1, &rows, e) == -1)
		return -1;
	n = db_rows_count(rows);
	p->stays = arena_alloc(a, (n + 1) * sizeof(*p->stays));
	for (i = 0; i < n; i++) {
		if (!db_is_null(rows, i, 0)) {
			p->stays[p->nstays].why = db_row_text(a, rows, i, 0);
			p->stays[p->nstays++].orders = db_get_int(rows, i, 1);
			continue;
		}
		p->orders = db_get_int(rows, i, 1);
		p->certs = db_get_int(rows, i, 2);
		p->bytes = db_get_int(rows, i, 3);
	}
	db_rows_free(&rows);
	if (db_query(db, &plan_stmt[PLAN_LISTS], arg, 1, &rows, e) == -1)
		return -1;
	p->lists = db_get_int(rows, 0, 0);
	p->bytes += db_get_int(rows, 0, 1);
	db_rows_free(&rows);
	return 0;
}

/* A page without those that stay; out->last is where it ends. */
static int
orders_page(struct db *db, int64_t cutoff, struct db_archive_orders *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(out->last),
	    db_int(cutoff) };
	struct db_rows		*rows;
	size_t			 i, n;

	if (db_query(db, &plan_stmt[ORDERS], arg, 2, &rows, e) == -1)
		return -1;
	n = db_rows_count(rows);
	out->n = 0;
	out->id = arena_alloc(a, (n + 1) * sizeof(*out->id));
	out->blob = arena_alloc(a, (n + 1) * sizeof(*out->blob));
	for (i = 0; i < n; i++) {
		out->last = db_get_int(rows, i, 0);
		if (!db_get_bool(rows, i, 3))
			continue;
		out->id[out->n] = db_row_bytes(a, rows, i, 1);
		out->blob[out->n++] = db_row_bytes(a, rows, i, 2);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_archive_orders(struct db *db, int64_t after, int64_t cutoff,
    struct db_archive_orders *out, struct arena *a, struct error *e)
{
	int64_t	from;

	out->last = after;
	do {
		from = out->last;
		if (orders_page(db, cutoff, out, a, e) == -1)
			return -1;
	} while (out->n == 0 && out->last != from);
	return 0;
}

/* Of these orders what comes after that item; before the first one there is
 * an id without bytes. */
static int
ask_items(struct db *db, const struct db_stmt *s,
    const struct db_archive_orders *of, const struct db_ref *after,
    struct db_rows **rows, struct error *e)
{
	static const uint8_t	none[1];
	const struct db_arg	arg[] = { db_blobs(of->id, of->n),
	    after != NULL ? db_bytes(after->order_id, DB_ORDER_ID) :
	    db_bytes(none, 0), db_int(after != NULL ? after->n : 0) };

	return db_query(db, s, arg, 3, rows, e);
}

int
db_archive_requests(struct db *db, const struct db_archive_orders *of,
    const struct db_ref *after, struct db_archive_requests *out,
    struct arena *a, struct error *e)
{
	struct db_rows	*rows;

	if (ask_items(db, &plan_stmt[REQUESTS], of, after, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_archive_request	*r = &out->v[i];

		db_row_ref(&r->ref, rows, i, 0);
		db_row_fixed(r->order, DB_DIGEST, rows, i, 2);
		r->der = db_row_bytes(a, rows, i, 3);
		r->proof = db_row_bytes(a, rows, i, 4);
		r->station_order = db_row_bytes(a, rows, i, 5);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_archive_certs(struct db *db, const struct db_archive_orders *of,
    const struct db_ref *after, struct db_archive_certs *out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (ask_items(db, &plan_stmt[CERTS], of, after, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_archive_cert	*c = &out->v[i];

		db_row_ref(&c->ref, rows, i, 0);
		db_export_cert_row(&c->row, rows, i, 2, a);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_archive_crl(struct db *db, int64_t cutoff, struct db_archive_crl *l,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = {
		db_text(l->ca != NULL ? l->ca : ""), db_int(l->shard),
		db_int(l->number), db_int(l->base), db_int(cutoff) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &plan_stmt[LISTS], arg, 5, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		l->ca = db_row_text(a, rows, 0, 0);
		l->shard = db_get_int(rows, 0, 1);
		l->number = db_get_int(rows, 0, 2);
		l->base = db_get_int(rows, 0, 3);
		l->size = db_get_int(rows, 0, 4);
		db_row_fixed(l->digest, DB_DIGEST, rows, 0, 5);
	}
	db_rows_free(&rows);
	return found;
}

int
db_archive_take(struct db *db, const struct db_archive_piece *p,
    struct db_archive_taken *out, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(p->digest, DB_DIGEST),
	    db_text(p->name), db_bytes(p->permit, DB_ORDER_ID),
	    db_int(p->cutoff), db_text(p->who), db_blobs(p->order, p->norders),
	    db_texts(p->ca, p->nlists), db_ints(p->shard, p->nlists),
	    db_ints(p->number, p->nlists), db_ints(p->base, p->nlists),
	    db_blobs(p->have, p->nhave), db_bool(p->is_last) };
	struct db_rows		*rows;

	if (db_query(db, take_stmt, arg, 12, &rows, e) == -1)
		return error_wrap(e, "archive %s", p->name);
	out->orders = db_get_int(rows, 0, 0);
	out->certs = db_get_int(rows, 0, 1);
	out->lists = db_get_int(rows, 0, 2);
	db_rows_free(&rows);
	return 0;
}
