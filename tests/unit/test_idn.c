/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/x509_fixture.h"
#include "x509/idn.h"

static void
idn_to_ascii_refuses_what_idna_does_not_allow(void **state)
{
	static const char *const	 bad[] = {
		"b\xc3\xbc cher.example",	/* a space */
		"\xe2\x98\x83.example",		/* U+2603, a snowman */
		"\xcc\x88z.example",		/* begins with a mark */
		"-\xc3\xbc.example", "\xc3\xbc_x.example",
		"\xff.example",			/* not UTF-8 */
	};
	struct error			 e;
	char				 dst[IDN_SIZE];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		if (idn_to_ascii(dst, bad[i], &e) == 0)
			fail_msg("%s became %s", bad[i], dst);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_non_null(strstr(e.text, "is not a domain: "));
	}
}

static void
idn_to_ascii_gives_a_labels(void **state)
{
	static const struct {
		const char	*from, *to;
	} rows[] = {
		{ "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
		{ "BU\xcc\x88" "cher.Example", "xn--bcher-kva.example" },
		{ "fa\xc3\x9f.example", "xn--fa-hia.example" },
		{ "example.org", "example.org" },
	};
	struct error	 e = ERROR_INIT;
	char		 dst[IDN_SIZE];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (idn_to_ascii(dst, rows[i].from, &e) == -1)
			fail_msg("%s", e.text);
		assert_string_equal(dst, rows[i].to);
	}
}

static void
idn_fields_turns_domains_and_nothing_else(void **state)
{
	struct x509_fixture	*fx = NULL;
	struct error		 e = ERROR_INIT;
	struct fields		 f = { 0 };

	(void)state;
	x509_fixture_setup((void **)&fx);
	x509_fixture_fields(&f, "name=\xc3\x85sa;mail=\xc3\xa5sa@b\xc3\xbc.se;"
	    "mail=a@example.org;upn=\xc3\xa5@b\xc3\xbc.se");
	assert_int_equal(idn_fields(x509_fixture_profile(fx, "mail-dual"), &f,
	    &e), 0);
	assert_string_equal(f.v[0].value, "\xc3\x85sa");
	assert_string_equal(f.v[1].value, "\xc3\xa5sa@xn--b-eha.se");
	assert_string_equal(f.v[2].value, "a@example.org");
	assert_string_equal(f.v[3].value, "\xc3\xa5@b\xc3\xbc.se");
	fields_add(&f, "mail", "a@\xe2\x98\x83.se");
	assert_int_equal(idn_fields(x509_fixture_profile(fx, "mail-dual"), &f,
	    &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_memory_equal(e.text, "field \"mail\": ", 14);
	fields_clear(&f);
	x509_fixture_teardown((void **)&fx);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(idn_to_ascii_refuses_what_idna_does_not_allow),
		cmocka_unit_test(idn_to_ascii_gives_a_labels),
		cmocka_unit_test(idn_fields_turns_domains_and_nothing_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
