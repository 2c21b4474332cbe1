/* SPDX-License-Identifier: Apache-2.0 */
#include "feed.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "db/conninfo.h"
#include "db/db_ocsp.h"

#define CHANGES_MAX	20000	/* more are as good as all */
#define CLOCKS_APART	2000	/* ms, of primary and replica */

struct feed {
	struct feed_conf	 conf;
	pthread_t		 thread;
	int			 wake;		/* eventfd: end */
	atomic_bool		 stop;

	/* Of the thread alone. */
	struct db		*db;
	struct arena		*arena;
	bool			 listening;
	bool			 was_well, said;
	bool			 several;	/* hosts: one may be left behind */
	int64_t			 beat, beat_at;	/* last new heartbeat; ours */
	int64_t			 behind_at;	/* not believed since; 0: is */
	int64_t			 seq;		/* 0: nothing seen yet */
	uint8_t			 hash[DB_DIGEST];

	/* For everybody. */
	_Atomic int64_t		 good_at;	/* monotonic ms; 0: not */
	_Atomic int64_t		 lag_ms;	/* of a replica */
	_Atomic int64_t		 silent_ms;	/* since the last heartbeat */
	atomic_bool		 is_replica;
};

static void
drop_everything(struct feed *f, const char *why)
{
	log_info("%s: everything is read anew", why);
	cells_sweep(f->conf.cells, NULL, NULL);
	answers_drop_all(f->conf.answers);
}

static void
drop_one(struct feed *f, const struct issuers *t, const struct db_ocsp_key *k,
    int64_t now)
{
	const struct issuer_ca	*ca = issuers_named(t, k->ca);
	struct cell_key		 key;

	if (ca == NULL)
		return;
	key.ca = ca->number;
	key.serial_len = (uint8_t)k->serial.len;
	memcpy(key.serial, k->serial.p, k->serial.len);
	cells_drop(f->conf.cells, &key, now);
}

/* The chain stands at is.seq: what has changed since we looked last? */
static int
follow(struct feed *f, const struct db_ocsp_feed *is, struct error *e)
{
	struct db_ocsp_keys	 keys = { NULL, 0 };
	struct issuers		*t;
	int64_t			 now = clock_now(f->conf.clock);
	size_t			 i;

	arena_reset(f->arena);
	if (db_ocsp_changes(f->db, f->seq, CHANGES_MAX, &keys, f->arena,
	    e) == -1)
		return -1;
	cells_set_seq(f->conf.cells, is->seq);
	if (keys.n == CHANGES_MAX) {
		drop_everything(f, "very many certificates have changed");
		return 0;
	}
	t = issuers_get(f->conf.issuers);
	for (i = 0; i < keys.n; i++)
		drop_one(f, t, &keys.v[i], now);
	issuers_free(&t);
	return 0;
}

static int
take(struct feed *f, const struct db_ocsp_feed *is, struct error *e)
{
	bool	 moved = is->seq != f->seq;

	if (f->seq != 0 && (is->seq < f->seq || !is->continues)) {
		cells_set_seq(f->conf.cells, is->seq);
		drop_everything(f, "the store has another history than before");
	} else if (f->seq == 0)
		cells_set_seq(f->conf.cells, is->seq);
	else if (moved && follow(f, is, e) == -1)
		return -1;
	f->seq = is->seq;
	memcpy(f->hash, is->hash, sizeof(f->hash));
	if (moved)
		f->conf.moved(f->conf.arg);
	return 0;
}

/* On a primary, NOTIFY is quicker than the next look. */
static int
listen_in(struct feed *f, const struct db_ocsp_feed *is, struct error *e)
{
	if (f->listening || is->is_replica)
		return 0;
	f->listening = true;
	return db_listen(f->db, "signet_status", e);
}

/*
 * How old the heartbeat is: by the clocks of primary and replica, and by how
 * long none has come, whichever is more.  Neither would do alone.  A replica
 * whose clock is behind seems to have everything at once; and who hears each
 * heartbeat late does not know how late.
 */
static void
measure(struct feed *f, const struct db_ocsp_feed *is, int64_t now)
{
	int64_t	 age = is->heartbeat_ms;

	if (is->beat != f->beat) {
		f->beat = is->beat;
		f->beat_at = now;
	}
	if (age >= -CLOCKS_APART && age < now - f->beat_at)
		age = now - f->beat_at;
	atomic_store(&f->is_replica, is->is_replica);
	atomic_store(&f->lag_ms, is->is_replica ? age : 0);
	atomic_store(&f->silent_ms, age);
}

/*
 * Of several hosts one that was the primary may go on as if it still were, when
 * another has taken its place: there nobody writes any more.
 */
static int
check_heartbeat(const struct feed *f, struct error *e)
{
	int64_t	 age = atomic_load(&f->silent_ms);
	bool	 is_replica = atomic_load(&f->is_replica);

	if (!is_replica && !f->several)
		return 0;
	if (is_replica && age < -CLOCKS_APART)
		return error_set(e, ERROR_UPSTREAM, "the clock of the replica "
		    "is %lld s behind that of its primary",
		    (long long)-age / 1000);
	if (age <= f->conf.max_lag_ms)
		return 0;
	if (is_replica)
		return error_set(e, ERROR_UPSTREAM, "the replica is %lld s "
		    "behind, or nothing writes the heartbeat",
		    (long long)age / 1000);
	return error_set(e, ERROR_UPSTREAM, "nothing has written the heartbeat "
	    "to this primary for %lld s: is another one in its place?",
	    (long long)age / 1000);
}

