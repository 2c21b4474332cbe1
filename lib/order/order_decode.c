/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <openssl/asn1t.h>
#include "order/order_private.h"
#include "x509/der.h"

#define DEPTH	12

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
		if (*t > 0 && order_time_format(again, *t) &&
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
	if (order_check_serial(s.p, s.len, e) == -1)
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
	    order_check_serial(magnitude.p, magnitude.len, e) == -1)
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
take_kind(struct order *o, const struct wire *w, struct error *e)
{
	int64_t	 kind, version;

	if (ASN1_ENUMERATED_get_int64(&kind, w->kind) != 1 || kind < 0 ||
	    kind >= ORDER__MAX)
		return error_set(e, ERROR_INPUT, "unknown kind of order");
	o->kind = (enum order_kind)kind;
	if (ASN1_INTEGER_get_int64(&version, w->version) != 1 ||
	    version != order_version(o->kind))
		return error_set(e, ERROR_INPUT, "an order of kind %s is of "
		    "version %d", order_kind_name(o->kind),
		    order_version(o->kind));
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
		o->reason = ORDER_REASON_HOLD;
	else if (o->kind == ORDER_RELEASE)
		o->reason = ORDER_REASON_RELEASE;
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
	if (take_bytes(o->rejects, sizeof(o->rejects), w->rejects, "rejects",
	    e) == -1 ||
	    take_bytes(o->unbinds, sizeof(o->unbinds), w->unbinds, "unbinds",
	    e) == -1 ||
	    take_bytes(o->permits, sizeof(o->permits), w->permits, "permits",
	    e) == -1)
		return -1;
	if (w->bind != NULL && order_bind_take(&o->bind,
	    BYTES(ASN1_STRING_get0_data(w->bind),
	    (size_t)ASN1_STRING_length(w->bind)), e) == -1)
		return error_wrap(e, "bind");
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
	if (version.len == 1 && version.p[0] >= 1 &&
	    version.p[0] <= ORDER_VERSION)
		return 0;
	error_set(e, ERROR_INPUT, "made in a version other than 1 to %d",
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
	    order_wire_it());
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
	if (wire_decode(&w, der, e) == -1 || take_kind(o, w, e) == -1 ||
	    order_wire_check(w, o->kind, e) == -1 || take_head(o, w, e) == -1 ||
	    take_body(o, w, e) == -1) {
		error_wrap(e, "order");
		goto out;
	}
	/* A batch is large: let go of the one before making another. */
	ASN1_item_free((ASN1_VALUE *)w, order_wire_it());
	w = NULL;
	if (canonical_check(o, der, e) == -1)
		goto out;
	*out = o;
	o = NULL;
	rc = 0;
 out:
	ASN1_item_free((ASN1_VALUE *)w, order_wire_it());
	order_free(&o);
	return rc;
}
