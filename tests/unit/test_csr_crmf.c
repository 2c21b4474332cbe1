/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/crmf.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include "x509/csr.h"
#include "x509/der.h"
#include "x509/key.h"
#include "x509/profile.h"

static EVP_PKEY	*ec, *rsa;

static int
make_keys(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(key_generate(&ec, "ec:P-256", &e), 0);
	assert_int_equal(key_generate(&rsa, "rsa:2048", &e), 0);
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	return 0;
}

static OSSL_CRMF_MSG *
message(EVP_PKEY *key, const char *cn, const char *ext, const char *value)
{
	OSSL_CRMF_MSG	*m = OSSL_CRMF_MSG_new();
	X509_NAME	*name = X509_NAME_new();
	X509_EXTENSION	*x;
	X509_EXTENSIONS	*list = NULL;

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0), 1);
	assert_int_equal(OSSL_CRMF_MSG_set_certReqId(m, 0), 1);
	assert_int_equal(OSSL_CRMF_CERTTEMPLATE_fill(
	    OSSL_CRMF_MSG_get0_tmpl(m), key, name, NULL, NULL), 1);
	if (ext != NULL) {
		x = X509V3_EXT_nconf(NULL, NULL, ext, value);
		assert_non_null(x);
		X509v3_add_ext(&list, x, -1);
		X509_EXTENSION_free(x);
		assert_int_equal(OSSL_CRMF_MSG_set0_extensions(m, list), 1);
	}
	X509_NAME_free(name);
	return m;
}

static void
encode(struct buf *der, OSSL_CRMF_MSG *m)
{
	unsigned char	*p = NULL;
	int		 n = i2d_OSSL_CRMF_MSG(m, &p);

	assert_true(n > 0);
	der->len = 0;
	buf_add(der, p, (size_t)n);
	OPENSSL_free(p);
	OSSL_CRMF_MSG_free(m);
}

/* Made by OpenSSL, with the proof of that kind by "by". */
static void
crmf(struct buf *der, EVP_PKEY *key, EVP_PKEY *by, int popo, const char *ext,
    const char *value)
{
	OSSL_CRMF_MSG	*m = message(key, "Alice", ext, value);

	assert_int_equal(OSSL_CRMF_MSG_create_popo(popo, m, by, EVP_sha256(),
	    NULL, NULL), 1);
	encode(der, m);
}

static void
refused(const struct buf *der, enum error_code code, const char *why)
{
	struct error	 e = ERROR_INIT;
	struct csr	*csr = (struct csr *)-1;

	assert_int_equal(csr_parse(&csr, BYTES(der->p, der->len), &e), -1);
	assert_null(csr);
	assert_string_equal(e.text, why);
	assert_int_equal(e.code, code);
}

static void
csr_parse_takes_key_name_and_wishes_of_a_cert_req_msg(void **state)
{
	EVP_PKEY	*keys[] = { ec, rsa };
	struct error	 e = ERROR_INIT;
	struct fields	 f = { 0 };
	struct buf	 der = { 0 };
	struct csr	*csr;
	uint8_t		 digest[KEY_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		crmf(&der, keys[i], keys[i], OSSL_CRMF_POPO_SIGNATURE,
		    "subjectAltName", "DNS:a.example.com");
		assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e),
		    0);
		assert_int_equal(EVP_PKEY_eq(csr->key, keys[i]), 1);
		assert_int_equal(csr_fields(csr, &f, &e), 0);
		assert_string_equal(fields_get(&f, "name", 0), "Alice");
		assert_string_equal(fields_get(&f, "dns", 0),
		    "a.example.com");
		assert_int_equal(csr_find_key(digest, BYTES(der.p, der.len),
		    &e), 0);
		assert_memory_equal(digest, csr->key_digest, sizeof(digest));
		fields_clear(&f);
		csr_free(&csr);
	}
	buf_clear(&der);
}

/* The same key has the same digest in either form of a request. */
static void
csr_find_key_agrees_with_that_of_a_pkcs10(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 a = { 0 }, b = { 0 };
	uint8_t		 one[KEY_DIGEST_SIZE], other[KEY_DIGEST_SIZE];

	(void)state;
	crmf(&a, ec, ec, OSSL_CRMF_POPO_SIGNATURE, NULL, NULL);
	assert_int_equal(csr_make(&b, ec, "Alice", &e), 0);
	assert_int_equal(csr_find_key(one, BYTES(a.p, a.len), &e), 0);
	assert_int_equal(csr_find_key(other, BYTES(b.p, b.len), &e), 0);
	assert_memory_equal(one, other, sizeof(one));
	buf_clear(&a);
	buf_clear(&b);
}

