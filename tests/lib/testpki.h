/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_TESTPKI_H
#define SIGNET_TESTS_LIB_TESTPKI_H
/*
 * A small PKI made at run time: a root, two issuing CAs below it, and
 * whatever certificates a test asks for.
 *
 * It is written with OpenSSL alone and shares no code with lib/x509, so that
 * a test of ours does not lean on what it tests.  A failure in here is the
 * machine's: the functions abort with one line and return nothing to check.
 */
#include <stdbool.h>
#include <stdint.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "x509/key.h"
#include "x509/oid.h"

#define TESTPKI_NOW	INT64_C(1800000000)	/* 2027-01-15T08:00:00Z */
#define TESTPKI_DAY	INT64_C(86400)

struct testpki {
	EVP_PKEY	*root_key, *services_key, *people_key;
	X509		*root, *services, *people;
	STACK_OF(X509)	*anchors;		/* root */
	STACK_OF(X509)	*intermediates;		/* services, people */
	int64_t		 now;
};

/* Root valid now - 1 d .. now + 10 y, the CAs a little less; all P-256. */
void	 testpki_init(struct testpki *, int64_t now);
void	 testpki_clear(struct testpki *);

struct testpki_spec {
	const char	*name;		/* CN */
	const char	*person;	/* subject serialNumber, or NULL */
	const char	*eku;		/* OID_ROLE_OFFICER ..., or NULL */
	int64_t		 not_before, not_after;	/* 0: now - 1 h, now + 365 d */
	bool		 is_ca;		/* with a CA's extensions */
	long		 serial;	/* 0: random */
};

/* "P-256", "P-384", "ed25519", "rsa" (2048 bits). */
EVP_PKEY *testpki_key(const char *alg);
/* The public half alone, as it would come out of a certificate. */
EVP_PKEY *testpki_public(EVP_PKEY *);
X509	*testpki_cert(const struct testpki *, const struct testpki_spec *,
	    EVP_PKEY *subject_key, X509 *issuer, EVP_PKEY *issuer_key);
/*
 * An identity with a new key, certified by the services CA, whose chain is
 * services and root.  Free with testpki_identity_clear() (which is not
 * identity_free(), so that lib/x509 need not be linked).
 */
void	 testpki_identity(struct identity *, const struct testpki *,
	    const char *alg, const char *name, const char *person,
	    const char *eku);
/* The same around a certificate and key of the caller, which are referenced. */
void	 testpki_identity_of(struct identity *, const struct testpki *,
	    X509 *, EVP_PKEY *);
void	 testpki_identity_clear(struct identity *);
/* NULL: nothing. */
void	 testpki_cert_der(struct buf *out, X509 *);
/* Write PEM; the file is created or replaced. */
void	 testpki_write_cert(const char *path, X509 *);
void	 testpki_write_key(const char *path, EVP_PKEY *);
/* A directory that a test has made, with all that is in it. */
void	 testpki_remove_tree(const char *dir);
#endif
