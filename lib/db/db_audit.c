/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_audit.h"

enum { LIST, HEAD, SIGNED_LIST };
static const struct db_stmt read_stmt[] = {
	[LIST] = DB_STMT("audit_list",
	    "SELECT seq, hash, body FROM audit WHERE seq > $1::bigint"
	    " ORDER BY seq LIMIT $2::bigint"),
	[HEAD] = DB_STMT("audit_head", "SELECT seq, hash FROM audit_head"),
	[SIGNED_LIST] = DB_STMT("audit_signed_list",
	    "SELECT seq, instance, " DB_EPOCH("signed_at") ", cms"
	    " FROM audit_signed_head"
	    " WHERE (seq, instance) > ($1::bigint, $2::text)"
	    " ORDER BY seq, instance LIMIT $3::bigint"),
};
const struct db_table DB_AUDIT = DB_TABLE(read_stmt);

static const struct db_stmt append_stmt[] = {
	DB_STMT("audit_append", "SELECT audit_append($1::bytea[])"),
};
const struct db_table DB_AUDIT_APPEND = DB_TABLE(append_stmt);

static const struct db_stmt sign_stmt[] = {
	DB_STMT("audit_signed_add",
	    "INSERT INTO audit_signed_head (seq, instance, signed_at, cms)"
	    " VALUES ($1::bigint, $2::text, " DB_TIME(3) ", $4::bytea)"),
};
const struct db_table DB_AUDIT_SIGN = DB_TABLE(sign_stmt);

int
db_audit_append(struct db *db, const struct bytes *body, size_t n,
    int64_t *seq, struct error *e)
{
	const struct db_arg	 arg[] = { db_blobs(body, n) };
	struct db_rows		*rows;

	if (db_query(db, append_stmt, arg, 1, &rows, e) == -1)
		return -1;
	if (seq != NULL)
		*seq = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_audit_add(struct db *db, struct buf *body, struct error *e)
{
	const struct bytes	 one = BYTES(body->p, body->len);
	int			 rc = db_audit_append(db, &one, 1, NULL, e);

	buf_clear(body);
	return rc;
}

int
db_audit_list(struct db *db, int64_t after, size_t limit,
    struct db_audit_entries *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(after),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[LIST], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].seq = db_get_int(rows, i, 0);
		db_row_fixed(out->v[i].hash, DB_DIGEST, rows, i, 1);
		out->v[i].body = db_row_bytes(a, rows, i, 2);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_audit_head(struct db *db, int64_t *seq, uint8_t hash[DB_DIGEST],
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &read_stmt[HEAD], NULL, 0, &rows, e) == -1)
		return -1;
	if (db_rows_count(rows) != 1) {
		db_rows_free(&rows);
		return error_set(e, ERROR_BUG, "audit_head is not one row");
	}
	*seq = db_get_int(rows, 0, 0);
	db_row_fixed(hash, DB_DIGEST, rows, 0, 1);
	db_rows_free(&rows);
	return 0;
}

int
db_audit_signed_add(struct db *db, const struct db_audit_signed *s,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_int(s->seq), db_text(s->instance),
	    db_int(s->at), db_bytes(s->cms.p, s->cms.len) };

	if (db_exec(db, sign_stmt, arg, 4, e) == -1)
		return error_wrap(e, "signed head %lld", (long long)s->seq);
	return 0;
}

int
db_audit_signed_list(struct db *db, int64_t seq, const char *instance,
    size_t limit, struct db_audit_signeds *out, struct arena *a,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_int(seq), db_text(instance),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[SIGNED_LIST], arg, 3, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].seq = db_get_int(rows, i, 0);
		out->v[i].instance = db_row_text(a, rows, i, 1);
		out->v[i].at = db_get_int(rows, i, 2);
		out->v[i].cms = db_row_bytes(a, rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}
