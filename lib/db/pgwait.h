/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_PGWAIT_H
#define SIGNET_DB_PGWAIT_H
/*
 * For db.c: libpq's calls that wait, with an end.  A server that is stopped,
 * or behind a broken wire, answers nothing at all; a server's own time-out
 * does not help there.
 *
 * end: on clock_monotonic_ms(); 0 waits for ever, or until the program that was
 * told to end has waited long enough.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#define PGWAIT_ENDING_MS	3000

/* Of a program that may be told to end. */
struct pgwait {
	int	 bell;	/* a descriptor, readable from then on; -1: none */
	int64_t	 last;	/* once it was heard: no waiting any more from here on */
};
#define PGWAIT_INIT	{ -1, 0 }

/* Has it been told to end? */
bool	 pgwait_is_ending(struct pgwait *);
/* And waited long enough? */
bool	 pgwait_is_over(const struct pgwait *);
/*
 * The connection, good or bad; NULL when out of memory.  False in *in_time: the
 * server said nothing for so many milliseconds (0: however long).  A far one
 * needs several times that, since it is asked several times.
 */
PGconn	*pgwait_connect(struct pgwait *, const char *const *keys,
	    const char *const *values, int ms, bool *in_time);
/* Is the next answer not there at the end? */
bool	 pgwait_is_busy(struct pgwait *, PGconn *, int64_t end);
/* The next answer as of PQgetResult(); in_time as above. */
PGresult *pgwait_result(struct pgwait *, PGconn *, int64_t end,
	    bool *in_time);
/* The last answer of what was sent, or the first that is an error. */
PGresult *pgwait_last(struct pgwait *, PGconn *, int64_t end,
	    bool *in_time);
#endif
