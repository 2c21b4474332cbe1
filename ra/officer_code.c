/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-time codes: an officer decides beforehand, and the holder brings the
 * request with the code.
 *
 * The code is made here and shown when the order is signed; meanwhile it is
 * in the form only.  What comes back is tried against the order, since a page
 * that shows a code which is not the order's would be found out by the holder.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_code_try.h"
#include "db/db_officer.h"
#include "desk/request.h"
#include "officer.h"
#include "officer_code.h"
#include "order/code.h"
#include "os/gate.h"
#include "public.h"
#include "rad.h"

#define DAY		INT64_C(86400)
#define DAYS		14
#define GATE_MS		5000

/* ---- the list ---- */

static json_t *
row_json(struct page *p, const struct review *r, int64_t tries)
{
	const struct db_order	*o = &r->row;
	const char		*name;
	char			 hex[2 * DB_ORDER_ID + 1];
	json_t			*row = json_object();

	name = fields_get(&r->approved->order->fields, "name", 0);
	officer_put(row, "order", text_hex(hex, o->id, DB_ORDER_ID));
	officer_put(row, "holder", o->holder);
	officer_put(row, "name", name != NULL ? name : o->holder);
	officer_put(row, "description", public_description(p, o->profile));
	officer_put_day(row, "until", o->expires_at);
	json_object_set_new(row, "tries", json_integer(tries));
	return row;
}

static int
add_row(struct page *p, const struct officer_scope *s,
    const struct db_officer_row *o, int64_t tries, json_t *rows,
    struct error *e)
{
	struct review	 r = { 0 };

	if (officer_order_row(p, s, o, &r, e) == -1) {
		if (e->code != ERROR_NOTFOUND)
			return -1;
		error_clear(e);
		return 0;
	}
	json_array_append_new(rows, row_json(p, &r, tries));
	review_clear(&r);
	return 0;
}

static bool
is_open(const struct db_order *o, int64_t now)
{
	return o->expires_at > now && (strcmp(o->state, "pending") == 0 ||
	    strcmp(o->state, "ready") == 0);
}

static int
put_rows(struct page *p, const struct officer_scope *s,
    const struct db_officer_rows *all, struct error *e)
{
	struct bytes	 id[OFFICER_PAGE];
	int64_t		 tries[OFFICER_PAGE];
	json_t		*rows;
	size_t		 i;
	int		 rc = 0;

	for (i = 0; i < all->n; i++)
		id[i] = BYTES(all->v[i].order.id, DB_ORDER_ID);
	if (db_code_try_count(p->db, id, all->n, tries, e) == -1)
		return -1;
	rows = json_array();
	for (i = 0; rc == 0 && i < all->n; i++)
		if (is_open(&all->v[i].order, p->now))
			rc = add_row(p, s, &all->v[i], tries[i], rows, e);
	officer_put_rows(p, "rows", rows);
	return rc;
}

static int
put_open(struct page *p, const struct officer_scope *s, struct error *e)
{
	struct db_officer_queue	 q = { .kind = "issue", .waiting = true };
	struct db_officer_rows	 all = { NULL, 0 };
	int64_t			 next;

	q.scope = officer_scope_profiles(p, s, &q.nscope);
	if (s->n > 0 && db_officer_queue(p->db, &q, 0, OFFICER_PAGE, &all,
	    &next, p->arena, e) == -1)
		return -1;
	return put_rows(p, s, &all, e);
}

static int
list(struct page *p, struct error *e)
{
	struct officer_scope	s;
	int			rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (officer_put_offers(p, &s, e) == 0 && put_open(p, &s, e) == 0)
		rc = page_show(p, "codes.html", e);
	return rc;
}

/* ---- a new one ---- */

static const char *
typed_or(struct page *p, const char *field, const char *otherwise)
{
	const char	*text = page_field(p, field);

	return text != NULL ? text : otherwise;
}

static int64_t
days_max(const struct profile *profile)
{
	int64_t	lifetime = profile->order_lifetime;

	return lifetime >= DAY ? lifetime / DAY : 1;
}

