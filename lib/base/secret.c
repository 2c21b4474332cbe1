/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <openssl/crypto.h>

#include "base/text.h"

#define HEAP_SIZE	(4u << 20)
#define HEAP_SMALL	(32u << 10)	/* under the oldest common limit */
#define HEAP_UNIT	32
#define LINE_SIZE	4096		/* longest secret that is fetched */

/* As much locked memory as we may have without asking anyone. */
static void
secret_raise_limit(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_MEMLOCK, &rl) == -1 ||
	    rl.rlim_cur >= 2 * HEAP_SIZE)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_MEMLOCK, &rl);
}

/* 1: ready and locked; 0: not. */
static int
secret_heap(size_t size)
{
	int	 rv;

	rv = CRYPTO_secure_malloc_init(size, HEAP_UNIT);
	if (rv == 1)
		return 1;
	if (rv == 2)		/* there, but may be swapped to disk */
		CRYPTO_secure_malloc_done();
	return 0;
}

int
secret_init(struct error *e)
{
	const struct rlimit	 none = { 0, 0 };

	if (CRYPTO_secure_malloc_initialized())
		return 0;
	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return error_sys(e, "forbid core files");
	secret_raise_limit();
	if (secret_heap(HEAP_SIZE) || secret_heap(HEAP_SMALL))
		return 0;
	error_set(e, ERROR_CONFIG, "cannot lock memory for secrets");
	return error_hint(e, "allow at least 64 KiB: \"ulimit -l\","
	    " or LimitMEMLOCK= in the unit file");
}

int
secret_new(struct secret *s, size_t len, struct error *e)
{
	s->p = NULL;
	s->len = 0;
	if (secret_init(e) == -1)
		return -1;
	if (len == SIZE_MAX ||
	    (s->p = OPENSSL_secure_zalloc(len + 1)) == NULL)
		return error_set(e, ERROR_NOMEM,
		    "no locked memory left for %zu secret bytes", len);
	s->len = len;
	return 0;
}

int
secret_set(struct secret *s, const void *src, size_t len, struct error *e)
{
	if (secret_new(s, len, e) == -1)
		return -1;
	if (len != 0)
		memcpy(s->p, src, len);
	return 0;
}

int
secret_dup(struct secret *s, const struct secret *from, struct error *e)
{
	return secret_set(s, from->p, from->len, e);
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	if (s->p != NULL)
		OPENSSL_secure_clear_free(s->p, s->len + 1);
	s->p = NULL;
	s->len = 0;
}

int
secret_compare(const struct secret *a, const struct secret *b)
{
	if (a->len != b->len)
		return 1;
	return a->len == 0 ? 0 : CRYPTO_memcmp(a->p, b->p, a->len) != 0;
}

/* Keep the first line of what "line" holds, in an object of its size. */
static int
secret_keep_line(struct secret *s, const struct secret *line, size_t len,
    struct error *e)
{
	const unsigned char	*nl;

	if ((nl = memchr(line->p, '\n', len)) != NULL)
		len = (size_t)(nl - line->p);
	else if (len == line->len)
		return error_set(e, ERROR_INPUT, "longer than %d bytes",
		    LINE_SIZE - 1);
	if (len > 0 && line->p[len - 1] == '\r')
		len--;
	if (len == 0)
		return error_set(e, ERROR_INPUT, "empty");
	if (memchr(line->p, '\0', len) != NULL)
		return error_set(e, ERROR_INPUT, "contains a NUL byte");
	return secret_set(s, line->p, len, e);
}

