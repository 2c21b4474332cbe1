/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon's process for its own certificates.  It holds the agent's key and
 * may write orders; it listens on nothing and reads nothing that a client
 * sends.  As the body of a process it writes to the log.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_private.h"
#include "agent/confine.h"
#include "base/log.h"
#include "os/msg.h"
#include "x509/cert.h"

#define TICK_MS		1000
#define WAIT_S		5		/* between looks at an order */
#define BACK_OFF_S	5		/* after a failure, doubling */
#define BACK_OFF_MAX_S	600
#define REFUSED_S	60		/* the same when each try is an order */
#define REFUSED_MAX_S	3600
#define TELL_S		3600		/* of an order that waits */

struct schedule {		/* of one task */
	int64_t	 next;		/* monotonic ms */
	int64_t	 back_off;	/* seconds; 0: the last look went well */
	int64_t	 told;		/* that it waits; monotonic ms, or 0 */
};

struct renewer {
	const struct agent_conf	*conf;
	struct agent		*agent;
	struct schedule		*plan;		/* as agent->task */
	int			 parent;
	int			 watched;	/* the store's socket, or -1 */
};

/* ---- news ---- */

static int
tell_parent(struct renewer *r, const struct task *t, struct error *e)
{
	struct msg	 m = { 0 };
	int		 rc;

	msg_init(&m, t->ca != NULL ? AGENT_NEWS_SIGNER : AGENT_NEWS_RENEWED);
	msg_put_str(&m, t->ca != NULL ? t->ca->name : "");
	rc = msg_send(r->parent, &m, e);
	msg_clear(&m);
	return rc;
}

int
agent_hear(int fd, enum agent_news *news, char ca[65], struct error *e)
{
	struct msg	 m = { 0 };
	int		 got;

	if ((got = msg_recv(fd, &m, e)) == 1) {
		*news = m.type;
		msg_get_str(&m, ca, 65);
		if (msg_done(&m, e) == -1)
			got = -1;
	}
	msg_clear(&m);
	return got;
}

static void
log_new(struct renewer *r, const struct task *t)
{
	struct error		 ignored = ERROR_INIT;
	struct cert_info	 info;
	char			 name[96], serial[2 * CERT_SERIAL_SIZE + 3];
	char			 end[TEXT_TIME_SIZE], due[TEXT_TIME_SIZE];
	int64_t			 next = task_due(r->agent, t);

	if (cert_info(&info, t->now.cert, &ignored) == -1)
		return;
	text_hex(serial, info.serial, info.serial_len);
	log_info("%s: new certificate is in place, serial=%s until=%s next=%s",
	    task_name(t, name), serial, text_time(end, info.not_after),
	    next == INT64_MAX ? "never" : text_time(due, next));
	cert_info_clear(&info);
}

/* ---- one task ---- */

static void
task_failed(struct schedule *s, const struct error *e)
{
	bool	 refused = e->code == ERROR_DENIED;
	int64_t	 least = refused ? REFUSED_S : BACK_OFF_S;
	int64_t	 most = refused ? REFUSED_MAX_S : BACK_OFF_MAX_S;

	s->back_off = s->back_off * 2 < least ? least : s->back_off * 2;
	if (s->back_off > most)
		s->back_off = most;
	s->next = clock_monotonic_ms() + s->back_off * 1000;
	log_error(e, "will try again in %lld s", (long long)s->back_off);
}

/* Said at once, and from time to time if nothing happens. */
static void
task_waits(const struct task *t, struct schedule *s)
{
	int64_t	 now = clock_monotonic_ms();
	char	 name[96], id[2 * ORDER_ID_SIZE + 1];

	s->next = now + WAIT_S * 1000;
	if (s->told != 0 && now - s->told < TELL_S * 1000)
		return;
	text_hex(id, t->order, ORDER_ID_SIZE);
	log_info("%s: %s order=%s", task_name(t, name), s->told == 0 ?
	    "ordered" : "the CA has not carried out", id);
	s->told = now;
}

