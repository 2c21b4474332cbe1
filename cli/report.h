/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_REPORT_H
#define SIGNET_CLI_REPORT_H
/*
 * What has become of an order that was handed in or signed.
 */
#include "base/secret.h"
#include "cli/cli.h"
#include "desk/review.h"

/* "approved; missing: .." and the next command; the only place that shows a
 * one-time code (NULL: there is none). */
void	 report_order(struct cli *, const struct review *, const char *done,
	    const struct secret *code);
#endif
