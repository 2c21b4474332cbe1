/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fault.h"

#ifdef SIGNET_FAULTS
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Opened before main() if possible: a sandbox will not let us later. */
static int	 list_fd = -1;

__attribute__((constructor)) static void
fault_open_list(void)
{
	const char	*path = getenv("SIGNET_FAULT_LIST");

	if (path != NULL)
		list_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
		    0600);
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

void
fault_point(const char *name)
{
	static long	 passes;
	const char	*s;
	size_t		 len = strlen(name);
	long		 want = 1;

	if (list_fd == -1)
		fault_open_list();
	if (list_fd != -1)
		fault_record(name);
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
