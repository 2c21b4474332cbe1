/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs of cross certificates between the people CA and the services CA.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/lib/testpki.h"
#include "x509/cert_pair.h"
#include "x509/der.h"

static struct testpki	 pki;
static X509		*to, *by;	/* people's, in such a pair */

static X509 *
cross(const char *name, X509 *subject, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key)
{
	const struct testpki_spec	 spec = { .name = name,
	    .is_ca = true };
	X509				*x = testpki_cert(&pki, &spec, key,
	    issuer, issuer_key);

	if (subject != NULL) {
		X509_set_subject_name(x, X509_get_subject_name(subject));
		assert_true(X509_sign(x, issuer_key, EVP_sha256()) > 0);
	}
	return x;
}

static int
set_up(void **state)
{
	(void)state;
	testpki_init(&pki, TESTPKI_NOW);
	to = cross("x", pki.people, pki.people_key, pki.services,
	    pki.services_key);
	by = cross("x", pki.services, pki.services_key, pki.people,
	    pki.people_key);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	X509_free(to);
	X509_free(by);
	testpki_clear(&pki);
	return 0;
}

static void
put_half(struct buf *out, int number, X509 *x, bool and_more)
{
	unsigned char	*der = NULL;
	int		 len = i2d_X509(x, &der);
	size_t		 mark = der_begin(out, (uint8_t)DER_CONTEXT_CONS(
			    number));

	buf_add(out, der, (size_t)len);
	if (and_more)
		der_put(out, DER_NULL, NULL, 0);
	der_end(out, mark);
	OPENSSL_free(der);
}

/* first and second, NULL: absent. */
static void
make(struct buf *out, X509 *first, X509 *second)
{
	size_t	 mark;

	out->len = 0;
	mark = der_begin(out, DER_SEQUENCE);
	if (first != NULL)
		put_half(out, 0, first, false);
	if (second != NULL)
		put_half(out, 1, second, false);
	der_end(out, mark);
}

static void
refuses(const struct buf *b, const char *why)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(cert_pair_check(BYTES(b->p, b->len), pki.people, &e),
	    -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, why);
}

static void
what_is_no_pair_is_refused(void **state)
{
	const char	*none = "is not a pair of cross certificates (X.509, "
			    "11.2.3)";
	struct buf	 b = { 0 };
	struct error	 e = ERROR_INIT;
	size_t		 mark;

	(void)state;
	make(&b, NULL, NULL);
	refuses(&b, none);
	make(&b, to, by);
	b.len--;
	assert_int_equal(cert_pair_check(BYTES(b.p, b.len), pki.people, &e),
	    -1);
	/* The wrong way round. */
	b.len = 0;
	mark = der_begin(&b, DER_SEQUENCE);
	put_half(&b, 1, by, false);
	put_half(&b, 0, to, false);
	der_end(&b, mark);
	refuses(&b, none);
	/* More than a certificate in one half. */
	b.len = 0;
	mark = der_begin(&b, DER_SEQUENCE);
	put_half(&b, 0, to, true);
	der_end(&b, mark);
	refuses(&b, none);
	/* One half is fine, the other is no certificate. */
	b.len = 0;
	mark = der_begin(&b, DER_SEQUENCE);
	der_put(&b, DER_CONTEXT_CONS(0), "\x05\x00", 2);
	put_half(&b, 1, by, false);
	der_end(&b, mark);
	refuses(&b, none);
	buf_clear(&b);
}

static void
a_pair_of_others_is_refused(void **state)
{
	static const char	 first[] = "its first certificate was issued "
				    "to another CA or key";
	struct buf		 b = { 0 };
	X509			*other;

	(void)state;
	make(&b, by, NULL);
	refuses(&b, first);
	other = cross("x", pki.people, pki.root_key, pki.services,
	    pki.services_key);
	make(&b, other, by);
	refuses(&b, first);
	X509_free(other);
	make(&b, to, to);
	refuses(&b, "its second certificate was not issued by this CA");
	other = cross("x", pki.services, pki.services_key, pki.people,
	    pki.root_key);
	make(&b, NULL, other);
	refuses(&b, "its second certificate was not issued by this CA");
	X509_free(other);
	buf_clear(&b);
}

static void
one_half_is_enough(void **state)
{
	X509		*half[3][2] = { { to, by }, { to, NULL }, { NULL, by } };
	struct buf	 b = { 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		make(&b, half[i][0], half[i][1]);
		if (cert_pair_check(BYTES(b.p, b.len), pki.people, &e) == -1)
			fail_msg("%s", e.text);
	}
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_no_pair_is_refused),
		cmocka_unit_test(a_pair_of_others_is_refused),
		cmocka_unit_test(one_half_is_enough),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
