/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet card batch list, show and export.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cmd_card.h"
#include "cli/list.h"
#include "desk/review.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define PIECE		1000

static const char *const	batch_states[] = { "running", "paused",
				    "closed" };
static const char *const	item_states[] = { "waiting", "claimed",
				    "issued", "spent", "dropped" };

const struct cmd_opt CARD_BATCH_LIST_OPTS[] = {
	{ "state", 0, CMD_STRING, false, "STATE", "running, paused, closed" },
	LIST_OPTS,
	CMD_OPT_END
};
const struct cmd_opt CARD_BATCH_SHOW_OPTS[] = {
	{ "items", 0, CMD_FLAG, false, NULL, "list its items instead" },
	{ "state", 0, CMD_STRING, false, "STATE",
	    "with --items: waiting, claimed, issued, spent, dropped" },
	CMD_OPT_END
};
const struct cmd_opt CARD_BATCH_EXPORT_OPTS[] = {
	{ "face", 0, CMD_FLAG, false, NULL, "for the card printer" },
	{ "packing", 0, CMD_FLAG, false, NULL, "for the mailing" },
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to FILE, which must not be there; - is standard output" },
	CMD_OPT_END
};

int
card_batch_named(struct cli *c, const char *name, struct db_card_batch *b,
    struct error *e)
{
	int	found;

	if (cli_open_db(c, e) == -1 || (found = db_card_batch_find(c->desk.db,
	    name, b, c->desk.arena, e)) == -1)
		return -1;
	if (found == 1)
		return 0;
	error_set(e, ERROR_NOTFOUND, "no batch \"%.64s\"", name);
	return error_hint(e, "which there are: signet card batch list");
}

/* ---- list ---- */

static const struct out_col	batch_cols[] = {
	{ "name", "NAME", 0 },
	{ "layout", "LAYOUT", OUT_SHRINK | OUT_SPARE },
	{ "state", "STATE", 0 },
	{ "orders", "ORDERS", OUT_SPARE },
	{ "items", "CARDS", OUT_RIGHT },
	{ "waiting", "WAITING", OUT_RIGHT },
	{ "issued", "ISSUED", OUT_RIGHT },
	{ "made_at", "MADE", OUT_DAY | OUT_SPARE },
	{ "id", NULL, OUT_JSON },
};

static void
batch_row(struct out_list *l, const struct db_card_batch *b)
{
	out_text(l, b->name);
	out_text(l, b->layout);
	out_text(l, b->state);
	out_text(l, b->orders);
	out_num(l, b->items);
	out_num(l, b->waiting);
	out_num(l, b->issued);
	out_time(l, b->made_at);
	out_num(l, b->id);
}

static int
list_all(struct cli *c, struct list *l, const char *state, int64_t *last,
    struct error *e)
{
	struct db_card_batches	page = { 0 };
	size_t			i;

	while (list_wants(l)) {
		if (db_card_batch_list(c->desk.db, state, *last, list_page(l),
		    &page, l->arena, e) == -1)
			return -1;
		for (i = 0; i < page.n && list_take(l); i++)
			batch_row(l->out, &page.v[i]);
		if (i > 0)
			*last = page.v[i - 1].id;
		list_turn(l, page.n);
	}
	return 0;
}

int
card_batch_list_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	const char	*state = cmd_string(a, "state", NULL);
	struct list	 l;
	int64_t		 last = 0;
	char		 key[24];
	int		 rc = -1;

	cli_begin(c, a);
	if (list_check_word("--state", state, batch_states,
	    COUNT(batch_states), e) == -1 || text_parse_number(&last,
	    cmd_string(a, "after", "0"), 0, INT64_MAX, e) == -1 ||
	    list_begin(c, &l, batch_cols, COUNT(batch_cols), e) == -1)
		return -1;
	if (cli_open_db(c, e) == 0)
		rc = list_all(c, &l, state, &last, e);
	snprintf(key, sizeof(key), "%lld", (long long)last);
	list_end(c, &l, rc == 0 ? key : NULL);
	return rc;
}

/* ---- show ---- */

static int
put_orders(struct cli *c, struct out_record *r, int64_t batch,
    struct error *e)
{
	struct db_card_batch_orders	orders;
	char				id[REVIEW_SHORT + 1];
	char				hex[2 * DB_ORDER_ID + 1];
	json_t				*list;
	size_t				i;

