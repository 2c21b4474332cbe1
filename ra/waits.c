/* SPDX-License-Identifier: Apache-2.0 */
#include "waits.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/db_wait.h"

#define IDLE_MS		1000
#define RETRY_MS	1000
#define PATIENCE	0		/* for a store that is away: once */
#define DEADLINE_MS	5000

struct waits {
	char		*database;
	struct db	*db;
	int		 kick;		/* eventfd */
	int		 bell;
	pthread_t	 thread;
	bool		 running;
	bool		 told;		/* that the store is away */
	pthread_mutex_t	 lock;		/* for what follows */
	struct wait	*first;
	unsigned int	 n;
	bool		 ended;
	bool		 look;		/* though nothing was heard */
	uint64_t	 heard;		/* turns in which something was */
};

void
wait_free(void *wait)
{
	mem_free(&wait);
}

/* Under the lock.  The request may be gone at once, and its wait with it. */
static void
waits_wake(struct waits *w, struct wait **at)
{
	struct wait	*wait = *at;

	*at = wait->next;
	w->n--;
	http_resume(wait->http);
}

static void
waits_wake_late(struct waits *w, int64_t now)
{
	struct wait	**at = &w->first;

	while (*at != NULL)
		if (w->ended || (*at)->until <= now)
			waits_wake(w, at);
		else
			at = &(*at)->next;
}

static bool
is_in(const uint8_t *id, const uint8_t (*list)[DB_ORDER_ID],
    const bool *done, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (memcmp(list[i], id, DB_ORDER_ID) == 0)
			return done[i];
	return false;
}

static size_t
waits_ids(struct waits *w, uint8_t (**out)[DB_ORDER_ID])
{
	uint8_t		(*id)[DB_ORDER_ID];
	struct wait	*wait;
	size_t		 n = 0;

	pthread_mutex_lock(&w->lock);
	id = mem_array(w->n + 1, sizeof(*id));
	for (wait = w->first; wait != NULL; wait = wait->next)
		memcpy(id[n++], wait->id, DB_ORDER_ID);
	pthread_mutex_unlock(&w->lock);
	*out = id;
	return n;
}

/* One question for all that wait. */
static int
waits_look(struct waits *w, struct error *e)
{
	uint8_t		(*id)[DB_ORDER_ID];
	struct bytes	*arg;
	struct wait	**at;
	bool		*done;
	size_t		 n = waits_ids(w, &id), i;
	int		 rc = 0;

	arg = mem_array(n + 1, sizeof(*arg));
	done = mem_array(n + 1, sizeof(*done));
	for (i = 0; i < n; i++)
		arg[i] = BYTES(id[i], DB_ORDER_ID);
	if (n > 0 && (rc = db_wait_look(w->db, arg, n, done, e)) == 0) {
		pthread_mutex_lock(&w->lock);
		for (at = &w->first; *at != NULL;)
			if (is_in((*at)->id,
			    (const uint8_t (*)[DB_ORDER_ID])id, done, n))
				waits_wake(w, at);
			else
				at = &(*at)->next;
		pthread_mutex_unlock(&w->lock);
	}
	mem_free(&id);
	mem_free(&arg);
	mem_free(&done);
	return rc;
}

static int
waits_open(struct waits *w, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_WAIT };

	if (w->db != NULL)
		return 0;
	if (db_open_told(&w->db, w->database, "signet-rad waits", tables, 1,
	    w->bell, e) == -1)
		return -1;
	db_set_patience(w->db, PATIENCE);
	db_set_deadline(w->db, DEADLINE_MS);
	if (db_listen(w->db, "signet_issued", e) == -1)
		return -1;
	/* What happened before is not told. */
	pthread_mutex_lock(&w->lock);
	w->look = true;
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static int
waits_heard(struct waits *w, bool *moved, struct error *e)
{
	char	 channel[64];
	int	 got;

	while ((got = db_notified(w->db, channel, e)) == 1)
		*moved = true;
	return got;
}

/* Whoever read an order's state before this, and waits for it after, has
 * missed it. */
static bool
waits_note(struct waits *w, bool moved)
{
	pthread_mutex_lock(&w->lock);
	moved |= w->look;
	w->look = false;
	w->heard += moved;
	pthread_mutex_unlock(&w->lock);
	return moved;
}

