/* SPDX-License-Identifier: Apache-2.0 */
#include "office_private.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "db/db_audit.h"
#include "db/db_card_batch.h"
#include "office_letter.h"
#include "os/file.h"
#include "os/msg.h"
#include "os/pass.h"
#include "os/sandbox.h"

#define CHANNEL		"signet_issued"	/* the CA: something was */
#define LOOK_MS		1000	/* at orders, whatever is heard */
#define NOT_YET_MS	1000	/* the worker sees whether its card is there */
#define CHORES_MS	2000
#define READY		2	/* type of the first message to the parent */

static const struct clerk_ops	of_clerk = { office_found, office_begin,
	office_key, office_request, office_wait, office_secrets,
	office_weaker, office_channel, office_issued, office_failed };

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
	buf_clear(&s->leaf);
	buf_clear(&s->issuer);
	arena_reset(s->arena);
	s->asked_at = 0;
	s->has_card = s->waits = s->at_hand = s->no_cert = false;
	s->step = 0;
	s->failures = 0;
	s->denied = false;
}

static int
office_open(struct office *o, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_CARD,
		&DB_CARD_CLAIM, &DB_CARD_STEP, &DB_CARD_KEY, &DB_CARD_SECRET,
		&DB_CARD_END, &DB_CARD_OWN, &DB_CARD_SPOIL, &DB_CARD_BATCH,
		&DB_AUDIT_APPEND, &DB_ORDER_ADD, &DB_ORDER_SUPPLY };

	o->nseats = o->setup->n;
	o->seat = mem_array(o->nseats, sizeof(*o->seat));
	for (size_t i = 0; i < o->nseats; i++)
		o->seat[i] = (struct seat){ .office = o,
		    .index = (uint32_t)i, .fd = -1, .arena = arena_new() };
	o->look = arena_new();
	return db_open(&o->db, o->conf->database, "signet-station", tables,
	    sizeof(tables) / sizeof(tables[0]), e) == -1 ? -1 :
	    db_listen(o->db, CHANNEL, e);
}

/* ---- the loop ---- */

static void
serve_seat(struct seat *s)
{
	struct clerk	 local = { &of_clerk, s };
	struct error	 e = ERROR_INIT;

	if (clerk_answer(&local, s->fd, &e) > 0)
		return;
	if (e.code != ERROR_NONE)
		log_error(&e, "reader %u", s->index);
	close(s->fd);
	s->fd = -1;
	seat_leave(s);
}

/* Has the CA said anything, or been silent for long?  What it said may have
 * come with the answer to a question of ours. */
static bool
is_time_to_look(struct office *o)
{
	struct error	 e = ERROR_INIT;
	char		 channel[64];
	int64_t		 now = clock_monotonic_ms();
	bool		 heard = false;

	while (db_notified(o->db, channel, &e) == 1)
		heard = true;
	if (!heard && now < o->look_at)
		return false;
	o->look_at = now + LOOK_MS;
	return true;
}

/* Those who wait hear it as soon as it is so. */
static void
look_at_orders(struct office *o)
{
	if (!is_time_to_look(o))
		return;
	for (size_t i = 0; i < o->nseats; i++) {
		struct seat	*s = &o->seat[i];
		struct error	 why = ERROR_INIT, e = ERROR_INIT;
		int		 rc;

		if (s->fd == -1 || s->asked_at == 0 ||
		    ((rc = office_wait(s, &why)) == 0 &&
		    clock_monotonic_ms() - s->asked_at < NOT_YET_MS))
			continue;
		s->asked_at = 0;
		s->waits &= rc == 0;
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

	office_look_agent(o);
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
	p[o->nseats + 1] = (struct pollfd){ .fd = db_socket(o->db),
	    .events = POLLIN };
	if (poll(p, o->nseats + 2, LOOK_MS) == -1 && errno != EINTR)
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
	struct pollfd	*p = mem_array(o->nseats + 2, sizeof(*p));
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
	char				*cert = file_directory(o->place.cert);
	struct sandbox_path		*v = mem_array(7 + c->token_paths.n,
					    sizeof(*v));
	struct sandbox			 box = { .user = c->user, .path = v,
					    .no_exec = true };
	bool				 landlock;
	size_t				 n = 0;
	int				 rc;

	v[n++] = (struct sandbox_path){ key, SANDBOX_READ };
	v[n++] = (struct sandbox_path){ cert, SANDBOX_READ };
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
	mem_free(&cert);
	mem_free(&key);
	return rc;
}

static int
send_ready(int parent, const struct error *why)
{
	struct msg	 m = { 0 };
	struct error	 e = ERROR_INIT;
	int		 rc;

	msg_init(&m, why->code == ERROR_NONE ? READY : 0);
	if (why->code != ERROR_NONE)
		msg_put_error(&m, why);
	rc = msg_send(parent, &m, &e);
	msg_clear(&m);
	return rc;
}

int
office_ready(int clerk, struct error *e)
{
	struct msg	 m = { 0 };
	int		 rc = msg_answer(clerk, &m, READY, e);

	msg_clear(&m);
	return rc;
}

int
office_main(int parent, void *arg)
{
	struct office	 o = { .parent = parent };
	struct error	 e = ERROR_INIT;
	int		 rc = EXIT_FAILURE;

	if (secret_init(&e) == 0 && office_keys(&o, arg, &e) == 0 &&
	    office_open(&o, &e) == 0)
		(void)(office_confine(&o, &e) == 0 &&
		    office_letters_warm_up(&o, &e) == 0);
	if (send_ready(parent, &e) == 0 && e.code == ERROR_NONE) {
		office_loop(&o);
		rc = EXIT_SUCCESS;
	}
	office_clear(&o);
	return rc;
}
