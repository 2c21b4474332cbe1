/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses: those that stand in certificates, those that daemons listen at,
 * and those that they need.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "net/fetch.h"
#include "os/file.h"
#include "publish/target.h"

#define WAIT_MS	3000

/* ---- sockets ---- */

static int
wait_connected(int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLOUT };
	socklen_t	 len = sizeof(errno);
	int		 failed = 0;

	if (poll(&p, 1, WAIT_MS) != 1) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) == -1)
		return -1;
	errno = failed;
	return failed == 0 ? 0 : -1;
}

/* Connect, or with "serve" try to listen; the descriptor is closed again.
 * errno tells why not. */
static int
try_one(const struct addrinfo *a, bool serve)
{
	int	 fd, rc, on = 1, saved;

	if ((fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return -1;
	if (serve) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
		    sizeof(on));
		rc = bind(fd, a->ai_addr, a->ai_addrlen) == 0 ?
		    listen(fd, 1) : -1;
	} else {
		rc = connect(fd, a->ai_addr, a->ai_addrlen);
		if (rc == -1 && errno == EINPROGRESS)
			rc = wait_connected(fd);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

/* ERROR_NOTFOUND for a name that is none, ERROR_UPSTREAM for nobody there. */
static int
try_address(const char *host, const char *port, bool serve, struct error *e)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM,
			    .ai_flags = serve ? AI_PASSIVE : 0 };
	struct addrinfo	*all, *a;
	int		 rc;

	rc = getaddrinfo(*host == '\0' || strcmp(host, "*") == 0 ? NULL : host,
	    port, &hints, &all);
	if (rc != 0)
		return error_set(e, ERROR_NOTFOUND, "%s: %s", host,
		    gai_strerror(rc));
	for (rc = -1, a = all; a != NULL && rc == -1; a = a->ai_next)
		rc = try_one(a, serve);
	if (rc == -1)
		error_set(e, errno == EADDRINUSE ? ERROR_CONFLICT :
		    ERROR_UPSTREAM, "%s port %s: %s", host, port,
		    strerror(errno));
	freeaddrinfo(all);
	return rc;
}

/* "scheme://host[:port]/..." */
static int
try_url(struct doctor *d, const char *url, struct error *e)
{
	const char	*p = strstr(url, "://"), *end, *colon;
	const char	*port = strncmp(url, "https", 5) == 0 ? "443" :
			    strncmp(url, "smtps", 5) == 0 ? "465" :
			    strncmp(url, "smtp", 4) == 0 ? "587" : "80";

	if (p == NULL)
		return error_set(e, ERROR_INPUT, "%s is no address", url);
	p += 3;
	end = p + strcspn(p, "/");
	if ((colon = memchr(p, ':', (size_t)(end - p))) != NULL)
		port = doctor_text(d, "%.*s", (int)(end - colon - 1),
		    colon + 1);
	return try_address(doctor_text(d, "%.*s", (int)((colon != NULL ?
	    colon : end) - p), p), port, false, e);
}

/* ---- what stands in certificates ---- */

/* The same server once: all up to the path, each ended by a blank. */
static bool
is_known(struct buf *hosts, const char *url)
{
	const char	*p = strstr(url, "://");
	size_t		 n = p == NULL ? strlen(url) : (size_t)(p + 3 - url) +
			    strcspn(p + 3, "/");
	struct buf	 one = { 0 };
	bool		 known;

	buf_printf(&one, " %.*s ", (int)n, url);
	known = strstr(buf_cstr(hosts), buf_cstr(&one)) != NULL;
	if (!known)
		buf_str(hosts, buf_cstr(&one));
	buf_clear(&one);
	return known;
}

static void
look_public(struct doctor *d)
{
	static const char *const	 what[] = { "cdp", "ocsp", "aia" };
	const struct doctor_daemon	*m = doctor_daemon(d, "cad");
	struct error			 e = ERROR_INIT;
	struct buf			 hosts = { 0 };
	const char			*url;
	int				 i;
	size_t				 k;

	for (i = 0; i < doctor_count(m, "cas"); i++)
		for (k = 0; k < 3; k++) {
			url = doctor_get_nth(m, doctor_text(d, "cas.[%d].%s",
			    i, what[k]), 0);
			if (url == NULL || is_known(&hosts, url))
				continue;
			doctor_looked(d);
			error_clear(&e);
			if (try_url(d, url, &e) == 0)
				continue;
			doctor_say(d, DOCTOR_PROBLEM, e.code ==
			    ERROR_NOTFOUND ? "host-unknown" :
			    "host-unreachable", "clients cannot find out "
			    "whether certificates are good", doctor_text(d,
			    "give it an address in DNS and a server there; it "
			    "stands in certificates and cannot be changed; "
			    "then: signet canary"), "%s: %s", url, e.text);
		}
	buf_clear(&hosts);
}

/* ---- daemons of this machine ---- */

static const struct {
	const char	*name;
	const char	*metrics;	/* unless it is set */
} daemons[] = {
	{ "crld", "127.0.0.1:9641" },
	{ "ocspd", "127.0.0.1:9642" },
	{ "rad", "127.0.0.1:9643" },
};

