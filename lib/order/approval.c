/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/alg.h"
#include "x509/cert.h"
#include "x509/der.h"

#define SIGN_FLAGS	(CMS_PARTIAL | CMS_BINARY | CMS_CADES | \
	    CMS_NOSMIMECAP | CMS_NOCERTS)

/* certs: whole certificates, or empty. */
static int
wrap(struct buf *blob, const struct order *o, struct bytes certs,
    struct error *e)
{
	struct buf	 der = { 0 };
	size_t		 info, explicit, data, inner, content;

	if (order_encode(&der, o, e) == -1)
		return -1;
	info = der_begin(blob, DER_SEQUENCE);
	der_put_oid(blob, OID_SIGNED_DATA);
	explicit = der_begin(blob, DER_CONTEXT_CONS(0));
	data = der_begin(blob, DER_SEQUENCE);
	der_put_int(blob, 3);	/* RFC 5652, 5.1: content is not id-data */
	der_put(blob, DER_SET, NULL, 0);
	inner = der_begin(blob, DER_SEQUENCE);
	der_put_oid(blob, OID_ORDER);
	content = der_begin(blob, DER_CONTEXT_CONS(0));
	der_put(blob, DER_OCTET_STRING, der.p, der.len);
	der_end(blob, content);
	der_end(blob, inner);
	if (certs.len > 0)
		der_put(blob, DER_CONTEXT_CONS(0), certs.p, certs.len);
	der_put(blob, DER_SET, NULL, 0);
	der_end(blob, data);
	der_end(blob, explicit);
	der_end(blob, info);
	buf_clear(&der);
	return 0;
}

int
approval_wrap(struct buf *blob, const struct order *o, struct error *e)
{
	return wrap(blob, o, BYTES(NULL, 0), e);
}

int
approval_wrap_renewal(struct buf *blob, const struct order *o, X509 *renews,
    struct error *e)
{
	unsigned char	*der = NULL;
	int		 len, rc;

	if ((len = i2d_X509(renews, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "certificate to renew");
	rc = wrap(blob, o, BYTES(der, len), e);
	OPENSSL_free(der);
	return rc;
}

static bool
is_self_issued(X509 *cert)
{
	return X509_NAME_cmp(X509_get_subject_name(cert),
	    X509_get_issuer_name(cert)) == 0;
}

static bool
has_cert(const STACK_OF(X509) *certs, const X509 *cert)
{
	int	 i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (cert_is_same(sk_X509_value(certs, i), cert))
			return true;
	return false;
}

bool
approval_same_key(const X509 *a, const X509 *b)
{
	const ASN1_BIT_STRING	*ka = X509_get0_pubkey_bitstr(a);
	const ASN1_BIT_STRING	*kb = X509_get0_pubkey_bitstr(b);

	return ka == kb || (ka != NULL && kb != NULL &&
	    ASN1_STRING_cmp(ka, kb) == 0);
}

static int
check_other(X509 *cert, X509 *other, struct error *e)
{
	char	 me[65], person[65];

	cert_person(cert, me);
	cert_person(other, person);
	if (cert_is_same(cert, other) || approval_same_key(cert, other))
		return error_set(e, ERROR_CONFLICT,
		    "this certificate or key has approved it already");
	if (*me != '\0' && strcmp(me, person) == 0)
		return error_set(e, ERROR_CONFLICT,
		    "%s has approved it already", me);
	return 0;
}

/* Those who approved by assertion. */
static int
check_asserted(CMS_ContentInfo *cms, X509 *cert, struct error *e)
{
	STACK_OF(CMS_SignerInfo)	*infos = CMS_get0_SignerInfos(cms);
	STACK_OF(X509)			*certs = CMS_get1_certs(cms);
	struct assertion		 as;
	X509				*other;
	int				 rc = 0, has, i;

	for (i = 0; i < sk_CMS_SignerInfo_num(infos) && rc == 0; i++) {
		has = approval_assertion_find(&as,
		    sk_CMS_SignerInfo_value(infos, i), e);
		if (has == 0)
			continue;
		if (has == -1)
			rc = -1;
		else if ((other = approval_cert_find(certs, as.cert)) == NULL)
			rc = error_set(e, ERROR_INPUT, "the certificate of "
			    "the assertion's officer is not in the blob");
		else
			rc = check_other(cert, other, e);
	}
	sk_X509_pop_free(certs, X509_free);
	return rc;
}

static int
check_room(CMS_ContentInfo *cms, int more, struct error *e)
{
	/* An assertion takes two places. */
	if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) + more >
	    APPROVAL_MAX_SIGNERS)
		return error_set(e, ERROR_CONFLICT,
		    "it has %d approvals already", APPROVAL_MAX_SIGNERS);
	return 0;
}

