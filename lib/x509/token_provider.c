/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in tokens as OpenSSL sees them: a provider inside of this program, with
 * a library context of its own so that nothing else finds it.  A key here is
 * the public half, which OpenSSL's own provider handles, and a reference to
 * the token's key, which signs.
 */
#include <stdio.h>
#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#include "x509/token_private.h"

#define PARAM_TOKEN	"signet-token-key"
#define PROPERTIES	"provider=signet-token"
#define ITS		OSSL_KEYMGMT_SELECT_PRIVATE_KEY

static struct {
	pthread_once_t	 once;
	OSSL_LIB_CTX	*ctx;		/* NULL: could not be set up */
} library = { PTHREAD_ONCE_INIT, NULL };

/* ---- keys ---- */

struct keydata {
	EVP_PKEY		*pub;
	struct token_key	*token;		/* NULL: a public key only */
};

static void *
key_new(void *provctx)
{
	(void)provctx;
	return OPENSSL_zalloc(sizeof(struct keydata));
}

static void
key_free(void *arg)
{
	struct keydata	*k = arg;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->pub);
	token_key_free(&k->token);
	OPENSSL_free(k);
}

static int
key_has(const void *arg, int selection)
{
	const struct keydata	*k = arg;

	return k->pub != NULL && ((selection & ITS) == 0 || k->token != NULL);
}

static int
key_match(const void *a, const void *b, int selection)
{
	const struct keydata	*x = a, *y = b;

	(void)selection;
	return EVP_PKEY_eq(x->pub, y->pub) == 1;
}

static int
key_import(struct keydata *k, const char *type, const OSSL_PARAM params[])
{
	const OSSL_PARAM	*p = OSSL_PARAM_locate_const(params, PARAM_TOKEN);
	const void		*token;
	size_t			 len;
	EVP_PKEY_CTX		*ctx;
	OSSL_PARAM		*copy;

	if (p != NULL) {
		if (OSSL_PARAM_get_octet_ptr(p, &token, &len) != 1)
			return 0;
		memcpy(&k->token, &token, sizeof(token));
		token_key_ref(k->token);
		k->pub = k->token->pub;
		return EVP_PKEY_up_ref(k->pub);
	}
	ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	copy = OSSL_PARAM_dup(params);
	if (ctx == NULL || copy == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &k->pub, EVP_PKEY_PUBLIC_KEY, copy) != 1)
		k->pub = NULL;
	OSSL_PARAM_free(copy);
	EVP_PKEY_CTX_free(ctx);
	return k->pub != NULL;
}

static int
rsa_import(void *k, int selection, const OSSL_PARAM params[])
{
	(void)selection;
	return key_import(k, "RSA", params);
}

static int
ec_import(void *k, int selection, const OSSL_PARAM params[])
{
	(void)selection;
	return key_import(k, "EC", params);
}

/* The private half cannot be had: that is what the token is for. */
static int
key_export(void *arg, int selection, OSSL_CALLBACK *give, void *to)
{
	struct keydata	*k = arg;
	OSSL_PARAM	*params = NULL;
	int		 rc;

	if ((selection & ITS) != 0 ||
	    EVP_PKEY_todata(k->pub, EVP_PKEY_PUBLIC_KEY, &params) != 1)
		return 0;
	rc = give(params, to);
	OSSL_PARAM_free(params);
	return rc;
}

