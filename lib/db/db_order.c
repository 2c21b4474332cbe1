/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/db_order.h"
#include "db/db_order_private.h"

enum { FIND, FIND_HEX, LOAD, BLOB, LIST, ITEMS, ITEM_COUNTS };
static const struct db_stmt read_stmt[] = {
	[FIND] = DB_STMT("order_find",
	    "SELECT " DB_ORDER_COLUMNS " FROM orders WHERE id = $1::bytea"),
	[FIND_HEX] = DB_STMT_FRESH("order_find_hex",
	    "SELECT " DB_ORDER_COLUMNS " FROM orders WHERE id >= $1::bytea"
	    " AND ($2::bytea IS NULL OR id < $2::bytea) ORDER BY id LIMIT 2"),
	[LOAD] = DB_STMT("order_load",
	    "SELECT " DB_ORDER_COLUMNS ", blob FROM orders WHERE id = $1::bytea"),
	[BLOB] = DB_STMT("order_blob",
	    "SELECT blob FROM orders WHERE id = $1::bytea"),
	[LIST] = DB_STMT_FRESH("order_list",
	    "SELECT " DB_ORDER_COLUMNS " FROM orders"
	    " WHERE ($1::bigint = 0 OR seq < $1::bigint)"
	    " AND ($2::text IS NULL OR state = $2::text)"
	    " AND ($3::text IS NULL OR kind = $3::text)"
	    " AND ($4::text IS NULL OR ca = $4::text)"
	    " AND ($5::text IS NULL OR profile = $5::text)"
	    " AND ($6::text IS NULL OR holder = $6::text)"
	    " AND ($7::bigint = 0 OR created_at >= " DB_TIME(7) ")"
	    " ORDER BY seq DESC LIMIT $8::bigint"),
	[ITEMS] = DB_STMT_FRESH("order_items",
	    "SELECT i.n, i.state, i.holder, i.reason, "
	    DB_EPOCH("i.changed_at") ", coalesce(c.id, -x.n - 1, 0),"
	    " coalesce(c.ca, x.ca), coalesce(c.serial, x.serial)"
	    " FROM item i LEFT JOIN cert c"
	    "  ON c.order_id = i.order_id AND c.n = i.n"
	    " LEFT JOIN archived x"
	    "  ON x.order_id = i.order_id AND x.n = i.n"
	    " WHERE i.order_id = $1::bytea"
	    " AND ($2::text IS NULL OR i.state = $2::text)"
	    " AND i.n >= $3::bigint ORDER BY i.n LIMIT $4::bigint"),
	[ITEM_COUNTS] = DB_STMT("order_item_counts",
	    "SELECT state, count(*) FROM item WHERE order_id = $1::bytea"
	    " GROUP BY state ORDER BY state"),
};
const struct db_table DB_ORDER = DB_TABLE(read_stmt);

static const struct db_stmt requests_stmt[] = {
	DB_STMT("order_requests",
	    "SELECT n, der FROM request WHERE order_id = $1::bytea"
	    " AND n >= $2::bigint ORDER BY n LIMIT $3::bigint"),
};
const struct db_table DB_ORDER_REQUESTS = DB_TABLE(requests_stmt);

/* Bounded, whatever a holder has had in the past. */
#define NEWEST_OF	"(SELECT * FROM orders WHERE holder = $1::text" \
	" ORDER BY seq DESC LIMIT 64) AS o"

enum { FIND_REQUEST, WAITING, ASKED };
static const struct db_stmt of_stmt[] = {
	[FIND_REQUEST] = DB_STMT("order_find_request",
	    "SELECT " DB_ORDER_COLUMNS " FROM " NEWEST_OF
	    " CROSS JOIN LATERAL (SELECT FROM request r WHERE r.order_id = o.id"
	    "  AND r.n = 0 AND r.der = $2::bytea OFFSET 0) r"
	    " WHERE kind = 'issue' ORDER BY seq DESC LIMIT 1"),
	[WAITING] = DB_STMT("order_waiting",
	    "SELECT " DB_ORDER_COLUMNS " FROM " NEWEST_OF " WHERE kind = 'issue'"
	    " AND state IN ('pending', 'ready') AND waiting_items > 0"
	    " AND ($2::text IS NULL OR profile = $2::text)"
	    " ORDER BY seq DESC LIMIT $3::bigint"),
	[ASKED] = DB_STMT("order_asked",
	    "SELECT " DB_ORDER_COLUMNS ", der FROM " NEWEST_OF
	    " JOIN request r ON r.order_id = o.id AND r.n = 0"
	    " WHERE kind = 'issue'"
	    " AND state IN ('pending', 'ready', 'done')"
	    " AND ($2::text IS NULL OR profile = $2::text)"
	    " ORDER BY seq DESC LIMIT $3::bigint"),
};
const struct db_table DB_ORDER_OF = DB_TABLE(of_stmt);

