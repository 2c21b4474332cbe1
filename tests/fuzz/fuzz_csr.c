/* SPDX-License-Identifier: Apache-2.0 */
/* What we accept, OpenSSL accepts, with the same key. */
#include <stdlib.h>
#include <openssl/crmf.h>
#include <openssl/x509.h>
#include "x509/attest.h"
#include "x509/csr.h"
#include "x509/csr_private.h"
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

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct fields	 f = { 0 };
	struct csr	*csr;

	card(p, n);
	if (csr_parse(&csr, BYTES(p, n), &e) == -1) {
		if (csr != NULL || e.text[0] == '\0' ||
		    (e.code != ERROR_INPUT && e.code != ERROR_DENIED))
			abort();
		return 0;
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
	return 0;
}
