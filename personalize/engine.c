/* SPDX-License-Identifier: Apache-2.0 */
#include "engine.h"
#include "scp03.h"

struct engine {
	struct card		*card;
	const struct clerk	*clerk;
	struct job		*job;
	bool			 own_management;	/* the new key is set */
	bool			 own_pin;
	X509			*issuer;	/* of its attestations; or NULL */
};

static int
begin(struct engine *g, enum job_step step, enum card_slot slot,
    struct error *e)
{
	return g->clerk->ops->begin(g->clerk->arg, step, slot, e);
}

static bool
is_over(const struct engine *g, const struct error *e)
{
	return g->card->io->lost || e->code == ERROR_UPSTREAM ||
	    e->code == ERROR_RETRY;
}

/* The new key, if it was ever told to the card; else the factory's. */
static int
authenticate(struct engine *g, struct error *e)
{
	const struct card_driver	*d = g->card->driver;
	bool				 tried = g->job->management.len > 0 &&
					    g->card->info.default_management !=
					    1;

	g->own_management = false;
	if (tried) {
		if (d->authenticate(g->card, &g->job->management, e) == 0) {
			g->own_management = true;
			return 0;
		}
		if (is_over(g, e))
			return -1;
		error_clear(e);
	}
	if (d->authenticate(g->card, &g->job->factory_management, e) == 0)
		return 0;
	if (e->code != ERROR_DENIED)
		return -1;
	if (tried)
		error_set(e, ERROR_DENIED, "its management key is neither the "
		    "factory's nor the one that was set");
	return error_hint(e, "not a blank of this batch, or somebody has "
	    "begun to use it");
}

static int
verify_pin(struct engine *g, struct error *e)
{
	return g->card->driver->verify(g->card, g->own_pin ? &g->job->pin :
	    &g->job->factory_pin, 1, e);
}

/* What the work stands on, tried before anything changes: who finds a wrong
 * PIN or PUK at the end has half a card.  There is no asking for a PUK, but the
 * card may tell of the usual one, or be told what it is. */
static int
check_factory(struct engine *g, struct error *e)
{
	const struct job	*j = g->job;
	int			 rc = verify_pin(g, e);

	if (rc == 0 && g->card->info.default_puk != 1)
		rc = g->card->driver->change(g->card, CARD_PUK,
		    &j->factory_puk, &j->factory_puk, 1, e);
	if (rc == 0 || e->code != ERROR_DENIED || g->card->io->lost)
		return rc;
	error_wrap(e, "before anything was changed");
	return error_hint(e, "not a blank of this kind, or somebody has "
	    "begun to use it");
}

static int
set_name(struct engine *g, struct error *e)
{
	const struct card_info	*i = &g->card->info;

	if (i->has_guid && memcmp(i->guid, g->job->name.guid,
	    sizeof(i->guid)) == 0)
		return 0;
	if (!g->own_pin && g->job->pin.len == 0 && check_factory(g, e) == -1)
		return -1;
	if (begin(g, STEP_NAME, CARD_AUTHENTICATION, e) == -1 ||
	    g->card->driver->set_name(g->card, &g->job->name, e) == -1)
		return -1;
	memcpy(g->card->info.guid, g->job->name.guid, sizeof(i->guid));
	g->card->info.has_guid = true;
	return 0;
}

/* 1: the key that was noted is on the card. */
static int
has_key(struct engine *g, const struct job_slot *s, struct error *e)
{
	if (s->key == NULL)
		return 0;
	if (verify_pin(g, e) == -1)
		return -1;
	if (card_prove(g->card, s->slot, s->key, e) == 0)
		return 1;
	if (is_over(g, e))
		return -1;
	if (s->ordered)
		return error_wrap(e, "the key that was ordered for is gone");
	error_clear(e);
	return 0;
}

static int
add_cert(struct buf *out, X509 *cert, struct error *e)
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(cert, &der);

	if (n < 0)
		return error_ssl(e, ERROR_CRYPTO, "attestation");
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

static int
note_key(struct engine *g, const struct job_slot *s, struct buf *nonce,
    struct error *e)
{
	X509		*leaf = NULL;
	struct buf	 a = { 0 }, b = { 0 };
	int		 rc = card_attested(g->card, s->slot, s->key, &leaf,
			    &g->issuer, e);

