/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db.h"
#include "db/db_private.h"
#include "db/migrate.h"

#define SQL_MAX		(4u << 20)
#define VERSION_DIGITS	4

/* Any number will do; it names the lock that lets one migration run. */
#define MIGRATE_LOCK	"7309453271"

static int
sql_load(struct buf *out, const char *path, struct error *e)
{
	char	 piece[8192];
	size_t	 n;
	FILE	*f;
	int	 rc = -1;

	if ((f = fopen(path, "re")) == NULL)
		return error_sys(e, "%s", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0) {
		if (out->len + n > SQL_MAX) {
			error_set(e, ERROR_INPUT, "%s: more than %u bytes",
			    path, SQL_MAX);
			goto out;
		}
		buf_add(out, piece, n);
	}
	if (ferror(f)) {
		error_sys(e, "%s", path);
		goto out;
	}
	if (out->len == 0) {
		error_set(e, ERROR_INPUT, "%s: nothing in it", path);
		goto out;
	}
	if (memchr(out->p, '\0', out->len) != NULL) {
		error_set(e, ERROR_INPUT, "%s: not a text file", path);
		goto out;
	}
	rc = 0;
 out:
	fclose(f);
	return rc;
}

/* The plan: what is in the directory, and what of it is in the database. */

/* "0001-core.sql": 1 and version; else 0. */
static int
step_version(const char *file)
{
	size_t	 len = strlen(file);
	int	 version = 0;

	if (len < VERSION_DIGITS + 6 || file[VERSION_DIGITS] != '-' ||
	    strcmp(file + len - 4, ".sql") != 0)
		return 0;
	for (int i = 0; i < VERSION_DIGITS; i++) {
		if (!isdigit((unsigned char)file[i]))
			return 0;
		version = version * 10 + (file[i] - '0');
	}
	for (size_t i = VERSION_DIGITS + 1; i < len - 4; i++)
		if (!isalnum((unsigned char)file[i]) && file[i] != '-')
			return 0;
	return version;
}

static void
plan_add(struct migrate_plan *plan, int version, const char *dir,
    const char *file)
{
	struct migrate_step	*s;

	plan->v = mem_resize(plan->v, plan->n + 1, sizeof(*plan->v));
	s = &plan->v[plan->n++];
	memset(s, 0, sizeof(*s));
	s->version = version;
	s->name = mem_printf("%.*s",
	    (int)(strlen(file) - VERSION_DIGITS - 5), file + VERSION_DIGITS + 1);
	s->path = mem_printf("%s/%s", dir, file);
}

static int
step_compare(const void *a, const void *b)
{
	const struct migrate_step	*x = a, *y = b;

	return x->version - y->version;
}

static int
plan_read_dir(struct migrate_plan *plan, const char *dir, struct error *e)
{
	struct dirent	*entry;
	DIR		*d;
	int		 version;

	if ((d = opendir(dir)) == NULL)
		return error_sys(e, "%s", dir);
	while ((entry = readdir(d)) != NULL)
		if ((version = step_version(entry->d_name)) > 0)
			plan_add(plan, version, dir, entry->d_name);
	closedir(d);
	if (plan->n == 0)
		return error_set(e, ERROR_CONFIG,
		    "%s: no files NNNN-name.sql there", dir);
	qsort(plan->v, plan->n, sizeof(*plan->v), step_compare);
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].version != (int)i + 1)
			return error_set(e, ERROR_CONFIG, "%s: version %zu is "
			    "missing or there twice", dir, i + 1);
	return 0;
}

static int
plan_read_applied(struct migrate_plan *plan, struct db *db, struct error *e)
{
	struct db_rows	*rows = NULL;
	bool		 exists;

	if (db_ask(db, "SELECT to_regclass('signet.schema_version') IS NOT NULL",
	    NULL, 0, &rows, e) == -1)
		return -1;
	exists = db_get_bool(rows, 0, 0);
	db_rows_free(&rows);
	if (!exists)
		return 0;
	if (db_ask(db, "SELECT version, to_char(applied_at AT TIME ZONE 'UTC',"
	    " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
	    " FROM signet.schema_version ORDER BY version",
	    NULL, 0, &rows, e) == -1)
		return -1;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		plan->current = (int)db_get_int(rows, i, 0);
		if (plan->current < 1 || (size_t)plan->current > plan->n)
			continue;
		plan->v[plan->current - 1].applied = true;
		snprintf(plan->v[plan->current - 1].applied_at,
		    sizeof(plan->v->applied_at), "%s", db_get_text(rows, i, 1));
	}
	db_rows_free(&rows);
	return 0;
}

