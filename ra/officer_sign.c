/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An officer decides: the page shows the order, the security key signs its
 * digest, and the RA's own process puts both into the order.  What comes of
 * it the CA judges; what is refused here is refused early and in words.
 */
#include <string.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"
#include "desk/draft.h"
#include "desk/submit.h"
#include "officer.h"

#define ITEMS_SHOWN	20

/* ---- showing it ---- */

static void
put_order(struct page *p, const struct order *o,
    const uint8_t digest[ORDER_DIGEST], const char *summary)
{
	json_t		*order = json_object();
	struct buf	 text = { 0 };
	char		 hex[2 * ORDER_DIGEST + 1];

	order_describe(&text, o, ITEMS_SHOWN);
	officer_put(order, "summary", summary);
	officer_put(order, "text", buf_cstr(&text));
	officer_put(order, "digest", text_hex(hex, digest, ORDER_DIGEST));
	page_put(p, "order", order);
	buf_clear(&text);
}

static void
put_keys(struct page *p, const struct officer_scope *s)
{
	struct buf	 ids = { 0 };
	char		*id;
	size_t		 i;

	for (i = 0; i < s->n; i++) {
		id = text_base64url(s->key[i].credential.p,
		    s->key[i].credential.len);
		buf_printf(&ids, "%s%s", i > 0 ? " " : "", id);
		mem_free(&id);
	}
	page_put_text(p, "credentials", buf_cstr(&ids));
	page_put_bool(p, "has_credentials", s->n > 0);
	page_put_text(p, "rp", s->n > 0 ? s->key[0].rp_id : "");
	buf_clear(&ids);
}

static int
show(struct page *p, const struct officer_scope *s, const struct order *o,
    const uint8_t digest[ORDER_DIGEST], const char *summary,
    struct bytes blob, struct error *e)
{
	char	 hex[2 * ORDER_ID_SIZE + 1], short_id[REVIEW_SHORT + 1];
	char	*challenge, *carried;

	challenge = text_base64url(digest, ORDER_DIGEST);
	carried = text_base64(blob.p, blob.len);
	page_put_text(p, "id", text_hex(hex, o->id, ORDER_ID_SIZE));
	page_put_text(p, "short", review_short_id(short_id, o->id));
	page_put_text(p, "challenge", challenge);
	page_put_text(p, "blob", carried);
	put_order(p, o, digest, summary);
	put_keys(p, s);
	mem_free(&challenge);
	mem_free(&carried);
	return page_show(p, "order_sign.html", e);
}

int
officer_sign_show(struct page *p, const struct officer_scope *s,
    const struct review *r, const char *act, const char *back,
    struct error *e)
{
	page_put_url(p, "act", act);
	page_put_url(p, "back", back);
	return show(p, s, r->approved->order, r->row.digest, r->row.summary,
	    BYTES(NULL, 0), e);
}

int
officer_sign_draft(struct page *p, const struct officer_scope *s,
    const struct draft *d, const char *act, const char *back,
    struct error *e)
{
	struct buf	 blob = { 0 }, der = { 0 };
	uint8_t		 digest[ORDER_DIGEST];
	char		*summary = draft_summary(d);
	int		 rc = -1;

	page_put_url(p, "act", act);
	page_put_url(p, "back", back);
	if (approval_wrap(&blob, d->order, e) == -1 ||
	    order_encode(&der, d->order, e) == -1)
		goto out;
	digest_sha256(digest, der.p, der.len);
	rc = show(p, s, d->order, digest, arena_printf(p->arena, "%s %s",
	    order_kind_name(d->order->kind), summary), BYTES(blob.p,
	    blob.len), e);
 out:
	mem_free(&summary);
	buf_clear(&der);
	buf_clear(&blob);
	return rc;
}

void
officer_carry(struct page *p, const char *name, const char *value)
{
	json_t	*list = json_object_get(p->data, "carried"), *o;

	if (list == NULL)
		page_put(p, "carried", list = json_array());
	o = json_object();
	officer_put(o, "name", name);
	officer_put(o, "value", value);
	json_array_append_new(list, o);
}

/* ---- taking the signature ---- */

static int
take_field(struct page *p, const char *name, size_t max, struct bytes *out,
    struct error *e)
{
	const char	*text;
	struct buf	 b = { 0 };
	int		 rc;

	if (page_need(p, name, &text, e) == -1)
		return -1;
	if (strlen(text) > 2 * max)
		return error_set(e, ERROR_INPUT, "%s: too long", name);
	if ((rc = base64url_parse(&b, text, strlen(text), e)) == 0)
		*out = BYTES(arena_dup(p->arena, b.p, b.len), b.len);
	buf_clear(&b);
	return rc == 0 ? 0 : error_wrap(e, "%s", name);
}

static const struct db_credential *
find_key(const struct officer_scope *s, struct bytes id)
{
	size_t	i;

	for (i = 0; i < s->n; i++)
		if (bytes_equal(s->key[i].credential, id))
			return &s->key[i];
	return NULL;
}

