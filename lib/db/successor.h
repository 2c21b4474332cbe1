/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_SUCCESSOR_H
#define SIGNET_DB_SUCCESSOR_H
/*
 * The primary that nobody has told that another is in its place.
 *
 * It looks like any other and answers whatever is only read.  Two things give
 * it away: it is alone, that is, it waits for standbys and has none; and one of
 * the other hosts is a primary with a later timeline.  The first is cheap to ask
 * for, the second is a connection to each host.
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "db/pgwait.h"

/* Two columns: the timeline of a primary, 0 of a standby; is it alone? */
#define SUCCESSOR_COLUMNS \
	"CASE WHEN pg_is_in_recovery() THEN 0 ELSE" \
	" ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))" \
	"::bit(32)::bigint END," \
	" NOT pg_is_in_recovery() AND" \
	" current_setting('synchronous_standby_names') <> '' AND" \
	" NOT EXISTS (SELECT FROM pg_stat_get_wal_senders())"

/* Of the one host that conninfo names: the timeline of a primary, 0 of a
 * standby, -1 when it does not answer; and is it a primary that is alone (may
 * be NULL)?  Whoever is told to end waits for it no longer. */
int64_t	 successor_timeline(struct pgwait *, const char *conninfo,
	    bool *alone);
/*
 * Is one of conninfo's hosts a primary with a later timeline than this one?
 * *which is its place in the list.  Waits a few seconds at most for each host;
 * one that cannot be asked is none.  Whoever is told to end asks no other.
 */
bool	 successor_find(struct pgwait *, const char *conninfo,
	    int64_t timeline, unsigned int *which);
#endif
