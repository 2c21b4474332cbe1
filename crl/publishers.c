/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes, and what each does between two rounds.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/log.h"
#include "os/proc.h"
#include "os/sandbox.h"
#include "publisher_private.h"

#define POLL_MS		1000
#define LOOK_MS		500
#define STOP_MS		4000
#define REST_MS		1000	/* before one that ended starts again */

struct child {
	struct proc	 proc;
	char		 title[16];
	char		*target;	/* NULL: the dispatcher */
	int		 index;
	int64_t		 start_at;	/* when it is not running */
	bool		 running;
};
struct publishers {
	const struct publisher_setup	*setup;
	struct child			*v;
	size_t				 n;
	struct child			*starting;
};

/* Until the store has news, the parent is gone (false), or a second. */
static bool
wait_for_news(int parent, struct db *db, struct error *e)
{
	char		 channel[64];
	struct pollfd	 fd[2] = { { parent, POLLIN, 0 },
	    { db_socket(db), POLLIN, 0 } };

	if (poll(fd, 2, POLL_MS) == -1 && errno != EINTR)
		return false;
	if (fd[0].revents != 0)
		return false;
	while (db_notified(db, channel, e) == 1)
		;
	return true;
}

/* One line when a trouble begins and one when it is over. */
static void
say(const struct error *e, bool *ailing, const char *what)
{
	if (e->code != ERROR_NONE && !*ailing)
		log_error(e, "%s: will try again", what);
	else if (e->code == ERROR_NONE && *ailing)
		log_info("%s: all is well again", what);
	*ailing = e->code != ERROR_NONE;
}

static int
dispatcher_process(int parent, const struct publisher_setup *setup,
    struct error *e)
{
	struct dispatcher	 d = { .base = { .setup = setup,
				    .bell = parent } };
	bool			 ailing = false;
	int			 rc;

	if ((rc = dispatcher_open(&d, e)) == -1 ||
	    (rc = publisher_confine(&d.base, e)) == -1)
		goto out;
	for (;;) {
		error_clear(e);
		rc = dispatcher_round(&d, clock_now(&clock_system), e);
		say(e, &ailing, "dispatcher");
		error_clear(e);
		if (rc != 1 && !wait_for_news(parent, d.base.db, e))
			break;
	}
	rc = 0;
 out:
	dispatcher_close(&d);
	return rc;
}

static int
publisher_process(int parent, const struct publisher_setup *setup,
    const struct child *c, struct error *e)
{
	struct publisher	 p = { .base = { .setup = setup,
				    .bell = parent } };
	bool			 ailing = false;
	int			 rc;

	if ((rc = publisher_open(&p, c->target, c->index, e)) == -1 ||
	    (rc = publisher_confine(&p.base, e)) == -1)
		goto out;
	for (;;) {
		error_clear(e);
		rc = publisher_round(&p, &clock_system, e);
		if (e->code != ERROR_NONE ||
		    (p.directory != NULL && !publisher_is_refused(&p)))
			say(e, &ailing, p.name);
		error_clear(e);
		if (rc != 1 && !wait_for_news(parent, p.base.db, e))
			break;
	}
	rc = 0;
 out:
	publisher_close(&p);
	return rc;
}

static int
child_main(int parent, void *arg)
{
	struct publishers	*ps = arg;
	struct child		*c = ps->starting;
	struct error		 e = ERROR_INIT;
	int			 rc;

	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i].running)
			close(ps->v[i].proc.fd);
	rc = c->target == NULL ? dispatcher_process(parent, ps->setup, &e) :
	    publisher_process(parent, ps->setup, c, &e);
	if (rc == -1)
		log_error(&e, "%s", c->target != NULL ? c->target :
		    "dispatcher");
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
child_start(struct publishers *ps, struct child *c, struct error *e)
{
	ps->starting = c;
	if (proc_start(&c->proc, c->title, child_main, ps, e) == -1)
		return -1;
	c->running = true;
	return 0;
}

int
publishers_check(const struct publisher_setup *setup, struct error *e)
{
	struct publish_conf	 conf;

	if (setup->directories == NULL)
		return 0;
	if (publish_conf_load(&conf, setup->directories, e) == -1)
		return -1;
	publish_conf_free(&conf);
	return 0;
}

static void
child_add(struct publishers *ps, const char *target, int index)
{
	struct child	*c;

	ps->v = mem_resize(ps->v, ps->n + 1, sizeof(*ps->v));
	c = &ps->v[ps->n++];
	memset(c, 0, sizeof(*c));
	c->proc = (struct proc)PROC_INIT;
	c->target = mem_strdup(target);
	c->index = index;
	snprintf(c->title, sizeof(c->title), "%s",
	    target == NULL ? "crld: dispatch" : "crld: publish");
}

static int
start_all(struct publishers *ps, const struct publisher_setup *setup,
    struct error *e)
{
	struct publish_conf		 conf = { 0 };
	const struct publish_target	*t;
	int				 rc = -1;

