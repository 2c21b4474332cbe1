/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order in words.  What is shown here is what an officer believes to be
 * signing, so everything that an order can say has a line.
 */
#include <stdio.h>
#include <string.h>
#include <openssl/sha.h>
#include "base/digest.h"
#include "base/text.h"
#include "order/order_private.h"

#define COLUMN	16		/* where values begin */

static const char *const reasons[] = {
	[0] = "unspecified", [1] = "key compromise", [2] = "CA compromise",
	[3] = "affiliation changed", [4] = "superseded",
	[5] = "cessation of operation", [6] = "certificate hold",
	[8] = "remove from CRL", [9] = "privilege withdrawn",
	[10] = "AA compromise",
};

/* A parsed order has no control characters; one that is still being made
 * may, and must not move the cursor of who looks at it. */
static void
add_safe(struct buf *out, const char *s)
{
	static const char	 digits[] = "0123456789abcdef";
	unsigned char		 c;

	for (; (c = (unsigned char)*s) != '\0'; s++) {
		if (c >= 0x20 && c != 0x7f) {
			buf_byte(out, c);
			continue;
		}
		buf_str(out, "\\x");
		buf_byte(out, (uint8_t)digits[c >> 4]);
		buf_byte(out, (uint8_t)digits[c & 15]);
	}
}

static void
add_name(struct buf *out, const char *name, int indent)
{
	size_t	 start = out->len;

	for (; indent > 0; indent--)
		buf_byte(out, ' ');
	add_safe(out, name);
	buf_byte(out, ':');
	do
		buf_byte(out, ' ');
	while (out->len - start < COLUMN);
}

void
order_describe_line(struct buf *out, int indent, const char *name,
    const char *value)
{
	if (value == NULL)
		return;
	add_name(out, name, indent);
	add_safe(out, value);
	buf_byte(out, '\n');
}

static void
add_line(struct buf *out, const char *name, const char *value)
{
	order_describe_line(out, 0, name, value);
}

static void
add_time(struct buf *out, const char *name, int64_t t)
{
	char	 text[TEXT_TIME_SIZE];

	add_line(out, name, text_time(text, t));
}

static void
add_hex(struct buf *out, const char *name, const void *p, size_t n)
{
	char	 text[2 * ORDER_DIGEST + 1];

	add_line(out, name, text_hex(text, p, n));
}

static void
add_number(struct buf *out, const char *name, int64_t n)
{
	char	 text[32];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	add_line(out, name, text);
}

static void
add_fields(struct buf *out, const struct fields *fields, int indent)
{
	size_t	 i;

	for (i = 0; i < fields->n; i++)
		order_describe_line(out, indent, fields->v[i].name,
		    fields->v[i].value);
}

static void
add_left_out(struct buf *out, size_t shown, size_t n, const char *what)
{
	char	 count[32];

	if (shown < n)
		buf_printf(out, "  ... and %s more %s\n",
		    text_count(count, n - shown), what);
}

static void
describe_issue(struct buf *out, const struct order *o)
{
	add_line(out, "holder", o->holder);
	add_fields(out, &o->fields, 2);
	if (o->until != 0)
		add_time(out, "until", o->until);
	if (o->is_renewal)
		add_hex(out, "renews", o->renews, o->renews_len);
	if (o->has_request)
		add_hex(out, "request", o->request, sizeof(o->request));
	if (o->has_code)
		add_line(out, "request",
		    "whoever has the one-time code brings it");
}

static void
describe_items(struct buf *out, const struct order *o, size_t max)
{
	char	 count[32], digest[2 * ORDER_DIGEST + 1];
	size_t	 i;

	if (o->until != 0)
		add_time(out, "until", o->until);
	add_line(out, "items", text_count(count, o->nitems));
	for (i = 0; i < o->nitems && i < max; i++) {
		buf_printf(out, "  %u. ", o->item[i].n);
		add_safe(out, o->item[i].holder != NULL ?
		    o->item[i].holder : "");
		if (o->item[i].has_request)
			buf_printf(out, " (request %.16s...)", text_hex(digest,
			    o->item[i].request, ORDER_DIGEST));
		buf_byte(out, '\n');
		add_fields(out, &o->item[i].fields, 5);
	}
	add_left_out(out, i, o->nitems, "items");
}

