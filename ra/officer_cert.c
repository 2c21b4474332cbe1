/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate: looked at, revoked, put on hold, released.
 */
#include <string.h>
#include <openssl/x509v3.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/text.h"
#include "db/db_archive.h"
#include "desk/draft.h"
#include "desk/selector.h"
#include "desk/target.h"
#include "officer.h"
#include "x509/cert.h"

#define COMMENT_MAX	400
#define OTHERS_SHOWN	20

/* ---- one ---- */

/* That it is gone and where, but not whose it was: the names by which that is
 * decided went with it. */
static int
not_here(struct page *p, const struct officer_scope *s,
    const struct db_serial *serial, struct error *e)
{
	struct db_archived	x;
	char			hex[2 * DB_SERIAL + 1], at[TEXT_TIME_SIZE];
	int			found = 0;

	if (s->n > 0 && serial->len > 0)
		found = db_archived_find(p->db, page_arg(p, "ca"), serial, &x,
		    p->arena, e);
	if (found == -1)
		return -1;
	if (found == 0)
		return error_set(e, ERROR_NOTFOUND, "no such certificate");
	text_time(at, x.not_after);
	return error_set(e, ERROR_NOTFOUND, "certificate %s expired on %.10s "
	    "and is in archive %s, not in the store any more", text_hex(hex,
	    serial->p, serial->len), at, x.archive);
}

static int
find(struct page *p, const struct officer_scope *s, struct db_cert *c,
    struct error *e)
{
	struct db_serial	serial = { { 0 }, 0 };
	struct error		why = ERROR_INIT;
	int			found = 0;

	if (text_unhex(serial.p, sizeof(serial.p), &serial.len,
	    page_arg(p, "serial"), &why) == 0)
		found = db_cert_find(p->db, page_arg(p, "ca"), &serial, c,
		    p->arena, e);
	if (found == -1)
		return -1;
	error_clear(&why);
	if (found == 1 && officer_scope_cert(p, s, c, &why) == 0)
		return 0;
	if (s->n == 0 && found == 1) {
		*e = why;
		return -1;
	}
	if (found == 1)
		return error_set(e, ERROR_NOTFOUND, "no such certificate");
	return not_here(p, s, &serial, e);
}

static void
put_pem(struct page *p, const struct db_cert *c)
{
	struct buf	 pem = { 0 };

	base64_put_pem(&pem, "CERTIFICATE", c->der);
	page_put_text(p, "pem", buf_cstr(&pem));
	buf_clear(&pem);
}

static json_t *
mails_json(X509 *x)
{
	STACK_OF(OPENSSL_STRING)	*mails = X509_get1_email(x);
	json_t				*list = json_array();
	int				 i;

	for (i = 0; i < sk_OPENSSL_STRING_num(mails); i++)
		json_array_append_new(list, json_string(
		    sk_OPENSSL_STRING_value(mails, i)));
	X509_email_free(mails);
	return list;
}

static int
put_cert(struct page *p, const struct db_cert *c, struct error *e)
{
	const unsigned char	*der = c->der.p;
	X509			*x = d2i_X509(NULL, &der, (long)c->der.len);
	EVP_PKEY		*key;
	json_t			*o;
	uint8_t			 digest[32];
	char			 hex[65];

	if (x == NULL)
		return error_ssl(e, ERROR_BUG, "certificate of the store");
	o = officer_cert_json(p, c);
	officer_put_time(o, "not_before", c->not_before);
	officer_put_time(o, "not_after", c->not_after);
	officer_put(o, "subject", c->subject);
	officer_put(o, "reason", c->reason >= 0 ?
	    selector_reason_name(c->reason) : NULL);
	officer_put_time(o, "changed_at", c->revoked_at);
	digest_sha256(digest, c->der.p, c->der.len);
	officer_put(o, "sha256", text_hex(hex, digest, sizeof(digest)));
	key = X509_get0_pubkey(x);
	json_object_set_new(o, "key", json_sprintf("%s, %d",
	    key != NULL ? EVP_PKEY_get0_type_name(key) : "?",
	    key != NULL ? EVP_PKEY_get_bits(key) : 0));
	json_object_set_new(o, "mails", mails_json(x));
	page_put(p, "cert", o);
	put_pem(p, c);
	X509_free(x);
	return 0;
}

