/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs of the suite.
 */
#include "cli/init.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/file.h"

#define LINES_KEPT	400	/* bytes of a line */

/* Where it may be, seen from the directory of this program. */
static const char *const beside[] = {
	".", "../ca/root", "../ca/issuing", "ca/root", "ca/issuing",
	"../sbin", "../bin",
};

static char *
own_directory(struct init *in)
{
	char	 path[4096];
	ssize_t	 n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	return arena_strdup(in->cli->desk.arena, path);
}

static char *
in_path(struct init *in, const char *name)
{
	const char	*p = getenv("PATH"), *end;
	char		*full;

	for (; p != NULL && *p != '\0'; p = *end == ':' ? end + 1 : end) {
		end = p + strcspn(p, ":");
		full = arena_printf(in->cli->desk.arena, "%.*s/%s",
		    (int)(end - p),
		    p, name);
		if (p[0] == '/' && access(full, X_OK) == 0)
			return full;
	}
	return NULL;
}

int
init_find_program(struct init *in, const char *name, char **path,
    struct error *e)
{
	char	*dir = own_directory(in), *full;
	size_t	 i;

	for (i = 0; dir != NULL && i < sizeof(beside) / sizeof(beside[0]);
	    i++) {
		full = arena_printf(in->cli->desk.arena, "%s/%s/%s", dir,
		    beside[i], name);
		if (access(full, X_OK) == 0) {
			*path = full;
			return 0;
		}
	}
	if ((*path = in_path(in, name)) != NULL)
		return 0;
	error_set(e, ERROR_CONFIG, "%s is not installed beside signet, nor "
	    "in PATH", name);
	return error_hint(e, "install it, or add its directory to PATH");
}

/* Running. */

struct run {
	struct init	*in;
	const char	*label;
	FILE		*log;
	pid_t		 pid;
	int		 fd;		/* what it says */
	char		 why[LINES_KEPT], hint[LINES_KEPT];
};

static void
child(char *const argv[], int out)
{
	if (dup2(out, STDOUT_FILENO) != -1 && dup2(out, STDERR_FILENO) != -1)
		execv(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int
start(struct run *r, char *const argv[], struct error *e)
{
	int	 fd[2];

	if (pipe2(fd, O_CLOEXEC) == -1)
		return error_sys(e, "pipe");
	fflush(stdout);
	if ((r->pid = fork()) == 0)
		child(argv, fd[1]);
	close(fd[1]);
	r->fd = fd[0];
	if (r->pid == -1)
		return error_sys(e, "fork");
	return 0;
}

/* "prog: text" is why it failed, "prog: hint: ..." or "hint: ..." the hint. */
static void
listen_to(struct run *r, const char *prog, const char *line)
{
	const char	*text = line;
	size_t		 n = strlen(prog);

	if (strncmp(line, prog, n) == 0 && strncmp(line + n, ": ", 2) == 0)
		text = line + n + 2;
	if (strncmp(text, "hint: ", 6) == 0)
		snprintf(r->hint, sizeof(r->hint), "%s", text + 6);
	else if (text != line) {
		snprintf(r->why, sizeof(r->why), "%s", text);
		r->hint[0] = '\0';
	} else if (r->why[0] == '\0' && strncmp(line, "/", 1) == 0)
		snprintf(r->why, sizeof(r->why), "%s", line);
}

static void
read_lines(struct run *r, const char *prog)
{
	FILE	*f = fdopen(r->fd, "r");
	char	*line = NULL;
	size_t	 size = 0;
	bool	 shown = !r->in->cli->json && cli_is_terminal(STDOUT_FILENO);

	if (f == NULL)
		return;
	r->fd = -1;		/* now owned by f */
	while (getline(&line, &size, f) > 0) {
		if (r->log != NULL)
			fputs(line, r->log);
		if (shown)
			printf("      | %s", line);
		line[strcspn(line, "\n")] = '\0';
		listen_to(r, prog, line);
	}
	free(line);
	fclose(f);
}

static FILE *
open_log(struct init *in, const char *label)
{
	struct error	 ignored = ERROR_INIT;

	if (file_mkdir(init_path(in, "log"), 0700, &ignored) == -1)
		return NULL;
	return fopen(init_path(in, "log/%s.log", label), "ae");
}

static int
judge(const struct run *r, const char *prog, int status, struct error *e)
{
	static const enum error_code	 codes[] = { ERROR_NONE,
		ERROR_UPSTREAM, ERROR_INPUT, ERROR_DENIED, ERROR_NOTFOUND,
		ERROR_CONFLICT, ERROR_UPSTREAM, ERROR_CONFIG };
	int				 rc;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return error_set(e, ERROR_UPSTREAM, "%s was killed by signal "
		    "%d", prog, WTERMSIG(status));
	rc = WEXITSTATUS(status);
	error_set(e, rc < 8 ? codes[rc] : ERROR_UPSTREAM, "%s: %s", prog,
	    r->why[0] != '\0' ? r->why : "failed");
	if (r->hint[0] != '\0')
		return error_hint(e, "%s", r->hint);
	return error_hint(e, "more in %.100s",
	    init_path(r->in, "log/%s.log", r->label));
}

int
init_run(struct init *in, const char *label, char *const argv[],
    struct error *e)
{
	struct run	 r = { .in = in, .label = label, .fd = -1 };
	const char	*slash = strrchr(argv[0], '/');
	const char	*prog = slash != NULL ? slash + 1 : argv[0];
	int		 status = 0, rc;

	/* What systemd does for a daemon. */
	if (in->conf.service_users && setenv("CREDENTIALS_DIRECTORY",
	    init_path(in, "secrets"), 1) == -1)
		return error_sys(e, "CREDENTIALS_DIRECTORY");
	r.log = open_log(in, label);
	rc = start(&r, argv, e);
	if (rc == 0) {
		read_lines(&r, prog);
		while (waitpid(r.pid, &status, 0) == -1 && errno == EINTR)
			;
		rc = judge(&r, prog, status, e);
		in->said = arena_strdup(in->cli->desk.arena, r.why);
	}
	if (r.fd != -1)
		close(r.fd);
	if (r.log != NULL)
		fclose(r.log);
	return rc;
}
