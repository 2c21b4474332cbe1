/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "db/db.h"
#include "db/db_private.h"
#include "db/refill.h"

#define MARK	"signet_restoring"

static int
run(const char *conninfo, const char *sql, struct error *e)
{
	struct db	*db;
	int		 rc;

	if (db_open_bare(&db, conninfo, NULL, e) == -1)
		return -1;
	rc = db_script(db, sql, e);
	db_close(&db);
	return rc;
}

int
refill_is_begun(bool *begun, const char *conninfo, struct error *e)
{
	struct db_rows	*rows = NULL;
	struct db	*db;
	int		 rc;

	*begun = false;
	if (db_open_bare(&db, conninfo, NULL, e) == -1)
		return -1;
	rc = db_ask(db, "SELECT 1 FROM pg_namespace WHERE nspname = '" MARK
	    "'", NULL, 0, &rows, e);
	if (rc == 0)
		*begun = db_rows_count(rows) > 0;
	db_rows_free(&rows);
	db_close(&db);
	return rc;
}

int
refill_begin(const char *conninfo, bool begun, struct error *e)
{
	return run(conninfo, begun ? "SET client_min_messages = warning;"
	    " DROP SCHEMA IF EXISTS signet CASCADE" : "CREATE SCHEMA " MARK,
	    e);
}

int
refill_end(const char *conninfo, int64_t skip, struct error *e)
{
	char	*sql;
	int	 rc;

	/* One message is one transaction. */
	sql = mem_printf("UPDATE signet.ca SET crl_number_from = greatest("
	    "crl_number_from, coalesce((SELECT max(number) FROM signet.crl"
	    " WHERE crl.ca = ca.name), 0)) + %lld WHERE NOT is_root;"
	    " DROP SCHEMA " MARK, (long long)skip);
	rc = run(conninfo, sql, e);
	mem_free(&sql);
	return rc;
}
