/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "os/file.h"
#include "os/service.h"

struct fixture {
	struct service	*svc;
	struct error	 e;
	int		 calls, limit, sig;
	int		 fd[2];
	char		 seen[16];
};

static int
setup(void **state)
{
	*state = mem_alloc(sizeof(struct fixture));
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	service_free(&f->svc);
	mem_free(&f);
	return 0;
}

/* service_new() with up to three arguments. */
static int
start(struct fixture *f, const char *a, const char *b, const char *c)
{
	char	*argv[5] = { mem_strdup("signet-testd"), mem_strdup(a),
		    mem_strdup(b), mem_strdup(c), NULL };
	int	 argc = 1 + (a != NULL) + (b != NULL) + (c != NULL), rc, i;

	error_clear(&f->e);
	rc = service_new(&f->svc, "signet-testd", "Tests.", argc, argv,
	    &f->e);
	for (i = 0; i < 4; i++)
		mem_free(&argv[i]);
	return rc;
}

static void
service_new_refuses_options_that_it_does_not_know(void **state)
{
	static const struct {
		const char	*a, *text;
	} row[] = {
		{ "-x", "unknown option: -x" },
		{ "-dx", "unknown option: -dx" },
		{ "--ones", "unknown option: --ones" },
		{ "--", "unknown option: --" },
		{ "operand", "unexpected operand: operand" },
		{ "-c", "option needs a value: -c FILE" },
	};
	struct fixture	*f = *state;
	size_t		 i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(start(f, row[i].a, NULL, NULL), -1);
		assert_null(f->svc);
		assert_int_equal(f->e.code, ERROR_INPUT);
		assert_string_equal(f->e.text, row[i].text);
		assert_string_equal(f->e.hint,
		    "signet-testd --help lists the options");
	}
}

/* The file that it reads. */
static void
assert_reads(struct fixture *f, const char *path)
{
	static const struct conf_item	 none[] = { CONF_END };
	char				*want = mem_printf("read %s: ", path);

	assert_int_equal(service_settings(f->svc, NULL, none, &f->e), -1);
	if (strncmp(f->e.text, want, strlen(want)) != 0)
		fail_msg("%s", f->e.text);
	mem_free(&want);
}

static void
service_new_takes_its_options(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(start(f, "-dvc", "/x/y.conf", "-t"), 0);
	assert_reads(f, "/x/y.conf");
	assert_true(service_check_only(f->svc));
	assert_false(service_is_once(f->svc));
	service_free(&f->svc);
	assert_null(f->svc);
	assert_int_equal(start(f, "--once", NULL, NULL), 0);
	assert_reads(f, SYSCONFDIR "/signet-testd.conf");
	assert_false(service_check_only(f->svc));
	assert_true(service_is_once(f->svc));
}

