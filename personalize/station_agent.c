/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that renews the station's certificate while it runs.  Cards go
 * on meanwhile: the old certificate is good for long after the new one is in
 * place, and the clerk takes that up by itself.  Nor does a card suffer when
 * this process ends: it is started again.
 */
#include "station_private.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "os/service.h"

#define POLL_S		60
#define PAUSE_MS	60000	/* before another one is started */

static int
renew(int parent, const struct station_conf *c, struct service *svc)
{
	struct agent_conf	 a = { .program = "signet-station agent",
				    .database = c->agent_database,
				    .root = c->root,
				    .officers_ca = c->officers_ca,
				    .agent_key = c->agent_key,
				    .agent_cert = c->agent_cert,
				    .agent_passphrase = c->agent_passphrase,
				    .pkcs11_module = c->pkcs11_module,
				    .token_paths = c->token_paths,
				    .token_sockets = c->token_sockets,
				    .user = c->user, .poll = POLL_S,
				    .svc = svc };

	return agent_main(parent, &a);
}

static int
agent_process(int parent, void *arg)
{
	struct station	*s = arg;
	char		 name[] = "signet-station", *argv[] = { name, NULL };
	struct service	*svc = NULL;
	struct error	 e = ERROR_INIT;
	int		 rc = EXIT_FAILURE;

	crew_close_others(s);
	if (service_new(&svc, name, "", 1, argv, &e) == -1)
		log_error(&e, "renewal of the station's certificate");
	/* At a terminal everybody gets it: what it means the station says. */
	else if (signal(SIGINT, SIG_IGN) != SIG_ERR)
		rc = renew(parent, s->run->conf, svc);
	service_free(&svc);
	return rc;
}

static bool
has_ended(struct proc *p)
{
	int	 status;

	return p->pid > 0 && waitpid(p->pid, &status, WNOHANG) == p->pid;
}

void
station_agent_look(struct station *s)
{
	struct error	 e = ERROR_INIT;
	int64_t		 now = clock_monotonic_ms();

	if (s->run->conf->agent_database == NULL || s->ending > 0)
		return;
	if (has_ended(&s->agent)) {
		s->agent.pid = -1;
		crew_close(&s->agent.fd);
		error_set(&e, ERROR_UPSTREAM, "the process that renews the "
		    "station's certificate ended");
		log_error(&e, "it is started again in a minute");
		s->agent_at = now + PAUSE_MS;
	}
	if (s->agent.pid > 0 || now < s->agent_at)
		return;
	error_clear(&e);
	if (proc_start(&s->agent, "station: agent", agent_process, s,
	    &e) == -1) {
		log_error(&e, "renewal of the station's certificate");
		s->agent_at = now + PAUSE_MS;
	}
}

/* What is new the clerk sees by itself. */
void
station_agent_hear(struct station *s)
{
	struct error	 e = ERROR_INIT;
	enum agent_news	 news;
	char		 ca[65];

	if (agent_hear(s->agent.fd, &news, ca, &e) != 1)
		crew_close(&s->agent.fd);
}
