/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to do, in figures.
 */
#include <string.h>

#include "base/text.h"
#include "chart.h"
#include "officer.h"
#include "rad.h"

#define RECENT		10

static int
put_chart(struct page *p, enum db_officer_days which, const char *name,
    const char *title, struct error *e)
{
	int64_t		 first, day[FIGURES_DAYS];
	struct buf	 svg = { 0 };

	if (figures_days(p->rad->figures, p->db, p->now, which, &first, day,
	    e) == -1)
		return -1;
	chart_days(&svg, arena_printf(p->arena, "%s: {total} (0\xe2\x80\x93"
	    "{most})", page_text(p, title)), first, day, FIGURES_DAYS);
	page_put_svg(p, name, buf_cstr(&svg));
	buf_clear(&svg);
	return 0;
}

/* Applications that wait, of the offices that are ours. */
static int
put_offices(struct page *p, const struct officer_scope *s, int64_t *waiting,
    struct error *e)
{
	struct db_application_counts	 all;
	const struct db_application_count *c;
	struct error			 ignored;
	json_t				*rows, *o;
	size_t				 i;

	*waiting = 0;
	if (figures_applications(p->rad->figures, p->db, p->now, &all,
	    p->arena, e) == -1)
		return -1;
	rows = json_array();
	for (i = 0; i < all.n; i++) {
		c = &all.v[i];
		error_clear(&ignored);
		if (strcmp(c->state, "waiting") != 0 ||
		    officer_scope_office(s, c->office, &ignored) == -1)
			continue;
		*waiting += c->n;
		if (c->office == NULL)
			continue;
		o = json_object();
		officer_put(o, "name", c->office);
		json_object_set_new(o, "waiting", json_integer(c->n));
		officer_put_time(o, "oldest", c->oldest);
		json_array_append_new(rows, o);
	}
	officer_put_rows(p, "offices", rows);
	return 0;
}

static json_t *
recent_json(const struct db_order *o)
{
	json_t	*row = json_object();
	char	 hex[2 * DB_ORDER_ID + 1];

	officer_put_time(row, "at", o->changed_at);
	json_object_set_new(row, "text", json_sprintf("%s: %s", o->kind,
	    o->summary));
	officer_put(row, "order", text_hex(hex, o->id, DB_ORDER_ID));
	return row;
}

static int
put_recent(struct page *p, const struct officer_scope *s, struct error *e)
{
	struct db_officer_queue	 q = { 0 };
	struct db_officer_rows	 orders;
	bool			 seen[RECENT];
	int64_t			 next;
	json_t			*rows;
	size_t			 i;

	q.scope = officer_scope_profiles(p, s, &q.nscope);
	if (db_officer_queue(p->db, &q, 0, RECENT, &orders, &next, p->arena,
	    e) == -1)
		return -1;
	if (s->n == 0)
		orders.n = 0;
	if (officer_order_rows(p, s, &orders, seen, e) == -1)
		return -1;
	rows = json_array();
	for (i = 0; i < orders.n; i++)
		if (seen[i])
			json_array_append_new(rows,
			    recent_json(&orders.v[i].order));
	page_put(p, "recent", rows);
	return 0;
}

/* Of the orders that wait those within the profiles of the keys. */
static int
count_mine(struct page *p, const struct officer_scope *s, int64_t *n,
    struct error *e)
{
	const char *const	*scope;
	size_t			 nscope;

	*n = 0;
	if (s->n == 0)
		return 0;
	scope = officer_scope_profiles(p, s, &nscope);
	return db_officer_within(p->db, "pending", scope, nscope, n, e);
}

static int
put_counts(struct page *p, const struct officer_scope *s, struct error *e)
{
	struct db_officer_counts c;
	int64_t			 waiting, mine;

	if (put_offices(p, s, &waiting, e) == -1 ||
	    count_mine(p, s, &mine, e) == -1 ||
	    figures_counts(p->rad->figures, p->db, p->now, &c, e) == -1)
		return -1;
	page_put(p, "counts", json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}",
	    "mine", (json_int_t)(mine + waiting), "waiting",
	    (json_int_t)waiting, "pending", (json_int_t)c.pending, "codes",
	    (json_int_t)c.codes, "expiring", (json_int_t)c.expiring,
	    "revoked", (json_int_t)c.revoked));
	return 0;
}

static int
dashboard(struct page *p, struct error *e)
{
	struct officer_scope	s;
	int			rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (put_counts(p, &s, e) == 0 && put_recent(p, &s, e) == 0 &&
	    put_chart(p, DB_OFFICER_ISSUED, "issued", "officer.chart_issued",
	    e) == 0 &&
	    put_chart(p, DB_OFFICER_REVOKED, "revoked",
	    "officer.chart_revoked", e) == 0)
		rc = page_show(p, "officer.html", e);
	return rc;
}

const struct page_route PAGES_OFFICER[] = {
	{ HTTP_GET, "/officer", PAGE_OFFICER, dashboard, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
