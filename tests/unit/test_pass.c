/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "os/pass.h"

static void
pass_recv_refuses_bytes_without_a_descriptor(void **state)
{
	struct error	 e = ERROR_INIT;
	int		 pair[2], fd;
	uint32_t	 what;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], "none", 4), 4);
	assert_int_equal(pass_recv(pair[1], &fd, &what, &e), -1);
	assert_string_equal(e.text, "no descriptor came");
	assert_int_equal(e.code, ERROR_BUG);
	assert_int_equal(fd, -1);
	close(pair[0]);
	assert_int_equal(pass_recv(pair[1], &fd, &what, &e), 0);
	close(pair[1]);
}

static void
pass_send_gives_each_descriptor_with_its_number(void **state)
{
	struct error	 e = ERROR_INIT;
	int		 pair[2], pipes[2][2], fd;
	char		 c;
	uint32_t	 what;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(pipe(pipes[i]), 0);
		assert_int_equal(pass_send(pair[0], pipes[i][1], 7 + i, &e),
		    0);
		close(pipes[i][1]);
	}
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(pass_recv(pair[1], &fd, &what, &e), 1);
		assert_int_equal(what, 7 + i);
		assert_int_equal(write(fd, "x", 1), 1);
		assert_int_equal(read(pipes[i][0], &c, 1), 1);
		close(fd);
		assert_int_equal(read(pipes[i][0], &c, 1), 0);
		close(pipes[i][0]);
	}
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    pass_recv_refuses_bytes_without_a_descriptor),
		cmocka_unit_test(
		    pass_send_gives_each_descriptor_with_its_number),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
