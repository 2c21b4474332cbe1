/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet holder: the persons and machines that certificates are for.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/list.h"
#include "db/db_audit.h"
#include "db/db_cert.h"
#include "db/db_holder.h"
#include "db/db_order.h"
#include "desk/review.h"
#include "desk/submit.h"

#define SHOWN	20

static const struct cmd_opt new_opts[] = {
	{ "name", 0, CMD_STRING, true, "NAME", "name" },
	{ "mail", 0, CMD_STRING, false, "ADDRESS", "mail address" },
	{ "org", 0, CMD_STRING, false, "TEXT", "organisation" },
	{ "note", 0, CMD_STRING, false, "TEXT", "anything to remember" },
	CMD_OPT_END
};
static const struct cmd_opt edit_opts[] = {
	{ "name", 0, CMD_STRING, false, "NAME", "new name" },
	{ "mail", 0, CMD_STRING, false, "ADDRESS", "mail address" },
	{ "org", 0, CMD_STRING, false, "TEXT", "organisation" },
	{ "note", 0, CMD_STRING, false, "TEXT", "anything to remember" },
	CMD_OPT_END
};
static const struct cmd_opt list_opts[] = {
	{ "mail", 0, CMD_STRING, false, "ADDRESS", "with this address" },
	LIST_OPTS,
	CMD_OPT_END
};

static const struct out_col	cols[] = {
	{ "id", "ID", 0 },
	{ "name", "NAME", OUT_SHRINK },
	{ "mail", "MAIL", OUT_SHRINK },
	{ "org", "ORGANISATION", OUT_SHRINK | OUT_SPARE },
	{ "created_at", "SINCE", OUT_DAY | OUT_SPARE },
	{ "note", NULL, OUT_JSON },
};

static void
holder_row(struct out_list *l, const struct db_holder *h)
{
	out_text(l, h->id);
	out_text(l, h->name);
	out_text(l, h->mail);
	out_text(l, h->org);
	out_time(l, h->created_at);
	out_text(l, h->note);
}

static int
check_text(const char *what, const char *text, size_t max, struct error *e)
{
	if (text == NULL || (text[0] != '\0' &&
	    text_is_clean(text, strlen(text), max)))
		return 0;
	return error_set(e, ERROR_INPUT, "%s: not clean text of 1 to %zu "
	    "bytes", what, max);
}

/* "" takes away what can be absent. */
static int
check_given(const char *what, const char *text, size_t max, bool may_clear,
    struct error *e)
{
	return may_clear && text != NULL && text[0] == '\0' ? 0 :
	    check_text(what, text, max, e);
}

static int
take_holder(struct cli *c, struct db_holder *h, bool edit, struct error *e)
{
	char *const	*id;

	cmd_operands(c->args, &id);
	*h = (struct db_holder){ .id = id[0],
	    .name = cmd_string(c->args, "name", NULL),
	    .mail = cmd_string(c->args, "mail", NULL),
	    .org = cmd_string(c->args, "org", NULL),
	    .note = cmd_string(c->args, "note", NULL) };
	if (check_given("ID", h->id, 64, false, e) == -1 ||
	    check_given("--name", h->name, 256, false, e) == -1 ||
	    check_given("--mail", h->mail, 254, edit, e) == -1 ||
	    check_given("--org", h->org, 256, edit, e) == -1 ||
	    check_given("--note", h->note, 2000, edit, e) == -1)
		return -1;
	if (edit && h->name == NULL && h->mail == NULL && h->org == NULL &&
	    h->note == NULL)
		return error_set(e, ERROR_INPUT, "nothing to change: give "
		    "--name, --mail, --org or --note");
	return 0;
}

struct holder_txn {
	struct cli		*c;
	const char		*act;
	int			(*fn)(struct db *, const struct db_holder *,
				    struct error *);
	struct db_holder	 h;
};

static void
entry_given(struct buf *body, const char *name, const char *value)
{
	if (value != NULL)
		audit_str(body, name, value);
}

static int
txn_holder(struct db *db, void *arg, struct error *e)
{
	struct holder_txn	*t = arg;
	struct buf		 body = { 0 };

	if (t->fn(db, &t->h, e) == -1)
		return -1;
	audit_begin(&body, t->act, clock_now(t->c->desk.clock));
	audit_str(&body, "holder", t->h.id);
	entry_given(&body, "name", t->h.name);
	entry_given(&body, "mail", t->h.mail);
	entry_given(&body, "org", t->h.org);
	entry_given(&body, "note", t->h.note);
	audit_str(&body, "by", t->c->desk.who);
	return db_audit_add(db, &body, e);
}

