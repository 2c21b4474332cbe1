/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders to DER and back; doc/order.asn1 is the module.
 *
 * The outer structure is an OpenSSL template.  The lists (fields, items,
 * targets) are kept by it as raw bytes and walked here one element at a
 * time: a template would hold a batch of 100,000 items three times over and
 * take ten times as long (doc/decisions/0011-order-lists.md).
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <openssl/asn1t.h>
#include "base/text.h"
#include "order/order.h"
#include "x509/der.h"

#define DEPTH		12
#define REASON_HOLD	6
#define REASON_RELEASE	8

struct wire_code {
	ASN1_OCTET_STRING	*salt, *key;
};

struct wire_audit {
	ASN1_INTEGER		*seq;
	ASN1_OCTET_STRING	*hash;
};

struct wire {
	ASN1_INTEGER		*version;
	ASN1_OCTET_STRING	*id;
	ASN1_ENUMERATED		*kind;
	ASN1_GENERALIZEDTIME	*created, *expires;
	ASN1_UTF8STRING		*comment, *ca, *profile;
	ASN1_GENERALIZEDTIME	*until;
	ASN1_UTF8STRING		*holder;
	ASN1_STRING		*fields;	/* SEQUENCE, with its header */
	ASN1_OCTET_STRING	*request;
	struct wire_code	*code;
	ASN1_INTEGER		*renews;
	ASN1_STRING		*items;		/* SEQUENCE */
	ASN1_OCTET_STRING	*batch;
	ASN1_INTEGER		*n;
	ASN1_STRING		*targets;	/* SEQUENCE */
	ASN1_UTF8STRING		*selector;
	ASN1_ENUMERATED		*reason;
	ASN1_GENERALIZEDTIME	*invalid_since;
	struct wire_audit	*audit;
};

