/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_CONNINFO_H
#define SIGNET_DB_CONNINFO_H
/*
 * Connection strings: the same server for somebody else.
 */
#include "base/error.h"

/*
 * *out is "in" (either form that libpq takes) in keyword form, with another
 * user, whose password it does not have, or with user NULL as it was; and
 * with this database where "in" names none.  The caller frees.
 */
int	 conninfo_for(char **out, const char *in, const char *user,
	    const char *dbname, struct error *);
#endif
