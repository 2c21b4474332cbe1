/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer and the audit chain: it follows every entry from where it last
 * stood, learns from it what other instances did, and signs where it stands.
 */
#include "audit/head.h"
#include "base/text.h"
#include "signer_private.h"
#include "wire.h"

static void
signer_fork(struct signer *s, const char *fmt, int64_t seq)
{
	s->forked = true;
	snprintf(s->fork_why, sizeof(s->fork_why), "entry %lld %s",
	    (long long)seq, fmt);
}

/* A value that must be hex of exactly n bytes. */
static int
find_hex(struct bytes body, const char *key, uint8_t *dst, size_t min,
    size_t max, size_t *len, struct error *e)
{
	struct buf	 v = { 0 };
	int		 rc;

	if ((rc = audit_find(body, key, &v, e)) == 1 &&
	    (text_unhex(dst, max, len, buf_cstr(&v), e) == -1 || *len < min))
		rc = -1;
	buf_clear(&v);
	return rc == 1 ? 0 : -1;
}

static int
find_time(struct bytes body, const char *key, int64_t *t, struct error *e)
{
	struct buf	 v = { 0 };
	int		 rc = -1;

	if (audit_find(body, key, &v, e) == 1)
		rc = text_parse_time(t, buf_cstr(&v), e);
	buf_clear(&v);
	return rc;
}

static int
find_number(struct bytes body, const char *key, int64_t max, int64_t *n,
    struct error *e)
{
	struct buf	 v = { 0 };
	int		 rc = -1;

	if (audit_find(body, key, &v, e) == 1)
		rc = text_parse_number(n, buf_cstr(&v), 0, max, e);
	buf_clear(&v);
	return rc;
}

/* "issue" by another instance: the order is used. */
static int
learn_use(struct signer *s, struct bytes body, struct error *e)
{
	struct ledger_use	 u = { .n = 0 };
	int64_t			 n;
	size_t			 len;

	if (find_hex(body, "order", u.order, 32, 32, &len, e) == -1 ||
	    find_hex(body, "tbs", u.tbs, 32, 32, &len, e) == -1 ||
	    find_number(body, "n", UINT32_MAX, &n, e) == -1 ||
	    find_time(body, "expires", &u.expires, e) == -1)
		return -1;
	u.n = (uint32_t)n;
	if (ledger_find_use(s->ledger, u.order, u.n) == NULL)
		ledger_add_use(s->ledger, &u);
	s->learnt = true;
	return 0;
}

/*
 * "revoke" or "hold" by another instance.  Nobody has signed the entry for
 * us, so it only ever makes us refuse more; a "release" is not learnt here,
 * it needs its order (signer_crl.c).
 */
static int
learn_status(struct signer *s, struct bytes body, enum cert_status status,
    struct error *e)
{
	struct ledger_status	 st = { .status = status };
	const struct ledger_status *known;
	struct buf		 v = { 0 };
	int64_t			 reason;
	size_t			 len;
	int			 rc = -1;

	if (audit_find(body, "ca", &v, e) != 1 ||
	    !text_is_name(buf_cstr(&v)) ||
	    find_hex(body, "serial", st.serial, 1, CERT_SERIAL_SIZE, &len,
	    e) == -1 ||
	    find_hex(body, "order", st.order, 32, 32, &(size_t){ 0 },
	    e) == -1 ||
	    find_number(body, "reason", 10, &reason, e) == -1 ||
	    find_time(body, "at", &st.at, e) == -1)
		goto out;
	snprintf(st.ca, sizeof(st.ca), "%s", buf_cstr(&v));
	st.serial_len = (uint8_t)len;
	st.reason = (int)reason;
	known = ledger_find_status(s->ledger, st.ca, st.serial, len);
	if (known == NULL || known->status < status)
		ledger_add_status(s->ledger, &st);
	s->learnt = true;
	rc = 0;
 out:
	buf_clear(&v);
	return rc;
}