static int
holder_new(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct holder_txn	 t = { c, "holder-new", db_holder_add, { 0 } };

	cli_begin(c, a);
	if (take_holder(c, &t.h, false, e) == -1 || cli_open_db(c, e) == -1)
		return -1;
	if (db_txn(c->desk.db, txn_holder, &t, e) == -1)
		return error_hint(e, "what is there: signet holder show %.64s",
		    t.h.id);
	cli_did(c, json_pack("{s:s, s:s}", "id", t.h.id, "result", "there"),
	    "holder %s: %s", t.h.id, t.h.name);
	return 0;
}

static int
holder_edit(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct holder_txn	 t = { c, "holder-edit", db_holder_edit,
				    { 0 } };

	cli_begin(c, a);
	if (take_holder(c, &t.h, true, e) == -1 || cli_open_db(c, e) == -1)
		return -1;
	if (db_txn(c->desk.db, txn_holder, &t, e) == -1)
		return error_hint(e, "\"signet holder find\" looks for names "
		    "and addresses");
	cli_did(c, json_pack("{s:s, s:s}", "id", t.h.id, "result", "changed"),
	    "holder %s changed; certificates stay as they are", t.h.id);
	return 0;
}

static int
holder_list(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_holders	 page = { 0 };
	struct list		 list;
	const char		*mail = cmd_string(a, "mail", NULL);
	char			*last = mem_strdup(cmd_string(a, "after",
				    ""));
	size_t			 i;
	int			 rc = -1;

	cli_begin(c, a);
	if (list_begin(c, &list, cols, 6, e) == -1) {
		mem_free(&last);
		return -1;
	}
	if (cli_open_db(c, e) == -1)
		goto out;
	while (list_wants(&list)) {
		if (db_holder_list(c->desk.db, mail, last, list_page(&list),
		    &page,
		    list.arena, e) == -1)
			goto out;
		for (i = 0; i < page.n && list_take(&list); i++)
			holder_row(list.out, &page.v[i]);
		if (i > 0) {
			mem_free(&last);
			last = mem_strdup(page.v[i - 1].id);
		}
		list_turn(&list, page.n);
	}
	rc = 0;
 out:
	list_end(c, &list, rc == 0 ? last : NULL);
	mem_free(&last);
	return rc;
}

static int
put_certs(struct cli *c, struct out_record *r, const char *holder,
    struct error *e)
{
	struct db_cert_filter	f = { .holder = holder };
	struct db_certs		page;
	char			hex[43], end[TEXT_TIME_SIZE], *line;
	json_t			*list = json_array();
	size_t			i;
	int			rc;

	rc = db_cert_list(c->desk.db, &f, 0, SHOWN + 1, &page, c->desk.arena,
	    e);
	for (i = 0; rc == 0 && i < page.n && i < SHOWN; i++) {
		const struct db_cert	*x = &page.v[i];

		text_hex(hex, x->serial.p, x->serial.len);
		text_time(end, x->not_after);
		line = mem_printf("%s/%s %s, %s, until %s", x->ca, hex,
		    x->profile, x->status, end);
		out_put(r, NULL, "Certificate", line);
		mem_free(&line);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s,"
		    " s:s}", "ca", x->ca, "serial", hex, "profile",
		    x->profile, "status", x->status, "not_after", end));
	}
	out_put_json(r, "certificates", list);
	if (rc == 0 && page.n > SHOWN)
		out_put_line(r, "more: signet cert list --holder %s", holder);
	return rc;
}

static int
put_orders(struct cli *c, struct out_record *r, const char *holder,
    struct error *e)
{
	struct db_order_filter	f = { .state = "pending", .holder = holder };
	struct db_orders	page;
	char			id[REVIEW_SHORT + 1], *line;
	size_t			i;

	if (db_order_list(c->desk.db, &f, 0, SHOWN, &page, c->desk.arena,
	    e) == -1)
		return -1;
	for (i = 0; i < page.n; i++) {
		line = mem_printf("%s %s", review_short_id(id, page.v[i].id),
		    page.v[i].summary);
		out_put(r, NULL, "Pending order", line);
		mem_free(&line);
	}
	return 0;
}