static const struct db_stmt add_stmt[] = {
	DB_STMT("order_add",
	    "INSERT INTO orders (id, digest, kind, state, ca, profile, holder,"
	    " summary, blob, approvals, items, open_items, waiting_items,"
	    " created_at, expires_at) VALUES ($1::bytea, $2::bytea, $3::text,"
	    " $4::text, $5::text, $6::text, $7::text, $8::text, $9::bytea,"
	    " $10::bigint, $11::bigint, $11::bigint, $12::bigint, "
	    DB_TIME(13) ", " DB_TIME(14) ") ON CONFLICT (digest) DO NOTHING"),
};
const struct db_table DB_ORDER_ADD = DB_TABLE(add_stmt);

enum { ADD_ITEMS, ADD_REQUESTS };
static const struct db_stmt new_stmt[] = {
	[ADD_ITEMS] = DB_STMT("order_add_items",
	    "INSERT INTO item (order_id, n, state, holder)"
	    " SELECT order_id, n, state, holder FROM unnest($1::bytea[],"
	    " $2::bigint[], $3::text[], $4::text[])"
	    " AS u (order_id, n, state, holder)"),
	[ADD_REQUESTS] = DB_STMT("order_add_requests",
	    "INSERT INTO request (order_id, n, der, proof, station_order)"
	    " SELECT * FROM unnest($1::bytea[], $2::bigint[], $3::bytea[],"
	    " $4::bytea[], $5::bytea[])"),
};
const struct db_table DB_ORDER_NEW = DB_TABLE(new_stmt);

/* All that one order with one item is, without a transaction around it. */
static const struct db_stmt enter_stmt[] = {
	DB_STMT("order_enter",
	    "WITH o AS (INSERT INTO orders (id, digest, kind, state, ca,"
	    " profile, holder, summary, blob, approvals, items, open_items,"
	    " waiting_items, created_at, expires_at) SELECT $1::bytea,"
	    " $2::bytea, $3::text, $4::text, $5::text, $6::text, $7::text,"
	    " $8::text, $9::bytea, $10::bigint, 1, 1, $11::bigint, "
	    DB_TIME(12) ", " DB_TIME(13) " WHERE $7::text IS NULL"
	    "  OR EXISTS (SELECT FROM holder WHERE id = $7::text)"
	    " ON CONFLICT (digest) DO NOTHING RETURNING id, holder),"
	    " i AS (INSERT INTO item (order_id, n, state, holder)"
	    "  SELECT id, 0, CASE WHEN $14::bytea IS NULL THEN 'waiting'"
	    "  ELSE 'open' END, holder FROM o),"
	    " r AS (INSERT INTO request (order_id, n, der)"
	    "  SELECT id, 0, $14::bytea FROM o WHERE $14::bytea IS NOT NULL)"
	    " SELECT audit_append(ARRAY[$15::bytea]), CASE WHEN $4::text ="
	    "  'ready' THEN pg_notify('signet_order', '') END FROM o"),
};
const struct db_table DB_ORDER_ENTER = DB_TABLE(enter_stmt);

enum { REPLACE, REJECT };
static const struct db_stmt intake_stmt[] = {
	[REPLACE] = DB_STMT("order_replace",
	    "UPDATE orders SET blob = $3::bytea, approvals = $4::bigint,"
	    " state = $5::text, reason = NULL, changed_at = now()"
	    " WHERE id = $1::bytea AND sha256(blob) = $2::bytea"
	    " AND state IN ('pending', 'ready')"),
	[REJECT] = DB_STMT("order_reject",
	    "UPDATE orders SET state = 'rejected', reason = $2::text,"
	    " changed_at = now()"
	    " WHERE id = $1::bytea AND state IN ('pending', 'ready')"),
};
const struct db_table DB_ORDER_INTAKE = DB_TABLE(intake_stmt);

