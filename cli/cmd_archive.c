/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet archive: what has expired long ago, out of the store and into a
 * folder that two officers have signed.
 */
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/text.h"
#include "cli/act.h"
#include "cli/archive.h"
#include "cli/audit_export.h"
#include "cli/audit_verify.h"
#include "db/conninfo.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_export.h"
#include "desk/permit.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/cert.h"

#define YEAR		(INT64_C(366) * 86400)

#define OLDER_OPT \
	{ "older", 0, CMD_STRING, false, "TIME", \
	    "what expired so long ago (else archive_after of the settings); " \
	    "a year is the least" }
#define OTHERS_OPT \
	{ "archive", 0, CMD_MANY, false, "DIR", \
	    "another archive, of years before, where it is not beside this " \
	    "one; may be repeated" }
static const struct cmd_opt plan_opts[] = {
	OLDER_OPT,
	CMD_OPT_END
};
static const struct cmd_opt write_opts[] = {
	OLDER_OPT,
	{ "valid", 0, CMD_STRING, false, "TIME",
	    "how long another officer may take to approve it (30d)" },
	{ "root", 0, CMD_STRING, false, "FILE",
	    "the root certificate, not as the settings say" },
	OTHERS_OPT,
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt verify_opts[] = {
	{ "root", 0, CMD_STRING, false, "FILE",
	    "the root certificate, not as the settings say" },
	{ "files-only", 0, CMD_FLAG, false, NULL,
	    "only files, index and seal; without the store" },
	OTHERS_OPT,
	CMD_OPT_END
};
static const struct cmd_opt run_opts[] = {
	{ "root", 0, CMD_STRING, false, "FILE",
	    "the root certificate, not as the settings say" },
	{ "database", 0, CMD_STRING, false, "CONNINFO",
	    "the store (else the settings', as user signet_archive)" },
	OTHERS_OPT,
	CMD_OPT_END
};

/* ---- plan ---- */

static int
find_cutoff(struct cli *c, int64_t *cutoff, struct error *e)
{
	const char	*older = cmd_string(c->args, "older", NULL);
	int64_t		 after;

	if (cli_settings(c, e) == -1)
		return -1;
	after = c->conf.archive_after;
	if (older != NULL && text_parse_duration(&after, older, e) == -1)
		return error_wrap(e, "--older");
	if (after < YEAR)
		return error_set(e, ERROR_INPUT, "--older: what expired less "
		    "than a year ago is not archived");
	*cutoff = clock_now(c->desk.clock) - after;
	return 0;
}

static int
plan(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_archive_plan	 p;
	struct out_record	*r;
	json_t			*stays = json_array();
	char			 n[32], *line;
	int64_t			 cutoff;
	size_t			 i;

	cli_begin(c, a);
	if (find_cutoff(c, &cutoff, e) == -1 || cli_open_db(c, e) == -1 ||
	    db_archive_plan(c->desk.db, cutoff, &p, c->desk.arena, e) == -1) {
		json_decref(stays);
		return -1;
	}
	r = out_record_new(stdout, c->json);
	out_put_time(r, "cutoff", "Expired before", cutoff);
	out_put_num(r, "certificates", "Certificates", p.certs);
	out_put_num(r, "orders", "Orders", p.orders);
	out_put_num(r, "lists", "Lists", p.lists);
	out_put_num(r, "bytes", NULL, p.bytes);
	line = mem_printf("%s bytes and more", text_count(n,
	    (uint64_t)p.bytes));
	out_put(r, NULL, "Frees", line);
	mem_free(&line);
	for (i = 0; i < p.nstays; i++) {
		json_array_append_new(stays, json_pack("{s:s, s:I}", "why",
		    p.stays[i].why, "orders", (json_int_t)p.stays[i].orders));
		line = mem_printf("%s orders: one %s", text_count(n,
		    (uint64_t)p.stays[i].orders), p.stays[i].why);
		out_put(r, NULL, "Stay", line);
		mem_free(&line);
	}
	out_put_json(r, "stays", stays);
	out_record_free(&r);
	return 0;
}

/* ---- proof ---- */

/* A folder that audit_export() made, and nothing below it. */
static void
remove_bundle(const char *dir)
{
	char	*path;
	int	 i;

	for (i = 0; i < BUNDLE__MAX; i++) {
		path = file_join(dir, bundle_name(i));
		(void)unlink(path);
		mem_free(&path);
	}
	path = file_join(dir, "README");
	(void)unlink(path);
	mem_free(&path);
	(void)rmdir(dir);
}

static int
open_export(struct cli *c, struct db **db, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_AUDIT,
	    &DB_CA, &DB_CRL, &DB_EXPORT, &DB_ARCHIVE, &DB_ARCHIVE_PLAN };

	return db_open(db, c->conf.database, "signet-archive", tables,
	    sizeof(tables) / sizeof(tables[0]), e);
}

