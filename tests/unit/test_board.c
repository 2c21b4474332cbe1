/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/columns.h"
#include "personalize/board.h"

static char	 first[] = "Reader A 00 00", second[] = "Reader B 00 00";
static char	*names[] = { first, second };

static struct board *
two(void)
{
	struct board	*b;

	board_new(&b, "bureau-1", "2026-11-a", names, 2);
	return b;
}

static struct event
at(uint32_t reader, enum event_kind kind, const char *text)
{
	struct event	 v = { .reader = reader, .kind = kind };

	snprintf(v.number, sizeof(v.number), "P-000123");
	snprintf(v.holder, sizeof(v.holder), "h1");
	snprintf(v.text, sizeof(v.text), "%s", text);
	return v;
}

static void
drawn(struct board *b, size_t columns, size_t rows, struct buf *out)
{
	char	*line, *next;

	board_draw(b, out, columns, rows, false, 65000);
	buf_cstr(out);			/* ends it */
	for (line = (char *)out->p; (next = strchr(line, '\n')) != NULL;
	    line = next + 1) {
		*next = '\0';
		if (columns_of(line) > columns)
			fail_msg("too wide for %zu: %s", columns, line);
		*next = '\n';
	}
}

static void
board_note_leaves_readers_alone_that_it_does_not_have(void **state)
{
	struct board	*b = two();
	struct event	 v = at(2, EVENT_ISSUED, "");
	struct buf	 out = { 0 };

	(void)state;
	assert_false(board_note(b, &v, 1));
	assert_false(board_line(b, &v, &out));
	drawn(b, 100, 24, &out);
	assert_non_null(strstr(buf_cstr(&out), "issued 0"));
	buf_clear(&out);
	board_free(&b);
}

static void
board_draw_obeys_nothing_that_is_in_a_name(void **state)
{
	struct board	*b = two();
	struct event	 v = at(0, EVENT_REFUSED, "no\033[2Jblank");
	struct buf	 out = { 0 };

	(void)state;
	board_note(b, &v, 1);
	drawn(b, 120, 24, &out);
	assert_null(memchr(out.p, 033, out.len));
	assert_non_null(strstr(buf_cstr(&out), "no\\x1b[2Jblank"));
	buf_clear(&out);
	assert_true(board_line(b, &v, &out));
	assert_string_equal(buf_cstr(&out), "Reader A 00 00: refused P-000123 "
	    "(h1): no\\x1b[2Jblank\n");
	buf_clear(&out);
	board_free(&b);
}

static void
board_draw_has_the_whole_reason_where_there_is_room(void **state)
{
	static const char	 why[] = "the card takes no management key of "
				    "24 bytes";
	struct board		*b = two();
	struct event		 v = at(1, EVENT_SPOILED, why);
	struct buf		 out = { 0 };
	size_t			 lines;

	(void)state;
	board_note(b, &v, 1);
	for (size_t rows = 6; rows < 12; rows++) {
		drawn(b, 80, rows, &out);
		lines = 0;
		for (size_t i = 0; i < out.len; i++)
			lines += out.p[i] == '\n';
		assert_true(lines <= rows);
		assert_int_equal(strstr(buf_cstr(&out), why) != NULL,
		    rows >= 8);
		buf_clear(&out);
	}
	drawn(b, 160, 24, &out);		/* once, in its line */
	assert_null(strstr(strstr(buf_cstr(&out), why) + 1, why));
	buf_clear(&out);
	board_free(&b);
}

