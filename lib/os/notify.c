/* SPDX-License-Identifier: Apache-2.0 */
#include "os/notify.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/text.h"

/* NOTIFY_SOCKET is a path or, after "@", in the abstract name space. */
static int
notify_connect(const char *name)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	size_t			 len;
	int			 fd;

	if (name == NULL || (name[0] != '/' && name[0] != '@') ||
	    (len = strlen(name)) >= sizeof(sun.sun_path))
		return -1;
	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&sun, (socklen_t)
	    (offsetof(struct sockaddr_un, sun_path) + len)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Twice as often as systemd wants it, as it advises; 0: it wants nothing, or
 * from another process. */
static int
notify_interval(const char *usec, const char *pid)
{
	struct error	 ignored = ERROR_INIT;
	int64_t		 n;

	if (usec == NULL || (pid != NULL && (text_parse_number(&n, pid, 1,
	    INT_MAX, &ignored) == -1 || n != getpid())))
		return 0;
	if (text_parse_number(&n, usec, 2000, INT64_C(86400000000),
	    &ignored) == -1)
		return 0;
	return (int)(n / 2000);
}

void
notify_open(struct notify *n)
{
	*n = (struct notify)NOTIFY_INIT;
	n->fd = notify_connect(getenv("NOTIFY_SOCKET"));
	if (n->fd != -1)
		n->beat_ms = notify_interval(getenv("WATCHDOG_USEC"),
		    getenv("WATCHDOG_PID"));
}

void
notify_close(struct notify *n)
{
	if (n->fd != -1)
		close(n->fd);
	n->fd = -1;
}

void
notify_say(const struct notify *n, const char *text)
{
	/* systemd draws its own conclusions when it hears nothing. */
	if (n->fd != -1)
		(void)send(n->fd, text, strlen(text), MSG_NOSIGNAL);
}

int64_t
notify_beat(struct notify *n, int64_t now)
{
	static const char	 beat[] = "WATCHDOG=1";

	if (n->fd == -1 || n->beat_ms == 0)
		return INT64_MAX;
	if (n->next <= now) {
		/* Work goes on when systemd does not listen. */
		(void)send(n->fd, beat, sizeof(beat) - 1,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		n->next = now + n->beat_ms;
	}
	return n->next;
}
