/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_KEEPER_H
#define SIGNET_OCSP_KEEPER_H
/*
 * A thread that keeps what changes seldom: the table of CAs and signers, the
 * floor, and what the operator sees of all of it.
 */
#include "net/operator.h"
#include "responder.h"

struct keeper;
int	 keeper_start(struct keeper **, const struct responder *,
	    struct health *, struct error *);
void	 keeper_stop(struct keeper **);
/* The store has changed: look at it soon.  Any thread. */
void	 keeper_kick(struct keeper *);
#endif
