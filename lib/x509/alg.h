/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_ALG_H
#define SIGNET_X509_ALG_H
/*
 * The algorithms: one table of keys, one of signatures, one of hashes, and
 * one of what is known and refused.  Whoever decides by the kind of a key, by
 * a signature algorithm or by a hash asks here.  doc/algorithms.md is the same
 * tables for people; a test compares them.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"

enum alg_params {	/* of an AlgorithmIdentifier */
	ALG_ABSENT,	/* none: RFC 5758, 8410, 9881 */
	ALG_NULL,	/* NULL, and not left out: RFC 4055, 5 */
	ALG_CURVE,	/* the curve's name: RFC 5480 */
	ALG_PSS,	/* RSASSA-PSS-params: RFC 4055, 3.1 */
};

enum alg_use {		/* whose key */
	ALG_ROOT = 1, ALG_CA = 2, ALG_LEAF = 4,
	ALG_OFFICER = 8,	/* signs CMS: officers and agents */
};

#define ALG_HASHES	3

struct alg_hash {
	const char	*name;		/* "SHA-256" */
	const char	*oid;
	const EVP_MD	*(*md)(void);
	uint8_t		 size;
};

struct alg_key {
	const char	*name;		/* "rsa", "ec:P-256", "ml-dsa-65" */
	const char	*type;		/* OpenSSL's name of the key type */
	const char	*oid;		/* in SubjectPublicKeyInfo */
	enum alg_params	 params;
	const char	*curve;		/* its identifier, or NULL */
	const char	*group;		/* OpenSSL's name of it */
	int		 min, max;	/* bits that are asked for; 0: fixed */
	size_t		 octets;	/* of the public key; 0: varies */
	size_t		 sig_min, sig_max;	/* 0: as many as the modulus */
	uint32_t	 usages;	/* bits of keyUsage it can serve */
	unsigned int	 uses;		/* set of enum alg_use */
	const char	*since;		/* OpenSSL that has it; NULL: any */
};

struct alg_sig {
	const char	*name;		/* "sha256WithRSAEncryption" */
	const char	*oid;
	const char	*scheme;	/* "rsa", "rsa-pss", "ecdsa" ... */
	const char	*type;		/* of the key */
	enum alg_params	 params;
	const struct alg_hash *hash;	/* NULL: the algorithm's own */
	int		 bits;		/* the choice for keys up to these */
};

struct alg_refused {
	const char	*name, *oid;
	const char	*why;		/* "SHA-1 is broken" */
};

const struct alg_hash *alg_hashes(size_t *n);
const struct alg_key *alg_keys(size_t *n);
const struct alg_sig *alg_sigs(size_t *n);
const struct alg_refused *alg_refused(size_t *n);

/* "rsa:3072", "ec:P-256", "ml-dsa-65"; *bits is 0 where the name says all. */
int	 alg_key_named(const struct alg_key **, int *bits, const char *name,
	    struct error *);
const struct alg_key *alg_key_of(const EVP_PKEY *);	/* NULL: unknown */
/* Is it of OpenSSL's type "RSA", "EC" ...?  Takes no memory, without which OpenSSL's
 * own answer is no.  NULL is none. */
bool	 alg_key_is(const EVP_PKEY *, const char *type);
/* By the AlgorithmIdentifier of a SubjectPublicKeyInfo, parameters included:
 * ERROR_DENIED for what is not in the table, ERROR_INPUT if malformed. */
int	 alg_key_find(const struct alg_key **, struct bytes alg,
	    struct error *);
/* May a key of this kind be such a one, and has this OpenSSL got it?
 * ERROR_CONFIG. */
int	 alg_key_check(const struct alg_key *, enum alg_use, struct error *);
/* Both, for a name out of settings. */
int	 alg_name_check(const char *name, enum alg_use, struct error *);
bool	 alg_key_has(const struct alg_key *);	/* has this OpenSSL got it? */

/* By AlgorithmIdentifier, as alg_key_find().  Only the exact octets count. */
int	 alg_sig_find(const struct alg_sig **, struct bytes alg,
	    struct error *);
/* What this key signs with; scheme NULL: the usual for its kind. */
int	 alg_sig_choose(const struct alg_sig **, const EVP_PKEY *,
	    const char *scheme, struct error *);
bool	 alg_sig_suits(const struct alg_sig *, const EVP_PKEY *);
/* The choice for this key and scheme, not only a possible one? */
bool	 alg_sig_is_choice(const struct alg_sig *, const EVP_PKEY *);
void	 alg_sig_put(struct buf *, const struct alg_sig *);

/* The hash with which this key signs CMS.  ERROR_CONFIG when it cannot. */
int	 alg_cms_hash(const EVP_MD **, const EVP_PKEY *, struct error *);
/* By the AlgorithmIdentifier of a digest in CMS: NULL if it is none of ours. */
const struct alg_hash *alg_hash_find(const X509_ALGOR *);

/* The signature over data, appended to out. */
int	 alg_sign(struct buf *out, const struct alg_sig *, EVP_PKEY *,
	    struct bytes data, struct error *);
/*
 * The same key many times: what alg_sign() looks up for each signature is
 * looked up once.  Keeps a reference; one thread at a time.
 */
struct alg_signer;
int	 alg_signer_open(struct alg_signer **, const struct alg_sig *,
	    EVP_PKEY *, struct error *);
int	 alg_signer_sign(struct alg_signer *, struct buf *out,
	    struct bytes data, struct error *);
void	 alg_signer_close(struct alg_signer **);
/* ERROR_CRYPTO when it does not verify, has an impossible length, or is not
 * one by this kind of key. */
int	 alg_verify(const struct alg_sig *, EVP_PKEY *, struct bytes data,
	    struct bytes sig, struct error *);
#endif
