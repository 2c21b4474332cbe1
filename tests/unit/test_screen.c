/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/screen.h"

static void
text_of_others_cannot_command_the_terminal(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	screen_cell(&b, "\033[2Jx", 12);
	screen_line(&b, "\a\n", 20);
	screen_paint(&b, "\033]0;y", 12, NULL);
	assert_null(strchr(buf_cstr(&b), '\033'));
	assert_null(strchr(buf_cstr(&b), '\a'));
	assert_string_equal(buf_cstr(&b),
	    "\\x1b[2Jx    \\x07\\x0a\n\\x1b]0;y    ");
	buf_clear(&b);
}

static void
a_cell_is_as_wide_as_it_says(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	screen_cell(&b, "Zo\xc3\xab", 5);
	assert_string_equal(buf_cstr(&b), "Zo\xc3\xab  ");
	b.len = 0;
	screen_cell(&b, "longer than that", 5);
	assert_string_equal(buf_cstr(&b), "long\xe2\x80\xa6");
	b.len = 0;
	screen_line(&b, "longer than that", 5);
	assert_string_equal(buf_cstr(&b), "long\xe2\x80\xa6\n");
	buf_clear(&b);
}

static void
colour_is_around_the_cell_and_only_where_it_is_asked_for(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	screen_paint(&b, "up", 4, "32");
	assert_string_equal(buf_cstr(&b), "\033[1;32mup  \033[0m");
	b.len = 0;
	screen_paint(&b, "up", 4, "");
	assert_string_equal(buf_cstr(&b), "up  ");
	buf_clear(&b);
	setenv("NO_COLOR", "1", 1);
	assert_false(screen_has_colour());
	setenv("NO_COLOR", "", 1);
	assert_true(screen_has_colour());
	unsetenv("NO_COLOR");
}

static void
only_a_terminal_that_has_a_name_is_able(void **state)
{
	static const struct {
		const char	*term;
		bool		 able;
	}	want[] = { { "dumb", false }, { "", false }, { "xterm", true } };
	int	 master, slave;
	size_t	 i;

	(void)state;
	assert_int_not_equal(master = posix_openpt(O_RDWR | O_NOCTTY), -1);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_not_equal(slave = open(ptsname(master), O_RDWR | O_NOCTTY),
	    -1);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		setenv("TERM", want[i].term, 1);
		assert_int_equal(screen_is_able(slave), want[i].able);
	}
	close(slave);
	assert_false(screen_is_able(slave));
	unsetenv("TERM");
	assert_false(screen_is_able(master));
	close(master);
}

static void
a_span_is_read_at_a_glance(void **state)
{
	static const struct { int64_t ms; const char *text; } all[] = {
		{ 7999, "0:07" }, { 750000, "12:30" }, { 11100000, "3 h 05" },
		{ 432000000, "5 days" },
	};
	struct buf	 b = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		b.len = 0;
		screen_span(&b, all[i].ms);
		assert_string_equal(buf_cstr(&b), all[i].text);
	}
	buf_clear(&b);
}

static void
a_page_wipes_what_the_one_before_left(void **state)
{
	struct buf	 page = { 0 };
	char		*text = NULL;
	size_t		 len = 0;
	FILE		*f = open_memstream(&text, &len);

	(void)state;
	assert_non_null(f);
	buf_str(&page, "one\ntwo\n");
	screen_begin(f);
	screen_show(f, &page);
	screen_end(f);
	fclose(f);
	assert_string_equal(text, "\033[?1049h\033[?25l\033[2J"
	    "\033[Hone\033[K\r\ntwo\033[K\r\n\033[K\033[J"
	    "\033[?25h\033[?1049l");
	free(text);
	buf_clear(&page);
	/* Where there is no terminal. */
	assert_int_equal(screen_size(-1).columns, 80);
	assert_int_equal(screen_size(-1).rows, 24);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(text_of_others_cannot_command_the_terminal),
		cmocka_unit_test(a_cell_is_as_wide_as_it_says),
		cmocka_unit_test(
		    colour_is_around_the_cell_and_only_where_it_is_asked_for),
		cmocka_unit_test(only_a_terminal_that_has_a_name_is_able),
		cmocka_unit_test(a_span_is_read_at_a_glance),
		cmocka_unit_test(a_page_wipes_what_the_one_before_left),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
