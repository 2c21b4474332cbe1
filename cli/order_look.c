/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet order list, show and export.
 */
#include <string.h>
#include <openssl/pem.h>

#include "base/base64.h"
#include "base/text.h"
#include "cli/cmd_order.h"
#include "cli/list.h"
#include "db/db_archive.h"
#include "db/db_cert.h"
#include "desk/review.h"
#include "desk/selector.h"
#include "os/file.h"

#define ITEMS_SHOWN	20
#define REQUESTS_PAGE	1000

/* ---- list ---- */

static const struct out_col	list_cols[] = {
	{ "id", "ID", 0 },
	{ "kind", "KIND", 0 },
	{ "state", "STATE", 0 },
	{ "approvals", "APPR", OUT_RIGHT | OUT_SPARE },
	{ "open_items", "OPEN", OUT_RIGHT | OUT_SPARE },
	{ "items", "ITEMS", OUT_RIGHT | OUT_SPARE },
	{ "created_at", "CREATED", OUT_SPARE },
	{ "summary", "SUMMARY", OUT_SHRINK },
	{ "ca", NULL, OUT_JSON },
	{ "profile", NULL, OUT_JSON },
	{ "holder", NULL, OUT_JSON },
	{ "expires_at", NULL, OUT_JSON },
	{ "reason", NULL, OUT_JSON },
	{ "digest", NULL, OUT_JSON },
};

static void
list_row(struct out_list *l, const struct db_order *o)
{
	out_id(l, o->id, sizeof(o->id), REVIEW_SHORT);
	out_text(l, o->kind);
	out_text(l, o->state);
	out_num(l, o->approvals);
	out_num(l, o->open_items);
	out_num(l, o->items);
	out_time(l, o->created_at);
	out_text(l, o->summary);
	out_text(l, o->ca);
	out_text(l, o->profile);
	out_text(l, o->holder);
	out_time(l, o->expires_at);
	out_text(l, o->reason);
	out_hex(l, o->digest, sizeof(o->digest));
}

/* --after names the last order of the page before. */
static int
after_seq(struct cli *c, int64_t *seq, struct error *e)
{
	const char		*after = cmd_string(c->args, "after", NULL);
	struct selector_id	 id;
	struct db_order		 row;
	int			 found;

	*seq = 0;
	if (after == NULL)
		return 0;
	if (selector_id(&id, after, e) == -1 || cli_open_db(c, e) == -1)
		return -1;
	found = db_order_find_hex(c->desk.db, id.hex, &row, c->desk.arena, e);
	if (found == 0)
		return error_set(e, ERROR_NOTFOUND, "--after: no order %s",
		    id.hex);
	*seq = row.seq;
	return found == 1 ? 0 : -1;
}

static int
check_filter(struct cli *c, struct db_order_filter *f, struct error *e)
{
	static const char *const	states[] = { "pending", "ready",
		"done", "rejected", "expired", "refused" };
	const char			*since;

	f->state = cmd_string(c->args, "state", NULL);
	f->kind = cmd_string(c->args, "kind", NULL);
	f->ca = cmd_string(c->args, "ca", NULL);
	f->profile = cmd_string(c->args, "profile", NULL);
	f->holder = cmd_string(c->args, "holder", NULL);
	since = cmd_string(c->args, "since", NULL);
	if (list_check_word("--state", f->state, states, 6, e) == -1)
		return -1;
	if (f->kind != NULL && order_kind_of(f->kind) == ORDER__MAX)
		return error_set(e, ERROR_INPUT, "--kind: no kind of order is "
		    "called \"%.60s\"", f->kind);
	if (since != NULL && selector_time(&f->since, since,
	    clock_now(c->desk.clock), e) == -1)
		return error_wrap(e, "--since");
	return 0;
}

int
order_list_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_order_filter	 f = { 0 };
	struct db_orders	 page = { 0 };
	struct list		 list;
	char			 last[33] = "";
	int64_t			 before;
	size_t			 i;
	int			 rc = -1;

	cli_begin(c, a);
	if (list_begin(c, &list, list_cols, 14, e) == -1)
		return -1;
	if (check_filter(c, &f, e) == -1 || after_seq(c, &before, e) == -1 ||
	    cli_open_db(c, e) == -1)
		goto out;
	while (list_wants(&list)) {
		if (db_order_list(c->desk.db, &f, before, list_page(&list),
		    &page,
		    list.arena, e) == -1)
			goto out;
		for (i = 0; i < page.n && list_take(&list); i++)
			list_row(list.out, &page.v[i]);
		if (i > 0) {
			before = page.v[i - 1].seq;
			review_short_id(last, page.v[i - 1].id);
		}
		list_turn(&list, page.n);
	}
	rc = 0;
 out:
	list_end(c, &list, rc == 0 ? last : NULL);
	return rc;
}

/* ---- show ---- */

