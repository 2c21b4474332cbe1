/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "os/proc.h"

static int
echo(int fd, void *arg)
{
	char	 c;

	while (read(fd, &c, 1) == 1) {
		c = (char)(c + *(char *)arg);
		if (write(fd, &c, 1) != 1)
			return 1;
	}
	return 0;
}

static int
tell_name(int fd, void *arg)
{
	char	 name[16] = "";

	(void)arg;
	prctl(PR_GET_NAME, name, 0, 0, 0);
	return write(fd, name, sizeof(name)) == sizeof(name) ? 0 : 1;
}

static int
exit_with(int fd, void *arg)
{
	(void)fd;
	return *(int *)arg;
}

/* Ignores the end of the stream and SIGTERM. */
static int
be_stubborn(int fd, void *arg)
{
	(void)arg;
	signal(SIGTERM, SIG_IGN);
	if (write(fd, "x", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static int
wait_for_signal(int fd, void *arg)
{
	(void)arg;
	if (write(fd, "x", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void
a_child_talks_over_the_pair_and_ends_with_it(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT;
	char		 add = 1, c = 'a';
	pid_t		 pid;

	(void)state;
	assert_int_equal(proc_start(&p, "echo", echo, &add, &e), 0);
	pid = p.pid;
	assert_int_equal(write(p.fd, &c, 1), 1);
	assert_int_equal(read(p.fd, &c, 1), 1);
	assert_int_equal(c, 'b');
	proc_stop(&p, 5000);
	assert_int_equal(p.fd, -1);
	assert_int_equal(p.pid, -1);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	proc_stop(&p, 5000);
}

static void
a_child_shows_its_name(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT;
	char		 name[16];

	(void)state;
	assert_int_equal(proc_start(&p, "signet-signer", tell_name, NULL, &e),
	    0);
	assert_int_equal(read(p.fd, name, sizeof(name)), sizeof(name));
	assert_string_equal(name, "signet-signer");
	proc_stop(&p, 5000);
}

static void
a_child_exits_with_what_its_function_returns(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT;
	int		 want = 41, status;

	(void)state;
	assert_int_equal(proc_start(&p, "exit", exit_with, &want, &e), 0);
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 41);
	proc_stop(&p, 0);
}

static void
a_child_hears_a_signal_that_its_parent_does_not(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT;
	sigset_t	 block, old;
	int		 status;
	char		 c;

	(void)state;
	/* As a daemon does, which must not make the child deaf. */
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	assert_int_equal(proc_start(&p, "wait", wait_for_signal, NULL, &e),
	    0);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(read(p.fd, &c, 1), 1);
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	proc_stop(&p, 0);
}

static void
proc_stop_ends_a_child_that_does_not_listen(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT;
	pid_t		 pid;
	char		 c;

	(void)state;
	assert_int_equal(proc_start(&p, "stubborn", be_stubborn, NULL, &e),
	    0);
	pid = p.pid;
	assert_int_equal(read(p.fd, &c, 1), 1);
	proc_stop(&p, 50);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

/* Side by side: both have ended before either is waited for. */
static void
proc_tell_closes_our_end_and_waits_for_nobody(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT, none = PROC_INIT;
	int		 status;

	(void)state;
	proc_tell(&none);
	assert_int_equal(none.fd, -1);
	assert_int_equal(proc_start(&p, "echo", echo, NULL, &e), 0);
	proc_tell(&p);
	assert_int_equal(p.fd, -1);
	assert_true(p.pid > 0);
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	assert_true(WIFEXITED(status));
	p.pid = -1;
	proc_stop(&p, 0);
}

static void
a_child_dies_with_its_parent(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT;
	struct pollfd	 pf;
	int		 fd[2], status;
	pid_t		 pid;
	char		 c;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(fd[0]);
		if (proc_start(&p, "orphan", be_stubborn, NULL, &e) == -1 ||
		    read(p.fd, &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	close(fd[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The orphan holds the pipe's other end for as long as it lives. */
	pf.fd = fd[0];
	pf.events = POLLIN;
	assert_int_equal(poll(&pf, 1, 10000), 1);
	assert_int_equal(read(fd[0], &c, 1), 0);
	close(fd[0]);
}

static void
proc_start_says_when_no_descriptor_is_left(void **state)
{
	struct error	 e = ERROR_INIT;
	struct proc	 p = PROC_INIT;
	struct rlimit	 old, few;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(proc_start(&p, "none", echo, NULL, &e), -1);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "start none: Too many open files");
	assert_int_equal(p.pid, -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_start_says_when_no_descriptor_is_left),
		cmocka_unit_test(a_child_talks_over_the_pair_and_ends_with_it),
		cmocka_unit_test(a_child_shows_its_name),
		cmocka_unit_test(a_child_exits_with_what_its_function_returns),
		cmocka_unit_test(
		    a_child_hears_a_signal_that_its_parent_does_not),
		cmocka_unit_test(proc_stop_ends_a_child_that_does_not_listen),
		cmocka_unit_test(proc_tell_closes_our_end_and_waits_for_nobody),
		cmocka_unit_test(a_child_dies_with_its_parent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
