/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet-crld: publishes lists and certificates.  This process has the store
 * and the directory; a child, which has neither, serves the directory over
 * HTTP; another, with children of its own, publishes to LDAP directories.  The
 * only key is the one that says to these who is writing; a third child renews
 * its certificate.  When a child ends, all do.
 */
#include <sys/wait.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/log.h"
#include "net/http.h"
#include "net/operator.h"
#include "os/file.h"
#include "os/proc.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "primaries.h"
#include "publisher.h"
#include "round.h"
#include "settings.h"
#include "web.h"

#define BEAT_MS		1000
#define LOOK_MS		200
#define STOP_MS		5000
#define AGENT_POLL	60	/* seconds */

struct crld {
	struct crld_conf	 conf;
	struct service		*svc;
	struct metrics		*metrics;
	struct health		*health;
	struct operator		*operator;
	int			 operator_fd;
	struct web_setup	 web_setup;
	struct proc		 web, publish, agent;
	struct agent_conf	 agent_conf;
	struct publisher_setup	 publisher_setup;
	struct primaries	*primaries;
	struct round		 round;
	int			 watched;	/* the store's socket */
	int			 last;		/* of round_run() */
};

/* While still privileged: ports below 1024. */
static int
crld_listen(struct crld *c, struct error *e)
{
	struct web_setup	*w = &c->web_setup;

	w->conf = &c->conf;
	w->metrics = c->metrics;
	if (service_is_once(c->svc))
		return 0;
	for (w->n = 0; w->n < c->conf.listen.n; w->n++)
		if (http_listen(&w->fd[w->n], c->conf.listen.v[w->n],
		    e) == -1)
			return -1;
	return c->conf.metrics_listen[0] == '\0' ? 0 :
	    http_listen_local(&c->operator_fd, c->conf.metrics_listen, e);
}

static int
web_process(int parent, void *arg)
{
	struct crld	*c = arg;

	if (c->operator_fd != -1)
		close(c->operator_fd);
	return web_main(parent, &c->web_setup);
}

static void
set_publisher(struct crld *c)
{
	c->publisher_setup = (struct publisher_setup){
	    .instance = c->conf.instance, .database = c->conf.database,
	    .profiles = c->conf.profiles, .root = c->conf.root,
	    .officers_ca = c->conf.officers_ca,
	    .user = c->conf.user, .directories = c->conf.directories,
	    .once = service_is_once(c->svc) };
}

static int
publish_process(int parent, void *arg)
{
	struct crld	*c = arg;

	if (c->operator_fd != -1)
		close(c->operator_fd);
	if (c->web.fd != -1)
		close(c->web.fd);
	return publishers_main(parent, &c->publisher_setup);
}

static int
agent_process(int parent, void *arg)
{
	struct crld	*c = arg;

	if (c->operator_fd != -1)
		close(c->operator_fd);
	if (c->web.fd != -1)
		close(c->web.fd);
	if (c->publish.fd != -1)
		close(c->publish.fd);
	return agent_main(parent, &c->agent_conf);
}

/* Directories know us by our certificate: publishers read it for each
 * connection, so nobody needs to be told of a new one. */
static int
crld_start_agent(struct crld *c, struct error *e)
{
	if (c->conf.agent_database == NULL || service_is_once(c->svc))
		return 0;
	c->agent_conf = (struct agent_conf){ .program = "signet-crld agent",
	    .database = c->conf.agent_database, .root = c->conf.root,
	    .officers_ca = c->conf.officers_ca,
	    .agent_key = c->conf.agent_key, .agent_cert = c->conf.agent_cert,
	    .agent_passphrase = c->conf.agent_passphrase,
	    .user = c->conf.user, .poll = AGENT_POLL, .svc = c->svc };
	return proc_start(&c->agent, "signet-crld: agent", agent_process, c,
	    e);
}

