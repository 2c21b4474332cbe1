/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application: everything that the decision needs, the order that is made
 * of it, or the reason why not.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "db/db_application.h"
#include "db/db_audit.h"
#include "db/db_holder.h"
#include "desk/draft.h"
#include "officer.h"
#include "x509/csr.h"

#define TEXT_MAX	400
#define WHO_MAX	200

static const char *const evidence[] = { "id_card", "passport", "personal",
    "register", "electronic", "other" };
#define NEVIDENCE	(sizeof(evidence) / sizeof(evidence[0]))

struct look {
	struct officer_scope	 s;
	struct db_application	 a;
	struct fields		 fields;
	const struct profile	*profile;
	struct csr		*csr;
};

static void
look_clear(struct look *l)
{
	csr_free(&l->csr);
	fields_clear(&l->fields);
	officer_scope_clear(&l->s);
}

/* [["name", "value"], ...] */
static int
read_fields(struct look *l, struct error *e)
{
	json_t		*all = json_loads(l->a.fields, 0, NULL), *one;
	const char	*name, *value;
	size_t		 i;
	int		 rc = 0;

	json_array_foreach(all, i, one) {
		if (json_unpack(one, "[s, s]", &name, &value) != 0 ||
		    l->fields.n == FIELDS_MAX) {
			rc = error_set(e, ERROR_BUG, "fields of the "
			    "application");
			break;
		}
		fields_add(&l->fields, name, value);
	}
	json_decref(all);
	return rc;
}

/* Profile, names and office, as the bind order says. */
static int
check_scope(struct page *p, struct look *l, struct error *e)
{
	struct order	 o = { .kind = ORDER_ISSUE,
			    .fields = l->fields };

	if (officer_scope_office(&l->s, l->a.office, e) == -1)
		return -1;
	o.profile = mem_strdup(l->a.profile);
	if (officer_scope_order(p, &l->s, &o, e) == -1) {
		mem_free(&o.profile);
		return -1;
	}
	mem_free(&o.profile);
	return 0;
}

static int
fill(struct page *p, struct look *l, struct error *e)
{
	struct error	why = ERROR_INIT;

	if (read_fields(l, e) == -1 ||
	    desk_need(p->desk, DESK_PROFILES, e) == -1 ||
	    profiles_find(&p->desk->profiles, l->a.profile, &l->profile,
	    e) == -1 || csr_parse(&l->csr, l->a.request, e) == -1)
		return -1;
	if (check_scope(p, l, &why) == 0)
		return 0;
	if (why.code != ERROR_DENIED || l->s.n == 0) {
		*e = why;
		return -1;
	}
	return error_set(e, ERROR_NOTFOUND, "no such application");
}

static int
look(struct page *p, struct look *l, struct error *e)
{
	uint8_t	id[DB_APPLICATION_ID];
	int	found;

	memset(l, 0, sizeof(*l));
	if (page_arg_id(p, "id", id, sizeof(id), e) == -1 ||
	    officer_scope(p, &l->s, e) == -1)
		return -1;
	found = db_application_find(p->db, id, &l->a, p->arena, e);
	if (found == 0)
		error_set(e, ERROR_NOTFOUND, "no such application");
	if (found == 1 && fill(p, l, e) == 0)
		return 0;
	look_clear(l);
	return -1;
}

static char *
url(struct page *p, const struct look *l, const char *what)
{
	char	hex[2 * DB_APPLICATION_ID + 1];

	return arena_printf(p->arena, "/officer/application/%s%s",
	    text_hex(hex, l->a.id, DB_APPLICATION_ID), what);
}

/* ---- the page ---- */

static json_t *
fields_json(const struct look *l)
{
	json_t	*list = json_array(), *o;
	size_t	 i;

	for (i = 0; i < l->fields.n; i++) {
		o = json_object();
		officer_put(o, "label", l->fields.v[i].name);
		officer_put(o, "value", l->fields.v[i].value);
		json_array_append_new(list, o);
	}
	return list;
}

static void
put_application(struct page *p, const struct look *l)
{
	json_t	*o = json_object();
	char	*rules = approval_rule_text(&l->profile->approvals);

	officer_put(o, "description", officer_profile_text(p, l->a.profile));
	officer_put(o, "state", l->a.state);
	officer_put_time(o, "made_at", l->a.made_at);
	officer_put_time(o, "confirmed_at", l->a.confirmed_at);
	officer_put(o, "mail", l->a.mail);
	officer_put(o, "office", l->a.office);
	officer_put(o, "note", l->a.note);
	officer_put(o, "rules", rules);
	json_object_set_new(o, "key", json_sprintf("%s, %d",
	    EVP_PKEY_get0_type_name(l->csr->key),
	    EVP_PKEY_get_bits(l->csr->key)));
	json_object_set_new(o, "fields", fields_json(l));
	page_put(p, "application", o);
	mem_free(&rules);
}

