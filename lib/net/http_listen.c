/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/text.h"

#define BACKLOG		1024
#define SYSTEMD_FIRST	3

struct address {
	char	 host[128];		/* "" for all */
	char	 port[6];
};

/* "192.0.2.1:80", "[2001:db8::1]:80", "*:80" */
static int
address_parse(struct address *a, const char *where, struct error *e)
{
	const char	*colon = strrchr(where, ':'), *host = where;
	size_t		 len = colon == NULL ? 0 : (size_t)(colon - where);
	int64_t		 port;

	if (colon == NULL ||
	    text_parse_number(&port, colon + 1, 0, 65535, e) == -1)
		goto bad;
	if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
		host++;
		len -= 2;
	} else if (memchr(host, ':', len) != NULL)
		goto bad;
	if (len == 0 || len >= sizeof(a->host))
		goto bad;
	if (len == 1 && host[0] == '*')
		len = 0;
	memcpy(a->host, host, len);
	a->host[len] = '\0';
	snprintf(a->port, sizeof(a->port), "%d", (int)port);
	return 0;
 bad:
	error_set(e, ERROR_CONFIG, "\"%s\" is no address to listen on", where);
	return error_hint(e, "write 127.0.0.1:8080, [::1]:8080, *:8080, "
	    "unix:/PATH or systemd:0");
}

static int
listen_on(int fd, const struct sockaddr *sa, socklen_t len)
{
	int	 on = 1, off = 0;

	if (sa->sa_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
		    sizeof(on));
	if (sa->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
		    sizeof(off));
	return bind(fd, sa, len) == -1 || listen(fd, BACKLOG) == -1 ? -1 : 0;
}

static int
listen_info(const struct addrinfo *ai)
{
	int	 fd, saved;

	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (fd != -1 && listen_on(fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static bool
address_is_local(const struct sockaddr *sa)
{
	struct sockaddr_in	 in;
	struct sockaddr_in6	 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return sa->sa_family == AF_UNIX;
}

static int
address_refuse(const char *where, struct error *e)
{
	error_set(e, ERROR_CONFIG, "%s: other machines could reach it", where);
	return error_hint(e, "write an address of this machine only, such as "
	    "127.0.0.1:PORT, or unix:/PATH");
}

/* The wildcard of IPv6 takes IPv4 as well; without IPv6 there is the other. */
static int
listen_tcp(int *fd, const char *where, bool local, struct error *e)
{
	struct addrinfo	 hints = { .ai_flags = AI_PASSIVE | AI_NUMERICHOST |
	    AI_NUMERICSERV, .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM };
	struct addrinfo	*info = NULL;
	struct address	 a;
	int		 rv;

	if (address_parse(&a, where, e) == -1)
		return -1;
	if (a.host[0] == '\0')
		snprintf(a.host, sizeof(a.host), "::");
	if ((rv = getaddrinfo(a.host, a.port, &hints, &info)) != 0)
		return error_set(e, ERROR_CONFIG, "listen on %s: %s", where,
		    gai_strerror(rv));
	if (local && !address_is_local(info->ai_addr)) {
		freeaddrinfo(info);
		return address_refuse(where, e);
	}
	*fd = listen_info(info);
	freeaddrinfo(info);
	if (*fd == -1 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) &&
	    where[0] == '*' &&
	    getaddrinfo("0.0.0.0", a.port, &hints, &info) == 0) {
		*fd = listen_info(info);
		freeaddrinfo(info);
	}
	if (*fd == -1)
		return error_sys(e, "listen on %s", where);
	return 0;
}

/* Left by one that was killed?  Then nobody answers there. */
static int
unix_remove_stale(const struct sockaddr_un *sun, struct error *e)
{
	struct stat	 st;
	int		 fd, rv;

	if (lstat(sun->sun_path, &st) == -1)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return error_set(e, ERROR_CONFIG, "%s is there and no socket",
		    sun->sun_path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return error_sys(e, "socket");
	rv = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	close(fd);
	if (rv == 0)
		return error_set(e, ERROR_CONFLICT,
		    "%s: another process listens there", sun->sun_path);
	if (unlink(sun->sun_path) == -1)
		return error_sys(e, "remove %s", sun->sun_path);
	return 0;
}

static int
listen_unix(int *fd, const char *path, mode_t mode, struct error *e)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };

	if (path[0] != '/' || strlen(path) >= sizeof(sun.sun_path))
		return error_set(e, ERROR_CONFIG, "unix:%s: the path of a "
		    "socket is absolute and has at most %zu characters", path,
		    sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path));
	if (unix_remove_stale(&sun, e) == -1)
		return -1;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd == -1 || listen_on(*fd, (const struct sockaddr *)&sun,
	    sizeof(sun)) == -1 || chmod(path, mode) == -1)
		return error_sys(e, "listen on %s", path);
	return 0;
}

/* sd_listen_fds(3): descriptors from 3 on, meant for this process. */
static int
listen_systemd(int *fd, const char *which, bool local, struct error *e)
{
	const char		*count = getenv("LISTEN_FDS");
	const char		*pid = getenv("LISTEN_PID");
	struct sockaddr_storage	 ss = { .ss_family = AF_UNSPEC };
	socklen_t		 len = sizeof(ss);
	int64_t			 i, n, owner;
	int			 yes = 0;

	if (text_parse_number(&i, which, 0, 99, e) == -1)
		return error_wrap(e, "systemd:%s", which);
	if (count == NULL || pid == NULL ||
	    text_parse_number(&owner, pid, 1, INT32_MAX, e) == -1 ||
	    owner != getpid() ||
	    text_parse_number(&n, count, 0, 100, e) == -1 || i >= n) {
		error_set(e, ERROR_CONFIG, "systemd:%s: systemd has passed no "
		    "such socket", which);
		return error_hint(e, "a .socket unit of the service's name "
		    "passes one");
	}
	*fd = (int)i + SYSTEMD_FIRST;
	len = sizeof(yes);
	if (getsockopt(*fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) == -1 ||
	    !yes)
		return error_set(e, ERROR_CONFIG, "systemd:%s is no listening "
		    "socket", which);
	len = sizeof(ss);
	if (local && (getsockname(*fd, (struct sockaddr *)&ss, &len) == -1 ||
	    !address_is_local((const struct sockaddr *)&ss)))
		return address_refuse("systemd", e);
	if (fcntl(*fd, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(*fd, F_SETFL, O_NONBLOCK) == -1)
		return error_sys(e, "systemd:%s", which);
	return 0;
}

static int
listen_any(int *out, const char *where, bool local, struct error *e)
{
	int	 fd = -1, rc;

	*out = -1;
	if (strncmp(where, "unix:", 5) == 0)
		rc = listen_unix(&fd, where + 5, local ? 0660 : 0666, e);
	else if (strncmp(where, "systemd:", 8) == 0)
		rc = listen_systemd(&fd, where + 8, local, e);
	else
		rc = listen_tcp(&fd, where, local, e);
	if (rc == -1 && fd != -1)
		close(fd);
	else if (rc == 0)
		*out = fd;
	return rc;
}

int
http_listen(int *fd, const char *where, struct error *e)
{
	return listen_any(fd, where, false, e);
}

int
http_listen_local(int *fd, const char *where, struct error *e)
{
	return listen_any(fd, where, true, e);
}
