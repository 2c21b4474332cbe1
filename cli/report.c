/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/out.h"
#include "cli/report.h"

static void
report_next(struct out_record *out, const struct review *r, const char *id)
{
	if (!r->complete) {
		out_put_line(out, "%s", r->missing.text);
		out_put_line(out, "next: signet order approve %s", id);
	} else if (r->row.waiting_items > 0)
		out_put_line(out, "all approvals are there; it waits for %s",
		    r->approved->order->has_code ? "its request" :
		    "requests");
	else
		out_put_line(out, "all approvals are there; next: signet "
		    "order show %s", id);
}

void
report_order(struct cli *c, const struct review *r, const char *done,
    const struct secret *code)
{
	struct out_record	*out = out_record_new(stdout, c->json);
	char			 id[REVIEW_SHORT + 1], *rules;

	review_short_id(id, r->row.id);
	rules = review_rules_text(r);
	out_put_hex(out, "id", NULL, r->row.id, DB_ORDER_ID);
	out_put(out, "state", NULL, r->row.state);
	out_put(out, "kind", NULL, r->row.kind);
	out_put(out, "summary", NULL, r->row.summary);
	out_put_num(out, "items", NULL, r->row.items);
	out_put_num(out, "approvals", NULL, r->row.approvals);
	out_put(out, "needs", NULL, rules);
	out_put_bool(out, "approved", NULL, r->complete);
	out_put(out, "missing", NULL, r->complete ? NULL : r->missing.text);
	out_put_time(out, "expires_at", NULL, r->row.expires_at);
	if (code != NULL)
		out_put(out, "code", "One-time code", (const char *)code->p);
	out_put_line(out, "order %s %s: %s", id, done, r->row.summary);
	report_next(out, r, id);
	if (code != NULL)
		out_put_line(out, "The code is shown only now.  With it: "
		    "signet order redeem %s --csr FILE", id);
	out_record_free(&out);
	mem_free(&rules);
}
