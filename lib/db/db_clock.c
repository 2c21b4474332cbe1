/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_clock.h"

static const struct db_stmt stmt[] = {
	DB_STMT("clock",
	    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"),
};
const struct db_table DB_CLOCK = DB_TABLE(stmt);

int
db_clock_ms(struct db *db, int64_t *ms, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[0], NULL, 0, &rows, e) == -1)
		return -1;
	*ms = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}
