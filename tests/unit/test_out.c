/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/out.h"

struct capture {
	FILE	*f;
	char	*text;
	size_t	 len;
};

static void
capture_begin(struct capture *c)
{
	c->text = NULL;
	c->f = open_memstream(&c->text, &c->len);
	assert_non_null(c->f);
}

static void
capture_expect(struct capture *c, const char *want)
{
	fclose(c->f);
	assert_string_equal(c->text, want);
	free(c->text);
}

static const struct out_col	cols[] = {
	{ "name", "NAME", OUT_SHRINK },
	{ "items", "ITEMS", OUT_RIGHT },
	{ "expires_at", "EXPIRES", 0 },
	{ "digest", "DIGEST", OUT_JSON },
};

static void
put_row(struct out_list *l, const char *name, int64_t n, int64_t t)
{
	out_text(l, name);
	out_num(l, n);
	out_time(l, t);
	out_hex(l, "\x01\xff", 2);
}

static void
out_list_lines_up_columns_and_leaves_out_what_is_for_programs(void **state)
{
	struct capture	 c;
	struct out_list	*l;

	(void)state;
	capture_begin(&c);
	l = out_list_new(c.f, false, 0, cols, 4);
	put_row(l, "Zo\xc3\xab", 12345, 0);
	put_row(l, NULL, 7, 1700000000);
	assert_int_equal(out_list_rows(l), 2);
	out_list_free(&l);
	assert_null(l);
	capture_expect(&c,
	    "NAME   ITEMS  EXPIRES\n"
	    "Zo\xc3\xab   12,345  -\n"
	    "-          7  2023-11-14T22:13:20Z\n");
}

static void
out_list_cuts_only_columns_that_may_be_cut(void **state)
{
	struct capture	 c;
	struct out_list	*l;

	(void)state;
	capture_begin(&c);
	l = out_list_new(c.f, false, 40, cols, 4);
	put_row(l, "a very long name indeed", 1, 1700000000);
	out_list_free(&l);
	capture_expect(&c,
	    "NAME         ITEMS  EXPIRES\n"
	    "a very lon\xe2\x80\xa6      1  2023-11-14T22:13:20Z\n");
}

static void
out_list_leaves_out_what_it_can_spare_where_cutting_is_not_enough(void **state)
{
	static const struct out_col	spare[] = {
		{ "name", "NAME", OUT_SHRINK },
		{ "items", "ITEMS", OUT_RIGHT | OUT_SPARE },
		{ "at", "AT", OUT_DAY | OUT_SPARE },
		{ "why", "WHY", OUT_SHRINK },
	};
	static const struct {
		int		 width;
		const char	*text;
	} want[] = {
		{ 40, "NAME          ITEMS  AT          WHY\n"
		    "a long name\xe2\x80\xa6      1  2023-11-14  because\n" },
		{ 25, "NAME       ITEMS  WHY\n"
		    "a long n\xe2\x80\xa6      1  because\n" },
		{ 20, "NAME         WHY\n"
		    "a long nam\xe2\x80\xa6  because\n" },
		/* What cannot be spared is there, even where it does not fit. */
		{ 10, "NAME      WHY\n"
		    "a long \xe2\x80\xa6  because\n" },
	};
	struct capture			c;
	struct out_list			*l;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		capture_begin(&c);
		l = out_list_new(c.f, false, want[i].width, spare, 4);
		out_text(l, "a long name indeed");
		out_num(l, 1);
		out_time(l, 1700000000);
		out_text(l, "because");
		out_list_free(&l);
		capture_expect(&c, want[i].text);
	}
}

static void
out_folded_shows_control_characters_and_folds_nothing_in_a_file(void **state)
{
	struct capture	 c;
	char		 text[201];

	(void)state;
	memset(text, 'x', 199);
	text[199] = '\x1b';
	text[200] = '\0';
	capture_begin(&c);
	out_folded(c.f, text);
	memset(text + 199, 0, 1);
	fclose(c.f);
	assert_int_equal(c.len, 199 + strlen("\\x1b\n"));
	assert_memory_equal(c.text, text, 199);
	assert_string_equal(c.text + 199, "\\x1b\n");
	free(c.text);
}

static void
out_list_to_prints_elsewhere_as_wide_as_before(void **state)
{
	struct capture	 c;
	struct out_list	*l;

	(void)state;
	capture_begin(&c);
	l = out_list_new(stdout, false, 40, cols, 4);
	out_list_to(l, c.f);
	put_row(l, "a very long name indeed", 1, 1700000000);
	out_list_free(&l);
	capture_expect(&c,
	    "NAME         ITEMS  EXPIRES\n"
	    "a very lon\xe2\x80\xa6      1  2023-11-14T22:13:20Z\n");
}

