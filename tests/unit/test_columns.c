/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/columns.h"

static void
columns_clean_shows_control_characters_instead_of_obeying_them(void **state)
{
	struct buf	b = { 0 };

	(void)state;
	columns_clean(&b, "a\x1b[2Jb\xc2\x9b" "c\xff\xe2\x80\xae" "d\xe0\x80\xae"
	    "e");
	assert_string_equal(buf_cstr(&b), "a\\x1b[2Jb\\xc2\\x9bc\\xff"
	    "\\xe2\\x80\\xaed\\xe0\\x80\\xaee");
	buf_clear(&b);
}

static void
columns_of_counts_columns_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(columns_of(""), 0);
	assert_int_equal(columns_of("Zo\xc3\xab"), 3);
	assert_int_equal(columns_of("e\xcc\x81"), 1);
	assert_int_equal(columns_of("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(columns_of("\xff\xff"), 2);
}

static void
columns_fit_cuts_at_a_character_with_an_ellipsis(void **state)
{
	struct buf	b = { 0 };

	(void)state;
	columns_fit(&b, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 4);
	assert_string_equal(buf_cstr(&b), "\xe6\x97\xa5\xe2\x80\xa6");
	b.len = 0;
	columns_fit(&b, "short", 5);
	assert_string_equal(buf_cstr(&b), "short");
	buf_clear(&b);
}

/* A long name must not look like a line of its own. */
static void
columns_fold_indents_what_goes_on(void **state)
{
	static const struct {
		const char	*text;
		size_t		 width, indent;
		const char	*want;
	} row[] = {
		{ "anything at all", 0, 4, "anything at all" },
		{ "", 20, 4, "" },
		{ "\n\n", 20, 4, "\n\n" },
		{ "12345678901234567890\nab", 20, 4, "12345678901234567890\nab" },
		{ "one two three four five six", 20, 4,
		    "one two three four \n    five six" },
		{ "holder:   0123456789012345678901", 20, 10,
		    "holder:   0123456789\n          0123456789\n          01" },
		{ "holder:   in more words than fit", 20, 10,
		    "holder:   in more \n          words than\n          fit" },
		/* No more than half of it is for the indent. */
		{ "01234567890123456789012345", 20, 90,
		    "01234567890123456789\n          012345" },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", 5, 0,
		    "\xe6\x97\xa5\xe6\x9c\xac\n\xe8\xaa\x9e" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", 1, 0,
		    "\xe6\x97\xa5\n\xe6\x9c\xac" },
		{ "\xff\xff\xff", 2, 0, "\xff\xff\n\xff" },
	};
	struct buf	b = { 0 };
	size_t		i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		b.len = 0;
		columns_fold(&b, row[i].text, row[i].width, row[i].indent);
		assert_string_equal(buf_cstr(&b), row[i].want);
	}
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    columns_clean_shows_control_characters_instead_of_obeying_them),
		cmocka_unit_test(columns_of_counts_columns_not_bytes),
		cmocka_unit_test(columns_fit_cuts_at_a_character_with_an_ellipsis),
		cmocka_unit_test(columns_fold_indents_what_goes_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
