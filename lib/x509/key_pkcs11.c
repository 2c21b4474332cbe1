/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in PKCS#11 tokens, for who wants an EVP_PKEY and is not concerned with
 * the token. */
#include <openssl/err.h>

#include "x509/key_private.h"
#include "x509/token.h"

int
key_pkcs11_load(EVP_PKEY **key, X509 **cert, const char *uri,
    const char *pin_from, struct error *e)
{
	struct token_key	*k = NULL;
	int			 rc = -1;

	*key = NULL;
	if (token_key_new(&k, uri, pin_from, e) == -1 ||
	    token_key_open(k, e) == -1 ||
	    (cert != NULL && token_key_cert(k, cert, e) == -1))
		goto out;
	rc = token_key_pkey(k, key, e);
 out:
	token_key_free(&k);
	return rc;
}

int
key_error(EVP_PKEY *key, struct error *e, const char *what)
{
	struct token_key	*k = token_key_of(key);

	if (k != NULL) {
		token_key_failure(k, e);
		if (e->code != ERROR_NONE) {
			ERR_clear_error();
			return error_wrap(e, "%s", what);
		}
	}
	return error_ssl(e, ERROR_CRYPTO, "%s", what);
}
