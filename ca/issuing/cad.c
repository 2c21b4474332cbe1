/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet-cad, the issuing CA.  This process starts a signer, which has the
 * keys, and workers, which have the store; it holds neither, listens on
 * nothing, and ends when one of them does.
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "net/metrics.h"
#include "os/file.h"
#include "os/msg.h"
#include "os/proc.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "push.h"
#include "settings.h"
#include "signer.h"
#include "wire.h"
#include "worker.h"
#include "x509/token.h"

#define WORKERS_MAX	64
#define METRICS_MS	10000
#define AGENT_POLL	60

struct cad {
	struct cad_conf		 conf;
	struct service		*svc;
	struct metrics		*metrics;
	int			 signer_end[WORKERS_MAX];
	int			 worker_end[WORKERS_MAX];
	struct agent_conf	 agent_conf;
	struct proc		 agent;		/* or pid -1 */
	struct proc		 signer;
	struct proc		 worker[WORKERS_MAX];
	size_t			 nworkers;
	size_t			 starting;	/* index of the next worker */
};

/* Tell the parent how the start went; the loop begins only after that. */
static int
signer_report(int fd, const struct error *failed, struct buf *notes)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { 0 };
	int		 rc;

	msg_init(&m, failed != NULL ? 0 : WIRE_HELLO);
	if (failed != NULL)
		msg_put_error(&m, failed);
	else
		msg_put_str(&m, buf_cstr(notes));
	rc = msg_send(fd, &m, &e);
	msg_clear(&m);
	return rc;
}

/*
 * The processes of the tokens: PKCS#11 modules, what configures them, and what
 * the settings name; nothing of ours.
 */
static int
tokens_confine(void *arg, struct error *e)
{
	static const struct sandbox_path	 fixed[] = {
		{ "/usr", SANDBOX_READ },
		{ "/etc/opensc", SANDBOX_READ },
		{ "/etc/pkcs11", SANDBOX_READ },
		{ "/etc/softhsm", SANDBOX_READ },
	};
	const size_t		 n = sizeof(fixed) / sizeof(fixed[0]);
	const struct cad	*c = arg;
	const struct conf_list	*more = &c->conf.token_paths;
	struct sandbox_path	*all = mem_array(n + more->n, sizeof(*all));
	struct sandbox		 box = { .user = c->conf.user, .path = all,
	    .npath = n + more->n, .no_network = !c->conf.token_sockets,
	    .no_exec = true };
	bool			 landlock;
	size_t			 i;
	int			 rc;

	memcpy(all, fixed, sizeof(fixed));
	for (i = 0; i < more->n; i++)
		all[n + i] = (struct sandbox_path){ more->v[i], SANDBOX_WRITE };
	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&all);
	return rc;
}

static int
signer_confine(const struct cad *c, struct error *e)
{
	char			*agent = file_directory(
	    c->conf.agent_cert != NULL ? c->conf.agent_cert : "/usr/");
	struct sandbox_path	 path[] = {
		{ c->conf.state, SANDBOX_WRITE },
		{ c->conf.profiles, SANDBOX_READ },
		{ agent, SANDBOX_READ },	/* it is renewed there */
		{ "/usr", SANDBOX_READ },
	};
	struct sandbox		 box = { .user = c->conf.user, .path = path,
	    .npath = sizeof(path) / sizeof(path[0]), .no_network = true,
	    .no_exec = true };
	bool			 landlock;
	int			 rc = sandbox_enter(&box, &landlock, e);

	mem_free(&agent);
	return rc;
}

static int
signer_main(int control, void *arg)
{
	struct cad	*c = arg;
	struct error	 e = ERROR_INIT;
	struct signer	*s = NULL;
	struct buf	 notes = { 0 };
	size_t		 i;
	int		 rc = EXIT_FAILURE;

	for (i = 0; i < c->nworkers; i++)
		close(c->worker_end[i]);
	if (token_apart_start(tokens_confine, c,
	    (int)c->conf.token_timeout * 1000, &e) == -1 ||
	    secret_init(&e) == -1 ||
	    signer_new(&s, &c->conf, &clock_system, &rng_system, &notes,
	    &e) == -1 || signer_confine(c, &e) == -1 ||
	    signer_open_tokens(s, &notes, &e) == -1)
		(void)signer_report(control, &e, &notes);
	else if (signer_report(control, NULL, &notes) == 0 &&
	    signer_serve(s, c->signer_end, c->nworkers, &e) == 0)
		rc = EXIT_SUCCESS;
	else
		log_error(&e, "signer");
	buf_clear(&notes);
	signer_free(&s);
	token_apart_stop();
	return rc;
}

