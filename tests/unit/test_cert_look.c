/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>
#include <openssl/err.h>
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
	assert_true(bytes_equal(cert_look_serial(&l), BYTES(n->data,
	    (size_t)n->length)));
	assert_int_equal(cert_look_serial(&(struct cert_look){
	    .serial = BYTES("\0\x80", 2) }).len, 1);
	assert_int_equal(cert_look_serial(&(struct cert_look){
	    .serial = BYTES("\0", 1) }).len, 1);
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

static void
cert_look_verify_takes_what_the_key_signed_and_nothing_else(void **state)
{
	struct fixture		*f = *state;
	EVP_PKEY		*root = X509_get0_pubkey(f->pki.root);
	unsigned char		*der = mem_alloc(f->len + 1);
	struct cert_look	 l;
	size_t			 i;

	memcpy(der, f->der, f->len);
	for (i = 0; i < f->len; i++) {
		der[i] ^= 0x10;
		error_clear(&f->e);
		if (cert_look(&l, BYTES(der, f->len), &f->e) == 0 &&
		    cert_look_verify(&l, BYTES(der, f->len), root,
		    &f->e) == 0)
			fail_msg("octet %zu", i);
		ERR_clear_error();
		der[i] ^= 0x10;
	}
	error_clear(&f->e);
	assert_int_equal(cert_look(&l, BYTES(der, f->len), &f->e), 0);
	assert_int_equal(cert_look_verify(&l, BYTES(der, f->len + 1), root,
	    &f->e), -1);
	assert_int_equal(f->e.code, ERROR_INPUT);
	error_clear(&f->e);
	assert_int_equal(cert_look_verify(&l, BYTES(der, f->len),
	    X509_get0_pubkey(f->pki.services), &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CRYPTO);
	error_clear(&f->e);
	if (cert_look_verify(&l, BYTES(der, f->len), root, &f->e) == -1)
		fail_msg("%s", f->e.text);
	mem_free(&der);
}

static void
put_extension(X509 *x, int nid)
{
	static const unsigned char	 empty[] = { 0x30, 0 };
	ASN1_OCTET_STRING		*value = ASN1_OCTET_STRING_new();
	X509_EXTENSION			*ext;

	ASN1_OCTET_STRING_set(value, empty, sizeof(empty));
	ext = X509_EXTENSION_create_by_NID(NULL, nid, 0, value);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
}

static int
looked_at(struct fixture *f, X509 *x)
{
	struct cert_look	 l;
	unsigned char		*der = NULL;
	int			 len, rc;

	assert_true(X509_sign(x, f->pki.root_key, EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	error_clear(&f->e);
	rc = cert_look(&l, BYTES(der, (size_t)len), &f->e);
	OPENSSL_free(der);
	return rc;
}

/* One of them would be shown here, and the other one used elsewhere. */
static void
cert_look_refuses_an_extension_that_is_there_twice(void **state)
{
	static const int	 nid[] = { NID_key_usage, NID_subject_alt_name,
	    NID_basic_constraints, NID_crl_distribution_points,
	    NID_ext_key_usage };
	struct fixture		*f = *state;
	X509			*x;
	size_t			 i;
	int			 at;

	for (i = 0; i < sizeof(nid) / sizeof(nid[0]); i++) {
		x = X509_dup(f->pki.services);
		while ((at = X509_get_ext_by_NID(x, nid[i], -1)) >= 0)
			X509_EXTENSION_free(X509_delete_ext(x, at));
		put_extension(x, nid[i]);
		assert_int_equal(looked_at(f, x), 0);
		put_extension(x, nid[i]);
		assert_int_equal(looked_at(f, x), -1);
		X509_free(x);
	}
}

static void
cert_look_finds_what_the_key_is_for(void **state)
{
	struct fixture		*f = *state;
	const unsigned char	*p;
	struct cert_look	 l;
	ASN1_BIT_STRING		*bits;
	BASIC_CONSTRAINTS	*bc;

	assert_int_equal(cert_look(&l, BYTES(f->der, f->len), &f->e), 0);
	p = l.key_usage.p;
	bits = d2i_ASN1_BIT_STRING(NULL, &p, (long)l.key_usage.len);
	assert_non_null(bits);
	assert_int_equal(ASN1_BIT_STRING_get_bit(bits, 5), 1);
	ASN1_BIT_STRING_free(bits);
	p = l.basic_constraints.p;
	bc = d2i_BASIC_CONSTRAINTS(NULL, &p, (long)l.basic_constraints.len);
	assert_non_null(bc);
	assert_true(bc->ca);
	BASIC_CONSTRAINTS_free(bc);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(cert_look_refuses_what_is_cut_short),
		T(cert_look_sees_what_openssl_sees),
		T(cert_look_tbs_sees_the_same_as_cert_look),
		T(cert_look_verify_takes_what_the_key_signed_and_nothing_else),
		T(cert_look_refuses_an_extension_that_is_there_twice),
		T(cert_look_finds_what_the_key_is_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
