/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What we accept, OpenSSL accepts, with the same key.  The input is taken as a
 * whole request, and as the subject and the attributes of one that we sign:
 * no chance finds a signature, and the greater part of the parser lies behind.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/crmf.h>
#include <openssl/x509.h>
#include "x509/attest.h"
#include "x509/csr.h"
#include "x509/csr_private.h"
#include "x509/der.h"
#include "x509/profile.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
compare_crmf(const struct csr *csr)
{
	const unsigned char	*p = csr->der.p;
	OSSL_CRMF_MSG		*m;

	if ((m = d2i_OSSL_CRMF_MSG(NULL, &p, (long)csr->der.len)) == NULL ||
	    p != csr->der.p + csr->der.len)
		abort();
	OSSL_CRMF_MSG_free(m);
}

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

/* What a profile that makes no CA lets pass asks for no CA. */
static void
wish(const struct csr *csr)
{
	struct profile	 p = { .name = (char *)(uintptr_t)"fuzz" };
	struct error	 e = ERROR_INIT;
	char		 name[80];
	size_t		 i;

	if (csr_check_wishes(csr, &p, &e) == 0 && (csr->wants_ca ||
	    (csr->key_usage & 0x60) != 0))
		abort();
	for (i = 0; i < csr->nignored; i++)
		if (csr_part_name(csr->ignored[i], name)[0] == '\0')
			abort();
}

/* What a station may send beyond that: one key, however it is looked for. */
static void
card(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct attest	 a;
	struct csr	*csr;
	uint8_t		 key[KEY_DIGEST_SIZE];

	if (csr_parse_card(&csr, BYTES(p, n), &e) == -1)
		return;
	if (csr_find_key(key, BYTES(csr->der.p, csr->der.len), &e) == -1 ||
	    memcmp(key, csr->key_digest, sizeof(key)) != 0)
		abort();
	(void)attest_check(&a, csr, NULL, 1800000000, &e);
	csr_free(&csr);
}

static void
try(struct bytes in)
{
	struct error	 e = ERROR_INIT;
	struct fields	 f = { 0 };
	struct csr	*csr;

	card(in.p, in.len);
	if (csr_parse(&csr, in, &e) == -1) {
		if (csr != NULL || e.text[0] == '\0' ||
		    (e.code != ERROR_INPUT && e.code != ERROR_DENIED))
			abort();
		return;
	}
	if (csr_is_crmf(BYTES(csr->der.p, csr->der.len)))
		compare_crmf(csr);
	else
		compare(csr);
	wish(csr);
	if (csr_fields(csr, &f, &e) == -1 && (f.n != 0 ||
	    e.code != ERROR_INPUT))
		abort();
	fields_clear(&f);
	csr_free(&csr);
}

/* Ed25519 from a constant: the same bytes in each run. */
static EVP_PKEY *
our_key(void)
{
	static EVP_PKEY	*key;
	unsigned char	 seed[32];

	if (key != NULL)
		return key;
	memset(seed, 7, sizeof(seed));
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    sizeof(seed));
	if (key == NULL)
		abort();
	return key;
}

static void
put_signature(struct buf *out, struct bytes tbs)
{
	static const uint8_t	 alg[] = { 0x30, 5, 6, 3, 0x2b, 0x65, 0x70 };
	EVP_MD_CTX		*ctx = EVP_MD_CTX_new();
	uint8_t			 sig[65] = { 0 };
	size_t			 len = 64;

	if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, our_key()) != 1 ||
	    EVP_DigestSign(ctx, sig, &len, tbs.p, tbs.len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	der_put_raw(out, BYTES(alg, sizeof(alg)));
	der_put_bits(out, sig, len);
}

/* The first byte says how many of the rest are in the subject. */
static void
frame(struct buf *out, struct bytes in)
{
	unsigned char	*spki = NULL;
	int		 nspki = i2d_PUBKEY(our_key(), &spki);
	size_t		 nsubject, outer, tbs, mark, at;
	struct buf	 copy = { 0 };

	nsubject = in.len == 0 ? 0 : in.p[0] % in.len;
	outer = der_begin(out, DER_SEQUENCE);
	at = out->len;
	tbs = der_begin(out, DER_SEQUENCE);
	der_put_int(out, 0);
	mark = der_begin(out, DER_SEQUENCE);
	if (nsubject > 0)
		der_put_raw(out, BYTES(in.p + 1, nsubject));
	der_end(out, mark);
	der_put_raw(out, BYTES(spki, (size_t)nspki));
	mark = der_begin(out, DER_CONTEXT_CONS(0));
	if (in.len > nsubject + 1)
		der_put_raw(out, BYTES(in.p + 1 + nsubject,
		    in.len - 1 - nsubject));
	der_end(out, mark);
	der_end(out, tbs);
	buf_add(&copy, out->p + at, out->len - at);
	put_signature(out, BYTES(copy.p, copy.len));
	der_end(out, outer);
	buf_clear(&copy);
	OPENSSL_free(spki);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf	 der = { 0 };

	if (n > 65536)
		return 0;
	try(BYTES(p, n));
	frame(&der, BYTES(p, n));
	try(BYTES(der.p, der.len));
	buf_clear(&der);
	return 0;
}
