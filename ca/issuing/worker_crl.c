/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on revocation lists: when one is due, and whose work it is.
 */
#include "db/db_ca.h"
#include "worker_crl.h"

/* After a list that took so long, this many times as long is left for other
 * work: what becomes urgent meanwhile goes on one list together. */
#define REST	5

struct worker_list {
	int64_t	 not_before;	/* monotonic ms */
	bool	 alarmed;	/* since the last one that was stored */
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
keeps_list(struct worker *w, const struct db_crl_due *d)
{
	struct worker_ca	*ca = worker_find_ca(w, d->ca);

	return ca != NULL && ca->usable && ca->state != WIRE_CA_EXPIRED &&
	    !has_finished(w, ca, d);
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
static size_t
urgent_pairs(const struct worker *w, const char ***ca, int64_t **reason,
    struct arena *a)
{
	size_t	 i, n = 0;
	int	 r;

	*ca = arena_alloc(a, w->conf->cas.n * (REASONS + 1) * sizeof(**ca));
	*reason = arena_alloc(a, w->conf->cas.n * (REASONS + 1) *
	    sizeof(**reason));
	for (i = 0; i < w->conf->cas.n; i++)
		for (r = -1; r < REASONS; r++)
			if (is_urgent(cad_conf_ca(w->conf, i), r)) {
				(*ca)[n] = cad_conf_ca(w->conf, i)->name;
				(*reason)[n++] = r;
			}
	return n;
}

/* What is due: -1 nothing.  Complete lists on schedule and well before the
 * last one runs out; for a grave reason whatever is quickest. */
static int
is_due(const struct ca_conf *c, const struct db_crl_due *d, int64_t now)
{
	if (d->number == 0 || now - d->this_update >= c->crl_interval ||
	    d->next_update - now < c->crl_lifetime / 4)
		return WIRE_CRL_COMPLETE;
	if (c->crl_delta == 0)
		return d->urgent ? WIRE_CRL_COMPLETE : -1;
	return d->urgent || now - d->delta_update >= c->crl_delta ?
	    WIRE_CRL_DELTA : -1;
}

static struct worker_list *
list_of(struct worker *w, const struct ca_conf *c)
{
	if (w->lists == NULL)
		w->lists = mem_array(w->conf->cas.n, sizeof(*w->lists));
	return &w->lists[c - cad_conf_ca(w->conf, 0)];
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
	struct worker_list	*l = list_of(w, c);
	struct error		 e = ERROR_INIT;
	int64_t			 began = clock_monotonic_ms(), took;

	if (worker_crl_make(w, d, kind, &e) == 0)
		l->alarmed = false;
	else {
		error_wrap(&e, "CRL of CA %s", d->ca);
		if (is_alarming(&e) && !l->alarmed) {
			worker_alarm(w, "crl", e.text);
			l->alarmed = true;
		}
		log_error(&e, "will try again");
	}
	took = clock_monotonic_ms() - began;
	l->not_before = began + took + REST * took;
}

struct urgent {
	const char	**ca;
	int64_t		 *reason;
	size_t		  n;
};

/* Whoever has the lock makes it, if it is still due then. */
static int
due_list(struct worker *w, const struct ca_conf *c, const struct urgent *u,
    struct arena *a, struct error *e)
{
	struct error		 ignored = ERROR_INIT;
	struct db_crl_dues	 due;
	int			 got, kind;

	if ((got = db_crl_lock(w->db, c->name, e)) != 1)
		return got;
	if (db_crl_due(w->db, c->name, u->ca, u->reason, u->n, &due, a,
	    e) == -1)
		got = -1;
	else if (due.n == 1 && (kind = is_due(c, &due.v[0],
	    clock_now(&clock_system))) != -1)
		one_list(w, c, &due.v[0], (enum wire_crl_kind)kind);
	/* A lost connection has given the lock back already. */
	(void)db_crl_unlock(w->db, c->name, &ignored);
	return got;
}

int
worker_crl(struct worker *w, struct error *e)
{
	struct arena		*a = arena_new();
	struct db_crl_dues	 due;
	struct urgent		 u;
	const struct ca_conf	*c;
	size_t			 i;
	int			 rc = -1;

	u.n = urgent_pairs(w, &u.ca, &u.reason, a);
	if (db_crl_due(w->db, NULL, u.ca, u.reason, u.n, &due, a, e) == -1)
		goto out;
	for (i = 0; i < due.n; i++) {
		if ((c = conf_of(w, due.v[i].ca)) == NULL ||
		    is_due(c, &due.v[i],
		    clock_now(&clock_system)) == -1 ||
		    !keeps_list(w, &due.v[i]))
			continue;
		if (!service_is_once(w->svc) &&
		    clock_monotonic_ms() < list_of(w, c)->not_before)
			continue;
		/* One CA's trouble is its own, but for the store's. */
		if (due_list(w, c, &u, a, e) == -1)
			goto out;
	}
	rc = 0;
 out:
	arena_free(&a);
	return rc;
}
