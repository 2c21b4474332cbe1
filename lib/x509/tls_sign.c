/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/tls_sign.h"

#include <openssl/rsa.h>

#include "x509/alg.h"
#include "x509/token.h"

enum { NO_PADDING, PKCS1 = RSA_PKCS1_PADDING, PSS = RSA_PKCS1_PSS_PADDING };

static const struct scheme {
	uint16_t	 number;
	int		 padding;
	const char	*key;
	const EVP_MD	*(*md)(void);
} schemes[] = {
	{ 0x0401, PKCS1, "RSA", EVP_sha256 },
	{ 0x0501, PKCS1, "RSA", EVP_sha384 },
	{ 0x0601, PKCS1, "RSA", EVP_sha512 },
	{ 0x0403, NO_PADDING, "EC", EVP_sha256 },
	{ 0x0503, NO_PADDING, "EC", EVP_sha384 },
	{ 0x0603, NO_PADDING, "EC", EVP_sha512 },
	{ 0x0804, PSS, "RSA", EVP_sha256 },
	{ 0x0805, PSS, "RSA", EVP_sha384 },
	{ 0x0806, PSS, "RSA", EVP_sha512 },
};

static const struct scheme *
find(uint16_t number)
{
	size_t	 i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (schemes[i].number == number)
			return &schemes[i];
	return NULL;
}

/* RFC 8446, 4.2.3: the salt is as long as the digest. */
static int
begin(EVP_PKEY_CTX *ctx, const struct scheme *s)
{
	if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, s->md()) != 1)
		return 0;
	if (s->padding == NO_PADDING)
		return 1;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, s->padding) != 1)
		return 0;
	return s->padding == PKCS1 || EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
	    RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int
sign_here(struct buf *out, EVP_PKEY *key, const struct scheme *s,
    struct bytes digest, struct error *e)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t		 sig[1024];
	size_t		 len = sizeof(sig);
	int		 rc = -1;

	/* More than there is room for: see alg_signed(). */
	if (begin(ctx, s) == 1 && EVP_PKEY_sign(ctx, sig, &len, digest.p,
	    digest.len) == 1 && len <= sizeof(sig)) {
		buf_add(out, sig, len);
		rc = 0;
	} else
		error_ssl(e, ERROR_CRYPTO, "sign a handshake");
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

int
tls_sign(struct buf *out, EVP_PKEY *key, uint16_t scheme, struct bytes digest,
    struct error *e)
{
	const struct scheme	*s = find(scheme);
	struct token_key	*token;

	if (s == NULL || !alg_key_is(key, s->key))
		return error_set(e, ERROR_INPUT, "signature scheme %04x does "
		    "not go with the key", scheme);
	if (digest.len != (size_t)EVP_MD_get_size(s->md()))
		return error_set(e, ERROR_INPUT, "signature scheme %04x with "
		    "a digest of %zu bytes", scheme, digest.len);
	if ((token = token_key_of(key)) == NULL)
		return sign_here(out, key, s, digest, e);
	return token_key_sign(token, s->md(), digest, s->padding == PSS ?
	    TOKEN_PSS : TOKEN_PKCS1, out, e);
}
