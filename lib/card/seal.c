/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "card/seal.h"
#include "card/seal_form.h"
#include "x509/alg.h"
#include "x509/key.h"
#include "x509/token.h"

#define RSA_BITS_MIN	2048
#define EC_BITS_MIN	256

/* ---- recipients ---- */

static int
check_key(X509 *cert, struct error *e)
{
	EVP_PKEY	*key = X509_get0_pubkey(cert);
	uint32_t	 usage = X509_get_key_usage(cert), need;
	int		 min;

	if (key == NULL)
		return error_ssl(e, ERROR_CONFIG, "its key");
	if (alg_key_is(key, "RSA")) {
		need = KU_KEY_ENCIPHERMENT;
		min = RSA_BITS_MIN;
	} else if (alg_key_is(key, "EC")) {
		need = KU_KEY_AGREEMENT;
		min = EC_BITS_MIN;
	} else
		return error_set(e, ERROR_CONFIG, "its key is neither RSA nor "
		    "EC");
	if (EVP_PKEY_get_bits(key) < min)
		return error_set(e, ERROR_CONFIG, "its key has only %d bits",
		    EVP_PKEY_get_bits(key));
	return (usage & need) != 0 ? 0 : error_set(e, ERROR_CONFIG,
	    "its key usage has no %s", need == KU_KEY_AGREEMENT ?
	    "keyAgreement" : "keyEncipherment");
}

int
seal_add_cert(struct seal *s, X509 *cert, int64_t now, struct error *e)
{
	time_t	t = (time_t)now;

	if (X509_cmp_time(X509_get0_notBefore(cert), &t) >= 0)
		return error_set(e, ERROR_CONFIG, "it is not valid yet");
	if (X509_cmp_time(X509_get0_notAfter(cert), &t) <= 0)
		return error_set(e, ERROR_CONFIG, "it has expired");
	if (check_key(cert, e) == -1)
		return -1;
	if (s->to == NULL)
		s->to = sk_X509_new_null();
	if (s->to == NULL || X509_up_ref(cert) != 1)
		return error_ssl(e, ERROR_NOMEM, "recipient");
	if (sk_X509_push(s->to, cert) <= 0) {
		X509_free(cert);
		return error_ssl(e, ERROR_NOMEM, "recipient");
	}
	return 0;
}

int
seal_add(struct seal *s, const char *path, int64_t now, struct error *e)
{
	X509	*cert = NULL;
	int	 rc;

	if (cert_load(&cert, path, e) == -1)
		return -1;
	if ((rc = seal_add_cert(s, cert, now, e)) == -1) {
		error_wrap(e, "%s", path);
		error_hint(e, "secrets are sealed to a certificate made for "
		    "that");
	}
	X509_free(cert);
	return rc;
}

void
seal_clear(struct seal *s)
{
	sk_X509_pop_free(s->to, X509_free);
	s->to = NULL;
}

/* ---- sealing ---- */

static int
set_scheme(CMS_RecipientInfo *info, X509 *cert, struct error *e)
{
	EVP_PKEY_CTX	*ctx = CMS_RecipientInfo_get0_pkey_ctx(info);
	int		 ok;

	if (alg_key_is(X509_get0_pubkey(cert), "RSA"))
		ok = EVP_PKEY_CTX_set_rsa_padding(ctx,
		    RSA_PKCS1_OAEP_PADDING) > 0 &&
		    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 &&
		    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0;
	else
		ok = EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
	return ok ? 0 : error_ssl(e, ERROR_CRYPTO, "recipient's scheme");
}

static int
add_recipients(CMS_ContentInfo *cms, const struct seal *s, struct error *e)
{
	CMS_RecipientInfo	*info;
	int			 i;

	for (i = 0; i < sk_X509_num(s->to); i++) {
		info = CMS_add1_recipient_cert(cms, sk_X509_value(s->to, i),
		    CMS_KEY_PARAM);
		if (info == NULL)
			return error_ssl(e, ERROR_CRYPTO, "add a recipient");
		if (set_scheme(info, sk_X509_value(s->to, i), e) == -1)
			return -1;
	}
	return 0;
}

/* Without memory OpenSSL leaves out the content, or some of it, and says that all is
 * well.  As many octets as went in come out of GCM, in their order. */
