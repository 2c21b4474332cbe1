/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ra/subject.h"

static void
is_called(struct arena *a, const char *subject, const char *name)
{
	assert_string_equal(subject_name(a, subject), name);
}

static void
a_subject_without_common_name_is_shown_whole(void **state)
{
	struct arena	*a = arena_new();

	(void)state;
	is_called(a, "", "");
	is_called(a, "O=Example AB,C=SE", "O=Example AB,C=SE");
	is_called(a, "O=CN\\,CN=x,C=SE", "O=CN\\,CN=x,C=SE");
	is_called(a, "O=x\\", "O=x\\");
	arena_free(&a);
}

static void
the_common_name_is_taken_and_its_escapes_are_not(void **state)
{
	struct arena	*a = arena_new();

	(void)state;
	is_called(a, "CN=Alice Holm,O=Example AB", "Alice Holm");
	is_called(a, "O=Example AB,CN=Alice Holm", "Alice Holm");
	is_called(a, "SN=Holm+CN=Alice\\, Holm\\+Ek,C=SE", "Alice, Holm+Ek");
	is_called(a, "CN=,C=SE", "");
	is_called(a, "CN=x\\", "x");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_subject_without_common_name_is_shown_whole),
		cmocka_unit_test(
		    the_common_name_is_taken_and_its_escapes_are_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
