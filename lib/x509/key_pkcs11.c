/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in PKCS#11 tokens, for who wants an EVP_PKEY and is not concerned with
 * the token. */
#include <ctype.h>
#include <string.h>
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

/* RFC 7512, 2.3: what a path may hold that a query may not is escaped. */
static void
put_escaped(struct buf *out, const char *path)
{
	for (; *path != '\0'; path++)
		if (isalnum((unsigned char)*path) ||
		    strchr("/._-+:", *path) != NULL)
			buf_byte(out, (uint8_t)*path);
		else
			buf_printf(out, "%%%02X", (unsigned char)*path);
}

char *
key_uri(const char *uri, const char *module)
{
	struct buf	 out = { 0 };
	char		*made;

	if (module == NULL || !token_is_uri(uri) ||
	    strstr(uri, "module-path=") != NULL)
		return mem_strdup(uri);
	buf_printf(&out, "%s%smodule-path=", uri,
	    strchr(uri, '?') == NULL ? "?" : "&");
	put_escaped(&out, module);
	made = mem_strdup(buf_cstr(&out));
	buf_clear(&out);
	return made;
}
