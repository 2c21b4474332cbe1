/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/redeem.h"

#include <string.h>

#include "base/text.h"
#include "db/db_code_try.h"
#include "db/db_order.h"
#include "desk/request.h"
#include "order/code.h"

#define GATE_MS		5000
#define HEX_MIN		8

/* ---- one order ---- */

static int
prove(const struct order *o, const uint8_t digest[ORDER_DIGEST],
    const struct redeem *r, uint8_t proof[CODE_PROOF_SIZE], struct error *e)
{
	int	rc;

	if (gate_enter(r->gate, GATE_MS, e) == -1)
		return -1;
	rc = code_prove(proof, o, digest, r->code, r->csr->digest, e);
	gate_leave(r->gate);
	return rc;
}

static int
check_may(struct desk *d, const struct review *v, struct error *e)
{
	char	when[32];
	int64_t	wait;
	int	may;

	if ((may = db_code_try(d->db, v->row.id, &wait, e)) == -1)
		return -1;
	if (may == 1)
		return 0;
	if (wait > 0)
		return error_set(e, ERROR_DENIED, "the code was tried too "
		    "often: wait %s", text_duration(when, wait));
	error_set(e, ERROR_DENIED, "the code was tried too often: it is "
	    "locked");
	return error_hint(e, "make a new one: signet order new --code");
}

/* Counted, proved, and taken back when it was right, or was not looked at. */
static int
try_code(struct desk *d, const struct review *v, const struct redeem *r,
    uint8_t proof[CODE_PROOF_SIZE], struct error *e)
{
	struct error	later = ERROR_INIT;

	if (check_may(d, v, e) == -1)
		return -1;
	if (prove(v->approved->order, v->approved->digest, r, proof, e) == 0)
		return db_code_try_forgive(d->db, v->row.id, e);
	if (e->code != ERROR_DENIED)
		db_code_try_forgive(d->db, v->row.id, &later);
	return -1;
}

static int
check_request(struct desk *d, const struct review *v,
    const struct redeem *r, struct error *e)
{
	const struct profile	*p;

	if (desk_need(d, DESK_PROFILES, e) == -1 ||
	    profiles_find(&d->profiles, v->approved->order->profile, &p,
	    e) == -1 ||
	    csr_check_wishes(r->csr, p, e) == -1 ||
	    profile_check_key(p, r->csr->key, e) == -1)
		return -1;
	return request_check_key(d, r->csr, e);
}

static int
supply(struct db *db, void *arg, struct error *e)
{
	if (db_order_supply(db, arg, e) == -1)
		return -1;
	return db_notify(db, "signet_order", e);
}

static int
redeem_proved(struct desk *d, const struct review *v, const struct redeem *r,
    const uint8_t proof[CODE_PROOF_SIZE], struct error *e)
{
	struct db_item_new	item = { 0 };

	if (check_request(d, v, r, e) == -1)
		return -1;
	memcpy(item.ref.order_id, v->row.id, DB_ORDER_ID);
	item.request = BYTES(r->csr->der.p, r->csr->der.len);
	item.proof = BYTES(proof, CODE_PROOF_SIZE);
	return db_txn(d->db, supply, &item, e);
}

int
redeem_check(struct desk *d, const struct review *v, const struct redeem *r,
    struct error *e)
{
	if (!v->approved->order->has_code)
		return error_set(e, ERROR_INPUT, "the order has no one-time "
		    "code: its request is there already");
	if (!review_is_open(v))
		return error_set(e, ERROR_CONFLICT, "the order is %s",
		    v->row.state);
	return check_request(d, v, r, e);
}

int
redeem_order(struct desk *d, const struct review *v, const struct redeem *r,
    struct error *e)
{
	uint8_t	proof[CODE_PROOF_SIZE];

	if (redeem_check(d, v, r, e) == -1 ||
	    try_code(d, v, r, proof, e) == -1)
		return -1;
	return redeem_proved(d, v, r, proof, e);
}

/* ---- the order of somebody ---- */

static int
refuse(struct error *e)
{
	error_clear(e);
	error_set(e, ERROR_DENIED, "no order waits for this name and one-time "
	    "code");
	return error_hint(e, "check both; after several wrong tries there is a "
	    "pause, in the end the code is locked, and an officer can make "
	    "another one");
}

/* As much work as one wrong code takes. */
static int
refuse_slowly(const struct redeem *r, struct error *e)
{
	static const uint8_t	digest[ORDER_DIGEST];
	struct order		nobodys = { .has_code = true };
	uint8_t			proof[CODE_PROOF_SIZE];

	if (prove(&nobodys, digest, r, proof, e) == -1 &&
	    e->code == ERROR_UPSTREAM)
		return -1;
	return refuse(e);
}

