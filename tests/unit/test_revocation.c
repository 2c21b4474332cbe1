/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocation codes: made, typed by people, verified.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include "base/error.h"
#include "order/revocation.h"

static char	 name[REVOCATION_NAME + 1];
static uint8_t	 salt[REVOCATION_SALT], hash[REVOCATION_HASH];

static void
what_is_no_code_is_bad_input(void **state)
{
	static const struct {
		const char	*typed, *text;
	} bad[] = {
		{ "", "a revocation code has 24 characters, not 0" },
		{ "ABCD-EFGH", "a revocation code has 24 characters, not 8" },
		{ "0000-0000-0000-0000-0000-0000-0",
		    "a revocation code has 24 characters, not 25" },
		{ "0000-0000-0000-0000-0000-000U",
		    "a revocation code has only letters and digits, and no U" },
		{ "0000'OR 1=1",
		    "a revocation code has only letters and digits, and no U" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error	 e = ERROR_INIT;
		struct secret	 part = { 0 };

		assert_int_equal(revocation_parse(name, &part, bad[i].typed,
		    &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_string_equal(e.text, bad[i].text);
		secret_free(&part);
	}
}

static void
a_code_verifies_however_it_is_typed_and_no_other_does(void **state)
{
	struct error	 e = ERROR_INIT;
	struct secret	 text = { 0 }, part = { 0 };
	char		 typed[64], got[REVOCATION_NAME + 1];
	size_t		 n = 0;

	(void)state;
	assert_int_equal(revocation_make(&text, name, salt, hash, &rng_system,
	    &e), 0);
	assert_int_equal(text.len, REVOCATION_TEXT);
	for (size_t i = 0; i < text.len; i++) {
		char	 c = (char)text.p[i];

		if (c == '-')
			c = ' ';
		else if (c == '0')
			c = 'o';
		else if (c == '1')
			c = i % 2 ? 'l' : 'I';
		else if (c >= 'A')
			c = (char)(c + 'a' - 'A');
		typed[n++] = c;
	}
	typed[n] = '\0';
	assert_int_equal(revocation_parse(got, &part, typed, &e), 0);
	assert_string_equal(got, name);
	assert_int_equal(revocation_verify(&part, salt, hash, &e), 1);
	part.p[15] = part.p[15] == '0' ? '1' : '0';
	assert_int_equal(revocation_verify(&part, salt, hash, &e), 0);
	part.p[15] = part.p[15] == '0' ? '1' : '0';
	salt[0] ^= 1;
	assert_int_equal(revocation_verify(&part, salt, hash, &e), 0);
	secret_free(&part);
	secret_free(&text);
}

/* As they were made when more rounds were thought to be needed. */
static void
a_code_of_earlier_days_still_verifies(void **state)
{
	static const uint64_t	 rounds[] = { 1 << 15, 1 << 10 };
	struct error		 e = ERROR_INIT;
	struct secret		 part = { 0 };
	char			 got[REVOCATION_NAME + 1];
	uint8_t			 old[REVOCATION_HASH],
				 other[REVOCATION_SALT] = "salt";

	(void)state;
	assert_int_equal(revocation_parse(got, &part,
	    "AAAA-AAAA-0123-4567-89AB-CDEF", &e), 0);
	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		assert_int_equal(EVP_PBE_scrypt("0123456789ABCDEF", 16, other,
		    sizeof(other), rounds[i], 8, 1, 64 << 20, old,
		    sizeof(old)), 1);
		assert_int_equal(revocation_verify(&part, other, old, &e), 1);
		old[31] ^= 1;
		assert_int_equal(revocation_verify(&part, other, old, &e), 0);
	}
	secret_free(&part);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_code_is_bad_input),
		cmocka_unit_test(
		    a_code_verifies_however_it_is_typed_and_no_other_does),
		cmocka_unit_test(a_code_of_earlier_days_still_verifies),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
