/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include "base/base64.h"
#include "cli/cert_file.h"
#include "cli/list.h"

int
cert_file_check_format(const char *format, struct error *e)
{
	static const char *const	formats[] = { "pem", "der", "p7b" };

	return list_check_word("--format", format, formats, 3, e);
}

int
cert_file_parse(struct cli *c, const struct db_cert *row, X509 **out,
    struct error *e)
{
	const struct desk_issuer	*ca;
	const unsigned char	*p = row->der.p;
	X509			*x;

	if ((x = d2i_X509(NULL, &p, (long)row->der.len)) == NULL)
		return error_ssl(e, ERROR_DENIED, "the store's certificate");
	ca = desk_issuer_of(&c->desk, x);
	if (ca == NULL || strcmp(ca->name, row->ca) != 0) {
		X509_free(x);
		return error_set(e, ERROR_DENIED, "the store's certificate is "
		    "not signed by CA %s", row->ca);
	}
	*out = x;
	return 0;
}

static int
add_pem(struct buf *out, X509 *x, struct error *e)
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(x, &der);

	if (n <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode certificate");
	base64_put_pem(out, "CERTIFICATE", BYTES(der, (size_t)n));
	OPENSSL_free(der);
	return 0;
}

static bool
is_root(X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x),
	    X509_get_issuer_name(x)) == 0;
}

/* Issuing CA and what follows it in its file, without the root. */
static STACK_OF(X509) *
chain_of(struct cli *c, X509 *x)
{
	const struct desk_issuer	*ca = desk_issuer_of(&c->desk, x);
	STACK_OF(X509)		*chain = sk_X509_new_null();
	int			 i;

	if (chain == NULL || ca == NULL)
		return chain;
	sk_X509_push(chain, ca->cert);
	for (i = 0; i < sk_X509_num(ca->chain); i++)
		if (!is_root(sk_X509_value(ca->chain, i)))
			sk_X509_push(chain, sk_X509_value(ca->chain, i));
	return chain;
}

static int
encode_pem(struct buf *out, X509 *x, STACK_OF(X509) *chain, struct error *e)
{
	int	i;

	if (add_pem(out, x, e) == -1)
		return -1;
	for (i = 0; i < sk_X509_num(chain); i++)
		if (add_pem(out, sk_X509_value(chain, i), e) == -1)
			return -1;
	return 0;
}

/* Certificates only: SignedData without a signer. */
static int
encode_pkcs7(struct buf *out, X509 *x, STACK_OF(X509) *chain,
    struct error *e)
{
	PKCS7		*p7 = PKCS7_new();
	unsigned char	*der = NULL;
	int		 i, n = 0, ok;

	ok = p7 != NULL && PKCS7_set_type(p7, NID_pkcs7_signed) == 1 &&
	    PKCS7_content_new(p7, NID_pkcs7_data) == 1 &&
	    PKCS7_set_detached(p7, 1) == 1 &&
	    PKCS7_add_certificate(p7, x) == 1;
	for (i = 0; ok && i < sk_X509_num(chain); i++)
		ok = PKCS7_add_certificate(p7, sk_X509_value(chain, i)) == 1;
	if (!ok || (n = i2d_PKCS7(p7, &der)) <= 0)
		error_ssl(e, ERROR_CRYPTO, "encode PKCS#7");
	else
		buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	PKCS7_free(p7);
	return n > 0 ? 0 : -1;
}

int
cert_file_encode(struct cli *c, struct buf *out, const struct db_cert *row,
    const char *format, bool with_chain, struct error *e)
{
	STACK_OF(X509)	*chain;
	X509		*x = NULL;
	int		 rc;

	if (cli_open_trust(c, e) == -1 ||
	    cert_file_parse(c, row, &x, e) == -1)
		return -1;
	if (strcmp(format, "der") == 0) {
		buf_add(out, row->der.p, row->der.len);
		X509_free(x);
		return 0;
	}
	chain = with_chain ? chain_of(c, x) : NULL;
	rc = strcmp(format, "p7b") == 0 ? encode_pkcs7(out, x, chain, e) :
	    encode_pem(out, x, chain, e);
	sk_X509_free(chain);
	X509_free(x);
	return rc;
}
