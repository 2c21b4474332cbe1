/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "order/code.h"

struct fixture {
	struct order	 order;
	struct secret	 code;
	uint8_t		 digest[ORDER_DIGEST];
	uint8_t		 request[ORDER_DIGEST];
	struct error	 e;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	struct rng	 rng = rng_seeded(11);

	memset(f->digest, 0x22, sizeof(f->digest));
	memset(f->request, 0x33, sizeof(f->request));
	*state = f;
	return secret_init(&f->e) == -1 ||
	    code_make(&f->order, &f->code, &rng, &f->e) == -1;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	secret_free(&f->code);
	mem_free(&f);
	return 0;
}

static int
prove(struct fixture *f, const char *typed, uint8_t proof[CODE_PROOF_SIZE])
{
	struct secret	 code = { 0 };
	int		 rc;

	error_clear(&f->e);
	assert_int_equal(secret_set(&code, typed, strlen(typed), &f->e), 0);
	rc = code_prove(proof, &f->order, f->digest, &code, f->request, &f->e);
	secret_free(&code);
	return rc;
}

static void
a_wrong_code_is_denied(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 proof[CODE_PROOF_SIZE];

	assert_int_equal(prove(f, "00000-00000-00000-00000", proof), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text,
	    "this is not the one-time code of this order");
}

static void
a_mistyped_code_says_what_is_wrong_with_it(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 proof[CODE_PROOF_SIZE];

	assert_int_equal(prove(f, "00000-00000-00000-0000", proof), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text,
	    "a one-time code has 20 characters, not 19");
	assert_int_equal(prove(f, "U0000-00000-00000-00000", proof), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text,
	    "a one-time code has only letters and digits, and no U");
}

static void
an_order_without_code_takes_none(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 proof[CODE_PROOF_SIZE] = { 0 };

	f->order.has_code = false;
	assert_int_equal(prove(f, "00000-00000-00000-00000", proof), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "the order has no one-time code");
	error_clear(&f->e);
	assert_int_equal(code_verify(&f->order, f->digest, f->request,
	    BYTES(proof, sizeof(proof)), &f->e), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "the order has no one-time code");
	f->order.has_code = true;
}

static void
a_proof_fits_no_other_request_order_or_length(void **state)
{
	static const char	*text = "the proof of the one-time code is "
	    "not for this order and request";
	struct fixture		*f = *state;
	uint8_t			 proof[CODE_PROOF_SIZE], other[32] = { 0 };

	assert_int_equal(code_prove(proof, &f->order, f->digest, &f->code,
	    f->request, &f->e), 0);
	assert_int_equal(code_verify(&f->order, f->digest, other,
	    BYTES(proof, sizeof(proof)), &f->e), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, text);
	error_clear(&f->e);
	assert_int_equal(code_verify(&f->order, other, f->request,
	    BYTES(proof, sizeof(proof)), &f->e), -1);
	assert_string_equal(f->e.text, text);
	error_clear(&f->e);
	assert_int_equal(code_verify(&f->order, f->digest, f->request,
	    BYTES(proof, 63), &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_string_equal(f->e.text, "a proof has 64 bytes, not 63");
	proof[3] ^= 1;
	error_clear(&f->e);
	assert_int_equal(code_verify(&f->order, f->digest, f->request,
	    BYTES(proof, sizeof(proof)), &f->e), -1);
	assert_string_equal(f->e.text, text);
}

static void
the_right_code_proves_the_request(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 proof[CODE_PROOF_SIZE];

	assert_int_equal(code_prove(proof, &f->order, f->digest, &f->code,
	    f->request, &f->e), 0);
	assert_int_equal(code_verify(&f->order, f->digest, f->request,
	    BYTES(proof, sizeof(proof)), &f->e), 0);
}

static void
a_code_is_four_groups_of_the_alphabet(void **state)
{
	struct fixture	*f = *state;
	size_t		 i;

	assert_int_equal(f->code.len, 23);
	for (i = 0; i < f->code.len; i++)
		if (i % 6 == 5)
			assert_int_equal(f->code.p[i], '-');
		else
			assert_non_null(strchr(
			    "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
			    f->code.p[i]));
}

/* What a hand writes for what is printed. */
static char
scrawl(char c)
{
	switch (c) {
	case '0':
		return 'o';
	case '1':
		return 'L';
	case '-':
		return ' ';
	default:
		return c >= 'A' ? (char)(c - 'A' + 'a') : c;
	}
}

static void
case_spaces_and_lookalikes_are_forgiven(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 proof[CODE_PROOF_SIZE];
	struct rng	 rng;
	char		 typed[24];
	size_t		 i;
	uint64_t	 seed;

	/* Until a code has one of the look-alikes. */
	for (seed = 1; strpbrk((const char *)f->code.p, "01") == NULL;
	    seed++) {
		rng = rng_seeded(seed);
		secret_free(&f->code);
		assert_int_equal(code_make(&f->order, &f->code, &rng, &f->e),
		    0);
	}
	for (i = 0; i < f->code.len; i++)
		typed[i] = scrawl((char)f->code.p[i]);
	typed[i] = '\0';
	assert_int_equal(prove(f, typed, proof), 0);
	assert_int_equal(code_verify(&f->order, f->digest, f->request,
	    BYTES(proof, sizeof(proof)), &f->e), 0);
}

static void
two_codes_differ(void **state)
{
	struct fixture	*f = *state;
	struct order	 other = { 0 };
	struct secret	 code = { 0 };

	assert_int_equal(code_make(&other, &code, &rng_system, &f->e), 0);
	assert_int_not_equal(secret_compare(&code, &f->code), 0);
	assert_memory_not_equal(other.code_key, f->order.code_key, 32);
	assert_memory_not_equal(other.code_salt, f->order.code_salt, 16);
	secret_free(&code);
}

static void
only_what_looks_alike_is_meant_by_another_letter(void **state)
{
	static const char	 typed[] = "oOiIlL0aA1zZuU-! ",
				 want[] = "0011110AA1ZZ\0\0\0\0\0";
	int			 octet, n[256] = { 0 };
	size_t			 i;

	(void)state;
	for (i = 0; typed[i] != '\0'; i++)
		assert_int_equal(code_meant(typed[i]), want[i]);
	assert_int_equal(code_meant('\0'), '\0');
	for (octet = 0; octet < 256; octet++)
		n[(unsigned char)code_letter((uint8_t)octet)]++;
	for (i = 0; i < 256; i++) {
		assert_true(n[i] == 0 || n[i] == 8);
		if (n[i] != 0)
			assert_int_equal(code_meant((char)i), (char)i);
	}
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		TEST(a_wrong_code_is_denied),
		TEST(a_mistyped_code_says_what_is_wrong_with_it),
		TEST(an_order_without_code_takes_none),
		TEST(a_proof_fits_no_other_request_order_or_length),
		TEST(the_right_code_proves_the_request),
		TEST(a_code_is_four_groups_of_the_alphabet),
		TEST(case_spaces_and_lookalikes_are_forgiven),
		TEST(two_codes_differ),
		cmocka_unit_test(
		    only_what_looks_alike_is_meant_by_another_letter),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
