/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "tests/lib/aborts.h"

static void
overflow_array(void)
{
	volatile size_t	 n = SIZE_MAX / 2;

	mem_array(n, 3);
}

static void
overflow_resize(void)
{
	volatile size_t	 n = SIZE_MAX / 2;

	mem_resize(NULL, n, 3);
}

static void
overflow_buf(void)
{
	struct buf	 b = { NULL, 10, 0 };

	buf_reserve(&b, SIZE_MAX - 5);
}

static void
overflow_arena(void)
{
	arena_alloc(arena_new(), SIZE_MAX - 3);
}

static void
sizes_that_overflow_abort_with_one_line(void **state)
{
	(void)state;
	assert_aborts(overflow_array);
	assert_aborts(overflow_resize);
	assert_aborts(overflow_buf);
	assert_aborts(overflow_arena);
}

static void
mem_try_returns_null_for_a_size_that_overflows(void **state)
{
	volatile size_t	 n = SIZE_MAX / 2;
	void		*p;

	(void)state;
	assert_null(mem_try(n, 3));
	p = mem_try(0, 0);
	assert_non_null(p);
	mem_free(&p);
}

static void
mem_alloc_and_mem_array_give_zeroes(void **state)
{
	static const char	 zero[64];
	char			*p;

	(void)state;
	p = mem_alloc(64);
	assert_memory_equal(p, zero, 64);
	mem_free(&p);
	p = mem_array(8, 8);
	assert_memory_equal(p, zero, 64);
	mem_free(&p);
}

static void
mem_resize_keeps_what_was_there(void **state)
{
	char	*p = mem_strdup("abc");

	(void)state;
	p = mem_resize(p, 1000, 4);
	assert_string_equal(p, "abc");
	p = mem_resize(p, 0, 1);
	assert_non_null(p);
	mem_free(&p);
}

static void
mem_strdup_of_null_is_null(void **state)
{
	(void)state;
	assert_null(mem_strdup(NULL));
}

static void
mem_dup_and_mem_printf_copy(void **state)
{
	char	*p;

	(void)state;
	p = mem_dup("a\0b", 3);
	assert_memory_equal(p, "a\0b", 3);
	mem_free(&p);
	p = mem_dup(NULL, 0);
	assert_non_null(p);
	mem_free(&p);
	p = mem_printf("%s-%d", "x", 7);
	assert_string_equal(p, "x-7");
	mem_free(&p);
}

static void
mem_free_sets_the_pointer_to_null_and_takes_null(void **state)
{
	char	*p = mem_alloc(1);

	(void)state;
	mem_free(&p);
	assert_null(p);
	mem_freep(&p);
	assert_null(p);
}

static void
arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	struct arena	*a = arena_new();
	char		*p, *last = NULL;
	int		 i, k;

	(void)state;
	for (i = 1; i < 2000; i++) {
		p = arena_alloc(a, (size_t)(i % 37));
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		assert_ptr_not_equal(p, last);
		for (k = 0; k < i % 37; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, (size_t)(i % 37));
		last = p;
	}
	arena_free(&a);
	assert_null(a);
	arena_free(&a);
}

static void
arena_reset_keeps_one_block_and_gives_zeroes_again(void **state)
{
	struct arena	*a = arena_new();
	static const char zero[4000];
	char		*p;
	int		 i;

	(void)state;
	for (i = 0; i < 50; i++) {
		memset(arena_alloc(a, 3000), 'x', 3000);
		memset(arena_alloc(a, 100000), 'x', 100000);
		arena_reset(a);
	}
	p = arena_alloc(a, sizeof(zero));
	assert_memory_equal(p, zero, sizeof(zero));
	arena_free(&a);
}

static void
arena_strings_are_copies(void **state)
{
	struct arena	*a = arena_new();
	char		 text[] = "abc";
	char		*s = arena_strdup(a, text), *d = arena_dup(a, text, 2);

	(void)state;
	text[0] = 'x';
	assert_string_equal(s, "abc");
	assert_memory_equal(d, "ab", 2);
	assert_string_equal(arena_printf(a, "%s/%04d", s, 12), "abc/0012");
	assert_null(arena_strdup(a, NULL));
	arena_free(&a);
}

static void
buf_grows_and_ends_where_it_should(void **state)
{
	struct buf	 b = { 0 };
	int		 i;

	(void)state;
	assert_string_equal(buf_cstr(&b), "");
	assert_int_equal(b.len, 0);
	buf_add(&b, NULL, 0);
	for (i = 0; i < 1000; i++)
		buf_byte(&b, 'a');
	buf_str(&b, "bc");
	buf_printf(&b, "%d", 12345);
	buf_add(&b, "z", 1);
	assert_int_equal(b.len, 1008);
	assert_string_equal(buf_cstr(&b) + 998, "aabc12345z");
	assert_int_equal(b.len, 1008);
	buf_clear(&b);
	assert_null(b.p);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.size, 0);
}

static void
buf_reserve_makes_room_without_adding(void **state)
{
	struct buf	 b = { 0 };

	(void)state;
	buf_reserve(&b, 5000);
	assert_true(b.size >= 5000);
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

static void
bytes_equal_compares_length_and_content(void **state)
{
	(void)state;
	assert_false(bytes_equal(BYTES("abc", 3), BYTES("abd", 3)));
	assert_false(bytes_equal(BYTES("abc", 3), BYTES("abc", 2)));
	assert_true(bytes_equal(BYTES("abc", 3), BYTES("abc", 3)));
	assert_true(bytes_equal(BYTES(NULL, 0), BYTES("x", 0)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_that_overflow_abort_with_one_line),
		cmocka_unit_test(
		    mem_try_returns_null_for_a_size_that_overflows),
		cmocka_unit_test(mem_alloc_and_mem_array_give_zeroes),
		cmocka_unit_test(mem_resize_keeps_what_was_there),
		cmocka_unit_test(mem_strdup_of_null_is_null),
		cmocka_unit_test(mem_dup_and_mem_printf_copy),
		cmocka_unit_test(
		    mem_free_sets_the_pointer_to_null_and_takes_null),
		cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
		cmocka_unit_test(
		    arena_reset_keeps_one_block_and_gives_zeroes_again),
		cmocka_unit_test(arena_strings_are_copies),
		cmocka_unit_test(buf_grows_and_ends_where_it_should),
		cmocka_unit_test(buf_reserve_makes_room_without_adding),
		cmocka_unit_test(bytes_equal_compares_length_and_content),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
