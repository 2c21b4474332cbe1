/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on orders to revoke, hold and release, and those of the same
 * queue that are about no certificate.
 */
#include "db/db_evidence.h"
#include "db/db_issue.h"
#include "db/db_status.h"
#include "order/approval.h"
#include "worker_alone.h"
#include "worker_private.h"
#include "x509/cert.h"

#define STATUS_GROUP	500

struct status_txn {
	struct worker	*w;
	bool		 only_adopt;
	size_t		 found;
	struct buf	*more;		/* entries: one per target */
	size_t		 nmore;
	struct db_status_change	*changed;	/* in the arena */
	size_t		 nchanged;
};

/* One order on its way through a group. */
struct status_work {
	const struct db_status_order	*row;
	struct order			*order;
	size_t				 first;	/* of its targets in the group */
	struct error			 e;	/* code NONE: going on */
	struct db_status_change		*change;
	bool				*done;
	uint32_t			 n;	/* changes */
	int64_t				 expires;
};
struct status_group {
	struct status_txn	*t;
	struct status_work	*v;
	size_t			 n;
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

/* The order of the row, and not another one.  Whether its signatures hold is
 * the signer's to see. */
static int
open_order(const struct db_status_order *o, struct order **out,
    struct error *e)
{
	uint8_t	 digest[ORDER_DIGEST];

	if (approval_look(out, digest, o->blob, e) == -1)
		return -1;
	if (memcmp((*out)->id, o->id, DB_ORDER_ID) != 0 ||
	    memcmp(digest, o->digest, DB_DIGEST) != 0)
		return error_set(e, ERROR_DENIED, "the order in the store is "
		    "not the one of its row");
	return 0;
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

/* Orders that are not about certificates go one by one.  0 done or refused,
 * -1 the transaction fails. */
static int
one_alone(struct status_txn *t, struct db *db, const struct status_work *k,
    struct error *e)
{
	struct worker			*w = t->w;
	const struct db_status_order	*o = k->row;
	struct error			 why = ERROR_INIT;

	if (worker_alone_ask(w, k->order->kind, o->blob, &why) == 0)
		return worker_alone_apply(w, db, next_entry(t), o, k->order,
		    e);
	if (!worker_is_passing(&why))
		return refuse(t, o, &why, db, e);
	*e = why;
	return -1;
}

/* The certificates that the orders name, for the signer to look at. */
static int
fetch_targets(struct status_group *g, struct db *db,
    struct db_evidence_cert **out, struct error *e)
{
	struct arena		*a = g->t->w->arena;
	const char		**ca;
	struct bytes		*serial;
	struct db_evidence_cert	*cert;
	size_t			 i, k, n = 0;

