/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CARD_PRIVATE_H
#define SIGNET_DB_DB_CARD_PRIVATE_H
/* What the modules about cards share. */
#include "db/db_card.h"

#define DB_CARD_COLUMNS \
	"c.id, c.turn, c.identity, c.number, b.name, b.id, c.n, c.holder," \
	" c.layout, c.family, c.state, c.station, c.reader, " \
	DB_EPOCH("c.claimed_at") ", " DB_EPOCH("c.taken_at") ", " \
	DB_EPOCH("c.changed_at") ", coalesce(" DB_EPOCH("c.issued_at") ", 0)," \
	" coalesce(" DB_EPOCH("c.expires") ", 0), c.changed_by, c.reason"
#define DB_CARD_FROM	" FROM card c JOIN card_batch b ON b.id = c.batch "

void	 db_card_fill(struct db_card *, const struct db_rows *, size_t row,
	    struct arena *);
/* Lock the card, if the hold is the last one; what state it is in (NULL: do
 * not say).  ERROR_CONFLICT. */
int	 db_card_own(struct db *, const struct db_card_hold *, char state[16],
	    struct error *);
/* Prepend "card 1f..". */
int	 db_card_wrap(struct error *, const uint8_t id[DB_CARD_ID]);
#endif
