/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clerk and the workers: started, watched, replaced.
 */
#include "station_private.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "os/pass.h"

#define CLERK_PAUSE_MS	2000	/* before another one is started */

void
crew_close(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
crew_close_others(struct station *s)
{
	crew_close(&s->clerk.fd);
	crew_close(&s->agent.fd);
	for (size_t i = 0; i < s->n; i++)
		crew_close(&s->worker[i].proc.fd);
}

static int
clerk_process(int parent, void *arg)
{
	struct station	*s = arg;

	crew_close_others(s);
	return office_main(parent, &s->office);
}

struct worker_start {
	struct station	*station;
	struct worker	*worker;
};

static int
worker_process(int parent, void *arg)
{
	struct worker_start	*w = arg;

	crew_close_others(w->station);
	return reader_main(parent, &w->worker->setup);
}

int
crew_start(struct station *s, struct error *e)
{
	s->clerk_at = 0;
	s->clerk_ready = false;
	return proc_start(&s->clerk, "station: clerk", clerk_process, s, e);
}

/* Each worker has a line of its own to the clerk, which is given the other end
 * of it; so one that was killed in the middle of a word spoils no other. */
static int
start_worker(struct station *s, size_t i, struct error *e)
{
	struct worker		*w = &s->worker[i];
	struct worker_start	 start = { s, w };
	int			 pair[2], rc = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return error_sys(e, "start a worker");
	atomic_store(&s->watch[i].until, 0);
	w->setup.clerk = pair[0];
	if (pass_send(s->clerk.fd, pair[1], (uint32_t)i, e) == 0) {
		crew_close(&pair[1]);
		rc = proc_start(&w->proc, w->title, worker_process, &start,
		    e);
	}
	crew_close(&pair[0]);
	crew_close(&pair[1]);
	return rc;
}

static void
stop_worker(struct worker *w, bool at_once)
{
	if (w->proc.pid > 0 && at_once)
		kill(w->proc.pid, SIGKILL);
	proc_stop(&w->proc, STOP_MS);
}

static bool
is_dead(struct proc *p)
{
	int	 status;

	if (p->pid <= 0 || waitpid(p->pid, &status, WNOHANG) != p->pid)
		return false;
	p->pid = -1;
	return true;
}

/* Without its clerk a worker can do nothing: all begin again. */
static void
lose_clerk(struct station *s, const char *why)
{
	s->clerk_ready = false;
	proc_stop(&s->clerk, STOP_MS);
	for (size_t i = 0; i < s->n; i++) {
		stop_worker(&s->worker[i], true);
		station_show_own(s, i, EVENT_TROUBLE, why);
	}
	s->clerk_at = clock_monotonic_ms() + CLERK_PAUSE_MS;
}

static int
start_workers(struct station *s, struct error *e)
{
	for (size_t i = 0; i < s->n; i++)
		if (start_worker(s, i, e) == -1)
			return -1;
	return 0;
}

/* What is wrong with the settings is wrong the next time, too. */
static bool
is_final(const struct station *s, const struct error *e)
{
	return !s->was_ready && e->code != ERROR_UPSTREAM &&
	    e->code != ERROR_RETRY;
}

void
crew_hear_clerk(struct station *s)
{
	struct error	 e = ERROR_INIT;

	s->clerk_heard = true;
	if (office_ready(s->clerk.fd, &e) == 0) {
		s->clerk_ready = s->was_ready = true;
		if (start_workers(s, &e) == 0)
			return;
	}
	if (is_final(s, &e)) {
		s->failed = e;
		return;
	}
	log_error(&e, "the clerk cannot begin");
	lose_clerk(s, e.text);
}

static void
look_at_worker(struct station *s, size_t i)
{
	struct worker	*w = &s->worker[i];
	struct error	 e = ERROR_INIT;
	int64_t		 until = atomic_load(&s->watch[i].until);

	if (w->proc.pid <= 0)
		;			/* it could not be started */
	else if (is_dead(&w->proc))
		station_show_own(s, i, EVENT_TROUBLE, "the worker's process "
		    "ended");
	else if (until == 0 || clock_monotonic_ms() < until)
		return;
	else
		station_show_own(s, i, EVENT_HUNG, "a command was not "
		    "answered in its time");
	stop_worker(w, true);
	if (start_worker(s, i, &e) == -1)
		log_error(&e, "reader %zu", i);
}

static void
start_again(struct station *s)
{
	struct error	 e = ERROR_INIT;

	if (clock_monotonic_ms() < s->clerk_at || crew_start(s, &e) == 0)
		return;
	log_error(&e, "start again");
	lose_clerk(s, e.text);
}

void
crew_look(struct station *s)
{
	if (is_dead(&s->clerk))
		lose_clerk(s, "the clerk's process ended: see the log; it is "
		    "started again");
	if (s->clerk_at != 0)
		start_again(s);
	for (size_t i = 0; s->clerk_ready && i < s->n; i++)
		look_at_worker(s, i);
	if (s->clerk_ready)
		station_agent_look(s);
}

void
crew_end(struct station *s, bool at_once)
{
	for (size_t i = 0; i < s->n; i++)
		stop_worker(&s->worker[i], at_once);
	proc_stop(&s->clerk, STOP_MS);
	proc_stop(&s->agent, STOP_MS);
}