static const struct db_stmt supply_stmt[] = {
	DB_STMT("order_supply",
	    "INSERT INTO request (order_id, n, der, proof, station_order)"
	    " SELECT order_id, n, $3::bytea, $4::bytea, $5::bytea FROM item"
	    " WHERE order_id = $1::bytea AND n = $2::bigint"
	    " AND state = 'waiting'"),
};
const struct db_table DB_ORDER_SUPPLY = DB_TABLE(supply_stmt);

static int
wrap_id(struct error *e, const uint8_t id[DB_ORDER_ID])
{
	char	 hex[2 * DB_ORDER_ID + 1];

	return error_wrap(e, "order %s", text_hex(hex, id, DB_ORDER_ID));
}

/* Handing in. */

int
db_order_add(struct db *db, const struct db_order *o, struct bytes blob,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(o->id, DB_ORDER_ID),
	    db_bytes(o->digest, DB_DIGEST), db_text(o->kind),
	    db_text(o->state), db_text(o->ca), db_text(o->profile),
	    db_text(o->holder), db_text(o->summary),
	    db_bytes(blob.p, blob.len), db_int(o->approvals),
	    db_int(o->items), db_int(o->waiting_items),
	    db_int(o->created_at), db_int(o->expires_at) };
	int64_t			 n;

	n = db_exec(db, &add_stmt[0], arg, 14, e);
	return n == -1 ? wrap_id(e, o->id) : (int)n;
}

int
db_order_enter(struct db *db, const struct db_order *o, struct bytes blob,
    struct bytes request, struct bytes entry, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(o->id, DB_ORDER_ID),
	    db_bytes(o->digest, DB_DIGEST), db_text(o->kind),
	    db_text(o->state), db_text(o->ca), db_text(o->profile),
	    db_text(o->holder), db_text(o->summary),
	    db_bytes(blob.p, blob.len), db_int(o->approvals),
	    db_int(o->waiting_items), db_int(o->created_at),
	    db_int(o->expires_at), db_bytes(request.p, request.len),
	    db_bytes(entry.p, entry.len) };
	int64_t			 n;

	n = db_exec(db, &enter_stmt[0], arg, 15, e);
	return n == -1 ? wrap_id(e, o->id) : (int)n;
}

static int
add_requests(struct db *db, const struct db_item_new *v, size_t n,
    struct arena *a, struct error *e)
{
	struct db_item_new	*with = arena_alloc(a, (n + 1) * sizeof(*with));
	struct bytes		*der = arena_alloc(a, (n + 1) * sizeof(*der));
	struct bytes		*proof = arena_alloc(a, (n + 1) * sizeof(*der));
	struct bytes		*station = arena_alloc(a,
	    (n + 1) * sizeof(*der));
	size_t			 k = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i].request.p == NULL)
			continue;
		with[k] = v[i];
		der[k] = v[i].request;
		proof[k] = v[i].proof;
		station[k++] = v[i].station_order;
	}
	if (k == 0)
		return 0;
	return db_exec(db, &new_stmt[ADD_REQUESTS], (struct db_arg[]){
	    db_column_ids(a, with, k, sizeof(*with)),
	    db_column_ns(a, with, k, sizeof(*with)), db_blobs(der, k),
	    db_blobs(proof, k), db_blobs(station, k) }, 5, e) == -1 ? -1 : 0;
}

int
db_order_add_items(struct db *db, const struct db_item_new *v, size_t n,
    struct error *e)
{
	struct arena	*a = arena_new();
	const char	**state = arena_alloc(a, (n + 1) * sizeof(*state));
	const char	**holder = arena_alloc(a, (n + 1) * sizeof(*holder));
	int		 rc = -1;

	for (size_t i = 0; i < n; i++) {
		state[i] = v[i].request.p != NULL ? "open" : "waiting";
		holder[i] = v[i].holder;
	}
	if (db_exec(db, &new_stmt[ADD_ITEMS], (struct db_arg[]){
	    db_column_ids(a, v, n, sizeof(*v)),
	    db_column_ns(a, v, n, sizeof(*v)), db_texts(state, n),
	    db_texts(holder, n) }, 4, e) != -1)
		rc = add_requests(db, v, n, a, e);
	arena_free(&a);
	return rc;
}

