/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order: what it says, who has approved it, what is missing; approving and
 * rejecting it.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_application.h"
#include "desk/code_again.h"
#include "desk/draft.h"
#include "desk/submit.h"
#include "officer.h"
#include "x509/cert.h"

#define REASON_MAX	400
#define ITEMS_SHOWN	20
#define CERTS_SHOWN	20

struct look {
	struct officer_scope	s;
	struct review		r;
};

static void
look_clear(struct look *l)
{
	review_clear(&l->r);
}

static int
look(struct page *p, struct look *l, struct error *e)
{
	uint8_t	id[DB_ORDER_ID];

	memset(l, 0, sizeof(*l));
	if (page_arg_id(p, "id", id, sizeof(id), e) == -1 ||
	    officer_scope(p, &l->s, e) == -1)
		return -1;
	if (officer_order(p, &l->s, id, &l->r, e) == 0 &&
	    officer_scope_at(p, &l->s, id, e) == 0)
		return 0;
	look_clear(l);
	return -1;
}

static char *
order_url(struct page *p, const struct review *r, const char *what)
{
	char	hex[2 * DB_ORDER_ID + 1];

	return arena_printf(p->arena, "/officer/order/%s%s", text_hex(hex,
	    r->row.id, DB_ORDER_ID), what);
}

/* ---- the page ---- */

static void
put_order(struct page *p, const struct review *r)
{
	json_t		*o = json_object();
	struct buf	 text = { 0 };
	char		*rules = review_rules_text(r);
	char		 hex[2 * DB_DIGEST + 1];

	order_describe(&text, r->approved->order, ITEMS_SHOWN);
	officer_put(o, "summary", r->row.summary);
	officer_put(o, "state", r->row.state);
	officer_put(o, "kind", r->row.kind);
	officer_put_time(o, "made_at", r->row.created_at);
	officer_put_time(o, "expires_at", r->row.expires_at);
	officer_put(o, "text", buf_cstr(&text));
	officer_put(o, "digest", text_hex(hex, r->row.digest, DB_DIGEST));
	officer_put(o, "rules", rules);
	officer_put(o, "reason", r->row.reason);
	officer_put(o, "missing", r->complete || !review_is_open(r) ? NULL :
	    r->missing.text);
	page_put(p, "order", o);
	mem_free(&rules);
	buf_clear(&text);
}

/* What is behind each of them, as "signet order show" has it. */
static int
put_words(struct page *p, struct review *r, struct error *e)
{
	struct buf	 words = { 0 };
	int		 rc = review_describe(p->desk, r, &words, e);

	page_put_text(p, "words", buf_cstr(&words));
	buf_clear(&words);
	return rc;
}

static const char *
approver_name(struct page *p, const struct approver *by)
{
	char	cn[200];

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(by->cert),
	    NID_commonName, cn, sizeof(cn)) <= 0 ||
	    !text_is_clean(cn, strlen(cn), sizeof(cn)))
		return by->person;
	return arena_strdup(p->arena, cn);
}

void
officer_put_approvals(struct page *p, const struct approved *a)
{
	const struct approver	*by;
	json_t			*list = json_array(), *o;
	size_t			 i;

	for (i = 0; i < a->n; i++) {
		by = &a->by[i];
		o = json_object();
		officer_put(o, "name", approver_name(p, by));
		officer_put(o, "role", role_name(by->role != ROLE_NONE ?
		    by->role : ROLE_HOLDER));
		officer_put_time(o, "at", by->signed_at);
		officer_put(o, "how", by->bind != NULL ? "assertion" :
		    "certificate");
		json_array_append_new(list, o);
	}
	page_put(p, "approvals", list);
}

static int
put_certs(struct page *p, const struct review *r, struct error *e)
{
	struct db_cert_filter	 f = { .order_id = BYTES(r->row.id,
				    DB_ORDER_ID) };
	struct db_certs		 certs;
	json_t			*list;
	size_t			 i;

	if (db_cert_list(p->db, &f, 0, CERTS_SHOWN, &certs, p->arena,
	    e) == -1)
		return -1;
	list = json_array();
	for (i = 0; i < certs.n; i++)
		json_array_append_new(list, officer_cert_json(p,
		    &certs.v[i]));
	page_put(p, "certs", list);
	return 0;
}

/* Of a single order for a certificate: keys, names, earlier ones. */
static int
put_checks(struct page *p, const struct review *r, struct error *e)
{
	const struct order	*o = r->approved->order;
	struct db_requests	 requests;
	const struct profile	*profile;
	struct bytes		 der = { NULL, 0 };
	struct error		 ignored = ERROR_INIT;

	if (o->kind != ORDER_ISSUE || !review_is_open(r) ||
	    desk_need(p->desk, DESK_PROFILES, &ignored) == -1 ||
	    profiles_find(&p->desk->profiles, o->profile, &profile,
	    &ignored) == -1)
		return 0;
	if (db_order_requests(p->db, r->row.id, 0, 1, &requests, p->arena,
	    e) == -1)
		return -1;
	if (requests.n > 0)
		der = requests.v[0].request;
	page_put_bool(p, "checks_shown", true);
	return officer_put_checks(p, profile, o->holder,
	    fields_get(&o->fields, "mail", 0), der, e);
}

