/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weak key stays refused whichever of OpenSSL's allocations fails while it is
 * looked at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include "x509/csr.h"

/* Of the allocations since the last arm(); none of them: 0. */
static unsigned long	 calls, failing;

static void
arm(unsigned long n)
{
	calls = 0;
	failing = n;
}

static void *
take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size == 0 || ++calls == failing)
		return NULL;
	return malloc(size);
}

static void *
retake(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size != 0 && ++calls == failing)
		return NULL;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, size);
}

static void
give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static EVP_PKEY *
key_of(const BIGNUM *n)
{
	OSSL_PARAM_BLD	*b = OSSL_PARAM_BLD_new();
	BIGNUM		*exponent = BN_new();
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY	*key = NULL;
	OSSL_PARAM	*params;

	assert_int_equal(BN_set_word(exponent, 65537), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E,
	    exponent), 1);
	assert_non_null(params = OSSL_PARAM_BLD_to_param(b));
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY,
	    params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	BN_free(exponent);
	return key;
}

/* The first look fetches what OpenSSL then keeps. */
static void
stays_refused(const BIGNUM *n)
{
	EVP_PKEY	*key = key_of(n);
	struct error	 e = ERROR_INIT;
	unsigned long	 i, all;

	arm(0);
	assert_int_equal(csr_check_key(key, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	arm(0);
	assert_int_equal(csr_check_key(key, &e), -1);
	all = calls;
	assert_true(all > 0);
	for (i = 1; i <= all; i++) {
		arm(i);
		error_clear(&e);
		assert_int_equal(csr_check_key(key, &e), -1);
		assert_int_not_equal(e.code, ERROR_NONE);
		ERR_clear_error();
	}
	arm(0);
	EVP_PKEY_free(key);
}

/* 751 is in the last of the products of primes that the modulus is divided by. */
static void
csr_check_key_refuses_a_small_factor_without_memory(void **state)
{
	BIGNUM	*n = BN_new();

	(void)state;
	assert_int_equal(BN_generate_prime_ex(n, 2038, 0, NULL, NULL, NULL), 1);
	assert_int_equal(BN_set_bit(n, 2036), 1);
	assert_int_equal(BN_mul_word(n, 751), 1);
	assert_int_equal(BN_num_bits(n), 2048);
	stays_refused(n);
	BN_free(n);
}

static void
csr_check_key_refuses_close_primes_without_memory(void **state)
{
	BN_CTX	*ctx = BN_CTX_new();
	BIGNUM	*p = BN_new(), *q = BN_new(), *n = BN_new();

	(void)state;
	assert_int_equal(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL), 1);
	assert_non_null(BN_copy(q, p));
	do
		assert_int_equal(BN_add_word(q, 2), 1);
	while (BN_check_prime(q, ctx, NULL) != 1);
	assert_int_equal(BN_mul(n, p, q, ctx), 1);
	stays_refused(n);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(ctx);
}

static void
csr_check_key_refuses_a_prime_without_memory(void **state)
{
	BIGNUM	*n = BN_new();

	(void)state;
	assert_int_equal(BN_generate_prime_ex(n, 2048, 0, NULL, NULL, NULL), 1);
	stays_refused(n);
	BN_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    csr_check_key_refuses_a_small_factor_without_memory),
		cmocka_unit_test(
		    csr_check_key_refuses_close_primes_without_memory),
		cmocka_unit_test(csr_check_key_refuses_a_prime_without_memory),
	};

	if (CRYPTO_set_mem_functions(take, retake, give) != 1)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
