/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error goes to a file for the time of one test. */
struct fixture {
	FILE	*file;
	int	 saved;
	char	 text[8192];
};

static int
setup(void **state)
{
	static struct fixture	 f;

	f.file = tmpfile();
	f.saved = dup(STDERR_FILENO);
	if (f.file == NULL || f.saved == -1 ||
	    dup2(fileno(f.file), STDERR_FILENO) == -1)
		return -1;
	log_open("signet-test", true, false);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	dup2(f->saved, STDERR_FILENO);
	close(f->saved);
	fclose(f->file);
	return 0;
}

static const char *
written(struct fixture *f)
{
	size_t	 n;

	rewind(f->file);
	n = fread(f->text, 1, sizeof(f->text) - 1, f->file);
	f->text[n] = '\0';
	return f->text;
}

static void
log_error_is_one_line_with_the_code_and_one_with_the_hint(void **state)
{
	struct error	 e = ERROR_INIT;

	error_set(&e, ERROR_UPSTREAM, "read x: gone");
	log_error(&e, "will try again in %d s", 1);
	assert_string_equal(written(*state),
	    "signet-test: will try again in 1 s: read x: gone [upstream]\n");
	error_hint(&e, "start it");
	log_error(&e, "stop");
	assert_string_equal(written(*state),
	    "signet-test: will try again in 1 s: read x: gone [upstream]\n"
	    "signet-test: stop: read x: gone [upstream]\n"
	    "signet-test: hint: start it\n");
}

static void
log_info_cannot_be_made_to_forge_a_line(void **state)
{
	log_info("name %s", "x\nsignet-test: all is well\x1b[2J\r");
	assert_string_equal(written(*state),
	    "signet-test: name x\\x0asignet-test: all is well"
	    "\\x1b[2J\\x0d\n");
}

static void
log_info_cuts_an_endless_line_and_ends_it(void **state)
{
	char	 big[5000];
	const char *out;

	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info("%s", big);
	out = written(*state);
	assert_true(strlen(out) < 2100);
	assert_string_equal(out + strlen(out) - 2, "y\n");
}

static void
log_debug_is_silent_unless_asked_for(void **state)
{
	log_debug("not %s", "shown");
	assert_string_equal(written(*state), "");
	log_open("signet-test", true, true);
	log_debug("shown %d", 1);
	assert_string_equal(written(*state), "signet-test: shown 1\n");
}

static void
log_keeps_errno(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	close(STDERR_FILENO);
	errno = ENOTTY;
	log_info("x");
	assert_int_equal(errno, ENOTTY);
	log_error(&e, "x");
	assert_int_equal(errno, ENOTTY);
	log_debug("x");
	assert_int_equal(errno, ENOTTY);
}

static void
log_in_the_background_leaves_standard_error_alone(void **state)
{
	log_open("signet-test", false, false);
	log_info("a test line for syslog");
	assert_string_equal(written(*state), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    log_error_is_one_line_with_the_code_and_one_with_the_hint,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    log_info_cannot_be_made_to_forge_a_line, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    log_info_cuts_an_endless_line_and_ends_it, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    log_debug_is_silent_unless_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(log_keeps_errno, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    log_in_the_background_leaves_standard_error_alone, setup,
		    teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
