/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_letter.h"

#define LETTER(sealed) \
	"SELECT l.number, c.number, c.holder, c.state, l.digest, " sealed "," \
	" coalesce(p.run, 0), " DB_EPOCH("l.made_at") ", coalesce(" \
	DB_EPOCH("l.void_at") ", 0), l.reason, c.batch" \
	" FROM letter l JOIN card c ON c.id = l.card" \
	" LEFT JOIN letter_print p ON p.letter = l.number" \
	"  AND p.void_at IS NULL "
#define RUN(list, manifest) \
	"SELECT r.batch, r.run, " list ", r.order_id, " manifest "," \
	" r.released_by, " DB_EPOCH("r.made_at") ", coalesce(" \
	DB_EPOCH("r.released_at") ", 0), coalesce(" DB_EPOCH("r.void_at") \
	", 0), p.all, p.valid FROM letter_run r" \
	" CROSS JOIN LATERAL (SELECT count(*) AS all, count(*)" \
	"  FILTER (WHERE p.void_at IS NULL AND l.void_at IS NULL) AS valid" \
	"  FROM letter_print p JOIN letter l ON l.number = p.letter" \
	"  WHERE p.batch = r.batch AND p.run = r.run) p "

enum { LIST, FIND, PRINT, RUNS, RUN_FIND, RUN_NEXT };
static const struct db_stmt read_stmt[] = {
	[LIST] = DB_STMT_FRESH("letter_list",
	    LETTER("NULL::bytea") "WHERE c.batch = $1::bigint"
	    " AND l.number > $2::text ORDER BY l.number LIMIT $3::bigint"),
	[FIND] = DB_STMT("letter_find",
	    LETTER("NULL::bytea") "WHERE l.number = $1::text"),
	[PRINT] = DB_STMT_FRESH("letter_print",
	    LETTER("l.sealed") "WHERE c.batch = $1::bigint AND p.batch = c.batch"
	    " AND p.run = $2::bigint AND l.void_at IS NULL"
	    " AND l.number > $3::text ORDER BY l.number LIMIT $4::bigint"),
	[RUNS] = DB_STMT("letter_runs",
	    RUN("NULL::bytea", "NULL::bytea") "WHERE r.batch = $1::bigint"
	    " ORDER BY r.run"),
	[RUN_FIND] = DB_STMT("letter_run_find",
	    RUN("r.list", "r.manifest") "WHERE r.batch = $1::bigint"
	    " AND CASE WHEN $2::bigint = 0 THEN r.released_at IS NULL"
	    "  AND r.void_at IS NULL ELSE r.run = $2::bigint END"),
	[RUN_NEXT] = DB_STMT("letter_run_next",
	    "SELECT coalesce(max(run), 0) + 1 FROM letter_run"
	    " WHERE batch = $1::bigint"),
};
const struct db_table DB_LETTER = DB_TABLE(read_stmt);

enum { VOID, RUN_ADD, RUN_VOID, RELEASE, EARLIER_VOID, PRINT_ADD };
static const struct db_stmt run_stmt[] = {
	[VOID] = DB_STMT("letter_void",
	    "UPDATE letter SET void_at = now(), reason = $2::text"
	    " WHERE number = $1::text AND void_at IS NULL"),
	[RUN_ADD] = DB_STMT("letter_run_add",
	    "INSERT INTO letter_run (batch, run, list, order_id)"
	    " VALUES ($1::bigint, $2::bigint, $3::bytea, $4::bytea)"),
	[RUN_VOID] = DB_STMT("letter_run_void",
	    "UPDATE letter_run SET void_at = now() WHERE batch = $1::bigint"
	    " AND run = $2::bigint AND released_at IS NULL"
	    " AND void_at IS NULL"),
	[RELEASE] = DB_STMT("letter_run_release",
	    "UPDATE letter_run SET manifest = $3::bytea,"
	    " released_by = $4::text, released_at = now()"
	    " WHERE batch = $1::bigint AND run = $2::bigint"
	    " AND released_at IS NULL AND void_at IS NULL"),
	[EARLIER_VOID] = DB_STMT("letter_print_void",
	    "UPDATE letter_print SET void_at = now()"
	    " WHERE letter = ANY ($1::text[]) AND void_at IS NULL"),
	[PRINT_ADD] = DB_STMT("letter_print_add",
	    "INSERT INTO letter_print (batch, run, letter)"
	    " SELECT $1::bigint, $2::bigint, l FROM unnest($3::text[]) AS u (l)"),
};
const struct db_table DB_LETTER_RUN = DB_TABLE(run_stmt);

