/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures with keys in tokens, as OpenSSL asks for them. */
#include <stdio.h>
#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "x509/alg.h"
#include "x509/token_private.h"

typedef void	(*fn)(void);

struct signature {
	struct token_keydata		*key;		/* borrowed from OpenSSL */
	EVP_MD			*md;
	EVP_MD_CTX		*digest;
	enum token_padding	 padding;
};

static void *
sig_new(void *provctx, const char *properties)
{
	(void)provctx;
	(void)properties;
	return OPENSSL_zalloc(sizeof(struct signature));
}

static void
sig_free(void *arg)
{
	struct signature	*s = arg;

	if (s == NULL)
		return;
	EVP_MD_free(s->md);
	EVP_MD_CTX_free(s->digest);
	OPENSSL_free(s);
}

static void *
sig_dup(void *arg)
{
	const struct signature	*s = arg;
	struct signature	*d = OPENSSL_zalloc(sizeof(*d));

	if (d == NULL)
		return NULL;
	d->key = s->key;
	d->padding = s->padding;
	if (s->md != NULL && EVP_MD_up_ref(s->md) == 1)
		d->md = s->md;
	if (s->digest != NULL && ((d->digest = EVP_MD_CTX_new()) == NULL ||
	    EVP_MD_CTX_copy_ex(d->digest, s->digest) != 1)) {
		sig_free(d);
		return NULL;
	}
	return d;
}

/* The salt is as long as the digest: RFC 4055, 3.1. */
static bool
salt_fits(const struct signature *s, const OSSL_PARAM *p)
{
	char	 want[12];
	int	 size = s->md != NULL ? EVP_MD_get_size(s->md) : 0, salt;

	if (p->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_int(p, &salt) == 1 && size > 0 &&
		    (salt == RSA_PSS_SALTLEN_DIGEST || salt == size);
	snprintf(want, sizeof(want), "%d", size);
	return strcmp(p->data, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0 ||
	    strcmp(p->data, want) == 0;
}

static int
sig_set_params(void *arg, const OSSL_PARAM params[])
{
	struct signature	*s = arg;
	const OSSL_PARAM	*p;
	int			 mode = RSA_PKCS1_PADDING;

	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p != NULL) {
		if (p->data_type == OSSL_PARAM_UTF8_STRING)
			mode = strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0 ?
			    RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
		else if (OSSL_PARAM_get_int(p, &mode) != 1)
			return 0;
		if (mode != RSA_PKCS1_PADDING && mode != RSA_PKCS1_PSS_PADDING)
			return 0;
		s->padding = mode == RSA_PKCS1_PADDING ? TOKEN_PKCS1 :
		    TOKEN_PSS;
	}
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	if (p != NULL && (p->data_type != OSSL_PARAM_UTF8_STRING ||
	    s->md == NULL || EVP_MD_is_a(s->md, p->data) != 1))
		return 0;
	p = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	return p == NULL || salt_fits(s, p);
}

static const OSSL_PARAM *
sig_settable(void *arg, void *provctx)
{
	static const OSSL_PARAM	 settable[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL,
		    0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL,
		    0),
		OSSL_PARAM_END
	};

	(void)arg;
	(void)provctx;
	return settable;
}

/* What OpenSSL writes beside a signature that it has made (ASN1_item_sign()):
 * told nothing, it takes what lies about in its memory. */
static int
put_algorithm(const struct signature *s, OSSL_PARAM *p)
{
	const char		*scheme = s->padding == TOKEN_PSS ? "rsa-pss" :
				    "rsa";
	size_t			 n, i;
	const struct alg_sig	*all = alg_sigs(&n);
	struct buf		 der = { 0 };
	int			 ok = 0;

	if (s->key == NULL || s->md == NULL)
		return 0;
	if (alg_key_is(s->key->pub, "EC"))
		scheme = "ecdsa";
	for (i = 0; i < n; i++)
		if (strcmp(all[i].scheme, scheme) == 0 &&
		    all[i].hash != NULL && EVP_MD_get_type(s->md) ==
		    EVP_MD_get_type(all[i].hash->md()))
			break;
	if (i < n) {
		alg_sig_put(&der, &all[i]);
		ok = OSSL_PARAM_set_octet_string(p, der.p, der.len);
	}
	buf_clear(&der);
	return ok;
}