static int
put_history(struct page *p, const struct db_cert *c, struct error *e)
{
	struct db_status_entries	 h;
	json_t				*list, *o;
	char				 hex[2 * DB_ORDER_ID + 1];
	size_t				 i;

	if (db_cert_history(p->db, c->ca, &c->serial, &h, p->arena, e) == -1)
		return -1;
	list = json_array();
	o = json_object();
	officer_put_time(o, "at", c->issued_at);
	officer_put(o, "text", "issue");
	officer_put(o, "order", text_hex(hex, c->ref.order_id, DB_ORDER_ID));
	json_array_append_new(list, o);
	for (i = 0; i < h.n; i++) {
		o = json_object();
		officer_put_time(o, "at", h.v[i].changed_at);
		officer_put(o, "text", h.v[i].status);
		officer_put(o, "order", text_hex(hex, h.v[i].order_id,
		    DB_ORDER_ID));
		json_array_append_new(list, o);
	}
	page_put(p, "history", list);
	return 0;
}

/* Of the same person. */
static int
put_others(struct page *p, const struct db_cert *c, struct error *e)
{
	struct db_cert_filter	 f = { .holder = c->holder };
	struct db_certs		 all = { NULL, 0 };
	json_t			*list;
	size_t			 i;

	if (c->holder != NULL && db_cert_list(p->db, &f, 0, OTHERS_SHOWN,
	    &all, p->arena, e) == -1)
		return -1;
	list = json_array();
	for (i = 0; i < all.n; i++)
		if (all.v[i].id != c->id)
			json_array_append_new(list, officer_cert_json(p,
			    &all.v[i]));
	page_put(p, "others", list);
	return 0;
}

static void
put_acts(struct page *p, const struct db_cert *c)
{
	static const char *const	 reasons[] = { "keyCompromise",
		"superseded", "affiliationChanged", "cessationOfOperation",
		"privilegeWithdrawn", "unspecified" };
	json_t				*list = json_array();
	size_t				 i;
	bool				 lives = c->not_after > p->now;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		json_array_append_new(list, json_pack("{s:s}", "value",
		    reasons[i]));
	page_put(p, "reasons", list);
	page_put_bool(p, "may_revoke", lives &&
	    strcmp(c->status, "revoked") != 0);
	page_put_bool(p, "may_hold", lives && strcmp(c->status, "good") == 0);
	page_put_bool(p, "may_release", lives &&
	    strcmp(c->status, "held") == 0);
}

static int
show(struct page *p, struct error *e)
{
	struct officer_scope	s;
	struct db_cert		c;
	int			rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (find(p, &s, &c, e) == 0 && put_cert(p, &c, e) == 0 &&
	    put_history(p, &c, e) == 0 && put_others(p, &c, e) == 0) {
		put_acts(p, &c);
		rc = page_show(p, "cert.html", e);
	}
	return rc;
}

/* ---- acts ---- */

static int
read_act(struct page *p, enum order_kind *kind, int *reason,
    struct error *e)
{
	const char	*act, *text;

	if (page_need(p, "act", &act, e) == -1)
		return -1;
	*reason = 0;
	if (strcmp(act, "revoke") == 0)
		*kind = ORDER_REVOKE;
	else if (strcmp(act, "hold") == 0) {
		*kind = ORDER_HOLD;
		*reason = 6;
	} else if (strcmp(act, "release") == 0)
		*kind = ORDER_RELEASE;
	else
		return error_set(e, ERROR_INPUT, "act: none of revoke, hold, "
		    "release");
	if (*kind != ORDER_REVOKE)
		return 0;
	if (page_need(p, "reason", &text, e) == -1 ||
	    selector_reason(reason, text, e) == -1)
		return -1;
	return *reason != 6 ? 0 : error_set(e, ERROR_INPUT,
	    "certificateHold is no reason to revoke");
}

