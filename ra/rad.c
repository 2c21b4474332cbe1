/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet-rad: where people ask for certificates and officers decide.
 *
 * This process starts the others and stops when one of them does: the web
 * process, which strangers reach; the sealer, which has the RA's key; the
 * keeper of the web server's key; the one that writes mail; and the agents,
 * which renew the RA's certificates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/log.h"
#include "notices.h"
#include "os/file.h"
#include "os/proc.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "rad.h"
#include "tls_keeper.h"

#define LOOK_MS		1000
#define STOP_MS		6000
#define AGENT_POLL	60

enum child { CHILD_SEALER, CHILD_KEEPER, CHILD_WEB, CHILD_NOTICES, CHILD_AGENT, CHILD_TLS,
    CHILDREN };

struct main {
	struct service		*svc;
	struct rad_conf		 conf;
	int			 fd[RAD_LISTENERS], operator_fd;
	struct metrics		*metrics;
	struct health		*health;
	struct operator		*operator;
	struct proc		 child[CHILDREN];
	struct tls_lanes	 lanes;		/* between web and keeper */
	struct web_setup	 web;
	struct notices_setup	 notices;
	char			 instance[80];	/* in leases of notices */
	struct agent_conf	 agent, tls;
};

static void
close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* What a child must not have. */
static void
close_others(struct main *m, bool listeners, bool children)
{
	int	 i;

	close_fd(&m->operator_fd);
	for (i = 0; i < RAD_LISTENERS && listeners; i++)
		close_fd(&m->fd[i]);
	for (i = 0; i < CHILDREN && children; i++)
		close_fd(&m->child[i].fd);
}

static int
sealer_process(int parent, void *arg)
{
	struct main	*m = arg;

	close_others(m, true, true);
	return sealer_main(parent, &m->conf);
}

static int
keeper_process(int parent, void *arg)
{
	struct main	*m = arg;

	(void)parent;
	close_others(m, true, true);
	tls_lanes_close(&m->lanes, true, false);
	return tls_keeper_main(&m->conf, &m->lanes);
}

static int
web_process(int parent, void *arg)
{
	struct main	*m = arg;

	close_others(m, false, false);
	return web_main(parent, &m->web);
}

static int
notices_process(int parent, void *arg)
{
	struct main	*m = arg;

	close_others(m, true, true);
	return notices_main(parent, &m->notices);
}

static int
agent_process(int parent, void *arg)
{
	struct main	*m = arg;

	close_others(m, true, true);
	return agent_main(parent, &m->agent);
}

static int
tls_process(int parent, void *arg)
{
	struct main	*m = arg;

	close_others(m, true, true);
	return agent_main(parent, &m->tls);
}

static int
acquire(struct main *m, struct error *e)
{
	const struct rad_conf	*c = &m->conf;

	if (metrics_new(&m->metrics, e) == -1 ||
	    health_new(&m->health, e) == -1 ||
	    http_listen(&m->fd[0], c->listen, e) == -1 ||
	    http_listen(&m->fd[1], c->listen_cert, e) == -1)
		return -1;
	if (*c->metrics_listen != '\0')
		return http_listen_local(&m->operator_fd, c->metrics_listen,
		    e);
	return 0;
}

static int
make_state(const struct rad_conf *c, struct error *e)
{
	char	*web = rad_conf_state(c, "web");
	int	 rc = file_mkdir(web, 0700, e);

	mem_free(&web);
	return rc;
}

