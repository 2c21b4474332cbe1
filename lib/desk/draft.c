/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "desk/draft.h"
#include "desk/request.h"
#include "order/code.h"

#define LIFETIME	(7 * 86400)	/* of orders without a profile */
#define SUMMARY_MAX	400
#define HOLDER_MAX	64

int
draft_new(struct desk *dk, struct draft *d, enum order_kind kind,
    const struct profile *p, struct error *e)
{
	int64_t	lifetime = p != NULL && p->order_lifetime > 0 ?
		    p->order_lifetime : LIFETIME;

	memset(d, 0, sizeof(*d));
	d->profile = p;
	return order_new(&d->order, kind, lifetime, dk->clock, dk->rng, e);
}

void
draft_clear(struct draft *d)
{
	size_t	i;

	order_free(&d->order);
	for (i = 0; i < d->nrequests; i++)
		buf_clear(&d->request[i]);
	mem_free(&d->request);
	d->nrequests = 0;
	secret_free(&d->code);
}

static int
check_words(const struct draft_issue *in, struct error *e)
{
	if (in->holder == NULL || in->holder[0] == '\0')
		return error_set(e, ERROR_INPUT, "no holder: give --holder "
		    "ID, the number of the person or machine");
	if (!text_is_clean(in->holder, strlen(in->holder), HOLDER_MAX))
		return error_set(e, ERROR_INPUT, "holder: not clean text of "
		    "at most %d bytes", HOLDER_MAX);
	if (in->comment != NULL &&
	    !text_is_clean(in->comment, strlen(in->comment), 1000))
		return error_set(e, ERROR_INPUT, "comment: not clean text of "
		    "at most 1000 bytes");
	return 0;
}

static int
set_fields(struct draft *d, const struct draft_issue *in,
    const struct csr *csr, struct error *e)
{
	struct fields	*f = &d->order->fields;
	size_t		 i;

	if (in->fields != NULL)
		fields_copy(f, in->fields);
	for (i = 0; i < in->nfields; i++)
		if (request_add_field(f, d->profile, in->field[i], e) == -1)
			return -1;
	if (request_fill(f, d->profile, csr, e) == -1)
		return -1;
	return request_check(d->profile, f, csr, e);
}

static int
set_request(struct desk *dk, struct draft *d, const struct csr *csr,
    struct error *e)
{
	if (csr == NULL) {
		d->order->has_code = true;
		return code_make(d->order, &d->code, dk->rng, e);
	}
	d->order->has_request = true;
	memcpy(d->order->request, csr->digest, ORDER_DIGEST);
	d->request = mem_array(1, sizeof(*d->request));
	d->nrequests = 1;
	buf_add(&d->request[0], csr->der.p, csr->der.len);
	return 0;
}

static void
set_renewal(struct order *o, const struct draft_issue *in)
{
	if (in->renews == NULL || in->renews_len > sizeof(o->renews))
		return;
	o->is_renewal = true;
	memcpy(o->renews, in->renews, in->renews_len);
	o->renews_len = in->renews_len;
}

static int
check_until(struct desk *dk, int64_t until, struct error *e)
{
	if (until != 0 && until <= clock_now(dk->clock))
		return error_set(e, ERROR_INPUT, "--until is in the past");
	return 0;
}

int
draft_issue(struct desk *dk, struct draft *d, const struct draft_issue *in,
    struct error *e)
{
	const struct desk_issuer	*ca;
	const struct profile	*p;
	const struct csr	*csr = in->request;
	struct csr		*loaded = NULL;
	int			 rc = -1;

	memset(d, 0, sizeof(*d));
	if (check_words(in, e) == -1 || check_until(dk, in->until, e) == -1 ||
	    desk_need(dk, DESK_PROFILES, e) == -1 ||
	    profiles_find(&dk->profiles, in->profile, &p, e) == -1 ||
	    (in->csr != NULL && request_load(&loaded, in->csr, e) == -1) ||
	    request_find_ca(dk, p, in->ca, &ca, e) == -1 ||
	    draft_new(dk, d, ORDER_ISSUE, p, e) == -1)
		goto out;
	if (loaded != NULL)
		csr = loaded;
	d->order->profile = mem_strdup(p->name);
	d->order->ca = mem_strdup(ca->name);
	d->order->holder = mem_strdup(in->holder);
	d->order->comment = mem_strdup(in->comment);
	d->order->until = in->until;
	set_renewal(d->order, in);
	if (set_fields(d, in, csr, e) == -1 ||
	    request_check_key(dk, csr, e) == -1 ||
	    set_request(dk, d, csr, e) == -1)
		goto out;
	rc = 0;
 out:
	csr_free(&loaded);
	if (rc == -1)
		draft_clear(d);
	return rc;
}

static void
summary_issue(struct buf *b, const struct order *o)
{
	const char	*name = fields_get(&o->fields, "name", 0);

	if (name == NULL && o->fields.n > 0)
		name = o->fields.v[0].value;
	buf_printf(b, "%s for %s", o->profile, o->holder);
	if (name != NULL)
		buf_printf(b, ": %s", name);
}

static void
summary_targets(struct buf *b, const struct order *o)
{
	char	count[32], serial[43];

	if (o->ntargets == 1)
		buf_printf(b, "%s/%s", o->target[0].ca, text_hex(serial,
		    o->target[0].serial, o->target[0].serial_len));
	else
		buf_printf(b, "%s certificates", text_count(count,
		    o->ntargets));
	if (o->selector != NULL)
		buf_printf(b, " (%s)", o->selector);
}

char *
draft_summary(const struct draft *d)
{
	const struct order	*o = d->order;
	struct buf		 b = { 0 };
	char			 count[32], *text;

	switch (o->kind) {
	case ORDER_ISSUE:
		summary_issue(&b, o);
		break;
	case ORDER_BATCH:
		buf_printf(&b, "%s, %s item%s", o->profile, text_count(count,
		    o->nitems), o->nitems == 1 ? "" : "s");
		break;
	case ORDER_REVOKE:
	case ORDER_HOLD:
	case ORDER_RELEASE:
		summary_targets(&b, o);
		break;
	case ORDER_ADOPT:
		buf_printf(&b, "audit chain from entry %lld",
		    (long long)o->audit_seq);
		break;
	case ORDER_REJECT:
		buf_printf(&b, "%s", o->comment != NULL ? o->comment : "");
		break;
	case ORDER_BIND:
		buf_printf(&b, "credential of %s at %s", o->bind.person,
		    o->bind.origin);
		break;
	case ORDER_UNBIND:
		buf_printf(&b, "%s", o->comment != NULL ? o->comment : "");
		break;
	case ORDER_PERMIT:
		buf_printf(&b, "%s", o->selector);
		break;
	case ORDER_ITEM:
	case ORDER__MAX:
		break;
	}
	if (b.len > SUMMARY_MAX)
		b.len = SUMMARY_MAX;
	/* Cut where a character ends. */
	while (b.len > 0 && !text_is_clean((const char *)b.p, b.len,
	    SUMMARY_MAX))
		b.len--;
	text = mem_strdup(buf_cstr(&b));
	buf_clear(&b);
	return text;
}
