/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_CUT_READER_H
#define SIGNET_TESTS_LIB_CUT_READER_H
/*
 * A reader that is the card (tests/lib/pivcard) and that loses power at the
 * n-th command, before the card has carried it out or after.
 */
#include "personalize/apdu.h"
#include "tests/lib/pivcard/pivcard.h"

struct cut_reader {
	struct pivcard	 card;
	unsigned int	 count, cut_at;		/* 0: never */
	bool		 cut_after;
};

/* Whatever card that is now; io is for card_open(). */
void	 cut_reader_open(struct cut_reader *, struct card_io *);
/* A new card is inserted; io as above. */
void	 cut_reader_insert(struct cut_reader *, bool extended, uint8_t alg,
	    struct card_io *io);
#endif
