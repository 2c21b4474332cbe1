/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates are searched for.
 */
#include <string.h>

#include "base/text.h"
#include "desk/selector.h"
#include "officer.h"

#define DAY		INT64_C(86400)
#define TEXT_MAX	254

struct search {
	struct page		*p;
	struct officer_scope	 s;
	const char		*text, *state, *profile;
	int64_t			 before, expiring;
	struct db_cert_filter	 filter;
	uint8_t			 key[DB_DIGEST];
};

static int
read_search(struct search *q, struct error *e)
{
	const char	*before = officer_query(q->p, "before");
	const char	*days = officer_query(q->p, "expiring");

	q->text = officer_query(q->p, "text");
	q->state = officer_query(q->p, "state");
	q->profile = officer_query(q->p, "profile");
	if (q->state == NULL)
		q->state = "all";
	if (q->text != NULL && strlen(q->text) > TEXT_MAX)
		return error_set(e, ERROR_INPUT, "text: longer than %d bytes",
		    TEXT_MAX);
	if ((before != NULL && text_parse_number(&q->before, before, 1,
	    INT64_MAX, e) == -1) || (days != NULL &&
	    text_parse_number(&q->expiring, days, 1, 3650, e) == -1))
		return error_wrap(e, "the address of this page");
	return 0;
}

/* A key's digest, an address or host, else a holder's number. */
static void
fill_filter(struct search *q)
{
	struct db_cert_filter	*f = &q->filter;
	int64_t			 now = q->p->now;

	f->profile = q->profile;
	if (q->text != NULL && selector_digest(q->key, q->text) == 1)
		f->key_digest = BYTES(q->key, DB_DIGEST);
	else if (q->text != NULL && strpbrk(q->text, "@.") != NULL)
		f->name = q->text;
	else
		f->holder = q->text;
	if (strcmp(q->state, "valid") == 0) {
		f->status = "good";
		f->valid_after = now;
	} else if (strcmp(q->state, "held") == 0 ||
	    strcmp(q->state, "revoked") == 0)
		f->status = q->state;
	else if (strcmp(q->state, "expired") == 0)
		f->expires_before = now;
	if (q->expiring > 0) {
		f->valid_after = now;
		f->expires_before = now + q->expiring * DAY;
	}
}

static bool
is_asked(const struct search *q)
{
	return q->text != NULL || q->profile != NULL || q->expiring > 0 ||
	    strcmp(q->state, "all") != 0;
}

/* Whole certificates, because the scope is judged by their names. */
static int
add_rows(struct search *q, json_t *rows, int64_t *next, struct error *e)
{
	struct db_officer_target *whole;
	struct db_certs		 all;
	struct error		 why;
	size_t			 i;

	if (db_cert_list(q->p->db, &q->filter, q->before, OFFICER_PAGE, &all,
	    q->p->arena, e) == -1)
		return -1;
	whole = arena_alloc(q->p->arena, (all.n + 1) * sizeof(*whole));
	for (i = 0; i < all.n; i++) {
		whole[i].ca = all.v[i].ca;
		whole[i].serial = all.v[i].serial;
	}
	if (db_officer_targets(q->p->db, whole, all.n, q->p->arena, e) == -1)
		return -1;
	for (i = 0; i < all.n; i++) {
		error_clear(&why);
		if (whole[i].found && officer_scope_target(&q->s, &whole[i],
		    &why) == 0)
			json_array_append_new(rows, officer_cert_json(q->p,
			    &all.v[i]));
	}
	*next = all.n == OFFICER_PAGE ? all.v[all.n - 1].id : 0;
	return 0;
}

static void
put_more(struct search *q, int64_t next)
{
	struct buf	url = { 0 };

	if (next == 0)
		return;
	buf_printf(&url, "/officer/certs?before=%lld&state=",
	    (long long)next);
	form_escape(&url, q->state);
	if (q->text != NULL) {
		buf_str(&url, "&text=");
		form_escape(&url, q->text);
	}
	if (q->profile != NULL) {
		buf_str(&url, "&profile=");
		form_escape(&url, q->profile);
	}
	if (q->expiring > 0)
		buf_printf(&url, "&expiring=%lld", (long long)q->expiring);
	page_put_url(q->p, "next", buf_cstr(&url));
	buf_clear(&url);
}

static void
put_states(struct search *q)
{
	static const char *const	 states[] = { "all", "valid", "held",
					    "revoked", "expired" };

	officer_put_filter(q->p, states, sizeof(states) / sizeof(states[0]),
	    q->state, q->text);
}

static int
search(struct page *p, struct error *e)
{
	struct search	 q = { .p = p };
	json_t		*rows;
	int64_t		 next = 0;
	int		 rc = -1;

	if (read_search(&q, e) == -1 || officer_scope(p, &q.s, e) == -1)
		return -1;
	rows = json_array();
	fill_filter(&q);
	if (is_asked(&q) && q.s.n > 0 && add_rows(&q, rows, &next, e) == -1)
		goto out;
	page_put_bool(p, "searched", is_asked(&q));
	put_states(&q);
	put_more(&q, next);
	officer_put_rows(p, "rows", json_incref(rows));
	if (officer_put_profiles(p, q.profile, e) == 0)
		rc = page_show(p, "certs.html", e);
 out:
	json_decref(rows);
	return rc;
}

const struct page_route PAGES_OFFICER_CERTS[] = {
	{ HTTP_GET, "/officer/certs", PAGE_OFFICER, search, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
