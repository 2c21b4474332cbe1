/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db.h"
#include "db/migrate.h"
#include "tests/lib/testdb.h"

static struct testdb t;
static char dir[] = "/tmp/signet-migrate.XXXXXX";

static void
write_file(const char *name, const char *text)
{
	char	*path = mem_printf("%s/%s", dir, name);
	FILE	*f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	mem_free(&path);
}

static void
remove_file(const char *name)
{
	char	*path = mem_printf("%s/%s", dir, name);

	unlink(path);
	mem_free(&path);
}

static int
fresh(void **state)
{
	(void)state;
	testdb_init(&t, false);
	write_file("0001-one.sql", "CREATE TABLE one (n integer);");
	write_file("roles.sql", "SELECT 1;");
	return 0;
}

static int
done(void **state)
{
	(void)state;
	remove_file("0002-two.sql");
	remove_file("0003-three.sql");
	remove_file("notes.txt");
	testdb_clear(&t);
	return 0;
}

static void
count_step(void *arg, const struct migrate_step *s)
{
	char	*said = arg;
	size_t	 len = strlen(said);

	snprintf(said + len, 64 - len, "%d %s;", s->version, s->name);
}

static void
an_empty_directory_is_refused(void **state)
{
	struct migrate_plan	 plan;
	struct error		 e = ERROR_INIT;

	(void)state;
	remove_file("0001-one.sql");
	assert_int_equal(migrate_status(&plan, t.conninfo, dir, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, ": no files NNNN-name.sql there"));
}

static void
a_missing_directory_is_not_found(void **state)
{
	struct migrate_plan	 plan;
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(migrate_status(&plan, t.conninfo, "/nonexistent", &e),
	    -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_string_equal(e.text, "/nonexistent: No such file or directory");
}

static void
a_gap_between_versions_is_refused(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	write_file("0003-three.sql", "SELECT 3;");
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, ": version 2 is missing or there twice"));
}

static void
the_plan_says_what_is_applied(void **state)
{
	struct migrate_plan	 plan;
	struct error		 e = ERROR_INIT;
	char			 said[64] = "";

	(void)state;
	assert_int_equal(migrate_status(&plan, t.conninfo, dir, &e), 0);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.current, 0);
	assert_false(plan.v[0].applied);
	migrate_plan_clear(&plan);

	assert_int_equal(migrate_apply(t.conninfo, dir, count_step, said, &e),
	    0);
	assert_string_equal(said, "1 one;");
	write_file("0002-two.sql", "CREATE TABLE two (n integer);");
	write_file("notes.txt", "not SQL");
	assert_int_equal(migrate_status(&plan, t.conninfo, dir, &e), 0);
	assert_int_equal(plan.n, 2);
	assert_int_equal(plan.current, 1);
	assert_true(plan.v[0].applied);
	assert_int_equal(strlen(plan.v[0].applied_at), 20);
	assert_false(plan.v[1].applied);
	assert_string_equal(plan.v[1].name, "two");
	migrate_plan_clear(&plan);
}

static void
only_what_is_missing_is_applied(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 said[64] = "";

	(void)state;
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), 0);
	write_file("0002-two.sql", "CREATE TABLE two (n integer);");
	assert_int_equal(migrate_apply(t.conninfo, dir, count_step, said, &e),
	    0);
	assert_string_equal(said, "2 two;");
	assert_int_equal(migrate_apply(t.conninfo, dir, count_step, said, &e),
	    0);
	assert_string_equal(said, "2 two;");
	assert_int_equal(testdb_number(&t,
	    "SELECT count(*) FROM schema_version"), 2);
}

static void
a_step_with_nothing_in_it_is_refused(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	write_file("0002-two.sql", "");
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "/0002-two.sql: nothing in it"));
}

static void
a_step_that_fails_leaves_nothing_of_itself(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	write_file("0002-two.sql", "CREATE TABLE two (n integer);"
	    " CREATE TABLE one (n integer);");
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_non_null(strstr(e.text, "0002-two.sql: database script: relation"
	    " \"one\" already exists (SQLSTATE 42P07)"));
	assert_int_equal(testdb_number(&t,
	    "SELECT max(version) FROM schema_version"), 1);
	assert_int_equal(testdb_number(&t,
	    "SELECT count(*) FROM pg_tables WHERE tablename = 'two'"), 0);
}

