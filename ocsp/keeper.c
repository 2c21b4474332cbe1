/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "db/db_ca.h"
#include "db/db_crl.h"
#include "db/db_ocsp.h"

#define ROUND_MS	1000
#define STORE_MS	10000	/* the store, if nobody kicks */
#define KICK_MS		500	/* and at most so often if somebody does */
#define QUERY_MS	10000
#define HEALTH_SECONDS	30	/* a check that is not renewed is not well */

struct keeper {
	const struct responder	*r;
	struct health		*health;
	pthread_t		 thread;
	int			 wake, end;
	atomic_bool		 stop, kicked;
	struct db		*db;
	int64_t			 next_store;	/* monotonic ms */
};

static void
say_lines(struct keeper *k, struct buf *lines, bool alarm)
{
	struct error	 e = ERROR_INIT;
	char		*p, *end;

	for (p = (char *)lines->p; p != NULL && p < (char *)lines->p +
	    lines->len; p = end + 1) {
		if ((end = memchr(p, '\n', (size_t)((char *)lines->p +
		    lines->len - p))) == NULL)
			break;
		*end = '\0';
		if (!alarm) {
			log_info("%s", p);
			continue;
		}
		reading_add(k->r->readings, READ_FLOOR);
		error_set(&e, ERROR_DENIED, "%s", p);
		log_error(&e, "ALARM");
		error_clear(&e);
	}
	lines->len = 0;
}

/* Certificates that are on the new list, and in our hands are not. */
static bool
is_overruled(void *arg, const struct cell *c)
{
	struct crl_entry	 entry;

	return (c->status.state == CELL_GOOD ||
	    c->status.state == CELL_NEVER_ISSUED) &&
	    floor_find(arg, &c->key, &entry);
}

static int
look_at_floor(struct keeper *k, struct db *db, struct error *e)
{
	const struct responder	*r = k->r;
	struct issuers		*t = issuers_get(r->issuers);
	struct buf		 alarms = { 0 };
	int			 got;

	got = floor_load(r->floor, t, db, &alarms, e);
	if (got == 1)
		cells_sweep(r->cells, is_overruled, r->floor);
	say_lines(k, &alarms, true);
	buf_clear(&alarms);
	issuers_free(&t);
	return got == -1 ? -1 : 0;
}

static int
look_at_issuers(struct keeper *k, const struct db_cas *cas, struct error *e)
{
	struct buf	 notes = { 0 };
	int		 rc;

	rc = issuers_load(k->r->issuers, cas, &notes, e);
	say_lines(k, &notes, false);
	buf_clear(&notes);
	return rc == -1 ? -1 : 0;
}

static int
look_at_store(struct keeper *k, struct error *e)
{
	struct arena	*a = arena_new();
	struct db_cas	 cas;
	int		 rc;

	rc = db_ca_list(k->db, &cas, a, e) == -1 ||
	    look_at_issuers(k, &cas, e) == -1 ||
	    look_at_floor(k, k->db, e) == -1 ? -1 : 0;
	arena_free(&a);
	return rc;
}

/* What the operator sees. */

static void
tell_list(struct keeper *k, const struct issuer_ca *ca, int64_t now)
{
	char	 name[CA_NAME_SIZE + 8];

	snprintf(name, sizeof(name), "list %s", ca->name);
	if (floor_is_ready(k->r->floor, ca->number))
		health_set(k->health, name, true, now + HEALTH_SECONDS,
		    "its newest is %lld",
		    (long long)floor_number(k->r->floor, ca->number));
	else
		health_set(k->health, name, false, now + HEALTH_SECONDS,
		    "it is not here yet");
}

static void
tell_signer(struct keeper *k, const struct issuer_ca *ca, int64_t now)
{
	const struct responder	*r = k->r;
	const struct ocsp_signer *s = &ca->signer;
	char			 name[CA_NAME_SIZE + 8];
	struct metric		*until;

	snprintf(name, sizeof(name), "signer %s", ca->name);
	until = metrics_until(r->readings->metrics,
	    "signet_ocsp_signer_expiry_seconds",
	    "Until the certificate of the signer expires.", "ca", ca->name,
	    NULL);
	if (s->cert == NULL) {
		metric_hide(until);
		/* A CA that has ended needs none any more. */
		if (now < ca->issuer.not_after)
			health_set(k->health, name, false, now +
			    HEALTH_SECONDS, "%s", ca->why_not);
		else
			health_drop(k->health, name);
		return;
	}
	metric_set(until, s->not_after);
	tell_list(k, ca, now);
	if (s->not_after - now < r->conf->lifetime)
		health_set(k->health, name, false, now + HEALTH_SECONDS,
		    "its certificate expires in %lld s, before the answers "
		    "that it should sign",
		    (long long)(s->not_after - now));
	else
		health_set(k->health, name, true, now + HEALTH_SECONDS,
		    "its certificate is good for another %lld s",
		    (long long)(s->not_after - now));
}

