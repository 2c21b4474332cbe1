/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top.h"

#include "base/clock.h"

/* Each is one statement; the first that fails says why for all. */
static int
look_at_store(struct top *t, struct top_look *l, struct arena *a,
    struct error *e)
{
	if (db_watch_marks(t->db, &l->marks, e) == -1 ||
	    db_gauge_read(t->db, &l->gauges, e) == -1 ||
	    db_gauge_publish(t->db, &l->publish, a, e) == -1 ||
	    db_calendar_lists(t->db, l->at, &l->lists, a, e) == -1 ||
	    db_watch_cards(t->db, &l->cards, a, e) == -1)
		return -1;
	return db_watch_alarms(t->db, TOP_ALARMS, &l->alarms, a, e);
}

/* A daemon that was restarted counts from 0 again. */
static double
rate(int64_t now, int64_t before, int64_t ms)
{
	return ms <= 0 || now < before || before < 0 ? -1 :
	    (double)(now - before) * 1000.0 / (double)ms;
}

static void
set_rates(struct top_look *l, const struct top_look *before)
{
	int64_t	 ms = l->at_ms - before->at_ms;

	if (l->store_error == NULL && before->store_error == NULL) {
		l->rates.issued = rate(l->marks.certs, before->marks.certs,
		    ms);
		l->rates.changed = rate(l->marks.changes,
		    before->marks.changes, ms);
	}
	l->rates.answered = rate(l->answers, before->answers, ms);
}

const struct top_look *
top_look(struct top *t)
{
	struct top_look	*l = &t->look[t->n % 2];
	struct arena	*a = t->arena[t->n % 2];
	struct error	 e = ERROR_INIT;

	arena_reset(a);
	*l = (struct top_look){ .at = clock_now(t->cli->desk.clock),
	    .at_ms = clock_monotonic_ms(), .rates = { -1, -1, -1 } };
	if (look_at_store(t, l, a, &e) == -1)
		l->store_error = arena_strdup(a, e.text);
	top_daemons(t, l, a);
	if (t->n > 0)
		set_rates(l, &t->look[(t->n - 1) % 2]);
	t->n++;
	return l;
}
