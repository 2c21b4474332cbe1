/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of "signet order".
 */
#include "cli/cmd_order.h"
#include "cli/list.h"

static const struct cmd_opt list_opts[] = {
	{ "state", 0, CMD_STRING, false, "STATE",
	    "pending, ready, done, rejected, expired or refused" },
	{ "kind", 0, CMD_STRING, false, "KIND",
	    "issue, batch, revoke, hold, release, adopt or reject" },
	{ "profile", 'p', CMD_STRING, false, "NAME", "of this profile" },
	{ "ca", 0, CMD_STRING, false, "NAME", "for this CA" },
	{ "holder", 0, CMD_STRING, false, "ID", "for this holder" },
	{ "since", 0, CMD_STRING, false, "TIME",
	    "made since: a date, a time, or \"2d\" for two days" },
	LIST_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt show_opts[] = {
	{ "items", 0, CMD_NUMBER, false, "N", "items of a batch to show (20)" },
	CMD_OPT_END
};
static const struct cmd_opt approve_opts[] = {
	{ "all-pending", 0, CMD_FLAG, false, NULL,
	    "each order that waits for approval, oldest first" },
	{ "items", 0, CMD_NUMBER, false, "N", "items of a batch to show (10)" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt reject_opts[] = {
	{ "reason", 0, CMD_STRING, true, "TEXT", "why, in words" },
	{ "items", 0, CMD_NUMBER, false, "N", "items of a batch to show (10)" },
	{ "wait", 0, CMD_STRING, false, "TIME",
	    "how long to wait for the CA (30s)" },
	ACT_OFFICER_OPTS,
	CMD_OPT_END
};
static const struct cmd_opt export_opts[] = {
	{ "out", 'o', CMD_STRING, false, "FILE",
	    "write to this new file (standard output)" },
	CMD_OPT_END
};
static const struct cmd_opt redeem_opts[] = {
	{ "csr", 0, CMD_STRING, true, "FILE",
	    "certificate request, PEM or DER" },
	{ "code-from", 0, CMD_STRING, false, "SOURCE",
	    "where the code comes from: prompt, file:PATH, fd:N" },
	CMD_OPT_END
};

const struct cmd CLI_ORDER[] = {
	{ "order new", "[SERIAL...]", "hand in an order",
	    "Makes an order, checks it against its profile and stores it.  It "
	    "is carried out when the officers whom the profile names have "
	    "approved it.  Serial numbers are for kinds revoke, hold and "
	    "release.",
	    "signet order new -p mail-sign --csr alice.csr --holder 4711\n"
	    "signet order new -p web-login --holder 4711 --field name='Alice "
	    "Holm' --code --sign\n"
	    "signet order new --kind adopt --seq 1200 --hash 5f2c... --sign\n",
	    ORDER_NEW_OPTS, 0, -1, order_new_cmd },
	{ "order import", "[FILE|DIRECTORY...]",
	    "hand in many orders, or one from a file",
	    "With --csv, each row is a certificate to be made; the row of "
	    "names has \"holder\", \"csr\" (a file, relative to the CSV file; "
	    "empty: the request comes later) and fields of the profile.  "
	    "Without, the operands are requests or directories of them, and "
	    "the fields come from the requests.  All become one order of kind "
	    "batch.  A file that \"signet order export\" wrote is handed in as "
	    "it is.  If anything is wrong, each mistake is told with its line "
	    "and nothing is stored.",
	    "signet order import -p mail-sign --csv people.csv\n"
	    "signet order import -p tls-server requests/\n"
	    "signet order import order-5f2c81aa.pem\n",
	    ORDER_IMPORT_OPTS, 0, -1, order_import_cmd },
	{ "order list", NULL, "list orders, newest first", NULL,
	    "signet order list --state pending\n"
	    "signet order list --holder 4711 --json\n",
	    list_opts, 0, 0, order_list_cmd },
	{ "order show", "ID", "show an order, its approvals and its items",
	    NULL, "signet order show 5f2c\n", show_opts, 1, 1,
	    order_show_cmd },
	{ "order approve", "[ID...]", "sign orders as an officer",
	    "Shows each order, asks, and signs it with your key.  The order "
	    "is taken apart and verified on this machine: what is shown is "
	    "what is signed.",
	    "signet order approve 5f2c81aa\n"
	    "signet order approve 5f2c --key 'pkcs11:token=Officer' "
	    "--passphrase prompt\n",
	    approve_opts, 0, -1, order_approve_cmd },
	{ "order reject", "ID", "refuse an order for ever",
	    "An order that nobody has approved is only marked.  One that has "
	    "approvals is rejected by an order of its own, which you sign, so "
	    "that the CA will not carry it out even if the store is edited "
	    "later.",
	    "signet order reject 5f2c --reason 'left the company'\n",
	    reject_opts, 1, 1, order_reject_cmd },
	{ "order code", "ID", "make another one-time code for an order",
	    "For a code that nobody has seen, or that was lost: it is shown "
	    "once, and nobody has it.  A new order with a code of its own "
	    "takes the place of the old one, which is rejected at once, with "
	    "a rejection to be signed if it had approvals.",
	    "signet order code 5f2c --sign\n",
	    ORDER_CODE_OPTS, 1, 1, order_code_cmd },
	{ "order redeem", "ID", "bring the request of a one-time code",
	    "The code proves that the holder wants this request certified; "
	    "it is asked for and leaves this machine only as a proof.",
	    "signet order redeem 5f2c --csr alice.csr\n",
	    redeem_opts, 1, 1, order_redeem_cmd },
	{ "order export", "ID", "write an order with approvals and requests",
	    "The order is CMS SignedData in PEM, which openssl cms -verify "
	    "reads; its requests follow.",
	    "signet order export 5f2c -o order.pem\n",
	    export_opts, 1, 1, order_export_cmd },
	CMD_END
};
