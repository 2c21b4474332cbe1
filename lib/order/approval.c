/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/sha.h>
#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/cert.h"
#include "x509/der.h"

#define DEPTH		24	/* names inside ESS attributes inside a SignerInfo */
#define OID_SIGNED_DATA	"1.2.840.113549.1.7.2"
#define SIGN_FLAGS	(CMS_PARTIAL | CMS_BINARY | CMS_CADES | \
	    CMS_NOSMIMECAP | CMS_NOCERTS)
#define ATTR_ONCE	(-3)	/* one attribute of the type, with one value */

int
approval_wrap(struct buf *blob, const struct order *o, struct error *e)
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
	der_put(blob, DER_SET, NULL, 0);
	der_end(blob, data);
	der_end(blob, explicit);
	der_end(blob, info);
	buf_clear(&der);
	return 0;
}

/* ---- reading the blob, as far as add and open agree ---- */

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

static int
cms_parse(CMS_ContentInfo **out, struct bytes blob, struct error *e)
{
	CMS_ContentInfo		*cms;
	const unsigned char	*p = blob.p;

	if (blob.len > ORDER_MAX)
		return error_set(e, ERROR_INPUT, "%zu bytes, more than %u",
		    blob.len, ORDER_MAX);
	if (der_check(blob, DEPTH, e) == -1)
		return -1;
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

static struct bytes
cms_content(CMS_ContentInfo *cms)
{
	const ASN1_OCTET_STRING	*s = *CMS_get0_content(cms);

	return BYTES(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static int
digest(uint8_t *dst, const EVP_MD *md, struct bytes in, struct error *e)
{
	if (EVP_Digest(in.p, in.len, dst, NULL, md, NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	return 0;
}

/* ---- adding an approval ---- */

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
		if (X509_cmp(sk_X509_value(certs, i), cert) == 0)
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

/* Who signs twice has not made two approvals; say so before it is tried. */
static int
check_fresh(CMS_ContentInfo *cms, X509 *cert, struct error *e)
{
	STACK_OF(X509)	*signers;
	X509		*other;
	char		 me[65], person[65];
	int		 rc = 0, i;

	if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) >=
	    APPROVAL_MAX_SIGNERS)
		return error_set(e, ERROR_CONFLICT,
		    "it has %d approvals already", APPROVAL_MAX_SIGNERS);
	cert_person(cert, me);
	CMS_set1_signers_certs(cms, NULL, 0);
	signers = CMS_get0_signers(cms);
	for (i = 0; i < sk_X509_num(signers) && rc == 0; i++) {
		other = sk_X509_value(signers, i);
		cert_person(other, person);
		if (X509_cmp(cert, other) == 0 ||
		    approval_same_key(cert, other))
			rc = error_set(e, ERROR_CONFLICT,
			    "this certificate or key has approved it already");
		else if (*me != '\0' && strcmp(me, person) == 0)
			rc = error_set(e, ERROR_CONFLICT,
			    "%s has approved it already", me);
	}
	sk_X509_free(signers);
	ERR_clear_error();
	return rc;
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

	if (digest(hash, md, content, e) == -1)
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
add_signer(CMS_ContentInfo *cms, const struct identity *id, int64_t now,
    struct error *e)
{
	const EVP_MD	*md = EVP_sha256();
	CMS_SignerInfo	*si;

	if (EVP_PKEY_is_a(id->key, "ED25519") ||
	    EVP_PKEY_is_a(id->key, "ED448"))
		return error_set(e, ERROR_CONFIG,
		    "Ed25519 keys cannot sign CMS here: use EC or RSA");
	if (EVP_PKEY_is_a(id->key, "EC") && EVP_PKEY_get_bits(id->key) > 256)
		md = EVP_PKEY_get_bits(id->key) > 384 ? EVP_sha512() :
		    EVP_sha384();
	si = CMS_add1_signer(cms, id->cert, id->key, md, SIGN_FLAGS);
	if (si == NULL)
		return error_ssl(e, ERROR_CRYPTO, "add approver");
	if (add_attributes(si, md, cms_content(cms), now, e) == -1)
		return -1;
	if (CMS_SignerInfo_sign(si) != 1)
		return error_ssl(e, ERROR_CRYPTO, "sign");
	return add_certs(cms, id, e);
}

static int
cms_encode(struct buf *out, CMS_ContentInfo *cms, struct error *e)
{
	unsigned char	*p;
	int		 n;

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

int
approval_add(struct buf *out, struct bytes blob, const struct identity *id,
    const struct clock *clock, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	struct order	*order = NULL;
	int		 rc = -1;

	if (!key_matches(id->cert, id->key)) {
		error_set(e, ERROR_CONFIG,
		    "the approver's key and certificate do not match");
		goto out;
	}
	/* Nobody signs what would not be read back. */
	if (cms_parse(&cms, blob, e) == -1 ||
	    order_parse(&order, cms_content(cms), e) == -1 ||
	    check_fresh(cms, id->cert, e) == -1 ||
	    add_signer(cms, id, clock_now(clock), e) == -1 ||
	    cms_encode(out, cms, e) == -1)
		goto out;
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "approve order");
	order_free(&order);
	CMS_ContentInfo_free(cms);
	return rc;
}

/* ---- opening a blob ---- */

/* One digest per algorithm, computed when the first signer needs it. */
struct digests {
	struct bytes	 content;
	bool		 has[3];
	uint8_t		 hash[3][EVP_MAX_MD_SIZE];
};

static int
digest_find(struct bytes *out, struct digests *d, const X509_ALGOR *alg,
    struct error *e)
{
	const ASN1_OBJECT	*oid;
	const EVP_MD		*md;
	int			 k;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	switch (OBJ_obj2nid(oid)) {
	case NID_sha256:
		k = 0;
		md = EVP_sha256();
		break;
	case NID_sha384:
		k = 1;
		md = EVP_sha384();
		break;
	case NID_sha512:
		k = 2;
		md = EVP_sha512();
		break;
	default:
		return error_set(e, ERROR_INPUT,
		    "digest algorithm is not SHA-256, SHA-384 or SHA-512");
	}
	if (!d->has[k] && digest(d->hash[k], md, d->content, e) == -1)
		return -1;
	d->has[k] = true;
	*out = BYTES(d->hash[k], (size_t)EVP_MD_get_size(md));
	return 0;
}

static int
check_content_type(CMS_SignerInfo *si, const ASN1_OBJECT *type,
    struct error *e)
{
	const ASN1_OBJECT	*said = CMS_signed_get0_data_by_OBJ(si,
	    OBJ_nid2obj(NID_pkcs9_contentType), ATTR_ONCE, V_ASN1_OBJECT);

	if (said == NULL || OBJ_cmp(said, type) != 0)
		return error_set(e, ERROR_INPUT,
		    "signed contentType is not that of an order");
	return 0;
}

static int
check_digest(CMS_SignerInfo *si, struct bytes hash, struct error *e)
{
	const ASN1_OCTET_STRING	*said = CMS_signed_get0_data_by_OBJ(si,
	    OBJ_nid2obj(NID_pkcs9_messageDigest), ATTR_ONCE,
	    V_ASN1_OCTET_STRING);

	if (said == NULL)
		return error_set(e, ERROR_INPUT, "no signed messageDigest");
	if (!bytes_equal(hash, BYTES(ASN1_STRING_get0_data(said),
	    (size_t)ASN1_STRING_length(said))))
		return error_set(e, ERROR_CRYPTO,
		    "the signature is over another order");
	return 0;
}

/* RFC 5652, 11.3: UTCTime through 2049, GeneralizedTime after. */
static int
take_signing_time(int64_t *t, CMS_SignerInfo *si, struct error *e)
{
	const ASN1_OBJECT	*oid = OBJ_nid2obj(NID_pkcs9_signingTime);
	const ASN1_TIME		*said;
	struct tm		 tm;

	said = CMS_signed_get0_data_by_OBJ(si, oid, ATTR_ONCE, V_ASN1_UTCTIME);
	if (said == NULL)
		said = CMS_signed_get0_data_by_OBJ(si, oid, ATTR_ONCE,
		    V_ASN1_GENERALIZEDTIME);
	if (said == NULL || ASN1_TIME_to_tm(said, &tm) != 1)
		return error_set(e, ERROR_INPUT, "no signed signingTime");
	*t = (int64_t)timegm(&tm);
	return 0;
}

/* RFC 5035: the signature names the certificate it is to be checked with, so
 * that no other certificate for the same key can be put in its place. */
static int
check_signing_cert(CMS_SignerInfo *si, X509 *cert, struct error *e)
{
	const ASN1_STRING	*said;
	const unsigned char	*p;
	ESS_SIGNING_CERT_V2	*ess = NULL;
	STACK_OF(X509)		*chain = sk_X509_new_null();
	int			 rc = -1;

	said = CMS_signed_get0_data_by_OBJ(si,
	    OBJ_nid2obj(NID_id_smime_aa_signingCertificateV2), ATTR_ONCE,
	    V_ASN1_SEQUENCE);
	if (said == NULL) {
		error_set(e, ERROR_INPUT, "no signed signingCertificateV2");
		goto out;
	}
	p = ASN1_STRING_get0_data(said);
	ess = d2i_ESS_SIGNING_CERT_V2(NULL, &p, ASN1_STRING_length(said));
	if (ess == NULL || chain == NULL || sk_X509_push(chain, cert) <= 0 ||
	    OSSL_ESS_check_signing_certs(NULL, ess, chain, 1) <= 0) {
		ERR_clear_error();
		error_set(e, ERROR_CRYPTO,
		    "signingCertificateV2 names another certificate");
		goto out;
	}
	rc = 0;
 out:
	ESS_SIGNING_CERT_V2_free(ess);
	sk_X509_free(chain);	/* cert is borrowed */
	return rc;
}

static int
signer_check(struct approver *by, CMS_SignerInfo *si, X509 *cert,
    struct digests *digests, const ASN1_OBJECT *type, struct error *e)
{
	X509_ALGOR	*alg;
	struct bytes	 hash;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &alg, NULL);
	if (CMS_unsigned_get_attr_count(si) > 0)
		return error_set(e, ERROR_INPUT, "unsigned attributes");
	if (digest_find(&hash, digests, alg, e) == -1 ||
	    check_content_type(si, type, e) == -1 ||
	    check_digest(si, hash, e) == -1 ||
	    take_signing_time(&by->signed_at, si, e) == -1 ||
	    check_signing_cert(si, cert, e) == -1)
		return -1;
	if (CMS_SignerInfo_verify(si) == 1)
		return 0;
	ERR_clear_error();
	return error_set(e, ERROR_CRYPTO, "signature does not verify");
}

static int
signer_open(struct approved *a, CMS_ContentInfo *cms, CMS_SignerInfo *si,
    struct digests *digests, struct error *e)
{
	struct approver	*by = &a->by[a->n];
	X509		*cert = NULL;
	size_t		 i;

	CMS_SignerInfo_get0_algs(si, NULL, &cert, NULL, NULL);
	if (cert == NULL)
		return error_set(e, ERROR_INPUT,
		    "the approver's certificate is not in the blob");
	if (X509_digest(cert, EVP_sha256(), by->cert_digest, NULL) != 1 ||
	    X509_up_ref(cert) != 1)
		return error_ssl(e, ERROR_CRYPTO, "certificate");
	by->cert = cert;
	a->n++;		/* now owned by a */
	for (i = 0; i + 1 < a->n; i++)
		if (memcmp(a->by[i].cert_digest, by->cert_digest,
		    sizeof(by->cert_digest)) == 0)
			return error_set(e, ERROR_INPUT,
			    "the same certificate approves twice");
	by->role = cert_role(cert);
	if (cert_person(cert, by->person) == -1)
		by->person[0] = '\0';
	return signer_check(by, si, cert, digests,
	    CMS_get0_eContentType(cms), e);
}

static int
signers_open(struct approved *a, CMS_ContentInfo *cms, struct error *e)
{
	STACK_OF(CMS_SignerInfo)	*infos = CMS_get0_SignerInfos(cms);
	struct digests			 digests = { 0 };
	int				 i;

	digests.content = BYTES(a->content.p, a->content.len);
	memcpy(digests.hash[0], a->digest, sizeof(a->digest));
	digests.has[0] = true;
	if (sk_CMS_SignerInfo_num(infos) > 0 &&
	    CMS_set1_signers_certs(cms, NULL, 0) < 0)
		return error_ssl(e, ERROR_INPUT, "find certificates");
	for (i = 0; i < sk_CMS_SignerInfo_num(infos); i++)
		if (signer_open(a, cms, sk_CMS_SignerInfo_value(infos, i),
		    &digests, e) == -1)
			return error_wrap(e, "approval %d", i + 1);
	return 0;
}

int
approval_open(struct approved **out, struct bytes blob, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	struct approved	*a = mem_alloc(sizeof(*a));
	struct bytes	 content;
	int		 rc = -1;

	*out = NULL;
	if (cms_parse(&cms, blob, e) == -1)
		goto out;
	content = cms_content(cms);
	buf_add(&a->content, content.p, content.len);
	if (digest(a->digest, EVP_sha256(), content, e) == -1 ||
	    signers_open(a, cms, e) == -1)
		goto out;
	a->certs = CMS_get1_certs(cms);
	CMS_ContentInfo_free(cms);	/* a batch is large */
	cms = NULL;
	content = BYTES(a->content.p, a->content.len);
	if (order_parse(&a->order, content, e) == -1)
		goto out;
	*out = a;
	a = NULL;
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "approved order");
	CMS_ContentInfo_free(cms);
	approval_free(&a);
	return rc;
}

void
approval_free(struct approved **ap)
{
	struct approved	*a = *ap;
	size_t		 i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++)
		X509_free(a->by[i].cert);
	sk_X509_pop_free(a->certs, X509_free);
	buf_clear(&a->content);
	order_free(&a->order);
	mem_free(ap);
}
