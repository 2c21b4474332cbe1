/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet-ocspd: says whether certificates are good (RFC 6960).
 *
 * This process reads what strangers send.  It holds the keys of OCSP signers
 * and nothing else: its role in the store may read status, and its sandbox
 * leaves it its state directory and the network.  What it needs an agent's key
 * for, a child does.
 */
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "db/db_credential.h"
#include "db/db_crl.h"
#include "keeper.h"
#include "os/file.h"
#include "os/sandbox.h"
#include "os/service.h"
#include "renewer.h"
#include "web.h"
#include "x509/token.h"

#define LISTEN_MAX	16

struct ocspd {
	struct service		*svc;
	struct ocspd_conf	 conf;
	char			*signers, *floor_dir;
	int			 fd[LISTEN_MAX + 1];	/* the last: operators' */
	struct metrics		*metrics;
	struct health		*health;
	struct readings		 readings;
	struct responder	 responder;
	_Atomic(struct keeper *) keeper;
	struct operator		*operator;
	struct web		*web[LISTEN_MAX];
	struct proc		 renewer;
};

static void
ocspd_moved(void *arg)
{
	struct ocspd	*d = arg;
	struct keeper	*k = atomic_load(&d->keeper);

	if (k != NULL)
		keeper_kick(k);
}

static int
ocspd_acquire(struct ocspd *d, struct error *e)
{
	size_t	 i;

	d->signers = ocspd_conf_state(&d->conf, "signers");
	d->floor_dir = ocspd_conf_state(&d->conf, "floor");
	if (d->conf.listen.n > LISTEN_MAX)
		return error_set(e, ERROR_CONFIG, "more than %d addresses to "
		    "listen at", LISTEN_MAX);
	for (i = 0; i < d->conf.listen.n; i++)
		if (http_listen(&d->fd[i], d->conf.listen.v[i], e) == -1)
			return -1;
	if (*d->conf.metrics_listen != '\0' &&
	    http_listen_local(&d->fd[LISTEN_MAX], d->conf.metrics_listen,
	    e) == -1)
		return -1;
	if (metrics_new(&d->metrics, e) == -1 ||
	    health_new(&d->health, e) == -1)
		return -1;
	readings_init(&d->readings, d->metrics);
	return 0;
}

static int
ocspd_start_renewer(struct ocspd *d, struct error *e)
{
	struct renewer_setup	 setup = { &d->conf, d->svc, d->signers,
	    d->fd, LISTEN_MAX + 1 };

	if (d->conf.agent_database == NULL)
		return 0;
	return proc_start(&d->renewer, "signet-ocspd: renewer", renewer_main,
	    &setup, e);
}

/* PKCS#11 modules, what configures them, and what the settings name. */
static int
ocspd_confine_tokens(void *arg, struct error *e)
{
	const struct ocspd	*d = arg;
	const struct conf_list	*more = &d->conf.token_paths;
	struct sandbox_path	*path = mem_array(2 + more->n, sizeof(*path));
	struct sandbox		 box = { .user = d->conf.user, .path = path,
				    .npath = 2 + more->n,
				    .no_network = !d->conf.token_sockets,
				    .no_exec = true };
	bool			 landlock;
	size_t			 i;
	int			 rc;

	path[0] = (struct sandbox_path){ "/usr", SANDBOX_READ };
	path[1] = (struct sandbox_path){ "/etc", SANDBOX_READ };
	for (i = 0; i < more->n; i++)
		path[2 + i] = (struct sandbox_path){ more->v[i],
		    SANDBOX_WRITE };
	rc = sandbox_enter(&box, &landlock, e);
	mem_free(&path);
	return rc;
}

static int
ocspd_confine(struct ocspd *d, struct error *e)
{
	const struct sandbox_path	 path[] = {
		{ d->conf.state, SANDBOX_WRITE },
		/* resolver, TLS anchors */
		{ "/etc", SANDBOX_READ },
		{ "/usr", SANDBOX_READ },
		{ "/run", SANDBOX_READ },
	};
	struct sandbox			 box = { .user = d->conf.user,
	    .path = path, .npath = sizeof(path) / sizeof(path[0]),
	    .no_exec = true };
	bool				 landlock;

	if (service_drop(d->svc, d->conf.user, e) == -1 ||
	    file_mkdir(d->signers, 0700, e) == -1 ||
	    sandbox_enter(&box, &landlock, e) == -1)
		return -1;
	if (!landlock)
		log_info("this kernel has no Landlock: files are protected by "
		    "their permissions alone");
	return 0;
}

/* A mistake in the settings or in the grants is said now; a store that is
 * away is waited for, by others. */
static int
check_store(struct ocspd *d, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_OCSP,
	    &DB_RELEASE, &DB_CREDENTIAL_STATE, &DB_CRL, &DB_CA };
	struct db				*db = NULL;

	if (db_open_told(&db, d->conf.database, "signet-ocspd", tables, 5,
	    service_bell(d->svc), e) == -1) {
		if (e->code != ERROR_UPSTREAM && e->code != ERROR_RETRY)
			return -1;
		log_error(e, "starting without the store");
		error_clear(e);
	}
	db_close(&db);
	return 0;
}

