/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries as "signet publish" sees them.
 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_publish.h"

enum { STATUS, OUTBOX, DEAD, ASK, WAITS, REVIVE, REFILL, FORGET };
static const struct db_stmt stmt[] = {
	[STATUS] = DB_STMT("publish_status",
	    "SELECT t.name, " DB_EPOCH("t.seen_at") ", "
	    DB_EPOCH("t.failing_since") ", t.error, t.fill_after IS NOT NULL,"
	    " count(d.key) FILTER (WHERE NOT d.dead),"
	    " count(d.key) FILTER (WHERE d.dead), "
	    DB_EPOCH("min(d.made_at) FILTER (WHERE NOT d.dead)") ","
	    " t.refusing"
	    " FROM target t LEFT JOIN delivery d ON d.target = t.name"
	    " GROUP BY t.name ORDER BY t.name"),
	[OUTBOX] = DB_STMT("publish_outbox",
	    "SELECT count(*), " DB_EPOCH("min(made_at)") " FROM outbox"),
	[DEAD] = DB_STMT_FRESH("publish_dead",
	    "SELECT target, kind, key, error, attempts, " DB_EPOCH("made_at")
	    " FROM delivery WHERE dead"
	    " AND ($1::text IS NULL OR target = $1::text)"
	    " AND ($2::text IS NULL OR (target, kind, key) >"
	    "  ($2::text, $3::text, $4::text))"
	    " ORDER BY target, kind, key LIMIT $5::bigint"),
	[ASK] = DB_STMT("publish_ask",
	    "INSERT INTO delivery (target, kind, key)"
	    " SELECT $1::text, u.* FROM unnest($2::text[], $3::text[])"
	    " AS u (kind, key) ORDER BY 2, 3"
	    " ON CONFLICT (target, kind, key) DO UPDATE SET"
	    " version = delivery.version + 1, attempts = 0, dead = false,"
	    " error = NULL, next_at = least(delivery.next_at, now())"),
	/* What somebody has just written down gets its deliveries in a moment; if
	 * it has not for a minute, nobody sees to it. */
	[WAITS] = DB_STMT("publish_waits",
	    "WITH fresh AS (SELECT topic, ca, serial FROM outbox"
	    "  WHERE made_at > now() - interval '1 minute'),"
	    " due AS (SELECT 'ca' AS kind, ca AS key FROM fresh"
	    "  WHERE topic IN ('crl', 'ca')"
	    "  UNION SELECT 'person', c.holder FROM fresh f"
	    "  JOIN cert c ON c.ca = f.ca AND c.serial = f.serial)"
	    " SELECT u.place - 1 FROM unnest($2::text[], $3::text[])"
	    " WITH ORDINALITY AS u (kind, key, place)"
	    " WHERE EXISTS (SELECT FROM delivery d WHERE d.target = $1::text"
	    "  AND d.kind = u.kind AND d.key = u.key AND NOT d.dead)"
	    " OR EXISTS (SELECT FROM due WHERE due.kind = u.kind"
	    "  AND due.key = u.key)"),
	[REVIVE] = DB_STMT("publish_revive",
	    "UPDATE delivery SET dead = false, attempts = 0, error = NULL,"
	    " version = version + 1, next_at = now()"
	    " WHERE dead AND target = $1::text"),
	[REFILL] = DB_STMT("publish_refill",
	    "UPDATE target SET fill_after = '' WHERE name = $1::text"),
	[FORGET] = DB_STMT("publish_forget",
	    "DELETE FROM target WHERE name = $1::text"),
};
const struct db_table DB_PUBLISH_ASK = DB_TABLE(stmt);

