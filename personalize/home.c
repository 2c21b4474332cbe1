/* SPDX-License-Identifier: Apache-2.0 */
#include "home.h"

#include <poll.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "base/text.h"
#include "card/pin.h"
#include "os/fault.h"
#include "x509/key.h"

#define PUK_LENGTH	8
#define MANAGEMENT_SIZE	32	/* of the best kind */
#define NONCE_SIZE	16
#define CARD_YEARS	10

void
home_clear(struct home *h)
{
	secret_free(&h->pin);
	diary_clear(&h->diary);
}

/* ---- which card it is ---- */

static int
refuse(struct error *e, const char *why)
{
	error_set(e, ERROR_CONFLICT, "this card is not blank: %s", why);
	return error_hint(e, "nothing was changed on it; take a blank one, or "
	    "the one that was begun here");
}

/* On cards that tell nothing of themselves the factory's management key will
 * show it. */
static int
check_blank(struct card *c, struct error *e)
{
	const struct card_info	*i = &c->info;
	X509			*cert = NULL;
	EVP_PKEY		*key = NULL;
	int			 found = 0;

	if (i->has_guid)
		return refuse(e, "it has a name");
	if (i->prefers_global_pin) {
		error_set(e, ERROR_CONFLICT, "this card wants its global PIN "
		    "first, and not the one that it would get here");
		return error_hint(e, "nothing was changed on it; take a card "
		    "of another kind");
	}
	if (i->default_pin == 0 || i->default_puk == 0 ||
	    i->default_management == 0)
		return refuse(e, "it has a PIN, a PUK or a management key of "
		    "its own");
	for (int s = 0; s < CARD_SLOT__MAX && found == 0; s++) {
		found = c->driver->find_key(c, (enum card_slot)s, &key, e);
		if (found == 0)
			found = c->driver->find_cert(c, (enum card_slot)s,
			    &cert, e);
	}
	EVP_PKEY_free(key);
	X509_free(cert);
	return found == 1 ? refuse(e, "it has keys or certificates") : found;
}

static int
check_same(const struct home *h, const struct card_info *i, struct error *e)
{
	const struct diary	*d = &h->diary;

	if (strcmp(d->ra, h->est.ra) != 0 ||
	    strcmp(d->holder, h->est.user) != 0)
		return error_set(e, ERROR_CONFLICT, "this card was begun for "
		    "%s at %s", d->holder, d->ra);
	/* Without a key another kind of it may be chosen: perhaps the card has
	 * refused to make the first. */
	if (d->spki.len > 0 && (d->slot != h->slot || d->alg != h->alg))
		return error_set(e, ERROR_CONFLICT, "this card was begun with "
		    "a %s key in the %s slot", card_alg_name(d->alg),
		    card_slot_name(d->slot));
	if (i->has_guid && memcmp(i->guid, d->guid, sizeof(d->guid)) != 0)
		return error_set(e, ERROR_CONFLICT, "somebody else has used "
		    "this card since it was begun");
	return 0;
}

static int
begin_diary(struct home *h, const struct card_info *i, struct error *e)
{
	struct diary	*d = &h->diary;
	char		 at[TEXT_TIME_SIZE];

	snprintf(d->ra, sizeof(d->ra), "%s", h->est.ra);
	snprintf(d->holder, sizeof(d->holder), "%s", h->est.user);
	snprintf(d->card, sizeof(d->card), "%s", i->identity);
	text_time(at, clock_now(&clock_system) +
	    CARD_YEARS * INT64_C(365) * 86400);
	snprintf(d->expires, sizeof(d->expires), "%.4s%.2s%.2s", at, at + 5,
	    at + 8);
	d->slot = h->slot;
	d->alg = h->alg;
	return rng_fill(&rng_system, d->guid, sizeof(d->guid), e);
}

int
home_recognise(struct home *h, struct card *c, struct error *e)
{
	int	 known = diary_load(&h->diary, h->dir, &c->info, e);

	h->extended = c->info.extended;
	if (known == -1)
		return -1;
	if (known == 1 && check_same(h, &c->info, e) == 0) {
		h->diary.slot = h->slot;
		h->diary.alg = h->alg;
		return 0;
	}
	if (known == 1)
		return -1;
	return check_blank(c, e) == -1 ? -1 : begin_diary(h, &c->info, e);
}

