/* SPDX-License-Identifier: Apache-2.0 */
#include "card/seal_form.h"

#include "x509/der.h"

#define DEPTH		24	/* names of issuers are the deepest */
#define NONCE_SIZE	12
#define TAG_SIZE	16

#define OID_AUTH_ENVELOPED	"1.2.840.113549.1.9.16.1.23"
#define OID_DATA		"1.2.840.113549.1.7.1"
#define OID_AES_256_GCM		"2.16.840.1.101.3.4.1.46"
#define OID_OAEP		"1.2.840.113549.1.1.7"
#define OID_ECDH_SHA256		"1.3.132.1.11.1"

static int
take_oid(struct bytes *in, const char *oid)
{
	struct bytes	 found;

	return der_take(in, DER_OID, &found) == 0 && der_is_oid(found, oid) ?
	    0 : -1;
}

/* AlgorithmIdentifier; *params is what comes after its name. */
static int
take_algorithm(struct bytes *in, const char *oid, struct bytes *params)
{
	return der_take(in, DER_SEQUENCE, params) == 0 ?
	    take_oid(params, oid) : -1;
}

/* KeyTransRecipientInfo or KeyAgreeRecipientInfo: RFC 5652, 6.2. */
static int
check_recipient(uint8_t tag, struct bytes in)
{
	const char	*oid = OID_OAEP;
	struct bytes	 skipped;
	int64_t		 version;
	uint8_t		 any;

	if (tag != DER_SEQUENCE && tag != DER_CONTEXT_CONS(1))
		return -1;
	if (der_take_int(&in, &version) == -1 ||
	    der_next(&in, &any, &skipped, NULL) != 1)
		return -1;
	if (tag == DER_CONTEXT_CONS(1)) {
		oid = OID_ECDH_SHA256;
		if (der_peek(in, DER_CONTEXT_CONS(1)) &&
		    der_take(&in, DER_CONTEXT_CONS(1), &skipped) == -1)
			return -1;
	}
	return take_algorithm(&in, oid, &skipped);
}

static int
check_recipients(struct bytes in)
{
	struct bytes	 one;
	uint8_t		 tag;
	int		 found;

	if (in.len == 0)
		return -1;
	while ((found = der_next(&in, &tag, &one, NULL)) == 1)
		if (check_recipient(tag, one) == -1)
			return -1;
	return found;
}

/* EncryptedContentInfo with GCMParameters: RFC 5084, 3.2. */
static int
check_content(struct bytes in)
{
	struct bytes	 alg, params, nonce, content;
	int64_t		 tag_size;

	if (take_oid(&in, OID_DATA) == -1 ||
	    take_algorithm(&in, OID_AES_256_GCM, &alg) == -1 ||
	    der_take(&alg, DER_SEQUENCE, &params) == -1 || alg.len != 0 ||
	    der_take(&params, DER_OCTET_STRING, &nonce) == -1 ||
	    der_take_int(&params, &tag_size) == -1 || params.len != 0 ||
	    der_take(&in, DER_CONTEXT(0), &content) == -1)
		return -1;
	return nonce.len == NONCE_SIZE && tag_size == TAG_SIZE &&
	    in.len == 0 ? 0 : -1;
}

int
seal_form_check(struct bytes sealed, struct error *e)
{
	struct bytes	 info, explicit, in, recipients, content, tag;
	int64_t		 version;

	if (der_check(sealed, DEPTH, e) == -1)
		return error_wrap(e, "not a CMS message");
	if (der_take(&sealed, DER_SEQUENCE, &info) == -1 ||
	    take_oid(&info, OID_AUTH_ENVELOPED) == -1 ||
	    der_take(&info, DER_CONTEXT_CONS(0), &explicit) == -1 ||
	    der_take(&explicit, DER_SEQUENCE, &in) == -1 ||
	    der_take_int(&in, &version) == -1 ||
	    der_take(&in, DER_SET, &recipients) == -1 ||
	    der_take(&in, DER_SEQUENCE, &content) == -1 ||
	    der_take(&in, DER_OCTET_STRING, &tag) == -1 || in.len != 0)
		return error_set(e, ERROR_INPUT, "not AuthEnvelopedData "
		    "alone");
	if (check_recipients(recipients) == -1)
		return error_set(e, ERROR_INPUT, "the key in it is not "
		    "encrypted as we do");
	if (check_content(content) == -1 || tag.len != TAG_SIZE)
		return error_set(e, ERROR_INPUT, "it is not encrypted by "
		    "AES-256-GCM with a whole tag");
	return 0;
}
