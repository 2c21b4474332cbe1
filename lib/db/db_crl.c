/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_crl.h"

#define COLUMNS	"ca, shard, number, base, " DB_EPOCH("this_update") ", " \
	DB_EPOCH("next_update") ", entries, size"

enum { FIND, LATEST, LIST, PART };
static const struct db_stmt read_stmt[] = {
	[FIND] = DB_STMT("crl_find",
	    "SELECT " COLUMNS " FROM crl WHERE ca = $1::text"
	    " AND shard = $2::bigint AND number = $4::bigint"
	    " AND (base > 0) = $3::boolean LIMIT 1"),
	[LATEST] = DB_STMT("crl_latest",
	    "SELECT " COLUMNS " FROM crl WHERE ca = $1::text"
	    " AND shard = $2::bigint AND (base > 0) = $3::boolean"
	    " ORDER BY number DESC LIMIT 1"),
	[LIST] = DB_STMT_FRESH("crl_list",
	    "SELECT " COLUMNS " FROM crl WHERE ca = $1::text"
	    " AND shard = $2::bigint"
	    " AND ($3::bigint = 0 OR number < $3::bigint)"
	    " ORDER BY number DESC, base LIMIT $4::bigint"),
	[PART] = DB_STMT("crl_part",
	    "SELECT der FROM crl_part WHERE ca = $1::text"
	    " AND shard = $2::bigint AND number = $3::bigint"
	    " AND base = $4::bigint AND n = $5::bigint"),
};
const struct db_table DB_CRL = DB_TABLE(read_stmt);

enum { ENTRIES, SHARD_ENTRIES };
static const struct db_stmt entries_stmt[] = {
	/* Times as they are: a million of them take a second to convert. */
#define ENTRIES_OF(name, scope) DB_STMT(name, \
	    "SELECT serial, reason, revoked_at, invalid_since" \
	    " FROM cert WHERE ca = $1::text AND status <> 'good'" scope \
	    " AND (octet_length(serial), serial) >" \
	    " (octet_length($2::bytea), $2::bytea)" \
	    " AND not_after > " DB_TIME(3) \
	    " ORDER BY octet_length(serial), serial LIMIT $4::bigint")
	[ENTRIES] = ENTRIES_OF("crl_entries", ""),
	[SHARD_ENTRIES] = ENTRIES_OF("crl_shard_entries",
	    " AND shard > 0 AND shard = $5::bigint"),
};
const struct db_table DB_CRL_ENTRIES = DB_TABLE(entries_stmt);

enum { ADD, ADD_PART, DUE, SHARD_DUE, LOCK, UNLOCK };
#define LOCK_KEY	"hashtextextended('signet crl ' || $1::text ||" \
	" CASE WHEN $2::bigint > 0 THEN '+' || $2::bigint ELSE '' END, 0)"
/* What of the shard's or the CA's list the others have to wait for. */
#define IS_URGENT(shard) \
	" EXISTS (SELECT FROM status_change c WHERE c.ca = a.name" shard \
	"  AND c.id > coalesce(n.change, 0) - 1000" \
	"  AND (c.id > coalesce(n.change, 0)" \
	"   OR c.changed_at > n.this_update)" \
	"  AND EXISTS (SELECT FROM unnest($2::text[], $3::bigint[])" \
	"   AS w (ca, reason) WHERE w.ca = c.ca" \
	"   AND w.reason = coalesce(c.reason, -1)))"
#define LAST_CHANGE \
	" LEFT JOIN LATERAL (SELECT id, changed_at FROM status_change" \
	"  WHERE status_change.ca = a.name ORDER BY id DESC LIMIT 1) s" \
	"  ON true"
