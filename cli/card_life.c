/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card packed, delivered, ... destroyed: the order that has the effect
 * is signed first and stored in the transaction that moves the card.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cmd_card.h"
#include "db/db_card_life.h"
#include "desk/card_move.h"
#include "desk/submit.h"

const struct cmd_opt CARD_MOVE_OPTS[] = {
	{ "reason", 0, CMD_STRING, false, "TEXT", "for the history" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

int
card_numbered(struct cli *c, const char *number, struct db_card *card,
    struct error *e)
{
	int	found;

	if (cli_open_db(c, e) == -1 || (found = db_card_numbered(c->desk.db,
	    number, card, c->desk.arena, e)) == -1)
		return -1;
	if (found == 1)
		return 0;
	error_set(e, ERROR_NOTFOUND, "no card \"%.40s\"", number);
	return error_hint(e, layout_number_is_right(number) ?
	    "which there are: signet card list" :
	    "its last character does not fit: it was mistyped");
}

/* ---- the order ---- */

static int
sign_and_store(struct cli *c, struct card_move *m, struct draft *d,
    struct error *e)
{
	if (cli_open_officer(c, e) == -1)
		return -1;
	m->order_id = d->order->id;
	d->also = card_move_store;
	d->also_arg = m;
	return submit_signed(&c->desk, d, e);
}

/* order NULL: it needs none. */
static void
did(struct cli *c, const struct card_move *m, const char *order,
    size_t targets)
{
	json_t	*doc = json_pack("{s:s, s:s, s:s?, s:s?, s:I}", "card",
		    m->card.number, "result", m->verb, "order", order,
		    "effect", order != NULL ? m->effect : NULL,
		    "certificates", (json_int_t)targets);

	if (order == NULL)
		cli_did(c, doc, "card %s %s", m->card.number, m->verb);
	else
		cli_did(c, doc, "card %s %s; order %.8s %ss %zu certificates",
		    m->card.number, m->verb, order, m->effect, targets);
}

static int
move_alone(struct cli *c, struct card_move *m, struct error *e)
{
	if (db_txn(c->desk.db, card_move_store, m, e) == -1)
		return -1;
	did(c, m, NULL, 0);
	return 0;
}

static int
move_with_order(struct cli *c, struct card_move *m, struct error *e)
{
	char		id[2 * ORDER_ID_SIZE + 1];
	struct draft	d = { 0 };
	int		rc = -1;

	if (card_move_draft(m, &d, e) == -1)
		goto out;
	if (d.order->ntargets == 0)
		rc = move_alone(c, m, e);
	else if ((rc = sign_and_store(c, m, &d, e)) == 0)
		did(c, m, text_hex(id, d.order->id, ORDER_ID_SIZE),
		    d.order->ntargets);
	m->order_id = NULL;
 out:
	draft_clear(&d);
	return rc;
}

/* ---- the verbs ---- */

static int
find_way(struct card_move *m, struct error *e)
{
	int	found = card_move_find(m, e);

	if (found != 0)
		return found == 1 ? 0 : -1;
	error_set(e, ERROR_CONFLICT, "card %s is %s and cannot be %s",
	    m->card.number, m->card.state, m->verb);
	return error_hint(e, "its history: signet card show %s",
	    m->card.number);
}

static int
move_one(struct cli *c, const char *verb, const char *number,
    struct error *e)
{
	struct card_move	 m = { .desk = &c->desk, .verb = verb,
				    .words = cmd_string(c->args, "reason",
				    NULL) };

	if (card_numbered(c, number, &m.card, e) == -1 ||
	    find_way(&m, e) == -1)
		return -1;
	if (strcmp(m.effect, "none") != 0) {
		if (cli_confirm(c, e, "%s the certificates of card %s, %s?",
		    m.effect, m.card.number, m.card.holder) == -1)
			return -1;
		return move_with_order(c, &m, e);
	}
	return move_alone(c, &m, e);
}

int
card_move_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	const char	*name = strrchr(cmd_self(a)->name, ' ') + 1;
	struct cli	*c = ctx;
	char *const	*number;
	int		 i, n = cmd_operands(a, &number);

	cli_begin(c, a);
	for (i = 0; i < n; i++)
		if (move_one(c, name, number[i], e) == -1)
			return -1;
	return 0;
}

/* ---- unblocked: what happened without a change ---- */

static int
note_unblocked(struct db *db, void *arg, struct error *e)
{
	const struct card_move	*m = arg;

	if (db_card_note(db, m->card.hold.id, m->verb, m->desk->who,
	    m->words, e) == -1)
		return -1;
	return card_move_note(db, m, e);
}

int
card_unblocked_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct card_move	 m = { .desk = &c->desk, .verb = "unblocked",
				    .words = cmd_string(a, "reason", NULL) };
	char *const		*number;

	cli_begin(c, a);
	cmd_operands(a, &number);
	if (card_numbered(c, number[0], &m.card, e) == -1)
		return -1;
	if (strcmp(m.card.state, "delivered") != 0 &&
	    strcmp(m.card.state, "activated") != 0)
		return error_set(e, ERROR_CONFLICT, "card %s is %s: nobody is "
		    "to use it", m.card.number, m.card.state);
	if (db_txn(c->desk.db, note_unblocked, &m, e) == -1)
		return -1;
	cli_did(c, json_pack("{s:s, s:s}", "card", m.card.number, "result",
	    m.verb), "card %s: noted", m.card.number);
	return 0;
}
