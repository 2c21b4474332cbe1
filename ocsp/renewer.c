/* SPDX-License-Identifier: Apache-2.0 */
#include "renewer.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/db_ca.h"
#include "issuers.h"
#include "os/file.h"
#include "os/sandbox.h"
#include "x509/cert.h"

#define FIRST_MS	2000	/* until the store has said which CAs */
#define LOOK_MS		10000	/* from then on: a new generation waits for it */
#define AGENT_POLL	60

struct renewer {
	const struct renewer_setup *setup;
	STACK_OF(X509)		*roots;
	struct agent_ca		*ca;
	size_t			 n;
	struct agent_conf	 agent;
	struct proc		 child;
	int			 parent;
	bool			 told;
};

static void
cas_clear(struct renewer *r)
{
	size_t	 i;

	for (i = 0; i < r->n; i++) {
		char	*name = (char *)(uintptr_t)r->ca[i].name;

		mem_free(&name);
		X509_free(r->ca[i].cert);
	}
	mem_free(&r->ca);
	r->n = 0;
}

/* The same ones in the same order? */
static bool
cas_equal(const struct renewer *r, const struct agent_ca *ca, size_t n)
{
	size_t	 i;

	if (n != r->n)
		return false;
	for (i = 0; i < n; i++)
		if (!cert_is_same(ca[i].cert, r->ca[i].cert))
			return false;
	return true;
}

/* Those under our root that have not ended. */
static void
cas_take(struct renewer *fresh, const struct db_cas *rows)
{
	STACK_OF(X509)	*all = sk_X509_new_null();
	struct error	 ignored = ERROR_INIT;
	int64_t		 now = clock_now(&clock_system);
	X509		*x;
	size_t		 i;

	for (i = 0; i < rows->n; i++)
		if ((x = issuer_row_cert(&rows->v[i])) != NULL)
			sk_X509_push(all, x);
	fresh->ca = mem_array(rows->n + 1, sizeof(*fresh->ca));
	for (i = 0; i < rows->n; i++) {
		if (rows->v[i].is_root || rows->v[i].not_after <= now ||
		    (x = issuer_row_cert(&rows->v[i])) == NULL)
			continue;
		if (cert_verify_chain(x, all, fresh->roots, now,
		    &ignored) == -1) {
			X509_free(x);
			continue;
		}
		fresh->ca[fresh->n++] = (struct agent_ca){
		    mem_strdup(rows->v[i].name), x };
	}
	sk_X509_pop_free(all, X509_free);
}

static int
agent_process(int parent, void *arg)
{
	struct renewer	*r = arg;

	close(r->parent);
	return agent_main(parent, &r->agent);
}

/* Another set of CAs: another process. */
static int
agent_restart(struct renewer *r, struct error *e)
{
	const struct ocspd_conf	*c = r->setup->conf;

	proc_stop(&r->child, 5000);
	r->child = (struct proc)PROC_INIT;
	r->agent = (struct agent_conf){ .program = "signet-ocspd agent",
	    .database = c->agent_database, .root = c->root,
	    .officers_ca = c->officers_ca, .agent_key = c->agent_key,
	    .agent_cert = c->agent_cert,
	    .agent_passphrase = c->agent_passphrase, .ca = r->ca,
	    .nca = r->n, .signers = r->setup->signers,
	    .signer_key = c->signer_key, .signer_uri = c->signer_uri,
	    .signer_passphrase = c->signer_passphrase,
	    .pkcs11_module = c->pkcs11_module,
	    .token_paths = c->token_paths,
	    .token_sockets = c->token_sockets, .user = c->user,
	    .poll = AGENT_POLL, .svc = r->setup->svc };
	return proc_start(&r->child, "signet-ocspd: agent", agent_process, r,
	    e);
}

static int
look(struct renewer *r, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_CA };
	struct renewer				 fresh = { .roots = r->roots };
	struct arena				*a = arena_new();
	struct db				*db;
	struct db_cas				 rows;
	int					 rc = -1;

	if (db_open_told(&db, r->setup->conf->agent_database,
	    "signet-ocspd renewer", tables, 1, r->parent, e) == -1 ||
	    db_ca_list(db, &rows, a, e) == -1)
		goto out;
	cas_take(&fresh, &rows);
	rc = 0;
	if (r->child.pid == -1 || !cas_equal(r, fresh.ca, fresh.n)) {
		cas_clear(r);
		r->ca = fresh.ca;
		r->n = fresh.n;
		rc = agent_restart(r, e);
	} else
		cas_clear(&fresh);
 out:
	db_close(&db);
	arena_free(&a);
	return rc;
}

static void
look_and_tell(struct renewer *r)
{
	struct error	 e = ERROR_INIT;

	if (look(r, &e) == 0)
		r->told = false;
	else if (!r->told) {
		log_error(&e, "signers are not looked after");
		r->told = true;
	}
}

/* What is new its parent sees by itself. */
static void
hear(struct renewer *r)
{
	struct error	 e = ERROR_INIT;
	enum agent_news	 news;
	char		 ca[65];

	if (agent_hear(r->child.fd, &news, ca, &e) == 1)
		return;
	log_error(&e, "the agent's process has ended");
	proc_stop(&r->child, 1000);
	r->child = (struct proc)PROC_INIT;
}

static void
renewer_loop(struct renewer *r)
{
	struct pollfd	 p[2];
	int64_t		 next = 0, now;

	for (;;) {
		if ((now = clock_monotonic_ms()) >= next) {
			look_and_tell(r);
			next = clock_monotonic_ms() +
			    (r->told || r->n == 0 ? FIRST_MS : LOOK_MS);
			now = clock_monotonic_ms();
		}
		p[0] = (struct pollfd){ .fd = r->parent, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = r->child.fd, .events = POLLIN };
		(void)poll(p, 2, next > now ? (int)(next - now) : 0);
		if (p[0].revents != 0)
			return;
		if (p[1].revents != 0) {
			hear(r);
			if (r->child.pid == -1)
				next = clock_monotonic_ms() + FIRST_MS;
		}
	}
}

int
renewer_main(int parent, void *arg)
{
	const struct renewer_setup	*setup = arg;
	/* The agent that it starts has walls of its own before its files. */
	const struct sandbox		 box = { .user = setup->conf->user,
					    .all_paths = true,
					    .no_exec = true };
	struct renewer			 r = { .setup = setup,
	    .child = PROC_INIT, .parent = parent };
	struct error			 e = ERROR_INIT;
	size_t				 i;
	int				 rc = EXIT_FAILURE;

	for (i = 0; i < setup->nclose; i++)
		if (setup->close_fd[i] != -1)
			close(setup->close_fd[i]);
	if (sandbox_drop_user(setup->conf->user, &e) == -1 ||
	    file_mkdir(setup->signers, 0700, &e) == -1 ||
	    cert_load_chain(&r.roots, setup->conf->root, &e) == -1 ||
	    sandbox_enter(&box, NULL, &e) == -1)
		log_error(&e, "renewer");
	else {
		renewer_loop(&r);
		rc = EXIT_SUCCESS;
	}
	proc_stop(&r.child, 5000);
	cas_clear(&r);
	sk_X509_pop_free(r.roots, X509_free);
	return rc;
}
