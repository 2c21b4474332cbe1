/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and verifying as the algorithm table says.
 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include "x509/alg.h"
#include "x509/alg_private.h"
#include "x509/der.h"
#include "x509/key.h"

#define OID_MGF1	"1.2.840.113549.1.1.8"

static void
put_hash(struct buf *out, const struct alg_hash *h)
{
	size_t	 mark = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, h->oid);
	der_put(out, DER_NULL, NULL, 0);
	der_end(out, mark);
}

void
alg_pss_put(struct buf *out, const struct alg_hash *h)
{
	size_t	 seq = der_begin(out, DER_SEQUENCE), tag, mgf;

	tag = der_begin(out, DER_CONTEXT_CONS(0));
	put_hash(out, h);
	der_end(out, tag);
	tag = der_begin(out, DER_CONTEXT_CONS(1));
	mgf = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, OID_MGF1);
	put_hash(out, h);
	der_end(out, mgf);
	der_end(out, tag);
	tag = der_begin(out, DER_CONTEXT_CONS(2));
	der_put_int(out, h->size);
	der_end(out, tag);
	/* trailerField is its default, so left out: DER. */
	der_end(out, seq);
}

const EVP_MD *
alg_md(const struct alg_sig *s)
{
	return s->hash != NULL ? s->hash->md() : NULL;
}

int
alg_set_padding(const struct alg_sig *s, EVP_PKEY_CTX *ctx)
{
	if (s->params != ALG_PSS)
		return 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, s->hash->md()) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, s->hash->size) == 1;
}

/* ECDSA_sign() says that all is well, and a length of -1 without a sign, when there
 * is no memory to encode what it has. */
int
alg_signed(struct buf *out, size_t n, size_t room, EVP_PKEY *key,
    struct error *e)
{
	if (n == 0 || n > room)
		return key_error(key, e, "sign");
	out->len += n;
	return 0;
}

int
alg_sign(struct buf *out, const struct alg_sig *s, EVP_PKEY *key,
    struct bytes data, struct error *e)
{
	EVP_PKEY_CTX	*pctx;
	EVP_MD_CTX	*ctx;
	size_t		 room = (size_t)EVP_PKEY_get_size(key), n = room;
	int		 rc;

	if (!alg_sig_suits(s, key))
		return error_set(e, ERROR_CONFIG,
		    "the key does not sign with %s", s->name);
	buf_reserve(out, n);
	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestSignInit(ctx, &pctx, alg_md(s), NULL, key) != 1 ||
	    alg_set_padding(s, pctx) != 1 ||
	    EVP_DigestSign(ctx, out->p + out->len, &n, data.p, data.len) != 1)
		rc = key_error(key, e, "sign");
	else
		rc = alg_signed(out, n, room, key, e);
	EVP_MD_CTX_free(ctx);
	return rc;
}

int
alg_check_size(const EVP_PKEY *key, size_t n, struct error *e)
{
	const struct alg_key	*k = alg_key_of(key);
	size_t			 modulus = (size_t)EVP_PKEY_get_size(key);
	size_t			 min, max;

	/* To ask which one it is takes memory. */
	if (k == NULL)
		return error_set(e, ERROR_CRYPTO, "verify: not a key of a kind"
		    " that is known");
	min = k->sig_min;
	max = k->sig_max;
	if (max == 0)
		min = max = modulus;
	if (n < min || n > max)
		return error_set(e, ERROR_CRYPTO, "signature does not verify:"
		    " %zu octets are no signature by a key of %s", n, k->name);
	return 0;
}

int
alg_verify(const struct alg_sig *s, EVP_PKEY *key, struct bytes data,
    struct bytes sig, struct error *e)
{
	EVP_PKEY_CTX	*pctx;
	EVP_MD_CTX	*ctx = NULL;
	int		 rc = -1;

	if (!alg_sig_suits(s, key))
		return error_set(e, ERROR_CRYPTO, "signature does not verify:"
		    " the key does not sign with %s", s->name);
	if (alg_check_size(key, sig.len, e) == -1)
		return -1;
	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestVerifyInit(ctx, &pctx, alg_md(s), NULL, key) != 1 ||
	    alg_set_padding(s, pctx) != 1)
		error_ssl(e, ERROR_CRYPTO, "verify");
	else if (EVP_DigestVerify(ctx, sig.p, sig.len, data.p, data.len) != 1) {
		error_set(e, ERROR_CRYPTO, "signature does not verify");
		ERR_clear_error();
	} else
		rc = 0;
	EVP_MD_CTX_free(ctx);
	return rc;
}