static void
look_port(struct doctor *d, const char *name, const char *address)
{
	struct error	 e = ERROR_INIT;
	const char	*colon = strrchr(address, ':');

	if (colon == NULL || strncmp(address, "unix:", 5) == 0 ||
	    strncmp(address, "systemd:", 8) == 0)
		return;
	doctor_looked(d);
	if (try_address(doctor_text(d, "%.*s", (int)(colon - address),
	    address), colon + 1, true, &e) == -1 && e.code == ERROR_CONFLICT)
		doctor_say(d, DOCTOR_PROBLEM, "port-taken", "it does not "
		    "start", doctor_text(d, "see who has it: ss -ltnp "
		    "'sport = :%s'; stop that, or change the settings",
		    colon + 1), "signet-%s is not running, and another "
		    "program has %s", name, address);
}

static void
look_ports(struct doctor *d, const struct doctor_daemon *m, const char *name)
{
	const char	*address;
	int		 i;

	for (i = 0; (address = doctor_get_nth(m, "listen", i)) != NULL; i++)
		look_port(d, name, address);
	if ((address = doctor_get(m, "listen")) != NULL)
		look_port(d, name, address);
	if ((address = doctor_get(m, "listen_cert")) != NULL)
		look_port(d, name, address);
}

/* The lines that say what is not well. */
static const char *
complaints(struct doctor *d, struct buf *body)
{
	char		*rest, *line;
	const char	*said = "";

	buf_byte(body, '\0');
	rest = (char *)body->p;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, "FAIL ", 5) == 0)
			said = doctor_text(d, "%s%s%s", said,
			    *said != '\0' ? "; " : "", line + 5);
	return said;
}

static void
look_daemon(struct doctor *d, const char *name, const char *metrics)
{
	const struct doctor_daemon	*m = doctor_daemon(d, name);
	const char			*where = doctor_get(m,
					    "metrics_listen");
	struct error			 e = ERROR_INIT;
	struct fetch_reply		 reply = { 0 };
	struct fetch			 f = { .max = 65536, .ms = WAIT_MS,
					    .fd = -1 };

	if (m == NULL || (where != NULL && *where == '\0'))
		return;
	if (where == NULL)
		where = metrics;
	doctor_looked(d);
	f.url = doctor_text(d, "http://%s/healthz", where);
	if (fetch(&reply, &f, &e) == -1) {
		doctor_say(d, DOCTOR_WARNING, "daemon-down", "what it does is "
		    "not done on this machine", doctor_text(d, "systemctl "
		    "start signet-%s; journalctl -u signet-%s", name, name),
		    "signet-%s does not answer at %s", name, f.url);
		look_ports(d, m, name);
	} else if (reply.status != 200)
		doctor_say(d, DOCTOR_PROBLEM, "daemon-ill", "it does not do "
		    "all of its work", doctor_text(d, "journalctl -u "
		    "signet-%s", name), "signet-%s is not well: %s", name,
		    complaints(d, &reply.body));
	fetch_reply_clear(&reply);
}

/* ---- what daemons need ---- */

static void
look_mail(struct doctor *d)
{
	const struct doctor_daemon	*m = doctor_daemon(d, "rad");
	const char			*url = doctor_get(m, "mail_server");
	struct error			 e = ERROR_INIT;

	if (url == NULL)
		return;
	doctor_looked(d);
	if (try_url(d, url, &e) == -1)
		doctor_say(d, DOCTOR_PROBLEM, "mail-server", "nobody can "
		    "confirm an address, and nobody is told before a "
		    "certificate expires", doctor_text(d, "start it, or "
		    "correct mail_server in %s", doctor_daemon_file(m)),
		    "%s: %s", url, e.text);
}

static void
look_directories(struct doctor *d)
{
	const char			*path = cli_path(d->cli,
					    d->cli->conf.directories);
	const struct publish_target	*t;
	struct publish_conf		 conf;
	struct directory		*dir = NULL;
	struct error			 e = ERROR_INIT;
	size_t				 i;

	if (!file_exists(path))
		return;
	doctor_looked(d);
	if (publish_conf_load(&conf, path, &e) == -1) {
		doctor_say(d, DOCTOR_PROBLEM, "directory", "nothing is "
		    "published there", doctor_text(d, "mend %s", path), "%s",
		    e.text);
		return;
	}
	for (i = 0; i < conf.targets.n; i++) {
		t = (const struct publish_target *)conf.targets.v + i;
		doctor_looked(d);
		error_clear(&e);
		if (publish_target_open(&dir, t, &e) == -1)
			doctor_say(d, DOCTOR_PROBLEM, "directory", "what is "
			    "issued and revoked does not get there",
			    doctor_text(d, "start it, or let signet-crld in; "
			    "then: signet publish status"), "directory %s: %s",
			    t->name, e.text);
		directory_close(&dir);
	}
	publish_conf_free(&conf);
}

static void
look_readers(struct doctor *d)
{
	static const char *const	 args[] = { "readers", NULL };
	struct error			 e = ERROR_INIT;
	const char			*said;
	int				 status;

	if (doctor_daemon(d, "station") == NULL)
		return;
	if ((status = doctor_run(d, "signet-station", args, &said,
	    &e)) == -1) {
		doctor_unknown(d, "reader", &e);
		return;
	}
	doctor_looked(d);
	if (status != 0)
		doctor_say(d, DOCTOR_PROBLEM, "reader", "no card can be "
		    "personalised here", "start pcscd; for a reader that it "
		    "does not see install its driver: apt-cache search pcsc "
		    "driver (for most libccid)", "%s", said);
}

void
doctor_net(struct doctor *d)
{
	size_t	 i;

	if (d->offline)
		return;
	look_public(d);
	for (i = 0; i < sizeof(daemons) / sizeof(daemons[0]); i++)
		look_daemon(d, daemons[i].name, daemons[i].metrics);
	look_mail(d);
	look_directories(d);
	look_readers(d);
}
