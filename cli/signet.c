/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet, the operator's tool: every verb, no keys of CAs, no rights of its
 * own.  What it stores counts for something only when officers signed it.
 */
#include <locale.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "os/cmd.h"

/* In the order in which "signet help" shows them. */
static const struct cmd *const groups[] = {
	CLI_ISSUE,
	CLI_ORDER,
	CLI_CSR,
	CLI_BLOCKLIST,
	CLI_CARD,
	CLI_CERT,
	CLI_CREDENTIAL,
	CLI_HOLDER,
	CLI_CA,
	CLI_CRL,
	CLI_PUBLISH,
	CLI_NOTICE,
	CLI_PROFILE,
	CLI_EXPLAIN,
	CLI_CANARY,
	CLI_ARCHIVE,
	CLI_AUDIT,
	CLI_TOP,
	CLI_DOCTOR,
	CLI_CALENDAR,
	CLI_DB,
	CLI_BACKUP,
	CLI_RESTORE,
	CLI_INIT,
};
#define NGROUPS (sizeof(groups) / sizeof(groups[0]))

static struct cmd *
all_commands(void)
{
	static const struct cmd end = CMD_END;
	struct cmd		*all = NULL;
	size_t			 n = 0, i;
	const struct cmd	*c;

	for (i = 0; i < NGROUPS; i++) {
		for (c = groups[i]; c->name != NULL; c++) {
			all = mem_resize(all, n + 1, sizeof(*all));
			all[n++] = *c;
		}
	}
	all = mem_resize(all, n + 1, sizeof(*all));
	all[n] = end;
	return all;
}

int
main(int argc, char *argv[])
{
	struct error		 e = ERROR_INIT;
	struct cli		 cli;
	struct cmd		*all = all_commands();
	const struct cmd_suite	 suite = {
		"signet", "operate a certification authority", all,
		CLI_GLOBAL,
		"Settings: --config FILE, or $SIGNET_CONFIG, or "
		SYSCONFDIR "/signet.conf.\n"
		"Order ids and serial numbers may be cut as long as they are "
		"unique.\n"
	};
	int			 status = EXIT_FAILURE;

	setlocale(LC_CTYPE, "C.UTF-8");
	log_open("signet", true, false);
	cli_init(&cli);
	if (secret_init(&e) == -1)
		log_error(&e, "cannot protect secrets");
	else
		status = cmd_run(&suite, argc, argv, &cli);
	cli_clear(&cli);
	free(all);
	return status;
}
