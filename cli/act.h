/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_ACT_H
#define SIGNET_CLI_ACT_H
/*
 * What more than one group of commands does: change the status of
 * certificates, hand in, sign and wait.
 */
#include "cli/cli.h"
#include "desk/draft.h"
#include "desk/submit.h"

/* The officer's identity; for the tables of commands that sign. */
#define ACT_OFFICER_OPTS \
	{ "key", 0, CMD_STRING, false, "URI", \
	    "your key: a file or a pkcs11: URI (else of the settings)" }, \
	{ "cert", 0, CMD_STRING, false, "FILE", "your certificate" }, \
	{ "passphrase", 0, CMD_STRING, false, "SOURCE", \
	    "where its passphrase or PIN comes from: prompt, file:PATH, " \
	    "credential:NAME, fd:N" }

extern const struct cmd_opt ACT_REVOKE_OPTS[], ACT_HOLD_OPTS[];
cmd_fn	 act_revoke, act_hold, act_release;
/* The same for an order of the kind; cli_begin() has been called. */
int	 act_status(struct cli *, enum order_kind, struct error *);

/*
 * Hand in; with sign also approve; report and say the next command.  With
 * seconds >= 0 wait for the CA; an order that still needs approvals is
 * ERROR_DENIED then (exit status 3).
 */
int	 act_submit(struct cli *, const struct draft *,
	    const struct db_holder *, bool sign, int64_t seconds,
	    struct error *);
/* The same with an identity of the holder, who signs first; or NULL. */
int	 act_submit_proved(struct cli *, const struct draft *,
	    const struct db_holder *, const struct identity *proof, bool sign,
	    int64_t seconds, struct error *);
/* What is there already: sign it, if that is wanted, and report. */
int	 act_stored(struct cli *, const struct draft *, bool sign,
	    struct error *);
/* --wait of the command: seconds, or -1 if not given. */
int	 act_wait_option(struct cli *, const char *dflt, int64_t *,
	    struct error *);
#endif
