/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read, and how it dies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/mem.h"
#include "ocsp/cells.h"
#include "ocsp/hash.h"

static const struct cell_status	 good = { .state = CELL_GOOD, .reason = -1,
    .not_after = 9000 };

static struct cell_key
key_of(uint16_t ca, uint32_t n)
{
	struct cell_key	 k = { .ca = ca, .serial_len = 16 };

	memset(k.serial, 0, sizeof(k.serial));
	memcpy(k.serial, &n, sizeof(n));
	return k;
}

static int
set_up(void **state)
{
	struct rng	 rng = rng_seeded(7);
	struct error	 e = ERROR_INIT;
	struct cells	*c;

	assert_int_equal(cells_new(&c, 1 << 20, &rng, &e), 0);
	*state = c;
	return 0;
}

static int
tear_down(void **state)
{
	struct cells	*c = *state;

	cells_free(&c);
	return 0;
}

static int
no_random(const struct rng *rng, unsigned char *p, size_t n, struct error *e)
{
	(void)rng;
	(void)p;
	(void)n;
	return error_set(e, ERROR_CRYPTO, "no random bytes");
}

static void
without_a_secret_there_are_no_cells(void **state)
{
	const struct rng	 rng = { .fill = no_random };
	struct error		 e = ERROR_INIT;
	struct cells		*c = (void *)1;

	(void)state;
	assert_int_equal(cells_new(&c, 1 << 20, &rng, &e), -1);
	assert_null(c);
	assert_int_equal(e.code, ERROR_CRYPTO);
	assert_string_equal(e.text, "no random bytes");
}

/* The first, one in the middle and the last of the authors' vectors. */
static void
the_hash_is_siphash(void **state)
{
	struct hash_key	 key;
	uint8_t		 in[64];
	int		 i;

	(void)state;
	for (i = 0; i < 64; i++)
		in[i] = (uint8_t)i;
	memcpy(&key, in, sizeof(key));
	assert_true(hash_keyed(&key, in, 0) == 0x726fdb47dd0e0e31);
	assert_true(hash_keyed(&key, in, 8) == 0x93f5f5799a932462);
	assert_true(hash_keyed(&key, in, 15) == 0xa129ca6149be45e5);
	assert_true(hash_keyed(&key, in, 63) == 0x958a324ceb064572);
}

static void
a_cell_is_found_by_ca_and_number(void **state)
{
	struct cell_key	 key = key_of(3, 17), other = key_of(4, 17);
	struct cell	*put, *got;

	assert_null(cells_get(*state, &key));
	put = cells_put(*state, &key, &good, 10);
	assert_false(put->dead);
	got = cells_get(*state, &key);
	assert_ptr_equal(got, put);
	assert_int_equal(got->status.state, CELL_GOOD);
	assert_int_equal(got->status.not_after, 9000);
	assert_int_equal(got->seq, 10);
	assert_null(cells_get(*state, &other));
	other = key_of(3, 18);
	assert_null(cells_get(*state, &other));
	other = key;
	other.serial_len = 15;
	assert_null(cells_get(*state, &other));
	assert_int_equal(cells_count(*state), 1);
	cell_free(&got);
	assert_null(got);
	cell_free(&got);
	cell_free(&put);
}

static void
what_changed_dies_and_is_not_true_before_that(void **state)
{
	struct cell_key	 key = key_of(1, 1);
	struct cell	*held = cells_put(*state, &key, &good, 5), *got;

	cells_drop(*state, &key, 700);
	assert_true(held->dead);
	got = cells_get(*state, &key);
	assert_int_equal(got->status.state, CELL_UNREAD);
	assert_int_equal(got->since, 700);
	cell_free(&got);
	got = cells_put(*state, &key, &good, 6);
	assert_false(got->dead);
	assert_int_equal(got->since, 700);
	cell_free(&got);
	cell_free(&held);
}

/* The race: read, changed, reported, and only then put. */
static void
what_was_read_before_the_feed_moved_is_dead_at_birth(void **state)
{
	struct cell_key	 key = key_of(1, 1);
	struct cell	*late, *got;

	cells_set_seq(*state, 20);
	assert_int_equal(cells_seq(*state), 20);
	cells_drop(*state, &key, 700);
	late = cells_put(*state, &key, &good, 19);
	assert_true(late->dead);
	assert_int_equal(late->since, 700);
	got = cells_get(*state, &key);
	assert_int_equal(got->status.state, CELL_UNREAD);
	cell_free(&got);
	cell_free(&late);
	late = cells_put(*state, &key, &good, 20);
	assert_false(late->dead);
	cell_free(&late);
}

static void
a_cell_that_makes_room_dies(void **state)
{
	struct cell_key	 key = key_of(1, 0);
	struct cell	*first = cells_put(*state, &key, &good, 1), *c;
	size_t		 n = 0;
	uint32_t	 i;

	for (i = 1; i <= 100000; i++) {
		key = key_of(1, i);
		c = cells_put(*state, &key, &good, 1);
		cell_free(&c);
	}
	assert_true(first->dead);
	n = cells_count(*state);
	assert_in_range(n, 2000, (1 << 20) / sizeof(struct cell));
	cell_free(&first);
}

static bool
is_odd(void *arg, const struct cell *c)
{
	(void)arg;
	return c->key.serial[0] % 2 == 1;
}

static void
a_sweep_takes_those_that_it_is_told_or_all(void **state)
{
	struct cell_key	 key;
	struct cell	*c[10];
	uint32_t	 i;

	for (i = 0; i < 10; i++) {
		key = key_of(1, i);
		c[i] = cells_put(*state, &key, &good, 1);
	}
	cells_sweep(*state, is_odd, NULL);
	assert_int_equal(cells_count(*state), 5);
	for (i = 0; i < 10; i++)
		assert_int_equal(c[i]->dead, i % 2 == 1);
	cells_sweep(*state, NULL, NULL);
	assert_int_equal(cells_count(*state), 0);
	for (i = 0; i < 10; i++) {
		assert_true(c[i]->dead);
		cell_free(&c[i]);
	}
}

#define T(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_secret_there_are_no_cells),
		cmocka_unit_test(the_hash_is_siphash),
		T(a_cell_is_found_by_ca_and_number),
		T(what_changed_dies_and_is_not_true_before_that),
		T(what_was_read_before_the_feed_moved_is_dead_at_birth),
		T(a_cell_that_makes_room_dies),
		T(a_sweep_takes_those_that_it_is_told_or_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
