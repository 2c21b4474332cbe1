/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_KEY_H
#define SIGNET_X509_KEY_H
/*
 * Keys: made, kept in encrypted files, named by URI; and identities, which
 * are a key with its certificate and chain.
 *
 * A key file is PKCS#8 "ENCRYPTED PRIVATE KEY" PEM: scrypt (N=2^14, r=8, p=5;
 * with more memory openssl(1) could not read it) and AES-256-CBC.  A plain
 * key file is refused when anybody but its owner can read it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"

#define KEY_DIGEST_SIZE	32	/* SHA-256 over SubjectPublicKeyInfo */

/* alg: as alg_key_named() takes it.  ERROR_CONFIG when this OpenSSL has not
 * got it. */
int	 key_generate(EVP_PKEY **, const char *alg, struct error *);
/* "rsa:3072", "ec:P-256" ...; "?" for what we do not handle. */
const char *key_algorithm(const EVP_PKEY *, char dst[16]);
/* What a guess at a passphrase costs, as scrypt counts: the usual, but in test
 * builds that are asked to be cheap. */
uint64_t key_scrypt_rounds(uint64_t usual);
int	 key_store(const char *path, const EVP_PKEY *,
	    const struct secret *passphrase, struct error *);
/* passphrase NULL: PEM in clear, mode 0600; for agents' keys only. */
/* What key_store writes, appended to pem; and read back with a passphrase
 * that is at hand.  ERROR_DENIED when it does not fit. */
int	 key_encode(struct buf *pem, const EVP_PKEY *,
	    const struct secret *passphrase, struct error *);
int	 key_decode(EVP_PKEY **, struct bytes pem,
	    const struct secret *passphrase, struct error *);

/*
 * uri: "file:PATH", a bare path, or "pkcs11:..." (RFC 7512; see token.h; the
 * PIN itself is never in it).  passphrase_from is a secret_fetch() source or
 * NULL; it is asked only if the key needs it.
 */
/* The URI with the module that settings name, unless it names one itself;
 * other URIs as they are.  To be freed. */
char	*key_uri(const char *uri, const char *module);
int	 key_load(EVP_PKEY **, const char *uri, const char *passphrase_from,
	    struct error *);
int	 key_public_der(struct buf *out, EVP_PKEY *, struct error *);
/* All of it is one SubjectPublicKeyInfo, with a point that is on its curve; NULL
 * with OpenSSL's error, or none where something follows. */
EVP_PKEY *key_public_parse(struct bytes der);
int	 key_digest(uint8_t dst[KEY_DIGEST_SIZE], EVP_PKEY *, struct error *);
bool	 key_matches(X509 *, EVP_PKEY *);

/* AlgorithmIdentifier of what alg_sig_choose() finds for this key, exact DER
 * as the S/MIME baseline 7.1.3.2 prints them; and the digest to use (NULL
 * for Ed25519). */
int	 key_signature_alg(struct buf *out, EVP_PKEY *, const EVP_MD **,
	    struct error *);
/* Signature over data with that algorithm, appended to out. */
int	 key_sign(struct buf *out, EVP_PKEY *, struct bytes data,
	    struct error *);
/* Is it one?  ERROR_CRYPTO when it does not verify.  For tests: whoever else
 * verifies knows the algorithm, and asks alg_verify(). */
int	 key_verify(EVP_PKEY *, struct bytes data, struct bytes sig,
	    struct error *);
/* After OpenSSL failed to sign with the key: "what: why".  A token's own
 * account of it, ERROR_UPSTREAM when it is away; else OpenSSL's. */
int	 key_error(EVP_PKEY *, struct error *, const char *what);

struct identity {
	EVP_PKEY	*key;
	X509		*cert;
	STACK_OF(X509)	*chain;		/* without cert; may be NULL */
};
/*
 * key_uri names the key, cert_path the PEM file with certificate and chain.
 * With cert_path NULL, key_uri is a PKCS#12 file, a PEM file with both, or a
 * PKCS#11 object whose token has the certificate under the same id or label.
 */
int	 identity_load(struct identity *, const char *key_uri,
	    const char *cert_path, const char *passphrase_from,
	    struct error *);
void	 identity_free(struct identity *);

int	 cert_load(X509 **, const char *path, struct error *);	/* PEM or DER */
int	 cert_load_chain(STACK_OF(X509) **, const char *path, struct error *);
#endif
