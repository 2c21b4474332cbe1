/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/audit_report.h"

static const uint8_t	 serial[] = { 0x2a, 0x01 };
static const uint8_t	 order[16] = { 0xab };

static char *
printed(const struct audit_report *r, bool json)
{
	char	*text = NULL;
	size_t	 size = 0;
	FILE	*f = open_memstream(&text, &size);

	assert_non_null(f);
	audit_report_print(f, json, r);
	fclose(f);
	return text;
}

static void
shows(const struct audit_report *r, bool json, const char *want)
{
	char	*text = printed(r, json);

	if (strstr(text, want) == NULL)
		fail_msg("no \"%s\" in:\n%s", want, text);
	free(text);
}

static void
a_finding_is_shown_with_what_it_is_about(void **state)
{
	struct audit_report	 r = { .entries = 9 };
	struct audit_about	 about = { .seq = 7, .serial = serial,
				    .serial_len = 2, .order = order };

	(void)state;
	audit_looked(&r, AUDIT_ORDERS);
	audit_failed(&r, AUDIT_ORDERS, &about, "used %s", "twice");
	assert_int_equal(audit_report_failed(&r), 1);
	shows(&r, false, "FAILED  each act has its signed order");
	shows(&r, false, "    entry 7: certificate 2a01: order "
	    "ab000000000000000000000000000000: used twice\n");
	shows(&r, false, "does NOT hold: 1 of");
	shows(&r, true, "\"ok\": false");
	shows(&r, true, "\"serial\": \"2a01\"");
	shows(&r, true, "\"text\": \"used twice\"");
	audit_report_clear(&r);
}

static void
a_note_does_not_fail_the_audit(void **state)
{
	struct audit_report	 r = { .entries = 9 };

	(void)state;
	audit_note(&r, AUDIT_ALARMS, NULL, "alarm: x");
	assert_int_equal(audit_report_failed(&r), 0);
	shows(&r, false, "ok      alarms and refusals");
	shows(&r, false, "    note: alarm: x\n");
	shows(&r, false, "The bundle holds");
	shows(&r, true, "\"note\": true");
	audit_report_clear(&r);
}

static void
a_forged_line_stays_in_its_line(void **state)
{
	struct audit_report	 r = { 0 };

	(void)state;
	audit_failed(&r, AUDIT_NAMES, NULL, "CN \"a\nok      all\x1b[2J\"");
	shows(&r, false, "a\\x0aok      all\\x1b[2J");
	audit_report_clear(&r);
}

static void
findings_without_end_are_counted_and_not_kept(void **state)
{
	struct audit_report	 r = { 0 };
	int			 i;

	(void)state;
	for (i = 0; i < 3 * AUDIT_KEEP; i++)
		audit_failed(&r, AUDIT_STATUS, NULL, "finding %d", i);
	assert_int_equal(r.check[AUDIT_STATUS].n, AUDIT_KEEP);
	assert_int_equal(audit_report_failed(&r), 3 * AUDIT_KEEP);
	shows(&r, false, "... and 2,980 more");
	audit_report_clear(&r);
}

static void
each_check_has_a_name_for_programs(void **state)
{
	struct audit_report	 r = { .entries = 9 };
	char			*text = printed(&r, true);
	const char		*p = text;
	int			 n = 0;

	(void)state;
	for (; (p = strstr(p, "\"check\": \"")) != NULL; p++)
		n++;
	assert_int_equal(n, AUDIT__MAX);
	free(text);
	audit_report_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_finding_is_shown_with_what_it_is_about),
		cmocka_unit_test(a_note_does_not_fail_the_audit),
		cmocka_unit_test(a_forged_line_stays_in_its_line),
		cmocka_unit_test(findings_without_end_are_counted_and_not_kept),
		cmocka_unit_test(each_check_has_a_name_for_programs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
