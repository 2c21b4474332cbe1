/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_PROC_H
#define SIGNET_OS_PROC_H
/*
 * Child processes of a daemon, each joined by one stream socketpair.
 */
#include <sys/types.h>
#include "base/error.h"

typedef int proc_fn(int fd, void *arg);	/* returns the exit status */

struct proc {
	pid_t		 pid;
	int		 fd;		/* the parent's end, close-on-exec */
	const char	*name;		/* borrowed */
};
#define PROC_INIT	{ -1, -1, NULL }

/*
 * Fork.  The child gets its end of the pair, dies when the parent dies
 * (PR_SET_PDEATHSIG), shows "name" in ps, and exits with what fn returns.
 * Open descriptors are shared: fn closes what it must not have.
 */
int	 proc_start(struct proc *, const char *name, proc_fn *fn, void *arg,
	    struct error *);
/* Close our end: before several are stopped, so that they end side by side. */
void	 proc_tell(struct proc *);
/* Close our end, wait up to ms, then SIGTERM, then SIGKILL; reap. */
void	 proc_stop(struct proc *, int ms);
#endif
