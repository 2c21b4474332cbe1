/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another one-time code for an order whose code nobody has seen, or that was
 * lost.
 */
#include <string.h>

#include "base/text.h"
#include "db/db_order.h"
#include "desk/code_again.h"
#include "officer.h"
#include "officer_code.h"

static int
look(struct page *p, struct officer_scope *s, struct review *old,
    struct error *e)
{
	uint8_t	id[DB_ORDER_ID];

	memset(old, 0, sizeof(*old));
	if (page_arg_id(p, "id", id, sizeof(id), e) == -1 ||
	    officer_scope(p, s, e) == -1 ||
	    officer_order(p, s, id, old, e) == -1)
		return -1;
	return officer_scope_at(p, s, id, e);
}

static int
order(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	struct review		 old;
	struct draft		 d = { 0 };
	char			 hex[2 * DB_ORDER_ID + 1], *back;
	int			 rc = -1;

	if (look(p, &s, &old, e) == -1 ||
	    code_again_draft(p->desk, &old, &d, e) == -1)
		goto out;
	back = arena_printf(p->arena, "/officer/order/%s", text_hex(hex,
	    old.row.id, DB_ORDER_ID));
	officer_carry(p, "code", arena_printf(p->arena, "%.*s",
	    (int)d.code.len, (const char *)d.code.p));
	rc = officer_sign_draft(p, &s, &d, arena_printf(p->arena,
	    "%s/code/sign", back), back, e);
 out:
	draft_clear(&d);
	review_clear(&old);
	return rc;
}

/* ---- signed ---- */

static int
store(struct page *p, struct draft *d, void *arg, struct error *e)
{
	const struct review	*old = arg;
	struct db_order		 there;
	int			 found = db_order_find(p->db, d->order->id,
				     &there, p->arena, e);

	if (found != 0)
		return found == 1 ? 0 : -1;
	if (code_again_check(p->desk, old, e) == -1)
		return -1;
	return code_again_store(p->desk, old, d, e);
}

static int
show(struct page *p, const struct order *o, const char *code, struct error *e)
{
	uint8_t		id[ORDER_ID_SIZE];
	char		hex[2 * ORDER_ID_SIZE + 1];
	const char	*name = fields_get(&o->fields, "name", 0);
	int		waits;

	if ((waits = code_again_rejection(p->desk, o->id, id, e)) == -1)
		return -1;
	if (waits == 1)
		page_put_text(p, "rejection", text_hex(hex, id, sizeof(id)));
	return officer_code_show(p, o, code, name != NULL ? name : o->holder,
	    e);
}

static int
sign_order(struct page *p, const struct officer_scope *s,
    struct review *old, struct approved *a, struct error *e)
{
	struct draft	 d = { .order = a->order };
	const char	*code;

	if (code_again_is_for(old, a->order, e) == -1 ||
	    officer_scope_order(p, s, a->order, e) == -1 ||
	    officer_take_text(p, "code", 64, &code, e) == -1 ||
	    officer_code_check(p, a->order, code, e) == -1 ||
	    profiles_find(&p->desk->profiles, a->order->profile, &d.profile,
	    e) == -1 || officer_sign_by(p, s, &d, store, old, e) == -1)
		return -1;
	return show(p, a->order, code, e);
}

static int
sign(struct page *p, struct error *e)
{
	struct officer_scope	 s;
	struct review		 old;
	struct approved		*a = NULL;
	int			 rc = -1;

	if (look(p, &s, &old, e) == 0 &&
	    desk_need(p->desk, DESK_PROFILES, e) == 0 &&
	    officer_sign_order(p, ORDER_ISSUE, &a, e) == 0)
		rc = sign_order(p, &s, &old, a, e);
	approval_free(&a);
	review_clear(&old);
	return rc;
}

const struct page_route PAGES_OFFICER_CODE_AGAIN[] = {
	{ HTTP_POST, "/officer/order/{id}/code", PAGE_OFFICER, order, 0 },
	{ HTTP_POST, "/officer/order/{id}/code/sign", PAGE_OFFICER, sign, 0 },
	{ 0, NULL, PAGE_ANYONE, NULL, 0 }
};
