/* SPDX-License-Identifier: Apache-2.0 */
#include "station_private.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/screen.h"
#include "os/sandbox.h"

static volatile sig_atomic_t	 told_to_end;

static void
on_signal(int sig)
{
	(void)sig;
	told_to_end++;
}

static void
catch_signals(void)
{
	struct sigaction	 sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
}

/* ---- the loop ---- */

static void
hear(struct station *s, int *fd)
{
	struct event	 v = { .reader = 0 };
	struct error	 e = ERROR_INIT;

	if (event_recv(*fd, &v, &e) == 1)
		station_show(s, &v);
	else
		crew_close(fd);
}

static bool
has_word(int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };

	return fd != -1 && poll(&p, 1, 0) == 1;
}

/*
 * What the clerk says of a card has its place among what the worker says of it:
 * after "a card is there", which may not have been heard yet, since lines are
 * looked at one after the other, and before what is next there.
 */
static void
hear_clerk(struct station *s)
{
	struct event	 v = { .reader = 0 }, w = { .reader = 0 };
	struct error	 e = ERROR_INIT;
	bool		 later = false;
	int		*fd = NULL;

	if (event_recv(s->clerk.fd, &v, &e) != 1) {
		crew_close(&s->clerk.fd);
		return;
	}
	if (v.reader < s->n)
		fd = &s->worker[v.reader].proc.fd;
	while (!later && fd != NULL && has_word(*fd)) {
		if (event_recv(*fd, &w, &e) != 1) {
			crew_close(fd);
			break;
		}
		if (!(later = w.sent > v.sent))
			station_show(s, &w);
	}
	station_show(s, &v);
	if (later)
		station_show(s, &w);
}

static void
station_turn(struct station *s, struct pollfd *p)
{
	p[s->n] = (struct pollfd){ .fd = s->clerk.fd, .events = POLLIN };
	p[s->n + 1] = (struct pollfd){ .fd = s->agent.fd, .events = POLLIN };
	for (size_t i = 0; i < s->n; i++)
		p[i] = (struct pollfd){ .fd = s->worker[i].proc.fd,
		    .events = POLLIN };
	if (poll(p, s->n + 2, TURN_MS) == -1) {
		for (size_t i = 0; i < s->n + 2; i++)
			p[i].revents = 0;
	}
	if (s->clerk.fd != -1 && p[s->n].revents != 0) {
		if (s->clerk_ready)
			hear_clerk(s);
		else
			crew_hear_clerk(s);
	}
	for (size_t i = 0; i < s->n; i++)
		if (p[i].revents != 0 && has_word(s->worker[i].proc.fd))
			hear(s, &s->worker[i].proc.fd);
	if (s->agent.fd != -1 && p[s->n + 1].revents != 0)
		station_agent_hear(s);
	crew_look(s);
}

static bool
is_over(struct station *s)
{
	s->ending = told_to_end;
	if (s->failed.code != ERROR_NONE)
		return true;
	if (s->run->stop_after > 0 && s->issued >= s->run->stop_after)
		return true;
	return s->ending > 1 || (s->ending == 1 && board_is_idle(s->board));
}

/* It may ask for a passphrase at the terminal: until it has said that it is
 * ready, or why not, nothing else is written there. */
static void
await_clerk(struct station *s)
{
	struct pollfd	 p = { .fd = s->clerk.fd, .events = POLLIN };

	while (!s->clerk_heard && told_to_end == 0)
		if (poll(&p, 1, TURN_MS) > 0)
			crew_hear_clerk(s);
}

static void
station_loop(struct station *s)
{
	struct pollfd	*p = mem_array(s->n + 2, sizeof(*p));
	int64_t		 drawn = 0;

	if (s->run->show == SHOW_BOARD)
		screen_begin(stdout);
	while (!is_over(s)) {
		station_turn(s, p);
		if (s->run->show == SHOW_BOARD &&
		    clock_monotonic_ms() - drawn >= TURN_MS / 2) {
			station_draw(s);
			drawn = clock_monotonic_ms();
		}
	}
	if (s->run->show == SHOW_BOARD)
		screen_end(stdout);
	fflush(stdout);
	mem_free(&p);
}

static char *
join(const char *const *v, size_t n)
{
	struct buf	 b = { 0 };
	char		*text;

	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : ", ", v[i]);
	text = mem_strdup(buf_cstr(&b));
	buf_clear(&b);
	return text;
}

static int
station_begin(struct station *s, const struct station_run *run,
    struct error *e)
{
	char	*batches = join(run->batch, run->nbatches);

	*s = (struct station){ .run = run, .n = run->n,
	    .clerk = PROC_INIT, .agent = PROC_INIT };
	board_new(&s->board, run->conf->station, batches, run->reader,
	    run->n);
	mem_free(&batches);
	s->worker = mem_array(s->n, sizeof(*s->worker));
	s->watch = mmap(NULL, s->n * sizeof(*s->watch),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->watch == MAP_FAILED)
		return error_sys(e, "memory for %zu readers", s->n);
	for (size_t i = 0; i < s->n; i++) {
		struct worker	*w = &s->worker[i];

		snprintf(w->title, sizeof(w->title), "station: reader %zu",
		    i + 1);
		w->proc = (struct proc)PROC_INIT;
		w->setup = (struct reader_setup){ .name = run->reader[i],
		    .index = (uint32_t)i, .clerk = -1,
		    .watch = &s->watch[i], .user = run->conf->user };
	}
	s->office = (struct office_setup){ .conf = run->conf,
	    .batch = run->batch, .nbatches = run->nbatches,
	    .reader = (const char *const *)run->reader, .n = run->n };
	return 0;
}

static void
station_end(struct station *s)
{
	crew_end(s, s->ending > 1);
	if (s->watch != NULL && s->watch != MAP_FAILED)
		munmap(s->watch, s->n * sizeof(*s->watch));
	board_free(&s->board);
	mem_free(&s->worker);
}

int
station_run(const struct station_run *run, struct error *e)
{
	struct station	 s;
	int		 rc = -1;

	catch_signals();
	if (station_begin(&s, run, e) == 0 &&
	    sandbox_supervise(true, e) == 0 && crew_start(&s, e) == 0) {
		await_clerk(&s);
		if (s.failed.code == ERROR_NONE)
			station_loop(&s);
		if ((rc = s.failed.code == ERROR_NONE ? 0 : -1) == -1)
			*e = s.failed;
	}
	station_end(&s);
	return rc;
}