struct found {
	struct db_order	 v[REDEEM_MAX];
	size_t		 n;
};

static void
found_add(struct found *f, const struct db_order *o, const struct redeem *r,
    int64_t now)
{
	size_t	i;

	if (f->n == REDEEM_MAX || strcmp(o->kind, "issue") != 0 ||
	    o->expires_at <= now || o->profile == NULL ||
	    (r->profile != NULL && strcmp(o->profile, r->profile) != 0))
		return;
	for (i = 0; i < f->n; i++)
		if (memcmp(f->v[i].id, o->id, DB_ORDER_ID) == 0)
			return;
	f->v[f->n++] = *o;
}

static int
find_by_id(struct desk *d, const struct redeem *r, struct found *f,
    struct error *e)
{
	struct db_order	o;
	struct error	why = ERROR_INIT;
	size_t		len = strlen(r->user);
	int		is;

	if (len < HEX_MIN || len > 2 * DB_ORDER_ID ||
	    strspn(r->user, "0123456789abcdefABCDEF") != len)
		return 0;
	is = db_order_find_hex(d->db, r->user, &o, d->arena, &why);
	if (is == -1 && why.code != ERROR_INPUT) {
		*e = why;
		return -1;
	}
	if (is == 1)
		found_add(f, &o, r, clock_now(d->clock));
	return 0;
}

/* Orders that the code may be of: the one that has this request already, the
 * one that is named itself, and those of the holder that wait. */
static int
find(struct desk *d, const struct redeem *r, struct found *f,
    struct error *e)
{
	struct bytes	 der = BYTES(r->csr->der.p, r->csr->der.len);
	struct db_orders waiting;
	struct db_order	 o;
	size_t		 i;
	int		 is;

	f->n = 0;
	if ((is = db_order_find_request(d->db, r->user, der, &o, d->arena,
	    e)) == -1)
		return -1;
	if (is == 1)
		found_add(f, &o, r, clock_now(d->clock));
	if (find_by_id(d, r, f, e) == -1 ||
	    db_order_waiting(d->db, r->user, r->profile, REDEEM_MAX, &waiting,
	    d->arena, e) == -1)
		return -1;
	for (i = 0; i < waiting.n; i++)
		found_add(f, &waiting.v[i], r, clock_now(d->clock));
	return 0;
}

/* 1: it has this very request. */
static int
has_request(struct desk *d, const struct db_order *o, const struct csr *csr,
    struct error *e)
{
	struct db_requests	got;

	if (o->waiting_items > 0)
		return 0;
	if (db_order_requests(d->db, o->id, 0, 1, &got, d->arena, e) == -1)
		return -1;
	return got.n == 1 && bytes_equal(got.v[0].request,
	    BYTES(csr->der.p, csr->der.len));
}

/* 1 it is this one, 0 it is not, -1. */
static int
try_review(struct desk *d, const struct review *v, const struct redeem *r,
    struct error *e)
{
	uint8_t	proof[CODE_PROOF_SIZE];
	int	same;

	if ((same = has_request(d, &v->row, r->csr, e)) == -1)
		return -1;
	if (!v->approved->order->has_code ||
	    (!same && (!review_is_open(v) || v->row.waiting_items == 0)))
		return 0;
	if (try_code(d, v, r, proof, e) == -1)
		return e->code == ERROR_DENIED || e->code == ERROR_INPUT ? 0 :
		    -1;
	if (same)
		return 1;
	if (redeem_proved(d, v, r, proof, e) == 0)
		return 1;
	/* Somebody with the right code was faster. */
	return e->code == ERROR_CONFLICT ? 0 : -1;
}

static int
try_order(struct desk *d, const struct db_order *o, const struct redeem *r,
    struct error *e)
{
	struct review	v = { 0 };
	int		is = -1;

	error_clear(e);
	if (review_load_id(d, o->id, &v, e) == 0)
		is = try_review(d, &v, r, e);
	review_clear(&v);
	return is;
}

int
redeem_code(struct desk *d, const struct redeem *r, uint8_t id[DB_ORDER_ID],
    struct error *e)
{
	struct found	f;
	size_t		i;
	int		is;

	if (desk_need(d, DESK_DB, e) == -1 || find(d, r, &f, e) == -1)
		return -1;
	for (i = 0; i < f.n; i++) {
		if ((is = try_order(d, &f.v[i], r, e)) == -1)
			return -1;
		if (is == 0)
			continue;
		memcpy(id, f.v[i].id, DB_ORDER_ID);
		return 0;
	}
	return f.n > 0 ? refuse(e) : refuse_slowly(r, e);
}
