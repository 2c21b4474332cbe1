/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer and the audit chain: it follows every entry from where it last
 * stood, learns from it what other instances did, and signs where it stands.
 */
#include "audit/head.h"
#include "base/text.h"
#include "signer_private.h"
#include "wire.h"

#define CLOCKS_APART	3600	/* those of instances, at most */

/* One message: the orders that prove entries come once, ahead of them. */
struct follow {
	struct bytes		*proof;
	uint32_t		 nproofs;
	struct approved		*order;		/* of proof[opened - 1] */
	uint32_t		 opened;
	struct audit_head	 head;
	bool			 met;		/* the entry where we stood */
	int64_t			 at;		/* of the entries so far */
};

struct followed {		/* one entry */
	int64_t		 seq;
	struct bytes	 hash, body, cert;
	uint32_t	 proof;
	char		 profile[65];
};

static void
signer_fork(struct signer *s, int64_t seq, const char *why)
{
	s->forked = true;
	snprintf(s->fork_why, sizeof(s->fork_why), "entry %lld %s",
	    (long long)seq, why);
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

/*
 * "issue" by another instance: the order is used.  The entry is nobody's
 * signed word, so what it says was signed is left out: those bytes would be
 * signed here again.
 */
static int
learn_use(struct signer *s, struct bytes body, struct error *e)
{
	struct ledger_use	 u = { .n = 0 };
	int64_t			 n;
	size_t			 len;

	if (find_hex(body, "order", u.order, 32, 32, &len, e) == -1 ||
	    find_number(body, "n", ORDER_ITEMS_MAX, &n, e) == -1 ||
	    find_time(body, "expires", &u.expires, e) == -1)
		return -1;
	u.n = (uint32_t)n;
	if (ledger_find_use(s->ledger, u.order, u.n) == NULL)
		ledger_add_use(s->ledger, &u);
	s->learnt = true;
	return 0;
}

static int
proof_open(struct signer *s, struct follow *f, uint32_t place,
    struct error *e)
{
	if (place == 0 || place > f->nproofs)
		return error_set(e, ERROR_NOTFOUND, "its order is not in the "
		    "store");
	if (f->opened == place)
		return 0;
	approval_free(&f->order);
	f->opened = 0;
	if (approval_open_cached(&f->order, f->proof[place - 1], s->cache,
	    e) == -1)
		return -1;
	f->opened = place;
	return 0;
}

/* What an entry says of one certificate. */
struct change {
	enum order_kind	 kind;
	char		 ca[65];
	uint8_t		 serial[CERT_SERIAL_SIZE];
	size_t		 len;
	int64_t		 at;
};

static int
change_read(struct change *c, struct bytes body, struct error *e)
{
	struct buf	 ca = { 0 };
	int		 rc = -1;

	if (audit_find(body, "ca", &ca, e) == 1 &&
	    text_is_name(buf_cstr(&ca)) &&
	    find_hex(body, "serial", c->serial, 1, sizeof(c->serial),
	    &c->len, e) == 0 && find_time(body, "at", &c->at, e) == 0) {
		snprintf(c->ca, sizeof(c->ca), "%s", buf_cstr(&ca));
		rc = 0;
	}
	buf_clear(&ca);
	return rc;
}

/* Is it news to the ledger?  *since is when the present status began. */
static bool
change_is_news(struct signer *s, const struct change *c, int64_t *since)
{
	const struct ledger_status	*known;
	struct signer_ca		*ca;
	struct error			 e = ERROR_INIT;

	if (signer_find_ca(s, c->ca, &ca, &e) == -1 &&
	    e.code == ERROR_NOTFOUND)
		return false;		/* no business of this instance */
	known = ledger_find_status(s->ledger, c->ca, c->serial, c->len);
	*since = known != NULL ? known->at : 0;
	return known == NULL || known->status == CERT_GOOD ||
	    (known->status == CERT_HELD && c->kind != ORDER_HOLD);
}

/* At the time that the store has, and not in our future. */
static void
change_learnt(struct signer *s, const struct change *c,
    struct ledger_status *st)
{
	int64_t	 now = clock_now(s->clock);

	st->at = c->at < now ? c->at : now;
	ledger_add_status(s->ledger, st);
	s->learnt = true;
}

static int
change_prove(struct signer *s, struct follow *f, const struct followed *x,
    const struct change *c, int64_t since, struct error *e)
{
	struct ledger_status	 st;
	struct signer_proof	 p = { .ca = c->ca, .cert = x->cert,
	    .serial = BYTES(c->serial, c->len), .profile = x->profile,
	    .since = since };

	if (proof_open(s, f, x->proof, e) == -1)
		return -1;
	p.order = f->order;
	if (p.order->order->kind != c->kind)
		return error_set(e, ERROR_DENIED, "its order is to %s",
		    order_kind_name(p.order->order->kind));
	if (signer_check_proof(s, &p, e) == -1)
		return -1;
	signer_proof_status(&p, &st);
	change_learnt(s, c, &st);
	return 0;
}

/*
 * We have written the same into our ledger, and the other was faster with the
 * store: then it is as the store has it, with the other's date and reason, or
 * the lists of both would say different things of one certificate.  What is not
 * proved leaves ours, and the certificate as it is.
 */
static bool
change_is_ours(struct signer *s, const struct change *c,
    const struct ledger_status **ours)
{
	const struct ledger_status	*st = ledger_find_status(s->ledger,
					    c->ca, c->serial, c->len);

	*ours = st;
	return st != NULL && st->is_under_way && (c->kind == ORDER_REVOKE ?
	    st->status == CERT_REVOKED : c->kind == ORDER_HOLD &&
	    st->status == CERT_HELD);
}

static int
learn_winner(struct signer *s, struct follow *f, const struct followed *x,
    const struct change *c, const struct ledger_status *ours,
    struct error *e)
{
	struct ledger_status	 st = *ours;

	if (proof_open(s, f, x->proof, e) == -1)
		return -1;
	if (c->at < f->order->order->created - CLOCKS_APART)
		return error_set(e, ERROR_DENIED, "it is older than its "
		    "order");
	if (memcmp(f->order->digest, ours->order, sizeof(ours->order)) != 0)
		return change_prove(s, f, x, c, 0, e);
	st.is_under_way = false;
	st.missed_at = 0;
	change_learnt(s, c, &st);
	return 0;
}

/*
 * A change of status by another instance.  Whoever owns the store can write
 * such an entry; so it needs its order.  Without it a release is not believed
 * and a revocation cannot be passed over: we stop.
 */
static int
learn_status(struct signer *s, struct follow *f, const struct followed *x,
    enum order_kind kind, struct error *e)
{
	struct change			 c = { .kind = kind };
	const struct ledger_status	*ours;
	int64_t				 since;
	char				 why[160];

	if (change_read(&c, x->body, e) == -1)
		return -1;
	/* What another order did, further up in this message, counts. */
	if (s->learnt && f->opened != x->proof) {
		s->learnt = false;
		if (ledger_sync(s->ledger, e) == -1)
			return -1;
	}
	if (change_is_ours(s, &c, &ours))
		return learn_winner(s, f, x, &c, ours, e);
	if (!change_is_news(s, &c, &since) ||
	    change_prove(s, f, x, &c, since, e) == 0)
		return 0;
	if (kind != ORDER_RELEASE) {
		snprintf(why, sizeof(why), "has no order that proves it: "
		    "%.120s", e->text);
		signer_fork(s, x->seq, why);
	}
	return -1;
}

/* A rejection cannot be passed over, and is not believed without its order. */
static int
learn_reject(struct signer *s, struct follow *f, const struct followed *x,
    struct error *e)
{
	uint8_t		 rejects[32];
	size_t		 len;
	char		 why[160];

	if (find_hex(x->body, "rejects", rejects, 32, 32, &len, e) == -1)
		return -1;
	if (ledger_find_use(s->ledger, rejects, LEDGER_WHOLE) != NULL)
		return 0;
	if (proof_open(s, f, x->proof, e) == 0) {
		const struct order	*o = f->order->order;

		if (o->kind == ORDER_REJECT &&
		    memcmp(o->rejects, rejects, 32) == 0 &&
		    signer_check_approvals_at(s, f->order,
		    approval_rule_for(NULL, o), NULL, o->created, e) == 0) {
			signer_reject_order(s, f->order);
			s->learnt = true;
			return 0;
		}
	}
	snprintf(why, sizeof(why), "has no order that proves it: %.120s",
	    e->text);
	signer_fork(s, x->seq, why);
	return -1;
}

/*
 * Was the order in force when the entry says that it was carried out?  Nobody
 * has signed the entry; but none before it is younger by much, so that an order
 * which nobody wanted in the end cannot be used years later.
 */
static int
check_in_force(struct signer *s, const struct follow *f,
    const struct followed *x, const struct order *o, struct error *e)
{
	int64_t	 at;

	if (find_time(x->body, "at", &at, e) == -1)
		return -1;
	if (at > clock_now(s->clock) + CLOCKS_APART ||
	    at < f->at - CLOCKS_APART || at < o->created - CLOCKS_APART ||
	    at >= o->expires)
		return error_set(e, ERROR_DENIED, "its order was not in force "
		    "then");
	if (ledger_find_use(s->ledger, f->order->digest, LEDGER_WHOLE) != NULL)
		return error_set(e, ERROR_DENIED, "its order was rejected");
	return 0;
}

/* A credential, given or taken.  That one was taken cannot be passed over. */
static int
learn_bind(struct signer *s, struct follow *f, const struct followed *x,
    enum order_kind kind, struct error *e)
{
	const struct ledger_bind	*known;
	uint8_t				 digest[32];
	size_t				 len;
	char				 why[160];

	if (find_hex(x->body, kind == ORDER_BIND ? "order" : "unbinds", digest,
	    32, 32, &len, e) == -1)
		return -1;
	known = ledger_find_bind(s->ledger, digest);
	if (known != NULL && (kind == ORDER_BIND || known->unbound))
		return 0;
	if (proof_open(s, f, x->proof, e) == 0) {
		const struct order	*o = f->order->order;

		if (o->kind == kind && memcmp(kind == ORDER_BIND ?
		    f->order->digest : o->unbinds, digest, 32) == 0 &&
		    (kind == ORDER_UNBIND ||
		    check_in_force(s, f, x, o, e) == 0) &&
		    signer_check_approvals_at(s, f->order,
		    approval_rule_for(NULL, o), NULL, o->created, e) == 0) {
			signer_bind_order(s, f->order);
			s->learnt = true;
			return 0;
		}
	}
	if (kind == ORDER_UNBIND) {
		snprintf(why, sizeof(why), "has no order that proves it: "
		    "%.120s", e->text);
		signer_fork(s, x->seq, why);
	}
	return -1;
}

/* What this instance did is in the ledger already; that the store has it, too,
 * is seen by this. */
static void
learn_settled(struct signer *s, struct bytes body, const char *act)
{
	struct error	 ignored = ERROR_INIT;
	struct change	 c = { .len = 0 };
	uint8_t		 order[32];
	size_t		 len;

	if ((strcmp(act, "revoke") == 0 || strcmp(act, "hold") == 0 ||
	    strcmp(act, "release") == 0) &&
	    change_read(&c, body, &ignored) == 0 && find_hex(body, "order",
	    order, sizeof(order), sizeof(order), &len, &ignored) == 0)
		ledger_add_settled(s->ledger, c.ca, c.serial, c.len, order);
}

static int
learn(struct signer *s, struct follow *f, const struct followed *x,
    struct error *e)
{
	struct buf	 act = { 0 }, who = { 0 };
	int		 rc = 0;

	if (audit_find(x->body, "act", &act, e) != 1) {
		rc = -1;
		goto out;
	}
	if (audit_find(x->body, "instance", &who, e) == 1 &&
	    strcmp(buf_cstr(&who), s->conf->instance) == 0)
		learn_settled(s, x->body, buf_cstr(&act));
	else if (strcmp(buf_cstr(&act), "issue") == 0)
		rc = learn_use(s, x->body, e);
	else if (strcmp(buf_cstr(&act), "revoke") == 0)
		rc = learn_status(s, f, x, ORDER_REVOKE, e);
	else if (strcmp(buf_cstr(&act), "hold") == 0)
		rc = learn_status(s, f, x, ORDER_HOLD, e);
	else if (strcmp(buf_cstr(&act), "release") == 0)
		rc = learn_status(s, f, x, ORDER_RELEASE, e);
	else if (strcmp(buf_cstr(&act), "reject") == 0)
		rc = learn_reject(s, f, x, e);
	else if (strcmp(buf_cstr(&act), "bind") == 0)
		rc = learn_bind(s, f, x, ORDER_BIND, e);
	else if (strcmp(buf_cstr(&act), "unbind") == 0)
		rc = learn_bind(s, f, x, ORDER_UNBIND, e);
 out:
	buf_clear(&act);
	buf_clear(&who);
	return rc;
}

static int
followed_get(struct msg *in, struct followed *x)
{
	x->seq = msg_get_i64(in);
	x->hash = msg_get_blob(in, AUDIT_HASH);
	x->body = msg_get_blob(in, AUDIT_BODY_MAX);
	x->proof = msg_get_u32(in);
	x->cert = msg_get_blob(in, CERT_MAX);
	msg_get_str(in, x->profile, sizeof(x->profile));
	return in->bad || x->hash.len != AUDIT_HASH ? -1 : 0;
}

static void
follow_time(struct signer *s, struct follow *f, const struct followed *x)
{
	struct error	 ignored = ERROR_INIT;
	int64_t		 at;

	if (find_time(x->body, "at", &at, &ignored) == 0 && at > f->at &&
	    at <= clock_now(s->clock) + CLOCKS_APART)
		f->at = at;
}

/*
 * The entry where we stand must come again, unchanged, and then every one
 * that follows it.
 */
static void
follow_one(struct signer *s, struct follow *f, const struct followed *x)
{
	struct error	 e = ERROR_INIT;
	int64_t		 here = f->head.seq;

	if (x->seq < here)
		return;			/* another worker was faster */
	if (x->seq > here + 1 || (x->seq > here && here > 0 && !f->met)) {
		signer_fork(s, f->met || here == 0 ? here + 1 : here,
		    "is gone");
		return;
	}
	f->met = true;
	if (x->seq > here)
		audit_advance(&f->head, x->body);
	if (memcmp(x->hash.p, f->head.hash, AUDIT_HASH) != 0) {
		signer_fork(s, x->seq, "is not the one seen before");
		return;
	}
	if (x->seq > here)
		/* What none of us would write teaches nothing. */
		(void)learn(s, f, x, &e);
	follow_time(s, f, x);
}

static int
follow_all(struct signer *s, struct follow *f, struct msg *in,
    struct error *e)
{
	struct followed	 x;
	int64_t		 after = msg_get_i64(in);
	uint32_t	 n, i;

	f->nproofs = msg_get_u32(in);
	if (in->bad || f->nproofs > WIRE_PROOFS_MAX || after > f->head.seq)
		return error_set(e, ERROR_RETRY, "entries out of order");
	f->proof = mem_array(f->nproofs + 1, sizeof(*f->proof));
	for (i = 0; i < f->nproofs; i++)
		f->proof[i] = msg_get_blob(in, 8u << 20);
	n = msg_get_u32(in);
	/* No entry at all, though we have seen some: history was cut off. */
	if (n == 0 && !in->bad && f->head.seq > 0)
		signer_fork(s, f->head.seq, "is gone");
	for (i = 0; i < n && !s->forked; i++) {
		if (followed_get(in, &x) == -1)
			return error_set(e, ERROR_BUG, "malformed message");
		follow_one(s, f, &x);
	}
	return signer_check_chain(s, e) == -1 ? -1 : msg_done(in, e);
}

int
signer_follow(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct follow	 f = { .head = s->head };
	int		 rc;

	/*
	 * Looked at anew each time, as a restart would: the store may have been
	 * a primary that was left behind, and is the right one again.
	 */
	s->forked = false;
	if (ledger_sync(s->ledger, e) == -1)	/* what is not of here */
		return -1;
	rc = follow_all(s, &f, in, e);
	mem_free(&f.proof);
	approval_free(&f.order);
	if (rc == -1) {
		ledger_forget(s->ledger);
		return -1;
	}
	/*
	 * On disk now, not with our next group: what others did counts from
	 * here on, and what was seen can be cut off no more.
	 */
	if (f.head.seq != s->head.seq)
		ledger_add_head(s->ledger, &f.head);
	s->learnt = false;
	if (ledger_sync(s->ledger, e) == -1)
		return -1;
	s->head = f.head;
	msg_put_i64(out, f.head.seq);
	return 0;
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
	signer_agent_refresh(s);
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
