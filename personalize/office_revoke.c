/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of cards that were spoiled here: each is revoked by an order
 * that the station signs, once the CA has issued it.
 */
#include "office_private.h"

#include "audit/chain.h"
#include "db/db_audit.h"
#include "order/approval.h"

#define LIFETIME	(7 * 86400)
#define MANY		100
#define CESSATION	5	/* cessationOfOperation, RFC 5280, 5.3.1 */

struct revoking {
	const struct order	*order;
	const struct db_card_unrevoked *cert;
	struct buf		 blob;
	uint8_t			 digest[ORDER_DIGEST];
	const char		*station;
};

static int
add_entry(struct db *db, const struct revoking *r, struct error *e)
{
	struct buf	 body = { 0 };

	audit_begin(&body, "order-new", clock_now(&clock_system));
	audit_hex(&body, "order", r->digest, sizeof(r->digest));
	audit_hex(&body, "id", r->order->id, ORDER_ID_SIZE);
	audit_str(&body, "kind", "revoke");
	audit_str(&body, "card", r->cert->number);
	audit_str(&body, "by", r->station);
	return db_audit_add(db, &body, e);
}

static int
hand_in(struct db *db, void *arg, struct error *e)
{
	struct revoking		*r = arg;
	const struct order	*o = r->order;
	char			*summary = mem_printf("revoke what is on "
				    "card %s, spoiled", r->cert->number);
	struct db_order		 row = { .kind = "revoke", .state = "ready",
				    .summary = summary, .approvals = 1,
				    .created_at = o->created,
				    .expires_at = o->expires };
	int			 added;

	memcpy(row.id, o->id, sizeof(row.id));
	memcpy(row.digest, r->digest, sizeof(row.digest));
	added = db_order_add(db, &row, BYTES(r->blob.p, r->blob.len), e);
	mem_free(&summary);
	if (added == -1 || db_card_revoking(db, r->cert->id, o->id, e) == -1 ||
	    db_notify(db, "signet_order", e) == -1)
		return -1;
	return add_entry(db, r, e);
}

static int
make_order(struct office *o, const struct db_card_unrevoked *c,
    struct order **out, struct error *e)
{
	struct order_target	*t;

	if (order_new(out, ORDER_REVOKE, LIFETIME, &clock_system, &rng_system,
	    e) == -1)
		return -1;
	(*out)->reason = CESSATION;
	(*out)->selector = mem_printf("card:%s", c->number);
	(*out)->comment = mem_printf("the card was spoiled at station %s",
	    o->conf->station);
	t = (*out)->target = mem_array(1, sizeof(*t));
	(*out)->ntargets = 1;
	t->ca = mem_strdup(c->ca);
	memcpy(t->serial, c->serial.p, c->serial.len);
	t->serial_len = c->serial.len;
	return 0;
}

static int
revoke_one(struct office *o, const struct db_card_unrevoked *c,
    struct error *e)
{
	struct order	*order = NULL;
	struct approved	*approved = NULL;
	struct buf	 bare = { 0 };
	struct revoking	 r = { .cert = c, .station = o->conf->station };
	int		 rc = -1;

	if (make_order(o, c, &order, e) == 0 &&
	    approval_wrap(&bare, order, e) == 0 &&
	    approval_add(&r.blob, BYTES(bare.p, bare.len), &o->agent,
	    &clock_system, e) == 0 &&
	    approval_open(&approved, BYTES(r.blob.p, r.blob.len), e) == 0) {
		r.order = order;
		memcpy(r.digest, approved->digest, sizeof(r.digest));
		rc = db_txn(o->db, hand_in, &r, e);
	}
	approval_free(&approved);
	buf_clear(&bare);
	buf_clear(&r.blob);
	order_free(&order);
	return rc;
}

int
office_revoke(struct office *o, struct error *e)
{
	struct arena			*arena = arena_new();
	struct db_card_unrevokeds	 all;
	int				 rc;

	rc = db_card_unrevoked(o->db, o->conf->station, MANY, &all, arena, e);
	for (size_t i = 0; rc == 0 && i < all.n; i++)
		if (!all.v[i].ordered)
			rc = revoke_one(o, &all.v[i], e);
	arena_free(&arena);
	return rc;
}