ASN1_SEQUENCE(WIRE_CODE) = {
	ASN1_SIMPLE(struct wire_code, salt, ASN1_OCTET_STRING),
	ASN1_SIMPLE(struct wire_code, key, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct wire_code, WIRE_CODE)

ASN1_SEQUENCE(WIRE_AUDIT) = {
	ASN1_SIMPLE(struct wire_audit, seq, ASN1_INTEGER),
	ASN1_SIMPLE(struct wire_audit, hash, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END_name(struct wire_audit, WIRE_AUDIT)

ASN1_SEQUENCE(WIRE) = {
	ASN1_SIMPLE(struct wire, version, ASN1_INTEGER),
	ASN1_SIMPLE(struct wire, id, ASN1_OCTET_STRING),
	ASN1_SIMPLE(struct wire, kind, ASN1_ENUMERATED),
	ASN1_SIMPLE(struct wire, created, ASN1_GENERALIZEDTIME),
	ASN1_SIMPLE(struct wire, expires, ASN1_GENERALIZEDTIME),
	ASN1_EXP_OPT(struct wire, comment, ASN1_UTF8STRING, 0),
	ASN1_EXP_OPT(struct wire, ca, ASN1_UTF8STRING, 1),
	ASN1_EXP_OPT(struct wire, profile, ASN1_UTF8STRING, 2),
	ASN1_EXP_OPT(struct wire, until, ASN1_GENERALIZEDTIME, 3),
	ASN1_EXP_OPT(struct wire, holder, ASN1_UTF8STRING, 4),
	ASN1_EXP_OPT(struct wire, fields, ASN1_SEQUENCE, 5),
	ASN1_EXP_OPT(struct wire, request, ASN1_OCTET_STRING, 6),
	ASN1_EXP_OPT(struct wire, code, WIRE_CODE, 7),
	ASN1_EXP_OPT(struct wire, renews, ASN1_INTEGER, 8),
	ASN1_EXP_OPT(struct wire, items, ASN1_SEQUENCE, 9),
	ASN1_EXP_OPT(struct wire, batch, ASN1_OCTET_STRING, 10),
	ASN1_EXP_OPT(struct wire, n, ASN1_INTEGER, 11),
	ASN1_EXP_OPT(struct wire, targets, ASN1_SEQUENCE, 12),
	ASN1_EXP_OPT(struct wire, selector, ASN1_UTF8STRING, 13),
	ASN1_EXP_OPT(struct wire, reason, ASN1_ENUMERATED, 14),
	ASN1_EXP_OPT(struct wire, invalid_since, ASN1_GENERALIZEDTIME, 15),
	ASN1_EXP_OPT(struct wire, audit, WIRE_AUDIT, 16),
} static_ASN1_SEQUENCE_END_name(struct wire, WIRE)

/* Which kinds of order must have an optional element, and which may. */
#define K(kind)		(1u << ORDER_##kind)
#define K_CERT		(K(ISSUE) | K(BATCH))
#define K_STATUS	(K(REVOKE) | K(HOLD) | K(RELEASE))
#define K_ALL		((1u << ORDER__MAX) - 1)
#define OPTION(f, needs, takes)	{ #f, offsetof(struct wire, f), needs, takes }

static const struct option {
	const char	*name;
	size_t		 offset;
	unsigned int	 needs, takes;		/* sets of kinds */
} options[] = {
	OPTION(comment, 0, K_ALL),
	OPTION(ca, K_CERT, K_CERT),
	OPTION(profile, K_CERT, K_CERT),
	OPTION(until, 0, K_CERT),
	OPTION(holder, K(ISSUE), K(ISSUE)),
	OPTION(fields, K(ISSUE), K(ISSUE)),
	OPTION(request, K(ITEM), K(ISSUE) | K(ITEM)),
	OPTION(code, 0, K(ISSUE)),
	OPTION(renews, 0, K(ISSUE)),
	OPTION(items, K(BATCH), K(BATCH)),
	OPTION(batch, K(ITEM), K(ITEM)),
	OPTION(n, K(ITEM), K(ITEM)),
	OPTION(targets, K_STATUS, K_STATUS),
	OPTION(selector, 0, K_STATUS),
	OPTION(reason, K(REVOKE), K(REVOKE)),
	OPTION(invalid_since, 0, K(REVOKE)),
	OPTION(audit, K(ADOPT), K(ADOPT)),
};

static int
wire_check(const struct wire *w, enum order_kind kind, struct error *e)
{
	const struct option	*opt;
	unsigned int		 bit = 1u << kind;
	void			*value;
	size_t			 i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		opt = &options[i];
		memcpy(&value, (const char *)w + opt->offset, sizeof(value));
		if (value == NULL && (opt->needs & bit) != 0)
			return error_set(e, ERROR_INPUT,
			    "an order of kind %s needs \"%s\"",
			    order_kind_name(kind), opt->name);
		if (value != NULL && (opt->takes & bit) == 0)
			return error_set(e, ERROR_INPUT,
			    "an order of kind %s has no \"%s\"",
			    order_kind_name(kind), opt->name);
	}
	if (kind == ORDER_ISSUE && (w->request == NULL) == (w->code == NULL))
		return error_set(e, ERROR_INPUT,
		    "an order of kind issue needs either \"request\" or "
		    "\"code\"");
	return 0;
}

/* ---- what an order may say, whichever way it came ---- */

static int
check_text(const char *what, const char *s, size_t max, struct error *e)
{
	if (s == NULL || *s == '\0')
		return error_set(e, ERROR_INPUT, "%s is empty", what);
	if (!text_is_clean(s, strlen(s), max))
		return error_set(e, ERROR_INPUT, "%s is not clean UTF-8 text "
		    "of at most %zu bytes", what, max);
	return 0;
}

static int
check_name(const char *what, const char *s, struct error *e)
{
	if (s == NULL || !text_is_name(s))
		return error_set(e, ERROR_INPUT, "%s is not a name", what);
	return 0;
}

static int
check_fields(const struct fields *fields, struct error *e)
{
	const struct field	*f;
	size_t			 i;

	if (fields->n > FIELDS_MAX)
		return error_set(e, ERROR_INPUT, "%zu fields: at most %d",
		    fields->n, FIELDS_MAX);
	for (i = 0; i < fields->n; i++) {
		f = &fields->v[i];
		if (!text_is_name(f->name) || strlen(f->name) > FIELD_NAME_MAX)
			return error_set(e, ERROR_INPUT,
			    "field %zu has no proper name", i + 1);
		if (check_text("value", f->value, FIELD_VALUE_MAX, e) == -1)
			return error_wrap(e, "field \"%s\"", f->name);
	}
	return 0;
}

static int
check_serial(const uint8_t *serial, size_t len, struct error *e)
{
	if (len == 0 || len > 20 || serial[0] == 0)
		return error_set(e, ERROR_INPUT,
		    "a serial number is 1 to 20 bytes without leading zeros");
	return 0;
}

static int
check_issue(const struct order *o, struct error *e)
{
	if (check_text("holder", o->holder, FIELD_VALUE_MAX, e) == -1 ||
	    check_fields(&o->fields, e) == -1)
		return -1;
	if (o->is_renewal &&
	    check_serial(o->renews, o->renews_len, e) == -1)
		return error_wrap(e, "renews");
	return 0;
}

static int
check_items(const struct order *o, struct error *e)
{
	const struct order_item	*item;
	size_t			 i;

	if (o->nitems == 0 || o->nitems > ORDER_ITEMS_MAX)
		return error_set(e, ERROR_INPUT,
		    "a batch has 1 to %d items, not %zu", ORDER_ITEMS_MAX,
		    o->nitems);
	for (i = 0; i < o->nitems; i++) {
		item = &o->item[i];
		if (item->n != i + 1)
			return error_set(e, ERROR_INPUT,
			    "item %zu is numbered %u", i + 1, item->n);
		if (check_text("holder", item->holder, FIELD_VALUE_MAX, e) ==
		    -1 || check_fields(&item->fields, e) == -1)
			return error_wrap(e, "item %u", item->n);
	}
	return 0;
}

static int
check_reason(const struct order *o, struct error *e)
{
	static const unsigned int	 allowed = 1u << 0 | 1u << 1 | 1u << 2 |
	    1u << 3 | 1u << 4 | 1u << 5 | 1u << 9 | 1u << 10;
	int				 r = o->reason;

	if (o->kind == ORDER_REVOKE ? r >= 0 && r <= 10 &&
	    (allowed >> r & 1) != 0 : r == 0 || r ==
	    (o->kind == ORDER_HOLD ? REASON_HOLD : REASON_RELEASE))
		return 0;
	return error_set(e, ERROR_INPUT,
	    "reason %d is not for an order of kind %s (RFC 5280, 5.3.1)", r,
	    order_kind_name(o->kind));
}

static int
check_targets(const struct order *o, struct error *e)
{
	const struct order_target	*t;
	size_t				 i;

	if (o->ntargets == 0 || o->ntargets > ORDER_TARGETS_MAX)
		return error_set(e, ERROR_INPUT,
		    "1 to %d certificates can be named, not %zu",
		    ORDER_TARGETS_MAX, o->ntargets);
	for (i = 0; i < o->ntargets; i++) {
		t = &o->target[i];
		if (check_name("ca", t->ca, e) == -1 ||
		    check_serial(t->serial, t->serial_len, e) == -1)
			return error_wrap(e, "target %zu", i + 1);
	}
	if (o->selector != NULL &&
	    check_text("selector", o->selector, FIELD_VALUE_MAX, e) == -1)
		return -1;
	return check_reason(o, e);
}

static int
check_times(const struct order *o, struct error *e)
{
	if (o->created <= 0)
		return error_set(e, ERROR_INPUT, "created before 1970 or never");
	if (o->expires <= o->created)
		return error_set(e, ERROR_INPUT,
		    "expires is not after created");
	return 0;
}

static int
check_order(const struct order *o, struct error *e)
{
	if (check_times(o, e) == -1)
		return -1;
	if (o->comment != NULL &&
	    check_text("comment", o->comment, ORDER_COMMENT_MAX, e) == -1)
		return -1;
	if ((K_CERT >> o->kind & 1) != 0 &&
	    (check_name("ca", o->ca, e) == -1 ||
	    check_name("profile", o->profile, e) == -1))
		return -1;
	switch (o->kind) {
	case ORDER_ISSUE:
		return check_issue(o, e);
	case ORDER_BATCH:
		return check_items(o, e);
	case ORDER_ITEM:
		if (o->n == 0 || o->n > ORDER_ITEMS_MAX)
			return error_set(e, ERROR_INPUT,
			    "no batch has an item %u", o->n);
		return 0;
	case ORDER_REVOKE:
	case ORDER_HOLD:
	case ORDER_RELEASE:
		return check_targets(o, e);
	case ORDER_ADOPT:
		if (o->audit_seq < 0)
			return error_set(e, ERROR_INPUT,
			    "audit entries count from 1");
		return 0;
	case ORDER__MAX:
		break;
	}
	return error_set(e, ERROR_BUG, "no such kind of order");
}

/* ---- encoding ---- */

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
time_format(char dst[16], int64_t t)
{
	struct tm	 tm;
	time_t		 clock = (time_t)t;

	return gmtime_r(&clock, &tm) != NULL && tm.tm_year + 1900 <= 9999 &&
	    strftime(dst, 16, "%Y%m%d%H%M%SZ", &tm) == 15;
}

static bool
wire_put_time(ASN1_GENERALIZEDTIME **dst, int64_t t)
{
	char	 text[16];

	return t == 0 || (time_format(text, t) &&
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
	return true;
}

static bool
wire_put_code(struct wire *w, const struct order *o)
{
	if (!o->has_code)
		return true;
	return (w->code = (struct wire_code *)ASN1_item_new(
	    ASN1_ITEM_rptr(WIRE_CODE))) != NULL &&
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
	    ASN1_ITEM_rptr(WIRE_AUDIT))) != NULL &&
	    wire_put_int(&w->audit->seq, o->audit_seq) &&
	    wire_put(&w->audit->hash, V_ASN1_OCTET_STRING, o->audit_hash,
	    sizeof(o->audit_hash));
}

static bool
wire_put_head(struct wire *w, const struct order *o)
{
	return wire_put_int(&w->version, ORDER_VERSION) &&
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

	if ((n = ASN1_item_i2d(value, NULL, ASN1_ITEM_rptr(WIRE))) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	if ((unsigned int)n > ORDER_MAX)
		return error_set(e, ERROR_INPUT,
		    "would have %d bytes, more than %u", n, ORDER_MAX);
	buf_reserve(out, (size_t)n);
	p = out->p + out->len;
	if (ASN1_item_i2d(value, &p, ASN1_ITEM_rptr(WIRE)) != n)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	out->len += (size_t)n;
	return 0;
}

int
order_encode(struct buf *out, const struct order *o, struct error *e)
{
	struct wire	*w = NULL;
	int		 rc = -1;

	if (check_order(o, e) == -1)
		goto out;
	w = (struct wire *)ASN1_item_new(ASN1_ITEM_rptr(WIRE));
	if (w == NULL || !wire_put_head(w, o) || !wire_put_body(w, o)) {
		error_ssl(e, ERROR_INPUT, "a value does not fit");
		goto out;
	}
	if (wire_check(w, o->kind, e) == -1 || wire_encode(out, w, e) == -1)
		goto out;
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "order");
	ASN1_item_free((ASN1_VALUE *)w, ASN1_ITEM_rptr(WIRE));
	return rc;
}

/* ---- decoding ---- */

static int
take_bytes(uint8_t *dst, size_t size, const ASN1_STRING *s, const char *name,
    struct error *e)
{
	if (s == NULL)
		return 0;
	if ((size_t)ASN1_STRING_length(s) != size)
		return error_set(e, ERROR_INPUT, "\"%s\" has %d bytes, not %zu",
		    name, ASN1_STRING_length(s), size);
	memcpy(dst, ASN1_STRING_get0_data(s), size);
	return 0;
}

static int
take_text(char **dst, struct bytes s, size_t max, const char *name,
    struct error *e)
{
	if (s.len > max)
		return error_set(e, ERROR_INPUT,
		    "\"%s\" has %zu bytes, more than %zu", name, s.len, max);
	if (s.len > 0 && memchr(s.p, '\0', s.len) != NULL)
		return error_set(e, ERROR_INPUT, "\"%s\" has a zero byte",
		    name);
	*dst = mem_alloc(s.len + 1);
	if (s.len > 0)
		memcpy(*dst, s.p, s.len);
	return 0;
}

static int
take_string(char **dst, const ASN1_STRING *s, size_t max, const char *name,
    struct error *e)
{
	if (s == NULL)
		return 0;
	return take_text(dst, BYTES(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s)), max, name, e);
}

