/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer on orders to revoke, hold and release.
 */
#include "signer_private.h"
#include "wire.h"

#define TELLING	5	/* seconds */

bool
signer_is_telling(const struct signer *s, const struct ledger_status *st)
{
	return st->is_under_way && st->at > clock_now(s->clock) - TELLING;
}

/* The key of the certificate is not decoded for that, which would take longer
 * than all else but the signatures. */
static int
target_cert(struct signer *s, const struct order_target *t, struct bytes der,
    struct cert_look *look, int64_t *shard, struct error *e)
{
	struct signer_ca	*ca;

	if (cert_look(look, der, e) == -1)
		return error_wrap(e, "certificate to act on");
	ca = signer_ca_of_look(s, look, der);
	if (ca == NULL || strcmp(ca->conf->name, t->ca) != 0 ||
	    !bytes_equal(cert_look_serial(look), BYTES(t->serial,
	    t->serial_len)))
		return error_set(e, ERROR_DENIED, "the certificate brought for "
		    "a target is another one");
	*shard = ca->shard_url != NULL ?
	    crl_shard_of_in(look->crl_points, ca->shard_url) : 0;
	return 0;
}

static enum cert_status
status_after(enum order_kind kind)
{
	return kind == ORDER_REVOKE ? CERT_REVOKED :
	    kind == ORDER_HOLD ? CERT_HELD : CERT_GOOD;
}

static const struct order_target *
proof_target(const struct signer_proof *p)
{
	const struct order	*o = p->order->order;
	size_t			 i;

	for (i = 0; i < o->ntargets; i++)
		if (strcmp(o->target[i].ca, p->ca) == 0 && bytes_equal(
		    BYTES(o->target[i].serial, o->target[i].serial_len),
		    p->serial))
			return &o->target[i];
	return NULL;
}

int
signer_check_proof(struct signer *s, struct signer_proof *p, struct error *e)
{
	const struct order		*o = p->order->order;
	const struct order_target	*t = proof_target(p);
	const struct approval_rule	*rule = NULL;
	struct cert_look		 look;

	if (t == NULL)
		return error_set(e, ERROR_DENIED, "the order is not about this "
		    "certificate");
	/* The approvers were good then; they need not be any more. */
	if (target_cert(s, t, p->cert, &look, &p->shard, e) == -1 ||
	    approval_rule_for_target(&rule, &s->profiles, o, t->ca, &look,
	    p->profile, e) == -1 ||
	    approval_check_target(p->order, &look, p->profile, e) == -1 ||
	    signer_check_approvals_at(s, p->order, rule, NULL,
	    o->created, e) == -1)
		return -1;
	if (o->kind == ORDER_REVOKE)
		return 0;
	if (ledger_find_use(s->ledger, p->order->digest, 0) != NULL)
		return error_set(e, ERROR_CONFLICT, "this order was used "
		    "before");
	if (o->created < p->since)
		return error_set(e, ERROR_CONFLICT, "the order is older than "
		    "the status that it would change");
	return o->kind == ORDER_RELEASE ? signer_check_live(s, p->order, e) :
	    0;
}

static void
target_status(const struct approved *a, const struct order_target *t,
    struct ledger_status *st)
{
	const struct order	*o = a->order;

	*st = (struct ledger_status){ .status = status_after(o->kind),
	    .reason = o->kind == ORDER_HOLD ? 6 : o->reason,
	    .invalid_since = o->invalid_since,
	    .serial_len = (uint8_t)t->serial_len };
	snprintf(st->ca, sizeof(st->ca), "%s", t->ca);
	memcpy(st->serial, t->serial, t->serial_len);
	memcpy(st->order, a->digest, sizeof(st->order));
}

/* The order's word, not the store's. */
void
signer_proof_status(const struct signer_proof *p, struct ledger_status *st)
{
	target_status(p->order, proof_target(p), st);
	st->shard = p->shard;
}

/*
 * What a group of orders has changed so far.  The ledger knows nothing of it
 * before it is on disk, and the whole group is synced at once.
 */
struct status_group {
	struct arena	*arena;
	struct map	 status, use;
	bool		 of_role;	/* this order is about an approver */
};

static const struct ledger_status *
status_now(const struct signer *s, const struct status_group *g,
    const struct ledger_status *key)
{
	const struct ledger_status	*st = map_find(&g->status, key);

	return st != NULL ? st : ledger_find_status(s->ledger, key->ca,
	    key->serial, key->serial_len);
}

static bool
is_used(const struct signer *s, const struct status_group *g,
    const struct approved *a)
{
	struct ledger_use	 key = { .n = 0 };

	memcpy(key.order, a->digest, 32);
	return map_find(&g->use, &key) != NULL ||
	    ledger_find_use(s->ledger, a->digest, 0) != NULL;
}

