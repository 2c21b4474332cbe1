/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "os/pager.h"

/* What is to be read, of a process whose terminal it is. */
static int
reader(const char *name, const char *term, const char *pager)
{
	struct pager	 p;
	FILE		*f;
	int		 fd;

	if ((fd = open(name, O_RDWR | O_NOCTTY)) == -1 ||
	    dup2(fd, STDIN_FILENO) == -1 || dup2(fd, STDOUT_FILENO) == -1 ||
	    dup2(fd, STDERR_FILENO) == -1)
		return 1;
	setenv("TERM", term, 1);
	if (pager == NULL)
		unsetenv("PAGER");
	else
		setenv("PAGER", pager, 1);
	f = pager_open(&p);
	if ((f == stdout) != !pager_is_wanted())
		return 2;
	fprintf(f, "a line\n");
	pager_close(&p);
	fflush(stdout);
	return 0;
}

/* What the terminal shows then. */
static void
assert_shows(const char *term, const char *pager, const char *want)
{
	char	 got[400];
	ssize_t	 n;
	size_t	 len = 0;
	int	 master, slave, status;
	pid_t	 pid;

	assert_int_not_equal(master = posix_openpt(O_RDWR | O_NOCTTY), -1);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_not_equal(slave = open(ptsname(master), O_RDWR | O_NOCTTY),
	    -1);
	fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0)
		_exit(reader(ptsname(master), term, pager));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(slave);
	while (len < sizeof(got) - 1 &&
	    (n = read(master, got + len, sizeof(got) - 1 - len)) > 0)
		len += (size_t)n;
	got[len] = '\0';
	close(master);
	if (strstr(got, want) == NULL)
		fail_msg("%s: \"%s\" is not \"%s\"", pager, got, want);
}

static void
where_nobody_reads_there_is_no_pager(void **state)
{
	struct pager	 p;
	int		 in = dup(STDIN_FILENO), null;

	(void)state;
	setenv("PAGER", "false", 1);
	assert_int_not_equal(null = open("/dev/null", O_RDONLY), -1);
	assert_int_not_equal(dup2(null, STDIN_FILENO), -1);
	assert_false(pager_is_wanted());
	assert_ptr_equal(pager_open(&p), stdout);
	pager_close(&p);
	assert_int_not_equal(dup2(in, STDIN_FILENO), -1);
	close(null);
	close(in);
	unsetenv("PAGER");
}

static void
no_name_an_empty_one_and_cat_are_none(void **state)
{
	(void)state;
	assert_shows("xterm", NULL, "a line\r\n");
	assert_shows("xterm", "", "a line\r\n");
	assert_shows("xterm", "cat", "a line\r\n");
}

static void
a_terminal_that_is_dumb_has_none(void **state)
{
	(void)state;
	assert_shows("dumb", "sed s/a/no/", "a line\r\n");
}

static void
what_pager_names_gets_the_lines(void **state)
{
	(void)state;
	assert_shows("xterm", "sed s/a/one/", "one line\r\n");
}

static void
one_that_is_not_there_swallows_nothing(void **state)
{
	(void)state;
	assert_shows("xterm", "/nonexistent/pager", "a line\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_nobody_reads_there_is_no_pager),
		cmocka_unit_test(no_name_an_empty_one_and_cat_are_none),
		cmocka_unit_test(a_terminal_that_is_dumb_has_none),
		cmocka_unit_test(what_pager_names_gets_the_lines),
		cmocka_unit_test(one_that_is_not_there_swallows_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("pager", tests, NULL, NULL);
}