/* Only YYYYMMDDHHMMSSZ, as in RFC 5280, 4.1.2.5.2. */
static int
take_time(int64_t *t, const ASN1_STRING *s, const char *name,
    struct error *e)
{
	struct tm	 tm = { 0 };
	char		 text[16] = "", again[16];

	if (s == NULL)
		return 0;
	if (ASN1_STRING_length(s) == 15)
		memcpy(text, ASN1_STRING_get0_data(s), 15);
	if (sscanf(text, "%4d%2d%2d%2d%2d%2dZ", &tm.tm_year, &tm.tm_mon,
	    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) == 6) {
		tm.tm_year -= 1900;
		tm.tm_mon--;
		*t = (int64_t)timegm(&tm);
		if (*t > 0 && time_format(again, *t) &&
		    strcmp(again, text) == 0)
			return 0;
	}
	return error_set(e, ERROR_INPUT, "\"%s\" is not a time of the form "
	    "YYYYMMDDHHMMSSZ after 1970", name);
}

static int
take_number(int64_t *dst, const ASN1_INTEGER *s, int64_t max,
    const char *name, struct error *e)
{
	if (ASN1_INTEGER_get_int64(dst, s) != 1 || *dst < 0 || *dst > max)
		return error_set(e, ERROR_INPUT, "\"%s\" is out of range",
		    name);
	return 0;
}

