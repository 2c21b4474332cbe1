/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_APPROVAL_PRIVATE_H
#define SIGNET_ORDER_APPROVAL_PRIVATE_H
/*
 * What approval.c (the signatures) and approval_trust.c (who may) share.
 */
#include <stdbool.h>
#include <openssl/x509.h>

bool	 approval_same_key(const X509 *, const X509 *);
#endif