static const struct db_stmt make_stmt[] = {
	[ADD] = DB_STMT("crl_add",
	    "WITH added AS (INSERT INTO crl (ca, shard, number, base,"
	    " this_update, next_update, entries, size, change)"
	    " VALUES ($1::text, $2::bigint, $3::bigint, $4::bigint, "
	    DB_TIME(5) ", " DB_TIME(6) ", $7::bigint, $8::bigint,"
	    " $9::bigint))"
	    " INSERT INTO outbox (topic, ca, shard, number, base)"
	    " VALUES ('crl', $1::text, $2::bigint, $3::bigint, $4::bigint)"),
	[ADD_PART] = DB_STMT("crl_add_part",
	    "INSERT INTO crl_part (ca, shard, number, base, n, der)"
	    " VALUES ($1::text, $2::bigint, $3::bigint, $4::bigint,"
	    " $5::bigint, $6::bytea)"),
	/*
	 * Transactions may commit in another order than their ids were drawn,
	 * so the last thousand are looked at by their time, too.
	 */
	[DUE] = DB_STMT("crl_due",
	    "SELECT a.name, coalesce(l.number, 0), "
	    DB_EPOCH("l.this_update") ", " DB_EPOCH("l.next_update") ","
	    " greatest(n.number, a.crl_number_from), "
	    DB_EPOCH("greatest(l.this_update, d.this_update)") ","
	    " coalesce(s.id, 0), " DB_EPOCH("s.changed_at") ","
	    IS_URGENT("") ", 0 FROM ca a"
	    " LEFT JOIN LATERAL (SELECT number, this_update, next_update"
	    "  FROM crl WHERE crl.ca = a.name AND shard = 0 AND base = 0"
	    "  ORDER BY number DESC LIMIT 1) l ON true"
	    " LEFT JOIN LATERAL (SELECT number, this_update, change"
	    "  FROM crl WHERE crl.ca = a.name AND shard = 0"
	    "  ORDER BY number DESC LIMIT 1) n ON true"
	    " LEFT JOIN LATERAL (SELECT this_update"
	    "  FROM crl WHERE crl.ca = a.name AND shard = 0"
	    "  AND base = l.number ORDER BY number DESC LIMIT 1) d ON true"
	    LAST_CHANGE
	    " WHERE NOT a.is_root AND a.name = coalesce($1::text, a.name)"
	    " ORDER BY a.name"),
	/*
	 * Shards that are drawn from now, and those that certificates have
	 * which had not expired when the last list was made.  Which these are
	 * is looked up from one to the next, not by reading certificates.
	 */
	[SHARD_DUE] = DB_STMT("crl_shard_due",
	    "WITH RECURSIVE had AS ("
	    "  SELECT a.name AS ca, (SELECT min(shard) FROM cert c"
	    "   WHERE c.ca = a.name AND c.shard > 0) AS shard"
	    "   FROM ca a WHERE NOT a.is_root"
	    "  UNION ALL SELECT h.ca, (SELECT min(shard) FROM cert c"
	    "   WHERE c.ca = h.ca AND c.shard > 0 AND c.shard > h.shard)"
	    "   FROM had h WHERE h.shard IS NOT NULL"
	    " ), a AS (SELECT ca AS name, shard FROM had WHERE shard IS NOT NULL"
	    "  UNION SELECT d.ca, shard FROM unnest($4::text[], $5::bigint[])"
	    "   AS d (ca, n), generate_series(1, d.n) shard)"
	    " SELECT a.name, coalesce(n.number, 0), "
	    DB_EPOCH("n.this_update") ", " DB_EPOCH("n.next_update") ","
	    " greatest(n.number, (SELECT crl_number_from FROM ca"
	    "  WHERE ca.name = a.name)), " DB_EPOCH("n.this_update") ","
	    " coalesce(s.id, 0), " DB_EPOCH("s.changed_at") ","
	    IS_URGENT(" AND c.shard > 0 AND c.shard = a.shard") ", a.shard"
	    " FROM a"
	    " LEFT JOIN LATERAL (SELECT number, this_update, next_update,"
	    "  change FROM crl WHERE crl.ca = a.name AND crl.shard = a.shard"
	    "  ORDER BY number DESC LIMIT 1) n ON true"
	    LAST_CHANGE
	    " WHERE a.name = coalesce($1::text, a.name)"
	    " AND a.shard = coalesce(nullif($6::bigint, 0), a.shard)"
	    " AND (a.shard <= coalesce((SELECT max(d.n) FROM"
	    "   unnest($4::text[], $5::bigint[]) AS d (ca, n)"
	    "   WHERE d.ca = a.name), 0)"
	    "  OR EXISTS (SELECT FROM cert c WHERE c.ca = a.name"
	    "   AND c.shard > 0 AND c.shard = a.shard"
	    "   AND c.not_after > coalesce(n.this_update, now())))"
	    " ORDER BY a.name, a.shard"),
	[LOCK] = DB_STMT("crl_lock",
	    "SELECT pg_try_advisory_lock(" LOCK_KEY ")"),
	[UNLOCK] = DB_STMT("crl_unlock",
	    "SELECT pg_advisory_unlock(" LOCK_KEY ")"),
};
const struct db_table DB_CRL_MAKE = DB_TABLE(make_stmt);