static char *
cert_url(struct page *p, const struct db_cert *c, const char *what)
{
	char	hex[2 * DB_SERIAL + 1];

	return arena_printf(p->arena, "/officer/cert/%s/%s%s", c->ca,
	    text_hex(hex, c->serial.p, c->serial.len), what);
}

static int
make_order(struct page *p, const struct officer_scope *s,
    const struct db_cert *c, enum order_kind kind, int reason,
    struct error *e)
{
	const char		*comment = page_field(p, "comment");
	const char		*serial;
	char			 hex[2 * DB_SERIAL + 1];
	struct target_ask	 ask = { .serial = &serial, .nserials = 1 };
	struct targets		 t = { 0 };
	struct draft		 d = { 0 };
	int			 rc = -1;

	text_hex(hex, c->serial.p, c->serial.len);
	serial = arena_printf(p->arena, "%s/%s", c->ca, hex);
	if (comment != NULL && !text_is_clean(comment, strlen(comment),
	    COMMENT_MAX))
		return error_set(e, ERROR_INPUT, "comment: not one line of "
		    "clean text of at most %d bytes", COMMENT_MAX);
	if (target_resolve(p->desk, kind, &ask, &t, e) == -1 ||
	    draft_new(p->desk, &d, kind, NULL, e) == -1)
		goto out;
	d.order->reason = reason;
	if (comment != NULL && comment[0] != '\0')
		d.order->comment = mem_strdup(comment);
	target_set(d.order, &t);
	rc = officer_sign_draft(p, s, &d, cert_url(p, c, "/sign"),
	    cert_url(p, c, ""), e);
 out:
	draft_clear(&d);
	target_clear(&t);
	return rc;
}

static int
act(struct page *p, struct error *e)
{
	struct officer_scope	s;
	struct db_cert		c;
	enum order_kind		kind;
	int			reason, rc = -1;

	if (read_act(p, &kind, &reason, e) == -1 ||
	    officer_scope(p, &s, e) == -1)
		return -1;
	if (find(p, &s, &c, e) == 0)
		rc = make_order(p, &s, &c, kind, reason, e);
	return rc;
}

/* The order that was shown is about this certificate and no other. */
static int
check_about(const struct order *o, const struct db_cert *c, struct error *e)
{
	if (o->ntargets == 1 && strcmp(o->target[0].ca, c->ca) == 0 &&
	    bytes_equal(BYTES(o->target[0].serial, o->target[0].serial_len),
	    BYTES(c->serial.p, c->serial.len)))
		return 0;
	return error_set(e, ERROR_INPUT, "this order is about another "
	    "certificate");
}

static int
take_order(struct page *p, struct approved **a, struct error *e)
{
	static const enum order_kind	kinds[] = { ORDER_REVOKE, ORDER_HOLD,
					    ORDER_RELEASE };
	size_t				i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		error_clear(e);
		if (officer_sign_order(p, kinds[i], a, e) == 0)
			return 0;
	}
	return -1;
}

static int
sign(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	struct db_cert		 c;
	struct approved		*a = NULL;
	struct draft		 d = { 0 };
	int			 rc = -1;

	if (officer_scope(p, &s, e) == -1)
		return -1;
	if (find(p, &s, &c, e) == -1 || take_order(p, &a, e) == -1 ||
	    check_about(a->order, &c, e) == -1)
		goto out;
	d.order = a->order;
	if (officer_sign_new(p, &s, &d, NULL, e) == -1)
		goto out;
	page_message(p, "flash.ordered");
	rc = page_redirect(p, cert_url(p, &c, ""), e);
 out:
	approval_free(&a);
	return rc;
}

const struct page_route PAGES_OFFICER_CERT[] = {
	{ HTTP_GET, "/officer/cert/{ca}/{serial}", PAGE_OFFICER, show, 0 },
	{ HTTP_POST, "/officer/cert/{ca}/{serial}", PAGE_OFFICER, act, 0 },
	{ HTTP_POST, "/officer/cert/{ca}/{serial}/sign", PAGE_OFFICER, sign,
	    0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
