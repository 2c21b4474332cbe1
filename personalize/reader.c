/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine.h"
#include "event.h"
#include "os/fault.h"
#include "os/sandbox.h"
#include "pcsc.h"

#define LOOK_MS		500	/* between two looks at the parent */
#define CONNECT_MS	3000
#define PAUSE_MS	1000	/* before trouble is tried again */
#define COMMAND_MS	20000	/* the slowest card that is well, */
#define COMPUTE_MS	90000	/* ... when it computes, or writes for good */
#define GENERATE_MS	240000	/* RSA-4096 */
#define LOST_MAX	5

struct reader {
	const struct reader_setup *setup;
	int			 parent, clerk_fd;
	struct clerk		 clerk;
	struct pcsc		*pcsc;
	struct card_io		 io, bare;	/* watched; what it is made of */
	bool			 over;
	/* What the reader had seen when the card was connected to. */
	int64_t			 held_at;
	/* A card that is begun, and what the reader had seen until then. */
	bool			 begun;
	struct card_info	 was;
	int64_t			 changes;
	/* How often it was lost, though nobody saw it go. */
	unsigned int		 lost;
	int64_t			 lost_at;
};

static void
tell(struct reader *r, enum event_kind kind, const struct error *why)
{
	struct event	 v = { .reader = r->setup->index, .kind = kind };
	struct error	 e = ERROR_INIT;

	if (why != NULL)
		snprintf(v.text, sizeof(v.text), "%s", why->text);
	if (event_send(r->parent, &v, &e) == -1)
		r->over = true;
}

/* The parent says nothing; it goes. */
static bool
is_over(struct reader *r, int ms)
{
	struct pollfd	 p = { .fd = r->parent, .events = POLLIN };

	if (!r->over && poll(&p, 1, ms) > 0)
		r->over = true;
	return r->over;
}

/* ---- a card_io that says how long it may take ---- */

static void
watch(struct reader *r, int64_t ms)
{
	atomic_store(&r->setup->watch->until, ms == 0 ? 0 :
	    clock_monotonic_ms() + ms);
}

static int64_t
patience(struct bytes command)
{
	static const uint8_t	 slow[] = { 0x24, 0x2c, 0x87, 0xdb, 0xf9,
		0xff };

	if (command.len < 2)
		return COMMAND_MS;
	return command.p[1] == 0x47 ? GENERATE_MS : memchr(slow,
	    command.p[1], sizeof(slow)) != NULL ? COMPUTE_MS : COMMAND_MS;
}

static int
watched_transmit(void *io, struct bytes command, uint8_t *out, size_t size,
    size_t *outlen, struct error *e)
{
	struct reader	*r = io;
	int		 rc;

	watch(r, patience(command));
	FAULT("reader.command");
	rc = r->bare.ops->transmit(r->bare.io, command, out, size, outlen, e);
	FAULT("reader.answer");
	watch(r, 0);
	return rc;
}

static int
watched_reconnect(void *io, struct error *e)
{
	struct reader	*r = io;
	int		 rc;

	watch(r, CONNECT_MS + COMMAND_MS);
	rc = r->bare.ops->reconnect(r->bare.io, e);
	watch(r, 0);
	r->held_at = pcsc_changes(r->pcsc, r->setup->name);
	r->io.extended = r->bare.extended;
	r->io.t0 = r->bare.t0;
	return rc;
}

static void
watched_release(void *io)
{
	struct reader	*r = io;

	watch(r, COMMAND_MS);
	r->bare.ops->release(r->bare.io);
	watch(r, 0);
}

static void
watched_close(void *io)
{
	struct reader	*r = io;

	watch(r, COMMAND_MS);
	apdu_close(&r->bare);
	watch(r, 0);
}

