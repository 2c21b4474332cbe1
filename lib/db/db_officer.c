/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_officer.h"
#include "db/db_order_private.h"

#define DAY		INT64_C(86400)
#define NEWEST		"20000"
#define MANY	"10000"
#define STEP		"2000"

/* The rows of one step; all that is asked of them is asked outside. */
#define STEP_OF	"(SELECT * FROM orders" \
	" WHERE ($1::bigint = 0 OR seq < $1::bigint)" \
	" AND ($2::text IS NULL OR state = $2::text)" \
	" ORDER BY seq DESC LIMIT " STEP ") AS o"

/* Rows of each day among the newest, and where these begin. */
#define DAYS(table, time, which) \
	"SELECT " DB_EPOCH(time) " / 86400, count(*)," \
	" (SELECT " DB_EPOCH(time) " / 86400 FROM " table " WHERE true " which \
	"  ORDER BY id DESC OFFSET " NEWEST " LIMIT 1)" \
	" FROM (SELECT " time " FROM " table " WHERE true " which \
	"  ORDER BY id DESC LIMIT " NEWEST ") AS t" \
	" WHERE " time " >= " DB_TIME(1) " GROUP BY 1 ORDER BY 1"

/* The columns after those of an order. */
enum { COLUMN_BLOB = 18, COLUMN_APPLIED, COLUMN_OFFICE };

enum { QUEUE, STEP_END, TARGETS, WITHIN, COUNTS, ISSUED, REVOKED };
static const struct db_stmt stmts[] = {
	[QUEUE] = DB_STMT_FRESH("officer_queue",
	    "SELECT q.*, a.id IS NOT NULL, a.office FROM ("
	    "SELECT " DB_ORDER_COLUMNS ","
	    " CASE WHEN kind <> 'batch' THEN blob END FROM " STEP_OF " WHERE"
	    " archive IS NULL AND ($3::text IS NULL OR kind = $3::text)"
	    " AND ($4::text IS NULL OR profile = $4::text)"
	    " AND ($5::text IS NULL OR holder = $5::text)"
	    " AND ($6::text IS NULL OR holder = $6::text"
	    "  OR strpos(lower(summary), lower($6::text)) > 0)"
	    " AND ($7::text[] IS NULL OR profile IS NULL"
	    "  OR profile = ANY ($7::text[]))"
	    " AND (NOT $8::boolean OR waiting_items > 0)"
	    " AND ($9::bigint = 0 OR created_at >= " DB_TIME(9) ")"
	    " ORDER BY seq DESC LIMIT $10::bigint) AS q"
	    " LEFT JOIN application a ON a.order_id = q.id"
	    " ORDER BY q.seq DESC"),
	[STEP_END] = DB_STMT_FRESH("officer_step_end",
	    "SELECT coalesce(min(seq), 0), count(*) FROM " STEP_OF),
	[TARGETS] = DB_STMT_FRESH("officer_targets",
	    "SELECT t.i, c.profile, c.der, a.id IS NOT NULL, a.office"
	    " FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY"
	    " AS t (ca, serial, i)"
	    /* Of one that was archived whose status was changed, it stays. */
	    " CROSS JOIN LATERAL (SELECT profile, der, order_id FROM cert"
	    "  WHERE serial = t.serial AND ca = t.ca UNION ALL"
	    "  SELECT profile, der, order_id FROM archived"
	    "  WHERE serial = t.serial AND ca = t.ca"
	    "  AND der IS NOT NULL) AS c"
	    " LEFT JOIN application a ON a.order_id = c.order_id"),
	[WITHIN] = DB_STMT_FRESH("officer_within",
	    "SELECT count(*) FROM " STEP_OF " WHERE $3::text[] IS NULL"
	    " OR profile IS NULL OR profile = ANY ($3::text[])"),
	[COUNTS] = DB_STMT("officer_counts",
	    "SELECT (SELECT count(*) FROM (SELECT FROM orders"
	    "  WHERE state = 'pending' LIMIT " MANY ") AS a),"
	    " (SELECT count(*) FROM (SELECT waiting_items FROM orders"
	    "  WHERE state = 'ready' ORDER BY seq DESC LIMIT " MANY
	    "  ) AS b WHERE waiting_items > 0),"
	    " (SELECT count(*) FROM (SELECT FROM cert"
	    "  WHERE not_after > " DB_TIME(1) " AND not_after <= " DB_TIME(2)
	    "  LIMIT " MANY ") AS c),"
	    " (SELECT count(*) FROM (SELECT status, changed_at"
	    "  FROM status_change ORDER BY id DESC LIMIT " MANY
	    "  ) AS d WHERE status = 'revoked' AND changed_at >= "
	    DB_TIME(3) ")"),
	[ISSUED] = DB_STMT("officer_issued",
	    DAYS("cert", "issued_at", "")),
	[REVOKED] = DB_STMT("officer_revoked",
	    DAYS("status_change", "changed_at", "AND status = 'revoked'")),
};
const struct db_table DB_OFFICER = DB_TABLE(stmts);

