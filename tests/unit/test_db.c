/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection: arguments, transactions, losses, notifications.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <libpq-fe.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "db/db.h"
#include "db/db_private.h"
#include "db/pgerror.h"
#include "db/successor.h"
#include "tests/lib/testdb.h"

#define MANY	5000

enum { ECHO, PUT, PID, BAD_CHECK };
static const struct db_stmt stmt[] = {
	[ECHO] = DB_STMT("echo",
	    "SELECT $1::text, $2::bigint, $3::bytea, $4::boolean,"
	    " $5::text[]::text, $6::bigint[]::text, $7::bytea[]::text,"
	    " $2::bigint::smallint, $2::bigint::integer"),
	[PUT] = DB_STMT("put", "INSERT INTO thing VALUES ($1::bigint)"),
	[PID] = DB_STMT("pid", "SELECT pg_backend_pid()"),
	[BAD_CHECK] = DB_STMT("bad_check", "INSERT INTO thing VALUES (-1)"),
};
static const struct db_table things = DB_TABLE(stmt);
static const struct db_table *const tables[] = { &things };

static struct testdb t;

static int64_t
things_count(void)
{
	return testdb_number(&t, "SELECT count(*) FROM thing");
}

static int64_t
pid_of(struct db *db)
{
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows;
	int64_t		 pid;

	assert_int_equal(db_query(db, &stmt[PID], NULL, 0, &rows, &e), 0);
	pid = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return pid;
}

static void
terminate(int64_t pid)
{
	testdb_sql(&t, "SELECT pg_terminate_backend(%lld, 5000)",
	    (long long)pid);
}

static int
put(struct db *db, int64_t n, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(n) };

	return db_exec(db, &stmt[PUT], arg, 1, e) == -1 ? -1 : 0;
}

/* Standbys. */

/* The test's server is not so careful of itself. */
#define WAITING	"options='-c synchronous_commit=on'"

static int
put_seven(struct db *db, void *arg, struct error *e)
{
	(void)arg;
	return put(db, 7, e);
}

/* It is another process of the server than the one that says so which lets
 * commits wait: it may not have heard of it yet. */
static bool
commits_wait(void)
{
	char	*conninfo = mem_printf("%s " WAITING, t.conninfo);
	PGconn	*server = PQconnectdb(conninfo);
	bool	 waits;

	mem_free(&conninfo);
	assert_int_equal(PQstatus(server), CONNECTION_OK);
	assert_int_equal(PQsendQuery(server,
	    "SELECT pg_logical_emit_message(true, 'test', '')"), 1);
	do
		waits = testdb_number(&t, "SELECT count(*) FROM"
		    " pg_stat_activity WHERE pid = %d"
		    " AND wait_event = 'SyncRep'", PQbackendPID(server)) == 1;
	while (!waits && PQconsumeInput(server) == 1 && PQisBusy(server));
	if (waits)
		terminate(PQbackendPID(server));
	PQfinish(server);
	return waits;
}

/* NULL: as it was. */
static void
wait_for_standby(const char *name)
{
	if (name != NULL)
		testdb_sql(&t, "ALTER SYSTEM SET synchronous_standby_names "
		    "= '%s'", name);
	else
		testdb_sql(&t, "ALTER SYSTEM RESET synchronous_standby_names");
	testdb_sql(&t, "SELECT pg_reload_conf()");
	while (commits_wait() != (name != NULL))
		continue;
}

static pid_t operator;

/* An operator who sees them wait, and lets them go: until it is killed. */
static void
start_impatient_operator(void)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;

	operator = fork();
	if (operator != 0)
		return;
	if (db_open(&db, t.conninfo, "operator", NULL, 0, &e) == -1)
		_exit(1);
	while (db_script(db, "SELECT pg_cancel_backend(pid), pg_sleep(0.05)"
	    " FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
	    " AND datname = current_database()", &e) == 0)
		usleep(20000);
	_exit(1);
}

static int
nobody_waits(void **state)
{
	(void)state;
	if (operator > 0) {
		kill(operator, SIGKILL);
		waitpid(operator, NULL, 0);
	}
	operator = 0;
	wait_for_standby(NULL);
	return 0;
}

/* The server says success, and that it did not wait. */
static void
db_does_not_believe_a_commit_that_no_standby_has(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*conninfo = mem_printf("%s " WAITING, t.conninfo);

	(void)state;
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), 0);
	wait_for_standby("nobody");
	start_impatient_operator();
	assert_int_equal(db_txn(db, put_seven, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "commit: outcome unknown: the database did "
	    "not wait until a standby has it");
	error_clear(&e);
	assert_int_equal(put(db, 8, &e), -1);
	assert_string_equal(e.text, "outcome unknown: the database did not "
	    "wait until a standby has it");
	error_clear(&e);
	nobody_waits(NULL);
	assert_int_equal(put(db, 9, &e), 0);
	testdb_sql(&t, "DELETE FROM thing WHERE n IN (7, 8, 9)");
	db_close(&db);
	mem_free(&conninfo);
}