static json_t *
json_approver(const struct approver *by)
{
	char			 at[TEXT_TIME_SIZE], hex[65];
	const struct order_bind	*b;
	json_t			*o, *credential;

	o = json_pack("{s:s, s:s, s:s, s:s}", "person", by->person, "role",
	    role_name(by->role), "signed_at", text_time(at, by->signed_at),
	    "cert", text_hex(hex, by->cert_digest, sizeof(by->cert_digest)));
	if (by->bind == NULL)
		return o;
	b = &by->bind->order->bind;
	credential = json_pack("{s:s, s:s, s:s}", "bind", text_hex(hex,
	    by->bind->digest, sizeof(by->bind->digest)), "origin", b->origin,
	    "rp_id", b->rp_id);
	json_object_set_new(o, "credential", credential);
	return o;
}

static void
put_approvals(struct out_record *out, const struct review *r)
{
	json_t	*list = json_array();
	size_t	 i;

	for (i = 0; i < r->approved->n; i++)
		json_array_append_new(list,
		    json_approver(&r->approved->by[i]));
	out_put_json(out, "signed_by", list);
}

static int
put_states(struct cli *c, struct out_record *out, const struct review *r,
    struct error *e)
{
	struct db_state_counts	counts;
	struct buf		line = { 0 };
	char			count[32];
	json_t			*list = json_object();
	size_t			i;

	if (db_order_item_counts(c->desk.db, r->row.id, &counts, c->desk.arena,
	    e) == -1) {
		json_decref(list);
		return -1;
	}
	for (i = 0; i < counts.n; i++) {
		buf_printf(&line, "%s%s %s", i > 0 ? ", " : "",
		    text_count(count, (uint64_t)counts.v[i].n),
		    counts.v[i].state);
		json_object_set_new(list, counts.v[i].state,
		    json_integer(counts.v[i].n));
	}
	out_put(out, NULL, "Items", line.len > 0 ? buf_cstr(&line) : NULL);
	out_put_json(out, "items", list);
	buf_clear(&line);
	return 0;
}

/* For people only what is worth a look: one certificate, or what failed. */
static int
put_items(struct cli *c, struct out_record *out, const struct review *r,
    const char *key, const char *state, struct error *e)
{
	struct db_items	items;
	json_t		*list = json_array();
	char		 hex[43], *line;
	size_t		 i;
	int		 rc;

	rc = db_order_items(c->desk.db, r->row.id, state, 0, ITEMS_SHOWN,
	    &items,
	    c->desk.arena, e);
	for (i = 0; rc == 0 && i < items.n; i++) {
		const struct db_item	*t = &items.v[i];

		text_hex(hex, t->serial.p, t->serial.len);
		json_array_append_new(list, json_pack("{s:i, s:s, s:s?, s:s?,"
		    " s:s?, s:s?}", "n", (int)t->n, "state", t->state,
		    "holder", t->holder, "reason", t->reason, "ca", t->ca,
		    "serial", t->cert != 0 ? hex : NULL));
		line = t->cert != 0 ? mem_printf("%s/%s", t->ca, hex) :
		    mem_printf("%u %s%s%s", (unsigned int)t->n, t->state,
		    t->reason != NULL ? ": " : "",
		    t->reason != NULL ? t->reason : "");
		if (t->n == 0 && (t->cert != 0 || t->reason != NULL))
			out_put(out, NULL, "Certificate", line);
		else if (t->n > 0 && t->reason != NULL)
			out_put(out, NULL, "Item", line);
		mem_free(&line);
	}
	out_put_json(out, key, list);
	return rc;
}

static void
put_next(struct out_record *out, const struct review *r)
{
	char	id[REVIEW_SHORT + 1], *missing;

	review_short_id(id, r->row.id);
	if (strcmp(r->row.state, "pending") == 0 && !r->complete) {
		missing = mem_printf("\nMissing: %s\n", r->missing.text);
		out_put_text(out, missing);
		mem_free(&missing);
		out_put_line(out, "Next: signet order approve %s", id);
	} else if (r->row.waiting_items > 0)
		out_put_line(out, "It waits for %d request%s.",
		    r->row.waiting_items, r->row.waiting_items == 1 ? "" :
		    "s");
	else if (strcmp(r->row.state, "ready") == 0)
		out_put_line(out, "The CA has not carried it out yet; is "
		    "signet-cad running?");
}

