/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/map.h"
#include "base/mem.h"

struct thing {
	uint64_t key;
	int	 value;
};

static uint64_t
thing_hash(const void *p)
{
	return map_hash_bytes(&((const struct thing *)p)->key, 8);
}

/* Everything in one chain of probes. */
static uint64_t
same_hash(const void *p)
{
	(void)p;
	return 7;
}

static bool
thing_equal(const void *a, const void *b)
{
	return ((const struct thing *)a)->key == ((const struct thing *)b)->key;
}

static void
map_find_in_an_empty_map_is_null(void **state)
{
	struct map	 m;
	struct thing	 t = { 1, 1 };

	(void)state;
	map_init(&m, thing_hash, thing_equal);
	assert_null(map_find(&m, &t));
	assert_null(map_remove(&m, &t));
	map_clear(&m);
}

static void
map_put_returns_what_it_replaces(void **state)
{
	struct map	 m;
	struct thing	 a = { 1, 1 }, b = { 1, 2 };

	(void)state;
	map_init(&m, thing_hash, thing_equal);
	assert_null(map_put(&m, &a));
	assert_ptr_equal(map_put(&m, &b), &a);
	assert_ptr_equal(map_find(&m, &a), &b);
	assert_int_equal(m.n, 1);
	map_clear(&m);
}

static void
fill_and_empty(map_hash_fn *hash, size_t n)
{
	struct thing	*t = mem_array(n, sizeof(*t));
	struct map	 m;
	size_t		 i, pos, seen;

	map_init(&m, hash, thing_equal);
	for (i = 0; i < n; i++) {
		t[i] = (struct thing){ i * 977, (int)i };
		assert_null(map_put(&m, &t[i]));
	}
	for (i = 0; i < n; i += 2)
		assert_ptr_equal(map_remove(&m, &t[i]), &t[i]);
	for (i = 0; i < n; i++)
		assert_ptr_equal(map_find(&m, &t[i]), i % 2 ? &t[i] : NULL);
	for (i = 0; i < n; i += 2)
		assert_null(map_put(&m, &t[i]));
	for (pos = seen = 0; map_next(&m, &pos) != NULL;)
		seen++;
	assert_int_equal(seen, n);
	map_clear(&m);
	mem_free(&t);
}

static void
map_keeps_everything_while_it_grows(void **state)
{
	(void)state;
	fill_and_empty(thing_hash, 20000);
}

static void
map_survives_equal_hashes(void **state)
{
	(void)state;
	fill_and_empty(same_hash, 300);
}

static void
map_does_not_grow_when_items_come_and_go(void **state)
{
	struct thing	 t = { 0, 0 };
	struct map	 m;
	int		 i;

	(void)state;
	map_init(&m, thing_hash, thing_equal);
	for (i = 0; i < 100000; i++) {
		t.key = (uint64_t)i;
		map_put(&m, &t);
		map_remove(&m, &t);
	}
	assert_int_equal(m.n, 0);
	assert_true(m.nslots <= 128);
	map_clear(&m);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(map_find_in_an_empty_map_is_null),
		cmocka_unit_test(map_put_returns_what_it_replaces),
		cmocka_unit_test(map_keeps_everything_while_it_grows),
		cmocka_unit_test(map_survives_equal_hashes),
		cmocka_unit_test(map_does_not_grow_when_items_come_and_go),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
