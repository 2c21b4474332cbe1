/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CARD_LETTERS_H
#define SIGNET_DESK_CARD_LETTERS_H
/*
 * Runs of PIN letters: drawn up and signed by one officer, signed and released
 * by another, and then handed to the mailing house as often as it takes.  So
 * whoever made the batch cannot let its letters go alone.
 *
 * What both sign is the digest of a list, JSON: batch, run, and of each letter
 * its number, its card and SHA-256 of what is sealed, and who drew it up.  Who releases makes a CMS
 * of that list, too, which goes along as the manifest.
 */
#include "db/db_card_batch.h"
#include "db/db_letter.h"
#include "desk/permit.h"
#include "x509/key.h"

#define CARD_LETTERS_LIFE	(7 * 86400)	/* to be released in */

struct card_letters {		/* a run and the order for it */
	const struct db_card_batch *batch;
	struct db_letter_run	 run;
	struct review		 order;
	size_t			 n;		/* letters in the list */
	const char		**letter;
	const char		*made_by;	/* person who has drawn it up */
};
void	 card_letters_clear(struct card_letters *);

/* The run that waits for its second officer: 1, 0, -1.  One whose order has
 * expired or was rejected is given up here. */
int	 card_letters_open(struct desk *, const struct db_card_batch *,
	    struct card_letters *, struct error *);
/*
 * Draw up and sign a run: of these letters again, or, with n 0, of all that
 * were in none.  ERROR_NOTFOUND: there are none; ERROR_CONFLICT: one is void.
 */
int	 card_letters_draw_up(struct desk *, const struct db_card_batch *,
	    const char *const *letter, size_t n, const char *reason,
	    struct card_letters *, struct error *);
/*
 * Release it: the order has both approvals, and this is the second officer's
 * own key.  ERROR_DENIED else.  ERROR_CONFLICT: a letter has become void, and
 * the run is given up.
 */
int	 card_letters_release(struct desk *, struct card_letters *,
	    const struct identity *, struct error *);

/* A released run, its manifest checked against what officers signed. */
int	 card_letters_load(struct desk *, const struct db_card_batch *, int run,
	    struct card_letters *, struct error *);
/* Is this letter in the list, with this digest?  Else ERROR_DENIED. */
int	 card_letters_check(const struct card_letters *,
	    const struct db_letter *, struct error *);

/* act=card-letters with these; letter NULL: of a run. */
int	 card_letters_entry(struct db *, struct desk *, const char *what,
	    const char *batch, int run, const char *letter, const char *reason,
	    struct error *);
/* Void one, with its entry. */
int	 card_letters_void(struct desk *, const char *batch,
	    const char *letter, const char *reason, struct error *);
#endif
