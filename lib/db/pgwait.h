/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_PGWAIT_H
#define SIGNET_DB_PGWAIT_H
/*
 * For db.c: libpq's calls that wait, with an end.  A server that is stopped,
 * or behind a broken wire, answers nothing at all; a server's own time-out
 * does not help there.
 *
 * end: on clock_monotonic_ms(); 0 waits for ever.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The connection, good or bad; NULL when out of memory.  False in *in_time: the
 * server said nothing for so many milliseconds (0: however long).  A far one
 * needs several times that, since it is asked several times.
 */
PGconn	*pgwait_connect(const char *const *keys, const char *const *values,
	    int ms, bool *in_time);
/* Is the next answer not there at the end? */
bool	 pgwait_is_busy(PGconn *, int64_t end);
/* The next answer as of PQgetResult(); in_time as above. */
PGresult *pgwait_result(PGconn *, int64_t end, bool *in_time);
/* The last answer of what was sent, or the first that is an error. */
PGresult *pgwait_last(PGconn *, int64_t end, bool *in_time);
#endif
