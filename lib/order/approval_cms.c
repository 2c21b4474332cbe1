/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CMS container of an order, before anybody asks who signed it.
 */
#include <string.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/der.h"

#define DEPTH		24	/* names in ESS attributes in SignerInfos */
#define CERTS_MAX	64

int
approval_digest(uint8_t *dst, const EVP_MD *md, struct bytes in,
    struct error *e)
{
	if (EVP_Digest(in.p, in.len, dst, NULL, md, NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	return 0;
}

static int
cms_is_order(CMS_ContentInfo *cms, struct error *e)
{
	ASN1_OBJECT		*ours = OBJ_txt2obj(OID_ORDER, 1);
	const ASN1_OBJECT	*type = CMS_get0_eContentType(cms);
	ASN1_OCTET_STRING	**content = CMS_get0_content(cms);
	int			 same;

	same = ours != NULL && type != NULL && OBJ_cmp(ours, type) == 0;
	ASN1_OBJECT_free(ours);
	ERR_clear_error();
	if (!same)
		return error_set(e, ERROR_INPUT, "its content is not an order");
	if (content == NULL || *content == NULL)
		return error_set(e, ERROR_INPUT, "its content is missing");
	return 0;
}

/* SignedData taken apart (RFC 5652, 5.1), each element whole. */
struct parts {
	struct bytes	 version, digests, content, signers;
	struct bytes	 certs;		/* contents of the [0]; may be empty */
};

static int
parts_take(struct parts *parts, struct bytes blob)
{
	/* pkcs7-signedData, 1.2.840.113549.1.7.2 */
	static const uint8_t	 type[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
	    0x01, 0x07, 0x02 };
	struct bytes	 info, oid, explicit, data;
	uint8_t		 next;

	memset(parts, 0, sizeof(*parts));
	if (der_take(&blob, DER_SEQUENCE, &info) == -1 ||
	    der_take(&info, DER_OID, &oid) == -1 ||
	    !bytes_equal(oid, BYTES(type, sizeof(type))) ||
	    der_take(&info, DER_CONTEXT_CONS(0), &explicit) == -1 ||
	    der_take(&explicit, DER_SEQUENCE, &data) == -1 ||
	    der_take_whole(&data, DER_INTEGER, &parts->version) == -1 ||
	    der_take_whole(&data, DER_SET, &parts->digests) == -1 ||
	    der_take_whole(&data, DER_SEQUENCE, &parts->content) == -1)
		return -1;
	next = data.len > 0 ? data.p[0] : 0;
	if (next == DER_CONTEXT_CONS(0) &&
	    der_take(&data, DER_CONTEXT_CONS(0), &parts->certs) == -1)
		return -1;
	return der_take_whole(&data, DER_SET, &parts->signers) == -1 ||
	    data.len != 0 || info.len != 0 || explicit.len != 0 ? -1 : 0;
}

/* The blob without its certificates. */
static void
parts_join(struct buf *out, const struct parts *parts)
{
	size_t	 info, explicit, data;

	info = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, OID_SIGNED_DATA);
	explicit = der_begin(out, DER_CONTEXT_CONS(0));
	data = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, parts->version);
	der_put_raw(out, parts->digests);
	der_put_raw(out, parts->content);
	der_put_raw(out, parts->signers);
	der_end(out, data);
	der_end(out, explicit);
	der_end(out, info);
}

static int
cert_take(STACK_OF(X509) *certs, struct bytes *in,
    struct approval_cache *cache, struct error *e)
{
	struct bytes		 der;
	const unsigned char	*p;
	uint8_t			 hash[32];
	X509			*cert;

