/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_CLOCK_H
#define SIGNET_BASE_CLOCK_H
/*
 * Time and randomness as parameters: library code never asks the system for
 * either, it is handed one of these, and a test hands it a fixed one.
 */
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "base/error.h"

struct clock {
	int64_t	(*now)(const struct clock *);	/* seconds since 1970, UTC */
	int64_t	 value;				/* used by clock_fixed */
};
/*
 * The system's clock.  In a build with --enable-faults the environment's
 * SIGNET_CLOCK_OFFSET (seconds) is added, so that tests can travel; or the
 * number (64 bits of this machine) in the file that SIGNET_CLOCK_FILE names,
 * which may change while a program runs.
 */
extern const struct clock clock_system;
/* The machine's, wherever a test may have travelled. */
extern const struct clock clock_machine;
struct clock clock_fixed(int64_t value);
int64_t	 clock_now(const struct clock *);
int64_t	 clock_monotonic_ms(void);	/* for time-outs and rates only */

struct rng {
	int	(*fill)(const struct rng *, unsigned char *, size_t,
		    struct error *);
	uint64_t	 seed;		/* used by test generators */
};
extern const struct rng rng_system;	/* OpenSSL's private generator */
/*
 * Repeatable and worthless for security: for tests that compare bytes.  Each
 * call continues the stream, for which it counts in "seed"; so the object,
 * although passed as const, must not be defined const.
 */
struct rng rng_seeded(uint64_t seed);
int	 rng_fill(const struct rng *, void *, size_t, struct error *);
#endif
