/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals in words: what an officer, a holder of two keys or an auditor
 * needs to know whose word an order is.
 */
#include "base/text.h"
#include "order/approval_private.h"
#include "order/order_private.h"

static char *
name_of(const struct approver *by)
{
	struct buf	 b = { 0 };
	char		*text;

	approval_put_name(&b, by);
	text = mem_strdup(buf_cstr(&b));
	buf_clear(&b);
	return text;
}

static void
put_hex(struct buf *out, const char *name, const void *p, size_t n)
{
	char	*hex = mem_alloc(2 * n + 1);

	order_describe_line(out, 2, name, text_hex(hex, p, n));
	mem_free(&hex);
}

/* The RA whose signature carries it. */
static const struct approver *
carrier(const struct approved *a)
{
	size_t	 i;

	for (i = 0; i < a->n; i++)
		if (a->by[i].role == ROLE_RA_AGENT && a->by[i].bind == NULL)
			return &a->by[i];
	return NULL;
}

/* Of each that gave it: role, person, name. */
static void
put_binders(struct buf *out, const struct approved *bind)
{
	char	*name;
	size_t	 i;

	for (i = 0; i < bind->n; i++) {
		name = name_of(&bind->by[i]);
		order_describe_line(out, 2, "bound by", name);
		mem_free(&name);
	}
}

static void
put_assertion(struct buf *out, const struct approved *a,
    const struct approver *by)
{
	const struct order		*bind = by->bind->order;
	const struct approver		*ra = carrier(a);
	char				*name, at[TEXT_TIME_SIZE];

	order_describe_line(out, 2, "how", "by a security key in the browser");
	if (ra != NULL) {
		name = name_of(ra);
		order_describe_line(out, 2, "brought by", name);
		mem_free(&name);
	}
	put_hex(out, "credential", bind->bind.credential.p,
	    bind->bind.credential.len);
	order_describe_line(out, 2, "bound to", bind->bind.person);
	put_binders(out, by->bind);
	put_hex(out, "bind order", by->bind->digest, ORDER_DIGEST);
	order_describe_line(out, 2, "of", text_time(at, bind->created));
	if (bind->until != 0)
		order_describe_line(out, 2, "good until", text_time(at,
		    bind->until));
	order_describe_line(out, 2, "origin", bind->bind.origin);
	order_describe_line(out, 2, "relying party", bind->bind.rp_id);
	/* Without all of this approval_open() opens nothing. */
	order_describe_line(out, 2, "verified", "it signed the digest of this "
	    "order, at this origin, with somebody there (UP) whom it knew "
	    "(UV)");
	order_describe_scope(out, 2, &bind->bind);
}

static void
put_judgement(struct buf *out, struct approved *a, size_t i,
    const struct approval_trust *t)
{
	struct error	 e = ERROR_INIT;

	if (approval_check_one(a, i, t, &e) == 0)
		order_describe_line(out, 2, "counts", "yes");
	else
		order_describe_line(out, 2, "does not count", e.text);
}

void
approval_describe(struct buf *out, struct approved *a,
    const struct approval_trust *t)
{
	const struct approver	*by;
	char			*name, at[TEXT_TIME_SIZE];
	size_t			 i;

	for (i = 0; i < a->n; i++) {
		by = &a->by[i];
		name = name_of(by);
		order_describe_line(out, 0, "approved by", name);
		mem_free(&name);
		order_describe_line(out, 2, "on", text_time(at,
		    by->signed_at));
		if (by->bind != NULL)
			put_assertion(out, a, by);
		else
			order_describe_line(out, 2, "how",
			    "with the key of the certificate");
		if (t != NULL)
			put_judgement(out, a, i, t);
	}
}
