/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of directory entries, and a directory that is not there.  With one
 * that is: tests/integration/68-publish.t.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "net/directory.h"

static void
a_directory_that_is_not_there_is_an_upstream_error(void **state)
{
	const struct directory_conf	 c = {
	    .url = "ldapi://%2Fnonexistent%2Fldapi", .timeout = 1 };
	struct directory		*d = (struct directory *)1;
	struct error			 e = ERROR_INIT;

	(void)state;
	assert_int_equal(directory_open(&d, &c, &e), -1);
	assert_null(d);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "ldapi://%2Fnonexistent%2Fldapi: connect: "
	    "Can't contact LDAP server (-1)");
	directory_close(&d);
}

static void
an_address_that_is_none_is_a_mistake_in_the_settings(void **state)
{
	const struct directory_conf	 c = { .url = "gopher://x",
	    .timeout = 1 };
	struct directory		*d;
	struct error			 e = ERROR_INIT;

	(void)state;
	assert_int_equal(directory_open(&d, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "gopher://x: address: "));
}

static void
tls_files_that_cannot_be_read_are_named(void **state)
{
	const struct directory_conf	 c = { .url = "ldaps://127.0.0.1:1",
	    .tls_ca = "/nonexistent/ca.pem", .timeout = 1 };
	struct directory		*d;
	struct error			 e = ERROR_INIT;

	(void)state;
	assert_int_equal(directory_open(&d, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "/nonexistent/ca.pem"));
}

static void
directory_check_refuses_what_is_no_name(void **state)
{
	static const char *const	 bad[] = { "", "x", "uid=a,", "=a",
	    "uid=a,,dc=b", "uid=a+,dc=b", "uid=\\zz" };
	struct error			 e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		if (directory_check(bad[i], &e) != -1)
			fail_msg("\"%s\" is taken", bad[i]);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_non_null(strstr(e.text, "is not a directory name"));
	}
	assert_int_equal(directory_check("uid=a,ou=b,dc=c", &e), 0);
}

static void
directory_escape_writes_values_that_read_back(void **state)
{
	static const struct {
		const char	*value, *escaped;
	} row[] = {
		{ "plain", "plain" },
		{ "a,b+c", "a\\,b\\+c" },
		{ "\"x\"<y>;z=1\\2", "\\\"x\\\"\\<y\\>\\;z\\=1\\\\2" },
		{ " lead", "\\ lead" },
		{ "trail ", "trail\\ " },
		{ "#1", "\\#1" },
		{ "a#1 b", "a#1 b" },
		{ "tab\there", "tab\\09here" },
		{ "b\xc3\xa5t", "b\xc3\xa5t" },
		{ " ", "\\ " },
	};
	struct arena	*a = arena_new();
	struct buf	 b = { 0 };
	const char	*rest, *back;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		buf_clear(&b);
		buf_str(&b, "uid=");
		directory_escape(&b, row[i].value);
		assert_string_equal(buf_cstr(&b) + 4, row[i].escaped);
		buf_str(&b, ",dc=x");
		back = directory_rdn(buf_cstr(&b), "UID", &rest, a);
		assert_non_null(back);
		assert_string_equal(back, row[i].value);
		assert_string_equal(rest, "dc=x");
	}
	buf_clear(&b);
	arena_free(&a);
}

static void
directory_rdn_takes_single_values_of_its_type_only(void **state)
{
	struct arena	*a = arena_new();
	const char	*rest;

	(void)state;
	assert_null(directory_rdn("uid=a+cn=b,dc=x", "uid", &rest, a));
	assert_null(directory_rdn("cn=a,dc=x", "uid", &rest, a));
	assert_null(directory_rdn("uid=a\\00b,dc=x", "uid", &rest, a));
	assert_null(directory_rdn("nonsense", "uid", &rest, a));
	arena_free(&a);
}

static void
directory_same_does_not_mind_letter_case_and_spaces(void **state)
{
	(void)state;
	assert_true(directory_same("uid=A,ou=people,dc=x",
	    "UID=a, OU=People, DC=X"));
	assert_true(directory_same("cn=a  b,dc=x", "cn=a b,dc=x"));
	assert_true(directory_same("cn=a+sn=b,dc=x", "sn=B+cn=A,dc=x"));
	assert_true(directory_same("cn=a\\,b,dc=x", "cn=a\\2cb,dc=x"));
	assert_false(directory_same("cn=ab,dc=x", "cn=a b,dc=x"));
	assert_false(directory_same("cn=a,dc=x", "cn=a,dc=x,dc=y"));
	assert_false(directory_same("cn=a,dc=x,dc=y", "cn=a,dc=x"));
	assert_false(directory_same("cn=a,dc=x", "sn=a,dc=x"));
	assert_false(directory_same("cn=a+sn=b,dc=x", "cn=a,dc=x"));
	assert_false(directory_same("cn=a,dc=x", "nonsense"));
	assert_true(directory_same("nonsense", "nonsense"));
}

static void
directory_parent_is_what_follows_an_unescaped_comma(void **state)
{
	struct arena	*a = arena_new();

	(void)state;
	assert_string_equal(directory_parent("uid=a\\,b,ou=c,dc=d", a),
	    "ou=c,dc=d");
	assert_null(directory_parent("dc=d", a));
	arena_free(&a);
}

static void
directory_container_knows_how_to_hold_entries(void **state)
{
	static const struct {
		const char	*dn, *class;
	} row[] = {
		{ "ou=people,dc=x", "organizationalUnit" },
		{ "o=Example\\, Ltd", "organization" },
		{ "dc=example,dc=com", "organization" },
		{ "c=SE", "country" },
		{ "l=Lund,c=SE", "locality" },
		{ "cn=PKI,dc=x", "applicationProcess" },
	};
	struct arena		*a = arena_new();
	struct directory_entry	 entry = { .nattrs = 0 };
	struct error		 e = ERROR_INIT;
	const struct directory_attr *at;

	(void)state;
	assert_int_equal(directory_container(&entry, "uid=a,dc=x", a, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text, "entry uid=a,dc=x is missing above what "
	    "is to be published");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(directory_container(&entry, row[i].dn, a,
		    &e), 0);
		at = directory_find(&entry, "OBJECTCLASS");
		assert_non_null(at);
		assert_int_equal(at->v[0].len, strlen(row[i].class));
		assert_memory_equal(at->v[0].p, row[i].class, at->v[0].len);
	}
	assert_int_equal(directory_container(&entry, "o=A\\, B", a, &e), 0);
	at = directory_find(&entry, "o");
	assert_int_equal(at->v[0].len, 4);
	assert_memory_equal(at->v[0].p, "A, B", 4);
	assert_null(directory_find(&entry, "ou"));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    a_directory_that_is_not_there_is_an_upstream_error),
		cmocka_unit_test(
		    an_address_that_is_none_is_a_mistake_in_the_settings),
		cmocka_unit_test(tls_files_that_cannot_be_read_are_named),
		cmocka_unit_test(directory_check_refuses_what_is_no_name),
		cmocka_unit_test(directory_escape_writes_values_that_read_back),
		cmocka_unit_test(
		    directory_rdn_takes_single_values_of_its_type_only),
		cmocka_unit_test(
		    directory_same_does_not_mind_letter_case_and_spaces),
		cmocka_unit_test(
		    directory_parent_is_what_follows_an_unescaped_comma),
		cmocka_unit_test(directory_container_knows_how_to_hold_entries),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
