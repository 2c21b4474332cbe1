/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "db/db_permit.h"

static const struct db_stmt find_stmt[] = {
	DB_STMT("permit_find",
	    "SELECT id FROM orders WHERE kind = 'permit'"
	    " AND summary = $1::text AND state IN ('pending', 'ready')"
	    " AND expires_at > now() ORDER BY seq DESC LIMIT 1"),
};
const struct db_table DB_PERMIT = DB_TABLE(find_stmt);

static const struct db_stmt use_stmt[] = {
	DB_STMT("permit_use",
	    "INSERT INTO permit_use (digest, order_id, who)"
	    " SELECT $1::bytea, $2::bytea, $3::text WHERE NOT EXISTS"
	    " (SELECT FROM permit_use WHERE digest = $1::bytea)"),
};
const struct db_table DB_PERMIT_USE = DB_TABLE(use_stmt);

int
db_permit_find(struct db *db, const char *what, uint8_t id[DB_ORDER_ID],
    struct error *e)
{
	const struct db_arg	 arg[] = { db_text(what) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, find_stmt, arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		db_row_fixed(id, DB_ORDER_ID, rows, 0, 0);
	db_rows_free(&rows);
	return found;
}

int
db_permit_use(struct db *db, const uint8_t id[DB_ORDER_ID],
    const uint8_t digest[DB_DIGEST], const char *who, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(digest, DB_DIGEST),
	    db_bytes(id, DB_ORDER_ID), db_text(who) };
	int64_t			 n;

	if ((n = db_exec(db, use_stmt, arg, 3, e)) == 1)
		return 0;
	return n == -1 ? -1 : error_set(e, ERROR_CONFLICT, "what was permitted "
	    "has been done: it was once");
}
