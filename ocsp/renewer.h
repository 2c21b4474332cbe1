/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_RENEWER_H
#define SIGNET_OCSP_RENEWER_H
/*
 * The process that sees to it that each CA has a signer: it knows from the
 * store which CAs there are and has lib/agent order certificates for them, in
 * a process of its own that begins anew whenever there is another CA.
 *
 * It holds the agent's key and never meets a client.
 */
#include "os/proc.h"
#include "os/service.h"
#include "settings.h"

struct renewer_setup {
	const struct ocspd_conf	*conf;
	struct service		*svc;
	const char		*signers;	/* directory */
	const int		*close_fd;	/* not its business */
	size_t			 nclose;
};

/* A proc_fn. */
int	 renewer_main(int parent, void *renewer_setup);
#endif
