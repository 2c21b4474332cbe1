/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a card answers: the driver asks it everything that it can ask, and
 * what it then believes has to be believable.  The input is the answers, each
 * with its length in two bytes; when they are used up the card is gone.
 */
#include <stdlib.h>
#include "personalize/card.h"
#include "personalize/scp03.h"
#include "x509/attest.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
answer(void *io, struct bytes in, uint8_t *out, size_t size, size_t *n,
    struct error *e)
{
	struct bytes	*left = io;
	size_t		 len;

	/* Nothing that no card could read. */
	if (in.len < 4 || (in.len > 5 && in.p[4] != 0 &&
	    in.len != 5u + in.p[4] && in.len != 6u + in.p[4]))
		abort();
	if (left->len < 2)
		return error_set(e, ERROR_CARD, "gone");
	len = (size_t)left->p[0] << 8 | left->p[1];
	*left = BYTES(left->p + 2, left->len - 2);
	if (len > left->len)
		len = left->len;
	if (len > size)
		len = size;
	memcpy(out, left->p, len);
	*n = len;
	*left = BYTES(left->p + len, left->len - len);
	return 0;
}

static int
again(void *io, struct error *e)
{
	(void)io;
	(void)e;
	return 0;
}

static void
none(void *io)
{
	(void)io;
}

static void
set(struct secret *s, const char *text)
{
	struct error	 e = ERROR_INIT;

	if (secret_set(s, text, strlen(text), &e) == -1)
		abort();
}

/* A failure has its words; a success has none. */
static void
judge(struct card *c, int rc, struct error *e)
{
	if ((rc == -1) != (e->text[0] != '\0') || (rc != -1 && c->io->lost))
		abort();
	c->io->lost = false;		/* on with the next question */
	error_clear(e);
}

static void
try_slot(struct card *c, enum card_slot slot, struct error *e)
{
	EVP_PKEY	*pub = NULL, *found = NULL;
	X509		*leaf = NULL, *issuer = NULL, *cert = NULL;
	struct buf	 der = { 0 };
	struct csr	*csr;
	int		 rc;

	rc = c->driver->generate(c, slot, CARD_P256, &pub, e);
	if ((rc == 0) != (pub != NULL) ||
	    (rc == 0 && !card_key_is(pub, CARD_P256)))
		abort();
	judge(c, rc, e);
	rc = c->driver->find_key(c, slot, &found, e);
	judge(c, rc, e);
	if (pub == NULL) {
		pub = found;
		found = NULL;
	}
	rc = c->driver->find_cert(c, slot, &cert, e);
	judge(c, rc, e);
	if (rc == 1)
		judge(c, c->driver->write_cert(c, slot, cert, e), e);
	if (pub != NULL) {
		judge(c, card_attested(c, slot, pub, &leaf, &issuer, e), e);
		rc = card_request(c, slot, pub, "x", BYTES("n", 1), &der, e);
		/* Nobody can sign for a key without it. */
		if (rc == 1 && (csr_parse(&csr, BYTES(der.p, der.len),
		    e) == -1 || (csr_free(&csr), false)))
			abort();
		judge(c, rc, e);
		judge(c, card_prove(c, slot, pub, e), e);
	}
	buf_clear(&der);
	X509_free(cert);
	X509_free(leaf);
	X509_free(issuer);
	EVP_PKEY_free(found);
	EVP_PKEY_free(pub);
}

static void
try_secrets(struct card *c, struct error *e)
{
	static const struct card_layout	 layout = { .management = 0x0a };
	const struct card_driver *d = c->driver;
	struct scp03_keys	 keys = { .version = 0 };
	struct secret		 pin = { NULL, 0 }, key = { NULL, 0 };
	bool			 verified;
	int			 left;

	set(&pin, "12345678");
	set(&key, "24 bytes for 3DES or AES");
	set(&keys.enc, "16 bytes to wrap");
	set(&keys.mac, "16 bytes to seal");
	judge(c, d->authenticate(c, &key, e), e);
	judge(c, d->tries(c, CARD_PIN, &left, &verified, e), e);
	judge(c, d->verify(c, &pin, 1, e), e);
	judge(c, d->change(c, CARD_PUK, &pin, &pin, 1, e), e);
	judge(c, d->unblock(c, &pin, &pin, e), e);
	judge(c, d->set_management(c, 0x0a, &key, e), e);
	judge(c, d->set_history(c, 1, e), e);
	/* The host's challenge is not the card's to choose. */
	if (d->secure(c, &keys, e) == 0)
		abort();
	judge(c, -1, e);
	judge(c, d->prepare(c, &layout, e), e);
	judge(c, d->reset(c, e), e);
	secret_free(&keys.mac);
	secret_free(&keys.enc);
	secret_free(&key);
	secret_free(&pin);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct card_io_ops	 ops = { answer, again, none, none };
	struct bytes			 left = BYTES(p, n);
	struct card_io			 io = { .ops = &ops, .io = &left };
	struct card			 c;
	struct error			 e = ERROR_INIT;

	if (card_open(&c, &io, &e) == 0) {
		if (memchr(c.info.identity, '\0', CARD_IDENTITY_MAX) == NULL)
			abort();
		try_slot(&c, CARD_AUTHENTICATION, &e);
		try_slot(&c, CARD_KEY_MANAGEMENT, &e);
		try_secrets(&c, &e);
	}
	apdu_close(&io);
	return 0;
}
