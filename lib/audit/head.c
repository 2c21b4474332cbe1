/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include "audit/head.h"
#include "base/clock.h"
#include "base/text.h"
#include "x509/alg.h"
#include "x509/cert.h"
#include "x509/der.h"

#define DEPTH		24	/* names in ESS attributes in SignerInfos */
#define CMS_MAX		(64 * 1024)
#define SIGN_FLAGS	(CMS_PARTIAL | CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP)

static int
head_text(struct buf *out, const struct audit_signed_head *h, struct error *e)
{
	char	 hash[2 * AUDIT_HASH + 1], at[TEXT_TIME_SIZE];

	if (h->head.seq < 0 || !text_is_name(h->instance))
		return error_set(e, ERROR_BUG,
		    "bad sequence or instance");
	buf_printf(out, "seq=%lld\nhash=%s\nat=%s\ninstance=%s\n",
	    (long long)h->head.seq, text_hex(hash, h->head.hash, AUDIT_HASH),
	    text_time(at, h->at), h->instance);
	return 0;
}

/* ---- signing ---- */

static int
add_signer(CMS_ContentInfo *cms, const struct identity *id, int64_t at,
    struct error *e)
{
	const EVP_MD	*md;
	CMS_SignerInfo	*si;
	ASN1_TIME	*t = NULL;
	int		 ok, i;

	if (alg_cms_hash(&md, id->key, e) == -1)
		return -1;
	ok = (t = ASN1_TIME_set(NULL, (time_t)at)) != NULL &&
	    (si = CMS_add1_signer(cms, id->cert, id->key, md, SIGN_FLAGS)) !=
	    NULL && CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime,
	    ASN1_STRING_type(t), t, -1) == 1;
	for (i = 0; ok && i < sk_X509_num(id->chain); i++)
		ok = cert_is_same(sk_X509_value(id->chain, i), id->cert) ||
		    CMS_add1_cert(cms, sk_X509_value(id->chain, i)) == 1;
	ASN1_TIME_free(t);
	return ok ? 0 : error_ssl(e, ERROR_CRYPTO, "sign");
}

