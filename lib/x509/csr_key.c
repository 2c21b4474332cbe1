/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a public key must be to be certified.  One row per rule, so that a
 * new weakness is a new row.
 */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include "x509/alg.h"
#include "x509/csr_private.h"

struct key_view {
	EVP_PKEY	*key;
	const struct alg_key *alg;
	BIGNUM		*n, *e;		/* RSA */
	unsigned char	 raw[32];	/* Ed25519 */
};

static int
denied(struct error *e, const char *why)
{
	return error_set(e, ERROR_DENIED, "key: %s", why);
}

static int
rsa_size(const struct key_view *k, struct error *e)
{
	int	 bits = BN_num_bits(k->n);

	if (bits < k->alg->min || bits > k->alg->max || bits % 8 != 0)
		return error_set(e, ERROR_DENIED, "key: RSA modulus of %d bits"
		    " is not %d to %d by steps of 8", bits, k->alg->min,
		    k->alg->max);
	return 0;
}

/* The lower bound is the S/MIME baseline's 6.1.6, the upper FIPS 186-5's. */
static int
rsa_exponent(const struct key_view *k, struct error *e)
{
	if (!BN_is_odd(k->e) || BN_num_bits(k->e) < 17 ||
	    BN_num_bits(k->e) > 256)
		return denied(e, "RSA exponent is not odd and between 65537"
		    " and 2^256");
	return 0;
}

static int
rsa_small_factor(const struct key_view *k, struct error *e)
{
	static const uint16_t	 prime[] = {
		3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59,
		61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127,
		131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191,
		193, 197, 199, 211, 223, 227, 229, 233, 239, 241, 251, 257,
		263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331,
		337, 347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401,
		409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467,
		479, 487, 491, 499, 503, 509, 521, 523, 541, 547, 557, 563,
		569, 571, 577, 587, 593, 599, 601, 607, 613, 617, 619, 631,
		641, 643, 647, 653, 659, 661, 673, 677, 683, 691, 701, 709,
		719, 727, 733, 739, 743, 751,
	};
	const size_t		 count = sizeof(prime) / sizeof(prime[0]);
	BN_ULONG		 product, rest;
	size_t			 i, from;

	if (!BN_is_odd(k->n))
		return denied(e, "RSA modulus is even");
	/* One division by a product of primes instead of one by each. */
	for (i = 0; i < count; ) {
		from = i;
		for (product = 1; i < count && product < (BN_ULONG)1 <<
		    (sizeof(product) * 8 - 10); i++)
			product *= prime[i];
		/* It takes memory, and all bits are set when there is none. */
		if ((rest = BN_mod_word(k->n, product)) >= product)
			return error_ssl(e, ERROR_CRYPTO, "key: small factors");
		for (; from < i; from++)
			if (rest % prime[from] == 0)
				return error_set(e, ERROR_DENIED, "key: RSA"
				    " modulus is divisible by %d", prime[from]);
	}
	return 0;
}

static int
rsa_roca(const struct key_view *k, struct error *e)
{
	return csr_rsa_roca(k->n, e);
}

static int
rsa_close_primes(const struct key_view *k, struct error *e)
{
	return csr_rsa_close_primes(k->n, e);
}

static int
rsa_prime_power(const struct key_view *k, struct error *e)
{
	return csr_rsa_prime_power(k->n, e);
}

/* Not infinity, coordinates in range, on the curve (SP 800-56A 5.6.2.3.4;
 * the order is prime, so that no more is needed). */
static int
ec_point(const struct key_view *k, struct error *e)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
	int		 ok;

	ok = ctx != NULL && EVP_PKEY_public_check_quick(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (ok)
		return 0;
	ERR_clear_error();
	return denied(e, "EC point is not a good point of its curve");
}

/* y coordinates, little-endian, of the points whose order divides 8. */
static int
ed_small_order(const struct key_view *k, struct error *e)
{
	static const unsigned char	 order8[2][32] = {
		{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
		  0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		  0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
		  0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
		{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
		  0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		  0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
		  0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
	};
	unsigned char			 y[32];
	int				 i, low = 1, high;

	memcpy(y, k->raw, sizeof(y));
	y[31] &= 0x7f;			/* the sign of x */
	for (i = 1; i < 32; i++)
		low = low && y[i] == 0;
	high = y[31] == 0x7f;
	for (i = 1; i < 31; i++)
		high = high && y[i] == 0xff;
	if ((low && y[0] <= 1) || (high && y[0] == 0xec) ||
	    memcmp(y, order8[0], 32) == 0 || memcmp(y, order8[1], 32) == 0)
		return denied(e, "Ed25519 point of small order");
	if (high && y[0] >= 0xed)
		return denied(e, "Ed25519 point is not in its shortest form");
	return 0;
}

static int
ed_group(const struct key_view *k, struct error *e)
{
	return csr_ed_group(k->raw, e);
}

static const struct {
	const char	*type;		/* how OpenSSL's name of it begins */
	const char	*name;
	int		(*fn)(const struct key_view *, struct error *);
} checks[] = {
	{ "RSA", "size", rsa_size },
	{ "RSA", "exponent", rsa_exponent },
	{ "RSA", "small factor", rsa_small_factor },
	{ "RSA", "ROCA", rsa_roca },
	{ "RSA", "close primes", rsa_close_primes },
	{ "RSA", "prime power", rsa_prime_power },	/* the dearest, last */
	{ "EC", "point", ec_point },
	{ "ED25519", "small order", ed_small_order },
	{ "ED25519", "group", ed_group },
};
#define NCHECKS	(sizeof(checks) / sizeof(checks[0]))

static int
view_init(struct key_view *k, EVP_PKEY *key, struct error *e)
{
	size_t	 n = sizeof(k->raw);

	k->key = key;
	if ((k->alg = alg_key_of(key)) == NULL)
		return denied(e, alg_key_is(key, "EC") ?
		    "curve is not P-256, P-384 or P-521" :
		    "neither RSA, EC, Ed25519 nor ML-DSA");
	if (strncmp(k->alg->type, "RSA", 3) == 0 && (EVP_PKEY_get_bn_param(key,
	    OSSL_PKEY_PARAM_RSA_N, &k->n) != 1 || EVP_PKEY_get_bn_param(key,
	    OSSL_PKEY_PARAM_RSA_E, &k->e) != 1))
		return error_ssl(e, ERROR_CRYPTO, "read RSA key");
	if (alg_key_is(key, "ED25519") && (EVP_PKEY_get_raw_public_key(key,
	    k->raw, &n) != 1 || n != sizeof(k->raw)))
		return error_ssl(e, ERROR_CRYPTO, "read Ed25519 key");
	return 0;
}

int
csr_check_key(EVP_PKEY *key, struct error *e)
{
	struct key_view	 k = { 0 };
	size_t		 i;
	int		 rc = -1;

	if (view_init(&k, key, e) == -1)
		goto out;
	for (i = 0; i < NCHECKS; i++)
		if (strncmp(k.alg->type, checks[i].type,
		    strlen(checks[i].type)) == 0 && checks[i].fn(&k, e) == -1)
			goto out;
	rc = 0;
 out:
	BN_free(k.n);
	BN_free(k.e);
	return rc;
}
