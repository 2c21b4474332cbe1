/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/rsa.h>
#include "tests/lib/testpki.h"
#include "x509/tls_sign.h"
#include "x509/token.h"

static const uint8_t	 digest[64] = { 1, 2, 3, 4, 5, 6, 7, 8 };

struct keys {
	EVP_PKEY	*rsa, *ec;
};

static int
setup(void **state)
{
	struct keys	*k = mem_alloc(sizeof(*k));

	k->rsa = testpki_key("rsa");
	k->ec = testpki_key("P-256");
	*state = k;
	return 0;
}

static int
teardown(void **state)
{
	struct keys	*k = *state;

	EVP_PKEY_free(k->rsa);
	EVP_PKEY_free(k->ec);
	mem_free(&k);
	return 0;
}

static void
refuses(EVP_PKEY *key, uint16_t scheme, size_t len, const char *why)
{
	struct error	 e = ERROR_INIT;
	struct buf	 sig = { 0 };

	assert_int_equal(tls_sign(&sig, key, scheme, BYTES(digest, len), &e),
	    -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, why);
	assert_int_equal(sig.len, 0);
}

static void
tls_sign_refuses_what_is_not_the_keys(void **state)
{
	struct keys	*k = *state;

	refuses(k->ec, 0x0804, 32,
	    "signature scheme 0804 does not go with the key");
	refuses(k->rsa, 0x0403, 32,
	    "signature scheme 0403 does not go with the key");
	refuses(k->rsa, 0, 32,
	    "signature scheme 0000 does not go with the key");
	/* SHA-1, which the numbers have, too. */
	refuses(k->rsa, 0x0201, 20,
	    "signature scheme 0201 does not go with the key");
}

static void
tls_sign_refuses_a_digest_of_another_length(void **state)
{
	struct keys	*k = *state;

	refuses(k->ec, 0x0403, 31, "signature scheme 0403 with a digest of 31 "
	    "bytes");
	refuses(k->rsa, 0x0805, 32, "signature scheme 0805 with a digest of "
	    "32 bytes");
	refuses(k->rsa, 0x0601, 0, "signature scheme 0601 with a digest of 0 "
	    "bytes");
}

static int
verify(EVP_PKEY *key, const EVP_MD *md, int padding, struct bytes sig)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new(key, NULL);
	int		 ok;

	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(ctx, md), 1);
	if (padding != 0)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding),
		    1);
	/* RFC 8446, 4.2.3: as long as the digest, and no other. */
	if (padding == RSA_PKCS1_PSS_PADDING)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
		    RSA_PSS_SALTLEN_DIGEST), 1);
	ok = EVP_PKEY_verify(ctx, sig.p, sig.len, digest,
	    (size_t)EVP_MD_get_size(md));
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static void
signs(EVP_PKEY *key, EVP_PKEY *pub, uint16_t scheme, const EVP_MD *md,
    int padding)
{
	struct error	 e = ERROR_INIT;
	struct buf	 sig = { 0 };

	if (tls_sign(&sig, key, scheme, BYTES(digest, EVP_MD_get_size(md)),
	    &e) == -1)
		fail_msg("%04x: %s", scheme, e.text);
	assert_int_equal(verify(pub, md, padding, BYTES(sig.p, sig.len)), 1);
	buf_clear(&sig);
}

static void
tls_sign_makes_each_signature_of_the_two_versions(void **state)
{
	struct keys	*k = *state;

	signs(k->ec, k->ec, 0x0403, EVP_sha256(), 0);
	signs(k->ec, k->ec, 0x0503, EVP_sha384(), 0);
	signs(k->ec, k->ec, 0x0603, EVP_sha512(), 0);
	signs(k->rsa, k->rsa, 0x0401, EVP_sha256(), RSA_PKCS1_PADDING);
	signs(k->rsa, k->rsa, 0x0501, EVP_sha384(), RSA_PKCS1_PADDING);
	signs(k->rsa, k->rsa, 0x0601, EVP_sha512(), RSA_PKCS1_PADDING);
	signs(k->rsa, k->rsa, 0x0804, EVP_sha256(), RSA_PKCS1_PSS_PADDING);
	signs(k->rsa, k->rsa, 0x0805, EVP_sha384(), RSA_PKCS1_PSS_PADDING);
	signs(k->rsa, k->rsa, 0x0806, EVP_sha512(), RSA_PKCS1_PSS_PADDING);
}

/* ---- a key that is elsewhere ---- */

struct elsewhere {
	EVP_PKEY	*key;
	int		 asked;
	bool		 away;
};

