/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One publisher: takes deliveries of its directory on lease, and delivers.
 *
 * A connection that breaks says nothing about the entry that was on its way,
 * unless it does so again with that entry alone: the batch shrinks to one and
 * grows again, so that an entry which the server cannot bear delays the others
 * but does not stop them.  So it does when all entries are refused.
 */
#include <string.h>

#include "base/clock.h"
#include "db/db_ca.h"
#include "db/db_credential.h"
#include "db/db_crl.h"
#include "db/db_ocsp.h"
#include "publisher_private.h"
#include "x509/key.h"

#define BATCH_MAX	256
#define RETRY_MAX_MS	30000
#define OTHERS_PAUSE	8
#define WELL_EVERY_MS	10000

static int
find_published(struct publisher_base *b, struct error *e)
{
	size_t	 n = 0;

	if (profiles_load(&b->profiles, b->setup->profiles, e) == -1)
		return -1;
	b->published = mem_array(b->profiles.n + 1, sizeof(char *));
	for (size_t i = 0; i < b->profiles.n; i++)
		if (b->profiles.v[i]->publish)
			b->published[n++] = b->profiles.v[i]->name;
	b->want = (struct db_profiles){ b->published, n };
	return 0;
}

int
publisher_base_open(struct publisher_base *b, const char *name,
    struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_CA, &DB_CRL,
	    &DB_PUBLISH, &DB_PUBLISH_LOOK, &DB_RELEASE,
	    &DB_CREDENTIAL_STATE };

	if (b->setup->directories != NULL &&
	    (publish_conf_load(&b->conf, b->setup->directories, e) == -1 ||
	    find_published(b, e) == -1 ||
	    cert_load_chain(&b->anchors, b->setup->root, e) == -1))
		return -1;
	return db_open_told(&b->db, b->setup->database, name, tables,
	    sizeof(tables) / sizeof(tables[0]), b->bell, e);
}

void
publisher_base_close(struct publisher_base *b)
{
	db_close(&b->db);
	sk_X509_pop_free(b->anchors, X509_free);
	b->anchors = NULL;
	mem_free(&b->published);
	profiles_free(&b->profiles);
	publish_conf_free(&b->conf);
}

int
publisher_open(struct publisher *p, const char *target, int index,
    struct error *e)
{
	snprintf(p->name, sizeof(p->name), "%s/%s/%d",
	    p->base.setup->instance, target, index);
	p->index = index;
	p->arena = arena_new();
	p->batch = BATCH_MAX;
	p->resume = true;
	if (publisher_base_open(&p->base, p->name, e) == -1 ||
	    publish_conf_find(&p->base.conf, target, &p->target, e) == -1)
		return -1;
	p->cas.anchors = p->base.anchors;
	p->cas.officers_ca = p->base.setup->officers_ca;
	p->cas.profiles = &p->base.profiles;
	p->cas.db = p->base.db;
	p->cas.verify_offered = true;
	return db_listen(p->base.db, PUBLISHER_CHANNEL, e);
}

void
publisher_close(struct publisher *p)
{
	directory_close(&p->directory);
	publish_cas_clear(&p->cas);
	publisher_base_close(&p->base);
	arena_free(&p->arena);
}

/*
 * The directory is away, or takes nothing: say so in the store, and wait.  Of
 * those at work side by side the first tries whether it takes entries again,
 * and the others hear of it; or try themselves after a long while.
 */
static int
publisher_ailing(struct publisher *p, const struct error *why, bool refuses,
    struct error *e)
{
	bool	 was_open = p->directory != NULL;
	int64_t	 pause = 500;

	directory_close(&p->directory);
	for (int i = 1; i < p->failures && pause < RETRY_MAX_MS; i++)
		pause *= 2;
	if (pause > RETRY_MAX_MS)
		pause = RETRY_MAX_MS;
	if (refuses && p->index > 0)
		pause *= OTHERS_PAUSE;
	/* The first loss may be no more than a connection that idled. */
	if (p->failures++ > 0 || refuses || !was_open)
		p->retry_at = clock_monotonic_ms() + pause;
	p->waits_for_others = refuses;
	p->said_at = 0;
	return db_publish_state(p->base.db, p->target->name, refuses ?
	    DB_TARGET_REFUSES : DB_TARGET_AWAY, why->text, e);
}

/* 1: it is not the time yet; 0; -1 store. */
static int
publisher_must_wait(struct publisher *p, struct error *e)
{
	int	 refusing;

	if (clock_monotonic_ms() >= p->retry_at)
		return 0;
	if (!p->waits_for_others)
		return 1;
	/* One of them has had an entry taken. */
	refusing = db_publish_is_refusing(p->base.db, p->target->name, e);
	p->waits_for_others = refusing != 0;
	return refusing;
}

/* 1 connected, 0 not now, -1 store. */
static int
publisher_connect(struct publisher *p, struct error *e)
{
	struct error	 why = ERROR_INIT;
	int		 rc;

	if (p->directory != NULL)
		return 1;
	if ((rc = publisher_must_wait(p, e)) != 0)
		return rc == 1 ? 0 : -1;
	if (publish_target_open(&p->directory, p->target, &why) == 0)
		return 1;
	if (publisher_ailing(p, &why, false, e) == -1)
		return -1;
	*e = why;
	return 0;
}

/* It has taken what was written (again: after it took nothing), or there was
 * nothing to write. */
static int
publisher_well(struct publisher *p, bool written, bool again,
    struct error *e)
{
	int64_t	 now = clock_monotonic_ms();

