/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/refill.h"
#include "tests/lib/testdb.h"

static struct testdb t;

static int
fresh(void **state)
{
	(void)state;
	testdb_init(&t, true);
	testdb_sql(&t, "INSERT INTO signet.ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after, crl_number_from)"
	    " SELECT name, name = 'root', name, decode(repeat(ch, 64), 'hex'),"
	    " decode(repeat(ch, 32), 'hex'), now(), now() + '1 day', number"
	    " FROM (VALUES ('root', '01', 0), ('a', '02', 7), ('b', '03', 0))"
	    " v (name, ch, number)");
	return 0;
}

static int
done(void **state)
{
	(void)state;
	testdb_clear(&t);
	return 0;
}

static int64_t
first_of(const char *ca)
{
	return testdb_number(&t, "SELECT crl_number_from FROM signet.ca"
	    " WHERE name = '%s'", ca);
}

static bool
is_begun(void)
{
	struct error	 e = ERROR_INIT;
	bool		 begun = false;

	assert_int_equal(refill_is_begun(&begun, t.conninfo, &e), 0);
	return begun;
}

static void
what_nobody_began_cannot_be_ended(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_false(is_begun());
	assert_int_equal(refill_end(t.conninfo, 100, &e), -1);
	assert_non_null(strstr(e.text, "signet_restoring"));
	assert_int_equal(first_of("a"), 7);
}

static void
numbers_are_left_out_once(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(refill_begin(t.conninfo, false, &e), 0);
	assert_true(is_begun());
	assert_int_equal(refill_end(t.conninfo, 100, &e), 0);
	assert_false(is_begun());
	assert_int_equal(first_of("root"), 0);
	assert_int_equal(first_of("a"), 107);
	assert_int_equal(first_of("b"), 100);
	assert_int_equal(refill_end(t.conninfo, 100, &e), -1);
	assert_int_equal(first_of("a"), 107);
}

static void
what_was_begun_is_thrown_away_by_the_next(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(refill_begin(t.conninfo, false, &e), 0);
	assert_int_equal(refill_begin(t.conninfo, false, &e), -1);
	assert_non_null(strstr(e.text, "already exists"));
	error_clear(&e);
	assert_int_equal(refill_begin(t.conninfo, true, &e), 0);
	assert_true(is_begun());
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM pg_namespace"
	    " WHERE nspname = 'signet'"), 0);
}

static void
a_database_that_is_not_there_is_said_so(void **state)
{
	struct error	 e = ERROR_INIT;
	bool		 begun = true;

	(void)state;
	assert_int_equal(refill_is_begun(&begun, "host=/nowhere dbname=x", &e),
	    -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_false(begun);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_nobody_began_cannot_be_ended),
		TEST(numbers_are_left_out_once),
		TEST(what_was_begun_is_thrown_away_by_the_next),
		TEST(a_database_that_is_not_there_is_said_so),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