/*
 * Has this order nothing to add?  The store may have lost what made it so; who
 * asks for it again is the one who can put it back.  Not in place of another
 * worker, whose time would be another one.  A release that is older than the
 * last one may be older than a hold of which nobody has heard here.
 */
static bool
is_so(const struct signer *s, const struct approved *a,
    const struct ledger_status *now)
{
	const struct order	*o = a->order;

	return now != NULL && now->status == status_after(o->kind) &&
	    !signer_is_telling(s, now) && (o->kind != ORDER_RELEASE || (!ledger_is_expired(now) &&
	    o->created >= now->at));
}

/*
 * What becomes of one target.  1: *st is new, 0: nothing changes, -1 refused.
 * A revocation is final; what is on hold can be revoked or released.
 */
static int
target_change(struct signer *s, const struct status_group *g,
    const struct approved *a, const struct order_target *t,
    struct ledger_status *st, struct error *e)
{
	const struct order		*o = a->order;
	const struct ledger_status	*now;

	target_status(a, t, st);
	st->at = clock_now(s->clock);
	now = status_now(s, g, st);
	if (now == NULL || now->status == CERT_GOOD)
		return o->kind != ORDER_RELEASE;
	if (now->status == CERT_REVOKED) {
		if (o->kind == ORDER_REVOKE)
			return 0;
		return error_set(e, ERROR_CONFLICT, "a revoked certificate "
		    "stays revoked");
	}
	/* One that was signed earlier and kept back is not about this hold. */
	if (o->kind == ORDER_RELEASE && o->created < now->at)
		return error_set(e, ERROR_CONFLICT, "the order is older than "
		    "the hold that it would end");
	return o->kind != ORDER_HOLD;
}

static void
put_change(struct msg *out, const struct ledger_status *st)
{
	msg_put_str(out, st->ca);
	msg_put_blob(out, st->serial, st->serial_len);
	msg_put_u32(out, st->status);
	msg_put_i64(out, st->reason);
	msg_put_i64(out, st->at);
	msg_put_i64(out, st->invalid_since);
}

/*
 * The order was used before.  The store may have lost what it did (a crash
 * after our sync), so it is answered again, but only where it still is the
 * last word, or says the same: a replayed release must not undo a later hold.
 */
static int
status_again(struct signer *s, const struct status_group *g,
    const struct approved *a, struct msg *out, struct error *e)
{
	const struct order	*o = a->order;
	struct ledger_status	 key;
	size_t			 i;

	msg_put_u32(out, (uint32_t)o->ntargets);
	for (i = 0; i < o->ntargets; i++) {
		const struct ledger_status	*st;

		target_status(a, &o->target[i], &key);
		st = status_now(s, g, &key);
		if (st != NULL && memcmp(st->order, a->digest, 32) == 0) {
			ledger_send_status(s->ledger, st);
			put_change(out, st);
			continue;
		}
		if (!is_so(s, a, st))
			return error_set(e, ERROR_CONFLICT, "this order was "
			    "used before");
		key.at = clock_now(s->clock);
		put_change(out, &key);
	}
	return 0;
}

/* What the worker brings for one order. */
struct status_ask {
	struct bytes	 blob;
	uint32_t	 n;		/* targets brought */
	struct status_brought {
		struct bytes	 der;
		char		 profile[65];
		int64_t		 shard;		/* that it names */
	}		*target;
};

/* What is new goes into the ledger; what was so before is told once more, and
 * a store that has it leaves it as it is. */
static int
status_first(struct signer *s, struct status_group *g,
    const struct approved *a, const struct status_ask *ask, struct msg *out,
    struct error *e)
{
	const struct order	*o = a->order;
	struct ledger_use	 use = { .expires = o->expires };
	struct ledger_status	*st;
	size_t			 i, n = 0;
	int			 changed;

	st = arena_alloc(g->arena, (o->ntargets + 1) * sizeof(*st));
	for (i = 0; i < o->ntargets; i++) {
		changed = target_change(s, g, a, &o->target[i], &st[n], e);
		if (changed == -1)
			return -1;
		st[n].shard = ask->target[i].shard;
		st[n].is_under_way = changed == 1;
		n += changed == 1 || is_so(s, a, status_now(s, g, &st[n]));
	}
	msg_put_u32(out, (uint32_t)n);
	for (i = 0; i < n; i++) {
		put_change(out, &st[i]);
		if (!st[i].is_under_way)
			continue;
		ledger_add_status(s->ledger, &st[i]);
		map_put(&g->status, &st[i]);
	}
	memcpy(use.order, a->digest, 32);
	ledger_add_use(s->ledger, &use);
	map_put(&g->use, arena_dup(g->arena, &use, sizeof(use)));
	return 0;
}

