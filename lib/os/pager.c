/* SPDX-License-Identifier: Apache-2.0 */
#include "os/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "base/screen.h"

/* One that is not there must not swallow what is to be read. */
#define RUN	"eval \"$PAGER\"; s=$?; [ $s -ne 127 ] || exec cat; exit $s"

bool
pager_is_wanted(void)
{
	const char	*pager = getenv("PAGER");

	return pager != NULL && *pager != '\0' && strcmp(pager, "cat") != 0 &&
	    isatty(STDIN_FILENO) == 1 && screen_is_able(STDOUT_FILENO);
}

/* less ends by itself if all fits on the screen, and leaves it there. */
static void
pager_run(int in)
{
	signal(SIGINT, SIG_DFL);
	if (dup2(in, STDIN_FILENO) == -1)
		_exit(127);
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", RUN, (char *)NULL);
	_exit(127);
}

FILE *
pager_open(struct pager *p)
{
	int	fd[2];

	*p = (struct pager){ .pid = -1 };
	if (!pager_is_wanted() || fflush(stdout) == EOF ||
	    pipe2(fd, O_CLOEXEC) == -1)
		return stdout;
	if ((p->f = fdopen(fd[1], "w")) == NULL || (p->pid = fork()) == -1) {
		close(fd[0]);
		if (p->f != NULL)
			fclose(p->f);
		else
			close(fd[1]);
		p->f = NULL;
		return stdout;
	}
	if (p->pid == 0)
		pager_run(fd[0]);
	close(fd[0]);
	p->quit = signal(SIGINT, SIG_IGN);
	return p->f;
}

void
pager_close(struct pager *p)
{
	if (p->f == NULL)
		return;
	fclose(p->f);
	p->f = NULL;
	while (waitpid(p->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	signal(SIGINT, p->quit);
}
