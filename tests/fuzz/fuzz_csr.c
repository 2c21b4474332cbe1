/* SPDX-License-Identifier: Apache-2.0 */
/* What we accept, OpenSSL accepts, with the same key. */
#include <stdlib.h>
#include <openssl/x509.h>
#include "x509/csr.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
compare(const struct csr *csr)
{
	const unsigned char	*p = csr->der.p;
	X509_REQ		*req;

	if ((req = d2i_X509_REQ(NULL, &p, (long)csr->der.len)) == NULL ||
	    p != csr->der.p + csr->der.len ||
	    X509_REQ_verify(req, csr->key) != 1)
		abort();
	X509_REQ_free(req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct fields	 f = { 0 };
	struct csr	*csr;

	if (csr_parse(&csr, BYTES(p, n), &e) == -1) {
		if (csr != NULL || e.text[0] == '\0' ||
		    (e.code != ERROR_INPUT && e.code != ERROR_DENIED))
			abort();
		return 0;
	}
	compare(csr);
	if (csr_fields(csr, &f, &e) == -1 && (f.n != 0 ||
	    e.code != ERROR_INPUT))
		abort();
	fields_clear(&f);
	csr_free(&csr);
	return 0;
}
