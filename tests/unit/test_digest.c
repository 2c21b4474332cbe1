/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/digest.h"
#include "tests/lib/aborts.h"

/* The examples of FIPS 180-4: nothing, "abc", and two blocks of SHA-256. */
#define TWO_BLOCKS "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"

static void
without_sha256(void)
{
	uint8_t	 out[DIGEST_SHA256];

	(void)EVP_set_default_properties(NULL, "provider=none");
	digest_sha256(out, "abc", 3);
}

static void
without_sha1(void)
{
	uint8_t	 out[DIGEST_SHA1];

	(void)EVP_set_default_properties(NULL, "provider=none");
	digest_sha1(out, "abc", 3);
}

static void
a_digest_that_cannot_be_made_ends_the_process(void **state)
{
	(void)state;
	assert_aborts(without_sha256);
	assert_aborts(without_sha1);
}

static void
assert_sha256(const void *p, size_t n, const char *hex)
{
	uint8_t	 out[DIGEST_SHA256];
	char	 is[2 * DIGEST_SHA256 + 1];
	size_t	 i;

	digest_sha256(out, p, n);
	for (i = 0; i < sizeof(out); i++)
		snprintf(is + 2 * i, 3, "%02x", out[i]);
	assert_string_equal(is, hex);
}

static void
digest_sha256_is_that_of_the_standard(void **state)
{
	(void)state;
	assert_sha256("", 0, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	assert_sha256(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	assert_sha256("abc", 3, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	assert_sha256(TWO_BLOCKS, sizeof(TWO_BLOCKS) - 1,
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1");
}

static void
digest_sha1_is_that_of_the_standard(void **state)
{
	static const uint8_t	 abc[DIGEST_SHA1] = { 0xa9, 0x99, 0x3e, 0x36,
	    0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50, 0xc2,
	    0x6c, 0x9c, 0xd0, 0xd8, 0x9d };
	uint8_t			 out[DIGEST_SHA1];

	(void)state;
	digest_sha1(out, "abc", 3);
	assert_memory_equal(out, abc, sizeof(out));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_that_cannot_be_made_ends_the_process),
		cmocka_unit_test(digest_sha256_is_that_of_the_standard),
		cmocka_unit_test(digest_sha1_is_that_of_the_standard),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
