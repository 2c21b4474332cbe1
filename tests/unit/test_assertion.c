/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>
#include "order/assertion.h"
#include "tests/lib/testassert.h"
#include "tests/lib/testpki.h"
#include "x509/der.h"

#define RP	"ra.example.org"
#define ORIGIN	"https://ra.example.org:8444"

struct fixture {
	EVP_PKEY		*key;
	struct order		*bind;
	struct testassert_ask	 ask;
	struct testassert	 made;
	struct assertion	 a;
	struct error		 e;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	struct clock	 clock = clock_fixed(TESTPKI_NOW);

	f->key = testpki_key("P-256");
	f->bind = testassert_bind(f->key, "4711", RP, ORIGIN, &clock);
	f->ask.rp_id = RP;
	f->ask.origin = ORIGIN;
	f->ask.flags = TESTASSERT_UP | TESTASSERT_UV;
	memset(f->ask.challenge, 0xfb, sizeof(f->ask.challenge));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	testassert_clear(&f->made);
	order_free(&f->bind);
	EVP_PKEY_free(f->key);
	mem_free(&f);
	return 0;
}

static void
make(struct fixture *f)
{
	testassert_clear(&f->made);
	testassert_make(&f->made, f->key, &f->ask);
	f->a.credential = BYTES(f->made.id, sizeof(f->made.id));
	f->a.auth_data = BYTES(f->made.auth_data.p, f->made.auth_data.len);
	f->a.client_data = BYTES(f->made.client_data.p,
	    f->made.client_data.len);
	f->a.signature = BYTES(f->made.signature.p, f->made.signature.len);
}