static int
connect_card(struct reader *r, struct error *e)
{
	static const struct card_io_ops	 ops = { watched_transmit,
		watched_reconnect, watched_release, watched_close };
	int				 rc;

	watch(r, CONNECT_MS + COMMAND_MS);
	rc = pcsc_connect(r->pcsc, r->setup->name, CONNECT_MS, &r->bare, e);
	watch(r, 0);
	r->held_at = pcsc_changes(r->pcsc, r->setup->name);
	if (rc == 0)
		r->io = (struct card_io){ .ops = &ops, .io = r,
		    .extended = r->bare.extended, .t0 = r->bare.t0 };
	return rc;
}

/* ---- one card ---- */

enum outcome { OVER, AGAIN, LATER, REMOVE };

/* The clerk's answers wait for the CA a little while each.  Nobody waits for
 * a card that is not there any more: whoever brings it back asks again. */
static enum outcome
wait_for_ca(struct reader *r, struct error *e)
{
	struct error	 gone = ERROR_INIT;
	int		 rc;

	while ((rc = r->clerk.ops->wait(r->clerk.arg, e)) == 0) {
		if (is_over(r, 0))
			return OVER;
		if (pcsc_wait(r->pcsc, r->setup->name, false, 0, &gone) == 0)
			continue;
		error_set(&gone, ERROR_CARD, "the card was taken away before "
		    "the CA had answered");
		tell(r, EVENT_GONE, &gone);
		return AGAIN;
	}
	return rc == 1 ? AGAIN : REMOVE;
}

/* Lost time and again, and it was in all the time: it answers without an end,
 * dies at a command, or cannot be understood by this reader. */
static bool
is_ill(struct reader *r)
{
	int64_t	 changes = pcsc_changes(r->pcsc, r->setup->name);

	r->lost = changes != -1 && changes == r->lost_at ? r->lost + 1 : 1;
	r->lost_at = changes;
	return r->lost > LOST_MAX;
}

/* What is wrong is the card's, or of all that is around it. */
static enum outcome
judge(struct reader *r, bool lost, const struct error *why)
{
	struct error	 e = ERROR_INIT;
	bool		 again = false;

	if (lost && !is_ill(r)) {
		tell(r, EVENT_GONE, why);
		return AGAIN;
	}
	if (!lost && (why->code == ERROR_UPSTREAM ||
	    why->code == ERROR_RETRY)) {
		tell(r, EVENT_TROUBLE, why);
		return LATER;
	}
	if (r->clerk.ops->failed(r->clerk.arg, why, &again, &e) == -1) {
		tell(r, EVENT_TROUBLE, &e);
		return LATER;
	}
	return again ? AGAIN : REMOVE;
}

static enum outcome
work(struct reader *r, struct card *c, struct job *j)
{
	struct error	 e = ERROR_INIT;
	enum engine_end	 end = ENGINE_DONE;
	enum outcome	 next;

	if (engine_work(c, &r->clerk, j, &end, &e) == -1)
		return judge(r, r->io.lost, &e);
	if (end == ENGINE_DONE)
		return REMOVE;
	card_release(c);
	next = wait_for_ca(r, &e);
	return next == REMOVE ? judge(r, false, &e) : next;
}

/*
 * A card that changes unseen, in the middle of the work, is no mistake of the
 * operator's: who changed it is quicker than the reader, or sits in between.
 */
static bool
is_swapped(struct reader *r, const struct card_info *now)
{
	int64_t	 changes = pcsc_changes(r->pcsc, r->setup->name);
	bool	 unseen = r->begun && changes != -1 && changes == r->changes;

	r->changes = changes;
	return unseen && !card_is_same(&r->was, now);
}

static enum outcome
take_up(struct reader *r, struct card *c, struct job *j)
{
	struct error	 e = ERROR_INIT;
	enum outcome	 next;

	if (is_swapped(r, &c->info)) {
		error_set(&e, ERROR_CONFLICT, "another card is in the reader "
		    "than the one that was begun, and nobody saw it change");
		return judge(r, false, &e);
	}
	if (r->clerk.ops->found(r->clerk.arg, &c->info, j, &e) == -1)
		/* The clerk has told why. */
		return e.code == ERROR_CONFLICT ? REMOVE : LATER;
	r->begun = true;
	next = work(r, c, j);
	r->was = c->info;
	return next;
}

