/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <openssl/x509v3.h>

#include "tests/lib/testpki.h"
#include "x509/cert_look.h"

struct fixture {
	struct testpki	 pki;
	unsigned char	*der;
	size_t		 len;
	struct error	 e;
};

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, TESTPKI_NOW);
	f->len = (size_t)i2d_X509(f->pki.services, &f->der);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	testpki_clear(&f->pki);
	OPENSSL_free(f->der);
	mem_free(&f);
	return 0;
}

static void
cert_look_refuses_what_is_cut_short(void **state)
{
	struct fixture		*f = *state;
	struct cert_look	 l;
	size_t			 n;

	for (n = 0; n < f->len; n++) {
		error_clear(&f->e);
		assert_int_equal(cert_look(&l, BYTES(f->der, n), &f->e), -1);
		assert_int_equal(f->e.code, ERROR_INPUT);
		assert_string_equal(f->e.text, "not a certificate");
	}
}

static void
cert_look_sees_what_openssl_sees(void **state)
{
	struct fixture		*f = *state;
	const ASN1_INTEGER	*n = X509_get0_serialNumber(f->pki.services);
	struct cert_look	 l;
	unsigned char		*der = NULL;
	int			 len;

	assert_int_equal(cert_look(&l, BYTES(f->der, f->len), &f->e), 0);
	assert_memory_equal(l.serial.p + l.serial.len - n->length, n->data,
	    (size_t)n->length);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(
	    f->pki.services), (time_t)l.not_after), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(
	    f->pki.services), (time_t)l.not_before), 0);
	len = i2d_X509_NAME(X509_get_subject_name(f->pki.services), &der);
	assert_true(bytes_equal(l.subject, BYTES(der, (size_t)len)));
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(f->pki.services), &der);
	assert_true(bytes_equal(l.spki, BYTES(der, (size_t)len)));
	OPENSSL_free(der);
	assert_int_equal(l.san.len, 0);
}

static void
cert_look_tbs_sees_the_same_as_cert_look(void **state)
{
	struct fixture		*f = *state;
	struct cert_look	 whole, tbs;

	assert_int_equal(cert_look(&whole, BYTES(f->der, f->len), &f->e), 0);
	assert_int_equal(cert_look_tbs(&tbs, whole.tbs, &f->e), 0);
	assert_memory_equal(&whole, &tbs, sizeof(tbs));
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(cert_look_refuses_what_is_cut_short),
		T(cert_look_sees_what_openssl_sees),
		T(cert_look_tbs_sees_the_same_as_cert_look),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
