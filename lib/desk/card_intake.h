/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_CARD_INTAKE_H
#define SIGNET_DESK_CARD_INTAKE_H
/*
 * A batch of cards being taken in: a table of holders becomes one batch order
 * per slot of the layout, all with the same items in the same places, and an
 * item with a card number for each.  Every mistake is told before anything is
 * stored, and everything is stored at once.
 *
 * Columns: "holder" is required; "replaces" names the card that this one is
 * for; the layout's face columns are for face and letter; all others are
 * fields of at least one of its profiles.  The field "card" is set here.
 */
#include "base/map.h"
#include "card/layout.h"
#include "db/db_card_batch.h"
#include "desk/batch.h"
#include "desk/desk.h"

struct card_intake {
	struct desk		*dk;
	const struct layout	*layout;
	struct db_card_batch	 row;		/* name, note, expires */
	struct batch		 batch[LAYOUT_SLOTS_MAX];
	struct db_card_item	*item;
	size_t			*line;		/* that each came from */
	size_t			 n, size;
	struct map		 seen;		/* holders, by number */
	size_t			 bad;		/* mistakes told */
	const char		*path;
};
int	 card_intake_begin(struct desk *, struct card_intake *,
	    const struct layout *, struct error *);
void	 card_intake_clear(struct card_intake *);
/* Read all of it.  The desk hears of mistakes; -1 only for what makes going on
 * pointless. */
int	 card_intake_read(struct card_intake *, const char *path,
	    struct error *);
/* Ask the store what only it knows: cards that holders have, and those that
 * are to be replaced.  Mistakes are told, too. */
int	 card_intake_look(struct card_intake *, struct error *);
/* Number and store.  ERROR_CONFLICT: there is a batch of this name. */
int	 card_intake_submit(struct card_intake *, struct error *);
#endif