	for (i = 0; i < g->n; i++) {
		g->v[i].first = n;
		if (g->v[i].e.code == ERROR_NONE)
			n += g->v[i].order->ntargets;
	}
	ca = arena_alloc(a, (n + 1) * sizeof(*ca));
	serial = arena_alloc(a, (n + 1) * sizeof(*serial));
	*out = cert = arena_alloc(a, (n + 1) * sizeof(*cert));
	for (i = 0; i < g->n; i++) {
		struct status_work	*w = &g->v[i];
		const struct order	*o;

		if (w->e.code != ERROR_NONE)
			continue;
		o = w->order;
		for (k = 0; k < o->ntargets; k++) {
			ca[w->first + k] = o->target[k].ca;
			serial[w->first + k] = BYTES(o->target[k].serial,
			    o->target[k].serial_len);
		}
	}
	return n > 0 ? db_evidence_certs(db, ca, serial, n, false, cert, a,
	    e) : 0;
}

static void
check_found(struct status_work *k, const struct db_evidence_cert *cert)
{
	const struct order	*o = k->order;
	char			 hex[2 * CERT_SERIAL_SIZE + 3];
	size_t			 i;

	for (i = 0; i < o->ntargets; i++)
		if (cert[k->first + i].der.p == NULL) {
			error_set(&k->e, ERROR_NOTFOUND, "CA %s has issued no "
			    "certificate %s", o->target[i].ca, text_hex(hex,
			    o->target[i].serial, o->target[i].serial_len));
			return;
		}
}

static void
put_order(struct msg *m, const struct status_work *k,
    const struct db_evidence_cert *cert)
{
	size_t	 i, n = k->order->ntargets;

	msg_put_blob(m, k->row->blob.p, k->row->blob.len);
	msg_put_u32(m, (uint32_t)n);
	for (i = k->first; i < k->first + n; i++) {
		msg_put_blob(m, cert[i].der.p, cert[i].der.len);
		msg_put_str(m, cert[i].profile);
	}
}

static void
get_answer(struct worker *w, struct status_work *k)
{
	struct msg	*m = &w->answer;
	uint32_t	 i;

	if (msg_get_u32(m) == 0) {
		msg_get_error(m, &k->e);
		return;
	}
	(void)msg_get_blob(m, 32);
	k->expires = msg_get_i64(m);
	k->n = msg_get_u32(m);
	if (k->n > ORDER_TARGETS_MAX) {
		m->bad = true;
		return;
	}
	k->change = arena_alloc(w->arena, (k->n + 1) * sizeof(*k->change));
	k->done = arena_alloc(w->arena, k->n + 1);
	for (i = 0; i < k->n; i++) {
		get_change(w, &k->change[i]);
		k->change[i].order_id = k->row->id;
	}
}

static int
ask_status(struct status_group *g, struct db *db, struct error *e)
{
	struct worker		*w = g->t->w;
	struct db_evidence_cert	*cert;
	uint32_t		 n = 0;
	size_t			 i;

	if (fetch_targets(g, db, &cert, e) == -1)
		return -1;
	for (i = 0; i < g->n; i++) {
		if (g->v[i].e.code == ERROR_NONE)
			check_found(&g->v[i], cert);
		n += g->v[i].e.code == ERROR_NONE;
	}
	if (n == 0)
		return 0;
	msg_init(&w->ask, WIRE_STATUS);
	msg_put_u32(&w->ask, n);
	for (i = 0; i < g->n; i++)
		if (g->v[i].e.code == ERROR_NONE)
			put_order(&w->ask, &g->v[i], cert);
	if (worker_ask(w, e) == -1)
		return -1;
	if (msg_get_u32(&w->answer) != n)
		return error_set(e, ERROR_BUG, "answer of another length");
	for (i = 0; i < g->n; i++)
		if (g->v[i].e.code == ERROR_NONE)
			get_answer(w, &g->v[i]);
	return msg_done(&w->answer, e);
}

/* Applying: as many at once as are of different certificates. */

static uint64_t
change_hash(const void *item)
{
	const struct db_status_change	*c = item;

	return map_hash_bytes(c->serial.p, c->serial.len);
}

static bool
change_equal(const void *a, const void *b)
{
	const struct db_status_change	*x = a, *y = b;

	return x->serial.len == y->serial.len && strcmp(x->ca, y->ca) == 0 &&
	    memcmp(x->serial.p, y->serial.p, x->serial.len) == 0;
}

struct wave {
	struct db		*db;
	struct db_status_change	*v;
	bool			**done;		/* where the answers belong */
	bool			*answer;
	size_t			 n;
	struct map		 seen;
};

static int
wave_apply(struct wave *x, struct error *e)
{
	size_t	 i;

	if (x->n > 0 &&
	    db_status_apply(x->db, x->v, x->n, x->answer, e) == -1)
		return -1;
	for (i = 0; i < x->n; i++)
		*x->done[i] = x->answer[i];
	x->n = 0;
	map_clear(&x->seen);
	map_init(&x->seen, change_hash, change_equal);
	return 0;
}

static int
wave_add(struct wave *x, struct db_status_change *c, bool *done,
    struct error *e)
{
	if (map_find(&x->seen, c) != NULL && wave_apply(x, e) == -1)
		return -1;
	map_put(&x->seen, c);
	x->done[x->n] = done;
	x->v[x->n++] = *c;
	return 0;
}

static int
apply_changes(struct status_group *g, struct db *db, struct error *e)
{
	struct arena	*a = g->t->w->arena;
	struct wave	 x = { .db = db };
	size_t		 i, k, total = 0;
	int		 rc = -1;

	for (i = 0; i < g->n; i++)
		total += g->v[i].n;
	x.v = arena_alloc(a, (total + 1) * sizeof(*x.v));
	x.done = arena_alloc(a, (total + 1) * sizeof(*x.done));
	x.answer = arena_alloc(a, total + 1);
	map_init(&x.seen, change_hash, change_equal);
	for (i = 0; i < g->n; i++)
		for (k = 0; g->v[i].e.code == ERROR_NONE && k < g->v[i].n; k++)
			if (wave_add(&x, &g->v[i].change[k], &g->v[i].done[k],
			    e) == -1)
				goto out;
	rc = wave_apply(&x, e);
 out:
	map_clear(&x.seen);
	return rc;
}

/* The orders themselves, and the entries. */
static int
close_orders(struct status_group *g, struct db *db, struct error *e)
{
	struct status_txn	*t = g->t;
	struct bytes		*id = arena_alloc(t->w->arena,
	    (g->n + 1) * sizeof(*id));
	size_t			 i, k, n = 0, total = 0;

	for (i = 0; i < g->n; i++)
		total += g->v[i].n;
	t->changed = arena_alloc(t->w->arena,
	    (total + 1) * sizeof(*t->changed));
	for (i = 0; i < g->n; i++) {
		struct status_work	*w = &g->v[i];

		if (w->e.code != ERROR_NONE) {
			if (refuse(t, w->row, &w->e, db, e) == -1)
				return -1;
			continue;
		}
		id[n++] = BYTES(w->row->id, DB_ORDER_ID);
		for (k = 0; k < w->n; k++)
			if (w->done[k]) {
				audit_change(t, w->row, &w->change[k],
				    w->expires);
				t->changed[t->nchanged++] = w->change[k];
			}
	}
	return n > 0 ? db_status_resolve(db, id, n, e) : 0;
}

static int
group_run(struct status_group *g, struct db *db, struct error *e)
{
	size_t	 i;

	if (ask_status(g, db, e) == -1)
		return -1;
	for (i = 0; i < g->n; i++)
		if (worker_is_passing(&g->v[i].e)) {
			*e = g->v[i].e;
			return -1;
		}
	if (apply_changes(g, db, e) == -1)
		return -1;
	return close_orders(g, db, e);
}

static bool
is_alone(const struct status_work *k, bool only_adopt)
{
	enum order_kind	 kind;

	if (k->e.code != ERROR_NONE)
		return false;
	kind = k->order->kind;
	if (only_adopt)
		return kind == ORDER_ADOPT;
	return kind == ORDER_REJECT || kind == ORDER_BIND ||
	    kind == ORDER_UNBIND;
}

/* What an order is, its blob says, not its row. */
static int
txn_orders(struct status_txn *t, struct db *db,
    const struct db_status_orders *orders, struct error *e)
{
	struct status_group	 g = { .t = t };
	size_t			 i;
	int			 rc = 0;

	g.v = arena_alloc(t->w->arena, (orders->n + 1) * sizeof(*g.v));
	for (i = 0; i < orders->n && rc == 0; i++) {
		struct status_work	*k = &g.v[g.n];

		k->row = &orders->v[i];
		if (open_order(k->row, &k->order, &k->e) == 0 &&
		    k->order->kind == ORDER_ADOPT && !t->only_adopt)
			error_set(&k->e, ERROR_DENIED, "it is to adopt a head, "
			    "and its row says something else");
		if (is_alone(k, t->only_adopt))
			rc = one_alone(t, db, k, e);
		else if (!t->only_adopt) {
			g.n++;
			continue;
		}
		order_free(&k->order);
		error_clear(&k->e);
	}
	if (rc == 0 && g.n > 0)
		rc = group_run(&g, db, e);
	for (i = 0; i < g.n; i++)
		order_free(&g.v[i].order);
	return rc;
}

static int
record(struct status_txn *t, struct db *db, struct error *e)
{
	struct bytes	*body = arena_alloc(t->w->arena,
	    t->nmore * sizeof(*body));
	size_t		 i;

	for (i = 0; i < t->nmore; i++)
		body[i] = BYTES(t->more[i].p, t->more[i].len);
	return db_status_record(db, t->changed, t->nchanged, body, t->nmore,
	    e);
}

static int
txn_status(struct db *db, void *arg, struct error *e)
{
	struct status_txn	*t = arg;
	struct db_status_orders	 orders;

	arena_reset(t->w->arena);
	clear_entries(t);
	t->nchanged = 0;
	if (db_status_claim(db, t->only_adopt, STATUS_GROUP, &orders, t->w->arena, e) == -1)
		return -1;
	t->found = orders.n;
	if (txn_orders(t, db, &orders, e) == -1)
		return -1;
	FAULT("cad.status");
	if (t->nmore == 0)
		return 0;
	if (record(t, db, e) == -1 ||
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
	size_t			 i;
	int			 rc;

	rc = db_txn(w->db, txn_status, &t, e);
	clear_entries(&t);
	if (rc == -1)
		return error_wrap(e, "change status");
	for (i = 0; i < t.nchanged; i++)
		worker_count_ca(w, "signet_cad_status_changes",
		    "Certificates revoked, held or released.",
		    t.changed[i].ca, 1);
	return !only_adopt && t.found > 0;
}
