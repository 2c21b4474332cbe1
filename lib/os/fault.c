/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fault.h"

#ifdef SIGNET_FAULTS
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static void
fault_record(const char *path, const char *name)
{
	char	 line[128];
	int	 fd, len;

	len = snprintf(line, sizeof(line), "%s\n", name);
	if ((fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    0600)) == -1 || write(fd, line, (size_t)len) != len)
		abort();
	close(fd);
}

void
fault_point(const char *name)
{
	static long	 passes;
	const char	*s;
	size_t		 len = strlen(name);
	long		 want = 1;

	if ((s = getenv("SIGNET_FAULT_LIST")) != NULL)
		fault_record(s, name);
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
