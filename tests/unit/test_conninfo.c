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

static void
conninfo_turn_refuses_what_libpq_does_not_take(void **state)
{
	struct error	 e = ERROR_INIT;
	char		*out = (void *)1;

	(void)state;
	assert_int_equal(conninfo_turn(&out, "hosts=a", 1, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_null(out);
}

static void
conninfo_turn_asks_the_first_host_last(void **state)
{
	static const struct {
		const char	*in, *want;
		unsigned int	 by;
	} row[] = {
		{ "host=a,b,c port=1,2,3 user=u", "user='u' host='a,b,c' "
		    "port='1,2,3'", 0 },
		{ "host=a,b,c port=1,2,3", "host='b,c,a' port='2,3,1'", 1 },
		{ "host=a,b,c port=1", "host='c,a,b' port='1'", 2 },
		{ "host=a,b,c", "host='b,c,a'", 4 },
		{ "host=a,b target_session_attrs=prefer-standby",
		    "host='b,a' target_session_attrs='any'", 1 },
		{ "host=/run port=7", "host='/run' port='7'", 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct error	 e = ERROR_INIT;
		char		*out;

		assert_int_equal(conninfo_turn(&out, row[i].in, row[i].by,
		    &e), 0);
		assert_string_equal(out, row[i].want);
		mem_free(&out);
	}
}

static void
conninfo_one_refuses_what_libpq_does_not_take(void **state)
{
	struct error	 e = ERROR_INIT;
	char		*out = (char *)1;

	(void)state;
	assert_int_equal(conninfo_one(&out, "hosts=a", 0, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_null(out);
}

static void
conninfo_one_takes_a_host_with_its_port_whatever_it_is(void **state)
{
	static const char *const	 in = "host=a,b port=1,2 user=u "
					     "target_session_attrs=read-write";
	struct error			 e = ERROR_INIT;
	char				*out;

	(void)state;
	assert_int_equal(conninfo_one(&out, in, 1, &e), 1);
	assert_string_equal(out, "user='u' host='b' port='2'");
	mem_free(&out);
	assert_int_equal(conninfo_one(&out, "host=a,b port=7", 1, &e), 1);
	assert_string_equal(out, "host='b' port='7'");
	mem_free(&out);
	assert_int_equal(conninfo_one(&out, "host=a,b,c port=1,2", 2, &e), 1);
	assert_string_equal(out, "host='c' port=''");
	mem_free(&out);
	assert_int_equal(conninfo_one(&out, in, 2, &e), 0);
	assert_null(out);
}

static void
conninfo_host_is_the_first_one_or_nothing(void **state)
{
	static const struct { const char *in, *want; } row[] = {
		{ "hosts=a", "" }, { "user=u", "" }, { "host=a,b", "a" },
		{ "hostaddr=192.0.2.1", "192.0.2.1" },
	};
	char	*host;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		host = conninfo_host(row[i].in);
		assert_string_equal(host, row[i].want);
		mem_free(&host);
	}
}

static void
conninfo_is_open_where_nobody_asks_another_machine_who_it_is(void **state)
{
	static const struct {
		const char	*in, *host;	/* NULL: it is not open */
	} row[] = {
		{ "nonsense=1", NULL },
		{ "dbname=signet", NULL },
		{ "host=/run/postgresql", NULL },
		{ "host=localhost,127.0.0.1,::1", NULL },
		{ "host=db.example.org", "db.example.org" },
		{ "host=/run,db2", "db2" },
		{ "hostaddr=192.0.2.7", "192.0.2.7" },
		{ "host=db sslmode=require", "db" },
		{ "postgresql://db/signet?sslmode=prefer", "db" },
		{ "host=db sslmode=verify-full", NULL },
		{ "host=db sslmode=verify-ca", NULL },
	};
	struct arena	*a = arena_new();
	const char	*host;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(conninfo_is_open(row[i].in, &host, a),
		    row[i].host != NULL);
		if (row[i].host != NULL)
			assert_string_equal(host, row[i].host);
	}
	assert_true(conninfo_is_here("127.0.0.9"));
	assert_false(conninfo_is_here("192.0.2.7"));
	arena_free(&a);
}

static void
conninfo_count_counts_hosts_and_not_ports(void **state)
{
	(void)state;
	assert_int_equal(conninfo_count("hosts=a,b"), 1);
	assert_int_equal(conninfo_count("dbname=a,b"), 1);
	assert_int_equal(conninfo_count("host=a port=1"), 1);
	assert_int_equal(conninfo_count("host=a,b port=1"), 2);
	assert_int_equal(conninfo_count("postgresql://a,b,c/pki"), 3);
	assert_int_equal(conninfo_count("hostaddr=127.0.0.1,127.0.0.2"), 2);
}

static void
conninfo_timeout_is_what_it_says_or_five_seconds(void **state)
{
	(void)state;
	assert_int_equal(conninfo_timeout("hosts=a"), 5000);
	assert_int_equal(conninfo_timeout("host=a"), 5000);
	assert_int_equal(conninfo_timeout("connect_timeout=2"), 2000);
	assert_int_equal(conninfo_timeout("connect_timeout=0"), 0);
	assert_int_equal(conninfo_timeout("connect_timeout=-1"), 0);
	assert_int_equal(conninfo_timeout("connect_timeout=99999999999"),
	    3600 * 1000);
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
		cmocka_unit_test(conninfo_turn_refuses_what_libpq_does_not_take),
		cmocka_unit_test(conninfo_turn_asks_the_first_host_last),
		cmocka_unit_test(conninfo_one_refuses_what_libpq_does_not_take),
		cmocka_unit_test(conninfo_one_takes_a_host_with_its_port_whatever_it_is),
		cmocka_unit_test(conninfo_host_is_the_first_one_or_nothing),
		cmocka_unit_test(conninfo_is_open_where_nobody_asks_another_machine_who_it_is),
		cmocka_unit_test(conninfo_count_counts_hosts_and_not_ports),
		cmocka_unit_test(
		    conninfo_timeout_is_what_it_says_or_five_seconds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
