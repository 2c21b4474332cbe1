/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet order new and redeem.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cmd_order.h"
#include "desk/redeem.h"
#include "desk/request.h"
#include "desk/review.h"

const struct cmd_opt ORDER_NEW_OPTS[] = {
	{ "kind", 0, CMD_STRING, false, "KIND",
	    "issue (default), revoke, hold, release, adopt" },
	ORDER_ISSUE_OPTS,
	{ "code", 0, CMD_FLAG, false, NULL, "the request comes later, with a "
	    "one-time code, which is shown once" },
	{ "sign", 0, CMD_FLAG, false, NULL, "approve it, too" },
	ACT_OFFICER_OPTS,
	{ "key-of", 0, CMD_STRING, false, "FILE|HEX",
	    "revoke, hold, release: all with this key" },
	{ "card", 0, CMD_STRING, false, "ID",
	    "revoke, hold, release: all on this card" },
	{ "reason", 0, CMD_STRING, false, "REASON", "revoke: why" },
	{ "since", 0, CMD_STRING, false, "TIME",
	    "revoke: when the key was no longer to be trusted" },
	{ "wait", 0, CMD_STRING, false, "TIME",
	    "revoke, hold, release: how long to wait for the CA (30s)" },
	{ "no-sign", 0, CMD_FLAG, false, NULL,
	    "revoke, hold, release: only hand in" },
	{ "seq", 0, CMD_NUMBER, false, "N",
	    "adopt: number of the audit entry to go on from" },
	{ "hash", 0, CMD_STRING, false, "HEX", "adopt: its hash" },
	CMD_OPT_END
};

int
order_issue_args(struct cli *c, struct draft_issue *in,
    struct db_holder *holder, struct error *e)
{
	const struct cmd_args	*a = c->args;
	const char		*until = cmd_string(a, "until", NULL);

	memset(in, 0, sizeof(*in));
	memset(holder, 0, sizeof(*holder));
	in->profile = cmd_string(a, "profile", NULL);
	in->ca = cmd_string(a, "ca", NULL);
	in->csr = cmd_string(a, "csr", NULL);
	in->holder = cmd_string(a, "holder", NULL);
	in->comment = cmd_string(a, "comment", NULL);
	in->nfields = cmd_many(a, "field", &in->field);
	holder->id = in->holder;
	holder->name = cmd_string(a, "holder-name", NULL);
	if (in->profile == NULL) {
		error_set(e, ERROR_INPUT, "no profile: give --profile NAME");
		return error_hint(e, "\"signet explain profile\" lists them");
	}
	if (until != NULL && text_parse_time(&in->until, until, e) == -1)
		return error_wrap(e, "--until");
	return 0;
}

static int
new_issue(struct cli *c, struct error *e)
{
	struct draft_issue	in;
	struct db_holder	holder;
	struct draft		d = { 0 };
	bool			code = cmd_flag(c->args, "code");
	int			rc = -1;

	if (order_issue_args(c, &in, &holder, e) == -1)
		return -1;
	if (code == (in.csr != NULL))
		return error_set(e, ERROR_INPUT, code ? "--code is for orders "
		    "whose request comes later: without --csr" :
		    "no request: give --csr FILE, or --code");
	if (draft_issue(&c->desk, &d, &in, e) == -1)
		return -1;
	rc = act_submit(c, &d, &holder, cmd_flag(c->args, "sign"), -1, e);
	draft_clear(&d);
	return rc;
}