static int
cad_start_signer(struct cad *c, struct error *e)
{
	struct msg	 m = { 0 };
	struct bytes	 notes;
	const char	*p, *end;
	int		 got, rc = -1;

	if (proc_start(&c->signer, "signet-cad: signer", signer_main, c,
	    e) == -1)
		return -1;
	if ((got = msg_recv(c->signer.fd, &m, e)) != 1) {
		if (got == 0)
			error_set(e, ERROR_BUG, "signer died at its start");
		goto out;
	}
	if (m.type == 0) {
		msg_get_error(&m, e);
		goto out;
	}
	notes = msg_get_blob(&m, MSG_MAX);
	for (p = (const char *)notes.p; p != NULL && (size_t)(p -
	    (const char *)notes.p) < notes.len; p = end + 1) {
		end = memchr(p, '\n', notes.len - (size_t)(p -
		    (const char *)notes.p));
		if (end == NULL)
			break;
		log_info("%.*s", (int)(end - p), p);
	}
	rc = 0;
 out:
	msg_clear(&m);
	return rc;
}

/* A pair ends for the others only when nobody else holds its end. */
static int
worker_process(int parent, void *arg)
{
	struct cad		*c = arg;
	size_t			 i, self = c->starting;
	struct worker_setup	 setup = { &c->conf, c->svc, c->metrics,
	    (int)self, c->worker_end[self] };

	close(c->signer.fd);
	for (i = 0; i < self; i++)
		close(c->worker[i].fd);
	for (i = 0; i < c->nworkers; i++) {
		close(c->signer_end[i]);
		if (i != self)
			close(c->worker_end[i]);
	}
	return worker_main(parent, &setup);
}

static int
cad_start_workers(struct cad *c, struct error *e)
{
	size_t	 i;

	for (i = 0; i < c->nworkers; i++) {
		c->starting = i;
		if (proc_start(&c->worker[i], "signet-cad: worker",
		    worker_process, c, e) == -1)
			return -1;
	}
	for (i = 0; i < c->nworkers; i++) {
		close(c->worker_end[i]);
		close(c->signer_end[i]);
		c->worker_end[i] = c->signer_end[i] = -1;
	}
	return 0;
}

static int
agent_process(int parent, void *arg)
{
	struct cad	*c = arg;
	size_t		 i;

	close(c->signer.fd);
	for (i = 0; i < c->nworkers; i++)
		close(c->worker[i].fd);
	return agent_main(parent, &c->agent_conf);
}

/* It needs the agent's certificate, which is not there at the very first
 * start. */
static int
cad_start_agent(struct cad *c, struct error *e)
{
	const struct cad_conf	*conf = &c->conf;

	if (conf->agent_database == NULL || !file_exists(conf->agent_cert))
		return 0;
	c->agent_conf = (struct agent_conf){ .program = "signet-cad",
	    .database = conf->agent_database, .root = conf->root,
	    .officers_ca = conf->officers_ca, .agent_key = conf->agent_key,
	    .agent_cert = conf->agent_cert,
	    .agent_passphrase = conf->agent_passphrase,
	    .pkcs11_module = conf->pkcs11_module,
	    .token_paths = conf->token_paths,
	    .token_sockets = conf->token_sockets, .user = conf->user,
	    .poll = AGENT_POLL, .svc = c->svc };
	return proc_start(&c->agent, "signet-cad: agent", agent_process, c,
	    e);
}

/* A head from worker 0: 1, or 0 when there will be no more. */
static int
cad_take_head(struct cad *c)
{
	struct error	 e = ERROR_INIT;
	struct msg	 m = { 0 };
	struct bytes	 cms;
	int		 got;

	if ((got = msg_recv(c->worker[0].fd, &m, &e)) == 1) {
		cms = msg_get_blob(&m, 65536);
		if (msg_done(&m, &e) == 0 && c->conf.heads != NULL)
			(void)push_head(c->conf.heads, cms, &e);
	}
	if (e.code != ERROR_NONE)
		log_error(&e, "audit heads");
	msg_clear(&m);
	return got == 1;
}

static void
cad_push(void *arg)
{
	struct cad	*c = arg;

	if (!cad_take_head(c))
		service_unwatch(c->svc, c->worker[0].fd);
}

static void
cad_metrics(void *arg)
{
	struct cad	*c = arg;
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };

	if (c->conf.metrics == NULL)
		return;
	metrics_text(c->metrics, clock_now(&clock_system), &text);
	if (text.len > 0 && file_store(c->conf.metrics, text.p, text.len, 0644, &e) == -1)
		log_error(&e, "metrics");
	buf_clear(&text);
}

/* Without it certificates are issued as before. */
static void
agent_ended(struct cad *c, int status)
{
	struct error	 e = ERROR_INIT;

	c->agent.pid = -1;
	error_set(&e, ERROR_UPSTREAM, "its process ended with %s %d",
	    WIFEXITED(status) ? "status" : "signal", WIFEXITED(status) ?
	    WEXITSTATUS(status) : WTERMSIG(status));
	error_hint(&e, "mend the cause and restart signet-cad");
	log_error(&e, "agent's certificate is not renewed any more");
}

