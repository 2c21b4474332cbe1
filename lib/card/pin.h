/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CARD_PIN_H
#define SIGNET_CARD_PIN_H
/*
 * PINs and PUKs: digits, each as likely as any other, and none that somebody
 * who finds the card tries first.  Drawing again until one is not weak keeps
 * all that are left equally likely.
 */
#include <stdbool.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"

#define PIN_MIN		6
#define PIN_MAX		8

/* What is known of the holder and must not be in a PIN: digits count. */
struct pin_avoid {
	const char	*const *text;	/* a date of birth, numbers, a postcode */
	size_t		 n;
};

/*
 * Weak: one digit throughout, a run (123456, 987654, with 0 after 9), a pattern
 * repeated (121212, 123123), two halves mirrored (123321), a date of this or
 * the last century where it is six or eight digits, or digits that stand in
 * what is to be avoided.
 */
bool	 pin_is_weak(const char *pin, size_t len, const struct pin_avoid *);
/* avoid: or NULL. */
int	 pin_make(struct secret *, size_t len, const struct pin_avoid *,
	    const struct rng *, struct error *);
#endif