/* Two hosts, which are the same server. */
static void
a_strict_one_does_not_read_from_a_primary_without_its_standbys(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*conninfo = mem_printf("host=%s,%s dbname=%s "
	    "user=postgres", getenv("PGHOST"), getenv("PGHOST"), t.name);

	(void)state;
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), 0);
	assert_int_equal(db_set_strict(db, &e), 0);
	db_set_patience(db, 0);
	wait_for_standby("nobody");
	assert_int_equal(db_set_strict(db, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "the database waits for standbys and has "
	    "none");
	error_clear(&e);
	assert_int_equal(db_script(db, "SELECT 1", &e), -1);
	assert_string_equal(e.text, "the database waits for standbys and has "
	    "none");
	error_clear(&e);
	wait_for_standby(NULL);
	assert_int_equal(put(db, 9, &e), 0);
	testdb_sql(&t, "DELETE FROM thing WHERE n = 9");
	db_close(&db);
	mem_free(&conninfo);
}

static void
db_turn_goes_to_the_next_host(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*conninfo = mem_printf("host=%s,/nonexistent "
	    "dbname=%s user=postgres", getenv("PGHOST"), t.name);
	int64_t		 pid;

	(void)state;
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), 0);
	pid = pid_of(db);
	db_turn(db);
	assert_int_equal(db_socket(db), -1);
	assert_int_not_equal(pid_of(db), pid);
	db_close(&db);
	mem_free(&conninfo);
}

static void
successor_find_finds_a_later_timeline_or_nothing(void **state)
{
	char		*one = mem_printf("host=%s dbname=%s user=postgres",
	    getenv("PGHOST"), t.name);
	char		*two = mem_printf("host=/nonexistent,%s dbname=%s "
	    "user=postgres", getenv("PGHOST"), t.name);
	struct pgwait	 w = PGWAIT_INIT;
	unsigned int	 which = 7;
	bool		 alone = true;

	(void)state;
	assert_int_equal(successor_timeline(&w, "host=/nonexistent", &alone), -1);
	assert_int_equal(successor_timeline(&w, one, NULL), 1);
	assert_false(alone);
	alone = true;
	assert_int_equal(successor_timeline(&w, one, &alone), 1);
	assert_false(alone);
	assert_false(successor_find(&w, "hosts=a", 1, &which));
	assert_false(successor_find(&w, two, 1, &which));
	assert_int_equal(which, 7);
	assert_true(successor_find(&w, two, 0, &which));
	assert_int_equal(which, 1);
	mem_free(&one);
	mem_free(&two);
}

/* Opening. */

static void
db_open_names_the_server_that_it_cannot_reach(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db = (void *)1;

	(void)state;
	assert_int_equal(db_open(&db, "host=/nonexistent dbname=x", "test",
	    NULL, 0, &e), -1);
	assert_null(db);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "connect to database: connection to server"
	    " on socket \"/nonexistent/.s.PGSQL.5432\" failed: No such file or"
	    " directory");
}

static void
db_open_rejects_a_statement_that_does_not_prepare(void **state)
{
	static const struct db_stmt bad_stmt[] = {
		DB_STMT("good", "SELECT 1"),
		DB_STMT("bad", "SELECT nosuch FROM thing"),
	};
	static const struct db_table bad = DB_TABLE(bad_stmt);
	const struct db_table	*const list[] = { &things, &bad };
	struct error		 e = ERROR_INIT;
	struct db		*db = (void *)1;

	(void)state;
	assert_int_equal(db_open(&db, t.conninfo, "test", list, 2, &e), -1);
	assert_null(db);
	assert_int_equal(e.code, ERROR_BUG);
	assert_string_equal(e.text, "prepare bad: column \"nosuch\" does not"
	    " exist (SQLSTATE 42703)");
}

static void
db_open_rejects_a_statement_without_a_grant(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db = (void *)1;
	char		*conninfo = testdb_conninfo(&t, "signet_ocsp");

	(void)state;
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), -1);
	assert_null(db);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text, "prepare put: permission denied for table"
	    " thing (SQLSTATE 42501)");
	mem_free(&conninfo);
}

static void
db_open_tries_all_hosts(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*conninfo;
	const char	*host = getenv("PGHOST");

	(void)state;
	if (host == NULL)
		fail_msg("PGHOST is not set: run under tests/lib/with-pg");
	conninfo = mem_printf("host=/nonexistent,%s dbname=%s user=postgres",
	    host, t.name);
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), 0);
	db_close(&db);
	mem_free(&conninfo);
}

