/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CERT_LOOK_H
#define SIGNET_X509_CERT_LOOK_H
/*
 * A look into a certificate, or into to-be-signed bytes, without decoding the
 * key: d2i_X509() takes 0.1 ms for that, a look 2 us.  For the hot path and
 * for our own certificates; it checks structure and nothing else, but that
 * none of the extensions below is there twice.
 */
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include "base/error.h"
#include "base/mem.h"

struct cert_look {			/* all borrowed from the DER */
	struct bytes	 tbs;
	struct bytes	 alg;		/* AlgorithmIdentifier of the signature */
	struct bytes	 serial;	/* content of the INTEGER */
	struct bytes	 issuer, subject;	/* whole Names */
	struct bytes	 spki;
	struct bytes	 san;		/* value of subjectAltName, or empty */
	struct bytes	 ext_key_usage;	/* value, or empty */
	struct bytes	 key_usage, basic_constraints;	/* the same */
	struct bytes	 crl_points;	/* cRLDistributionPoints, the same */
	struct bytes	 policies;	/* certificatePolicies, the same */
	int64_t		 not_before, not_after;
};
int	 cert_look(struct cert_look *, struct bytes der, struct error *);
int	 cert_look_tbs(struct cert_look *, struct bytes tbs, struct error *);
/* As OpenSSL and the store have it, without the octet for the sign. */
struct bytes cert_look_serial(const struct cert_look *);
/* The value of an extension, or a whole Name, decoded; NULL when it is empty or
 * is more than that.  The caller's. */
void	*cert_look_decode(const ASN1_ITEM *, struct bytes);
/*
 * Is it one certificate and nothing else, and did this key sign it?  Only then
 * is what look() shows more than somebody's word.  ERROR_INPUT, ERROR_CRYPTO.
 */
int	 cert_look_verify(const struct cert_look *, struct bytes der,
	    EVP_PKEY *, struct error *);
#endif
