/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to do, in figures, and the queue of it.
 */
#include <string.h>

#include "base/text.h"
#include "chart.h"
#include "db/db_application.h"
#include "db/db_officer.h"
#include "officer.h"

#define DAY		INT64_C(86400)
#define DAYS		30
#define RECENT		10
#define TEXT_MAX	254

/* ---- dashboard ---- */

static int
put_chart(struct page *p, enum db_officer_days which, const char *name,
    const char *title, struct error *e)
{
	int64_t		 first = (p->now / DAY - DAYS + 1) * DAY, day[DAYS];
	struct buf	 svg = { 0 };

	if (db_officer_days(p->db, which, first, day, DAYS, e) == -1)
		return -1;
	chart_days(&svg, arena_printf(p->arena, "%s: {total} (0\xe2\x80\x93"
	    "{most})", page_text(p, title)), first, day, DAYS);
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
	if (db_application_counts(p->db, &all, p->arena, e) == -1)
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
	struct db_orders	 orders;
	int64_t			 next;
	json_t			*rows;
	size_t			 i;

	q.scope = officer_scope_profiles(p, s, &q.nscope);
	if (db_officer_queue(p->db, &q, 0, RECENT, &orders, &next, p->arena,
	    e) == -1)
		return -1;
	rows = json_array();
	for (i = 0; s->n > 0 && i < orders.n; i++) {
		struct review	r = { 0 };
		struct error	why = ERROR_INIT;

		if (strcmp(orders.v[i].kind, "batch") == 0 ||
		    officer_order(p, s, orders.v[i].id, &r, &why) == 0)
			json_array_append_new(rows,
			    recent_json(&orders.v[i]));
		review_clear(&r);
	}
	page_put(p, "recent", rows);
	return 0;
}

/* Of the orders that wait those within the profiles of the keys. */
static int
count_mine(struct page *p, const struct officer_scope *s, int64_t *n,
    struct error *e)
{
	struct db_officer_queue	 q = { .state = "pending" };
	struct db_orders	 orders;
	int64_t			 next;

	*n = 0;
	if (s->n == 0)
		return 0;
	q.scope = officer_scope_profiles(p, s, &q.nscope);
	if (db_officer_queue(p->db, &q, 0, DB_OFFICER_STEP, &orders, &next,
	    p->arena, e) == -1)
		return -1;
	*n = (int64_t)orders.n;
	return 0;
}

static int
put_counts(struct page *p, const struct officer_scope *s, struct error *e)
{
	struct db_officer_counts c;
	int64_t			 waiting, mine;

	if (put_offices(p, s, &waiting, e) == -1 ||
	    count_mine(p, s, &mine, e) == -1 ||
	    db_officer_counts(p->db, p->now, p->now + DAYS * DAY,
	    p->now - DAYS * DAY, &c, e) == -1)
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
	officer_scope_clear(&s);
	return rc;
}

/* ---- queue ---- */

struct queue {
	struct page		*p;
	struct officer_scope	 s;
	const char		*kind, *profile, *office, *text;
	/* where to go on: among applications, or in the orders behind */
	int64_t			 application_before, order_before;
	json_t			*rows;
	const char		*next;		/* "a17", "17" or NULL */
};

static bool
wants(const struct queue *q, const char *kind)
{
	return strcmp(q->kind, "all") == 0 || strcmp(q->kind, kind) == 0;
}

static const char *
query_or_null(struct page *p, const char *name)
{
	const char	*text = page_query(p, name);

	return text != NULL && text[0] != '\0' ? text : NULL;
}

static int
read_query(struct queue *q, struct error *e)
{
	const char	*before = query_or_null(q->p, "before");

	q->kind = query_or_null(q->p, "kind");
	q->profile = query_or_null(q->p, "profile");
	q->office = query_or_null(q->p, "office");
	q->text = query_or_null(q->p, "text");
	if (q->kind == NULL || (strcmp(q->kind, "application") != 0 &&
	    strcmp(q->kind, "order") != 0))
		q->kind = "all";
	if (q->text != NULL && strlen(q->text) > TEXT_MAX)
		return error_set(e, ERROR_INPUT, "text: longer than %d bytes",
		    TEXT_MAX);
	if (before == NULL)
		return 0;
	/* "a17": before that application; "17": before that order. */
	if (text_parse_number(before[0] == 'a' ? &q->application_before :
	    &q->order_before, before + (before[0] == 'a'), 1, INT64_MAX,
	    e) == -1)
		return error_wrap(e, "before");
	return 0;
}

static bool
application_has(const struct db_application *a, const char *text)
{
	return text == NULL || strcasestr(a->mail, text) != NULL ||
	    strcasestr(a->fields, text) != NULL;
}

static void
add_application(struct queue *q, const struct db_application *a)
{
	json_t	*row = json_object();
	char	 hex[2 * DB_APPLICATION_ID + 1];

	officer_put(row, "id", text_hex(hex, a->id, DB_APPLICATION_ID));
	json_object_set_new(row, "application", json_true());
	officer_put(row, "what", officer_profile_text(q->p, a->profile));
	officer_put(row, "who", a->mail);
	officer_put_time(row, "since", a->confirmed_at);
	officer_put(row, "office", a->office);
	officer_put(row, "state", a->state);
	officer_put(row, "approvals", "");
	json_object_set_new(row, "mine", json_true());
	json_array_append_new(q->rows, row);
}

static bool
in_scope(const char *const *scope, size_t n, const char *profile)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (strcmp(scope[i], profile) == 0)
			return true;
	return scope == NULL;
}

