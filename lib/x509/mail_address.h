/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_MAIL_ADDRESS_H
#define SIGNET_X509_MAIL_ADDRESS_H
/*
 * Mail addresses and host names as certificates carry them: ASCII, one
 * spelling, one destination.  Internationalised domains come as A-labels,
 * which are decoded, because what is behind them is what people will see.
 */
#include "base/error.h"

/* RFC 5321, 4.1.2, dot-atom form only: no quotes, no comments, no routes
 * ("%", "!", "@a:"), no address literals.  ERROR_INPUT with the rule. */
int	 mail_address_check(const char *, struct error *);
/* RFC 1123, 2.1: letters, digits, hyphens inside; at least two labels, the
 * last of which is not a number; valid A-labels (RFC 5891, 5.4). */
int	 host_name_check(const char *, struct error *);
#endif
