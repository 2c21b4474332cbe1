/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include "tests/lib/testpki.h"
#include "x509/certs_only.h"

static STACK_OF(X509) *
certs_of(const PKCS7 *p7)
{
	assert_true(PKCS7_type_is_signed(p7));
	return p7->d.sign->cert;
}

static void
read_back(const struct buf *out, const struct bytes *der, size_t n)
{
	const unsigned char	*p = out->p;
	PKCS7			*p7 = d2i_PKCS7(NULL, &p, (long)out->len);
	unsigned char		*again;
	size_t			 i;
	int			 len;

	assert_non_null(p7);
	assert_ptr_equal(p, out->p + out->len);
	assert_int_equal(sk_X509_num(certs_of(p7)), n);
	for (i = 0; i < n; i++) {
		again = NULL;
		len = i2d_X509(sk_X509_value(certs_of(p7), (int)i), &again);
		assert_int_equal(len, der[i].len);
		assert_memory_equal(again, der[i].p, der[i].len);
		OPENSSL_free(again);
	}
	PKCS7_free(p7);
}

static struct bytes
der_of(X509 *cert)
{
	unsigned char	*p = NULL;
	int		 n = i2d_X509(cert, &p);

	assert_true(n > 0);
	return BYTES(p, n);
}

/* The order is the caller's: readers who take the first have the leaf. */
static void
certs_only_put_keeps_the_order_and_every_byte(void **state)
{
	struct testpki	 pki;
	struct bytes	 der[3];
	struct buf	 out = { 0 };
	size_t		 n, i;

	(void)state;
	testpki_init(&pki, TESTPKI_NOW);
	der[0] = der_of(pki.services);
	der[1] = der_of(pki.root);
	der[2] = der_of(pki.people);
	for (n = 1; n <= 3; n++) {
		out.len = 0;
		certs_only_put(&out, der, n);
		read_back(&out, der, n);
	}
	for (i = 0; i < 3; i++)
		OPENSSL_free((void *)(uintptr_t)der[i].p);
	buf_clear(&out);
	testpki_clear(&pki);
}

static void
certs_only_put_appends_to_what_is_there(void **state)
{
	struct testpki	 pki;
	struct bytes	 der;
	struct buf	 out = { 0 }, alone = { 0 };

	(void)state;
	testpki_init(&pki, TESTPKI_NOW);
	der = der_of(pki.root);
	certs_only_put(&alone, &der, 1);
	buf_str(&out, "head");
	certs_only_put(&out, &der, 1);
	assert_int_equal(out.len, alone.len + 4);
	assert_memory_equal(out.p, "head", 4);
	assert_memory_equal(out.p + 4, alone.p, alone.len);
	OPENSSL_free((void *)(uintptr_t)der.p);
	buf_clear(&alone);
	buf_clear(&out);
	testpki_clear(&pki);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(certs_only_put_keeps_the_order_and_every_byte),
		cmocka_unit_test(certs_only_put_appends_to_what_is_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