/* Before there are threads and a connection to the store. */
static int
crld_start_children(struct crld *c, struct error *e)
{
	size_t	 i;

	if (c->web_setup.n > 0 && proc_start(&c->web, "signet-crld: web",
	    web_process, c, e) == -1)
		return -1;
	for (i = 0; i < c->web_setup.n; i++)
		close(c->web_setup.fd[i]);
	c->web_setup.n = 0;
	if (proc_start(&c->publish, "signet-crld: publish", publish_process,
	    c, e) == -1)
		return -1;
	return crld_start_agent(c, e);
}

static int
crld_confine(struct crld *c, struct error *e)
{
	const struct conf_list	*lists = &c->conf.root_crls;
	struct sandbox_path	*path;
	struct sandbox		 box = { .user = c->conf.user, .no_exec = true };
	bool			 landlock;
	char			**dir = mem_array(lists->n + 1, sizeof(*dir));
	size_t			 i, n = 0;
	int			 rc;

	path = mem_array(7 + lists->n + c->conf.links.n, sizeof(*path));
	path[n++] = (struct sandbox_path){ c->conf.directory, SANDBOX_WRITE };
	path[n++] = (struct sandbox_path){ c->conf.state, SANDBOX_WRITE };
	path[n++] = (struct sandbox_path){ c->conf.root, SANDBOX_READ };
	path[n++] = (struct sandbox_path){ c->conf.ca_dir, SANDBOX_READ };
	/* The resolver, TLS anchors, the store's socket. */
	path[n++] = (struct sandbox_path){ "/etc", SANDBOX_READ };
	path[n++] = (struct sandbox_path){ "/usr", SANDBOX_READ };
	path[n++] = (struct sandbox_path){ "/run", SANDBOX_READ };
	for (i = 0; i < c->conf.links.n; i++)
		path[n++] = (struct sandbox_path){ c->conf.links.v[i],
		    SANDBOX_READ };
	for (i = 0; i < lists->n; i++) {
		/* A new one comes by renaming. */
		dir[i] = file_directory(lists->v[i]);
		path[n++] = (struct sandbox_path){ dir[i], SANDBOX_READ };
	}
	box.path = path;
	box.npath = n;
	rc = sandbox_enter(&box, &landlock, e);
	for (i = 0; i < lists->n; i++)
		mem_free(&dir[i]);
	mem_free(&dir);
	mem_free(&path);
	return rc;
}

static void	 crld_heard(void *);

/* A reconnection brings another socket. */
static void
crld_watch(struct crld *c)
{
	int	 fd = round_socket(&c->round);

	if (fd == c->watched)
		return;
	if (c->watched != -1)
		service_unwatch(c->svc, c->watched);
	if ((c->watched = fd) != -1)
		service_watch(c->svc, fd, crld_heard, c);
}

static void
crld_heard(void *arg)
{
	struct crld	*c = arg;

	if (round_heard(&c->round) == -1) {
		/* The next round connects again and watches that one. */
		service_unwatch(c->svc, c->watched);
		c->watched = -1;
	}
	service_kick(c->svc);
}

static void
crld_round(void *arg)
{
	struct crld	*c = arg;

	c->last = round_run(&c->round);
	/* One that is behind will see it by itself. */
	if (c->round.published && c->web.fd != -1 &&
	    write(c->web.fd, "", 1) == -1)
		log_debug("web is behind: %s", strerror(errno));
	crld_watch(c);
}

static void
crld_beat(void *arg)
{
	struct crld	*c = arg;

	round_beat(&c->round);
}

/* Has it ended?  Then *e says how. */
static bool
crld_child_ended(struct proc *p, struct error *e)
{
	int	 status;

	if (p->pid <= 0 || waitpid(p->pid, &status, WNOHANG) <= 0)
		return false;
	p->pid = -1;
	error_set(e, ERROR_UPSTREAM, "%s ended with %s %d", p->name,
	    WIFEXITED(status) ? "status" : "signal", WIFEXITED(status) ?
	    WEXITSTATUS(status) : WTERMSIG(status));
	return true;
}

/* One of us is gone: so are we, and the service manager starts us afresh. */
static void
crld_look(void *arg)
{
	struct crld	*c = arg;
	struct error	 e = ERROR_INIT;

	if (crld_child_ended(&c->web, &e) ||
	    crld_child_ended(&c->publish, &e) ||
	    crld_child_ended(&c->agent, &e))
		service_stop(c->svc, &e);
}