static int
secret_read_line(struct secret *s, int fd, struct error *e)
{
	struct secret	 line = { NULL, 0 };
	size_t		 len = 0;
	ssize_t		 n;
	int		 rc = -1;

	if (secret_new(&line, LINE_SIZE, e) == -1)
		goto out;
	while (len < line.len && memchr(line.p, '\n', len) == NULL) {
		n = read(fd, line.p + len, line.len - len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			error_set(e, ERROR_CONFIG, "%s", strerror(errno));
			goto out;
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	rc = secret_keep_line(s, &line, len, e);
 out:
	secret_free(&line);
	return rc;
}

static int
secret_check_file(int fd, struct error *e)
{
	struct stat	 st;

	if (fstat(fd, &st) == -1)
		return error_sys(e, "stat");
	if (!S_ISREG(st.st_mode))
		return error_set(e, ERROR_CONFIG, "not a plain file");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(e, ERROR_CONFIG,
		    "belongs to user %u, not to us or root",
		    (unsigned int)st.st_uid);
	if ((st.st_mode & 077) != 0) {
		error_set(e, ERROR_CONFIG, "mode is %04o: open to others",
		    (unsigned int)st.st_mode & 07777);
		return error_hint(e, "chmod 600");
	}
	return 0;
}

static int
secret_from_file(struct secret *s, const char *path, bool check,
    struct error *e)
{
	int	 fd, rc = -1;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) == -1)
		return error_sys(e, "read secret from %s", path);
	if ((!check || secret_check_file(fd, e) == 0) &&
	    secret_read_line(s, fd, e) == 0)
		rc = 0;
	else
		error_wrap(e, "read secret from %s", path);
	close(fd);
	return rc;
}

/* systemd vouches for who may read the directory (systemd.exec(5)). */
static int
secret_from_credential(struct secret *s, const char *name, struct error *e)
{
	const char	*dir = getenv("CREDENTIALS_DIRECTORY");
	char		 path[PATH_MAX];

	if (!text_is_name(name))
		return error_set(e, ERROR_CONFIG,
		    "not a credential's name: \"%.64s\"", name);
	if (dir == NULL || dir[0] != '/') {
		error_set(e, ERROR_CONFIG,
		    "credential %s: CREDENTIALS_DIRECTORY is not set", name);
		return error_hint(e, "add LoadCredential=%s: to the unit file",
		    name);
	}
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return error_set(e, ERROR_CONFIG, "credential %s: path is"
		    " too long", name);
	return secret_from_file(s, path, false, e);
}

static int
secret_from_fd(struct secret *s, const char *number, struct error *e)
{
	int64_t	 fd;
	int	 rc;

	if (text_parse_number(&fd, number, 0, INT_MAX, e) == -1) {
		e->code = ERROR_CONFIG;
		return error_wrap(e, "descriptor of a secret");
	}
	if ((rc = secret_read_line(s, (int)fd, e)) == -1)
		error_wrap(e, "read secret from descriptor %d", (int)fd);
	close((int)fd);
	return rc;
}

static int
secret_say(int tty, const char *text)
{
	size_t	 len = strlen(text);

	return write(tty, text, len) == (ssize_t)len ? 0 : -1;
}

/* Take back the last UTF-8 character. */
static size_t
secret_rub_out(struct secret *line, size_t len)
{
	unsigned char	 c;

	while (len > 0) {
		c = line->p[--len];
		line->p[len] = '\0';
		if ((c & 0xc0) != 0x80)
			break;
	}
	return len;
}

/*
 * A line typed with echo and signal keys off: Control-C arrives as a byte,
 * so the terminal is always restored without catching any signal.
 */
static int
secret_type(struct secret *line, int tty, size_t *len, struct error *e)
{
	unsigned char	 c;
	ssize_t		 n;

	*len = 0;
	for (;;) {
		n = read(tty, &c, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0 || c == 3 || (c == 4 && *len == 0))
			return error_set(e, ERROR_INPUT, "cancelled");
		if (c == '\r' || c == '\n')
			return 0;
		if (c == 127 || c == 8)
			*len = secret_rub_out(line, *len);
		else if (c == 21)	/* Control-U: start over */
			while (*len > 0)
				*len = secret_rub_out(line, *len);
		else if (*len < line->len)
			line->p[(*len)++] = c;
	}
}

static int
secret_ask(struct secret *s, int tty, const char *prompt, const char *more,
    struct error *e)
{
	struct secret	 line = { NULL, 0 };
	struct termios	 old, quiet;
	size_t		 len;
	int		 rc = -1;

