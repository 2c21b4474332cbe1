/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An approval whose signature is made elsewhere.
 */
#include <openssl/cms.h>

#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/der.h"

#define SIGNATURE_MAX	1024

/* The signed attributes of the SignerInfo without a signature: as they are
 * signed, which is with the tag of a SET (RFC 5652, 5.4). */
static int
put_attributes(struct buf *out, struct bytes signer)
{
	struct bytes	 info, skip, attrs, signature;

	if (der_take(&signer, DER_SEQUENCE, &info) == -1 ||
	    der_take_whole(&info, DER_INTEGER, &skip) == -1 ||
	    der_take_whole(&info, DER_SEQUENCE, &skip) == -1 ||
	    der_take_whole(&info, DER_SEQUENCE, &skip) == -1 ||
	    der_take(&info, DER_CONTEXT_CONS(0), &attrs) == -1 ||
	    der_take_whole(&info, DER_SEQUENCE, &skip) == -1 ||
	    der_take(&info, DER_OCTET_STRING, &signature) == -1)
		return -1;
	if (signature.len > 0)
		return 0;
	der_put(out, DER_SET, attrs.p, attrs.len);
	return 1;
}

static int
find_attributes(struct buf *out, struct bytes half, struct error *e)
{
	struct bytes	 signers, one;
	int		 rc = 0;

	if (approval_cms_signers(&signers, half, e) == -1)
		return -1;
	while (rc == 0 && signers.len > 0) {
		if (der_take_whole(&signers, DER_SEQUENCE, &one) == -1)
			break;
		rc = put_attributes(out, one);
	}
	return rc == 1 ? 0 : error_set(e, ERROR_BUG, "no approval to sign");
}

int
approval_begin(struct buf *half, struct buf *sign, struct bytes blob,
    X509 *cert, STACK_OF(X509) *chain, const struct clock *clock,
    struct error *e)
{
	struct identity	 id = { .cert = cert, .chain = chain };
	int		 rc = -1;

	if ((id.key = X509_get_pubkey(cert)) == NULL)
		error_ssl(e, ERROR_INPUT, "certificate's key");
	else if (approval_add_unsigned(half, blob, &id, clock_now(clock),
	    e) == 0)
		rc = find_attributes(sign, BYTES(half->p, half->len), e);
	EVP_PKEY_free(id.key);
	return rc == -1 ? error_wrap(e, "approve order") : 0;
}

/* The one SignerInfo without a signature. */
static CMS_SignerInfo *
find_unsigned(CMS_ContentInfo *cms)
{
	STACK_OF(CMS_SignerInfo)	*all = CMS_get0_SignerInfos(cms);
	CMS_SignerInfo			*si, *found = NULL;
	int				 i;

	for (i = 0; i < sk_CMS_SignerInfo_num(all); i++) {
		si = sk_CMS_SignerInfo_value(all, i);
		if (ASN1_STRING_length(CMS_SignerInfo_get0_signature(si)) > 0)
			continue;
		if (found != NULL)
			return NULL;
		found = si;
	}
	return found;
}

static int
put_signature(CMS_ContentInfo *cms, struct bytes signature, struct error *e)
{
	CMS_SignerInfo	*si = find_unsigned(cms);

	if (si == NULL)
		return error_set(e, ERROR_INPUT, "not one approval that waits "
		    "for its signature");
	if (signature.len == 0 || signature.len > SIGNATURE_MAX)
		return error_set(e, ERROR_INPUT, "%zu bytes are no signature",
		    signature.len);
	if (ASN1_STRING_set(CMS_SignerInfo_get0_signature(si), signature.p,
	    (int)signature.len) != 1)
		return error_ssl(e, ERROR_NOMEM, "signature");
	return 0;
}

int
approval_finish(struct buf *out, struct bytes half, struct bytes signature,
    struct error *e)
{
	CMS_ContentInfo	*cms = NULL;
	struct approved	*a = NULL;
	struct buf	 blob = { 0 };
	int		 rc = -1;

	if (approval_cms_parse(&cms, half, e) == -1 ||
	    put_signature(cms, signature, e) == -1 ||
	    approval_cms_encode(&blob, cms, e) == -1)
		goto out;
	if (approval_open(&a, BYTES(blob.p, blob.len), e) == -1) {
		if (e->code == ERROR_CRYPTO)
			e->code = ERROR_DENIED;
		goto out;
	}
	buf_add(out, blob.p, blob.len);
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "approve order");
	approval_free(&a);
	buf_clear(&blob);
	CMS_ContentInfo_free(cms);
	return rc;
}