static int
form_show(struct page *p, const struct profile *profile, struct error *e)
{
	int64_t	 days, max = days_max(profile);
	json_t	*fields = json_array();
	size_t	 i;

	days = max < DAYS ? max : DAYS;
	for (i = 0; i < profile->fields.n; i++)
		if (profile_takes(profile, profile->fields.v[i]))
			json_array_append_new(fields, public_field(p, profile,
			    profile->fields.v[i]));
	page_put(p, "profile", json_pack("{s:s, s:s}", "name", profile->name,
	    "description", public_description(p, profile->name)));
	page_put(p, "fields", fields);
	page_put(p, "holder", json_pack("{s:s, s:s}", "id", typed_or(p,
	    "holder", ""), "name", typed_or(p, "holder_name", "")));
	page_put_text(p, "days", typed_or(p, "days", arena_printf(p->arena,
	    "%lld", (long long)days)));
	page_put_int(p, "days_max", max);
	page_put_text(p, "evidence_text", typed_or(p, "evidence_text", ""));
	officer_put_evidence(p);
	return page_show(p, "code_new.html", e);
}

static int
form(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	const struct profile	*profile;
	int			 rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (officer_find_offer(p, &s, page_arg(p, "profile"), &profile,
	    e) == 0)
		rc = form_show(p, profile, e);
	return rc;
}

/* All mistakes at once, each at its field. */
static void
take_fields(struct page *p, const struct profile *profile, struct fields *f)
{
	const char	*name, *value;
	struct error	 bad = ERROR_INIT;
	size_t		 i;

	for (i = 0; i < profile->fields.n; i++) {
		name = profile->fields.v[i];
		value = profile_takes(profile, name) ? public_typed(p, name) :
		    NULL;
		if (value != NULL)
			request_add_values(f, profile, name, value, " ");
	}
	for (i = 0; i < profile->fields.n; i++) {
		name = profile->fields.v[i];
		if (profile_takes(profile, name) && profile_check_field(
		    profile, name, f, &bad) == -1)
			public_wrong(p, arena_printf(p->arena, "field.%s",
			    name), bad.text);
		error_clear(&bad);
	}
}

static int64_t
take_days(struct page *p, const struct profile *profile)
{
	struct error	bad = ERROR_INIT;
	int64_t		days = 0;

	if (text_parse_number(&days, typed_or(p, "days", ""), 1,
	    days_max(profile), &bad) == -1)
		public_wrong(p, "days", bad.text);
	return days;
}

static void
take_words(struct page *p, struct draft_issue *in, struct db_holder *h)
{
	struct error	bad = ERROR_INIT;

	if (officer_take_holder(p, h, &bad) == -1)
		public_wrong(p, h->id == NULL ? "holder" : "holder_name",
		    bad.text);
	error_clear(&bad);
	if (officer_take_evidence(p, &in->comment, &bad) == -1)
		public_wrong(p, "evidence_text", bad.text);
	in->holder = h->id;
}

static int
show_order(struct page *p, const struct officer_scope *s, struct draft *d,
    const struct db_holder *h, struct error *e)
{
	char	*act = arena_printf(p->arena, "/officer/codes/new/%s",
		    d->order->profile);

	if (officer_scope_order(p, s, d->order, e) == -1)
		return -1;
	officer_carry(p, "holder", h->id);
	officer_carry(p, "holder_name", h->name);
	officer_carry(p, "code", arena_printf(p->arena, "%.*s",
	    (int)d->code.len, (const char *)d->code.p));
	return officer_sign_draft(p, s, d, arena_printf(p->arena, "%s/sign",
	    act), act, e);
}

static int
draw_up(struct page *p, const struct officer_scope *s,
    const struct profile *profile, struct error *e)
{
	struct fields		 fields = { 0 };
	struct draft_issue	 in = { .profile = profile->name,
				    .fields = &fields };
	struct db_holder	 h = { 0 };
	struct draft		 d = { 0 };
	int64_t			 days = take_days(p, profile);
	int			 rc = -1;

	take_fields(p, profile, &fields);
	take_words(p, &in, &h);
	if (public_is_wrong(p)) {
		p->status = 400;
		rc = form_show(p, profile, e);
	} else if (draft_issue(p->desk, &d, &in, e) == 0) {
		d.order->expires = d.order->created + days * DAY;
		rc = show_order(p, s, &d, &h, e);
	}
	draft_clear(&d);
	fields_clear(&fields);
	return rc;
}

