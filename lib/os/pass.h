/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_PASS_H
#define SIGNET_OS_PASS_H
/*
 * An open descriptor, given to another process over a socketpair, with a
 * number that says what it is for.  On a socket where these go nothing else
 * goes in that direction.
 */
#include <stdint.h>
#include "base/error.h"

/* fd stays open here, too. */
int	 pass_send(int sock, int fd, uint32_t what, struct error *);
/* 1; 0 the other end is closed; -1.  The caller closes *fd. */
int	 pass_recv(int sock, int *fd, uint32_t *what, struct error *);
#endif
