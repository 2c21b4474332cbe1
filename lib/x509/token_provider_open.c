/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening what is sealed to a key in a token, as OpenSSL's CMS asks for it:
 * RSA decryption with OAEP and SHA-256, and ECDH with the KDF of X9.63.
 */
#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>

#include "x509/token_private.h"

typedef void	(*fn)(void);

/* The cause travels as text; token_key_failure() has it with its code. */
static int
fail(const struct error *e)
{
	ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "%s", e->text);
	return 0;
}

/* Is the parameter, if it is there, this text? */
static bool
is_text(const OSSL_PARAM params[], const char *name, const char *text)
{
	const OSSL_PARAM	*p = OSSL_PARAM_locate_const(params, name);
	EVP_MD			*md;
	bool			 same;

	if (p == NULL)
		return true;
	if (p->data_type != OSSL_PARAM_UTF8_STRING)
		return false;
	if (strcmp(p->data, text) == 0)
		return true;
	if ((md = EVP_MD_fetch(NULL, text, NULL)) == NULL)
		return false;
	same = EVP_MD_is_a(md, p->data) == 1;
	EVP_MD_free(md);
	return same;
}

/* ---- RSA ---- */

struct cipher {
	struct token_keydata	*key;		/* borrowed from OpenSSL */
	bool			 oaep;
};

static void *
cipher_new(void *provctx)
{
	(void)provctx;
	return OPENSSL_zalloc(sizeof(struct cipher));
}

static void
cipher_free(void *c)
{
	OPENSSL_free(c);
}

static bool
is_oaep(const OSSL_PARAM *p)
{
	int	 mode;

	if (p->data_type == OSSL_PARAM_UTF8_STRING)
		return strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_OAEP) == 0;
	return OSSL_PARAM_get_int(p, &mode) == 1 &&
	    mode == RSA_PKCS1_OAEP_PADDING;
}

static int
cipher_set_params(void *arg, const OSSL_PARAM params[])
{
	struct cipher		*c = arg;
	const OSSL_PARAM	*p;

	p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);
	if (p != NULL && !(c->oaep = is_oaep(p)))
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL);
	return (p == NULL || p->data_size == 0) && is_text(params,
	    OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, "SHA256") && is_text(params,
	    OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, "SHA256");
}

static const OSSL_PARAM *
cipher_settable(void *arg, void *provctx)
{
	static const OSSL_PARAM	 settable[] = {
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST,
		    NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST,
		    NULL, 0),
		OSSL_PARAM_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
		    NULL, 0),
		OSSL_PARAM_END
	};

	(void)arg;
	(void)provctx;
	return settable;
}

static int
cipher_init(void *arg, void *key, const OSSL_PARAM params[])
{
	struct cipher	*c = arg;

	c->key = key;
	c->oaep = false;
	return c->key != NULL && c->key->token != NULL &&
	    (params == NULL || cipher_set_params(c, params) == 1);
}

static int
cipher_decrypt(void *arg, unsigned char *out, size_t *len, size_t size,
    const unsigned char *in, size_t inlen)
{
	struct cipher	*c = arg;
	struct error	 e = ERROR_INIT;
	struct secret	 clear = { NULL, 0 };
	int		 ok = 0;

	if (out == NULL) {
		*len = (size_t)EVP_PKEY_get_size(c->key->pub);
		return 1;
	}
	if (!c->oaep)
		return 0;
	if (token_key_decrypt(c->key->token, BYTES(in, inlen), &clear,
	    &e) == -1)
		return fail(&e);
	if (clear.len <= size) {
		memcpy(out, clear.p, clear.len);
		*len = clear.len;
		ok = 1;
	}
	secret_free(&clear);
	return ok;
}

const OSSL_DISPATCH	TOKEN_CIPHER_FUNCTIONS[] = {
	{ OSSL_FUNC_ASYM_CIPHER_NEWCTX, (fn)cipher_new },
	{ OSSL_FUNC_ASYM_CIPHER_FREECTX, (fn)cipher_free },
	{ OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, (fn)cipher_init },
	{ OSSL_FUNC_ASYM_CIPHER_DECRYPT, (fn)cipher_decrypt },
	{ OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, (fn)cipher_set_params },
	{ OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, (fn)cipher_settable },
	{ 0, NULL }
};

/* ---- EC ---- */

struct exchange {
	struct token_keydata	*key, *peer;	/* borrowed from OpenSSL */
	bool			 kdf;
	char			 digest[32];
	uint8_t			*ukm;
	size_t			 ukm_len, outlen;
};

