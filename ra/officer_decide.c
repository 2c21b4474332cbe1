/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application is decided on: the order that is made of it, or the reason
 * why not.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "desk/draft.h"
#include "officer_application.h"

#define REASON_MAX	400

static int
order(struct page *p, struct error *e)
{
	struct application	 l;
	struct draft		 d = { 0 };
	struct draft_issue	 in = { 0 };
	struct db_holder	 h;
	int			 rc = -1;

	if (application_look(p, &l, e) == -1)
		return -1;
	in.profile = l.a.profile;
	in.request = l.csr;
	in.fields = &l.fields;
	if (application_check_waits(&l, e) == -1 || officer_take_holder(p, &h, e) == -1 ||
	    officer_take_evidence(p, &in.comment, e) == -1)
		goto out;
	in.holder = h.id;
	officer_carry(p, "holder", h.id);
	officer_carry(p, "holder_name", h.name);
	if (draft_issue(p->desk, &d, &in, e) == 0)
		rc = officer_sign_draft(p, &l.s, &d, application_url(p, &l,
		    "/sign"), application_url(p, &l, ""), e);
 out:
	draft_clear(&d);
	application_clear(&l);
	return rc;
}

struct linking {
	const struct application	*look;
	const struct order		*order;
};

static int
link_order(struct db *db, void *arg, struct error *e)
{
	const struct linking	*k = arg;

	return db_application_order(db, k->look->a.id, k->order->id, e);
}

/* The order that comes back is about this application, whatever else has been
 * on the way. */
static int
check_about(struct page *p, const struct application *l,
    const struct order *o, struct error *e)
{
	if (!o->has_request || o->is_renewal ||
	    strcmp(o->profile, l->a.profile) != 0 ||
	    memcmp(o->request, l->csr->digest, ORDER_DIGEST) != 0)
		return error_set(e, ERROR_INPUT, "this order is not about "
		    "this application");
	return officer_scope_order(p, &l->s, o, e);
}

static int
store(struct page *p, struct application *l, struct approved *a,
    struct error *e)
{
	struct db_holder	h;
	struct linking		link = { l, a->order };
	struct buf		request = { 0 };
	struct draft		d = { .order = a->order,
				    .profile = l->profile,
				    .request = &request, .nrequests = 1,
				    .also = link_order, .also_arg = &link };
	int			rc;

	if (officer_take_holder(p, &h, e) == -1)
		return -1;
	h.id = a->order->holder;
	h.mail = l->a.mail;
	buf_add(&request, l->a.request.p, l->a.request.len);
	rc = officer_sign_new(p, &l->s, &d, &h, e);
	buf_clear(&request);
	return rc;
}

/* The order that was made of it is this one? */
static bool
is_stored(const struct application *l, const struct order *o)
{
	return l->a.has_order &&
	    memcmp(l->a.order_id, o->id, DB_ORDER_ID) == 0;
}

static int
sign_order(struct page *p, struct application *l, struct approved *a,
    struct error *e)
{
	char	 hex[2 * DB_ORDER_ID + 1];

	if ((!is_stored(l, a->order) && application_check_waits(l,
	    e) == -1) || check_about(p, l, a->order, e) == -1 ||
	    store(p, l, a, e) == -1)
		return -1;
	page_message(p, "flash.ordered");
	return page_redirect(p, arena_printf(p->arena, "/officer/order/%s",
	    text_hex(hex, a->order->id, DB_ORDER_ID)), e);
}

static int
sign(struct page *p, struct error *e)
{
	struct application	 l;
	struct approved		*a = NULL;
	int			 rc = -1;

	if (application_look(p, &l, e) == -1)
		return -1;
	if (officer_sign_order(p, ORDER_ISSUE, &a, e) == 0)
		rc = sign_order(p, &l, a, e);
	approval_free(&a);
	application_clear(&l);
	return rc;
}

/* ---- rejecting ---- */

struct rejecting {
	struct page			*p;
	const struct application	*look;
	const char			*reason;
};

static int
reject_txn(struct db *db, void *arg, struct error *e)
{
	const struct rejecting	*j = arg;
	struct buf		 body = { 0 };

	if (db_application_reject(db, j->look->a.id, j->reason, e) == -1)
		return -1;
	audit_begin(&body, "application-reject", j->p->now);
	audit_hex(&body, "application", j->look->a.id, DB_APPLICATION_ID);
	audit_str(&body, "profile", j->look->a.profile);
	audit_str(&body, "person", j->p->client.person);
	audit_str(&body, "reason", j->reason);
	return db_audit_add(db, &body, e);
}

static int
reject(struct page *p, struct error *e)
{
	struct application		l;
	struct rejecting	j = { .p = p, .look = &l };
	int			rc = -1;

	if (officer_take_text(p, "reason", REASON_MAX, &j.reason, e) == -1 ||
	    application_look(p, &l, e) == -1)
		return -1;
	if (application_check_waits(&l, e) == 0 &&
	    db_txn(p->db, reject_txn, &j, e) == 0) {
		page_message(p, "flash.rejected");
		rc = page_redirect(p, "/officer/queue", e);
	}
	application_clear(&l);
	return rc;
}

const struct page_route PAGES_OFFICER_DECIDE[] = {
	{ HTTP_POST, "/officer/application/{id}/order", PAGE_OFFICER, order,
	    0 },
	{ HTTP_POST, "/officer/application/{id}/sign", PAGE_OFFICER, sign,
	    0 },
	{ HTTP_POST, "/officer/application/{id}/reject", PAGE_OFFICER,
	    reject, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
