/* SPDX-License-Identifier: Apache-2.0 */
#include "primaries.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "db/conninfo.h"
#include "db/successor.h"

#define LOOK_MS	10000

struct found {
	int64_t	 primaries, alone, away;
};

struct primaries {
	const char	*database;
	struct metric	*count, *alone, *away;
	struct found	 last;
	int		 end;		/* eventfd */
	pthread_t	 thread;
};

static bool
is_ending(const struct primaries *p, int ms)
{
	struct pollfd	 fd = { .fd = p->end, .events = POLLIN };

	return poll(&fd, 1, ms) == 1;
}

/* False: told to end before all were asked. */
static bool
ask_hosts(const struct primaries *p, struct found *f)
{
	struct pgwait	 w = PGWAIT_INIT;
	struct error	 ignored = ERROR_INIT;
	char		*one;
	int64_t		 timeline;
	bool		 alone;

	w.bell = p->end;
	for (unsigned int i = 0; !is_ending(p, 0); i++) {
		if (conninfo_one(&one, p->database, i, &ignored) != 1)
			return true;
		timeline = successor_timeline(&w, one, &alone);
		f->primaries += timeline > 0;
		f->alone += alone;
		f->away += timeline == -1;
		mem_free(&one);
	}
	return false;
}

static void
tell(const struct found *was, const struct found *is)
{
	struct error	 e = ERROR_INIT;

	if (is->primaries > 1 && was->primaries <= 1) {
		error_set(&e, ERROR_UPSTREAM, "the store has %lld primaries",
		    (long long)is->primaries);
		error_hint(&e, "signet doctor names them and says which to "
		    "stop");
		log_error(&e, "warning");
	}
	if (is->alone > 0 && was->alone == 0) {
		error_set(&e, ERROR_UPSTREAM, "a primary of the store waits "
		    "for standbys and has none");
		error_hint(&e, "nothing is committed there; was another one "
		    "promoted?");
		log_error(&e, "warning");
	}
	if (was->primaries > 1 && is->primaries <= 1)
		log_info("the store does not have several primaries any more");
	if (was->alone > 0 && is->alone == 0)
		log_info("no primary of the store waits for standbys any more");
}

static void *
primaries_thread(void *arg)
{
	struct primaries	*p = arg;
	struct found		 is;

	do {
		is = (struct found){ .primaries = 0 };
		if (!ask_hosts(p, &is))
			break;
		metric_set(p->alone, is.alone);
		metric_set(p->away, is.away);
		metric_set(p->count, is.primaries);
		tell(&p->last, &is);
		p->last = is;
	} while (!is_ending(p, LOOK_MS));
	return NULL;
}

int
primaries_start(struct primaries **out, const char *database,
    struct metrics *m, struct error *e)
{
	struct primaries	*p = mem_alloc(sizeof(*p));
	int			 rv;

	*out = NULL;
	p->database = database;
	p->count = metrics_gauge(m, "signet_store_primaries",
	    "Hosts of the store that say that they are its primary.", NULL);
	p->alone = metrics_gauge(m, "signet_store_alone",
	    "Primaries that wait for standbys and have none.", NULL);
	p->away = metrics_gauge(m, "signet_store_hosts_away",
	    "Hosts of the store that do not answer.", NULL);
	if ((p->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		mem_free(&p);
		return error_sys(e, "eventfd");
	}
	if ((rv = pthread_create(&p->thread, NULL, primaries_thread,
	    p)) != 0) {
		close(p->end);
		mem_free(&p);
		return error_set(e, ERROR_UPSTREAM, "start a thread: %s",
		    strerror(rv));
	}
	*out = p;
	return 0;
}

void
primaries_stop(struct primaries **pp)
{
	struct primaries	*p = *pp;

	if (p == NULL)
		return;
	(void)eventfd_write(p->end, 1);
	pthread_join(p->thread, NULL);
	close(p->end);
	mem_free(pp);
}
