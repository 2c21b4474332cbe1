/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on revocation lists: when one is due, and whose work it is.
 */
#include "db/db_ca.h"
#include "worker_crl.h"

/* After a list that took so long, this many times as long is left for other
 * work: what becomes urgent meanwhile goes on one list together.  Whoever was
 * stopped meanwhile took long for nothing, and his list may have ended. */
#define REST		5
#define REST_MAX_MS	60000

struct worker_list {
	const struct ca_conf	*ca;
	int64_t			 shard;
	int64_t			 not_before;	/* monotonic ms */
	bool			 alarmed;	/* since one was stored */
	unsigned int		 adopted;	/* worker's, when it was */
};

static const struct ca_conf *
conf_of(const struct worker *w, const char *ca)
{
	size_t	 i;

	for (i = 0; i < w->conf->cas.n; i++)
		if (strcmp(cad_conf_ca(w->conf, i)->name, ca) == 0)
			return cad_conf_ca(w->conf, i);
	return NULL;
}

/*
 * A list is owed as long as a certificate is that could be on it.  When none
 * was left at the time of the last list, that was the last one (RFC 5280, 3.3:
 * an entry stays for one list after its certificate expired).
 */
static bool
has_finished(struct worker *w, struct worker_ca *ca,
    const struct db_crl_due *d)
{
	struct error	 e = ERROR_INIT;
	int		 found;

	if (ca->finished || ca->state != WIRE_CA_LISTS || d->number == 0)
		return ca->finished;
	found = db_ca_has_certs(w->db, ca->name, d->this_update, &e);
	if (found == -1)
		log_error(&e, "certificates of CA %s", ca->name);
	if (found == 0)
		log_info("CA %s is finished: its certificates have expired, "
		    "CRL %lld is its last", ca->name, (long long)d->number);
	ca->finished = found == 0;
	return ca->finished;
}

static bool
owes_list(struct worker *w, const struct db_crl_due *d)
{
	struct worker_ca	*ca = worker_find_ca(w, d->ca);

	return ca != NULL && ca->state != WIRE_CA_EXPIRED &&
	    (d->shard > 0 || !has_finished(w, ca, d));
}

static bool
keeps_list(struct worker *w, const struct db_crl_due *d)
{
	const struct worker_ca	*ca = worker_find_ca(w, d->ca);

	return ca != NULL && ca->usable && owes_list(w, d);
}

static const char *const reason_names[] = {
	"unspecified", "keyCompromise", "cACompromise", "affiliationChanged",
	"superseded", "cessationOfOperation", "certificateHold", NULL,
	"removeFromCRL", "privilegeWithdrawn", "aACompromise",
};
#define REASONS		11
#define KEY_COMPROMISE	1

/* Does the CA's setting want a list at once for this reason (-1: release)? */
static bool
is_urgent(const struct ca_conf *c, int reason)
{
	size_t	 k;

	if (c->crl_reasons.n == 0)
		return reason == KEY_COMPROMISE;
	for (k = 0; k < c->crl_reasons.n; k++)
		if (strcmp(c->crl_reasons.v[k], "all") == 0 ||
		    (reason >= 0 && reason_names[reason] != NULL &&
		    strcmp(c->crl_reasons.v[k], reason_names[reason]) == 0))
			return true;
	return false;
}

/* All such pairs, as the store wants to be asked. */
static void
urgent_pairs(const struct worker *w, struct db_crl_urgent *u,
    struct arena *a)
{
	size_t	 i;
	int	 r;

	u->n = 0;
	u->ca = arena_alloc(a, w->conf->cas.n * (REASONS + 1) *
	    sizeof(*u->ca));
	u->reason = arena_alloc(a, w->conf->cas.n * (REASONS + 1) *
	    sizeof(*u->reason));
	for (i = 0; i < w->conf->cas.n; i++)
		for (r = -1; r < REASONS; r++)
			if (is_urgent(cad_conf_ca(w->conf, i), r)) {
				u->ca[u->n] = cad_conf_ca(w->conf, i)->name;
				u->reason[u->n++] = r;
			}
}

/* A generation that issues has a list for each shard before it is drawn. */
static void
drawn_shards(struct worker *w, struct db_crl_drawn *d, struct arena *a)
{
	size_t	 i;

	d->ncas = 0;
	d->ca = arena_alloc(a, w->conf->cas.n * sizeof(*d->ca));
	d->n = arena_alloc(a, w->conf->cas.n * sizeof(*d->n));
	for (i = 0; i < w->conf->cas.n; i++) {
		const struct ca_conf	*c = cad_conf_ca(w->conf, i);
		const struct worker_ca	*ca = worker_find_ca(w, c->name);

		if (c->crl_shards == 0 || ca == NULL ||
		    ca->state != WIRE_CA_ISSUES)
			continue;
		d->ca[d->ncas] = c->name;
		d->n[d->ncas++] = c->crl_shards;
	}
}

/* What is due: -1 nothing.  Complete lists on schedule and well before the
 * last one runs out; for a grave reason whatever is quickest. */
static int
is_due(const struct ca_conf *c, const struct db_crl_due *d, int64_t now)
{
	if (d->number == 0 || now - d->this_update >= c->crl_interval ||
	    d->next_update - now < c->crl_lifetime / 4)
		return WIRE_CRL_COMPLETE;
	if (c->crl_delta == 0 || d->shard > 0)
		return d->urgent ? WIRE_CRL_COMPLETE : -1;
	return d->urgent || now - d->delta_update >= c->crl_delta ?
	    WIRE_CRL_DELTA : -1;
}

