/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_private.h"

#include <sys/socket.h>
#include <errno.h>

/*
 * libmicrohttpd gives up on a connection on which nothing moves.  One octet
 * now and then keeps it open for ever; so a thread looks each second for
 * connections whose request is not complete in time, and shuts these down.
 * The server's thread sees the end of the stream and closes.  In time is twice
 * the time-out: one for being idle, one for the request.
 */

int64_t
http_ms(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
conn_add(struct http_server *s, struct http_conn *c)
{
	pthread_mutex_lock(&s->lock);
	c->next = s->conns;
	c->self = &s->conns;
	if (c->next != NULL)
		c->next->self = &c->next;
	s->conns = c;
	s->nconns++;
	pthread_mutex_unlock(&s->lock);
}

/* Before its descriptor is closed: under the lock it is still ours. */
static void
conn_remove(struct http_server *s, struct http_conn *c)
{
	pthread_mutex_lock(&s->lock);
	*c->self = c->next;
	if (c->next != NULL)
		c->next->self = c->self;
	s->nconns--;
	if (c->lingers && c->fd != -1 && !s->stopping)
		http_linger_add(s, c->fd);
	if (s->stopping)
		pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void
http_on_connection(void *arg, struct MHD_Connection *mhd, void **ctx,
    enum MHD_ConnectionNotificationCode what)
{
	struct http_server			*s = arg;
	struct http_conn			*c = *ctx;
	const union MHD_ConnectionInfo		*info;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(mhd,
		    MHD_CONNECTION_INFO_CONNECTION_FD);
		c = mem_alloc(sizeof(*c));
		c->fd = info == NULL ? -1 : info->connect_fd;
		c->request.server = s;
		c->request.mhd = mhd;
		atomic_init(&c->since, http_ms());
		conn_add(s, c);
		*ctx = c;
		if (s->tls != NULL)
			s->tls->started(s->tls, mhd);
	} else if (c != NULL) {
		conn_remove(s, c);
		buf_clear(&c->request.body);
		buf_clear(&c->request.query);
		mem_free(&c);
		*ctx = NULL;
	}
}

/* Shut down what has waited since before that. */
static void
watch_sweep(struct http_server *s, int64_t before, int how)
{
	struct http_conn	*c;
	int64_t			 since;

	for (c = s->conns; c != NULL; c = c->next) {
		since = atomic_load_explicit(&c->since, memory_order_relaxed);
		if (since != 0 && since < before && c->fd != -1)
			(void)shutdown(c->fd, how);
	}
}

static void
watch_deadline(struct timespec *ts, int64_t ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000;
	}
}

static void *
watch_main(void *arg)
{
	struct http_server	*s = arg;
	struct timespec		 until;
	int64_t			 turn = http_ms() + 1000;

	pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		if (s->nlingers > 0)
			http_linger_turn(s);
		else {
			watch_deadline(&until, 1000);
			(void)pthread_cond_timedwait(&s->wake, &s->lock,
			    &until);
		}
		if (http_ms() < turn)
			continue;
		watch_sweep(s, http_ms() - (int64_t)s->conf.timeout * 2000,
		    SHUT_RDWR);
		turn = http_ms() + 1000;
	}
	http_linger_end(s);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

int
http_watch_start(struct http_server *s, struct error *e)
{
	int	 rv;

	if ((rv = pthread_create(&s->watch, NULL, watch_main, s)) != 0) {
		errno = rv;
		return error_sys(e, "start a thread");
	}
	s->watching = true;
	return 0;
}

void
http_watch_stop(struct http_server *s)
{
	if (!s->watching)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->watch, NULL);
	s->watching = false;
}

/*
 * Who waits for a request is told that there will be no reply; who has sent
 * one gets its reply first, because only the reading side is shut.
 */
void
http_watch_drain(struct http_server *s, int ms)
{
	struct timespec	 until, turn;
	int64_t		 end = http_ms() + ms;

	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	while (s->nconns > 0 && http_ms() < end) {
		watch_sweep(s, INT64_MAX, SHUT_RD);
		watch_deadline(&until, end - http_ms());
		watch_deadline(&turn, 20);
		(void)pthread_cond_timedwait(&s->wake, &s->lock,
		    end - http_ms() < 20 ? &until : &turn);
	}
	pthread_mutex_unlock(&s->lock);
}
