/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_PUSH_H
#define SIGNET_CA_PUSH_H
/*
 * Signed audit heads leave the machine: appended as PEM to a file (a mount, a
 * log shipper's input) or given to a command on its standard input.
 */
#include "base/error.h"
#include "base/mem.h"

/* where: "file:PATH" or "exec:COMMAND ARGS" (split at blanks, no shell). */
int	 push_check(const char *where, struct error *);
int	 push_head(const char *where, struct bytes cms, struct error *);
#endif
