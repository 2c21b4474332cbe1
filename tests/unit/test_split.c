/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/split.h"

static const char	 words[] = "the key of the root, 32 bytes..";

static void
make(struct share *v, size_t n, size_t m, const char *text, uint64_t seed)
{
	struct error	 e = ERROR_INIT;
	struct secret	 secret = { NULL, 0 };
	struct rng	 rng = rng_seeded(seed);

	assert_int_equal(secret_set(&secret, text, strlen(text), &e), 0);
	assert_int_equal(split_make(v, n, m, &secret, &rng, &e), 0);
	secret_free(&secret);
}

static void
clear(struct share *v, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		share_clear(&v[i]);
}

static void
refuses(const struct share *v, size_t n, enum error_code code,
    const char *text)
{
	struct error	 e = ERROR_INIT;
	struct secret	 out = { NULL, 0 };

	assert_int_equal(split_join(&out, v, n, &e), -1);
	assert_null(out.p);
	assert_int_equal(e.code, code);
	assert_string_equal(e.text, text);
}

static void
split_make_refuses_thresholds_that_make_no_sense(void **state)
{
	static const struct {
		size_t	 n, m;
	}		 bad[] = { { 3, 1 }, { 3, 4 }, { 3, 0 }, { 0, 0 } };
	struct error	 e;
	struct share	 v[4];
	struct secret	 secret = { NULL, 0 };
	size_t		 i;

	(void)state;
	assert_int_equal(secret_set(&secret, "x", 1, &e), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(split_make(v, bad[i].n, bad[i].m, &secret,
		    &rng_system, &e), -1);
		assert_int_equal(e.code, ERROR_CONFIG);
		assert_non_null(strstr(e.text, "cannot split a secret"));
	}
	secret_free(&secret);
}

static void
split_join_refuses_too_few(void **state)
{
	struct share	 v[5];

	(void)state;
	make(v, 5, 3, words, 1);
	refuses(v, 2, ERROR_INPUT, "2 of the 3 shares that are needed");
	refuses(v, 0, ERROR_INPUT, "0 shares cannot be joined");
	clear(v, 5);
}

static void
split_join_refuses_one_share_twice(void **state)
{
	struct share	 v[3], twice[2];

	(void)state;
	make(v, 3, 2, words, 1);
	twice[0] = twice[1] = v[1];
	refuses(twice, 2, ERROR_INPUT, "share 2 was given twice");
	clear(v, 3);
}

static void
split_join_notices_every_flipped_byte(void **state)
{
	struct share	 v[2];
	size_t		 k;

	(void)state;
	make(v, 2, 2, words, 1);
	for (k = 0; k < v[0].data.len; k++) {
		v[0].data.p[k] ^= 0x40;
		refuses(v, 2, ERROR_DENIED, "the shares do not fit together: "
		    "one is damaged or belongs to another secret");
		v[0].data.p[k] ^= 0x40;
	}
	clear(v, 2);
}

static void
split_join_notices_a_share_of_another_secret(void **state)
{
	struct share	 v[3], other[3], mixed[3];

	(void)state;
	make(v, 3, 2, words, 1);
	make(other, 3, 2, words, 2);	/* same secret, other polynomials */
	mixed[0] = v[0];
	mixed[1] = v[1];
	mixed[2] = other[2];
	refuses(mixed, 3, ERROR_DENIED, "the shares do not fit together: "
	    "one is damaged or belongs to another secret");
	mixed[1] = other[1];
	refuses(mixed, 2, ERROR_DENIED, "the shares do not fit together: "
	    "one is damaged or belongs to another secret");
	mixed[1].threshold = 3;
	refuses(mixed, 3, ERROR_INPUT,
	    "share 2 is not of the same secret as share 1");
	clear(v, 3);
	clear(other, 3);
}

/* Join the shares whose bits are set; the secret must come out. */
static void
joins(const struct share *v, size_t n, unsigned int subset, size_t m)
{
	struct error	 e = ERROR_INIT;
	struct secret	 out = { NULL, 0 };
	struct share	 some[8];
	size_t		 i, k = 0;

	for (i = 0; i < n; i++)
		if (subset & 1u << i)
			some[k++] = v[i];
	if (k < m) {
		assert_int_equal(k == 0 ? -1 :
		    split_join(&out, some, k, &e), -1);
		return;
	}
	assert_int_equal(split_join(&out, some, k, &e), 0);
	assert_int_equal(out.len, strlen(words));
	assert_memory_equal(out.p, words, out.len);
	secret_free(&out);
}