static void
task_run(struct renewer *r, struct task *t, struct schedule *s)
{
	struct error	 e = ERROR_INIT;
	int		 rc = agent_look(r->agent, t, &e);

	if (rc == -1) {
		if (e.code == ERROR_DENIED)
			s->told = 0;
		task_failed(s, &e);
		return;
	}
	s->back_off = 0;
	if (rc == 0 && t->waits) {
		task_waits(t, s);
		return;
	}
	s->told = 0;
	s->next = clock_monotonic_ms() + r->conf->poll * 1000;
	if (rc == 0)
		return;
	log_new(r, t);
	if (tell_parent(r, t, &e) == -1)
		log_error(&e, "tell that it is there");
}

/* ---- the loop ---- */

static void
renewer_heard(void *arg)
{
	struct renewer	*r = arg;
	struct error	 e = ERROR_INIT;
	char		 channel[64];
	size_t		 i;
	int		 got;

	while ((got = db_notified(r->agent->db, channel, &e)) == 1)
		;
	if (got == -1) {
		service_unwatch(r->conf->svc, r->watched);
		r->watched = -1;
	}
	for (i = 0; i < r->agent->ntasks; i++)
		if (r->agent->task[i].waits)
			r->plan[i].next = 0;
	service_kick(r->conf->svc);
}

/* The store is wanted a few times a month; nobody holds it open till then. */
static void
watch_store(struct renewer *r)
{
	struct agent	*a = r->agent;
	int		 fd;

	if (!agent_waits(a) && a->db != NULL) {
		if (r->watched != -1)
			service_unwatch(r->conf->svc, r->watched);
		r->watched = -1;
		db_close(&a->db);
	}
	fd = a->db != NULL ? db_socket(a->db) : -1;
	if (fd == r->watched)
		return;
	if (r->watched != -1)
		service_unwatch(r->conf->svc, r->watched);
	if ((r->watched = fd) != -1)
		service_watch(r->conf->svc, fd, renewer_heard, r);
}

static void
renewer_round(void *arg)
{
	struct renewer	*r = arg;
	size_t		 i;

	for (i = 0; i < r->agent->ntasks; i++)
		if (r->plan[i].next <= clock_monotonic_ms())
			task_run(r, &r->agent->task[i], &r->plan[i]);
	watch_store(r);
	if (service_is_once(r->conf->svc))
		service_stop(r->conf->svc, NULL);
}

/* Nothing comes from the parent but the end. */
static void
renewer_end(void *arg)
{
	struct renewer	*r = arg;

	service_stop(r->conf->svc, NULL);
}

static int
confine(const struct agent *a, struct error *e)
{
	const struct agent_conf	*c = a->conf;
	const struct confine	 how = { .user = c->user,
				    .token_paths = &c->token_paths,
				    .token_sockets = c->token_sockets,
				    .renews = true, .also = c->signers };

	return confine_enter(&how, &a->task[0].place, e);
}

int
agent_main(int parent, void *arg)
{
	struct renewer	 r = { .conf = arg, .parent = parent, .watched = -1 };
	struct service	*svc = r.conf->svc;
	struct error	 e = ERROR_INIT;
	int		 rc = EXIT_FAILURE;

	if (secret_init(&e) == -1 || agent_new(&r.agent, r.conf,
	    &clock_system, &rng_system, &e) == -1 || confine(r.agent,
	    &e) == -1)
		goto out;
	r.agent->bell = parent;
	r.plan = mem_array(r.agent->ntasks, sizeof(*r.plan));
	service_watch(svc, parent, renewer_end, &r);
	service_every(svc, TICK_MS, renewer_round, &r);
	if (service_run(svc, &e) != -1)
		rc = EXIT_SUCCESS;
 out:
	if (rc == EXIT_FAILURE)
		log_error(&e, "renewal of certificates");
	agent_free(&r.agent);
	mem_free(&r.plan);
	return rc;
}
