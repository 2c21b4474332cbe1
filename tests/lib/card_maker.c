/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card from blank to finished, through pcscd:
 *	card_maker readers
 *	card_maker look READER [MS]	what is in there; MS: kept for so long
 *	card_maker make READER		resumed once, if it is interrupted
 *	card_maker check READER		is it a finished one?
 *	card_maker keys READER DIR ALG	a key in each of the four slots, where the
 *					card can in 82 too, and its request or
 *					bare key in DIR/9a.req ...
 *	card_maker certs READER DIR	the certificates DIR/9a.pem ... to them
 *	card_maker prepare READER ALG	a bare card, by the keys of its channel
 *					that everybody knows; first secrets set
 */
#include <time.h>
#include "base/error.h"
#include "os/file.h"
#include "personalize/card.h"
#include "personalize/pcsc.h"
#include "personalize/scp03.h"
#include "tests/lib/card_steps.h"

#define WAIT_MS		10000
#define LOOK_MS		1000

struct maker {
	struct pcsc	*pcsc;
	struct card_io	 io;
	struct card	 card;
	struct testpki	 pki;
	struct card_plan plan;
	bool		 is_prepared;	/* it has the plan's secrets */
};

static int
readers(struct maker *m, struct error *e)
{
	struct arena	*arena = arena_new();
	char		**names;
	size_t		 n;
	int		 rc;

	rc = pcsc_readers(m->pcsc, arena, &names, &n, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		puts(names[i]);
	arena_free(&arena);
	return rc;
}

static int
look(struct maker *m, const char *ms)
{
	long		 keep = ms == NULL ? 0 : strtol(ms, NULL, 10);
	struct timespec	 t = { keep / 1000, keep % 1000 * 1000000 };

	printf("%s card, serial %u, extended lengths %s\n",
	    m->card.info.extended ? "extended" : "strict",
	    (unsigned int)m->card.info.serial, m->io.extended ? "yes" : "no");
	fflush(stdout);
	nanosleep(&t, NULL);
	return 0;
}

static int
whole(struct maker *m, struct error *e)
{
	return card_steps(&m->card, &m->plan, e) == -1 ? -1 :
	    card_steps_check(&m->card, &m->plan, e);
}

/* Only what the transport did is worth another try. */
static int
make(struct maker *m, struct error *e)
{
	if (whole(m, e) == 0)
		return 0;
	if (!m->io.lost)
		return -1;
	printf("interrupted: %s\n", e->text);
	error_clear(e);
	return card_reopen(&m->card, e) == -1 ? -1 : whole(m, e);
}

/* The cut may come before anything is known. */
static int
open_card(struct maker *m, const char *reader, int wait_ms, struct error *e)
{
	if (pcsc_connect(m->pcsc, reader, wait_ms, &m->io, e) == -1)
		return -1;
	if (card_open(&m->card, &m->io, e) == 0)
		return 0;
	if (!m->io.lost)
		return -1;
	printf("interrupted: %s\n", e->text);
	error_clear(e);
	return apdu_reconnect(&m->io, e) == -1 ? -1 :
	    card_open(&m->card, &m->io, e);
}

/* Strict cards make no keys where former ones are kept. */
static enum card_slot
slots_end(const struct maker *m)
{
	return m->card.info.extended ? CARD_RETIRED + 1 : CARD_RETIRED;
}

static char *
slot_file(const char *dir, enum card_slot slot, const char *suffix)
{
	static const char *const	 names[CARD_RETIRED + 1] = { "9a",
		"9c", "9d", "9e", "82" };

	return mem_printf("%s/%s.%s", dir, names[slot], suffix);
}

static int
make_request(struct maker *m, enum card_slot slot, enum card_alg alg,
    const char *dir, struct error *e)
{
	const struct card_driver *d = m->card.driver;
	EVP_PKEY	*pub = NULL;
	struct buf	 der = { 0 };
	char		*path = slot_file(dir, slot, "req");
	int		 rc = -1;

	if (d->generate(&m->card, slot, alg, &pub, e) == 0 &&
	    d->verify(&m->card, &m->plan.pin, 1, e) == 0 &&
	    card_request(&m->card, slot, pub, "holder", BYTES("nonce", 5),
	    &der, e) != -1)
		rc = file_store(path, der.p, der.len, 0600, e);
	buf_clear(&der);
	EVP_PKEY_free(pub);
	mem_free(&path);
	return rc;
}

static int
keys(struct maker *m, const char *dir, const char *name, struct error *e)
{
	const struct card_driver *d = m->card.driver;
	enum card_alg	 alg;

	if (card_alg_named(&alg, name, e) == -1 ||
	    d->authenticate(&m->card, &m->plan.factory_management, e) == -1 ||
	    d->set_name(&m->card, &m->plan.name, e) == -1 ||
	    (!m->is_prepared && d->change(&m->card, CARD_PIN,
	    &m->plan.factory_pin, &m->plan.pin, 1, e) == -1))
		return -1;
	for (enum card_slot s = 0; s < slots_end(m); s++)
		if (make_request(m, s, alg, dir, e) == -1)
			return -1;
	return 0;
}

static int
certs(struct maker *m, const char *dir, struct error *e)
{
	const struct card_driver *d = m->card.driver;
	STACK_OF(X509)	*chain = NULL;
	char		*path;
	int		 rc;

	rc = d->authenticate(&m->card, &m->plan.factory_management, e);
	if (rc == 0)
		rc = d->set_history(&m->card, slots_end(m) - CARD_RETIRED, e);
	for (enum card_slot s = 0; rc == 0 && s < slots_end(m); s++) {
		path = slot_file(dir, s, "pem");
		if ((rc = cert_load_chain(&chain, path, e)) == 0)
			rc = d->write_cert(&m->card, s,
			    sk_X509_value(chain, 0), e);
		sk_X509_pop_free(chain, X509_free);
		chain = NULL;
		mem_free(&path);
	}
	return rc;
}

/* Keys that everybody knows are for cards of tests alone. */
static int
prepare(struct maker *m, const char *name, struct error *e)
{
	const struct card_driver *d = m->card.driver;
	struct scp03_keys	 keys = { .version = 0 };
	struct card_layout	 layout = { .management = 0x0a };
	enum card_alg		 alg;
	int			 rc = -1;

	if (card_alg_named(&alg, name, e) == -1)
		return -1;
	for (enum card_slot s = 0; s < CARD_RETIRED; s++) {
		layout.has[s] = true;
		layout.alg[s] = alg;
	}
	if (secret_set(&keys.enc, "@ABCDEFGHIJKLMNO", 16, e) == 0 &&
	    secret_set(&keys.mac, "@ABCDEFGHIJKLMNO", 16, e) == 0 &&
	    d->secure(&m->card, &keys, e) == 0 &&
	    d->prepare(&m->card, &layout, e) == 0 &&
	    d->set_pins(&m->card, &m->plan.pin, &m->plan.puk, e) == 0)
		rc = d->set_management(&m->card, layout.management,
		    &m->plan.factory_management, e);
	secret_free(&keys.enc);
	secret_free(&keys.mac);
	return rc;
}

static int
run(struct maker *m, int argc, char *argv[], struct error *e)
{
	if (pcsc_open(&m->pcsc, e) == -1)
		return -1;
	if (argc == 2 && strcmp(argv[1], "readers") == 0)
		return readers(m, e);
	if (argc < 3)
		return error_set(e, ERROR_INPUT, "what, in which reader?");
	if (open_card(m, argv[2], strcmp(argv[1], "look") == 0 ? LOOK_MS :
	    WAIT_MS, e) == -1)
		return -1;
	m->plan.own_management = m->card.info.extended;
	if (strcmp(argv[1], "look") == 0)
		return look(m, argv[3]);
	if (strcmp(argv[1], "make") == 0)
		return make(m, e);
	if (strcmp(argv[1], "prepare") == 0 && argc == 4)
		return prepare(m, argv[3], e);
	m->is_prepared = getenv("CARD_IS_PREPARED") != NULL;
	if (strcmp(argv[1], "keys") == 0 && argc == 5)
		return keys(m, argv[3], argv[4], e);
	if (strcmp(argv[1], "certs") == 0 && argc == 4)
		return certs(m, argv[3], e);
	return card_steps_check(&m->card, &m->plan, e);
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct maker	 m = { .pcsc = NULL };
	int		 rc;

	testpki_init(&m.pki, time(NULL));
	card_plan_init(&m.plan, &m.pki, true);
	rc = run(&m, argc, argv, &e);
	if (rc == -1)
		printf("%s [%s]\n%s%s", e.text, error_name(e.code), e.hint,
		    e.hint[0] == '\0' ? "" : "\n");
	else
		puts("done");
	apdu_close(&m.io);
	pcsc_close(&m.pcsc);
	card_plan_clear(&m.plan);
	testpki_clear(&m.pki);
	return rc == -1 ? error_exit_status(&e) : 0;
}