/* Content octets of a DER INTEGER that is positive. */
static int
take_serial(uint8_t *dst, size_t *len, struct bytes s, struct error *e)
{
	if (s.len > 1 && s.p[0] == 0)
		s = BYTES(s.p + 1, s.len - 1);
	else if (s.len > 0 && (s.p[0] & 0x80) != 0)
		s.len = 0;
	if (check_serial(s.p, s.len, e) == -1)
		return -1;
	memcpy(dst, s.p, s.len);
	*len = s.len;
	return 0;
}

static int
take_renews(struct order *o, const ASN1_INTEGER *s, struct error *e)
{
	struct bytes	 magnitude;

	if (s == NULL)
		return 0;
	magnitude = BYTES(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s));
	if (ASN1_STRING_type(s) != V_ASN1_INTEGER ||
	    check_serial(magnitude.p, magnitude.len, e) == -1)
		return error_set(e, ERROR_INPUT,
		    "\"renews\" is not a serial number");
	o->is_renewal = true;
	memcpy(o->renews, magnitude.p, magnitude.len);
	o->renews_len = magnitude.len;
	return 0;
}

static int
take_field(struct fields *fields, struct bytes *in, struct error *e)
{
	struct bytes	 field, name, value;
	char		*n = NULL, *v = NULL;
	int		 rc = -1;

	if (der_take(in, DER_SEQUENCE, &field) == -1 ||
	    der_take(&field, DER_UTF8, &name) == -1 ||
	    der_take(&field, DER_UTF8, &value) == -1 || field.len != 0)
		return error_set(e, ERROR_INPUT, "malformed field");
	if (take_text(&n, name, FIELD_NAME_MAX, "name", e) == -1 ||
	    take_text(&v, value, FIELD_VALUE_MAX, "value", e) == -1)
		goto out;
	fields_add(fields, n, v);
	rc = 0;
 out:
	mem_free(&v);
	mem_free(&n);
	return rc;
}

