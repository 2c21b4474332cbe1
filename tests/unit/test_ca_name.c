/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "x509/ca_name.h"

static void
what_is_not_a_generation_is_a_first_one(void **state)
{
	static const char *const	 names[] = { "people", "people.g1",
	    "people.g0", "people.g02", "people.g", "people.gx", "people.g2x",
	    "people.2", "people-g2", "g2", ".g2", "people.g1000",
	    "people.g99999999999999999999" };
	char				 family[CA_NAME_SIZE];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(ca_name_split(names[i], family), 1);
		assert_string_equal(family, names[i]);
		assert_false(ca_name_is_of(names[i], "people") &&
		    strcmp(names[i], "people") != 0);
	}
}

static void
a_generation_names_its_ca_and_number(void **state)
{
	char	 family[CA_NAME_SIZE];

	(void)state;
	assert_int_equal(ca_name_split("people.g2", family), 2);
	assert_string_equal(family, "people");
	assert_int_equal(ca_name_split("a.g3.g999", family), 999);
	assert_string_equal(family, "a.g3");
	assert_true(ca_name_is_of("people", "people"));
	assert_true(ca_name_is_of("people.g10", "people"));
	assert_false(ca_name_is_of("people.g2", "peopl"));
	assert_false(ca_name_is_of("people.g2", "people.g2"));
	assert_false(ca_name_is_of("services.g2", "people"));
}

static void
a_name_that_does_not_fit_is_refused(void **state)
{
	char	 name[CA_NAME_SIZE], family[CA_NAME_SIZE];
	char	 longest[CA_NAME_SIZE];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[CA_NAME_SIZE - 1] = '\0';
	assert_int_equal(ca_name_make(name, longest, 2), -1);
	assert_int_equal(ca_name_make(name, longest, 1), 0);
	longest[CA_NAME_SIZE - 4] = '\0';
	assert_int_equal(ca_name_make(name, longest, 2), 0);
	assert_int_equal(ca_name_split(name, family), 2);
	assert_string_equal(family, longest);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_not_a_generation_is_a_first_one),
		cmocka_unit_test(a_generation_names_its_ca_and_number),
		cmocka_unit_test(a_name_that_does_not_fit_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
