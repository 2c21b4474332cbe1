/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CMD_ORDER_H
#define SIGNET_CLI_CMD_ORDER_H
/*
 * The verbs of "signet order", spread over several files.
 */
#include "cli/act.h"
#include "cli/cli.h"
#include "desk/review.h"
#include "os/cmd.h"

cmd_fn	 order_new_cmd, order_import_cmd, order_list_cmd, order_show_cmd,
	 order_approve_cmd, order_reject_cmd, order_export_cmd,
	 order_redeem_cmd, order_code_cmd;
extern const struct cmd_opt ORDER_NEW_OPTS[], ORDER_IMPORT_OPTS[],
	 ORDER_CODE_OPTS[];

/* What somebody is about to decide on, with so many items; not for programs. */
void	 order_show_before(struct cli *, const struct review *, size_t items);

/* What --csr, --field and friends of "order new" and "issue" have in common. */
#define ORDER_ISSUE_OPTS \
	{ "profile", 'p', CMD_STRING, false, "NAME", "profile" }, \
	{ "csr", 0, CMD_STRING, false, "FILE", \
	    "certificate request, PEM or DER; - is standard input" }, \
	{ "holder", 0, CMD_STRING, false, "ID", \
	    "holder's number in your organisation" }, \
	{ "holder-name", 0, CMD_STRING, false, "NAME", \
	    "make the holder if absent" }, \
	{ "field", 'f', CMD_MANY, false, "NAME=VALUE", \
	    "a field of the profile; what is not given is taken from the " \
	    "request" }, \
	{ "ca", 0, CMD_STRING, false, "NAME", \
	    "issuing CA (else the profile's first)" }, \
	{ "until", 0, CMD_STRING, false, "DATE", \
	    "end of validity, if earlier than the profile's" }, \
	{ "comment", 0, CMD_STRING, false, "TEXT", "evidence, in words" }
/* Reads them; the strings stay the command's. */
int	 order_issue_args(struct cli *, struct draft_issue *,
	    struct db_holder *, struct error *);
#endif