static void
board_draw_fits_any_terminal(void **state)
{
	struct board	*b = two();
	struct event	 v = at(1, EVENT_STEP, ""),
			 card = at(1, EVENT_CARD, "");
	struct buf	 out = { 0 };

	(void)state;
	v.step = STEP_CERT;
	v.slot = CARD_ITSELF;
	board_note(b, &card, 1000);
	board_note(b, &v, 1);
	for (size_t columns = 80; columns < 200; columns += 7) {
		drawn(b, columns, 5, &out);
		assert_non_null(strstr(buf_cstr(&out), "and 1 more reader: "));
		assert_null(strstr(buf_cstr(&out), "HOLDER"));
		buf_clear(&out);
	}
	for (size_t columns = 80; columns < 200; columns += 7) {
		drawn(b, columns, 24, &out);
		assert_non_null(strstr(buf_cstr(&out), "\nREADER "));
		assert_non_null(strstr(buf_cstr(&out), "HOLDER"));
		assert_non_null(strstr(buf_cstr(&out), "TIME\n"));
		buf_clear(&out);
	}
	for (size_t columns = 20; columns < 80; columns++) {
		drawn(b, columns, 5, &out);
		drawn(b, columns, 24, &out);
		buf_clear(&out);
	}
	/* A narrow one has what is to be done. */
	drawn(b, 36, 24, &out);
	assert_non_null(strstr(buf_cstr(&out), "certificate: card a"));
	assert_null(strstr(buf_cstr(&out), "CARD"));
	buf_clear(&out);
	drawn(b, 100, 24, &out);
	assert_non_null(strstr(buf_cstr(&out), "certificate: card a"));
	assert_non_null(strstr(buf_cstr(&out), "1:04"));
	buf_clear(&out);
	board_free(&b);
}

static void
board_note_rings_once_where_somebody_has_to_look(void **state)
{
	struct board	*b = two();
	struct event	 done = at(0, EVENT_ISSUED, ""),
			 step = at(0, EVENT_STEP, "");

	(void)state;
	assert_false(board_note(b, &step, 1));
	assert_false(board_is_idle(b));
	assert_true(board_note(b, &done, 2));
	assert_false(board_note(b, &done, 3));
	assert_true(board_is_idle(b));
	board_free(&b);
}

static void
board_draw_tells_the_rate_and_what_is_left(void **state)
{
	struct board	*b = two();
	struct event	 job = at(0, EVENT_JOB, ""), done = at(0, EVENT_ISSUED,
			    ""), balance = { .kind = EVENT_BALANCE,
			    .waiting = 720, .issued = 2000, .spoiled = 3 };
	struct buf	 out = { 0 };

	(void)state;
	board_note(b, &job, 5000);
	for (int i = 0; i < 12; i++)
		board_note(b, &done, 5000 * i);
	board_note(b, &balance, 60000);
	drawn(b, 120, 24, &out);
	assert_non_null(strstr(buf_cstr(&out), "issued 2,000   spoiled 3   "
	    "waiting 720   720 cards/h   left about 1 h 00"));
	buf_clear(&out);
	board_free(&b);
}

static void
board_json_has_what_applies(void **state)
{
	struct board	*b = two();
	struct event	 v = at(1, EVENT_STEP, "");
	struct buf	 out = { 0 };

	(void)state;
	v.step = STEP_KEY;
	v.slot = CARD_SIGNATURE;
	board_json(b, &v, &out, 1800000000);
	assert_string_equal(buf_cstr(&out), "{\"at\":\"2027-01-15T08:00:00Z\","
	    "\"event\":\"step\",\"reader\":\"Reader B 00 00\",\"step\":\"key\","
	    "\"slot\":\"signature\",\"card\":\"P-000123\",\"holder\":\"h1\"}\n");
	buf_clear(&out);
	board_free(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    board_note_leaves_readers_alone_that_it_does_not_have),
		cmocka_unit_test(board_draw_obeys_nothing_that_is_in_a_name),
		cmocka_unit_test(
		    board_draw_has_the_whole_reason_where_there_is_room),
		cmocka_unit_test(board_draw_fits_any_terminal),
		cmocka_unit_test(
		    board_note_rings_once_where_somebody_has_to_look),
		cmocka_unit_test(board_draw_tells_the_rate_and_what_is_left),
		cmocka_unit_test(board_json_has_what_applies),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
