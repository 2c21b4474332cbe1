/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/card_move.h"

#include <string.h>

#include "audit/chain.h"
#include "db/db_audit.h"
#include "desk/card_order.h"
#include "desk/review.h"

static const struct verb {
	const char	*name;
	const char	*state;		/* that it leads to */
} verbs[] = {
	{ "packed", "packed" }, { "delivered", "delivered" },
	{ "activated", "activated" }, { "suspended", "suspended" },
	{ "resumed", "activated" }, { "lost", "lost" },
	{ "replaced", "replaced" }, { "returned", "returned" },
	{ "destroyed", "destroyed" },
};
#define NVERBS	(sizeof(verbs) / sizeof(verbs[0]))

const char *
card_move_verb(size_t i)
{
	return i < NVERBS ? verbs[i].name : NULL;
}

int
card_move_find(struct card_move *m, struct error *e)
{
	const char	*before = m->card.state;
	size_t		 i = 0;
	int		 found;

	while (i < NVERBS && strcmp(verbs[i].name, m->verb) != 0)
		i++;
	if (i == NVERBS)
		return 0;
	m->after = verbs[i].state;
	if ((found = db_card_effect(m->desk->db, before, m->after, m->effect,
	    &m->reason, e)) != 1)
		return found;
	/* "resumed" is for what was suspended, and "activated" is not. */
	return (strcmp(m->verb, "resumed") == 0) ==
	    (strcmp(before, "suspended") == 0 &&
	    strcmp(m->after, "activated") == 0);
}

/* ---- the order ---- */

/* What certificates are says nothing while they are about to be something else:
 * the order that is under way would have the last word. */
static int
check_done(const struct card_move *m, struct error *e)
{
	uint8_t	id[DB_ORDER_ID];
	char	hex[REVIEW_SHORT + 1];
	int	waits;

	if (desk_need(m->desk, DESK_DB, e) == -1 || (waits = db_card_ordered(
	    m->desk->db, m->card.hold.id, id, e)) == -1)
		return -1;
	if (waits == 0)
		return 0;
	error_set(e, ERROR_CONFLICT, "the CA has not carried out order %s, by "
	    "which card %s is %s", review_short_id(hex, id), m->card.number,
	    m->card.state);
	return error_hint(e, "is signet-cad running?  Try again when that is "
	    "done; a card that is lost need not wait");
}

int
card_move_draft(struct card_move *m, struct draft *d, struct error *e)
{
	if (strcmp(m->effect, "revoke") != 0 && check_done(m, e) == -1)
		return -1;
	return card_order_draw_up(m->desk, d, order_kind_of(m->effect),
	    &m->card, m->reason, m->words, e);
}

/* ---- the store ---- */

int
card_move_note(struct db *db, const struct card_move *m, struct error *e)
{
	struct buf	body = { 0 };

	audit_begin(&body, "card", clock_now(m->desk->clock));
	audit_str(&body, "card", m->card.number);
	audit_str(&body, "what", m->verb);
	if (m->order_id != NULL)
		audit_hex(&body, "id", m->order_id, DB_ORDER_ID);
	if (m->words != NULL)
		audit_str(&body, "reason", m->words);
	audit_str(&body, "by", m->desk->who);
	return db_audit_add(db, &body, e);
}

int
card_move_store(struct db *db, void *arg, struct error *e)
{
	const struct card_move	*m = arg;

	if (db_card_move(db, m->card.hold.id, m->card.state, m->after,
	    m->desk->who, m->words, m->order_id, e) == -1)
		return error_wrap(e, "card %s", m->card.number);
	return card_move_note(db, m, e);
}
