/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "db/conninfo.h"

static void
expect(const char *in, const char *user, const char *want)
{
	struct error	 e = ERROR_INIT;
	char		*out = NULL;

	assert_int_equal(conninfo_for(&out, in, user, "signet", &e), 0);
	assert_string_equal(out, want);
	mem_free(&out);
}

static void
conninfo_for_refuses_what_libpq_does_not_take(void **state)
{
	struct error	 e = ERROR_INIT;
	char		*out = NULL;

	(void)state;
	assert_int_equal(conninfo_for(&out, "hosts=a", NULL, "signet", &e),
	    -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "connection string: invalid connection "
	    "option \"hosts\"");
	assert_null(out);
}

static void
conninfo_for_another_user_leaves_the_first_ones_secrets_behind(void **state)
{
	(void)state;
	expect("host=/run user=postgres password=x passfile=/p", "signet_cli",
	    "host='/run' dbname='signet' user='signet_cli'");
}

static void
conninfo_for_keeps_the_database_that_is_named(void **state)
{
	(void)state;
	expect("postgresql://a,b:5433/pki?target_session_attrs=read-write",
	    "signet_ca", "dbname='pki' host='a,b' port=',5433' "
	    "target_session_attrs='read-write' user='signet_ca'");
}

static void
conninfo_for_nobody_else_only_adds_the_database(void **state)
{
	(void)state;
	expect("user=postgres", NULL, "user='postgres' dbname='signet'");
}

static void
conninfo_for_quotes_what_needs_it(void **state)
{
	(void)state;
	expect("host='/a b' application_name='it\\'s'", "x",
	    "host='/a b' application_name='it\\'s' dbname='signet' user='x'");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(conninfo_for_refuses_what_libpq_does_not_take),
		cmocka_unit_test(conninfo_for_another_user_leaves_the_first_ones_secrets_behind),
		cmocka_unit_test(conninfo_for_keeps_the_database_that_is_named),
		cmocka_unit_test(conninfo_for_nobody_else_only_adds_the_database),
		cmocka_unit_test(conninfo_for_quotes_what_needs_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
