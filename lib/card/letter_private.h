/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CARD_LETTER_PRIVATE_H
#define SIGNET_CARD_LETTER_PRIVATE_H
#include "card/letter.h"

/* Put the letter's values, escaped, where the text names them. */
int	 letter_fill(struct buf *out, const char *text, const struct letter *,
	    struct error *);
int	 letter_colour(double rgb[3], const char *text, struct error *);
#endif
