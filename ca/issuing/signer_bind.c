/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer on the WebAuthn credentials of officers.  Whose a credential is
 * two security officers say; that they said it, and that nobody has taken it
 * away since, the ledger knows and no row of the store.
 */
#include "base/text.h"
#include "signer_private.h"
#include "wire.h"

int
signer_is_bound(void *arg, const struct approved *bind, struct error *e)
{
	struct signer			*s = arg;
	const struct ledger_bind	*b;

	(void)e;
	b = ledger_find_bind(s->ledger, bind->digest);
	return b != NULL && !b->unbound;
}

static const uint8_t *
bind_digest(const struct approved *a)
{
	return a->order->kind == ORDER_BIND ? a->digest : a->order->unbinds;
}

void
signer_bind_order(struct signer *s, const struct approved *a)
{
	struct ledger_bind	 b = { .unbound =
				    a->order->kind == ORDER_UNBIND };

	memcpy(b.order, bind_digest(a), sizeof(b.order));
	ledger_add_bind(s->ledger, &b);
}

/* 1 it is to be written down, 0 it was, -1 it may not be. */
static int
bind_is_news(struct signer *s, const struct approved *a, struct error *e)
{
	const struct ledger_bind	*b = ledger_find_bind(s->ledger,
	    bind_digest(a));

	if (a->order->kind == ORDER_UNBIND)
		return b == NULL || !b->unbound;
	if (b == NULL)
		return 1;
	if (!b->unbound)
		return 0;
	error_set(e, ERROR_CONFLICT, "the credential that this order bound "
	    "was taken away since");
	return error_hint(e, "bind it by a new order: signet credential new");
}

/* Once more is well: the store may have lost what came of it. */
int
signer_bind(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct bytes	 blob = msg_get_blob(in, ORDER_MAX);
	struct approved	*a = NULL;
	int		 news, rc = -1;

	if (signer_check_chain(s, e) == -1 || msg_done(in, e) == -1 ||
	    approval_open_cached(&a, blob, s->cache, e) == -1)
		goto out;
	if (a->order->kind != ORDER_BIND && a->order->kind != ORDER_UNBIND) {
		error_set(e, ERROR_BUG, "an order to %s is not about a "
		    "credential", order_kind_name(a->order->kind));
		goto out;
	}
	if ((news = bind_is_news(s, a, e)) == -1 ||
	    signer_check_live(s, a, e) == -1 ||
	    signer_check_approvals(s, a, approval_rule_for(NULL, a->order),
	    NULL, e) == -1)
		goto out;
	if (news == 1)
		signer_bind_order(s, a);
	if (ledger_sync(s->ledger, e) == -1)
		goto out;
	msg_put_blob(out, a->digest, 32);
	msg_put_i64(out, a->order->expires);
	msg_put_blob(out, bind_digest(a), 32);
	rc = 0;
 out:
	approval_free(&a);
	return rc;
}
