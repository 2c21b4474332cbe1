/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_PRIMARIES_H
#define SIGNET_CRL_PRIMARIES_H
/*
 * How many hosts of the store say that they are its primary, and whether one of
 * them waits for standbys and has none: metrics, and a line in the log when that
 * changes.  Asked in a thread with connections of its own, because it is just
 * then that all others wait for an answer.
 */
#include "base/error.h"
#include "net/metrics.h"

struct primaries;
/* database and metrics are borrowed. */
int	 primaries_start(struct primaries **, const char *database,
	    struct metrics *, struct error *);
void	 primaries_stop(struct primaries **);
#endif
