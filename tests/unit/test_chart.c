/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ra/chart.h"

#define FIRST	INT64_C(1700006400)	/* 2023-11-15 */

static int
count(const char *text, const char *what)
{
	int	n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text++;
		n++;
	}
	return n;
}

static void
chart_escapes_a_label_that_is_markup(void **state)
{
	struct buf	svg = { 0 };
	int64_t		day[1] = { 1 };

	(void)state;
	chart_days(&svg, "<b>\"&{total}<script>", FIRST, day, 1);
	assert_null(strstr(buf_cstr(&svg), "<script"));
	assert_null(strstr(buf_cstr(&svg), "<b>"));
	assert_non_null(strstr(buf_cstr(&svg),
	    "&#60;b&#62;&#34;&#38;1&#60;script&#62;"));
	buf_clear(&svg);
}

static void
chart_of_nothing_is_an_axis(void **state)
{
	struct buf	svg = { 0 };
	int64_t		day[3] = { 0, 0, 0 };

	(void)state;
	chart_days(&svg, "{total} and {most}", FIRST, day, 0);
	assert_int_equal(count(buf_cstr(&svg), "<rect"), 0);
	assert_non_null(strstr(buf_cstr(&svg), "\"0 and 0\""));
	buf_clear(&svg);
	chart_days(&svg, "{none}", FIRST, day, 3);
	assert_int_equal(count(buf_cstr(&svg), "height=\"0\""), 3);
	assert_non_null(strstr(buf_cstr(&svg), "\"{none}\""));
	buf_clear(&svg);
}

static void
chart_leaves_a_gap_for_what_is_not_known(void **state)
{
	struct buf	svg = { 0 };
	int64_t		day[4] = { -1, 10, 1, INT64_C(5) };

	(void)state;
	chart_days(&svg, "{total} {most}", FIRST, day, 4);
	assert_int_equal(count(buf_cstr(&svg), "<rect"), 3);
	assert_non_null(strstr(buf_cstr(&svg), "\"16 10\""));
	/* The most is as high as it gets, and one is not nothing. */
	assert_non_null(strstr(buf_cstr(&svg), "height=\"90\""));
	assert_non_null(strstr(buf_cstr(&svg), "height=\"9\""));
	assert_non_null(strstr(buf_cstr(&svg), ">2023-11-15</text>"));
	assert_non_null(strstr(buf_cstr(&svg), ">2023-11-18</text>"));
	buf_clear(&svg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chart_escapes_a_label_that_is_markup),
		cmocka_unit_test(chart_of_nothing_is_an_axis),
		cmocka_unit_test(chart_leaves_a_gap_for_what_is_not_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
