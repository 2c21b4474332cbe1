/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_TESTASSERT_H
#define SIGNET_TESTS_LIB_TESTASSERT_H
/*
 * An authenticator in software: makes WebAuthn credentials and assertions, the
 * wrong ones, too, and puts them into orders as an RA that is owned would,
 * without a look at what they say.  Written with OpenSSL alone.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "base/mem.h"
#include "order/assertion.h"
#include "x509/key.h"

#define TESTASSERT_UP	0x01
#define TESTASSERT_UV	0x04
#define TESTASSERT_BE	0x08
#define TESTASSERT_BS	0x10
#define TESTASSERT_AT	0x40
#define TESTASSERT_ED	0x80
#define TESTASSERT_ID	32

/* "P-256", "ed25519" or "rsa", as testpki_key() has them. */
void	 testassert_id(uint8_t id[TESTASSERT_ID], EVP_PKEY *);
void	 testassert_spki(struct buf *, EVP_PKEY *);
/* What navigator.credentials.create() gives, as JSON (toJSON()). */
char	*testassert_register(EVP_PKEY *, const char *rp_id,
	    const char *origin, const uint8_t *challenge, size_t len);

struct testassert_ask {
	const char	*rp_id, *origin;
	uint8_t		 challenge[32];
	uint8_t		 flags;		/* TESTASSERT_UP ... */
	uint8_t		 counter;
	const char	*client;	/* this clientDataJSON, or NULL */
	struct bytes	 extra;		/* after the header of authData */
};
struct testassert {
	uint8_t		 id[TESTASSERT_ID];
	struct buf	 auth_data, client_data, signature;
};
/* What navigator.credentials.get() gives. */
void	 testassert_make(struct testassert *, EVP_PKEY *,
	    const struct testassert_ask *);
void	 testassert_clear(struct testassert *);
/* The parts, as the attribute has them; borrows. */
void	 testassert_parts(struct assertion *, const struct testassert *,
	    X509 *officer, struct bytes bind);

/* Sign the order in the blob, with these bytes as the attribute's value (none:
 * without it), whatever they are; the certificates come along. */
void	 testassert_seal(struct buf *out, struct bytes blob,
	    const struct identity *ra, struct bytes attribute, X509 *officer,
	    int64_t now);
/* An order to bind the credential to a person, not signed yet. */
struct order *testassert_bind(EVP_PKEY *, const char *person,
	    const char *rp_id, const char *origin, const struct clock *);
/* testassert_seal() with an assertion as it should be: UP, UV, and as the
 * challenge these 32 octets, or the digest of the order (NULL). */
void	 testassert_approve(struct buf *out, struct bytes blob,
	    const struct identity *ra, X509 *officer, EVP_PKEY *,
	    struct bytes bind, const uint8_t *challenge, int64_t now);
char	*testassert_base64url(const uint8_t *, size_t);
#endif
