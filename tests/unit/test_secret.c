/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/secret.h"

struct fixture {
	char	 dir[64];
	char	*path;			/* dir/s */
	char	*where;			/* file:dir/s */
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	memcpy(f->dir, "/tmp/signet-secret.XXXXXX", 26);
	if (mkdtemp(f->dir) == NULL)
		return -1;
	f->path = mem_printf("%s/s", f->dir);
	f->where = mem_printf("file:%s", f->path);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	unlink(f->path);
	rmdir(f->dir);
	mem_free(&f->path);
	mem_free(&f->where);
	mem_free(&f);
	return 0;
}

static void
put(const char *path, const void *p, size_t len, mode_t mode)
{
	int	 fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, p, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
assert_refused(const char *where, enum error_code code, const char *text)
{
	struct secret	 s = { NULL, 0 };
	struct error	 e = ERROR_INIT;

	assert_int_equal(secret_fetch(&s, where, "PIN", &e), -1);
	assert_null(s.p);
	assert_int_equal(e.code, code);
	assert_string_equal(e.text, text);
}

static void
secret_init_locks_memory_and_forbids_core_files(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 s;
	struct rlimit	 rl;

	(void)state;
	assert_int_equal(secret_init(&e), 0);
	assert_int_equal(secret_init(&e), 0);
	assert_int_equal(CRYPTO_secure_malloc_initialized(), 1);
	assert_int_equal(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &rl), 0);
	assert_int_equal(rl.rlim_max, 0);
	assert_int_equal(secret_new(&s, 16, &e), 0);
	assert_int_equal(CRYPTO_secure_allocated(s.p), 1);
	secret_free(&s);
}

#ifndef SIGNET_SANITIZED		/* whose mlock() does nothing */
static void
secret_init_without_lockable_memory_says_what_to_raise(void **state)
{
	struct error	 e = ERROR_INIT;
	struct rlimit	 none = { 0, 0 };
	pid_t		 pid;
	int		 status;

	(void)state;
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		/* Root may lock what it likes, so become someone else. */
		CRYPTO_secure_malloc_done();
		if (setrlimit(RLIMIT_MEMLOCK, &none) == -1 ||
		    (getuid() == 0 && setresuid(65534, 65534, 65534) == -1))
			_exit(9);
		if (secret_init(&e) != -1 || e.code != ERROR_CONFIG ||
		    strcmp(e.text, "cannot lock memory for secrets") != 0 ||
		    strstr(e.hint, "LimitMEMLOCK=") == NULL)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}
#endif

static void
secret_new_says_when_locked_memory_is_used_up(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 s;

	(void)state;
	assert_int_equal(secret_new(&s, 64u << 20, &e), -1);
	assert_null(s.p);
	assert_int_equal(e.code, ERROR_NOMEM);
	assert_string_equal(e.text,
	    "no locked memory left for 67108864 secret bytes");
	assert_int_equal(secret_new(&s, SIZE_MAX, &e), -1);
	assert_int_equal(e.code, ERROR_NOMEM);
}

static void
secret_free_takes_null_and_empties(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 s;

	(void)state;
	secret_free(NULL);
	assert_int_equal(secret_set(&s, "abc", 3, &e), 0);
	assert_int_equal(s.p[3], '\0');
	secret_free(&s);
	assert_null(s.p);
	assert_int_equal(s.len, 0);
	secret_free(&s);
}

static void
secret_compare_looks_at_length_and_bytes(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 a, b, c, d, none = { NULL, 0 };

	(void)state;
	assert_int_equal(secret_set(&a, "abc", 3, &e), 0);
	assert_int_equal(secret_set(&b, "abd", 3, &e), 0);
	assert_int_equal(secret_set(&c, "abcd", 4, &e), 0);
	assert_int_equal(secret_dup(&d, &a, &e), 0);
	assert_int_not_equal(secret_compare(&a, &b), 0);
	assert_int_not_equal(secret_compare(&a, &c), 0);
	assert_int_not_equal(secret_compare(&a, &none), 0);
	assert_int_equal(secret_compare(&none, &none), 0);
	assert_int_equal(secret_compare(&a, &d), 0);
	secret_free(&a);
	secret_free(&b);
	secret_free(&c);
	secret_free(&d);
}