static void
db_open_sets_search_path_name_and_time_limit(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows;
	struct db	*db = testdb_open(&t, NULL, NULL, 0);

	(void)state;
	assert_int_equal(db_ask(db, "SELECT current_setting('search_path'),"
	    " current_setting('application_name'),"
	    " current_setting('statement_timeout')", NULL, 0, &rows, &e), 0);
	assert_string_equal(db_get_text(rows, 0, 0), "signet, pg_temp");
	assert_string_equal(db_get_text(rows, 0, 1), "test");
	assert_string_equal(db_get_text(rows, 0, 2), "1min");
	db_rows_free(&rows);
	db_close(&db);
}

static void
db_open_leaves_the_operators_time_limit(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*conninfo;

	(void)state;
	conninfo = mem_printf("%s options='-c statement_timeout=50'",
	    t.conninfo);
	assert_int_equal(db_open(&db, conninfo, "test", NULL, 0, &e), 0);
	assert_int_equal(db_script(db, "SELECT pg_sleep(5)", &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "database script: canceling statement due"
	    " to statement timeout (SQLSTATE 57014)");
	db_close(&db);
	mem_free(&conninfo);
}

/* Arguments. */

static void
arguments_and_results_come_back_as_they_were(void **state)
{
	static const char *const texts[] = { "a", NULL, "q\"'\\{},", "",
	    "\xc3\xa4" };
	static const int64_t ints[] = { INT64_MIN, -1, INT64_MAX };
	const struct bytes blobs[] = { BYTES("\0\xff", 2), BYTES(NULL, 0),
	    BYTES("", 0) };
	const struct db_arg arg[] = { db_text("\xc3\xa4'\\"), db_int(-7),
	    db_bytes("\0b\0", 3), db_bool(true), db_texts(texts, 5),
	    db_ints(ints, 3), db_blobs(blobs, 3) };
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows;

	assert_int_equal(db_query(*state, &stmt[ECHO], arg, 7, &rows, &e), 0);
	assert_int_equal(db_rows_count(rows), 1);
	assert_string_equal(db_get_text(rows, 0, 0), "\xc3\xa4'\\");
	assert_int_equal(db_get_int(rows, 0, 1), -7);
	assert_int_equal(db_get_int(rows, 0, 7), -7);
	assert_int_equal(db_get_int(rows, 0, 8), -7);
	assert_true(bytes_equal(db_get_bytes(rows, 0, 2),
	    BYTES("\0b\0", 3)));
	assert_true(db_get_bool(rows, 0, 3));
	assert_string_equal(db_get_text(rows, 0, 4),
	    "{a,NULL,\"q\\\"'\\\\{},\",\"\",\xc3\xa4}");
	assert_string_equal(db_get_text(rows, 0, 5),
	    "{-9223372036854775808,-1,9223372036854775807}");
	assert_string_equal(db_get_text(rows, 0, 6),
	    "{\"\\\\x00ff\",NULL,\"\\\\x\"}");
	db_rows_free(&rows);
	assert_null(rows);
}

static void
null_and_empty_arrays_come_back_as_they_were(void **state)
{
	const struct db_arg arg[] = { db_text(NULL), db_null(),
	    db_bytes(NULL, 0), db_bool(false), db_texts(NULL, 0),
	    db_ints(NULL, 0), db_blobs(NULL, 0) };
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows;

	assert_int_equal(db_query(*state, &stmt[ECHO], arg, 7, &rows, &e), 0);
	assert_true(db_is_null(rows, 0, 0));
	assert_null(db_get_text(rows, 0, 0));
	assert_int_equal(db_get_int(rows, 0, 1), 0);
	assert_null(db_get_bytes(rows, 0, 2).p);
	assert_false(db_get_bool(rows, 0, 3));
	for (int col = 4; col < 7; col++)
		assert_string_equal(db_get_text(rows, 0, col), "{}");
	db_rows_free(&rows);
}

static void
five_thousand_elements_arrive_in_order(void **state)
{
	struct arena	*a = arena_new();
	const char	**texts = arena_alloc(a, MANY * sizeof(*texts));
	int64_t		*ints = arena_alloc(a, MANY * sizeof(*ints));
	struct bytes	*blobs = arena_alloc(a, MANY * sizeof(*blobs));
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows;

	for (int i = 0; i < MANY; i++) {
		texts[i] = i % 7 == 0 ? NULL : arena_printf(a, "t%d", i);
		ints[i] = i;
		blobs[i] = BYTES(&ints[i], 4);
	}
	assert_int_equal(db_ask(*state, "SELECT count(*), count(t),"
	    " count(*) FILTER (WHERE n = place - 1 AND (t IS NULL"
	    "  OR t = 't' || n) AND length(b) = 4)"
	    " FROM unnest($1::text[], $2::bigint[], $3::bytea[])"
	    " WITH ORDINALITY AS u (t, n, b, place)", (struct db_arg[]){
	    db_texts(texts, MANY), db_ints(ints, MANY),
	    db_blobs(blobs, MANY) }, 3, &rows, &e), 0);
	assert_int_equal(db_get_int(rows, 0, 0), MANY);
	assert_int_equal(db_get_int(rows, 0, 1), MANY - (MANY + 6) / 7);
	assert_int_equal(db_get_int(rows, 0, 2), MANY);
	db_rows_free(&rows);
	arena_free(&a);
}

static void
too_many_arguments_are_a_bug(void **state)
{
	struct db_arg	 arg[DB_ARGS_MAX + 1] = { db_null() };
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows = (void *)1;

	assert_int_equal(db_query(*state, &stmt[ECHO], arg, DB_ARGS_MAX + 1,
	    &rows, &e), -1);
	assert_null(rows);
	assert_int_equal(e.code, ERROR_BUG);
	assert_string_equal(e.text, "25 arguments, at most 24");
}

static void
text_that_is_not_utf8_is_bad_input(void **state)
{
	const struct db_arg arg[] = { db_text("\xff"), db_null(), db_null(),
	    db_null(), db_null(), db_null(), db_null() };
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows;

	assert_int_equal(db_query(*state, &stmt[ECHO], arg, 7, &rows, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "echo: invalid byte sequence for encoding"
	    " \"UTF8\": 0xff (SQLSTATE 22021)");
}

static void
a_sqlstate_becomes_the_code_of_its_class(void **state)
{
	static const struct {
		const char	*sqlstate;
		enum error_code	 code;
	} rows[] = {
		{ "23505", ERROR_CONFLICT }, { "40001", ERROR_RETRY },
		{ "40P01", ERROR_RETRY }, { "42501", ERROR_CONFIG },
		{ "42601", ERROR_BUG }, { "08006", ERROR_UPSTREAM },
		{ "53300", ERROR_UPSTREAM }, { "57P01", ERROR_UPSTREAM },
		{ "23514", ERROR_INPUT }, { "SG001", ERROR_CONFLICT },
		{ "P0001", ERROR_DENIED }, { "22003", ERROR_INPUT },
		{ "25006", ERROR_UPSTREAM }, { "99999", ERROR_BUG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(error_pg_code(rows[i].sqlstate),
		    rows[i].code);
}

static void
a_check_constraint_is_named(void **state)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_exec(*state, &stmt[BAD_CHECK], NULL, 0, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "bad_check: new row for relation \"thing\""
	    " violates check constraint \"thing_n_check\" (SQLSTATE 23514)");
}

/* Transactions. */

struct script {
	int		 calls;
	enum error_code	 fail_with;	/* on each call */
	int		 lose_until;	/* lose the connection in these calls */
	bool		 swallow;	/* and say that all is well */
};

static int
run_script(struct db *db, void *arg, struct error *e)
{
	struct script	*s = arg;

	s->calls++;
	if (put(db, 100 + s->calls, e) == -1)
		return -1;
	if (s->calls <= s->lose_until) {
		terminate(pid_of(db));
		if (put(db, 200, e) == -1)
			return s->swallow ? 0 : -1;
	}
	if (s->fail_with != ERROR_NONE)
		return error_set(e, s->fail_with, "made to fail");
	return 0;
}

static void
db_txn_rolls_back_and_does_not_repeat_an_ordinary_failure(void **state)
{
	struct script	 s = { .fail_with = ERROR_DENIED };
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_txn(*state, run_script, &s, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "made to fail");
	assert_int_equal(s.calls, 1);
	assert_int_equal(things_count(), 0);
}

static void
db_txn_retries_three_times_and_leaves_nothing(void **state)
{
	struct script	 s = { .fail_with = ERROR_RETRY };
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_txn(*state, run_script, &s, &e), -1);
	assert_int_equal(e.code, ERROR_RETRY);
	assert_int_equal(s.calls, 3);
	assert_int_equal(things_count(), 0);
}

static void
db_txn_runs_again_after_a_lost_connection(void **state)
{
	struct script	 s = { .lose_until = 2 };
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_txn(*state, run_script, &s, &e), 0);
	assert_int_equal(s.calls, 3);
	assert_int_equal(e.code, ERROR_NONE);
	assert_int_equal(testdb_number(&t, "SELECT n FROM thing"), 103);
	assert_int_equal(things_count(), 1);
}

static void
db_txn_gives_up_when_each_run_loses_the_connection(void **state)
{
	struct script	 s = { .lose_until = 9 };
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_txn(*state, run_script, &s, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_int_equal(s.calls, 3);
	assert_int_equal(things_count(), 0);
}

static void
db_txn_sees_a_loss_that_the_function_swallowed(void **state)
{
	struct script	 s = { .lose_until = 9, .swallow = true };
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_txn(*state, run_script, &s, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_int_equal(s.calls, 3);
	assert_int_equal(things_count(), 0);
}

static int
swallow_a_failed_statement(struct db *db, void *arg, struct error *e)
{
	struct error	 ignored = ERROR_INIT;

	(void)arg;
	(void)e;
	assert_int_equal(db_exec(db, &stmt[BAD_CHECK], NULL, 0, &ignored), -1);
	return 0;
}

static void
db_txn_sees_a_failed_statement_that_the_function_swallowed(void **state)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_txn(*state, swallow_a_failed_statement, NULL, &e),
	    -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_string_equal(e.text,
	    "commit: a statement of this transaction had failed");
}

static int
nest(struct db *db, void *arg, struct error *e)
{
	struct script	 s = { .calls = 0 };

	(void)arg;
	return db_txn(db, run_script, &s, e);
}

static void
db_txn_does_not_nest(void **state)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_txn(*state, nest, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_string_equal(e.text, "transaction in a transaction");
	assert_int_equal(things_count(), 0);
}

/* A deferred trigger ends the connection while COMMIT runs. */
static int
lose_in_commit(struct db *db, void *arg, struct error *e)
{
	++*(int *)arg;
	return put(db, 666, e);
}

static void
a_loss_during_commit_is_an_unknown_outcome_and_not_repeated(void **state)
{
	struct error	 e = ERROR_INIT;
	int		 calls = 0;

	assert_int_equal(db_txn(*state, lose_in_commit, &calls, &e), -1);
	assert_int_equal(calls, 1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_int_equal(strncmp(e.text, "outcome unknown: commit: ", 25), 0);
	assert_int_equal(things_count(), 0);
	error_clear(&e);
	assert_int_equal(put(*state, 1, &e), 0);
}

/* Reconnection. */

static void
a_lost_connection_fails_one_call_and_the_next_connects_again(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 pid = pid_of(*state);

	terminate(pid);
	assert_int_equal(put(*state, 1, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	error_clear(&e);
	assert_int_equal(put(*state, 2, &e), 0);
	assert_int_not_equal(pid_of(*state), pid);
	assert_int_equal(things_count(), 1);
}

/* From another database: one cannot do it to one's own. */
static void
allow_connections(bool yes)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*sql;

	sql = mem_printf("ALTER DATABASE %s ALLOW_CONNECTIONS %s", t.name,
	    yes ? "true" : "false");
	if (db_open_bare(&db, t.conninfo, "postgres", &e) == -1 ||
	    db_script(db, sql, &e) == -1)
		fail_msg("%s", e.text);
	db_close(&db);
	mem_free(&sql);
}

static void
reconnecting_gives_up_after_the_time_set(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 start;

	allow_connections(false);
	assert_int_equal(db_script(*state,
	    "SELECT pg_terminate_backend(pg_backend_pid())", &e), -1);
	error_clear(&e);
	db_set_patience(*state, 1);
	start = clock_monotonic_ms();
	assert_int_equal(put(*state, 1, &e), -1);
	assert_in_range(clock_monotonic_ms() - start, 300, 30000);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(e.text, "is not currently accepting"));
	allow_connections(true);
	error_clear(&e);
	assert_int_equal(put(*state, 1, &e), 0);
}

/* Notifications. */

static int
wait_for_news(struct db *db, char channel[64])
{
	struct error	 e = ERROR_INIT;
	int		 rc = 0;

	for (int i = 0; i < 500 && rc == 0; i++) {
		rc = db_notified(db, channel, &e);
		if (rc == 0)
			assert_int_equal(db_script(db, "SELECT pg_sleep(0.01)",
			    &e), 0);
	}
	return rc;
}

static void
a_notification_arrives_once(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db	*other = testdb_open(&t, NULL, NULL, 0);
	char		 channel[64];

	assert_int_equal(db_listen(*state, "signet_ready", &e), 0);
	assert_int_equal(db_notified(*state, channel, &e), 0);
	assert_int_equal(db_notify(other, "signet_ready", &e), 0);
	assert_int_equal(wait_for_news(*state, channel), 1);
	assert_string_equal(channel, "signet_ready");
	assert_int_equal(db_notified(*state, channel, &e), 0);
	db_close(&other);
}

static void
each_channel_is_reported_after_a_reconnection(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 channel[64];

	assert_int_equal(db_listen(*state, "one", &e), 0);
	assert_int_equal(db_listen(*state, "Tw\"o", &e), 0);
	terminate(pid_of(*state));
	assert_int_equal(put(*state, 1, &e), -1);
	error_clear(&e);
	assert_int_equal(db_notified(*state, channel, &e), 1);
	assert_string_equal(channel, "one");
	assert_int_equal(db_notified(*state, channel, &e), 1);
	assert_string_equal(channel, "Tw\"o");
	assert_int_equal(db_notified(*state, channel, &e), 0);
	/* And it listens again. */
	assert_int_equal(db_notify(*state, "Tw\"o", &e), 0);
	assert_int_equal(wait_for_news(*state, channel), 1);
	assert_string_equal(channel, "Tw\"o");
}

static void
a_channel_too_many_or_too_long_is_a_bug(void **state)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_listen(*state, "0123456789012345678901234567890123"
	    "456789012345678901234567890123", &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	error_clear(&e);
	for (int i = 0; i < 8; i++)
		assert_int_equal(db_listen(*state, "c", &e), 0);
	assert_int_equal(db_listen(*state, "c", &e), -1);
	assert_string_equal(e.text, "more than 8 channels");
}

/* Deadlines. */

static void
a_call_past_its_deadline_fails_and_drops_the_connection(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_rows	*rows = (void *)1;
	int64_t		 pid = pid_of(*state), began = clock_monotonic_ms();

	db_set_deadline(*state, 200);
	assert_int_equal(db_ask(*state, "SELECT pg_sleep(30)", NULL, 0, &rows,
	    &e), -1);
	assert_null(rows);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text,
	    "query: no answer from the database within 200 ms");
	assert_in_range(clock_monotonic_ms() - began, 199, 25000);
	assert_int_equal(db_socket(*state), -1);
	/* The next one has a connection of its own, and a deadline. */
	assert_int_not_equal(pid_of(*state), pid);
	error_clear(&e);
	assert_int_equal(db_script(*state, "SELECT pg_sleep(3)", &e), -1);
	assert_string_equal(e.text,
	    "database script: no answer from the database within 200 ms");
	db_set_deadline(*state, 0);
	assert_int_equal(db_script(*state, "SELECT pg_sleep(0.3)", &e), 0);
}

/* The bell. */

static int
commit_that_hangs(struct db *db, void *arg, struct error *e)
{
	(void)arg;
	return db_script(db, "INSERT INTO thing VALUES (77)", e);
}

static void
who_is_told_to_end_gives_up_a_commit_that_hangs(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 began;
	int		 fd[2];

	assert_int_equal(pipe(fd), 0);
	db_set_bell(*state, fd[0]);
	assert_int_equal(db_script(*state, "SELECT 1", &e), 0);
	/* The statement is quick and COMMIT is not. */
	testdb_sql(&t, "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql"
	    " AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;"
	    "CREATE CONSTRAINT TRIGGER hang AFTER INSERT ON thing"
	    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.n = 77)"
	    " EXECUTE FUNCTION hang()");
	close(fd[1]);
	began = clock_monotonic_ms();
	assert_int_equal(db_txn(*state, commit_that_hangs, NULL, &e), -1);
	assert_true(clock_monotonic_ms() - began < 25000);
	testdb_sql(&t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
	    " WHERE wait_event = 'PgSleep'; DROP FUNCTION hang CASCADE");
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "outcome unknown: commit: no answer from "
	    "the database, and the program ends");
	assert_int_equal(db_socket(*state), -1);
	/* Nor does anything else begin. */
	error_clear(&e);
	assert_int_equal(db_script(*state, "SELECT 1", &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "the program ends");
	close(fd[0]);
}

static void
who_is_told_to_end_finishes_what_is_quick_and_connects_no_more(void **state)
{
	struct error	 e = ERROR_INIT;
	int		 fd[2];

	assert_int_equal(pipe(fd), 0);
	db_set_bell(*state, fd[0]);
	close(fd[1]);
	assert_int_equal(db_script(*state, "SELECT pg_sleep(0.2)", &e), 0);
	assert_int_equal(db_script(*state, "SELECT 1", &e), 0);
	db_disconnect(*state);
	assert_int_equal(db_script(*state, "SELECT 1", &e), -1);
	assert_string_equal(e.text, "the program ends");
	/* Nothing rings any more. */
	db_set_bell(*state, 0);
	close(fd[0]);
}

/* Nobody comes through to it, as behind a wall that drops what it gets: one waits
 * to be taken, which is all that there is room for. */
static int
walled_server(int *waits, uint16_t *port)
{
	struct sockaddr_in	 sa = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t		 len = sizeof(sa);
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	*waits = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(*waits, (struct sockaddr *)&sa, len), 0);
	*port = ntohs(sa.sin_port);
	return fd;
}