static int
take_fields(struct fields *fields, struct bytes in, struct error *e)
{
	while (in.len > 0) {
		if (fields->n == FIELDS_MAX)
			return error_set(e, ERROR_INPUT,
			    "more than %d fields", FIELDS_MAX);
		if (take_field(fields, &in, e) == -1)
			return -1;
	}
	return 0;
}

static int
take_item_n(uint32_t *n, struct bytes s)
{
	if (s.len == 0 || s.len > 4 || (s.p[0] & 0x80) != 0)
		return -1;
	for (*n = 0; s.len > 0; s.p++, s.len--)
		*n = *n << 8 | *s.p;
	return 0;
}

static int
take_item(struct order_item *item, struct bytes in, struct error *e)
{
	struct bytes	 n, holder, fields, request;

	if (der_take(&in, DER_INTEGER, &n) == -1 ||
	    take_item_n(&item->n, n) == -1 ||
	    der_take(&in, DER_UTF8, &holder) == -1 ||
	    der_take(&in, DER_SEQUENCE, &fields) == -1)
		return error_set(e, ERROR_INPUT, "malformed");
	if (in.len > 0) {
		if (der_take(&in, DER_CONTEXT(0), &request) == -1 ||
		    request.len != ORDER_DIGEST || in.len != 0)
			return error_set(e, ERROR_INPUT, "malformed request");
		item->has_request = true;
		memcpy(item->request, request.p, ORDER_DIGEST);
	}
	if (take_text(&item->holder, holder, FIELD_VALUE_MAX, "holder", e) ==
	    -1)
		return -1;
	return take_fields(&item->fields, fields, e);
}

