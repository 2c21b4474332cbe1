/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a token's process is asked, and what it answers, when either of the two
 * ends is not what it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/objects.h>
#include "tests/lib/testpki.h"
#include "x509/key.h"
#include "x509/token_private.h"

static const uint8_t	 digest[64];

static void
ask_to_sign(struct msg *q, int nid, uint32_t padding, size_t len)
{
	msg_init(q, 0);
	msg_put_u32(q, CLERK_SIGN);
	msg_put_u32(q, (uint32_t)nid);
	msg_put_u32(q, padding);
	msg_put_blob(q, digest, len);
}

static void
refuses(struct token_clerk *c, bool first, struct msg *q, const char *why)
{
	struct error	 e = ERROR_INIT;
	struct msg	 r = { .type = 0 };

	token_clerk_answer(c, first, q, &r);
	assert_int_equal(msg_get_u32(&r), 0);
	msg_get_error(&r, &e);
	assert_int_equal(msg_done(&r, &e), 0);
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\", not \"%s\"", e.text, why);
	msg_clear(&r);
}

static void
a_clerk_does_what_it_knows_and_nothing_else(void **state)
{
	struct token_clerk	 c = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct msg		 q = { .type = 0 };

	(void)state;
	refuses(&c, true, &q, "unknown message");
	msg_put_u32(&q, CLERK_SIGN + 1);
	refuses(&c, true, &q, "unknown message");
	msg_init(&q, 0);
	msg_put_u32(&q, CLERK_OPEN);
	refuses(&c, true, &q, "malformed");
	q.pos = 0;
	q.bad = false;
	refuses(&c, false, &q, "unknown message");
	assert_null(c.key);
	msg_clear(&q);
}

static void
a_clerk_signs_whole_digests_once_its_key_is_open(void **state)
{
	struct token_clerk	 c = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct msg		 q = { .type = 0 };

	(void)state;
	ask_to_sign(&q, NID_sha256, TOKEN_PSS, 32);
	refuses(&c, false, &q, "sign before the key is open");
	c.is_open = true;
	ask_to_sign(&q, NID_sha256, TOKEN_PSS, 20);
	refuses(&c, false, &q, "nothing that a token signs");
	ask_to_sign(&q, NID_sha256, TOKEN_PSS, 33);
	refuses(&c, false, &q, "nothing that a token signs");
	ask_to_sign(&q, NID_sha256, TOKEN_PSS + 1, 32);
	refuses(&c, false, &q, "nothing that a token signs");
	ask_to_sign(&q, NID_rsaEncryption, TOKEN_PSS, 32);
	refuses(&c, false, &q, "nothing that a token signs");
	ask_to_sign(&q, NID_sha256, TOKEN_PSS, 32);
	msg_put_u32(&q, 1);
	refuses(&c, false, &q, "too many");
	msg_clear(&q);
}

/* ---- the other end ---- */

static void
begin_answer(struct msg *m, uint32_t to)
{
	msg_init(m, 0);
	msg_put_u32(m, to);
}

static void
a_signature_of_nothing_is_none(void **state)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { .type = 0 };
	struct buf	 sig = { 0 };

	(void)state;
	begin_answer(&m, CLERK_SIGN);
	msg_put_blob(&m, NULL, 0);
	assert_int_equal(token_apart_signed(&m, &sig, &e), -1);
	assert_string_equal(e.text, "its token's process signed nothing");
	error_clear(&e);
	begin_answer(&m, CLERK_OPEN);
	msg_put_blob(&m, "x", 1);
	assert_int_equal(token_apart_signed(&m, &sig, &e), -1);
	assert_non_null(strstr(e.text, "answers what was not asked"));
	error_clear(&e);
	begin_answer(&m, 0);
	msg_put_error(&m, &e);
	assert_int_equal(token_apart_signed(&m, &sig, &e), -1);
	assert_non_null(strstr(e.text, "an error that says nothing"));
	assert_int_equal(sig.len, 0);
	begin_answer(&m, CLERK_SIGN);
	msg_put_blob(&m, "x", 1);
	assert_int_equal(token_apart_signed(&m, &sig, &e), 0);
	assert_int_equal(sig.len, 1);
	buf_clear(&sig);
	msg_clear(&m);
}

static void
a_public_key_is_the_one_of_before_and_nothing_more(void **state)
{
	EVP_PKEY	*key[2] = { testpki_key("P-256"),
			    testpki_key("P-256") };
	struct token_key k = { .asked_at = 1 };
	struct error	 e = ERROR_INIT;
	struct msg	 m = { .type = 0 };
	struct buf	 der[2] = { { 0 }, { 0 } };
	size_t		 i;

	(void)state;
	for (i = 0; i < 2; i++)
		assert_int_equal(key_public_der(&der[i], key[i], &e), 0);
	buf_byte(&der[0], 0);
	begin_answer(&m, CLERK_OPEN);
	msg_put_blob(&m, der[0].p, der[0].len);
	assert_int_equal(token_apart_opened(&k, &m, &e), -1);
	assert_non_null(strstr(e.text, "public key of its token"));
	assert_null(k.pub);
	begin_answer(&m, CLERK_OPEN);
	msg_put_blob(&m, der[0].p, der[0].len - 1);
	assert_int_equal(token_apart_opened(&k, &m, &e), 0);
	assert_int_equal(EVP_PKEY_eq(k.pub, key[0]), 1);
	begin_answer(&m, CLERK_OPEN);
	msg_put_blob(&m, der[1].p, der[1].len);
	error_clear(&e);
	assert_int_equal(token_apart_opened(&k, &m, &e), -1);
	assert_non_null(strstr(e.text, "another key under this name"));
	assert_int_equal(EVP_PKEY_eq(k.pub, key[0]), 1);
	EVP_PKEY_free(k.pub);
	for (i = 0; i < 2; i++) {
		buf_clear(&der[i]);
		EVP_PKEY_free(key[i]);
	}
	msg_clear(&m);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_clerk_does_what_it_knows_and_nothing_else),
		cmocka_unit_test(
		    a_clerk_signs_whole_digests_once_its_key_is_open),
		cmocka_unit_test(a_signature_of_nothing_is_none),
		cmocka_unit_test(
		    a_public_key_is_the_one_of_before_and_nothing_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
