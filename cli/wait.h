/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_WAIT_H
#define SIGNET_CLI_WAIT_H
/*
 * Waiting for the CA to carry out an order.
 */
#include "cli/cli.h"
#include "db/db_order.h"

/*
 * Until the order is done, at most "seconds".  Everything else is an error that
 * says what to do: ERROR_DENIED when it was refused, ERROR_RETRY when nothing
 * happened.
 */
int	 wait_done(struct cli *, const uint8_t id[DB_ORDER_ID],
	    int64_t seconds, struct error *);
#endif
