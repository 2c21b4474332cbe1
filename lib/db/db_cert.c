/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_cert.h"

#define COLUMNS	"c.id, c.ca, c.serial, c.order_id, c.n, c.profile, c.holder," \
	" c.card, c.subject, c.key_digest, " DB_EPOCH("c.not_before") ", " \
	DB_EPOCH("c.not_after") ", " DB_EPOCH("c.issued_at") ", c.status, " \
	DB_EPOCH("c.revoked_at") ", coalesce(c.reason, -1), " \
	DB_EPOCH("c.invalid_since") ", c.shard"

#define FILTER	" ($1::bigint = 0 OR c.id < $1::bigint)" \
	" AND ($2::text IS NULL OR c.ca = $2::text" \
	"  OR regexp_replace(c.ca, '[.]g[0-9]+$', '') = $2::text)" \
	" AND ($3::text IS NULL OR c.profile = $3::text)" \
	" AND ($4::text IS NULL OR c.holder = $4::text)" \
	" AND ($5::text IS NULL OR c.card = $5::text)" \
	" AND ($6::text IS NULL OR c.status = $6::text)" \
	" AND ($7::bytea IS NULL OR c.key_digest = $7::bytea)" \
	" AND ($8::bytea IS NULL OR c.order_id = $8::bytea)" \
	" AND ($9::bigint = 0 OR c.not_after > " DB_TIME(9) ")" \
	" AND ($10::bigint = 0 OR c.not_after < " DB_TIME(10) ")" \
	" ORDER BY c.id DESC LIMIT $11::bigint"
#define FILTER_ARGS	11

enum { FIND, FIND_ID, FIND_REF, FIND_HEX, LIST, LIST_NAMED, SAMPLE, HISTORY };
static const struct db_stmt stmt[] = {
	[FIND] = DB_STMT("cert_find",
	    "SELECT " COLUMNS ", c.der FROM cert c"
	    " WHERE c.ca = $1::text AND c.serial = $2::bytea"),
	[FIND_ID] = DB_STMT("cert_find_id",
	    "SELECT " COLUMNS ", c.der FROM cert c WHERE c.id = $1::bigint"),
	[FIND_REF] = DB_STMT("cert_find_ref",
	    "SELECT " COLUMNS ", c.der FROM cert c"
	    " WHERE c.order_id = $1::bytea AND c.n = $2::bigint"),
	[FIND_HEX] = DB_STMT_FRESH("cert_find_hex",
	    "SELECT " COLUMNS ", c.der FROM cert c WHERE c.serial >= $1::bytea"
	    " AND ($2::bytea IS NULL OR c.serial < $2::bytea)"
	    " AND ($3::text IS NULL OR c.ca = $3::text)"
	    " ORDER BY c.serial LIMIT 2"),
	[LIST] = DB_STMT_FRESH("cert_list",
	    "SELECT " COLUMNS " FROM cert c WHERE" FILTER),
	[LIST_NAMED] = DB_STMT_FRESH("cert_list_named",
	    "SELECT " COLUMNS " FROM (SELECT DISTINCT cert FROM cert_name"
	    " WHERE value LIKE $12::text) m JOIN cert c ON c.id = m.cert"
	    " WHERE" FILTER),
	[SAMPLE] = DB_STMT_FRESH("cert_sample",
	    "SELECT " COLUMNS ", c.der FROM cert c WHERE c.ca = $1::text"
	    " AND c.status = $2::text AND c.serial >= $3::bytea"
	    " AND c.not_after > " DB_TIME(4)
	    " ORDER BY c.serial LIMIT $5::bigint"),
	[HISTORY] = DB_STMT("cert_history",
	    "SELECT status, coalesce(reason, -1), order_id, "
	    DB_EPOCH("changed_at") " FROM status_change"
	    " WHERE ca = $1::text AND serial = $2::bytea ORDER BY id"),
};
const struct db_table DB_CERT = DB_TABLE(stmt);

#define COL_DER	18

static const struct db_stmt order_stmt[] = {
	DB_STMT("cert_of_order",
	    "SELECT " COLUMNS ", c.der, o.state, o.reason FROM orders o"
	    " LEFT JOIN cert c ON c.order_id = o.id AND c.n = 0"
	    " WHERE o.id = $1::bytea"),
};
const struct db_table DB_CERT_ORDER = DB_TABLE(order_stmt);

static void
cert_fill(struct db_cert *c, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	c->id = db_get_int(rows, i, 0);
	c->ca = db_row_text(a, rows, i, 1);
	db_row_serial(&c->serial, rows, i, 2);
	db_row_ref(&c->ref, rows, i, 3);
	c->profile = db_row_text(a, rows, i, 5);
	c->holder = db_row_text(a, rows, i, 6);
	c->card = db_row_text(a, rows, i, 7);
	c->subject = db_row_text(a, rows, i, 8);
	db_row_fixed(c->key_digest, DB_DIGEST, rows, i, 9);
	c->not_before = db_get_int(rows, i, 10);
	c->not_after = db_get_int(rows, i, 11);
	c->issued_at = db_get_int(rows, i, 12);
	c->status = db_row_text(a, rows, i, 13);
	c->revoked_at = db_get_int(rows, i, 14);
	c->reason = (int)db_get_int(rows, i, 15);
	c->invalid_since = db_get_int(rows, i, 16);
	c->shard = db_get_int(rows, i, 17);
	c->der = BYTES(NULL, 0);
}