	if (secret_new(&line, LINE_SIZE, e) == -1)
		return -1;
	if (tcgetattr(tty, &old) == -1) {
		error_sys(e, "terminal");
		goto out;
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if (tcsetattr(tty, TCSAFLUSH, &quiet) == -1) {
		error_sys(e, "terminal");
		goto out;
	}
	if (secret_say(tty, prompt) == -1 || secret_say(tty, more) == -1 ||
	    secret_say(tty, ": ") == -1)
		error_sys(e, "terminal");
	else if (secret_type(&line, tty, &len, e) == 0)
		rc = secret_keep_line(s, &line, len, e);
	(void)tcsetattr(tty, TCSAFLUSH, &old);
	(void)secret_say(tty, "\n");
 out:
	secret_free(&line);
	return rc;
}

/*
 * The question goes straight to the terminal.  Where a parent passes on what
 * was said before it, through a pipe, wait until that has been read, or the
 * question would stand above what it is about.
 */
#define PASS_TRIES	100

static void
secret_let_pass(int fd)
{
	struct stat		 st;
	struct timespec		 moment = { .tv_nsec = 10000000 };
	int			 tries, left = 0;

	fflush(stdout);
	if (fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return;
	for (tries = 0; tries < PASS_TRIES; tries++) {
		if (ioctl(fd, FIONREAD, &left) == -1 || left == 0)
			break;
		nanosleep(&moment, NULL);
	}
	nanosleep(&moment, NULL);	/* read is not yet written */
}

static int
secret_open_terminal(struct error *e)
{
	int	 tty;

	secret_let_pass(STDOUT_FILENO);
	secret_let_pass(STDERR_FILENO);
	if ((tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) == -1) {
		error_set(e, ERROR_CONFIG, "no terminal to ask for a secret");
		error_hint(e, "name a source: file:PATH, credential:NAME"
		    " or fd:N");
	}
	return tty;
}

static int
secret_from_prompt(struct secret *s, const char *prompt, struct error *e)
{
	int	 tty, rc;

	if ((tty = secret_open_terminal(e)) == -1)
		return -1;
	if ((rc = secret_ask(s, tty, prompt, "", e)) == -1)
		error_wrap(e, "%s", prompt);
	close(tty);
	return rc;
}

static const char *
secret_after(const char *where, const char *scheme)
{
	size_t	 len = strlen(scheme);

	return strncmp(where, scheme, len) == 0 ? where + len : NULL;
}

int
secret_fetch(struct secret *s, const char *where, const char *prompt,
    struct error *e)
{
	const char	*rest;

	s->p = NULL;
	s->len = 0;
	if ((rest = secret_after(where, "file:")) != NULL)
		return secret_from_file(s, rest, true, e);
	if ((rest = secret_after(where, "credential:")) != NULL)
		return secret_from_credential(s, rest, e);
	if ((rest = secret_after(where, "fd:")) != NULL)
		return secret_from_fd(s, rest, e);
	if (strcmp(where, "prompt") == 0)
		return secret_from_prompt(s, prompt != NULL ? prompt :
		    "Passphrase", e);
	/* Not shown: someone may have put the secret itself there. */
	error_set(e, ERROR_CONFIG, "unknown source of a secret");
	return error_hint(e, "write file:PATH, credential:NAME, fd:N"
	    " or prompt");
}

int
secret_fetch_new(struct secret *s, const char *where, const char *prompt,
    struct error *e)
{
	struct secret	 again = { NULL, 0 };
	bool		 same = false;
	int		 tty, rc = -1;

	if (strcmp(where, "prompt") != 0)
		return secret_fetch(s, where, prompt, e);
	s->p = NULL;
	s->len = 0;
	prompt = prompt != NULL ? prompt : "New passphrase";
	if ((tty = secret_open_terminal(e)) == -1)
		return -1;
	while (!same) {
		secret_free(s);
		secret_free(&again);
		if (secret_ask(s, tty, prompt, "", e) == -1 ||
		    secret_ask(&again, tty, prompt, " (again)", e) == -1)
			goto out;
		same = secret_compare(s, &again) == 0;
		if (!same)
			(void)secret_say(tty, "They differ.\n");
	}
	rc = 0;
 out:
	if (rc == -1) {
		error_wrap(e, "%s", prompt);
		secret_free(s);
	}
	secret_free(&again);
	close(tty);
	return rc;
}
