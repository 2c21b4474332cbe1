/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sealed to keys that are in tokens, and the tokens open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "card/seal.h"
#include "tests/lib/softhsm.h"
#include "tests/lib/testseal.h"
#include "x509/token.h"

#define CLEAR	"puk=19283746"

static char		 dir[40];
static char		*pin;
static struct testpki	 pki;

static void
make_pair(const char *label, const char *id, const char *type,
    const char *usage)
{
	const char *const	 more[] = { "--keypairgen", "--key-type", type,
		"--label", label, "--id", id, usage, NULL };

	assert_int_equal(softhsm_tool("people", more), 0);
}

/* As our own programs make keys. */
static void
make_signer(const char *uri)
{
	struct token_key	*k = NULL;
	struct error		 e = ERROR_INIT;

	if (token_key_new(&k, uri, pin, &e) == -1 ||
	    token_key_generate(k, "rsa:2048", &e) == -1)
		fail_msg("%s", e.text);
	token_key_free(&k);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_seal_token.XXXXXX");
	assert_non_null(mkdtemp(dir));
	softhsm_setup(dir);
	pin = mem_printf("file:%s/pin", dir);
	testpki_init(&pki, TESTPKI_NOW);
	make_pair("rsa", "01", "rsa:2048", "--usage-decrypt");
	make_pair("p256", "02", "EC:prime256v1", "--usage-derive");
	make_pair("p384", "03", "EC:secp384r1", "--usage-derive");
	make_signer("pkcs11:token=people;object=signer");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	testpki_clear(&pki);
	testpki_remove_tree(dir);
	mem_free(&pin);
	return 0;
}

static EVP_PKEY *
key_called(const char *label)
{
	char		*uri = mem_printf("pkcs11:token=people;object=%s",
			    label);
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;

	if (key_load(&key, uri, pin, &e) == -1)
		fail_msg("%s", e.text);
	mem_free(&uri);
	return key;
}

/* For its public half, one that seals. */
static X509 *
cert_for(EVP_PKEY *key)
{
	return testseal_cert(&pki, key, EVP_PKEY_is_a(key, "EC") ?
	    "keyAgreement" : "keyEncipherment");
}

static void
seal_to(struct buf *sealed, X509 *cert)
{
	struct seal	 s = { NULL };
	struct error	 e = ERROR_INIT;

	if (seal_add_cert(&s, cert, TESTPKI_NOW, &e) == -1 ||
	    seal_make(sealed, &s, CLEAR, strlen(CLEAR), &e) == -1)
		fail_msg("%s", e.text);
	seal_clear(&s);
}

static void
does_not_open(const struct buf *sealed, X509 *cert, EVP_PKEY *key,
    enum error_code code, const char *said)
{
	struct secret	 clear = { NULL, 0 };
	struct error	 e = ERROR_INIT;

	assert_int_equal(seal_open(&clear, BYTES(sealed->p, sealed->len), cert,
	    key, &e), -1);
	assert_null(clear.p);
	if (e.code != code || strstr(e.text, said) == NULL)
		fail_msg("\"%s\" (%d), not \"%s\"", e.text, e.code, said);
}

static void
what_is_sealed_to_another_key_does_not_open(void **state)
{
	static const char *const	 names[] = { "rsa", "p256" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		EVP_PKEY	*key = key_called(names[i]);
		EVP_PKEY	*other = testpki_key(i == 0 ? "rsa" : "P-256");
		X509		*cert = cert_for(key), *theirs = cert_for(other);
		struct buf	 sealed = { 0 };

		/* Neither by what it says, nor when it says so falsely. */
		seal_to(&sealed, theirs);
		does_not_open(&sealed, cert, key, ERROR_DENIED,
		    "not sealed to this key, or altered");
		does_not_open(&sealed, theirs, key, ERROR_DENIED,
		    "not sealed to this key, or altered");
		buf_clear(&sealed);
		X509_free(theirs);
		X509_free(cert);
		EVP_PKEY_free(other);
		EVP_PKEY_free(key);
	}
}

static void
a_key_that_may_only_sign_opens_nothing(void **state)
{
	EVP_PKEY	*key = key_called("signer");
	X509		*cert = cert_for(key);
	struct buf	 sealed = { 0 };

	(void)state;
	seal_to(&sealed, cert);
	does_not_open(&sealed, cert, key, ERROR_CONFIG,
	    "decrypt in token people: CKR_KEY_FUNCTION_NOT_PERMITTED");
	buf_clear(&sealed);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
an_altered_seal_does_not_open_as_something_else(void **state)
{
	static const char *const	 names[] = { "rsa", "p256" };

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		EVP_PKEY	*key = key_called(names[n]);
		X509		*cert = cert_for(key);
		struct buf	 sealed = { 0 };

		seal_to(&sealed, cert);
		for (size_t i = 0; i < sealed.len; i += 11) {
			struct secret	 clear = { NULL, 0 };
			struct error	 e = ERROR_INIT;

			sealed.p[i] ^= 0x10;
			if (seal_open(&clear, BYTES(sealed.p, sealed.len),
			    cert, key, &e) == 0) {
				assert_int_equal(clear.len, strlen(CLEAR));
				assert_memory_equal(clear.p, CLEAR, clear.len);
				secret_free(&clear);
			} else
				assert_null(clear.p);
			sealed.p[i] ^= 0x10;
		}
		testseal_opens(&sealed, cert, key, CLEAR);
		buf_clear(&sealed);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
}

static void
the_token_opens_what_is_sealed_to_its_key(void **state)
{
	static const char *const	 names[] = { "rsa", "p256", "p384" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY	*key = key_called(names[i]);
		X509		*cert = cert_for(key);
		struct buf	 sealed = { 0 };

		seal_to(&sealed, cert);
		testseal_opens(&sealed, cert, key, CLEAR);
		testseal_opens(&sealed, cert, key, CLEAR);
		buf_clear(&sealed);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
}

/* The message of a random key, each time: its padding is ours to undo. */
static void
every_message_to_rsa_opens(void **state)
{
	EVP_PKEY	*key = key_called("rsa");
	X509		*cert = cert_for(key);

	(void)state;
	for (int i = 0; i < 64; i++) {
		struct buf	 sealed = { 0 };

		seal_to(&sealed, cert);
		testseal_opens(&sealed, cert, key, CLEAR);
		buf_clear(&sealed);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
a_token_that_is_away_is_said_to_be(void **state)
{
	EVP_PKEY	*key = key_called("p256");
	X509		*cert = cert_for(key);
	struct buf	 sealed = { 0 };

	(void)state;
	seal_to(&sealed, cert);
	softhsm_unplug(dir);
	does_not_open(&sealed, cert, key, ERROR_UPSTREAM,
	    "p256: no such token in module");
	softhsm_plug(dir);
	testseal_opens(&sealed, cert, key, CLEAR);
	buf_clear(&sealed);
	X509_free(cert);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_sealed_to_another_key_does_not_open),
		cmocka_unit_test(a_key_that_may_only_sign_opens_nothing),
		cmocka_unit_test(
		    an_altered_seal_does_not_open_as_something_else),
		cmocka_unit_test(the_token_opens_what_is_sealed_to_its_key),
		cmocka_unit_test(every_message_to_rsa_opens),
		cmocka_unit_test(a_token_that_is_away_is_said_to_be),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