static void
a_database_newer_than_the_files_is_refused(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), 0);
	testdb_sql(&t, "INSERT INTO schema_version VALUES (2, 'later')");
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text,
	    "the database has schema version 2, the newest in "));
	assert_string_equal(e.hint, "install the newer suite");
}

static void
a_program_refuses_a_database_without_schema(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;

	(void)state;
	assert_int_equal(db_open(&db, t.conninfo, "test", NULL, 0, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text, "the database has no Signet schema");
	assert_string_equal(e.hint, "run: signet db migrate");
}

static void
a_program_refuses_an_older_and_a_newer_schema(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		 text[100];

	(void)state;
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), 0);
	testdb_sql(&t, "UPDATE schema_version SET version = %d",
	    DB_SCHEMA_VERSION + 1);
	assert_int_equal(db_open(&db, t.conninfo, "test", NULL, 0, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	snprintf(text, sizeof(text), "the database has schema version %d, this"
	    " program needs %d", DB_SCHEMA_VERSION + 1, DB_SCHEMA_VERSION);
	assert_string_equal(e.text, text);
	assert_string_equal(e.hint, "install the newer suite");

	error_clear(&e);
	testdb_sql(&t, "DELETE FROM schema_version");
	assert_int_equal(db_open(&db, t.conninfo, "test", NULL, 0, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.hint, "run: signet db migrate");
}

static void
creating_a_database_twice_is_well_and_a_bad_string_is_not(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(migrate_create(t.conninfo, &e), 0);
	assert_int_equal(migrate_create("host=/nonexistent", &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text,
	    "the connection string does not name a database");
	error_clear(&e);
	assert_int_equal(migrate_create("nonsense", &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_int_equal(strncmp(e.text, "connection string: ", 19), 0);
}

static void
a_user_without_createrole_is_told_the_sql(void **state)
{
	struct error	 e = ERROR_INIT;
	char		*conninfo;

	(void)state;
	/* Under other names, because the cluster may have ours already. */
	write_file("roles.sql", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM"
	    " pg_roles WHERE rolname = 'signet_test_owner') THEN"
	    " CREATE ROLE signet_test_owner LOGIN; END IF; END $$;");
	assert_int_equal(migrate_apply(t.conninfo, dir, NULL, NULL, &e), 0);
	testdb_sql(&t, "ALTER DATABASE %s OWNER TO signet_test_owner", t.name);
	testdb_sql(&t, "ALTER SCHEMA signet OWNER TO signet_test_owner;"
	    "ALTER TABLE schema_version OWNER TO signet_test_owner");
	write_file("roles.sql", "DO $$ BEGIN CREATE ROLE signet_test_other;"
	    " EXCEPTION WHEN insufficient_privilege THEN RAISE EXCEPTION"
	    " 'as a superuser, run: %', 'CREATE ROLE x' USING ERRCODE ="
	    " 'insufficient_privilege', HINT = 'or else'; END $$;");
	conninfo = testdb_conninfo(&t, "signet_test_owner");
	assert_int_equal(migrate_apply(conninfo, dir, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "as a superuser, run: CREATE ROLE x"));
	assert_string_equal(e.hint, "or else");
	mem_free(&conninfo);
}

static void
the_real_schema_applies_and_its_roles_apply_again(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;

	(void)state;
	assert_int_equal(migrate_apply(t.conninfo, TEST_SQL_DIR, NULL, NULL,
	    &e), 0);
	assert_int_equal(migrate_apply(t.conninfo, TEST_SQL_DIR, NULL, NULL,
	    &e), 0);
	assert_int_equal(db_open(&db, t.conninfo, "test", NULL, 0, &e), 0);
	db_close(&db);
	assert_int_equal(testdb_number(&t,
	    "SELECT max(version) FROM schema_version"), DB_SCHEMA_VERSION);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	remove_file("0001-one.sql");
	remove_file("roles.sql");
	return rmdir(dir);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_directory_is_refused),
		T(a_missing_directory_is_not_found),
		T(a_gap_between_versions_is_refused),
		T(the_plan_says_what_is_applied),
		T(only_what_is_missing_is_applied),
		T(a_step_with_nothing_in_it_is_refused),
		T(a_step_that_fails_leaves_nothing_of_itself),
		T(a_database_newer_than_the_files_is_refused),
		T(a_program_refuses_a_database_without_schema),
		T(a_program_refuses_an_older_and_a_newer_schema),
		T(creating_a_database_twice_is_well_and_a_bad_string_is_not),
		T(a_user_without_createrole_is_told_the_sql),
		T(the_real_schema_applies_and_its_roles_apply_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