/* The assertion that the form has sent, with its bind order, as the sealer
 * takes it.  ERROR_INPUT, ERROR_DENIED for a key that is not bound to who
 * asks. */
static int
officer_sign_take(struct page *p, const struct officer_scope *s,
    struct buf *out, struct error *e)
{
	const struct db_credential	*key;
	struct assertion		 as = { 0 };

	if (take_field(p, "credential", 1024, &as.credential, e) == -1 ||
	    take_field(p, "authenticator_data", 1024, &as.auth_data,
	    e) == -1 ||
	    take_field(p, "client_data", ASSERTION_CLIENT_MAX,
	    &as.client_data, e) == -1 ||
	    take_field(p, "signature", ASSERTION_SIGNATURE_MAX, &as.signature,
	    e) == -1)
		return -1;
	if ((key = find_key(s, as.credential)) == NULL) {
		error_set(e, ERROR_DENIED, "this security key is not bound to "
		    "you");
		return error_hint(e, "register it first");
	}
	memcpy(as.cert, p->client.digest, sizeof(as.cert));
	as.bind = key->blob;
	return assertion_encode(out, &as, e);
}

/* The CMS of an order that nobody has approved. */
int
officer_sign_order(struct page *p, enum order_kind kind,
    struct approved **a, struct error *e)
{
	const char	*text;
	struct buf	 der = { 0 };
	int		 rc = -1;

	*a = NULL;
	if (page_need(p, "blob", &text, e) == -1)
		return -1;
	if (base64_parse(&der, text, strlen(text), e) == 0)
		rc = approval_open(a, BYTES(der.p, der.len), e);
	buf_clear(&der);
	if (rc == -1) {
		e->code = ERROR_INPUT;
		return error_wrap(e, "the order that was shown");
	}
	if ((*a)->order->kind == kind && (*a)->n == 0)
		return 0;
	approval_free(a);
	return error_set(e, ERROR_INPUT, "this is not the order that was "
	    "shown");
}

struct sealing {
	struct page	*page;
	struct bytes	 assertion;
};

static int
seal(void *arg, struct buf *out, struct bytes blob, struct error *e)
{
	struct sealing	*s = arg;

	return page_seal(s->page, blob, s->assertion, out, e);
}

static int
approve(struct page *p, struct review *r, struct bytes assertion,
    struct error *e)
{
	struct sealing		 how = { p, assertion };
	struct desk_signer	 was = p->desk->signer;
	int			 rc;

	p->desk->signer = (struct desk_signer){ .cert = p->client.cert,
	    .sign = seal, .arg = &how };
	rc = submit_approval_once(p->desk, r, e);
	p->desk->signer = was;
	return rc;
}

int
officer_sign_approve(struct page *p, const struct officer_scope *s,
    struct review *r, struct error *e)
{
	struct buf	assertion = { 0 };
	int		rc = -1;

	if (officer_sign_take(p, s, &assertion, e) == 0)
		rc = approve(p, r, BYTES(assertion.p, assertion.len), e);
	buf_clear(&assertion);
	return rc;
}

/* Would the CA take this assertion for this order?  Asked before anything is
 * stored. */
static int
try_assertion(struct page *p, const struct order *o, struct bytes assertion,
    struct error *e)
{
	struct buf	blob = { 0 }, sealed = { 0 };
	int		rc = -1;

	if (approval_wrap(&blob, o, e) == 0)
		rc = page_seal(p, BYTES(blob.p, blob.len), assertion, &sealed,
		    e);
	buf_clear(&sealed);
	buf_clear(&blob);
	return rc;
}

int
officer_sign_by(struct page *p, const struct officer_scope *s,
    struct draft *d, officer_store_fn *store, void *arg, struct error *e)
{
	struct review	r = { 0 };
	struct buf	assertion = { 0 };
	struct bytes	bytes;
	int		rc = -1;

	if (officer_sign_take(p, s, &assertion, e) == -1)
		goto out;
	bytes = BYTES(assertion.p, assertion.len);
	p->desk->who = p->client.person;
	if (try_assertion(p, d->order, bytes, e) == -1 ||
	    store(p, d, arg, e) == -1 ||
	    review_load_id(p->desk, d->order->id, &r, e) == -1)
		goto out;
	rc = approve(p, &r, bytes, e);
 out:
	review_clear(&r);
	buf_clear(&assertion);
	return rc;
}

static int
store_one(struct page *p, struct draft *d, void *arg, struct error *e)
{
	const struct db_holder *const	*holder = arg;

	return submit_draft(p->desk, d, *holder, NULL, e) == -1 ? -1 : 0;
}

int
officer_sign_new(struct page *p, const struct officer_scope *s,
    const struct draft *d, const struct db_holder *holder, struct error *e)
{
	struct draft	copy = *d;

	return officer_sign_by(p, s, &copy, store_one, &holder, e);
}
