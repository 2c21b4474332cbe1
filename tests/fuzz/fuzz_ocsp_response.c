/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is taken as a whole response, and as what follows producedAt in a
 * frame that is well-formed.  Nobody has signed either.
 */
#include <stdlib.h>
#include <string.h>
#include "x509/der.h"
#include "x509/key.h"
#include "x509/ocsp.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
ca_make(X509 **cert, struct buf *alg)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;

	if (key_generate(&key, "ec:P-256", &e) == -1 ||
	    key_signature_alg(alg, key, NULL, &e) == -1 ||
	    (*cert = X509_new()) == NULL ||
	    X509_set_pubkey(*cert, key) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(*cert), 0) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(*cert), 86400) == NULL ||
	    X509_sign(*cert, key, EVP_sha256()) <= 0)
		abort();
	EVP_PKEY_free(key);
}

static void
try(X509 *ca, struct bytes der)
{
	static struct ocsp_reply	 r;
	struct ocsp_expect		 x = { .ca = ca, .now = 1800000000 };
	struct error			 e = ERROR_INIT;

	if (ocsp_response_read(&r, der, &x, &e) == -1) {
		if (e.text[0] == '\0')
			abort();
	} else if (r.status == OCSP_SUCCESSFUL)
		abort();		/* nobody signed it */
}

static void
put_certs(struct buf *out, X509 *cert)
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(cert, &der);
	size_t		 tagged, seq;

	if (n <= 0)
		abort();
	tagged = der_begin(out, DER_CONTEXT_CONS(0));
	seq = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, BYTES(der, (size_t)n));
	der_end(out, seq);
	der_end(out, tagged);
	OPENSSL_free(der);
}

static void
put_basic(struct buf *out, X509 *cert, const struct buf *alg, struct bytes in)
{
	size_t	 basic = der_begin(out, DER_SEQUENCE);
	size_t	 data = der_begin(out, DER_SEQUENCE), id;

	id = der_begin(out, DER_CONTEXT_CONS(2));
	der_put(out, DER_OCTET_STRING, "01234567890123456789", 20);
	der_end(out, id);
	der_put_general_time(out, 1800000000);
	der_put_raw(out, in);
	der_end(out, data);
	der_put_raw(out, BYTES(alg->p, alg->len));
	der_put_bits(out, (const uint8_t *)"", 1);
	put_certs(out, cert);
	der_end(out, basic);
}

static void
frame(struct buf *out, X509 *cert, const struct buf *alg, struct bytes in)
{
	size_t	 outer = der_begin(out, DER_SEQUENCE), tagged, seq, octets;

	der_put(out, DER_ENUMERATED, "", 1);
	tagged = der_begin(out, DER_CONTEXT_CONS(0));
	seq = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, "1.3.6.1.5.5.7.48.1.1");
	octets = der_begin(out, DER_OCTET_STRING);
	put_basic(out, cert, alg, in);
	der_end(out, octets);
	der_end(out, seq);
	der_end(out, tagged);
	der_end(out, outer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static X509		*ca;
	static struct buf	 alg;
	struct buf		 der = { 0 };

	if (ca == NULL)
		ca_make(&ca, &alg);
	try(ca, BYTES(p, n));
	frame(&der, ca, &alg, BYTES(p, n));
	try(ca, BYTES(der.p, der.len));
	buf_clear(&der);
	return 0;
}
