/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_agent.h"

static const struct db_stmt stmt[] = {
	DB_STMT("agent_order",
	    "SELECT state, reason, cert FROM agent_order($1::bytea)"),
	DB_STMT("agent_holder",
	    "SELECT h FROM agent_holder($1::bytea, $2::bytea) h "
	    "WHERE h IS NOT NULL"),
};
const struct db_table DB_AGENT = DB_TABLE(stmt);

int
db_agent_order(struct db *db, const uint8_t id[DB_ORDER_ID],
    struct db_agent_order *o, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, stmt, arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		o->state = db_row_text(a, rows, 0, 0);
		o->reason = db_row_text(a, rows, 0, 1);
		o->cert = db_row_bytes(a, rows, 0, 2);
	}
	db_rows_free(&rows);
	return found;
}

int
db_agent_holder(struct db *db, struct bytes serial, struct bytes der,
    const char **holder, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(serial.p, serial.len),
				    db_bytes(der.p, der.len) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, stmt + 1, arg, 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		*holder = db_row_text(a, rows, 0, 0);
	db_rows_free(&rows);
	return found;
}
