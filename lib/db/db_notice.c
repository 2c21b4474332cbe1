/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_notice.h"

static const struct db_stmt add_stmt[] = {
	DB_STMT("notice_add",
	    "INSERT INTO notice (kind, application, mail, lang)"
	    " SELECT $2::text, id, mail, lang FROM application"
	    " WHERE id = $1::bytea ON CONFLICT DO NOTHING"),
};
const struct db_table DB_NOTICE_ADD = DB_TABLE(add_stmt);

enum { CLAIM, RESUME, SENT, RELEASE, DROP, FAIL };
static const struct db_stmt stmt[] = {
	[CLAIM] = DB_STMT("notice_claim",
	    "UPDATE notice SET leased_until = now() +"
	    " make_interval(secs => $2::bigint), leased_by = $3::text"
	    " WHERE id = ANY (ARRAY(SELECT id FROM notice"
	    "  WHERE state = 'waiting' AND next_at <= now()"
	    "  AND (leased_until IS NULL OR leased_until < now())"
	    "  ORDER BY next_at LIMIT $1::bigint FOR UPDATE SKIP LOCKED))"
	    " RETURNING id, kind, mail, lang, step, attempts, "
	    DB_EPOCH("made_at") ", application, cert, error"),
	[RESUME] = DB_STMT("notice_resume",
	    "UPDATE notice SET leased_until = NULL WHERE state = 'waiting'"
	    " AND leased_by = $1::text AND leased_until IS NOT NULL"),
	[SENT] = DB_STMT("notice_sent",
	    "UPDATE notice SET state = 'sent', leased_until = NULL,"
	    " error = NULL, attempts = attempts + 1, changed_at = now()"
	    " WHERE id = $1::bigint AND state = 'waiting'"),
	[RELEASE] = DB_STMT("notice_release",
	    "UPDATE notice SET leased_until = NULL"
	    " WHERE id = $1::bigint AND state = 'waiting'"),
	[DROP] = DB_STMT("notice_drop",
	    "UPDATE notice SET state = 'dropped', leased_until = NULL,"
	    " error = left($2::text, 600), changed_at = now()"
	    " WHERE id = $1::bigint AND state = 'waiting'"),
	[FAIL] = DB_STMT("notice_fail",
	    "UPDATE notice SET leased_until = NULL, attempts = attempts + 1,"
	    " error = left($2::text, 600), changed_at = now(),"
	    " state = CASE WHEN $4::bigint = 1 THEN 'dead' ELSE 'waiting' END,"
	    " next_at = now() + make_interval(secs => $3::bigint)"
	    " WHERE id = $1::bigint AND state = 'waiting'"),
};
const struct db_table DB_NOTICE = DB_TABLE(stmt);

enum { STATUS, DEAD, RETRY };
static const struct db_stmt ask_stmt[] = {
	[STATUS] = DB_STMT("notice_status",
	    "SELECT (SELECT count(*) FROM notice WHERE state = 'waiting'),"
	    " (SELECT count(*) FROM notice WHERE state = 'waiting'"
	    "  AND next_at <= now()),"
	    " (SELECT count(*) FROM notice WHERE state = 'dead'), "
	    DB_EPOCH("(SELECT min(made_at) FROM notice"
	    " WHERE state = 'waiting')")),
	[DEAD] = DB_STMT("notice_dead",
	    "SELECT id, kind, mail, lang, step, attempts, "
	    DB_EPOCH("made_at") ", application, cert, error FROM notice"
	    " WHERE state = 'dead' AND id > $1::bigint"
	    " ORDER BY id LIMIT $2::bigint"),
	[RETRY] = DB_STMT_FRESH("notice_retry",
	    "UPDATE notice SET state = 'waiting', attempts = 0,"
	    " next_at = now(), changed_at = now() WHERE state = 'dead'"
	    " AND ($1::bigint = 0 OR id = $1::bigint)"),
};
const struct db_table DB_NOTICE_ASK = DB_TABLE(ask_stmt);

int
db_notice_add(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    const char *kind, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID),
	    db_text(kind) };

	return db_exec(db, add_stmt, arg, 2, e) == -1 ? -1 : 0;
}

static void
notices_fill(struct db_notices *out, const struct db_rows *rows,
    struct arena *a)
{
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_notice *t = &out->v[i];

		t->id = db_get_int(rows, i, 0);
		t->kind = db_row_text(a, rows, i, 1);
		t->mail = db_row_text(a, rows, i, 2);
		t->lang = db_row_text(a, rows, i, 3);
		t->step = db_get_int(rows, i, 4);
		t->attempts = db_get_int(rows, i, 5);
		t->made_at = db_get_int(rows, i, 6);
		if ((t->has_application = !db_is_null(rows, i, 7)))
			db_row_fixed(t->application, sizeof(t->application),
			    rows, i, 7);
		t->cert = db_get_int(rows, i, 8);
		t->error = db_row_text(a, rows, i, 9);
	}
}

int
db_notice_claim(struct db *db, const char *who, size_t n, int64_t seconds,
    struct db_notices *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int((int64_t)n),
	    db_int(seconds), db_text(who) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[CLAIM], arg, 3, &rows, e) == -1)
		return -1;
	notices_fill(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

int
db_notice_resume(struct db *db, const char *who, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(who) };

	return db_exec(db, &stmt[RESUME], arg, 1, e) == -1 ? -1 : 0;
}

int
db_notice_sent(struct db *db, int64_t id, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(id) };

	return db_exec(db, &stmt[SENT], arg, 1, e) == -1 ? -1 : 0;
}

int
db_notice_release(struct db *db, int64_t id, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(id) };

	return db_exec(db, &stmt[RELEASE], arg, 1, e) == -1 ? -1 : 0;
}

int
db_notice_drop(struct db *db, int64_t id, const char *why, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(id), db_text(why) };

	return db_exec(db, &stmt[DROP], arg, 2, e) == -1 ? -1 : 0;
}

int
db_notice_fail(struct db *db, int64_t id, const char *why,
    int64_t wait_seconds, bool dead, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(id), db_text(why),
	    db_int(wait_seconds), db_int(dead) };

	return db_exec(db, &stmt[FAIL], arg, 4, e) == -1 ? -1 : 0;
}

int
db_notice_status(struct db *db, struct db_notice_state *s, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &ask_stmt[STATUS], NULL, 0, &rows, e) == -1)
		return -1;
	s->waiting = db_get_int(rows, 0, 0);
	s->due = db_get_int(rows, 0, 1);
	s->dead = db_get_int(rows, 0, 2);
	s->oldest = db_get_int(rows, 0, 3);
	db_rows_free(&rows);
	return 0;
}

int
db_notice_dead(struct db *db, int64_t after, size_t limit,
    struct db_notices *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(after),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &ask_stmt[DEAD], arg, 2, &rows, e) == -1)
		return -1;
	notices_fill(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

int64_t
db_notice_retry(struct db *db, int64_t id, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(id) };

	return db_exec(db, &ask_stmt[RETRY], arg, 1, e);
}