/* What service_new() prints when it exits by itself. */
static void
output_of(const char *option, char *out, size_t size)
{
	struct fixture	 f = { 0 };
	int		 fd[2], status;
	size_t		 len = 0;
	ssize_t		 n;
	pid_t		 pid;

	assert_int_equal(pipe(fd), 0);
	fflush(stdout);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		dup2(fd[1], STDOUT_FILENO);
		start(&f, option, NULL, NULL);
		_exit(9);
	}
	close(fd[1]);
	while ((n = read(fd[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
service_new_prints_help_and_version(void **state)
{
	char	 out[2000];

	(void)state;
	output_of("--help", out, sizeof(out));
	assert_memory_equal(out,
	    "Usage: signet-testd [options]\nTests.\n\nOptions:\n", 47);
	assert_non_null(strstr(out, "\n  -c FILE "));
	assert_non_null(strstr(out, SYSCONFDIR "/signet-testd.conf"));
	assert_non_null(strstr(out, "\n  -d "));
	assert_non_null(strstr(out, "\n  -t "));
	assert_non_null(strstr(out, "\n  -v "));
	assert_non_null(strstr(out, "\n      --once "));
	output_of("--version", out, sizeof(out));
	assert_string_equal(out, "signet-testd " PACKAGE_VERSION "\n");
}

static void
service_settings_loads_the_file_of_the_option(void **state)
{
	static const struct conf_item	 items[] = {
		{ "n", CONF_T_NUM, 0, false, NULL, 1, 1, 9, NULL, 0, "N." },
		CONF_END
	};
	struct fixture	*f = *state;
	char		 path[] = "/tmp/signet-service.XXXXXX";
	int64_t		 n = 0;
	int		 fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "n = 7;\n", 7), 7);
	close(fd);
	assert_int_equal(start(f, "-c", path, NULL), 0);
	assert_int_equal(service_settings(f->svc, &n, items, &f->e), 0);
	assert_int_equal(n, 7);
	unlink(path);
	assert_int_equal(service_settings(f->svc, &n, items, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_memory_equal(f->e.text, "read /tmp/signet-service.", 25);
}

static void
count_call(void *arg)
{
	struct fixture	*f = arg;

	if (++f->calls == f->limit) {
		if (f->sig != 0)
			raise(f->sig);
		else
			service_stop(f->svc, NULL);
	}
}

static void
service_run_once_calls_each_function_once(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(start(f, "-d", "--once", NULL), 0);
	service_every(f->svc, 3600000, count_call, f);
	service_every(f->svc, 3600000, count_call, f);
	assert_int_equal(service_run(f->svc, &f->e), 0);
	assert_int_equal(f->calls, 2);
}

static void
service_run_ends_at_a_signal_after_the_call_in_hand(void **state)
{
	static const struct {
		int	 sig, rc;
	} row[] = { { SIGTERM, 0 }, { SIGINT, 0 }, { SIGHUP, 1 } };
	struct fixture	*f = *state;
	size_t		 i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(start(f, "-d", NULL, NULL), 0);
		f->calls = 0;
		f->limit = 3;
		f->sig = row[i].sig;
		service_every(f->svc, 1, count_call, f);
		assert_int_equal(service_run(f->svc, &f->e), row[i].rc);
		assert_int_equal(f->calls, 3);
		service_free(&f->svc);
	}
}

static bool
rings(const struct service *s)
{
	struct pollfd	 p = { .fd = service_bell(s), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void
look_at_bell(void *arg)
{
	struct fixture	*f = arg;

	f->limit = rings(f->svc);
	raise(f->sig);
	f->calls = rings(f->svc);
}

static void
service_bell_rings_in_the_call_in_hand_and_not_before(void **state)
{
	static const int	 sig[] = { SIGTERM, SIGINT, SIGHUP };
	struct fixture		*f = *state;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(start(f, "-d", NULL, NULL), 0);
		f->sig = sig[i];
		service_every(f->svc, 1, look_at_bell, f);
		assert_int_not_equal(service_run(f->svc, &f->e), -1);
		assert_int_equal(f->limit, 0);
		assert_int_equal(f->calls, 1);
		service_free(&f->svc);
	}
}

static void
raise_both(void *arg)
{
	(void)arg;
	raise(SIGTERM);
	raise(SIGHUP);
}

static void
service_run_prefers_stopping_to_reloading(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	service_every(f->svc, 1, raise_both, f);
	assert_int_equal(service_run(f->svc, &f->e), 0);
}

static void
stop_failed(void *arg)
{
	struct fixture	*f = arg;
	struct error	 e = ERROR_INIT;

	error_set(&e, ERROR_CRYPTO, "the key is gone");
	service_stop(f->svc, &e);
	error_set(&e, ERROR_BUG, "a later one");
	service_stop(f->svc, &e);
}

static void
service_run_hands_up_the_first_failure(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	service_every(f->svc, 1, stop_failed, f);
	assert_int_equal(service_run(f->svc, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CRYPTO);
	assert_string_equal(f->e.text, "the key is gone");
}

static void
kick_until_limit(void *arg)
{
	struct fixture	*f = arg;

	count_call(f);
	service_kick(f->svc);
}

static void
service_kick_does_not_wait_for_the_interval(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	f->limit = 5;
	service_every(f->svc, 3600000, kick_until_limit, f);
	assert_int_equal(service_run(f->svc, &f->e), 0);
	assert_int_equal(f->calls, 5);
}

static void
service_every_keeps_its_interval(void **state)
{
	struct fixture	*f = *state;
	int64_t		 begin = clock_monotonic_ms();

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	f->limit = 4;
	service_every(f->svc, 30, count_call, f);
	assert_int_equal(service_run(f->svc, &f->e), 0);
	assert_true(clock_monotonic_ms() - begin >= 85);
}

static void
read_one(void *arg)
{
	struct fixture	*f = arg;

	assert_int_equal(read(f->fd[0], &f->seen[f->calls], 1), 1);
	if (++f->calls == 2)
		service_unwatch(f->svc, f->fd[0]);
}

static void
stop(void *arg)
{
	struct fixture	*f = arg;

	if (f->calls >= 2 && ++f->calls == 6)
		service_stop(f->svc, NULL);
}

static void
service_watch_calls_while_readable_and_until_unwatched(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	assert_int_equal(pipe(f->fd), 0);
	assert_int_equal(write(f->fd[1], "abcd", 4), 4);
	service_watch(f->svc, f->fd[0], read_one, f);
	service_every(f->svc, 5, stop, f);
	assert_int_equal(service_run(f->svc, &f->e), 0);
	assert_string_equal(f->seen, "ab");
	close(f->fd[0]);
	close(f->fd[1]);
}

static void
unwatch_both(void *arg)
{
	struct fixture	*f = arg;

	f->calls++;
	service_unwatch(f->svc, f->fd[0]);
	service_unwatch(f->svc, f->fd[1]);
	service_stop(f->svc, NULL);
}

static void
a_watch_dropped_by_another_is_not_called(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f->fd), 0);
	assert_int_equal(write(f->fd[0], "x", 1), 1);
	assert_int_equal(write(f->fd[1], "x", 1), 1);
	service_watch(f->svc, f->fd[0], unwatch_both, f);
	service_watch(f->svc, f->fd[1], unwatch_both, f);
	assert_int_equal(service_run(f->svc, &f->e), 0);
	assert_int_equal(f->calls, 1);
	close(f->fd[0]);
	close(f->fd[1]);
}

static void
stop_at_once(void *arg)
{
	struct fixture	*f = arg;

	service_stop(f->svc, NULL);
}

/* Listen as systemd does, under a path or an abstract name. */
static int
listen_as(const char *name)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	size_t			 len = strlen(name);
	int			 fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	assert_int_not_equal(fd, -1);
	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (const struct sockaddr *)&sun, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + len)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void
assert_told(int fd, const char *want)
{
	char	 text[300];
	ssize_t	 n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, want);
}

static void
service_run_tells_systemd(void **state)
{
	struct fixture	*f = *state;
	char		 name[2][64];
	int		 i, fd;

	snprintf(name[0], sizeof(name[0]), "/tmp/signet-notify.%d",
	    (int)getpid());
	snprintf(name[1], sizeof(name[1]), "@signet-notify.%d",
	    (int)getpid());
	for (i = 0; i < 2; i++) {
		fd = listen_as(name[i]);
		assert_int_equal(start(f, "-d", NULL, NULL), 0);
		service_every(f->svc, 1, stop_at_once, f);
		assert_int_equal(service_run(f->svc, &f->e), 0);
		assert_told(fd, "READY=1\nSTATUS=running");
		assert_told(fd, "STOPPING=1\nSTATUS=stopping");
		service_free(&f->svc);
		close(fd);
	}
	unlink(name[0]);
}

/* Told until ms have gone by: how often was there a sign of life? */
static int
count_beats(struct fixture *f, const char *usec, const char *pid, int ms)
{
	char	 name[64], text[300];
	ssize_t	 n;
	int	 fd, beats = 0;

	snprintf(name, sizeof(name), "@signet-beat.%d", (int)getpid());
	setenv("WATCHDOG_USEC", usec, 1);
	setenv("WATCHDOG_PID", pid, 1);
	fd = listen_as(name);
	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	f->calls = f->sig = 0;
	f->limit = 2;
	service_every(f->svc, ms, count_call, f);
	assert_int_equal(service_run(f->svc, &f->e), 0);
	while ((n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		beats += strcmp(text, "WATCHDOG=1") == 0;
	}
	service_free(&f->svc);
	close(fd);
	return beats;
}

static void
service_run_gives_no_sign_of_life_unasked(void **state)
{
	struct fixture	*f = *state;
	char		 pid[32];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_int_equal(count_beats(f, "20000", "1", 100), 0);
	assert_int_equal(count_beats(f, "20000", "0", 100), 0);
	assert_int_equal(count_beats(f, "soon", pid, 100), 0);
	assert_int_equal(count_beats(f, "0", pid, 100), 0);
}

static void
service_run_gives_systemd_signs_of_life(void **state)
{
	struct fixture	*f = *state;
	char		 pid[32];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	/* Seven; nobody reads, and the socket keeps eleven. */
	assert_in_range(count_beats(f, "60000", pid, 200), 2, 7);
	assert_in_range(count_beats(f, "60000000", pid, 50), 1, 1);
}

static void
a_missing_notify_socket_is_no_failure(void **state)
{
	struct fixture	*f = *state;

	setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
	assert_int_equal(start(f, "-d", "--once", NULL), 0);
	assert_int_equal(service_run(f->svc, &f->e), 0);
}

static void
service_drop_sets_the_umask_and_the_user(void **state)
{
	struct fixture	*f = *state;
	int		 status;
	pid_t		 pid;

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (service_drop(f->svc, "nobody", &f->e) == -1)
			_exit(1);
		if (umask(0) != 027 || geteuid() == 0)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(service_drop(f->svc, "no-such-user-here", &f->e), -1);
	assert_string_equal(f->e.text, "no such user: no-such-user-here");
}

static void
service_free_leaves_signals_unblocked(void **state)
{
	struct fixture	*f = *state;
	sigset_t	 now;

	assert_int_equal(start(f, "-d", NULL, NULL), 0);
	sigprocmask(SIG_SETMASK, NULL, &now);
	assert_int_equal(sigismember(&now, SIGTERM), 1);
	service_free(&f->svc);
	sigprocmask(SIG_SETMASK, NULL, &now);
	assert_int_equal(sigismember(&now, SIGTERM), 0);
	service_free(&f->svc);
}

#define TEST(t)	cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(service_new_refuses_options_that_it_does_not_know),
		TEST(service_new_takes_its_options),
		TEST(service_new_prints_help_and_version),
		TEST(service_settings_loads_the_file_of_the_option),
		TEST(service_run_once_calls_each_function_once),
		TEST(service_run_ends_at_a_signal_after_the_call_in_hand),
		TEST(service_bell_rings_in_the_call_in_hand_and_not_before),
		TEST(service_run_prefers_stopping_to_reloading),
		TEST(service_run_hands_up_the_first_failure),
		TEST(service_kick_does_not_wait_for_the_interval),
		TEST(service_every_keeps_its_interval),
		TEST(service_watch_calls_while_readable_and_until_unwatched),
		TEST(a_watch_dropped_by_another_is_not_called),
		TEST(service_run_tells_systemd),
		TEST(service_run_gives_no_sign_of_life_unasked),
		TEST(service_run_gives_systemd_signs_of_life),
		TEST(a_missing_notify_socket_is_no_failure),
		TEST(service_drop_sets_the_umask_and_the_user),
		TEST(service_free_leaves_signals_unblocked),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