	if (!publisher_is_refused(p))
		p->failures = 0;
	if (!again && p->said_at != 0 && now < p->said_at + WELL_EVERY_MS)
		return 0;
	p->said_at = now;
	if (db_publish_state(p->base.db, p->target->name, written ?
	    DB_TARGET_WELL : DB_TARGET_IDLE, NULL, e) == -1)
		return -1;
	return again ? db_notify(p->base.db, PUBLISHER_CHANNEL, e) : 0;
}

/* -1: the connection is gone. */
static int
publisher_knock(struct publisher *p, struct error *e)
{
	static const char *const	 none[] = { "1.1", NULL };
	struct directory_answer		 an;
	int				 got;

	if (directory_search(p->directory, 0, p->target->base, DIRECTORY_BASE,
	    "(objectClass=*)", none, e) == -1)
		return -1;
	while ((got = directory_next(p->directory, &an, p->arena, e)) == 1)
		;
	return got;
}

/* Nothing is due.  That it is there is asked before it is said. */
static int
publisher_idle(struct publisher *p, struct error *e)
{
	struct error	 lost = ERROR_INIT;

	if (p->said_at != 0 && clock_monotonic_ms() < p->said_at +
	    WELL_EVERY_MS)
		return 0;
	if (publisher_knock(p, &lost) == 0)
		return publisher_well(p, false, false, e);
	if (publisher_ailing(p, &lost, false, e) == -1)
		return -1;
	*e = lost;
	return 0;
}

/* Holders of the batch, in its order, and what the store has of them. */
static int
wanted_people(struct publisher *p, const struct db_deliveries *work,
    struct deliver *v, int64_t now, struct error *e)
{
	struct arena		*a = p->arena;
	const char		**key = arena_alloc(a, (work->n + 1) *
				    sizeof(*key));
	struct db_publisheds	 certs;
	size_t			 n = 0, at = 0, end;

	for (size_t i = 0; i < work->n; i++)
		if (strcmp(work->v[i].kind, "person") == 0)
			key[n++] = work->v[i].key;
	if (n == 0)
		return 0;
	if (db_publish_people(p->base.db, key, n, &p->base.want, now, &certs,
	    a, e) == -1)
		return -1;
	for (size_t i = 0; i < work->n; i++) {
		const char *holder = work->v[i].key;

		if (strcmp(work->v[i].kind, "person") != 0)
			continue;
		for (end = at; end < certs.n &&
		    strcmp(certs.v[end].holder, holder) == 0; )
			end++;
		if (wanted_person(&v[i].wanted, p->target, holder,
		    certs.v + at, end - at, &p->cas, now, a, e) == -1)
			return -1;
		at = end;
	}
	return 0;
}

static int
wanted_others(struct publisher *p, const struct db_deliveries *work,
    struct deliver *v, struct error *e)
{
	for (size_t i = 0; i < work->n; i++) {
		if (strcmp(work->v[i].kind, "name") == 0)
			wanted_stray(&v[i].wanted, work->v[i].key, p->arena);
		else if (strcmp(work->v[i].kind, "ca") == 0 &&
		    wanted_ca(&v[i].wanted, p->target, work->v[i].key,
		    &p->cas, p->base.db, p->base.conf.root_files, p->arena,
		    e) == -1)
			return -1;
	}
	return 0;
}

/* Long enough for each step of each operation to take its whole time. */
static int64_t
lease_seconds(const struct publisher *p)
{
	int64_t	 turns = (int64_t)p->batch / p->target->window + 1;

	return p->target->timeout * (4 * turns + 2);
}

static int
publisher_deliver(struct publisher *p, const struct db_deliveries *work,
    int64_t now, struct error *e)
{
	struct deliver		*v = arena_alloc(p->arena, (work->n + 1) *
				    sizeof(*v));
	enum publisher_outcome	 outcome = PUBLISHER_NOTHING;
	struct error		 lost = ERROR_INIT;
	bool			 refused = publisher_is_refused(p);
	int			 rc;

	if (publish_cas_refresh(&p->cas, p->base.db, now, e) == -1 ||
	    wanted_people(p, work, v, now, e) == -1 ||
	    wanted_others(p, work, v, e) == -1)
		return -1;
	rc = deliver(p->directory, (size_t)p->target->window, v, work->n,
	    p->arena, &lost);
	if (rc == 0)
		outcome = publisher_judge(p, work, v, &lost);
	if (publisher_finish(p, work, v, rc == -1 ? &lost : NULL, e) == -1)
		return -1;
	if (rc == -1 || outcome == PUBLISHER_REFUSED) {
		p->batch = 1;
		if (publisher_ailing(p, &lost, rc == 0, e) == -1)
			return -1;
		*e = lost;
		return 0;
	}
	if (publisher_is_refused(p))
		return 0;
	p->batch = p->batch * 2 < BATCH_MAX ? p->batch * 2 : BATCH_MAX;
	return publisher_well(p, outcome == PUBLISHER_WRITTEN, refused, e);
}

int
publisher_round(struct publisher *p, const struct clock *clock,
    struct error *e)
{
	struct db_deliveries	 work;
	int			 rc;

	arena_reset(p->arena);
	if (p->resume && db_publish_resume(p->base.db, p->target->name,
	    p->name, e) == -1)
		return -1;
	p->resume = false;
	if ((rc = publisher_connect(p, e)) != 1)
		return rc;
	if (db_publish_claim(p->base.db, p->target->name, p->name, p->batch,
	    lease_seconds(p), &work, p->arena, e) == -1)
		return -1;
	if (work.n == 0)
		return publisher_idle(p, e);
	/* Waiting for the directory may have taken long. */
	if (publisher_deliver(p, &work, clock_now(clock), e) == -1) {
		p->resume = true;
		return -1;
	}
	return 1;
}
