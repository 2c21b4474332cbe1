/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "card/pin.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define DRAWN		20000

static void
what_somebody_tries_first_is_weak(void **state)
{
	static const char *const	weak[] = { "000000", "777777", "123456",
		"234567", "567890", "890123", "987654", "109876", "121212",
		"123123", "123321", "111111", "240571", "052471", "710524",
		"311299", "24051971", "19710524", "05241971", "20011231",
		"12341234", "1234567", "12345678", "13133131" };
	static const char *const	good[] = { "394857", "860194", "7402958",
		"48205739", "500273", "99375518", "31133100" };
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(weak); i++)
		if (!pin_is_weak(weak[i], strlen(weak[i]), NULL))
			fail_msg("%s", weak[i]);
	for (i = 0; i < COUNT(good); i++)
		if (pin_is_weak(good[i], strlen(good[i]), NULL))
			fail_msg("%s", good[i]);
}

static void
what_is_known_of_the_holder_is_not_in_a_pin(void **state)
{
	static const char *const	known[] = { "Post 394 857", NULL, "4711",
		"12" };
	const struct pin_avoid		avoid = { known, COUNT(known) };

	(void)state;
	assert_true(pin_is_weak("394857", 6, &avoid));
	assert_true(pin_is_weak("947118", 6, &avoid));
	assert_false(pin_is_weak("948118", 6, &avoid));
	/* Two digits of a house number say nothing. */
	assert_false(pin_is_weak("912738", 6, &avoid));
	assert_false(pin_is_weak("394857", 6, NULL));
}

static void
only_lengths_that_cards_take_are_made(void **state)
{
	struct error	e = ERROR_INIT;
	struct secret	pin = { 0 };

	(void)state;
	assert_int_equal(pin_make(&pin, 5, NULL, &rng_system, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_null(pin.p);
	assert_int_equal(pin_make(&pin, 9, NULL, &rng_system, &e), -1);
}

static int
fill_ones(const struct rng *rng, unsigned char *p, size_t n, struct error *e)
{
	(void)rng;
	(void)e;
	memset(p, 0xff, n);
	return 0;
}

static int
fill_same(const struct rng *rng, unsigned char *p, size_t n, struct error *e)
{
	(void)rng;
	(void)e;
	memset(p, 3, n);
	return 0;
}

static int
fill_nothing(const struct rng *rng, unsigned char *p, size_t n,
    struct error *e)
{
	(void)rng;
	(void)p;
	(void)n;
	return error_set(e, ERROR_CRYPTO, "no randomness");
}

static void
a_broken_generator_makes_no_pin(void **state)
{
	static const struct { struct rng rng; const char *said; } broken[] = {
		{ { fill_ones, 0 }, "draws nothing of use" },
		{ { fill_same, 0 }, "nothing but weak PINs" },
		{ { fill_nothing, 0 }, "no randomness" },
	};
	size_t	i;

	(void)state;
	for (i = 0; i < COUNT(broken); i++) {
		struct error	e = ERROR_INIT;
		struct secret	pin = { 0 };

		assert_int_equal(pin_make(&pin, 6, NULL, &broken[i].rng, &e),
		    -1);
		assert_int_equal(e.code, ERROR_CRYPTO);
		assert_non_null(strstr(e.text, broken[i].said));
		assert_null(pin.p);
	}
}

/* Chi squared over digits and places; with 9 degrees of freedom 40 is what
 * chance brings once in 100,000 times, and the seed is always the same. */
static void
each_digit_is_as_likely_as_any_other_at_each_place(void **state)
{
	struct rng	rng = rng_seeded(42);
	unsigned int	count[8][10] = { { 0 } };
	struct error	e = ERROR_INIT;
	size_t		i, place, digit;

	(void)state;
	for (i = 0; i < DRAWN; i++) {
		struct secret	pin = { 0 };

		assert_int_equal(pin_make(&pin, 7, NULL, &rng, &e), 0);
		assert_int_equal(pin.len, 7);
		assert_false(pin_is_weak((char *)pin.p, 7, NULL));
		for (place = 0; place < 7; place++) {
			assert_in_range(pin.p[place], '0', '9');
			count[place][pin.p[place] - '0']++;
		}
		secret_free(&pin);
	}
	for (place = 0; place < 7; place++) {
		double	chi = 0, want = DRAWN / 10.0;

		for (digit = 0; digit < 10; digit++) {
			double	d = count[place][digit] - want;

			chi += d * d / want;
		}
		if (chi > 40)
			fail_msg("place %zu: %.1f", place, chi);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_somebody_tries_first_is_weak),
		cmocka_unit_test(what_is_known_of_the_holder_is_not_in_a_pin),
		cmocka_unit_test(only_lengths_that_cards_take_are_made),
		cmocka_unit_test(a_broken_generator_makes_no_pin),
		cmocka_unit_test(each_digit_is_as_likely_as_any_other_at_each_place),
	};
	struct error	e = ERROR_INIT;

	if (secret_init(&e) == -1)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
