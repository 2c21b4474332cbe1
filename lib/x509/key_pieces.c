/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>

#include "x509/alg_private.h"
#include "x509/key.h"
#include "x509/key_pieces.h"

struct key_pieces {
	EVP_MD_CTX	*ctx;
	EVP_PKEY	*key;		/* borrowed */
	bool		 verifies;
};

static int
begin(struct key_pieces **out, const struct alg_sig *how, EVP_PKEY *key,
    bool verifies, struct error *e)
{
	struct key_pieces	*k;
	EVP_PKEY_CTX		*pctx;

	*out = NULL;
	if (!alg_sig_suits(how, key))
		return error_set(e, ERROR_CONFIG, "the key does not sign with "
		    "%s", how->name);
	if (alg_md(how) == NULL)
		return 0;
	k = mem_alloc(sizeof(*k));
	k->key = key;
	k->verifies = verifies;
	if ((k->ctx = EVP_MD_CTX_new()) != NULL && (verifies ?
	    EVP_DigestVerifyInit(k->ctx, &pctx, alg_md(how), NULL, key) :
	    EVP_DigestSignInit(k->ctx, &pctx, alg_md(how), NULL, key)) == 1 &&
	    alg_set_padding(how, pctx) == 1) {
		*out = k;
		return 0;
	}
	key_pieces_free(&k);
	return verifies ? error_ssl(e, ERROR_CRYPTO, "verify") :
	    key_error(key, e, "sign");
}

int
key_pieces_sign(struct key_pieces **out, const struct alg_sig *how,
    EVP_PKEY *key, struct error *e)
{
	return begin(out, how, key, false, e);
}

int
key_pieces_verify(struct key_pieces **out, const struct alg_sig *how,
    EVP_PKEY *key, struct error *e)
{
	return begin(out, how, key, true, e);
}

int
key_pieces_add(struct key_pieces *k, struct bytes data, struct error *e)
{
	if ((k->verifies ? EVP_DigestVerifyUpdate(k->ctx, data.p, data.len) :
	    EVP_DigestSignUpdate(k->ctx, data.p, data.len)) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	return 0;
}

int
key_pieces_end_sign(struct key_pieces *k, struct buf *sig, struct error *e)
{
	size_t	 room = (size_t)EVP_PKEY_get_size(k->key), n = room;

	buf_reserve(sig, n);
	if (EVP_DigestSignFinal(k->ctx, sig->p + sig->len, &n) != 1)
		return key_error(k->key, e, "sign");
	return alg_signed(sig, n, room, k->key, e);
}

int
key_pieces_end_verify(struct key_pieces *k, struct bytes sig,
    struct error *e)
{
	if (alg_check_size(k->key, sig.len, e) == -1)
		return -1;
	if (EVP_DigestVerifyFinal(k->ctx, sig.p, sig.len) == 1)
		return 0;
	ERR_clear_error();
	return error_set(e, ERROR_CRYPTO, "signature does not verify");
}

void
key_pieces_free(struct key_pieces **k)
{
	if (*k == NULL)
		return;
	EVP_MD_CTX_free((*k)->ctx);
	mem_free(k);
}
