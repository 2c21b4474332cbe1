/* SPDX-License-Identifier: Apache-2.0 */
#include "os/pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {			/* aligned as cmsg(3) wants it */
	struct cmsghdr	 head;
	char		 room[CMSG_SPACE(sizeof(int))];
};

int
pass_send(int sock, int fd, uint32_t what, struct error *e)
{
	union control	 c;
	struct iovec	 v = { &what, sizeof(what) };
	struct msghdr	 m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &c,
			    .msg_controllen = sizeof(c.room) };
	ssize_t		 n;

	memset(&c, 0, sizeof(c));
	c.head.cmsg_level = SOL_SOCKET;
	c.head.cmsg_type = SCM_RIGHTS;
	c.head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	while ((n = sendmsg(sock, &m, MSG_NOSIGNAL)) == -1 && errno == EINTR)
		continue;
	return n == sizeof(what) ? 0 : error_sys(e, "pass a descriptor");
}

int
pass_recv(int sock, int *fd, uint32_t *what, struct error *e)
{
	union control	 c;
	struct iovec	 v = { what, sizeof(*what) };
	struct msghdr	 m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = &c,
			    .msg_controllen = sizeof(c.room) };
	struct cmsghdr	*h;
	ssize_t		 n;

	*fd = -1;
	while ((n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC)) == -1 &&
	    errno == EINTR)
		continue;
	/* Reset: it went with something of ours unread. */
	if (n == 0 || (n == -1 && errno == ECONNRESET))
		return 0;
	if (n == -1)
		return error_sys(e, "take a descriptor");
	h = CMSG_FIRSTHDR(&m);
	if (h != NULL && h->cmsg_level == SOL_SOCKET &&
	    h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(h), sizeof(*fd));
	if (n == sizeof(*what) && *fd != -1)
		return 1;
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	return error_set(e, ERROR_BUG, "no descriptor came");
}