static int
take_target(struct order_target *t, struct bytes in, struct error *e)
{
	struct bytes	 ca, serial;

	if (der_take(&in, DER_UTF8, &ca) == -1 ||
	    der_take(&in, DER_INTEGER, &serial) == -1 || in.len != 0)
		return error_set(e, ERROR_INPUT, "malformed");
	if (take_text(&t->ca, ca, 64, "ca", e) == -1)
		return -1;
	return take_serial(t->serial, &t->serial_len, serial, e);
}

/* Open the SEQUENCE that the template kept, count its elements (all must be
 * SEQUENCEs), and allocate no more than that many of "size". */
static int
list_open(struct bytes *in, size_t *n, void **array, size_t size, size_t max,
    const ASN1_STRING *s, const char *name, struct error *e)
{
	struct bytes	 all, walk, element;

	all = BYTES(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	if (der_take(&all, DER_SEQUENCE, in) == -1 || all.len != 0)
		return error_set(e, ERROR_INPUT, "\"%s\" is malformed", name);
	*n = 0;
	for (walk = *in; walk.len > 0; ++*n)
		if (der_take(&walk, DER_SEQUENCE, &element) == -1 || *n == max)
			return error_set(e, ERROR_INPUT,
			    "\"%s\" is malformed or has more than %zu elements",
			    name, max);
	if (*n == 0)
		return error_set(e, ERROR_INPUT, "\"%s\" is empty", name);
	if ((*array = mem_try(*n, size)) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory for %zu %s", *n,
		    name);
	return 0;
}

static int
take_items(struct order *o, const ASN1_STRING *s, struct error *e)
{
	struct bytes	 in, element;
	void		*array = NULL;
	size_t		 n, i;

	if (s == NULL)
		return 0;
	if (list_open(&in, &n, &array, sizeof(*o->item), ORDER_ITEMS_MAX, s,
	    "items", e) == -1)
		return -1;
	o->item = array;
	o->nitems = n;
	for (i = 0; i < n; i++)
		if (der_take(&in, DER_SEQUENCE, &element) == -1 ||
		    take_item(&o->item[i], element, e) == -1)
			return error_wrap(e, "item %zu", i + 1);
	return 0;
}

static int
take_targets(struct order *o, const ASN1_STRING *s, struct error *e)
{
	struct bytes	 in, element;
	void		*array = NULL;
	size_t		 n, i;

	if (s == NULL)
		return 0;
	if (list_open(&in, &n, &array, sizeof(*o->target), ORDER_TARGETS_MAX,
	    s, "targets", e) == -1)
		return -1;
	o->target = array;
	o->ntargets = n;
	for (i = 0; i < n; i++)
		if (der_take(&in, DER_SEQUENCE, &element) == -1 ||
		    take_target(&o->target[i], element, e) == -1)
			return error_wrap(e, "target %zu", i + 1);
	return 0;
}

static int
take_lists(struct order *o, const struct wire *w, struct error *e)
{
	struct bytes	 all, in;

	if (w->fields != NULL) {
		all = BYTES(ASN1_STRING_get0_data(w->fields),
		    (size_t)ASN1_STRING_length(w->fields));
		if (der_take(&all, DER_SEQUENCE, &in) == -1)
			return error_set(e, ERROR_INPUT,
			    "\"fields\" is malformed");
		if (take_fields(&o->fields, in, e) == -1)
			return -1;
	}
	if (take_items(o, w->items, e) == -1)
		return -1;
	return take_targets(o, w->targets, e);
}

static int
take_code(struct order *o, const struct wire_code *code, struct error *e)
{
	if (code == NULL)
		return 0;
	o->has_code = true;
	if (take_bytes(o->code_salt, sizeof(o->code_salt), code->salt,
	    "salt", e) == -1)
		return -1;
	return take_bytes(o->code_key, sizeof(o->code_key), code->key, "key",
	    e);
}

static int
take_kind(struct order *o, const ASN1_ENUMERATED *s, struct error *e)
{
	int64_t	 kind;

	if (ASN1_ENUMERATED_get_int64(&kind, s) != 1 || kind < 0 ||
	    kind >= ORDER__MAX)
		return error_set(e, ERROR_INPUT, "unknown kind of order");
	o->kind = (enum order_kind)kind;
	return 0;
}

static int
take_reason(struct order *o, const ASN1_ENUMERATED *s, struct error *e)
{
	int64_t	 reason = 0;

	if (s != NULL && (ASN1_ENUMERATED_get_int64(&reason, s) != 1 ||
	    reason < 0 || reason > 10))
		return error_set(e, ERROR_INPUT, "\"reason\" is out of range");
	o->reason = (int)reason;
	if (o->kind == ORDER_HOLD)
		o->reason = REASON_HOLD;
	else if (o->kind == ORDER_RELEASE)
		o->reason = REASON_RELEASE;
	return 0;
}

static int
take_item_order(struct order *o, const struct wire *w, struct error *e)
{
	int64_t	 n;

	o->has_request = w->request != NULL;
	if (take_bytes(o->request, sizeof(o->request), w->request, "request",
	    e) == -1)
		return -1;
	if (o->kind != ORDER_ITEM)
		return 0;
	if (take_number(&n, w->n, ORDER_ITEMS_MAX, "n", e) == -1)
		return -1;
	o->n = (uint32_t)n;
	return take_bytes(o->batch, sizeof(o->batch), w->batch, "batch", e);
}

static int
take_audit(struct order *o, const struct wire_audit *audit, struct error *e)
{
	if (audit == NULL)
		return 0;
	if (take_number(&o->audit_seq, audit->seq, INT64_MAX, "seq", e) == -1)
		return -1;
	return take_bytes(o->audit_hash, sizeof(o->audit_hash), audit->hash,
	    "hash", e);
}

static int
take_head(struct order *o, const struct wire *w, struct error *e)
{
	if (take_bytes(o->id, sizeof(o->id), w->id, "id", e) == -1 ||
	    take_time(&o->created, w->created, "created", e) == -1 ||
	    take_time(&o->expires, w->expires, "expires", e) == -1)
		return -1;
	return take_string(&o->comment, w->comment, ORDER_COMMENT_MAX,
	    "comment", e);
}

static int
take_body(struct order *o, const struct wire *w, struct error *e)
{
	if (take_string(&o->ca, w->ca, 64, "ca", e) == -1 ||
	    take_string(&o->profile, w->profile, 64, "profile", e) == -1 ||
	    take_time(&o->until, w->until, "until", e) == -1 ||
	    take_string(&o->holder, w->holder, FIELD_VALUE_MAX, "holder",
	    e) == -1 ||
	    take_code(o, w->code, e) == -1 ||
	    take_renews(o, w->renews, e) == -1 ||
	    take_item_order(o, w, e) == -1 ||
	    take_string(&o->selector, w->selector, FIELD_VALUE_MAX,
	    "selector", e) == -1 ||
	    take_reason(o, w->reason, e) == -1 ||
	    take_time(&o->invalid_since, w->invalid_since, "invalid_since",
	    e) == -1 ||
	    take_audit(o, w->audit, e) == -1)
		return -1;
	return take_lists(o, w, e);
}

/* Asked before the template sees it: what a later version looks like beyond
 * its first element is not ours to judge. */
static int
version_check(struct bytes der, struct error *e)
{
	struct bytes	 order, version;

	if (der_take(&der, DER_SEQUENCE, &order) == -1 ||
	    der_take(&order, DER_INTEGER, &version) == -1)
		return error_set(e, ERROR_INPUT, "not an order");
	if (version.len == 1 && version.p[0] == ORDER_VERSION)
		return 0;
	error_set(e, ERROR_INPUT, "made in a version other than %d",
	    ORDER_VERSION);
	return error_hint(e, "a newer Signet made this order; update this one");
}

static int
canonical_check(const struct order *o, struct bytes der, struct error *e)
{
	struct buf	 again = { 0 };
	int		 rc = -1;

	if (order_encode(&again, o, e) == -1)
		goto out;
	if (!bytes_equal(BYTES(again.p, again.len), der)) {
		error_set(e, ERROR_INPUT, "order: not in canonical form");
		goto out;
	}
	rc = 0;
 out:
	buf_clear(&again);
	return rc;
}

static int
wire_decode(struct wire **out, struct bytes der, struct error *e)
{
	const unsigned char	*p = der.p;

	if (der.len > ORDER_MAX)
		return error_set(e, ERROR_INPUT, "%zu bytes, more than %u",
		    der.len, ORDER_MAX);
	if (der_check(der, DEPTH, e) == -1 || version_check(der, e) == -1)
		return -1;
	*out = (struct wire *)ASN1_item_d2i(NULL, &p, (long)der.len,
	    ASN1_ITEM_rptr(WIRE));
	if (*out == NULL)
		return error_ssl(e, ERROR_INPUT, "not as doc/order.asn1 says");
	return 0;
}

int
order_parse(struct order **out, struct bytes der, struct error *e)
{
	struct wire	*w = NULL;
	struct order	*o = mem_alloc(sizeof(*o));
	int		 rc = -1;

	*out = NULL;
	if (wire_decode(&w, der, e) == -1 || take_kind(o, w->kind, e) == -1 ||
	    wire_check(w, o->kind, e) == -1 || take_head(o, w, e) == -1 ||
	    take_body(o, w, e) == -1) {
		error_wrap(e, "order");
		goto out;
	}
	/* A batch is large: let go of the one before making another. */
	ASN1_item_free((ASN1_VALUE *)w, ASN1_ITEM_rptr(WIRE));
	w = NULL;
	if (canonical_check(o, der, e) == -1)
		goto out;
	*out = o;
	o = NULL;
	rc = 0;
 out:
	ASN1_item_free((ASN1_VALUE *)w, ASN1_ITEM_rptr(WIRE));
	order_free(&o);
	return rc;
}
