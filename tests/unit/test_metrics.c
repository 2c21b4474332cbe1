/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "net/metrics.h"
#include "net/operator.h"

#define NOW	INT64_C(1800000000)

static int
setup(void **state)
{
	struct error	 e = ERROR_INIT;
	struct metrics	*m;

	assert_int_equal(metrics_new(&m, &e), 0);
	*state = m;
	return 0;
}

static int
teardown(void **state)
{
	struct metrics	*m = *state;

	metrics_free(&m);
	assert_null(m);
	metrics_free(&m);
	return 0;
}

static void
assert_text(struct metrics *m, const char *want)
{
	struct buf	 out = { 0 };

	metrics_text(m, NOW, &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
}

static void
what_was_not_set_is_not_shown(void **state)
{
	struct metric	*g = metrics_gauge(*state, "depth", "Depth.", NULL);

	assert_text(*state, "");
	metric_set(g, -3);
	assert_text(*state, "# HELP depth Depth.\n# TYPE depth gauge\n"
	    "depth -3\n");
	metric_hide(g);
	assert_text(*state, "");
}

static void
a_counter_is_shown_from_the_start(void **state)
{
	struct metric	*c = metrics_counter(*state, "replies", "Replies.",
			    NULL);

	assert_text(*state, "# HELP replies_total Replies.\n"
	    "# TYPE replies_total counter\nreplies_total 0\n");
	metric_add(c, 2);
	metric_add(metrics_counter(*state, "replies", "other", NULL), 40);
	assert_int_equal(metric_get(c), 42);
}

static void
series_of_one_name_stand_together(void **state)
{
	metric_set(metrics_gauge(*state, "a", "A.", "ca", "x", NULL), 1);
	metric_set(metrics_gauge(*state, "b", "B.", NULL), 2);
	metric_set(metrics_gauge(*state, "a", "A.", "ca", "y", "n", "1",
	    NULL), 3);
	assert_text(*state, "# HELP a A.\n# TYPE a gauge\na{ca=\"x\"} 1\n"
	    "a{ca=\"y\",n=\"1\"} 3\n# HELP b B.\n# TYPE b gauge\nb 2\n");
}

static void
values_of_labels_are_escaped(void **state)
{
	metric_set(metrics_gauge(*state, "a", "A.", "l", "q\"b\\n\nx", NULL),
	    1);
	assert_text(*state, "# HELP a A.\n# TYPE a gauge\n"
	    "a{l=\"q\\\"b\\\\n\\nx\"} 1\n");
}

static void
a_time_is_shown_as_the_seconds_until_it(void **state)
{
	struct metric	*u = metrics_until(*state, "left", "Left.", NULL);

	metric_set(u, NOW + 60);
	assert_text(*state, "# HELP left Left.\n# TYPE left gauge\nleft 60\n");
	metric_set(u, NOW - 60);
	assert_text(*state, "# HELP left Left.\n# TYPE left gauge\n"
	    "left -60\n");
}

static void
milliseconds_are_shown_as_seconds(void **state)
{
	struct metric	*g = metrics_gauge(*state, "lag", "Lag.", NULL);

	metric_set_ms(g, 1005);
	assert_text(*state, "# HELP lag Lag.\n# TYPE lag gauge\nlag 1.005\n");
	metric_set_ms(g, -20);
	assert_text(*state, "# HELP lag Lag.\n# TYPE lag gauge\nlag -0.020\n");
}

static void
what_there_is_no_room_for_is_counted(void **state)
{
	char		 label[300], n[16];
	struct buf	 out = { 0 };
	int		 i;

	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	metric_set(metrics_gauge(*state, "a", "A.", "l", label, NULL), 1);
	assert_text(*state, "# HELP signet_metrics_dropped_total Series that "
	    "there was no room for.\n# TYPE signet_metrics_dropped_total "
	    "counter\nsignet_metrics_dropped_total 1\n");
	for (i = 0; i < 17000; i++) {
		snprintf(n, sizeof(n), "%d", i);
		metric_set(metrics_gauge(*state, "b", "B.", "n", n, NULL), 1);
	}
	metrics_text(*state, NOW, &out);
	assert_null(strstr(buf_cstr(&out), "n=\"16999\""));
	assert_non_null(strstr(buf_cstr(&out), "n=\"16000\""));
	buf_clear(&out);
}

/* Also one that is killed while others count. */
static void
processes_share_them(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 out = { 0 };
	struct health	*h;
	pid_t		 pid;
	int		 status;

	assert_int_equal(health_new(&h, &e), 0);
	if ((pid = fork()) == 0) {
		metric_add(metrics_counter(*state, "c", "C.", NULL), 5);
		health_set(h, "child", true, 0, "it lives");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_text(*state, "# HELP c_total C.\n# TYPE c_total counter\n"
	    "c_total 5\n");
	assert_true(health_text(h, NOW, &out));
	assert_string_equal(buf_cstr(&out), "ok child: it lives\n");
	buf_clear(&out);
	health_free(&h);
}

static void
assert_health(struct health *h, bool well, const char *want)
{
	struct buf	 out = { 0 };

	assert_int_equal(health_text(h, NOW, &out), well);
	assert_string_equal(buf_cstr(&out), want);
	buf_clear(&out);
}

static void
health_without_checks_is_not_well(void **state)
{
	struct error	 e = ERROR_INIT;
	struct health	*h;

	(void)state;
	assert_int_equal(health_new(&h, &e), 0);
	assert_health(h, false, "FAIL checks: nothing was checked yet\n");
	health_drop(h, "nothing");
	health_free(&h);
	assert_null(h);
}

static void
one_check_that_fails_is_enough(void **state)
{
	struct error	 e = ERROR_INIT;
	struct health	*h;

	(void)state;
	assert_int_equal(health_new(&h, &e), 0);
	health_set(h, "a", true, 0, "well since %d", 7);
	health_set(h, "b", false, 0, "two\nlines");
	assert_health(h, false, "ok a: well since 7\nFAIL b: two\\x0alines\n");
	health_set(h, "b", true, 0, "again");
	assert_health(h, true, "ok a: well since 7\nok b: again\n");
	health_drop(h, "a");
	assert_health(h, true, "ok b: again\n");
	health_free(&h);
}

static void
who_is_silent_is_not_well(void **state)
{
	struct error	 e = ERROR_INIT;
	struct health	*h;

	(void)state;
	assert_int_equal(health_new(&h, &e), 0);
	health_set(h, "a", true, NOW, "fine");
	assert_health(h, true, "ok a: fine\n");
	health_set(h, "a", true, NOW - 9, "fine");
	assert_health(h, false, "FAIL a: fine (not looked at for 9 s)\n");
	health_free(&h);
}

static void
more_checks_than_fit_are_not_well(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 out = { 0 };
	struct health	*h;
	char		 name[16];
	int		 i;

	(void)state;
	assert_int_equal(health_new(&h, &e), 0);
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%d", i);
		health_set(h, name, true, 0, "fine");
	}
	assert_false(health_text(h, NOW, &out));
	assert_non_null(strstr(buf_cstr(&out),
	    "FAIL checks: there are more than fit here\n"));
	buf_clear(&out);
	health_free(&h);
}

static void
an_operator_has_a_listener(void **state)
{
	static const struct clock	 clock = { NULL, 0 };
	struct error			 e = ERROR_INIT;
	struct operator			*o = NULL;

	assert_int_equal(operator_start(&o, -1, *state, NULL, &clock, &e), -1);
	assert_null(o);
	assert_non_null(strstr(e.text, "operator's listener"));
	operator_stop(&o);
}

int
main(void)
{
#define WITH(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		WITH(what_was_not_set_is_not_shown),
		WITH(a_counter_is_shown_from_the_start),
		WITH(series_of_one_name_stand_together),
		WITH(values_of_labels_are_escaped),
		WITH(a_time_is_shown_as_the_seconds_until_it),
		WITH(milliseconds_are_shown_as_seconds),
		WITH(what_there_is_no_room_for_is_counted),
		WITH(processes_share_them),
		cmocka_unit_test(health_without_checks_is_not_well),
		cmocka_unit_test(one_check_that_fails_is_enough),
		cmocka_unit_test(who_is_silent_is_not_well),
		cmocka_unit_test(more_checks_than_fit_are_not_well),
		WITH(an_operator_has_a_listener),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