/* Where the step ended that a page has not filled. */
static int
step_end(struct db *db, const struct db_arg *arg, int64_t *next,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmts[STEP_END], arg, 2, &rows, e) == -1)
		return -1;
	*next = db_get_int(rows, 0, 1) == DB_OFFICER_STEP ?
	    db_get_int(rows, 0, 0) : 0;
	db_rows_free(&rows);
	return 0;
}

static void
row_fill(struct db_officer_row *out, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	db_order_fill(&out->order, rows, i, a);
	out->blob = db_row_bytes(a, rows, i, COLUMN_BLOB);
	out->applied = db_get_bool(rows, i, COLUMN_APPLIED);
	out->office = db_row_text(a, rows, i, COLUMN_OFFICE);
}

int
db_officer_queue(struct db *db, const struct db_officer_queue *q,
    int64_t before, size_t limit, struct db_officer_rows *out, int64_t *next,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(before), db_text(q->state),
	    db_text(q->kind), db_text(q->profile), db_text(q->holder),
	    db_text(q->text),
	    q->scope != NULL ? db_texts(q->scope, q->nscope) : db_null(),
	    db_bool(q->waiting), db_int(q->since), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmts[QUEUE], arg, 10, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		row_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	if (out->n < limit)
		return step_end(db, arg, next, e);
	*next = out->v[out->n - 1].order.seq;
	return 0;
}

static void
targets_fill(struct db_officer_target *v, size_t n,
    const struct db_rows *rows, struct arena *a)
{
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		int64_t			  at = db_get_int(rows, i, 0);
		struct db_officer_target *t;

		if (at < 1 || (uint64_t)at > n)
			continue;
		t = &v[at - 1];
		t->found = true;
		t->profile = db_row_text(a, rows, i, 1);
		t->der = db_row_bytes(a, rows, i, 2);
		t->applied = db_get_bool(rows, i, 3);
		t->office = db_row_text(a, rows, i, 4);
	}
}

int
db_officer_targets(struct db *db, struct db_officer_target *v, size_t n,
    struct arena *a, struct error *e)
{
	const char	**ca = arena_alloc(a, (n + 1) * sizeof(*ca));
	struct bytes	 *serial = arena_alloc(a, (n + 1) * sizeof(*serial));
	struct db_rows	 *rows;

	for (size_t i = 0; i < n; i++) {
		ca[i] = v[i].ca;
		serial[i] = BYTES(v[i].serial.p, v[i].serial.len);
		v[i].found = false;
	}
	if (n == 0)
		return 0;
	if (db_query(db, &stmts[TARGETS], (struct db_arg[]){
	    db_texts(ca, n), db_blobs(serial, n) }, 2, &rows, e) == -1)
		return -1;
	targets_fill(v, n, rows, a);
	db_rows_free(&rows);
	return 0;
}

int
db_officer_within(struct db *db, const char *state, const char *const *scope,
    size_t nscope, int64_t *n, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(0), db_text(state),
	    scope != NULL ? db_texts(scope, nscope) : db_null() };
	struct db_rows		*rows;

	if (db_query(db, &stmts[WITHIN], arg, 3, &rows, e) == -1)
		return -1;
	*n = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_officer_counts(struct db *db, int64_t now, int64_t expiring_until,
    int64_t revoked_since, struct db_officer_counts *c, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(now),
	    db_int(expiring_until), db_int(revoked_since) };
	struct db_rows		*rows;

	if (db_query(db, &stmts[COUNTS], arg, 3, &rows, e) == -1)
		return -1;
	c->pending = db_get_int(rows, 0, 0);
	c->codes = db_get_int(rows, 0, 1);
	c->expiring = db_get_int(rows, 0, 2);
	c->revoked = db_get_int(rows, 0, 3);
	db_rows_free(&rows);
	return 0;
}

int
db_officer_days(struct db *db, enum db_officer_days which, int64_t since,
    int64_t *day, size_t n, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(since) };
	struct db_rows		*rows;
	int64_t			 first = since / DAY, at, cut = -1;

	if (db_query(db, &stmts[which == DB_OFFICER_ISSUED ? ISSUED :
	    REVOKED], arg, 1, &rows, e) == -1)
		return -1;
	/* The day in which the newest begin is known in part only. */
	if (db_rows_count(rows) > 0 && !db_is_null(rows, 0, 2))
		cut = db_get_int(rows, 0, 2) - first;
	for (size_t i = 0; i < n; i++)
		day[i] = (int64_t)i <= cut ? -1 : 0;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		at = db_get_int(rows, i, 0) - first;
		if (at > cut && at < (int64_t)n)
			day[at] = db_get_int(rows, i, 1);
	}
	db_rows_free(&rows);
	return 0;
}
