/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is taken as a whole list; as entries and extensions in a frame of
 * our issuer; and as entries alone, with extensions as they have to be, in a
 * list that the issuer has signed.  What that has can be found in it.
 */
#include <stdlib.h>
#include <string.h>
#include "x509/crl.h"
#include "x509/der.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static EVP_PKEY	*key;

static void
free_key(void)
{
	EVP_PKEY_free(key);
}

static void
issuer_make(struct issuer *i)
{
	struct error	 e = ERROR_INIT;

	memset(i, 0, sizeof(*i));
	i->ski_len = 20;
	der_put(&i->subject, DER_SEQUENCE, NULL, 0);
	if (key_generate(&key, "ec:P-256", &e) == -1 ||
	    key_signature_alg(&i->alg, key, NULL, &e) == -1 ||
	    (i->cert = X509_new()) == NULL ||
	    X509_set_pubkey(i->cert, key) != 1)
		abort();
	if (atexit(free_key) != 0)
		abort();
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

static void
put_extension(struct buf *out, const char *oid, struct bytes value)
{
	size_t	 ext = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, oid);
	der_put(out, DER_OCTET_STRING, value.p, value.len);
	der_end(out, ext);
}

/* RFC 5280, 5.2.1 and 5.2.3. */
static void
put_extensions(struct buf *out, const struct issuer *i)
{
	size_t		 outer = der_begin(out, DER_CONTEXT_CONS(0));
	size_t		 all = der_begin(out, DER_SEQUENCE), seq;
	struct buf	 aki = { 0 };

	seq = der_begin(&aki, DER_SEQUENCE);
	der_put(&aki, DER_CONTEXT(0), i->ski, i->ski_len);
	der_end(&aki, seq);
	put_extension(out, "2.5.29.35", BYTES(aki.p, aki.len));
	put_extension(out, "2.5.29.20", BYTES("\x02\x01\x05", 3));
	buf_clear(&aki);
	der_end(out, all);
	der_end(out, outer);
}

static void
put_signature(struct buf *out, struct bytes tbs)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	uint8_t		 sig[256];
	size_t		 len = sizeof(sig);

	if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    key) != 1 || EVP_DigestSign(ctx, sig, &len, tbs.p, tbs.len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	der_put_bits(out, sig, len);
}

static void
sign(struct buf *out, const struct issuer *i, struct bytes in)
{
	struct buf	 tbs = { 0 };
	size_t		 seq = der_begin(&tbs, DER_SEQUENCE), outer;

	der_put_int(&tbs, 1);
	der_put_raw(&tbs, BYTES(i->alg.p, i->alg.len));
	der_put_raw(&tbs, BYTES(i->subject.p, i->subject.len));
	der_put_time(&tbs, 1800000000);
	der_put_time(&tbs, 1800086400);
	if (in.len > 0)
		der_put(&tbs, DER_SEQUENCE, in.p, in.len);
	put_extensions(&tbs, i);
	der_end(&tbs, seq);
	outer = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, BYTES(tbs.p, tbs.len));
	der_put_raw(out, BYTES(i->alg.p, i->alg.len));
	put_signature(out, BYTES(tbs.p, tbs.len));
	der_end(out, outer);
	buf_clear(&tbs);
}

static void
check(const struct crl *crl)
{
	struct crl_entry	 c, found;
	size_t			 pos = 0, n = 0;

	for (; crl_next(crl, &pos, &c); n++)
		if (c.serial_len == 0 || c.serial_len > sizeof(c.serial) ||
		    !crl_find(crl, c.serial, c.serial_len, &found) ||
		    found.revoked_at != c.revoked_at || found.reason != c.reason)
			abort();
	if (n != crl->n || crl->params.number != 5)
		abort();
}

static void
try_signed(const struct issuer *i, struct bytes in)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct crl	*crl;

	sign(&der, i, in);
	if (crl_parse(&crl, BYTES(der.p, der.len), i, &e) == 0)
		check(crl);
	else if (crl != NULL || e.text[0] == '\0' || in.len == 0)
		abort();
	crl_free(&crl);
	buf_clear(&der);
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
	try_signed(&i, BYTES(p, n));
	return 0;
}
