/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CERTS_ONLY_H
#define SIGNET_X509_CERTS_ONLY_H
/*
 * Certificates in a CMS SignedData that nobody signs: the "certs-only" message
 * of RFC 8551 (3.8), in files *.p7b and in the answers of EST (RFC 7030, 4.1.3
 * and 4.2.3).
 */
#include "base/mem.h"

/* Append it to out, certificates in the order given; each is DER. */
void	 certs_only_put(struct buf *out, const struct bytes *der, size_t n);
#endif