/* Who the card is the clerk says, each time anew. */
static enum outcome
attend(struct reader *r)
{
	struct error	 e = ERROR_INIT;
	struct card	 card;
	struct job	 j = { .nslots = 0 };
	enum outcome	 next;

	if (connect_card(r, &e) == -1) {
		tell(r, e.code == ERROR_NOTFOUND ? EVENT_GONE : EVENT_AWAY,
		    &e);
		return LATER;
	}
	if (card_open(&card, &r->io, &e) == -1) {
		next = r->io.lost && !is_ill(r) ? AGAIN : REMOVE;
		tell(r, next == AGAIN ? EVENT_GONE : EVENT_REFUSED, &e);
	} else
		next = take_up(r, &card, &j);
	if (next == REMOVE) {
		r->begun = false;
		r->lost = 0;
	}
	job_clear(&j);
	apdu_close(&r->io);
	return next;
}

/* ---- one reader ---- */

/* Wait until a card is there.  1, 0 it is over, -1. */
static int
wait_for_card(struct reader *r, struct error *e)
{
	int	 rc = 0;

	while (rc == 0 && !is_over(r, 0))
		rc = pcsc_wait(r->pcsc, r->setup->name, true, LOOK_MS, e);
	return rc;
}

/* ... until the one that was done with is gone.  Quick hands have put in the
 * next one before anybody looked: the reader has counted that. */
static int
wait_for_other(struct reader *r, struct error *e)
{
	int64_t	 changes;
	int	 rc = 0;

	while (rc == 0 && !is_over(r, 0)) {
		changes = pcsc_changes(r->pcsc, r->setup->name);
		if (changes != -1 && r->held_at != -1 && changes != r->held_at)
			return 1;
		rc = pcsc_wait(r->pcsc, r->setup->name, false, LOOK_MS, e);
	}
	return rc;
}

static int
serve_cards(struct reader *r, struct error *e)
{
	enum outcome	 next = REMOVE;

	for (;;) {
		if (next == REMOVE)
			tell(r, EVENT_EMPTY, NULL);
		if (wait_for_card(r, e) != 1)
			return r->over ? 0 : -1;
		tell(r, EVENT_CARD, NULL);
		if ((next = attend(r)) == OVER)
			return 0;
		if (next == LATER && is_over(r, PAUSE_MS))
			return 0;
		if (next == REMOVE && wait_for_other(r, e) != 1)
			return r->over ? 0 : -1;
	}
}

static void
reader_loop(struct reader *r)
{
	struct error	 e = ERROR_INIT;

	while (!is_over(r, 0)) {
		error_clear(&e);
		if (pcsc_open(&r->pcsc, &e) == 0 && serve_cards(r, &e) == 0) {
			pcsc_close(&r->pcsc);
			return;
		}
		pcsc_close(&r->pcsc);
		tell(r, EVENT_AWAY, &e);
		if (is_over(r, PAUSE_MS))
			return;
	}
}

static int
reader_confine(const struct reader_setup *s, struct error *e)
{
	static const struct sandbox_path	 paths[] = {
		{ "/usr", SANDBOX_READ }, { "/etc", SANDBOX_READ },
	};
	const struct sandbox	 box = { .user = s->user, .path = paths,
				    .npath = sizeof(paths) / sizeof(paths[0]),
				    .no_network = true, .local_sockets = true,
				    .no_exec = true };
	bool			 landlock;

	return sandbox_enter(&box, &landlock, e);
}

int
reader_main(int parent, void *arg)
{
	struct reader	 r = { .setup = arg, .parent = parent };
	struct error	 e = ERROR_INIT;

	r.clerk_fd = r.setup->clerk;
	clerk_remote(&r.clerk, &r.clerk_fd);
	if (secret_init(&e) == -1 || reader_confine(r.setup, &e) == -1) {
		log_error(&e, "reader %s", r.setup->name);
		return EXIT_FAILURE;
	}
	reader_loop(&r);
	return EXIT_SUCCESS;
}
