/* SPDX-License-Identifier: Apache-2.0 */
#include "office_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "db/db_audit.h"
#include "db/db_card_batch.h"
#include "os/file.h"
#include "os/pass.h"
#include "os/sandbox.h"
#include "x509/cert.h"

#define LOOK_MS		250	/* at orders that somebody waits for */
#define CHORES_MS	2000

const struct clerk_ops	 OFFICE_CLERK = { office_found, office_begin,
	office_key, office_request, office_wait, office_secrets,
	office_issued, office_failed };

void
seat_tell_event(struct seat *s, struct event *v)
{
	struct error	 e = ERROR_INIT;

	v->reader = s->index;
	if (s->has_card) {
		snprintf(v->number, sizeof(v->number), "%s", s->card.number);
		snprintf(v->holder, sizeof(v->holder), "%s", s->card.holder);
	}
	/* Whoever shows it is gone: so are we, as soon as the loop sees it. */
	(void)event_send(s->office->parent, v, &e);
}

void
seat_tell(struct seat *s, enum event_kind kind, const char *text)
{
	struct event	 v = { .kind = kind };

	snprintf(v.text, sizeof(v.text), "%s", text);
	seat_tell_event(s, &v);
}

void
seat_leave(struct seat *s)
{
	layout_free(&s->layout);
	X509_free(s->leaf);
	X509_free(s->issuer);
	s->leaf = s->issuer = NULL;
	arena_reset(s->arena);
	s->has_card = s->waits = false;
	s->step = 0;
	s->failures = 0;
}

/* ---- what it needs ---- */

static int
get_secret(struct secret *s, const char *from, const void *usual, size_t n,
    struct error *e)
{
	return from != NULL ? secret_fetch(s, from, "factory", e) :
	    secret_set(s, usual, n, e);
}