/* Who signs twice has not made two approvals; say so before it is tried. */
static int
check_fresh(CMS_ContentInfo *cms, X509 *cert, struct error *e)
{
	STACK_OF(CMS_SignerInfo)	*infos = CMS_get0_SignerInfos(cms);
	X509				*other;
	int				 rc = 0, i;

	if (check_room(cms, 1, e) == -1)
		return -1;
	CMS_set1_signers_certs(cms, NULL, 0);
	/* CMS_get0_signers() has none when there is no memory, either. */
	for (i = 0; i < sk_CMS_SignerInfo_num(infos) && rc == 0; i++) {
		other = NULL;
		CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(infos, i),
		    NULL, &other, NULL, NULL);
		rc = other != NULL ? check_other(cert, other, e) :
		    error_set(e, ERROR_INPUT,
		    "the approver's certificate is not in the blob");
	}
	ERR_clear_error();
	return rc == 0 ? check_asserted(cms, cert, e) : rc;
}

/* CMS_add1_cert() takes a certificate that is there already for an error. */
static int
add_cert(CMS_ContentInfo *cms, X509 *cert, struct error *e)
{
	STACK_OF(X509)	*have = CMS_get1_certs(cms);
	int		 rc = 0;

	if (!has_cert(have, cert) && CMS_add1_cert(cms, cert) != 1)
		rc = error_ssl(e, ERROR_CRYPTO, "add certificate");
	sk_X509_pop_free(have, X509_free);
	return rc;
}

static int
add_certs(CMS_ContentInfo *cms, const struct identity *id, struct error *e)
{
	X509	*cert;
	int	 i;

	if (add_cert(cms, id->cert, e) == -1)
		return -1;
	for (i = 0; i < sk_X509_num(id->chain); i++) {
		cert = sk_X509_value(id->chain, i);
		if (!is_self_issued(cert) && add_cert(cms, cert, e) == -1)
			return -1;
	}
	return 0;
}

static int
add_attributes(CMS_SignerInfo *si, const EVP_MD *md, struct bytes content,
    int64_t now, struct error *e)
{
	ASN1_OBJECT	*type = OBJ_txt2obj(OID_ORDER, 1);
	ASN1_TIME	*t = ASN1_TIME_set(NULL, (time_t)now);
	uint8_t		 hash[EVP_MAX_MD_SIZE];
	int		 rc = -1;

	if (approval_digest(hash, md, content, e) == -1)
		goto out;
	if (type == NULL || t == NULL ||
	    CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType,
	    V_ASN1_OBJECT, type, -1) != 1 ||
	    CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest,
	    V_ASN1_OCTET_STRING, hash, EVP_MD_get_size(md)) != 1 ||
	    CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime,
	    ASN1_STRING_type(t), t, -1) != 1) {
		error_ssl(e, ERROR_CRYPTO, "signed attributes");
		goto out;
	}
	rc = 0;
 out:
	ASN1_TIME_free(t);
	ASN1_OBJECT_free(type);
	return rc;
}

static int
add_assertion(CMS_SignerInfo *si, const struct assertion *as,
    struct error *e)
{
	ASN1_OBJECT	*oid = OBJ_txt2obj(OID_ASSERTION, 1);
	struct buf	 der = { 0 };
	int		 rc = -1;

	if (assertion_encode(&der, as, e) == -1)
		goto out;
	if (oid == NULL || CMS_signed_add1_attr_by_OBJ(si, oid,
	    V_ASN1_SEQUENCE, der.p, (int)der.len) != 1)
		error_ssl(e, ERROR_CRYPTO, "assertion");
	else
		rc = 0;
 out:
	buf_clear(&der);
	ASN1_OBJECT_free(oid);
	return rc;
}

/* A SignerInfo with all but the signature. */
static CMS_SignerInfo *
begin_signer(CMS_ContentInfo *cms, const struct identity *id, int64_t now,
    struct error *e)
{
	const EVP_MD	*md;
	CMS_SignerInfo	*si;

	if (alg_cms_hash(&md, id->key, e) == -1)
		return NULL;
	si = CMS_add1_signer(cms, id->cert, id->key, md, SIGN_FLAGS);
	if (si == NULL) {
		error_ssl(e, ERROR_CRYPTO, "add approver");
		return NULL;
	}
	return add_attributes(si, md, approval_cms_content(cms), now,
	    e) == -1 ? NULL : si;
}

