/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/card_steps.h"

static void
set(struct secret *s, const char *text)
{
	struct error	 e = ERROR_INIT;

	if (secret_set(s, text, strlen(text), &e) == -1)
		abort();
}

void
card_plan_init(struct card_plan *p, const struct testpki *pki, bool aes)
{
	static const char	 factory[] = "\1\2\3\4\5\6\7\10\1\2\3\4\5\6\7\10"
				    "\1\2\3\4\5\6\7\10";

	*p = (struct card_plan){ .pki = pki, .alg = CARD_P256,
	    .name = { "a card for test", "random, truly", "20300101" },
	    .own_management = true };
	set(&p->factory_management, factory);
	set(&p->management, aes ? "32 bytes for an AES-256 key, yes" :
	    "24 bytes for 3DES or AES");
	set(&p->factory_pin, "123456");
	set(&p->pin, "72430981");
	set(&p->factory_puk, "12345678");
	set(&p->puk, "98127364");
}

void
card_plan_clear(struct card_plan *p)
{
	secret_free(&p->factory_management);
	secret_free(&p->management);
	secret_free(&p->factory_pin);
	secret_free(&p->pin);
	secret_free(&p->factory_puk);
	secret_free(&p->puk);
}

/* One of two secrets fits; nobody knows which after an interruption. */
static int
authenticate(struct card *c, const struct card_plan *p, struct error *e)
{
	if (p->own_management &&
	    c->driver->authenticate(c, &p->management, e) == 0)
		return 0;
	if (c->io->lost)
		return -1;
	error_clear(e);
	return c->driver->authenticate(c, &p->factory_management, e);
}

static int
set_pin(struct card *c, const struct card_plan *p, struct error *e)
{
	if (c->info.default_pin != 1 &&
	    c->driver->verify(c, &p->pin, 1, e) == 0)
		return 0;
	if (c->io->lost)
		return -1;
	error_clear(e);
	return c->driver->change(c, CARD_PIN, &p->factory_pin, &p->pin, 0, e);
}

static int
set_puk(struct card *c, const struct card_plan *p, struct error *e)
{
	if (c->info.default_puk != 1 &&
	    c->driver->change(c, CARD_PUK, &p->puk, &p->puk, 1, e) == 0)
		return 0;
	if (c->io->lost)
		return -1;
	error_clear(e);
	return c->driver->change(c, CARD_PUK, &p->factory_puk, &p->puk, 0, e);
}

static X509 *
certify(const struct card_plan *p, EVP_PKEY *pub)
{
	struct testpki_spec	 spec = { .name = "holder" };

	return testpki_cert(p->pki, &spec, pub, p->pki->people,
	    p->pki->people_key);
}

/* 1: the certificate on the card is for the key on the card. */
static int
slot_is_done(struct card *c, enum card_slot slot, struct error *e)
{
	X509	*cert = NULL;
	int	 rc;

	if ((rc = c->driver->find_cert(c, slot, &cert, e)) == 1)
		rc = card_prove(c, slot, X509_get0_pubkey(cert), e) == 0;
	X509_free(cert);
	if (c->io->lost)
		return -1;
	error_clear(e);		/* torn, or of a key that is gone */
	return rc == 1;
}

static int
fill_slot(struct card *c, const struct card_plan *p, enum card_slot slot,
    struct error *e)
{
	EVP_PKEY	*pub = NULL;
	X509		*cert = NULL, *leaf = NULL, *issuer = NULL;
	struct buf	 der = { 0 };
	int		 rc;

	if ((rc = slot_is_done(c, slot, e)) != 0)
		return rc == 1 ? 0 : -1;
	rc = -1;
	if (c->driver->generate(c, slot, p->alg, &pub, e) == -1 ||
	    card_attested(c, slot, pub, &leaf, &issuer, e) == -1 ||
	    card_request(c, slot, pub, "holder", BYTES("nonce", 5), &der,
	    e) == -1)
		goto out;
	cert = certify(p, pub);
	rc = c->driver->write_cert(c, slot, cert, e);
 out:
	buf_clear(&der);
	X509_free(issuer);
	X509_free(leaf);
	X509_free(cert);
	EVP_PKEY_free(pub);
	return rc;
}

int
card_steps(struct card *c, const struct card_plan *p, struct error *e)
{
	if (authenticate(c, p, e) == -1 ||
	    c->driver->set_name(c, &p->name, e) == -1 ||
	    c->driver->set_history(c, 0, e) == -1 ||
	    set_pin(c, p, e) == -1 ||
	    fill_slot(c, p, CARD_AUTHENTICATION, e) == -1 ||
	    fill_slot(c, p, CARD_KEY_MANAGEMENT, e) == -1 ||
	    set_puk(c, p, e) == -1)
		return -1;
	return p->own_management ?
	    c->driver->set_management(c, p->management.len == 32 ? 0x0c : 0x0a,
	    &p->management, e) : 0;
}

int
card_steps_check(struct card *c, const struct card_plan *p, struct error *e)
{
	bool	 verified;
	int	 left, done;

	if (card_reopen(c, e) == -1 || c->driver->authenticate(c,
	    p->own_management ? &p->management : &p->factory_management,
	    e) == -1 || c->driver->verify(c, &p->pin, 1, e) == -1)
		return -1;
	if (!c->info.has_guid ||
	    memcmp(c->info.guid, p->name.guid, sizeof(c->info.guid)) != 0)
		return error_set(e, ERROR_CARD, "the card has another name");
	for (enum card_slot s = CARD_AUTHENTICATION; s < CARD_RETIRED; s++) {
		if (s != CARD_AUTHENTICATION && s != CARD_KEY_MANAGEMENT)
			continue;
		if ((done = slot_is_done(c, s, e)) != 1)
			return done == -1 ? -1 : error_set(e, ERROR_CARD,
			    "%s: no certificate for the key",
			    card_slot_name(s));
	}
	if (c->driver->unblock(c, &p->puk, &p->pin, e) == -1 ||
	    c->driver->tries(c, CARD_PIN, &left, &verified, e) == -1)
		return -1;
	/* Cards that do not tell are asked. */
	return verified ? 0 : c->driver->verify(c, &p->pin, 1, e);
}
