/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_doctor.h"

enum { SETTING, ROLE, MAY, CERTS, ARCHIVER, SLOT };
static const struct db_stmt stmt[] = {
	[SETTING] = DB_STMT("doctor_setting",
	    "SELECT current_setting($1::text, true)"),
	[ROLE] = DB_STMT("doctor_role",
	    "SELECT count(*) FROM pg_roles WHERE rolname = $1::text"),
	/* Of a table that is not there nobody may anything. */
	[MAY] = DB_STMT("doctor_may",
	    "SELECT coalesce(CASE WHEN $3::text = 'DELETE' THEN"
	    " has_table_privilege($1::text, c.oid, $3::text) ELSE"
	    " has_any_column_privilege($1::text, c.oid, $3::text) END, false)"
	    " FROM (SELECT to_regclass('signet.' || $2::text) AS oid) c"),
	[CERTS] = DB_STMT("doctor_certs",
	    "SELECT count(*) FROM (SELECT FROM cert LIMIT 1) c"),
	[ARCHIVER] = DB_STMT("doctor_archiver",
	    "SELECT last_failed_wal || ' and what follows cannot be archived:'"
	    " || ' tried ' || failed_count || ' times, last on '"
	    " || to_char(last_failed_time AT TIME ZONE 'UTC',"
	    " 'YYYY-MM-DD HH24:MI \"UTC\"')"
	    " FROM pg_stat_archiver WHERE current_setting('archive_mode')"
	    " <> 'off' AND last_failed_time > coalesce(last_archived_time,"
	    " '-infinity')"),
	[SLOT] = DB_STMT("doctor_slot",
	    "SELECT slot_name || ' keeps ' || pg_size_pretty(pg_wal_lsn_diff("
	    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
	    " ELSE pg_current_wal_lsn() END, restart_lsn))"
	    " FROM pg_replication_slots WHERE NOT active"
	    " AND restart_lsn IS NOT NULL ORDER BY restart_lsn LIMIT 1"),
};
const struct db_table DB_DOCTOR = DB_TABLE(stmt);

int
db_doctor_setting(struct db *db, const char *name, const char **value,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[SETTING], arg, 1, &rows, e) == -1)
		return -1;
	*value = db_is_null(rows, 0, 0) ? NULL :
	    arena_strdup(a, db_get_text(rows, 0, 0));
	db_rows_free(&rows);
	return 0;
}

static int
ask_text(struct db *db, int which, const char **out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[which], NULL, 0, &rows, e) == -1)
		return -1;
	*out = db_rows_count(rows) == 0 ? NULL :
	    arena_strdup(a, db_get_text(rows, 0, 0));
	db_rows_free(&rows);
	return 0;
}

int
db_doctor_archiver(struct db *db, const char **why, struct arena *a,
    struct error *e)
{
	return ask_text(db, ARCHIVER, why, a, e);
}

int
db_doctor_slot(struct db *db, const char **why, struct arena *a,
    struct error *e)
{
	return ask_text(db, SLOT, why, a, e);
}

static int
ask_number(struct db *db, int which, const struct db_arg *arg, int n,
    int64_t *out, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[which], arg, n, &rows, e) == -1)
		return -1;
	*out = which == MAY ? db_get_bool(rows, 0, 0) :
	    db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_doctor_has_role(struct db *db, const char *role, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(role) };
	int64_t			 n;

	return ask_number(db, ROLE, arg, 1, &n, e) == -1 ? -1 : n > 0;
}

int
db_doctor_may(struct db *db, const char *role, const char *table,
    const char *privilege, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(role), db_text(table),
				    db_text(privilege) };
	int64_t			 n;

	return ask_number(db, MAY, arg, 3, &n, e) == -1 ? -1 : n > 0;
}

int
db_doctor_has_certs(struct db *db, struct error *e)
{
	int64_t	 n;

	return ask_number(db, CERTS, NULL, 0, &n, e) == -1 ? -1 : n > 0;
}
