/* SPDX-License-Identifier: Apache-2.0 */
/* The word of a card's maker, and the requests of stations that bring it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "tests/lib/refused.h"
#include "tests/lib/testpki.h"
#include "x509/attest.h"
#include "x509/cert.h"

struct fixture {
	struct testpki	 pki;
	EVP_PKEY	*key, *maker_key;
	X509		*maker, *voucher;
	struct buf	 request, der;
	struct csr	*csr;
	struct error	 e;
};

static int
set_up(void **state)
{
	struct fixture		*f = mem_alloc(sizeof(*f));
	struct testpki_spec	 ca = { .name = "maker", .is_ca = true };
	struct testpki_spec	 leaf = { .name = "slot 9a" };

	testpki_init(&f->pki, TESTPKI_NOW);
	f->key = testpki_key("P-256");
	f->maker_key = testpki_key("P-256");
	f->maker = testpki_cert(&f->pki, &ca, f->maker_key, f->pki.root,
	    f->pki.root_key);
	f->voucher = testpki_cert(&f->pki, &leaf, f->key, f->maker,
	    f->maker_key);
	assert_int_equal(csr_make(&f->request, f->key, "holder", &f->e), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	csr_free(&f->csr);
	buf_clear(&f->request);
	buf_clear(&f->der);
	X509_free(f->voucher);
	X509_free(f->maker);
	EVP_PKEY_free(f->maker_key);
	EVP_PKEY_free(f->key);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static int
read_card(struct fixture *f, X509 *leaf, X509 *issuer)
{
	struct buf	 a = { 0 }, b = { 0 };

	buf_clear(&f->der);
	csr_free(&f->csr);
	testpki_cert_der(&a, leaf);
	testpki_cert_der(&b, issuer);
	csr_card_put(&f->der, BYTES(f->request.p, f->request.len), false,
	    BYTES(a.p, a.len), BYTES(b.p, b.len));
	buf_clear(&a);
	buf_clear(&b);
	return csr_parse_card(&f->csr, BYTES(f->der.p, f->der.len), &f->e);
}

static int
judge(struct fixture *f, X509 *leaf, X509 *issuer)
{
	struct attest	 a;

	if (read_card(f, leaf, issuer) == -1)
		return -1;
	return attest_check(&a, f->csr, f->pki.anchors, TESTPKI_NOW, &f->e);
}

static void
csr_parse_takes_no_request_of_a_card(void **state)
{
	struct fixture	*f = *state;
	struct csr	*csr;

	assert_int_equal(read_card(f, NULL, NULL), 0);
	refused(&f->e, csr_parse(&csr, BYTES(f->der.p, f->der.len), &f->e),
	    ERROR_INPUT, "request: not a PKCS#10 request");
}

static void
csr_parse_card_refuses_what_is_not_whole(void **state)
{
	static const struct { const char *der; size_t n; } bad[] = {
		{ "\x30\x04\xa1\x02\x30\x00", 6 },
		{ "\x30\x06\xa1\x04\x30\x00\x30\x00", 8 },
		{ "\x30\x04\xa0\x02\x05\x00", 6 },
		{ "\x30\x08\xa1\x02\x30\x00\xa2\x02\x05\x00", 10 },
		{ "\x30\x06\xa1\x02\x30\x00\xa2\x00", 8 },
		{ "\x30\x08\xa1\x02\x30\x00\xa3\x02\x30\x00", 10 },
	};
	struct fixture	*f = *state;
	struct csr	*csr = NULL;

	refused(&f->e, csr_parse_card(&csr, BYTES((const uint8_t *)bad[0].der,
	    bad[0].n), &f->e), ERROR_INPUT, "request: malformed public key");
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(&f->e, csr_parse_card(&csr, BYTES((const uint8_t *)
		    bad[i].der, bad[i].n), &f->e), ERROR_INPUT,
		    "request: malformed request of a card");
	assert_null(csr);
}

static void
csr_parse_card_checks_the_request_inside(void **state)
{
	struct fixture	*f = *state;

	f->request.p[f->request.len - 1] ^= 1;
	refused(&f->e, read_card(f, NULL, NULL), ERROR_INPUT,
	    "request: signature does not verify: the key's holder did not "
	    "make this request");
}

static void
csr_parse_card_gives_the_same_key_in_each_form(void **state)
{
	struct fixture	*f = *state;
	struct csr	*plain = NULL, *bare = NULL;
	struct buf	 spki = { 0 }, der = { 0 };
	uint8_t		 digest[KEY_DIGEST_SIZE];

	assert_int_equal(csr_parse_card(&plain, BYTES(f->request.p,
	    f->request.len), &f->e), 0);
	assert_int_equal(read_card(f, f->voucher, f->maker), 0);
	assert_false(f->csr->is_bare);
	assert_int_equal(f->csr->nvouchers, 2);
	assert_memory_equal(f->csr->key_digest, plain->key_digest,
	    sizeof(digest));
	assert_int_equal(csr_find_key(digest, BYTES(f->der.p, f->der.len),
	    &f->e), 0);
	assert_memory_equal(digest, plain->key_digest, sizeof(digest));
	assert_int_equal(key_public_der(&spki, f->key, &f->e), 0);
	csr_card_put(&der, BYTES(spki.p, spki.len), true, BYTES(NULL, 0),
	    BYTES(NULL, 0));
	assert_int_equal(csr_parse_card(&bare, BYTES(der.p, der.len), &f->e),
	    0);
	assert_true(bare->is_bare);
	assert_memory_equal(bare->key_digest, plain->key_digest,
	    sizeof(digest));
	assert_int_equal(csr_find_key(digest, BYTES(der.p, der.len), &f->e),
	    0);
	assert_memory_equal(digest, plain->key_digest, sizeof(digest));
	csr_free(&bare);
	csr_free(&plain);
	buf_clear(&der);
	buf_clear(&spki);
}

static void
attest_check_refuses_the_word_for_another_key(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 spec = { .name = "slot 9a" };
	EVP_PKEY		*other = testpki_key("P-256");
	X509			*x = testpki_cert(&f->pki, &spec, other,
				    f->maker, f->maker_key);

	refused(&f->e, judge(f, x, f->maker), ERROR_DENIED,
	    "attestation: it is about another key");
	X509_free(x);
	EVP_PKEY_free(other);
}

static void
attest_check_refuses_a_maker_that_nobody_knows(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 ca = { .name = "maker", .is_ca = true };
	struct testpki_spec	 leaf = { .name = "slot 9a" };
	EVP_PKEY		*key = testpki_key("P-256");
	X509			*self, *x;

	self = testpki_cert(&f->pki, &ca, key, f->maker, key);
	x = testpki_cert(&f->pki, &leaf, f->key, self, key);
	assert_int_equal(judge(f, x, self), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "attestation: certificate of "
	    "CN=slot 9a,O=Test,C=SE: unable to get local issuer certificate");
	error_clear(&f->e);
	refused(&f->e, judge(f, f->voucher, NULL), ERROR_DENIED,
	    "attestation: certificate of CN=slot 9a,O=Test,C=SE: unable to "
	    "get local issuer certificate");
	X509_free(x);
	X509_free(self);
	EVP_PKEY_free(key);
}

static void
attest_check_refuses_a_ca_as_the_keys_certificate(void **state)
{
	struct fixture		*f = *state;
	struct testpki_spec	 ca = { .name = "slot 9a", .is_ca = true };
	X509			*x = testpki_cert(&f->pki, &ca, f->key,
				    f->maker, f->maker_key);

	refused(&f->e, judge(f, x, f->maker), ERROR_DENIED, "attestation: its "
	    "first certificate is one of a CA, not of a key");
	X509_free(x);
}

static void
attest_check_takes_the_word_of_a_known_maker(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(judge(f, f->voucher, f->maker), 1);
	assert_int_equal(judge(f, NULL, NULL), 0);
}

/* A certificate with one extension; the signature does not matter here. */
static void
extend(X509 *x, const char *oid, const void *value, int n)
{
	ASN1_OBJECT		*o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING	*v = ASN1_OCTET_STRING_new();
	X509_EXTENSION		*ext = NULL;

	assert_int_equal(ASN1_OCTET_STRING_set(v, value, n), 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, o, 0, v);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static void
attest_read_tells_the_card_and_its_rules(void **state)
{
	struct fixture	*f = *state;
	struct attest	 a;

	assert_int_equal(attest_read(&a, f->voucher, &f->e), 0);
	assert_false(a.has_serial);
	assert_int_equal(a.pin_policy, -1);
	extend(f->voucher, "1.3.6.1.4.1.41482.3.7",
	    "\x02\x04\x00\x00\x12\x67", 6);
	extend(f->voucher, "1.3.6.1.4.1.41482.3.8", "\x02\x01", 2);
	assert_int_equal(attest_read(&a, f->voucher, &f->e), 0);
	assert_true(a.has_serial);
	assert_int_equal(a.serial, 4711);
	assert_int_equal(a.pin_policy, 2);
	assert_int_equal(a.touch_policy, 1);
	extend(f->voucher, "1.3.6.1.4.1.41482.3.7", "\x02\x01\x05", 3);
	refused(&f->e, attest_read(&a, f->voucher, &f->e), ERROR_INPUT,
	    "attestation: its extensions are malformed");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(csr_parse_takes_no_request_of_a_card),
		TEST(csr_parse_card_refuses_what_is_not_whole),
		TEST(csr_parse_card_checks_the_request_inside),
		TEST(csr_parse_card_gives_the_same_key_in_each_form),
		TEST(attest_check_refuses_the_word_for_another_key),
		TEST(attest_check_refuses_a_maker_that_nobody_knows),
		TEST(attest_check_refuses_a_ca_as_the_keys_certificate),
		TEST(attest_check_takes_the_word_of_a_known_maker),
		TEST(attest_read_tells_the_card_and_its_rules),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