/* Of several hosts another one may be better than one that stays behind. */
static int
turn_away(struct feed *f, int64_t now, struct error *e)
{
	struct error	 why = ERROR_INIT;

	if (!f->several || check_heartbeat(f, &why) == 0) {
		f->behind_at = 0;
		return 0;
	}
	if (f->behind_at == 0)
		f->behind_at = now;
	if (now - f->behind_at < f->conf.max_lag_ms)
		return 0;
	f->behind_at = 0;
	db_turn(f->db);
	*e = why;
	return -1;
}

static int
look(struct feed *f, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_OCSP };
	struct db_ocsp_feed			 is;
	int64_t					 began;

	if (f->db == NULL) {
		db_open_later(&f->db, f->conf.database, "signet-ocspd feed",
		    tables, 1);
		db_set_patience(f->db, 0);
		db_set_deadline(f->db, f->conf.query_ms);
		(void)db_set_strict(f->db, e);	/* not connected yet */
	}
	began = clock_monotonic_ms();
	if (db_ocsp_feed(f->db, f->seq, f->seq != 0 ? f->hash : NULL, &is,
	    e) == -1 || take(f, &is, e) == -1 || listen_in(f, &is, e) == -1)
		return -1;
	measure(f, &is, began);
	atomic_store(&f->good_at, began);
	return turn_away(f, began, e);
}

static void
look_and_tell(struct feed *f)
{
	struct error	 e = ERROR_INIT;

	if (look(f, &e) == 0) {
		if (!f->was_well && f->said)
			log_info("the store is there again");
		f->was_well = true;
		complain_end(f->conf.complaints, COMPLAIN_FEED);
		return;
	}
	/* What it listened to goes with it: the next may be a replica. */
	if (f->listening)
		db_close(&f->db);
	f->listening = false;
	f->was_well = false;
	f->said = true;
	complain(f->conf.complaints, COMPLAIN_FEED, &e,
	    "the store is away, answers that need it are \"try later\"");
}

static void
take_news(struct feed *f)
{
	struct error	 ignored = ERROR_INIT;
	char		 channel[64];

	while (db_notified(f->db, channel, &ignored) == 1)
		;
}

static void
wait_a_little(struct feed *f)
{
	struct pollfd	 p[2] = { { .fd = f->wake, .events = POLLIN },
			    { .fd = -1, .events = POLLIN } };

	if (f->listening)
		p[1].fd = db_socket(f->db);
	(void)poll(p, 2, f->conf.poll_ms);
	if (p[1].revents != 0)
		take_news(f);
}

static void *
feed_thread(void *arg)
{
	struct feed	*f = arg;

	while (!atomic_load(&f->stop)) {
		look_and_tell(f);
		wait_a_little(f);
	}
	db_close(&f->db);
	return NULL;
}

int
feed_start(struct feed **out, const struct feed_conf *conf, struct error *e)
{
	struct feed	*f = mem_alloc(sizeof(*f));
	int		 rc;

	*out = NULL;
	f->conf = *conf;
	f->arena = arena_new();
	f->several = conninfo_count(conf->database) > 1;
	if ((f->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		rc = error_sys(e, "eventfd");
	else if ((rc = pthread_create(&f->thread, NULL, feed_thread, f)) != 0)
		rc = error_set(e, ERROR_UPSTREAM, "start thread: %s",
		    strerror(rc));
	if (rc == 0) {
		*out = f;
		return 0;
	}
	if (f->wake != -1)
		close(f->wake);
	arena_free(&f->arena);
	mem_free(&f);
	return -1;
}

void
feed_stop(struct feed *f)
{
	if (f == NULL || atomic_exchange(&f->stop, true))
		return;
	(void)eventfd_write(f->wake, 1);
	pthread_join(f->thread, NULL);
}

void
feed_free(struct feed **fp)
{
	struct feed	*f = *fp;

	if (f == NULL)
		return;
	feed_stop(f);
	close(f->wake);
	arena_free(&f->arena);
	mem_free(fp);
}

int
feed_check(const struct feed *f, struct error *e)
{
	int64_t	 good_at = atomic_load(&f->good_at);

	if (good_at == 0)
		return error_set(e, ERROR_UPSTREAM, "the store is away");
	if (clock_monotonic_ms() - good_at > f->conf.freshness_ms)
		return error_set(e, ERROR_UPSTREAM, "the store was seen last "
		    "%lld ms ago", (long long)(clock_monotonic_ms() - good_at));
	return check_heartbeat(f, e);
}

void
feed_doubt(struct feed *f)
{
	atomic_store(&f->good_at, 0);
}

void
feed_look(const struct feed *f, struct feed_state *s)
{
	int64_t	 good_at = atomic_load(&f->good_at);

	s->age_ms = good_at == 0 ? -1 : clock_monotonic_ms() - good_at;
	s->lag_ms = atomic_load(&f->lag_ms);
	s->is_replica = atomic_load(&f->is_replica);
	s->seq = cells_seq(f->conf.cells);
}
