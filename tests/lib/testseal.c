/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "card/seal.h"
#include "tests/lib/testseal.h"
#include "x509/der.h"

X509 *
testseal_cert(const struct testpki *pki, EVP_PKEY *key, const char *usage)
{
	const struct testpki_spec	 spec = { .name = "escrow" };
	X509				*x = testpki_cert(pki, &spec, key,
	    pki->services, pki->services_key);
	X509_EXTENSION			*ext = X509V3_EXT_conf_nid(NULL, NULL,
	    NID_key_usage, usage);

	assert_non_null(ext);
	X509_EXTENSION_free(X509_delete_ext(x,
	    X509_get_ext_by_NID(x, NID_key_usage, -1)));
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(x, pki->services_key, EVP_sha256()) > 0);
	return x;
}

void
testseal_opens(const struct buf *sealed, X509 *cert, EVP_PKEY *key,
    const char *expected)
{
	struct secret	 clear = { NULL, 0 };
	struct error	 e = ERROR_INIT;

	if (seal_open(&clear, BYTES(sealed->p, sealed->len), cert, key,
	    &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(clear.len, strlen(expected));
	assert_memory_equal(clear.p, expected, clear.len);
	secret_free(&clear);
}

/*
 * AuthEnvelopedData up to the content's algorithm, that, what is encrypted and
 * the tag: seal_make() writes no more and no less.
 */
void
testseal_remade(struct buf *out, const struct buf *sealed,
    struct bytes algorithm, struct bytes tag)
{
	struct bytes	 in = BYTES(sealed->p, sealed->len), info, x, data;
	struct bytes	 begin[3], content, type, alg, secret;
	size_t		 m[4], i;

	assert_int_equal(der_take(&in, DER_SEQUENCE, &info), 0);
	assert_int_equal(der_take_whole(&info, DER_OID, &begin[0]), 0);
	assert_int_equal(der_take(&info, DER_CONTEXT_CONS(0), &x), 0);
	assert_int_equal(der_take(&x, DER_SEQUENCE, &data), 0);
	assert_int_equal(der_take_whole(&data, DER_INTEGER, &begin[1]), 0);
	assert_int_equal(der_take_whole(&data, DER_SET, &begin[2]), 0);
	assert_int_equal(der_take(&data, DER_SEQUENCE, &content), 0);
	assert_int_equal(der_take_whole(&content, DER_OID, &type), 0);
	assert_int_equal(der_take_whole(&content, DER_SEQUENCE, &alg), 0);
	assert_int_equal(der_take_whole(&content, DER_CONTEXT(0), &secret), 0);
	m[0] = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, begin[0]);
	m[1] = der_begin(out, DER_CONTEXT_CONS(0));
	m[2] = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, begin[1]);
	der_put_raw(out, begin[2]);
	m[3] = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, type);
	der_put_raw(out, algorithm.p != NULL ? algorithm : alg);
	der_put_raw(out, secret);
	der_end(out, m[3]);
	if (tag.p == NULL)
		der_put_raw(out, data);
	else
		der_put(out, DER_OCTET_STRING, tag.p, tag.len);
	for (i = 3; i-- > 0;)
		der_end(out, m[i]);
}
