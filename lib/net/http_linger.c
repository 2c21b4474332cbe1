/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_private.h"

#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/*
 * Who sends a body that is not wanted is told at once, and the connection
 * ends.  If the kernel closed it with octets unread, or more arrived, it would
 * send a reset, and the client might see that instead of the answer.  So the
 * connection stays half open for a moment, under a descriptor of its own, and
 * what comes is thrown away.
 */
enum { LINGER_MS = 2000, TURN_MS = 100 };

void
http_linger_add(struct http_server *s, int fd)
{
	struct http_linger	*l;
	int			 own;

	if (s->nlingers == HTTP_LINGERS_MAX)
		return;
	if ((own = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return;
	(void)shutdown(own, SHUT_WR);
	l = &s->lingers[s->nlingers++];
	l->fd = own;
	l->until = http_ms() + LINGER_MS;
	l->left = HTTP_DROPPED_MAX;
	pthread_cond_broadcast(&s->wake);
}

/* Is there a reason to go on? */
static bool
linger_read(struct http_linger *l)
{
	char	 octets[16384];
	ssize_t	 n;

	while (l->left > 0) {
		n = recv(l->fd, octets, sizeof(octets), MSG_DONTWAIT);
		if (n == 0)
			return false;
		if (n == -1)
			return errno == EINTR || errno == EAGAIN;
		l->left -= (size_t)n < l->left ? (size_t)n : l->left;
	}
	return false;
}

void
http_linger_turn(struct http_server *s)
{
	struct pollfd		 fds[HTTP_LINGERS_MAX];
	struct http_linger	*l;
	nfds_t			 n = s->nlingers, i;

	for (i = 0; i < n; i++)
		fds[i] = (struct pollfd){ s->lingers[i].fd, POLLIN, 0 };
	pthread_mutex_unlock(&s->lock);
	(void)poll(fds, n, TURN_MS);
	pthread_mutex_lock(&s->lock);
	/* From the end, whose place the last of those behind may take. */
	for (i = n; i-- > 0;) {
		l = &s->lingers[i];
		if ((fds[i].revents == 0 || linger_read(l)) &&
		    http_ms() < l->until)
			continue;
		(void)close(l->fd);
		*l = s->lingers[--s->nlingers];
	}
}

void
http_linger_end(struct http_server *s)
{
	while (s->nlingers > 0)
		(void)close(s->lingers[--s->nlingers].fd);
}
