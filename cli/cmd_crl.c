/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet crl: the revocation lists that were made.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/crl_file.h"
#include "cli/list.h"
#include "db/db_crl.h"
#include "desk/selector.h"
#include "x509/crl.h"

#define SHARD_OPT \
	{ "shard", 0, CMD_NUMBER, false, "N", \
	    "lists of this shard, not of all certificates" }
static const struct cmd_opt list_opts[] = {
	LIST_OPTS,
	SHARD_OPT,
	CMD_OPT_END
};
#define WHICH_OPTS \
	{ "number", 0, CMD_NUMBER, false, "N", "not the latest but this" }, \
	{ "delta", 0, CMD_FLAG, false, NULL, "a delta, not a complete list" }, \
	SHARD_OPT
static const struct cmd_opt show_opts[] = {
	WHICH_OPTS,
	{ "entries", 0, CMD_FLAG, false, NULL, "show its entries, too" },
	CMD_OPT_END
};
static const struct cmd_opt export_opts[] = {
	WHICH_OPTS,
	{ "format", 0, CMD_STRING, false, "FORMAT", "pem (default) or der" },
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to this new file (standard output)" },
	CMD_OPT_END
};

static void
put_positive(struct out_list *out, int64_t n)
{
	if (n > 0)
		out_num(out, n);
	else
		out_text(out, NULL);
}

static int
crl_list(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "ca", "CA", 0 },
		{ "shard", "SHARD", OUT_RIGHT },
		{ "number", "NUMBER", OUT_RIGHT },
		{ "base", "DELTA ON", OUT_RIGHT },
		{ "this_update", "THIS UPDATE", 0 },
		{ "next_update", "NEXT UPDATE", 0 },
		{ "entries", "ENTRIES", OUT_RIGHT },
	};
	struct cli			*c = ctx;
	const char			*after = cmd_string(a, "after", "0");
	struct db_crls			 page = { 0 };
	struct list			 list;
	char *const			*ca, last[32] = "";
	int64_t				 before, shard;
	size_t				 i;
	int				 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &ca);
	shard = cmd_number(a, "shard", 0);
	if (text_parse_number(&before, after, 0, INT64_MAX, e) == -1)
		return error_wrap(e, "--after");
	if (list_begin(c, &list, cols, 7, e) == -1)
		return -1;
	if (cli_open_db(c, e) == -1)
		goto out;
	while (list_wants(&list)) {
		if (db_crl_list(c->desk.db, ca[0], shard, before,
		    list_page(&list), &page, list.arena, e) == -1)
			goto out;
		for (i = 0; i < page.n && list_take(&list); i++) {
			out_text(list.out, page.v[i].ca);
			put_positive(list.out, page.v[i].shard);
			out_num(list.out, page.v[i].number);
			put_positive(list.out, page.v[i].base);
			out_time(list.out, page.v[i].this_update);
			out_time(list.out, page.v[i].next_update);
			out_num(list.out, page.v[i].entries);
			before = page.v[i].number;
		}
		list_turn(&list, page.n);
	}
	snprintf(last, sizeof(last), "%lld", (long long)before);
	rc = 0;
 out:
	list_end(c, &list, rc == 0 ? last : NULL);
	return rc;
}

static int
find(struct cli *c, struct db_crl *crl, struct error *e)
{
	int64_t		 number = cmd_number(c->args, "number", 0);
	int64_t		 shard = cmd_number(c->args, "shard", 0);
	bool		 delta = cmd_flag(c->args, "delta");
	char *const	*ca;
	int		 found;

	cmd_operands(c->args, &ca);
	if (cli_open_db(c, e) == -1)
		return -1;
	found = db_crl_find(c->desk.db, ca[0], shard, delta ? DB_CRL_DELTA :
	    DB_CRL_COMPLETE, number, crl, c->desk.arena, e);
	if (found == 1)
		return 0;
	if (found == -1)
		return -1;
	error_set(e, ERROR_NOTFOUND, number == 0 && shard == 0 ?
	    "CA %.64s has no %srevocation list" :
	    "CA %.64s has no such %srevocation list", ca[0],
	    delta ? "delta " : "");
	return error_hint(e, "signet-cad makes them; see also: signet ca "
	    "list");
}

/* Read and its signature checked against the CA of the settings.  It is
 * what it was asked for: a delta never passes for a complete list. */
static int
load(struct cli *c, const struct db_crl *row, struct crl **crl,
    struct error *e)
{
	const struct desk_issuer	*ca;
	struct issuer		 issuer;
	int			 rc;

	if (desk_find_ca(&c->desk, row->ca, &ca, e) == -1 ||
	    issuer_init(&issuer, ca->name, ca->cert, e) == -1)
		return -1;
	rc = crl_file_load(crl, c->desk.db, row, &issuer, e);
	issuer_clear(&issuer);
	if (rc == 0 && ((*crl)->params.number != row->number ||
	    (*crl)->params.base != row->base ||
	    ((*crl)->params.idp.p != NULL) != (row->shard > 0))) {
		crl_free(crl);
		return error_set(e, ERROR_UPSTREAM, "CA %.64s: the list in "
		    "the store is not the one of its row", row->ca);
	}
	return rc;
}

