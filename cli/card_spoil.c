/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card spoil and cancel: a card that a station has not finished is taken
 * out of its hands.  The order to revoke what was issued for it goes with that
 * in one transaction.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "cli/cmd_card.h"
#include "db/db_audit.h"
#include "db/db_card_life.h"
#include "desk/card_order.h"
#include "desk/review.h"

#define CESSATION	5	/* cessationOfOperation, RFC 5280, 5.3.1 */

const struct cmd_opt CARD_SPOIL_OPTS[] = {
	{ "reason", 0, CMD_STRING, true, "TEXT", "what is wrong with it" },
	{ "drop", 0, CMD_FLAG, false, NULL,
	    "and make no other card for this holder" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};
const struct cmd_opt CARD_CANCEL_OPTS[] = {
	{ "reason", 0, CMD_STRING, true, "TEXT", "why not" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

struct ending {
	struct cli			*c;
	const char			*reason;
	bool				 drop;
	struct db_card_place		 item;
	bool				 has_card;
	struct db_card			 card;
	const uint8_t			*order_id;	/* or NULL */
	int				 certs;	/* issued, or may come */
};

static int
add_entry(struct db *db, const struct ending *g, struct error *e)
{
	struct buf	body = { 0 };

	audit_begin(&body, g->has_card ? "card" : "card-drop",
	    clock_now(g->c->desk.clock));
	if (g->has_card) {
		audit_str(&body, "card", g->card.number);
		audit_str(&body, "what", g->drop ? "cancelled" : "spoiled");
	} else {
		audit_str(&body, "batch", g->item.batch_name);
		audit_num(&body, "n", g->item.n);
	}
	if (g->order_id != NULL)
		audit_hex(&body, "id", g->order_id, DB_ORDER_ID);
	audit_str(&body, "reason", g->reason);
	audit_str(&body, "by", g->c->desk.who);
	return db_audit_add(db, &body, e);
}

static int
end_it(struct db *db, void *arg, struct error *e)
{
	struct ending	*g = arg;

	if (g->has_card && db_card_spoil_by(db, g->card.hold.id,
	    g->c->desk.who, g->reason, &g->certs, e) == -1)
		return error_wrap(e, "card %s", g->card.number);
	if (g->order_id != NULL && db_card_revoking(db, g->card.hold.id,
	    g->order_id, e) == -1)
		return -1;
	if (g->drop && db_card_batch_drop(db, g->item.batch, g->item.n,
	    g->reason, e) == -1)
		return -1;
	return add_entry(db, g, e);
}

static void
report(struct cli *c, const struct ending *g, const struct order *o)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	int			 named = o != NULL ? (int)o->ntargets : 0;

	out_put(r, "card", "Card", g->item.number);
	out_put(r, "state", "State", g->has_card ? "spoiled" : NULL);
	out_put(r, "item", "Item", g->drop ? "dropped" : g->certs > 0 ?
	    "spent" : "waiting");
	out_put_hex(r, "order", "Order to revoke", g->order_id, DB_ORDER_ID);
	out_put_num(r, "certificates", "Certificates", named);
	if (g->certs > named)
		out_put_line(r, "%d more may come: later run: signet card "
		    "check", g->certs - named);
	if (!g->drop && g->certs > 0)
		out_put_line(r, "for another card: signet card batch reorder "
		    "%s", g->item.batch_name);
	out_record_free(&r);
}

static int
end_card(struct ending *g, struct error *e)
{
	struct desk	*dk = &g->c->desk;
	struct draft	 d = { 0 };
	int		 rc = -1;

	if (card_order_draw_up(dk, &d, ORDER_REVOKE, &g->card, CESSATION,
	    g->reason, e) == -1)
		goto out;
	if (d.order->ntargets == 0)
		rc = db_txn(dk->db, end_it, g, e);
	else if (cli_open_officer(g->c, e) == 0) {
		g->order_id = d.order->id;
		d.also = end_it;
		d.also_arg = g;
		rc = submit_signed(dk, &d, e);
	}
	if (rc == 0)
		report(g->c, g, d.order);
	g->order_id = NULL;
 out:
	draft_clear(&d);
	return rc;
}

/* ---- which ---- */

static bool
is_under_way(const struct db_card *card)
{
	return card->issued_at == 0 && strcmp(card->state, "spoiled") != 0 &&
	    strcmp(card->state, "destroyed") != 0;
}

static int
find(struct ending *g, const char *number, struct error *e)
{
	struct db	*db;
	int		 found;

	if (cli_open_db(g->c, e) == -1)
		return -1;
	db = g->c->desk.db;
	if ((found = db_card_item_numbered(db, number, &g->item,
	    g->c->desk.arena, e)) == -1)
		return -1;
	if (found == 0) {
		error_set(e, ERROR_NOTFOUND, "no card \"%.40s\"", number);
		return error_hint(e, layout_number_is_right(number) ?
		    "which there are: signet card batch show NAME --items" :
		    "its last character does not fit: it was mistyped");
	}
	if ((found = db_card_numbered(db, number, &g->card, g->c->desk.arena,
	    e)) == -1)
		return -1;
	g->has_card = found == 1 && is_under_way(&g->card);
	if (found == 0 || g->has_card || g->card.issued_at == 0)
		return 0;
	error_set(e, ERROR_CONFLICT, "card %s is %s: no station works on it",
	    number, g->card.state);
	return error_hint(e, "of an issued one: signet card lost, returned, "
	    "destroyed");
}

static int
begin(struct ending *g, struct cmd_args *a, struct error *e)
{
	char *const	*number;

	cli_begin(g->c, a);
	cmd_operands(a, &number);
	g->reason = cmd_string(a, "reason", NULL);
	if (!text_is_clean(g->reason, strlen(g->reason), 600) ||
	    g->reason[0] == '\0')
		return error_set(e, ERROR_INPUT, "--reason: not clean text of "
		    "at most 600 bytes");
	return find(g, number[0], e);
}

int
card_spoil_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct ending	g = { .c = ctx, .drop = cmd_flag(a, "drop") };

	if (begin(&g, a, e) == -1)
		return -1;
	if (!g.has_card) {
		error_set(e, ERROR_CONFLICT, "card %s: no station works on "
		    "it, its item is %s", g.item.number, g.item.state);
		return error_hint(e, "to make none: signet card cancel %s",
		    g.item.number);
	}
	if (cli_confirm(g.c, e, "Spoil card %s, %s, which is %s at station "
	    "%s?", g.card.number, g.card.holder, g.card.state,
	    g.card.station) == -1)
		return -1;
	return end_card(&g, e);
}

int
card_cancel_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct ending	g = { .c = ctx, .drop = true };

	if (begin(&g, a, e) == -1 || cli_confirm(g.c, e, "Make no card %s%s?",
	    g.item.number, g.has_card ? ", which is on a reader" : "") == -1)
		return -1;
	if (g.has_card)
		return end_card(&g, e);
	if (db_txn(g.c->desk.db, end_it, &g, e) == -1)
		return error_wrap(e, "card %s", g.item.number);
	report(g.c, &g, NULL);
	return 0;
}