static void
a_host_that_nobody_reaches_is_passed_over(void **state)
{
	struct error	 e = ERROR_INIT;
	const char	*real = getenv("PGPORT");
	uint16_t	 port;
	int		 waits, fd = walled_server(&waits, &port);
	char		*conninfo = mem_printf("host=127.0.0.1,%s port=%d,%s "
	    "dbname=%s user=postgres connect_timeout=1", getenv("PGHOST"),
	    port, real != NULL ? real : "5432", t.name);
	char		*alone = mem_printf("host=127.0.0.1 port=%d "
	    "connect_timeout=1", port);
	struct db	*db;

	(void)state;
	assert_int_equal(db_open(&db, alone, "test", tables, 1, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text,
	    "connect: no answer from the database within 1000 ms");
	error_clear(&e);
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), 0);
	assert_int_equal(put(db, 1, &e), 0);
	testdb_sql(&t, "DELETE FROM thing WHERE n = 1");
	db_close(&db);
	/* In the same call, if there is time. */
	db_open_later(&db, conninfo, "test", tables, 1);
	db_set_patience(db, 0);
	db_set_deadline(db, 60000);
	assert_int_equal(put(db, 1, &e), 0);
	testdb_sql(&t, "DELETE FROM thing WHERE n = 1");
	db_close(&db);
	close(waits);
	close(fd);
	mem_free(&alone);
	mem_free(&conninfo);
}

