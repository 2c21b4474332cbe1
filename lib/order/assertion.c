/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "order/assertion.h"

#include <string.h>
#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include "x509/alg.h"
#include "x509/der.h"

/* authenticatorData, WebAuthn 6.1: rpIdHash, flags, counter. */
#define FLAG_PRESENT	0x01
#define FLAG_VERIFIED	0x04
#define FLAG_CREDENTIAL	0x40	/* attested credential data follow */
#define FLAG_EXTENSIONS	0x80	/* extensions follow */

int
assertion_parse(struct assertion *a, struct bytes der, struct error *e)
{
	struct bytes	 in, cert;

	memset(a, 0, sizeof(*a));
	if (der.len > ASSERTION_MAX ||
	    der_take(&der, DER_SEQUENCE, &in) == -1 || der.len != 0 ||
	    der_take(&in, DER_OCTET_STRING, &cert) == -1 ||
	    cert.len != sizeof(a->cert) ||
	    der_take(&in, DER_OCTET_STRING, &a->credential) == -1 ||
	    der_take(&in, DER_OCTET_STRING, &a->auth_data) == -1 ||
	    der_take(&in, DER_OCTET_STRING, &a->client_data) == -1 ||
	    der_take(&in, DER_OCTET_STRING, &a->signature) == -1 ||
	    der_take(&in, DER_OCTET_STRING, &a->bind) == -1 || in.len != 0)
		return error_set(e, ERROR_INPUT, "assertion: not as "
		    "doc/order.asn1 says");
	memcpy(a->cert, cert.p, sizeof(a->cert));
	return 0;
}

int
assertion_encode(struct buf *out, const struct assertion *a, struct error *e)
{
	size_t	 mark, start = out->len;

	mark = der_begin(out, DER_SEQUENCE);
	der_put(out, DER_OCTET_STRING, a->cert, sizeof(a->cert));
	der_put(out, DER_OCTET_STRING, a->credential.p, a->credential.len);
	der_put(out, DER_OCTET_STRING, a->auth_data.p, a->auth_data.len);
	der_put(out, DER_OCTET_STRING, a->client_data.p, a->client_data.len);
	der_put(out, DER_OCTET_STRING, a->signature.p, a->signature.len);
	der_put(out, DER_OCTET_STRING, a->bind.p, a->bind.len);
	der_end(out, mark);
	if (out->len - start <= ASSERTION_MAX)
		return 0;
	out->len = start;
	return error_set(e, ERROR_INPUT, "assertion of more than %d bytes",
	    ASSERTION_MAX);
}

/*
 * Nothing but the header is taken: an approval asks for no extension, and what
 * nobody asked for nobody here could read.  The backup flags say how the
 * credential is kept, which the security officers looked at when binding it.
 */
static int
check_auth_data(struct bytes data, const char *rp_id, struct error *e)
{
	uint8_t	 hash[SHA256_DIGEST_LENGTH], flags;

	if (data.len != ASSERTION_AUTH_DATA)
		return error_set(e, ERROR_DENIED, "authenticatorData has %zu "
		    "bytes, not %d: extensions are not taken", data.len,
		    ASSERTION_AUTH_DATA);
	digest_sha256(hash, rp_id, strlen(rp_id));
	if (memcmp(data.p, hash, sizeof(hash)) != 0)
		return error_set(e, ERROR_DENIED, "the assertion is for "
		    "another relying party than %s", rp_id);
	flags = data.p[sizeof(hash)];
	if ((flags & (FLAG_CREDENTIAL | FLAG_EXTENSIONS)) != 0)
		return error_set(e, ERROR_DENIED, "authenticatorData announces "
		    "data that are not there");
	if ((flags & FLAG_PRESENT) == 0)
		return error_set(e, ERROR_DENIED, "the authenticator did not "
		    "see that anybody was there (flag UP)");
	if ((flags & FLAG_VERIFIED) == 0)
		return error_set(e, ERROR_DENIED, "the authenticator did not "
		    "check by PIN or finger who was there (flag UV)");
	return 0;
}

/* The key as libfido2 has it: one of three structures. */
struct fido_key {
	int		 cose;
	es256_pk_t	*es256;
	eddsa_pk_t	*eddsa;
	rs256_pk_t	*rs256;
};

