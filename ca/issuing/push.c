/* SPDX-License-Identifier: Apache-2.0 */
#include "push.h"

#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "base/text.h"

#define PUSH_ARGS_MAX	32
#define PEM_LINE	64

extern char	**environ;

int
push_check(const char *where, struct error *e)
{
	if ((strncmp(where, "file:", 5) == 0 ||
	    strncmp(where, "exec:", 5) == 0) && where[5] == '/')
		return 0;
	error_set(e, ERROR_CONFIG, "heads \"%s\" is neither file:/PATH nor "
	    "exec:/COMMAND", where);
	return error_hint(e, "both want a full path");
}

static void
pem_of(struct buf *out, struct bytes der)
{
	char	*b64 = text_base64(der.p, der.len);
	size_t	 len = strlen(b64), i;

	buf_str(out, "-----BEGIN CMS-----\n");
	for (i = 0; i < len; i += PEM_LINE)
		buf_printf(out, "%.*s\n", PEM_LINE, b64 + i);
	buf_str(out, "-----END CMS-----\n");
	mem_free(&b64);
}

static int
write_all(int fd, const struct buf *b, struct error *e)
{
	size_t	 done = 0;
	ssize_t	 n;

	while (done < b->len) {
		n = write(fd, b->p + done, b->len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(e, "write");
		done += (size_t)n;
	}
	return 0;
}

static int
push_file(const char *path, const struct buf *pem, struct error *e)
{
	int	 fd, rc = -1;

	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd == -1)
		return error_sys(e, "open %s", path);
	if (write_all(fd, pem, e) == 0 &&
	    (fdatasync(fd) == 0 || error_sys(e, "sync %s", path) == 0))
		rc = 0;
	close(fd);
	return rc;
}

/* Blanks separate; there is no quoting and no shell. */
static void
split(char *command, char *argv[PUSH_ARGS_MAX + 1])
{
	char	*p = command, *word;
	int	 n = 0;

	while (n < PUSH_ARGS_MAX && (word = strsep(&p, " \t")) != NULL)
		if (*word != '\0')
			argv[n++] = word;
	argv[n] = NULL;
}

static int
spawn_reader(const char *command, int fd, pid_t *pid, struct error *e)
{
	posix_spawn_file_actions_t	 fa;
	char				*copy = mem_strdup(command);
	char				*argv[PUSH_ARGS_MAX + 1];
	int				 err;

	split(copy, argv);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, fd, STDIN_FILENO);
	err = posix_spawn(pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	mem_free(&copy);
	if (err == 0)
		return 0;
	errno = err;
	return error_sys(e, "run %s", command);
}

static int
push_exec(const char *command, const struct buf *pem, struct error *e)
{
	int	 p[2], status, rc = -1;
	pid_t	 pid;

	if (pipe2(p, O_CLOEXEC) == -1)
		return error_sys(e, "pipe");
	if (spawn_reader(command, p[0], &pid, e) == -1) {
		close(p[0]);
		close(p[1]);
		return -1;
	}
	close(p[0]);
	/* The command's exit status says more than a broken pipe. */
	(void)write_all(p[1], pem, e);
	error_clear(e);
	close(p[1]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		rc = 0;
	else
		error_set(e, ERROR_UPSTREAM, "%s failed with status %d",
		    command, WIFEXITED(status) ? WEXITSTATUS(status) :
		    128 + WTERMSIG(status));
	return rc;
}

int
push_head(const char *where, struct bytes cms, struct error *e)
{
	struct buf	 pem = { 0 };
	int		 rc;

	pem_of(&pem, cms);
	rc = strncmp(where, "file:", 5) == 0 ? push_file(where + 5, &pem, e) :
	    push_exec(where + 5, &pem, e);
	buf_clear(&pem);
	return rc == 0 ? 0 : error_wrap(e, "push audit head");
}