	if (rc == 1 && (add_cert(&a, leaf, e) == -1 ||
	    add_cert(&b, g->issuer, e) == -1))
		rc = -1;
	if (rc != -1)
		rc = g->clerk->ops->key(g->clerk->arg, s, BYTES(a.p, a.len),
		    BYTES(b.p, b.len), nonce, e);
	buf_clear(&a);
	buf_clear(&b);
	X509_free(leaf);
	return rc;
}

static int
order(struct engine *g, struct job_slot *s, struct error *e)
{
	struct buf	 nonce = { 0 }, der = { 0 };
	int		 rc = -1, kind;

	if (note_key(g, s, &nonce, e) == -1 || verify_pin(g, e) == -1 ||
	    (kind = card_request(g->card, s->slot, s->key, g->job->number,
	    BYTES(nonce.p, nonce.len), &der, e)) == -1)
		goto out;
	rc = g->clerk->ops->request(g->clerk->arg, s->slot,
	    BYTES(der.p, der.len), kind == 1, e);
 out:
	s->ordered = rc == 0;
	buf_clear(&nonce);
	buf_clear(&der);
	return rc;
}

static int
make_key(struct engine *g, struct job_slot *s, struct error *e)
{
	int	 has = has_key(g, s, e);

	if (has == -1 || (has == 1 && s->ordered))
		return has == -1 ? -1 : 0;
	if (has == 0) {
		EVP_PKEY_free(s->key);
		s->key = NULL;
		if (begin(g, STEP_KEY, s->slot, e) == -1 ||
		    g->card->driver->generate(g->card, s->slot, s->alg,
		    &s->key, e) == -1)
			return -1;
	}
	return order(g, s, e);
}

static int
write_cert(struct engine *g, const struct job_slot *s, struct error *e)
{
	int	 has = g->card->driver->has_cert(g->card, s->slot, s->cert,
		    e);

	if (has == 1)
		return 0;
	if (has == -1) {
		if (is_over(g, e))
			return -1;
		error_clear(e);		/* half written */
	}
	return begin(g, STEP_CERT, s->slot, e) == -1 ? -1 :
	    g->card->driver->write_cert(g->card, s->slot, s->cert, e);
}

static unsigned int
count_retired(const struct job *j)
{
	unsigned int	 n = 0;

	for (size_t i = 0; i < j->nslots; i++)
		n += j->slot[i].slot >= CARD_RETIRED;
	return n;
}

static int
write_certs(struct engine *g, struct error *e)
{
	unsigned int	 retired = count_retired(g->job);

	for (size_t i = 0; i < g->job->nslots; i++)
		if (write_cert(g, &g->job->slot[i], e) == -1)
			return -1;
	return retired == 0 ? 0 :
	    g->card->driver->set_history(g->card, retired, e);
}

/* There is no asking for a PUK: one that is set changes to itself. */
static int
set_puk(struct engine *g, bool fresh, struct error *e)
{
	const struct card_driver	*d = g->card->driver;
	const struct job		*j = g->job;

	if (!fresh && g->card->info.default_puk != 1) {
		if (d->change(g->card, CARD_PUK, &j->puk, &j->puk, 1, e) == 0)
			return 0;
		if (is_over(g, e))
			return -1;
		error_clear(e);
	}
	return d->change(g->card, CARD_PUK, &j->factory_puk, &j->puk, 0, e);
}

/*
 * When this was interrupted nobody knows which secrets the card has.  Of two
 * for the PUK one is tried in vain, at most once each time that the card comes
 * back; with the PUK the PIN is set whatever it was, and none of its tries is
 * spent.
 */
static int
set_pins(struct engine *g, bool fresh, struct error *e)
{
	const struct card_driver	*d = g->card->driver;
	const struct job		*j = g->job;

	if (begin(g, STEP_PUK, CARD_AUTHENTICATION, e) == -1 ||
	    set_puk(g, fresh, e) == -1 ||
	    begin(g, STEP_PIN, CARD_AUTHENTICATION, e) == -1)
		return -1;
	if (fresh ? d->change(g->card, CARD_PIN, &j->factory_pin, &j->pin, 1,
	    e) : d->unblock(g->card, &j->puk, &j->pin, e))
		return -1;
	g->own_pin = true;
	return 0;
}

