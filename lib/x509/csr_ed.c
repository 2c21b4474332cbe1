/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is an Ed25519 key a point of the group that its signatures are about?
 *
 * The curve has eight times as many points as that group.  A key with a part of
 * small order in it verifies for some programs and not for others (RFC 8032,
 * 5.1.7 leaves it open), and two keys then pass for one.  OpenSSL computes on
 * the curve, but lends it to nobody, so it is done here: with public numbers,
 * in 0.6 ms, when a key is certified.
 */
#include <string.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include "x509/csr_private.h"

#define P_HEX	"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
#define D_HEX	"52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"
#define L_HEX	"1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"

/* Numbers modulo p, those of points and dd in Montgomery's form. */
struct curve {
	BN_CTX		*ctx;
	BN_MONT_CTX	*mont;
	BIGNUM		*p, *d, *order, *dd;	/* dd = 2d */
};

/* Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z. */
struct point {
	BIGNUM	*x, *y, *z, *t;
};

static void
curve_clear(struct curve *f)
{
	BN_free(f->p);
	BN_free(f->d);
	BN_free(f->order);
	BN_free(f->dd);
	BN_MONT_CTX_free(f->mont);
	BN_CTX_free(f->ctx);
}

static bool
curve_init(struct curve *f)
{
	memset(f, 0, sizeof(*f));
	return (f->ctx = BN_CTX_new()) != NULL &&
	    (f->mont = BN_MONT_CTX_new()) != NULL &&
	    (f->dd = BN_new()) != NULL && BN_hex2bn(&f->p, P_HEX) != 0 &&
	    BN_hex2bn(&f->d, D_HEX) != 0 &&
	    BN_hex2bn(&f->order, L_HEX) != 0 &&
	    BN_MONT_CTX_set(f->mont, f->p, f->ctx) == 1 &&
	    BN_mod_lshift1_quick(f->dd, f->d, f->p) == 1 &&
	    BN_to_montgomery(f->dd, f->dd, f->mont, f->ctx) == 1;
}

static bool
point_init(struct point *a)
{
	return (a->x = BN_new()) != NULL && (a->y = BN_new()) != NULL &&
	    (a->z = BN_new()) != NULL && (a->t = BN_new()) != NULL;
}

static void
point_clear(struct point *a)
{
	BN_free(a->x);
	BN_free(a->y);
	BN_free(a->z);
	BN_free(a->t);
}

static bool
times(const struct curve *f, BIGNUM *r, const BIGNUM *a, const BIGNUM *b)
{
	return BN_mod_mul_montgomery(r, a, b, f->mont, f->ctx) == 1;
}

/*
 * r = a + b, for any two points of the curve, equal ones and those of small
 * order included (Hisil and others 2008, 3.1; complete since -1 is a square
 * and d is none).  v is room.
 */
static bool
point_add(const struct curve *f, struct point *r, const struct point *a,
    const struct point *b, BIGNUM *v[6])
{
	const BIGNUM	*p = f->p;

	return BN_mod_sub_quick(v[0], a->y, a->x, p) == 1 &&
	    BN_mod_sub_quick(v[1], b->y, b->x, p) == 1 &&
	    times(f, v[0], v[0], v[1]) &&
	    BN_mod_add_quick(v[1], a->y, a->x, p) == 1 &&
	    BN_mod_add_quick(v[2], b->y, b->x, p) == 1 &&
	    times(f, v[1], v[1], v[2]) &&
	    times(f, v[2], a->t, b->t) && times(f, v[2], v[2], f->dd) &&
	    times(f, v[3], a->z, b->z) &&
	    BN_mod_lshift1_quick(v[3], v[3], p) == 1 &&
	    BN_mod_sub_quick(v[4], v[1], v[0], p) == 1 &&
	    BN_mod_add_quick(v[1], v[1], v[0], p) == 1 &&
	    BN_mod_sub_quick(v[0], v[3], v[2], p) == 1 &&
	    BN_mod_add_quick(v[3], v[3], v[2], p) == 1 &&
	    times(f, r->x, v[4], v[0]) && times(f, r->y, v[3], v[1]) &&
	    times(f, r->t, v[4], v[1]) && times(f, r->z, v[0], v[3]);
}

