/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of an agent, NAME.new, that an old disk has kept: what is taken
 * is written again as it was understood, and what is not leaves nothing.
 *
 * A first byte of 0: the rest is the file.  Else each byte is a block of a real
 * one, or begins a few octets of the input's own: so that they come in any
 * order, twice, not at all, or torn.
 */
#include <stdlib.h>
#include <unistd.h>
#include <openssl/pem.h>
#include "agent/place.h"
#include "os/file.h"
#include "tests/fuzz/must.h"
#include "tests/fuzz/scratch.h"
#include "tests/lib/testpki.h"
#include "x509/csr.h"

#define INPUT_MAX	4096

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char			 dir[SCRATCH_SIZE];
static struct place		 place;
static struct place_secret	 secret;	/* none: keys in clear */

enum block { KEY, OTHER_KEY, REQUEST, ORDER, CERT, CA_CERT, BLOCK__MAX };
static struct buf		 block[BLOCK__MAX];

static void
take_away(void)
{
	size_t	 i;

	for (i = 0; i < BLOCK__MAX; i++)
		buf_clear(&block[i]);
	place_clear(&place);
	testpki_remove_tree(dir);
}

static void
make_place(void)
{
	char	*key, *cert;

	scratch_make(dir, "place");
	key = file_join(dir, "agent.key");
	cert = file_join(dir, "agent.pem");
	place_init(&place, key, cert, &secret);
	mem_free(&key);
	mem_free(&cert);
	must(atexit(take_away) == 0);
}

static void
put_block(enum block b, const char *name, const void *der, size_t len)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*text;
	long	 n;

	must(bio != NULL && PEM_write_bio(bio, name, "", der, (long)len) > 0);
	n = BIO_get_mem_data(bio, &text);
	buf_add(&block[b], text, (size_t)n);
	BIO_free(bio);
}

static void
put_cert(enum block b, X509 *x)
{
	struct buf	 der = { 0 };

	testpki_cert_der(&der, x);
	put_block(b, "CERTIFICATE", der.p, der.len);
	buf_clear(&der);
}

static void
make_blocks(void)
{
	struct error	 e = ERROR_INIT;
	struct testpki	 pki;
	struct identity	 id;
	EVP_PKEY	*other = testpki_key("P-256");
	struct buf	 csr = { 0 };

	testpki_init(&pki, TESTPKI_NOW);
	testpki_identity(&id, &pki, "P-256", "agent", "1",
	    OID_ROLE_OCSP_AGENT);
	must(key_encode(&block[KEY], id.key, NULL, &e) == 0 &&
	    key_encode(&block[OTHER_KEY], other, NULL, &e) == 0 &&
	    csr_make(&csr, id.key, "agent", &e) == 0);
	put_block(REQUEST, "CERTIFICATE REQUEST", csr.p, csr.len);
	put_block(ORDER, "CMS", "an order", 8);
	put_cert(CERT, id.cert);
	put_cert(CA_CERT, pki.services);
	buf_clear(&csr);
	EVP_PKEY_free(other);
	testpki_identity_clear(&id);
	testpki_clear(&pki);
}

static void
build(struct buf *out, struct bytes in)
{
	const struct buf	*b;
	size_t			 n;

	while (in.len > 0) {
		b = &block[in.p[0] % BLOCK__MAX];
		n = (in.p[0] & 0xf0) == 0xf0 ? in.p[0] & 15 : 0;
		in = BYTES(in.p + 1, in.len - 1);
		if (n == 0)
			buf_add(out, b->p, b->len);
		n = n < in.len ? n : in.len;
		buf_add(out, in.p, n);
		in = BYTES(in.p + n, in.len - n);
	}
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return bytes_equal(BYTES(a->p, a->len), BYTES(b->p, b->len));
}

static void
check_again(const struct pending *p)
{
	struct error	 e = ERROR_INIT;
	struct pending	 again;

	must(place_store_pending(&place, p, &e) == 0);
	must(place_load_pending(&place, &again, &e) == 1);
	must(EVP_PKEY_eq(p->key, again.key) == 1 && same(&p->csr,
	    &again.csr) && same(&p->order, &again.order));
	must((p->chain == NULL) == (again.chain == NULL) &&
	    sk_X509_num(p->chain) == sk_X509_num(again.chain));
	pending_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };
	struct pending	 now;
	struct identity	 id;

	if (n == 0 || n > INPUT_MAX)
		return 0;
	if (place.pending == NULL) {
		make_place();
		make_blocks();
	}
	if (p[0] == 0)
		buf_add(&text, p + 1, n - 1);
	else
		build(&text, BYTES(p + 1, n - 1));
	must(file_store(place.pending, text.p, text.len, 0600, &e) == 0);
	buf_clear(&text);
	if (place_load_pending(&place, &now, &e) == 1) {
		must(now.key != NULL && now.csr.len > 0 && now.order.len > 0);
		check_again(&now);
	} else
		must(e.text[0] != '\0' && now.key == NULL && now.chain == NULL);
	pending_clear(&now);
	/* As at the next start: put in place, or left alone, or an error. */
	error_clear(&e);
	if (place_load(&place, &id, &e) == 0)
		must(id.cert != NULL && id.key != NULL &&
		    X509_check_private_key(id.cert, id.key) == 1);
	else
		must(e.text[0] != '\0');
	identity_free(&id);
	(void)unlink(place.pending);
	(void)unlink(place.key);
	(void)unlink(place.cert);
	return 0;
}
