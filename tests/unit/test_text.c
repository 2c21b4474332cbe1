/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"

static void
text_unhex_refuses_what_is_not_whole_bytes_of_hex(void **state)
{
	static const struct {
		const char	*in, *text;
	} row[] = {
		{ "abc", "hex has an odd number of digits" },
		{ "0g", "not a hex digit at position 2" },
		{ "x0", "not a hex digit at position 1" },
		{ "0x", "not a hex digit at position 2" },
		{ " 1", "not a hex digit at position 1" },
		{ "0011223344", "hex stands for 5 bytes, not for at most 4" },
	};
	struct error	 e;
	uint8_t		 dst[4];
	size_t		 len, i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		error_clear(&e);
		assert_int_equal(text_unhex(dst, 4, &len, row[i].in, &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_string_equal(e.text, row[i].text);
	}
	assert_int_equal(text_unhex(dst, 4, NULL, "001122", &e), -1);
	assert_string_equal(e.text, "hex stands for 3 bytes, not for 4");
}

static void
text_unhex_is_the_inverse_of_text_hex(void **state)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 in[256], out[256];
	char		 hex[513];
	size_t		 len, i;

	(void)state;
	for (i = 0; i < 256; i++)
		in[i] = (uint8_t)i;
	assert_ptr_equal(text_hex(hex, in, 256), hex);
	assert_memory_equal(hex, "000102", 6);
	assert_string_equal(hex + 506, "fdfeff");
	assert_int_equal(text_unhex(out, 256, &len, hex, &e), 0);
	assert_int_equal(len, 256);
	assert_memory_equal(in, out, 256);
	assert_int_equal(text_unhex(out, 4, &len, "", &e), 0);
	assert_int_equal(len, 0);
	assert_int_equal(text_unhex(out, 2, NULL, "ABcd", &e), 0);
	assert_memory_equal(out, "\xab\xcd", 2);
}

static void
text_base64_pads_and_breaks_no_lines(void **state)
{
	static const char *const row[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foobar", "Zm9vYmFy" },
	};
	char	 big[100], *p;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		p = text_base64(row[i][0], strlen(row[i][0]));
		assert_string_equal(p, row[i][1]);
		mem_free(&p);
	}
	memset(big, 'x', sizeof(big));
	p = text_base64(big, sizeof(big));
	assert_int_equal(strlen(p), 136);
	assert_null(strchr(p, '\n'));
	mem_free(&p);
}

static void
text_base64_joins_its_pieces(void **state)
{
	const size_t	 n = (3u << 20) + 4;
	char		*big = mem_alloc(n), *p;

	(void)state;
	p = text_base64(big, n);
	assert_int_equal(strlen(p), (4u << 20) + 8);
	assert_string_equal(p + (4u << 20) - 4, "AAAAAAAAAA==");
	mem_free(&p);
	mem_free(&big);
}

static void
text_parse_time_refuses_what_no_calendar_has(void **state)
{
	static const char *const bad[] = {
		"2026-02-30", "2026-13-01", "2026-00-10", "2026-01-00",
		"2026-11-21T24:00:00Z", "2026-11-21T02:60:00Z",
		"2026-11-21T02:49:60Z", "2025-02-29",
	};
	struct error	 e;
	int64_t		 t = 7;
	char		 want[80];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(text_parse_time(&t, bad[i], &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		snprintf(want, sizeof(want), "no such time: \"%s\"", bad[i]);
		assert_string_equal(e.text, want);
	}
	assert_int_equal(t, 7);
}

static void
text_parse_time_refuses_other_forms(void **state)
{
	static const char *const bad[] = {
		"", "2026", "2026-11-21T02:49:48", "2026-11-21 02:49:48Z",
		"2026-11-21T02:49:48+01:00", "2026-11-21T02:49:48.5Z",
		"26-11-21", "2026-11-21Z", " 2026-11-21", "2026-1-21",
	};
	struct error	 e;
	int64_t		 t;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(text_parse_time(&t, bad[i], &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_memory_equal(e.text, "not a time: \"", 13);
		assert_string_equal(e.hint,
		    "write 2026-11-21 or 2026-11-21T02:49:48Z (UTC)");
	}
}

static void
text_parse_time_is_the_inverse_of_text_time(void **state)
{
	static const struct {
		const char	*text;
		int64_t		 t;
	} row[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "2026-11-21T02:49:48Z", 1795229388 },
		{ "2024-02-29T00:00:00Z", 1709164800 },
		{ "2038-01-19T03:14:08Z", INT64_C(2147483648) },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799) },
	};
	struct error	 e = ERROR_INIT;
	char		 buf[TEXT_TIME_SIZE];
	int64_t		 t;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(text_parse_time(&t, row[i].text, &e), 0);
		assert_int_equal(t, row[i].t);
		assert_string_equal(text_time(buf, t), row[i].text);
	}
	assert_int_equal(text_parse_time(&t, "2024-02-29", &e), 0);
	assert_int_equal(t, 1709164800);
}