int
db_publish_status(struct db *db, struct db_targets *out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[STATUS], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_target *t = &out->v[i];

		t->name = db_row_text(a, rows, i, 0);
		t->seen_at = db_get_int(rows, i, 1);
		t->failing_since = db_get_int(rows, i, 2);
		t->error = db_row_text(a, rows, i, 3);
		t->filling = db_get_bool(rows, i, 4);
		t->waiting = db_get_int(rows, i, 5);
		t->dead = db_get_int(rows, i, 6);
		t->oldest = db_get_int(rows, i, 7);
		t->refusing = db_get_bool(rows, i, 8);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_publish_outbox(struct db *db, int64_t *n, int64_t *oldest, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[OUTBOX], NULL, 0, &rows, e) == -1)
		return -1;
	*n = db_get_int(rows, 0, 0);
	*oldest = db_get_int(rows, 0, 1);
	db_rows_free(&rows);
	return 0;
}

int
db_publish_dead(struct db *db, const char *target,
    const struct db_dead *after, size_t limit, struct db_deads *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(target),
	    db_text(after != NULL ? after->target : NULL),
	    db_text(after != NULL ? after->kind : NULL),
	    db_text(after != NULL ? after->key : NULL),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[DEAD], arg, 5, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_dead *d = &out->v[i];

		d->target = db_row_text(a, rows, i, 0);
		d->kind = db_row_text(a, rows, i, 1);
		d->key = db_row_text(a, rows, i, 2);
		d->error = db_row_text(a, rows, i, 3);
		d->attempts = db_get_int(rows, i, 4);
		d->made_at = db_get_int(rows, i, 5);
	}
	db_rows_free(&rows);
	return 0;
}

static void
columns(struct db_arg arg[3], const char *target, const struct db_delivery *v,
    size_t n, struct arena *a)
{
	const char	**kind = arena_alloc(a, (n + 1) * sizeof(*kind));
	const char	**key = arena_alloc(a, (n + 1) * sizeof(*key));

	for (size_t i = 0; i < n; i++) {
		kind[i] = v[i].kind;
		key[i] = v[i].key;
	}
	arg[0] = db_text(target);
	arg[1] = db_texts(kind, n);
	arg[2] = db_texts(key, n);
}

int
db_publish_ask(struct db *db, const char *target,
    const struct db_delivery *v, size_t n, struct error *e)
{
	struct arena	*a = arena_new();
	struct db_arg	 arg[3];
	int64_t		 got;

	columns(arg, target, v, n, a);
	got = db_exec(db, &stmt[ASK], arg, 3, e);
	arena_free(&a);
	return got == -1 ? -1 : 0;
}

int
db_publish_waits(struct db *db, const char *target,
    const struct db_delivery *v, size_t n, bool *waits, struct error *e)
{
	struct arena	*a = arena_new();
	struct db_rows	*rows = NULL;
	struct db_arg	 arg[3];
	int		 rc;

	memset(waits, 0, n * sizeof(*waits));
	columns(arg, target, v, n, a);
	if ((rc = db_query(db, &stmt[WAITS], arg, 3, &rows, e)) == 0)
		for (size_t i = 0; i < db_rows_count(rows); i++)
			waits[db_get_int(rows, i, 0)] = true;
	db_rows_free(&rows);
	arena_free(&a);
	return rc;
}

int64_t
db_publish_revive(struct db *db, const char *target, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(target) };

	return db_exec(db, &stmt[REVIVE], arg, 1, e);
}

static int
must_touch(struct db *db, int which, const char *target, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(target) };
	int64_t			 n = db_exec(db, &stmt[which], arg, 1, e);

	if (n == -1)
		return -1;
	if (n > 0)
		return 0;
	error_set(e, ERROR_NOTFOUND, "the store knows no directory \"%.80s\"",
	    target);
	return error_hint(e, "signet-crld makes it known when it starts with "
	    "it in its directories.conf");
}

int
db_publish_refill(struct db *db, const char *target, struct error *e)
{
	return must_touch(db, REFILL, target, e);
}

int
db_publish_forget(struct db *db, const char *target, struct error *e)
{
	return must_touch(db, FORGET, target, e);
}
