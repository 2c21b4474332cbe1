/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet audit: look at the chain, take it away, prove it.
 */
#include <string.h>

#include "audit/chain.h"
#include "base/base64.h"
#include "base/text.h"
#include "cli/audit_export.h"
#include "cli/audit_verify.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_export.h"
#include "os/file.h"

#define PAGE	500

static const struct cmd_opt show_opts[] = {
	{ "after", 0, CMD_NUMBER, false, "SEQ", "only entries after this one" },
	{ "act", 0, CMD_MANY, false, "ACT",
	    "only entries of this act; may be repeated" },
	{ "order", 0, CMD_STRING, false, "ID",
	    "only entries about this order" },
	{ "serial", 0, CMD_STRING, false, "SERIAL",
	    "only entries about this certificate" },
	{ "limit", 'n', CMD_NUMBER, false, "N", "at most N entries" },
	{ "database", 0, CMD_STRING, false, "CONNINFO",
	    "the store, e.g. as user signet_audit; not as the settings say" },
	CMD_OPT_END
};
static const struct cmd_opt heads_opts[] = {
	{ "export", 'o', CMD_STRING, false, "FILE",
	    "write the signed heads there (PEM), for audit verify --heads" },
	{ "database", 0, CMD_STRING, false, "CONNINFO",
	    "the store, not as the settings say" },
	CMD_OPT_END
};
static const struct cmd_opt export_opts[] = {
	{ "since", 0, CMD_NUMBER, false, "SEQ",
	    "only entries after this one, to continue an earlier bundle" },
	{ "archive", 0, CMD_MANY, false, "DIR",
	    "an archive, to put back what was taken away; may be repeated" },
	{ "database", 0, CMD_STRING, false, "CONNINFO",
	    "the store, not as the settings say" },
	CMD_OPT_END
};
static const struct cmd_opt verify_opts[] = {
	{ "root", 0, CMD_STRING, true, "FILE",
	    "the root certificate (of each generation), from a source that "
	    "you trust" },
	{ "heads", 0, CMD_STRING, false, "FILE",
	    "signed heads that were pushed off the CA's machine" },
	{ "profiles", 0, CMD_STRING, false, "DIR",
	    "also hold approvals against the rules of these profiles" },
	{ "officers-ca", 0, CMD_STRING, false, "NAME",
	    "the CA whose certificates carry roles (services)" },
	CMD_OPT_END
};

/* The auditor may read and nothing else: only these statements. */
static int
open_store(struct cli *c, struct error *e)
{
	static const struct db_table *const	 tables[] = {
		&DB_AUDIT, &DB_CA, &DB_CRL, &DB_EXPORT,
	};
	const char				*where;

	if ((where = cmd_string(c->args, "database", NULL)) == NULL) {
		if (cli_settings(c, e) == -1)
			return -1;
		where = c->conf.database;
	}
	return db_open(&c->desk.db, where, "signet-audit", tables,
	    sizeof(tables) / sizeof(tables[0]), e);
}

/* show */

struct filter {
	const char *const	*act;
	size_t			 nacts;
	const char		*order, *serial;
};

static const char *
value_of(struct bytes body, const char *key, struct buf *value)
{
	struct error	 ignored = ERROR_INIT;

	value->len = 0;
	return audit_find(body, key, value, &ignored) == 1 ?
	    buf_cstr(value) : NULL;
}

static bool
begins(const char *text, const char *with)
{
	return text != NULL && strncasecmp(text, with, strlen(with)) == 0;
}

static bool
is_wanted(const struct filter *f, struct bytes body)
{
	struct buf	 v = { 0 };
	const char	*act = value_of(body, "act", &v);
	size_t		 i;
	bool		 ok = f->nacts == 0;

	for (i = 0; i < f->nacts && act != NULL && !ok; i++)
		ok = strcmp(f->act[i], act) == 0;
	if (ok && f->order != NULL)
		ok = begins(value_of(body, "id", &v), f->order) ||
		    begins(value_of(body, "order", &v), f->order);
	if (ok && f->serial != NULL)
		ok = begins(value_of(body, "serial", &v), f->serial);
	buf_clear(&v);
	return ok;
}

/* The lines after "act" and "at", in one. */
static void
rest_of(struct buf *out, struct bytes body)
{
	const uint8_t	*p = body.p, *end = body.p + body.len, *nl;
	int		 line;

	out->len = 0;
	for (line = 0; p < end; line++, p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			return;
		if (line < 2)
			continue;
		if (out->len > 0)
			buf_byte(out, ' ');
		buf_add(out, p, (size_t)(nl - p));
	}
}

