/* SPDX-License-Identifier: Apache-2.0 */
#include "os/proc.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"

/*
 * A key at the terminal reaches the whole process group, but only the parent
 * decides when a child ends: by closing its end of the pair, or by SIGTERM.
 */
static void
proc_child_signals(void)
{
	sigset_t	 none;

	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
proc_child(const char *name, pid_t parent, int fd, proc_fn *fn, void *arg)
{
	int	 rc;

	proc_child_signals();
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
	/* The parent may have died before the kernel heard of our wish. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    getppid() != parent)
		_exit(EXIT_FAILURE);
	rc = fn(fd, arg);
	fflush(NULL);
	_exit(rc);
}

int
proc_start(struct proc *p, const char *name, proc_fn *fn, void *arg,
    struct error *e)
{
	int	 pair[2];
	pid_t	 parent = getpid(), pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return error_sys(e, "start %s", name);
	fflush(NULL);		/* or the child writes it again */
	if ((pid = fork()) == -1) {
		error_sys(e, "start %s", name);
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (pid == 0) {
		close(pair[0]);
		proc_child(name, parent, pair[1], fn, arg);
	}
	close(pair[1]);
	p->pid = pid;
	p->fd = pair[0];
	p->name = name;
	return 0;
}

/* Has it ended within ms milliseconds? */
static int
proc_wait(pid_t pid, int ms)
{
	const struct timespec	 nap = { 0, 5000000 };
	int64_t			 end = clock_monotonic_ms() + ms;
	pid_t			 rv;

	for (;;) {
		rv = waitpid(pid, NULL, WNOHANG);
		/* ECHILD: someone, such as the loop of PID 1, was faster. */
		if (rv == pid || (rv == -1 && errno != EINTR))
			return 1;
		if (clock_monotonic_ms() >= end)
			return 0;
		nanosleep(&nap, NULL);
	}
}

void
proc_tell(struct proc *p)
{
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
}

void
proc_stop(struct proc *p, int ms)
{
	proc_tell(p);
	if (p->pid <= 0)
		return;
	if (!proc_wait(p->pid, ms)) {
		kill(p->pid, SIGTERM);
		if (!proc_wait(p->pid, ms < 100 ? 100 : ms)) {
			kill(p->pid, SIGKILL);
			while (waitpid(p->pid, NULL, 0) == -1 &&
			    errno == EINTR)
				continue;
		}
	}
	p->pid = -1;
}