/* The card lacks this kind of key: 0, the job has a weaker one. */
static int
weaken(struct engine *g, struct error *e)
{
	if (e->code != ERROR_CONFIG || is_over(g, e))
		return -1;
	error_clear(e);
	return g->clerk->ops->weaker(g->clerk->arg, g->job, e);
}

/* The best kind of key that the card has is found by trying, with a key that
 * was kept before. */
static int
set_management(struct engine *g, struct error *e)
{
	struct job	*j = g->job;

	for (;;) {
		if (begin(g, STEP_MANAGEMENT, CARD_AUTHENTICATION, e) == -1)
			return -1;
		if (g->card->driver->set_management(g->card,
		    j->management_alg, &j->management, e) == 0)
			return 0;
		if (weaken(g, e) == -1)
			return -1;
	}
}

/* Where the card would show it to anybody, it is not put there. */
static int
keep_management(struct engine *g, struct error *e)
{
	const struct card_driver	*d = g->card->driver;
	struct job			*j = g->job;
	int				 hides;

	if (begin(g, STEP_MANAGEMENT, CARD_AUTHENTICATION, e) == -1 ||
	    (hides = d->hides_management(g->card, e)) == -1)
		return -1;
	if ((j->keeps_management = hides == 1) == false)
		return 0;
	if (d->authenticate(g->card, &j->management, e) == -1 ||
	    verify_pin(g, e) == -1)
		return -1;
	if (d->keep_management(g->card, &j->management, e) == 0)
		return 0;
	if (e->code != ERROR_CARD || is_over(g, e))
		return -1;
	error_clear(e);
	j->keeps_management = false;
	return 0;
}

/* The management key is the last, for nothing can be written without it. */
static int
lock(struct engine *g, struct error *e)
{
	if (!g->own_pin || g->job->is_bare) {
		if (g->clerk->ops->secrets(g->clerk->arg, g->job, e) == -1)
			return -1;
		if (!g->own_pin && set_pins(g, true, e) == -1)
			return -1;
	}
	if (g->job->management.len == 0) {
		g->job->keeps_management = false;
		return 0;
	}
	if (!g->own_management && set_management(g, e) == -1)
		return -1;
	return g->job->keeps_management ? keep_management(g, e) : 0;
}

/* ---- cards that come with nothing on them ---- */

static int
ask_channel(void *arg, struct bytes diversification, struct secret *enc,
    struct secret *mac, struct error *e)
{
	struct engine	*g = arg;

	return g->clerk->ops->channel(g->clerk->arg, diversification, enc,
	    mac, e);
}

/* A card that denies the keys locks itself sooner or later: that it has done so
 * is written down at once, and they are not tried on it again. */
static int
open_channel(struct engine *g, struct error *e)
{
	const struct scp03_keys	 keys = { .version = g->job->channel_version,
		.s16 = g->job->channel_s16, .ask = ask_channel, .arg = g };
	struct error		 why;

	if (begin(g, STEP_CHANNEL, CARD_AUTHENTICATION, e) == -1)
		return -1;
	if (g->card->driver->secure(g->card, &keys, e) == 0)
		return 0;
	if (e->code != ERROR_DENIED || g->card->io->lost)
		return -1;
	why = *e;
	error_clear(e);
	if (begin(g, STEP_DENIED, CARD_AUTHENTICATION, e) == 0)
		*e = why;
	return -1;
}

static int
name_parts(struct engine *g, struct error *e)
{
	struct job		*j = g->job;
	struct card_layout	 layout = { .has = { false } };

	for (size_t i = 0; i < j->nslots; i++) {
		layout.has[j->slot[i].slot] = true;
		layout.alg[j->slot[i].slot] = j->slot[i].alg;
	}
	for (;;) {
		layout.management = j->management_alg;
		if (begin(g, STEP_PREPARE, CARD_AUTHENTICATION, e) == -1)
			return -1;
		if (g->card->driver->prepare(g->card, &layout, e) == 0)
			return 0;
		if (weaken(g, e) == -1)
			return -1;
	}
}