static int
new_adopt(struct cli *c, struct error *e)
{
	const char	*hash = cmd_string(c->args, "hash", NULL);
	int64_t		 seq = cmd_number(c->args, "seq", -1);
	struct draft	 d;
	int		 rc = -1;

	if (seq < 0 || hash == NULL) {
		error_set(e, ERROR_INPUT, "adopt needs --seq N and --hash "
		    "HEX: the audit entry to go on from");
		return error_hint(e, "after a restore it is the last entry "
		    "that the backup had: signet audit show --json");
	}
	if (draft_new(&c->desk, &d, ORDER_ADOPT, NULL, e) == -1)
		return -1;
	d.order->audit_seq = seq;
	d.order->comment = mem_strdup(cmd_string(c->args, "comment", NULL));
	if (text_unhex(d.order->audit_hash, sizeof(d.order->audit_hash),
	    NULL, hash, e) == -1)
		error_wrap(e, "--hash");
	else
		rc = act_submit(c, &d, NULL, cmd_flag(c->args, "sign"), -1,
		    e);
	draft_clear(&d);
	return rc;
}

int
order_new_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	const char	*kind = cmd_string(a, "kind", "issue");
	char *const	*operand;
	enum order_kind	 k = order_kind_of(kind);

	cli_begin(c, a);
	if ((k == ORDER_ISSUE || k == ORDER_ADOPT) &&
	    cmd_operands(a, &operand) > 0)
		return error_set(e, ERROR_INPUT, "\"%.60s\": an order of kind "
		    "%s takes no operands", operand[0], kind);
	if (k != ORDER_REVOKE && (cmd_string(a, "reason", NULL) != NULL ||
	    cmd_string(a, "since", NULL) != NULL))
		return error_set(e, ERROR_INPUT, "--reason and --since are for "
		    "orders of kind revoke");
	switch (k) {
	case ORDER_ISSUE:
		return new_issue(c, e);
	case ORDER_ADOPT:
		return new_adopt(c, e);
	case ORDER_REVOKE:
	case ORDER_HOLD:
	case ORDER_RELEASE:
		return act_status(c, k, e);
	case ORDER_BATCH:
		error_set(e, ERROR_INPUT, "a batch comes from a file");
		return error_hint(e, "signet order import --csv FILE "
		    "--profile NAME");
	case ORDER_REJECT:
		error_set(e, ERROR_INPUT, "rejecting has its own command");
		return error_hint(e, "signet order reject ID --reason TEXT");
	case ORDER_BIND:
	case ORDER_UNBIND:
		error_set(e, ERROR_INPUT, "credentials have commands of their "
		    "own");
		return error_hint(e, "signet credential new, signet "
		    "credential unbind");
	case ORDER_PERMIT:
		error_set(e, ERROR_INPUT, "a permit belongs to what it is "
		    "for");
		return error_hint(e, "signet card letters release, signet "
		    "card puk, signet card management");
	case ORDER_ITEM:
	case ORDER__MAX:
		break;
	}
	error_set(e, ERROR_INPUT, "no kind of order is called \"%.60s\"",
	    kind);
	return error_hint(e, "issue, revoke, hold, release or adopt");
}

/* ---- redeem ---- */

int
order_redeem_cmd(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli	*c = ctx;
	const char	*from = cmd_string(a, "code-from", "prompt");
	struct secret	 code = { 0 };
	struct csr	*csr = NULL;
	struct redeem	 with = { .code = &code };
	struct review	 r = { 0 };
	char *const	*id, hex[2 * DB_ORDER_ID + 1];
	int		 rc = -1;

	cli_begin(c, a);
	cmd_operands(a, &id);
	if (request_load(&csr, cmd_string(a, "csr", "-"), e) == -1 ||
	    review_load(&c->desk, id[0], &r, e) == -1)
		goto out;
	with.csr = csr;
	if (redeem_check(&c->desk, &r, &with, e) == -1 ||
	    secret_fetch(&code, from, "One-time code", e) == -1 ||
	    redeem_order(&c->desk, &r, &with, e) == -1)
		goto out;
	text_hex(hex, r.row.id, DB_ORDER_ID);
	cli_did(c, json_pack("{s:s, s:s}", "id", hex, "result", "redeemed"),
	    "order %.*s has its request now; next: signet order show %.*s",
	    REVIEW_SHORT, hex, REVIEW_SHORT, hex);
	rc = 0;
 out:
	secret_free(&code);
	csr_free(&csr);
	review_clear(&r);
	return rc;
}
