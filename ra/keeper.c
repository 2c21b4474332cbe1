/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper_private.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/confine.h"
#include "base/log.h"

int
keeper_open(struct keeper *k, const struct place_source *from,
    struct error *e)
{
	return place_open(&k->place, from, &k->secret, e) == -1 ||
	    place_read(&k->place, &k->id, e) == -1 ||
	    place_seen(&k->place, &k->seen, e) == -1 ? -1 : 0;
}

void
keeper_clear(struct keeper *k)
{
	identity_free(&k->id);
	place_clear(&k->place);
	secret_free(&k->secret.secret);
}

int
keeper_look(struct keeper *k, struct identity *was, const char *what)
{
	struct error	 e = ERROR_INIT;
	struct identity	 id;
	int		 found = place_look(&k->place, &k->seen, &id, &e);

	if (found == -1 && !k->told)
		log_error(&e, "%s", what);
	k->told = found == -1;
	if (found != 1)
		return 0;
	*was = k->id;
	k->id = id;
	return 1;
}

int
keeper_confine(const struct keeper *k, const struct rad_conf *c,
    struct error *e)
{
	const struct confine	 how = { .user = c->user,
				    .token_paths = &c->token_paths,
				    .token_sockets = c->token_sockets };

	return confine_enter(&how, &k->place, e);
}

void
keeper_answer(keeper_answer_fn *fn, void *arg, struct msg *q, struct msg *r)
{
	struct error	 e = ERROR_INIT;

	msg_init(r, q->type);
	if (fn(arg, q, r, &e) == 0)
		return;
	msg_init(r, 0);
	msg_put_error(r, &e);
}

void
keeper_loop(int fd, keeper_answer_fn *fn, void *arg)
{
	struct msg	 q = { 0 }, r = { 0 };
	struct error	 e = ERROR_INIT;

	while (msg_recv(fd, &q, &e) == 1) {
		keeper_answer(fn, arg, &q, &r);
		if (msg_send(fd, &r, &e) == -1)
			break;
	}
	if (e.code != ERROR_NONE)
		log_error(&e, "questions for a key");
	msg_clear(&q);
	msg_clear(&r);
}

/* ---- several at once ---- */

struct lane {
	pthread_t		 thread;
	int			 fd, first;
	keeper_answer_fn	*fn;
	void			*arg;
};

static void *
lane_run(void *arg)
{
	struct lane	*l = arg;

	keeper_loop(l->fd, l->fn, l->arg);
	(void)shutdown(l->first, SHUT_RDWR);
	return NULL;
}

int
keeper_lanes(const int *fd, size_t n, keeper_answer_fn *fn, void *arg,
    struct error *e)
{
	struct lane	*l = mem_array(n, sizeof(*l));
	size_t		 i, started = 1;
	int		 rc;

	for (rc = 0; rc == 0 && started < n; started += rc == 0) {
		l[started] = (struct lane){ .fd = fd[started], .first = fd[0],
		    .fn = fn, .arg = arg };
		rc = pthread_create(&l[started].thread, NULL, lane_run,
		    &l[started]);
	}
	if (rc == 0)
		keeper_loop(fd[0], fn, arg);
	for (i = 1; i < started; i++) {
		(void)shutdown(fd[i], SHUT_RDWR);
		pthread_join(l[i].thread, NULL);
	}
	mem_free(&l);
	if (rc == 0)
		return 0;
	errno = rc;
	return error_sys(e, "start a thread");
}
