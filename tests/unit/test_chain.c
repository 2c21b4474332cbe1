/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "audit/chain.h"
#include "base/text.h"

#define NOW	INT64_C(1800000000)
#define HEAD	"act=issue\nat=2027-01-15T08:00:00Z\n"

static void
assert_find_fails(const char *body, size_t n, const char *key,
    const char *text)
{
	struct error	 e = ERROR_INIT;
	struct buf	 value = { 0 };

	assert_int_equal(audit_find(BYTES(body, n), key, &value, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, text);
	assert_int_equal(value.len, 0);
	buf_clear(&value);
}

#define ASSERT_FAILS(body, key, text) \
	assert_find_fails(body, sizeof(body) - 1, key, text)

static void
a_body_without_act_and_at_first_is_malformed(void **state)
{
	(void)state;
	ASSERT_FAILS("", "act", "audit entry: line 1 is malformed");
	ASSERT_FAILS("at=x\nact=y\n", "act",
	    "audit entry: line 1 is not \"act\"");
	ASSERT_FAILS("act=y\n", "act", "audit entry: line 2 is malformed");
	ASSERT_FAILS("act=y\nserial=1\nat=x\n", "at",
	    "audit entry: line 2 is not \"at\"");
}

static void
lines_that_are_no_key_and_value_are_malformed(void **state)
{
	(void)state;
	ASSERT_FAILS(HEAD "serial", "act",
	    "audit entry: line 3 is malformed");
	ASSERT_FAILS(HEAD "serial\n", "act",
	    "audit entry: line 3 is malformed");
	ASSERT_FAILS(HEAD "=1\n", "act", "audit entry: line 3 is malformed");
	ASSERT_FAILS(HEAD "Serial=1\n", "act",
	    "audit entry: line 3 is malformed");
	ASSERT_FAILS(HEAD "\n", "act", "audit entry: line 3 is malformed");
	ASSERT_FAILS(HEAD "ser\0al=1\n", "act",
	    "audit entry: line 3 is malformed");
}

static void
values_with_raw_controls_or_foreign_escapes_are_malformed(void **state)
{
	static const char *const	 bad[] = { "a\tb", "a\x7f", "a\\", "\\t",
	    "\\x", "\\x0", "\\x1G", "\\x1B", "\\x0a", "\\x41", "\\x00",
	    "\\x80" };
	struct buf			 body = { 0 };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_printf(&body, HEAD "k=%s\n", bad[i]);
		assert_find_fails((const char *)body.p, body.len, "act",
		    "audit entry: line 3 is malformed");
		buf_clear(&body);
	}
	ASSERT_FAILS(HEAD "k=a\0b\n", "act",
	    "audit entry: line 3 is malformed");
}

static void
a_key_that_occurs_twice_has_no_value(void **state)
{
	(void)state;
	ASSERT_FAILS(HEAD "n=1\nn=2\n", "n",
	    "audit entry: \"n\" occurs twice");
}

static void
a_body_that_is_too_long_is_refused(void **state)
{
	char	*body = mem_alloc(AUDIT_BODY_MAX + 1);

	(void)state;
	assert_find_fails(body, AUDIT_BODY_MAX + 1, "act",
	    "audit entry: 65537 bytes, more than 65536");
	mem_free(&body);
}

static void
a_key_that_is_not_there_is_not_found(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 value = { 0 };

	(void)state;
	assert_int_equal(audit_find(BYTES(HEAD, sizeof(HEAD) - 1), "serial",
	    &value, &e), 0);
	assert_int_equal(value.len, 0);
}

static void
what_is_written_is_found_again(void **state)
{
	static const char	 odd[] = "a\\b\nc\x01\x1f\x7f d=e \xc3\xb6";
	struct error		 e = ERROR_INIT;
	struct buf		 body = { 0 }, v = { 0 };

	(void)state;
	audit_begin(&body, "issue", NOW);
	audit_str(&body, "odd", odd);
	audit_str(&body, "none", NULL);
	audit_hex(&body, "serial", "\x01\xff", 2);
	audit_num(&body, "n", -5);
	assert_string_equal(buf_cstr(&body), HEAD
	    "odd=a\\\\b\\nc\\x01\\x1f\\x7f d=e \xc3\xb6\n"
	    "none=\nserial=01ff\nn=-5\n");
	assert_int_equal(audit_find(BYTES(body.p, body.len), "odd", &v, &e),
	    1);
	assert_string_equal(buf_cstr(&v), odd);
	buf_clear(&v);
	assert_int_equal(audit_find(BYTES(body.p, body.len), "none", &v, &e),
	    1);
	assert_int_equal(v.len, 0);
	assert_int_equal(audit_find(BYTES(body.p, body.len), "at", &v, &e),
	    1);
	assert_string_equal(buf_cstr(&v), "2027-01-15T08:00:00Z");
	buf_clear(&v);
	buf_clear(&body);
}

/* The values were computed by another program's SHA-256. */
static void
the_head_advances_as_the_formula_says(void **state)
{
	struct audit_head	 head = { 0 };
	char			 hex[2 * AUDIT_HASH + 1];

	(void)state;
	audit_advance(&head, BYTES("abc", 3));
	assert_int_equal(head.seq, 1);
	assert_string_equal(text_hex(hex, head.hash, AUDIT_HASH),
	    "87dfa166ed65c7c08378767afb8314c177d07994fe21d5c1d63f3bd2732e8b49");
	audit_advance(&head, BYTES("", 0));
	assert_int_equal(head.seq, 2);
	assert_string_equal(text_hex(hex, head.hash, AUDIT_HASH),
	    "0163a51a1fe5b3ad704b76b2adf0bae3645366c426d4aa7d94077d8cdf1a961a");
}

static void
any_other_entry_gives_another_head(void **state)
{
	struct audit_head	 a = { 0 }, b = { 0 };

	(void)state;
	audit_advance(&a, BYTES("abc", 3));
	audit_advance(&b, BYTES("abd", 3));
	assert_memory_not_equal(a.hash, b.hash, AUDIT_HASH);
	b = a;
	b.seq++;
	audit_advance(&a, BYTES("x", 1));
	audit_advance(&b, BYTES("x", 1));
	assert_memory_not_equal(a.hash, b.hash, AUDIT_HASH);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_body_without_act_and_at_first_is_malformed),
		cmocka_unit_test(lines_that_are_no_key_and_value_are_malformed),
		cmocka_unit_test(
		    values_with_raw_controls_or_foreign_escapes_are_malformed),
		cmocka_unit_test(a_key_that_occurs_twice_has_no_value),
		cmocka_unit_test(a_body_that_is_too_long_is_refused),
		cmocka_unit_test(a_key_that_is_not_there_is_not_found),
		cmocka_unit_test(what_is_written_is_found_again),
		cmocka_unit_test(the_head_advances_as_the_formula_says),
		cmocka_unit_test(any_other_entry_gives_another_head),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
