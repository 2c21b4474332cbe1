/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_REVOCATION_H
#define SIGNET_ORDER_REVOCATION_H
/*
 * Revocation codes: what a holder without a key shows to have a certificate
 * revoked.  24 characters of Crockford's base 32: the first eight are the
 * code's name, by which it is found, and the other sixteen (80 bits) are
 * secret; the store has their scrypt.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

#define REVOCATION_NAME		8
#define REVOCATION_SECRET	16
#define REVOCATION_TEXT		29	/* in groups of four, with dashes */
#define REVOCATION_SALT		16
#define REVOCATION_HASH		32

/* Make one: the text to show, once, and what is kept. */
int	 revocation_make(struct secret *text, char name[REVOCATION_NAME + 1],
	    uint8_t salt[REVOCATION_SALT], uint8_t hash[REVOCATION_HASH],
	    const struct rng *, struct error *);
/* What somebody typed: its name and its secret part.  Spaces, dashes, case, O
 * for 0 and I, L for 1 are forgiven; else ERROR_INPUT. */
int	 revocation_parse(char name[REVOCATION_NAME + 1], struct secret *part,
	    const char *typed, struct error *);
/* Slow.  1 it is the one, 0 it is not, -1. */
int	 revocation_verify(const struct secret *part,
	    const uint8_t salt[REVOCATION_SALT],
	    const uint8_t hash[REVOCATION_HASH], struct error *);
#endif
