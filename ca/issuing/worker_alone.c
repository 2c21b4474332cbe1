/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on what orders say that the signer has agreed to and that is about
 * no certificate: a chain to go on from, an order that is rejected, a
 * credential.
 */
#include "db/db_credential.h"
#include "db/db_status.h"
#include "order/order.h"
#include "worker_alone.h"
#include "worker_private.h"

static int
credential_add(struct db *db, const struct db_status_order *o,
    const struct order *order, struct error *e)
{
	struct db_credential	 c = { .person = order->bind.person,
	    .credential = BYTES(order->bind.credential.p,
	    order->bind.credential.len), .rp_id = order->bind.rp_id,
	    .origin = order->bind.origin, .until = order->until };

	memcpy(c.bind, o->digest, sizeof(c.bind));
	memcpy(c.order_id, o->id, sizeof(c.order_id));
	return db_credential_add(db, &c, e);
}

/* What the signer answers to REJECT and BIND. */
static int
answer_get(struct worker *w, int64_t *expires, struct bytes *about,
    struct error *e)
{
	struct msg	*m = &w->answer;

	(void)msg_get_blob(m, DB_DIGEST);
	*expires = msg_get_i64(m);
	*about = msg_get_blob(m, DB_DIGEST);
	if (about->len != DB_DIGEST || msg_done(m, e) == -1)
		return error_set(e, ERROR_BUG, "malformed answer");
	return 0;
}

static void
finish(struct worker *w, struct buf *b, int64_t expires)
{
	char	 at[TEXT_TIME_SIZE];

	audit_str(b, "expires", text_time(at, expires));
	audit_str(b, "instance", w->conf->instance);
}

static int
apply_adopt(struct worker *w, struct buf *b, struct error *e)
{
	struct msg	*m = &w->answer;
	int64_t		 seq;
	struct bytes	 hash;

	(void)msg_get_blob(m, DB_DIGEST);
	(void)msg_get_i64(m);
	seq = msg_get_i64(m);
	hash = msg_get_blob(m, AUDIT_HASH);
	if (msg_done(m, e) == -1)
		return -1;
	audit_num(b, "seq", seq);
	audit_hex(b, "hash", hash.p, hash.len);
	audit_str(b, "instance", w->conf->instance);
	log_info("adopted audit entry %lld", (long long)seq);
	return 0;
}

static int
apply_reject(struct worker *w, struct db *db, struct buf *b,
    const struct order *order, struct error *e)
{
	struct bytes	 rejects;
	int64_t		 expires;

	if (answer_get(w, &expires, &rejects, e) == -1)
		return -1;
	audit_hex(b, "rejects", rejects.p, rejects.len);
	finish(w, b, expires);
	return db_status_reject(db, rejects.p, order->comment, e);
}

static int
apply_bind(struct worker *w, struct db *db, struct buf *b,
    const struct db_status_order *o, const struct order *order,
    struct error *e)
{
	struct bytes	 bind;
	int64_t		 expires;

	if (answer_get(w, &expires, &bind, e) == -1)
		return -1;
	if (order->kind == ORDER_BIND) {
		audit_str(b, "person", order->bind.person);
		finish(w, b, expires);
		return credential_add(db, o, order, e);
	}
	audit_hex(b, "unbinds", bind.p, bind.len);
	finish(w, b, expires);
	return db_credential_end(db, bind.p, o->id, e);
}

int
worker_alone_ask(struct worker *w, enum order_kind kind, struct bytes blob,
    struct error *e)
{
	msg_init(&w->ask, kind == ORDER_ADOPT ? WIRE_ADOPT :
	    kind == ORDER_REJECT ? WIRE_REJECT : WIRE_BIND);
	msg_put_blob(&w->ask, blob.p, blob.len);
	return worker_ask(w, e);
}

int
worker_alone_apply(struct worker *w, struct db *db, struct buf *b,
    const struct db_status_order *o, const struct order *order,
    struct error *e)
{
	struct bytes	 id = BYTES(o->id, DB_ORDER_ID);
	int		 rc;

	audit_begin(b, order_kind_name(order->kind), clock_now(&clock_system));
	audit_hex(b, "order", o->digest, DB_DIGEST);
	audit_hex(b, "id", o->id, DB_ORDER_ID);
	if (order->kind == ORDER_ADOPT)
		rc = apply_adopt(w, b, e);
	else if (order->kind == ORDER_REJECT)
		rc = apply_reject(w, db, b, order, e);
	else
		rc = apply_bind(w, db, b, o, order, e);
	return rc == 0 ? db_status_resolve(db, &id, 1, e) : -1;
}