int
db_order_supply(struct db *db, const struct db_item_new *i, struct error *e)
{
	const struct db_arg	 arg[] = {
	    db_bytes(i->ref.order_id, DB_ORDER_ID), db_int(i->ref.n),
	    db_bytes(i->request.p, i->request.len),
	    db_bytes(i->proof.p, i->proof.len),
	    db_bytes(i->station_order.p, i->station_order.len) };
	int64_t			 n = db_exec(db, supply_stmt, arg, 5, e);

	if (n == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "does not wait for a request");
	error_wrap(e, "item %u", (unsigned int)i->ref.n);
	return wrap_id(e, i->ref.order_id);
}

int
db_order_replace(struct db *db, const uint8_t id[DB_ORDER_ID],
    const uint8_t old[DB_DIGEST], struct bytes blob, int approvals,
    const char *state, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID),
	    db_bytes(old, DB_DIGEST), db_bytes(blob.p, blob.len),
	    db_int(approvals), db_text(state) };
	int64_t			 n;

	if ((n = db_exec(db, &intake_stmt[REPLACE], arg, 5, e)) == 1)
		return 0;
	if (n == 0) {
		error_set(e, ERROR_CONFLICT, "has changed in the meantime");
		error_hint(e, "look at it again and repeat");
	}
	return wrap_id(e, id);
}

int
db_order_reject(struct db *db, const uint8_t id[DB_ORDER_ID],
    const char *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID),
	    db_text(reason) };
	int64_t			 n;

	if ((n = db_exec(db, &intake_stmt[REJECT], arg, 2, e)) == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "is neither pending nor ready");
	return wrap_id(e, id);
}

/* Reading. */

void
db_order_fill(struct db_order *o, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	db_row_fixed(o->id, DB_ORDER_ID, rows, i, 0);
	db_row_fixed(o->digest, DB_DIGEST, rows, i, 1);
	o->kind = db_row_text(a, rows, i, 2);
	o->state = db_row_text(a, rows, i, 3);
	o->ca = db_row_text(a, rows, i, 4);
	o->profile = db_row_text(a, rows, i, 5);
	o->holder = db_row_text(a, rows, i, 6);
	o->summary = db_row_text(a, rows, i, 7);
	o->approvals = (int)db_get_int(rows, i, 8);
	o->items = (int)db_get_int(rows, i, 9);
	o->open_items = (int)db_get_int(rows, i, 10);
	o->waiting_items = (int)db_get_int(rows, i, 11);
	o->created_at = db_get_int(rows, i, 12);
	o->expires_at = db_get_int(rows, i, 13);
	o->seq = db_get_int(rows, i, 14);
	o->stored_at = db_get_int(rows, i, 15);
	o->changed_at = db_get_int(rows, i, 16);
	o->reason = db_row_text(a, rows, i, 17);
}

/* blob NULL: not wanted. */
static int
find_one(struct db *db, const uint8_t id[DB_ORDER_ID], struct db_order *o,
    struct bytes *blob, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[blob != NULL ? LOAD : FIND], arg, 1,
	    &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		db_order_fill(o, rows, 0, a);
	if (found && blob != NULL)
		*blob = db_row_bytes(a, rows, 0, DB_ORDER_NCOLUMNS);
	db_rows_free(&rows);
	return found;
}

int
db_order_find(struct db *db, const uint8_t id[DB_ORDER_ID],
    struct db_order *o, struct arena *a, struct error *e)
{
	return find_one(db, id, o, NULL, a, e);
}

int
db_order_load(struct db *db, const uint8_t id[DB_ORDER_ID],
    struct db_order *o, struct bytes *blob, struct arena *a, struct error *e)
{
	return find_one(db, id, o, blob, a, e);
}

int
db_order_find_hex(struct db *db, const char *hex, struct db_order *o,
    struct arena *a, struct error *e)
{
	struct db_prefix	 p;
	struct db_rows		*rows;
	size_t			 n;

	if (db_prefix_init(&p, hex, e) == -1)
		return error_wrap(e, "order");
	if (db_query(db, &read_stmt[FIND_HEX], (struct db_arg[]){
	    db_bytes(p.from.p, p.from.len),
	    p.to.len > 0 ? db_bytes(p.to.p, p.to.len) : db_null() }, 2, &rows,
	    e) == -1)
		return -1;
	if ((n = db_rows_count(rows)) == 1)
		db_order_fill(o, rows, 0, a);
	db_rows_free(&rows);
	if (n < 2)
		return (int)n;
	error_set(e, ERROR_INPUT, "order %s: more than one begins so", hex);
	return error_hint(e, "give more digits");
}

