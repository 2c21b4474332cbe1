/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_LOG_H
#define SIGNET_BASE_LOG_H
/*
 * The operator's log: standard error in the foreground, syslog otherwise.
 * Only programs call it; code in lib/ returns a struct error instead
 * (lib/os/service.c, which is the programs' main loop, is the exception).
 * Control characters in a line are shown as \xHH, so that a peer's bytes cannot
 * forge a second line.  errno is preserved.
 */
#include <stdbool.h>
#include "base/error.h"

/* prog is borrowed for ever.  Foreground lines are "prog: text". */
void	 log_open(const char *prog, bool foreground, bool debug);
/* "prog: what: text [code]" and, when there is one, "prog: hint: ...". */
void	 log_error(const struct error *, const char *what, ...)
	    __attribute__((format(printf, 2, 3)));
void	 log_info(const char *, ...) __attribute__((format(printf, 1, 2)));
void	 log_debug(const char *, ...) __attribute__((format(printf, 1, 2)));
#endif
