/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CSR_PRIVATE_H
#define SIGNET_X509_CSR_PRIVATE_H
/*
 * What the files of the request reader share.  Each reads one part; all fill
 * the same struct csr, whose bytes lie inside its der.
 */
#include "x509/csr.h"
#include "x509/der.h"

#define CSR_DEPTH_MAX	16
#define CSR_PARTS_MAX	32	/* attributes, extensions, RDNs, names */

#define OID_UPN		"1.3.6.1.4.1.311.20.2.3"

/* "request: WHAT", ERROR_INPUT. */
int	 csr_bad(struct error *, const char *what, ...)
	    __attribute__((format(printf, 2, 3)));

/* PEM or DER to DER. */
int	 csr_input(struct buf *der, struct bytes text, struct error *);
/* subject: what is inside the Name. */
int	 csr_read_subject(struct csr *, struct error *);
/* The value of a subjectAltName extension. */
int	 csr_read_san(struct csr *, struct bytes value, struct error *);
/* spki to key. */
int	 csr_read_key(struct csr *, struct error *);
/* What is inside [0] attributes. */
int	 csr_read_attributes(struct csr *, struct bytes, struct error *);
/* What is inside Extensions. */
int	 csr_read_extensions(struct csr *, struct bytes, struct error *);

/* A CertReqMsg of CRMF rather than a PKCS#10?  der has been checked. */
bool	 csr_is_crmf(struct bytes der);
/* Its template to csr, and *tbs, *alg and *sig of its proof. */
int	 csr_read_crmf(struct csr *, struct bytes *tbs, struct bytes *alg,
	    struct bytes *sig, struct error *);
/* SubjectPublicKeyInfo inside its SEQUENCE. */
int	 csr_crmf_key(struct bytes *key, struct bytes der, struct error *);

/* A CardRequest?  der has been checked. */
bool	 csr_is_card(struct bytes der);
/* Its vouchers to csr, and the request or key inside. */
int	 csr_read_card(struct csr *, struct bytes *inside, struct error *);
/* As csr_crmf_key(); or the request inside, 1. */
int	 csr_card_key(struct bytes *inside, struct bytes der, struct error *);

/* RSA moduli with structure: csr_key.c's rows for them. */
int	 csr_rsa_roca(const BIGNUM *n, struct error *);
int	 csr_rsa_close_primes(const BIGNUM *n, struct error *);
int	 csr_rsa_prime_power(const BIGNUM *n, struct error *);
/* Is it in the group that signatures are about?  ERROR_DENIED. */
int	 csr_ed_group(const uint8_t raw[32], struct error *);
#endif
