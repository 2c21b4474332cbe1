/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include "os/file.h"
#include "x509/key.h"
#include "x509/key_private.h"
#include "x509/token.h"

#define CERT_FILE_MAX	(1024 * 1024)

static bool
is_pem(const struct buf *b)
{
	return memmem(b->p, b->len, "-----BEGIN ", 11) != NULL;
}

static int
no_passphrase(char *dst, int size, int rwflag, void *arg)
{
	(void)dst;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

/* Every certificate of a PEM text; other blocks are passed over. */
static int
chain_from_pem(STACK_OF(X509) **out, const struct buf *text, struct error *e)
{
	STACK_OF(X509)	*chain = sk_X509_new_null();
	BIO		*bio = BIO_new_mem_buf(text->p, (int)text->len);
	X509		*cert = NULL;
	int		 rc = -1;

	if (chain == NULL || bio == NULL) {
		error_ssl(e, ERROR_NOMEM, "read certificates");
		goto out;
	}
	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase,
	    NULL)) != NULL) {
		if (sk_X509_push(chain, cert) <= 0) {
			error_ssl(e, ERROR_NOMEM, "read certificates");
			goto out;
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		error_ssl(e, ERROR_INPUT, "read certificate %d",
		    sk_X509_num(chain) + 1);
		goto out;
	}
	ERR_clear_error();
	if (sk_X509_num(chain) == 0) {
		error_set(e, ERROR_INPUT, "no certificate in it");
		goto out;
	}
	*out = chain;
	chain = NULL;
	rc = 0;
 out:
	X509_free(cert);
	sk_X509_pop_free(chain, X509_free);
	BIO_free(bio);
	return rc;
}

static int
chain_from_der(STACK_OF(X509) **out, const struct buf *der, struct error *e)
{
	const unsigned char	*p = der->p;
	X509			*cert;

	if ((cert = d2i_X509(NULL, &p, (long)der->len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "read certificate");
	if (p != der->p + der->len) {
		X509_free(cert);
		return error_set(e, ERROR_INPUT,
		    "bytes after the certificate");
	}
	if ((*out = sk_X509_new_null()) == NULL ||
	    sk_X509_push(*out, cert) <= 0) {
		X509_free(cert);
		sk_X509_pop_free(*out, X509_free);
		*out = NULL;
		return error_ssl(e, ERROR_NOMEM, "read certificate");
	}
	return 0;
}

int
cert_load_chain(STACK_OF(X509) **out, const char *path, struct error *e)
{
	struct buf	 text = { 0 };
	int		 rc;

	*out = NULL;
	if (file_load(&text, path, CERT_FILE_MAX, e) == -1)
		return -1;
	if (is_pem(&text))
		rc = chain_from_pem(out, &text, e);
	else
		rc = chain_from_der(out, &text, e);
	if (rc == -1)
		error_wrap(e, "%s", path);
	OPENSSL_cleanse(text.p, text.len);
	buf_clear(&text);
	return rc;
}

int
cert_load(X509 **out, const char *path, struct error *e)
{
	STACK_OF(X509)	*chain = NULL;

	*out = NULL;
	if (cert_load_chain(&chain, path, e) == -1)
		return -1;
	if (sk_X509_num(chain) == 1)
		*out = sk_X509_shift(chain);
	else
		error_set(e, ERROR_INPUT, "%s: %d certificates, not one", path,
		    sk_X509_num(chain));
	sk_X509_pop_free(chain, X509_free);
	return *out != NULL ? 0 : -1;
}

/* Take the certificate that the key fits out of the chain. */
static int
identity_pick(struct identity *id, const char *what, struct error *e)
{
	int	 i;

	for (i = 0; id->cert == NULL && i < sk_X509_num(id->chain); i++)
		if (key_matches(sk_X509_value(id->chain, i), id->key))
			id->cert = sk_X509_delete(id->chain, i);
	if (id->cert == NULL)
		return error_set(e, ERROR_CONFIG,
		    "%s: no certificate there belongs to the key", what);
	return 0;
}

static int
load_pkcs12(struct identity *id, const struct buf *der, struct key_asker *a,
    struct error *e)
{
	const unsigned char	*p = der->p;
	PKCS12			*p12;
	char			 pass[1024] = "";
	int			 n = 0, rc = -1;

	if ((p12 = d2i_PKCS12(NULL, &p, (long)der->len)) == NULL)
		return error_ssl(e, ERROR_INPUT,
		    "neither PEM nor PKCS#12 can be read from it");
	if (PKCS12_verify_mac(p12, "", 0) != 1) {
		ERR_clear_error();
		n = key_ask(pass, sizeof(pass), 0, a);
	}
	if (n < 0 || PKCS12_parse(p12, pass, &id->key, &id->cert,
	    &id->chain) != 1)
		key_asker_error(a, "open PKCS#12");
	else if (id->key == NULL || id->cert == NULL)
		error_set(e, ERROR_INPUT, "PKCS#12 without key or certificate");
	else
		rc = 0;
	OPENSSL_cleanse(pass, sizeof(pass));
	PKCS12_free(p12);
	return rc;
}

/* A file with key and certificates: PEM, or PKCS#12. */
static int
load_one_file(struct identity *id, const char *path, struct key_asker *a,
    struct error *e)
{
	struct buf	 data = { 0 };
	int		 rc = -1;

	if (file_load(&data, path, CERT_FILE_MAX, e) == -1)
		return -1;
	if (is_pem(&data)) {
		if (key_pem_load(&id->key, path, a, e) == 0 &&
		    cert_load_chain(&id->chain, path, e) == 0)
			rc = identity_pick(id, path, e);
	} else if ((rc = load_pkcs12(id, &data, a, e)) == -1)
		error_wrap(e, "%s", path);
	OPENSSL_cleanse(data.p, data.len);
	buf_clear(&data);
	return rc;
}

int
identity_load(struct identity *id, const char *key_uri,
    const char *cert_path, const char *passphrase_from, struct error *e)
{
	struct key_asker	 a =
	    { passphrase_from, key_uri, { NULL, 0 }, e, 0 };
	const char		*path = strncmp(key_uri, "file:", 5) == 0 ?
	    key_uri + 5 : key_uri;
	int			 rc;

	memset(id, 0, sizeof(*id));
	error_clear(e);
	if (token_is_uri(key_uri))
		rc = key_pkcs11_load(&id->key,
		    cert_path == NULL ? &id->cert : NULL, key_uri,
		    passphrase_from, e);
	else if (cert_path != NULL)
		rc = key_pem_load(&id->key, path, &a, e);
	else
		rc = load_one_file(id, path, &a, e);
	if (rc == 0 && cert_path != NULL &&
	    ((rc = cert_load_chain(&id->chain, cert_path, e)) == 0))
		rc = identity_pick(id, cert_path, e);
	if (rc == 0 && !key_matches(id->cert, id->key))
		rc = error_set(e, ERROR_CONFIG,
		    "%s: the certificate does not belong to the key", key_uri);
	secret_free(&a.secret);
	if (rc == -1)
		identity_free(id);
	return rc;
}

void
identity_free(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
	sk_X509_pop_free(id->chain, X509_free);
	memset(id, 0, sizeof(*id));
}