	if (der_take_whole(in, DER_SEQUENCE, &der) == -1)
		return error_set(e, ERROR_INPUT, "not a certificate");
	if (approval_digest(hash, EVP_sha256(), der, e) == -1)
		return -1;
	p = der.p;
	if ((cert = approval_cache_cert(cache, hash)) != NULL)
		X509_up_ref(cert);
	else if ((cert = d2i_X509(NULL, &p, (long)der.len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "not a certificate");
	if (sk_X509_push(certs, cert) <= 0) {
		X509_free(cert);
		return error_ssl(e, ERROR_NOMEM, "certificates");
	}
	return 0;
}

static int
certs_parse(STACK_OF(X509) **out, struct bytes in,
    struct approval_cache *cache, struct error *e)
{
	STACK_OF(X509)	*certs = sk_X509_new_null();

	if (certs == NULL)
		return error_ssl(e, ERROR_NOMEM, "certificates");
	while (in.len > 0)
		if (sk_X509_num(certs) == CERTS_MAX ||
		    cert_take(certs, &in, cache, e) == -1) {
			if (sk_X509_num(certs) == CERTS_MAX)
				error_set(e, ERROR_INPUT,
				    "more than %d certificates", CERTS_MAX);
			sk_X509_pop_free(certs, X509_free);
			return -1;
		}
	*out = certs;
	return 0;
}

static int
cms_decode(CMS_ContentInfo **out, struct bytes blob, struct error *e)
{
	CMS_ContentInfo		*cms;
	const unsigned char	*p = blob.p;

	if ((cms = d2i_CMS_ContentInfo(NULL, &p, (long)blob.len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "not CMS");
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		error_set(e, ERROR_INPUT, "not CMS SignedData");
	else if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) >
	    APPROVAL_MAX_SIGNERS)
		error_set(e, ERROR_INPUT, "more than %d approvals",
		    APPROVAL_MAX_SIGNERS);
	else if (cms_is_order(cms, e) == 0) {
		*out = cms;
		return 0;
	}
	CMS_ContentInfo_free(cms);
	return -1;
}

static int
blob_check(struct bytes blob, struct error *e)
{
	if (blob.len > ORDER_MAX)
		return error_set(e, ERROR_INPUT, "%zu bytes, more than %u",
		    blob.len, ORDER_MAX);
	return der_check(blob, DEPTH, e);
}

int
approval_cms_parse(CMS_ContentInfo **out, struct bytes blob, struct error *e)
{
	if (blob_check(blob, e) == -1)
		return -1;
	return cms_decode(out, blob, e);
}

int
approval_cms_parse_apart(CMS_ContentInfo **out, STACK_OF(X509) **certs,
    struct bytes blob, struct approval_cache *cache, struct error *e)
{
	struct parts	 parts;
	struct buf	 rest = { 0 };
	int		 rc;

	if (blob_check(blob, e) == -1)
		return -1;
	if (parts_take(&parts, blob) == -1)
		return error_set(e, ERROR_INPUT, "not CMS SignedData");
	if (certs_parse(certs, parts.certs, cache, e) == -1)
		return -1;
	parts_join(&rest, &parts);
	rc = cms_decode(out, BYTES(rest.p, rest.len), e);
	buf_clear(&rest);
	return rc;
}

int
approval_cms_signers(struct bytes *signers, struct bytes blob,
    struct error *e)
{
	struct parts	parts;

	if (parts_take(&parts, blob) == -1 ||
	    der_take(&parts.signers, DER_SET, signers) == -1)
		return error_set(e, ERROR_INPUT, "not CMS SignedData");
	return 0;
}

/* RFC 5652, 5.2: the content's type, and what OpenSSL would decode it to. */
static int
content_take(struct bytes *out, struct bytes info)
{
	struct buf	 type = { 0 };
	struct bytes	 seq, oid, explicit;
	int		 rc = -1;

	der_put_oid(&type, OID_ORDER);
	if (der_take(&info, DER_SEQUENCE, &seq) == 0 &&
	    der_take_whole(&seq, DER_OID, &oid) == 0 &&
	    bytes_equal(oid, BYTES(type.p, type.len)) &&
	    der_take(&seq, DER_CONTEXT_CONS(0), &explicit) == 0 &&
	    seq.len == 0)
		rc = der_take(&explicit, DER_OCTET_STRING, out);
	buf_clear(&type);
	return rc == 0 && explicit.len == 0 ? 0 : -1;
}

int
approval_look(struct order **out, uint8_t digest[ORDER_DIGEST],
    struct bytes blob, struct error *e)
{
	struct parts	parts;
	struct bytes	content;

	*out = NULL;
	if (blob_check(blob, e) == -1)
		return error_wrap(e, "order");
	if (parts_take(&parts, blob) == -1 ||
	    content_take(&content, parts.content) == -1)
		return error_set(e, ERROR_INPUT, "order: not CMS SignedData "
		    "with an order");
	if (approval_digest(digest, EVP_sha256(), content, e) == -1)
		return -1;
	return order_parse(out, content, e);
}

struct bytes
approval_cms_content(CMS_ContentInfo *cms)
{
	const ASN1_OCTET_STRING	*s = *CMS_get0_content(cms);

	return BYTES(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}
