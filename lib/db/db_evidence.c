/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_evidence.h"

enum { ORDERS, CERTS, CERTS_AND_CHANGES, LOST };

#define CERTS_SQL(column, join) \
	"SELECT u.place - 1, c.der, c.profile" column \
	" FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY" \
	" AS u (ca, serial, place)" \
	" CROSS JOIN LATERAL (SELECT der, profile, NULL::bytea AS changed_by" \
	"  FROM cert WHERE ca = u.ca AND serial = u.serial" \
	"  UNION ALL SELECT der, profile, changed_by FROM archived" \
	"  WHERE ca = u.ca AND serial = u.serial AND der IS NOT NULL" \
	"  OFFSET 0) c" join

static const struct db_stmt stmt[] = {
	[ORDERS] = DB_STMT("evidence_orders",
	    "SELECT u.place - 1, o.blob"
	    " FROM unnest($1::bytea[]) WITH ORDINALITY AS u (id, place)"
	    " CROSS JOIN LATERAL (SELECT blob FROM orders WHERE id = u.id"
	    "  OFFSET 0) o"),
	[CERTS] = DB_STMT("evidence_certs", CERTS_SQL("", "")),
	[CERTS_AND_CHANGES] = DB_STMT("evidence_changes",
	    CERTS_SQL(", coalesce(o.blob,"
	    " (SELECT blob FROM orders WHERE id = c.changed_by))",
	    " LEFT JOIN LATERAL (SELECT o.blob FROM status_change s"
	    "  JOIN orders o ON o.id = s.order_id WHERE s.ca = u.ca"
	    "  AND s.serial = u.serial ORDER BY s.id DESC LIMIT 1) o ON true")),
	/* What somebody has revoked since is not good again for a release. */
	[LOST] = DB_STMT("evidence_lost",
	    "SELECT u.place - 1 FROM unnest($1::text[], $2::bytea[],"
	    " $3::text[]) WITH ORDINALITY AS u (ca, serial, status, place)"
	    " LEFT JOIN LATERAL (SELECT status FROM cert WHERE ca = u.ca"
	    "  AND serial = u.serial OFFSET 0) c ON true"
	    " WHERE CASE u.status WHEN 'revoked' THEN c.status <> 'revoked'"
	    "  WHEN 'held' THEN c.status = 'good'"
	    "  WHEN 'good' THEN c.status = 'held'"
	    "  ELSE c.status IS NULL AND NOT EXISTS (SELECT FROM intent i"
	    "   WHERE i.ca = u.ca AND i.serial = u.serial)"
	    "  AND NOT EXISTS (SELECT FROM archived a WHERE a.ca = u.ca"
	    "   AND a.serial = u.serial) END"),
};
const struct db_table DB_EVIDENCE = DB_TABLE(stmt);

int
db_evidence_orders(struct db *db, const struct bytes *id, size_t n,
    struct bytes *blob, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_blobs(id, n) };
	struct db_rows		*rows;
	size_t			 i;

	memset(blob, 0, n * sizeof(*blob));
	if (db_query(db, &stmt[ORDERS], arg, 1, &rows, e) == -1)
		return -1;
	for (i = 0; i < db_rows_count(rows); i++)
		blob[db_get_int(rows, i, 0)] = db_row_bytes(a, rows, i, 1);
	db_rows_free(&rows);
	return 0;
}

int
db_evidence_certs(struct db *db, const char *const *ca,
    const struct bytes *serial, size_t n, bool with_change,
    struct db_evidence_cert *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(ca, n),
	    db_blobs(serial, n) };
	struct db_rows		*rows;
	size_t			 i;

	memset(out, 0, n * sizeof(*out));
	if (db_query(db, &stmt[with_change ? CERTS_AND_CHANGES : CERTS], arg,
	    2, &rows, e) == -1)
		return -1;
	for (i = 0; i < db_rows_count(rows); i++) {
		struct db_evidence_cert	*c = &out[db_get_int(rows, i, 0)];

		c->der = db_row_bytes(a, rows, i, 1);
		c->profile = db_row_text(a, rows, i, 2);
		if (with_change)
			c->change = db_row_bytes(a, rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_evidence_lost(struct db *db, const char *const *ca,
    const struct bytes *serial, const char *const *status, size_t n,
    bool *lost, struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(ca, n),
	    db_blobs(serial, n), db_texts(status, n) };
	struct db_rows		*rows;
	size_t			 i;

	memset(lost, 0, n * sizeof(*lost));
	if (db_query(db, &stmt[LOST], arg, 3, &rows, e) == -1)
		return -1;
	for (i = 0; i < db_rows_count(rows); i++)
		lost[db_get_int(rows, i, 0)] = true;
	db_rows_free(&rows);
	return 0;
}
