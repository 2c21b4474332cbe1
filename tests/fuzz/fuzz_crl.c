/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is taken as a whole list, and as entries and extensions in a
 * frame of our issuer, behind which lies the greater part of the parser.
 */
#include <stdlib.h>
#include <string.h>
#include "x509/crl.h"
#include "x509/der.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
issuer_make(struct issuer *i)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;

	memset(i, 0, sizeof(*i));
	i->ski_len = 20;
	der_put(&i->subject, DER_SEQUENCE, NULL, 0);
	if (key_generate(&key, "ec:P-256", &e) == -1 ||
	    key_signature_alg(&i->alg, key, NULL, &e) == -1 ||
	    (i->cert = X509_new()) == NULL ||
	    X509_set_pubkey(i->cert, key) != 1)
		abort();
	EVP_PKEY_free(key);
}

static void
try(const struct issuer *i, struct bytes der)
{
	struct error	 e = ERROR_INIT;
	struct crl	*crl;

	if (crl_parse(&crl, der, i, &e) == 0)
		abort();		/* nobody signed it */
	if (crl != NULL || e.text[0] == '\0')
		abort();
}

static void
frame(struct buf *out, const struct issuer *i, struct bytes in)
{
	size_t	 outer = der_begin(out, DER_SEQUENCE);
	size_t	 tbs = der_begin(out, DER_SEQUENCE);

	der_put_int(out, 1);
	der_put_raw(out, BYTES(i->alg.p, i->alg.len));
	der_put_raw(out, BYTES(i->subject.p, i->subject.len));
	der_put_time(out, 1800000000);
	der_put_time(out, 1800086400);
	der_put_raw(out, in);
	der_end(out, tbs);
	der_put_raw(out, BYTES(i->alg.p, i->alg.len));
	der_put_bits(out, (const uint8_t *)"", 1);
	der_end(out, outer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct issuer	 i;
	struct buf		 der = { 0 };

	if (i.cert == NULL)
		issuer_make(&i);
	try(&i, BYTES(p, n));
	frame(&der, &i, BYTES(p, n));
	try(&i, BYTES(der.p, der.len));
	buf_clear(&der);
	return 0;
}
