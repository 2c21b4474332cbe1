/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in tokens as OpenSSL sees them: a provider inside of this program, with
 * a library context of its own so that nothing else finds it.  A key here is
 * the public half, which OpenSSL's own provider handles, and a reference to
 * the token's key, which signs
 * (token_provider_sign.c) and opens what is sealed to it
 * (token_provider_open.c).
 */
#include <string.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "x509/alg.h"
#include "x509/token_private.h"

#define PARAM_TOKEN	"signet-token-key"
#define PROPERTIES	"provider=signet-token"
#define ITS		OSSL_KEYMGMT_SELECT_PRIVATE_KEY

static struct {
	pthread_once_t	 once;
	OSSL_LIB_CTX	*ctx;		/* NULL: could not be set up */
} library = { PTHREAD_ONCE_INIT, NULL };

/* ---- keys ---- */

static void *
key_new(void *provctx)
{
	(void)provctx;
	return OPENSSL_zalloc(sizeof(struct token_keydata));
}

static void
key_free(void *arg)
{
	struct token_keydata	*k = arg;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->pub);
	token_key_free(&k->token);
	OPENSSL_free(k);
}

static int
key_has(const void *arg, int selection)
{
	const struct token_keydata	*k = arg;

	return k != NULL && k->pub != NULL &&
	    ((selection & ITS) == 0 || k->token != NULL);
}

static int
key_match(const void *a, const void *b, int selection)
{
	const struct token_keydata	*x = a, *y = b;

	(void)selection;
	return EVP_PKEY_eq(x->pub, y->pub) == 1;
}

static int
key_import(struct token_keydata *k, const char *type, const OSSL_PARAM params[])
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
	struct token_keydata	*k = arg;
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
	struct token_keydata	*k = arg;
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
	return id == OSSL_OP_SIGNATURE ? "ECDSA" :
	    id == OSSL_OP_KEYEXCH ? "ECDH" : NULL;
}

/* The point of one that has been given its curve: who agrees with a key. */
static int
ec_set_params(void *arg, const OSSL_PARAM params[])
{
	struct token_keydata	*k = arg;

	return k->token == NULL && k->pub != NULL &&
	    EVP_PKEY_set_params(k->pub, (OSSL_PARAM *)(uintptr_t)params);
}

static const OSSL_PARAM *
ec_settable(void *provctx)
{
	static const OSSL_PARAM	 settable[] = {
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
		    NULL, 0),
		OSSL_PARAM_END
	};

	(void)provctx;
	return settable;
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
	{ OSSL_FUNC_KEYMGMT_SET_PARAMS, (fn)ec_set_params },
	{ OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (fn)ec_settable },
	{ 0, NULL }
};

static const OSSL_ALGORITHM	keys[] = {
	{ "RSA:rsaEncryption", PROPERTIES, rsa_functions, NULL },
	{ "EC:id-ecPublicKey", PROPERTIES, ec_functions, NULL },
	{ NULL, NULL, NULL, NULL }
};
static const OSSL_ALGORITHM	signatures[] = {
	{ "RSA:rsaEncryption", PROPERTIES, TOKEN_SIGNATURE_FUNCTIONS, NULL },
	{ "ECDSA", PROPERTIES, TOKEN_SIGNATURE_FUNCTIONS, NULL },
	{ NULL, NULL, NULL, NULL }
};
static const OSSL_ALGORITHM	ciphers[] = {
	{ "RSA:rsaEncryption", PROPERTIES, TOKEN_CIPHER_FUNCTIONS, NULL },
	{ NULL, NULL, NULL, NULL }
};
static const OSSL_ALGORITHM	exchanges[] = {
	{ "ECDH", PROPERTIES, TOKEN_EXCHANGE_FUNCTIONS, NULL },
	{ NULL, NULL, NULL, NULL }
};

static const OSSL_ALGORITHM *
provider_query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keys;
	case OSSL_OP_SIGNATURE:
		return signatures;
	case OSSL_OP_ASYM_CIPHER:
		return ciphers;
	case OSSL_OP_KEYEXCH:
		return exchanges;
	}
	return NULL;
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
	    alg_key_is(k->pub, "EC") ? "EC" : "RSA", PROPERTIES)) == NULL ||
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