static int
waits_turn(struct waits *w, struct error *e)
{
	struct pollfd	 p[2];
	uint64_t	 count;
	bool		 moved = false;

	if (waits_open(w, e) == -1)
		return -1;
	p[0] = (struct pollfd){ .fd = w->kick, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = db_socket(w->db), .events = POLLIN };
	(void)poll(p, 2, w->first == NULL ? IDLE_MS : 100);
	if ((p[0].revents & POLLIN) != 0 &&
	    read(w->kick, &count, sizeof(count)) != sizeof(count))
		log_debug("waits: %s", strerror(errno));
	if (p[1].revents != 0 && waits_heard(w, &moved, e) == -1)
		return -1;
	return waits_note(w, moved) ? waits_look(w, e) : 0;
}

static void *
waits_main(void *arg)
{
	struct waits	*w = arg;
	struct error	 e;
	struct timespec	 nap = { RETRY_MS / 1000, 0 };
	bool		 ended;

	do {
		error_clear(&e);
		if (waits_turn(w, &e) == -1) {
			if (!w->told)
				log_error(&e, "hearing what was issued");
			w->told = true;
			db_close(&w->db);
			nanosleep(&nap, NULL);
		} else
			w->told = false;
		pthread_mutex_lock(&w->lock);
		waits_wake_late(w, clock_monotonic_ms());
		ended = w->ended;
		pthread_mutex_unlock(&w->lock);
	} while (!ended);
	db_close(&w->db);
	return NULL;
}

int
waits_start(struct waits **out, const char *database, int bell,
    struct error *e)
{
	struct waits	*w = mem_alloc(sizeof(*w));
	int		 rv;

	*out = NULL;
	w->database = mem_strdup(database);
	w->bell = bell;
	pthread_mutex_init(&w->lock, NULL);
	if ((w->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		error_sys(e, "eventfd");
		waits_free(&w);
		return -1;
	}
	if ((rv = pthread_create(&w->thread, NULL, waits_main, w)) != 0) {
		errno = rv;
		error_sys(e, "start a thread");
		waits_free(&w);
		return -1;
	}
	w->running = true;
	*out = w;
	return 0;
}

static void
waits_kick(struct waits *w)
{
	const uint64_t	 one = 1;

	if (write(w->kick, &one, sizeof(one)) == -1)
		log_debug("waits: %s", strerror(errno));
}

void
waits_end(struct waits *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	waits_wake_late(w, 0);
	pthread_mutex_unlock(&w->lock);
	waits_kick(w);
	if (w->running)
		pthread_join(w->thread, NULL);
	w->running = false;
}

void
waits_free(struct waits **wp)
{
	struct waits	*w = *wp;

	if (w == NULL)
		return;
	waits_end(w);
	if (w->kick != -1)
		close(w->kick);
	mem_free(&w->database);
	pthread_mutex_destroy(&w->lock);
	mem_free(wp);
}

uint64_t
waits_now(struct waits *w)
{
	uint64_t	 heard;

	pthread_mutex_lock(&w->lock);
	heard = w->heard;
	pthread_mutex_unlock(&w->lock);
	return heard;
}

int
waits_add(struct waits *w, struct http_request *http,
    const uint8_t id[DB_ORDER_ID], uint64_t since, int ms)
{
	struct wait	*wait = http_context(http);
	bool		 kick = false;
	int		 added = 0;

	pthread_mutex_lock(&w->lock);
	if (!w->ended && w->n < WAITS_MAX && ms > 0) {
		if (wait == NULL) {
			wait = mem_alloc(sizeof(*wait));
			http_set_context(http, wait);
		}
		memcpy(wait->id, id, DB_ORDER_ID);
		wait->until = clock_monotonic_ms() + ms;
		wait->http = http;
		wait->next = w->first;
		w->first = wait;
		w->n++;
		w->look |= since != w->heard;
		kick = w->look || w->n == 1;
		http_suspend(http);
		added = 1;
	}
	pthread_mutex_unlock(&w->lock);
	if (kick)
		waits_kick(w);
	return added;
}

unsigned int
waits_count(struct waits *w)
{
	unsigned int	 n;

	pthread_mutex_lock(&w->lock);
	n = w->n;
	pthread_mutex_unlock(&w->lock);
	return n;
}
