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
	int	 grace;	/* ms from the one to the other */
};
#define PGWAIT_INIT	{ -1, 0, PGWAIT_ENDING_MS }

/* Has it been told to end? */
bool	 pgwait_is_ending(struct pgwait *);
/* And waited long enough? */
bool	 pgwait_is_over(const struct pgwait *);
/*
 * The connection, good or bad; NULL when out of memory.  Who is told to end
 * gives it up at once, since nothing was done with it.  A far server needs
 * several times "silence", since it is asked several times.
 */
struct pgwait_hosts {
	int		 silence;	/* ms that one may say nothing; 0: any */
	int64_t		 end;		/* no other is asked from then on; 0: never */
	/* Out. */
	unsigned int	 silent;	/* so many were passed over */
	bool		 late;		/* it is bad since somebody is silent */
};
PGconn	*pgwait_connect(struct pgwait *, const char *const *keys,
	    const char *const *values, struct pgwait_hosts *);
/* Is the next answer not there at the end? */
bool	 pgwait_is_busy(struct pgwait *, PGconn *, int64_t end);
/* The next answer as of PQgetResult(); in_time as above. */
PGresult *pgwait_result(struct pgwait *, PGconn *, int64_t end,
	    bool *in_time);
/* The last answer of what was sent, or the first that is an error. */
PGresult *pgwait_last(struct pgwait *, PGconn *, int64_t end,
	    bool *in_time);
#endif