/* Nodes that share a store have a host or a state directory of their own. */
static void
set_notices(struct main *m)
{
	const struct rad_conf	*c = &m->conf;
	char			 host[65] = "";
	uint64_t		 sum = 14695981039346656037u;

	gethostname(host, sizeof(host) - 1);
	for (const char *p = c->state; *p != '\0'; p++)
		sum = (sum ^ (unsigned char)*p) * 1099511628211u;
	snprintf(m->instance, sizeof(m->instance), "%.50s/%08x", host,
	    (unsigned int)(sum ^ sum >> 32));
	m->notices = (struct notices_setup){ .instance = m->instance,
	    .database = c->database, .profiles = c->profiles,
	    .pages = c->pages, .brand = c->brand, .languages = &c->languages,
	    .url = c->url, .from = c->mail_from, .from_name = c->mail_name,
	    .reply_to = c->mail_reply_to, .password = c->mail_password,
	    .smtp = { .url = c->mail_server, .clear = c->mail_clear,
	    .ca_file = c->mail_ca, .helo = c->mail_helo,
	    .user = c->mail_user, .ms = (int)c->mail_timeout * 1000 },
	    .keep = c->mail_keep, .metrics = m->metrics };
}

static int
check(struct main *m, struct error *e)
{
	if (web_check(&m->conf, e) == -1)
		return -1;
	set_notices(m);
	return m->conf.mail_server == NULL ? 0 : notices_check(&m->notices,
	    e);
}

static void
set_agents(struct main *m)
{
	const struct rad_conf	*c = &m->conf;

	m->agent = (struct agent_conf){ .program = "signet-rad agent",
	    .database = c->agent_database, .root = c->root,
	    .officers_ca = c->officers_ca, .agent_key = c->agent_key,
	    .agent_cert = c->agent_cert,
	    .agent_passphrase = c->agent_passphrase,
	    .pkcs11_module = c->pkcs11_module,
	    .token_paths = c->token_paths,
	    .token_sockets = c->token_sockets, .user = c->user,
	    .poll = AGENT_POLL, .svc = m->svc };
	m->tls = m->agent;
	m->tls.program = "signet-rad tls";
	m->tls.agent_key = c->tls_key;
	m->tls.agent_cert = c->tls_cert;
	m->tls.agent_passphrase = c->tls_passphrase;
	m->tls.server_profile = "tls-server";
}

/* Before there are threads and a connection to the store. */
static int
start_children(struct main *m, struct error *e)
{
	if (proc_start(&m->child[CHILD_SEALER], "signet-rad: sealer",
	    sealer_process, m, e) == -1 ||
	    tls_lanes_open(&m->lanes, 0, e) == -1 ||
	    proc_start(&m->child[CHILD_KEEPER], "signet-rad: keeper",
	    keeper_process, m, e) == -1)
		return -1;
	close_fd(&m->child[CHILD_KEEPER].fd);
	tls_lanes_close(&m->lanes, false, true);
	m->web = (struct web_setup){ .conf = &m->conf, .svc = m->svc,
	    .fd = { m->fd[0], m->fd[1] },
	    .sealer = m->child[CHILD_SEALER].fd,
	    .keeper = &m->lanes, .metrics = m->metrics,
	    .health = m->health };
	if (proc_start(&m->child[CHILD_WEB], "signet-rad: web", web_process,
	    m, e) == -1)
		return -1;
	/* From now on only the web process talks with these. */
	close_fd(&m->child[CHILD_SEALER].fd);
	tls_lanes_close(&m->lanes, true, false);
	close_fd(&m->fd[0]);
	close_fd(&m->fd[1]);
	set_notices(m);
	if (m->conf.mail_server != NULL && (notices_check(&m->notices, e) ==
	    -1 || proc_start(&m->child[CHILD_NOTICES], "signet-rad: notices",
	    notices_process, m, e) == -1))
		return -1;
	if (m->conf.agent_database == NULL)
		return 0;
	set_agents(m);
	if (proc_start(&m->child[CHILD_AGENT], "signet-rad: agent",
	    agent_process, m, e) == -1)
		return -1;
	return proc_start(&m->child[CHILD_TLS], "signet-rad: tls",
	    tls_process, m, e);
}

