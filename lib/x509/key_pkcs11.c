/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in PKCS#11 tokens.  OpenSSL reaches them in two ways: through the
 * pkcs11 provider, where it is installed (Debian 13), or through libp11's
 * engine, where OpenSSL still has engines.  Both find the token's module by
 * the environment's PKCS11_MODULE_PATH or p11-kit's configuration.
 */
/* Engines are deprecated and the only way on Debian 12. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#ifndef OPENSSL_NO_ENGINE
#include <openssl/engine.h>
#endif
#include "x509/key_private.h"

#define URI_MAX		1024

/* The first object of a type at the URI, through the provider. */
static int
store_find(OSSL_STORE_CTX *ctx, EVP_PKEY **key, X509 **cert)
{
	OSSL_STORE_INFO	*info;

	while (OSSL_STORE_eof(ctx) == 0) {
		if ((info = OSSL_STORE_load(ctx)) == NULL)
			continue;
		if (key != NULL && *key == NULL &&
		    OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			*key = OSSL_STORE_INFO_get1_PKEY(info);
		if (cert != NULL && *cert == NULL &&
		    OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_CERT)
			*cert = OSSL_STORE_INFO_get1_CERT(info);
		OSSL_STORE_INFO_free(info);
	}
	return (key == NULL || *key != NULL) && (cert == NULL || *cert != NULL);
}

static int
store_load(EVP_PKEY **key, X509 **cert, const char *uri, UI_METHOD *ui,
    struct key_asker *a)
{
	OSSL_STORE_CTX	*ctx;
	int		 found;

	ctx = OSSL_STORE_open_ex(uri, NULL, "provider=pkcs11", ui, a, NULL,
	    NULL, NULL);
	if (ctx == NULL)
		return key_asker_error(a, "open token");
	if (key != NULL)
		OSSL_STORE_expect(ctx, OSSL_STORE_INFO_PKEY);
	else
		OSSL_STORE_expect(ctx, OSSL_STORE_INFO_CERT);
	found = store_find(ctx, key, cert);
	OSSL_STORE_close(ctx);
	if (found)
		return 0;
	if (ERR_peek_error() != 0 || a->e->code != ERROR_NONE)
		return key_asker_error(a, "read token");
	return error_set(a->e, ERROR_NOTFOUND, "no such %s in the token",
	    key != NULL ? "key" : "certificate");
}

/* A certificate's URI is its key's, but for the type and the PIN. */
static int
cert_uri(char dst[URI_MAX], const char *uri, struct error *e)
{
	size_t		 n = strlen("pkcs11:"), len;
	const char	*p = uri + n, *sep = "";

	memcpy(dst, "pkcs11:", n + 1);
	for (; *p != '\0' && *p != '?'; p += len + (p[len] == ';')) {
		len = strcspn(p, ";?");
		if (len == 0 || strncmp(p, "type=", 5) == 0)
			continue;
		if (n + len + 2 > URI_MAX)
			return error_set(e, ERROR_CONFIG,
			    "PKCS#11 URI longer than %d characters", URI_MAX);
		n += (size_t)snprintf(dst + n, URI_MAX - n, "%s%.*s", sep,
		    (int)len, p);
		sep = ";";
	}
	return 0;
}

static int
provider_load(EVP_PKEY **key, X509 **cert, const char *uri, UI_METHOD *ui,
    struct key_asker *a)
{
	char	 its_uri[URI_MAX];

	if (store_load(key, NULL, uri, ui, a) == -1)
		return -1;
	if (cert == NULL)
		return 0;
	if (cert_uri(its_uri, uri, a->e) == -1)
		return -1;
	return store_load(NULL, cert, its_uri, ui, a);
}

/* Loaded once and kept: keys need it for as long as they live. */
static bool
provider_is_there(void)
{
	bool	 there;

	ERR_set_mark();
	there = OSSL_PROVIDER_available(NULL, "pkcs11") == 1 ||
	    OSSL_PROVIDER_try_load(NULL, "pkcs11", 1) != NULL;
	ERR_pop_to_mark();
	return there;
}

#ifndef OPENSSL_NO_ENGINE
static int
engine_cert(ENGINE *engine, X509 **cert, const char *uri, struct key_asker *a)
{
	char	 its_uri[URI_MAX];
	struct {		/* what libp11 documents for this command */
		const char	*uri;
		X509		*cert;
	} want = { its_uri, NULL };

	if (cert_uri(its_uri, uri, a->e) == -1)
		return -1;
	if (ENGINE_ctrl_cmd(engine, "LOAD_CERT_CTRL", 0, &want, NULL, 0) != 1 ||
	    want.cert == NULL)
		return key_asker_error(a, "no such certificate in the token");
	*cert = want.cert;
	return 0;
}

static int
engine_load(EVP_PKEY **key, X509 **cert, const char *uri, UI_METHOD *ui,
    struct key_asker *a)
{
	ENGINE	*engine;
	int	 rc = -1;

	if ((engine = ENGINE_by_id("pkcs11")) == NULL) {
		error_ssl(a->e, ERROR_CONFIG,
		    "neither the pkcs11 provider nor the engine is there");
		return error_hint(a->e,
		    "install libengine-pkcs11-openssl or pkcs11-provider");
	}
	if (ENGINE_init(engine) != 1) {
		ENGINE_free(engine);
		return error_ssl(a->e, ERROR_CONFIG, "start pkcs11 engine");
	}
	/* It writes to stderr what it returns as an error as well. */
	ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 1);
	*key = ENGINE_load_private_key(engine, uri, ui, a);
	if (*key == NULL)
		key_asker_error(a, "read key in token");
	else if (cert == NULL || engine_cert(engine, cert, uri, a) == 0)
		rc = 0;
	ENGINE_finish(engine);
	ENGINE_free(engine);
	return rc;
}
#else
static int
engine_load(EVP_PKEY **key, X509 **cert, const char *uri, UI_METHOD *ui,
    struct key_asker *a)
{
	(void)key;
	(void)cert;
	(void)uri;
	(void)ui;
	error_set(a->e, ERROR_CONFIG, "the pkcs11 provider is not there");
	return error_hint(a->e, "install pkcs11-provider");
}
#endif

/* A PIN in the URI would be seen in settings and in ps(1). */
static int
check_uri(const char *uri, struct error *e)
{
	if (strlen(uri) >= URI_MAX)
		return error_set(e, ERROR_CONFIG,
		    "PKCS#11 URI longer than %d characters", URI_MAX);
	if (strstr(uri, "pin-value=") != NULL ||
	    strstr(uri, "pin-source=") != NULL)
		return error_set(e, ERROR_CONFIG,
		    "a PKCS#11 URI must not hold the PIN or its source");
	return 0;
}

int
key_pkcs11_load(EVP_PKEY **key, X509 **cert, const char *uri,
    struct key_asker *a, struct error *e)
{
	UI_METHOD	*ui;
	int		 rc;

	*key = NULL;
	if (check_uri(uri, e) == -1)
		return -1;	/* without the URI, which may hold the PIN */
	if ((ui = UI_UTIL_wrap_read_pem_callback(key_ask, 0)) == NULL)
		return error_ssl(e, ERROR_NOMEM, "ask for PIN");
	a->once = true;
	if (provider_is_there())
		rc = provider_load(key, cert, uri, ui, a);
	else
		rc = engine_load(key, cert, uri, ui, a);
	UI_destroy_method(ui);
	if (rc == -1) {
		EVP_PKEY_free(*key);
		*key = NULL;
		error_wrap(e, "%s", uri);
	}
	return rc;
}
