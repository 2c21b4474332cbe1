/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_private.h"

#include <sys/socket.h>
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#define HEAD_DEFAULT		32768
#define CONNECTIONS_DEFAULT	1000
#define TIMEOUT_DEFAULT		30
#define STACK			(256 * 1024)

/* The path stays as it was sent. */
static size_t
server_unescape(void *arg, struct MHD_Connection *mhd, char *s)
{
	(void)arg;
	(void)mhd;
	return strlen(s);
}

static unsigned int
server_port(int fd)
{
	struct sockaddr_storage	 ss = { .ss_family = AF_UNSPEC };
	struct sockaddr_in6	 in6;
	struct sockaddr_in	 in;
	socklen_t		 len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return 0;
	if (ss.ss_family == AF_INET6) {
		memcpy(&in6, &ss, sizeof(in6));
		return ntohs(in6.sin6_port);
	}
	if (ss.ss_family == AF_INET) {
		memcpy(&in, &ss, sizeof(in));
		return ntohs(in.sin_port);
	}
	return 0;
}

static void
server_defaults(struct http_conf *c)
{
	if (c->threads == 0)
		c->threads = 1;
	if (c->max_head == 0)
		c->max_head = HEAD_DEFAULT;
	if (c->connections == 0)
		c->connections = CONNECTIONS_DEFAULT;
	/* libmicrohttpd divides them among its threads. */
	if (c->connections < c->threads)
		c->connections = c->threads;
	if (c->timeout == 0)
		c->timeout = TIMEOUT_DEFAULT;
	if (c->stack == 0)
		c->stack = STACK;
}

static int
server_threads_new(struct http_server *s, struct error *e)
{
	s->thread = mem_array(s->conf.threads, sizeof(*s->thread));
	if (s->conf.thread_new == NULL)
		return 0;
	while (s->nthreads < s->conf.threads) {
		if (s->conf.thread_new(&s->thread[s->nthreads], s->conf.arg,
		    e) == -1)
			return -1;
		s->nthreads++;
	}
	return 0;
}

/* Flags, and the options that not every server has. */
static unsigned int
server_more(struct http_server *s, struct MHD_OptionItem more[5])
{
	unsigned int	 flags = MHD_USE_ITC;
	size_t		 n = 0;

	if (s->conf.suspends)
		flags |= MHD_ALLOW_SUSPEND_RESUME;
	if (s->conf.queries)
		more[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)http_on_line, s };
	/*
	 * With epoll libmicrohttpd (0.9.75) takes a connection for readable
	 * until its handshake is over, and asks again and again: half of the
	 * time of a TLS server went there.
	 */
	if (s->tls == NULL)
		flags |= MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO;
	else {
		flags |= MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS;
		more[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_HTTPS_CERT_CALLBACK, 0,
		    (void *)(uintptr_t)s->tls->no_key };
		more[n++] = (struct MHD_OptionItem){
		    MHD_OPTION_HTTPS_PRIORITIES, 0,
		    (void *)(uintptr_t)s->tls->priorities };
	}
	more[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	return flags;
}

static int
server_daemon(struct http_server *s, struct error *e)
{
	const struct http_conf	*c = &s->conf;
	const struct MHD_OptionItem	 options[] = {
		{ MHD_OPTION_LISTEN_SOCKET, c->fd, NULL },
		{ MHD_OPTION_THREAD_POOL_SIZE,
		    c->threads > 1 ? (intptr_t)c->threads : 0, NULL },
		{ MHD_OPTION_THREAD_STACK_SIZE, (intptr_t)c->stack, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, (intptr_t)c->connections,
		    NULL },
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		    (intptr_t)c->per_address, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)c->timeout, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)c->max_head,
		    NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)server_unescape,
		    s },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)http_on_connection,
		    s },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)http_on_completed,
		    s },
		{ MHD_OPTION_END, 0, NULL }
	};
	struct MHD_OptionItem		 more[5] = {
		{ MHD_OPTION_END, 0, NULL }
	};

	s->daemon = MHD_start_daemon(server_more(s, more), 0, NULL, NULL,
	    http_on_request, s, MHD_OPTION_ARRAY, options, MHD_OPTION_ARRAY,
	    more, MHD_OPTION_END);
	if (s->daemon == NULL)
		return error_set(e, ERROR_UPSTREAM,
		    "the HTTP server does not start: %s", strerror(errno));
	s->conf.fd = -1;	/* libmicrohttpd's to close */
	return 0;
}

static int
server_sync_init(struct http_server *s, struct error *e)
{
	pthread_condattr_t	 attr;
	int			 rv;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
	if ((rv = pthread_key_create(&s->key, NULL)) != 0) {
		errno = rv;
		return error_sys(e, "start the HTTP server");
	}
	return 0;
}

int
http_start(struct http_server **out, const struct http_conf *conf,
    struct error *e)
{
	struct http_server	*s = mem_alloc(sizeof(*s));

	*out = NULL;
	s->conf = *conf;
	/* Its base stands first. */
	s->tls = (struct http_tls_base *)(void *)conf->tls;
	server_defaults(&s->conf);
	s->port = server_port(s->conf.fd);
	if (s->conf.fd < 0)
		error_set(e, ERROR_BUG, "an HTTP server without a socket");
	if (server_sync_init(s, e) == -1 || s->conf.fd < 0 || server_threads_new(s, e) == -1 ||
	    server_daemon(s, e) == -1 || http_watch_start(s, e) == -1) {
		http_stop(&s, 0);
		return -1;
	}
	*out = s;
	return 0;
}

void
http_stop(struct http_server **sp, int ms)
{
	struct http_server	*s = *sp;
	MHD_socket		 fd = MHD_INVALID_SOCKET;

	if (s == NULL)
		return;
	http_watch_stop(s);
	if (s->daemon != NULL) {
		fd = MHD_quiesce_daemon(s->daemon);
		http_watch_drain(s, ms);
		MHD_stop_daemon(s->daemon);
	}
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	if (s->conf.fd != -1)
		close(s->conf.fd);
	while (s->nthreads > 0)
		if (s->conf.thread_free != NULL)
			s->conf.thread_free(s->thread[--s->nthreads],
			    s->conf.arg);
		else
			s->nthreads--;
	mem_free(&s->thread);
	pthread_key_delete(s->key);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	mem_free(sp);
}

unsigned int
http_port(const struct http_server *s)
{
	return s->port;
}

unsigned int
http_connections(const struct http_server *s)
{
	const union MHD_DaemonInfo	*info;

	info = MHD_get_daemon_info(s->daemon,
	    MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
	return info == NULL ? 0 : info->num_connections;
}