static void
assert_denied(struct fixture *f, const char *text)
{
	uint8_t	 order[ORDER_DIGEST];

	memset(order, 0xfb, sizeof(order));
	error_clear(&f->e);
	assert_int_equal(assertion_verify(&f->a, f->bind, order, &f->e), -1);
	if (strstr(f->e.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, f->e.text);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_int_equal(ERR_peek_error(), 0);
}

static void
assert_verifies(struct fixture *f)
{
	uint8_t	 order[ORDER_DIGEST];

	memset(order, 0xfb, sizeof(order));
	if (assertion_verify(&f->a, f->bind, order, &f->e) == -1)
		fail_msg("%s", f->e.text);
}

static void
assert_client_denied(struct fixture *f, const char *json, const char *text)
{
	f->ask.client = json;
	make(f);
	assert_denied(f, text);
}

/* Of 32 octets FB, in each way that base 64 can be written. */
#define URL	"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s"
#define PLAIN	"+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s"
#define CLIENT(type, challenge, origin, rest) \
	"{\"type\":\"" type "\",\"challenge\":\"" challenge "\"," \
	"\"origin\":\"" origin "\"" rest "}"

static void
an_assertion_for_another_order_is_denied(void **state)
{
	struct fixture	*f = *state;

	f->ask.challenge[31] ^= 1;
	make(f);
	assert_denied(f, "its challenge is not the one asked for");
}

static void
a_challenge_in_another_encoding_is_denied(void **state)
{
	static const char *const	 other[] = {
		CLIENT("webauthn.get", URL "=", ORIGIN, ""),
		CLIENT("webauthn.get", PLAIN, ORIGIN, ""),
		CLIENT("webauthn.get", PLAIN "=", ORIGIN, ""),
		/* The last character has two bits that mean nothing. */
		CLIENT("webauthn.get", "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7"
		    "-_v7-_t", ORIGIN, ""),
		CLIENT("webauthn.get", " " URL, ORIGIN, ""),
		CLIENT("webauthn.get", URL "\\n", ORIGIN, ""),
		CLIENT("webauthn.get", "fbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbfbf"
		    "bfbfbfbfbfbfbfbfbfbfbfbfb", ORIGIN, ""),
		"{\"type\":\"webauthn.get\",\"challenge\":[\"" URL "\"],"
		    "\"origin\":\"" ORIGIN "\"}",
		"{\"type\":\"webauthn.get\",\"origin\":\"" ORIGIN "\"}",
	};
	size_t	 i;

	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_client_denied(*state, other[i],
		    "its challenge is not the one asked for");
}

static void
another_origin_is_denied(void **state)
{
	struct fixture	*f = *state;

	f->ask.origin = "https://ra.example.org";
	make(f);
	assert_denied(f, "the assertion was made at https://ra.example.org, "
	    "the credential is bound to " ORIGIN);
	f->ask.origin = ORIGIN ".example.net";
	make(f);
	assert_denied(f, "the assertion was made at");
	f->ask.origin = "HTTPS://ra.example.org:8444";
	make(f);
	assert_denied(f, "the assertion was made at");
}

static void
an_assertion_in_somebody_elses_frame_is_denied(void **state)
{
	assert_client_denied(*state, CLIENT("webauthn.get", URL, ORIGIN,
	    ",\"crossOrigin\":true"), "in a frame of another origin");
	assert_client_denied(*state, CLIENT("webauthn.get", URL, ORIGIN,
	    ",\"crossOrigin\":\"false\""), "in a frame of another origin");
	assert_client_denied(*state, CLIENT("webauthn.get", URL, ORIGIN,
	    ",\"crossOrigin\":false,\"topOrigin\":\"https://x.org\""),
	    "in a frame of another origin");
}

static void
what_was_signed_to_register_is_no_approval(void **state)
{
	assert_client_denied(*state, CLIENT("webauthn.create", URL, ORIGIN,
	    ""), "clientDataJSON is not of type webauthn.get");
	assert_client_denied(*state, CLIENT("payment.get", URL, ORIGIN, ""),
	    "clientDataJSON is not of type webauthn.get");
}

static void
json_that_can_be_read_in_two_ways_is_denied(void **state)
{
	static const char *const	 two[] = {
		CLIENT("webauthn.get", URL, ORIGIN,
		    ",\"origin\":\"" ORIGIN "\""),
		CLIENT("webauthn.get", URL, ORIGIN, ",\"x\":{\"a\":1,"
		    "\"a\":2}"),
		CLIENT("webauthn.get", URL, ORIGIN, "") "x",
		CLIENT("webauthn.get", URL, ORIGIN, "") "{}",
		"[" CLIENT("webauthn.get", URL, ORIGIN, "") "]",
		CLIENT("webauthn.get", URL, ORIGIN, ",\"x\":\"\\u0000\""),
		"\xef\xbb\xbf" CLIENT("webauthn.get", URL, ORIGIN, ""),
		"", "null", "{",
	};
	size_t	 i;

	for (i = 0; i < sizeof(two) / sizeof(two[0]); i++)
		assert_client_denied(*state, two[i], "clientDataJSON is not "
		    "one JSON object without duplicates");
}

static void
endless_json_is_denied(void **state)
{
	struct fixture	*f = *state;
	char		*json = mem_alloc(ASSERTION_CLIENT_MAX + 2);

	memset(json, ' ', ASSERTION_CLIENT_MAX + 1);
	assert_client_denied(f, json, "clientDataJSON has 4097 bytes, more "
	    "than 4096");
	mem_free(&json);
}

static void
another_relying_party_is_denied(void **state)
{
	struct fixture	*f = *state;

	f->ask.rp_id = "example.org";
	make(f);
	assert_denied(f, "the assertion is for another relying party than "
	    RP);
}

static void
nobody_present_or_verified_is_denied(void **state)
{
	struct fixture	*f = *state;

	f->ask.flags = TESTASSERT_UP;
	make(f);
	assert_denied(f, "did not check by PIN or finger who was there "
	    "(flag UV)");
	f->ask.flags = TESTASSERT_UV;
	make(f);
	assert_denied(f, "did not see that anybody was there (flag UP)");
}

static void
authenticator_data_with_more_or_less_in_it_are_denied(void **state)
{
	struct fixture	*f = *state;

	f->ask.extra = BYTES("\xa0", 1);
	f->ask.flags |= TESTASSERT_ED;
	make(f);
	assert_denied(f, "authenticatorData has 38 bytes, not 37");
	f->ask.extra = BYTES("", 0);
	make(f);
	assert_denied(f, "announces data that are not there");
	f->ask.flags = TESTASSERT_UP | TESTASSERT_UV | TESTASSERT_AT;
	make(f);
	assert_denied(f, "announces data that are not there");
	f->ask.flags = TESTASSERT_UP | TESTASSERT_UV;
	make(f);
	f->a.auth_data.len--;
	assert_denied(f, "authenticatorData has 36 bytes, not 37");
}

static void
another_credential_is_denied(void **state)
{
	struct fixture	*f = *state;

	make(f);
	f->made.id[0] ^= 1;
	assert_denied(f, "by another credential than the one that was bound");
	f->made.id[0] ^= 1;
	f->a.credential.len--;
	assert_denied(f, "by another credential than the one that was bound");
}

static void
a_signature_by_another_key_or_over_other_bytes_is_denied(void **state)
{
	static const char *const	 algs[] = { "P-256", "ed25519", "rsa" };
	struct fixture			*f = *state;
	size_t				 i, at;

	for (i = 0; i < 3; i++) {
		EVP_PKEY_free(f->key);
		f->key = testpki_key(algs[i]);
		make(f);
		memcpy(f->made.id, f->bind->bind.credential.p,
		    sizeof(f->made.id));
		assert_denied(f, "signature does not verify");
	}
	for (i = 0; i < 3; i++) {
		EVP_PKEY_free(f->key);
		f->key = testpki_key(algs[i]);
		buf_clear(&f->bind->bind.key);
		testassert_spki(&f->bind->bind.key, f->key);
		make(f);
		memcpy(f->made.id, f->bind->bind.credential.p,
		    sizeof(f->made.id));
		assert_verifies(f);
		f->made.auth_data.p[36] ^= 1;	/* its counter */
		assert_denied(f, "signature does not verify");
		f->made.auth_data.p[36] ^= 1;
		at = f->made.signature.len - 1;
		f->made.signature.p[at] ^= 1;
		assert_denied(f, "signature does not verify");
		f->a.signature.len = 0;
		assert_denied(f, "signature does not verify");
	}
}

static void
an_order_of_another_kind_binds_nothing(void **state)
{
	struct fixture	*f = *state;

	make(f);
	f->bind->kind = ORDER_ISSUE;
	assert_denied(f, "an order to issue binds no credential");
	f->bind->kind = ORDER_BIND;
}

static void
a_good_assertion_verifies_wherever_its_key_is_kept(void **state)
{
	struct fixture	*f = *state;

	make(f);
	assert_verifies(f);
	f->ask.flags |= TESTASSERT_BE | TESTASSERT_BS;
	make(f);
	assert_verifies(f);
	f->ask.client = CLIENT("webauthn.get", URL, ORIGIN,
	    ",\"crossOrigin\":false,\"other_keys_can_be_added_here\":\"x\"");
	make(f);
	assert_verifies(f);
}

static void
an_attribute_that_is_none_is_refused(void **state)
{
	struct fixture	*f = *state;
	struct assertion again;
	struct buf	 der = { 0 };
	size_t		 n;

	make(f);
	f->a.bind = BYTES("bind", 4);
	assert_int_equal(assertion_encode(&der, &f->a, &f->e), 0);
	for (n = 0; n < der.len; n++) {
		error_clear(&f->e);
		assert_int_equal(assertion_parse(&again, BYTES(der.p, n),
		    &f->e), -1);
		assert_string_equal(f->e.text,
		    "assertion: not as doc/order.asn1 says");
		assert_int_equal(f->e.code, ERROR_INPUT);
	}
	buf_byte(&der, 0);
	assert_int_equal(assertion_parse(&again, BYTES(der.p, der.len),
	    &f->e), -1);
	buf_clear(&der);
}

static void
an_attribute_keeps_what_is_in_it(void **state)
{
	struct fixture	*f = *state;
	struct assertion again;
	struct buf	 der = { 0 };

	make(f);
	f->a.bind = BYTES("bind", 4);
	memset(f->a.cert, 5, sizeof(f->a.cert));
	assert_int_equal(assertion_encode(&der, &f->a, &f->e), 0);
	assert_int_equal(assertion_parse(&again, BYTES(der.p, der.len),
	    &f->e), 0);
	assert_memory_equal(again.cert, f->a.cert, sizeof(again.cert));
	assert_true(bytes_equal(again.credential, f->a.credential));
	assert_true(bytes_equal(again.auth_data, f->a.auth_data));
	assert_true(bytes_equal(again.client_data, f->a.client_data));
	assert_true(bytes_equal(again.signature, f->a.signature));
	assert_true(bytes_equal(again.bind, f->a.bind));
	buf_clear(&der);
}

static void
an_attribute_has_a_bound(void **state)
{
	struct fixture	*f = *state;
	struct buf	 der = { 0 }, large = { 0 };

	make(f);
	buf_reserve(&large, ASSERTION_MAX);
	memset(large.p, 0, ASSERTION_MAX);
	f->a.bind = BYTES(large.p, ASSERTION_MAX);
	assert_int_equal(assertion_encode(&der, &f->a, &f->e), -1);
	assert_string_equal(f->e.text, "assertion of more than 73728 bytes");
	assert_int_equal(der.len, 0);
	buf_clear(&der);
	buf_clear(&large);
}

/* ---- registration ---- */

static void
assert_unregistered(struct fixture *f, const char *json, const char *origin,
    const char *rp_id, const char *text)
{
	struct order_bind	 b = { 0 };
	uint8_t			 challenge[4] = { 1, 2, 3, 4 };

	error_clear(&f->e);
	assert_int_equal(assertion_read_registration(&b, BYTES(json,
	    strlen(json)), BYTES(challenge, 4), origin, rp_id, &f->e), -1);
	if (strstr(f->e.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, f->e.text);
	assert_int_equal(ERR_peek_error(), 0);
	buf_clear(&b.credential);
	buf_clear(&b.key);
}

static void
a_registration_made_elsewhere_or_for_something_else_is_denied(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 challenge[4] = { 1, 2, 3, 4 };
	char		*json = testassert_register(f->key, RP, ORIGIN,
	    challenge, 4), *other;

	assert_unregistered(f, json, "https://x.org", RP, "was made at "
	    ORIGIN);
	assert_unregistered(f, json, ORIGIN, "x.org", "the credential is for "
	    "another relying party than x.org");
	challenge[0] = 0;
	other = testassert_register(f->key, RP, ORIGIN, challenge, 4);
	assert_unregistered(f, other, ORIGIN, RP, "its challenge is not the "
	    "one asked for");
	mem_free(&other);
	assert_unregistered(f, "{}", ORIGIN, RP, "no \"clientDataJSON\" in "
	    "it");
	assert_unregistered(f, "[]", ORIGIN, RP, "not one JSON object");
	*strstr(json, "authenticatorData") = 'X';
	assert_unregistered(f, json, ORIGIN, RP, "no \"authenticatorData\"");
	mem_free(&json);
}

/* The letter at that place of authenticatorData in base64url changed. */
static void
assert_changed(struct fixture *f, size_t at, char to, const char *text)
{
	static const char	 name[] = "\"authenticatorData\":\"";
	uint8_t			 challenge[4] = { 1, 2, 3, 4 };
	char			*json = testassert_register(f->key, RP, ORIGIN,
	    challenge, 4), *p = strstr(json, name) + strlen(name);

	assert_int_not_equal(p[at], to);
	p[at] = to;
	assert_unregistered(f, json, ORIGIN, RP, text);
	mem_free(&json);
}

static void
a_registration_without_a_person_or_a_credential_is_denied(void **state)
{
	static const char	 nobody[] = "the authenticator did not check "
	    "who was there (flags UP, UV)";
	struct fixture		*f = *state;

	/* Octet 32 has the flags: UP alone, UV alone. */
	assert_changed(f, 43, 'B', nobody);
	assert_changed(f, 43, 'E', nobody);
	/* Octets 53 and 54 are how long its id is: 0, more than there is. */
	assert_changed(f, 72, 'A', "authenticatorData has no credential");
	assert_changed(f, 71, 'E', "authenticatorData has no credential");
}

static void
a_registration_gives_what_an_order_binds(void **state)
{
	static const char *const	 algs[] = { "P-256", "ed25519", "rsa" };
	struct fixture			*f = *state;
	uint8_t				 challenge[4] = { 1, 2, 3, 4 };
	struct order_bind		 b;
	struct buf			 spki = { 0 };
	uint8_t				 id[TESTASSERT_ID];
	EVP_PKEY			*key;
	char				*json;
	size_t				 i;

	for (i = 0; i < 3; i++) {
		key = testpki_key(algs[i]);
		testassert_id(id, key);
		testassert_spki(&spki, key);
		json = testassert_register(key, RP, ORIGIN, challenge, 4);
		memset(&b, 0, sizeof(b));
		if (assertion_read_registration(&b, BYTES(json, strlen(json)),
		    BYTES(challenge, 4), ORIGIN, RP, &f->e) == -1)
			fail_msg("%s: %s", algs[i], f->e.text);
		assert_true(bytes_equal(BYTES(b.credential.p,
		    b.credential.len), BYTES(id, sizeof(id))));
		assert_true(bytes_equal(BYTES(b.key.p, b.key.len),
		    BYTES(spki.p, spki.len)));
		assert_string_equal(b.origin, ORIGIN);
		assert_string_equal(b.rp_id, RP);
		mem_free(&b.origin);
		mem_free(&b.rp_id);
		buf_clear(&b.credential);
		buf_clear(&b.key);
		buf_clear(&spki);
		mem_free(&json);
		EVP_PKEY_free(key);
	}
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(an_assertion_for_another_order_is_denied),
		TEST(a_challenge_in_another_encoding_is_denied),
		TEST(another_origin_is_denied),
		TEST(an_assertion_in_somebody_elses_frame_is_denied),
		TEST(what_was_signed_to_register_is_no_approval),
		TEST(json_that_can_be_read_in_two_ways_is_denied),
		TEST(endless_json_is_denied),
		TEST(another_relying_party_is_denied),
		TEST(nobody_present_or_verified_is_denied),
		TEST(authenticator_data_with_more_or_less_in_it_are_denied),
		TEST(another_credential_is_denied),
		TEST(a_signature_by_another_key_or_over_other_bytes_is_denied),
		TEST(an_order_of_another_kind_binds_nothing),
		TEST(a_good_assertion_verifies_wherever_its_key_is_kept),
		TEST(an_attribute_that_is_none_is_refused),
		TEST(an_attribute_keeps_what_is_in_it),
		TEST(an_attribute_has_a_bound),
		TEST(a_registration_made_elsewhere_or_for_something_else_is_denied),
		TEST(a_registration_without_a_person_or_a_credential_is_denied),
		TEST(a_registration_gives_what_an_order_binds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