/* One certificate with its der; *n rows matched. */
static int
find_one(struct db *db, const struct db_stmt *s, const struct db_arg *arg,
    size_t nargs, struct db_cert *c, size_t *n, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, s, arg, nargs, &rows, e) == -1)
		return -1;
	if ((*n = db_rows_count(rows)) == 1) {
		cert_fill(c, rows, 0, a);
		c->der = db_row_bytes(a, rows, 0, COL_DER);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_cert_find(struct db *db, const char *ca, const struct db_serial *serial,
    struct db_cert *c, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca),
	    db_bytes(serial->p, serial->len) };
	size_t			 n;

	if (find_one(db, &stmt[FIND], arg, 2, c, &n, a, e) == -1)
		return -1;
	return (int)n;
}

int
db_cert_find_id(struct db *db, int64_t id, struct db_cert *c,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(id) };
	size_t			 n;

	if (find_one(db, &stmt[FIND_ID], arg, 1, c, &n, a, e) == -1)
		return -1;
	return (int)n;
}

int
db_cert_find_ref(struct db *db, const struct db_ref *ref, struct db_cert *c,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = {
	    db_bytes(ref->order_id, DB_ORDER_ID), db_int(ref->n) };
	size_t			 n;

	if (find_one(db, &stmt[FIND_REF], arg, 2, c, &n, a, e) == -1)
		return -1;
	return (int)n;
}

int
db_cert_find_order(struct db *db, const uint8_t id[DB_ORDER_ID],
    const char **state, const char **reason, struct db_cert *c,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, order_stmt, arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		cert_fill(c, rows, 0, a);
		c->der = db_row_bytes(a, rows, 0, COL_DER);
		*state = db_row_text(a, rows, 0, COL_DER + 1);
		*reason = db_row_text(a, rows, 0, COL_DER + 2);
	}
	db_rows_free(&rows);
	return found;
}

int
db_cert_find_hex(struct db *db, const char *ca, const char *hex,
    struct db_cert *c, struct arena *a, struct error *e)
{
	struct db_prefix	 p;
	size_t			 n;

	if (db_prefix_init(&p, hex, e) == -1)
		return error_wrap(e, "serial");
	if (find_one(db, &stmt[FIND_HEX], (struct db_arg[]){
	    db_bytes(p.from.p, p.from.len),
	    p.to.len > 0 ? db_bytes(p.to.p, p.to.len) : db_null(),
	    db_text(ca) }, 3, c, &n, a, e) == -1)
		return -1;
	if (n < 2)
		return (int)n;
	error_set(e, ERROR_INPUT, "serial %s: more than one begins so", hex);
	return error_hint(e, "give more digits or name the CA");
}

/* name as a LIKE pattern in which nothing but a last % is special. */
static char *
name_pattern(const struct db_cert_filter *f, struct arena *a)
{
	char	*s = arena_alloc(a, 2 * strlen(f->name) + 2);
	size_t	 k = 0;

	for (const char *p = f->name; *p != '\0'; p++) {
		if (strchr("%_\\", *p) != NULL)
			s[k++] = '\\';
		s[k++] = *p;
	}
	if (f->name_begins)
		s[k++] = '%';
	s[k] = '\0';
	return s;
}

static void
certs_fill(struct db_certs *out, const struct db_rows *rows, struct arena *a)
{
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		cert_fill(&out->v[i], rows, i, a);
}

static void
certs_fill_der(struct db_certs *out, const struct db_rows *rows,
    struct arena *a)
{
	certs_fill(out, rows, a);
	for (size_t i = 0; i < out->n; i++)
		out->v[i].der = db_row_bytes(a, rows, i, COL_DER);
}

int
db_cert_list(struct db *db, const struct db_cert_filter *f, int64_t before,
    size_t limit, struct db_certs *out, struct arena *a, struct error *e)
{
	struct db_arg	 arg[FILTER_ARGS + 1] = { db_int(before),
	    db_text(f->ca), db_text(f->profile), db_text(f->holder),
	    db_text(f->card), db_text(f->status),
	    db_bytes(f->key_digest.p, f->key_digest.len),
	    db_bytes(f->order_id.p, f->order_id.len), db_int(f->valid_after),
	    db_int(f->expires_before), db_int((int64_t)limit) };
	struct db_rows	*rows;
	bool		 named = f->name != NULL;

	if (named)
		arg[FILTER_ARGS] = db_text(name_pattern(f, a));
	if (db_query(db, &stmt[named ? LIST_NAMED : LIST], arg,
	    named ? FILTER_ARGS + 1 : FILTER_ARGS, &rows, e) == -1)
		return -1;
	certs_fill(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

int
db_cert_sample(struct db *db, const char *ca, const char *status,
    const struct db_serial *from, int64_t now, size_t limit,
    struct db_certs *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca), db_text(status),
	    db_bytes(from->p, from->len), db_int(now),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[SAMPLE], arg, 5, &rows, e) == -1)
		return -1;
	certs_fill_der(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

int
db_cert_history(struct db *db, const char *ca, const struct db_serial *serial,
    struct db_status_entries *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca),
	    db_bytes(serial->p, serial->len) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[HISTORY], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].status = db_row_text(a, rows, i, 0);
		out->v[i].reason = (int)db_get_int(rows, i, 1);
		db_row_fixed(out->v[i].order_id, DB_ORDER_ID, rows, i, 2);
		out->v[i].changed_at = db_get_int(rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}
