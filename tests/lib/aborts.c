/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>

#include "tests/lib/aborts.h"

void
assert_aborts(void (*fn)(void))
{
	char	 line[200] = "";
	int	 pipefd[2], status;
	pid_t	 pid;

	assert_int_equal(pipe(pipefd), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(pipefd[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(pipefd[1]);
	assert_true(read(pipefd[0], line, sizeof(line) - 1) > 0);
	close(pipefd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_string_equal(line, "out of memory\n");
}