static void
show_entries(struct cli *c, const struct crl *crl)
{
	static const struct out_col	cols[] = {
		{ "serial", "SERIAL", 0 },
		{ "reason", "REASON", 0 },
		{ "revoked_at", "REVOKED", 0 },
		{ "invalid_since", "INVALID SINCE", 0 },
	};
	struct pager			 pager = { .pid = -1 };
	struct out_list			*l;
	struct crl_entry		 x;
	size_t				 pos = 0;

	l = out_list_new(stdout, c->json, 0, cols, 4);
	if (!c->json)
		out_list_to(l, pager_open(&pager));
	while (crl_next(crl, &pos, &x)) {
		out_hex(l, x.serial, x.serial_len);
		out_text(l, x.reason < 0 ? NULL : x.reason == CRL_REMOVE ?
		    "removeFromCRL" : selector_reason_name(x.reason));
		out_time(l, x.revoked_at);
		out_time(l, x.invalid_since);
	}
	out_list_free(&l);
	pager_close(&pager);
}

static void
show_params(struct cli *c, const struct db_crl *row, const struct crl *crl)
{
	const struct crl_params	*p = &crl->params;
	struct out_record	*r = out_record_new(stdout, c->json);

	out_put(r, "ca", "CA", row->ca);
	if (row->shard > 0)
		out_put_num(r, "shard", "Shard", row->shard);
	out_put_num(r, "number", "Number", p->number);
	if (p->base > 0)
		out_put_num(r, "base", "Delta on", p->base);
	out_put_time(r, "this_update", "This update", p->this_update);
	out_put_time(r, "next_update", "Next update", p->next_update);
	out_put_num(r, "entries", "Entries", (int64_t)crl->n);
	out_put_num(r, "size", "Bytes", row->size);
	if (p->idp.p != NULL)
		out_put(r, "point", "For those that name",
		    arena_printf(c->desk.arena, "%.*s", (int)p->idp.len,
		    p->idp.p));
	if (p->freshest.p != NULL)
		out_put(r, "freshest", "Deltas at", arena_printf(c->desk.arena,
		    "%.*s", (int)p->freshest.len, p->freshest.p));
	out_put(r, NULL, "Signature", "verified");
	if (p->next_update < clock_now(c->desk.clock))
		out_put_line(r, "It is out of date: is signet-cad running?");
	out_record_free(&r);
}

static int
crl_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	struct db_crl	 row;
	struct crl	*crl = NULL;
	bool		 entries;

	cli_begin(c, a);
	entries = cmd_flag(a, "entries");
	if (find(c, &row, e) == -1 || load(c, &row, &crl, e) == -1)
		return -1;
	if (!entries || !c->json)
		show_params(c, &row, crl);
	if (entries && !c->json && crl->n > 0)
		cli_say(c, "%s", "");
	if (entries && (c->json || crl->n > 0))
		show_entries(c, crl);
	crl_free(&crl);
	return 0;
}

static int
crl_export(struct cmd_args *a, void *ctx, struct error *e)
{
	static const char *const	 formats[] = { "pem", "der" };
	struct cli			*c = ctx;
	const char			*format = cmd_string(a, "format",
					    "pem");
	struct db_crl			 row;

	cli_begin(c, a);
	if (list_check_word("--format", format, formats, 2, e) == -1 ||
	    find(c, &row, e) == -1)
		return -1;
	return crl_file_create(c->desk.db, &row, cmd_string(a, "out", "-"),
	    strcmp(format, "pem") == 0, e);
}

/* A file, as a client has it: is it a list of this CA, and which? */
static int
crl_verify(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	const struct desk_issuer	*ca;
	struct db_crl		 row = { .base = 0 };
	struct issuer		 issuer;
	struct crl		*crl = NULL;
	char *const		*arg;
	int			 rc;

	cli_begin(c, a);
	cmd_operands(a, &arg);
	if (desk_find_ca(&c->desk, arg[0], &ca, e) == -1 ||
	    issuer_init(&issuer, ca->name, ca->cert, e) == -1)
		return -1;
	if ((rc = crl_load(&crl, arg[1], &issuer, e)) == -1)
		error_hint(e, "nothing in it counts; it must be DER, and "
		    "signed by CA %.64s", arg[0]);
	else {
		row.ca = arg[0];
		row.size = (int64_t)crl->der.len;
		show_params(c, &row, crl);
	}
	crl_free(&crl);
	issuer_clear(&issuer);
	return rc;
}

const struct cmd CLI_CRL[] = {
	{ "crl list", "CA", "list the revocation lists of a CA, newest first",
	    NULL, NULL, list_opts, 1, 1, crl_list },
	{ "crl show", "CA", "show the latest list, its signature verified",
	    NULL, "signet crl show people --entries\n", show_opts, 1, 1,
	    crl_show },
	{ "crl export", "CA", "write a list as PEM or DER", NULL,
	    "signet crl export people --format der -o people.crl\n",
	    export_opts, 1, 1, crl_export },
	{ "crl verify", "CA FILE", "check a list in a DER file", NULL,
	    "signet crl verify people people.crl\n", NULL, 2, 2,
	    crl_verify },
	CMD_END
};
