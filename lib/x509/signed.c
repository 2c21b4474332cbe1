/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>
#include <openssl/pem.h>	/* first: cms.h declares PEM functions by it */
#include <openssl/cms.h>
#include <openssl/err.h>
#include "base/base64.h"
#include "x509/alg.h"
#include "x509/cert.h"
#include "x509/der.h"
#include "x509/signed.h"

#define DEPTH	40
#define BEGIN	"-----BEGIN CMS-----"
#define END	"-----END CMS-----"

/* The time is the caller's: a library reads no clock. */
static int
set_time(CMS_SignerInfo *si, int64_t at)
{
	ASN1_TIME	*t;
	int		 ok;

	if ((t = ASN1_TIME_set(NULL, (time_t)at)) == NULL)
		return 0;
	ok = CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime, t->type,
	    t, -1);
	ASN1_TIME_free(t);
	return ok;
}

/* The chain goes along, so that a receiver with the root alone can follow. */
static int
add_chain(CMS_ContentInfo *cms, const struct identity *id)
{
	X509	*cert;
	int	 i;

	for (i = 0; i < sk_X509_num(id->chain); i++) {
		cert = sk_X509_value(id->chain, i);
		if (!cert_is_same(cert, id->cert) &&
		    CMS_add1_cert(cms, cert) != 1)
			return 0;
	}
	return 1;
}