/* A child that ends rings it, in a moment. */
static pid_t
ring_soon(int *bell)
{
	pid_t	 pid;
	int	 fd[2];

	assert_int_equal(pipe(fd), 0);
	fflush(stdout);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		usleep(300000);
		_exit(0);
	}
	close(fd[1]);
	*bell = fd[0];
	return pid;
}

/* Two hundred of them, with two seconds for each. */
static void
who_is_told_to_end_looks_for_no_successor(void **state)
{
	struct pgwait	 w = PGWAIT_INIT;
	uint16_t	 port;
	int		 waits, fd = walled_server(&waits, &port), bell;
	char		*good = mem_printf("host=/nonexistent,%s dbname=%s "
	    "user=postgres", getenv("PGHOST"), t.name);
	struct buf	 silent = { 0 };
	unsigned int	 i, which = 7;
	pid_t		 pid;

	(void)state;
	buf_printf(&silent, "port=%d host=127.0.0.1", port);
	for (i = 1; i < 200; i++)
		buf_printf(&silent, ",127.0.0.1");
	pid = ring_soon(&bell);
	w.bell = bell;
	assert_false(successor_find(&w, buf_cstr(&silent), 0, &which));
	/* It would have been found. */
	assert_false(successor_find(&w, good, 0, &which));
	assert_int_equal(which, 7);
	w = (struct pgwait)PGWAIT_INIT;
	assert_true(successor_find(&w, good, 0, &which));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(bell);
	close(waits);
	close(fd);
	buf_clear(&silent);
	mem_free(&good);
}