static struct worker_list *
list_of(struct worker *w, const struct ca_conf *c, int64_t shard)
{
	size_t	 i;

	for (i = 0; i < w->nlists; i++)
		if (w->lists[i].ca == c && w->lists[i].shard == shard)
			return &w->lists[i];
	if (w->nlists % 64 == 0)
		w->lists = mem_resize(w->lists, w->nlists + 64,
		    sizeof(*w->lists));
	w->lists[w->nlists] = (struct worker_list){ .ca = c, .shard = shard };
	return &w->lists[w->nlists++];
}

/* Not somebody's absence but a list that must not be stored. */
static bool
is_alarming(const struct error *e)
{
	return e->code == ERROR_BUG || e->code == ERROR_CRYPTO ||
	    e->code == ERROR_INPUT;
}

static void
one_list(struct worker *w, const struct ca_conf *c,
    const struct db_crl_due *d, enum wire_crl_kind kind)
{
	struct worker_list	*l = list_of(w, c, d->shard);
	struct error		 e = ERROR_INIT;
	int64_t			 began = clock_monotonic_ms(), took, rest;

	if (worker_crl_make(w, d, kind, &e) == 0) {
		l->alarmed = false;
		l->adopted = w->adopted;
	} else {
		if (d->shard > 0)
			error_wrap(&e, "shard %lld", (long long)d->shard);
		error_wrap(&e, "CRL of CA %s", d->ca);
		if (is_alarming(&e) && !l->alarmed) {
			worker_alarm(w, "crl", e.text);
			l->alarmed = true;
		}
		log_error(&e, "will try again");
	}
	took = clock_monotonic_ms() - began;
	rest = took < REST_MAX_MS / REST ? REST * took : REST_MAX_MS;
	l->not_before = began + took + rest;
}

/* What the store is asked: all that may be due, or one list again. */
struct ask {
	struct db_crl_urgent	 urgent;
	struct db_crl_drawn	 drawn;
	struct arena		*arena;
};

static int
ask_one(struct worker *w, const struct ask *q, const struct db_crl_due *one,
    struct db_crl_dues *due, struct error *e)
{
	if (one->shard == 0)
		return db_crl_due(w->db, one->ca, &q->urgent, due, q->arena,
		    e);
	return db_crl_shard_due(w->db, one, &q->urgent, &q->drawn, due,
	    q->arena, e);
}

/* After a store was adopted there is a list with all that this signer knows. */
static int
is_due_here(struct worker *w, const struct ca_conf *c,
    const struct db_crl_due *d)
{
	if (list_of(w, c, d->shard)->adopted != w->adopted)
		return WIRE_CRL_COMPLETE;
	return is_due(c, d, clock_now(&clock_system));
}

/* Whoever has the lock makes it, if it is still due then. */
static int
due_list(struct worker *w, const struct ca_conf *c, const struct ask *q,
    const struct db_crl_due *d, struct error *e)
{
	struct error		 ignored = ERROR_INIT;
	struct db_crl_dues	 due;
	int			 got, kind;

	if ((got = db_crl_lock(w->db, c->name, d->shard, e)) != 1)
		return got;
	if (ask_one(w, q, d, &due, e) == -1)
		got = -1;
	else if (due.n == 1 && (kind = is_due_here(w, c,
	    &due.v[0])) != -1)
		one_list(w, c, &due.v[0], (enum wire_crl_kind)kind);
	/* A lost connection has given the lock back already. */
	(void)db_crl_unlock(w->db, c->name, d->shard, &ignored);
	return got;
}

/* One CA's trouble is its own, but for the store's. */
static int
due_lists(struct worker *w, const struct ask *q,
    const struct db_crl_dues *due, struct error *e)
{
	const struct ca_conf	*c;
	size_t			 i;

	for (i = 0; i < due->n; i++) {
		const struct db_crl_due	*d = &due->v[i];

		if ((c = conf_of(w, d->ca)) == NULL ||
		    is_due_here(w, c, d) == -1 ||
		    !keeps_list(w, d))
			continue;
		if (!service_is_once(w->svc) && clock_monotonic_ms() <
		    list_of(w, c, d->shard)->not_before)
			continue;
		if (due_list(w, c, q, d, e) == -1)
			return -1;
	}
	return 0;
}

/* Those of a CA whose key is away, too: it may come back. */
static bool
is_untold(struct worker *w, const struct db_crl_dues *due)
{
	const struct ca_conf	*c;
	size_t			 i;

	for (i = 0; i < due->n; i++)
		if ((c = conf_of(w, due->v[i].ca)) != NULL &&
		    owes_list(w, &due->v[i]) &&
		    list_of(w, c, due->v[i].shard)->adopted != w->adopted)
			return true;
	return false;
}

int
worker_crl(struct worker *w, struct error *e)
{
	struct ask		 q = { .arena = arena_new() };
	struct db_crl_dues	 due, shards;
	int			 rc = -1;

	urgent_pairs(w, &q.urgent, q.arena);
	drawn_shards(w, &q.drawn, q.arena);
	if (db_crl_due(w->db, NULL, &q.urgent, &due, q.arena, e) == -1 ||
	    due_lists(w, &q, &due, e) == -1 ||
	    db_crl_shard_due(w->db, NULL, &q.urgent, &q.drawn, &shards,
	    q.arena, e) == -1 || due_lists(w, &q, &shards, e) == -1)
		goto out;
	if (w->telling && !is_untold(w, &due) && !is_untold(w, &shards) &&
	    worker_lost_told(w, e) == -1)
		goto out;
	rc = 0;
 out:
	arena_free(&q.arena);
	return rc;
}
