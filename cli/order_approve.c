/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet order approve and reject.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cmd_order.h"
#include "cli/report.h"
#include "cli/wait.h"
#include "desk/review.h"

#define ITEMS_SHOWN	10
#define PENDING_MAX	500
#define REASON_MAX	600

/* ---- approve ---- */

void
order_show_before(struct cli *c, const struct review *r, size_t items)
{
	struct buf	text = { 0 };

	if (c->json)
		return;
	order_describe(&text, r->approved->order, items);
	buf_byte(&text, '\n');
	out_folded(stdout, buf_cstr(&text));
	buf_clear(&text);
}

static void
show_before_signing(struct cli *c, const struct review *r)
{
	order_show_before(c, r, (size_t)cmd_number(c->args, "items",
	    ITEMS_SHOWN));
}

static int
approve_one(struct cli *c, const char *id, struct error *e)
{
	struct review	r = { 0 };
	char		hex[REVIEW_SHORT + 1];
	int		rc = -1;

	if (review_load(&c->desk, id, &r, e) == -1)
		goto out;
	show_before_signing(c, &r);
	if (submit_may_approve(&c->desk, &r, e) == -1 ||
	    cli_confirm(c, e, "Sign order %s as it stands above?",
	    review_short_id(hex, r.row.id)) == -1 ||
	    submit_approval(&c->desk, &r, e) == -1)
		goto out;
	report_order(c, &r, "signed", NULL);
	rc = 0;
 out:
	review_clear(&r);
	return rc;
}

/* The ids of all pending orders, oldest first. */
static int
list_pending(struct cli *c, struct db_orders *page, struct error *e)
{
	struct db_order_filter	f = { .state = "pending" };
	struct db_order		swap;
	size_t			i;

	if (cli_open_db(c, e) == -1 || db_order_list(c->desk.db, &f, 0,
	    PENDING_MAX, page, c->desk.arena, e) == -1)
		return -1;
	for (i = 0; i < page->n / 2; i++) {
		swap = page->v[i];
		page->v[i] = page->v[page->n - 1 - i];
		page->v[page->n - 1 - i] = swap;
	}
	return 0;
}

/* One that cannot be approved does not stop the others. */
static int
approve_pending(struct cli *c, struct error *e)
{
	struct db_orders	page;
	struct error		one;
	char			hex[2 * DB_ORDER_ID + 1];
	size_t			i, failed = 0;

	if (cli_open_officer(c, e) == -1 || list_pending(c, &page, e) == -1)
		return -1;
	for (i = 0; i < page.n; i++) {
		error_clear(&one);
		text_hex(hex, page.v[i].id, DB_ORDER_ID);
		if (approve_one(c, hex, &one) == 0)
			continue;
		if (one.code == ERROR_UPSTREAM) {
			*e = one;
			return -1;
		}
		cli_warn(c, "%.8s: %s", hex, one.text);
		failed++;
	}
	if (page.n == 0)
		cli_say(c, "no order waits for approval");
	if (failed == 0)
		return 0;
	return error_set(e, ERROR_DENIED, "%zu of %zu orders were not "
	    "approved", failed, page.n);
}

int
order_approve_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	char *const	*id;
	int		 i, n = cmd_operands(a, &id);
	bool		 all = cmd_flag(a, "all-pending");

	cli_begin(c, a);
	if (all == (n > 0)) {
		error_set(e, ERROR_INPUT, "say which orders: ID... or "
		    "--all-pending, one of them");
		return error_hint(e, "waiting for approval: signet order list "
		    "--state pending");
	}
	if (all)
		return approve_pending(c, e);
	for (i = 0; i < n; i++)
		if (approve_one(c, id[i], e) == -1)
			return -1;
	return 0;
}

/* ---- reject ---- */

/* In the store both are so at once: whom a crash left with one of them could not
 * hand in the other any more. */
static int
reject_signed(struct cli *c, const struct review *r, const char *reason,
    int64_t wait, struct error *e)
{
	struct rejecting	 j = { &c->desk, r, reason };
	struct draft		 d = { 0 };
	int			 rc = -1;

	if (submit_draft_rejection(&c->desk, &d, r, reason, e) == -1)
		return -1;
	d.also = submit_rejected;
	d.also_arg = &j;
	if (submit_signed(&c->desk, &d, e) == -1)
		error_wrap(e, "nothing was rejected");
	else
		rc = wait_done(c, d.order->id, wait, e);
	draft_clear(&d);
	return rc;
}

static int
reject(struct cli *c, const struct review *r, const char *reason,
    int64_t wait, struct error *e)
{
	char	hex[REVIEW_SHORT + 1];

	if (!review_is_open(r))
		return error_set(e, ERROR_CONFLICT, "order %s is %s: nothing "
		    "to reject", review_short_id(hex, r->row.id), r->row.state);
	show_before_signing(c, r);
	if (cli_confirm(c, e, "Reject order %s for ever?",
	    review_short_id(hex, r->row.id)) == -1)
		return -1;
	if (r->approved->n > 0 && cli_open_officer(c, e) == -1)
		return error_wrap(e, "the order has approvals, so its "
		    "rejection is signed");
	return r->approved->n > 0 ? reject_signed(c, r, reason, wait, e) :
	    submit_rejection(&c->desk, r, reason, e);
}

static void
say_rejected(struct cli *c, const struct review *r, const char *reason)
{
	char	id[2 * DB_ORDER_ID + 1];

	text_hex(id, r->row.id, DB_ORDER_ID);
	cli_did(c, json_pack("{s:s, s:s, s:s}", "id", id, "result",
	    "rejected", "reason", reason), "order %.*s rejected: %s",
	    REVIEW_SHORT, id, reason);
}

int
order_reject_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct review	 r = { 0 };
	const char	*reason = cmd_string(a, "reason", NULL);
	char *const	*id;
	int64_t		 wait;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &id);
	if (!text_is_clean(reason, strlen(reason), REASON_MAX))
		return error_set(e, ERROR_INPUT, "--reason: not clean text of "
		    "at most %d bytes", REASON_MAX);
	if (act_wait_option(c, "30s", &wait, e) == -1 ||
	    review_load(&c->desk, id[0], &r, e) == -1 ||
	    reject(c, &r, reason, wait, e) == -1)
		goto out;
	say_rejected(c, &r, reason);
	rc = 0;
 out:
	review_clear(&r);
	return rc;
}
