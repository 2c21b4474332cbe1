/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_ENGINE_H
#define SIGNET_PERSONALIZE_ENGINE_H
/*
 * From a blank card to a finished one.
 *
 * There is one way through, and who was interrupted anywhere takes it again:
 * each step looks at the card and at the journal, and does what is missing.
 */
#include "clerk.h"

enum engine_end {
	ENGINE_DONE,
	ENGINE_WAIT,	/* for the CA: let go of the card, clerk's wait(), and
			 * open it again */
};

/*
 * Work on the card as far as it goes now.  -1: when the exchange is lost or
 * the code is ERROR_UPSTREAM or ERROR_RETRY it can be taken up later; other
 * codes are about this card.
 */
int	 engine_work(struct card *, const struct clerk *, struct job *,
	    enum engine_end *, struct error *);
#endif