static int
holder_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*r;
	struct db_holder	 h;
	char *const		*id;
	int			 found, rc;

	cli_begin(c, a);
	cmd_operands(a, &id);
	if (cli_open_db(c, e) == -1)
		return -1;
	if ((found = db_holder_find(c->desk.db, id[0], &h, c->desk.arena,
	    e)) == -1)
		return -1;
	if (found == 0) {
		error_set(e, ERROR_NOTFOUND, "no holder \"%.64s\"", id[0]);
		return error_hint(e, "look for one: signet holder find TEXT");
	}
	r = out_record_new(stdout, c->json);
	out_put(r, "id", "Holder", h.id);
	out_put(r, "name", "Name", h.name);
	out_put(r, "mail", "Mail", h.mail);
	out_put(r, "org", "Organisation", h.org);
	out_put(r, "note", "Note", h.note);
	out_put_time(r, "created_at", "Since", h.created_at);
	rc = put_certs(c, r, h.id, e);
	if (rc == 0)
		rc = put_orders(c, r, h.id, e);
	out_record_free(&r);
	return rc;
}

/* By number, else by mail address, else whoever has a certificate so named. */
static int
find_by_name(struct cli *c, const char *text, struct out_list *l,
    struct error *e)
{
	struct db_cert_filter	f = { .name = text, .name_begins = true };
	struct db_certs		page;
	struct db_holder	h;
	const char		*last = "";
	size_t			i;
	int			found;

	if (db_cert_list(c->desk.db, &f, 0, 200, &page, c->desk.arena, e) == -1)
		return -1;
	for (i = 0; i < page.n; i++) {
		if (page.v[i].holder == NULL ||
		    strcmp(page.v[i].holder, last) == 0)
			continue;
		last = page.v[i].holder;
		found = db_holder_find(c->desk.db, last, &h, c->desk.arena, e);
		if (found == -1)
			return -1;
		if (found == 1)
			holder_row(l, &h);
	}
	return 0;
}

static int
holder_find(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_list		*l;
	struct db_holders	 page;
	struct db_holder	 h;
	char *const		*text;
	size_t			 i;
	int			 rc = -1, found;

	cli_begin(c, a);
	cmd_operands(a, &text);
	if (cli_open_db(c, e) == -1)
		return -1;
	l = out_list_new(stdout, c->json, 0, cols, 6);
	if ((found = db_holder_find(c->desk.db, text[0], &h, c->desk.arena,
	    e)) == -1)
		goto out;
	if (found == 1)
		holder_row(l, &h);
	if (db_holder_list(c->desk.db, text[0], "", 200, &page, c->desk.arena,
	    e) == -1)
		goto out;
	for (i = 0; i < page.n; i++)
		holder_row(l, &page.v[i]);
	if (out_list_rows(l) == 0 &&
	    find_by_name(c, text[0], l, e) == -1)
		goto out;
	rc = out_list_rows(l) > 0 ? 0 : error_set(e, ERROR_NOTFOUND,
	    "nobody with number, address or certificate \"%.100s\"", text[0]);
 out:
	out_list_free(&l);
	return rc;
}

const struct cmd CLI_HOLDER[] = {
	{ "holder new", "ID", "register a holder",
	    "ID is the number that your organisation has for the person or "
	    "machine.  The same once more is well; other data for a number "
	    "that is taken is refused.",
	    "signet holder new 4711 --name 'Alice Holm' --mail "
	    "alice@example.com\n", new_opts, 1, 1, holder_new },
	{ "holder edit", "ID", "change what is known of a holder",
	    "What is not given stays; an empty text takes mail, organisation "
	    "or note away.  Certificates that were issued keep the old names: "
	    "order new ones.",
	    "signet holder edit 4711 --name 'Alice Berg'\n"
	    "signet holder edit 4711 --note ''\n", edit_opts, 1, 1,
	    holder_edit },
	{ "holder list", NULL, "list holders by number", NULL, NULL,
	    list_opts, 0, 0, holder_list },
	{ "holder show", "ID", "show a holder, certificates and orders", NULL,
	    NULL, NULL, 1, 1, holder_show },
	{ "holder find", "TEXT",
	    "find by number, mail address or name in a certificate", NULL,
	    "signet holder find alice@example.com\n", NULL, 1, 1,
	    holder_find },
	CMD_END
};
