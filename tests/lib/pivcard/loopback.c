/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into pcscd: its virtual readers listen on every address of the
 * machine and have no setting for another.  With this they listen on loopback.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <dlfcn.h>

typedef int (*bind_fn)(int, const struct sockaddr *, socklen_t);

int
bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	union { void *p; bind_fn fn; }	 real = { dlsym(RTLD_NEXT, "bind") };
	struct sockaddr_in		 sin;

	if (sa->sa_family != AF_INET || len != sizeof(sin))
		return real.fn(fd, sa, len);
	memcpy(&sin, sa, sizeof(sin));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return real.fn(fd, (const struct sockaddr *)&sin, sizeof(sin));
}
