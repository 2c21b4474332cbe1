/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on orders to revoke, hold, release and adopt.
 */
#include "db/db_evidence.h"
#include "db/db_issue.h"
#include "db/db_status.h"
#include "order/approval.h"
#include "worker_private.h"
#include "x509/cert.h"

#define STATUS_GROUP	100

struct status_txn {
	struct worker	*w;
	bool		 only_adopt;
	size_t		 found;
	struct buf	*more;		/* one per target */
	size_t		 nmore;
};

static struct buf *
next_entry(struct status_txn *t)
{
	if (t->nmore % 256 == 0)
		t->more = mem_resize(t->more, t->nmore + 256,
		    sizeof(*t->more));
	t->more[t->nmore] = (struct buf){ 0 };
	return &t->more[t->nmore++];
}

static void
clear_entries(struct status_txn *t)
{
	while (t->nmore > 0)
		buf_clear(&t->more[--t->nmore]);
	mem_free(&t->more);
}

static int
refuse(struct status_txn *t, const struct db_status_order *o,
    const struct error *why, struct db *db, struct error *e)
{
	struct buf	*b = next_entry(t);

	log_error(why, "order %02x%02x%02x%02x refused", o->id[0], o->id[1],
	    o->id[2], o->id[3]);
	audit_begin(b, "refuse", clock_now(&clock_system));
	audit_hex(b, "order", o->digest, DB_DIGEST);
	audit_hex(b, "id", o->id, DB_ORDER_ID);
	audit_num(b, "n", 0);
	audit_str(b, "code", error_name(why->code));
	audit_str(b, "reason", why->text);
	audit_str(b, "instance", t->w->conf->instance);
	return db_issue_refuse_order(db, o->id, why->text, e);
}

/* The certificates that the order names, for the signer to look at. */
static int
put_targets(struct worker *w, struct db *db, const struct order *o,
    struct error *e)
{
	struct arena		*a = w->arena;
	size_t			 n = o->ntargets, i;
	const char		**ca = arena_alloc(a, (n + 1) * sizeof(*ca));
	struct bytes		*serial = arena_alloc(a, (n + 1) *
	    sizeof(*serial));
	struct db_evidence_cert	*cert = arena_alloc(a, (n + 1) *
	    sizeof(*cert));
	char			 hex[2 * CERT_SERIAL_SIZE + 3];

	for (i = 0; i < n; i++) {
		ca[i] = o->target[i].ca;
		serial[i] = BYTES(o->target[i].serial, o->target[i].serial_len);
	}
	if (db_evidence_certs(db, ca, serial, n, false, cert, a, e) == -1)
		return -1;
	msg_put_u32(&w->ask, (uint32_t)n);
	for (i = 0; i < n; i++) {
		if (cert[i].der.p == NULL)
			return error_set(e, ERROR_NOTFOUND, "CA %s has issued "
			    "no certificate %s", ca[i], text_hex(hex,
			    serial[i].p, serial[i].len));
		msg_put_blob(&w->ask, cert[i].der.p, cert[i].der.len);
		msg_put_str(&w->ask, cert[i].profile);
	}
	return 0;
}

/* Order and targets to the signer; the answer stays in w->answer. */
static int
ask_status(struct worker *w, struct db *db, const struct db_status_order *o,
    struct error *e)
{
	struct approved	*a = NULL;
	int		 rc = -1;

	if (approval_open(&a, o->blob, e) == -1)
		goto out;
	if (memcmp(a->order->id, o->id, DB_ORDER_ID) != 0 ||
	    memcmp(a->digest, o->digest, DB_DIGEST) != 0) {
		error_set(e, ERROR_DENIED, "the order in the store is not the "
		    "one of its row");
		goto out;
	}
	msg_init(&w->ask, a->order->kind == ORDER_ADOPT ? WIRE_ADOPT :
	    WIRE_STATUS);
	msg_put_blob(&w->ask, o->blob.p, o->blob.len);
	if (a->order->kind != ORDER_ADOPT &&
	    put_targets(w, db, a->order, e) == -1)
		goto out;
	rc = worker_ask(w, e);
 out:
	approval_free(&a);
	return rc;
}

static void
audit_change(struct status_txn *t, const struct db_status_order *o,
    const struct db_status_change *c, int64_t expires)
{
	char		 at[TEXT_TIME_SIZE];
	struct buf	*b = next_entry(t);

	audit_begin(b, strcmp(c->status, "revoked") == 0 ? "revoke" :
	    strcmp(c->status, "held") == 0 ? "hold" : "release", c->at);
	audit_hex(b, "order", o->digest, DB_DIGEST);
	audit_hex(b, "id", o->id, DB_ORDER_ID);
	audit_str(b, "ca", c->ca);
	audit_hex(b, "serial", c->serial.p, c->serial.len);
	audit_num(b, "reason", c->reason < 0 ? 0 : c->reason);
	if (c->invalid_since != 0)
		audit_str(b, "since", text_time(at, c->invalid_since));
	audit_str(b, "expires", text_time(at, expires));
	audit_str(b, "instance", t->w->conf->instance);
}