static int
put_cms(struct buf *out, CMS_ContentInfo *cms, struct error *e)
{
	unsigned char	*der = NULL;
	int		 n;

	if ((n = i2d_CMS_ContentInfo(cms, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

static int
cms_parse(CMS_ContentInfo **cms, struct bytes der, struct error *e)
{
	const unsigned char	*p = der.p;

	if (der.len > CMS_MAX)
		return error_set(e, ERROR_INPUT, "%zu bytes, more than %d",
		    der.len, CMS_MAX);
	if (der_check(der, DEPTH, e) == -1)
		return -1;
	if ((*cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len)) == NULL ||
	    OBJ_obj2nid(CMS_get0_type(*cms)) != NID_pkcs7_signed ||
	    OBJ_obj2nid(CMS_get0_eContentType(*cms)) != NID_pkcs7_data) {
		ERR_clear_error();
		return error_set(e, ERROR_INPUT, "not CMS SignedData of text");
	}
	if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(*cms)) != 1)
		return error_set(e, ERROR_INPUT, "not exactly one signature");
	return 0;
}

/* Without memory OpenSSL leaves out some of the content or of what it has signed of
 * it, and says that all is well. */
static int
check_made(struct bytes der, struct bytes text, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	BIO		*content = BIO_new(BIO_s_mem());
	char		*p;
	long		 n;
	int		 rc;

	if ((rc = cms_parse(&cms, der, e)) == 0 && (content == NULL ||
	    CMS_verify(cms, NULL, NULL, NULL, content, CMS_BINARY |
	    CMS_NO_SIGNER_CERT_VERIFY) != 1 ||
	    (n = BIO_get_mem_data(content, &p)) < 0 ||
	    !bytes_equal(BYTES((uint8_t *)p, (size_t)n), text)))
		rc = error_set(e, ERROR_CRYPTO, "it cannot be read back");
	BIO_free(content);
	CMS_ContentInfo_free(cms);
	return rc;
}

int
audit_head_sign(struct buf *out, const struct audit_signed_head *h,
    const struct identity *id, struct error *e)
{
	struct buf	 text = { 0 }, der = { 0 };
	BIO		*in = NULL;
	CMS_ContentInfo	*cms = NULL;
	int		 rc = -1;

	if (head_text(&text, h, e) == -1)
		goto out;
	if ((in = BIO_new_mem_buf(text.p, (int)text.len)) == NULL ||
	    (cms = CMS_sign(NULL, NULL, NULL, NULL,
	    CMS_PARTIAL | CMS_BINARY)) == NULL) {
		error_ssl(e, ERROR_CRYPTO, "sign");
		goto out;
	}
	if (add_signer(cms, id, h->at, e) == -1)
		goto out;
	if (CMS_final(cms, in, NULL, CMS_BINARY) != 1) {
		key_error(id->key, e, "sign");
		goto out;
	}
	if ((rc = put_cms(&der, cms, e)) == 0 && (rc = check_made(BYTES(der.p,
	    der.len), BYTES(text.p, text.len), e)) == 0)
		buf_add(out, der.p, der.len);
 out:
	if (rc == -1)
		error_wrap(e, "audit head");
	ERR_clear_error();
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	buf_clear(&der);
	buf_clear(&text);
	return rc;
}

/* ---- verifying ---- */

/* Take "name=VALUE\n"; the value is NUL-terminated in place. */
static const char *
line_take(char **text, const char *name)
{
	size_t	 n = strlen(name);
	char	*value = *text + n, *end;

	if (strncmp(*text, name, n) != 0 || (end = strchr(value, '\n')) ==
	    NULL)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return value;
}

static int
head_parse(struct audit_signed_head *h, char *text, struct error *e)
{
	const char	*seq, *hash, *at, *instance;
	size_t		 len;

	if ((seq = line_take(&text, "seq=")) == NULL ||
	    (hash = line_take(&text, "hash=")) == NULL ||
	    (at = line_take(&text, "at=")) == NULL ||
	    (instance = line_take(&text, "instance=")) == NULL ||
	    *text != '\0' || !text_is_name(instance))
		return error_set(e, ERROR_INPUT,
		    "content is not seq=, hash=, at=, instance=");
	if (text_parse_number(&h->head.seq, seq, 0, INT64_MAX, e) == -1 ||
	    text_unhex(h->head.hash, AUDIT_HASH, &len, hash, e) == -1 ||
	    text_parse_time(&h->at, at, e) == -1)
		return -1;
	if (len != AUDIT_HASH)
		return error_set(e, ERROR_INPUT, "hash has %zu bytes, not %d",
		    len, AUDIT_HASH);
	snprintf(h->instance, sizeof(h->instance), "%s", instance);
	return 0;
}

/* What was read must be what audit_head_sign() would have written. */
static int
head_check(const struct audit_signed_head *h, struct bytes content,
    struct error *e)
{
	struct buf	 again = { 0 };
	int		 rc;

	rc = head_text(&again, h, e);
	if (rc == 0 && !bytes_equal(BYTES(again.p, again.len), content))
		rc = error_set(e, ERROR_INPUT, "content is not canonical");
	buf_clear(&again);
	return rc;
}

static int
head_read(struct audit_signed_head *h, BIO *content, struct error *e)
{
	char	*data, *text;
	long	 n = BIO_get_mem_data(content, &data);
	int	 rc;

	text = mem_alloc((size_t)n + 1);
	memcpy(text, data, (size_t)n);
	rc = head_parse(h, text, e);
	if (rc == 0)
		rc = head_check(h, BYTES(data, (size_t)n), e);
	mem_free(&text);
	return rc;
}

/* At the time that the head states: an old head stays good when the agent's
 * certificate has expired since. */
static int
check_signer(CMS_ContentInfo *cms, int64_t at, STACK_OF(X509) *anchors,
    STACK_OF(X509) *intermediates, struct error *e)
{
	STACK_OF(X509)	*signers = CMS_get0_signers(cms);
	X509		*cert;
	int		 rc = -1;

	if (sk_X509_num(signers) != 1) {
		error_set(e, ERROR_INPUT, "%d signers, not one",
		    sk_X509_num(signers));
		goto out;
	}
	cert = sk_X509_value(signers, 0);
	if (cert_role(cert) != ROLE_CA_AGENT) {
		error_set(e, ERROR_DENIED, "the signer is not a CA agent");
		goto out;
	}
	rc = cert_verify_chain(cert, intermediates, anchors, at, e);
 out:
	sk_X509_free(signers);
	return rc;
}

int
audit_head_verify(struct audit_signed_head *h, struct bytes der,
    STACK_OF(X509) *anchors, STACK_OF(X509) *intermediates, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	BIO		*content = BIO_new(BIO_s_mem());
	int		 rc = -1;

	memset(h, 0, sizeof(*h));
	if (cms_parse(&cms, der, e) == -1)
		goto out;
	if (content == NULL || CMS_verify(cms, NULL, NULL, NULL, content,
	    CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1) {
		ERR_clear_error();
		error_set(e, ERROR_CRYPTO, "signature does not verify");
		goto out;
	}
	if (head_read(h, content, e) == -1 ||
	    check_signer(cms, h->at, anchors, intermediates, e) == -1)
		goto out;
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "audit head");
	BIO_free(content);
	CMS_ContentInfo_free(cms);
	return rc;
}
