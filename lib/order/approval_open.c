/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a blob: every signature is checked, nobody is trusted yet.
 */
#include <string.h>
#include <time.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ess.h>
#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/alg.h"
#include "x509/cert.h"

#define ATTR_ONCE	(-3)	/* one attribute of the type, with one value */

/* One digest per algorithm, computed when the first signer needs it. */
struct digests {
	struct bytes	 content;
	bool		 has[ALG_HASHES];
	uint8_t		 hash[ALG_HASHES][EVP_MAX_MD_SIZE];
};

static int
digest_find(struct bytes *out, struct digests *d, const X509_ALGOR *alg,
    struct error *e)
{
	const struct alg_hash	*h = alg_hash_find(alg);
	size_t			 k, n;

	if (h == NULL)
		return error_set(e, ERROR_INPUT,
		    "digest algorithm is not SHA-256, SHA-384 or SHA-512");
	k = (size_t)(h - alg_hashes(&n));
	if (!d->has[k] && approval_digest(d->hash[k], h->md(), d->content, e) ==
	    -1)
		return -1;
	d->has[k] = true;
	*out = BYTES(d->hash[k], h->size);
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

static bool
is_there(const struct approved *a, const uint8_t digest[32])
{
	size_t	 i;

	for (i = 0; i < a->n; i++)
		if (memcmp(a->by[i].cert_digest, digest, 32) == 0)
			return true;
	return false;
}

struct approver *
approval_place(struct approved *a, X509 *cert, const uint8_t digest[32],
    struct error *e)
{
	struct approver	*by = &a->by[a->n];

	if (is_there(a, digest)) {
		error_set(e, ERROR_INPUT,
		    "the same certificate approves twice");
		return NULL;
	}
	if (a->n == APPROVAL_MAX_SIGNERS || X509_up_ref(cert) != 1) {
		error_set(e, ERROR_INPUT, "more than %d approvals",
		    APPROVAL_MAX_SIGNERS);
		return NULL;
	}
	by->cert = cert;
	a->n++;		/* now owned by a */
	memcpy(by->cert_digest, digest, sizeof(by->cert_digest));
	by->role = cert_role(cert);
	if (cert_person(cert, by->person) == -1)
		by->person[0] = '\0';
	return by;
}

/* What all the signatures of a blob are held against. */
struct opening {
	struct approved		*a;
	struct approval_cache	*cache;
	struct digests		 digests;
	const ASN1_OBJECT	*type;
	bool			 plain;		/* no assertions */
};

/*
 * An RA agent signs once for each assertion that it brings, and is one
 * approver all the same.
 */
static int
signer_again(struct opening *g, CMS_SignerInfo *si, X509 *cert,
    const uint8_t digest[32], struct approver *ra, struct error *e)
{
	size_t	 i;

	for (i = 0; memcmp(g->a->by[i].cert_digest, digest, 32) != 0; i++)
		;
	*ra = g->a->by[i];
	return signer_check(ra, si, cert, &g->digests, g->type, e);
}

static int
signer_first(struct opening *g, CMS_SignerInfo *si, X509 *cert,
    const uint8_t digest[32], struct approver *out, struct error *e)
{
	struct approver	*by = approval_place(g->a, cert, digest, e);

	if (by == NULL || signer_check(by, si, cert, &g->digests, g->type,
	    e) == -1)
		return -1;
	*out = *by;
	return 0;
}

static int
signer_open(struct opening *g, CMS_SignerInfo *si, struct error *e)
{
	struct assertion	 as;
	struct approver		 by;
	X509			*cert = NULL;
	uint8_t			 digest[EVP_MAX_MD_SIZE];
	int			 has;

	CMS_SignerInfo_get0_algs(si, NULL, &cert, NULL, NULL);
	if (cert == NULL)
		return error_set(e, ERROR_INPUT,
		    "the approver's certificate is not in the blob");
	if (X509_digest(cert, EVP_sha256(), digest, NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "certificate");
	if ((has = approval_assertion_find(&as, si, e)) == -1)
		return -1;
	if (has == 1 && g->plain)
		return error_set(e, ERROR_DENIED, "it is not for assertions to "
		    "bind credentials");
	if (has == 1 && is_there(g->a, digest) ?
	    signer_again(g, si, cert, digest, &by, e) == -1 :
	    signer_first(g, si, cert, digest, &by, e) == -1)
		return -1;
	return has == 1 ? approval_assertion_open(g->a, &by, &as, g->cache,
	    e) : 0;
}

static int
signers_open(struct opening *g, CMS_ContentInfo *cms, struct error *e)
{
	STACK_OF(CMS_SignerInfo)	*infos = CMS_get0_SignerInfos(cms);
	struct approved			*a = g->a;
	int				 i;

	g->type = CMS_get0_eContentType(cms);
	g->digests.content = BYTES(a->content.p, a->content.len);
	memcpy(g->digests.hash[0], a->digest, sizeof(a->digest));
	g->digests.has[0] = true;
	if (sk_CMS_SignerInfo_num(infos) > 0 &&
	    CMS_set1_signers_certs(cms, a->certs, 0) < 0)
		return error_ssl(e, ERROR_INPUT, "find certificates");
	for (i = 0; i < sk_CMS_SignerInfo_num(infos); i++)
		if (signer_open(g, sk_CMS_SignerInfo_value(infos, i),
		    e) == -1)
			return error_wrap(e, "approval %d", i + 1);
	return 0;
}

int
approval_open(struct approved **out, struct bytes blob, struct error *e)
{
	return approval_open_cached(out, blob, NULL, e);
}

static int
blob_open(struct approved **out, struct bytes blob,
    struct approval_cache *cache, bool plain, struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	struct approved	*a = mem_alloc(sizeof(*a));
	struct opening	 g = { .a = a, .cache = cache, .plain = plain };
	struct bytes	 content;
	int		 rc = -1;

	*out = NULL;
	if (approval_cms_parse_apart(&cms, &a->certs, blob, cache, e) == -1)
		goto out;
	content = approval_cms_content(cms);
	buf_add(&a->content, content.p, content.len);
	if (approval_digest(a->digest, EVP_sha256(), content, e) == -1 ||
	    signers_open(&g, cms, e) == -1)
		goto out;
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
	ERR_clear_error();
	return rc;
}

int
approval_open_cached(struct approved **out, struct bytes blob,
    struct approval_cache *cache, struct error *e)
{
	return blob_open(out, blob, cache, false, e);
}

int
approval_open_plain(struct approved **out, struct bytes blob,
    struct approval_cache *cache, struct error *e)
{
	return blob_open(out, blob, cache, true, e);
}

static void
approver_clear(struct approver *by)
{
	X509_free(by->cert);
	approval_free(&by->bind);	/* which has no such ones itself */
}

void
approval_free(struct approved **ap)
{
	struct approved	*a = *ap;
	size_t		 i;

	if (a == NULL)
		return;
	for (i = 0; i < a->n; i++)
		approver_clear(&a->by[i]);
	sk_X509_pop_free(a->certs, X509_free);
	buf_clear(&a->content);
	order_free(&a->order);
	mem_free(ap);
}
