/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a holder's own card has come to, kept and taken up again; and what an
 * answer of EST has to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/text.h"
#include "personalize/diary.h"
#include "personalize/est_client.h"
#include "order/code.h"
#include "os/file.h"
#include "tests/lib/testpki.h"
#include "x509/certs_only.h"

#define CODE		"0ABCD-EFGH1-JKMNP-QRSTV"
#define OTHER		"0ABCD-EFGH1-JKMNP-QRSTW"

static char dir[] = "/tmp/signet-diary.XXXXXX";
static struct testpki pki;

static const struct card_info known = { .identity = "piv-serial:4711" };

static struct diary
begun(void)
{
	struct diary	 d = { .ra = "https://ra.example.org",
			    .holder = "h1", .card = "piv-serial:4711",
			    .guid = "a card for test", .expires = "20360101",
			    .slot = CARD_SIGNATURE, .alg = CARD_P384 };

	buf_str(&d.spki, "key");
	return d;
}

static void
keep(struct secret *s, const char *text)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(secret_set(s, text, strlen(text), &e), 0);
}

static void
test_none(void **state)
{
	struct card_info	 nobody = { .identity = "" };
	struct diary		 d = { .path = NULL };
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(diary_load(&d, dir, &known, &e), 0);
	assert_int_equal(diary_load(&d, dir, &nobody, &e), 0);
	assert_null(d.path);
}

static void
refuses(const char *text, const char *why)
{
	struct diary	 d = { .path = NULL };
	struct error	 e = ERROR_INIT;
	char		*path = file_join(dir, "piv-serial-4711.card");

	assert_int_equal(file_store(path, text, strlen(text), 0600, &e), 0);
	assert_int_equal(diary_load(&d, dir, &known, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, why));
	assert_null(d.path);
	assert_int_equal(unlink(path), 0);
	mem_free(&path);
}

static void
test_malformed(void **state)
{
	(void)state;
	refuses("", "not JSON");
	refuses("[]", "not of version 1");
	refuses("{\"version\":2}", "not of version 1");
	refuses("{\"version\":1}", "ra: missing or too long");
	refuses("{\"version\":1,\"ra\":\"x\",\"holder\":\"x\",\"card\":"
	    "\"0123456789012345678901234567890123456789\"}",
	    "card: missing or too long");
}

