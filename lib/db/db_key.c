/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "db/db_key.h"

enum { FIND };

/*
 * The array in a query of its own has the planner guess how long it is, always
 * alike.  If it saw that it is short, a plan for this array alone would seem
 * better each time than the one for all, and cost more than it saves.
 */
static const struct db_stmt stmt[] = {
	[FIND] = DB_STMT("key_find",
	    "SELECT c.key_digest, c.ca, c.holder, c.serial, c.status,"
	    " coalesce(c.reason, -1)"
	    " FROM unnest((SELECT $1::bytea[])) AS u (key_digest)"
	    " CROSS JOIN LATERAL (SELECT key_digest, ca, holder, serial, status,"
	    "  reason FROM cert WHERE key_digest = u.key_digest UNION ALL"
	    "  SELECT key_digest, ca, holder, serial, status, reason"
	    "  FROM archived WHERE key_digest = u.key_digest OFFSET 0) c"),
};
const struct db_table DB_KEY = DB_TABLE(stmt);

int
db_key_find(struct db *db, const struct bytes *key_digest, size_t n,
    struct db_known_keys *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_blobs(key_digest, n) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[FIND], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_known_key *k = &out->v[i];

		db_row_fixed(k->key_digest, DB_DIGEST, rows, i, 0);
		k->ca = db_row_text(a, rows, i, 1);
		k->holder = db_row_text(a, rows, i, 2);
		db_row_serial(&k->serial, rows, i, 3);
		k->status = db_row_text(a, rows, i, 4);
		k->reason = (int)db_get_int(rows, i, 5);
	}
	db_rows_free(&rows);
	return 0;
}

#define KEY_COMPROMISE	1	/* RFC 5280, 5.3.1 */

const char *
db_key_objection(const struct db_known_key *k, const char *holder, bool unique)
{
	if (strcmp(k->status, "revoked") == 0 && k->reason == KEY_COMPROMISE)
		return "was revoked as compromised";
	if (k->holder == NULL || holder == NULL ||
	    strcmp(k->holder, holder) != 0)
		return "is certified for another holder";
	return unique ? "is certified already" : NULL;
}