/* It would wait for a quarter of an hour. */
static void
who_is_told_to_end_connects_to_a_silent_host_no_longer(void **state)
{
	struct error	 e = ERROR_INIT;
	uint16_t	 port;
	int		 waits, fd = walled_server(&waits, &port), bell;
	char		*conninfo = mem_printf("host=127.0.0.1,127.0.0.2 "
	    "port=%d connect_timeout=900", port);
	struct db	*db;
	pid_t		 pid;

	(void)state;
	pid = ring_soon(&bell);
	assert_int_equal(db_open_told(&db, conninfo, "test", tables, 1,
	    bell, &e), -1);
	assert_null(db);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "connect: no answer from the database, and "
	    "the program ends");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(bell);
	close(waits);
	close(fd);
	mem_free(&conninfo);
}

/* It takes connections, as a stopped server does, and never says a word. */
static int
mute_server(char dir[], struct sockaddr_un *sa)
{
	int	 fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_non_null(mkdtemp(dir));
	sa->sun_family = AF_UNIX;
	snprintf(sa->sun_path, sizeof(sa->sun_path), "%s/.s.PGSQL.5432", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)sa, sizeof(*sa)), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* Without that the host behind it would never be asked. */
static void
a_host_that_never_answers_is_asked_last_the_next_time(void **state)
{
	struct error		 e = ERROR_INIT;
	char			 dir[] = "/tmp/signet-mute.XXXXXX";
	char			*conninfo;
	struct sockaddr_un	 sa = { 0 };
	int			 fd = mute_server(dir, &sa);
	struct db		*db;

	(void)state;
	conninfo = mem_printf("host=%s,%s dbname=%s user=postgres", dir,
	    getenv("PGHOST"), t.name);
	db_open_later(&db, conninfo, "test", tables, 1);
	db_set_patience(db, 0);
	db_set_deadline(db, 1000);
	assert_int_equal(put(db, 1, &e), -1);
	assert_string_equal(e.text,
	    "connect: no answer from the database within 1000 ms");
	error_clear(&e);
	assert_int_equal(put(db, 1, &e), 0);
	testdb_sql(&t, "DELETE FROM thing WHERE n = 1");
	db_close(&db);
	close(fd);
	unlink(sa.sun_path);
	rmdir(dir);
	mem_free(&conninfo);
}

