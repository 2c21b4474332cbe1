/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_LAST_CRL_H
#define SIGNET_CLI_LAST_CRL_H
/*
 * What a CA's latest revocation list, signature checked, says of a serial.
 */
#include "cli/cli.h"
#include "x509/crl.h"

/* 1 and *found: it is on it; 0; -1.  *number: of the list, 0 if there is
 * none. */
int	 last_crl_find(struct cli *, const char *ca, struct bytes serial,
	    struct crl_entry *found, int64_t *number, struct error *);
#endif
