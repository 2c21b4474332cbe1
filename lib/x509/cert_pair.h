/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CERT_PAIR_H
#define SIGNET_X509_CERT_PAIR_H
/*
 * CertificatePair (X.509, 11.2.3): what another CA has issued to this one,
 * what this one has issued to another, or both.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"

/* Is it a pair of this CA?  One half is enough; each that is there must be
 * whole and about it, or by it.  ERROR_INPUT. */
int	 cert_pair_check(struct bytes der, X509 *ca, struct error *);
#endif
