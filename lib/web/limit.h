/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_WEB_LIMIT_H
#define SIGNET_WEB_LIMIT_H
/*
 * Who comes too often waits: token buckets in bounded memory.
 *
 * A bucket is found by what is limited and for whom ("login" of an address, of
 * an account).  There is a fixed number of places for buckets, in sets of a
 * few; in a full set the fullest bucket, of whom there is least to remember,
 * makes room.  So memory is bounded, and who floods us from many addresses
 * forgets others' buckets only where these were nearly full.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

struct limit_rate {
	const char	*name;		/* of what is limited */
	unsigned int	 burst;		/* so many at once, */
	unsigned int	 per_minute;	/* then so many a minute */
};

struct limits;
/* places: buckets that are remembered, 32 bytes each. */
int	 limits_new(struct limits **, size_t places, const struct rng *,
	    struct error *);
void	 limits_free(struct limits **);
/*
 * Take one: true, or false and in *wait the seconds after which it is worth
 * coming again (at least 1).  now: clock_monotonic_ms().  Any thread.
 */
bool	 limit_take(struct limits *, const struct limit_rate *,
	    struct bytes whom, int64_t now, int *wait);
/* It did no harm: put it back, as after the right password. */
void	 limit_give(struct limits *, const struct limit_rate *,
	    struct bytes whom, int64_t now);
/*
 * Of a peer's address as text what counts as one client: all of IPv4, of IPv6
 * the network (/64).  Returns dst.
 */
char	*limit_address(char dst[48], const char *address);
#endif
