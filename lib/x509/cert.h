/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CERT_H
#define SIGNET_X509_CERT_H
/*
 * Certificates: the to-be-signed bytes are made from profile, fields, key and
 * issuer by our own DER writer, signed, and held against the profile again.
 * The same input always gives the same bytes.
 */
#include <openssl/x509.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "x509/cert_constraints.h"
#include "x509/cert_look.h"
#include "x509/key.h"
#include "x509/name.h"
#include "x509/profile.h"

#define CERT_SERIAL_SIZE	20	/* 159 random bits; first octet 1 to 127 */
#define CERT_MAX		(64 * 1024)

struct issuer {			/* an issuing CA as certificates need it */
	char			 name[65];	/* "people" */
	X509			*cert;
	struct buf		 subject;	/* DER of its subject */
	struct buf		 alg;		/* AlgorithmIdentifier it signs with */
	uint8_t			 ski[64];	/* its SKI: our AKI */
	size_t			 ski_len;
	int64_t			 not_before, not_after;
	/* Addresses, borrowed: of the complete list, of the others. */
	struct conf_list	 cdp, ocsp, aia;
	const char		*freshest;	/* of its deltas, or NULL */
	const char		*shard_url;	/* crl_shard.h, or NULL */
	int64_t			 shards;	/* as many are drawn from */
};
/* cert is referenced; the URL lists stay the caller's. */
int	 issuer_init(struct issuer *, const char *name, X509 *cert,
	    struct error *);
/* For a root that does not exist yet: cert stays NULL, which makes what it
 * issues self-signed. */
int	 issuer_init_self(struct issuer *, const char *name, EVP_PKEY *,
	    const struct profile *, const struct fields *, struct error *);
/* Sign with another scheme than the usual one: "rsa-pss".  The key may be the
 * public one.  ERROR_CONFIG when it is not one for such a key. */
int	 issuer_set_signature(struct issuer *, const EVP_PKEY *,
	    const char *scheme, struct error *);
void	 issuer_clear(struct issuer *);

struct cert_spec {
	const struct profile	*profile;
	const struct issuer	*issuer;	/* for the root itself: its own */
	const struct fields	*fields;
	struct bytes		 spki;
	uint8_t			 serial[CERT_SERIAL_SIZE];
	int64_t			 not_before, not_after;
	int64_t			 shard;		/* 0: the complete list */
	/* Cross certificates take both from the other certificate of the same
	 * name and key; empty: the profile's subject, the key's digest. */
	struct bytes		 subject;	/* DER of the Name */
	struct bytes		 ski;
	const struct cert_constraints *constraints;	/* or NULL */
	/* One more policy: what is known about the key; or NULL. */
	const struct profile_policy *assurance;
};
/* Fill serial, shard and the validity: now - backdate, profile's length or
 * until (0: none) if shorter, never past the issuer's. */
int	 cert_spec_init(struct cert_spec *, int64_t now, int64_t until,
	    const struct rng *, struct error *);
/* Checks the fields and that the issuer may issue the profile, as well. */
int	 cert_tbs(struct buf *out, const struct cert_spec *, struct error *);
/* Wrap tbs with the issuer's signature.  Verifies what it made. */
int	 cert_sign(struct buf *out, struct bytes tbs, const struct issuer *,
	    EVP_PKEY *, struct error *);
/*
 * The last gate: parse the finished certificate with OpenSSL, which did not
 * write it, verify the signature and compare every field and extension with
 * the spec.  Anything more, less or other is ERROR_BUG naming it.
 */
int	 cert_check(struct bytes der, const struct cert_spec *, struct error *);
/* The same without the signature, right after cert_sign(), which has checked
 * that. */
int	 cert_check_content(struct bytes der, const struct cert_spec *,
	    struct error *);
/* Has it the extended key usages and the policies of the profile?  For one of
 * which nobody has written down what issued it. */
bool	 cert_check_uses(const struct cert_look *, const struct profile *);

/* What listings need. */
struct cert_info {
	uint8_t	 serial[CERT_SERIAL_SIZE + 1];
	size_t	 serial_len;
	char	*subject;		/* RFC 4514 */
	int64_t	 not_before, not_after;
	uint8_t	 key_digest[KEY_DIGEST_SIZE];
	uint8_t	 digest[32];		/* SHA-256 of the whole */
};
int	 cert_info(struct cert_info *, X509 *, struct error *);
void	 cert_info_clear(struct cert_info *);
/* The value of an extension, borrowed; empty if it is not there, or twice. */
struct bytes cert_extension(X509 *, int nid);
/* The role in its extended key usage, ROLE_NONE if there is none. */
enum role cert_role(X509 *);
/* ... in the value of that extension. */
enum role cert_role_in(struct bytes ext_key_usage);
/* The person: serialNumber of the subject; "" if absent, -1 if unusable. */
int	 cert_person(X509 *, char dst[65]);
/* A KRB5PrincipalName (RFC 4556) as people write it: "name@REALM"; and the
 * type of the name.  -1 if it is none. */
int	 cert_principal_text(struct buf *, int64_t *type, struct bytes der);
/* Octet by octet.  Without memory for that the process ends: a certificate must
 * not pass for an anchor because nobody could look. */
bool	 cert_is_same(const X509 *, const X509 *);
/* An extension, to be freed by its own function: 1; 0: there is none.  -1: there are
 * several, or it is not to be decoded, be it for want of memory. */
int	 cert_find_ext(void **out, const X509 *, int nid, struct error *);
/* Does it name this CA as its issuer, and has that key signed it? */
bool	 cert_is_by(X509 *, X509 *ca);
/* Chain to a trust anchor at time t; no revocation.  ERROR_DENIED. */
int	 cert_verify_chain(X509 *, STACK_OF(X509) *untrusted,
	    STACK_OF(X509) *anchors, int64_t t, struct error *);
#endif