static void
show_entry(struct out_list *l, const struct db_audit_entry *en)
{
	static const char *const	 keys[] = { "at", "act", "id", "ca",
					    "serial" };
	struct buf			 v = { 0 };
	size_t				 i;

	out_num(l, en->seq);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		out_text(l, value_of(en->body, keys[i], &v));
	rest_of(&v, en->body);
	out_text(l, buf_cstr(&v));
	v.len = 0;
	buf_add(&v, en->body.p, en->body.len);
	out_text(l, buf_cstr(&v));
	out_hex(l, en->hash, sizeof(en->hash));
	buf_clear(&v);
}

static int
show_pages(struct cli *c, struct out_list *l, const struct filter *f,
    int64_t after, int64_t limit, struct error *e)
{
	struct db_audit_entries	 page = { 0 };
	struct arena		*arena = arena_new();
	size_t			 i;
	int			 rc = -1;

	do {
		arena_reset(arena);
		if (db_audit_list(c->desk.db, after, PAGE, &page, arena,
		    e) == -1)
			goto out;
		for (i = 0; i < page.n && limit > 0; i++) {
			after = page.v[i].seq;
			if (!is_wanted(f, page.v[i].body))
				continue;
			show_entry(l, &page.v[i]);
			limit--;
		}
	} while (page.n > 0 && limit > 0);
	rc = 0;
 out:
	arena_free(&arena);
	return rc;
}

static int
audit_show(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "seq", "ENTRY", OUT_RIGHT },
		{ "at", "TIME", 0 },
		{ "act", "ACT", 0 },
		{ "order", NULL, OUT_JSON },
		{ "ca", NULL, OUT_JSON },
		{ "serial", NULL, OUT_JSON },
		{ "what", "WHAT", OUT_SHRINK },
		{ "body", NULL, OUT_JSON },
		{ "hash", NULL, OUT_JSON },
	};
	struct cli		*c = ctx;
	struct filter		 f = { 0 };
	struct out_list		*l;
	int64_t			 limit;
	int			 rc;

	cli_begin(c, a);
	f.nacts = cmd_many(a, "act", &f.act);
	f.order = cmd_string(a, "order", NULL);
	f.serial = cmd_string(a, "serial", NULL);
	limit = cmd_number(a, "limit", INT64_MAX);
	if (limit < 1)
		return error_set(e, ERROR_INPUT, "--limit must be at least 1");
	if (open_store(c, e) == -1)
		return -1;
	l = out_list_new(stdout, c->json, 0, cols,
	    sizeof(cols) / sizeof(cols[0]));
	rc = show_pages(c, l, &f, cmd_number(a, "after", 0), limit, e);
	out_list_free(&l);
	return rc;
}

/* heads */

struct heads {
	struct out_list	*list;		/* or */
	struct buf	*pem;
	int64_t		 n;
};

static void
heads_put(struct heads *h, const struct db_audit_signed *s)
{
	h->n++;
	if (h->pem != NULL) {
		base64_put_pem(h->pem, "CMS", s->cms);
		return;
	}
	out_num(h->list, s->seq);
	out_time(h->list, s->at);
	out_text(h->list, s->instance);
}

static int
heads_walk(struct cli *c, struct heads *h, struct error *e)
{
	struct db_audit_signeds	 page = { 0 };
	struct arena		*arena = arena_new();
	char			 instance[65] = "";
	int64_t			 at = 0;
	size_t			 i;
	int			 rc = -1;

	do {
		arena_reset(arena);
		if (db_audit_signed_list(c->desk.db, at, instance, PAGE, &page,
		    arena, e) == -1)
			goto out;
		for (i = 0; i < page.n; i++) {
			heads_put(h, &page.v[i]);
			at = page.v[i].seq;
			snprintf(instance, sizeof(instance), "%s",
			    page.v[i].instance);
		}
	} while (page.n > 0);
	rc = 0;
 out:
	arena_free(&arena);
	return rc;
}

static int
heads_export(struct cli *c, const char *path, struct error *e)
{
	struct buf		 pem = { 0 };
	struct heads		 h = { .pem = &pem };
	struct out_record	*r;
	int			 rc = -1;

	if (heads_walk(c, &h, e) == -1 ||
	    file_store(path, pem.p, pem.len, 0644, e) == -1)
		goto out;
	r = out_record_new(stdout, c->json);
	out_put(r, "file", NULL, path);
	out_put_num(r, "heads", NULL, h.n);
	out_put_line(r, "%lld signed heads written to %s", (long long)h.n,
	    path);
	out_record_free(&r);
	rc = 0;
 out:
	buf_clear(&pem);
	return rc;
}