static void
describe_targets(struct buf *out, const struct order *o, size_t max)
{
	char	 count[32], serial[2 * sizeof(o->target->serial) + 1];
	size_t	 i;

	add_line(out, "selected by", o->selector);
	if (o->kind == ORDER_REVOKE)
		add_line(out, "reason", o->reason >= 0 &&
		    (size_t)o->reason < sizeof(reasons) / sizeof(reasons[0]) &&
		    reasons[o->reason] != NULL ?
		    reasons[o->reason] : "unknown");
	if (o->invalid_since != 0)
		add_time(out, "invalid since", o->invalid_since);
	add_line(out, "certificates", text_count(count, o->ntargets));
	for (i = 0; i < o->ntargets && i < max; i++) {
		buf_str(out, "  ");
		add_safe(out, o->target[i].ca != NULL ? o->target[i].ca : "");
		buf_printf(out, " %s\n", text_hex(serial, o->target[i].serial,
		    o->target[i].serial_len));
	}
	add_left_out(out, i, o->ntargets, "certificates");
}

static void
describe_item(struct buf *out, const struct order *o)
{
	add_hex(out, "batch", o->batch, sizeof(o->batch));
	add_number(out, "item", o->n);
	add_hex(out, "request", o->request, sizeof(o->request));
}

static void
add_list(struct buf *out, int indent, const char *name,
    const struct order_names *names)
{
	struct buf	 b = { 0 };
	size_t		 i;

	for (i = 0; i < names->n; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", names->v[i]);
	order_describe_line(out, indent, name, names->n > 0 ? buf_cstr(&b) :
	    "all");
	buf_clear(&b);
}

void
order_describe_scope(struct buf *out, int indent, const struct order_bind *b)
{
	order_describe_line(out, indent, "may approve",
	    "what the person may, of these");
	add_list(out, indent + 2, "profiles", &b->profiles);
	add_list(out, indent + 2, "domains", &b->domains);
	add_list(out, indent + 2, "offices", &b->offices);
}

/* Two people hold this against what the officer's own screen says. */
static void
describe_bind(struct buf *out, const struct order *o)
{
	const struct order_bind	*b = &o->bind;
	char			*id = mem_alloc(2 * b->credential.len + 1);
	uint8_t			 hash[SHA256_DIGEST_LENGTH];

	text_hex(id, b->credential.p, b->credential.len);
	digest_sha256(hash, b->key.p, b->key.len);
	add_line(out, "person", b->person);
	add_line(out, "credential", id);
	add_hex(out, "its key", hash, sizeof(hash));
	add_line(out, "relying party", b->rp_id);
	add_line(out, "origin", b->origin);
	order_describe_scope(out, 0, b);
	if (o->until != 0)
		add_time(out, "until", o->until);
	mem_free(&id);
}

static void
describe_adopt(struct buf *out, const struct order *o)
{
	add_number(out, "audit entry", o->audit_seq);
	add_hex(out, "audit hash", o->audit_hash, sizeof(o->audit_hash));
}

void
order_describe(struct buf *out, const struct order *o, size_t max_items)
{
	add_line(out, "order", order_kind_name(o->kind));
	add_hex(out, "id", o->id, sizeof(o->id));
	add_time(out, "created", o->created);
	add_time(out, "expires", o->expires);
	add_line(out, "comment", o->comment);
	add_line(out, "ca", o->ca);
	add_line(out, "profile", o->profile);
	switch (o->kind) {
	case ORDER_ISSUE:
		describe_issue(out, o);
		break;
	case ORDER_BATCH:
		describe_items(out, o, max_items);
		break;
	case ORDER_ITEM:
		describe_item(out, o);
		break;
	case ORDER_REVOKE:
	case ORDER_HOLD:
	case ORDER_RELEASE:
		describe_targets(out, o, max_items);
		break;
	case ORDER_ADOPT:
		describe_adopt(out, o);
		break;
	case ORDER_REJECT:
		add_hex(out, "rejects the order", o->rejects,
		    sizeof(o->rejects));
		break;
	case ORDER_BIND:
		describe_bind(out, o);
		break;
	case ORDER_UNBIND:
		add_hex(out, "ends the bind order", o->unbinds,
		    sizeof(o->unbinds));
		break;
	case ORDER_PERMIT:
		add_line(out, "permits", o->selector);
		add_hex(out, "with the digest", o->permits,
		    sizeof(o->permits));
		break;
	case ORDER__MAX:
		break;
	}
}