static int
sign_there(void *arg, EVP_PKEY *pub, const EVP_MD *md, struct bytes d,
    enum token_padding padding, struct buf *sig, struct error *e)
{
	struct elsewhere	*there = arg;
	bool			 ec = EVP_PKEY_is_a(pub, "EC") == 1;

	there->asked++;
	if (there->away)
		return error_set(e, ERROR_UPSTREAM, "peer is gone");
	assert_int_equal(EVP_MD_get_size(md), 32);
	return tls_sign(sig, there->key, ec ? 0x0403 : padding == TOKEN_PSS ?
	    0x0804 : 0x0401, d, e);
}

static void
a_key_that_is_elsewhere_says_why_it_does_not_sign(void **state)
{
	struct keys		*k = *state;
	struct elsewhere	 there = { .key = k->ec, .away = true };
	struct error		 e = ERROR_INIT;
	struct buf		 sig = { 0 };
	EVP_PKEY		*pub = testpki_public(k->ec), *key;

	assert_int_equal(token_key_elsewhere(&key, pub, sign_there, &there,
	    &e), 0);
	assert_int_equal(tls_sign(&sig, key, 0x0403, BYTES(digest, 32), &e),
	    -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "peer is gone");
	EVP_PKEY_free(key);
	EVP_PKEY_free(pub);
}

static void
a_key_that_is_elsewhere_is_one_for_openssl(void **state)
{
	struct keys		*k = *state;
	struct elsewhere	 there = { .key = k->rsa };
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*pub = testpki_public(k->rsa), *key;
	EVP_MD_CTX		*ctx = EVP_MD_CTX_new();
	uint8_t			 sig[512];
	size_t			 len = sizeof(sig);

	assert_int_equal(token_key_elsewhere(&key, pub, sign_there, &there,
	    &e), 0);
	assert_int_equal(EVP_PKEY_eq(key, k->rsa), 1);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, digest, 64), 1);
	assert_int_equal(there.asked, 1);
	assert_int_equal(EVP_MD_CTX_reset(ctx), 1);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL,
	    k->rsa), 1);
	assert_int_equal(EVP_DigestVerify(ctx, sig, len, digest, 64), 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	EVP_PKEY_free(pub);
}

/* openssl req, with that key: the octets beside the signature are right, and
 * with a digest that is not ours there is no request. */
static void
requests(EVP_PKEY *at, const EVP_MD *md, const char *algorithm)
{
	struct elsewhere	 there = { .key = at };
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*pub = testpki_public(at), *key;
	X509_REQ		*r = X509_REQ_new();
	const X509_ALGOR	*alg;
	char			 name[80];
	int			 n;

	assert_int_equal(token_key_elsewhere(&key, pub, sign_there, &there,
	    &e), 0);
	assert_int_equal(X509_REQ_set_version(r, X509_REQ_VERSION_1), 1);
	assert_int_equal(X509_REQ_set_pubkey(r, at), 1);
	n = X509_REQ_sign(r, key, md);
	if (algorithm == NULL)
		assert_int_equal(n, 0);
	else {
		assert_true(n > 0);
		X509_REQ_get0_signature(r, NULL, &alg);
		OBJ_obj2txt(name, sizeof(name), alg->algorithm, 0);
		assert_string_equal(name, algorithm);
		assert_int_equal(X509_REQ_verify(r, pub), 1);
	}
	assert_int_equal(there.asked, algorithm != NULL);
	X509_REQ_free(r);
	EVP_PKEY_free(key);
	EVP_PKEY_free(pub);
}

static void
a_key_that_is_elsewhere_says_with_what_it_has_signed(void **state)
{
	struct keys	*k = *state;

	requests(k->ec, EVP_sha1(), NULL);
	requests(k->rsa, EVP_sha1(), NULL);
	requests(k->ec, EVP_sha256(), "ecdsa-with-SHA256");
	requests(k->rsa, EVP_sha256(), "sha256WithRSAEncryption");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_sign_refuses_what_is_not_the_keys),
		cmocka_unit_test(tls_sign_refuses_a_digest_of_another_length),
		cmocka_unit_test(
		    tls_sign_makes_each_signature_of_the_two_versions),
		cmocka_unit_test(
		    a_key_that_is_elsewhere_says_why_it_does_not_sign),
		cmocka_unit_test(a_key_that_is_elsewhere_is_one_for_openssl),
		cmocka_unit_test(
		    a_key_that_is_elsewhere_says_with_what_it_has_signed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
