/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CRL_SHARD_H
#define SIGNET_X509_CRL_SHARD_H
/*
 * Shards: lists that share a CA's certificates out between them.  Which one
 * it is on is drawn when a certificate is issued, and is in that certificate
 * for ever, as the only address in its cRLDistributionPoints.  A shard's
 * address is the CA's template with the number in place of "%d".
 */
#include <openssl/x509.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

#define CRL_SHARD_MAX	9999
#define CRL_SHARD_URL	320

/* An http address with one "%d" and no other percent sign.  ERROR_CONFIG. */
int	 crl_shard_check(const char *url, struct error *);
/* The address of a shard; the template is one that was checked. */
const char *crl_shard_url(char dst[CRL_SHARD_URL], const char *url,
	    int64_t shard);
/* Any of 1 to n, each as likely as the others. */
int	 crl_shard_draw(int64_t *shard, int64_t n, const struct rng *,
	    struct error *);
/* The only address in its cRLDistributionPoints; "" if it has not one. */
const char *crl_shard_address(char dst[CRL_SHARD_URL], X509 *);
/* ... in the value of that extension. */
const char *crl_shard_address_in(char dst[CRL_SHARD_URL], struct bytes);
/* The shard that the certificate names; 0: none with such an address. */
int64_t	 crl_shard_of(X509 *, const char *url);
/* ... that the value of that extension does. */
int64_t	 crl_shard_of_in(struct bytes, const char *url);
#endif
