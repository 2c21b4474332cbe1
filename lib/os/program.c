/* SPDX-License-Identifier: Apache-2.0 */
#include "os/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define SAID_MAX	2000	/* bytes from the end */

struct plan {
	const char *const *argv, *const *env;
	int		 in, out, said;
};

/* These calls change nothing and were declared before there was const. */
static void *
unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

static void
child(const struct plan *p)
{
	struct sigaction	 sa = { .sa_handler = SIG_DFL };

	sigaction(SIGPIPE, &sa, NULL);
	for (size_t i = 0; p->env != NULL && p->env[i] != NULL; i++)
		putenv(unconst(p->env[i]));
	if (dup2(p->in, STDIN_FILENO) != -1 &&
	    dup2(p->out, STDOUT_FILENO) != -1 &&
	    dup2(p->said, STDERR_FILENO) != -1)
		execvp(p->argv[0], unconst(p->argv));
	dprintf(p->said, "%s\n", errno == ENOENT ? "is not installed" :
	    strerror(errno));
	_exit(127);
}

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

int
program_start(struct program *p, const char *const argv[],
    const char *const env[], enum program_end end, int other, struct error *e)
{
	bool		 reads = end == PROGRAM_READ;
	int		 pair[2] = { -1, -1 }, none = -1;
	struct plan	 plan = { .argv = argv, .env = env };

	*p = (struct program)PROGRAM_INIT;
	p->name = argv[0];
	if (pipe2(pair, O_CLOEXEC) == -1 ||
	    (none = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    (p->said = memfd_create("said", MFD_CLOEXEC)) == -1) {
		error_sys(e, "start %s", p->name);
		goto out;
	}
	if (other == -1)
		other = none;
	plan.in = reads ? other : pair[0];
	plan.out = reads ? pair[1] : other;
	plan.said = p->said;
	if ((p->pid = fork()) == 0)
		child(&plan);
	if (p->pid == -1) {
		error_sys(e, "start %s", p->name);
		goto out;
	}
	p->fd = pair[reads ? 0 : 1];
	pair[reads ? 0 : 1] = -1;
 out:
	close_fd(&none);
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	if (p->pid == -1)
		close_fd(&p->said);
	return p->pid == -1 ? -1 : 0;
}

/* Its last line that says anything, without its own name. */
static void
last_line(int fd, const char *name, char *dst, size_t size)
{
	char	 text[SAID_MAX + 1], *line, *rest = text;
	off_t	 end = lseek(fd, 0, SEEK_END);
	size_t	 len = strlen(name);
	ssize_t	 n;

	*dst = '\0';
	n = pread(fd, text, SAID_MAX, end > SAID_MAX ? end - SAID_MAX : 0);
	text[n < 0 ? 0 : n] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (strncmp(line, name, len) == 0 && line[len] == ':')
			line += len + 1 + strspn(line + len + 1, " ");
		if (*line != '\0' && strncmp(line, "Exiting with", 12) != 0)
			snprintf(dst, size, "%s", line);
	}
}

int
program_end(struct program *p, int ok, struct error *e)
{
	char	 why[200];
	int	 status = 0;

	if (p->pid == -1)
		return 0;
	close_fd(&p->fd);
	while (waitpid(p->pid, &status, 0) == -1 && errno == EINTR)
		;
	p->pid = -1;
	last_line(p->said, p->name, why, sizeof(why));
	close_fd(&p->said);
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
	    WEXITSTATUS(status) == ok))
		return 0;
	if (WIFSIGNALED(status))
		return error_set(e, ERROR_UPSTREAM, "%s was killed by signal "
		    "%d", p->name, WTERMSIG(status));
	return error_set(e, ERROR_UPSTREAM, "%s: %s", p->name,
	    *why != '\0' ? why : "failed");
}

int
program_remove(const char *path, struct error *e)
{
	const char	*argv[] = { "rm", "--recursive", "--force", "--",
			    path, NULL };
	struct program	 rm = PROGRAM_INIT;

	if (program_start(&rm, argv, NULL, PROGRAM_WRITE, -1, e) == -1)
		return -1;
	return program_end(&rm, 0, e);
}
