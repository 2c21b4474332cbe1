/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card batch import, preview and approve.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cmd_card.h"
#include "desk/card_intake.h"
#include "desk/review.h"

#define ITEMS_SHOWN	10

#define TABLE_OPTS \
	{ "layout", 'l', CMD_STRING, true, "NAME", "layout of the cards" }, \
	{ "csv", 0, CMD_STRING, true, "FILE", "one holder per row" }

const struct cmd_opt CARD_BATCH_IMPORT_OPTS[] = {
	TABLE_OPTS,
	{ "note", 0, CMD_STRING, false, "TEXT", "anything to remember" },
	CMD_OPT_END
};
const struct cmd_opt CARD_BATCH_PREVIEW_OPTS[] = {
	TABLE_OPTS,
	{ "items", 0, CMD_NUMBER, false, "N", "show so many rows (10)" },
	CMD_OPT_END
};
const struct cmd_opt CARD_BATCH_APPROVE_OPTS[] = {
	{ "items", 0, CMD_NUMBER, false, "N", "show so many items (10)" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

/* ---- import and preview ---- */

static int
judge(struct cli *c, const struct card_intake *in, struct error *e)
{
	char	bad[32];

	progress_end(&c->progress);
	if (in->bad == 0)
		return 0;
	error_set(e, ERROR_INPUT, "%s of %zu rows are bad; nothing was stored",
	    text_count(bad, in->bad), in->bad + in->n);
	return error_hint(e, "mend them and import the table again");
}

static void
show_rows(struct cli *c, const struct card_intake *in)
{
	static const struct out_col	 cols[] = {
		{ "n", "N", OUT_RIGHT },
		{ "card", "CARD", 0 },
		{ "holder", "HOLDER", OUT_SHRINK },
		{ "name", "NAME", OUT_SHRINK },
		{ "replaces", "REPLACES", 0 },
	};
	size_t				 shown = (size_t)cmd_number(c->args,
	    "items", ITEMS_SHOWN), i;
	struct out_list			*l;

	l = out_list_new(stdout, c->json, 0, cols, 5);
	for (i = 0; i < in->n && (i < shown || c->json); i++) {
		const struct order_item	*item =
		    &in->batch[0].draft.order->item[i];

		out_num(l, in->item[i].n);
		out_text(l, in->item[i].number);
		out_text(l, in->item[i].holder);
		out_text(l, fields_get(&item->fields, "name", 0));
		out_text(l, in->item[i].replaces);
	}
	out_list_free(&l);
	if (in->n > shown)
		cli_say(c, "... and %zu more", in->n - shown);
}

static void
say_keys(struct cli *c, const struct card_intake *in)
{
	size_t	i;

	cli_say(c, "%zu cards, layout %s; one order for each key:", in->n,
	    in->layout->name);
	for (i = 0; i < in->layout->slots.n; i++) {
		const struct layout_slot	*s = layout_slot(in->layout, i);

		cli_say(c, "  %-20s %-9s %s", s->slot, s->alg, s->profile);
	}
}

static int
read_table(struct cli *c, struct card_intake *in, struct layout **l,
    struct error *e)
{
	if (card_layout(c, cmd_string(c->args, "layout", NULL), l, e) == -1 ||
	    card_intake_begin(&c->desk, in, *l, e) == -1 ||
	    card_intake_read(in, cmd_string(c->args, "csv", NULL), e) == -1)
		return -1;
	return judge(c, in, e);
}

int
card_batch_preview_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct card_intake	 in = { 0 };
	struct layout		*l = NULL;
	int			 rc;

	cli_begin(c, a);
	if ((rc = read_table(c, &in, &l, e)) == 0) {
		show_rows(c, &in);
		say_keys(c, &in);
	}
	card_intake_clear(&in);
	layout_free(&l);
	return rc;
}

static void
report_import(struct cli *c, const struct card_intake *in)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	json_t			*orders = json_array();
	char			 hex[2 * ORDER_ID_SIZE + 1];
	size_t			 i;

	out_put(r, "batch", "Batch", in->row.name);
	out_put_num(r, "items", "Cards", (int64_t)in->n);
	out_put(r, "first", "First card", in->item[0].number);
	out_put(r, "last", "Last card", in->item[in->n - 1].number);
	for (i = 0; i < in->layout->slots.n; i++) {
		text_hex(hex, in->batch[i].draft.order->id, ORDER_ID_SIZE);
		json_array_append_new(orders, json_string(hex));
		out_put(r, NULL, "Order", arena_printf(c->desk.arena,
		    "%.8s %s", hex, in->batch[i].profile->name));
	}
	out_put_json(r, "orders", orders);
	out_put_line(r, "officers run: signet card batch approve %s",
	    in->row.name);
	out_record_free(&r);
}

