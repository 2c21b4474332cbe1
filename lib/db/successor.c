/* SPDX-License-Identifier: Apache-2.0 */
#include "db/successor.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "db/conninfo.h"

#define HOST_MS		2000

int64_t
successor_timeline(struct pgwait *w, const char *conninfo, bool *alone)
{
	const char *const	 keys[] = { "dbname", "connect_timeout",
	    "application_name", NULL };
	const char *const	 values[] = { conninfo, "2",
	    "signet successor", NULL };
	PGresult		*res = NULL;
	int64_t			 found = -1;
	struct pgwait_hosts	 h = { .silence = HOST_MS,
	    .end = clock_monotonic_ms() + HOST_MS };
	PGconn			*conn = pgwait_connect(w, keys, values, &h);
	bool			 in_time;

	if (alone != NULL)
		*alone = false;
	if (!h.late && PQstatus(conn) == CONNECTION_OK &&
	    PQsendQuery(conn, "SELECT " SUCCESSOR_COLUMNS) == 1)
		res = pgwait_last(w, conn, clock_monotonic_ms() + HOST_MS,
		    &in_time);
	if (PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1) {
		found = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
		if (alone != NULL)
			*alone = *PQgetvalue(res, 0, 1) == 't';
	}
	PQclear(res);
	PQfinish(conn);
	return found;
}

bool
successor_find(struct pgwait *w, const char *conninfo, int64_t timeline,
    unsigned int *which)
{
	struct error	 ignored = ERROR_INIT;
	char		*one;
	unsigned int	 i;
	int64_t		 latest = timeline, other;

	for (i = 0; !pgwait_is_ending(w) && conninfo_one(&one, conninfo, i,
	    &ignored) == 1; i++) {
		if ((other = successor_timeline(w, one, NULL)) > latest) {
			latest = other;
			*which = i;
		}
		mem_free(&one);
	}
	return latest > timeline;
}