	if (db_card_batch_orders(c->desk.db, batch, &orders, c->desk.arena,
	    e) == -1)
		return -1;
	list = json_array();
	for (i = 0; i < orders.n; i++) {
		const struct db_card_batch_order	*o = &orders.v[i];

		out_put(r, NULL, "Order", arena_printf(c->desk.arena,
		    "%s %s, %s: %s", review_short_id(id, o->id), o->slot,
		    o->profile, o->state));
		json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s,"
		    " s:s}", "id", text_hex(hex, o->id, DB_ORDER_ID), "round",
		    o->round, "slot", o->slot, "profile", o->profile, "state",
		    o->state));
	}
	out_put_json(r, "orders_of", list);
	return 0;
}

static int
put_balance(struct cli *c, struct out_record *r, int64_t batch,
    struct error *e)
{
	struct db_card_balance	b;
	int64_t			missing;

	if (db_card_batch_balance(c->desk.db, batch, &b, e) == -1)
		return -1;
	missing = b.received - b.returned - b.useless - b.under_way -
	    b.issued - b.spoiled;
	out_put_num(r, "received", "Blanks received", b.received);
	out_put_num(r, "under_way", "  on readers", b.under_way);
	out_put_num(r, "cards_issued", "  issued", b.issued);
	out_put_num(r, "spoiled", "  spoiled", b.spoiled);
	out_put_num(r, "useless", "  useless", b.useless);
	out_put_num(r, "returned", "  back in the box", b.returned);
	out_put_num(r, "blank", missing < 0 ? "  used, never received" :
	    "  still blank", missing < 0 ? -missing : missing);
	return 0;
}

static int
show_batch(struct cli *c, const struct db_card_batch *b, struct error *e)
{
	struct out_record	*r = out_record_new(stdout, c->json);
	int			 rc;

	out_put(r, "name", "Batch", b->name);
	out_put(r, "layout", "Layout", b->layout);
	out_put(r, "state", "State", b->state);
	out_put(r, "orders", "Orders", b->orders);
	out_put(r, "made_by", "Made by", b->made_by);
	out_put_time(r, "made_at", "Made", b->made_at);
	out_put(r, "note", "Note", b->note);
	out_put_num(r, "items", "Cards", b->items);
	out_put_num(r, "waiting", "  waiting", b->waiting);
	out_put_num(r, "claimed", "  being made", b->claimed);
	out_put_num(r, "issued", "  issued", b->issued);
	out_put_num(r, "spent", "  orders used up", b->spent);
	out_put_num(r, "dropped", "  dropped", b->dropped);
	rc = put_orders(c, r, b->id, e);
	if (rc == 0)
		rc = put_balance(c, r, b->id, e);
	out_record_free(&r);
	return rc;
}

typedef void item_fn(void *arg, const struct db_card_item *);

/* Every item, a piece at a time. */
static int
each_item(struct cli *c, int64_t batch, const char *state, item_fn *fn,
    void *arg, struct error *e)
{
	struct arena		*a = arena_new();
	struct db_card_items	 page;
	uint32_t		 after = 0;
	int			 rc;
	size_t			 i;

	do {
		arena_reset(a);
		if ((rc = db_card_batch_items(c->desk.db, batch, state, after,
		    PIECE, &page, a, e)) == -1)
			break;
		for (i = 0; i < page.n; i++)
			fn(arg, &page.v[i]);
		if (page.n > 0)
			after = page.v[page.n - 1].n;
	} while (page.n == PIECE);
	arena_free(&a);
	return rc;
}

static const struct out_col	item_cols[] = {
	{ "n", "N", OUT_RIGHT },
	{ "card", "CARD", 0 },
	{ "holder", "HOLDER", OUT_SHRINK },
	{ "name", "NAME", OUT_SHRINK | OUT_SPARE },
	{ "state", "STATE", 0 },
	{ "card_state", "CARD IS", 0 },
	{ "attempts", "TRIES", OUT_RIGHT | OUT_SPARE },
	{ "replaces", NULL, OUT_JSON },
	{ "letter", NULL, OUT_JSON },
	{ "reason", "REASON", OUT_SHRINK },
};

static void
item_row(void *arg, const struct db_card_item *i)
{
	struct out_list	*l = arg;

	out_num(l, i->n);
	out_text(l, i->number);
	out_text(l, i->holder);
	out_text(l, i->name);
	out_text(l, i->state);
	out_text(l, i->card_state);
	out_num(l, i->attempts);
	out_text(l, i->replaces);
	out_text(l, i->letter);
	out_text(l, i->reason);
}

int
card_batch_show_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	const char		*state = cmd_string(a, "state", NULL);
	struct db_card_batch	 b;
	struct out_list		*l;
	char *const		*name;
	int			 rc;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (list_check_word("--state", state, item_states,
	    COUNT(item_states), e) == -1 ||
	    card_batch_named(c, name[0], &b, e) == -1)
		return -1;
	if (!cmd_flag(a, "items") && state == NULL)
		return show_batch(c, &b, e);
	l = out_list_new(stdout, c->json, 0, item_cols, COUNT(item_cols));
	rc = each_item(c, b.id, state, item_row, l, e);
	out_list_free(&l);
	return rc;
}