static void
a_host_that_never_answers_is_passed_over_if_there_is_time(void **state)
{
	struct error		 e = ERROR_INIT;
	char			 dir[] = "/tmp/signet-mute.XXXXXX";
	char			*conninfo;
	struct sockaddr_un	 sa = { 0 };
	int			 fd = mute_server(dir, &sa);
	struct db		*db;

	(void)state;
	conninfo = mem_printf("host=%s,%s dbname=%s user=postgres "
	    "connect_timeout=1", dir, getenv("PGHOST"), t.name);
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), 0);
	db_close(&db);
	close(fd);
	unlink(sa.sun_path);
	rmdir(dir);
	mem_free(&conninfo);
}

static void
a_server_that_never_answers_costs_one_deadline_without_patience(void **state)
{
	struct error		 e = ERROR_INIT;
	char			 dir[] = "/tmp/signet-mute.XXXXXX";
	char			*conninfo, *real, *link_path;
	struct sockaddr_un	 sa = { 0 };
	int			 fd = mute_server(dir, &sa);
	struct db		*db;
	int64_t			 began;

	(void)state;
	/* The real one's name, so that the first connection succeeds. */
	real = mem_printf("%s/.s.PGSQL.5432", getenv("PGHOST"));
	link_path = mem_printf("%s/.s.PGSQL.5433", dir);
	assert_int_equal(symlink(real, link_path), 0);
	conninfo = mem_printf("host=%s port=5433 dbname=%s user=postgres", dir,
	    t.name);
	assert_int_equal(db_open(&db, conninfo, "test", tables, 1, &e), 0);
	db_set_patience(db, 0);
	db_set_deadline(db, 200);
	terminate(pid_of(db));
	assert_int_equal(put(db, 1, &e), -1);
	assert_int_equal(rename(sa.sun_path, link_path), 0);
	error_clear(&e);
	began = clock_monotonic_ms();
	assert_int_equal(put(db, 1, &e), -1);
	assert_in_range(clock_monotonic_ms() - began, 199, 25000);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text,
	    "connect: no answer from the database within 200 ms");
	db_close(&db);
	close(fd);
	unlink(link_path);
	rmdir(dir);
	mem_free(&link_path);
	mem_free(&conninfo);
	mem_free(&real);
}