static int
sig_get_params(void *arg, OSSL_PARAM params[])
{
	const struct signature	*s = arg;
	OSSL_PARAM		*p;
	bool			 pss = s->padding == TOKEN_PSS;

	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (p != NULL && (p->data_type == OSSL_PARAM_UTF8_PTR ||
	    p->data_type == OSSL_PARAM_UTF8_STRING ?
	    OSSL_PARAM_set_utf8_string(p, pss ? OSSL_PKEY_RSA_PAD_MODE_PSS :
	    OSSL_PKEY_RSA_PAD_MODE_PKCSV15) : OSSL_PARAM_set_int(p, pss ?
	    RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING)) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
	if (p != NULL && put_algorithm(s, p) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
	return p == NULL || s->md == NULL ||
	    OSSL_PARAM_set_utf8_string(p, EVP_MD_get0_name(s->md)) == 1;
}

static const OSSL_PARAM *
sig_gettable(void *arg, void *provctx)
{
	static const OSSL_PARAM	 gettable[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID,
		    NULL, 0),
		OSSL_PARAM_END
	};

	(void)arg;
	(void)provctx;
	return gettable;
}

static int
sig_init(void *arg, const char *md, void *key, const OSSL_PARAM params[])
{
	struct signature	*s = arg;

	if (key != NULL)
		s->key = key;
	if (s->key == NULL || s->key->token == NULL)
		return 0;
	EVP_MD_free(s->md);
	EVP_MD_CTX_free(s->digest);
	s->md = EVP_MD_fetch(NULL, md != NULL ? md : "SHA256", NULL);
	s->digest = EVP_MD_CTX_new();
	return s->md != NULL && s->digest != NULL &&
	    EVP_DigestInit_ex(s->digest, s->md, NULL) == 1 &&
	    (params == NULL || sig_set_params(s, params) == 1);
}

static int
sig_update(void *arg, const unsigned char *data, size_t len)
{
	struct signature	*s = arg;

	return EVP_DigestUpdate(s->digest, data, len);
}

/* The cause travels as text; token_key_failure() has it with its code. */
static int
sig_final(void *arg, unsigned char *sig, size_t *len, size_t size)
{
	struct signature	*s = arg;
	struct error		 e = ERROR_INIT;
	struct buf		 out = { 0 };
	uint8_t			 digest[EVP_MAX_MD_SIZE];
	unsigned int		 n;
	int			 ok = 0;

	if (sig == NULL) {
		*len = (size_t)EVP_PKEY_get_size(s->key->pub);
		return 1;
	}
	if (EVP_DigestFinal_ex(s->digest, digest, &n) != 1)
		return 0;
	if (token_key_sign(s->key->token, s->md, BYTES(digest, n), s->padding,
	    &out, &e) == -1)
		ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "%s",
		    e.text);
	else if (out.len <= size) {
		memcpy(sig, out.p, out.len);
		*len = out.len;
		ok = 1;
	}
	buf_clear(&out);
	return ok;
}

const OSSL_DISPATCH	TOKEN_SIGNATURE_FUNCTIONS[] = {
	{ OSSL_FUNC_SIGNATURE_NEWCTX, (fn)sig_new },
	{ OSSL_FUNC_SIGNATURE_FREECTX, (fn)sig_free },
	{ OSSL_FUNC_SIGNATURE_DUPCTX, (fn)sig_dup },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (fn)sig_init },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (fn)sig_update },
	{ OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (fn)sig_final },
	{ OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (fn)sig_get_params },
	{ OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (fn)sig_gettable },
	{ OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (fn)sig_set_params },
	{ OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (fn)sig_settable },
	{ 0, NULL }
};
