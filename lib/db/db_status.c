/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_status.h"

/* Rows are looked up by key, locked, and touched by place: see db_issue.c. */
enum { CLAIM, LOCK, APPLY, RECORD, OUTBOX, RESOLVE, REJECT };
static const struct db_stmt stmt[] = {
	[CLAIM] = DB_STMT("status_claim",
	    "SELECT id, digest, kind, blob FROM (SELECT c.*,"
	    " sum(octet_length(blob)) OVER (ORDER BY seq) - octet_length(blob)"
	    " AS before FROM (SELECT * FROM orders WHERE state = 'ready'"
	    "  AND CASE WHEN $3::boolean THEN kind = 'adopt' ELSE kind IN"
	    "  ('revoke', 'hold', 'release', 'reject', 'bind', 'unbind') END"
	    "  ORDER BY seq LIMIT $1::bigint FOR UPDATE SKIP LOCKED) c) s"
	    " WHERE before < $2::bigint ORDER BY seq"),
	[LOCK] = DB_STMT("status_lock",
	    "SELECT FROM (SELECT DISTINCT * FROM unnest($1::text[],"
	    "  $2::bytea[]) AS a (ca, serial) ORDER BY ca, serial) u"
	    " CROSS JOIN LATERAL (SELECT FROM cert WHERE ca = u.ca"
	    "  AND serial = u.serial FOR NO KEY UPDATE) x"),
	[APPLY] = DB_STMT("status_apply",
	    "WITH hit AS MATERIALIZED (SELECT u.*, x.at AS row"
	    " FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bigint[],"
	    " $5::bigint[], $6::bigint[]) WITH ORDINALITY"
	    " AS u (ca, serial, status, reason, at, since, place)"
	    " CROSS JOIN LATERAL (SELECT k.ctid AS at FROM cert k"
	    "  WHERE k.ca = u.ca AND k.serial = u.serial OFFSET 0) x)"
	    " UPDATE cert t SET status = hit.status,"
	    " revoked_at = CASE WHEN hit.status <> 'good'"
	    "  THEN to_timestamp(hit.at) END,"
	    " reason = nullif(hit.reason, -1),"
	    " invalid_since = to_timestamp(nullif(hit.since, 0))"
	    " FROM hit WHERE t.ctid = hit.row"
	    " AND CASE t.status WHEN 'revoked' THEN false"
	    "  ELSE t.status <> hit.status END"
	    " RETURNING hit.place - 1"),
	/* One round trip less to wait while everybody waits for the chain. */
	[RECORD] = DB_STMT("status_record",
	    "WITH a AS MATERIALIZED (SELECT audit_append($7::bytea[]) AS seq),"
	    " added AS (INSERT INTO status_change (ca, serial, status, reason,"
	    " changed_at, order_id, seq, shard) SELECT ca, serial, status,"
	    " nullif(reason, -1), to_timestamp(at), id, a.seq, coalesce((SELECT"
	    " shard FROM cert c WHERE c.serial = u.serial AND c.ca = u.ca), 0)"
	    " FROM a, unnest($1::text[], $2::bytea[], $3::text[],"
	    " $4::bigint[], $5::bigint[], $6::bytea[])"
	    " AS u (ca, serial, status, reason, at, id))"
	    " SELECT seq FROM a"),
	[OUTBOX] = DB_STMT("status_outbox",
	    "INSERT INTO outbox (topic, ca, serial)"
	    " SELECT 'status', * FROM unnest($1::text[], $2::bytea[])"),
	[RESOLVE] = DB_STMT("status_resolve",
	    "UPDATE orders SET state = 'done', reason = NULL,"
	    " changed_at = now() WHERE id = ANY ($1::bytea[])"
	    " AND state = 'ready'"),
	[REJECT] = DB_STMT("status_reject",
	    "UPDATE orders SET state = 'rejected', changed_at = now(),"
	    " reason = coalesce($2::text, 'rejected by an officer')"
	    " WHERE digest = $1::bytea AND state IN ('pending', 'ready')"),
};
const struct db_table DB_STATUS = DB_TABLE(stmt);

