/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fault.h"

#ifdef SIGNET_FAULTS
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Opened before main() if possible: a sandbox will not let us later. */
static int	 list_fd = -1, plan_fd = -1;

__attribute__((constructor)) static void
fault_open_list(void)
{
	const char	*path = getenv("SIGNET_FAULT_LIST"),
			*plan = getenv("SIGNET_FAULT_PLAN");

	if (path != NULL && list_fd == -1)
		list_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		    0600);
	if (plan != NULL && plan_fd == -1)
		plan_fd = open(plan, O_RDWR | O_CLOEXEC);
}

static void
fault_record(const char *name)
{
	char	 line[128];
	int	 len;

	len = snprintf(line, sizeof(line), "%s\n", name);
	if (write(list_fd, line, (size_t)len) != len)
		abort();
}

/* Which signal the plan has for this pass; 0: none. */
static int
fault_planned(const char *name)
{
	char	 text[128] = "", planned[64], how[8], left[128];
	long	 n;
	int	 len, sig = 0;

	if (lockf(plan_fd, F_LOCK, 0) == -1 ||
	    pread(plan_fd, text, sizeof(text) - 1, 0) == -1)
		abort();
	if (sscanf(text, "%63s %ld %7s", planned, &n, how) == 3 && n > 0 &&
	    strcmp(planned, name) == 0) {
		len = snprintf(left, sizeof(left), "%s %ld %s\n", planned,
		    n - 1, how);
		if (ftruncate(plan_fd, 0) == -1 ||
		    pwrite(plan_fd, left, (size_t)len, 0) != len)
			abort();
		if (n == 1)
			sig = strcmp(how, "STOP") == 0 ? SIGSTOP : SIGKILL;
	}
	if (lockf(plan_fd, F_ULOCK, 0) == -1)
		abort();
	return sig;
}

void
fault_point(const char *name)
{
	static long	 passes;
	int		 sig;
	const char	*s;
	size_t		 len = strlen(name);
	long		 want = 1;

	if (list_fd == -1 || plan_fd == -1)
		fault_open_list();
	if (list_fd != -1)
		fault_record(name);
	if (plan_fd != -1 && (sig = fault_planned(name)) != 0)
		raise(sig);
	if ((s = getenv("SIGNET_FAULT")) == NULL || strncmp(s, name, len) != 0)
		return;
	if (s[len] == ':')
		want = strtol(s + len + 1, NULL, 10);
	else if (s[len] != '\0')
		return;
	if (++passes == want)
		raise(SIGKILL);
}
#else
/* ISO C wants something in each file. */
typedef int fault_none;
#endif
