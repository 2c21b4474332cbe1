/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators watch.  signet-cad listens on nothing, so the numbers go to
 * a file, which the parent writes; workers count in memory that all share.
 */
#include "db/db_gauge.h"
#include "worker_private.h"

#define LOOK_MS	10000

void
worker_count(struct worker *w, const char *name, const char *help, int64_t n)
{
	metric_add(metrics_counter(w->metrics, name, help, NULL), n);
}

void
worker_count_ca(struct worker *w, const char *name, const char *help,
    const char *ca, int64_t n)
{
	metric_add(metrics_counter(w->metrics, name, help, "ca", ca, NULL), n);
}

static void
set(struct worker *w, const char *name, const char *help, const char *state,
    int64_t value)
{
	metric_set(state != NULL ? metrics_gauge(w->metrics, name, help,
	    "state", state, NULL) : metrics_gauge(w->metrics, name, help,
	    NULL), value);
}

static void
set_work(struct worker *w, const struct db_gauges *g)
{
	static const char	 orders[] = "Orders that are not finished.";
	static const char	 items[] = "Certificates to be made.";

	set(w, "signet_orders", orders, "pending", g->pending);
	set(w, "signet_orders", orders, "ready", g->ready);
	set(w, "signet_items", items, "waiting", g->waiting);
	set(w, "signet_items", items, "open", g->open);
	set(w, "signet_items", items, "signing", g->signing);
	set(w, "signet_outbox", "Changes that no publisher has taken up.",
	    NULL, g->outbox);
	metric_set_ms(metrics_gauge(w->metrics, "signet_outbox_age_seconds",
	    "Age of the oldest change that no publisher has taken up.", NULL),
	    g->outbox_ms);
}

static void
set_ca(struct worker *w, const struct db_gauge_ca *c)
{
	const struct worker_ca	*ca = worker_find_ca(w, c->ca);

	metric_set(metrics_until(w->metrics, "signet_ca_expiry_seconds",
	    "Until the certificate of the CA ends.", "ca", c->ca, NULL),
	    c->not_after);
	if (ca != NULL)
		metric_set(metrics_gauge(w->metrics, "signet_ca_usable",
		    "Has the CA its key?", "ca", c->ca, NULL), ca->usable);
	if (c->number == 0)
		return;
	metric_set(metrics_until(w->metrics, "signet_crl_expiry_seconds",
	    "Until the nextUpdate of the newest complete list.", "ca", c->ca,
	    NULL), c->next_update);
	metric_set(metrics_gauge(w->metrics, "signet_crl_number",
	    "Number of the newest complete list.", "ca", c->ca, NULL),
	    c->number);
	metric_set(metrics_gauge(w->metrics, "signet_crl_entries",
	    "Entries of the newest complete list.", "ca", c->ca, NULL),
	    c->entries);
	metric_set(metrics_gauge(w->metrics, "signet_crl_bytes",
	    "Size of the newest complete list.", "ca", c->ca, NULL), c->size);
}

void
worker_show_forked(struct worker *w)
{
	metric_set(metrics_gauge(w->metrics, "signet_cad_chain_forked",
	    "The audit chain in the store is not the one the signer has seen.",
	    NULL), w->forked);
}

int
worker_look(struct worker *w, struct error *e)
{
	struct db_gauges	 g;
	struct db_gauge_cas	 cas;
	size_t			 i;

	if (w->conf->metrics == NULL || clock_monotonic_ms() < w->next_look)
		return 0;
	w->next_look = clock_monotonic_ms() + LOOK_MS;
	if (db_gauge_read(w->db, &g, e) == -1 ||
	    db_gauge_cas(w->db, &cas, w->arena, e) == -1)
		return error_wrap(e, "metrics");
	set_work(w, &g);
	for (i = 0; i < cas.n; i++)
		set_ca(w, &cas.v[i]);
	worker_show_forked(w);
	metric_set(metrics_gauge(w->metrics, "signet_cad_looked_time_seconds",
	    "When the store was last looked at, seconds since 1970.", NULL),
	    clock_now(&clock_system));
	return 0;
}
