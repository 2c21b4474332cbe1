/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_crl.h"

#define COLUMNS	"ca, number, " DB_EPOCH("this_update") ", " \
	DB_EPOCH("next_update") ", entries"

enum { FIND, LATEST, LIST };
static const struct db_stmt read_stmt[] = {
	[FIND] = DB_STMT("crl_find",
	    "SELECT " COLUMNS ", der FROM crl"
	    " WHERE ca = $1::text AND number = $2::bigint"),
	[LATEST] = DB_STMT("crl_latest",
	    "SELECT " COLUMNS ", der FROM crl WHERE ca = $1::text"
	    " ORDER BY number DESC LIMIT 1"),
	[LIST] = DB_STMT_FRESH("crl_list",
	    "SELECT " COLUMNS " FROM crl WHERE ca = $1::text"
	    " AND ($2::bigint = 0 OR number < $2::bigint)"
	    " ORDER BY number DESC LIMIT $3::bigint"),
};
const struct db_table DB_CRL = DB_TABLE(read_stmt);

enum { ADD, ENTRIES, DUE, LOCK, UNLOCK };
static const struct db_stmt make_stmt[] = {
	[ADD] = DB_STMT("crl_add",
	    "WITH added AS (INSERT INTO crl (ca, number, this_update,"
	    " next_update, entries, der, change) VALUES ($1::text,"
	    " $2::bigint, " DB_TIME(3) ", " DB_TIME(4) ", $5::bigint,"
	    " $6::bytea, $7::bigint))"
	    " INSERT INTO outbox (topic, ca, number)"
	    " VALUES ('crl', $1::text, $2::bigint)"),
	[ENTRIES] = DB_STMT("crl_entries",
	    "SELECT serial, reason, " DB_EPOCH("revoked_at") ", "
	    DB_EPOCH("invalid_since") ", " DB_EPOCH("not_after")
	    " FROM cert WHERE ca = $1::text AND status <> 'good'"
	    " AND serial > $2::bytea AND not_after > " DB_TIME(3)
	    " ORDER BY serial LIMIT $4::bigint"),
	/*
	 * Transactions may commit in another order than their ids were drawn,
	 * so the last thousand are looked at by their time, too.
	 */
	[DUE] = DB_STMT("crl_due",
	    "SELECT a.name, coalesce(l.number, 0), "
	    DB_EPOCH("l.this_update") ", " DB_EPOCH("l.next_update") ","
	    " coalesce(s.id, 0), " DB_EPOCH("s.changed_at") ","
	    " EXISTS (SELECT FROM status_change c WHERE c.ca = a.name"
	    "  AND c.id > coalesce(l.change, 0) - 1000"
	    "  AND (c.id > coalesce(l.change, 0)"
	    "   OR c.changed_at > l.this_update)"
	    "  AND EXISTS (SELECT FROM unnest($1::text[], $2::bigint[])"
	    "   AS w (ca, reason) WHERE w.ca = c.ca"
	    "   AND w.reason = coalesce(c.reason, -1)))"
	    " FROM ca a"
	    " LEFT JOIN LATERAL (SELECT number, this_update, next_update,"
	    "  change FROM crl WHERE crl.ca = a.name"
	    "  ORDER BY number DESC LIMIT 1) l ON true"
	    " LEFT JOIN LATERAL (SELECT id, changed_at FROM status_change"
	    "  WHERE status_change.ca = a.name ORDER BY id DESC LIMIT 1) s"
	    "  ON true"
	    " WHERE NOT a.is_root ORDER BY a.name"),
	[LOCK] = DB_STMT("crl_lock",
	    "SELECT pg_try_advisory_lock(hashtextextended('signet crl', 0))"),
	[UNLOCK] = DB_STMT("crl_unlock",
	    "SELECT pg_advisory_unlock(hashtextextended('signet crl', 0))"),
};
const struct db_table DB_CRL_MAKE = DB_TABLE(make_stmt);

#define COL_DER	5

static void
crl_fill(struct db_crl *c, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	c->ca = db_row_text(a, rows, i, 0);
	c->number = db_get_int(rows, i, 1);
	c->this_update = db_get_int(rows, i, 2);
	c->next_update = db_get_int(rows, i, 3);
	c->entries = db_get_int(rows, i, 4);
	c->der = BYTES(NULL, 0);
}

int
db_crl_find(struct db *db, const char *ca, int64_t number, struct db_crl *c,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), db_int(number) };
	struct db_rows		*rows;
	bool			 latest = number == 0;
	int			 found;

	if (db_query(db, &read_stmt[latest ? LATEST : FIND], arg,
	    latest ? 1 : 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		crl_fill(c, rows, 0, a);
		c->der = db_row_bytes(a, rows, 0, COL_DER);
	}
	db_rows_free(&rows);
	return found;
}

int
db_crl_list(struct db *db, const char *ca, int64_t before, size_t limit,
    struct db_crls *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), db_int(before),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[LIST], arg, 3, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		crl_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_crl_add(struct db *db, const struct db_crl *c, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(c->ca), db_int(c->number),
	    db_int(c->this_update), db_int(c->next_update),
	    db_int(c->entries), db_bytes(c->der.p, c->der.len),
	    db_int(c->change) };

	if (db_exec(db, &make_stmt[ADD], arg, 7, e) == -1)
		return error_wrap(e, "CRL %lld of %s", (long long)c->number,
		    c->ca);
	return 0;
}

int
db_crl_entries(struct db *db, const char *ca, const struct db_serial *after,
    int64_t cutoff, size_t limit, struct db_crl_entries *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), after != NULL ?
	    db_bytes(after->p, after->len) : db_bytes("", 0), db_int(cutoff),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &make_stmt[ENTRIES], arg, 4, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_crl_entry *c = &out->v[i];

		db_row_serial(&c->serial, rows, i, 0);
		c->reason = (int)db_get_int(rows, i, 1);
		c->revoked_at = db_get_int(rows, i, 2);
		c->invalid_since = db_get_int(rows, i, 3);
		c->not_after = db_get_int(rows, i, 4);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_crl_due(struct db *db, const char *const *ca, const int64_t *reason,
    size_t n, struct db_crl_dues *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(ca, n),
	    db_ints(reason, n) };
	struct db_rows		*rows;

	if (db_query(db, &make_stmt[DUE], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_crl_due *d = &out->v[i];

		d->ca = db_row_text(a, rows, i, 0);
		d->number = db_get_int(rows, i, 1);
		d->this_update = db_get_int(rows, i, 2);
		d->next_update = db_get_int(rows, i, 3);
		d->change = db_get_int(rows, i, 4);
		d->changed_at = db_get_int(rows, i, 5);
		d->urgent = db_get_bool(rows, i, 6);
	}
	db_rows_free(&rows);
	return 0;
}

static int
ask_bool(struct db *db, const struct db_stmt *s, struct error *e)
{
	struct db_rows	*rows;
	int		 yes;

	if (db_query(db, s, NULL, 0, &rows, e) == -1)
		return -1;
	yes = db_get_bool(rows, 0, 0);
	db_rows_free(&rows);
	return yes;
}

int
db_crl_lock(struct db *db, struct error *e)
{
	return ask_bool(db, &make_stmt[LOCK], e);
}

int
db_crl_unlock(struct db *db, struct error *e)
{
	return ask_bool(db, &make_stmt[UNLOCK], e) == -1 ? -1 : 0;
}
