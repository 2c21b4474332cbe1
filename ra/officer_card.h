/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_OFFICER_CARD_H
#define SIGNET_RA_OFFICER_CARD_H
/* What the pages on cards share. */
#include "db/db_card_life.h"
#include "officer.h"

/* { number, holder, state, batch, changed_at } */
json_t	*officer_card_json(const struct db_card *);
/* May it be looked at: with a key that is for all certificates on it; one
 * that has none yet, with a key that is for every profile.  1, 0, -1. */
int	 officer_card_may(struct page *, const struct officer_scope *,
	    const struct db_card *, struct error *);
#endif
