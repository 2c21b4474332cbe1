/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "audit/chain.h"
#include "card/layout.h"
#include "db/db_audit.h"
#include "desk/card_round.h"
#include "desk/review.h"
#include "desk/submit.h"

#define ROUNDS_MAX	16

struct round {
	struct desk			*dk;
	const struct db_card_batch	*batch;
	struct db_card_batch_orders	 orders;	/* of all rounds */
	struct review			*r;		/* of each order */
	struct db_card_spents		 spent;
	int				 next;		/* number of this round */
	const char			*slot[LAYOUT_SLOTS_MAX];
	struct draft			 draft[LAYOUT_SLOTS_MAX];
	size_t				 nslots;
};

static int
load(struct round *m, struct error *e)
{
	struct desk	*dk = m->dk;
	size_t		 i;

	if (db_card_batch_spent(dk->db, m->batch->id, &m->spent, dk->arena,
	    e) == -1 || db_card_batch_orders(dk->db, m->batch->id, &m->orders,
	    dk->arena, e) == -1)
		return -1;
	if (m->spent.n == 0)
		return error_set(e, ERROR_NOTFOUND, "batch %s has no item "
		    "whose orders are used up", m->batch->name);
	m->r = mem_array(m->orders.n + 1, sizeof(*m->r));
	for (i = 0; i < m->orders.n; i++)
		if (review_load_id(dk, m->orders.v[i].id, &m->r[i], e) == -1)
			return -1;
	m->next = m->orders.v[m->orders.n - 1].round + 1;
	if (m->next > ROUNDS_MAX)
		return error_set(e, ERROR_CONFLICT, "batch %s has had %d "
		    "rounds of orders", m->batch->name, ROUNDS_MAX);
	return 0;
}

static const struct order *
find_order(const struct round *m, int number, const char *slot)
{
	size_t	i;

	for (i = 0; i < m->orders.n; i++)
		if (m->orders.v[i].round == number &&
		    strcmp(m->orders.v[i].slot, slot) == 0)
			return m->r[i].approved->order;
	return NULL;
}

/* The spent items as they were ordered for this key. */
static int
copy_items(const struct round *m, struct order *o, const char *slot,
    struct error *e)
{
	size_t	i;

	o->item = mem_array(m->spent.n, sizeof(*o->item));
	for (i = 0; i < m->spent.n; i++) {
		const struct db_card_spent	*s = &m->spent.v[i];
		const struct order		*from = find_order(m, s->round,
						    slot);

		if (from == NULL || s->place == 0 || s->place > from->nitems)
			return error_set(e, ERROR_BUG, "item %u is not in the "
			    "order for \"%s\" of round %d", s->n, slot,
			    s->round);
		o->item[i].n = (uint32_t)i + 1;
		o->item[i].holder = mem_strdup(from->item[s->place - 1].holder);
		fields_copy(&o->item[i].fields,
		    &from->item[s->place - 1].fields);
		o->nitems++;
	}
	return 0;
}

static int
draw_up(struct round *m, const struct order *first, const char *slot,
    struct error *e)
{
	const struct profile	*p;
	struct draft		*d = &m->draft[m->nslots];

	if (m->nslots == LAYOUT_SLOTS_MAX)
		return error_set(e, ERROR_BUG, "more than %d keys",
		    LAYOUT_SLOTS_MAX);
	if (profiles_find(&m->dk->profiles, first->profile, &p, e) == -1 ||
	    draft_new(m->dk, d, ORDER_BATCH, p, e) == -1)
		return -1;
	m->slot[m->nslots++] = slot;
	d->order->profile = mem_strdup(first->profile);
	d->order->ca = mem_strdup(first->ca);
	d->order->comment = mem_printf("cards %s, %s, round %d",
	    m->batch->name, slot, m->next);
	return copy_items(m, d->order, slot, e);
}

static int
add_entry(const struct round *m, struct db *db, struct error *e)
{
	struct buf	body = { 0 };

	audit_begin(&body, "card-batch", clock_now(m->dk->clock));
	audit_str(&body, "batch", m->batch->name);
	audit_num(&body, "round", m->next);
	audit_num(&body, "items", (int64_t)m->spent.n);
	audit_str(&body, "by", m->dk->who);
	return db_audit_add(db, &body, e);
}

static int
add_rows(struct db *db, void *arg, struct error *e)
{
	const struct round	*m = arg;
	size_t			 i;

	for (i = 0; i < m->nslots; i++)
		if (db_card_batch_add_order(db, m->batch->id, m->next,
		    m->slot[i], m->draft[i].order->id, e) == -1)
			return -1;
	if (db_card_batch_again(db, m->batch->id, m->next, &m->spent, e) == -1)
		return -1;
	return add_entry(m, db, e);
}

static int
submit_round(struct round *m, struct error *e)
{
	const struct draft	*d[LAYOUT_SLOTS_MAX];
	size_t			 i;

	for (i = 0; i < m->orders.n && m->orders.v[i].round == 1; i++)
		if (draw_up(m, m->r[i].approved->order, m->orders.v[i].slot,
		    e) == -1)
			return -1;
	for (i = 0; i < m->nslots; i++)
		d[i] = &m->draft[i];
	m->draft[m->nslots - 1].also = add_rows;
	m->draft[m->nslots - 1].also_arg = m;
	return submit_drafts(m->dk, d, NULL, m->nslots, e);
}

int
card_round_submit(struct desk *dk, const struct db_card_batch *batch,
    size_t *n, struct error *e)
{
	struct round	m = { .dk = dk, .batch = batch };
	size_t		i;
	int		rc = -1;

	if (desk_need(dk, DESK_DB, e) == 0 &&
	    desk_need(dk, DESK_PROFILES, e) == 0 && load(&m, e) == 0)
		rc = submit_round(&m, e);
	*n = m.spent.n;
	for (i = 0; i < m.nslots; i++)
		draft_clear(&m.draft[i]);
	for (i = 0; m.r != NULL && i < m.orders.n; i++)
		review_clear(&m.r[i]);
	mem_free(&m.r);
	return rc;
}
