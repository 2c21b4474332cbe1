/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_REDEEM_H
#define SIGNET_DESK_REDEEM_H
/*
 * One-time codes redeemed: an order that was approved without a request gets
 * one, from who has its code.
 *
 * Tries are counted in the store before the code is looked at, so that many
 * at once, or at many nodes, are as many as one after the other.
 */
#include "base/secret.h"
#include "desk/desk.h"
#include "desk/review.h"
#include "os/gate.h"
#include "x509/csr.h"

#define REDEEM_MAX	4	/* orders of one holder that are tried */

struct redeem {
	const char		*user;		/* holder's id, or an order's:
						 * its first 8 digits or more */
	const char		*profile;	/* NULL: any */
	const struct secret	*code;
	const struct csr	*csr;
	struct gate		*gate;		/* of slow hashes, or NULL */
};
/*
 * For those whom we do not know: find the order and supply the request.  0
 * and the order's id; also when the same request with the same code is there
 * already, so that who lost our answer may ask again.  Whatever a guesser
 * could learn from (holder, profile, code, tries, used already) is one and the
 * same ERROR_DENIED, after no less work.  What is wrong with the request is
 * said to who has the right code.
 */
int	 redeem_code(struct desk *, const struct redeem *,
	    uint8_t id[DB_ORDER_ID], struct error *);
/* For those who may see the order: can this one be redeemed with the request
 * (whose code is not asked for), and do it. */
int	 redeem_check(struct desk *, const struct review *,
	    const struct redeem *, struct error *);
int	 redeem_order(struct desk *, const struct review *,
	    const struct redeem *, struct error *);
#endif