static int
import(struct cli *c, struct card_intake *in, struct error *e)
{
	struct db_card_batch	there;
	int			found;

	if (cli_open_db(c, e) == -1 || (found = db_card_batch_find(c->desk.db,
	    in->row.name, &there, c->desk.arena, e)) == -1)
		return -1;
	if (found == 1)
		return error_set(e, ERROR_CONFLICT, "there is a batch \"%s\", "
		    "with %lld cards", there.name, (long long)there.items);
	if (card_intake_look(in, e) == -1 || judge(c, in, e) == -1 ||
	    card_intake_submit(in, e) == -1)
		return -1;
	progress_end(&c->progress);
	report_import(c, in);
	return 0;
}

int
card_batch_import_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct card_intake	 in = { 0 };
	struct layout		*l = NULL;
	char *const		*name;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (!text_is_name(name[0])) {
		error_set(e, ERROR_INPUT, "\"%.64s\" is no name for a batch",
		    name[0]);
		return error_hint(e, "letters, digits, dots, dashes");
	}
	if (read_table(c, &in, &l, e) == 0) {
		in.row.name = name[0];
		in.row.note = cmd_string(a, "note", NULL);
		rc = import(c, &in, e);
	}
	card_intake_clear(&in);
	layout_free(&l);
	return rc;
}

/* ---- approve ---- */

struct signing {
	struct db_card_batch		 batch;
	struct db_card_batch_orders	 orders;
	struct review			 r[LAYOUT_SLOTS_MAX];
	bool				 sign[LAYOUT_SLOTS_MAX];
	size_t				 n;	/* loaded */
};

/* All orders that officers sign together are about the same people: by what is
 * signed, not by what the store says. */
static int
check_same(const struct signing *s, struct error *e)
{
	const struct order	*first = s->r[0].approved->order;
	size_t			 i, k;

	for (k = 1; k < s->n; k++) {
		const struct order	*o = s->r[k].approved->order;

		if (o->nitems != first->nitems)
			return error_set(e, ERROR_DENIED, "its orders have %zu "
			    "and %zu items", first->nitems, o->nitems);
		for (i = 0; i < o->nitems; i++)
			if (o->item[i].n != first->item[i].n ||
			    strcmp(o->item[i].holder,
			    first->item[i].holder) != 0)
				return error_set(e, ERROR_DENIED, "item %zu is "
				    "of \"%s\" in one order and of \"%s\" in "
				    "another", i + 1, first->item[i].holder,
				    o->item[i].holder);
	}
	return 0;
}

static int
load_orders(struct cli *c, struct signing *s, struct error *e)
{
	int	last;
	size_t	i;

	if (db_card_batch_orders(c->desk.db, s->batch.id, &s->orders,
	    c->desk.arena, e) == -1)
		return -1;
	if (s->orders.n == 0)
		return error_set(e, ERROR_BUG, "batch %s has no orders",
		    s->batch.name);
	last = s->orders.v[s->orders.n - 1].round;
	for (i = 0; i < s->orders.n && s->n < LAYOUT_SLOTS_MAX; i++) {
		if (s->orders.v[i].round != last)
			continue;
		if (review_load_id(&c->desk, s->orders.v[i].id, &s->r[s->n],
		    e) == -1)
			return -1;
		s->n++;
	}
	return check_same(s, e);
}