static int
judge(struct cli *c, const char *dir, struct error *e)
{
	const char		*root = cmd_string(c->args, "root", NULL);
	struct audit_report	 report = { 0 };
	struct audit_input	 in = { .dir = dir,
				    .officers_ca = c->conf.officers_ca,
				    .names_only = true };
	uint64_t		 failed;
	int			 rc = -1;

	in.profiles = cli_path(c, c->conf.profiles);
	if (cert_load_chain(&in.roots, root != NULL ? root : cli_path(c,
	    c->conf.root), e) == -1)
		return -1;
	if (audit_verify(&report, &in, e) == 0) {
		if ((failed = audit_report_failed(&report)) == 0)
			rc = 0;
		else if (!c->json)
			audit_report_print(stderr, false, &report);
		if (rc == -1)
			error_set(e, ERROR_DENIED, "store and archive together "
			    "are not what the chain says: %llu findings",
			    (unsigned long long)failed);
	}
	audit_report_clear(&report);
	sk_X509_pop_free(in.roots, X509_free);
	return rc;
}

/* The store's own export, with all archives put back. */
static int
export_with(struct cli *c, const char *dir, const struct archive *x,
    const char *bundle, struct error *e)
{
	struct archive_places	 at = { .dir = dir };
	struct archive_dirs	 all;
	struct audit_exported	 out;
	struct arena		*a = arena_new();
	struct db		*db = NULL;
	int			 rc = -1;

	at.n = cmd_many(c->args, "archive", &at.given);
	if (open_export(c, &db, e) == 0 &&
	    archive_others(db, &at, x->digest, &all, a, e) == 0) {
		all.v[all.n++] = dir;
		rc = audit_export(db, bundle, 0, all.v, all.n, &out, e);
	}
	db_close(&db);
	arena_free(&a);
	return rc;
}

/* As an auditor would. */
static int
prove(struct cli *c, const char *dir, const struct archive *x,
    struct error *e)
{
	char	*bundle = mem_printf("%s.proof", dir);
	char	*partial = mem_printf("%s.partial", bundle);
	int	 rc;

	remove_bundle(bundle);
	remove_bundle(partial);
	rc = export_with(c, dir, x, bundle, e);
	if (rc == 0)
		rc = judge(c, bundle, e);
	remove_bundle(bundle);
	remove_bundle(partial);
	mem_free(&bundle);
	mem_free(&partial);
	return rc;
}

/* The orders' signature over the index, if it is there. */
static int
check_seal(const struct archive *a, const char *dir, struct buf *who,
    struct error *e)
{
	struct bundle_file	 f = { .name = ARCHIVE_SEAL };
	struct approved		*seal = NULL;
	struct buf		 der = { 0 };
	char			*path = file_join(dir, ARCHIVE_SEAL), what[96];
	size_t			 i;
	int			 rc = -1;

	snprintf(what, sizeof(what), "archive %s", a->name);
	if (!file_exists(path)) {
		rc = 0;
		goto out;
	}
	if (bundle_file_open(&f, ARCHIVE_SEAL, path, e) == -1 ||
	    bundle_pem_next(&f, "CMS", &der, NULL, e) != 1 ||
	    approval_open(&seal, BYTES(der.p, der.len), e) == -1)
		goto out;
	if (seal->order->kind != ORDER_PERMIT || strcmp(seal->order->selector,
	    what) != 0 || memcmp(seal->order->permits, a->digest, 32) != 0) {
		error_set(e, ERROR_DENIED, ARCHIVE_SEAL " is of another "
		    "archive");
		goto out;
	}
	for (i = 0; i < seal->n; i++)
		buf_printf(who, "%s%s", i > 0 ? ", " : "", seal->by[i].person);
	rc = 0;
 out:
	bundle_file_close(&f);
	approval_free(&seal);
	buf_clear(&der);
	mem_free(&path);
	return rc;
}

