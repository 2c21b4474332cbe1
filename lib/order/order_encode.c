/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/asn1t.h>
#include "order/order_private.h"
#include "x509/der.h"

/* The three setters return false when memory is gone, or a time is past
 * 9999, and do nothing when there is nothing to set. */
static bool
wire_put(ASN1_STRING **dst, int type, const void *p, size_t n)
{
	if (p == NULL)
		return true;
	ASN1_STRING_free(*dst);
	return (*dst = ASN1_STRING_type_new(type)) != NULL &&
	    ASN1_STRING_set(*dst, p, (int)n) == 1;
}

static bool
wire_put_text(ASN1_UTF8STRING **dst, const char *s)
{
	return wire_put(dst, V_ASN1_UTF8STRING, s, s != NULL ? strlen(s) : 0);
}

static bool
wire_put_time(ASN1_GENERALIZEDTIME **dst, int64_t t)
{
	char	 text[16];

	return t == 0 || (order_time_format(text, t) &&
	    wire_put(dst, V_ASN1_GENERALIZEDTIME, text, 15));
}

static bool
wire_put_int(ASN1_INTEGER **dst, int64_t n)
{
	return (*dst != NULL || (*dst = ASN1_INTEGER_new()) != NULL) &&
	    ASN1_INTEGER_set_int64(*dst, n) == 1;
}

static bool
wire_put_enum(ASN1_ENUMERATED **dst, int64_t n)
{
	return (*dst != NULL || (*dst = ASN1_ENUMERATED_new()) != NULL) &&
	    ASN1_ENUMERATED_set_int64(*dst, n) == 1;
}

static bool
wire_put_list(ASN1_STRING **dst, struct buf *der)
{
	bool	 ok = wire_put(dst, V_ASN1_SEQUENCE, der->p, der->len);

	buf_clear(der);
	return ok;
}

static void
put_fields(struct buf *der, const struct fields *fields)
{
	size_t	 list, field, i;

	list = der_begin(der, DER_SEQUENCE);
	for (i = 0; i < fields->n; i++) {
		field = der_begin(der, DER_SEQUENCE);
		der_put_str(der, DER_UTF8, fields->v[i].name);
		der_put_str(der, DER_UTF8, fields->v[i].value);
		der_end(der, field);
	}
	der_end(der, list);
}

static void
put_items(struct buf *der, const struct order *o)
{
	const struct order_item	*item;
	size_t			 list, mark, i;

	list = der_begin(der, DER_SEQUENCE);
	for (i = 0; i < o->nitems; i++) {
		item = &o->item[i];
		mark = der_begin(der, DER_SEQUENCE);
		der_put_int(der, item->n);
		der_put_str(der, DER_UTF8, item->holder);
		put_fields(der, &item->fields);
		if (item->has_request)
			der_put(der, DER_CONTEXT(0), item->request,
			    ORDER_DIGEST);
		der_end(der, mark);
	}
	der_end(der, list);
}

static void
put_targets(struct buf *der, const struct order *o)
{
	size_t	 list, mark, i;

	list = der_begin(der, DER_SEQUENCE);
	for (i = 0; i < o->ntargets; i++) {
		mark = der_begin(der, DER_SEQUENCE);
		der_put_str(der, DER_UTF8, o->target[i].ca);
		der_put_uint(der, o->target[i].serial,
		    o->target[i].serial_len);
		der_end(der, mark);
	}
	der_end(der, list);
}

static bool
wire_put_lists(struct wire *w, const struct order *o)
{
	struct buf	 der = { 0 };

	if (o->kind == ORDER_ISSUE || o->fields.n > 0) {
		put_fields(&der, &o->fields);
		if (!wire_put_list(&w->fields, &der))
			return false;
	}
	if (o->nitems > 0) {
		put_items(&der, o);
		if (!wire_put_list(&w->items, &der))
			return false;
	}
	if (o->ntargets > 0) {
		put_targets(&der, o);
		if (!wire_put_list(&w->targets, &der))
			return false;
	}
	if (o->kind == ORDER_BIND) {
		order_bind_put(&der, &o->bind);
		if (!wire_put_list(&w->bind, &der))
			return false;
	}
	return true;
}

