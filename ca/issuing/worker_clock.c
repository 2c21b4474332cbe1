/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the time what it seems to be?  Two clocks can be compared, this machine's
 * and the store's.  When they differ nobody knows which is right, and what is
 * dated now would be dated wrongly: certificates and lists that begin
 * tomorrow, orders refused as too old or from the future, for good.  So that
 * waits, here, and another process with the right time may do it.
 *
 * A revocation does not wait: late is worse than with a wrong date.
 */
#include <stdlib.h>

#include "db/db_clock.h"
#include "worker_private.h"

#define LOOK_MS		10000
#define LOOK_AGAIN_MS	1000	/* while they differ */
#define LEAP_MS		2000	/* between two looks */
#define TOLERATED_MS	60000
#define TELL_MS		600000

static int
wrong(int64_t off, struct error *e)
{
	error_set(e, ERROR_UPSTREAM, "the clock of this machine is %lld s %s "
	    "that of the store: no certificates and no lists until they agree",
	    llabs(off) / 1000, off < 0 ? "behind" : "ahead of");
	return error_hint(e, "compare both with date -u; timedatectl set-ntp "
	    "true where it is wrong");
}

static void
tell(struct worker *w, int64_t off)
{
	struct error	 e = ERROR_INIT;
	int64_t		 now = clock_monotonic_ms();

	if (w->index != 0 || now < w->next_tell)
		return;
	w->next_tell = now + TELL_MS;
	wrong(off, &e);
	log_error(&e, "warning");
}

static int64_t
now_ms(const struct clock *c)
{
	return clock_now(c) * 1000 + 500;	/* it has seconds */
}

/* The store said what time it was at some moment since "before". */
static int64_t
ahead(const struct clock *c, int64_t before, int64_t store)
{
	int64_t	 after = now_ms(c);

	return store < before ? before - store : store > after ?
	    after - store : 0;
}

/* The two clocks are one, but in a test that travels: with its store, or
 * without. */
static int
compare(struct worker *w, int64_t *off, struct error *e)
{
	int64_t	 machine = now_ms(&clock_machine), store;
	int64_t	 ours = now_ms(&clock_system);

	if (db_clock_ms(w->db, &store, e) == -1)
		return -1;
	machine = ahead(&clock_machine, machine, store);
	ours = ahead(&clock_system, ours, store);
	*off = llabs(machine) < llabs(ours) ? machine : ours;
	return 0;
}

int
worker_clock(struct worker *w, struct error *e)
{
	int64_t	 now = clock_monotonic_ms(), off;
	int64_t	 step = now_ms(&clock_system) - now;
	bool	 was = w->clock_wrong;

	if (now < w->next_clock && step - w->clock_step < LEAP_MS &&
	    w->clock_step - step < LEAP_MS)
		return 0;
	if (compare(w, &off, e) == -1)
		return -1;
	w->clock_step = step;
	w->clock_wrong = llabs(off) > TOLERATED_MS;
	w->next_clock = now + (w->clock_wrong ? LOOK_AGAIN_MS : LOOK_MS);
	metric_set_ms(metrics_gauge(w->metrics, "signet_cad_clock_ahead_seconds",
	    "How far this machine's clock is ahead of the store's.", NULL),
	    off);
	if (w->clock_wrong && service_is_once(w->svc))
		return wrong(off, e);
	if (w->clock_wrong)
		tell(w, off);
	else if (was && w->index == 0) {
		log_info("the clock agrees with the store's again");
		w->next_tell = 0;
	}
	return 0;
}
