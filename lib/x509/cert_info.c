/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include "base/text.h"
#include "x509/cert.h"
#include "x509/cert_private.h"
#include "x509/der.h"

int
cert_time(int64_t *t, const ASN1_TIME *a, struct error *e)
{
	struct tm	 tm;

	if (ASN1_TIME_to_tm(a, &tm) != 1)
		return error_ssl(e, ERROR_INPUT, "read time");
	*t = timegm(&tm);
	return 0;
}

static int
info_serial(struct cert_info *i, X509 *cert, struct error *e)
{
	const ASN1_INTEGER	*a = X509_get0_serialNumber(cert);
	int			 n = ASN1_STRING_length(a);

	if (n < 1 || (size_t)n > sizeof(i->serial) ||
	    ASN1_STRING_type(a) != V_ASN1_INTEGER)
		return error_set(e, ERROR_INPUT, "certificate: serial number"
		    " is negative or longer than %zu octets",
		    sizeof(i->serial));
	memcpy(i->serial, ASN1_STRING_get0_data(a), (size_t)n);
	i->serial_len = (size_t)n;
	return 0;
}

static int
info_digests(struct cert_info *i, X509 *cert, struct error *e)
{
	unsigned char	*der = NULL;
	unsigned int	 len;
	int		 n, ok;

	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	ok = n > 0 && EVP_Digest(der, (size_t)n, i->key_digest, NULL,
	    EVP_sha256(), NULL) == 1 &&
	    X509_digest(cert, EVP_sha256(), i->digest, &len) == 1;
	OPENSSL_free(der);
	return ok ? 0 : error_ssl(e, ERROR_CRYPTO, "digest certificate");
}

int
cert_info(struct cert_info *i, X509 *cert, struct error *e)
{
	memset(i, 0, sizeof(*i));
	if (info_serial(i, cert, e) == -1 || info_digests(i, cert, e) == -1 ||
	    cert_time(&i->not_before, X509_get0_notBefore(cert), e) == -1 ||
	    cert_time(&i->not_after, X509_get0_notAfter(cert), e) == -1)
		return -1;
	i->subject = name_text(X509_get_subject_name(cert));
	return 0;
}

void
cert_info_clear(struct cert_info *i)
{
	mem_free(&i->subject);
	memset(i, 0, sizeof(*i));
}

/* Read without memory of OpenSSL's: who could not look would take an officer for
 * one who has no role, whose certificate is less well guarded. */
enum role
cert_role_in(struct bytes ext_key_usage)
{
	struct error	 e = ERROR_INIT;
	struct bytes	 in, oid;
	enum role	 role = ROLE_NONE;
	int		 r, n = 0;

	if (der_check(ext_key_usage, 2, &e) == -1 ||
	    der_take(&ext_key_usage, DER_SEQUENCE, &in) == -1)
		return ROLE_NONE;
	while (in.len > 0) {
		if (der_take(&in, DER_OID, &oid) == -1)
			return ROLE_NONE;
		for (r = ROLE_NONE + 1; r < ROLE__MAX; r++)
			if (role_oid((enum role)r) != NULL &&
			    der_is_oid(oid, role_oid((enum role)r))) {
				role = (enum role)r;
				n++;
			}
	}
	return n == 1 ? role : ROLE_NONE;	/* never two hats */
}

enum role
cert_role(X509 *cert)
{
	return cert_role_in(cert_extension(cert, NID_ext_key_usage));
}

struct bytes
cert_extension(X509 *cert, int nid)
{
	const ASN1_OCTET_STRING	*v;
	int			 i = X509_get_ext_by_NID(cert, nid, -1);

	if (i < 0 || X509_get_ext_by_NID(cert, nid, i) >= 0)
		return BYTES(NULL, 0);
	v = X509_EXTENSION_get_data(X509_get_ext(cert, i));
	return BYTES(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v));
}

int
cert_person(X509 *cert, char dst[65])
{
	const X509_NAME		*name = X509_get_subject_name(cert);
	const ASN1_STRING	*s;
	int			 i, n;

	dst[0] = '\0';
	i = X509_NAME_get_index_by_NID(name, NID_serialNumber, -1);
	if (i < 0)
		return 0;
	if (X509_NAME_get_index_by_NID(name, NID_serialNumber, i) >= 0)
		return -1;
	s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
	n = ASN1_STRING_length(s);
	if (n > 64 || !text_is_clean((const char *)ASN1_STRING_get0_data(s),
	    (size_t)n, 64))
		return -1;
	memcpy(dst, ASN1_STRING_get0_data(s), (size_t)n);
	dst[n] = '\0';
	return 0;
}

/* Auth level 2 is 112 bits: no RSA under 2048, no SHA-1. */
static int
verify_at(X509_STORE_CTX *ctx, STACK_OF(X509) *anchors, int64_t t)
{
	X509_VERIFY_PARAM	*param = X509_STORE_CTX_get0_param(ctx);

	X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
	X509_VERIFY_PARAM_set_time(param, (time_t)t);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_depth(param, 8);
	return X509_verify_cert(ctx);
}

bool
cert_is_same(const X509 *a, const X509 *b)
{
	unsigned char	*x = NULL, *y = NULL;
	int		 n = i2d_X509(a, &x), m = i2d_X509(b, &y);
	bool		 same;

	if (n <= 0 || m <= 0)
		mem_fail();
	same = n == m && memcmp(x, y, (size_t)n) == 0;
	OPENSSL_free(x);
	OPENSSL_free(y);
	return same;
}

int
cert_find_ext(void **out, const X509 *cert, int nid, struct error *e)
{
	int	 critical;

	*out = X509_get_ext_d2i(cert, nid, &critical, NULL);
	if (*out != NULL)
		return 1;
	if (critical == -1) {
		ERR_clear_error();
		return 0;
	}
	return error_ssl(e, ERROR_INPUT, "extension %s", OBJ_nid2sn(nid));
}

bool
cert_is_by(X509 *cert, X509 *ca)
{
	bool	 is = X509_NAME_cmp(X509_get_issuer_name(cert),
		    X509_get_subject_name(ca)) == 0 &&
		    X509_verify(cert, X509_get0_pubkey(ca)) == 1;

	ERR_clear_error();
	return is;
}

int
cert_verify_chain(X509 *cert, STACK_OF(X509) *untrusted,
    STACK_OF(X509) *anchors, int64_t t, struct error *e)
{
	X509_STORE_CTX	*ctx = X509_STORE_CTX_new();
	char		*who = NULL;
	int		 ok, why, rc = -1;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, NULL, cert, untrusted) != 1) {
		error_ssl(e, ERROR_NOMEM, "verify chain");
		goto out;
	}
	ok = verify_at(ctx, anchors, t);
	why = X509_STORE_CTX_get_error(ctx);
	ERR_clear_error();
	if (ok == 1) {
		rc = 0;
		goto out;
	}
	who = name_text(X509_get_subject_name(cert));
	error_set(e, ERROR_DENIED, "certificate of %s: %s", who,
	    X509_verify_cert_error_string(why));
 out:
	mem_free(&who);
	X509_STORE_CTX_free(ctx);
	return rc;
}