static int
sign(CMS_ContentInfo *cms, struct bytes content, int64_t at,
    const struct identity *id, struct error *e)
{
	const EVP_MD	*md;
	CMS_SignerInfo	*si;
	BIO		*in = NULL;
	int		 rc = -1;

	if (alg_cms_hash(&md, id->key, e) == -1)
		goto out;
	if ((in = BIO_new_mem_buf(content.p, (int)content.len)) == NULL ||
	    (si = CMS_add1_signer(cms, id->cert, id->key, md,
	    CMS_BINARY | CMS_NOSMIMECAP)) == NULL || set_time(si, at) != 1 ||
	    add_chain(cms, id) != 1 ||
	    CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		key_error(id->key, e, "sign text");
	else
		rc = 0;
 out:
	BIO_free(in);
	return rc;
}

/* Without memory OpenSSL leaves out some of the content or of what it has signed of
 * it, and says that all is well. */
static int
check_made(struct bytes pem, struct bytes content, struct error *e)
{
	struct buf	 is = { 0 };
	struct error	 why = ERROR_INIT;
	X509		*by = NULL;
	int		 rc;

	if ((rc = signed_open(&is, &by, NULL, pem, &why)) == -1 ||
	    !bytes_equal(BYTES(is.p, is.len), content))
		rc = error_set(e, ERROR_CRYPTO, "sign text: it cannot be read "
		    "back%s%s", rc == -1 ? ": " : "", why.text);
	X509_free(by);
	buf_clear(&is);
	return rc;
}

int
signed_make(struct buf *out, struct bytes content, int64_t at,
    const struct identity *id, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	BIO		*bio = NULL;
	char		*p;
	long		 n;
	int		 rc = -1;

	if (content.len > SIGNED_MAX / 2)
		return error_set(e, ERROR_INPUT,
		    "text of %zu bytes is too long to sign", content.len);
	if ((cms = CMS_sign(NULL, NULL, NULL, NULL,
	    CMS_PARTIAL | CMS_BINARY)) == NULL ||
	    (bio = BIO_new(BIO_s_mem())) == NULL) {
		error_ssl(e, ERROR_CRYPTO, "sign text");
		goto out;
	}
	if (sign(cms, content, at, id, e) == -1)
		goto out;
	if (PEM_write_bio_CMS(bio, cms) != 1) {
		error_ssl(e, ERROR_CRYPTO, "encode signed text");
		goto out;
	}
	n = BIO_get_mem_data(bio, &p);
	if ((rc = check_made(BYTES((uint8_t *)p, (size_t)n), content, e)) == 0)
		buf_add(out, p, (size_t)n);
 out:
	BIO_free(bio);
	CMS_ContentInfo_free(cms);
	return rc;
}

static int
bad(struct error *e, const char *why)
{
	return error_set(e, ERROR_INPUT, "not a signed text: %s", why);
}

int
signed_next(struct bytes *in, struct bytes *block, struct error *e)
{
	const uint8_t	*begin, *end;

	if (in->len == 0 ||
	    (begin = memmem(in->p, in->len, BEGIN, strlen(BEGIN))) == NULL)
		return 0;
	in->len -= (size_t)(begin - in->p);
	in->p = begin;
	if ((end = memmem(in->p, in->len, END, strlen(END))) == NULL)
		return bad(e, "no line " END);
	end += strlen(END);
	*block = BYTES(begin, (size_t)(end - begin));
	in->len -= block->len;
	in->p = end;
	return 1;
}

/* The block's DER.  Lines may be of any length; nothing else may be there. */
static int
block_der(struct buf *der, struct bytes block, struct error *e)
{
	struct buf	 dense = { 0 };
	size_t		 i;
	int		 rc = -1;

	for (i = strlen(BEGIN); i < block.len - strlen(END); i++)
		if (block.p[i] != '\n' && block.p[i] != '\r')
			buf_byte(&dense, block.p[i]);
	if (dense.len == 0)
		bad(e, "empty");
	else if (base64_parse(der, buf_cstr(&dense), dense.len, e) == -1)
		error_wrap(e, "signed text");
	else
		rc = der_check(BYTES(der->p, der->len), DEPTH, e);
	buf_clear(&dense);
	return rc;
}

/* Whitespace and nothing else. */
static bool
is_blank(struct bytes b)
{
	size_t	 i;

	for (i = 0; i < b.len; i++)
		if (strchr(" \t\r\n", b.p[i]) == NULL || b.p[i] == '\0')
			return false;
	return true;
}

static int
only_block(struct buf *der, struct bytes pem, struct error *e)
{
	struct bytes	 rest = pem, block;
	int		 found;

	if (pem.len > SIGNED_MAX)
		return bad(e, "too long");
	if ((found = signed_next(&rest, &block, e)) == -1)
		return -1;
	if (found == 0)
		return bad(e, "no line " BEGIN);
	if (!is_blank(BYTES(pem.p, (size_t)(block.p - pem.p))) ||
	    !is_blank(rest))
		return bad(e, "something beside the one block");
	return block_der(der, block, e);
}

/* One SignerInfo, whose certificate is inside. */
static int
find_signer(CMS_ContentInfo *cms, X509 **signer, STACK_OF(X509) **others,
    struct error *e)
{
	STACK_OF(CMS_SignerInfo)	*sis = CMS_get0_SignerInfos(cms);
	STACK_OF(X509)			*certs = CMS_get1_certs(cms);
	CMS_SignerInfo			*si;
	int				 i, rc = -1;

	if (sis == NULL || sk_CMS_SignerInfo_num(sis) != 1) {
		bad(e, "it does not have exactly one signature");
		goto out;
	}
	si = sk_CMS_SignerInfo_value(sis, 0);
	for (i = 0; i < sk_X509_num(certs) && *signer == NULL; i++)
		if (CMS_SignerInfo_cert_cmp(si, sk_X509_value(certs, i)) == 0)
			*signer = sk_X509_delete(certs, i);
	if (*signer == NULL) {
		bad(e, "the signer's certificate is missing");
		goto out;
	}
	CMS_SignerInfo_set1_signer_cert(si, *signer);
	if (others != NULL) {
		*others = certs;
		certs = NULL;
	}
	rc = 0;
 out:
	sk_X509_pop_free(certs, X509_free);
	ERR_clear_error();
	return rc;
}

static int
check_signature(struct buf *content, CMS_ContentInfo *cms, struct error *e)
{
	BIO	*bio;
	char	*p;
	long	 n;
	int	 rc = -1;

	if ((bio = BIO_new(BIO_s_mem())) == NULL)
		return error_ssl(e, ERROR_CRYPTO, "verify signed text");
	if (CMS_verify(cms, NULL, NULL, NULL, bio, CMS_BINARY |
	    CMS_NO_SIGNER_CERT_VERIFY) != 1)
		error_ssl(e, ERROR_CRYPTO, "signature does not verify");
	else {
		n = BIO_get_mem_data(bio, &p);
		buf_add(content, p, (size_t)n);
		rc = 0;
	}
	BIO_free(bio);
	return rc;
}

int
signed_open(struct buf *content, X509 **signer, STACK_OF(X509) **others,
    struct bytes pem, struct error *e)
{
	struct buf		 der = { 0 };
	CMS_ContentInfo		*cms = NULL;
	const unsigned char	*p;
	int			 rc = -1;

	*signer = NULL;
	if (others != NULL)
		*others = NULL;
	if (only_block(&der, pem, e) == -1)
		goto out;
	p = der.p;
	if ((cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len)) == NULL ||
	    p != der.p + der.len ||
	    OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed ||
	    CMS_is_detached(cms) != 0) {
		ERR_clear_error();
		bad(e, "not CMS SignedData with its content");
		goto out;
	}
	if (find_signer(cms, signer, others, e) == -1)
		goto out;
	rc = check_signature(content, cms, e);
 out:
	if (rc == -1) {
		X509_free(*signer);
		*signer = NULL;
		if (others != NULL) {
			sk_X509_pop_free(*others, X509_free);
			*others = NULL;
		}
	}
	CMS_ContentInfo_free(cms);
	buf_clear(&der);
	return rc;
}