/* ---- export ---- */

struct sheet {
	struct buf	 out;
	const struct layout *layout;
	int64_t		 expires;	/* where a card has no date yet */
	bool		 json, packing;
	json_t		*row;		/* of JSON */
	bool		 first;		/* cell of the line */
};

/* A cell that begins so is a formula to spreadsheets. */
static void
add_csv(struct buf *out, const char *text)
{
	const char	*p;

	buf_byte(out, '"');
	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
		buf_byte(out, '\'');
	for (p = text; *p != '\0'; p++) {
		if (*p == '"')
			buf_byte(out, '"');
		buf_byte(out, (uint8_t)*p);
	}
	buf_byte(out, '"');
}

static void
cell(struct sheet *s, const char *name, const char *text)
{
	if (s->json) {
		json_object_set_new(s->row, name, text == NULL ? json_null() :
		    json_string(text));
		return;
	}
	if (!s->first)
		buf_byte(&s->out, ',');
	s->first = false;
	add_csv(&s->out, text != NULL ? text : "");
}

static void
end_row(struct sheet *s)
{
	char	*text;

	s->first = true;
	if (!s->json) {
		buf_str(&s->out, "\r\n");
		return;
	}
	text = json_dumps(s->row, JSON_COMPACT);
	buf_printf(&s->out, "%s\n", text != NULL ? text : "{}");
	free(text);
	json_object_clear(s->row);
}

static const char *
day(char dst[TEXT_TIME_SIZE], int64_t t)
{
	text_time(dst, t);
	dst[10] = '\0';
	return dst;
}

static void
face_cells(struct sheet *s, const struct db_card_item *i)
{
	json_t	*face = json_loads(i->face, 0, NULL);
	size_t	 k;

	for (k = 0; k < s->layout->face.n; k++) {
		const char	*column = s->layout->face.v[k];

		/* For the letter alone; it is nobody else's business. */
		if (strcmp(column, "birth") != 0)
			cell(s, column, json_string_value(json_object_get(face,
			    column)));
	}
	json_decref(face);
}

static void
export_item(void *arg, const struct db_card_item *i)
{
	struct sheet	*s = arg;
	char		 text[TEXT_TIME_SIZE];

	if (s->packing ? strcmp(i->state, "issued") != 0 :
	    strcmp(i->state, "dropped") == 0)
		return;
	cell(s, "card", i->number);
	cell(s, "holder", i->holder);
	cell(s, "name", i->name);
	cell(s, "org", i->org);
	cell(s, "expires", day(text, i->expires != 0 ? i->expires :
	    s->expires));
	if (s->packing) {
		cell(s, "letter", i->letter);
		cell(s, "state", i->card_state);
		cell(s, "replaces", i->replaces);
	}
	face_cells(s, i);
	end_row(s);
}

static void
export_head(struct sheet *s)
{
	static const char *const	all[] = { "card", "holder", "name",
		"org", "expires" }, *const packing[] = { "letter", "state",
		"replaces" };
	size_t				i;

	s->first = true;
	if (s->json)
		return;
	for (i = 0; i < COUNT(all); i++)
		cell(s, all[i], all[i]);
	for (i = 0; s->packing && i < COUNT(packing); i++)
		cell(s, packing[i], packing[i]);
	for (i = 0; i < s->layout->face.n; i++)
		if (strcmp(s->layout->face.v[i], "birth") != 0)
			cell(s, s->layout->face.v[i], s->layout->face.v[i]);
	end_row(s);
}

int
card_batch_export_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct sheet		 s = { .packing = cmd_flag(a, "packing") };
	struct layout		*l = NULL;
	struct db_card_batch	 b;
	char *const		*name;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &name);
	if (s.packing == cmd_flag(a, "face"))
		return error_set(e, ERROR_INPUT, "say what to write: --face or "
		    "--packing, one of them");
	if (card_batch_named(c, name[0], &b, e) == -1 ||
	    card_layout(c, b.layout, &l, e) == -1)
		return -1;
	s.layout = l;
	s.json = c->json;
	s.row = json_object();
	s.expires = b.expires != 0 ? b.expires :
	    clock_now(c->desk.clock) + l->validity;
	export_head(&s);
	if (each_item(c, b.id, NULL, export_item, &s, e) == 0)
		rc = list_write(cmd_string(a, "out", "-"), &s.out, e);
	json_decref(s.row);
	buf_clear(&s.out);
	layout_free(&l);
	return rc;
}
