/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "desk/csv.h"

static struct bytes
text(const char *s)
{
	return BYTES(s, strlen(s));
}

/* The first mistake in the text, at or behind the header. */
static void
expect_mistake(const char *s, const char *want)
{
	struct error	e = ERROR_INIT;
	struct csv	c;
	int		rc;

	csv_open(&c, text(s));
	rc = csv_read_head(&c, &e);
	while (rc != -1) {
		rc = csv_next(&c, &e);
		if (rc == 0)
			fail_msg("no mistake in: %s", s);
	}
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, want);
	csv_close(&c);
}

static void
csv_refuses_a_file_without_header(void **state)
{
	(void)state;
	expect_mistake("", "empty: no row of names");
	expect_mistake("\r\n\n", "empty: no row of names");
}

static void
csv_refuses_two_columns_of_one_name(void **state)
{
	(void)state;
	expect_mistake("mail,name,mail\n",
	    "line 1, column 11: two columns are called \"mail\"");
	expect_mistake("mail,,name\n",
	    "line 1, column 6: \"\" is no name of a column");
}

static void
csv_refuses_a_quote_inside_a_plain_cell(void **state)
{
	(void)state;
	expect_mistake("a,b\nx,y\"z\n", "line 2, column 4: a quote inside a "
	    "cell that does not begin with one");
}

static void
csv_refuses_text_behind_a_closing_quote(void **state)
{
	(void)state;
	expect_mistake("a,b\n\"x\"y,z\n",
	    "line 2, column 4: text after the closing quote");
}

static void
csv_says_where_an_open_quote_began(void **state)
{
	(void)state;
	expect_mistake("a,b\n1,2\n3,\"x\ny\nz",
	    "line 3, column 3: the quote is never closed");
}

static void
csv_refuses_rows_of_another_width(void **state)
{
	(void)state;
	expect_mistake("a,b\n1,2,3\n",
	    "line 2: 3 cells where the header has 2");
	expect_mistake("a,b\n1\n", "line 2: 1 cells where the header has 2");
}

static void
csv_refuses_what_is_not_clean_text(void **state)
{
	(void)state;
	expect_mistake("a,b\nx,M\xfcller\n", "line 2, column 3: not clean "
	    "UTF-8 text (control character or another encoding)");
	expect_mistake("a,b\nx,\x1b[2J\n", "line 2, column 3: not clean "
	    "UTF-8 text (control character or another encoding)");
	expect_mistake("a,b\nx,\"y\nz\"\n", "line 2, column 3: not clean "
	    "UTF-8 text (control character or another encoding)");
}

static void
csv_refuses_a_cell_that_is_too_long(void **state)
{
	struct buf	b = { 0 };
	size_t		i;

	(void)state;
	buf_str(&b, "a\n");
	for (i = 0; i < CSV_CELL_MAX + 1; i++)
		buf_byte(&b, 'x');
	expect_mistake(buf_cstr(&b),
	    "line 2, column 1: the cell is too long");
	buf_clear(&b);
}

static void
csv_goes_on_behind_a_mistake(void **state)
{
	struct error	e = ERROR_INIT;
	struct csv	c;

	(void)state;
	csv_open(&c, text("a,b\n1,x\"y,z\nlast,row\n"));
	assert_int_equal(csv_read_head(&c, &e), 0);
	assert_int_equal(csv_next(&c, &e), -1);
	assert_int_equal(csv_next(&c, &e), 1);
	assert_int_equal(c.line, 3);
	assert_string_equal(csv_cell(&c, 0), "last");
	assert_int_equal(csv_next(&c, &e), 0);
	assert_int_equal(csv_next(&c, &e), 0);
	csv_close(&c);
}

static void
csv_reads_quotes_line_ends_and_a_byte_order_mark(void **state)
{
	struct error	e = ERROR_INIT;
	struct csv	c;

	(void)state;
	csv_open(&c, text("\xef\xbb\xbfholder,name\r\n\r\n"
	    "1,\"Holm, \"\"Al\"\"\"\r\n2,\n3,Zo\xc3\xab"));
	assert_int_equal(csv_read_head(&c, &e), 0);
	assert_int_equal(csv_find(&c, "name"), 1);
	assert_int_equal(csv_find(&c, "mail"), -1);
	assert_int_equal(csv_next(&c, &e), 1);
	assert_int_equal(c.line, 3);
	assert_string_equal(csv_cell(&c, 1), "Holm, \"Al\"");
	assert_int_equal(csv_next(&c, &e), 1);
	assert_string_equal(csv_cell(&c, 1), "");
	assert_int_equal(csv_next(&c, &e), 1);
	assert_string_equal(csv_cell(&c, 1), "Zo\xc3\xab");
	assert_int_equal(c.line, 5);
	assert_int_equal(csv_next(&c, &e), 0);
	csv_close(&c);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(csv_refuses_a_file_without_header),
		cmocka_unit_test(csv_refuses_two_columns_of_one_name),
		cmocka_unit_test(csv_refuses_a_quote_inside_a_plain_cell),
		cmocka_unit_test(csv_refuses_text_behind_a_closing_quote),
		cmocka_unit_test(csv_says_where_an_open_quote_began),
		cmocka_unit_test(csv_refuses_rows_of_another_width),
		cmocka_unit_test(csv_refuses_what_is_not_clean_text),
		cmocka_unit_test(csv_refuses_a_cell_that_is_too_long),
		cmocka_unit_test(csv_goes_on_behind_a_mistake),
		cmocka_unit_test(
		    csv_reads_quotes_line_ends_and_a_byte_order_mark),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