int
db_status_claim(struct db *db, bool adopt, size_t max,
    struct db_status_orders *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int((int64_t)max),
	    db_int(DB_STATUS_BYTES), db_bool(adopt) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[CLAIM], arg, 3, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		db_row_fixed(out->v[i].id, DB_ORDER_ID, rows, i, 0);
		db_row_fixed(out->v[i].digest, DB_DIGEST, rows, i, 1);
		out->v[i].kind = db_row_text(a, rows, i, 2);
		out->v[i].blob = db_row_bytes(a, rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}

/* Changes, column by column, in the order of the statements' parameters. */
static void
columns_fill(struct db_arg arg[6], const struct db_status_change *v, size_t n,
    struct arena *a)
{
	const char	**ca = arena_alloc(a, (n + 1) * sizeof(*ca));
	const char	**status = arena_alloc(a, (n + 1) * sizeof(*status));
	struct bytes	*serial = arena_alloc(a, (n + 1) * sizeof(*serial));
	int64_t		*reason = arena_alloc(a, (n + 1) * sizeof(*reason));
	int64_t		*at = arena_alloc(a, (n + 1) * sizeof(*at));
	int64_t		*since = arena_alloc(a, (n + 1) * sizeof(*since));

	for (size_t i = 0; i < n; i++) {
		ca[i] = v[i].ca;
		serial[i] = BYTES(v[i].serial.p, v[i].serial.len);
		status[i] = v[i].status;
		reason[i] = v[i].reason;
		at[i] = v[i].at;
		since[i] = v[i].invalid_since;
	}
	arg[0] = db_texts(ca, n);
	arg[1] = db_blobs(serial, n);
	arg[2] = db_texts(status, n);
	arg[3] = db_ints(reason, n);
	arg[4] = db_ints(at, n);
	arg[5] = db_ints(since, n);
}

int
db_status_apply(struct db *db, const struct db_status_change *v, size_t n,
    bool *done, struct error *e)
{
	struct arena		*a = arena_new();
	struct db_status_change	*changed = arena_alloc(a,
	    (n + 1) * sizeof(*changed));
	struct db_arg		 arg[6];
	struct db_rows		*rows = NULL;
	size_t			 k = 0;
	int			 rc = -1;

	memset(done, 0, n * sizeof(*done));
	columns_fill(arg, v, n, a);
	if (db_exec(db, &stmt[LOCK], arg, 2, e) == -1 ||
	    db_query(db, &stmt[APPLY], arg, 6, &rows, e) == -1)
		goto out;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		done[db_get_int(rows, i, 0)] = true;
	for (size_t i = 0; i < n; i++)
		if (done[i])
			changed[k++] = v[i];
	columns_fill(arg, changed, k, a);
	rc = db_exec(db, &stmt[OUTBOX], arg, 2, e) == -1 ? -1 : 0;
 out:
	db_rows_free(&rows);
	arena_free(&a);
	return rc;
}

int
db_status_record(struct db *db, const struct db_status_change *v, size_t n,
    const struct bytes *body, size_t nbody, struct error *e)
{
	struct arena	*a = arena_new();
	struct bytes	*id = arena_alloc(a, (n + 1) * sizeof(*id));
	struct db_arg	 arg[7];
	struct db_rows	*rows = NULL;
	int		 rc;

	for (size_t i = 0; i < n; i++)
		id[i] = BYTES(v[i].order_id, DB_ORDER_ID);
	columns_fill(arg, v, n, a);
	arg[5] = db_blobs(id, n);
	arg[6] = db_blobs(body, nbody);
	rc = db_query(db, &stmt[RECORD], arg, 7, &rows, e);
	db_rows_free(&rows);
	arena_free(&a);
	return rc;
}

int
db_status_resolve(struct db *db, const struct bytes *order_id, size_t n,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_blobs(order_id, n) };
	int64_t			 touched;

	if ((touched = db_exec(db, &stmt[RESOLVE], arg, 1, e)) == -1)
		return -1;
	if ((size_t)touched == n)
		return 0;
	return error_set(e, ERROR_CONFLICT, "%zu of %zu orders are not ready "
	    "any more", n - (size_t)touched, n);
}

int
db_status_reject(struct db *db, const uint8_t digest[DB_DIGEST],
    const char *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(digest, DB_DIGEST),
	    db_text(reason) };

	return db_exec(db, &stmt[REJECT], arg, 2, e) == -1 ? -1 : 0;
}
