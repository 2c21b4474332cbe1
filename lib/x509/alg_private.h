/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_ALG_PRIVATE_H
#define SIGNET_X509_ALG_PRIVATE_H
/*
 * RSASSA-PSS-params in the one form that we write and read: hash, MGF1 with
 * the same hash, a salt of its length, octet for octet what the S/MIME
 * baseline prints in 7.1.3.2.1.
 */
#include "x509/alg.h"

void	 alg_pss_put(struct buf *, const struct alg_hash *);
#endif