	if (setup->directories != NULL &&
	    publish_conf_load(&conf, setup->directories, e) == -1)
		goto out;
	child_add(ps, NULL, 0);
	for (size_t i = 0; i < conf.targets.n; i++) {
		t = (const struct publish_target *)conf.targets.v + i;
		for (int k = 0; k < t->publishers; k++)
			child_add(ps, t->name, k);
	}
	for (size_t i = 0; i < ps->n; i++)
		if (child_start(ps, &ps->v[i], e) == -1)
			goto out;
	rc = 0;
 out:
	publish_conf_free(&conf);
	return rc;
}

/* Has it ended?  Whoever else waits for children may have been faster. */
static bool
child_ended(struct child *c, int *status)
{
	pid_t	 got = waitpid(c->proc.pid, status, WNOHANG);

	if (got == 0 || (got == -1 && errno == EINTR))
		return false;
	if (got == -1)
		*status = 0;
	close(c->proc.fd);
	c->proc = (struct proc)PROC_INIT;
	c->running = false;
	c->start_at = clock_monotonic_ms() + REST_MS;
	return true;
}

static void
look_after(struct publishers *ps)
{
	struct error	 e = ERROR_INIT;
	int		 status;

	for (size_t i = 0; i < ps->n; i++) {
		struct child *c = &ps->v[i];

		error_clear(&e);
		if (c->running && child_ended(c, &status))
			error_set(&e, ERROR_UPSTREAM, "process %s ended with "
			    "%s %d and is started again", c->target != NULL ?
			    c->target : "dispatcher", WIFSIGNALED(status) ?
			    "signal" : "status", WIFSIGNALED(status) ?
			    WTERMSIG(status) : WEXITSTATUS(status));
		else if (!c->running && clock_monotonic_ms() >= c->start_at)
			(void)child_start(ps, c, &e);
		if (e.code != ERROR_NONE)
			log_error(&e, "publication");
	}
}

static void
stop_all(struct publishers *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		proc_tell(&ps->v[i].proc);
	for (size_t i = 0; i < ps->n; i++) {
		if (ps->v[i].running)
			proc_stop(&ps->v[i].proc, STOP_MS);
		mem_free(&ps->v[i].target);
	}
	mem_free(&ps->v);
}

static int
dispatch_once(const struct publisher_setup *setup, int parent,
    struct error *e)
{
	struct dispatcher	 d = { .base = { .setup = setup,
				    .bell = parent } };
	int			 rc;

	if ((rc = dispatcher_open(&d, e)) == 0)
		while ((rc = dispatcher_round(&d, clock_now(&clock_system),
		    e)) == 1)
			;
	dispatcher_close(&d);
	return rc;
}

static int
publish_once(const struct publisher_setup *setup, const char *target,
    int parent, struct error *e)
{
	struct publisher	 p = { .base = { .setup = setup,
				    .bell = parent } };
	int			 rc;

	if ((rc = publisher_open(&p, target, 0, e)) == 0)
		while ((rc = publisher_round(&p, &clock_system, e)) == 1)
			error_clear(e);
	publisher_close(&p);
	return rc == 0 && e->code != ERROR_NONE ? -1 : rc;
}

static int
publishers_once(const struct publisher_setup *setup, int parent,
    struct error *e)
{
	struct publish_conf		 conf = { 0 };
	const struct publish_target	*t;
	struct error			 one = ERROR_INIT;
	int				 rc;

	if (dispatch_once(setup, parent, e) == -1)
		return -1;
	if (setup->directories == NULL)
		return 0;
	if ((rc = publish_conf_load(&conf, setup->directories, e)) == -1)
		return -1;
	for (size_t i = 0; i < conf.targets.n; i++) {
		t = (const struct publish_target *)conf.targets.v + i;
		error_clear(&one);
		if (publish_once(setup, t->name, parent, &one) == 0)
			continue;
		if (rc == 0)
			*e = one;
		rc = -1;
	}
	publish_conf_free(&conf);
	return rc;
}

int
publishers_main(int parent, void *arg)
{
	const struct publisher_setup	*setup = arg;
	struct publishers		 ps = { .setup = setup };
	/* Those that it starts have walls of their own before their files. */
	const struct sandbox		 box = { .user = setup->user,
					    .all_paths = true,
					    .no_exec = true };
	struct pollfd			 fd = { parent, POLLIN, 0 };
	struct error			 e = ERROR_INIT;
	int				 rc;

	if ((rc = sandbox_enter(&box, NULL, &e)) == 0)
		rc = setup->once ? publishers_once(setup, parent, &e) :
		    start_all(&ps, setup, &e);
	if (rc == -1)
		log_error(&e, "publication");
	while (rc == 0 && !setup->once && (poll(&fd, 1, LOOK_MS) == 0 || fd.revents == 0))
		look_after(&ps);
	stop_all(&ps);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