static int
show(struct cli *c, struct review *r, size_t max_items, struct error *e)
{
	struct out_record	*out = out_record_new(stdout, c->json);
	struct buf		 text = { 0 };
	char			*rules;
	int			 rc = -1;

	order_describe(&text, r->approved->order, max_items);
	if (review_judge(&c->desk, r, e) == -1 ||
	    review_describe(&c->desk, r, &text, e) == -1)
		goto out;
	buf_byte(&text, '\n');
	if (!c->json)
		out_folded(stdout, buf_cstr(&text));
	rules = review_rules_text(r);
	out_put_hex(out, "id", NULL, r->row.id, DB_ORDER_ID);
	out_put_hex(out, "digest", NULL, r->row.digest, DB_DIGEST);
	out_put(out, "kind", NULL, r->row.kind);
	out_put(out, "state", "State", r->row.state);
	out_put(out, "reason", "Reason", r->row.reason);
	out_put(out, "ca", NULL, r->row.ca);
	out_put(out, "profile", NULL, r->row.profile);
	out_put(out, "holder", NULL, r->row.holder);
	out_put(out, "summary", NULL, r->row.summary);
	out_put_time(out, "created_at", NULL, r->row.created_at);
	out_put_time(out, "expires_at", NULL, r->row.expires_at);
	out_put_time(out, "changed_at", "Changed", r->row.changed_at);
	out_put(out, "needs", "Needs", rules);
	mem_free(&rules);
	put_approvals(out, r);
	out_put_bool(out, "approved", "Approved", r->complete);
	out_put(out, "missing", NULL, r->complete ? NULL : r->missing.text);
	if (put_states(c, out, r, e) == -1 ||
	    put_items(c, out, r, "refused_items", "refused", e) == -1 ||
	    put_items(c, out, r, "done_items", "done", e) == -1)
		goto out;
	put_next(out, r);
	rc = 0;
 out:
	buf_clear(&text);
	out_record_free(&out);
	return rc;
}

/* The row that is left of one that was archived. */
static int
show_archived(struct cli *c, const char *text, struct error *e)
{
	struct out_record	*out;
	struct selector_id	 id;
	struct review		 r = { 0 };
	const char		*archive;
	int			 rc = -1;

	if (selector_id(&id, text, e) == -1 || db_order_find_hex(c->desk.db,
	    id.hex, &r.row, c->desk.arena, e) != 1 || db_archive_of_order(
	    c->desk.db, r.row.id, &archive, c->desk.arena, e) == -1)
		return -1;
	out = out_record_new(stdout, c->json);
	out_put_hex(out, "id", "Order", r.row.id, DB_ORDER_ID);
	out_put_hex(out, "digest", "Digest", r.row.digest, DB_DIGEST);
	out_put(out, "kind", "Kind", r.row.kind);
	out_put(out, "state", "State", r.row.state);
	out_put(out, "ca", "CA", r.row.ca);
	out_put(out, "profile", "Profile", r.row.profile);
	out_put(out, "holder", "Holder", r.row.holder);
	out_put(out, "summary", "About", r.row.summary);
	out_put_time(out, "created_at", "Made", r.row.created_at);
	out_put_time(out, "expires_at", "Expired", r.row.expires_at);
	out_put(out, "archive", "Archive", archive);
	if (put_states(c, out, &r, e) == 0 &&
	    put_items(c, out, &r, "done_items", "done", e) == 0)
		rc = 0;
	out_record_free(&out);
	return rc;
}

static bool
is_archived(struct cli *c, const char *text)
{
	struct error		 ignored = ERROR_INIT;
	struct selector_id	 id;
	struct db_order		 row;
	const char		*archive = NULL;

	return selector_id(&id, text, &ignored) == 0 &&
	    cli_open_db(c, &ignored) == 0 && db_order_find_hex(c->desk.db,
	    id.hex, &row, c->desk.arena, &ignored) == 1 &&
	    db_archive_of_order(c->desk.db, row.id, &archive, c->desk.arena,
	    &ignored) == 0 && archive != NULL;
}

int
order_show_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct review	 r = { 0 };
	char *const	*id;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &id);
	if (is_archived(c, id[0]))
		return show_archived(c, id[0], e);
	if (review_load(&c->desk, id[0], &r, e) == 0)
		rc = show(c, &r, (size_t)cmd_number(a, "items", 20), e);
	review_clear(&r);
	return rc;
}

/* ---- export ---- */

static int
put_requests(struct cli *c, struct buf *out, const struct review *r,
    struct error *e)
{
	struct db_requests	page;
	struct arena		*arena = arena_new();
	uint32_t		from = 0;
	size_t			i;
	int			rc;

	do {
		arena_reset(arena);
		rc = db_order_requests(c->desk.db, r->row.id, from,
		    REQUESTS_PAGE,
		    &page, arena, e);
		for (i = 0; rc == 0 && i < page.n; i++)
			base64_put_pem(out, "CERTIFICATE REQUEST",
			    page.v[i].request);
		if (rc == 0 && page.n > 0)
			from = page.v[page.n - 1].n + 1;
	} while (rc == 0 && page.n == REQUESTS_PAGE);
	arena_free(&arena);
	return rc;
}

int
order_export_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct review	 r = { 0 };
	struct buf	 out = { 0 };
	char *const	*id;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &id);
	if (review_load(&c->desk, id[0], &r, e) == -1)
		goto out;
	base64_put_pem(&out, "CMS", r.blob);
	if (put_requests(c, &out, &r, e) == -1)
		goto out;
	rc = list_write(cmd_string(a, "out", "-"), &out, e);
 out:
	buf_clear(&out);
	review_clear(&r);
	return rc;
}
