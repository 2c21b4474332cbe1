/* SPDX-License-Identifier: Apache-2.0 */
#include "station.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "office.h"
#include "os/pass.h"
#include "os/proc.h"
#include "reader.h"

#define TURN_MS		250
#define STOP_MS		3000
#define CLERK_PAUSE_MS	2000	/* before another one is started */

struct worker {
	struct proc		 proc;
	struct reader_setup	 setup;
	char			 title[40];
};
struct station {
	const struct station_run *run;
	struct board		*board;
	struct proc		 clerk;
	struct office_setup	 office;
	int			*none;		/* the clerk begins without workers */
	struct worker		*worker;
	struct reader_watch	*watch;
	size_t			 n;
	int64_t			 clerk_at;	/* when to start it again */
	uint32_t		 issued;
	int			 ending;	/* how often we were told to */
};

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

/* ---- what is shown ---- */

static void
draw(struct station *s)
{
	struct winsize	 w = { .ws_row = 24, .ws_col = 80 };
	struct buf	 out = { 0 };
	bool		 colour = getenv("NO_COLOR") == NULL;
	char		*line, *next;

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	board_draw(s->board, &out, w.ws_col < 40 ? 40 : w.ws_col,
	    w.ws_row < 6 ? 6 : w.ws_row - 1u, colour, clock_monotonic_ms());
	fputs("\033[H", stdout);
	buf_cstr(&out);
	for (line = (char *)out.p; (next = strchr(line, '\n')) != NULL;
	    line = next + 1)
		printf("%.*s\033[K\r\n", (int)(next - line), line);
	fputs("\033[K\033[J", stdout);
	if (s->ending > 0)
		fputs("ends when the cards at hand are finished; once more "
		    "to end now", stdout);
	fflush(stdout);
	buf_clear(&out);
}

static void
show(struct station *s, const struct event *v)
{
	bool		 ring = board_note(s->board, v,
			    clock_monotonic_ms());
	struct buf	 out = { 0 };

	s->issued += v->kind == EVENT_ISSUED;
	if (s->run->show == SHOW_JSON)
		board_json(s->board, v, &out, clock_now(&clock_system));
	else if (s->run->show == SHOW_LINES)
		(void)board_line(s->board, v, &out);
	if (out.len > 0)
		fwrite(out.p, 1, out.len, stdout);
	if (ring && !s->run->quiet && s->run->show == SHOW_BOARD)
		fputs("\a", stdout);
	fflush(stdout);
	buf_clear(&out);
}

static void
show_own(struct station *s, size_t i, enum event_kind kind, const char *text)
{
	struct event	 v = { .reader = (uint32_t)i, .kind = kind };

	snprintf(v.text, sizeof(v.text), "%s", text);
	show(s, &v);
}

/* ---- processes ---- */

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
close_others(struct station *s)
{
	close_fd(&s->clerk.fd);
	for (size_t i = 0; i < s->n; i++)
		close_fd(&s->worker[i].proc.fd);
}

static int
clerk_process(int parent, void *arg)
{
	struct station	*s = arg;

	close_others(s);
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

	close_others(w->station);
	return reader_main(parent, &w->worker->setup);
}

static int
start_clerk(struct station *s, struct error *e)
{
	s->clerk_at = 0;
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
		close_fd(&pair[1]);
		rc = proc_start(&w->proc, w->title, worker_process, &start,
		    e);
	}
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	return rc;
}

static void
stop_worker(struct worker *w, bool at_once)
{
	if (w->proc.pid > 0 && at_once)
		kill(w->proc.pid, SIGKILL);
	proc_stop(&w->proc, STOP_MS);
}

static int
start_all(struct station *s, struct error *e)
{
	if (start_clerk(s, e) == -1)
		return -1;
	for (size_t i = 0; i < s->n; i++)
		if (start_worker(s, i, e) == -1)
			return -1;
	return 0;
}

static bool
is_dead(struct proc *p)
{
	int	 status;

	return p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == p->pid;
}

/* Without its clerk a worker can do nothing: all begin again. */
static void
lose_clerk(struct station *s)
{
	s->clerk.pid = -1;
	close_fd(&s->clerk.fd);
	for (size_t i = 0; i < s->n; i++) {
		stop_worker(&s->worker[i], true);
		show_own(s, i, EVENT_TROUBLE, "the clerk's process ended: "
		    "see the log; it is started again");
	}
	s->clerk_at = clock_monotonic_ms() + CLERK_PAUSE_MS;
}

