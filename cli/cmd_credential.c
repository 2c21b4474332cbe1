/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet credential: what officers approve with in the browser.
 */
#include <string.h>

#include "base/text.h"
#include "cli/act.h"
#include "cli/cli.h"
#include "db/db_credential.h"
#include "order/assertion.h"
#include "os/file.h"

#define SHORT	16	/* digits of a bind order's digest in lists */

static const struct cmd_opt list_opts[] = {
	{ "person", 0, CMD_STRING, false, "ID", "only of this officer" },
	{ "all", 0, CMD_FLAG, false, NULL, "also those that were taken away" },
	CMD_OPT_END
};

static const struct cmd_opt new_opts[] = {
	{ "person", 0, CMD_STRING, true, "ID", "serialNumber in the subject "
	    "of the officer's certificates" },
	{ "origin", 0, CMD_STRING, true, "URL",
	    "of the registration: https://ra.example.org:8444" },
	{ "rp-id", 0, CMD_STRING, false, "HOST",
	    "relying party (the host of the origin)" },
	{ "profile", 0, CMD_MANY, false, "NAME", "only for these profiles" },
	{ "domain", 0, CMD_MANY, false, "DOMAIN",
	    "only for names in these domains and below" },
	{ "office", 0, CMD_MANY, false, "NAME",
	    "only for these registration offices" },
	{ "until", 0, CMD_STRING, false, "TIME", "until then" },
	{ "comment", 0, CMD_STRING, false, "TEXT",
	    "how the officer was identified" },
	{ "no-sign", 0, CMD_FLAG, false, NULL, "only hand in the order" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

static const struct cmd_opt unbind_opts[] = {
	{ "comment", 0, CMD_STRING, true, "TEXT", "why" },
	{ "no-sign", 0, CMD_FLAG, false, NULL, "only hand in the order" },
	{ "wait", 0, CMD_STRING, false, "TIME",
	    "how long to wait for the CA (30s)" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

static const struct out_col cols[] = {
	{ "bind", "CREDENTIAL", 0 },
	{ "person", "PERSON", 0 },
	{ "origin", "ORIGIN", OUT_SHRINK },
	{ "bound_at", "BOUND", OUT_DAY },
	{ "until", "UNTIL", OUT_DAY },
	{ "unbound_at", "TAKEN", OUT_DAY },
};

static int
credential_list(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_credentials	 v;
	struct out_list		*l;
	size_t			 i;

	cli_begin(c, a);
	if (cli_open_db(c, e) == -1 || db_credential_list(c->desk.db,
	    cmd_string(a, "person", NULL), cmd_flag(a, "all"), &v,
	    c->desk.arena, e) == -1)
		return -1;
	l = out_list_new(stdout, c->json, 0, cols,
	    sizeof(cols) / sizeof(cols[0]));
	for (i = 0; i < v.n; i++) {
		out_id(l, v.v[i].bind, DB_DIGEST, SHORT);
		out_text(l, v.v[i].person);
		out_text(l, v.v[i].origin);
		out_time(l, v.v[i].bound_at);
		out_time(l, v.v[i].until);
		out_time(l, v.v[i].unbound_at);
	}
	out_list_free(&l);
	return 0;
}

static int
find(struct cli *c, struct db_credential *row, struct approved **bind,
    struct error *e)
{
	char *const	*hex;
	int		 found;

	cmd_operands(c->args, &hex);
	if (cli_open_db(c, e) == -1 || (found = db_credential_find(c->desk.db,
	    hex[0], row, c->desk.arena, e)) == -1)
		return -1;
	if (found == 0) {
		error_set(e, ERROR_NOTFOUND, "no credential %.64s", hex[0]);
		return error_hint(e, "\"signet credential list --all\" shows "
		    "them");
	}
	if (approval_open(bind, row->blob, e) == -1)
		return -1;
	if ((*bind)->order->kind == ORDER_BIND &&
	    memcmp((*bind)->digest, row->bind, DB_DIGEST) == 0)
		return 0;
	approval_free(bind);
	return error_set(e, ERROR_DENIED, "the store's row and the order it "
	    "names are not about the same credential");
}

static char *
text_of(struct arena *a, const struct order_names *names)
{
	struct buf	 b = { 0 };
	char		*text;
	size_t		 i;

	for (i = 0; i < names->n; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", names->v[i]);
	text = arena_strdup(a, names->n > 0 ? buf_cstr(&b) : "all");
	buf_clear(&b);
	return text;
}

static void
put_credential(struct cli *c, const struct db_credential *row,
    const struct approved *bind)
{
	const struct order_bind	*b = &bind->order->bind;
	struct out_record	*out = out_record_new(stdout, c->json);
	size_t			 i;

	out_put_hex(out, "bind", "Credential", row->bind, DB_DIGEST);
	out_put(out, "person", "Person", b->person);
	out_put(out, "origin", "Origin", b->origin);
	out_put(out, "rp_id", "Relying party", b->rp_id);
	out_put_hex(out, "id", "Its id", b->credential.p, b->credential.len);
	out_put(out, "profiles", "For profiles", text_of(c->desk.arena,
	    &b->profiles));
	out_put(out, "domains", "For domains", text_of(c->desk.arena,
	    &b->domains));
	out_put(out, "offices", "For offices", text_of(c->desk.arena,
	    &b->offices));
	for (i = 0; i < bind->n; i++)
		out_put(out, NULL, "Bound by", arena_printf(c->desk.arena,
		    "%s %s", role_name(bind->by[i].role),
		    bind->by[i].person));
	out_put_hex(out, "order", "Order", row->order_id, DB_ORDER_ID);
	out_put_time(out, "bound_at", "Since", row->bound_at);
	out_put_time(out, "until", "Until", bind->order->until);
	out_put_time(out, "unbound_at", "Taken away", row->unbound_at);
	out_record_free(&out);
}

static int
credential_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_credential	 row;
	struct approved		*bind = NULL;

	cli_begin(c, a);
	if (find(c, &row, &bind, e) == -1)
		return -1;
	put_credential(c, &row, bind);
	approval_free(&bind);
	return 0;
}

static void
take_names(struct order_names *names, struct cli *c, const char *option)
{
	const char *const	*v;
	size_t			 i, n = cmd_many(c->args, option, &v);

	for (i = 0; i < n; i++)
		order_names_add(names, v[i]);
}

static char *
host_of(struct arena *a, const char *origin)
{
	const char	*host = strstr(origin, "://");

	host = host != NULL ? host + 3 : origin;
	return arena_printf(a, "%.*s", (int)strcspn(host, ":/"), host);
}

static int
fill_bind(struct cli *c, struct order *o, const char *path, struct error *e)
{
	const char	*origin = cmd_string(c->args, "origin", "");
	const char	*until = cmd_string(c->args, "until", NULL);
	struct buf	 json = { 0 };
	int		 rc = -1;

	if (until != NULL && text_parse_time(&o->until, until, e) == -1)
		return error_wrap(e, "--until");
	o->comment = mem_strdup(cmd_string(c->args, "comment", NULL));
	o->bind.person = mem_strdup(cmd_string(c->args, "person", ""));
	take_names(&o->bind.profiles, c, "profile");
	take_names(&o->bind.domains, c, "domain");
	take_names(&o->bind.offices, c, "office");
	if (file_load(&json, path, ASSERTION_MAX, e) == 0 &&
	    assertion_read_registration(&o->bind, BYTES(json.p, json.len),
	    BYTES(NULL, 0), origin, cmd_string(c->args, "rp-id",
	    host_of(c->desk.arena, origin)), e) == 0)
		rc = 0;
	buf_clear(&json);
	return rc;
}

static int
credential_new(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	char *const	*path;
	struct draft	 d;
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &path);
	if (draft_new(&c->desk, &d, ORDER_BIND, NULL, e) == -1)
		return -1;
	if (fill_bind(c, d.order, path[0], e) == 0)
		rc = act_submit(c, &d, NULL, !cmd_flag(a, "no-sign"), -1, e);
	draft_clear(&d);
	return rc;
}

static int
credential_unbind(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct db_credential	 row;
	struct approved		*bind = NULL;
	struct draft		 d;
	int64_t			 seconds;
	bool			 sign = !cmd_flag(a, "no-sign");
	int			 rc = -1;

	cli_begin(c, a);
	if (act_wait_option(c, "30s", &seconds, e) == -1 ||
	    find(c, &row, &bind, e) == -1)
		return -1;
	approval_free(&bind);
	if (row.unbound_at != 0)
		return error_set(e, ERROR_CONFLICT, "the credential was taken "
		    "away already");
	if (draft_new(&c->desk, &d, ORDER_UNBIND, NULL, e) == -1)
		return -1;
	d.order->comment = mem_strdup(cmd_string(a, "comment", NULL));
	memcpy(d.order->unbinds, row.bind, sizeof(d.order->unbinds));
	rc = act_submit(c, &d, NULL, sign, sign ? seconds : -1, e);
	draft_clear(&d);
	return rc;
}

const struct cmd CLI_CREDENTIAL[] = {
	{ "credential list", NULL, "list the credentials of officers", NULL,
	    "signet credential list --person 4711\n", list_opts, 0, 0,
	    credential_list },
	{ "credential show", "HEX", "show a credential and what it is for",
	    NULL, "signet credential show 5f2c\n", NULL, 1, 1,
	    credential_show },
	{ "credential new", "FILE",
	    "bind a credential to an officer: two security officers sign",
	    "FILE is what the officer's browser gave when the credential was "
	    "made (JSON, the page of the registration saves it).  You sign "
	    "the order unless --no-sign; another security officer signs it "
	    "with \"signet order approve\".",
	    "signet credential new alice.json --person 4711 --origin "
	    "https://ra.example.org:8444 --domain example.org\n", new_opts,
	    1, 1, credential_new },
	{ "credential unbind", "HEX",
	    "take a credential away: one officer signs",
	    "Nothing that is approved with it is carried out any more.  It "
	    "comes back only by a new order.",
	    "signet credential unbind 5f2c --comment 'key lost'\n",
	    unbind_opts, 1, 1, credential_unbind },
	CMD_END
};