static void
get_change(struct worker *w, struct db_status_change *c)
{
	struct msg	*m = &w->answer;
	struct bytes	 serial;
	uint32_t	 status;
	char		 ca[65];

	msg_get_str(m, ca, sizeof(ca));
	c->ca = arena_strdup(w->arena, ca);
	serial = msg_get_blob(m, DB_SERIAL);
	memcpy(c->serial.p, serial.p, serial.len);
	c->serial.len = serial.len;
	status = msg_get_u32(m);
	c->status = status == 0 ? "good" : status == 1 ? "held" : "revoked";
	c->reason = (int)msg_get_i64(m);
	if (status == 0)
		c->reason = -1;
	c->at = msg_get_i64(m);
	c->invalid_since = msg_get_i64(m);
}

static int
apply_status(struct status_txn *t, struct db *db,
    const struct db_status_order *o, struct error *e)
{
	struct worker		*w = t->w;
	struct db_status_change	*c;
	bool			*done;
	int64_t			 expires;
	uint32_t		 n, i;

	(void)msg_get_blob(&w->answer, 32);
	expires = msg_get_i64(&w->answer);
	n = msg_get_u32(&w->answer);
	if (n > ORDER_TARGETS_MAX)
		return error_set(e, ERROR_BUG, "answer of another length");
	c = arena_alloc(w->arena, (n + 1) * sizeof(*c));
	done = arena_alloc(w->arena, n + 1);
	for (i = 0; i < n; i++)
		get_change(w, &c[i]);
	if (msg_done(&w->answer, e) == -1 ||
	    (n > 0 && db_status_apply(db, o->id, c, n, done, e) == -1))
		return -1;
	for (i = 0; i < n; i++) {
		if (done[i])
			audit_change(t, o, &c[i], expires);
	}
	return db_status_resolve(db, o->id, e);
}

static int
apply_adopt(struct status_txn *t, struct db *db,
    const struct db_status_order *o, struct error *e)
{
	struct msg	*m = &t->w->answer;
	struct buf	*b = next_entry(t);
	int64_t		 seq;
	struct bytes	 hash;

	(void)msg_get_blob(m, 32);
	(void)msg_get_i64(m);
	seq = msg_get_i64(m);
	hash = msg_get_blob(m, AUDIT_HASH);
	if (msg_done(m, e) == -1)
		return -1;
	audit_begin(b, "adopt", clock_now(&clock_system));
	audit_hex(b, "order", o->digest, DB_DIGEST);
	audit_hex(b, "id", o->id, DB_ORDER_ID);
	audit_num(b, "seq", seq);
	audit_hex(b, "hash", hash.p, hash.len);
	audit_str(b, "instance", t->w->conf->instance);
	log_info("adopted audit entry %lld", (long long)seq);
	return db_status_resolve(db, o->id, e);
}

/* 0 done or refused, -1 the transaction fails. */
static int
one_order(struct status_txn *t, struct db *db,
    const struct db_status_order *o, struct error *e)
{
	struct error	 why = ERROR_INIT;
	bool		 adopt = strcmp(o->kind, "adopt") == 0;

	if (t->only_adopt && !adopt)
		return 0;
	if (ask_status(t->w, db, o, &why) == -1) {
		if (worker_is_passing(&why)) {
			*e = why;
			return -1;
		}
		return refuse(t, o, &why, db, e);
	}
	/* What the blob says it is, not what the row says. */
	return t->w->answer.type == WIRE_ADOPT ? apply_adopt(t, db, o, e) :
	    apply_status(t, db, o, e);
}

static int
txn_status(struct db *db, void *arg, struct error *e)
{
	struct status_txn	*t = arg;
	struct db_status_orders	 orders;
	size_t			 i;

	arena_reset(t->w->arena);
	clear_entries(t);
	if (db_status_claim(db, STATUS_GROUP, &orders, t->w->arena, e) == -1)
		return -1;
	t->found = orders.n;
	for (i = 0; i < orders.n; i++)
		if (one_order(t, db, &orders.v[i], e) == -1)
			return -1;
	FAULT("cad.status");
	if (t->nmore == 0)
		return 0;
	if (worker_audit(db, t->more, t->nmore, e) == -1 ||
	    db_notify(db, "signet_status", e) == -1 ||
	    db_notify(db, "signet_issued", e) == -1)
		return -1;
	FAULT("cad.status-before-commit");
	return 0;
}

int
worker_status(struct worker *w, bool only_adopt, struct error *e)
{
	struct status_txn	 t = { .w = w, .only_adopt = only_adopt };
	int			 rc;

	rc = db_txn(w->db, txn_status, &t, e);
	clear_entries(&t);
	if (rc == -1)
		return error_wrap(e, "change status");
	return !only_adopt && t.found > 0;
}