static void
every_subset_of_m_or_more_joins_and_no_smaller_one(void **state)
{
	struct share	 v[6];
	unsigned int	 subset;
	size_t		 n, m;

	(void)state;
	for (n = 2; n <= 6; n++)
		for (m = 2; m <= n; m++) {
			make(v, n, m, words, n * 16 + m);
			for (subset = 0; subset < 1u << n; subset++)
				joins(v, n, subset, m);
			clear(v, n);
		}
}

static void
the_order_of_the_shares_does_not_matter(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 out = { NULL, 0 };
	struct share	 v[3], back[3];

	(void)state;
	make(v, 3, 3, words, 7);
	back[0] = v[2];
	back[1] = v[0];
	back[2] = v[1];
	assert_int_equal(split_join(&out, back, 3, &e), 0);
	assert_memory_equal(out.p, words, strlen(words));
	secret_free(&out);
	clear(v, 3);
}

static void
the_largest_group_works(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 out = { NULL, 0 };
	struct share	 v[SPLIT_MAX];

	(void)state;
	make(v, SPLIT_MAX, 100, words, 3);
	assert_int_equal(split_join(&out, v + 155, 100, &e), 0);
	assert_memory_equal(out.p, words, strlen(words));
	secret_free(&out);
	clear(v, SPLIT_MAX);
}

/*
 * Two shares of a two-byte world computed by hand: secret 0x53, coefficient
 * 0xCA, for which 0x53 * 0xCA = 1 in this field; share(n) = 0x53 + n * 0xCA.
 */
static int
rng_ca(const struct rng *rng, unsigned char *p, size_t n, struct error *e)
{
	(void)rng;
	(void)e;
	memset(p, 0xca, n);
	return 0;
}

static void
shares_are_the_values_computed_by_hand(void **state)
{
	struct error	 e = ERROR_INIT;
	struct rng	 rng = { rng_ca, 0 };
	struct secret	 secret = { NULL, 0 };
	struct share	 v[3];

	(void)state;
	assert_int_equal(secret_set(&secret, "\x53", 1, &e), 0);
	assert_int_equal(split_make(v, 3, 2, &secret, &rng, &e), 0);
	assert_int_equal(v[0].data.p[0], 0x53 ^ 0xca);
	assert_int_equal(v[1].data.p[0], 0x53 ^ 0x8f);	/* 2 * CA */
	assert_int_equal(v[2].data.p[0], 0x53 ^ 0x45);	/* 3 * CA */
	clear(v, 3);
	secret_free(&secret);
}

static int
rng_broken(const struct rng *rng, unsigned char *p, size_t n, struct error *e)
{
	(void)rng;
	(void)p;
	(void)n;
	return error_set(e, ERROR_CRYPTO, "no randomness");
}

static void
split_make_fails_and_leaves_nothing_when_randomness_fails(void **state)
{
	struct error	 e = ERROR_INIT;
	struct rng	 rng = { rng_broken, 0 };
	struct secret	 secret = { NULL, 0 };
	struct share	 v[3];

	(void)state;
	assert_int_equal(secret_set(&secret, words, strlen(words), &e), 0);
	assert_int_equal(split_make(v, 3, 2, &secret, &rng, &e), -1);
	assert_string_equal(e.text, "no randomness");
	assert_null(v[0].data.p);
	assert_null(v[2].data.p);
	secret_free(&secret);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    split_make_refuses_thresholds_that_make_no_sense),
		cmocka_unit_test(split_join_refuses_too_few),
		cmocka_unit_test(split_join_refuses_one_share_twice),
		cmocka_unit_test(split_join_notices_every_flipped_byte),
		cmocka_unit_test(split_join_notices_a_share_of_another_secret),
		cmocka_unit_test(
		    split_make_fails_and_leaves_nothing_when_randomness_fails),
		cmocka_unit_test(
		    every_subset_of_m_or_more_joins_and_no_smaller_one),
		cmocka_unit_test(the_order_of_the_shares_does_not_matter),
		cmocka_unit_test(the_largest_group_works),
		cmocka_unit_test(shares_are_the_values_computed_by_hand),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