static void
secret_fetch_never_repeats_a_secret_given_as_its_own_source(void **state)
{
	struct secret	 s;
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(secret_fetch(&s, "hunter2", NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text, "unknown source of a secret");
	assert_null(strstr(e.hint, "hunter2"));
	assert_int_equal(secret_fetch_new(&s, "hunter2", NULL, &e), -1);
	assert_string_equal(e.text, "unknown source of a secret");
}

static void
secret_fetch_refuses_a_file_that_others_may_read(void **state)
{
	struct fixture	*f = *state;
	char		*text;

	text = mem_printf("read secret from %s: mode is 0640: open to others",
	    f->path);
	put(f->path, "x\n", 2, 0640);
	assert_refused(f->where, ERROR_CONFIG, text);
	mem_free(&text);
}

static void
secret_fetch_refuses_a_file_that_is_not_one_line_of_text(void **state)
{
	struct fixture	*f = *state;
	char		*text, big[5000];

	assert_refused("file:/nonexistent/x", ERROR_NOTFOUND,
	    "read secret from /nonexistent/x: No such file or directory");
	assert_refused("file:/tmp", ERROR_CONFIG,
	    "read secret from /tmp: not a plain file");

	text = mem_printf("read secret from %s: empty", f->path);
	put(f->path, "", 0, 0600);
	assert_refused(f->where, ERROR_INPUT, text);
	put(f->path, "\nx\n", 3, 0600);
	assert_refused(f->where, ERROR_INPUT, text);
	mem_free(&text);

	text = mem_printf("read secret from %s: contains a NUL byte", f->path);
	put(f->path, "a\0b\n", 4, 0600);
	assert_refused(f->where, ERROR_INPUT, text);
	mem_free(&text);

	memset(big, 'x', sizeof(big));
	text = mem_printf("read secret from %s: longer than 4095 bytes",
	    f->path);
	put(f->path, big, sizeof(big), 0600);
	assert_refused(f->where, ERROR_INPUT, text);
	mem_free(&text);
}

static void
secret_fetch_takes_the_first_line_of_a_file(void **state)
{
	static const char *const same[] = {
		"pass word", "pass word\n", "pass word\r\n",
		"pass word\nsecond\n",
	};
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct secret	 s;
	size_t		 i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		put(f->path, same[i], strlen(same[i]), 0600);
		assert_int_equal(secret_fetch(&s, f->where, NULL, &e), 0);
		assert_int_equal(s.len, 9);
		assert_string_equal((char *)s.p, "pass word");
		secret_free(&s);
	}
}

static void
secret_fetch_finds_a_credential_and_refuses_paths(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct secret	 s;

	unsetenv("CREDENTIALS_DIRECTORY");
	assert_refused("credential:s", ERROR_CONFIG,
	    "credential s: CREDENTIALS_DIRECTORY is not set");
	setenv("CREDENTIALS_DIRECTORY", f->dir, 1);
	assert_refused("credential:../s", ERROR_CONFIG,
	    "not a credential's name: \"../s\"");
	put(f->path, "xyz\n", 4, 0440);
	assert_int_equal(secret_fetch(&s, "credential:s", NULL, &e), 0);
	assert_string_equal((char *)s.p, "xyz");
	secret_free(&s);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void
secret_fetch_reads_a_descriptor_and_closes_it(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 s;
	char		 where[20];
	int		 fd[2];

	(void)state;
	assert_refused("fd:x", ERROR_CONFIG,
	    "descriptor of a secret: not a number: \"x\"");
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "ab", 2), 2);
	assert_int_equal(write(fd[1], "c\n", 2), 2);
	snprintf(where, sizeof(where), "fd:%d", fd[0]);
	assert_int_equal(secret_fetch(&s, where, NULL, &e), 0);
	assert_string_equal((char *)s.p, "abc");
	secret_free(&s);
	assert_int_equal(fcntl(fd[0], F_GETFD), -1);
	close(fd[1]);
	assert_int_equal(secret_fetch(&s, where, NULL, &e), -1);
	assert_non_null(strstr(e.text, "Bad file descriptor"));
}

/* Read from the terminal until it has shown "want". */
static void
expect(int tty, char *seen, size_t size, const char *want)
{
	size_t	 len = strlen(seen);
	ssize_t	 n;

	while (strstr(seen, want) == NULL) {
		n = read(tty, seen + len, size - 1 - len);
		assert_true(n > 0);
		len += (size_t)n;
		seen[len] = '\0';
	}
}

