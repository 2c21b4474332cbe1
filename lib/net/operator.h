/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_OPERATOR_H
#define SIGNET_NET_OPERATOR_H
/*
 * What a daemon tells its operator over HTTP, to this machine only:
 * GET /metrics, and GET /healthz, which is 200 when every check is well and
 * 503 otherwise, with a line of words per check.
 *
 * Checks are in shared memory as metrics are: whichever process knows sets
 * them.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"
#include "net/metrics.h"

struct health;

int	 health_new(struct health **, struct error *);
void	 health_free(struct health **);
/*
 * The state of check "name" (up to 63 octets) and why.  What was not set
 * again by "until" (0: for ever) is not well, because who should know is
 * silent.  A health without any check is not well.
 */
void	 health_set(struct health *, const char *name, bool well,
	    int64_t until, const char *why, ...)
	    __attribute__((format(printf, 5, 6)));
void	 health_drop(struct health *, const char *name);
/* Lines "ok NAME: why" and "FAIL NAME: why"; true when all is well. */
bool	 health_text(struct health *, int64_t now, struct buf *out);

struct operator;
/* With a socket from http_listen_local(), which is taken over.  Starts a thread. */
int	 operator_start(struct operator **, int fd, struct metrics *,
	    struct health *, const struct clock *, struct error *);
void	 operator_stop(struct operator **);
#endif