/* SP 800-73 leaves it open; these are what blanks are sold with. */
static int
get_factory(struct office *o, struct error *e)
{
	static const uint8_t	 usual[24] = { 1, 2, 3, 4, 5, 6, 7, 8, 1, 2,
		3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct station_conf *c = o->conf;

	return get_secret(&o->factory_management, c->factory_management,
	    usual, sizeof(usual), e) == -1 ||
	    get_secret(&o->factory_pin, c->factory_pin, "123456", 6,
	    e) == -1 || get_secret(&o->factory_puk, c->factory_puk,
	    "12345678", 8, e) == -1 ? -1 : 0;
}

static int
get_agent(struct office *o, struct error *e)
{
	const struct station_conf	*c = o->conf;
	char				*uri = key_uri(c->agent_key,
					    c->pkcs11_module);
	int				 rc;

	place_init(&o->place, uri, c->agent_cert, &o->secret);
	mem_free(&uri);
	if (c->agent_passphrase != NULL && secret_fetch(&o->secret.secret,
	    c->agent_passphrase, "agent", e) == -1)
		return -1;
	if ((rc = place_read(&o->place, &o->agent, e)) == 0 &&
	    cert_role(o->agent.cert) != ROLE_STATION_AGENT) {
		rc = error_set(e, ERROR_CONFIG, "%s does not have the role "
		    "station-agent", o->place.cert);
		error_hint(e, "its profile is station-agent");
	}
	return rc;
}

static int
add_station(struct office *o, X509 *cert, struct error *e)
{
	if (sk_X509_push(o->stations, cert) <= 0) {
		X509_free(cert);
		return error_set(e, ERROR_NOMEM, "no memory");
	}
	return 0;
}

static int
get_seals(struct office *o, struct error *e)
{
	const struct station_conf	*c = o->conf;
	X509				*peer;

	if ((o->stations = sk_X509_new_null()) == NULL)
		return error_set(e, ERROR_NOMEM, "no memory");
	if (key_load(&o->seal_key, c->seal_key, c->seal_passphrase,
	    e) == -1 || cert_load(&o->seal_cert, c->seal_cert, e) == -1 ||
	    cert_load(&o->escrow, c->escrow, e) == -1 ||
	    cert_load(&o->mailing_house, c->mailing_house, e) == -1)
		return -1;
	if (!key_matches(o->seal_cert, o->seal_key))
		return error_set(e, ERROR_CONFIG, "%s is not the certificate "
		    "of %s", c->seal_cert, c->seal_key);
	X509_up_ref(o->seal_cert);
	if (add_station(o, o->seal_cert, e) == -1)
		return -1;
	for (size_t i = 0; i < c->peers.n; i++)
		if (cert_load(&peer, c->peers.v[i], e) == -1 ||
		    add_station(o, peer, e) == -1)
			return -1;
	return c->master == NULL ? 0 : secret_fetch(&o->master, c->master,
	    "master key of cards", e);
}

static void
office_clear(struct office *o)
{
	for (size_t i = 0; i < o->nseats; i++) {
		if (o->seat[i].arena != NULL)
			seat_leave(&o->seat[i]);
		arena_free(&o->seat[i].arena);
	}
	mem_free(&o->seat);
	db_close(&o->db);
	identity_free(&o->agent);
	place_clear(&o->place);
	EVP_PKEY_free(o->seal_key);
	X509_free(o->seal_cert);
	X509_free(o->escrow);
	X509_free(o->mailing_house);
	sk_X509_pop_free(o->stations, X509_free);
	secret_free(&o->secret.secret);
	secret_free(&o->master);
	secret_free(&o->factory_management);
	secret_free(&o->factory_pin);
	secret_free(&o->factory_puk);
}

static int
office_keys(struct office *o, const struct office_setup *setup,
    struct error *e)
{
	*o = (struct office){ .setup = setup, .conf = setup->conf };
	return get_factory(o, e) == -1 || get_agent(o, e) == -1 ||
	    get_seals(o, e) == -1 ? -1 : 0;
}

int
office_check(const struct office_setup *setup, struct error *e)
{
	struct office	 o;
	int		 rc = office_keys(&o, setup, e);

	office_clear(&o);
	return rc;
}

static int
office_open(struct office *o, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_CARD,
		&DB_CARD_CLAIM, &DB_CARD_STEP, &DB_CARD_KEY, &DB_CARD_SECRET,
		&DB_CARD_END, &DB_CARD_BATCH, &DB_AUDIT_APPEND, &DB_ORDER_ADD,
		&DB_ORDER_SUPPLY };

	o->nseats = o->setup->n;
	o->seat = mem_array(o->nseats, sizeof(*o->seat));
	for (size_t i = 0; i < o->nseats; i++)
		o->seat[i] = (struct seat){ .office = o,
		    .index = (uint32_t)i, .fd = o->setup->fd[i],
		    .arena = arena_new() };
	return db_open(&o->db, o->conf->database, "signet-station", tables,
	    sizeof(tables) / sizeof(tables[0]), e);
}

/* ---- the loop ---- */

static void
serve_seat(struct seat *s)
{
	struct clerk	 local = { &OFFICE_CLERK, s };
	struct error	 e = ERROR_INIT;

	if (clerk_answer(&local, s->fd, &e) > 0)
		return;
	if (e.code != ERROR_NONE)
		log_error(&e, "reader %u", s->index);
	close(s->fd);
	s->fd = -1;
	seat_leave(s);
}

/* Those who wait hear it as soon as it is so. */
static void
look_at_orders(struct office *o)
{
	for (size_t i = 0; i < o->nseats; i++) {
		struct seat	*s = &o->seat[i];
		struct error	 why = ERROR_INIT, e = ERROR_INIT;
		int		 rc;

		if (s->fd == -1 || !s->waits ||
		    (rc = office_wait(s, &why)) == 0)
			continue;
		s->waits = false;
		(void)clerk_answer_wait(s->fd, rc, &why, &e);
	}
}

static int
add_balance(struct office *o, const char *batch, struct event *v,
    struct arena *arena, struct error *e)
{
	struct db_card_batch	 row;
	struct db_card_balance	 b;
	int			 found;

	if ((found = db_card_batch_find(o->db, batch, &row, arena, e)) != 1)
		return found;
	if (db_card_batch_balance(o->db, row.id, &b, e) == -1)
		return -1;
	v->waiting += (uint32_t)(b.items_open - b.under_way);
	v->issued += (uint32_t)b.issued;
	v->spoiled += (uint32_t)b.spoiled;
	return 1;
}

