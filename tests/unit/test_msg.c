/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "os/msg.h"

struct fixture {
	int		 fd[2];
	struct msg	 m, r;
	struct error	 e;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	*state = f;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, f->fd);
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	msg_clear(&f->m);
	msg_clear(&f->r);
	close(f->fd[0]);
	close(f->fd[1]);
	mem_free(&f);
	return 0;
}

static void
assert_bad(struct fixture *f)
{
	assert_int_equal(msg_done(&f->m, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text, "message of type 7: malformed");
}

static void
msg_get_latches_the_first_read_past_the_end(void **state)
{
	struct fixture	*f = *state;

	msg_init(&f->m, 7);
	msg_put_u32(&f->m, 5);
	assert_int_equal(msg_get_i64(&f->m), 0);
	assert_int_equal(msg_get_u32(&f->m), 0);
	assert_int_equal(msg_get_blob(&f->m, 10).len, 0);
	assert_bad(f);
}

static void
msg_get_blob_refuses_a_length_beyond_the_message_or_the_bound(void **state)
{
	struct fixture	*f = *state;

	msg_init(&f->m, 7);
	msg_put_u32(&f->m, 0xffffffff);
	assert_int_equal(msg_get_blob(&f->m, SIZE_MAX).len, 0);
	assert_bad(f);

	msg_init(&f->m, 7);
	msg_put_blob(&f->m, "12345", 5);
	assert_int_equal(msg_get_blob(&f->m, 4).len, 0);
	assert_bad(f);
}

static void
msg_get_str_refuses_long_strings_and_inner_nuls(void **state)
{
	struct fixture	*f = *state;
	char		 dst[4];

	msg_init(&f->m, 7);
	msg_put_str(&f->m, "abcd");
	msg_get_str(&f->m, dst, sizeof(dst));
	assert_string_equal(dst, "");
	assert_bad(f);

	msg_init(&f->m, 7);
	msg_put_blob(&f->m, "a\0b", 3);
	msg_get_str(&f->m, dst, sizeof(dst));
	assert_string_equal(dst, "");
	assert_bad(f);
}

static void
msg_done_refuses_what_is_left_over(void **state)
{
	struct fixture	*f = *state;

	msg_init(&f->m, 7);
	msg_put_u32(&f->m, 1);
	msg_put_u32(&f->m, 2);
	msg_get_u32(&f->m);
	assert_int_equal(msg_done(&f->m, &f->e), -1);
	assert_string_equal(f->e.text, "message of type 7: 4 bytes too many");
}

static void
msg_get_error_refuses_one_without_a_text(void **state)
{
	struct fixture	*f = *state;
	struct error	 got;

	msg_init(&f->m, 7);
	msg_put_u32(&f->m, ERROR_DENIED);
	msg_put_str(&f->m, "");
	msg_put_str(&f->m, "hint");
	msg_get_error(&f->m, &got);
	assert_int_equal(got.code, ERROR_BUG);
	assert_string_equal(got.text, "message of type 7: an error that says "
	    "nothing");
	assert_bad(f);
}

static void
msg_get_error_refuses_a_code_that_is_none(void **state)
{
	struct fixture	*f = *state;
	struct error	 got;
	uint32_t	 code[] = { 0, ERROR__MAX, 0xffffffff };
	size_t		 i;

	for (i = 0; i < 3; i++) {
		msg_init(&f->m, 7);
		msg_put_u32(&f->m, code[i]);
		msg_put_str(&f->m, "text");
		msg_put_str(&f->m, "hint");
		msg_get_error(&f->m, &got);
		assert_int_equal(got.code, ERROR_BUG);
		assert_bad(f);
	}
}

static void
fields_come_back_as_they_were_put(void **state)
{
	struct fixture	*f = *state;
	struct error	 put = { ERROR_DENIED, "no", "ask" }, got;
	struct bytes	 b;
	char		 s[10];

	msg_init(&f->m, 7);
	msg_put_u32(&f->m, 0xdeadbeef);
	msg_put_i64(&f->m, INT64_MIN);
	msg_put_i64(&f->m, -1);
	msg_put_blob(&f->m, "a\0b", 3);
	msg_put_blob(&f->m, NULL, 0);
	msg_put_str(&f->m, "abcdefghi");
	msg_put_str(&f->m, NULL);
	msg_put_error(&f->m, &put);
	assert_int_equal(msg_send(f->fd[0], &f->m, &f->e), 0);
	assert_int_equal(msg_recv(f->fd[1], &f->r, &f->e), 1);
	assert_int_equal(f->r.type, 7);
	assert_true(msg_get_u32(&f->r) == 0xdeadbeef);
	assert_true(msg_get_i64(&f->r) == INT64_MIN);
	assert_true(msg_get_i64(&f->r) == -1);
	b = msg_get_blob(&f->r, 3);
	assert_true(bytes_equal(b, BYTES("a\0b", 3)));
	assert_int_equal(msg_get_blob(&f->r, 3).len, 0);
	msg_get_str(&f->r, s, sizeof(s));
	assert_string_equal(s, "abcdefghi");
	msg_get_str(&f->r, s, sizeof(s));
	assert_string_equal(s, "");
	msg_get_error(&f->r, &got);
	assert_int_equal(got.code, ERROR_DENIED);
	assert_string_equal(got.text, "no");
	assert_string_equal(got.hint, "ask");
	assert_int_equal(msg_done(&f->r, &f->e), 0);
}

static void
msg_send_refuses_a_message_beyond_the_bound(void **state)
{
	struct fixture	*f = *state;
	char		*big = mem_alloc(MSG_MAX);

	msg_init(&f->m, 7);
	msg_put_blob(&f->m, big, MSG_MAX);
	msg_put_u32(&f->m, 1);
	mem_free(&big);
	assert_int_equal(msg_send(f->fd[0], &f->m, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text,
	    "message of type 7: larger than 67108864 bytes");
}

static void
msg_send_to_nobody_is_an_error_and_no_signal(void **state)
{
	struct fixture	*f = *state;

	close(f->fd[1]);
	f->fd[1] = -1;
	msg_init(&f->m, 7);
	assert_int_equal(msg_send(f->fd[0], &f->m, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_string_equal(f->e.text, "peer is gone");
}

static void
msg_recv_tells_a_clean_end_from_a_broken_message(void **state)
{
	static const char	 head[] = "\0\0\0\7\0\0\0\5abc";
	struct fixture		*f = *state;
	size_t			 n;

	for (n = 0; n < sizeof(head); n++) {
		close(f->fd[0]);
		close(f->fd[1]);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f->fd),
		    0);
		assert_int_equal(write(f->fd[0], head, n), n);
		assert_int_equal(shutdown(f->fd[0], SHUT_WR), 0);
		error_clear(&f->e);
		assert_int_equal(msg_recv(f->fd[1], &f->r, &f->e),
		    n == 0 ? 0 : -1);
		if (n == 0)
			continue;
		assert_int_equal(f->e.code, ERROR_UPSTREAM);
		assert_string_equal(f->e.text,
		    "peer is gone in the middle of a message");
	}
}

static void
msg_recv_refuses_a_length_beyond_the_bound_unread(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(write(f->fd[0], "\0\0\0\7\4\0\0\1", 8), 8);
	assert_int_equal(msg_recv(f->fd[1], &f->r, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text,
	    "message of type 7: larger than 67108864 bytes");
	assert_true(f->r.body.size < 1000000);
}

static void
msg_recv_spends_memory_only_on_bytes_that_come(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(write(f->fd[0], "\0\0\0\7\4\0\0\0", 8), 8);
	shutdown(f->fd[0], SHUT_WR);
	assert_int_equal(msg_recv(f->fd[1], &f->r, &f->e), -1);
	assert_true(f->r.body.size < 1000000);
}

/* A peer that answers one request with "reply", which may be NULL. */
static void
answer_once(int fd, const struct msg *reply)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { 0 };

	if (msg_recv(fd, &m, &e) != 1 ||
	    (reply != NULL && msg_send(fd, reply, &e) == -1))
		_exit(1);
	_exit(0);
}

static int
call(struct fixture *f, const struct msg *reply)
{
	struct msg	 request = { 0 };
	pid_t		 pid;
	int		 rc, status;

	msg_init(&request, 1);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(f->fd[0]);
		answer_once(f->fd[1], reply);
	}
	close(f->fd[1]);
	f->fd[1] = -1;
	rc = msg_call(f->fd[0], &request, &f->r, 2, &f->e);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	msg_clear(&request);
	return rc;
}

static void
msg_call_makes_the_error_of_the_peer_ours(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = { ERROR_DENIED, "order 41: expired", "renew" };

	msg_init(&f->m, 0);
	msg_put_error(&f->m, &e);
	assert_int_equal(call(f, &f->m), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "order 41: expired");
	assert_string_equal(f->e.hint, "renew");
}

static void
msg_call_refuses_an_error_that_is_malformed(void **state)
{
	struct fixture	*f = *state;

	msg_init(&f->m, 0);
	msg_put_u32(&f->m, 1);
	assert_int_equal(call(f, &f->m), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text, "message of type 0: malformed");
}

static void
msg_call_refuses_another_type(void **state)
{
	struct fixture	*f = *state;

	msg_init(&f->m, 3);
	assert_int_equal(call(f, &f->m), -1);
	assert_int_equal(f->e.code, ERROR_BUG);
	assert_string_equal(f->e.text, "reply of type 3 instead of 2");
}

/* The answer to what was sent before, by its type and no other. */
static void
msg_answer_takes_what_was_asked_for(void **state)
{
	struct fixture	*f = *state;

	msg_init(&f->m, 3);
	assert_int_equal(msg_send(f->fd[1], &f->m, &f->e), 0);
	assert_int_equal(msg_send(f->fd[1], &f->m, &f->e), 0);
	assert_int_equal(msg_answer(f->fd[0], &f->r, 3, &f->e), 0);
	assert_int_equal(msg_answer(f->fd[0], &f->r, 2, &f->e), -1);
	assert_string_equal(f->e.text, "reply of type 3 instead of 2");
}

static void
msg_call_says_when_the_peer_ends(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(call(f, NULL), -1);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_string_equal(f->e.text, "peer is gone");
}

static void
msg_call_moves_megabytes_over_descriptors_that_do_not_block(void **state)
{
	struct fixture	*f = *state;
	char		*big = mem_alloc(5u << 20);
	struct bytes	 b;

	memset(big, 'z', 5u << 20);
	msg_init(&f->m, 2);
	msg_put_blob(&f->m, big, 5u << 20);
	assert_int_equal(fcntl(f->fd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(f->fd[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(call(f, &f->m), 0);
	b = msg_get_blob(&f->r, MSG_MAX);
	assert_int_equal(b.len, 5u << 20);
	assert_memory_equal(b.p, big, b.len);
	assert_int_equal(msg_done(&f->r, &f->e), 0);
	mem_free(&big);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(msg_get_latches_the_first_read_past_the_end),
	TEST(msg_get_blob_refuses_a_length_beyond_the_message_or_the_bound),
		TEST(msg_get_str_refuses_long_strings_and_inner_nuls),
		TEST(msg_done_refuses_what_is_left_over),
		TEST(msg_get_error_refuses_a_code_that_is_none),
		TEST(msg_get_error_refuses_one_without_a_text),
		TEST(fields_come_back_as_they_were_put),
		TEST(msg_send_refuses_a_message_beyond_the_bound),
		TEST(msg_send_to_nobody_is_an_error_and_no_signal),
		TEST(msg_recv_tells_a_clean_end_from_a_broken_message),
		TEST(msg_recv_refuses_a_length_beyond_the_bound_unread),
		TEST(msg_recv_spends_memory_only_on_bytes_that_come),
		TEST(msg_call_makes_the_error_of_the_peer_ours),
		TEST(msg_call_refuses_an_error_that_is_malformed),
		TEST(msg_call_refuses_another_type),
		TEST(msg_answer_takes_what_was_asked_for),
		TEST(msg_call_says_when_the_peer_ends),
	TEST(msg_call_moves_megabytes_over_descriptors_that_do_not_block),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("msg", tests, NULL, NULL);
}
