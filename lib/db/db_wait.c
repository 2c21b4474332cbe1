/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_wait.h"

static const struct db_stmt stmt[] = {
	DB_STMT("wait_look",
	    "SELECT w.n FROM unnest($1::bytea[]) WITH ORDINALITY AS w (id, n)"
	    " CROSS JOIN LATERAL (SELECT state FROM orders WHERE id = w.id"
	    "  OFFSET 0) o WHERE o.state IN ('pending', 'ready')"),
};
const struct db_table DB_WAIT = DB_TABLE(stmt);

int
db_wait_look(struct db *db, const struct bytes *id, size_t n, bool *done,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_blobs(id, n) };
	struct db_rows		*rows;
	size_t			 i;
	int64_t			 at;

	if (db_query(db, stmt, arg, 1, &rows, e) == -1)
		return -1;
	for (i = 0; i < n; i++)
		done[i] = true;
	for (i = 0; i < db_rows_count(rows); i++) {
		at = db_get_int(rows, i, 0);
		if (at >= 1 && (size_t)at <= n)
			done[at - 1] = false;
	}
	db_rows_free(&rows);
	return 0;
}