/*
 * Everything that is set in the channel is set again when that was interrupted,
 * whatever it was before; the management key comes last.  So a card that knows
 * it is prepared, and its channel stays closed.
 */
static int
prepare(struct engine *g, struct error *e)
{
	const struct card_driver	*d = g->card->driver;
	struct job			*j = g->job;

	if (j->management.len > 0 &&
	    d->authenticate(g->card, &j->management, e) == 0) {
		g->own_management = g->own_pin = true;
		return 0;
	}
	if (is_over(g, e))
		return -1;
	error_clear(e);
	if (open_channel(g, e) == -1 ||
	    g->clerk->ops->secrets(g->clerk->arg, j, e) == -1 ||
	    name_parts(g, e) == -1 ||
	    begin(g, STEP_PIN, CARD_AUTHENTICATION, e) == -1 ||
	    d->set_pins(g->card, &j->pin, &j->puk, e) == -1 ||
	    set_management(g, e) == -1 || card_reopen(g->card, e) == -1 ||
	    d->authenticate(g->card, &j->management, e) == -1)
		return -1;
	g->own_management = g->own_pin = true;
	return 0;
}

static int
check_slot(struct engine *g, const struct job_slot *s, struct error *e)
{
	int	 has = g->card->driver->has_cert(g->card, s->slot, s->cert,
		    e);

	if (has == 0)
		return error_set(e, ERROR_CARD, "%s: not the certificate that "
		    "was written", card_slot_name(s->slot));
	return has == -1 || verify_pin(g, e) == -1 ? -1 :
	    card_prove(g->card, s->slot, X509_get0_pubkey(s->cert), e);
}

static int
check_defaults(struct engine *g, struct error *e)
{
	const struct card_info	*i = &g->card->info;
	const char		*what = i->default_pin == 1 ? "PIN" :
				    i->default_puk == 1 ? "PUK" :
				    g->job->management.len > 0 &&
				    i->default_management == 1 ?
				    "management key" : NULL;

	return what == NULL ? 0 : error_set(e, ERROR_CARD, "the %s is still "
	    "the factory's", what);
}

/* As its holder will meet it: after a reset, with what was written. */
static int
check(struct engine *g, struct error *e)
{
	if (begin(g, STEP_CHECK, CARD_AUTHENTICATION, e) == -1 ||
	    card_reopen(g->card, e) == -1 || check_defaults(g, e) == -1)
		return -1;
	if (!g->card->info.has_guid || memcmp(g->card->info.guid,
	    g->job->name.guid, sizeof(g->card->info.guid)) != 0)
		return error_set(e, ERROR_CARD, "the card has another name");
	if (authenticate(g, e) == -1)
		return -1;
	if (g->job->management.len > 0 && !g->own_management)
		return error_set(e, ERROR_CARD, "the management key is still "
		    "the factory's");
	if (g->card->driver->verify(g->card, &g->job->pin, 1, e) == -1)
		return -1;
	for (size_t i = 0; i < g->job->nslots; i++)
		if (check_slot(g, &g->job->slot[i], e) == -1)
			return -1;
	return 0;
}

static int
personalize(struct engine *g, enum engine_end *end, struct error *e)
{
	struct job	*j = g->job;

	if ((j->is_bare ? prepare(g, e) : authenticate(g, e)) == -1 ||
	    set_name(g, e) == -1 ||
	    (j->pin.len > 0 && !g->own_pin && set_pins(g, false, e) == -1))
		return -1;
	for (size_t i = 0; i < j->nslots; i++)
		if (make_key(g, &j->slot[i], e) == -1)
			return -1;
	if (!job_has_certs(j)) {
		*end = ENGINE_WAIT;
		return 0;
	}
	if (write_certs(g, e) == -1 || lock(g, e) == -1 || check(g, e) == -1)
		return -1;
	*end = ENGINE_DONE;
	return g->clerk->ops->issued(g->clerk->arg, e);
}

int
engine_work(struct card *c, const struct clerk *clerk, struct job *j,
    enum engine_end *end, struct error *e)
{
	struct engine	 g = { .card = c, .clerk = clerk, .job = j };
	int		 rc = personalize(&g, end, e);

	X509_free(g.issuer);
	return rc;
}