static void
text_time_stops_at_the_ends_of_four_digit_years(void **state)
{
	char	 buf[TEXT_TIME_SIZE];

	(void)state;
	assert_string_equal(text_time(buf, INT64_MAX), "9999-12-31T23:59:59Z");
	assert_string_equal(text_time(buf, INT64_MIN), "0000-01-01T00:00:00Z");
}

static void
text_parse_duration_refuses_what_is_not_one(void **state)
{
	static const char *const bad[] = {
		"", "90", "d", "-1d", "1d 12h", "12h1d", "1d1d", "1.5h",
		"1w", "90D", "1d12", "+1d",
	};
	struct error	 e;
	char		 want[80];
	int64_t		 n = 7;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(text_parse_duration(&n, bad[i], &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		snprintf(want, sizeof(want), "not a duration: \"%s\"", bad[i]);
		assert_string_equal(e.text, want);
		assert_memory_equal(e.hint, "write 90d", 9);
	}
	assert_int_equal(n, 7);
}

static void
text_parse_duration_refuses_what_overflows(void **state)
{
	static const char *const bad[] = {
		"99999999999999999999s", "9223372036854775807m",
		"292471208677y9223372036854775807s",
	};
	struct error	 e;
	int64_t		 n;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(text_parse_duration(&n, bad[i], &e), -1);
		assert_memory_equal(e.text, "duration is too long: ", 22);
	}
}

static void
text_duration_is_the_shortest_exact_form(void **state)
{
	static const struct {
		const char	*text;
		int64_t		 n;
	} row[] = {
		{ "0s", 0 }, { "45s", 45 }, { "1m", 60 }, { "90m", 5400 },
		{ "1h", 3600 }, { "12h", 43200 }, { "1d", 86400 },
		{ "36h", 129600 }, { "90d", 7776000 }, { "1y", 31536000 },
		{ "366d", 31622400 }, { "1d1s", 86401 },
	};
	struct error	 e = ERROR_INIT;
	char		 buf[32];
	int64_t		 n;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_string_equal(text_duration(buf, row[i].n), row[i].text);
		assert_int_equal(text_parse_duration(&n, row[i].text, &e), 0);
		assert_int_equal(n, row[i].n);
	}
	assert_int_equal(text_parse_duration(&n, "1y2d3h4m5s", &e), 0);
	assert_int_equal(n, 31536000 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5);
	assert_string_equal(text_duration(buf, -60), "-1m");
	assert_int_equal(text_duration(buf, INT64_MIN)[0], '-');
	assert_int_equal(text_parse_duration(&n,
	    text_duration(buf, INT64_MAX), &e), 0);
	assert_true(n == INT64_MAX);
}

static void
text_count_puts_commas_between_thousands(void **state)
{
	char	 buf[32];

	(void)state;
	assert_string_equal(text_count(buf, 0), "0");
	assert_string_equal(text_count(buf, 999), "999");
	assert_string_equal(text_count(buf, 1000), "1,000");
	assert_string_equal(text_count(buf, 1234567), "1,234,567");
	assert_string_equal(text_count(buf, UINT64_MAX),
	    "18,446,744,073,709,551,615");
}

static void
text_parse_number_refuses_other_than_digits_in_range(void **state)
{
	static const struct {
		const char	*in, *text;
	} row[] = {
		{ "", "not a number: \"\"" },
		{ "-1", "not a number: \"-1\"" },
		{ "+1", "not a number: \"+1\"" },
		{ " 1", "not a number: \" 1\"" },
		{ "1x", "not a number: \"1x\"" },
		{ "0x10", "not a number: \"0x10\"" },
		{ "0", "0 is not between 1 and 100" },
		{ "101", "101 is not between 1 and 100" },
		{ "99999999999999999999",
		    "99999999999999999999 is not between 1 and 100" },
	};
	struct error	 e;
	int64_t		 n = 7;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		error_clear(&e);
		assert_int_equal(text_parse_number(&n, row[i].in, 1, 100, &e),
		    -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_string_equal(e.text, row[i].text);
	}
	assert_int_equal(n, 7);
	assert_int_equal(text_parse_number(&n, "100", 1, 100, &e), 0);
	assert_int_equal(n, 100);
	assert_int_equal(text_parse_number(&n, "9223372036854775807", 0,
	    INT64_MAX, &e), 0);
	assert_true(n == INT64_MAX);
}

static void
text_is_clean_refuses_what_is_not_shortest_utf8(void **state)
{
	static const char *const bad[] = {
		"\xff", "\xc3", "\x80", "\xc0\x80", "\xc1\xbf",
		"\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xe2\x82",
		"\xc3\x41",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_clean(bad[i], strlen(bad[i]), 100));
}

static void
text_is_clean_refuses_controls_and_direction_overrides(void **state)
{
	static const char *const bad[] = {
		"\n", "a\tb", "\x1b[31m", "\x7f", "\xc2\x80", "\xc2\x9f",
		"\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6",
		"\xe2\x81\xa9", "\xe2\x80\xa8",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_clean(bad[i], strlen(bad[i]), 100));
	assert_false(text_is_clean("a\0b", 3, 100));
	assert_false(text_is_clean("abc", 3, 2));
}

