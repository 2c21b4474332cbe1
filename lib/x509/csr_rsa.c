/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA moduli that have a structure, by which others can factor them.  Each
 * test is bounded: the dearest is one exponentiation.
 */
#include <openssl/bn.h>
#include "x509/csr_private.h"

#define FERMAT_ROUNDS	128	/* TLS baseline 6.1.1.3 wants 100 */

static int
weak(struct error *e, const char *why)
{
	return error_set(e, ERROR_DENIED, "key: %s", why);
}

/*
 * ROCA (CVE-2017-15361): the chips' primes are powers of 65537 modulo each
 * small prime r, hence so is n.  In the cyclic group of order r - 1 the powers
 * of an element of order d are those x with x^d = 1.  Of primes where 65537
 * makes the whole group nothing can be told; by the others one good key in 2^27
 * is refused by chance, and has to be made again.
 */
static unsigned
power_mod(unsigned x, unsigned k, unsigned r)
{
	unsigned	 y = 1;

	for (; k > 0; k >>= 1) {
		if (k & 1)
			y = y * x % r;
		x = x * x % r;
	}
	return y;
}

static unsigned
order_mod(unsigned x, unsigned r)
{
	unsigned	 y = x % r, d;

	for (d = 1; y != 1; d++)
		y = y * (x % r) % r;
	return d;
}

int
csr_rsa_roca(const BIGNUM *n, struct error *e)
{
	static const uint8_t	 small[] = { 11, 13, 17, 19, 37, 53, 61, 71,
				    73, 79, 97, 103, 107, 109, 127, 151,
				    157 };
	const size_t		 count = sizeof(small);
	unsigned		 r, rest;
	size_t			 i;

	for (i = 0; i < count; i++) {
		r = small[i];
		rest = (unsigned)BN_mod_word(n, r);
		if (power_mod(rest, order_mod(65537, r), r) != 1)
			return 0;
	}
	return weak(e, "RSA modulus has the fingerprint of ROCA "
	    "(CVE-2017-15361): others can find its primes");
}

/* Floor of the square root, by Newton's method from above: the number of
 * rounds grows with the logarithm of the length. */
static int
square_root(BIGNUM *root, const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM	*next, *q;
	int	 rc = -1;

	BN_CTX_start(ctx);
	next = BN_CTX_get(ctx);
	if ((q = BN_CTX_get(ctx)) == NULL)
		goto out;
	BN_zero(next);
	if (BN_set_bit(next, (BN_num_bits(n) + 1) / 2) != 1)
		goto out;
	do {
		if (BN_copy(root, next) == NULL ||
		    BN_div(q, NULL, n, root, ctx) != 1 ||
		    BN_add(next, root, q) != 1 || BN_rshift1(next, next) != 1)
			goto out;
	} while (BN_cmp(next, root) < 0);
	rc = 0;
 out:
	BN_CTX_end(ctx);
	return rc;
}

/* Squares are few modulo 64 and modulo 63, 65, 11: of a hundred others one
 * gets through to the square root. */
static bool
may_be_square(const BIGNUM *n)
{
	static const uint8_t	 m[] = { 64, 63, 65, 11 };
	unsigned		 rest, x;
	size_t			 i;

	for (i = 0; i < sizeof(m); i++) {
		rest = (unsigned)BN_mod_word(n, m[i]);
		for (x = 0; x <= m[i] / 2u; x++)
			if (x * x % m[i] == rest)
				break;
		if (x > m[i] / 2u)
			return false;
	}
	return true;
}

/* 1, 0 or -1. */
static int
is_square(const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM	*root, *again;
	int	 rc = -1;

	if (!may_be_square(n))
		return 0;
	BN_CTX_start(ctx);
	root = BN_CTX_get(ctx);
	if ((again = BN_CTX_get(ctx)) != NULL &&
	    square_root(root, n, ctx) == 0 &&
	    BN_sqr(again, root, ctx) == 1)
		rc = BN_cmp(again, n) == 0;
	BN_CTX_end(ctx);
	return rc;
}

/* Fermat: n = a^2 - b^2 with a near the root of n; b = 0 is a square. */
static int
find_close(const BIGNUM *n, BN_CTX *ctx)
{
	BIGNUM	*a, *b2, *t;
	int	 i, found = -1;

	BN_CTX_start(ctx);
	a = BN_CTX_get(ctx);
	b2 = BN_CTX_get(ctx);
	if ((t = BN_CTX_get(ctx)) == NULL || square_root(a, n, ctx) == -1 ||
	    BN_sqr(b2, a, ctx) != 1 || BN_sub(b2, b2, n) != 1)
		goto out;
	found = BN_is_zero(b2);
	for (i = 0; found == 0 && i < FERMAT_ROUNDS; i++) {
		/* (a + 1)^2 - n = a^2 - n + 2a + 1 */
		if (BN_lshift1(t, a) != 1 || BN_add(b2, b2, t) != 1 ||
		    BN_add_word(b2, 1) != 1 || BN_add_word(a, 1) != 1)
			found = -1;
		else
			found = is_square(b2, ctx);
	}
 out:
	BN_CTX_end(ctx);
	return found;
}

int
csr_rsa_close_primes(const BIGNUM *n, struct error *e)
{
	BN_CTX	*ctx = BN_CTX_new();
	int	 found = -1;

	if (ctx != NULL)
		found = find_close(n, ctx);
	BN_CTX_free(ctx);
	if (found == -1)
		return error_ssl(e, ERROR_CRYPTO, "key: close primes");
	return found == 0 ? 0 : weak(e, "RSA primes are so close that "
	    "Fermat's method finds them (TLS baseline, 6.1.1.3)");
}

/*
 * With x = 2^n - 2 mod n: a prime n gives 0 (Fermat's little theorem); when
 * n = p^k, 2^n = 2 mod p as well, so that p divides x; a product of two
 * primes made at random gives a number without a common factor.
 */
int
csr_rsa_prime_power(const BIGNUM *n, struct error *e)
{
	BN_CTX	*ctx = BN_CTX_new();
	BIGNUM	*x = BN_new();
	int	 rc = -1;

	if (ctx == NULL || x == NULL ||
	    BN_mod_exp_mont_word(x, 2, n, n, ctx, NULL) != 1) {
		error_ssl(e, ERROR_CRYPTO, "key: prime modulus");
		goto out;
	}
	if (BN_is_word(x, 2)) {
		weak(e, "RSA modulus is a prime (SP 800-89, 5.3.3)");
		goto out;
	}
	if (BN_sub_word(x, 2) != 1 || BN_gcd(x, x, n, ctx) != 1) {
		error_ssl(e, ERROR_CRYPTO, "key: prime modulus");
		goto out;
	}
	rc = BN_is_one(x) ? 0 : weak(e, "RSA modulus is a power of a prime, or "
	    "its primes are related (SP 800-89, 5.3.3)");
 out:
	BN_free(x);
	BN_CTX_free(ctx);
	return rc;
}
