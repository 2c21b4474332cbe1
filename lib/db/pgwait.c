/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "db/pgwait.h"

bool
pgwait_is_ending(struct pgwait *w)
{
	struct pollfd	 p = { .fd = w->bell, .events = POLLIN };

	if (w->last == 0 && w->bell != -1 && poll(&p, 1, 0) == 1)
		w->last = clock_monotonic_ms() + w->grace;
	return w->last != 0;
}

bool
pgwait_is_over(const struct pgwait *w)
{
	return w->last != 0 && clock_monotonic_ms() >= w->last;
}

/* 1 something happened, 0 the end has come. */
static int
wait_socket(struct pgwait *w, int fd, short events, int64_t end)
{
	struct pollfd	 p[2] = { { .fd = fd, .events = events },
			    { .events = POLLIN } };
	int64_t		 until, left;

	for (;;) {
		/* It stays readable: heard once is enough. */
		p[1].fd = pgwait_is_ending(w) ? -1 : w->bell;
		until = w->last != 0 && (end == 0 || w->last < end) ?
		    w->last : end;
		left = until - clock_monotonic_ms();
		if (until != 0 && left <= 0)
			return 0;
		if (poll(p, 2, until == 0 ? -1 : (int)left) > 0 &&
		    p[0].revents != 0)
			return 1;
	}
}

/*
 * To libpq, which waits for ever unless it waits by itself, an address that is
 * silent becomes one that refuses, so that it asks the next.  One that has taken
 * the connection and says nothing would be the end of that.
 */
static bool
pass_over(struct pgwait *w, PGconn *conn, struct pgwait_hosts *h)
{
	if (pgwait_is_over(w) || PQstatus(conn) != CONNECTION_STARTED ||
	    (h->end != 0 && clock_monotonic_ms() >= h->end) ||
	    shutdown(PQsocket(conn), SHUT_RDWR) == -1)
		return false;
	h->silent++;
	return true;
}

PGconn *
pgwait_connect(struct pgwait *w, const char *const *keys,
    const char *const *values, struct pgwait_hosts *h)
{
	PostgresPollingStatusType	 next = PGRES_POLLING_WRITING;
	PGconn				*conn;
	int64_t				 end;

	h->silent = 0;
	h->late = false;
	conn = PQconnectStartParams(keys, values, 1);
	if (conn == NULL || PQstatus(conn) == CONNECTION_BAD)
		return conn;
	w->grace = 0;
	while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
		end = h->silence > 0 ? clock_monotonic_ms() + h->silence : 0;
		if (wait_socket(w, PQsocket(conn), next == PGRES_POLLING_READING ?
		    POLLIN : POLLOUT, end) == 0 && !pass_over(w, conn, h)) {
			h->late = true;
			break;
		}
		next = PQconnectPoll(conn);
	}
	w->grace = PGWAIT_ENDING_MS;
	h->late |= next == PGRES_POLLING_FAILED && h->silent > 0;
	return conn;
}

bool
pgwait_is_busy(struct pgwait *w, PGconn *conn, int64_t end)
{
	while (PQisBusy(conn)) {
		if (wait_socket(w, PQsocket(conn), POLLIN, end) == 0)
			return true;
		if (PQconsumeInput(conn) != 1)
			break;
	}
	return false;
}

PGresult *
pgwait_result(struct pgwait *w, PGconn *conn, int64_t end, bool *in_time)
{
	*in_time = !pgwait_is_busy(w, conn, end);
	return *in_time ? PQgetResult(conn) : NULL;
}

static bool
is_error(const PGresult *res)
{
	ExecStatusType	 status = PQresultStatus(res);

	return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

PGresult *
pgwait_last(struct pgwait *w, PGconn *conn, int64_t end, bool *in_time)
{
	PGresult	*last = NULL, *res;

	while ((res = pgwait_result(w, conn, end, in_time)) != NULL) {
		if (last != NULL && is_error(last)) {
			PQclear(res);
			continue;
		}
		PQclear(last);
		last = res;
		if (PQstatus(conn) == CONNECTION_BAD)
			break;
	}
	if (!*in_time) {
		PQclear(last);
		last = NULL;
	}
	return last;
}