int
officer_put_may(struct page *p, const struct review *r, struct error *e)
{
	struct desk_signer	 was = p->desk->signer;
	struct review		 copy = *r;
	struct error		 why = ERROR_INIT;
	bool			 may;

	p->desk->signer = (struct desk_signer){ .cert = p->client.cert };
	may = submit_may_approve(p->desk, &copy, &why) == 0;
	p->desk->signer = was;
	if (!may && why.code != ERROR_DENIED && why.code != ERROR_CONFLICT) {
		*e = why;
		return -1;
	}
	page_put_bool(p, "may_approve", may);
	page_put_bool(p, "may_reject", review_is_open(r));
	if (!may && review_is_open(r))
		page_put_text(p, "why_not", why.text);
	return 0;
}

static int
show(struct page *p, struct error *e)
{
	struct look	l;
	struct error	why = ERROR_INIT;
	char		hex[2 * DB_ORDER_ID + 1], short_id[REVIEW_SHORT + 1];
	int		rc = -1;

	if (look(p, &l, e) == -1)
		return -1;
	if (review_judge(p->desk, &l.r, e) == -1 ||
	    put_words(p, &l.r, e) == -1)
		goto out;
	page_put_text(p, "id", text_hex(hex, l.r.row.id, DB_ORDER_ID));
	page_put_text(p, "short", review_short_id(short_id, l.r.row.id));
	put_order(p, &l.r);
	page_put_bool(p, "is_batch", l.r.approved->order->kind ==
	    ORDER_BATCH);
	page_put_bool(p, "may_recode", code_again_check(p->desk, &l.r,
	    &why) == 0);
	officer_put_approvals(p, l.r.approved);
	if (put_certs(p, &l.r, e) == 0 && put_checks(p, &l.r, e) == 0 &&
	    officer_put_may(p, &l.r, e) == 0)
		rc = page_show(p, "order.html", e);
 out:
	look_clear(&l);
	return rc;
}

/* ---- approving ---- */

static int
sign_show(struct page *p, struct error *e)
{
	struct look	l;
	int		rc;

	if (look(p, &l, e) == -1)
		return -1;
	rc = officer_sign_show(p, &l.s, &l.r, order_url(p, &l.r, "/sign"),
	    order_url(p, &l.r, ""), e);
	look_clear(&l);
	return rc;
}

static int
sign(struct page *p, struct error *e)
{
	struct look	l;
	int		rc = -1;

	if (look(p, &l, e) == -1)
		return -1;
	if (officer_sign_approve(p, &l.s, &l.r, e) == 0) {
		page_message(p, "flash.approved");
		rc = page_redirect(p, order_url(p, &l.r, ""), e);
	}
	look_clear(&l);
	return rc;
}

/* ---- rejecting ---- */

/* An order that is approved in part is rejected by a signed one, too. */
static int
show_signed_rejection(struct page *p, const struct look *l,
    const char *reason, struct error *e)
{
	struct draft	 d = { 0 };
	int		 rc = -1;

	if (submit_draft_rejection(p->desk, &d, &l->r, reason, e) == -1)
		return -1;
	rc = officer_sign_draft(p, &l->s, &d, order_url(p, &l->r,
	    "/reject/sign"), order_url(p, &l->r, ""), e);
	draft_clear(&d);
	return rc;
}

static int
reject(struct page *p, struct error *e)
{
	struct look	 l;
	const char	*reason;
	int		 rc = -1;

	if (officer_take_text(p, "reason", REASON_MAX, &reason, e) == -1 ||
	    look(p, &l, e) == -1)
		return -1;
	if (!review_is_open(&l.r)) {
		error_set(e, ERROR_CONFLICT, "the order is %s: nothing to "
		    "reject", l.r.row.state);
		goto out;
	}
	if (l.r.approved->n > 0) {
		rc = show_signed_rejection(p, &l, reason, e);
		goto out;
	}
	p->desk->who = p->client.person;
	if (submit_rejection(p->desk, &l.r, reason, e) == 0) {
		page_message(p, "flash.rejected");
		rc = page_redirect(p, order_url(p, &l.r, ""), e);
	}
 out:
	look_clear(&l);
	return rc;
}

static int
sign_rejection(struct page *p, struct error *e)
{
	struct look	 l;
	struct approved	*a = NULL;
	struct draft	 d = { 0 };
	int		 rc = -1;

	if (look(p, &l, e) == -1)
		return -1;
	if (officer_sign_order(p, ORDER_REJECT, &a, e) == -1)
		goto out;
	if (memcmp(a->order->rejects, l.r.row.digest, ORDER_DIGEST) != 0) {
		error_set(e, ERROR_INPUT, "this rejects another order");
		goto out;
	}
	d.order = a->order;
	if (officer_sign_new(p, &l.s, &d, NULL, e) == -1)
		goto out;
	if (review_is_open(&l.r) && submit_rejection(p->desk, &l.r,
	    a->order->comment, e) == -1)
		goto out;
	page_message(p, "flash.rejected");
	rc = page_redirect(p, order_url(p, &l.r, ""), e);
 out:
	approval_free(&a);
	look_clear(&l);
	return rc;
}

const struct page_route PAGES_OFFICER_ORDER[] = {
	{ HTTP_GET, "/officer/order/{id}", PAGE_OFFICER, show, 0 },
	{ HTTP_GET, "/officer/order/{id}/sign", PAGE_OFFICER, sign_show, 0 },
	{ HTTP_POST, "/officer/order/{id}/sign", PAGE_OFFICER, sign, 0 },
	{ HTTP_POST, "/officer/order/{id}/reject", PAGE_OFFICER, reject, 0 },
	{ HTTP_POST, "/officer/order/{id}/reject/sign", PAGE_OFFICER,
	    sign_rejection, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
