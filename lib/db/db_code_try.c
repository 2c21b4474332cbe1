/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "db/db_code_try.h"

#define TRIES_FREE	"3"

enum { COUNT, WAIT, FORGIVE, TRIES };
static const struct db_stmt stmt[] = {
	[COUNT] = DB_STMT("code_try_count",
	    "INSERT INTO code_try AS t (order_id, tries)"
	    " VALUES ($1::bytea, 1) ON CONFLICT (order_id) DO UPDATE"
	    " SET tries = t.tries + 1, last_at = now(),"
	    " locked_until = CASE WHEN t.tries + 1 >= " TRIES_FREE " THEN now()"
	    "  + make_interval(secs => 2 ^ (t.tries + 1 - " TRIES_FREE ")) END"
	    " WHERE t.tries < $2::bigint AND (t.locked_until IS NULL"
	    "  OR t.locked_until <= now())"),
	[WAIT] = DB_STMT("code_try_wait",
	    "SELECT CASE WHEN tries >= $2::bigint THEN 0 ELSE greatest(1,"
	    " ceil(extract(epoch FROM locked_until - now())))::bigint END"
	    " FROM code_try WHERE order_id = $1::bytea"),
	[FORGIVE] = DB_STMT("code_try_forgive",
	    "UPDATE code_try SET tries = greatest(tries - 1, 0),"
	    " locked_until = NULL WHERE order_id = $1::bytea"),
	[TRIES] = DB_STMT("code_try_tries",
	    "SELECT coalesce(t.tries, 0)::bigint"
	    " FROM unnest($1::bytea[]) WITH ORDINALITY AS u (id, i)"
	    " LEFT JOIN code_try t ON t.order_id = u.id ORDER BY u.i"),
};
const struct db_table DB_CODE_TRY = DB_TABLE(stmt);

static int
wrap_id(struct error *e, const uint8_t id[DB_ORDER_ID])
{
	char	 hex[2 * DB_ORDER_ID + 1];

	return error_wrap(e, "code of order %s",
	    text_hex(hex, id, DB_ORDER_ID));
}

int
db_code_try(struct db *db, const uint8_t order[DB_ORDER_ID], int64_t *wait,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(order, DB_ORDER_ID),
	    db_int(DB_CODE_TRIES) };
	struct db_rows		*rows;
	int64_t			 n = db_exec(db, &stmt[COUNT], arg, 2, e);

	*wait = 0;
	if (n == -1)
		return wrap_id(e, order);
	if (n == 1)
		return 1;
	if (db_query(db, &stmt[WAIT], arg, 2, &rows, e) == -1)
		return wrap_id(e, order);
	if (db_rows_count(rows) == 1)
		*wait = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_code_try_forgive(struct db *db, const uint8_t order[DB_ORDER_ID],
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(order, DB_ORDER_ID) };

	return db_exec(db, &stmt[FORGIVE], arg, 1, e) == -1 ?
	    wrap_id(e, order) : 0;
}

int
db_code_try_count(struct db *db, const struct bytes *order, size_t n,
    int64_t *tries, struct error *e)
{
	const struct db_arg	 arg[] = { db_blobs(order, n) };
	struct db_rows		*rows;
	size_t			 i;

	if (db_query(db, &stmt[TRIES], arg, 1, &rows, e) == -1)
		return error_wrap(e, "codes of %zu orders", n);
	for (i = 0; i < n; i++)
		tries[i] = db_get_int(rows, i, 0);
	db_rows_free(&rows);
	return 0;
}