static int
learn(struct signer *s, struct bytes body, struct error *e)
{
	struct buf	 act = { 0 }, who = { 0 };
	int		 rc = 0;

	if (audit_find(body, "act", &act, e) != 1) {
		rc = -1;
		goto out;
	}
	/* What this instance did is in the ledger already. */
	if (audit_find(body, "instance", &who, e) == 1 &&
	    strcmp(buf_cstr(&who), s->conf->instance) == 0)
		goto out;
	if (strcmp(buf_cstr(&act), "issue") == 0)
		rc = learn_use(s, body, e);
	else if (strcmp(buf_cstr(&act), "revoke") == 0)
		rc = learn_status(s, body, CERT_REVOKED, e);
	else if (strcmp(buf_cstr(&act), "hold") == 0)
		rc = learn_status(s, body, CERT_HELD, e);
 out:
	buf_clear(&act);
	buf_clear(&who);
	return rc;
}

/*
 * The first entry of a FOLLOW is the one where we stand, so that the worker
 * shows that it is still there and unchanged; it is only compared.
 */
int
signer_follow(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct audit_head	 head = s->head;
	uint32_t		 n = msg_get_u32(in), i;

	if (signer_check_chain(s, e) == -1)
		return -1;
	for (i = 0; i < n && !in->bad; i++) {
		int64_t		 seq = msg_get_i64(in);
		struct bytes	 hash = msg_get_blob(in, AUDIT_HASH);
		struct bytes	 body = msg_get_blob(in, AUDIT_BODY_MAX);

		if (in->bad || hash.len != AUDIT_HASH || seq > head.seq + 1)
			return error_set(e, ERROR_BUG, "entries out of order");
		if (seq < head.seq)
			continue;
		if (seq == head.seq + 1) {
			audit_advance(&head, body);
			/* What nobody of us wrote teaches nothing. */
			if (learn(s, body, e) == -1)
				error_clear(e);
		}
		if (memcmp(hash.p, head.hash, AUDIT_HASH) != 0)
			signer_fork(s, "is not the one seen before", seq);
		if (s->forked)
			return signer_check_chain(s, (error_clear(e), e));
	}
	/* No entry at all, though we have seen some: history was cut off. */
	if (n == 0 && head.seq > 0) {
		signer_fork(s, "is gone", head.seq);
		return signer_check_chain(s, e);
	}
	if (msg_done(in, e) == -1)
		return -1;
	if (head.seq != s->head.seq)
		ledger_add_head(s->ledger, &head);
	s->head = head;
	msg_put_i64(out, head.seq);
	/* What others did counts from now on, not from our next group. */
	return s->learnt ? (s->learnt = false, ledger_sync(s->ledger, e)) : 0;
}

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
	memcpy(use.order, a->digest, 32);
	use.expires = a->order->expires;
	head.seq = a->order->audit_seq;
	memcpy(head.hash, a->order->audit_hash, AUDIT_HASH);
	if (ledger_find_use(s->ledger, a->digest, 0) != NULL) {
		error_set(e, ERROR_CONFLICT, "this order was used before");
		goto out;
	}
	if (signer_check_age(s, a->order, e) == -1 ||
	    signer_check_approvals(s, a, approval_rule_for(NULL, a->order),
	    NULL, e) == -1)
		goto out;
	ledger_add_use(s->ledger, &use);
	ledger_add_head(s->ledger, &head);
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

int
signer_head(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct audit_signed_head h = { .at = clock_now(s->clock) };
	struct buf		 cms = { 0 };
	int			 rc = -1;

	if (msg_done(in, e) == -1 || signer_check_chain(s, e) == -1)
		return -1;
	if (s->agent.key == NULL)
		return error_set(e, ERROR_NOTFOUND, "no agent certificate: "
		    "heads are not signed");
	h.head = s->head;
	snprintf(h.instance, sizeof(h.instance), "%s", s->conf->instance);
	if (audit_head_sign(&cms, &h, &s->agent, e) == 0) {
		msg_put_i64(out, h.head.seq);
		msg_put_blob(out, cms.p, cms.len);
		rc = 0;
	}
	buf_clear(&cms);
	return rc;
}