static void
show_orders(struct cli *c, const struct signing *s)
{
	const struct order	*o = s->r[0].approved->order;
	size_t			 shown = (size_t)cmd_number(c->args, "items",
				    ITEMS_SHOWN), i;
	char			 id[REVIEW_SHORT + 1];

	cli_say(c, "Batch %s: %zu cards, layout %s, made by %s", s->batch.name,
	    o->nitems, s->batch.layout, s->batch.made_by);
	for (i = 0; i < s->n; i++)
		cli_say(c, "Order %s: %s of CA %s", review_short_id(id,
		    s->r[i].row.id), s->r[i].approved->order->profile,
		    s->r[i].approved->order->ca);
	for (i = 0; i < o->nitems && i < shown; i++) {
		const char	*name = fields_get(&o->item[i].fields, "name",
				    0);

		cli_say(c, "  %u: %s %s", o->item[i].n, o->item[i].holder,
		    name != NULL ? name : "");
	}
	if (o->nitems > shown)
		cli_say(c, "  ... and %zu more", o->nitems - shown);
}

/* Who was cut off has signed some of them: those are passed over.  If there are
 * no others, there is nothing to do. */
static int
find_unsigned(struct cli *c, struct signing *s, struct error *e)
{
	size_t	i, n = 0;

	for (i = 0; i < s->n; i++) {
		error_clear(e);
		s->sign[i] = !review_is_open(&s->r[i]) ||
		    submit_may_approve(&c->desk, &s->r[i], e) == 0;
		if (!s->sign[i] && (!submit_has_approval(&c->desk, &s->r[i]) ||
		    review_judge(&c->desk, &s->r[i], e) == -1))
			return -1;
		n += s->sign[i];
	}
	if (n == 0)
		return submit_may_approve(&c->desk, &s->r[0], e);
	error_clear(e);
	return 0;
}

static int
sign_each(struct cli *c, struct signing *s, struct error *e)
{
	char	id[REVIEW_SHORT + 1];
	size_t	i;

	for (i = 0; i < s->n; i++)
		if (s->sign[i] && submit_approval(&c->desk, &s->r[i],
		    e) == -1)
			return error_wrap(e, "%zu of %zu orders are signed; "
			    "order %s", i, s->n, review_short_id(id,
			    s->r[i].row.id));
	return 0;
}

static int
sign_all(struct cli *c, struct signing *s, struct error *e)
{
	size_t	i, left = 0;

	if (find_unsigned(c, s, e) == -1 || cli_confirm(c, e, "Sign the %zu "
	    "orders of batch %s?", s->n, s->batch.name) == -1 ||
	    sign_each(c, s, e) == -1)
		return -1;
	for (i = 0; i < s->n; i++)
		left += !s->r[i].complete;
	cli_did(c, json_pack("{s:s, s:I, s:b}", "batch", s->batch.name,
	    "orders", (json_int_t)s->n, "approved", left == 0), left == 0 ?
	    "signed; stations may begin" : "signed; another officer has to: "
	    "signet card batch approve %s", s->batch.name);
	return 0;
}

int
card_batch_approve_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct signing	 s = { .n = 0 };
	char *const	*name;
	size_t		 i;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (card_batch_named(c, name[0], &s.batch, e) == -1 ||
	    load_orders(c, &s, e) == -1)
		goto out;
	show_orders(c, &s);
	rc = cli_open_officer(c, e) == -1 ? -1 : sign_all(c, &s, e);
 out:
	for (i = 0; i < s.n; i++)
		review_clear(&s.r[i]);
	return rc;
}
