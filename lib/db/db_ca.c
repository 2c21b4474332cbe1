/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_ca.h"

#define COLUMNS	"name, generation, is_root, subject, der, key_digest, " \
	DB_EPOCH("not_before") ", " DB_EPOCH("not_after") ", " \
	DB_EPOCH("starts_at") ", " DB_EPOCH("added_at")
/* "people", "people.g2" ... "people.g10" */
#define IN_ORDER " ORDER BY is_root DESC, regexp_replace(name," \
	" '[.]g[0-9]+$', ''), generation, name"

enum { LIST, FIND };
static const struct db_stmt read_stmt[] = {
	[LIST] = DB_STMT("ca_list",
	    "SELECT " COLUMNS " FROM ca" IN_ORDER),
	[FIND] = DB_STMT("ca_find",
	    "SELECT " COLUMNS " FROM ca WHERE name = $1::text"),
};
const struct db_table DB_CA = DB_TABLE(read_stmt);

static const struct db_stmt add_stmt[] = {
	DB_STMT("ca_add",
	    "WITH added AS (INSERT INTO ca (name, generation, is_root, subject,"
	    " der, key_digest, not_before, not_after, starts_at)"
	    " VALUES ($1::text, $2::bigint, $3::boolean, $4::text,"
	    " $5::bytea, $6::bytea, " DB_TIME(7) ", " DB_TIME(8) ", "
	    DB_TIME(9) "))"
	    " INSERT INTO outbox (topic, ca) VALUES ('ca', $1::text)"),
};
const struct db_table DB_CA_ADD = DB_TABLE(add_stmt);

enum { HAS_CERTS, USE };
static const struct db_stmt use_stmt[] = {
	/* Along the index by expiry: those of an old generation come first.
	 * Signers of answers are there for the others: they count for none. */
	[HAS_CERTS] = DB_STMT("ca_has_certs",
	    "SELECT EXISTS (SELECT FROM cert WHERE ca = $1::text"
	    " AND not_after > " DB_TIME(2) " AND profile <> 'ocsp-signer')"),
	[USE] = DB_STMT_FRESH("ca_use",
	    "SELECT (SELECT count(*) FROM cert WHERE ca = $1::text"
	    " AND not_after > " DB_TIME(2) " AND profile <> 'ocsp-signer'),"
	    " (SELECT " DB_EPOCH("max(not_after)") " FROM cert"
	    " WHERE ca = $1::text AND profile <> 'ocsp-signer')"),
};
const struct db_table DB_CA_USE = DB_TABLE(use_stmt);

int
db_ca_add(struct db *db, const struct db_ca *ca, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(ca->name),
	    db_int(ca->generation), db_bool(ca->is_root), db_text(ca->subject),
	    db_bytes(ca->der.p, ca->der.len),
	    db_bytes(ca->key_digest, DB_DIGEST), db_int(ca->not_before),
	    db_int(ca->not_after),
	    ca->starts_at != 0 ? db_int(ca->starts_at) : db_null() };

	if (db_exec(db, add_stmt, arg, 9, e) == -1)
		return error_wrap(e, "CA %s", ca->name);
	return 0;
}

static void
ca_fill(struct db_ca *ca, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	ca->name = db_row_text(a, rows, i, 0);
	ca->generation = (int)db_get_int(rows, i, 1);
	ca->is_root = db_get_bool(rows, i, 2);
	ca->subject = db_row_text(a, rows, i, 3);
	ca->der = db_row_bytes(a, rows, i, 4);
	db_row_fixed(ca->key_digest, DB_DIGEST, rows, i, 5);
	ca->not_before = db_get_int(rows, i, 6);
	ca->not_after = db_get_int(rows, i, 7);
	ca->starts_at = db_get_int(rows, i, 8);
	ca->added_at = db_get_int(rows, i, 9);
}

int
db_ca_list(struct db *db, struct db_cas *out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &read_stmt[LIST], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		ca_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_ca_find(struct db *db, const char *name, struct db_ca *ca,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[FIND], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		ca_fill(ca, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_ca_has_certs(struct db *db, const char *name, int64_t after,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name), db_int(after) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &use_stmt[HAS_CERTS], arg, 2, &rows, e) == -1)
		return -1;
	found = db_get_bool(rows, 0, 0);
	db_rows_free(&rows);
	return found;
}

int
db_ca_use(struct db *db, const char *name, int64_t now,
    struct db_ca_use *use, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name), db_int(now) };
	struct db_rows		*rows;

	if (db_query(db, &use_stmt[USE], arg, 2, &rows, e) == -1)
		return -1;
	use->certs = db_get_int(rows, 0, 0);
	use->last_end = db_get_int(rows, 0, 1);
	db_rows_free(&rows);
	return 0;
}
