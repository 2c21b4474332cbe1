/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/ical.h"

#define AT	1795229388	/* 2026-11-21T02:49:48Z */

static char *
event_of(const struct ical_event *v)
{
	struct buf	 b = { 0 };

	ical_event(&b, v, AT);
	(void)buf_cstr(&b);
	return (char *)b.p;
}

static void
a_text_cannot_end_its_line_or_begin_another(void **state)
{
	const struct ical_event	 v = { .uid = "u", .start = AT,
		.summary = "a\r\nATTACH:x", .description = "b;c,d\\e\nf\x7f" };
	char			*text = event_of(&v);

	(void)state;
	assert_null(strstr(text, "\r\nATTACH"));
	assert_non_null(strstr(text, "\r\nSUMMARY:a?\\nATTACH:x\r\n"));
	assert_non_null(strstr(text,
	    "\r\nDESCRIPTION:b\\;c\\,d\\\\e\\nf?\r\n"));
	free(text);
}

static void
no_line_is_longer_than_75_octets_and_no_character_is_cut(void **state)
{
	char			 long_text[400] = "";
	struct ical_event	 v = { .uid = "u", .start = AT,
		.summary = long_text };
	char			*text, *line, *end;

	(void)state;
	for (size_t i = 0; i + 3 < sizeof(long_text); i += 3)
		memcpy(long_text + i, "\xe2\x82\xac", 4);
	text = event_of(&v);
	for (line = text; (end = strstr(line, "\r\n")) != NULL;
	    line = end + 2) {
		assert_in_range(end - line, 1, 75);
		if (line[0] == ' ')
			assert_int_equal((unsigned char)line[1], 0xe2);
	}
	assert_int_equal(*line, '\0');
	free(text);
}

static void
bytes_that_are_no_utf_8_do_not_keep_it_from_ending(void **state)
{
	const struct ical_event	 v = { .uid = "u", .start = AT,
		.summary = "\xff\xc3" };
	char			*text = event_of(&v);

	(void)state;
	assert_non_null(strstr(text, "\r\nEND:VEVENT\r\n"));
	free(text);
}

static void
an_event_is_a_moment_or_whole_days(void **state)
{
	const struct ical_event	 moment = { .uid = "u", .start = AT,
		.summary = "s" };
	const struct ical_event	 week = { .uid = "u", .start = AT, .days = 7,
		.summary = "s" };
	char			*a = event_of(&moment), *b = event_of(&week);

	(void)state;
	assert_null(strstr(a, "DTEND"));
	assert_non_null(strstr(a, "\r\nDTSTART:20261121T024948Z\r\n"));
	assert_null(strstr(b, "DTSTART:"));
	assert_non_null(strstr(b, "\r\nDTSTART;VALUE=DATE:20261121\r\n"
	    "DTEND;VALUE=DATE:20261128\r\n"));
	assert_null(strstr(a, "VALARM"));
	free(a);
	free(b);
}

static void
reminders_are_at_a_moment_and_days_before(void **state)
{
	const struct ical_event	 v = { .uid = "u", .start = AT,
		.summary = "s", .alarm = AT - 60, .alarm_before = 2 };
	char			*text = event_of(&v);

	(void)state;
	assert_non_null(strstr(text, "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
	    "DESCRIPTION:s\r\n"
	    "TRIGGER;VALUE=DATE-TIME:20261121T024848Z\r\nEND:VALARM\r\n"));
	assert_non_null(strstr(text, "\r\nTRIGGER:-P2D\r\n"));
	free(text);
}

static void
a_calendar_has_its_version_and_its_end(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	ical_begin(&b, "Keys, and lists");
	ical_end(&b);
	assert_int_equal(strncmp(buf_cstr(&b),
	    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:", 37), 0);
	assert_non_null(strstr(buf_cstr(&b),
	    "X-WR-CALNAME:Keys\\, and lists\r\nEND:VCALENDAR\r\n"));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_text_cannot_end_its_line_or_begin_another),
		cmocka_unit_test(
		    no_line_is_longer_than_75_octets_and_no_character_is_cut),
		cmocka_unit_test(
		    bytes_that_are_no_utf_8_do_not_keep_it_from_ending),
		cmocka_unit_test(an_event_is_a_moment_or_whole_days),
		cmocka_unit_test(reminders_are_at_a_moment_and_days_before),
		cmocka_unit_test(a_calendar_has_its_version_and_its_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