static void
say_archive(struct cli *c, const char *dir, const struct archive *a,
    const char *seal, const char *result)
{
	struct out_record	*r = out_record_new(stdout, c->json);

	out_put(r, "archive", "Archive", a->name);
	out_put(r, "directory", "Folder", dir);
	out_put_hex(r, "digest", "SHA-256", a->digest, 32);
	out_put_time(r, "cutoff", "Expired before", a->cutoff);
	out_put_num(r, "certificates", "Certificates", a->certs);
	out_put_num(r, "orders", "Orders", a->orders);
	out_put_num(r, "lists", "Lists", a->lists);
	out_put(r, "sealed_by", "Sealed by", seal);
	out_put(r, "result", "Result", result);
	out_record_free(&r);
}

static int
verify(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct archive	 x;
	struct buf	 who = { 0 };
	char *const	*dir;
	bool		 alone = cmd_flag(a, "files-only");
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &dir);
	if (!alone && cli_settings(c, e) == -1)
		return -1;
	if (archive_open(&x, dir[0], e) == -1)
		return -1;
	if (check_seal(&x, dir[0], &who, e) == 0 &&
	    (alone || prove(c, dir[0], &x, e) == 0)) {
		say_archive(c, dir[0], &x, who.len > 0 ? buf_cstr(&who) : NULL,
		    alone ? "the files are whole" : "proven");
		rc = 0;
	}
	archive_close(&x);
	buf_clear(&who);
	return rc;
}

/* ---- write ---- */

static void
permit_of(struct permit *p, const struct archive *x, char what[96])
{
	snprintf(what, 96, "archive %s", x->name);
	*p = (struct permit){ .what = what };
	memcpy(p->digest, x->digest, sizeof(p->digest));
}

/* Asked for once: a second run finds the order. */
static int
ask(struct cli *c, const char *dir, struct archive *x, struct error *e)
{
	struct permit	 p;
	struct review	 r = { 0 };
	char		 what[96], hex[2 * ORDER_ID_SIZE + 1];
	uint8_t		 id[ORDER_ID_SIZE];
	int		 found;

	permit_of(&p, x, what);
	if (text_parse_duration(&p.lifetime, cmd_string(c->args, "valid",
	    "30d"), e) == -1)
		return error_wrap(e, "--valid");
	if ((found = permit_find(&c->desk, what, &r, e)) == -1)
		return -1;
	if (found == 1 && memcmp(r.approved->order->permits, x->digest,
	    sizeof(p.digest)) == 0)
		memcpy(id, r.row.id, sizeof(id));
	else if (cli_open_officer(c, e) == -1 ||
	    permit_ask(&c->desk, &p, id, e) == -1) {
		review_clear(&r);
		return -1;
	}
	review_clear(&r);
	text_hex(hex, id, sizeof(id));
	say_archive(c, dir, x, NULL, "proven; nothing was taken yet");
	cli_say(c, "another officer has to: signet order approve %.8s", hex);
	cli_say(c, "then: signet archive run %s", dir);
	return 0;
}

static int
make(struct cli *c, const char *dir, int64_t cutoff, struct error *e)
{
	struct archive_written	 out = { 0 };
	struct db		*db = NULL;
	int			 rc = -1;

	if (open_export(c, &db, e) == 0)
		rc = archive_write(db, dir, clock_now(c->desk.clock), cutoff,
		    &c->progress, &out, e);
	db_close(&db);
	return rc;
}

static int
check_new(struct cli *c, const struct db_archive_plan *p, const char *dir,
    struct error *e)
{
	if (p->orders + p->lists == 0)
		return error_set(e, ERROR_NOTFOUND, "there is nothing to "
		    "archive");
	return cli_confirm(c, e, "Write %lld certificates, %lld orders and "
	    "%lld lists to %s, and sign for taking them out of the store?",
	    (long long)p->certs, (long long)p->orders, (long long)p->lists,
	    dir);
}

static int
write_new(struct cli *c, const char *dir, struct error *e)
{
	struct db_archive_plan	 p;
	int64_t			 cutoff;

	if (find_cutoff(c, &cutoff, e) == -1 || cli_open_db(c, e) == -1 ||
	    db_archive_plan(c->desk.db, cutoff, &p, c->desk.arena, e) == -1 ||
	    check_new(c, &p, dir, e) == -1)
		return -1;
	return make(c, dir, cutoff, e);
}