static void
crl_fill(struct db_crl *c, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	c->ca = db_row_text(a, rows, i, 0);
	c->shard = db_get_int(rows, i, 1);
	c->number = db_get_int(rows, i, 2);
	c->base = db_get_int(rows, i, 3);
	c->this_update = db_get_int(rows, i, 4);
	c->next_update = db_get_int(rows, i, 5);
	c->entries = db_get_int(rows, i, 6);
	c->size = db_get_int(rows, i, 7);
	c->change = 0;
}

int
db_crl_find(struct db *db, const char *ca, int64_t shard,
    enum db_crl_kind kind, int64_t number, struct db_crl *c,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), db_int(shard),
	    db_bool(kind == DB_CRL_DELTA), db_int(number) };
	struct db_rows		*rows;
	bool			 latest = number == 0;
	int			 found;

	if (db_query(db, &read_stmt[latest ? LATEST : FIND], arg,
	    latest ? 3 : 4, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		crl_fill(c, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_crl_list(struct db *db, const char *ca, int64_t shard, int64_t before,
    size_t limit, struct db_crls *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), db_int(shard),
	    db_int(before), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[LIST], arg, 4, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		crl_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_crl_part(struct db *db, const struct db_crl *c, int64_t n,
    struct bytes *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(c->ca), db_int(c->shard),
	    db_int(c->number), db_int(c->base), db_int(n) };
	struct db_rows		*rows;
	int			 rc = 0;

	if (db_query(db, &read_stmt[PART], arg, 5, &rows, e) == -1)
		return -1;
	if (db_rows_count(rows) == 1)
		*out = db_row_bytes(a, rows, 0, 0);
	else
		rc = error_set(e, ERROR_UPSTREAM, "CRL %lld of %s: part %lld "
		    "is not in the store", (long long)c->number, c->ca,
		    (long long)n);
	db_rows_free(&rows);
	return rc;
}

int
db_crl_load(struct db *db, const struct db_crl *c, struct buf *out,
    struct error *e)
{
	struct arena	*a = arena_new();
	struct bytes	 part;
	int64_t		 n, size = 0;
	int		 rc = -1;

	for (n = 0; size < c->size; n++) {
		arena_reset(a);
		if (db_crl_part(db, c, n, &part, a, e) == -1)
			goto out;
		buf_add(out, part.p, part.len);
		size += (int64_t)part.len;
	}
	rc = 0;
 out:
	arena_free(&a);
	return rc;
}

int
db_crl_add(struct db *db, const struct db_crl *c, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(c->ca), db_int(c->shard),
	    db_int(c->number), db_int(c->base), db_int(c->this_update),
	    db_int(c->next_update), db_int(c->entries), db_int(c->size),
	    db_int(c->change) };

	if (db_exec(db, &make_stmt[ADD], arg, 9, e) == -1)
		return error_wrap(e, "CRL %lld of %s", (long long)c->number,
		    c->ca);
	return 0;
}

int
db_crl_add_part(struct db *db, const struct db_crl *c, int64_t n,
    struct bytes der, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(c->ca), db_int(c->shard),
	    db_int(c->number), db_int(c->base), db_int(n),
	    db_bytes(der.p, der.len) };

	if (db_exec(db, &make_stmt[ADD_PART], arg, 6, e) == -1)
		return error_wrap(e, "CRL %lld of %s", (long long)c->number,
		    c->ca);
	return 0;
}

