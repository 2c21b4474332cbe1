/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the script 64-http.t cannot see from outside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "net/http.h"
#include "net/http_private.h"

#define NOW	INT64_C(1800000000)

static void
addresses_that_are_none_are_refused(void **state)
{
	static const char *const	 bad[] = { "", ":", "80", "localhost:80",
	    "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "::1:80",
	    "[::1]", "[::1]:", "unix:relative", "systemd:x", "[:80", "]:80" };
	struct error			 e;
	size_t				 i;
	int				 fd;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		fd = 0;
		assert_int_equal(http_listen(&fd, bad[i], &e), -1);
		assert_int_equal(fd, -1);
		assert_true(e.code == ERROR_CONFIG || e.code == ERROR_INPUT);
	}
	error_clear(&e);
	assert_int_equal(http_listen(&fd, "nonsense", &e), -1);
	assert_string_equal(e.text, "\"nonsense\" is no address to listen on");
	assert_string_equal(e.hint, "write 127.0.0.1:8080, [::1]:8080, "
	    "*:8080, unix:/PATH or systemd:0");
}

static void
only_this_machine_is_local(void **state)
{
	static const char *const	 far[] = { "*:0", "0.0.0.0:0",
	    "192.0.2.1:0", "[::]:0", "[2001:db8::1]:0" };
	struct error			 e;
	size_t				 i;
	int				 fd;

	(void)state;
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		error_clear(&e);
		assert_int_equal(http_listen_local(&fd, far[i], &e), -1);
		assert_int_equal(e.code, ERROR_CONFIG);
		assert_non_null(strstr(e.text, "other machines"));
	}
	error_clear(&e);
	assert_int_equal(http_listen_local(&fd, "127.0.0.9:0", &e), 0);
	close(fd);
}

static void
a_file_is_not_taken_for_a_socket(void **state)
{
	char		 path[] = "/tmp/signet-http.XXXXXX", where[64];
	struct error	 e = ERROR_INIT;
	int		 fd = mkstemp(path), listening;

	(void)state;
	assert_int_not_equal(fd, -1);
	close(fd);
	snprintf(where, sizeof(where), "unix:%s", path);
	assert_int_equal(http_listen(&listening, where, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "is there and no socket"));
	assert_int_equal(unlink(path), 0);
	/* What a killed server leaves behind is taken over. */
	error_clear(&e);
	assert_int_equal(http_listen(&listening, where, &e), 0);
	close(listening);
	assert_int_equal(http_listen(&listening, where, &e), 0);
	close(listening);
	unlink(path);
}

static void
dates_are_read_in_three_forms_and_written_in_one(void **state)
{
	static const char *const	 same[] = {
		"Sun, 06 Nov 1994 08:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
	};
	static const char *const	 bad[] = { "", "yesterday",
	    "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT x",
	    "784111777" };
	char				 text[HTTP_DATE_SIZE];
	int64_t				 t;
	size_t				 i;

	(void)state;
	for (i = 0; i < 3; i++) {
		t = 0;
		assert_true(http_parse_date(same[i], &t));
		assert_int_equal(t, 784111777);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(http_parse_date(bad[i], &t));
	assert_string_equal(http_date(text, 784111777), same[0]);
	assert_string_equal(http_date(text, 0),
	    "Thu, 01 Jan 1970 00:00:00 GMT");
}

struct seen {
	unsigned int	 made, freed;
	int		 fail_at;
	void		*thread;
	char		 text[400];
};

static int
thread_new(void **thread, void *arg, struct error *e)
{
	struct seen	*s = arg;

	if ((int)s->made == s->fail_at)
		return error_set(e, ERROR_UPSTREAM, "no store for thread %u",
		    s->made);
	s->made++;
	*thread = mem_alloc(1);
	return 0;
}

static void
thread_free(void *thread, void *arg)
{
	struct seen	*s = arg;

	s->freed++;
	mem_free(&thread);
}

static void
look(struct http_request *r, void *thread, void *arg)
{
	struct seen	*s = arg;
	const char	*h = http_header(r, "x-test");
	struct bytes	 body = http_body(r);

	s->thread = thread;
	snprintf(s->text, sizeof(s->text), "%u %s %s %.*s", http_method(r),
	    http_path(r), h == NULL ? "-" : h, (int)body.len, body.p == NULL ?
	    "" : (const char *)body.p);
	http_reply_status(r, 200, "seen");
	http_reply_status(r, 500, "a second reply is not sent");
}

static struct http_conf
conf_for(struct seen *s, struct error *e)
{
	static struct clock	 clock;
	struct http_conf	 c = { .fd = -1, .threads = 2,
		.methods = HTTP_GET | HTTP_POST, .max_body = 100,
		.handler = look, .thread_new = thread_new,
		.thread_free = thread_free, .arg = s };

	clock = clock_fixed(NOW);
	c.clock = &clock;
	assert_int_equal(http_listen(&c.fd, "127.0.0.1:0", e), 0);
	return c;
}

static void
a_thread_that_cannot_begin_stops_the_start(void **state)
{
	struct error		 e = ERROR_INIT;
	struct seen		 s = { .fail_at = 1 };
	struct http_conf	 c = conf_for(&s, &e);
	struct http_server	*server;

	(void)state;
	assert_int_equal(http_start(&server, &c, &e), -1);
	assert_null(server);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "no store for thread 1");
	assert_int_equal(s.made, 1);
	assert_int_equal(s.freed, 1);
	assert_int_equal(close(c.fd), -1);
}