static int
archive_write_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct archive	 x;
	char *const	*dir;
	char		*index;
	int		 rc;

	cli_begin(c, a);
	cmd_operands(a, &dir);
	index = file_join(dir[0], ARCHIVE_INDEX);
	/* One that is whole was written by a run that was broken off. */
	rc = file_exists(index) ? cli_settings(c, e) : write_new(c, dir[0], e);
	mem_free(&index);
	if (rc == -1 || archive_open(&x, dir[0], e) == -1)
		return -1;
	rc = prove(c, dir[0], &x, e);
	FAULT("archive.proven");
	if (rc == 0)
		rc = ask(c, dir[0], &x, e);
	archive_close(&x);
	return rc;
}

/* ---- run ---- */

struct running {
	struct cli		*c;
	const char		*dir;
	struct archive		 x;
	struct review		 order;
	struct archive_taking	 t;
	bool			 done;		/* it is, already */
};

/* Begun before: the permit was used for it, and for it alone. */
static int
find_begun(struct running *r, struct error *e)
{
	struct db_archive	was;
	int			found;

	found = db_archive_find(r->c->desk.db, r->x.name, &was,
	    r->c->desk.arena, e);
	if (found != 1)
		return found;
	if (memcmp(was.digest, r->x.digest, sizeof(was.digest)) != 0)
		return error_set(e, ERROR_CONFLICT, "archive %s is another one "
		    "in the store", r->x.name);
	r->done = was.done_at != 0;
	return review_load_id(&r->c->desk, was.order_id, &r->order, e) == -1 ?
	    -1 : 1;
}

static int
find_permit(struct running *r, struct error *e)
{
	struct permit	p;
	char		what[96];
	int		found;

	permit_of(&p, &r->x, what);
	if ((found = find_begun(r, e)) != 0)
		return found == -1 ? -1 : 0;
	if ((found = permit_find(&r->c->desk, what, &r->order, e)) == -1)
		return -1;
	if (found == 0) {
		error_set(e, ERROR_DENIED, "no officer has asked for taking "
		    "archive %s out of the store", r->x.name);
		return error_hint(e, "signet archive write %.100s", r->dir);
	}
	return permit_check(&r->c->desk, &p, &r->order, e);
}

static int
store_seal(struct running *r, struct error *e)
{
	struct buf	 text = { 0 };
	char		*path = file_join(r->dir, ARCHIVE_SEAL);
	int		 rc;

	base64_put_pem(&text, "CMS", r->order.blob);
	rc = file_store(path, text.p, text.len, 0600, e);
	buf_clear(&text);
	mem_free(&path);
	FAULT("archive.sealed");
	return rc;
}

static int
open_taker(struct running *r, struct error *e)
{
	static const struct db_table *const	 tables[] = {
	    &DB_ARCHIVE_TAKE };
	const char	*given = cmd_string(r->c->args, "database", NULL);
	char		*where = NULL;
	int		 rc = -1;

	if (conninfo_for(&where, given != NULL ? given : r->c->conf.database,
	    given != NULL ? NULL : "signet_archive", "signet", e) == 0)
		rc = db_open(&r->t.db, where, "signet-archive", tables, 1, e);
	mem_free(&where);
	return rc == 0 ? 0 : error_hint(e, "the user signet_archive is made by "
	    "\"signet db migrate\"; let it in by pg_hba.conf, or give "
	    "--database");
}

static int
take_out(struct running *r, struct error *e)
{
	r->t.permit = r->order.row.id;
	r->t.who = r->c->desk.who;
	r->t.progress = &r->c->progress;
	if (prove(r->c, r->dir, &r->x, e) == -1 || store_seal(r, e) == -1 ||
	    open_taker(r, e) == -1)
		return -1;
	return archive_take(&r->x, &r->t, e);
}

static void
say_taken(struct running *r)
{
	struct out_record	*out = out_record_new(stdout, r->c->json);

	out_put(out, "archive", "Archive", r->x.name);
	out_put_hex(out, "digest", "SHA-256", r->x.digest, 32);
	out_put_num(out, "certificates", "Certificates", r->t.taken.certs);
	out_put_num(out, "orders", "Orders", r->t.taken.orders);
	out_put_num(out, "lists", "Lists", r->t.taken.lists);
	out_put(out, "result", "Result", r->done ? "was taken before" :
	    "taken out of the store");
	out_put_line(out, "keep %s: without it the audit chain cannot be "
	    "proven any more", r->dir);
	out_record_free(&out);
}

