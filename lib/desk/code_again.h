/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CODE_AGAIN_H
#define SIGNET_DESK_CODE_AGAIN_H
/*
 * Another one-time code in the place of one that nobody has seen, or that was
 * lost.
 *
 * The store never has a code, and officers have signed the public key of this
 * one: another code is another order, for the same certificate of the same
 * holder until the same day.  The old one is rejected in the transaction that
 * stores the new one.  If officers have approved it, a signed rejection is
 * stored with these, so that the CA remembers, too, once an officer signs it;
 * it has a number that follows from the new order's.
 */
#include "desk/draft.h"
#include "desk/review.h"

/* ERROR_INPUT for an order without a code, ERROR_CONFLICT for one that is over
 * or whose code was used. */
int	 code_again_check(struct desk *, const struct review *old,
	    struct error *);
/* The new order with its code. */
int	 code_again_draft(struct desk *, const struct review *old,
	    struct draft *, struct error *);
/* Is this order for what the old one is for?  ERROR_INPUT. */
int	 code_again_is_for(const struct review *old, const struct order *,
	    struct error *);
/* All in one transaction; d->also is ours. */
int	 code_again_store(struct desk *, const struct review *old,
	    struct draft *, struct error *);
/* The rejection that waits for an officer's signature when the new order is
 * stored: 1 and its id; 0: there is none. */
int	 code_again_rejection(struct desk *, const uint8_t fresh[ORDER_ID_SIZE],
	    uint8_t id[ORDER_ID_SIZE], struct error *);
#endif
