/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet issue and revoke: order, approval and result in one go.
 */
#include <string.h>

#include "base/text.h"
#include "cli/act.h"
#include "cli/cert_file.h"
#include "cli/cmd_order.h"
#include "cli/list.h"
#include "os/file.h"

static const struct cmd_opt issue_opts[] = {
	ORDER_ISSUE_OPTS,
	{ "out", 'o', CMD_STRING, true, "FILE",
	    "write the certificate to this new file" },
	{ "format", 0, CMD_STRING, false, "FORMAT",
	    "pem (default), der or p7b" },
	{ "no-chain", 0, CMD_FLAG, false, NULL,
	    "without the CA's certificates" },
	{ "wait", 0, CMD_STRING, false, "TIME",
	    "how long to wait for the CA (30s)" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};

/* What was made; on standard error when the certificate is on the other. */
static void
report(struct cli *c, const struct order *o, const struct db_cert *x,
    const char *path)
{
	bool			 alone = strcmp(path, "-") != 0;
	struct out_record	*r = out_record_new(alone ? stdout : stderr,
				    c->json);

	out_put_hex(r, "serial", "Serial", x->serial.p, x->serial.len);
	out_put(r, "ca", "CA", x->ca);
	out_put(r, "subject", "Subject", x->subject);
	out_put_time(r, "not_after", "Valid until", x->not_after);
	out_put_hex(r, "order", "Order", o->id, ORDER_ID_SIZE);
	out_put(r, "file", "Written to", alone ? path : NULL);
	out_record_free(&r);
}

static int
write_cert(struct cli *c, const struct order *o, struct error *e)
{
	const char	*path = cmd_string(c->args, "out", "-");
	struct db_ref	 ref = { .n = 0 };
	struct db_cert	 x;
	struct buf	 b = { 0 };
	int		 found, rc = -1;

	memcpy(ref.order_id, o->id, DB_ORDER_ID);
	found = db_cert_find_ref(c->desk.db, &ref, &x, c->desk.arena, e);
	if (found == 0)
		error_set(e, ERROR_BUG, "the order is done and its "
		    "certificate is not in the store");
	if (found == 1 && cert_file_encode(c, &b, &x, cmd_string(c->args,
	    "format", "pem"), !cmd_flag(c->args, "no-chain"), e) == 0)
		rc = list_write(path, &b, e);
	if (rc == 0)
		report(c, o, &x, path);
	buf_clear(&b);
	return rc;
}

static int
check_out(const char *path, struct error *e)
{
	if (strcmp(path, "-") == 0 || !file_exists(path))
		return 0;
	error_set(e, ERROR_CONFLICT, "%s is there already", path);
	return error_hint(e, "nothing was ordered; choose another --out");
}

static int
issue(struct cmd_args *a, void *ctx, struct error *e)
{
	struct cli		*c = ctx;
	struct draft_issue	 in;
	struct db_holder	 holder;
	struct draft		 d;
	int64_t			 seconds;
	int			 rc = -1;

	cli_begin(c, a);
	if (order_issue_args(c, &in, &holder, e) == -1 ||
	    act_wait_option(c, "30s", &seconds, e) == -1 ||
	    cert_file_check_format(cmd_string(a, "format", "pem"), e) == -1)
		return -1;
	if (in.csr == NULL)
		return error_set(e, ERROR_INPUT, "no request: give --csr "
		    "FILE");
	if (check_out(cmd_string(a, "out", "-"), e) == -1 ||
	    draft_issue(&c->desk, &d, &in, e) == -1)
		return -1;
	if (act_submit(c, &d, &holder, true, seconds, e) == 0)
		rc = write_cert(c, d.order, e);
	draft_clear(&d);
	return rc;
}

const struct cmd CLI_ISSUE[] = {
	{ "issue", NULL, "make a certificate: order, sign, wait, write",
	    "Does what \"order new --sign\", waiting for the CA and \"cert "
	    "export\" do.  When the profile wants the approval of more "
	    "officers, the order stays and the exit status is 3.",
	    "signet issue -p tls-server --csr www.csr --holder www -o "
	    "www.pem\n"
	    "signet issue -p mail-sign --csr alice.csr --holder 4711 "
	    "--holder-name 'Alice Holm' -o alice.pem\n",
	    issue_opts, 0, 0, issue },
	{ "revoke", "[SERIAL...]", "revoke certificates for ever",
	    "The same as \"cert revoke\".",
	    "signet revoke 4f2a91 --reason keyCompromise --since 2d\n"
	    "signet revoke --holder 4711 --reason cessationOfOperation\n",
	    ACT_REVOKE_OPTS, 0, -1, act_revoke },
	CMD_END
};
