/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many signatures by one key.  EVP_DigestSignInit() fetches digest and
 * algorithm anew for each signature, with locks that threads share; here the
 * two contexts are made once.  A key whose provider only signs what it has
 * hashed itself, as a token's, and an algorithm with a hash of its own go the
 * long way.
 */
#include <openssl/err.h>
#include "x509/alg.h"
#include "x509/alg_private.h"
#include "x509/key.h"

struct alg_signer {
	const struct alg_sig	*how;
	EVP_PKEY		*key;
	EVP_PKEY_CTX		*ctx;		/* NULL: the long way */
	EVP_MD			*md;
	EVP_MD_CTX		*md_ctx;
	size_t			 max;		/* octets of a signature */
};

static bool
signer_prepare(struct alg_signer *s)
{
	const EVP_MD	*md = alg_md(s->how);

	return md != NULL &&
	    (s->md = EVP_MD_fetch(NULL, EVP_MD_get0_name(md), NULL)) != NULL &&
	    (s->md_ctx = EVP_MD_CTX_new()) != NULL &&
	    (s->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->key, NULL)) != NULL &&
	    EVP_PKEY_sign_init(s->ctx) == 1 &&
	    alg_set_padding(s->how, s->ctx) == 1 &&
	    EVP_PKEY_CTX_set_signature_md(s->ctx, md) == 1;
}

int
alg_signer_open(struct alg_signer **out, const struct alg_sig *how,
    EVP_PKEY *key, struct error *e)
{
	struct alg_signer	*s;

	*out = NULL;
	if (!alg_sig_suits(how, key))
		return error_set(e, ERROR_CONFIG,
		    "the key does not sign with %s", how->name);
	s = mem_alloc(sizeof(*s));
	s->how = how;
	s->key = key;
	EVP_PKEY_up_ref(key);
	s->max = (size_t)EVP_PKEY_get_size(key);
	if (!signer_prepare(s)) {
		EVP_PKEY_CTX_free(s->ctx);
		s->ctx = NULL;
		ERR_clear_error();
	}
	*out = s;
	return 0;
}

int
alg_signer_sign(struct alg_signer *s, struct buf *out, struct bytes data,
    struct error *e)
{
	uint8_t		 digest[EVP_MAX_MD_SIZE];
	unsigned int	 len;
	size_t		 n = s->max;

	if (s->ctx == NULL)
		return alg_sign(out, s->how, s->key, data, e);
	buf_reserve(out, n);
	if (EVP_DigestInit_ex(s->md_ctx, s->md, NULL) != 1 ||
	    EVP_DigestUpdate(s->md_ctx, data.p, data.len) != 1 ||
	    EVP_DigestFinal_ex(s->md_ctx, digest, &len) != 1 ||
	    EVP_PKEY_sign(s->ctx, out->p + out->len, &n, digest, len) != 1)
		return key_error(s->key, e, "sign");
	return alg_signed(out, n, s->max, s->key, e);
}

void
alg_signer_close(struct alg_signer **sp)
{
	struct alg_signer	*s = *sp;

	if (s == NULL)
		return;
	EVP_PKEY_CTX_free(s->ctx);
	EVP_MD_CTX_free(s->md_ctx);
	EVP_MD_free(s->md);
	EVP_PKEY_free(s->key);
	mem_free(sp);
}
