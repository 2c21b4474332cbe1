/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public key of a request.  OpenSSL sees only its numbers.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include "x509/alg.h"
#include "x509/csr_private.h"

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
rsa_key(struct csr *csr, const struct alg_key *k, struct bytes bits,
    struct error *e)
{
	OSSL_PARAM_BLD	*bld = NULL;
	BIGNUM		*n = NULL, *x = NULL;
	struct bytes	 seq, modulus, exponent;
	int		 rc = -1;

	if (der_take(&bits, DER_SEQUENCE, &seq) == -1 || bits.len > 0 ||
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
		rc = fromdata(&csr->key, k->type, bld, e);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	BN_free(x);
	return rc;
}

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
ec_key(struct csr *csr, const struct alg_key *k, struct bytes point,
    struct error *e)
{
	OSSL_PARAM_BLD	*bld;
	int		 rc = -1;

	if (point_check(point, (k->octets - 1) / 2, e) == -1)
		return -1;
	if ((bld = OSSL_PARAM_BLD_new()) == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    k->group, 0) != 1 || OSSL_PARAM_BLD_push_octet_string(bld,
	    OSSL_PKEY_PARAM_PUB_KEY, point.p, point.len) != 1)
		error_ssl(e, ERROR_NOMEM, "key");
	else
		rc = fromdata(&csr->key, "EC", bld, e);
	OSSL_PARAM_BLD_free(bld);
	return rc;
}

/* The key is nothing but octets: Ed25519, ML-DSA. */
static int
raw_key(struct csr *csr, const struct alg_key *k, struct bytes raw,
    struct error *e)
{
	if (raw.len != k->octets)
		return csr_bad(e, "malformed %s key", k->name);
	csr->key = EVP_PKEY_new_raw_public_key_ex(NULL, k->type, NULL,
	    raw.p, raw.len);
	if (csr->key == NULL)
		return error_ssl(e, ERROR_DENIED, "key: %s", k->name);
	return 0;
}

static int
key_read(struct csr *csr, const struct alg_key *k, struct bytes bits,
    struct error *e)
{
	if (k->min != 0)
		return rsa_key(csr, k, bits, e);
	if (k->group != NULL)
		return ec_key(csr, k, bits, e);
	return raw_key(csr, k, bits, e);
}

int
csr_read_key(struct csr *csr, struct error *e)
{
	const struct alg_key	*k;
	struct bytes		 in = csr->spki, seq, alg, bits;

	if (der_take(&in, DER_SEQUENCE, &seq) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&seq, &bits) == -1 || seq.len > 0)
		return csr_bad(e, "malformed public key");
	if (alg_key_find(&k, alg, e) == -1)
		return error_wrap(e, "key");
	if (alg_key_check(k, ALG_LEAF, e) == -1) {
		e->code = ERROR_DENIED;
		return error_wrap(e, "key");
	}
	return key_read(csr, k, bits, e);
}