static void
tell_feed(struct keeper *k, int64_t now)
{
	const struct readings	*d = k->r->readings;
	struct error		 e = ERROR_INIT;
	struct feed_state	 s;

	feed_look(k->r->feed, &s);
	if (s.age_ms >= 0)
		metric_set_ms(d->feed_age, s.age_ms);
	else
		metric_hide(d->feed_age);
	metric_set_ms(d->feed_lag, s.lag_ms);
	metric_set(d->feed_seq, s.seq);
	if (feed_check(k->r->feed, &e) == 0)
		health_set(k->health, "store", true, now + HEALTH_SECONDS,
		    "changes are known up to entry %lld%s", (long long)s.seq,
		    s.is_replica ? " of a replica" : "");
	else
		health_set(k->health, "store", false, now + HEALTH_SECONDS,
		    "%s", e.text);
}

static void
tell(struct keeper *k)
{
	const struct readings	*d = k->r->readings;
	int64_t			 now = clock_now(k->r->clock);
	struct issuers		*t = issuers_get(k->r->issuers);
	struct answers_use	 use;
	size_t			 i;

	answers_look(k->r->answers, now, &use);
	metric_set(d->answers, (int64_t)use.n);
	metric_set(d->answer_bytes, (int64_t)use.bytes);
	metric_set(d->oldest, use.oldest != 0 ? now - use.oldest : 0);
	metric_set(d->statuses, (int64_t)cells_count(k->r->cells));
	for (i = 0; i < t->n; i++)
		tell_signer(k, &t->ca[i], now);
	if (t->n == 0)
		health_set(k->health, "issuers", false, now + HEALTH_SECONDS,
		    "no CA is known yet");
	else
		health_set(k->health, "issuers", true, now + HEALTH_SECONDS,
		    "%zu CAs", t->n);
	issuers_free(&t);
	tell_feed(k, now);
}

/* The thread. */

static void
keeper_round(struct keeper *k)
{
	struct error	 e = ERROR_INIT;
	int64_t		 now = clock_monotonic_ms();
	int		 rc;

	if (now >= k->next_store || (atomic_load(&k->kicked) &&
	    now >= k->next_store - STORE_MS + KICK_MS)) {
		atomic_store(&k->kicked, false);
		k->next_store = now + STORE_MS;
		rc = look_at_store(k, &e);
		if (rc == -1)
			k->next_store = now + ROUND_MS;
	} else
		rc = look_at_issuers(k, NULL, &e);
	if (rc == -1)
		complain(k->r->complaints, COMPLAIN_STORE, &e,
		    "CAs and lists are not looked at");
	tell(k);
}

static void *
keeper_thread(void *arg)
{
	struct keeper	*k = arg;
	struct pollfd	 p = { .fd = k->wake, .events = POLLIN };
	eventfd_t	 n;

	while (!atomic_load(&k->stop)) {
		keeper_round(k);
		(void)poll(&p, 1, atomic_load(&k->kicked) ? KICK_MS :
		    ROUND_MS);
		(void)eventfd_read(k->wake, &n);
	}
	return NULL;
}

int
keeper_start(struct keeper **out, const struct responder *r,
    struct health *health, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_OCSP,
	    &DB_CRL, &DB_CA };
	struct keeper				*k = mem_alloc(sizeof(*k));
	int					 rc;

	k->r = r;
	k->health = health;
	db_open_later(&k->db, r->conf->database, "signet-ocspd keeper",
	    tables, 3);
	db_set_patience(k->db, 0);
	db_set_deadline(k->db, QUERY_MS);
	*out = NULL;
	k->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	db_set_bell(k->db, k->end);
	if ((k->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1 ||
	    k->end == -1)
		rc = error_sys(e, "eventfd");
	else if ((rc = pthread_create(&k->thread, NULL, keeper_thread,
	    k)) != 0)
		rc = error_set(e, ERROR_UPSTREAM, "start thread: %s",
		    strerror(rc));
	if (rc == 0) {
		*out = k;
		return 0;
	}
	if (k->wake != -1)
		close(k->wake);
	if (k->end != -1)
		close(k->end);
	db_close(&k->db);
	mem_free(&k);
	return -1;
}

void
keeper_stop(struct keeper **kp)
{
	struct keeper	*k = *kp;

	if (k == NULL)
		return;
	atomic_store(&k->stop, true);
	(void)eventfd_write(k->end, 1);
	(void)eventfd_write(k->wake, 1);
	pthread_join(k->thread, NULL);
	close(k->wake);
	close(k->end);
	db_close(&k->db);
	mem_free(kp);
}

void
keeper_kick(struct keeper *k)
{
	atomic_store(&k->kicked, true);
	(void)eventfd_write(k->wake, 1);
}
