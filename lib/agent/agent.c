/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent_private.h"
#include "db/db_agent.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_order.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/cert.h"

#define PATIENCE	5	/* seconds for a store that is away */

const char *
task_name(const struct task *t, char dst[96])
{
	if (t->server)
		return "server certificate";
	if (t->ca == NULL)
		return "agent certificate";
	snprintf(dst, 96, "signer of %s", t->ca->name);
	return dst;
}

/* ---- what is in place ---- */

static int
task_load(struct task *t, struct error *e)
{
	struct identity		 id;
	struct cert_info	 info;

	if (place_load(&t->place, &id, e) == -1)
		return -1;
	if (cert_info(&info, id.cert, e) == -1) {
		identity_free(&id);
		return -1;
	}
	t->not_before = info.not_before;
	t->not_after = info.not_after;
	cert_info_clear(&info);
	identity_free(&t->now);
	t->now = id;
	return 0;
}

static int64_t
ca_end(const struct agent_ca *ca)
{
	struct error		 ignored = ERROR_INIT;
	struct cert_info	 info;
	int64_t			 end = 0;

	if (cert_info(&info, ca->cert, &ignored) == 0) {
		end = info.not_after;
		cert_info_clear(&info);
	}
	return end;
}

/*
 * No certificate outlives its CA: near the end of that a new one would be no
 * better than the one that there is.
 */
static int64_t
signer_due(const struct task *t, int64_t now)
{
	int64_t	 end = ca_end(t->ca);

	if (end <= now || (t->now.cert != NULL && t->not_after >= end))
		return INT64_MAX;
	if (t->now.cert == NULL)
		return now;
	return t->not_before + (t->not_after - t->not_before) / 3 * 2;
}

int64_t
task_due(const struct agent *a, const struct task *t)
{
	if (t->ca != NULL)
		return signer_due(t, clock_now(a->clock));
	return a->conf->renew_before > 0 ?
	    t->not_after - a->conf->renew_before :
	    t->not_after - (t->not_after - t->not_before) / 4;
}

/* ---- making and ending ---- */

/* Who we are: what the certificate says. */
static int
agent_begin(struct agent *a, struct error *e)
{
	const struct agent_conf	*c = a->conf;
	struct task		*own = &a->task[0];
	const struct place_source from = { .key = c->agent_key,
				    .cert = c->agent_cert,
				    .secret = c->agent_passphrase,
				    .module = c->pkcs11_module,
				    .what = c->server_profile != NULL ?
					"server" : "agent" };

	own->server = c->server_profile != NULL;
	if (place_open(&own->place, &from, &a->secret, e) == -1)
		return -1;
	if (task_load(own, e) == -1)
		return error_wrap(e, "%s", from.what);
	if (c->server_profile != NULL)
		return 0;
	a->role = cert_role(own->now.cert);
	if (cert_person(own->now.cert, a->person) == 0 &&
	    a->person[0] != '\0' && a->role != ROLE_NONE)
		return 0;
	error_set(e, ERROR_CONFIG, "agent: the certificate %s is not one of "
	    "an agent", own->place.cert);
	return error_hint(e, "its profile is ocsp-agent, crl-agent or "
	    "ca-agent");
}

static void
signer_begin(struct agent *a, size_t i)
{
	struct task	*t = &a->task[i + 1];
	char		*path = mem_printf("%s/%s.pem", a->conf->signers,
			    a->conf->ca[i].name);

	t->ca = &a->conf->ca[i];
	place_init(&t->place, path, NULL, &a->signer_secret);
	mem_free(&path);
}

int
agent_new(struct agent **out, const struct agent_conf *c,
    const struct clock *clock, const struct rng *rng, struct error *e)
{
	struct agent	*a = mem_alloc(sizeof(*a));
	size_t		 i;

	*out = NULL;
	a->conf = c;
	a->clock = clock;
	a->rng = rng;
	a->arena = arena_new();
	a->ntasks = c->nca + 1;
	a->task = mem_array(a->ntasks, sizeof(*a->task));
	if ((c->signer_passphrase != NULL &&
	    secret_fetch(&a->signer_secret.secret, c->signer_passphrase,
	    "signers", e) == -1) ||
	    cert_load_chain(&a->anchors, c->root, e) == -1 ||
	    agent_begin(a, e) == -1)
		goto fail;
	for (i = 0; i < c->nca; i++)
		signer_begin(a, i);
	*out = a;
	return 0;
 fail:
	agent_free(&a);
	return -1;
}