static size_t
ask(unsigned int port, const char *request, char *reply, size_t size)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	size_t			 len = 0;
	ssize_t			 n;
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(write(fd, request, strlen(request)),
	    strlen(request));
	while (len < size - 1 &&
	    (n = read(fd, reply + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	reply[len] = '\0';
	return len;
}

static void
a_handler_sees_the_request_and_its_thread(void **state)
{
	struct error		 e = ERROR_INIT;
	struct seen		 s = { .fail_at = -1 };
	struct http_conf	 c = conf_for(&s, &e);
	struct http_server	*server;
	char			 reply[2000];

	(void)state;
	assert_int_equal(http_start(&server, &c, &e), 0);
	assert_int_equal(s.made, 2);
	assert_int_not_equal(http_port(server), 0);
	assert_int_equal(http_connections(server), 0);
	ask(http_port(server), "POST //a%2f?b HTTP/1.1\r\nHost: h\r\n"
	    "X-Test: v\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody",
	    reply, sizeof(reply));
	assert_non_null(strstr(reply, "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(reply, "\r\n\r\nseen\n"));
	assert_null(strstr(reply, "second"));
	assert_string_equal(s.text, "2 //a%2f v body");
	assert_non_null(s.thread);
	http_stop(&server, 1000);
	assert_null(server);
	assert_int_equal(s.freed, 2);
	http_stop(&server, 0);
}

static struct http_shared	*given;

static void
give(struct http_request *r, void *thread, void *arg)
{
	const struct http_meta	 m = { .type = "a/b", .expires = NOW + 50 };
	struct buf		 own = { 0 };

	(void)thread;
	(void)arg;
	if (strcmp(http_path(r), "/shared") == 0) {
		http_reply_shared(r, given);
		return;
	}
	buf_str(&own, "own");
	http_reply_buf(r, 200, &m, &own);
	assert_int_equal(own.len, 0);
}

static void
what_is_being_sent_outlives_its_last_reference(void **state)
{
	const struct http_meta	 m = { .type = "a/b", .etag = "t",
		.expires = NOW + 50, .max_age = 20 };
	struct error		 e = ERROR_INIT;
	struct seen		 s = { .fail_at = -1 };
	struct http_conf	 c = conf_for(&s, &e);
	struct http_server	*server;
	struct http_shared	*other;
	char			 reply[2000];

	(void)state;
	c.handler = give;
	given = http_shared_copy(&m, BYTES("common", 6));
	other = http_shared_ref(given);
	assert_ptr_equal(other, given);
	http_shared_free(&other);
	assert_null(other);
	assert_int_equal(http_start(&server, &c, &e), 0);
	ask(http_port(server), "GET /shared HTTP/1.0\r\n\r\n", reply,
	    sizeof(reply));
	assert_non_null(strstr(reply, "\r\n\r\ncommon"));
	assert_non_null(strstr(reply, "Cache-Control: max-age=20, public, "));
	assert_non_null(strstr(reply, "Expires: Fri, 15 Jan 2027 08:00:20 "));
	ask(http_port(server), "GET /own HTTP/1.0\r\n\r\n", reply,
	    sizeof(reply));
	assert_non_null(strstr(reply, "\r\n\r\nown"));
	assert_non_null(strstr(reply, "Cache-Control: max-age=49, public, "));
	assert_null(strstr(reply, "ETag"));
	http_stop(&server, 1000);
	http_shared_free(&given);
	http_shared_free(&given);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(addresses_that_are_none_are_refused),
		cmocka_unit_test(only_this_machine_is_local),
		cmocka_unit_test(a_file_is_not_taken_for_a_socket),
		cmocka_unit_test(
		    dates_are_read_in_three_forms_and_written_in_one),
		cmocka_unit_test(a_thread_that_cannot_begin_stops_the_start),
		cmocka_unit_test(a_handler_sees_the_request_and_its_thread),
		cmocka_unit_test(
		    what_is_being_sent_outlives_its_last_reference),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
