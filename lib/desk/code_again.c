/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/code_again.h"

#include <string.h>

#include "base/digest.h"
#include "db/db_order.h"
#include "desk/submit.h"
#include "x509/ca_name.h"

int
code_again_check(struct desk *dk, const struct review *old, struct error *e)
{
	const struct order	*o = old->approved->order;
	char			 hex[REVIEW_SHORT + 1];

	review_short_id(hex, o->id);
	if (o->kind != ORDER_ISSUE || !o->has_code || o->is_renewal)
		return error_set(e, ERROR_INPUT, "order %s has no one-time "
		    "code", hex);
	if (!review_is_open(old))
		return error_set(e, ERROR_CONFLICT, "order %s is %s: it gets "
		    "no other code", hex, old->row.state);
	if (old->row.waiting_items == 0)
		return error_set(e, ERROR_CONFLICT, "the code of order %s was "
		    "used", hex);
	if (o->expires > clock_now(dk->clock))
		return 0;
	error_set(e, ERROR_CONFLICT, "order %s has expired", hex);
	return error_hint(e, "make a new one");
}

int
code_again_draft(struct desk *dk, const struct review *old, struct draft *d,
    struct error *e)
{
	const struct order	*o = old->approved->order;
	char			 family[CA_NAME_SIZE];
	struct draft_issue	 in = { .profile = o->profile, .ca = family,
				    .holder = o->holder, .comment = o->comment,
				    .until = o->until, .fields = &o->fields };

	if (code_again_check(dk, old, e) == -1)
		return -1;
	ca_name_split(o->ca, family);
	if (draft_issue(dk, d, &in, e) == -1)
		return -1;
	d->order->expires = o->expires;
	return 0;
}

static bool
same_fields(const struct fields *a, const struct fields *b)
{
	size_t	i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (strcmp(a->v[i].name, b->v[i].name) != 0 ||
		    strcmp(a->v[i].value, b->v[i].value) != 0)
			return false;
	return a->n == b->n;
}

int
code_again_is_for(const struct review *old, const struct order *o,
    struct error *e)
{
	const struct order	*was = old->approved->order;

	if (o->kind == ORDER_ISSUE && o->has_code && !o->is_renewal &&
	    strcmp(o->profile, was->profile) == 0 &&
	    strcmp(o->holder, was->holder) == 0 && o->until == was->until &&
	    o->expires == was->expires && same_fields(&o->fields,
	    &was->fields))
		return 0;
	return error_set(e, ERROR_INPUT, "this order is not in the place of "
	    "that one");
}

/* ---- storing ---- */

/* Who has the code may have been faster. */
static int
end_old(struct db *db, void *arg, struct error *e)
{
	struct rejecting	*n = arg;
	struct db_order		 now;
	char			 hex[REVIEW_SHORT + 1];
	int			 found = db_order_find(db, n->r->row.id, &now,
				     n->desk->arena, e);

	if (found == -1)
		return -1;
	if (found == 1 && now.waiting_items > 0)
		return submit_rejected(db, n, e);
	return error_set(e, ERROR_CONFLICT, "the code of order %s was used",
	    review_short_id(hex, n->r->row.id));
}

static void
rejection_id(uint8_t id[ORDER_ID_SIZE], const uint8_t fresh[ORDER_ID_SIZE])
{
	static const char	label[] = "rejection of the order before";
	uint8_t			text[sizeof(label) + ORDER_ID_SIZE];
	uint8_t			digest[32];

	memcpy(text, label, sizeof(label));
	memcpy(text + sizeof(label), fresh, ORDER_ID_SIZE);
	digest_sha256(digest, text, sizeof(text));
	memcpy(id, digest, ORDER_ID_SIZE);
}

static int
draft_rejection(struct desk *dk, struct draft *d, const struct rejecting *n,
    const uint8_t fresh[ORDER_ID_SIZE], struct error *e)
{
	if (submit_draft_rejection(dk, d, n->r, n->reason, e) == -1)
		return -1;
	rejection_id(d->order->id, fresh);
	return 0;
}

int
code_again_store(struct desk *dk, const struct review *old, struct draft *d,
    struct error *e)
{
	char			 hex[REVIEW_SHORT + 1];
	struct draft		 reject = { 0 };
	const struct draft	*all[] = { d, &reject };
	struct rejecting	 n = { dk, old, arena_printf(dk->arena,
				    "another one-time code was made: order %s",
				    review_short_id(hex, d->order->id)) };
	bool			 was_signed = old->approved->n > 0;
	int			 rc = -1;

	d->also = end_old;
	d->also_arg = &n;
	if (!was_signed || draft_rejection(dk, &reject, &n, d->order->id,
	    e) == 0)
		rc = submit_drafts(dk, all, NULL, was_signed ? 2 : 1, e);
	d->also = NULL;
	d->also_arg = NULL;
	draft_clear(&reject);
	return rc;
}

int
code_again_rejection(struct desk *dk, const uint8_t fresh[ORDER_ID_SIZE],
    uint8_t id[ORDER_ID_SIZE], struct error *e)
{
	struct db_order	o;
	int		found;

	rejection_id(id, fresh);
	if ((found = db_order_find(dk->db, id, &o, dk->arena, e)) != 1)
		return found;
	return strcmp(o.state, "pending") == 0;
}
