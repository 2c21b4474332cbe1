/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public key of a request.  OpenSSL sees only its numbers.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include "x509/csr_private.h"

#define OID_RSA			"1.2.840.113549.1.1.1"
#define OID_RSA_PSS		"1.2.840.113549.1.1.10"
#define OID_EC			"1.2.840.10045.2.1"
#define OID_ED25519		"1.3.101.112"
#define RSA_MAX_BYTES		(16384 / 8)

static int
fromdata(EVP_PKEY **key, const char *type, OSSL_PARAM_BLD *bld,
    struct error *e)
{
	OSSL_PARAM	*params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	int		 ok;

	ok = params != NULL && ctx != NULL &&
	    EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, key, EVP_PKEY_PUBLIC_KEY, params) == 1;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	if (ok)
		return 0;
	ERR_clear_error();
	return error_set(e, ERROR_DENIED, "key: %s key with impossible numbers",
	    type);
}

static int
rsa_key(struct csr *csr, struct bytes params, struct bytes bits,
    struct error *e)
{
	OSSL_PARAM_BLD	*bld = NULL;
	BIGNUM		*n = NULL, *x = NULL;
	struct bytes	 seq, modulus, exponent, null;
	int		 rc = -1;

	if (der_take(&params, DER_NULL, &null) == -1 || params.len > 0 ||
	    der_take(&bits, DER_SEQUENCE, &seq) == -1 || bits.len > 0 ||
	    der_take_uint(&seq, &modulus) == -1 ||
	    der_take_uint(&seq, &exponent) == -1 || seq.len > 0)
		return csr_bad(e, "malformed RSA key");
	if (modulus.len > RSA_MAX_BYTES || exponent.len > modulus.len)
		return error_set(e, ERROR_DENIED, "key: RSA key too large");
	if (modulus.len == 0 || exponent.len == 0)
		return error_set(e, ERROR_DENIED, "key: RSA key of zeros");
	if ((n = BN_bin2bn(modulus.p, (int)modulus.len, NULL)) == NULL ||
	    (x = BN_bin2bn(exponent.p, (int)exponent.len, NULL)) == NULL ||
	    (bld = OSSL_PARAM_BLD_new()) == NULL ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, x) != 1)
		error_ssl(e, ERROR_NOMEM, "key");
	else
		rc = fromdata(&csr->key, "RSA", bld, e);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	BN_free(x);
	return rc;
}

static const struct {
	const char	*oid;
	const char	*group;
	size_t		 bytes;		/* of a coordinate */
} groups[] = {
	{ "1.2.840.10045.3.1.7", "P-256", 32 },
	{ "1.3.132.0.34", "P-384", 48 },
	{ "1.3.132.0.35", "P-521", 66 },
};

/* One form only: else one key could come under two digests, and what is
 * known of a key is looked up by its digest. */
static int
point_check(struct bytes point, size_t bytes, struct error *e)
{
	uint8_t		 form = point.len > 0 ? point.p[0] : 0;
	const char	*why = "malformed";

	if (form == 4 && point.len == 2 * bytes + 1)
		return 0;
	if (form == 0 && point.len == 1)
		why = "the point at infinity";
	else if ((form == 2 || form == 3) && point.len == bytes + 1)
		why = "compressed";
	else if ((form == 6 || form == 7) && point.len == 2 * bytes + 1)
		why = "of hybrid form";
	return error_set(e, ERROR_DENIED, "key: EC point is %s, not "
	    "uncompressed (RFC 5480, 2.2)", why);
}

static int
ec_key(struct csr *csr, struct bytes params, struct bytes point,
    struct error *e)
{
	OSSL_PARAM_BLD	*bld;
	struct bytes	 oid;
	size_t		 i;
	int		 rc = -1;

	if (der_peek(params, DER_SEQUENCE))
		return error_set(e, ERROR_DENIED,
		    "key: EC parameters are spelled out, not a named curve "
		    "(RFC 5480, 2.1.1)");
	if (der_take(&params, DER_OID, &oid) == -1 || params.len > 0)
		return csr_bad(e, "malformed EC parameters");
	for (i = 0; i < 3; i++)
		if (der_is_oid(oid, groups[i].oid))
			break;
	if (i == 3)
		return error_set(e, ERROR_DENIED,
		    "key: curve is not P-256, P-384 or P-521");
	if (point_check(point, groups[i].bytes, e) == -1)
		return -1;
	if ((bld = OSSL_PARAM_BLD_new()) == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    groups[i].group, 0) != 1 || OSSL_PARAM_BLD_push_octet_string(bld,
	    OSSL_PKEY_PARAM_PUB_KEY, point.p, point.len) != 1)
		error_ssl(e, ERROR_NOMEM, "key");
	else
		rc = fromdata(&csr->key, "EC", bld, e);
	OSSL_PARAM_BLD_free(bld);
	return rc;
}

static int
ed25519_key(struct csr *csr, struct bytes params, struct bytes raw,
    struct error *e)
{
	if (params.len > 0 || raw.len != 32)
		return csr_bad(e, "malformed Ed25519 key");
	csr->key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
	    raw.p, raw.len);
	if (csr->key == NULL)
		return error_ssl(e, ERROR_DENIED, "key: Ed25519");
	return 0;
}

static const struct {
	const char	*oid;
	int		(*read)(struct csr *, struct bytes params,
			    struct bytes bits, struct error *);
} key_types[] = {
	{ OID_EC, ec_key },
	{ OID_RSA, rsa_key },
	{ OID_ED25519, ed25519_key },
};

int
csr_read_key(struct csr *csr, struct error *e)
{
	struct bytes	 in = csr->spki, seq, alg, oid, bits;
	size_t		 i;

	if (der_take(&in, DER_SEQUENCE, &seq) == -1 ||
	    der_take(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take(&alg, DER_OID, &oid) == -1 ||
	    der_take_bits(&seq, &bits) == -1 || seq.len > 0)
		return csr_bad(e, "malformed public key");
	for (i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (der_is_oid(oid, key_types[i].oid))
			return key_types[i].read(csr, alg, bits, e);
	if (der_is_oid(oid, OID_RSA_PSS))
		return error_set(e, ERROR_DENIED, "key: bound to RSA-PSS, "
		    "whose parameters have more than one reading; make a "
		    "plain RSA key");
	return error_set(e, ERROR_DENIED, "key: neither RSA, EC nor Ed25519");
}
