/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may sign answers: RFC 6960, 4.2.2.2.  Clients accept one that the CA's
 * own key has certified for it, and every client known accepts no other.
 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "x509/cert_private.h"
#include "x509/key.h"
#include "x509/ocsp_private.h"

static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_CONFIG, "OCSP signer: %s", what);
}

static int
check_issuer(X509 *signer, X509 *ca, struct error *e)
{
	if (X509_NAME_cmp(X509_get_issuer_name(signer),
	    X509_get_subject_name(ca)) != 0)
		return bad(e, "its certificate is by another CA");
	if (X509_verify(signer, X509_get0_pubkey(ca)) != 1) {
		ERR_clear_error();
		return bad(e, "its certificate is not signed by the CA's key");
	}
	if (key_matches(ca, X509_get0_pubkey(signer)))
		return bad(e, "its key is the CA's own");
	return 0;
}

static int
check_extensions(X509 *signer, struct error *e)
{
	uint32_t	 usage = X509_get_key_usage(signer);

	/* anyExtendedKeyUsage does not count. */
	if ((X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) == 0)
		return bad(e, "its certificate is not for OCSPSigning");
	if ((usage & KU_DIGITAL_SIGNATURE) == 0)
		return bad(e, "its certificate is not for signing");
	if (X509_get_ext_by_NID(signer, NID_id_pkix_OCSP_noCheck, -1) == -1)
		return bad(e, "its certificate lacks id-pkix-ocsp-nocheck, so"
		    " clients would ask for its own status");
	return 0;
}

static int
check_times(int64_t from, int64_t to, int64_t now, struct error *e)
{
	if (now < from)
		return bad(e, "its certificate is not valid yet");
	if (now > to)
		return bad(e, "its certificate has expired");
	return 0;
}

static int
signer_times(X509 *signer, int64_t *from, int64_t *to, struct error *e)
{
	if (cert_time(from, X509_get0_notBefore(signer), e) == -1 ||
	    cert_time(to, X509_get0_notAfter(signer), e) == -1)
		return error_wrap(e, "OCSP signer");
	return 0;
}

int
ocsp_signer_check(X509 *signer, X509 *ca, int64_t now, struct error *e)
{
	int64_t	 from, to;

	if (check_issuer(signer, ca, e) == -1 ||
	    check_extensions(signer, e) == -1 ||
	    signer_times(signer, &from, &to, e) == -1)
		return -1;
	return check_times(from, to, now, e);
}

/* SHA-1 of the key, the BIT STRING's octets: RFC 6960, 4.2.1, KeyHash. */
static int
fill(struct ocsp_signer *s, struct error *e)
{
	const ASN1_BIT_STRING	*key = X509_get0_pubkey_bitstr(s->cert);
	unsigned char		*der = NULL;
	int			 n;

	if (EVP_Digest(ASN1_STRING_get0_data(key),
	    (size_t)ASN1_STRING_length(key), s->key_hash, NULL, EVP_sha1(),
	    NULL) != 1 || (n = i2d_X509(s->cert, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "OCSP signer");
	buf_add(&s->cert_der, der, (size_t)n);
	OPENSSL_free(der);
	return signer_times(s->cert, &s->not_before, &s->not_after, e);
}

int
ocsp_signer_init(struct ocsp_signer *s, X509 *cert, EVP_PKEY *key, X509 *ca,
    int64_t now, struct error *e)
{
	memset(s, 0, sizeof(*s));
	if (!key_matches(cert, key))
		return bad(e, "its certificate does not belong to the key");
	if (ocsp_signer_check(cert, ca, now, e) == -1)
		return -1;
	X509_up_ref(cert);
	s->cert = cert;
	EVP_PKEY_up_ref(key);
	s->key = key;
	if (fill(s, e) == 0)
		return 0;
	ocsp_signer_clear(s);
	return -1;
}

void
ocsp_signer_clear(struct ocsp_signer *s)
{
	X509_free(s->cert);
	EVP_PKEY_free(s->key);
	buf_clear(&s->cert_der);
	memset(s, 0, sizeof(*s));
}
