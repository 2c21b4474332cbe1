/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_LOOK_H
#define SIGNET_PERSONALIZE_LOOK_H
/*
 * "signet-station look": what the card in a reader is, whether it is as it
 * should be, and what the store says of it.  Nothing on it is changed and no
 * try of a PIN is spent, unless a PIN is given, which must not be the last.
 */
#include "os/cmd.h"

extern const struct cmd_opt LOOK_OPTIONS[];
int	 look(struct cmd_args *, void *, struct error *);
#endif
