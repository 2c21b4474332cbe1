/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>

#include "os/fault.h"
#include "os/file.h"

/* FAULT() is fault_point() or nothing.  Passes "one" three times and "two"
 * once in a child; returns its status. */
static int
pass(const char *fault, const char *list)
{
	int	 status, i;
	pid_t	 pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		unsetenv("SIGNET_FAULT");
		unsetenv("SIGNET_FAULT_LIST");
		if (fault != NULL)
			setenv("SIGNET_FAULT", fault, 1);
		if (list != NULL)
			setenv("SIGNET_FAULT_LIST", list, 1);
		for (i = 0; i < 3; i++)
			FAULT("one");
		FAULT("two");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#ifdef SIGNET_FAULTS
static void
a_fault_kills_at_the_pass_that_it_names(void **state)
{
	(void)state;
	assert_int_equal(pass(NULL, NULL), 0);
	assert_int_equal(pass("three", NULL), 0);
	assert_int_equal(pass("on", NULL), 0);
	assert_int_equal(pass("one:4", NULL), 0);
	assert_int_equal(WTERMSIG(pass("one", NULL)), SIGKILL);
	assert_int_equal(WTERMSIG(pass("one:3", NULL)), SIGKILL);
	assert_int_equal(WTERMSIG(pass("two", NULL)), SIGKILL);
}

static void
the_list_names_each_point_passed(void **state)
{
	char		 path[] = "/tmp/signet-fault.XXXXXX";
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };
	int		 fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	pass("one:3", path);
	assert_int_equal(file_load(&b, path, 1000, &e), 0);
	unlink(path);
	assert_string_equal(buf_cstr(&b), "one\none\none\n");
	buf_clear(&b);
}

static void
a_plan_comes_true_once_in_whatever_process(void **state)
{
	char		 path[] = "/tmp/signet-fault.XXXXXX";
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };
	int		 fd = mkstemp(path);

	(void)state;
	assert_int_equal(dprintf(fd, "one 5 KILL\n"), 11);
	close(fd);
	setenv("SIGNET_FAULT_PLAN", path, 1);
	assert_int_equal(pass(NULL, NULL), 0);
	assert_int_equal(WTERMSIG(pass(NULL, NULL)), SIGKILL);
	assert_int_equal(pass(NULL, NULL), 0);
	unsetenv("SIGNET_FAULT_PLAN");
	assert_int_equal(file_load(&b, path, 1000, &e), 0);
	unlink(path);
	assert_string_equal(buf_cstr(&b), "one 0 KILL\n");
	buf_clear(&b);
}
#else
static void
a_production_build_obeys_no_fault(void **state)
{
	char	 path[] = "/tmp/signet-fault.none";

	(void)state;
	assert_int_equal(pass("one", path), 0);
	assert_false(file_exists(path));
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef SIGNET_FAULTS
		cmocka_unit_test(a_fault_kills_at_the_pass_that_it_names),
		cmocka_unit_test(the_list_names_each_point_passed),
		cmocka_unit_test(a_plan_comes_true_once_in_whatever_process),
#else
		cmocka_unit_test(a_production_build_obeys_no_fault),
#endif
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
