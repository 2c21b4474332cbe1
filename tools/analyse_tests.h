/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What static analysers cannot see of tests: where the source is, which the Makefile
 * says, and that a check of cmocka which fails does not come back.  Nothing is
 * compiled with this.
 */
#define SOURCE		"."
#define TEST_LAYOUTS	SOURCE "/etc/cards"
#define TEST_LETTER	SOURCE "/etc/letters/pin-letter"
#define TEST_PAGES	SOURCE "/ra"
#define TEST_PROFILES	SOURCE "/etc/profiles"
#define TEST_SINK	SOURCE "/tests/lib/smtp_sink.py"
#define TEST_SQL_DIR	SOURCE "/db"

#ifdef ANALYSE_CMOCKA
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static inline int
analyse_same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

#undef assert_true
#undef assert_false
#undef assert_null
#undef assert_non_null
#undef assert_int_equal
#undef assert_int_not_equal
#undef assert_ptr_equal
#undef assert_string_equal
#undef assert_memory_equal
#undef fail
#undef fail_msg
#define assert_true(x)		do { if (!(x)) abort(); } while (0)
#define assert_false(x)		assert_true(!(x))
#define assert_null(p)		assert_true((p) == NULL)
#define assert_non_null(p)	assert_true((p) != NULL)
#define assert_int_equal(a, b)	assert_true((intmax_t)(a) == (intmax_t)(b))
#define assert_int_not_equal(a, b) \
	assert_true((intmax_t)(a) != (intmax_t)(b))
#define assert_ptr_equal(a, b)	\
	assert_true((const void *)(a) == (const void *)(b))
#define assert_string_equal(a, b)	assert_true(analyse_same_text((a), (b)))
#define assert_memory_equal(a, b, n)	assert_true(memcmp((a), (b), (n)) == 0)
#define fail()			abort()
#define fail_msg(...)		do { printf(__VA_ARGS__); abort(); } while (0)
#endif