/* Who has had a certificate for the address is probably who asks. */
static int
put_holder(struct page *p, const struct look *l, struct error *e)
{
	const char		*name = fields_get(&l->fields, "name", 0);
	const char		*id = fields_get(&l->fields, "id", 0);
	struct db_holders	 known;
	json_t			*o;

	if (db_holder_list(p->db, l->a.mail, "", 2, &known, p->arena,
	    e) == -1)
		return -1;
	if (id == NULL && known.n == 1)
		id = known.v[0].id;
	o = json_object();
	officer_put(o, "id", id);
	officer_put(o, "name", name != NULL ? name : l->a.mail);
	page_put(p, "holder", o);
	return 0;
}

static void
put_evidence(struct page *p)
{
	json_t	*list = json_array();
	size_t	 i;

	for (i = 0; i < NEVIDENCE; i++)
		json_array_append_new(list, json_pack("{s:s}", "value",
		    evidence[i]));
	page_put(p, "evidence", list);
}

static int
show(struct page *p, struct error *e)
{
	struct look	l;
	char		hex[2 * DB_APPLICATION_ID + 1];
	bool		waits;
	int		rc = -1;

	if (look(p, &l, e) == -1)
		return -1;
	waits = strcmp(l.a.state, "waiting") == 0;
	page_put_text(p, "id", text_hex(hex, l.a.id, DB_APPLICATION_ID));
	page_put_text(p, "short", arena_printf(p->arena, "%.8s", hex));
	page_put_bool(p, "may_decide", waits);
	page_put_text(p, "why_not", waits ? "" : l.a.reason != NULL ?
	    l.a.reason : page_text(p, arena_printf(p->arena, "state.%s",
	    l.a.state)));
	put_application(p, &l);
	put_evidence(p);
	if (put_holder(p, &l, e) == 0 && officer_put_checks(p, l.profile,
	    NULL, l.a.mail, l.a.request, e) == 0)
		rc = page_show(p, "application.html", e);
	look_clear(&l);
	return rc;
}

/* ---- the order ---- */

static int
take_text(struct page *p, const char *name, size_t max, const char **text,
    struct error *e)
{
	if (page_need(p, name, text, e) == -1)
		return -1;
	if (!text_is_clean(*text, strlen(*text), max))
		return error_set(e, ERROR_INPUT, "%s: not one line of clean "
		    "text of at most %zu bytes", name, max);
	return 0;
}

/* "id_card: 881122-3344, seen on .."; the kind is one of ours. */
static int
take_evidence(struct page *p, const char **comment, struct error *e)
{
	const char	*kind, *text;
	size_t		 i;

	if (page_need(p, "evidence", &kind, e) == -1 ||
	    take_text(p, "evidence_text", TEXT_MAX, &text, e) == -1)
		return -1;
	for (i = 0; i < NEVIDENCE; i++)
		if (strcmp(kind, evidence[i]) == 0) {
			*comment = arena_printf(p->arena, "%s: %s", kind,
			    text);
			return 0;
		}
	return error_set(e, ERROR_INPUT, "evidence: none of the kinds that "
	    "there are");
}

static int
check_waits(const struct look *l, struct error *e)
{
	if (strcmp(l->a.state, "waiting") == 0)
		return 0;
	return error_set(e, ERROR_CONFLICT, "the application is %s: nothing "
	    "to decide", l->a.state);
}

/* The holder as the store knows it, or a new one of this name. */
static int
take_holder(struct page *p, struct db_holder *h, struct error *e)
{
	struct db_holder	there;
	int			found;

	memset(h, 0, sizeof(*h));
	if (take_text(p, "holder", 64, &h->id, e) == -1 ||
	    take_text(p, "holder_name", WHO_MAX, &h->name, e) == -1)
		return -1;
	found = db_holder_find(p->db, h->id, &there, p->arena, e);
	return found == -1 ? -1 : 0;
}

static int
show_order(struct page *p, const struct look *l, struct draft *d,
    const struct db_holder *h, struct error *e)
{
	struct buf	 blob = { 0 }, der = { 0 }, act = { 0 };
	uint8_t		 digest[ORDER_DIGEST];
	char		*summary = NULL;
	int		 rc = -1;

	if (approval_wrap(&blob, d->order, e) == -1 ||
	    order_encode(&der, d->order, e) == -1)
		goto out;
	EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL);
	summary = draft_summary(d);
	buf_str(&act, url(p, l, "/sign"));
	buf_str(&act, "?name=");
	form_escape(&act, h->name);
	rc = officer_sign_show(p, &l->s, d->order, digest, summary,
	    BYTES(blob.p, blob.len), buf_cstr(&act), url(p, l, ""), e);
 out:
	mem_free(&summary);
	buf_clear(&act);
	buf_clear(&der);
	buf_clear(&blob);
	return rc;
}

