/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "x509/script.h"

#define INVISIBLE	" is invisible, changes the direction or looks like" \
	" another: not for names"
#define MIXED		" letters in one word, which may look like another" \
	" (UTS #39, 5)"

static void
script_check_refuses_what_hides_or_disguises(void **state)
{
	static const struct {
		const char	*text, *why;
	} rows[] = {
		{ "a\tb", "U+0009 is a control character" },
		{ "a\xc2\x85", "U+0085 is a control character" },
		{ "a\xc2\xa0" "b", "U+00A0" INVISIBLE },
		{ "a\xc2\xad" "b", "U+00AD" INVISIBLE },
		{ "a\xe2\x80\x8d" "b", "U+200D" INVISIBLE },
		{ "a\xe2\x80\xae" "b", "U+202E" INVISIBLE },
		{ "\xd8\x9c", "U+061C" INVISIBLE },
		{ "\xef\xbc\xa1", "U+FF21" INVISIBLE },
		{ "\xf0\x9d\x90\x80", "U+1D400" INVISIBLE },
		{ "\xef\xac\x81", "U+FB01" INVISIBLE },
		{ "\xf3\xa0\x81\x81", "U+E0041" INVISIBLE },
		{ "\xee\x80\x80", "U+E000" INVISIBLE },
		{ "\xef\xbb\xbf" "a", "U+FEFF" INVISIBLE },
		{ "a\xcc\xb8", "U+0338" INVISIBLE },
		{ "P\xd0\xb0ul", "Latin and Cyrillic" MIXED },
		{ "\xce\x91lice", "Greek and Latin" MIXED },
		{ "\xcc\x81", "U+0301: a combining mark without a letter" },
		{ "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
		  "U+0301: a combining mark too many on one letter" },
		/* "Сара" beside a Latin word. */
		{ "\xd0\xa1\xd0\xb0\xd1\x80\xd0\xb0 Holm",
		  "a word of Cyrillic letters that looks Latin (UTS #39, 4)" },
		{ "\xff", "text is not UTF-8" },
	};
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(script_check(rows[i].text,
		    strlen(rows[i].text), &e), -1);
		assert_string_equal(e.text, rows[i].why);
		assert_int_equal(e.code, ERROR_INPUT);
	}
}

static void
script_check_takes_names_of_the_world(void **state)
{
	static const char *const	 good[] = {
		"Alice Holm", "\xc3\x85sa \xc3\x96" "berg", "D'Arcy O\xe2\x80\x99"
		"Neill", "e\xcc\x81" "a", "Nguy\xe1\xbb\x85n",
		"\xd0\x98\xd0\xb2\xd0\xb0\xd0\xbd (Ivan)",
		"\xd0\xa1\xd0\xb0\xd1\x80\xd0\xb0",
		"\xe6\x9d\xb1\xe4\xba\xac\xe3\x82\xbf\xe3\x83\xaf\xe3\x83\xbc",
		"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "3M AB",
		"\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1", "",
	};
	struct error			 e = ERROR_INIT;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (script_check(good[i], strlen(good[i]), &e) == -1)
			fail_msg("%s: %s", good[i], e.text);
}

static void
script_check_label_wants_no_disguise_even_alone(void **state)
{
	/* All Cyrillic, and it reads "apple". */
	static const char	 apple[] = "\xd0\xb0\xd1\x80\xd1\x80\xd3\x8f"
				    "\xd0\xb5";
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(script_check(apple, strlen(apple), &e), 0);
	assert_int_equal(script_check_label(apple, strlen(apple), &e), -1);
	assert_string_equal(e.text,
	    "a word of Cyrillic letters that looks Latin (UTS #39, 4)");
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(script_check_label("b\xc3\xbc" "cher", 7, &e), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(script_check_refuses_what_hides_or_disguises),
		cmocka_unit_test(script_check_takes_names_of_the_world),
		cmocka_unit_test(
		    script_check_label_wants_no_disguise_even_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