static int
confine(const struct rad_conf *c, struct error *e)
{
	const struct sandbox	 box = { .user = c->user, .no_network = false,
				    .no_exec = true };
	bool			 landlock;

	return sandbox_enter(&box, &landlock, e);
}

static int
begin(struct main *m, struct error *e)
{
	int	 fd = m->operator_fd;

	m->operator_fd = -1;
	return fd == -1 ? 0 : operator_start(&m->operator, fd, m->metrics,
	    m->health, &clock_system, e);
}

/* One of us is gone: so are we, and the service manager starts us afresh. */
static void
look(void *arg)
{
	struct main	*m = arg;
	struct error	 e = ERROR_INIT;
	int		 i, status;

	for (i = 0; i < CHILDREN; i++) {
		if (m->child[i].pid <= 0 ||
		    waitpid(m->child[i].pid, &status, WNOHANG) <= 0)
			continue;
		m->child[i].pid = -1;
		error_set(&e, ERROR_UPSTREAM, "%s ended with %s %d",
		    m->child[i].name, WIFEXITED(status) ? "status" : "signal",
		    WIFEXITED(status) ? WEXITSTATUS(status) :
		    WTERMSIG(status));
		service_stop(m->svc, &e);
	}
}

/* What is new they see by themselves. */
static void
hear(struct main *m, enum child which)
{
	struct error	 e = ERROR_INIT;
	enum agent_news	 news;
	char		 ca[65];

	if (agent_hear(m->child[which].fd, &news, ca, &e) == 1)
		return;
	service_unwatch(m->svc, m->child[which].fd);
	close_fd(&m->child[which].fd);
}

static void
hear_agent(void *arg)
{
	hear(arg, CHILD_AGENT);
}

static void
hear_tls(void *arg)
{
	hear(arg, CHILD_TLS);
}

static void
end(struct main *m)
{
	int	 i;

	tls_lanes_close(&m->lanes, true, true);
	proc_tell(&m->child[CHILD_NOTICES]);
	proc_tell(&m->child[CHILD_AGENT]);
	proc_tell(&m->child[CHILD_TLS]);
	proc_stop(&m->child[CHILD_WEB], STOP_MS);
	for (i = 0; i < CHILDREN; i++)
		proc_stop(&m->child[i], STOP_MS);
	operator_stop(&m->operator);
	close_others(m, true, false);
	health_free(&m->health);
	metrics_free(&m->metrics);
	service_free(&m->svc);
	conf_free(&m->conf, rad_settings);
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct main	 m = { .fd = { -1, -1 }, .operator_fd = -1,
	    .child = { PROC_INIT, PROC_INIT, PROC_INIT, PROC_INIT,
	    PROC_INIT, PROC_INIT } };
	int		 ran = -1;

	if (service_new(&m.svc, "signet-rad", "the registration authority",
	    argc, argv, &e) == -1 ||
	    service_settings(m.svc, &m.conf, rad_settings, &e) == -1 ||
	    rad_conf_check(&m.conf, &e) == -1)
		goto out;
	if (service_check_only(m.svc)) {
		ran = check(&m, &e);
		goto out;
	}
	if (acquire(&m, &e) == -1 ||
	    service_drop(m.svc, m.conf.user, &e) == -1 ||
	    make_state(&m.conf, &e) == -1 || start_children(&m, &e) == -1 ||
	    confine(&m.conf, &e) == -1 || begin(&m, &e) == -1)
		goto out;
	service_every(m.svc, LOOK_MS, look, &m);
	if (m.conf.agent_database != NULL) {
		service_watch(m.svc, m.child[CHILD_AGENT].fd, hear_agent, &m);
		service_watch(m.svc, m.child[CHILD_TLS].fd, hear_tls, &m);
	}
	ran = service_run(m.svc, &e);
 out:
	if (ran == -1)
		log_error(&e, "cannot continue");
	end(&m);
	/* SIGHUP: the service manager's restart is our reload. */
	return ran == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}