static void
csr_parse_refuses_a_cert_req_msg_whose_key_did_not_sign_it(void **state)
{
	EVP_PKEY	*other = NULL;
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	assert_int_equal(key_generate(&other, "ec:P-256", &e), 0);
	/* OpenSSL makes none for another's key: so one bit of the template
	 * is turned, its name. */
	crmf(&der, ec, ec, OSSL_CRMF_POPO_SIGNATURE, NULL, NULL);
	*(uint8_t *)memmem(der.p, der.len, "Alice", 5) = 'B';
	refused(&der, ERROR_INPUT, "request: signature does not verify: the "
	    "key's holder did not make this request");
	buf_clear(&der);
	EVP_PKEY_free(other);
}

static void
csr_parse_refuses_proofs_that_nobody_can_check_again(void **state)
{
	struct buf	 der = { 0 };

	(void)state;
	crmf(&der, ec, ec, OSSL_CRMF_POPO_RAVERIFIED, NULL, NULL);
	refused(&der, ERROR_DENIED, "request: no proof of possession by "
	    "signature (RFC 4211, 4.1)");
	buf_clear(&der);
}

static void
csr_parse_refuses_what_is_the_cas_to_say(void **state)
{
	OSSL_CRMF_MSG	*m = message(ec, "Alice", NULL, NULL);
	ASN1_INTEGER	*serial = ASN1_INTEGER_new();
	struct buf	 der = { 0 };

	(void)state;
	ASN1_INTEGER_set(serial, 17);
	assert_int_equal(OSSL_CRMF_CERTTEMPLATE_fill(
	    OSSL_CRMF_MSG_get0_tmpl(m), NULL, NULL, NULL, serial), 1);
	assert_int_equal(OSSL_CRMF_MSG_create_popo(OSSL_CRMF_POPO_SIGNATURE,
	    m, ec, EVP_sha256(), NULL, NULL), 1);
	encode(&der, m);
	refused(&der, ERROR_INPUT, "request: it proposes a serial number, a "
	    "signature algorithm or a unique identifier (RFC 4211, 5)");
	ASN1_INTEGER_free(serial);
	buf_clear(&der);
}

static void
csr_check_wishes_refuses_a_ca_in_a_cert_req_msg(void **state)
{
	struct profile	 p = { .name = (char *)(uintptr_t)"mail" };
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct csr	*csr;

	(void)state;
	crmf(&der, ec, ec, OSSL_CRMF_POPO_SIGNATURE, "basicConstraints",
	    "CA:TRUE");
	assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(csr_check_wishes(csr, &p, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "request: basicConstraints: asks to be a "
	    "CA, which profile mail does not make (RFC 5280, 4.2.1.9)");
	csr_free(&csr);
	buf_clear(&der);
}

static void
csr_parse_refuses_a_cert_req_msg_cut_anywhere(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct csr	*csr;
	size_t		 n;

	(void)state;
	crmf(&der, ec, ec, OSSL_CRMF_POPO_SIGNATURE, "subjectAltName",
	    "email:a@example.com");
	for (n = 1; n < der.len; n++) {
		assert_int_equal(csr_parse(&csr, BYTES(der.p, n), &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
	}
	buf_clear(&der);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    csr_parse_takes_key_name_and_wishes_of_a_cert_req_msg),
		cmocka_unit_test(csr_find_key_agrees_with_that_of_a_pkcs10),
		cmocka_unit_test(
		    csr_parse_refuses_a_cert_req_msg_whose_key_did_not_sign_it),
		cmocka_unit_test(
		    csr_parse_refuses_proofs_that_nobody_can_check_again),
		cmocka_unit_test(csr_parse_refuses_what_is_the_cas_to_say),
		cmocka_unit_test(
		    csr_check_wishes_refuses_a_ca_in_a_cert_req_msg),
		cmocka_unit_test(
		    csr_parse_refuses_a_cert_req_msg_cut_anywhere),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
