/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer on orders about the past: to reject an order, to go on from an
 * entry of the audit chain.
 */
#include "audit/head.h"
#include "signer_private.h"
#include "wire.h"

int
signer_adopt(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct bytes		 blob = msg_get_blob(in, ORDER_MAX);
	struct approved		*a = NULL;
	struct ledger_use	 use = { .n = 0 };
	struct audit_head	 head;
	int			 rc = -1;

	if (msg_done(in, e) == -1 ||
	    approval_open_cached(&a, blob, s->cache, e) == -1)
		goto out;
	if (a->order->kind != ORDER_ADOPT) {
		error_set(e, ERROR_BUG, "not an order to adopt a head");
		goto out;
	}
	/* It would have us forget what we have seen since that entry. */
	if (!s->forked) {
		error_set(e, ERROR_UPSTREAM, "the audit chain continues here: "
		    "there is nothing to adopt");
		goto out;
	}
	memcpy(use.order, a->digest, 32);
	use.expires = a->order->expires;
	head.seq = a->order->audit_seq;
	memcpy(head.hash, a->order->audit_hash, AUDIT_HASH);
	if (ledger_find_use(s->ledger, a->digest, 0) != NULL) {
		error_set(e, ERROR_CONFLICT, "this order was used before");
		goto out;
	}
	if (signer_check_live(s, a, e) == -1 ||
	    signer_check_approvals(s, a, approval_rule_for(NULL, a->order),
	    NULL, e) == -1)
		goto out;
	ledger_add_use(s->ledger, &use);
	ledger_add_head(s->ledger, &head);
	ledger_add_lost(s->ledger, true);
	if (ledger_sync(s->ledger, e) == -1)
		goto out;
	s->forked = false;
	s->head = head;
	msg_put_blob(out, a->digest, 32);
	msg_put_i64(out, use.expires);
	msg_put_i64(out, head.seq);
	msg_put_blob(out, head.hash, AUDIT_HASH);
	rc = 0;
 out:
	approval_free(&a);
	return rc;
}

void
signer_reject_order(struct signer *s, const struct approved *a)
{
	struct ledger_use	 u = { .n = LEDGER_WHOLE,
				    .expires = a->order->expires };

	memcpy(u.order, a->order->rejects, 32);
	ledger_add_use(s->ledger, &u);
}

/* Once more is well: the store may have lost what came of it. */
int
signer_reject(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct bytes	 blob = msg_get_blob(in, ORDER_MAX);
	struct approved	*a = NULL;
	int		 rc = -1;

	if (signer_check_chain(s, e) == -1 || msg_done(in, e) == -1 ||
	    approval_open_cached(&a, blob, s->cache, e) == -1)
		goto out;
	if (a->order->kind != ORDER_REJECT) {
		error_set(e, ERROR_BUG, "not an order to reject another");
		goto out;
	}
	if (signer_check_live(s, a, e) == -1 ||
	    signer_check_approvals(s, a, approval_rule_for(NULL, a->order),
	    NULL, e) == -1)
		goto out;
	if (ledger_find_use(s->ledger, a->order->rejects, LEDGER_WHOLE) ==
	    NULL)
		signer_reject_order(s, a);
	if (ledger_sync(s->ledger, e) == -1)
		goto out;
	msg_put_blob(out, a->digest, 32);
	msg_put_i64(out, a->order->expires);
	msg_put_blob(out, a->order->rejects, 32);
	rc = 0;
 out:
	approval_free(&a);
	return rc;
}