static int
ask(bool twice, const char *want)
{
	struct error	 e = ERROR_INIT;
	struct secret	 s;
	struct termios	 t;
	int		 rv;

	alarm(20);
	rv = twice ? secret_fetch_new(&s, "prompt", "PIN", &e) :
	    secret_fetch(&s, "prompt", "PIN", &e);
	if (tcgetattr(STDIN_FILENO, &t) == -1 || (t.c_lflag & ECHO) == 0 ||
	    (t.c_lflag & ISIG) == 0)
		return 3;
	if (want == NULL)
		return rv == -1 && e.code == ERROR_INPUT &&
		    strcmp(e.text, "PIN: cancelled") == 0 ? 0 : 2;
	return rv == 0 && strcmp((char *)s.p, want) == 0 ? 0 : 1;
}

/* Type lines at "PIN" prompts; the child's status is 0 if it got "want". */
static void
type_at_prompt(bool twice, const char *const *line, const char *want)
{
	char	 seen[2000] = "";
	int	 tty, status;
	pid_t	 pid;

	pid = forkpty(&tty, NULL, NULL, NULL);
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit(ask(twice, want));
	for (; *line != NULL; line++) {
		expect(tty, seen, sizeof(seen), ": ");
		assert_non_null(strstr(seen, "PIN"));
		seen[0] = '\0';
		assert_int_equal(write(tty, *line, strlen(*line)),
		    strlen(*line));
	}
	while (read(tty, seen, sizeof(seen) - 1) > 0)
		assert_null(strstr(seen, "1234"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(tty);
}

static void
secret_fetch_asks_without_echo_and_lets_mistakes_be_rubbed_out(void **state)
{
	static const char *const line[] = {
		"99\x15" "12\xc3\xa4\x7f" "34\r", NULL
	};

	(void)state;
	type_at_prompt(false, line, "1234");
}

static void
secret_fetch_at_control_c_restores_the_terminal(void **state)
{
	static const char *const line[] = { "12\x03", NULL };

	(void)state;
	type_at_prompt(false, line, NULL);
}

static void
secret_fetch_new_asks_until_both_agree(void **state)
{
	static const char *const line[] = {
		"1234\r", "1243\r", "1234\r", "1234\r", NULL
	};

	(void)state;
	type_at_prompt(true, line, "1234");
}

static void
secret_fetch_without_a_terminal_names_the_other_sources(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 s;
	pid_t		 pid;
	int		 status;

	(void)state;
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (setsid() == -1 ||
		    secret_fetch(&s, "prompt", "PIN", &e) != -1 ||
		    e.code != ERROR_CONFIG || strcmp(e.text,
		    "no terminal to ask for a secret") != 0 ||
		    strstr(e.hint, "file:PATH") == NULL)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifndef SIGNET_SANITIZED
		cmocka_unit_test(
		    secret_init_without_lockable_memory_says_what_to_raise),
#endif
		cmocka_unit_test(
		    secret_init_locks_memory_and_forbids_core_files),
		cmocka_unit_test(
		    secret_new_says_when_locked_memory_is_used_up),
		cmocka_unit_test(secret_free_takes_null_and_empties),
		cmocka_unit_test(secret_compare_looks_at_length_and_bytes),
		cmocka_unit_test(
	    secret_fetch_never_repeats_a_secret_given_as_its_own_source),
		cmocka_unit_test_setup_teardown(
		    secret_fetch_refuses_a_file_that_others_may_read, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    secret_fetch_refuses_a_file_that_is_not_one_line_of_text,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    secret_fetch_takes_the_first_line_of_a_file, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    secret_fetch_finds_a_credential_and_refuses_paths, setup,
		    teardown),
		cmocka_unit_test(
		    secret_fetch_reads_a_descriptor_and_closes_it),
		cmocka_unit_test(
	    secret_fetch_asks_without_echo_and_lets_mistakes_be_rubbed_out),
		cmocka_unit_test(
		    secret_fetch_at_control_c_restores_the_terminal),
		cmocka_unit_test(secret_fetch_new_asks_until_both_agree),
		cmocka_unit_test(
		    secret_fetch_without_a_terminal_names_the_other_sources),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