static int
add_applications(struct queue *q, struct error *e)
{
	struct db_application_filter	 f = { .state = "waiting",
					    .profile = q->profile,
					    .office = q->office != NULL ?
						&q->office : NULL,
					    .noffices = q->office != NULL };
	struct db_applications		 all;
	struct error			 ignored;
	const char *const		*scope;
	size_t				 i, n;

	scope = officer_scope_profiles(q->p, &q->s, &n);
	if (db_application_list(q->p->db, &f, q->application_before,
	    OFFICER_PAGE, &all, q->p->arena, e) == -1)
		return -1;
	for (i = 0; i < all.n; i++) {
		error_clear(&ignored);
		if (in_scope(scope, n, all.v[i].profile) &&
		    application_has(&all.v[i], q->text) &&
		    officer_scope_office(&q->s, all.v[i].office,
		    &ignored) == 0)
			add_application(q, &all.v[i]);
	}
	if (all.n == OFFICER_PAGE)
		q->next = arena_printf(q->p->arena, "a%lld",
		    (long long)all.v[all.n - 1].seq);
	return 0;
}

static void
add_order(struct queue *q, const struct db_order *o)
{
	json_t	*row = json_object();
	char	 hex[2 * DB_ORDER_ID + 1];

	officer_put(row, "id", text_hex(hex, o->id, DB_ORDER_ID));
	json_object_set_new(row, "what", json_sprintf("%s: %s", o->kind,
	    o->summary));
	officer_put(row, "who", o->holder);
	officer_put_time(row, "since", o->created_at);
	officer_put(row, "office", "");
	officer_put(row, "state", o->state);
	json_object_set_new(row, "approvals", json_sprintf("%d",
	    o->approvals));
	json_object_set_new(row, "mine", json_true());
	json_array_append_new(q->rows, row);
}

/* Small orders are looked at for their names; what is out of scope is not
 * shown. */
static int
add_order_in_scope(struct queue *q, const struct db_order *o,
    struct error *e)
{
	struct review	 r = { 0 };

	if (strcmp(o->kind, "batch") == 0) {
		add_order(q, o);
		return 0;
	}
	if (officer_order(q->p, &q->s, o->id, &r, e) == 0)
		add_order(q, o);
	else if (e->code == ERROR_NOTFOUND)
		error_clear(e);
	else
		return -1;
	review_clear(&r);
	return 0;
}

static int
add_orders(struct queue *q, struct error *e)
{
	struct db_officer_queue	 f = { .state = "pending",
				    .profile = q->profile, .text = q->text };
	struct db_orders	 orders;
	int64_t			 next;
	size_t			 i;

	f.scope = officer_scope_profiles(q->p, &q->s, &f.nscope);
	if (db_officer_queue(q->p->db, &f, q->order_before, OFFICER_PAGE,
	    &orders, &next, q->p->arena, e) == -1)
		return -1;
	if (next != 0)
		q->next = arena_printf(q->p->arena, "%lld", (long long)next);
	for (i = 0; i < orders.n; i++)
		if (add_order_in_scope(q, &orders.v[i], e) == -1)
			return -1;
	return 0;
}

static int
add_rows(struct queue *q, struct error *e)
{
	if (q->s.n == 0)
		return 0;
	if (wants(q, "application") && q->order_before == 0 &&
	    add_applications(q, e) == -1)
		return -1;
	if (q->next != NULL || !wants(q, "order"))
		return 0;
	return add_orders(q, e);
}

static void
put_more(struct queue *q)
{
	struct buf	url = { 0 };

	if (q->next == NULL)
		return;
	buf_printf(&url, "/officer/queue?before=%s&kind=%s", q->next,
	    q->kind);
	if (q->profile != NULL) {
		buf_str(&url, "&profile=");
		form_escape(&url, q->profile);
	}
	if (q->office != NULL) {
		buf_str(&url, "&office=");
		form_escape(&url, q->office);
	}
	if (q->text != NULL) {
		buf_str(&url, "&text=");
		form_escape(&url, q->text);
	}
	page_put_url(q->p, "next", buf_cstr(&url));
	buf_clear(&url);
}

static void
put_filter(struct queue *q)
{
	static const char *const	 kinds[] = { "all", "application",
					    "order" };
	json_t				*list = json_array(), *f;
	size_t				 i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		json_array_append_new(list, json_pack("{s:s, s:b}", "value",
		    kinds[i], "selected", strcmp(kinds[i], q->kind) == 0));
	page_put(q->p, "kinds", list);
	f = json_object();
	officer_put(f, "text", q->text);
	page_put(q->p, "filter", f);
}

static int
queue(struct page *p, struct error *e)
{
	struct queue	q = { .p = p };
	int		rc = -1;

	if (read_query(&q, e) == -1 || officer_scope(p, &q.s, e) == -1)
		return -1;
	q.rows = json_array();
	if (add_rows(&q, e) == 0 &&
	    officer_put_profiles(p, q.profile, e) == 0) {
		put_filter(&q);
		put_more(&q);
		officer_put_rows(p, "rows", json_incref(q.rows));
		rc = page_show(p, "queue.html", e);
	}
	json_decref(q.rows);
	officer_scope_clear(&q.s);
	return rc;
}

const struct page_route PAGES_OFFICER[] = {
	{ HTTP_GET, "/officer", PAGE_OFFICER, dashboard, 0 },
	{ HTTP_GET, "/officer/queue", PAGE_OFFICER, queue, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