/* --once: what goes to directories is done by a child of its own. */
static int
crld_once(struct crld *c, struct error *e)
{
	struct pollfd	 p[2] = { { .fd = c->publish.fd, .events = POLLIN },
			    { .fd = service_bell(c->svc), .events = POLLIN } };
	int		 status;

	crld_round(c);
	while (poll(p, 2, -1) == -1 && errno == EINTR)
		;
	if (p[0].revents == 0)
		return error_set(e, ERROR_UPSTREAM, "told to stop before "
		    "everything was published");
	while (waitpid(c->publish.pid, &status, 0) == -1 && errno == EINTR)
		;
	c->publish.pid = -1;
	if (c->last != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(e, ERROR_UPSTREAM, "not everything is published, "
	    "see above");
}

static int
crld_open(struct crld *c, struct error *e)
{
	c->round = (struct round){ .conf = &c->conf, .clock = &clock_system,
	    .metrics = c->metrics, .health = c->health,
	    .bell = service_bell(c->svc) };
	if (c->operator_fd != -1) {
		if (operator_start(&c->operator, c->operator_fd,
		    c->metrics, c->health, &clock_system, e) == -1)
			return -1;
		c->operator_fd = -1;
	}
	return round_open(&c->round, e);
}

static int
crld_run(struct crld *c, struct error *e)
{
	if (service_is_once(c->svc))
		return crld_once(c, e);
	if (primaries_start(&c->primaries, c->conf.database, c->metrics,
	    e) == -1)
		return -1;
	service_every(c->svc, (int)c->conf.poll * 1000, crld_round, c);
	service_every(c->svc, BEAT_MS, crld_beat, c);
	service_every(c->svc, LOOK_MS, crld_look, c);
	return service_run(c->svc, e);
}

static int
crld_check(struct crld *c, struct error *e)
{
	struct authorities	 all = { .n = 0 };
	int			 rc;

	rc = authorities_load(&all, &c->conf, clock_now(&clock_system), e);
	authorities_clear(&all);
	return rc == -1 ? -1 : publishers_check(&c->publisher_setup, e);
}

static void
crld_close(struct crld *c)
{
	proc_tell(&c->web);
	proc_tell(&c->publish);
	proc_tell(&c->agent);
	proc_stop(&c->web, STOP_MS);
	proc_stop(&c->publish, STOP_MS);
	proc_stop(&c->agent, STOP_MS);
	operator_stop(&c->operator);
	primaries_stop(&c->primaries);
	if (c->operator_fd != -1)
		close(c->operator_fd);
	round_close(&c->round);
	metrics_free(&c->metrics);
	health_free(&c->health);
	service_free(&c->svc);
	conf_free(&c->conf, crld_settings);
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct crld	 c = { .operator_fd = -1, .web = PROC_INIT,
	    .publish = PROC_INIT, .agent = PROC_INIT, .watched = -1 };
	int		 rc = -1;

	if (service_new(&c.svc, "signet-crld", "publishes revocation lists "
	    "and certificates", argc, argv, &e) == -1 ||
	    service_settings(c.svc, &c.conf, crld_settings, &e) == -1 ||
	    crld_conf_check(&c.conf, &e) == -1)
		goto out;
	set_publisher(&c);
	if (service_check_only(c.svc)) {
		rc = crld_check(&c, &e);
		goto out;
	}
	if (metrics_new(&c.metrics, &e) == -1 ||
	    health_new(&c.health, &e) == -1 || crld_listen(&c, &e) == -1 ||
	    service_drop(c.svc, c.conf.user, &e) == -1 ||
	    round_directories(&c.conf, &e) == -1 ||
	    crld_start_children(&c, &e) == -1 ||
	    crld_confine(&c, &e) == -1 || crld_open(&c, &e) == -1)
		goto out;
	rc = crld_run(&c, &e);
 out:
	if (rc == -1)
		log_error(&e, "cannot continue");
	crld_close(&c);
	return rc == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}
