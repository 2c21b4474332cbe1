/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_ocsp.h"

enum { READ, FEED, CHANGES, LISTS };
static const struct db_stmt stmt[] = {
	/* By the index (serial, ca), one by one: see db_issue.c; and a row for
	 * each that was asked, because the head belongs to the same moment. */
	[READ] = DB_STMT("ocsp_read",
	    "SELECT h.seq, u.place - 1, c.status, coalesce(c.reason, -1), "
	    DB_EPOCH("c.revoked_at") ", " DB_EPOCH("c.not_after")
	    " FROM audit_head h CROSS JOIN unnest($1::text[], $2::bytea[])"
	    " WITH ORDINALITY AS u (ca, serial, place)"
	    " LEFT JOIN LATERAL (SELECT status, reason, revoked_at, not_after"
	    "  FROM cert WHERE cert.ca = u.ca AND cert.serial = u.serial"
	    "  UNION ALL SELECT status, reason, revoked_at, not_after"
	    "  FROM archived WHERE archived.ca = u.ca"
	    "  AND archived.serial = u.serial OFFSET 0) c ON true"),
	[FEED] = DB_STMT("ocsp_feed",
	    "SELECT h.seq, h.hash, $1::bigint = 0 OR coalesce((SELECT"
	    " a.hash = $2::bytea FROM audit a WHERE a.seq = $1::bigint),"
	    " false), floor(extract(epoch FROM clock_timestamp() - b.at)"
	    " * 1000)::bigint, pg_is_in_recovery(),"
	    " floor(extract(epoch FROM b.at) * 1000)::bigint"
	    " FROM audit_head h, heartbeat b"),
	[CHANGES] = DB_STMT("ocsp_changes",
	    "SELECT ca, serial FROM status_change WHERE seq > $1::bigint"
	    " ORDER BY seq LIMIT $2::bigint"),
	/* From one (ca, shard) to the next along the primary key: the history
	 * of lists is long. */
	[LISTS] = DB_STMT("ocsp_lists",
	    "WITH RECURSIVE s AS ("
	    "(SELECT ca, shard FROM crl ORDER BY ca, shard LIMIT 1)"
	    " UNION ALL SELECT n.ca, n.shard FROM s CROSS JOIN LATERAL"
	    " (SELECT ca, shard FROM crl WHERE (crl.ca, crl.shard) >"
	    "  (s.ca, s.shard) ORDER BY ca, shard LIMIT 1) n)"
	    " SELECT l.* FROM s CROSS JOIN LATERAL"
	    " (SELECT ca, shard, number, size FROM crl WHERE crl.ca = s.ca"
	    "  AND crl.shard = s.shard AND base = 0"
	    "  ORDER BY number DESC LIMIT 1) l"),
};
const struct db_table DB_OCSP = DB_TABLE(stmt);

static const struct db_stmt release_stmt[] = {
	DB_STMT("ocsp_release", "SELECT blob, der, profile"
	    " FROM release_evidence($1::text, $2::bytea)"),
};
const struct db_table DB_RELEASE = DB_TABLE(release_stmt);

/* Several may beat: one a second is enough. */
static const struct db_stmt beat_stmt[] = {
	DB_STMT("heartbeat",
	    "UPDATE heartbeat SET at = clock_timestamp()"
	    " WHERE at < clock_timestamp() - interval '0.5 s'"
	    " OR at > clock_timestamp()"),
};
const struct db_table DB_HEARTBEAT = DB_TABLE(beat_stmt);

static enum db_status
status_named(const char *name)
{
	if (name == NULL)
		return DB_STATUS_NONE;
	switch (name[0]) {
	case 'g':
		return DB_STATUS_GOOD;
	case 'h':
		return DB_STATUS_HELD;
	default:
		return DB_STATUS_REVOKED;
	}
}

int
db_ocsp_read(struct db *db, const struct db_ocsp_key *key, size_t n,
    struct db_ocsp_status *out, int64_t *seq, struct error *e)
{
	const char	**ca = mem_array(n + 1, sizeof(*ca));
	struct bytes	*serial = mem_array(n + 1, sizeof(*serial));
	struct db_arg	 arg[2];
	struct db_rows	*rows;
	int		 rc = -1;

	for (size_t i = 0; i < n; i++) {
		ca[i] = key[i].ca;
		serial[i] = BYTES(key[i].serial.p, key[i].serial.len);
	}
	arg[0] = db_texts(ca, n);
	arg[1] = db_blobs(serial, n);
	if (db_query(db, &stmt[READ], arg, 2, &rows, e) == -1)
		goto out;
	if (db_rows_count(rows) == n)
		rc = 0;
	else
		error_set(e, ERROR_BUG, "audit_head is not one row");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct db_ocsp_status *s = &out[db_get_int(rows, i, 1)];

		*seq = db_get_int(rows, i, 0);
		s->status = status_named(db_get_text(rows, i, 2));
		s->reason = (int)db_get_int(rows, i, 3);
		s->revoked_at = db_get_int(rows, i, 4);
		s->not_after = db_get_int(rows, i, 5);
	}
	db_rows_free(&rows);
 out:
	mem_free(&serial);
	mem_free(&ca);
	return rc;
}

int
db_ocsp_feed(struct db *db, int64_t after, const uint8_t hash[DB_DIGEST],
    struct db_ocsp_feed *f, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(after),
	    db_bytes(hash, DB_DIGEST) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[FEED], arg, 2, &rows, e) == -1)
		return -1;
	if (db_rows_count(rows) != 1) {
		db_rows_free(&rows);
		return error_set(e, ERROR_BUG, "audit_head and heartbeat are "
		    "not one row each");
	}
	f->seq = db_get_int(rows, 0, 0);
	db_row_fixed(f->hash, DB_DIGEST, rows, 0, 1);
	f->continues = db_get_bool(rows, 0, 2);
	f->heartbeat_ms = db_get_int(rows, 0, 3);
	f->is_replica = db_get_bool(rows, 0, 4);
	f->beat = db_get_int(rows, 0, 5);
	db_rows_free(&rows);
	return 0;
}

int
db_ocsp_changes(struct db *db, int64_t after, size_t limit,
    struct db_ocsp_keys *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(after),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[CHANGES], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].ca = db_row_text(a, rows, i, 0);
		db_row_serial(&out->v[i].serial, rows, i, 1);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_ocsp_lists(struct db *db, struct db_ocsp_lists *out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[LISTS], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].ca = db_row_text(a, rows, i, 0);
		out->v[i].shard = db_get_int(rows, i, 1);
		out->v[i].number = db_get_int(rows, i, 2);
		out->v[i].size = db_get_int(rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_ocsp_release(struct db *db, const struct db_ocsp_key *key,
    struct db_ocsp_release *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(key->ca),
	    db_bytes(key->serial.p, key->serial.len) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &release_stmt[0], arg, 2, &rows, e) == -1)
		return -1;
	found = db_rows_count(rows) > 0;
	if (found) {
		out->order = db_row_bytes(a, rows, 0, 0);
		out->cert = db_row_bytes(a, rows, 0, 1);
		out->profile = db_row_text(a, rows, 0, 2);
	}
	db_rows_free(&rows);
	return found;
}

int
db_heartbeat(struct db *db, struct error *e)
{
	return db_exec(db, &beat_stmt[0], NULL, 0, e) == -1 ? -1 : 0;
}
