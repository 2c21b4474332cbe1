/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for a decision: applications, then orders, newest first.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_application.h"
#include "officer.h"
#include "officer_application.h"
#include "public.h"
#include "rad.h"

#define TEXT_MAX	254

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

static int
read_query(struct queue *q, struct error *e)
{
	const char	*before = officer_query(q->p, "before");

	q->kind = officer_query(q->p, "kind");
	q->profile = officer_query(q->p, "profile");
	q->office = officer_query(q->p, "office");
	q->text = officer_query(q->p, "text");
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
	officer_put(row, "what", public_description(q->p, a->profile));
	officer_put(row, "who", a->mail);
	officer_put_time(row, "since", a->confirmed_at);
	officer_put(row, "office", a->office);
	officer_put(row, "state", a->state);
	officer_put(row, "approvals", "");
	json_object_set_new(row, "mine", json_true());
	json_array_append_new(q->rows, row);
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
	size_t				 i;

	if (db_application_list(q->p->db, &f, q->application_before,
	    OFFICER_PAGE, &all, q->p->arena, e) == -1)
		return -1;
	for (i = 0; i < all.n; i++) {
		error_clear(&ignored);
		if (application_has(&all.v[i], q->text) &&
		    application_check_scope(q->p, &q->s, &all.v[i],
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
	json_object_set_new(row, "approvals", o->approvals == 0 ?
	    json_string("") : json_sprintf("%d", o->approvals));
	json_object_set_new(row, "mine", json_true());
	json_array_append_new(q->rows, row);
}

static int
add_orders(struct queue *q, struct error *e)
{
	struct db_officer_queue	 f = { .state = "pending",
				    .profile = q->profile, .text = q->text };
	struct db_officer_rows	 orders;
	bool			 seen[OFFICER_PAGE];
	int64_t			 next;
	size_t			 i;

	f.scope = officer_scope_profiles(q->p, &q->s, &f.nscope);
	if (db_officer_queue(q->p->db, &f, q->order_before, OFFICER_PAGE,
	    &orders, &next, q->p->arena, e) == -1 ||
	    officer_order_rows(q->p, &q->s, &orders, seen, e) == -1)
		return -1;
	if (next != 0)
		q->next = arena_printf(q->p->arena, "%lld", (long long)next);
	for (i = 0; i < orders.n; i++)
		if (seen[i])
			add_order(q, &orders.v[i].order);
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

static json_t *
office_json(struct queue *q, const char *office, const char *label)
{
	const char	*chosen = q->office != NULL ? q->office : "";
	json_t		*o = json_object();

	officer_put(o, "value", office);
	officer_put(o, "label", label);
	json_object_set_new(o, "selected", json_boolean(strcmp(office,
	    chosen) == 0));
	return o;
}

/* Those that the keys are for. */
static void
put_offices(struct queue *q)
{
	const struct conf_list	*all = &q->p->rad->conf->offices;
	json_t			*list = json_array();
	struct error		 ignored = ERROR_INIT;
	size_t			 i;

	json_array_append_new(list, office_json(q, "", page_text(q->p,
	    "queue_kind.all")));
	for (i = 0; i < all->n; i++)
		if (officer_scope_office(&q->s, all->v[i], &ignored) == 0)
			json_array_append_new(list, office_json(q, all->v[i],
			    public_office(q->p, all->v[i])));
	page_put_bool(q->p, "offices_shown", json_array_size(list) > 2);
	page_put(q->p, "offices", list);
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
		put_offices(&q);
		put_more(&q);
		officer_put_rows(p, "rows", json_incref(q.rows));
		rc = page_show(p, "queue.html", e);
	}
	json_decref(q.rows);
	return rc;
}

const struct page_route PAGES_OFFICER_QUEUE[] = {
	{ HTTP_GET, "/officer/queue", PAGE_OFFICER, queue, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
