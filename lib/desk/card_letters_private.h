/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CARD_LETTERS_PRIVATE_H
#define SIGNET_DESK_CARD_LETTERS_PRIVATE_H
/* What drawing up a run of letters and releasing it share. */
#include "desk/card_letters.h"

/* "letters autumn 2": what the order permits. */
const char *card_letters_what(struct desk *, const struct card_letters *);
/* The numbers in run.list. */
int	 card_letters_parse(struct card_letters *, struct desk *,
	    struct error *);
#endif
