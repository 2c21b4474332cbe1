/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_SPLIT_H
#define SIGNET_BASE_SPLIT_H
/*
 * A secret split among n holders, any m of whom can put it together again
 * (Shamir's scheme over GF(2^8), polynomial x^8 + x^4 + x^3 + x + 1).
 *
 * What is split is the secret followed by its SHA-256, so that a share which
 * was altered or belongs to another secret is noticed when the shares are
 * joined.  Fewer than m shares say nothing about the secret but its length.
 * Arithmetic uses no table and no branch that depends on a secret.
 */
#include <stddef.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

#define SPLIT_MAX		255	/* holders */
#define SPLIT_SECRET_MAX	1024	/* bytes */
#define SPLIT_CHECK		32	/* bytes that a share is longer */

struct share {
	uint8_t		 number;	/* 1..255: the polynomials' argument */
	uint8_t		 threshold;	/* how many are needed */
	struct secret	 data;
};

/*
 * Fill v[0..n-1] with the shares 1..n of the secret, m of which are needed;
 * 2 <= m <= n <= SPLIT_MAX, or ERROR_CONFIG.
 */
int	 split_make(struct share *v, size_t n, size_t m, const struct secret *,
	    const struct rng *, struct error *);
/*
 * Join shares.  Too few, two with one number, or different thresholds are
 * ERROR_INPUT; shares that do not fit together are ERROR_DENIED.  All of the
 * given shares must fit, not only the first m.
 */
int	 split_join(struct secret *out, const struct share *v, size_t n,
	    struct error *);
void	 share_clear(struct share *);		/* wipes; NULL-safe */
#endif