static int
archive_run(struct cmd_args *a, void *ctx, struct error *e)
{
	struct running	 r = { .c = ctx };
	char *const	*dir;
	int		 rc = -1;

	cli_begin(r.c, a);
	cmd_operands(a, &dir);
	r.dir = dir[0];
	if (cli_open_db(r.c, e) == -1 || cli_open_trust(r.c, e) == -1 ||
	    archive_open(&r.x, r.dir, e) == -1)
		return -1;
	if (find_permit(&r, e) == -1)
		goto out;
	if (r.done || (cli_confirm(r.c, e, "Take %lld certificates, %lld "
	    "orders and %lld lists out of the store?", (long long)r.x.certs,
	    (long long)r.x.orders, (long long)r.x.lists) == 0 &&
	    take_out(&r, e) == 0)) {
		say_taken(&r);
		rc = 0;
	}
 out:
	db_close(&r.t.db);
	review_clear(&r.order);
	archive_close(&r.x);
	return rc;
}

/* ---- list ---- */

static int
archive_list(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "name", "NAME", 0 },
		{ "certificates", "CERTIFICATES", OUT_RIGHT },
		{ "orders", "ORDERS", OUT_RIGHT },
		{ "lists", "LISTS", OUT_RIGHT },
		{ "cutoff", "EXPIRED BEFORE", OUT_DAY },
		{ "done_at", "DONE", OUT_DAY },
		{ "begun_at", NULL, OUT_JSON },
		{ "digest", "SHA-256", OUT_SHRINK },
		{ "order", NULL, OUT_JSON },
	};
	struct cli		*c = ctx;
	struct db_archives	 all;
	struct out_list		*l;
	size_t			 i;

	cli_begin(c, a);
	if (cli_open_db(c, e) == -1 || db_archive_list(c->desk.db, &all,
	    c->desk.arena, e) == -1)
		return -1;
	l = out_list_new(stdout, c->json, 0, cols,
	    sizeof(cols) / sizeof(cols[0]));
	for (i = 0; i < all.n; i++) {
		out_text(l, all.v[i].name);
		out_num(l, all.v[i].certs);
		out_num(l, all.v[i].orders);
		out_num(l, all.v[i].lists);
		out_time(l, all.v[i].cutoff);
		out_time(l, all.v[i].done_at);
		out_time(l, all.v[i].begun_at);
		out_hex(l, all.v[i].digest, DB_DIGEST);
		out_hex(l, all.v[i].order_id, DB_ORDER_ID);
	}
	out_list_free(&l);
	return 0;
}

const struct cmd CLI_ARCHIVE[] = {
	{ "archive plan", NULL, "what would be archived, and what stays",
	    "Orders to issue go with their requests and certificates, and "
	    "lists, all of which ended before the time.  Nothing is changed.",
	    "signet archive plan\nsignet archive plan --older 5y --json\n",
	    plan_opts, 0, 0, plan },
	{ "archive write", "DIR", "write an archive, and ask for its approval",
	    "Writes what \"archive plan\" counts to DIR, whose last part is the "
	    "archive's name, proves it with the store as an auditor would, and "
	    "signs for taking it out of the store.  That happens when another "
	    "officer has approved, by \"archive run\".  A second run goes on "
	    "where one was broken off.",
	    "signet archive write /srv/archive/2026\n", write_opts, 1, 1,
	    archive_write_cmd },
	{ "archive run", "DIR", "take what an archive has out of the store",
	    "Proves the archive again, puts the officers' order into it, and "
	    "takes what it has out of the store, piece by piece; a second run "
	    "goes on where one was broken off.  What was archived leaves its "
	    "number, its key's digest and its status behind.",
	    "signet archive run /srv/archive/2026\n", run_opts, 1, 1,
	    archive_run },
	{ "archive verify", "DIR", "prove an archive",
	    "Holds each file against the index and the index against the "
	    "officers' order, puts the archive back into an export of the store, "
	    "and proves the whole.",
	    "signet archive verify /srv/archive/2026\n"
	    "signet archive verify /mnt/tape/2026 --files-only\n", verify_opts,
	    1, 1, verify },
	{ "archive list", NULL, "archives that the store knows", NULL,
	    "signet archive list\n", NULL, 0, 0, archive_list },
	CMD_END
};