static void
tell_balance(struct office *o)
{
	struct event	 v = { .kind = EVENT_BALANCE };
	struct error	 e = ERROR_INIT;
	struct arena	*arena = arena_new();
	int		 rc = 1;

	for (size_t i = 0; rc != -1 && i < o->setup->nbatches; i++)
		rc = add_balance(o, o->setup->batch[i], &v, arena, &e);
	arena_free(&arena);
	if (rc != -1)
		(void)event_send(o->parent, &v, &e);
}

static void
do_chores(struct office *o)
{
	struct error	 e = ERROR_INIT;

	if (office_revoke(o, &e) == -1)
		log_error(&e, "certificates of spoiled cards");
	tell_balance(o);
}

/* A worker begins: its line replaces that of the one before. */
static bool
take_worker(struct office *o)
{
	struct error	 e = ERROR_INIT;
	uint32_t	 i;
	int		 fd, rc = pass_recv(o->parent, &fd, &i, &e);

	if (rc == -1)
		log_error(&e, "a new worker");
	if (rc != 1)
		return false;
	if (i >= o->nseats) {
		close(fd);
		return true;
	}
	if (o->seat[i].fd != -1)
		close(o->seat[i].fd);
	seat_leave(&o->seat[i]);
	o->seat[i].fd = fd;
	return true;
}

/* False when the parent is gone. */
static bool
office_turn(struct office *o, struct pollfd *p)
{
	p[0] = (struct pollfd){ .fd = o->parent, .events = POLLIN };
	for (size_t i = 0; i < o->nseats; i++)
		p[i + 1] = (struct pollfd){ .fd = o->seat[i].fd,
		    .events = POLLIN };
	if (poll(p, o->nseats + 1, LOOK_MS) == -1 && errno != EINTR)
		return false;
	if (p[0].revents != 0)
		return take_worker(o);
	for (size_t i = 0; i < o->nseats; i++)
		if (o->seat[i].fd != -1 && p[i + 1].revents != 0)
			serve_seat(&o->seat[i]);
	look_at_orders(o);
	return true;
}

static void
office_loop(struct office *o)
{
	struct pollfd	*p = mem_array(o->nseats + 1, sizeof(*p));
	int64_t		 next = 0;

	while (office_turn(o, p))
		if (clock_monotonic_ms() >= next) {
			do_chores(o);
			next = clock_monotonic_ms() + CHORES_MS;
		}
	mem_free(&p);
}

static int
office_confine(const struct office *o, struct error *e)
{
	const struct station_conf	*c = o->conf;
	char				*key = file_directory(
					    o->place.key != NULL ?
					    o->place.key : o->place.cert);
	struct sandbox_path		*v = mem_array(6 + c->token_paths.n,
					    sizeof(*v));
	struct sandbox			 box = { .user = c->user, .path = v,
					    .no_exec = true };
	bool				 landlock;
	size_t				 n = 0;
	int				 rc;

	v[n++] = (struct sandbox_path){ key, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ c->layouts, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ c->letters, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ "/etc", SANDBOX_READ };
	v[n++] = (struct sandbox_path){ "/usr", SANDBOX_READ };
	v[n++] = (struct sandbox_path){ "/var/cache/fontconfig",
	    SANDBOX_READ };
	for (size_t i = 0; i < c->token_paths.n; i++)
		v[n++] = (struct sandbox_path){ c->token_paths.v[i],
		    SANDBOX_WRITE };
	box.npath = n;
	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&v);
	mem_free(&key);
	return rc;
}

int
office_main(int parent, void *arg)
{
	struct office	 o;
	struct error	 e = ERROR_INIT;
	int		 rc = EXIT_FAILURE;

	if (secret_init(&e) == -1) {
		log_error(&e, "clerk");
		return rc;
	}
	if (office_keys(&o, arg, &e) == 0 && office_open(&o, &e) == 0 &&
	    office_confine(&o, &e) == 0) {
		o.parent = parent;
		office_loop(&o);
		rc = EXIT_SUCCESS;
	} else
		log_error(&e, "clerk");
	office_clear(&o);
	return rc;
}
