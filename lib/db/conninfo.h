/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_CONNINFO_H
#define SIGNET_DB_CONNINFO_H
/*
 * Connection strings: the same server for somebody else.
 */
#include <stdbool.h>
#include "base/error.h"
#include "base/mem.h"

/*
 * *out is "in" (either form that libpq takes) in keyword form, with another
 * user, whose password it does not have, or with user NULL as it was; and
 * with this database where "in" names none.  The caller frees.
 */
int	 conninfo_for(char **out, const char *in, const char *user,
	    const char *dbname, struct error *);
/*
 * *out is "in" with its hosts in another order, the first "by" of them behind
 * the others; and no standby is preferred any more, because libpq asks every
 * host before it gives that up, and one of them keeps silent.  The caller
 * frees.
 */
int	 conninfo_turn(char **out, const char *in, unsigned int by,
	    struct error *);
/*
 * *out is "in" with host number i alone, whatever that host is; 1, 0 when there
 * are no more, -1.  The caller frees.
 */
int	 conninfo_one(char **out, const char *in, unsigned int i,
	    struct error *);
/* The first host, or where its socket is, "" if it names none; the caller
 * frees. */
char	*conninfo_host(const char *in);
/*
 * May what it says go over a network to whom nobody has asked for a
 * certificate?  *host is the first machine of that kind, in the arena.
 */
bool	 conninfo_is_open(const char *in, const char **host, struct arena *);
/* Is that this machine, or a socket on it? */
bool	 conninfo_is_here(const char *host);
/* How many hosts does it name?  One at least. */
unsigned int conninfo_count(const char *in);
/* Milliseconds that each of them may be silent while one connects to it: 5000
 * unless it says something else; 0: however long. */
int	 conninfo_timeout(const char *in);
/*
 * The same for programs that find the server in their environment, where only
 * the user sees a password: "PGHOST=..." and friends, NULL at the end, and for
 * each that it leaves open "PGHOST=".  NULL on error.
 */
const char **conninfo_env(struct arena *, const char *in, struct error *);
#endif