void
agent_free(struct agent **ap)
{
	struct agent	*a = *ap;
	size_t		 i;

	if (a == NULL)
		return;
	for (i = 0; i < a->ntasks; i++) {
		place_clear(&a->task[i].place);
		identity_free(&a->task[i].now);
	}
	mem_free(&a->task);
	db_close(&a->db);
	secret_free(&a->secret.secret);
	secret_free(&a->signer_secret.secret);
	sk_X509_pop_free(a->anchors, X509_free);
	arena_free(&a->arena);
	mem_free(ap);
}

int
agent_open(struct agent *a, struct error *e)
{
	static const struct db_table *const	 tables[] = { &DB_AGENT,
	    &DB_ORDER_ADD, &DB_ORDER_NEW, &DB_CA, &DB_AUDIT_APPEND };

	if (a->db != NULL)
		return 0;
	if (db_open_told(&a->db, a->conf->database, a->conf->program, tables,
	    sizeof(tables) / sizeof(tables[0]), a->bell, e) == -1)
		return -1;
	db_set_patience(a->db, PATIENCE);
	return db_listen(a->db, "signet_issued", e);
}

/* ---- one look ---- */

/* One that is there and cannot be used is replaced, unless only its token is
 * away. */
static int
load_signer(struct task *t, struct error *e)
{
	if (t->now.cert != NULL || !file_exists(t->place.cert) ||
	    task_load(t, e) == 0)
		return 0;
	if (e->code == ERROR_UPSTREAM)
		return -1;
	error_clear(e);
	return 0;
}

/* What was written down before the store heard of it; 1, 0 nothing is due. */
static int
begin_order(struct agent *a, struct task *t, struct pending *p,
    struct error *e)
{
	int	 found;

	if ((found = place_load_pending(&t->place, p, e)) != 0)
		return found;
	if (load_signer(t, e) == -1)
		return -1;
	if (clock_now(a->clock) < task_due(a, t))
		return 0;
	if (agent_order_new(a, t, p, e) == -1)
		return -1;
	FAULT("agent.key");
	if (place_store_pending(&t->place, p, e) == -1) {
		pending_clear(p);
		return -1;
	}
	FAULT("agent.pending");
	return 1;
}

static int
finish(struct task *t, struct pending *p, struct error *e)
{
	if (place_finish(&t->place, p, e) == -1 || task_load(t, e) == -1)
		return -1;
	return 1;
}

static int
look(struct agent *a, struct task *t, struct pending *p, struct error *e)
{
	struct error		 why = ERROR_INIT;
	enum agent_answer	 answer;

	if (p->chain != NULL)
		return finish(t, p, e);
	if (agent_open(a, e) == -1 ||
	    agent_order_look(a, t, p, &answer, &why, e) == -1)
		return -1;
	switch (answer) {
	case AGENT_WAITING:
		t->waits = true;
		return 0;
	case AGENT_ISSUED:
		FAULT("agent.issued");
		return finish(t, p, e);
	case AGENT_REFUSED:
		break;
	}
	if (place_drop_pending(&t->place, e) == -1)
		return -1;
	*e = why;
	return -1;
}

int
agent_look(struct agent *a, struct task *t, struct error *e)
{
	struct pending	 p;
	char		 name[96];
	int		 rc;

	t->waits = false;
	arena_reset(a->arena);
	if ((rc = begin_order(a, t, &p, e)) == 1) {
		rc = look(a, t, &p, e);
		pending_clear(&p);
	}
	return rc == -1 ? error_wrap(e, "%s", task_name(t, name)) : rc;
}

bool
agent_waits(const struct agent *a)
{
	size_t	 i;

	for (i = 0; i < a->ntasks; i++)
		if (a->task[i].waits)
			return true;
	return false;
}

int
agent_signer_load(struct identity *id, const char *signers, const char *ca,
    struct place_secret *secret, struct error *e)
{
	struct place	 p;
	char		*path = mem_printf("%s/%s.pem", signers, ca);
	int		 rc = -1;

	memset(id, 0, sizeof(*id));
	place_init(&p, path, NULL, secret);
	mem_free(&path);
	if (!file_exists(p.cert))
		error_set(e, ERROR_NOTFOUND, "no signer for CA %s yet", ca);
	else
		rc = place_read(&p, id, e);
	place_clear(&p);
	return rc;
}