static int
add_signer(CMS_ContentInfo *cms, const struct identity *id,
    const struct assertion *as, int64_t now, struct error *e)
{
	CMS_SignerInfo	*si;

	if ((si = begin_signer(cms, id, now, e)) == NULL ||
	    (as != NULL && add_assertion(si, as, e) == -1))
		return -1;
	/* One that was not encoded has a length of -1. */
	if (CMS_SignerInfo_sign(si) != 1 || ASN1_STRING_length(
	    CMS_SignerInfo_get0_signature(si)) <= 0)
		return key_error(id->key, e, "sign");
	return add_certs(cms, id, e);
}

int
approval_cms_encode(struct buf *out, CMS_ContentInfo *cms, struct error *e)
{
	unsigned char	*p;
	int		 n;

	/* What OpenSSL thought of others' certificates is no error of ours. */
	ERR_clear_error();
	if ((n = i2d_CMS_ContentInfo(cms, NULL)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	if ((unsigned int)n > ORDER_MAX)
		return error_set(e, ERROR_INPUT,
		    "would have %d bytes, more than %u", n, ORDER_MAX);
	buf_reserve(out, (size_t)n);
	p = out->p + out->len;
	if (i2d_CMS_ContentInfo(cms, &p) != n)
		return error_ssl(e, ERROR_CRYPTO, "encode");
	out->len += (size_t)n;
	return 0;
}

/* Nobody signs what would not be read back. */
static int
parse_fresh(CMS_ContentInfo **cms, struct bytes blob,
    const struct identity *id, struct error *e)
{
	struct order	*order = NULL;
	int		 rc = -1;

	if (!key_matches(id->cert, id->key))
		error_set(e, ERROR_CONFIG,
		    "the approver's key and certificate do not match");
	else if (approval_cms_parse(cms, blob, e) == 0 &&
	    order_parse(&order, approval_cms_content(*cms), e) == 0)
		rc = check_fresh(*cms, id->cert, e);
	order_free(&order);
	return rc;
}

int
approval_add(struct buf *out, struct bytes blob, const struct identity *id,
    const struct clock *clock, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	int		 rc = -1;

	if (parse_fresh(&cms, blob, id, e) == 0 &&
	    add_signer(cms, id, NULL, clock_now(clock), e) == 0)
		rc = approval_cms_encode(out, cms, e);
	if (rc == -1)
		error_wrap(e, "approve order");
	CMS_ContentInfo_free(cms);
	return rc;
}

int
approval_add_unsigned(struct buf *out, struct bytes blob,
    const struct identity *id, int64_t now, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	int		 rc = -1;

	if (parse_fresh(&cms, blob, id, e) == 0 &&
	    begin_signer(cms, id, now, e) != NULL &&
	    add_certs(cms, id, e) == 0)
		rc = approval_cms_encode(out, cms, e);
	CMS_ContentInfo_free(cms);
	return rc;
}

/* What approval_open() would refuse is not signed. */
static int
check_assertion(CMS_ContentInfo *cms, const struct identity *ra,
    X509 *officer, const struct assertion *as, struct error *e)
{
	struct approved	*bind = NULL;
	uint8_t		 hash[EVP_MAX_MD_SIZE];
	int		 rc = -1;

	if (cert_role(ra->cert) != ROLE_RA_AGENT)
		return error_set(e, ERROR_CONFIG, "only an RA agent brings "
		    "assertions");
	if (X509_digest(officer, EVP_sha256(), hash, NULL) != 1 ||
	    memcmp(hash, as->cert, sizeof(as->cert)) != 0)
		return error_set(e, ERROR_DENIED, "the assertion is of another "
		    "certificate");
	if (approval_digest(hash, EVP_sha256(), approval_cms_content(cms),
	    e) == 0 && approval_open_plain(&bind, as->bind, NULL, e) == 0 &&
	    assertion_verify(as, bind->order, hash, e) == 0)
		rc = 0;
	approval_free(&bind);
	return rc;
}

int
approval_add_with_assertion(struct buf *out, struct bytes blob,
    const struct identity *ra, X509 *officer, const struct assertion *as,
    const struct clock *clock, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	struct order	*order = NULL;
	int		 rc = -1;

	if (!key_matches(ra->cert, ra->key)) {
		error_set(e, ERROR_CONFIG,
		    "the approver's key and certificate do not match");
		goto out;
	}
	if (approval_cms_parse(&cms, blob, e) == -1 ||
	    order_parse(&order, approval_cms_content(cms), e) == -1 ||
	    check_room(cms, 2, e) == -1 ||
	    check_fresh(cms, officer, e) == -1 ||
	    check_assertion(cms, ra, officer, as, e) == -1 ||
	    add_signer(cms, ra, as, clock_now(clock), e) == -1 ||
	    add_cert(cms, officer, e) == -1 || approval_cms_encode(out, cms, e) == -1)
		goto out;
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "approve order");
	order_free(&order);
	CMS_ContentInfo_free(cms);
	return rc;
}