static void *
exchange_new(void *provctx)
{
	(void)provctx;
	return OPENSSL_zalloc(sizeof(struct exchange));
}

static void
exchange_free(void *arg)
{
	struct exchange	*x = arg;

	if (x == NULL)
		return;
	OPENSSL_free(x->ukm);
	OPENSSL_free(x);
}

static int
set_digest(struct exchange *x, const OSSL_PARAM *p)
{
	char	*to = x->digest;

	return OSSL_PARAM_get_utf8_string(p, &to, sizeof(x->digest));
}

static int
set_ukm(struct exchange *x, const OSSL_PARAM *p)
{
	OPENSSL_free(x->ukm);
	x->ukm = NULL;
	x->ukm_len = 0;
	return p->data_size == 0 || OSSL_PARAM_get_octet_string(p,
	    (void **)&x->ukm, 0, &x->ukm_len) == 1;
}

/* With or without a cofactor is the same on our curves. */
static int
exchange_set_params(void *arg, const OSSL_PARAM params[])
{
	struct exchange		*x = arg;
	const OSSL_PARAM	*p;

	p = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_TYPE);
	if (p != NULL && !(x->kdf = p->data_type == OSSL_PARAM_UTF8_STRING &&
	    strcmp(p->data, OSSL_KDF_NAME_X963KDF) == 0))
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_DIGEST);
	if (p != NULL && set_digest(x, p) != 1)
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_OUTLEN);
	if (p != NULL && OSSL_PARAM_get_size_t(p, &x->outlen) != 1)
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_UKM);
	return p == NULL || set_ukm(x, p) == 1;
}

static const OSSL_PARAM *
exchange_settable(void *arg, void *provctx)
{
	static const OSSL_PARAM	 settable[] = {
		OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE,
		    NULL),
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL,
		    0),
		OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
		OSSL_PARAM_octet_string(OSSL_EXCHANGE_PARAM_KDF_UKM, NULL, 0),
		OSSL_PARAM_END
	};

	(void)arg;
	(void)provctx;
	return settable;
}

static int
exchange_init(void *arg, void *key, const OSSL_PARAM params[])
{
	struct exchange	*x = arg;

	x->key = key;
	x->peer = NULL;
	return x->key != NULL && x->key->token != NULL &&
	    (params == NULL || exchange_set_params(x, params) == 1);
}

static int
exchange_set_peer(void *arg, void *peer)
{
	struct exchange	*x = arg;

	x->peer = peer;
	return x->peer->pub != NULL;
}

static int
derive(const struct exchange *x, const struct secret *z, unsigned char *out)
{
	OSSL_PARAM	 params[4], *p = params;
	EVP_KDF		*kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_X963KDF,
			    NULL);
	EVP_KDF_CTX	*ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	char		 digest[sizeof(x->digest)];
	int		 ok = 0;

	memcpy(digest, x->digest, sizeof(digest));
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest,
	    0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, z->p,
	    z->len);
	if (x->ukm_len > 0)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
		    x->ukm, x->ukm_len);
	*p = OSSL_PARAM_construct_end();
	if (ctx != NULL)
		ok = EVP_KDF_derive(ctx, out, x->outlen, params);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok == 1;
}

static int
exchange_derive(void *arg, unsigned char *out, size_t *len, size_t size)
{
	struct exchange	*x = arg;
	struct error	 e = ERROR_INIT;
	struct secret	 z = { NULL, 0 };
	int		 ok;

	if (!x->kdf || x->outlen == 0 || x->peer == NULL)
		return 0;
	*len = x->outlen;
	if (out == NULL)
		return 1;
	if (size < x->outlen)
		return 0;
	if (token_key_agree(x->key->token, x->peer->pub, &z, &e) == -1)
		return fail(&e);
	ok = derive(x, &z, out);
	secret_free(&z);
	return ok;
}

const OSSL_DISPATCH	TOKEN_EXCHANGE_FUNCTIONS[] = {
	{ OSSL_FUNC_KEYEXCH_NEWCTX, (fn)exchange_new },
	{ OSSL_FUNC_KEYEXCH_FREECTX, (fn)exchange_free },
	{ OSSL_FUNC_KEYEXCH_INIT, (fn)exchange_init },
	{ OSSL_FUNC_KEYEXCH_SET_PEER, (fn)exchange_set_peer },
	{ OSSL_FUNC_KEYEXCH_DERIVE, (fn)exchange_derive },
	{ OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, (fn)exchange_set_params },
	{ OSSL_FUNC_KEYEXCH_SETTABLE_CTX_PARAMS, (fn)exchange_settable },
	{ 0, NULL }
};