static int
order(struct page *p, struct error *e)
{
	struct look		 l;
	struct draft		 d = { 0 };
	struct draft_issue	 in = { 0 };
	struct db_holder	 h;
	int			 rc = -1;

	if (look(p, &l, e) == -1)
		return -1;
	in.profile = l.a.profile;
	in.request = l.csr;
	in.fields = &l.fields;
	if (check_waits(&l, e) == -1 || take_holder(p, &h, e) == -1 ||
	    take_evidence(p, &in.comment, e) == -1)
		goto out;
	in.holder = h.id;
	if (draft_issue(p->desk, &d, &in, e) == 0)
		rc = show_order(p, &l, &d, &h, e);
 out:
	draft_clear(&d);
	look_clear(&l);
	return rc;
}

struct linking {
	const struct look	*look;
	const struct order	*order;
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
check_about(struct page *p, const struct look *l, const struct order *o,
    struct error *e)
{
	if (!o->has_request || o->is_renewal ||
	    strcmp(o->profile, l->a.profile) != 0 ||
	    memcmp(o->request, l->csr->digest, ORDER_DIGEST) != 0)
		return error_set(e, ERROR_INPUT, "this order is not about "
		    "this application");
	return officer_scope_order(p, &l->s, o, e);
}

static int
store(struct page *p, struct look *l, struct approved *a, struct error *e)
{
	const char		*name = page_query(p, "name");
	struct db_holder	 h = { .id = a->order->holder, .name = name,
				    .mail = l->a.mail };
	struct linking		 link = { l, a->order };
	struct buf		 request = { 0 };
	struct draft		 d = { .order = a->order,
				    .profile = l->profile,
				    .request = &request, .nrequests = 1,
				    .also = link_order, .also_arg = &link };
	int			 rc;

	if (name == NULL || name[0] == '\0' ||
	    !text_is_clean(name, strlen(name), WHO_MAX))
		return error_set(e, ERROR_INPUT, "holder_name: not clean "
		    "text");
	buf_add(&request, l->a.request.p, l->a.request.len);
	rc = officer_sign_new(p, &l->s, &d, &h, e);
	buf_clear(&request);
	return rc;
}

static int
sign(struct page *p, struct error *e)
{
	struct look	 l;
	struct approved	*a = NULL;
	char		 hex[2 * DB_ORDER_ID + 1];
	int		 rc = -1;

	if (look(p, &l, e) == -1)
		return -1;
	if (check_waits(&l, e) == -1 ||
	    officer_sign_order(p, ORDER_ISSUE, &a, e) == -1 ||
	    check_about(p, &l, a->order, e) == -1 ||
	    store(p, &l, a, e) == -1)
		goto out;
	page_message(p, "flash.ordered");
	rc = page_redirect(p, arena_printf(p->arena, "/officer/order/%s",
	    text_hex(hex, a->order->id, DB_ORDER_ID)), e);
 out:
	approval_free(&a);
	look_clear(&l);
	return rc;
}

/* ---- rejecting ---- */

struct rejecting {
	struct page		*p;
	const struct look	*look;
	const char		*reason;
};

static int
reject_txn(struct db *db, void *arg, struct error *e)
{
	const struct rejecting	*j = arg;
	struct buf		 body = { 0 };
	struct bytes		 bytes;
	int			 rc;

	if (db_application_reject(db, j->look->a.id, j->reason, e) == -1)
		return -1;
	audit_begin(&body, "application-reject", j->p->now);
	audit_hex(&body, "application", j->look->a.id, DB_APPLICATION_ID);
	audit_str(&body, "profile", j->look->a.profile);
	audit_str(&body, "person", j->p->client.person);
	audit_str(&body, "reason", j->reason);
	bytes = BYTES(body.p, body.len);
	rc = db_audit_append(db, &bytes, 1, NULL, e);
	buf_clear(&body);
	return rc;
}

static int
reject(struct page *p, struct error *e)
{
	struct look		l;
	struct rejecting	j = { .p = p, .look = &l };
	int			rc = -1;

	if (take_text(p, "reason", TEXT_MAX, &j.reason, e) == -1 ||
	    look(p, &l, e) == -1)
		return -1;
	if (check_waits(&l, e) == 0 &&
	    db_txn(p->db, reject_txn, &j, e) == 0) {
		page_message(p, "flash.rejected");
		rc = page_redirect(p, "/officer/queue", e);
	}
	look_clear(&l);
	return rc;
}

const struct page_route PAGES_OFFICER_APPLICATION[] = {
	{ HTTP_GET, "/officer/application/{id}", PAGE_OFFICER, show, 0 },
	{ HTTP_POST, "/officer/application/{id}/order", PAGE_OFFICER, order,
	    0 },
	{ HTTP_POST, "/officer/application/{id}/sign", PAGE_OFFICER, sign,
	    0 },
	{ HTTP_POST, "/officer/application/{id}/reject", PAGE_OFFICER,
	    reject, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