static void
out_list_shows_the_day_where_that_is_enough(void **state)
{
	static const struct out_col	day[] = { { "at", "AT", OUT_DAY } };
	struct capture			c;
	struct out_list			*l;

	(void)state;
	capture_begin(&c);
	l = out_list_new(c.f, false, 0, day, 1);
	out_time(l, 1700000000);
	out_list_free(&l);
	capture_expect(&c, "AT\n2023-11-14\n");
	capture_begin(&c);
	l = out_list_new(c.f, true, 0, day, 1);
	out_time(l, 1700000000);
	out_list_free(&l);
	capture_expect(&c, "{\"at\":\"2023-11-14T22:13:20Z\"}\n");
}

static void
out_list_prints_nothing_for_no_rows(void **state)
{
	struct capture	 c;
	struct out_list	*l;

	(void)state;
	capture_begin(&c);
	l = out_list_new(c.f, false, 0, cols, 4);
	out_list_free(&l);
	capture_expect(&c, "");
}

static void
out_list_gives_one_json_object_per_line(void **state)
{
	struct capture	 c;
	struct out_list	*l;

	(void)state;
	capture_begin(&c);
	l = out_list_new(c.f, true, 0, cols, 4);
	put_row(l, "Zo\xc3\xab \"x\"", 12345, 0);
	put_row(l, NULL, 7, 1700000000);
	out_list_free(&l);
	capture_expect(&c,
	    "{\"name\":\"Zo\xc3\xab \\\"x\\\"\",\"items\":12345,"
	    "\"expires_at\":null,\"digest\":\"01ff\"}\n"
	    "{\"name\":null,\"items\":7,"
	    "\"expires_at\":\"2023-11-14T22:13:20Z\",\"digest\":\"01ff\"}\n");
}

static void
out_list_survives_text_that_is_not_utf8_in_json(void **state)
{
	struct capture	 c;
	struct out_list	*l;

	(void)state;
	capture_begin(&c);
	l = out_list_new(c.f, true, 0, cols, 1);
	out_text(l, "M\xfcller");
	out_list_free(&l);
	capture_expect(&c, "{\"name\":\"M\\\\xfcller\"}\n");
}

static void
put_record(struct capture *c, bool json)
{
	struct out_record	*r;

	capture_begin(c);
	r = out_record_new(c->f, json);
	out_put(r, "id", "Id", "4f2a\n");
	out_put(r, "reason", "Reason", NULL);
	out_put_num(r, "items", "Items", 3);
	out_put_bool(r, "ready", NULL, true);
	out_put_json(r, "names", json_pack("[s]", "x"));
	out_put_line(r, "next: signet order show %s", "4f2a");
	out_record_free(&r);
}

static void
out_record_is_lines_for_people(void **state)
{
	struct capture	c;

	(void)state;
	put_record(&c, false);
	capture_expect(&c,
	    "Id:             4f2a\\x0a\n"
	    "Items:          3\n"
	    "next: signet order show 4f2a\n");
}

static void
out_record_is_one_document_for_programs(void **state)
{
	struct capture	c;

	(void)state;
	put_record(&c, true);
	capture_expect(&c,
	    "{\n  \"id\": \"4f2a\\n\",\n  \"reason\": null,\n"
	    "  \"items\": 3,\n  \"ready\": true,\n"
	    "  \"names\": [\n    \"x\"\n  ]\n}\n");
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(
	    out_list_lines_up_columns_and_leaves_out_what_is_for_programs),
		cmocka_unit_test(out_list_cuts_only_columns_that_may_be_cut),
		cmocka_unit_test(
	    out_list_leaves_out_what_it_can_spare_where_cutting_is_not_enough),
		cmocka_unit_test(
	    out_folded_shows_control_characters_and_folds_nothing_in_a_file),
		cmocka_unit_test(out_list_to_prints_elsewhere_as_wide_as_before),
		cmocka_unit_test(out_list_shows_the_day_where_that_is_enough),
		cmocka_unit_test(out_list_prints_nothing_for_no_rows),
		cmocka_unit_test(out_list_gives_one_json_object_per_line),
		cmocka_unit_test(
		    out_list_survives_text_that_is_not_utf8_in_json),
		cmocka_unit_test(out_record_is_lines_for_people),
		cmocka_unit_test(out_record_is_one_document_for_programs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
