/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static int
refuse(const struct rng *r, unsigned char *p, size_t len, struct error *e)
{
	(void)r;
	(void)p;
	(void)len;
	return error_set(e, ERROR_CRYPTO, "no entropy");
}

static void
rng_fill_hands_up_the_failure_of_its_source(void **state)
{
	struct rng	 r = { refuse, 0 };
	struct error	 e = ERROR_INIT;
	char		 buf[4];

	(void)state;
	assert_int_equal(rng_fill(&r, buf, sizeof(buf), &e), -1);
	assert_int_equal(e.code, ERROR_CRYPTO);
	assert_string_equal(e.text, "no entropy");
}

static void
rng_seeded_repeats_with_a_seed_and_goes_on_within_a_stream(void **state)
{
	struct rng	 a = rng_seeded(1), b = rng_seeded(1);
	struct rng	 c = rng_seeded(2);
	struct error	 e = ERROR_INIT;
	char		 x[20], y[20], z[20];

	(void)state;
	assert_int_equal(rng_fill(&a, x, sizeof(x), &e), 0);
	assert_int_equal(rng_fill(&b, y, sizeof(y), &e), 0);
	assert_int_equal(rng_fill(&c, z, sizeof(z), &e), 0);
	assert_memory_equal(x, y, sizeof(x));
	assert_memory_not_equal(x, z, sizeof(x));
	assert_int_equal(rng_fill(&a, y, sizeof(y), &e), 0);
	assert_memory_not_equal(x, y, sizeof(x));
}

static void
rng_system_does_not_repeat(void **state)
{
	struct error	 e = ERROR_INIT;
	char		 x[20], y[20];

	(void)state;
	assert_int_equal(rng_fill(&rng_system, x, sizeof(x), &e), 0);
	assert_int_equal(rng_fill(&rng_system, y, sizeof(y), &e), 0);
	assert_memory_not_equal(x, y, sizeof(x));
	assert_int_equal(rng_fill(&rng_system, x, 0, &e), 0);
}

static void
clock_fixed_stands_still(void **state)
{
	struct clock	 c = clock_fixed(41);

	(void)state;
	assert_int_equal(clock_now(&c), 41);
	assert_int_equal(clock_now(&c), 41);
}

static void
clock_system_travels_only_in_a_build_for_tests(void **state)
{
	int64_t	 t, now, ahead = 0;

	(void)state;
	t = (int64_t)time(NULL);
	now = clock_now(&clock_system);
	assert_in_range(now, t, (int64_t)time(NULL));
	setenv("SIGNET_CLOCK_OFFSET", "86400", 1);
#ifdef SIGNET_FAULTS
	ahead = 86400;
#endif
	now = clock_now(&clock_system);
	assert_in_range(now, t + ahead, (int64_t)time(NULL) + ahead);
	unsetenv("SIGNET_CLOCK_OFFSET");
}

static void
clock_monotonic_ms_goes_forward(void **state)
{
	const struct timespec	 nap = { 0, 20000000 };
	int64_t			 t = clock_monotonic_ms();

	(void)state;
	nanosleep(&nap, NULL);
	assert_true(clock_monotonic_ms() - t >= 19);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rng_fill_hands_up_the_failure_of_its_source),
		cmocka_unit_test(
		    rng_seeded_repeats_with_a_seed_and_goes_on_within_a_stream),
		cmocka_unit_test(rng_system_does_not_repeat),
		cmocka_unit_test(clock_fixed_stands_still),
		cmocka_unit_test(
		    clock_system_travels_only_in_a_build_for_tests),
		cmocka_unit_test(clock_monotonic_ms_goes_forward),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
