/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include "base/clock.h"
#include "db/pgwait.h"

/* 1 something happened, 0 the end has come. */
static int
wait_socket(int fd, short events, int64_t end)
{
	struct pollfd	 p = { .fd = fd, .events = events };
	int64_t		 left;
	int		 n;

	do {
		left = end - clock_monotonic_ms();
		if (end != 0 && left <= 0)
			return 0;
		n = poll(&p, 1, end == 0 ? -1 : (int)left);
	} while (n == 0 || (n == -1 && errno == EINTR));
	return 1;
}

PGconn *
pgwait_connect(const char *const *keys, const char *const *values,
    int ms, bool *in_time)
{
	PostgresPollingStatusType	 next = PGRES_POLLING_WRITING;
	PGconn				*conn;

	*in_time = true;
	if (ms == 0)
		return PQconnectdbParams(keys, values, 1);
	conn = PQconnectStartParams(keys, values, 1);
	if (conn == NULL || PQstatus(conn) == CONNECTION_BAD)
		return conn;
	while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
		if (wait_socket(PQsocket(conn), next == PGRES_POLLING_READING ?
		    POLLIN : POLLOUT, clock_monotonic_ms() + ms) == 0) {
			*in_time = false;
			break;
		}
		next = PQconnectPoll(conn);
	}
	return conn;
}

bool
pgwait_is_busy(PGconn *conn, int64_t end)
{
	while (PQisBusy(conn)) {
		if (wait_socket(PQsocket(conn), POLLIN, end) == 0)
			return true;
		if (PQconsumeInput(conn) != 1)
			break;
	}
	return false;
}

PGresult *
pgwait_result(PGconn *conn, int64_t end, bool *in_time)
{
	*in_time = end == 0 || !pgwait_is_busy(conn, end);
	return *in_time ? PQgetResult(conn) : NULL;
}

static bool
is_error(const PGresult *res)
{
	ExecStatusType	 status = PQresultStatus(res);

	return status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK;
}

PGresult *
pgwait_last(PGconn *conn, int64_t end, bool *in_time)
{
	PGresult	*last = NULL, *res;

	while ((res = pgwait_result(conn, end, in_time)) != NULL) {
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