static int
ocspd_make(struct ocspd *d, struct error *e)
{
	struct responder	*r = &d->responder;
	struct issuer_setup	 issuers = { d->conf.root, d->signers,
	    d->conf.signer_passphrase, &clock_system };

	r->conf = &d->conf;
	r->clock = &clock_system;
	r->readings = &d->readings;
	r->complaints = complaints_new();
	if (secret_init(e) == -1 ||
	    profiles_load(&r->profiles, d->conf.profiles, e) == -1 ||
	    issuer_source_new(&r->issuers, &issuers, e) == -1 ||
	    cells_new(&r->cells, (size_t)d->conf.statuses_mb << 20,
	    &rng_system, e) == -1 ||
	    answers_new(&r->answers, (size_t)d->conf.answers_mb << 20,
	    &rng_system, e) == -1)
		return -1;
	return 0;
}

static int
ocspd_begin(struct ocspd *d, struct error *e)
{
	struct responder	*r = &d->responder;
	struct feed_conf	 feed = { .database = d->conf.database,
	    .poll_ms = (int)d->conf.poll_ms,
	    .query_ms = (int)d->conf.query_ms,
	    .freshness_ms = d->conf.freshness * 1000,
	    .max_lag_ms = d->conf.max_lag * 1000, .clock = &clock_system,
	    .cells = r->cells, .answers = r->answers, .issuers = r->issuers,
	    .complaints = r->complaints, .moved = ocspd_moved, .arg = d };
	struct keeper		*k;
	size_t			 i;
	int			 fd;

	if (floor_new(&r->floor, d->floor_dir, e) == -1 ||
	    check_store(d, e) == -1 ||
	    feed_start(&r->feed, &feed, e) == -1 ||
	    keeper_start(&k, r, d->health, e) == -1)
		return -1;
	atomic_store(&d->keeper, k);
	fd = d->fd[LISTEN_MAX];
	d->fd[LISTEN_MAX] = -1;
	if (fd != -1 && operator_start(&d->operator, fd, d->metrics,
	    d->health, &clock_system, e) == -1)
		return -1;
	for (i = 0; i < d->conf.listen.n; i++) {
		fd = d->fd[i];
		d->fd[i] = -1;
		if (web_start(&d->web[i], r, fd, e) == -1)
			return error_wrap(e, "%s", d->conf.listen.v[i]);
	}
	return 0;
}

static void
ocspd_count(struct ocspd *d)
{
	int64_t		 n = 0;
	size_t		 i;

	for (i = 0; i < d->conf.listen.n; i++)
		n += web_connections(d->web[i]);
	metric_set(d->readings.connections, n);
}

/* Who sees to the signers is gone: answers go on while they last. */
static void
ocspd_look(void *arg)
{
	struct ocspd	*d = arg;
	struct error	 e = ERROR_INIT;
	int		 status;

	ocspd_count(d);
	if (d->renewer.pid == -1 ||
	    waitpid(d->renewer.pid, &status, WNOHANG) != d->renewer.pid)
		return;
	d->renewer.pid = -1;
	error_set(&e, ERROR_UPSTREAM, "it ended");
	log_error(&e, "the process that fetches signers");
	health_set(d->health, "renewer", false, 0, "it ended; restart "
	    "signet-ocspd before the signers expire");
}

static void
ocspd_end(struct ocspd *d)
{
	struct responder	*r = &d->responder;
	struct keeper		*k = atomic_load(&d->keeper);
	size_t			 i;

	for (i = 0; i < LISTEN_MAX; i++)
		web_stop(&d->web[i]);
	operator_stop(&d->operator);
	for (i = 0; i <= LISTEN_MAX; i++)
		if (d->fd[i] != -1)
			close(d->fd[i]);
	proc_stop(&d->renewer, 5000);
	/* It kicks the keeper, who looks at it. */
	feed_stop(r->feed);
	keeper_stop(&k);
	feed_free(&r->feed);
	answers_free(&r->answers);
	cells_free(&r->cells);
	floor_free(&r->floor);
	issuer_source_free(&r->issuers);
	profiles_free(&r->profiles);
	complaints_free(&r->complaints);
	health_free(&d->health);
	metrics_free(&d->metrics);
	mem_free(&d->floor_dir);
	mem_free(&d->signers);
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct ocspd	 d = { .renewer = PROC_INIT };
	int		 ran = -1;

	memset(d.fd, -1, sizeof(d.fd));
	if (service_new(&d.svc, "signet-ocspd", "the OCSP responder", argc,
	    argv, &e) == -1 ||
	    service_settings(d.svc, &d.conf, ocspd_settings, &e) == -1 ||
	    ocspd_conf_check(&d.conf, &e) == -1)
		goto out;
	if (service_check_only(d.svc)) {
		ran = 0;
		goto out;
	}
	if (ocspd_acquire(&d, &e) == -1 || ocspd_make(&d, &e) == -1 ||
	    ocspd_start_renewer(&d, &e) == -1 ||
	    token_apart_start(ocspd_confine_tokens, &d,
	    (int)d.conf.token_timeout * 1000, &e) == -1 ||
	    ocspd_confine(&d, &e) == -1 || ocspd_begin(&d, &e) == -1)
		goto out;
	service_every(d.svc, 1000, ocspd_look, &d);
	ran = service_run(d.svc, &e);
 out:
	ocspd_end(&d);
	token_apart_stop();
	if (ran == -1)
		log_error(&e, "cannot continue");
	service_free(&d.svc);
	conf_free(&d.conf, ocspd_settings);
	/* SIGHUP: the service manager's restart is our reload. */
	return ran == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}
