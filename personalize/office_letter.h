/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_OFFICE_LETTER_H
#define SIGNET_PERSONALIZE_OFFICE_LETTER_H
/*
 * The letter with the PIN of a card that is about to be issued, sealed to the
 * mailing house.  It is typeset in a process that does nothing else and is
 * gone afterwards, with all that was in clear.
 */
#include "office_private.h"
#include "order/revocation.h"

struct office_letter {
	struct db_card_letter	 row;		/* number NULL: none is wanted */
	char			*number;
	struct buf		 sealed;
	char			 code_name[REVOCATION_NAME + 1];
	uint8_t			 code_salt[REVOCATION_SALT];
	uint8_t			 code_hash[REVOCATION_HASH];
};
int	 office_letter(struct seat *, struct office_letter *, struct error *);
/* Is there a template for cards of this layout?  ERROR_CONFLICT: no, and that
 * is no fault of the card. */
int	 office_letter_check(const struct office *, const struct layout *,
	    struct error *);
/* Set one of each batch, about nobody: shows that it can be done, and has the
 * fonts found and read once for all that follow. */
int	 office_letters_warm_up(const struct office *, struct error *);
void	 office_letter_clear(struct office_letter *);
#endif