int
db_order_find_request(struct db *db, const char *holder,
    struct bytes request, struct db_order *o, struct arena *a,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_text(holder),
	    db_bytes(request.p, request.len) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &of_stmt[FIND_REQUEST], arg, 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		db_order_fill(o, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

static void
orders_fill(struct db_orders *out, const struct db_rows *rows,
    struct arena *a)
{
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		db_order_fill(&out->v[i], rows, i, a);
}

/* *rows is for what else is in them, and the caller's. */
static int
orders_of(struct db *db, int stmt, const char *holder, const char *profile,
    size_t limit, struct db_orders *out, struct db_rows **rows,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(holder), db_text(profile),
	    db_int((int64_t)limit) };

	if (db_query(db, &of_stmt[stmt], arg, 3, rows, e) == -1)
		return -1;
	orders_fill(out, *rows, a);
	return 0;
}

int
db_order_waiting(struct db *db, const char *holder, const char *profile,
    size_t limit, struct db_orders *out, struct arena *a, struct error *e)
{
	struct db_rows	*rows;

	if (orders_of(db, WAITING, holder, profile, limit, out, &rows, a,
	    e) == -1)
		return -1;
	db_rows_free(&rows);
	return 0;
}

int
db_order_asked(struct db *db, const char *holder, const char *profile,
    size_t limit, struct db_asked *out, struct arena *a, struct error *e)
{
	struct db_rows	*rows;

	if (orders_of(db, ASKED, holder, profile, limit, &out->orders, &rows,
	    a, e) == -1)
		return -1;
	out->request = arena_alloc(a, (out->orders.n + 1) *
	    sizeof(*out->request));
	for (size_t i = 0; i < out->orders.n; i++)
		out->request[i] = db_row_bytes(a, rows, i, DB_ORDER_NCOLUMNS);
	db_rows_free(&rows);
	return 0;
}

int
db_order_blob(struct db *db, const uint8_t id[DB_ORDER_ID],
    struct bytes *blob, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[BLOB], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		*blob = db_row_bytes(a, rows, 0, 0);
	db_rows_free(&rows);
	return found;
}

int
db_order_list(struct db *db, const struct db_order_filter *f, int64_t before,
    size_t limit, struct db_orders *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(before), db_text(f->state),
	    db_text(f->kind), db_text(f->ca), db_text(f->profile),
	    db_text(f->holder), db_int(f->since), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[LIST], arg, 8, &rows, e) == -1)
		return -1;
	orders_fill(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

static void
counts_fill(struct db_state_counts *out, const struct db_rows *rows,
    struct arena *a)
{
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].state = db_row_text(a, rows, i, 0);
		out->v[i].n = db_get_int(rows, i, 1);
	}
}

int
db_order_item_counts(struct db *db, const uint8_t id[DB_ORDER_ID],
    struct db_state_counts *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[ITEM_COUNTS], arg, 1, &rows, e) == -1)
		return -1;
	counts_fill(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

static void
item_fill(struct db_item *t, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	t->n = (uint32_t)db_get_int(rows, i, 0);
	t->state = db_row_text(a, rows, i, 1);
	t->holder = db_row_text(a, rows, i, 2);
	t->reason = db_row_text(a, rows, i, 3);
	t->changed_at = db_get_int(rows, i, 4);
	t->cert = db_get_int(rows, i, 5);
	t->ca = db_row_text(a, rows, i, 6);
	db_row_serial(&t->serial, rows, i, 7);
}

int
db_order_items(struct db *db, const uint8_t id[DB_ORDER_ID],
    const char *state, uint32_t from, size_t limit, struct db_items *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID),
	    db_text(state), db_int(from), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[ITEMS], arg, 4, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		item_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_order_requests(struct db *db, const uint8_t id[DB_ORDER_ID],
    uint32_t from, size_t limit, struct db_requests *out, struct arena *a,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID),
	    db_int(from), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, requests_stmt, arg, 3, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].n = (uint32_t)db_get_int(rows, i, 0);
		out->v[i].request = db_row_bytes(a, rows, i, 1);
	}
	db_rows_free(&rows);
	return 0;
}