static void
test_again(void **state)
{
	struct diary	 d = begun(), got = { .path = NULL };
	struct error	 e = ERROR_INIT;
	struct stat	 st;

	(void)state;
	assert_int_equal(diary_store(&d, dir, &e), 0);
	assert_int_equal(stat(d.path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(diary_load(&got, dir, &known, &e), 1);
	assert_string_equal(got.ra, d.ra);
	assert_string_equal(got.holder, "h1");
	assert_string_equal(got.expires, "20360101");
	assert_memory_equal(got.guid, d.guid, sizeof(d.guid));
	assert_int_equal(got.slot, CARD_SIGNATURE);
	assert_int_equal(got.alg, CARD_P384);
	assert_int_equal(got.spki.len, 3);
	assert_int_equal(got.request.len, 0);
	assert_int_equal(diary_remove(&got, &e), 0);
	assert_false(file_exists(d.path));
	assert_int_equal(diary_remove(&got, &e), 0);
	diary_clear(&got);
	diary_clear(&d);
}

static void
opens_not(struct diary *d, const char *typed, enum error_code code)
{
	struct secret	 c = { NULL, 0 }, puk = { NULL, 0 };
	struct secret	 management = { NULL, 0 };
	struct error	 e = ERROR_INIT;

	keep(&c, typed);
	assert_int_equal(diary_open(d, &c, &puk, &management, &e), -1);
	assert_int_equal(e.code, code);
	assert_null(puk.p);
	assert_null(management.p);
	secret_free(&c);
}

static void
test_sealed(void **state)
{
	struct diary	 d = begun();
	struct secret	 code = { NULL, 0 }, puk = { NULL, 0 };
	struct secret	 management = { NULL, 0 }, p = { NULL, 0 };
	struct secret	 m = { NULL, 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	keep(&code, CODE);
	keep(&puk, "98127364");
	keep(&management, "24 bytes for a key, yes.");
	assert_int_equal(diary_seal(&d, &code, &puk, &management, &e), 0);
	assert_null(memmem(d.sealed.p, d.sealed.len, "98127364", 8));
	opens_not(&d, OTHER, ERROR_DENIED);
	opens_not(&d, "short", ERROR_INPUT);
	d.guid[0] ^= 1;
	opens_not(&d, CODE, ERROR_DENIED);
	d.guid[0] ^= 1;
	d.sealed.p[d.sealed.len - 1] ^= 1;
	opens_not(&d, CODE, ERROR_DENIED);
	d.sealed.p[d.sealed.len - 1] ^= 1;
	secret_free(&code);
	keep(&code, "oabcd efghl jkmnp qrstv");		/* as people type */
	assert_int_equal(diary_open(&d, &code, &p, &m, &e), 0);
	assert_int_equal(secret_compare(&p, &puk), 0);
	assert_int_equal(secret_compare(&m, &management), 0);
	d.sealed.len = 20;
	opens_not(&d, CODE, ERROR_INPUT);
	secret_free(&m);
	secret_free(&p);
	secret_free(&management);
	secret_free(&puk);
	secret_free(&code);
	diary_clear(&d);
}

static void
test_typed(void **state)
{
	struct secret	 typed = { NULL, 0 }, meant = { NULL, 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	keep(&typed, "0ABCD EFGH1 JKMNU QRSTV");
	assert_int_equal(code_normalise(&meant, &typed, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "and no U"));
	secret_free(&meant);
	secret_free(&typed);
	error_clear(&e);
	keep(&typed, "oabcd-efghl jkmnp qrstv");
	assert_int_equal(code_normalise(&meant, &typed, &e), 0);
	assert_string_equal((char *)meant.p, "0ABCDEFGH1JKMNPQRSTV");
	secret_free(&meant);
	secret_free(&typed);
}

/* ---- what the registration authority answers ---- */

static void
answer_refused(const char *body, EVP_PKEY *key, enum error_code code,
    const char *why)
{
	struct error	 e = ERROR_INIT;
	X509		*cert = NULL;

	assert_int_equal(est_client_parse(&cert, BYTES(body, strlen(body)),
	    key, &e), -1);
	assert_int_equal(e.code, code);
	assert_non_null(strstr(e.text, why));
	assert_null(cert);
}

static char *
answer_with(X509 *cert)
{
	struct buf	 out = { 0 };
	unsigned char	*der = NULL;
	struct bytes	 one;
	char		*text;

	one.len = (size_t)i2d_X509(cert, &der);
	one.p = der;
	certs_only_put(&out, &one, 1);
	text = text_base64(out.p, out.len);
	OPENSSL_free(der);
	buf_clear(&out);
	return text;
}

static void
test_answer(void **state)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = testpki_key("P-256"), *other =
			    testpki_key("P-256");
	struct testpki_spec spec = { .name = "holder" };
	X509		*cert = testpki_cert(&pki, &spec, key, pki.people,
			    pki.people_key), *got = NULL;
	char		*text = answer_with(cert), *folded;

	(void)state;
	answer_refused("", key, ERROR_UPSTREAM, "not a CMS message");
	answer_refused("<html>", key, ERROR_INPUT, "answer of the");
	answer_refused("MAA=", key, ERROR_UPSTREAM, "not a CMS message");
	answer_refused(text, other, ERROR_DENIED, "for the key of this card");
	folded = mem_printf("%.64s\r\n%s\n", text, text + 64);
	assert_int_equal(est_client_parse(&got, BYTES(folded, strlen(folded)),
	    key, &e), 1);
	assert_int_equal(X509_cmp(got, cert), 0);
	X509_free(got);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	mem_free(&folded);
	mem_free(&text);
}

static int
set_up(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	testpki_init(&pki, TESTPKI_NOW);
	return secret_init(&e) == -1 || mkdtemp(dir) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	testpki_clear(&pki);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
