/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card batch pause, resume, close, stock, drop and reorder.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "cli/cmd_card.h"
#include "db/db_audit.h"
#include "desk/card_round.h"

const struct cmd_opt CARD_BATCH_STOCK_OPTS[] = {
	{ "received", 0, CMD_NUMBER, false, "N", "blanks out of the box" },
	{ "useless", 0, CMD_NUMBER, false, "N",
	    "blanks that nobody can make a card of" },
	{ "returned", 0, CMD_NUMBER, false, "N", "blanks back in the box" },
	{ "note", 0, CMD_STRING, false, "TEXT", "anything to remember" },
	CMD_OPT_END
};
const struct cmd_opt CARD_BATCH_DROP_OPTS[] = {
	{ "reason", 0, CMD_STRING, true, "TEXT", "why not" },
	CMD_OPT_END
};

struct change {
	struct cli		*c;
	struct db_card_batch	 b;
	const char		*state;		/* or, if NULL, */
	const char		*kind;		/* of blanks, or */
	int64_t			 count;
	const int64_t		*item;		/* to drop */
	size_t			 n;
	const char		*text;
};

static int
do_change(struct db *db, const struct change *ch, struct error *e)
{
	size_t	i;

	if (ch->state != NULL)
		return db_card_batch_move(db, ch->b.id, ch->state, e);
	if (ch->kind != NULL)
		return db_card_batch_count(db, ch->b.id, ch->kind, ch->count,
		    ch->c->desk.who, ch->text, e);
	for (i = 0; i < ch->n; i++)
		if (db_card_batch_drop(db, ch->b.id, (uint32_t)ch->item[i],
		    ch->text, e) == -1)
			return -1;
	return 0;
}

static void
entry(const struct change *ch, struct buf *body)
{
	size_t	i;

	audit_begin(body, ch->state != NULL ? "card-batch-state" :
	    ch->kind != NULL ? "card-stock" : "card-drop",
	    clock_now(ch->c->desk.clock));
	audit_str(body, "batch", ch->b.name);
	if (ch->state != NULL)
		audit_str(body, "state", ch->state);
	if (ch->kind != NULL) {
		audit_str(body, "kind", ch->kind);
		audit_num(body, "count", ch->count);
	}
	for (i = 0; i < ch->n; i++)
		audit_num(body, "n", ch->item[i]);
	if (ch->text != NULL)
		audit_str(body, "reason", ch->text);
	audit_str(body, "by", ch->c->desk.who);
}

static int
txn_change(struct db *db, void *arg, struct error *e)
{
	const struct change	*ch = arg;
	struct buf		 body = { 0 };

	if (do_change(db, ch, e) == -1)
		return -1;
	entry(ch, &body);
	return db_audit_add(db, &body, e);
}

static int
begin(struct cli *c, struct cmd_args *a, struct change *ch, struct error *e)
{
	char *const	*name;

	cli_begin(c, a);
	cmd_operands(a, &name);
	ch->c = c;
	return card_batch_named(c, name[0], &ch->b, e);
}

static int
move(struct cmd_args *a, struct cli *c, const char *state, const char *said,
    struct error *e)
{
	struct change	ch = { .state = state };

	if (begin(c, a, &ch, e) == -1)
		return -1;
	if (strcmp(ch.b.state, state) != 0 &&
	    db_txn(c->desk.db, txn_change, &ch, e) == -1)
		return error_hint(e, "how it stands: signet card batch show "
		    "%.64s", ch.b.name);
	cli_did(c, json_pack("{s:s, s:s}", "batch", ch.b.name, "state",
	    state), "batch %s %s", ch.b.name, said);
	return 0;
}

int
card_batch_pause_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	return move(a, ctx, "paused", "is paused: cards on readers are finished",
	    e);
}

int
card_batch_resume_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	return move(a, ctx, "running", "goes on", e);
}

int
card_batch_close_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	return move(a, ctx, "closed", "is closed: every blank is accounted for",
	    e);
}

int
card_batch_stock_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	static const char *const	kinds[] = { "received", "useless",
		"returned" };
	struct cli			*c = ctx;
	struct change			 ch = { .text = cmd_string(a, "note",
					    NULL) };
	size_t				 i, given = 0;

	cli_begin(c, a);
	for (i = 0; i < 3; i++)
		if (cmd_number(a, kinds[i], INT64_MIN) != INT64_MIN) {
			ch.kind = kinds[i];
			ch.count = cmd_number(a, kinds[i], 0);
			given++;
		}
	if (given != 1)
		return error_set(e, ERROR_INPUT, "say what was counted: "
		    "--received, --useless or --returned, one of them");
	if (ch.count < 1 || ch.count > 1000000)
		return error_set(e, ERROR_INPUT, "--%s: not 1 to 1,000,000",
		    ch.kind);
	if (begin(c, a, &ch, e) == -1)
		return -1;
	if (db_txn(c->desk.db, txn_change, &ch, e) == -1)
		return error_wrap(e, "batch %s", ch.b.name);
	cli_did(c, json_pack("{s:s, s:s, s:I}", "batch", ch.b.name, "kind",
	    ch.kind, "count", (json_int_t)ch.count), "batch %s: %lld blanks "
	    "%s", ch.b.name, (long long)ch.count, ch.kind);
	return 0;
}

int
card_batch_drop_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct change	 ch = { .text = cmd_string(a, "reason", NULL) };
	int64_t		*item;
	char *const	*operand;
	int		 i, n = cmd_operands(a, &operand), rc = -1;

	item = mem_array((size_t)n, sizeof(*item));
	for (i = 1; i < n; i++)
		if (text_parse_number(&item[i - 1], operand[i], 1, INT32_MAX,
		    e) == -1) {
			error_wrap(e, "item");
			goto out;
		}
	if (begin(c, a, &ch, e) == -1)
		goto out;
	ch.item = item;
	ch.n = (size_t)n - 1;
	if ((rc = db_txn(c->desk.db, txn_change, &ch, e)) == 0)
		cli_did(c, json_pack("{s:s, s:I}", "batch", ch.b.name,
		    "dropped", (json_int_t)ch.n), "batch %s: %zu dropped",
		    ch.b.name, ch.n);
 out:
	mem_free(&item);
	return rc;
}

int
card_batch_reorder_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_card_batch	 b;
	char *const		*name;
	size_t			 n;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (card_batch_named(c, name[0], &b, e) == -1 ||
	    card_round_submit(&c->desk, &b, &n, e) == -1)
		return -1;
	cli_did(c, json_pack("{s:s, s:I}", "batch", b.name, "ordered",
	    (json_int_t)n), "batch %s: %zu ordered again; officers run: "
	    "signet card batch approve %s", b.name, n, b.name);
	return 0;
}
