/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits to be published in directories, for those who watch.
 */
#include "round_private.h"

#include <string.h>

#include "base/text.h"
#include "db/db_gauge.h"

#define LOOK_MS		2000
#define OUTBOX_LATE_MS	60000		/* nobody takes it up */
#define LATE_MS		3600000		/* too long for a directory */

/* One directory of the store. */
struct backlog_target {
	char		*name;
	bool		 seen;
	struct metric	*waiting, *age, *dead, *failing;
};

static void
check_name(char name[80], const char *target)
{
	snprintf(name, 80, "directory %.60s", target);
}

static struct metric *
gauge(struct round *r, const char *name, const char *help,
    const char *target)
{
	return metrics_gauge(r->metrics, name, help, "directory", target,
	    NULL);
}

static struct backlog_target *
target_of(struct round *r, const char *name)
{
	struct backlog		*b = &r->backlog;
	struct backlog_target	*t;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].name, name) == 0)
			return &b->v[i];
	b->v = mem_resize(b->v, b->n + 1, sizeof(*b->v));
	t = &b->v[b->n++];
	t->name = mem_strdup(name);
	t->waiting = gauge(r, "signet_publish_waiting",
	    "Entries that wait for a directory.", name);
	t->age = gauge(r, "signet_publish_oldest_seconds",
	    "Since when the oldest of these waits.", name);
	t->dead = gauge(r, "signet_publish_dead",
	    "Entries that a directory has refused for good.", name);
	t->failing = gauge(r, "signet_publish_failing",
	    "1 while a directory is away or takes nothing.", name);
	return t;
}

static void
put_target(struct round *r, const struct db_gauge_target *g)
{
	struct backlog_target	*t = target_of(r, g->name);
	int64_t			 until = r->shelf.now + 3 * r->conf->poll + 60;
	char			 name[80], at[TEXT_TIME_SIZE];
	bool			 late = g->oldest_ms > LATE_MS;

	t->seen = true;
	metric_set(t->waiting, g->waiting);
	metric_set_ms(t->age, g->oldest_ms);
	metric_set(t->dead, g->dead);
	metric_set(t->failing, g->failing_since != 0);
	check_name(name, g->name);
	if (g->failing_since != 0)
		health_set(r->health, name, false, until, "since %s: %.200s; "
		    "%lld wait", text_time(at, g->failing_since), g->error,
		    (long long)g->waiting);
	else if (g->waiting > 0)
		health_set(r->health, name, !late, until, "%lld wait, the "
		    "oldest for %lld s", (long long)g->waiting,
		    (long long)g->oldest_ms / 1000);
	else
		health_set(r->health, name, true, until, "nothing waits%s",
		    g->dead > 0 ? "; see \"signet publish dead\"" : "");
}

/* Forgotten by "signet publish forget". */
static void
drop_unseen(struct round *r)
{
	char	 name[80];

	for (size_t i = 0; i < r->backlog.n; i++) {
		struct backlog_target	*t = &r->backlog.v[i];

		if (t->seen)
			continue;
		check_name(name, t->name);
		health_drop(r->health, name);
		metric_hide(t->waiting);
		metric_hide(t->age);
		metric_hide(t->dead);
		metric_hide(t->failing);
	}
}

static void
put_outbox(struct round *r, const struct db_gauge_publish *g)
{
	struct backlog	*b = &r->backlog;

	if (b->outbox == NULL) {
		b->outbox = metrics_gauge(r->metrics, "signet_publish_outbox",
		    "Changes that are not yet deliveries.", NULL);
		b->outbox_age = metrics_gauge(r->metrics,
		    "signet_publish_outbox_oldest_seconds",
		    "Since when the oldest of these waits.", NULL);
	}
	metric_set(b->outbox, g->outbox);
	metric_set_ms(b->outbox_age, g->outbox_ms);
	health_set(r->health, "outbox", g->outbox_ms < OUTBOX_LATE_MS,
	    r->shelf.now + 3 * r->conf->poll + 60, "%lld wait, the oldest for "
	    "%lld s", (long long)g->outbox, (long long)g->outbox_ms / 1000);
}

int
round_look_at_backlog(struct round *r, struct error *e)
{
	struct backlog		*b = &r->backlog;
	struct db_gauge_publish	 g;
	int64_t			 now = clock_monotonic_ms();

	if (b->looked_ms != 0 && now < b->looked_ms + LOOK_MS)
		return 0;
	b->looked_ms = now;
	if (db_gauge_publish(r->db, &g, r->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < b->n; i++)
		b->v[i].seen = false;
	put_outbox(r, &g);
	for (size_t i = 0; i < g.n; i++)
		put_target(r, &g.v[i]);
	drop_unseen(r);
	return 0;
}

void
round_backlog_clear(struct round *r)
{
	for (size_t i = 0; i < r->backlog.n; i++)
		mem_free(&r->backlog.v[i].name);
	mem_free(&r->backlog.v);
	r->backlog.n = 0;
}