static int
plan_read(struct migrate_plan *plan, struct db *db, const char *dir,
    struct error *e)
{
	memset(plan, 0, sizeof(*plan));
	if (plan_read_dir(plan, dir, e) == -1 ||
	    plan_read_applied(plan, db, e) == -1) {
		migrate_plan_clear(plan);
		return -1;
	}
	return 0;
}

int
migrate_status(struct migrate_plan *plan, const char *conninfo,
    const char *dir, struct error *e)
{
	struct db	*db = NULL;
	int		 rc;

	memset(plan, 0, sizeof(*plan));
	if (db_open_bare(&db, conninfo, NULL, e) == -1)
		return -1;
	rc = plan_read(plan, db, dir, e);
	db_close(&db);
	return rc;
}

void
migrate_plan_clear(struct migrate_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		mem_free(&plan->v[i].name);
		mem_free(&plan->v[i].path);
	}
	mem_free(&plan->v);
	plan->n = 0;
	plan->current = 0;
}

/* Carrying it out. */

struct run {
	const struct migrate_step	*step;
	struct buf			 sql;
};

static int
run_begin(struct db *db, struct error *e)
{
	return db_script(db, "SELECT pg_advisory_xact_lock(" MIGRATE_LOCK ");"
	    "SET LOCAL search_path = signet, pg_temp;"
	    "SET LOCAL statement_timeout = 0;"
	    "SET LOCAL client_min_messages = error;", e);
}

/* Under the lock: has another migration been faster? */
static int
is_applied(struct db *db, int version, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(version) };
	struct db_rows		*rows = NULL;
	int			 found;

	if (db_ask(db, "SELECT 1 FROM schema_version WHERE version = $1::bigint",
	    arg, 1, &rows, e) == -1)
		return -1;
	found = db_rows_count(rows) > 0;
	db_rows_free(&rows);
	return found;
}

static int
run_step(struct db *db, void *arg, struct error *e)
{
	struct run	*run = arg;
	char		*note;
	int		 rc;

	if (run_begin(db, e) == -1)
		return -1;
	if ((rc = is_applied(db, run->step->version, e)) != 0)
		return rc == 1 ? 0 : -1;
	if (db_script(db, buf_cstr(&run->sql), e) == -1)
		return -1;
	/* The name is checked by step_version(). */
	note = mem_printf("INSERT INTO signet.schema_version (version, name)"
	    " VALUES (%d, '%s')", run->step->version, run->step->name);
	rc = db_script(db, note, e);
	mem_free(&note);
	return rc;
}

static int
run_roles(struct db *db, void *arg, struct error *e)
{
	struct run	*run = arg;

	if (run_begin(db, e) == -1)
		return -1;
	return db_script(db, buf_cstr(&run->sql), e);
}

static int
run_file(struct db *db, const struct migrate_step *step, db_txn_fn *fn,
    struct error *e)
{
	struct run	 run = { .step = step };
	int		 rc = -1;

	if (sql_load(&run.sql, step->path, e) == 0) {
		rc = db_txn(db, fn, &run, e);
		if (rc == -1)
			error_wrap(e, "%s", step->path);
	}
	buf_clear(&run.sql);
	return rc;
}

/* The place for everything; the check is for sha256() of text and the like. */
static int
make_place(struct db *db, void *arg, struct error *e)
{
	(void)arg;
	return db_script(db, "SELECT pg_advisory_xact_lock(" MIGRATE_LOCK ");"
	    "SET LOCAL client_min_messages = error;"
	    "DO $$ BEGIN"
	    "  IF current_setting('server_encoding') <> 'UTF8' THEN"
	    "    RAISE EXCEPTION 'the database''s encoding is %, not UTF8',"
	    "      current_setting('server_encoding') USING ERRCODE = '3D000';"
	    "  END IF;"
	    "END $$;"
	    "CREATE SCHEMA IF NOT EXISTS signet;"
	    "CREATE TABLE IF NOT EXISTS signet.schema_version ("
	    "  version integer PRIMARY KEY CHECK (version > 0),"
	    "  name text NOT NULL,"
	    "  applied_at timestamptz NOT NULL DEFAULT now());", e);
}