/* A timestamptz as it comes: microseconds since the year 2000; NULL is 0. */
static int64_t
get_time(const struct db_rows *rows, size_t i, int col)
{
	int64_t	 us;

	if (db_is_null(rows, i, col))
		return 0;
	us = db_get_int(rows, i, col);
	return us / 1000000 - (us % 1000000 < 0) + 946684800;
}

int
db_crl_entries(struct db *db, const char *ca, int64_t shard,
    const struct db_serial *after, int64_t cutoff, size_t limit,
    struct db_crl_entries *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), after != NULL ?
	    db_bytes(after->p, after->len) : db_bytes("", 0), db_int(cutoff),
	    db_int((int64_t)limit), db_int(shard) };
	const struct db_stmt	*s = &entries_stmt[shard > 0 ?
				    SHARD_ENTRIES : ENTRIES];
	struct db_rows		*rows;

	if (db_query(db, s, arg, shard > 0 ? 5 : 4, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_crl_entry *c = &out->v[i];

		db_row_serial(&c->serial, rows, i, 0);
		c->reason = (int)db_get_int(rows, i, 1);
		c->revoked_at = get_time(rows, i, 2);
		c->invalid_since = get_time(rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}

static void
due_fill(struct db_crl_due *d, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	d->ca = db_row_text(a, rows, i, 0);
	d->number = db_get_int(rows, i, 1);
	d->this_update = db_get_int(rows, i, 2);
	d->next_update = db_get_int(rows, i, 3);
	d->latest = db_get_int(rows, i, 4);
	d->delta_update = db_get_int(rows, i, 5);
	d->change = db_get_int(rows, i, 6);
	d->changed_at = db_get_int(rows, i, 7);
	d->urgent = db_get_bool(rows, i, 8);
	d->shard = db_get_int(rows, i, 9);
}

static int
due_query(struct db *db, const struct db_stmt *s, const struct db_arg *arg,
    size_t nargs, struct db_crl_dues *out, struct arena *a, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, s, arg, nargs, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		due_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_crl_due(struct db *db, const char *only, const struct db_crl_urgent *u,
    struct db_crl_dues *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(only),
	    db_texts(u->ca, u->n), db_ints(u->reason, u->n) };

	return due_query(db, &make_stmt[DUE], arg, 3, out, a, e);
}

int
db_crl_shard_due(struct db *db, const struct db_crl_due *only,
    const struct db_crl_urgent *u, const struct db_crl_drawn *d,
    struct db_crl_dues *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = {
	    db_text(only != NULL ? only->ca : NULL),
	    db_texts(u->ca, u->n), db_ints(u->reason, u->n),
	    db_texts(d->ca, d->ncas), db_ints(d->n, d->ncas),
	    db_int(only != NULL ? only->shard : 0) };

	return due_query(db, &make_stmt[SHARD_DUE], arg, 6, out, a, e);
}

static int
ask_bool(struct db *db, const struct db_stmt *s, const char *ca,
    int64_t shard, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), db_int(shard) };
	struct db_rows		*rows;
	int			 yes;

	if (db_query(db, s, arg, 2, &rows, e) == -1)
		return -1;
	yes = db_get_bool(rows, 0, 0);
	db_rows_free(&rows);
	return yes;
}

int
db_crl_lock(struct db *db, const char *ca, int64_t shard, struct error *e)
{
	return ask_bool(db, &make_stmt[LOCK], ca, shard, e);
}

int
db_crl_unlock(struct db *db, const char *ca, int64_t shard, struct error *e)
{
	return ask_bool(db, &make_stmt[UNLOCK], ca, shard, e) == -1 ? -1 : 0;
}
