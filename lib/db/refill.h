/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_REFILL_H
#define SIGNET_DB_REFILL_H
/*
 * A store that is filled from a backup.  As long as that is not at its end
 * there is a PostgreSQL schema "signet_restoring", which a crash does not take
 * away: nobody may work with such a store, since lists would get numbers that
 * were published before, and the next one who fills it begins anew.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

/* Has somebody begun, and not ended? */
int	 refill_is_begun(bool *begun, const char *conninfo, struct error *);
/* Begin, in a database without a store; what one who began before has put there
 * is thrown away. */
int	 refill_begin(const char *conninfo, bool begun, struct error *);
/* The store is there.  Each CA but the root leaves out so many numbers of lists
 * after the last one that it knows; once, for that ends it. */
int	 refill_end(const char *conninfo, int64_t skip, struct error *);
#endif
