/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "card/seal.h"
#include "testseal.h"

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
