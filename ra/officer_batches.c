/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The batches there are, and how far one has come.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_officer.h"
#include "officer.h"
#include "public.h"

/* ---- the list ---- */

static json_t *
row_json(struct page *p, const struct db_order *o)
{
	json_t	*row = json_object();
	char	 hex[2 * DB_ORDER_ID + 1];

	officer_put(row, "id", text_hex(hex, o->id, DB_ORDER_ID));
	officer_put(row, "name", o->summary);
	officer_put(row, "description", public_description(p, o->profile));
	officer_put_time(row, "made_at", o->created_at);
	json_object_set_new(row, "items", json_integer(o->items));
	json_object_set_new(row, "done", json_integer(o->items -
	    o->open_items));
	officer_put(row, "state", o->state);
	return row;
}

static int
put_batches(struct page *p, const struct officer_scope *s, struct error *e)
{
	struct db_officer_queue	 q = { .kind = "batch" };
	struct db_officer_rows	 all = { NULL, 0 };
	int64_t			 next;
	json_t			*rows;
	size_t			 i;

	q.scope = officer_scope_profiles(p, s, &q.nscope);
	if (s->n > 0 && db_officer_queue(p->db, &q, 0, OFFICER_PAGE, &all,
	    &next, p->arena, e) == -1)
		return -1;
	rows = json_array();
	for (i = 0; i < all.n; i++)
		json_array_append_new(rows, row_json(p,
		    &all.v[i].order));
	officer_put_rows(p, "rows", rows);
	return 0;
}

static int
list(struct page *p, struct error *e)
{
	struct officer_scope	s;
	int			rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (officer_put_offers(p, &s, e) == 0 && put_batches(p, &s, e) == 0)
		rc = page_show(p, "batches.html", e);
	return rc;
}

/* ---- one ---- */

static int64_t
count_of(const struct db_state_counts *c, const char *state)
{
	size_t	i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->v[i].state, state) == 0)
			return c->v[i].n;
	return 0;
}

static int
put_batch(struct page *p, const struct review *r, int64_t *failed,
    struct error *e)
{
	const struct order	*o = r->approved->order;
	struct db_state_counts	 c;
	int64_t			 done;
	json_t			*b;

	if (db_order_item_counts(p->db, r->row.id, &c, p->arena, e) == -1)
		return -1;
	done = count_of(&c, "done");
	*failed = count_of(&c, "refused") + count_of(&c, "dropped");
	b = json_object();
	officer_put(b, "name", o->comment != NULL ? o->comment :
	    r->row.summary);
	officer_put(b, "description", public_description(p, o->profile));
	officer_put_time(b, "made_at", r->row.created_at);
	officer_put(b, "state", r->row.state);
	json_object_set_new(b, "items", json_integer(r->row.items));
	json_object_set_new(b, "done", json_integer(done));
	json_object_set_new(b, "failed", json_integer(*failed));
	json_object_set_new(b, "open", json_integer(r->row.items - done -
	    *failed));
	page_put(p, "batch", b);
	page_put_bool(p, "waits", review_is_open(r));
	return 0;
}

static const char *
item_name(const struct order *o, const struct db_item *i)
{
	const struct fields	*f;
	const char		*name;

	if (i->n == 0 || i->n > o->nitems)
		return i->holder;
	f = &o->item[i->n - 1].fields;
	name = fields_get(f, "name", 0);
	return name != NULL ? name : f->n > 0 ? f->v[0].value : i->holder;
}

static json_t *
item_json(const struct order *o, const struct db_item *i)
{
	json_t	*row = json_object();
	char	 hex[2 * DB_SERIAL + 1];

	json_object_set_new(row, "n", json_integer(i->n));
	officer_put(row, "name", item_name(o, i));
	officer_put(row, "state", strcmp(i->state, "waiting") == 0 ?
	    "supply" : i->state);
	officer_put(row, "reason", i->reason);
	officer_put(row, "ca", i->ca);
	officer_put(row, "serial", i->cert != 0 ? text_hex(hex, i->serial.p,
	    i->serial.len) : "");
	return row;
}

static int
add_items(struct page *p, const struct review *r, const char *state,
    uint32_t from, size_t limit, json_t *rows, struct error *e)
{
	struct db_items	all;
	size_t		i;

	if (db_order_items(p->db, r->row.id, state, from, limit, &all,
	    p->arena, e) == -1)
		return -1;
	for (i = 0; i < all.n; i++)
		if (state != NULL || strcmp(all.v[i].state, "refused") != 0)
			json_array_append_new(rows, item_json(
			    r->approved->order, &all.v[i]));
	if (state == NULL && all.n == limit)
		page_put_url(p, "next", arena_printf(p->arena,
		    "/officer/batch/%s?from=%u", page_arg(p, "id"),
		    all.v[all.n - 1].n + 1));
	return 0;
}

/* Those that were refused first: they are what somebody has to do
 * something about. */
static int
put_items(struct page *p, const struct review *r, int64_t failed,
    struct error *e)
{
	const char	*text = officer_query(p, "from");
	int64_t		 from = 0;
	json_t		*rows;

	if (text != NULL && text_parse_number(&from, text, 1,
	    ORDER_ITEMS_MAX, e) == -1)
		return error_wrap(e, "from");
	rows = json_array();
	page_put(p, "rows", rows);
	if (from == 0 && failed > 0 && add_items(p, r, "refused", 0,
	    OFFICER_PAGE, rows, e) == -1)
		return -1;
	return add_items(p, r, NULL, (uint32_t)from, OFFICER_PAGE, rows, e);
}

static int
show_batch(struct page *p, struct review *r, struct error *e)
{
	char	hex[2 * DB_ORDER_ID + 1], short_id[REVIEW_SHORT + 1];
	int64_t	failed;

	if (r->approved->order->kind != ORDER_BATCH)
		return error_set(e, ERROR_NOTFOUND, "this order is no batch");
	if (review_judge(p->desk, r, e) == -1 ||
	    put_batch(p, r, &failed, e) == -1 ||
	    put_items(p, r, failed, e) == -1 ||
	    officer_put_may(p, r, e) == -1)
		return -1;
	officer_put_approvals(p, r->approved);
	page_put_text(p, "id", text_hex(hex, r->row.id, DB_ORDER_ID));
	page_put_text(p, "short", review_short_id(short_id, r->row.id));
	return page_show(p, "batch.html", e);
}

static int
show(struct page *p, struct error *e)
{
	struct officer_scope	s;
	struct review		r = { 0 };
	uint8_t			id[DB_ORDER_ID];
	int			rc = -1;

	if (page_arg_id(p, "id", id, sizeof(id), e) == -1 ||
	    officer_scope(p, &s, e) == -1)
		return -1;
	if (officer_order(p, &s, id, &r, e) == 0)
		rc = show_batch(p, &r, e);
	review_clear(&r);
	return rc;
}

const struct page_route PAGES_OFFICER_BATCHES[] = {
	{ HTTP_GET, "/officer/batches", PAGE_OFFICER, list, 0 },
	{ HTTP_GET, "/officer/batch/{id}", PAGE_OFFICER, show, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