/* RFC 8032, 5.1.3: x from y and a bit.  1, 0 there is no such point, -1. */
static int
point_decode(const struct curve *f, struct point *a, const uint8_t raw[32])
{
	uint8_t	 y[32];
	BIGNUM	*u = BN_new(), *v = BN_new();
	int	 rc = -1;

	memcpy(y, raw, sizeof(y));
	y[31] &= 0x7f;
	if (u == NULL || v == NULL ||
	    BN_lebin2bn(y, sizeof(y), a->y) == NULL ||
	    BN_mod_sqr(u, a->y, f->p, f->ctx) != 1 ||
	    BN_mod_mul(v, u, f->d, f->p, f->ctx) != 1 ||
	    BN_sub_word(u, 1) != 1 || BN_add_word(v, 1) != 1 ||
	    BN_mod_inverse(v, v, f->p, f->ctx) == NULL ||
	    BN_mod_mul(u, u, v, f->p, f->ctx) != 1)
		goto out;
	rc = BN_mod_sqrt(a->x, u, f->p, f->ctx) != NULL;
	if (rc == 1 && BN_is_odd(a->x) != raw[31] >> 7 &&
	    BN_sub(a->x, f->p, a->x) != 1)
		rc = -1;
	if (rc == 1 && (BN_to_montgomery(a->x, a->x, f->mont, f->ctx) != 1 ||
	    BN_to_montgomery(a->y, a->y, f->mont, f->ctx) != 1 ||
	    BN_to_montgomery(a->z, BN_value_one(), f->mont, f->ctx) != 1 ||
	    !times(f, a->t, a->x, a->y)))
		rc = -1;
 out:
	BN_free(u);
	BN_free(v);
	ERR_clear_error();
	return rc;
}

/* Is the order of the group, times the point, nothing?  1, 0, -1. */
static int
has_prime_order(const struct curve *f, const struct point *a)
{
	struct point	 r = { NULL, NULL, NULL, NULL };
	BIGNUM		*v[6] = { NULL };
	int		 i, rc = -1;

	for (i = 0; i < 6; i++)
		if ((v[i] = BN_new()) == NULL)
			goto out;
	if (!point_init(&r) || BN_copy(r.x, a->x) == NULL ||
	    BN_copy(r.y, a->y) == NULL || BN_copy(r.z, a->z) == NULL ||
	    BN_copy(r.t, a->t) == NULL)
		goto out;
	for (i = BN_num_bits(f->order) - 2; i >= 0; i--)
		if (!point_add(f, &r, &r, &r, v) ||
		    (BN_is_bit_set(f->order, i) &&
		    !point_add(f, &r, &r, a, v)))
			goto out;
	rc = BN_is_zero(r.x) && BN_cmp(r.y, r.z) == 0;
 out:
	for (i = 0; i < 6; i++)
		BN_free(v[i]);
	point_clear(&r);
	return rc;
}

int
csr_ed_group(const uint8_t raw[32], struct error *e)
{
	struct curve	 f;
	struct point	 a = { NULL, NULL, NULL, NULL };
	int		 on, in = -1;

	on = curve_init(&f) && point_init(&a) ? point_decode(&f, &a, raw) : -1;
	if (on == 1)
		in = has_prime_order(&f, &a);
	point_clear(&a);
	curve_clear(&f);
	if (on == 0)
		return error_set(e, ERROR_DENIED,
		    "key: Ed25519 point is not on its curve");
	if (in == -1)
		return error_ssl(e, ERROR_CRYPTO, "key: Ed25519 point");
	return in == 1 ? 0 : error_set(e, ERROR_DENIED, "key: Ed25519 point is"
	    " outside of the group of prime order");
}
