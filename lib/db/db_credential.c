/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_credential.h"

#define COLUMNS	"c.bind, c.order_id, c.person, c.credential, c.rp_id," \
	" c.origin, coalesce(" DB_EPOCH("c.until") ", 0), " \
	DB_EPOCH("c.bound_at") ", coalesce(" DB_EPOCH("c.unbound_at") ", 0)," \
	" o.blob"
#define FROM	" FROM credential c JOIN orders o ON o.id = c.order_id"

enum { LIST, FIND };
static const struct db_stmt read_stmt[] = {
	[LIST] = DB_STMT("credential_list",
	    "SELECT " COLUMNS FROM
	    " WHERE ($1::text IS NULL OR c.person = $1::text)"
	    " AND ($2::bigint <> 0 OR c.unbound_at IS NULL)"
	    " ORDER BY c.person, c.bound_at"),
	[FIND] = DB_STMT("credential_find",
	    "SELECT " COLUMNS FROM " WHERE c.bind >= $1::bytea"
	    " AND ($2::bytea IS NULL OR c.bind < $2::bytea)"
	    " ORDER BY c.bind LIMIT 2"),
};
const struct db_table DB_CREDENTIAL = DB_TABLE(read_stmt);

static const struct db_stmt state_stmt[] = {
	DB_STMT("credential_state", "SELECT unbound_at IS NULL FROM credential"
	    " WHERE bind = $1::bytea"),
};
const struct db_table DB_CREDENTIAL_STATE = DB_TABLE(state_stmt);

enum { ADD, END };
static const struct db_stmt keep_stmt[] = {
	[ADD] = DB_STMT("credential_add",
	    "INSERT INTO credential (bind, order_id, person, credential, rp_id,"
	    " origin, until) VALUES ($1::bytea, $2::bytea, $3::text,"
	    " $4::bytea, $5::text, $6::text,"
	    " to_timestamp(nullif($7::bigint, 0)))"
	    " ON CONFLICT DO NOTHING"),
	[END] = DB_STMT("credential_end",
	    "UPDATE credential SET unbound_at = now(), unbound_by = $2::bytea"
	    " WHERE bind = $1::bytea AND unbound_at IS NULL"),
};
const struct db_table DB_CREDENTIAL_KEEP = DB_TABLE(keep_stmt);

static void
credential_row(struct db_credential *c, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	db_row_fixed(c->bind, DB_DIGEST, rows, i, 0);
	db_row_fixed(c->order_id, DB_ORDER_ID, rows, i, 1);
	c->person = db_row_text(a, rows, i, 2);
	c->credential = db_row_bytes(a, rows, i, 3);
	c->rp_id = db_row_text(a, rows, i, 4);
	c->origin = db_row_text(a, rows, i, 5);
	c->until = db_get_int(rows, i, 6);
	c->bound_at = db_get_int(rows, i, 7);
	c->unbound_at = db_get_int(rows, i, 8);
	c->blob = db_row_bytes(a, rows, i, 9);
}

int
db_credential_list(struct db *db, const char *person, bool ended,
    struct db_credentials *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(person), db_int(ended) };
	struct db_rows		*rows;
	size_t			 i;

	if (db_query(db, &read_stmt[LIST], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (i = 0; i < out->n; i++)
		credential_row(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_credential_find(struct db *db, const char *hex, struct db_credential *out,
    struct arena *a, struct error *e)
{
	struct db_prefix	 p;
	struct db_arg		 arg[2];
	struct db_rows		*rows;
	char			 first[2 * DB_SERIAL + 1];
	int			 rc;

	/* So much of it names one; the rest cannot name another. */
	snprintf(first, sizeof(first), "%s", hex);
	if (db_prefix_init(&p, first, e) == -1)
		return -1;
	arg[0] = db_bytes(p.from.p, p.from.len);
	arg[1] = db_bytes(p.to.len > 0 ? p.to.p : NULL, p.to.len);
	if (db_query(db, &read_stmt[FIND], arg, 2, &rows, e) == -1)
		return -1;
	rc = (int)db_rows_count(rows);
	if (rc == 1)
		credential_row(out, rows, 0, a);
	else if (rc > 1)
		rc = error_set(e, ERROR_CONFLICT, "several credentials begin "
		    "with %.64s", hex);
	db_rows_free(&rows);
	return rc;
}

int
db_credential_is_bound(struct db *db, const uint8_t bind[DB_DIGEST],
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(bind, DB_DIGEST) };
	struct db_rows		*rows;
	int			 rc;

	if (db_query(db, &state_stmt[0], arg, 1, &rows, e) == -1)
		return -1;
	rc = db_rows_count(rows) == 1 && db_get_bool(rows, 0, 0);
	db_rows_free(&rows);
	return rc;
}

int
db_credential_add(struct db *db, const struct db_credential *c,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(c->bind, DB_DIGEST),
	    db_bytes(c->order_id, DB_ORDER_ID), db_text(c->person),
	    db_bytes(c->credential.p, c->credential.len), db_text(c->rp_id),
	    db_text(c->origin), db_int(c->until) };

	return db_exec(db, &keep_stmt[ADD], arg, 7, e) == -1 ? -1 : 0;
}

int
db_credential_end(struct db *db, const uint8_t bind[DB_DIGEST],
    const uint8_t order_id[DB_ORDER_ID], struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(bind, DB_DIGEST),
	    db_bytes(order_id, DB_ORDER_ID) };

	return db_exec(db, &keep_stmt[END], arg, 2, e) == -1 ? -1 : 0;
}