/* Who has ended, and why if that was not meant; who was killed says most. */
static void
reap(struct cad *c, struct error *e)
{
	pid_t	 pid;
	int	 status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == c->agent.pid) {
			agent_ended(c, status);
			continue;
		}
		if (pid == c->signer.pid)
			c->signer.pid = -1;
		for (size_t i = 0; i < c->nworkers; i++)
			if (pid == c->worker[i].pid)
				c->worker[i].pid = -1;
		if (WIFSIGNALED(status))
			error_set(e, ERROR_UPSTREAM, "process %ld ended with "
			    "signal %d", (long)pid, WTERMSIG(status));
		else if (WEXITSTATUS(status) != 0 && e->code == ERROR_NONE)
			error_set(e, ERROR_UPSTREAM, "process %ld ended with "
			    "status %d", (long)pid, WEXITSTATUS(status));
	}
}

/* One of us is gone: so are we, and the service manager starts us afresh. */
static void
cad_look(void *arg)
{
	const struct timespec	 nap = { 0, 100000000 };
	struct cad		*c = arg;
	struct error		 e = ERROR_INIT;
	size_t			 i, done = 0;

	reap(c, &e);
	if (e.code != ERROR_NONE) {
		/* Who lost its peer may be faster than the peer. */
		nanosleep(&nap, NULL);
		reap(c, &e);
	}
	for (i = 0; i < c->nworkers; i++)
		done += c->worker[i].pid == -1;
	if (e.code != ERROR_NONE)
		service_stop(c->svc, &e);
	else if (done == c->nworkers)
		service_stop(c->svc, NULL);
}

/* --once: the only worker ends by itself. */
static int
cad_once(struct cad *c, struct error *e)
{
	struct pollfd	 p[2] = { { .fd = c->worker[0].fd, .events = POLLIN },
			    { .fd = service_bell(c->svc), .events = POLLIN } };
	int		 status;

	do {
		while (poll(p, 2, -1) == -1 && errno == EINTR)
			;
		if (p[0].revents == 0)
			return error_set(e, ERROR_UPSTREAM, "told to stop "
			    "before the round was finished");
	} while (cad_take_head(c));
	while (waitpid(c->worker[0].pid, &status, 0) == -1 && errno == EINTR)
		;
	c->worker[0].pid = -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(e, ERROR_UPSTREAM, "the round was not finished");
}

static void
cad_stop(struct cad *c)
{
	size_t	 i;

	for (i = 0; i < c->nworkers; i++)
		proc_tell(&c->worker[i]);
	proc_tell(&c->agent);
	for (i = 0; i < c->nworkers; i++)
		proc_stop(&c->worker[i], 10000);
	proc_stop(&c->signer, 10000);
	proc_stop(&c->agent, 10000);
}

static int
cad_pairs(struct cad *c, struct error *e)
{
	size_t	 i;
	int	 fd[2];

	c->nworkers = service_is_once(c->svc) ? 1 : (size_t)c->conf.workers;
	c->signer = c->agent = (struct proc)PROC_INIT;
	for (i = 0; i < c->nworkers; i++) {
		c->worker[i] = (struct proc)PROC_INIT;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
		    fd) == -1)
			return error_sys(e, "socketpair");
		c->signer_end[i] = fd[0];
		c->worker_end[i] = fd[1];
	}
	return 0;
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct cad	 c = { .nworkers = 0 };
	int		 ran = -1;

	if (service_new(&c.svc, "signet-cad", "the issuing CA", argc, argv,
	    &e) == -1 ||
	    service_settings(c.svc, &c.conf, cad_settings, &e) == -1 ||
	    cad_conf_check(&c.conf, &e) == -1 ||
	    (c.conf.heads != NULL && push_check(c.conf.heads, &e) == -1))
		goto out;
	if (service_check_only(c.svc)) {
		ran = 0;
		goto out;
	}
	if (metrics_new(&c.metrics, &e) == -1 ||
	    cad_pairs(&c, &e) == -1 || cad_start_signer(&c, &e) == -1 ||
	    cad_start_workers(&c, &e) == -1)
		goto out;
	if (service_is_once(c.svc)) {
		ran = cad_once(&c, &e);
		cad_metrics(&c);
		goto out;
	}
	/* It runs the operator's command, which takes heads away. */
	if (cad_start_agent(&c, &e) == -1 ||
	    sandbox_supervise(false, &e) == -1)
		goto out;
	service_watch(c.svc, c.worker[0].fd, cad_push, &c);
	service_every(c.svc, 200, cad_look, &c);
	service_every(c.svc, METRICS_MS, cad_metrics, &c);
	ran = service_run(c.svc, &e);
 out:
	cad_stop(&c);
	if (ran == -1)
		log_error(&e, "cannot continue");
	service_free(&c.svc);
	metrics_free(&c.metrics);
	conf_free(&c.conf, cad_settings);
	/* SIGHUP: the service manager's restart is our reload. */
	return ran == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}
