/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "os/program.h"

static void
shell(const char *argv[4], const char *script)
{
	argv[0] = "sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = NULL;
}

static void
fails(const char *script, int ok, const char *text)
{
	struct error	 e = ERROR_INIT;
	struct program	 p;
	const char	*argv[4];

	shell(argv, script);
	assert_int_equal(program_start(&p, argv, NULL, PROGRAM_READ, -1, &e),
	    0);
	assert_int_equal(program_end(&p, ok, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, text);
	assert_int_equal(p.pid, -1);
	assert_int_equal(p.fd, -1);
}

static void
a_program_that_is_not_installed_is_said_so(void **state)
{
	static const char *const	 argv[] = { "no-such-program", NULL };
	struct error			 e = ERROR_INIT;
	struct program			 p;

	(void)state;
	assert_int_equal(program_start(&p, argv, NULL, PROGRAM_READ, -1, &e),
	    0);
	assert_int_equal(program_end(&p, 0, &e), -1);
	assert_string_equal(e.text, "no-such-program: is not installed");
}

static void
a_failure_is_the_last_thing_that_it_said(void **state)
{
	(void)state;
	fails("echo warning >&2; echo 'sh: the reason' >&2; echo >&2; exit 3",
	    0, "sh: the reason");
	fails("exit 3", 1, "sh: failed");
	fails("kill -9 $$", 0, "sh was killed by signal 9");
}

static void
an_exit_status_that_was_named_is_no_failure(void **state)
{
	struct error	 e = ERROR_INIT;
	struct program	 p;
	const char	*argv[4];

	(void)state;
	shell(argv, "exit 1");
	assert_int_equal(program_start(&p, argv, NULL, PROGRAM_READ, -1, &e),
	    0);
	assert_int_equal(program_end(&p, 1, &e), 0);
	assert_int_equal(program_end(&p, 1, &e), 0);
}

static void
what_it_writes_is_read_and_it_has_what_it_was_given(void **state)
{
	static const char *const	 env[] = { "GIVEN=a secret", NULL };
	struct error			 e = ERROR_INIT;
	struct program			 p;
	const char			*argv[4];
	char				 text[40] = "";

	(void)state;
	shell(argv, "cat; printf %s \"$GIVEN\"");
	assert_int_equal(program_start(&p, argv, env, PROGRAM_READ, -1, &e),
	    0);
	assert_int_equal(read(p.fd, text, sizeof(text) - 1), 8);
	assert_string_equal(text, "a secret");
	assert_int_equal(program_end(&p, 0, &e), 0);
}

static void
who_does_not_read_does_not_kill_who_writes(void **state)
{
	struct error	 e = ERROR_INIT;
	struct program	 p;
	const char	*argv[4];
	char		 page[4096] = "";
	ssize_t		 n = 1;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	shell(argv, "exec <&-; echo full >&2; exit 1");
	assert_int_equal(program_start(&p, argv, NULL, PROGRAM_WRITE, -1,
	    &e), 0);
	while (n > 0)
		n = write(p.fd, page, sizeof(page));
	assert_int_equal(program_end(&p, 0, &e), -1);
	assert_string_equal(e.text, "sh: full");
}

static void
what_is_removed_is_gone_with_all_that_is_in_it(void **state)
{
	char		 dir[] = "/tmp/signet-program.XXXXXX", *path;
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = mem_printf("%s/-a b", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(program_remove(dir, &e), 0);
	assert_int_equal(access(dir, F_OK), -1);
	assert_int_equal(program_remove(dir, &e), 0);
	assert_int_equal(program_remove("/proc/self/status", &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(e.text, "rm: "));
	mem_free(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_is_not_installed_is_said_so),
		cmocka_unit_test(what_is_removed_is_gone_with_all_that_is_in_it),
		cmocka_unit_test(a_failure_is_the_last_thing_that_it_said),
		cmocka_unit_test(an_exit_status_that_was_named_is_no_failure),
		cmocka_unit_test(
		    what_it_writes_is_read_and_it_has_what_it_was_given),
		cmocka_unit_test(who_does_not_read_does_not_kill_who_writes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
