/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/columns.h"
#include "cli/top.h"

#define AT	1795229388	/* 2026-11-21T02:49:48Z */

static char *
page_of(const struct top_look *l, size_t columns, size_t rows, bool colour)
{
	struct buf	 b = { 0 };

	top_draw(l, &b, columns, rows, colour);
	(void)buf_cstr(&b);
	return (char *)b.p;
}

static void
a_metric_that_is_not_there_is_not_taken_for_another(void **state)
{
	static const char	 text[] =
	    "# HELP a_total 7\nab_total 5\na_totals 6\n"
	    "a_total{x=\"1\" 4\nb a_total 3\n";

	(void)state;
	assert_true(top_metric(text, "a_total") < 0);
	assert_true(top_metric("", "a_total") < 0);
}

static void
the_series_of_a_metric_are_added(void **state)
{
	(void)state;
	assert_true(top_metric("a 2\na{s=\"good\"} 3.5\nab 100\n"
	    "a{s=\"x\"} 1e1", "a") == 15.5);
}

static void
a_store_that_is_away_is_said_and_daemons_are_shown(void **state)
{
	const struct top_look	 l = { .at = AT, .store_error = "no \033[2J",
		.rates = { -1, -1, 3.25 }, .daemon = { { .name = "signet-crld",
		.address = "127.0.0.1:1", .why_not = "refused",
		.oldest_ms = -1 } } };
	char			*p = page_of(&l, 80, 0, false);

	(void)state;
	assert_non_null(strstr(p, "store: no \\x1b[2J\n"));
	assert_non_null(strstr(p,
	    "issued -   revoked and held -   OCSP 3.2/s"));
	assert_non_null(strstr(p, "signet-crld   away      -          "
	    "127.0.0.1:1, refused\n"));
	assert_null(strstr(p, "signet-cad"));
	assert_null(strstr(p, "outbox"));
	free(p);
}

static struct top_look
busy(struct db_calendar_list *lists, struct bytes *alarm)
{
	static const char	 body[] = "act=alarm\nat=2026-11-21T02:00:00Z\n"
	    "what=fork\ndetail=a\\x1bb\n";
	struct top_look		 l = { .at = AT, .rates = { 12.5, 0, 1234 } };

	lists[0] = (struct db_calendar_list){ "people", 0, 41, AT - 1000,
	    AT + 3000 };
	lists[1] = (struct db_calendar_list){ "services", 2, 7, AT - 9000,
	    AT - 1 };
	l.lists = (struct db_calendar_lists){ lists, 2 };
	*alarm = BYTES(body, sizeof(body) - 1);
	l.alarms = (struct db_watch_alarms){ alarm, 1 };
	l.marks = (struct db_watch_marks){ .entries = 5000,
	    .silent_ms = 400 };
	l.gauges = (struct db_gauges){ .pending = 3, .open = 2, .signing = 1,
	    .outbox = 9, .outbox_ms = 61000 };
	return l;
}

static void
the_page_says_what_waits_and_what_has_ended(void **state)
{
	struct db_calendar_list	 lists[2];
	struct bytes		 alarm;
	const struct top_look	 l = busy(lists, &alarm);
	char			*p = page_of(&l, 100, 0, false);

	(void)state;
	assert_non_null(strstr(p, "orders: 3 to be approved, 0 approved; "
	    "certificates: 0 wait for a request, 3 to be signed\n"));
	assert_non_null(strstr(p, "outbox: 9, the oldest for 1:01\n"));
	assert_non_null(strstr(p, "issued 12.5/s   "
	    "revoked and held 0.0/s   OCSP 1234/s   audit entries 5,000\n"));
	assert_non_null(strstr(p, "signet-cad    at work   -          "
	    "last heard of 0:00 ago\n"));
	assert_non_null(strstr(p, "people                41        50:00\n"));
	assert_non_null(strstr(p, "services, shard 2     7         expired\n"));
	assert_non_null(strstr(p, "2026-11-21T02:00:00Z  fork              "
	    "a\\x1bb\n"));
	assert_null(strchr(p, '\033'));
	free(p);
}

static void
colours_come_only_where_they_are_wanted_and_end(void **state)
{
	struct db_calendar_list	 lists[2];
	struct bytes		 alarm;
	const struct top_look	 l = busy(lists, &alarm);
	char			*p = page_of(&l, 100, 0, true);

	(void)state;
	assert_non_null(strstr(p, "\033[1;31mexpired"));
	assert_non_null(strstr(p, "\033[1;32mat work \033[0m"));
	free(p);
}

static void
the_page_fits_the_window(void **state)
{
	struct db_calendar_list	 lists[2];
	struct bytes		 alarm;
	const struct top_look	 l = busy(lists, &alarm);
	size_t			 n, longest;

	(void)state;
	for (size_t columns = 1; columns < 60; columns += 13) {
		char	*p = page_of(&l, columns, 6, false), *line, *end;

		n = longest = 0;
		for (line = p; (end = strchr(line, '\n')) != NULL;
		    line = end + 1) {
			*end = '\0';
			/* What is said of the rest is not cut. */
			if (++n < 6 && columns_of(line) > longest)
				longest = columns_of(line);
		}
		assert_in_range(longest, 1, columns);
		assert_int_equal(n, 6);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    a_metric_that_is_not_there_is_not_taken_for_another),
		cmocka_unit_test(the_series_of_a_metric_are_added),
		cmocka_unit_test(
		    a_store_that_is_away_is_said_and_daemons_are_shown),
		cmocka_unit_test(the_page_says_what_waits_and_what_has_ended),
		cmocka_unit_test(
		    colours_come_only_where_they_are_wanted_and_end),
		cmocka_unit_test(the_page_fits_the_window),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