static void
status_get(struct msg *in, struct status_ask *ask, struct arena *a)
{
	uint32_t	 i;

	ask->blob = msg_get_blob(in, 8u << 20);
	ask->n = msg_get_u32(in);
	if (ask->n > ORDER_TARGETS_MAX)
		in->bad = true;
	if (in->bad)
		return;
	ask->target = arena_alloc(a, (ask->n + 1) * sizeof(*ask->target));
	for (i = 0; i < ask->n; i++) {
		ask->target[i].der = msg_get_blob(in, CERT_MAX);
		msg_get_str(in, ask->target[i].profile,
		    sizeof(ask->target[i].profile));
	}
}

/* Whether every target may be acted on by these approvers. */
static int
check_targets(struct signer *s, struct status_group *g, struct approved *a,
    struct status_ask *ask, struct error *e)
{
	const struct order		*o = a->order;
	const struct approval_rule	*rule = NULL, *last = NULL;
	uint32_t			 i;

	if (ask->n != o->ntargets)
		return error_set(e, ERROR_BUG, "%u certificates for %zu "
		    "targets", ask->n, o->ntargets);
	for (i = 0; i < ask->n; i++) {
		struct cert_look	 look;

		if (target_cert(s, &o->target[i], ask->target[i].der, &look,
		    &ask->target[i].shard, e) == -1 ||
		    approval_rule_for_target(&rule, &s->profiles, o,
		    o->target[i].ca, &look,
		    ask->target[i].profile, e) == -1 ||
		    approval_check_target(a, &look, ask->target[i].profile,
		    e) == -1)
			return -1;
		g->of_role |= cert_role_in(look.ext_key_usage) != ROLE_NONE;
		if (rule == last)
			continue;
		last = rule;
		if (signer_check_approvals(s, a, rule, NULL, e) == -1)
			return -1;
	}
	return 0;
}

static int
status_one(struct signer *s, struct status_group *g,
    struct status_ask *ask, struct msg *out, struct error *e)
{
	struct approved		*a = NULL;
	const struct order	*o;
	int			 rc = -1;

	if (approval_open_cached(&a, ask->blob, s->cache, e) == -1)
		goto out;
	o = a->order;
	if (o->kind != ORDER_REVOKE && o->kind != ORDER_HOLD &&
	    o->kind != ORDER_RELEASE) {
		error_set(e, ERROR_DENIED, "an order to %s changes no status",
		    order_kind_name(o->kind));
		goto out;
	}
	msg_put_u32(out, 1);
	msg_put_blob(out, a->digest, 32);
	msg_put_i64(out, o->expires);
	if (is_used(s, g, a))
		rc = status_again(s, g, a, out, e);
	else if (signer_check_live(s, a, e) == 0 &&
	    check_targets(s, g, a, ask, e) == 0)
		rc = status_first(s, g, a, ask, out, e);
 out:
	approval_free(&a);
	return rc;
}

/*
 * An answer that was begun gives way to the reason why there is none.  Who may
 * approve the next order is asked of the ledger, so it has to know at once
 * what has become of an approver.
 */
static int
status_answer(struct signer *s, struct status_group *g,
    struct status_ask *ask, struct msg *out, struct error *e)
{
	struct error	 why = ERROR_INIT;
	size_t		 begin = out->body.len;

	g->of_role = false;
	if (status_one(s, g, ask, out, &why) == 0)
		return g->of_role ? ledger_sync(s->ledger, e) : 0;
	out->body.len = begin;
	msg_put_u32(out, 0);
	msg_put_error(out, &why);
	return 0;
}

int
signer_status(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct status_group	 g = { .arena = arena_new() };
	uint32_t		 n = msg_get_u32(in), i;
	int			 rc = -1;

	ledger_status_map(&g.status);
	ledger_use_map(&g.use);
	if (signer_check_chain(s, e) == -1)
		goto out;
	if (n > WIRE_GROUP_MAX) {
		error_set(e, ERROR_BUG, "group of %u is too large", n);
		goto out;
	}
	msg_put_u32(out, n);
	for (i = 0; i < n; i++) {
		struct status_ask	 ask;

		status_get(in, &ask, g.arena);
		if (in->bad)
			break;
		if (status_answer(s, &g, &ask, out, e) == -1)
			goto out;
	}
	/* What is answered is on disk; a malformed message changes nothing
	 * that was not ordered. */
	if (ledger_sync(s->ledger, e) == 0)
		rc = msg_done(in, e);
 out:
	map_clear(&g.status);
	map_clear(&g.use);
	arena_free(&g.arena);
	return rc;
}
