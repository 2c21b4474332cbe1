/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "base/mem.h"
#include "base/split.h"

/* Multiplication in GF(2^8), the same work for every pair of operands. */
static uint8_t
field_multiply(uint8_t a, uint8_t b)
{
	uint8_t	 product = 0, carry;
	int	 i;

	for (i = 0; i < 8; i++) {
		product ^= (uint8_t)-(b & 1) & a;
		carry = (uint8_t)-(a >> 7);
		a = (uint8_t)(a << 1) ^ (carry & 0x1b);
		b >>= 1;
	}
	return product;
}

/* a^254, which is 1/a for every a but 0. */
static uint8_t
field_invert(uint8_t a)
{
	uint8_t	 power = a, inverse = 1;
	int	 i;

	for (i = 1; i < 8; i++) {
		power = field_multiply(power, power);
		inverse = field_multiply(inverse, power);
	}
	return inverse;
}

/*
 * Add to the shares what one coefficient row contributes: Horner's rule, one
 * step for all bytes of all shares.
 */
static void
split_step(struct share *v, size_t n, const uint8_t *coefficient)
{
	uint8_t	*p;
	size_t	 i, k;

	for (i = 0; i < n; i++) {
		p = v[i].data.p;
		for (k = 0; k < v[i].data.len; k++)
			p[k] = field_multiply(p[k], v[i].number) ^
			    coefficient[k];
	}
}

/* The secret and its digest: the polynomials' value at 0. */
static int
split_extend(struct secret *out, const struct secret *secret, struct error *e)
{
	if (secret_new(out, secret->len + SPLIT_CHECK, e) == -1)
		return -1;
	memcpy(out->p, secret->p, secret->len);
	if (EVP_Digest(secret->p, secret->len, out->p + secret->len, NULL,
	    EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest the secret");
	return 0;
}

int
split_make(struct share *v, size_t n, size_t m, const struct secret *secret,
    const struct rng *rng, struct error *e)
{
	struct secret	 value = { NULL, 0 }, row = { NULL, 0 };
	size_t		 i;
	int		 rc = -1;

	memset(v, 0, n * sizeof(*v));
	if (m < 2 || m > n || n > SPLIT_MAX)
		return error_set(e, ERROR_CONFIG, "cannot split a secret so "
		    "that %zu of %zu are needed", m, n);
	if (secret->len == 0 || secret->len > SPLIT_SECRET_MAX)
		return error_set(e, ERROR_INPUT, "cannot split a secret of "
		    "%zu bytes", secret->len);
	if (split_extend(&value, secret, e) == -1 ||
	    secret_new(&row, value.len, e) == -1)
		goto out;
	for (i = 0; i < n; i++) {
		v[i].number = (uint8_t)(i + 1);
		v[i].threshold = (uint8_t)m;
		if (secret_new(&v[i].data, value.len, e) == -1)
			goto out;
		memset(v[i].data.p, 0, value.len);
	}
	for (i = 1; i < m; i++) {
		if (rng_fill(rng, row.p, row.len, e) == -1)
			goto out;
		split_step(v, n, row.p);
	}
	split_step(v, n, value.p);
	rc = 0;
 out:
	if (rc == -1)
		for (i = 0; i < n; i++)
			share_clear(&v[i]);
	secret_free(&row);
	secret_free(&value);
	return rc;
}

static int
split_check(const struct share *v, size_t n, struct error *e)
{
	size_t	 i, k;

	if (n == 0 || n > SPLIT_MAX)
		return error_set(e, ERROR_INPUT, "%zu shares cannot be joined",
		    n);
	if (v[0].threshold < 2 || n < v[0].threshold)
		return error_set(e, ERROR_INPUT, "%zu of the %d shares that "
		    "are needed", n, v[0].threshold);
	for (i = 0; i < n; i++) {
		if (v[i].number == 0 || v[i].data.len <= SPLIT_CHECK ||
		    v[i].data.len > SPLIT_SECRET_MAX + SPLIT_CHECK)
			return error_set(e, ERROR_INPUT,
			    "share %d is malformed", v[i].number);
		if (v[i].threshold != v[0].threshold ||
		    v[i].data.len != v[0].data.len)
			return error_set(e, ERROR_INPUT, "share %d is not of "
			    "the same secret as share %d", v[i].number,
			    v[0].number);
		for (k = 0; k < i; k++)
			if (v[k].number == v[i].number)
				return error_set(e, ERROR_INPUT,
				    "share %d was given twice", v[i].number);
	}
	return 0;
}

/* Lagrange: how much share i of the first m weighs in the value at x. */
static uint8_t
split_weight(const struct share *v, size_t m, size_t i, uint8_t x)
{
	uint8_t	 above = 1, below = 1;
	size_t	 k;

	for (k = 0; k < m; k++) {
		if (k == i)
			continue;
		above = field_multiply(above, v[k].number ^ x);
		below = field_multiply(below, v[k].number ^ v[i].number);
	}
	return field_multiply(above, field_invert(below));
}

/* The polynomials through the first m shares, at x. */
static void
split_value(uint8_t *out, const struct share *v, uint8_t x)
{
	uint8_t	 weight;
	size_t	 i, k;

	memset(out, 0, v[0].data.len);
	for (i = 0; i < v[0].threshold; i++) {
		weight = split_weight(v, v[0].threshold, i, x);
		for (k = 0; k < v[0].data.len; k++)
			out[k] ^= field_multiply(v[i].data.p[k], weight);
	}
}

/* Do the shares beyond the first m lie on the same polynomials? */
static bool
split_fits(uint8_t *scratch, const struct share *v, size_t n)
{
	size_t	 i;

	for (i = v[0].threshold; i < n; i++) {
		split_value(scratch, v, v[i].number);
		if (CRYPTO_memcmp(scratch, v[i].data.p, v[i].data.len) != 0)
			return false;
	}
	return true;
}

int
split_join(struct secret *out, const struct share *v, size_t n,
    struct error *e)
{
	struct secret	 value = { NULL, 0 }, again = { NULL, 0 };
	struct secret	 plain = { NULL, 0 };
	size_t		 len;
	int		 rc = -1;

	memset(out, 0, sizeof(*out));
	if (split_check(v, n, e) == -1)
		return -1;
	len = v[0].data.len - SPLIT_CHECK;
	if (secret_new(&value, v[0].data.len, e) == -1)
		goto out;
	split_value(value.p, v, 0);
	if (secret_set(&plain, value.p, len, e) == -1 ||
	    split_extend(&again, &plain, e) == -1)
		goto out;
	if (secret_compare(&value, &again) != 0 ||
	    !split_fits(again.p, v, n)) {
		error_set(e, ERROR_DENIED, "the shares do not fit together: "
		    "one is damaged or belongs to another secret");
		goto out;
	}
	*out = plain;
	memset(&plain, 0, sizeof(plain));
	rc = 0;
 out:
	secret_free(&plain);
	secret_free(&again);
	secret_free(&value);
	return rc;
}

void
share_clear(struct share *share)
{
	if (share == NULL)
		return;
	secret_free(&share->data);
	memset(share, 0, sizeof(*share));
}
