/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_EXPLAIN_OCSP_H
#define SIGNET_CLI_EXPLAIN_OCSP_H
/*
 * signet explain ocsp: what a request asks, and why its answer is as it is.
 */
#include "cli/cli.h"

cmd_fn	 explain_ocsp;

/* The octets of a request, appended, from a file (DER, PEM or base 64), from
 * base 64, or from the URL or path of a GET.  Whether they are a request is
 * not looked at. */
int	 ocsp_input_load(struct buf *der, const char *what, struct error *);
#endif