static int
audit_heads(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "seq", "ENTRY", OUT_RIGHT },
		{ "at", "SIGNED", 0 },
		{ "instance", "BY", 0 },
	};
	struct cli	*c = ctx;
	struct heads	 h = { 0 };
	const char	*path = cmd_string(a, "export", NULL);
	int		 rc;

	cli_begin(c, a);
	if (open_store(c, e) == -1)
		return -1;
	if (path != NULL)
		return heads_export(c, path, e);
	h.list = out_list_new(stdout, c->json, 0, cols, 3);
	rc = heads_walk(c, &h, e);
	out_list_free(&h.list);
	return rc;
}

/* export */

static int
audit_export_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct audit_exported	 out = { 0 };
	struct out_record	*r;
	char			 entries[32], certs[32], orders[32];
	const char *const	*archive;
	size_t			 n = cmd_many(a, "archive", &archive);
	char *const		*dir;

	cli_begin(c, a);
	cmd_operands(a, &dir);
	if (open_store(c, e) == -1 || audit_export(c->desk.db, dir[0],
	    cmd_number(a, "since", 0), archive, n, &out, e) == -1)
		return -1;
	r = out_record_new(stdout, c->json);
	out_put(r, "directory", NULL, dir[0]);
	out_put_num(r, "entries", NULL, out.entries);
	out_put_num(r, "certificates", NULL, out.certs);
	out_put_num(r, "orders", NULL, out.orders);
	out_put_line(r, "%s: %s entries, %s certificates, %s orders", dir[0],
	    text_count(entries, (uint64_t)out.entries),
	    text_count(certs, (uint64_t)out.certs),
	    text_count(orders, (uint64_t)out.orders));
	out_put_line(r, "next: signet audit verify %s --root ROOT.pem",
	    dir[0]);
	out_record_free(&r);
	return 0;
}

/* verify */

struct steps {
	struct progress	 p;
	const char	*what;
};

static void
show_step(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct steps	*s = arg;

	if (s->what != what) {
		progress_end(&s->p);
		progress_begin(&s->p, what, total);
		s->what = what;
	}
	progress_set(&s->p, done);
}

static int
audit_verify_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct audit_report	 report = { 0 };
	struct steps		 steps = { .what = NULL };
	struct audit_input	 in = { .step = show_step,
				    .step_arg = &steps };
	char *const		*dir;
	uint64_t		 failed;
	int			 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &dir);
	in.dir = dir[0];
	in.heads = cmd_string(a, "heads", NULL);
	in.profiles = cmd_string(a, "profiles", NULL);
	in.officers_ca = cmd_string(a, "officers-ca", "services");
	if (cert_load_chain(&in.roots, cmd_string(a, "root", NULL), e) == -1)
		return -1;
	if (audit_verify(&report, &in, e) == -1)
		goto out;
	if (steps.what != NULL)
		progress_end(&steps.p);
	audit_report_print(stdout, c->json, &report);
	if ((failed = audit_report_failed(&report)) == 0)
		rc = 0;
	else
		error_set(e, ERROR_DENIED, "%s: %llu findings", in.dir,
		    (unsigned long long)failed);
 out:
	audit_report_clear(&report);
	sk_X509_pop_free(in.roots, X509_free);
	return rc;
}

const struct cmd CLI_AUDIT[] = {
	{ "audit show", NULL, "show entries of the audit chain",
	    "Oldest first.  With --json each entry comes with its body and "
	    "hash.",
	    "signet audit show --act alarm --act refuse\n"
	    "signet audit show --order 7f3a\n", show_opts, 0, 0, audit_show },
	{ "audit heads", NULL, "list or write out the signed heads", NULL,
	    "signet audit heads --export heads.pem\n", heads_opts, 0, 0,
	    audit_heads },
	{ "audit export", "DIR", "write everything that an auditor needs",
	    "All files come from one snapshot of the store.  DIR appears when "
	    "it is complete; it must not exist or be empty.",
	    "signet audit export audit-2026-11\n"
	    "signet audit export --archive /srv/archive/2026 audit-2026-11\n"
	    "signet audit export --database 'host=db user=signet_audit' "
	    "audit-2026-11\n", export_opts, 1, 1, audit_export_cmd },
	{ "audit verify", "DIR", "prove an exported directory",
	    "Needs neither store nor settings.  Says for each check whether it "
	    "holds and names what was tampered with.  Exit status 0 when all "
	    "holds, 3 when something does not.",
	    "signet audit verify audit-2026-11 --root root.pem "
	    "--heads pushed.pem\n", verify_opts, 1, 1, audit_verify_cmd },
	CMD_END
};