static const OSSL_PARAM *
key_types(int selection)
{
	static const OSSL_PARAM	 types[] = {
		OSSL_PARAM_octet_ptr(PARAM_TOKEN, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_END
	};

	(void)selection;
	return types;
}

static int
key_get_params(void *arg, OSSL_PARAM params[])
{
	struct keydata	*k = arg;
	OSSL_PARAM	*p = OSSL_PARAM_locate(params, PARAM_TOKEN);

	if (p != NULL)
		return OSSL_PARAM_set_octet_ptr(p, k->token, sizeof(k->token));
	return EVP_PKEY_get_params(k->pub, params);
}

static const OSSL_PARAM *
key_gettable(void *provctx)
{
	static const OSSL_PARAM	 gettable[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_octet_ptr(PARAM_TOKEN, NULL, 0),
		OSSL_PARAM_END
	};

	(void)provctx;
	return gettable;
}

static const char *
ec_operation(int id)
{
	return id == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

/* ---- signatures ---- */

struct signature {
	struct keydata		*key;		/* borrowed from OpenSSL */
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

/* ---- tables ---- */

typedef void	(*fn)(void);
#define KEYMGMT(import_fn) \
	{ OSSL_FUNC_KEYMGMT_NEW, (fn)key_new }, \
	{ OSSL_FUNC_KEYMGMT_FREE, (fn)key_free }, \
	{ OSSL_FUNC_KEYMGMT_HAS, (fn)key_has }, \
	{ OSSL_FUNC_KEYMGMT_MATCH, (fn)key_match }, \
	{ OSSL_FUNC_KEYMGMT_IMPORT, (fn)import_fn }, \
	{ OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (fn)key_types }, \
	{ OSSL_FUNC_KEYMGMT_EXPORT, (fn)key_export }, \
	{ OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (fn)key_types }, \
	{ OSSL_FUNC_KEYMGMT_GET_PARAMS, (fn)key_get_params }, \
	{ OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (fn)key_gettable }

static const OSSL_DISPATCH	rsa_functions[] = {
	KEYMGMT(rsa_import), { 0, NULL }
};
static const OSSL_DISPATCH	ec_functions[] = {
	KEYMGMT(ec_import),
	{ OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (fn)ec_operation },
	{ 0, NULL }
};
static const OSSL_DISPATCH	sig_functions[] = {
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

static const OSSL_ALGORITHM	keys[] = {
	{ "RSA:rsaEncryption", PROPERTIES, rsa_functions, NULL },
	{ "EC:id-ecPublicKey", PROPERTIES, ec_functions, NULL },
	{ NULL, NULL, NULL, NULL }
};
static const OSSL_ALGORITHM	signatures[] = {
	{ "RSA:rsaEncryption", PROPERTIES, sig_functions, NULL },
	{ "ECDSA", PROPERTIES, sig_functions, NULL },
	{ NULL, NULL, NULL, NULL }
};

static const OSSL_ALGORITHM *
provider_query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return keys;
	return operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static int
provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH	 functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (fn)provider_query },
		{ 0, NULL }
	};

	(void)in;
	memcpy(provctx, &handle, sizeof(handle));
	*out = functions;
	return 1;
}

static void
library_init(void)
{
	OSSL_LIB_CTX	*ctx = OSSL_LIB_CTX_new();

	if (ctx != NULL && OSSL_PROVIDER_load(ctx, "default") != NULL &&
	    OSSL_PROVIDER_add_builtin(ctx, "signet-token",
	    provider_init) == 1 &&
	    OSSL_PROVIDER_load(ctx, "signet-token") != NULL)
		library.ctx = ctx;
	else
		OSSL_LIB_CTX_free(ctx);
}

int
token_provider_pkey(struct token_key *k, EVP_PKEY **out, struct error *e)
{
	OSSL_PARAM	 params[2] = { OSSL_PARAM_construct_end(),
	    OSSL_PARAM_construct_end() };
	EVP_PKEY_CTX	*ctx = NULL;
	void		*token = k;
	int		 rc = -1;

	pthread_once(&library.once, library_init);
	params[0] = OSSL_PARAM_construct_octet_ptr(PARAM_TOKEN, &token,
	    sizeof(token));
	if (library.ctx == NULL ||
	    (ctx = EVP_PKEY_CTX_new_from_name(library.ctx,
	    EVP_PKEY_is_a(k->pub, "EC") ? "EC" : "RSA", PROPERTIES)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, out, EVP_PKEY_KEYPAIR, params) != 1)
		error_ssl(e, ERROR_CRYPTO, "%s: make it known to OpenSSL",
		    k->name);
	else
		rc = 0;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

struct token_key *
token_key_of(const EVP_PKEY *key)
{
	void		*token = NULL;
	OSSL_PARAM	 params[2] = { OSSL_PARAM_construct_octet_ptr(
	    PARAM_TOKEN, &token, sizeof(token)), OSSL_PARAM_construct_end() };

	ERR_set_mark();
	if (EVP_PKEY_get_params(key, params) != 1 ||
	    OSSL_PARAM_modified(&params[0]) != 1)
		token = NULL;
	ERR_pop_to_mark();
	return token;
}