/* ---- the job ---- */

static int
get_key(EVP_PKEY **key, const struct buf *spki, struct error *e)
{
	if (spki->len == 0)
		return 0;
	*key = key_public_parse(BYTES(spki->p, spki->len));
	return *key != NULL ? 0 : error_ssl(e, ERROR_INPUT, "noted key");
}

static int
get_cert(X509 **cert, const struct buf *der, struct error *e)
{
	const unsigned char	*p = der->p;

	if (der->len == 0)
		return 0;
	*cert = d2i_X509(NULL, &p, (long)der->len);
	return *cert != NULL ? 0 : error_ssl(e, ERROR_INPUT,
	    "noted certificate");
}

static int
home_found(void *arg, const struct card_info *info, struct job *j,
    struct error *e)
{
	static const uint8_t	 usual[24] = { 1, 2, 3, 4, 5, 6, 7, 8, 1, 2,
		3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct home		*h = arg;
	const struct diary	*d = &h->diary;
	struct job_slot		*s = &j->slot[0];

	(void)info;
	*j = (struct job){ .name = { .expires = j->expires }, .nslots = 1,
	    .keeps_management = !h->is_escrowed };
	memcpy(j->name.guid, d->guid, sizeof(j->name.guid));
	memcpy(j->name.unique, d->guid, sizeof(j->name.unique));
	memcpy(j->expires, d->expires, sizeof(j->expires));
	snprintf(j->number, sizeof(j->number), "%.64s", d->holder);
	snprintf(j->holder, sizeof(j->holder), "%.64s", d->holder);
	s->slot = d->slot;
	s->alg = d->alg;
	s->ordered = d->request.len > 0;
	if (get_key(&s->key, &d->spki, e) == -1 ||
	    get_cert(&s->cert, &d->cert, e) == -1 ||
	    secret_set(&j->factory_management, usual, sizeof(usual),
	    e) == -1 || secret_set(&j->factory_pin, "123456", 6, e) == -1 ||
	    secret_set(&j->factory_puk, "12345678", 8, e) == -1)
		return -1;
	if (d->sealed.len == 0)
		return 0;
	if (diary_open(d, h->est.code, &j->puk, &j->management, e) == -1)
		return -1;
	j->management_alg = card_management_best(j->management.len);
	return secret_dup(&j->pin, &h->pin, e);
}

static int
home_begin(void *arg, enum job_step step, enum card_slot slot,
    struct error *e)
{
	static const char *const	 texts[STEP__MAX] = {
		[STEP_NAME] = "giving the card a name",
		[STEP_KEY] = "making its key",
		[STEP_CERT] = "writing the certificate",
		[STEP_PUK] = "setting the PUK",
		[STEP_PIN] = "setting the PIN",
		[STEP_MANAGEMENT] = "setting the management key",
		[STEP_CHECK] = "checking all of it",
	};
	struct home			*h = arg;

	(void)slot;
	h->say(texts[step]);
	if (h->diary.path == NULL && diary_store(&h->diary, h->dir, e) == -1)
		return -1;
	FAULT("enrol-step");
	return 0;
}

static int
home_key(void *arg, const struct job_slot *s, struct bytes leaf,
    struct bytes issuer, struct buf *nonce, struct error *e)
{
	struct home	*h = arg;
	uint8_t		 fresh[NONCE_SIZE];

	(void)leaf;		/* EST has no place for an attestation */
	(void)issuer;
	buf_clear(&h->diary.spki);
	if (key_public_der(&h->diary.spki, s->key, e) == -1 ||
	    rng_fill(&rng_system, fresh, sizeof(fresh), e) == -1)
		return -1;
	buf_add(nonce, fresh, sizeof(fresh));
	return diary_store(&h->diary, h->dir, e);
}

static int
home_request(void *arg, enum card_slot slot, struct bytes der,
    bool is_request, struct error *e)
{
	struct home	*h = arg;

	if (!is_request)
		return error_set(e, ERROR_CONFIG, "a %s key in the %s slot "
		    "cannot sign a request: choose an RSA key",
		    card_alg_name(h->alg), card_slot_name(slot));
	buf_add(&h->diary.request, der.p, der.len);
	return diary_store(&h->diary, h->dir, e);
}

/* ---- the certificate ---- */

static int
keep_cert(struct home *h, X509 *cert, struct error *e)
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(cert, &der);

