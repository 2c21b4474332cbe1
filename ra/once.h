/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_ONCE_H
#define SIGNET_RA_ONCE_H
/*
 * A revocation that the registration orders for a holder, who may ask again
 * since the answer was lost, before the CA has acted.
 *
 * The store does not say what an order is about.  So the number of such an
 * order is not random: it follows from its certificates and its reason, and
 * whoever asks for the same finds it.  Nobody gains anything from knowing it:
 * links lead to orders for certificates alone.
 */
#include "desk/draft.h"
#include "page.h"

/* Stores the draft, whose number is set; with our approval or without. */
typedef int once_store_fn(struct page *, const struct draft *, struct error *);
/*
 * Either there is an order for the same that is still open, or has been carried
 * out, or this one is stored; d->order->id is its number, and it has our
 * approval.
 */
int	 once_hand_in(struct page *, struct draft *, once_store_fn *,
	    struct error *);
#endif
