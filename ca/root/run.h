/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_RUN_H
#define SIGNET_ROOT_RUN_H
/*
 * What is around every command: the sandbox, the open directory, the session.
 * A command is a cmd_fn that gives its work to one of these.
 */
#include "base/error.h"
#include "ca/root/session.h"
#include "os/cmd.h"

typedef int run_ceremony_fn(struct session *, struct error *);
typedef int run_read_fn(struct root *, const struct cmd_args *,
	    struct error *);

/* fn does one ceremony; "init" needs no root, all others do. */
int	 run_ceremony(const struct cmd_args *, const char *verb,
	    run_ceremony_fn *, struct error *);
/* fn only reads; when raw is set the directory is not opened but named. */
int	 run_read(const struct cmd_args *, bool raw, run_read_fn *,
	    struct error *);

cmd_fn	 root_init, root_certify, root_cross_certify, root_revoke, root_crl,
	    root_roll, root_retire, root_approve, root_resume, root_show,
	    root_replay;
#endif