static int
setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	testdb_sql(&t, "CREATE TABLE thing (n bigint CHECK (n >= 0));"
	    "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	    " PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL;"
	    " END $$;"
	    "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON thing"
	    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.n = 666)"
	    " EXECUTE FUNCTION die()");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	testdb_clear(&t);
	return 0;
}

static int
fresh(void **state)
{
	testdb_sql(&t, "DELETE FROM thing");
	*state = testdb_open(&t, NULL, tables, 1);
	return 0;
}

static int
done(void **state)
{
	struct db	*db = *state;

	db_close(&db);
	return 0;
}

#define T(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(db_open_names_the_server_that_it_cannot_reach),
		cmocka_unit_test(
		    db_open_rejects_a_statement_that_does_not_prepare),
		cmocka_unit_test(db_open_rejects_a_statement_without_a_grant),
		cmocka_unit_test(db_open_tries_all_hosts),
		cmocka_unit_test(db_open_sets_search_path_name_and_time_limit),
		cmocka_unit_test(db_open_leaves_the_operators_time_limit),
		cmocka_unit_test_teardown(
		    db_does_not_believe_a_commit_that_no_standby_has,
		    nobody_waits),
		cmocka_unit_test_teardown(
		a_strict_one_does_not_read_from_a_primary_without_its_standbys,
		    nobody_waits),
		cmocka_unit_test(db_turn_goes_to_the_next_host),
		cmocka_unit_test(
		    successor_find_finds_a_later_timeline_or_nothing),
		T(too_many_arguments_are_a_bug),
		T(text_that_is_not_utf8_is_bad_input),
		T(arguments_and_results_come_back_as_they_were),
		T(null_and_empty_arrays_come_back_as_they_were),
		T(five_thousand_elements_arrive_in_order),
		T(a_sqlstate_becomes_the_code_of_its_class),
		T(a_check_constraint_is_named),
		T(db_txn_rolls_back_and_does_not_repeat_an_ordinary_failure),
		T(db_txn_retries_three_times_and_leaves_nothing),
		T(db_txn_runs_again_after_a_lost_connection),
		T(db_txn_gives_up_when_each_run_loses_the_connection),
		T(db_txn_sees_a_loss_that_the_function_swallowed),
		T(db_txn_sees_a_failed_statement_that_the_function_swallowed),
		T(db_txn_does_not_nest),
		T(a_loss_during_commit_is_an_unknown_outcome_and_not_repeated),
		T(a_lost_connection_fails_one_call_and_the_next_connects_again),
		T(reconnecting_gives_up_after_the_time_set),
		T(a_notification_arrives_once),
		T(each_channel_is_reported_after_a_reconnection),
		T(a_channel_too_many_or_too_long_is_a_bug),
		T(a_call_past_its_deadline_fails_and_drops_the_connection),
		T(who_is_told_to_end_gives_up_a_commit_that_hangs),
		T(who_is_told_to_end_finishes_what_is_quick_and_connects_no_more),
		cmocka_unit_test(a_host_that_nobody_reaches_is_passed_over),
		cmocka_unit_test(
		    who_is_told_to_end_connects_to_a_silent_host_no_longer),
		cmocka_unit_test(who_is_told_to_end_looks_for_no_successor),
		cmocka_unit_test(
		    a_host_that_never_answers_is_asked_last_the_next_time),
		cmocka_unit_test(
		    a_host_that_never_answers_is_passed_over_if_there_is_time),
		cmocka_unit_test(
	    a_server_that_never_answers_costs_one_deadline_without_patience),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
