/* SPDX-License-Identifier: Apache-2.0 */
#include "once.h"

#include <string.h>

#include "base/digest.h"
#include "db/db_cert.h"
#include "db/db_order.h"
#include "desk/review.h"
#include "desk/submit.h"

#define ORDERS_MAX	16	/* for the same, that came to nothing */
#define TRIES		3	/* against others who ask for the same */

/* The number of the n-th order for this. */
static void
number(uint8_t id[ORDER_ID_SIZE], const struct order *o, uint8_t n)
{
	static const char	label[] = "signet revocation by the holder";
	struct buf		b = { 0 };
	uint8_t			digest[32];

	buf_add(&b, label, sizeof(label));
	buf_byte(&b, n);
	buf_byte(&b, (uint8_t)o->reason);
	for (size_t i = 0; i < o->ntargets; i++) {
		const struct order_target	*t = &o->target[i];

		buf_add(&b, t->ca, strlen(t->ca) + 1);
		buf_byte(&b, (uint8_t)t->serial_len);
		buf_add(&b, t->serial, t->serial_len);
	}
	digest_sha256(digest, b.p, b.len);
	memcpy(id, digest, ORDER_ID_SIZE);
	buf_clear(&b);
}

static bool
is_same(const struct order *a, const struct order *b)
{
	size_t	i;

	if (a->kind != b->kind || a->reason != b->reason ||
	    a->ntargets != b->ntargets)
		return false;
	for (i = 0; i < a->ntargets; i++)
		if (strcmp(a->target[i].ca, b->target[i].ca) != 0 ||
		    a->target[i].serial_len != b->target[i].serial_len ||
		    memcmp(a->target[i].serial, b->target[i].serial,
		    a->target[i].serial_len) != 0)
			return false;
	return true;
}

/* 1: as the order that was carried out wants it. */
static int
are_revoked(struct page *p, const struct order *o, struct error *e)
{
	struct db_serial	 serial;
	struct db_cert		 c;
	int			 found = 1;

	for (size_t i = 0; found == 1 && i < o->ntargets; i++) {
		serial.len = o->target[i].serial_len;
		memcpy(serial.p, o->target[i].serial, serial.len);
		found = db_cert_find(p->db, o->target[i].ca, &serial, &c,
		    p->arena, e);
		if (found == 1)
			found = strcmp(c.status, "revoked") == 0;
	}
	return found;
}

/* 1: what this row is about has been ordered by it. */
static int
is_alive(struct page *p, const struct db_order *row, const struct order *o,
    struct error *e)
{
	struct order	*there;
	bool		 done = strcmp(row->state, "done") == 0, same;

	if (!done && (row->expires_at <= p->now ||
	    (strcmp(row->state, "pending") != 0 &&
	    strcmp(row->state, "ready") != 0)))
		return 0;
	if (review_look(p->desk, row->id, &there, e) == -1)
		return -1;
	same = is_same(there, o);
	order_free(&there);
	if (same && done)
		return are_revoked(p, o, e);
	return same;
}

/* 1: it is there; 0: o->id is free for it.  When all are taken by what came to
 * nothing the number stays as random as it was: nobody is kept from revoking. */
static int
find(struct page *p, struct order *o, struct error *e)
{
	struct db_order	row;
	uint8_t		id[ORDER_ID_SIZE];
	int		found, alive;

	for (uint8_t n = 0; n < ORDERS_MAX; n++) {
		number(id, o, n);
		if ((found = db_order_find(p->db, id, &row, p->arena,
		    e)) == -1)
			return -1;
		alive = found == 1 ? is_alive(p, &row, o, e) : 0;
		if (alive == -1)
			return -1;
		if (found == 1 && alive == 0)
			continue;
		memcpy(o->id, id, ORDER_ID_SIZE);
		return found;
	}
	return 0;
}

/* Who stored it may have died before this. */
static int
approve(struct page *p, const struct order *o, struct error *e)
{
	struct review	r = { 0 };
	int		rc = 0;

	if (review_load_id(p->desk, o->id, &r, e) == -1 ||
	    (review_is_open(&r) && (desk_need(p->desk, DESK_TRUST, e) == -1 ||
	    desk_need(p->desk, DESK_SIGNER, e) == -1 ||
	    submit_approval_once(p->desk, &r, e) == -1)))
		rc = -1;
	review_clear(&r);
	return rc;
}

int
once_hand_in(struct page *p, struct draft *d, once_store_fn *store,
    struct error *e)
{
	int	found, tries;

	for (tries = 0;; tries++) {
		if ((found = find(p, d->order, e)) == -1)
			return -1;
		if (found == 1 || store(p, d, e) == 0)
			return approve(p, d->order, e);
		if (e->code != ERROR_CONFLICT || tries == TRIES)
			return -1;
		error_clear(e);
	}
}