	if (n < 0)
		return error_ssl(e, ERROR_CRYPTO, "certificate");
	buf_add(&h->diary.cert, der, (size_t)n);
	OPENSSL_free(der);
	return diary_store(&h->diary, h->dir, e);
}

static int
not_yet(const char *why, struct error *e)
{
	error_set(e, ERROR_RETRY, "the certificate is not there yet: %s", why);
	return error_hint(e, "give the same command again later, with the "
	    "same card and code: nothing is lost");
}

/* Nobody holds the card.  1, 0 ask again, -1. */
static int
home_wait(void *arg, struct error *e)
{
	struct home	*h = arg;
	EVP_PKEY	*key = NULL;
	X509		*cert = NULL;
	char		 why[200];
	int		 rc = -1, after = 0;

	h->say("asking for the certificate");
	if (get_key(&key, &h->diary.spki, e) == 0)
		rc = est_client_enrol(&h->est, BYTES(h->diary.request.p,
		    h->diary.request.len), key, &cert, &after, why, e);
	FAULT("enrol-answer");
	if (rc == 1 && keep_cert(h, cert, e) == -1)
		rc = -1;
	EVP_PKEY_free(key);
	X509_free(cert);
	if (rc != 0)
		return rc;
	if (clock_monotonic_ms() + after * INT64_C(1000) > h->until)
		return not_yet(why, e);
	h->say(why);
	poll(NULL, 0, after * 1000);
	return 0;
}

/* ---- the end ---- */

static int
make_management(struct job *j, uint8_t alg, struct error *e)
{
	secret_free(&j->management);
	j->management_alg = alg;
	return secret_new(&j->management, card_management_size(alg),
	    e) == -1 ? -1 : rng_fill(&rng_system, j->management.p,
	    j->management.len, e);
}

static int
keep_secrets(struct home *h, const struct job *j, struct error *e)
{
	return diary_seal(&h->diary, h->est.code, &j->puk, &j->management,
	    e) == -1 ? -1 : diary_store(&h->diary, h->dir, e);
}

/* A card that lets nobody change its management key keeps the factory's. */
static int
home_secrets(void *arg, struct job *j, struct error *e)
{
	struct home	*h = arg;

	if (pin_make(&j->puk, PUK_LENGTH, NULL, &rng_system, e) == -1 ||
	    (h->extended && make_management(j,
	    card_management_best(MANAGEMENT_SIZE), e) == -1) ||
	    secret_dup(&j->pin, &h->pin, e) == -1)
		return -1;
	return keep_secrets(h, j, e);
}

static int
home_weaker(void *arg, struct job *j, struct error *e)
{
	uint8_t	 next = card_management_next(j->management_alg);

	if (next == 0)
		return error_set(e, ERROR_CARD, "the card has no kind of "
		    "management key that is known");
	return make_management(j, next, e) == -1 ? -1 :
	    keep_secrets(arg, j, e);
}

static int
home_channel(void *arg, struct bytes diversification, struct secret *enc,
    struct secret *mac, struct error *e)
{
	(void)arg;
	(void)diversification;
	(void)enc;
	(void)mac;
	return error_set(e, ERROR_BUG, "bare cards are for stations");
}

static int
home_issued(void *arg, struct error *e)
{
	struct home	*h = arg;

	(void)e;
	h->is_done = true;
	return 0;
}

static int
home_failed(void *arg, const struct error *why, bool *again,
    struct error *e)
{
	(void)arg;
	(void)why;
	(void)e;
	*again = false;
	return 0;
}

struct clerk
home_clerk(struct home *h)
{
	static const struct clerk_ops	 ops = { home_found, home_begin,
		home_key, home_request, home_wait, home_secrets, home_weaker,
		home_channel, home_issued, home_failed };

	return (struct clerk){ &ops, h };
}
