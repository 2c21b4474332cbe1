/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attempts at one-time codes and at revocation codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/error.h"
#include "db/db_code_try.h"
#include "db/db_revocation_code.h"
#include "tests/lib/testdb.h"

static const struct db_table *const tables[] = { &DB_CODE_TRY,
    &DB_REVOCATION_CODE };

static struct testdb t;
static struct db *db;
static uint8_t order[DB_ORDER_ID];

static void
end_pause(const char *table)
{
	testdb_sql(&t, "UPDATE %s SET locked_until = now() - interval '1 s'",
	    table);
}

static void
a_code_has_ten_tries_with_pauses_that_double(void **state)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 other[DB_ORDER_ID];
	struct bytes	 both[2] = { BYTES(other, DB_ORDER_ID),
			    BYTES(order, DB_ORDER_ID) };
	int64_t		 wait, tries[2] = { 9, 9 };

	(void)state;
	testdb_id(other, 98);
	assert_int_equal(db_code_try_count(db, both, 2, tries, &e), 0);
	assert_int_equal(tries[0] + tries[1], 0);
	for (int i = 1; i <= DB_CODE_TRIES; i++) {
		assert_int_equal(db_code_try(db, order, &wait, &e), 1);
		if (i < 3)
			continue;
		assert_int_equal(db_code_try(db, order, &wait, &e), 0);
		if (i < DB_CODE_TRIES)
			assert_int_equal(wait, 1 << (i - 3));
		end_pause("code_try");
	}
	assert_int_equal(db_code_try(db, order, &wait, &e), 0);
	assert_int_equal(wait, 0);
	assert_int_equal(db_code_try_count(db, both, 2, tries, &e), 0);
	assert_int_equal(tries[0], 0);
	assert_int_equal(tries[1], DB_CODE_TRIES);
}

static void
the_right_code_takes_its_try_back(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 wait;

	(void)state;
	for (int i = 1; i <= 2 * DB_CODE_TRIES; i++) {
		assert_int_equal(db_code_try(db, order, &wait, &e), 1);
		assert_int_equal(db_code_try_forgive(db, order, &e), 0);
	}
	assert_int_equal(testdb_number(&t, "SELECT tries FROM code_try"), 0);
}

static void
an_order_that_is_not_there_has_no_tries(void **state)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID];
	int64_t		 wait;

	(void)state;
	testdb_id(id, 99);
	assert_int_equal(db_code_try(db, id, &wait, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_non_null(strstr(e.text, "code of order 000000635a"));
}

static struct db_revocation_code
code_of(int64_t cert, const char *name)
{
	struct db_revocation_code	 c = { .cert = cert };

	memcpy(c.name, name, sizeof(c.name));
	memset(c.salt, (int)cert, sizeof(c.salt));
	memset(c.hash, (int)cert + 1, sizeof(c.hash));
	return c;
}

static void
a_certificate_has_one_revocation_code_which_can_be_replaced(void **state)
{
	struct db_revocation_code	 c = code_of(1, "ABCDEFGH"), got;
	struct error			 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_revocation_code_of(db, 1, &got, &e), 0);
	assert_int_equal(db_revocation_code_set(db, &c, false, &e), 0);
	assert_int_equal(db_revocation_code_of(db, 1, &got, &e), 1);
	assert_string_equal(got.name, "ABCDEFGH");
	assert_memory_equal(got.hash, c.hash, sizeof(c.hash));
	assert_int_equal(got.used_at, 0);
	assert_int_equal(db_revocation_code_set(db, &c, false, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "revocation code of certificate 1"));
	error_clear(&e);
	c = code_of(1, "12345678");
	assert_int_equal(db_revocation_code_set(db, &c, true, &e), 0);
	assert_int_equal(db_revocation_code_try(db, "ABCDEFGH", &got, &e), 0);
	assert_int_equal(db_revocation_code_try(db, "12345678", &got, &e), 1);
	/* A name is one certificate's. */
	c = code_of(2, "12345678");
	assert_int_equal(db_revocation_code_set(db, &c, true, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	c = code_of(2, "lower123");
	assert_int_equal(db_revocation_code_set(db, &c, true, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	c = code_of(77, "AAAAAAAA");
	assert_int_equal(db_revocation_code_set(db, &c, true, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
}

static void
attempts_at_a_revocation_code_are_counted_and_locked_out(void **state)
{
	struct db_revocation_code	 c = code_of(1, "ABCDEFGH"), got;
	struct error			 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_revocation_code_set(db, &c, false, &e), 0);
	for (int i = 1; i <= DB_REVOCATION_TRIES; i++) {
		assert_int_equal(db_revocation_code_try(db, "ABCDEFGH", &got,
		    &e), 1);
		assert_int_equal(got.tries, i);
		assert_memory_equal(got.salt, c.salt, sizeof(c.salt));
		if (i < 4)
			continue;
		assert_int_equal(db_revocation_code_try(db, "ABCDEFGH", &got,
		    &e), 0);
		if (i < DB_REVOCATION_TRIES)
			end_pause("revocation_code");
	}
	assert_true(testdb_number(&t, "SELECT extract(epoch FROM locked_until"
	    " - now())::bigint FROM revocation_code") > 86000);
	assert_int_equal(db_revocation_code_used(db, 1, &e), 0);
	assert_int_equal(db_revocation_code_try(db, "ABCDEFGH", &got, &e), 1);
	assert_true(got.used_at > 0);
	assert_int_equal(got.tries, 1);
}

static int
setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	db = testdb_open(&t, "signet_ra", tables, 2);
	testdb_id(order, 1);
	testdb_sql(&t, "INSERT INTO ca VALUES ('people', 1, false, 'CN=P',"
	    " decode(repeat('00', 64), 'hex'), decode(repeat('01', 32),"
	    " 'hex'), now(), now() + interval '9 y');"
	    " INSERT INTO orders (id, digest, kind, ca, profile, summary,"
	    " blob, created_at, expires_at) VALUES"
	    " ('\\x000000015a5a5a5a5a5a5a5a5a5a5a5a', sha256('1'), 'issue',"
	    " 'people', 'mail', 's', 'b', now(), now() + interval '1 d');"
	    " INSERT INTO cert (ca, serial, order_id, n, profile, subject,"
	    " key_digest, not_before, not_after, der, issued_at)"
	    " SELECT 'people', int8send(g), int8send(g) || int8send(g), 0,"
	    " 'mail', 'CN=x', sha256(int8send(g)), now(), now() + interval"
	    " '1 y', decode(repeat('00', 64), 'hex'), now()"
	    " FROM generate_series(1, 2) g");
	return 0;
}

static int
empty(void **state)
{
	(void)state;
	testdb_sql(&t, "TRUNCATE code_try, revocation_code");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	db_close(&db);
	testdb_clear(&t);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    a_code_has_ten_tries_with_pauses_that_double, empty),
		cmocka_unit_test_setup(the_right_code_takes_its_try_back,
		    empty),
		cmocka_unit_test_setup(an_order_that_is_not_there_has_no_tries,
		    empty),
		cmocka_unit_test_setup(
		    a_certificate_has_one_revocation_code_which_can_be_replaced,
		    empty),
		cmocka_unit_test_setup(
		    attempts_at_a_revocation_code_are_counted_and_locked_out,
		    empty),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