static void
text_is_clean_takes_names_of_all_scripts(void **state)
{
	static const char *const good[] = {
		"", "Jörg Müller", "Łukasz", "山田太郎", "عمر", "\xc2\xa0",
		"\xf0\x9f\x94\x91", "\xf4\x8f\xbf\xbd",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(text_is_clean(good[i], strlen(good[i]), 100));
}

static void
text_is_name_keeps_names_fit_for_files(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", ".hidden", "-x", "_x", "a/b", "a b", "a\n",
		"\xc3\xa4",
		"12345678901234567890123456789012345678901234567890123456789012345",
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(text_is_name(bad[i]));
	assert_true(text_is_name("people-ca.2_b"));
	assert_true(text_is_name("7"));
	assert_true(text_is_name(
	    "1234567890123456789012345678901234567890123456789012345678901234"));
}

static void
text_escape_shows_controls_and_stays_within_its_bound(void **state)
{
	char	 dst[32], small[6];

	(void)state;
	assert_string_equal(text_escape(dst, sizeof(dst), "a\nb\x1b[1m"),
	    "a\\x0ab\\x1b[1m");
	assert_string_equal(text_escape(dst, sizeof(dst), "\xc2\x85\xff"),
	    "\\xc2\\x85\\xff");
	assert_string_equal(text_escape(dst, sizeof(dst), "M\xc3\xbcller"),
	    "M\xc3\xbcller");
	assert_string_equal(text_escape(small, sizeof(small), "ab\ncd"), "ab");
	assert_string_equal(text_escape(small, sizeof(small), "abcdefgh"),
	    "abcde");
	assert_string_equal(text_escape(small, 1, "abc"), "");
}

static void
text_wrap_breaks_at_spaces_and_indents(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	text_wrap(&b, "one two three four five six seven", 2, 24);
	assert_string_equal(buf_cstr(&b),
	    "  one two three four\n  five six seven\n");
	b.len = 0;
	text_wrap(&b, "a paragraph\n\nanother", 0, 24);
	assert_string_equal(buf_cstr(&b), "a paragraph\n\nanother\n");
	b.len = 0;
	text_wrap(&b, "anendlesswordthatdoesnotfitanywhere x", 0, 24);
	assert_string_equal(buf_cstr(&b),
	    "anendlesswordthatdoesnotfitanywhere\nx\n");
	b.len = 0;
	text_wrap(&b, "", 4, 24);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

static void
text_distance_counts_edits(void **state)
{
	char	 big[80];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[79] = '\0';
	assert_true(text_distance(big, "x") == SIZE_MAX);
	assert_true(text_distance("x", big) == SIZE_MAX);
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("abc", ""), 3);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("intervall", "interval"), 1);
	assert_int_equal(text_distance("reovke", "revoke"), 1);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
}

static void
text_is_near_forgives_more_in_longer_words(void **state)
{
	(void)state;
	assert_false(text_is_near("ab", "cd"));
	assert_false(text_is_near("x", "ab"));
	assert_false(text_is_near("card", "cert"));
	assert_true(text_is_near("crt", "cert"));
	assert_true(text_is_near("aprove", "approve"));
	assert_false(text_is_near("delete", "approve"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    text_unhex_refuses_what_is_not_whole_bytes_of_hex),
		cmocka_unit_test(text_unhex_is_the_inverse_of_text_hex),
		cmocka_unit_test(text_base64_pads_and_breaks_no_lines),
		cmocka_unit_test(text_base64_joins_its_pieces),
		cmocka_unit_test(text_parse_time_refuses_what_no_calendar_has),
		cmocka_unit_test(text_parse_time_refuses_other_forms),
		cmocka_unit_test(text_parse_time_is_the_inverse_of_text_time),
		cmocka_unit_test(
		    text_time_stops_at_the_ends_of_four_digit_years),
		cmocka_unit_test(text_parse_duration_refuses_what_is_not_one),
		cmocka_unit_test(text_parse_duration_refuses_what_overflows),
		cmocka_unit_test(text_duration_is_the_shortest_exact_form),
		cmocka_unit_test(text_count_puts_commas_between_thousands),
		cmocka_unit_test(
		    text_parse_number_refuses_other_than_digits_in_range),
		cmocka_unit_test(
		    text_is_clean_refuses_what_is_not_shortest_utf8),
		cmocka_unit_test(
		    text_is_clean_refuses_controls_and_direction_overrides),
		cmocka_unit_test(text_is_clean_takes_names_of_all_scripts),
		cmocka_unit_test(text_is_name_keeps_names_fit_for_files),
		cmocka_unit_test(
		    text_escape_shows_controls_and_stays_within_its_bound),
		cmocka_unit_test(text_wrap_breaks_at_spaces_and_indents),
		cmocka_unit_test(text_distance_counts_edits),
		cmocka_unit_test(text_is_near_forgives_more_in_longer_words),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
