/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet crl: the revocation lists that were made.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/list.h"
#include "cli/selector.h"
#include "db/db_crl.h"
#include "x509/crl.h"

static const struct cmd_opt list_opts[] = {
	LIST_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt show_opts[] = {
	{ "number", 0, CMD_NUMBER, false, "N", "not the latest but this" },
	{ "entries", 0, CMD_FLAG, false, NULL, "show its entries, too" },
	CMD_OPT_END
};
static const struct cmd_opt export_opts[] = {
	{ "number", 0, CMD_NUMBER, false, "N", "not the latest but this" },
	{ "format", 0, CMD_STRING, false, "FORMAT", "pem (default) or der" },
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to this new file (standard output)" },
	CMD_OPT_END
};

static int
crl_list(struct cmd_args *a, void *ctx, struct error *e)
{
	static const struct out_col	 cols[] = {
		{ "ca", "CA", 0 },
		{ "number", "NUMBER", OUT_RIGHT },
		{ "this_update", "THIS UPDATE", 0 },
		{ "next_update", "NEXT UPDATE", 0 },
		{ "entries", "ENTRIES", OUT_RIGHT },
	};
	struct cli			*c = ctx;
	const char			*after = cmd_string(a, "after", "0");
	struct db_crls			 page = { 0 };
	struct list			 list;
	char *const			*ca, last[32] = "";
	int64_t				 before;
	size_t				 i;
	int				 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &ca);
	if (text_parse_number(&before, after, 0, INT64_MAX, e) == -1)
		return error_wrap(e, "--after");
	if (list_begin(c, &list, cols, 5, e) == -1)
		return -1;
	if (cli_open_db(c, e) == -1)
		goto out;
	while (list_wants(&list)) {
		if (db_crl_list(c->db, ca[0], before, list_page(&list), &page,
		    list.arena, e) == -1)
			goto out;
		for (i = 0; i < page.n && list_take(&list); i++) {
			out_text(list.out, page.v[i].ca);
			out_num(list.out, page.v[i].number);
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
	char *const	*ca;
	int		 found;

	cmd_operands(c->args, &ca);
	if (cli_open_db(c, e) == -1)
		return -1;
	found = db_crl_find(c->db, ca[0], number, crl, c->arena, e);
	if (found == 1)
		return 0;
	if (found == -1)
		return -1;
	error_set(e, ERROR_NOTFOUND, number == 0 ? "CA %.64s has no "
	    "revocation list" : "CA %.64s has no such revocation list", ca[0]);
	return error_hint(e, "signet-cad makes them; see also: signet ca "
	    "list");
}

/* Parsed and its signature checked against the CA of the settings. */
static int
parse(struct cli *c, const struct db_crl *row, struct crl **crl,
    struct error *e)
{
	const struct cli_issuer	*ca;
	struct issuer		 issuer;
	int			 rc;

	if (cli_find_ca(c, row->ca, &ca, e) == -1 ||
	    issuer_init(&issuer, ca->name, ca->cert, e) == -1)
		return -1;
	rc = crl_parse(crl, row->der, &issuer, e);
	issuer_clear(&issuer);
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
	struct out_list			*l;
	size_t				 i;

	l = out_list_new(stdout, c->json, 0, cols, 4);
	for (i = 0; i < crl->n; i++) {
		out_hex(l, crl->v[i].serial, crl->v[i].serial_len);
		out_text(l, crl->v[i].reason < 0 ? NULL :
		    selector_reason_name(crl->v[i].reason));
		out_time(l, crl->v[i].revoked_at);
		out_time(l, crl->v[i].invalid_since);
	}
	out_list_free(&l);
}

static int
crl_show(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct out_record	*r;
	struct db_crl		 row;
	struct crl		*crl = NULL;

	cli_begin(c, a);
	if (find(c, &row, e) == -1 || parse(c, &row, &crl, e) == -1)
		return -1;
	if (cmd_flag(a, "entries") && c->json) {
		show_entries(c, crl);
		crl_free(&crl);
		return 0;
	}
	r = out_record_new(stdout, c->json);
	out_put(r, "ca", "CA", row.ca);
	out_put_num(r, "number", "Number", crl->params.number);
	out_put_time(r, "this_update", "This update",
	    crl->params.this_update);
	out_put_time(r, "next_update", "Next update",
	    crl->params.next_update);
	out_put_num(r, "entries", "Entries", (int64_t)crl->n);
	out_put_num(r, "size", "Bytes", (int64_t)row.der.len);
	out_put(r, NULL, "Signature", "verified");
	if (crl->params.next_update < clock_now(c->clock))
		out_put_line(r, "It is out of date: is signet-cad "
		    "running?");
	out_record_free(&r);
	if (cmd_flag(a, "entries") && crl->n > 0) {
		cli_say(c, "%s", "");
		show_entries(c, crl);
	}
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
	struct buf			 b = { 0 };
	int				 rc;

	cli_begin(c, a);
	if (list_check_word("--format", format, formats, 2, e) == -1 ||
	    find(c, &row, e) == -1)
		return -1;
	if (strcmp(format, "pem") == 0)
		list_pem(&b, "X509 CRL", row.der);
	else
		buf_add(&b, row.der.p, row.der.len);
	rc = list_write(cmd_string(a, "out", "-"), &b, e);
	buf_clear(&b);
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
	CMD_END
};