static void
look_at_worker(struct station *s, size_t i)
{
	struct worker	*w = &s->worker[i];
	struct error	 e = ERROR_INIT;
	int64_t		 until = atomic_load(&s->watch[i].until);

	if (is_dead(&w->proc)) {
		w->proc.pid = -1;
		show_own(s, i, EVENT_TROUBLE, "the worker's process ended");
	} else if (until == 0 || clock_monotonic_ms() < until)
		return;
	else
		show_own(s, i, EVENT_HUNG, "a command was not answered in "
		    "its time");
	stop_worker(w, true);
	if (s->clerk.pid > 0 && start_worker(s, i, &e) == -1)
		show_own(s, i, EVENT_TROUBLE, e.text);
}

static void
look_at_children(struct station *s)
{
	struct error	 e = ERROR_INIT;

	if (is_dead(&s->clerk))
		lose_clerk(s);
	if (s->clerk_at != 0) {
		if (clock_monotonic_ms() >= s->clerk_at &&
		    start_all(s, &e) == -1) {
			log_error(&e, "start again");
			lose_clerk(s);
		}
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		look_at_worker(s, i);
}

/* ---- the loop ---- */

static void
hear(struct station *s, int *fd)
{
	struct event	 v = { .reader = 0 };
	struct error	 e = ERROR_INIT;

	if (event_recv(*fd, &v, &e) == 1)
		show(s, &v);
	else
		close_fd(fd);
}

static void
station_turn(struct station *s, struct pollfd *p)
{
	p[s->n] = (struct pollfd){ .fd = s->clerk.fd, .events = POLLIN };
	for (size_t i = 0; i < s->n; i++)
		p[i] = (struct pollfd){ .fd = s->worker[i].proc.fd,
		    .events = POLLIN };
	if (poll(p, s->n + 1, TURN_MS) == -1) {
		for (size_t i = 0; i <= s->n; i++)
			p[i].revents = 0;
	}
	/* What the clerk says of a card comes before what is next there. */
	if (s->clerk.fd != -1 && p[s->n].revents != 0)
		hear(s, &s->clerk.fd);
	for (size_t i = 0; i < s->n; i++)
		if (s->worker[i].proc.fd != -1 && p[i].revents != 0)
			hear(s, &s->worker[i].proc.fd);
	look_at_children(s);
}

static bool
is_over(struct station *s)
{
	s->ending = told_to_end;
	if (s->run->stop_after > 0 && s->issued >= s->run->stop_after)
		return true;
	return s->ending > 1 || (s->ending == 1 && board_is_idle(s->board));
}

static void
station_loop(struct station *s)
{
	struct pollfd	*p = mem_array(s->n + 1, sizeof(*p));
	int64_t		 drawn = 0;

	if (s->run->show == SHOW_BOARD)
		fputs("\033[?1049h\033[?25l\033[2J", stdout);
	while (!is_over(s)) {
		station_turn(s, p);
		if (s->run->show == SHOW_BOARD &&
		    clock_monotonic_ms() - drawn >= TURN_MS / 2) {
			draw(s);
			drawn = clock_monotonic_ms();
		}
	}
	if (s->run->show == SHOW_BOARD)
		fputs("\033[?25h\033[?1049l", stdout);
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
	    .clerk = PROC_INIT };
	board_new(&s->board, run->conf->station, batches, run->reader,
	    run->n);
	mem_free(&batches);
	s->worker = mem_array(s->n, sizeof(*s->worker));
	s->none = mem_array(s->n, sizeof(*s->none));
	s->watch = mmap(NULL, s->n * sizeof(*s->watch),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->watch == MAP_FAILED)
		return error_sys(e, "memory for %zu readers", s->n);
	for (size_t i = 0; i < s->n; i++) {
		struct worker	*w = &s->worker[i];

		s->none[i] = -1;
		snprintf(w->title, sizeof(w->title), "station: reader %zu",
		    i + 1);
		w->proc = (struct proc)PROC_INIT;
		w->setup = (struct reader_setup){ .name = run->reader[i],
		    .index = (uint32_t)i, .clerk = -1,
		    .watch = &s->watch[i], .user = run->conf->user };
	}
	s->office = (struct office_setup){ .conf = run->conf,
	    .batch = run->batch, .nbatches = run->nbatches,
	    .reader = (const char *const *)run->reader, .fd = s->none,
	    .n = run->n };
	return office_check(&s->office, e);
}

static void
station_end(struct station *s)
{
	for (size_t i = 0; i < s->n; i++)
		stop_worker(&s->worker[i], s->ending > 1);
	proc_stop(&s->clerk, STOP_MS);
	if (s->watch != NULL && s->watch != MAP_FAILED)
		munmap(s->watch, s->n * sizeof(*s->watch));
	board_free(&s->board);
	mem_free(&s->worker);
	mem_free(&s->none);
}

int
station_run(const struct station_run *run, struct error *e)
{
	struct station	 s;
	int		 rc = -1;

	catch_signals();
	if (station_begin(&s, run, e) == 0 && start_all(&s, e) == 0) {
		station_loop(&s);
		rc = 0;
	}
	station_end(&s);
	return rc;
}