static int
order(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	const struct profile	*profile;
	int			 rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (officer_find_offer(p, &s, page_arg(p, "profile"), &profile,
	    e) == 0)
		rc = draw_up(p, &s, profile, e);
	return rc;
}

/* ---- signed ---- */

static int
check_about(struct page *p, const struct officer_scope *s,
    const struct order *o, struct error *e)
{
	if (!o->has_code || o->is_renewal ||
	    strcmp(o->profile, page_arg(p, "profile")) != 0)
		return error_set(e, ERROR_INPUT, "this order is not for a "
		    "one-time code of this profile");
	return officer_scope_order(p, s, o, e);
}

int
officer_code_check(struct page *p, const struct order *o, const char *text,
    struct error *e)
{
	uint8_t		proof[CODE_PROOF_SIZE], any[ORDER_DIGEST] = { 0 };
	struct secret	code = { 0 };
	int		rc = -1;

	if (gate_enter(p->rad->hashes, GATE_MS, e) == -1)
		return -1;
	if (secret_set(&code, text, strlen(text), e) == 0)
		rc = code_prove(proof, o, any, &code, any, e);
	secret_free(&code);
	gate_leave(p->rad->hashes);
	if (rc == -1 && e->code == ERROR_DENIED)
		return error_set(e, ERROR_INPUT, "code: not the one of this "
		    "order");
	return rc;
}

int
officer_code_show(struct page *p, const struct order *o, const char *code,
    const char *name, struct error *e)
{
	struct db_order	row;
	char		short_id[REVIEW_SHORT + 1];
	int		found;

	if ((found = db_order_find(p->db, o->id, &row, p->arena, e)) == -1)
		return -1;
	if (found == 1 && !is_open(&row, p->now))
		return page_redirect(p, arena_printf(p->arena,
		    "/officer/order/%s", public_hex(p, o->id, DB_ORDER_ID)),
		    e);
	page_put_text(p, "code", code);
	page_put_text(p, "holder", o->holder);
	page_put_text(p, "name", name);
	page_put_text(p, "short", review_short_id(short_id, o->id));
	page_put_text(p, "until", public_day(p, o->expires));
	page_put_url(p, "redeem", page_url(p, "/code"));
	page_put_bool(p, "waits", found == 1 &&
	    strcmp(row.state, "pending") == 0);
	return page_show(p, "code_done.html", e);
}

static int
sign_order(struct page *p, const struct officer_scope *s,
    struct approved *a, struct error *e)
{
	struct draft		 d = { .order = a->order };
	struct db_holder	 h;
	const char		*code;

	if (check_about(p, s, a->order, e) == -1 ||
	    officer_take_holder(p, &h, e) == -1 ||
	    officer_take_text(p, "code", 64, &code, e) == -1 ||
	    officer_code_check(p, a->order, code, e) == -1)
		return -1;
	h.id = a->order->holder;
	h.mail = fields_get(&a->order->fields, "mail", 0);
	if (profiles_find(&p->desk->profiles, a->order->profile, &d.profile,
	    e) == -1 || officer_sign_new(p, s, &d, &h, e) == -1)
		return -1;
	return officer_code_show(p, a->order, code, h.name, e);
}

static int
sign(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	const struct profile	*profile;
	struct approved		*a = NULL;
	int			 rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (officer_find_offer(p, &s, page_arg(p, "profile"), &profile,
	    e) == 0 && officer_sign_order(p, ORDER_ISSUE, &a, e) == 0)
		rc = sign_order(p, &s, a, e);
	approval_free(&a);
	return rc;
}

const struct page_route PAGES_OFFICER_CODE[] = {
	{ HTTP_GET, "/officer/codes", PAGE_OFFICER, list, 0 },
	{ HTTP_GET, "/officer/codes/new/{profile}", PAGE_OFFICER, form, 0 },
	{ HTTP_POST, "/officer/codes/new/{profile}", PAGE_OFFICER, order, 0 },
	{ HTTP_POST, "/officer/codes/new/{profile}/sign", PAGE_OFFICER, sign,
	    0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