static bool
wire_put_code(struct wire *w, const struct order *o)
{
	if (!o->has_code)
		return true;
	return (w->code = (struct wire_code *)ASN1_item_new(
	    order_wire_code_it())) != NULL &&
	    wire_put(&w->code->salt, V_ASN1_OCTET_STRING, o->code_salt,
	    sizeof(o->code_salt)) &&
	    wire_put(&w->code->key, V_ASN1_OCTET_STRING, o->code_key,
	    sizeof(o->code_key));
}

static bool
wire_put_audit(struct wire *w, const struct order *o)
{
	if (o->kind != ORDER_ADOPT)
		return true;
	return (w->audit = (struct wire_audit *)ASN1_item_new(
	    order_wire_audit_it())) != NULL &&
	    wire_put_int(&w->audit->seq, o->audit_seq) &&
	    wire_put(&w->audit->hash, V_ASN1_OCTET_STRING, o->audit_hash,
	    sizeof(o->audit_hash));
}

static bool
wire_put_head(struct wire *w, const struct order *o)
{
	return wire_put_int(&w->version, order_version(o->kind)) &&
	    wire_put(&w->id, V_ASN1_OCTET_STRING, o->id, sizeof(o->id)) &&
	    wire_put_enum(&w->kind, o->kind) &&
	    wire_put_time(&w->created, o->created) &&
	    wire_put_time(&w->expires, o->expires) &&
	    wire_put_text(&w->comment, o->comment);
}

static bool
wire_put_body(struct wire *w, const struct order *o)
{
	bool	 item = o->kind == ORDER_ITEM;

	return wire_put_text(&w->ca, o->ca) &&
	    wire_put_text(&w->profile, o->profile) &&
	    wire_put_time(&w->until, o->until) &&
	    wire_put_text(&w->holder, o->holder) &&
	    wire_put(&w->request, V_ASN1_OCTET_STRING,
	    o->has_request || item ? o->request : NULL, ORDER_DIGEST) &&
	    wire_put(&w->renews, V_ASN1_INTEGER,
	    o->is_renewal ? o->renews : NULL, o->renews_len) &&
	    wire_put(&w->batch, V_ASN1_OCTET_STRING, item ? o->batch : NULL,
	    sizeof(o->batch)) &&
	    (!item || wire_put_int(&w->n, o->n)) &&
	    wire_put(&w->rejects, V_ASN1_OCTET_STRING,
	    o->kind == ORDER_REJECT ? o->rejects : NULL,
	    sizeof(o->rejects)) &&
	    wire_put(&w->unbinds, V_ASN1_OCTET_STRING,
	    o->kind == ORDER_UNBIND ? o->unbinds : NULL,
	    sizeof(o->unbinds)) &&
	    wire_put(&w->permits, V_ASN1_OCTET_STRING,
	    o->kind == ORDER_PERMIT ? o->permits : NULL,
	    sizeof(o->permits)) &&
	    wire_put_text(&w->selector, o->selector) &&
	    (o->kind != ORDER_REVOKE || wire_put_enum(&w->reason, o->reason))
	    && wire_put_time(&w->invalid_since, o->invalid_since) &&
	    wire_put_lists(w, o) && wire_put_code(w, o) &&
	    wire_put_audit(w, o);
}

static int
wire_encode(struct buf *out, const struct wire *w, struct error *e)
{
	const ASN1_VALUE	*value = (const ASN1_VALUE *)w;
	unsigned char		*p;
	int			 n;

	if ((n = ASN1_item_i2d(value, NULL, order_wire_it())) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	if ((unsigned int)n > ORDER_MAX)
		return error_set(e, ERROR_INPUT,
		    "would have %d bytes, more than %u", n, ORDER_MAX);
	buf_reserve(out, (size_t)n);
	p = out->p + out->len;
	if (ASN1_item_i2d(value, &p, order_wire_it()) != n)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	out->len += (size_t)n;
	return 0;
}

int
order_encode(struct buf *out, const struct order *o, struct error *e)
{
	struct wire	*w = NULL;
	int		 rc = -1;

	if (order_check(o, e) == -1)
		goto out;
	w = (struct wire *)ASN1_item_new(order_wire_it());
	if (w == NULL || !wire_put_head(w, o) || !wire_put_body(w, o)) {
		error_ssl(e, ERROR_INPUT, "a value does not fit");
		goto out;
	}
	if (order_wire_check(w, o->kind, e) == -1 ||
	    wire_encode(out, w, e) == -1)
		goto out;
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "order");
	ASN1_item_free((ASN1_VALUE *)w, order_wire_it());
	return rc;
}