static int
apply_missing(struct db *db, const struct migrate_plan *plan,
    migrate_say_fn *say, void *arg, struct error *e)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct migrate_step *s = &plan->v[i];

		if (s->applied)
			continue;
		if (say != NULL)
			say(arg, s);
		if (run_file(db, s, run_step, e) == -1)
			return -1;
	}
	return 0;
}

static int
apply_roles(struct db *db, const char *dir, struct error *e)
{
	struct migrate_step	 roles = { .version = 0 };
	int			 rc;

	roles.path = mem_printf("%s/roles.sql", dir);
	rc = run_file(db, &roles, run_roles, e);
	mem_free(&roles.path);
	return rc;
}

int
migrate_apply(const char *conninfo, const char *dir, migrate_say_fn *say,
    void *arg, struct error *e)
{
	struct migrate_plan	 plan = { .n = 0 };
	struct db		*db = NULL;
	int			 rc = -1;

	if (db_open_bare(&db, conninfo, NULL, e) == -1 ||
	    plan_read(&plan, db, dir, e) == -1)
		goto out;
	if ((size_t)plan.current > plan.n) {
		error_set(e, ERROR_CONFIG, "the database has schema version %d, "
		    "the newest in %s is %zu", plan.current, dir, plan.n);
		error_hint(e, "install the newer suite");
		goto out;
	}
	if (db_txn(db, make_place, NULL, e) == -1 ||
	    apply_missing(db, &plan, say, arg, e) == -1 ||
	    apply_roles(db, dir, e) == -1)
		goto out;
	rc = 0;
 out:
	migrate_plan_clear(&plan);
	db_close(&db);
	return rc;
}

static int
database_exists(struct db *db, const char *name, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name) };
	struct db_rows		*rows = NULL;
	int			 found;

	if (db_ask(db, "SELECT 1 FROM pg_database WHERE datname = $1::text",
	    arg, 1, &rows, e) == -1)
		return -1;
	found = db_rows_count(rows) > 0;
	db_rows_free(&rows);
	return found;
}

int
migrate_create(const char *conninfo, struct error *e)
{
	char		*name = NULL, *quoted = NULL, *sql = NULL;
	struct db	*db = NULL;
	int		 found, rc = -1;

	if (db_name_of(&name, conninfo, e) == -1 ||
	    db_open_bare(&db, conninfo, "postgres", e) == -1 ||
	    (found = database_exists(db, name, e)) == -1)
		goto out;
	if (found == 0) {
		if (db_quote_name(&quoted, db, name, e) == -1)
			goto out;
		sql = mem_printf("CREATE DATABASE %s TEMPLATE template0"
		    " ENCODING 'UTF8'", quoted);
		if (db_script(db, sql, e) == -1) {
			error_wrap(e, "create database %s", name);
			goto out;
		}
	}
	rc = 0;
 out:
	mem_free(&sql);
	mem_free(&quoted);
	mem_free(&name);
	db_close(&db);
	return rc;
}

int
migrate_check_owner(const char *conninfo, struct error *e)
{
	struct db_rows	*rows = NULL;
	struct db	*db = NULL;
	int		 rc = -1;

	if (db_open_bare(&db, conninfo, "postgres", e) == -1 ||
	    db_ask(db, "SELECT rolname, rolsuper OR rolcreatedb AND"
	    " rolcreaterole FROM pg_roles WHERE rolname = current_user", NULL,
	    0, &rows, e) == -1)
		goto out;
	if (db_rows_count(rows) == 1 && db_get_bool(rows, 0, 1)) {
		rc = 0;
		goto out;
	}
	error_set(e, ERROR_DENIED, "database user %s may not make databases "
	    "and roles", db_rows_count(rows) == 1 ?
	    db_get_text(rows, 0, 0) : "?");
	error_hint(e, "as the server's administrator: ALTER ROLE ... CREATEDB "
	    "CREATEROLE; or name another user");
 out:
	db_rows_free(&rows);
	db_close(&db);
	return rc;
}