static int
check_made(CMS_ContentInfo *cms, size_t len, struct error *e)
{
	ASN1_OCTET_STRING	**content = CMS_get0_content(cms);

	if (content == NULL || *content == NULL ||
	    (size_t)ASN1_STRING_length(*content) != len)
		return error_set(e, ERROR_CRYPTO, "not all was encrypted");
	return 0;
}

static int
append_der(struct buf *out, CMS_ContentInfo *cms, struct error *e)
{
	unsigned char	*der = NULL;
	int		 len = i2d_CMS_ContentInfo(cms, &der);

	if (len <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return 0;
}

int
seal_make(struct buf *out, const struct seal *s, const void *clear,
    size_t len, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	BIO		*in = NULL;
	int		 rc = -1;

	if (s->to == NULL || sk_X509_num(s->to) == 0)
		return error_set(e, ERROR_BUG, "seal: to nobody");
	if (len == 0 || len > SEAL_CLEAR_MAX)
		return error_set(e, ERROR_BUG, "seal: %zu bytes", len);
	in = BIO_new_mem_buf(clear, (int)len);
	cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(),
	    CMS_BINARY | CMS_PARTIAL);
	if (in == NULL || cms == NULL) {
		error_ssl(e, ERROR_CRYPTO, "begin");
		goto out;
	}
	if (add_recipients(cms, s, e) == -1)
		goto out;
	if (CMS_final(cms, in, NULL, CMS_BINARY) != 1) {
		error_ssl(e, ERROR_CRYPTO, "encrypt");
		goto out;
	}
	if ((rc = check_made(cms, len, e)) == 0)
		rc = append_der(out, cms, e);
 out:
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return rc == 0 ? 0 : error_wrap(e, "seal");
}

/* ---- opening ---- */

static int
parse(CMS_ContentInfo **cms, struct bytes sealed, struct error *e)
{
	const unsigned char	*p = sealed.p;

	if (seal_form_check(sealed, e) == -1)
		return -1;
	*cms = d2i_CMS_ContentInfo(NULL, &p, (long)sealed.len);
	return *cms != NULL ? 0 : error_ssl(e, ERROR_INPUT, "not a CMS "
	    "message");
}

/* A token that is away is another thing than a seal of somebody else's. */
static void
why_not(EVP_PKEY *key, struct error *e)
{
	struct token_key	*k = token_key_of(key);

	if (k != NULL)
		token_key_failure(k, e);
	if (e->code == ERROR_NONE)
		error_ssl(e, ERROR_DENIED, "not sealed to this key, or "
		    "altered");
	ERR_clear_error();
}

static int
open_into(BIO *out, struct bytes sealed, X509 *cert, EVP_PKEY *key,
    struct bytes *clear, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	char		*p;
	long		 n;
	int		 rc = -1;

	if (parse(&cms, sealed, e) == -1)
		goto done;
	if (out == NULL || CMS_decrypt(cms, key, cert, NULL, out,
	    CMS_BINARY) != 1) {
		why_not(key, e);
		goto done;
	}
	n = BIO_get_mem_data(out, &p);
	*clear = BYTES(p, n > 0 ? (size_t)n : 0);
	rc = n > 0 ? 0 : error_set(e, ERROR_INPUT, "nothing is in it");
 done:
	CMS_ContentInfo_free(cms);
	return rc == 0 ? 0 : error_wrap(e, "open what is sealed");
}

int
seal_open(struct secret *clear, struct bytes sealed, X509 *cert,
    EVP_PKEY *key, struct error *e)
{
	BIO		*out = BIO_new(BIO_s_secmem());
	struct bytes	 p;
	int		 rc = open_into(out, sealed, cert, key, &p, e);

	if (rc == 0)
		rc = secret_set(clear, p.p, p.len, e);
	BIO_free(out);
	return rc;
}

int
seal_open_much(struct buf *clear, struct bytes sealed, X509 *cert,
    EVP_PKEY *key, struct error *e)
{
	BIO		*out = BIO_new(BIO_s_mem());
	struct bytes	 p;
	int		 rc = open_into(out, sealed, cert, key, &p, e);

	if (rc == 0)
		buf_add(clear, p.p, p.len);
	BIO_free(out);
	return rc;
}
