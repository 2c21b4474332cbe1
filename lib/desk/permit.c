/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "desk/permit.h"
#include "desk/submit.h"

int
permit_ask(struct desk *dk, const struct permit *p, uint8_t id[ORDER_ID_SIZE],
    struct error *e)
{
	struct draft	d = { 0 };
	int		rc = -1;

	if (draft_new(dk, &d, ORDER_PERMIT, NULL, e) == -1)
		return -1;
	d.order->expires = d.order->created + p->lifetime;
	d.order->selector = mem_strdup(p->what);
	d.order->comment = mem_strdup(p->comment);
	memcpy(d.order->permits, p->digest, ORDER_DIGEST);
	memcpy(id, d.order->id, ORDER_ID_SIZE);
	d.also = p->also;
	d.also_arg = p->also_arg;
	rc = submit_signed(dk, &d, e);
	draft_clear(&d);
	return rc;
}

int
permit_find(struct desk *dk, const char *what, struct review *r,
    struct error *e)
{
	uint8_t	id[DB_ORDER_ID];
	int	found;

	if (desk_need(dk, DESK_DB, e) == -1)
		return -1;
	if ((found = db_permit_find(dk->db, what, id, e)) == 1 &&
	    review_load_id(dk, id, r, e) == -1)
		return -1;
	return found;
}

/* By what was signed; the row says only what became of it. */
static int
check_purpose(const struct permit *p, const struct review *r, const char *id,
    struct error *e)
{
	const struct order	*o = r->approved->order;

	if (o->kind != ORDER_PERMIT)
		return error_set(e, ERROR_DENIED, "order %s is to %s, and "
		    "permits nothing", id, order_kind_name(o->kind));
	if (strcmp(o->selector, p->what) != 0)
		return error_set(e, ERROR_DENIED, "order %s permits \"%.100s\""
		    " and not \"%.100s\"", id, o->selector, p->what);
	if (memcmp(o->permits, p->digest, ORDER_DIGEST) != 0)
		return error_set(e, ERROR_DENIED, "order %s permits \"%.100s\""
		    " as it was, and it is another now", id, p->what);
	return 0;
}

static int
check_state(struct desk *dk, const struct review *r, const char *id,
    struct error *e)
{
	char	when[TEXT_TIME_SIZE];

	if (strcmp(r->row.state, "done") == 0)
		return error_set(e, ERROR_CONFLICT, "order %s was used: what "
		    "it permits is done once", id);
	if (r->approved->order->expires <= clock_now(dk->clock))
		return error_set(e, ERROR_DENIED, "order %s expired on %s",
		    id, text_time(when, r->approved->order->expires));
	if (!review_is_open(r))
		return error_set(e, ERROR_DENIED, "order %s is %s", id,
		    r->row.state);
	return 0;
}

int
permit_check(struct desk *dk, const struct permit *p, struct review *r,
    struct error *e)
{
	char	id[REVIEW_SHORT + 1];

	review_short_id(id, r->row.id);
	if (check_purpose(p, r, id, e) == -1 ||
	    check_state(dk, r, id, e) == -1 || review_judge(dk, r, e) == -1)
		return -1;
	if (r->complete)
		return 0;
	error_set(e, ERROR_DENIED, "order %s is not approved by two "
	    "officers: %.200s", id, r->missing.text);
	return error_hint(e, "another officer runs: signet order approve %s",
	    id);
}