static void
letter_fill(struct db_letter *l, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	l->number = db_row_text(a, rows, i, 0);
	l->card = db_row_text(a, rows, i, 1);
	l->holder = db_row_text(a, rows, i, 2);
	l->card_state = db_row_text(a, rows, i, 3);
	db_row_fixed(l->digest, DB_DIGEST, rows, i, 4);
	l->sealed = db_row_bytes(a, rows, i, 5);
	l->run = (int)db_get_int(rows, i, 6);
	l->made_at = db_get_int(rows, i, 7);
	l->void_at = db_get_int(rows, i, 8);
	l->reason = db_row_text(a, rows, i, 9);
}

static int
list(struct db *db, int which, const struct db_arg *arg, size_t n,
    struct db_letters *out, struct arena *a, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &read_stmt[which], arg, n, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		letter_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_letter_list(struct db *db, int64_t batch, const char *after, size_t limit,
    struct db_letters *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_text(after),
	    db_int((int64_t)limit) };

	return list(db, LIST, arg, 3, out, a, e);
}

int
db_letter_print(struct db *db, int64_t batch, int run, const char *after,
    size_t limit, struct db_letters *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_int(run),
	    db_text(after), db_int((int64_t)limit) };

	return list(db, PRINT, arg, 4, out, a, e);
}

int
db_letter_find(struct db *db, const char *number, int64_t *batch,
    struct db_letter *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(number) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[FIND], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		letter_fill(out, rows, 0, a);
		*batch = db_get_int(rows, 0, 10);
	}
	db_rows_free(&rows);
	return found;
}

int
db_letter_void(struct db *db, const char *number, const char *reason,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_text(number), db_text(reason) };
	int64_t			 n;

	if ((n = db_exec(db, &run_stmt[VOID], arg, 2, e)) == 1)
		return 0;
	return n == -1 ? -1 : error_set(e, ERROR_CONFLICT, "letter %s is void "
	    "already", number);
}

/* ---- runs ---- */

static void
run_fill(struct db_letter_run *r, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	r->batch = db_get_int(rows, i, 0);
	r->run = (int)db_get_int(rows, i, 1);
	r->list = db_row_bytes(a, rows, i, 2);
	db_row_fixed(r->order_id, DB_ORDER_ID, rows, i, 3);
	r->manifest = db_row_bytes(a, rows, i, 4);
	r->released_by = db_row_text(a, rows, i, 5);
	r->made_at = db_get_int(rows, i, 6);
	r->released_at = db_get_int(rows, i, 7);
	r->void_at = db_get_int(rows, i, 8);
	r->letters = db_get_int(rows, i, 9);
	r->valid = db_get_int(rows, i, 10);
}

int
db_letter_runs(struct db *db, int64_t batch, struct db_letter_runs *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[RUNS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		run_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_letter_run_find(struct db *db, int64_t batch, int run,
    struct db_letter_run *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_int(run) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[RUN_FIND], arg, 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		run_fill(out, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_letter_run_next(struct db *db, int64_t batch, int *run, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[RUN_NEXT], arg, 1, &rows, e) == -1)
		return -1;
	*run = (int)db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_letter_run_add(struct db *db, const struct db_letter_run *r,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_int(r->batch), db_int(r->run),
	    db_bytes(r->list.p, r->list.len),
	    db_bytes(r->order_id, DB_ORDER_ID) };

	if (db_exec(db, &run_stmt[RUN_ADD], arg, 4, e) != -1)
		return 0;
	return e->code != ERROR_CONFLICT ? -1 : error_set(e, ERROR_CONFLICT,
	    "another run of this batch was begun just now");
}

static int
touch_run(struct db *db, int which, const struct db_arg *arg, size_t n,
    int run, struct error *e)
{
	int64_t	touched = db_exec(db, &run_stmt[which], arg, n, e);

	if (touched == 1)
		return 0;
	return touched == -1 ? -1 : error_set(e, ERROR_CONFLICT, "run %d is "
	    "released or given up", run);
}

int
db_letter_run_void(struct db *db, int64_t batch, int run, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_int(run) };

	return touch_run(db, RUN_VOID, arg, 2, run, e);
}

int
db_letter_run_release(struct db *db, const struct db_letter_run *r,
    const char *const *letter, size_t n, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(r->batch), db_int(r->run),
	    db_bytes(r->manifest.p, r->manifest.len),
	    db_text(r->released_by) }, all = db_texts(letter, n);

	if (touch_run(db, RELEASE, arg, 4, r->run, e) == -1 ||
	    db_exec(db, &run_stmt[EARLIER_VOID], &all, 1, e) == -1)
		return -1;
	return db_exec(db, &run_stmt[PRINT_ADD], (struct db_arg[]){
	    arg[0], arg[1], all }, 3, e) == -1 ? -1 : 0;
}
