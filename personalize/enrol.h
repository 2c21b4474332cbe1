/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_ENROL_H
#define SIGNET_PERSONALIZE_ENROL_H
/*
 * "signet-station enrol": one holder, one reader, one blank card, one code.
 * There is no store and no agent's key here; what this program may do the
 * one-time code allows.
 */
#include "os/cmd.h"

extern const struct cmd_opt ENROL_OPTIONS[];
int	 enrol(struct cmd_args *, void *, struct error *);
#endif