static void
fido_key_clear(struct fido_key *k)
{
	es256_pk_free(&k->es256);
	eddsa_pk_free(&k->eddsa);
	rs256_pk_free(&k->rs256);
}

static const void *
fido_key_make(struct fido_key *k, const EVP_PKEY *key)
{
	if (alg_key_is(key, "EC")) {
		k->cose = COSE_ES256;
		return (k->es256 = es256_pk_new()) != NULL &&
		    es256_pk_from_EVP_PKEY(k->es256, key) == FIDO_OK ?
		    k->es256 : NULL;
	}
	if (alg_key_is(key, "ED25519")) {
		k->cose = COSE_EDDSA;
		return (k->eddsa = eddsa_pk_new()) != NULL &&
		    eddsa_pk_from_EVP_PKEY(k->eddsa, key) == FIDO_OK ?
		    k->eddsa : NULL;
	}
	k->cose = COSE_RS256;
	return (k->rs256 = rs256_pk_new()) != NULL &&
	    rs256_pk_from_EVP_PKEY(k->rs256, key) == FIDO_OK ?
	    k->rs256 : NULL;
}

static int
fido_verify(const struct assertion *a, const char *rp_id, int cose,
    const void *key)
{
	uint8_t		 hash[SHA256_DIGEST_LENGTH];
	fido_assert_t	*f = fido_assert_new();
	int		 rc = -1;

	digest_sha256(hash, a->client_data.p, a->client_data.len);
	if (f != NULL && fido_assert_set_rp(f, rp_id) == FIDO_OK &&
	    fido_assert_set_clientdata_hash(f, hash, sizeof(hash)) ==
	    FIDO_OK && fido_assert_set_count(f, 1) == FIDO_OK &&
	    fido_assert_set_authdata_raw(f, 0, a->auth_data.p,
	    a->auth_data.len) == FIDO_OK &&
	    fido_assert_set_up(f, FIDO_OPT_TRUE) == FIDO_OK &&
	    fido_assert_set_uv(f, FIDO_OPT_TRUE) == FIDO_OK &&
	    fido_assert_set_sig(f, 0, a->signature.p, a->signature.len) ==
	    FIDO_OK && fido_assert_verify(f, 0, cose, key) == FIDO_OK)
		rc = 0;
	fido_assert_free(&f);
	return rc;
}

static int
check_signature(const struct assertion *a, const struct order_bind *b,
    struct error *e)
{
	const unsigned char	*p = b->key.p;
	struct fido_key		 k = { 0 };
	const void		*fido;
	EVP_PKEY		*key;
	int			 rc = -1;

	if ((key = d2i_PUBKEY(NULL, &p, (long)b->key.len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "key of the credential");
	if ((fido = fido_key_make(&k, key)) == NULL)
		error_set(e, ERROR_INPUT, "the credential's key is not for "
		    "WebAuthn");
	else if (a->signature.len > ASSERTION_SIGNATURE_MAX ||
	    fido_verify(a, b->rp_id, k.cose, fido) == -1)
		error_set(e, ERROR_DENIED, "the assertion's signature does not "
		    "verify with the bound credential");
	else
		rc = 0;
	ERR_clear_error();
	fido_key_clear(&k);
	EVP_PKEY_free(key);
	return rc;
}

int
assertion_verify(const struct assertion *a, const struct order *bind,
    const uint8_t order[ORDER_DIGEST], struct error *e)
{
	const struct order_bind	*b = &bind->bind;

	if (bind->kind != ORDER_BIND)
		return error_set(e, ERROR_DENIED, "an order to %s binds no "
		    "credential", order_kind_name(bind->kind));
	if (!bytes_equal(a->credential, BYTES(b->credential.p,
	    b->credential.len)))
		return error_set(e, ERROR_DENIED, "the assertion is by another "
		    "credential than the one that was bound");
	if (check_auth_data(a->auth_data, b->rp_id, e) == -1 ||
	    assertion_check_client(a->client_data, "webauthn.get", order,
	    ORDER_DIGEST, b->origin, e) == -1)
		return -1;
	return check_signature(a, b, e);
}
