/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon that does nothing but look after its certificates: for scripts that
 * test lib/agent.  Says on standard output what its child tells it, and with
 * "renewer load DIR CA [SOURCE]" which signer is in place.
 */
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "base/log.h"
#include "os/proc.h"
#include "x509/cert.h"

struct ca_row {
	char	*name, *cert;
};

struct renewer_conf {
	char			*database, *root, *officers_ca;
	char			*agent_key, *agent_cert, *agent_passphrase;
	int64_t			 renew_before, poll;
	char			*signers, *signer_key, *signer_uri;
	char			*signer_passphrase, *pkcs11_module;
	struct conf_list	 token_paths;
	struct conf_groups	 cas;
};

static const struct conf_item ca_rows[] = {
	CONF_STR_REQUIRED(struct ca_row, name, "Its name."),
	CONF_STR_REQUIRED(struct ca_row, cert, "Its certificate."),
	CONF_END
};
static const struct conf_item rows[] = {
	CONF_STR_REQUIRED(struct renewer_conf, database, "The store."),
	CONF_STR_REQUIRED(struct renewer_conf, root, "The root."),
	CONF_STR(struct renewer_conf, officers_ca, "services", "Names roles."),
	CONF_STR_REQUIRED(struct renewer_conf, agent_key, "Our key."),
	CONF_STR(struct renewer_conf, agent_cert, NULL, "Our certificate."),
	CONF_STR(struct renewer_conf, agent_passphrase, NULL, "Its secret."),
	CONF_DURATION(struct renewer_conf, renew_before, "0s", 0, 86400 * 400,
	    "Before its end."),
	CONF_DURATION(struct renewer_conf, poll, "1s", 1, 3600, "Looks."),
	CONF_STR(struct renewer_conf, signers, NULL, "Directory."),
	CONF_STR(struct renewer_conf, signer_key, "ec:P-256", "Kind."),
	CONF_STR(struct renewer_conf, signer_uri, NULL, "Token."),
	CONF_STR(struct renewer_conf, signer_passphrase, NULL, "Secret."),
	CONF_STR(struct renewer_conf, pkcs11_module, NULL, "Module."),
	CONF_LIST(struct renewer_conf, token_paths, "Of the token."),
	CONF_GROUPS(struct renewer_conf, cas, ca_rows, struct ca_row, "CAs."),
	CONF_END
};

struct renewer {
	struct renewer_conf	 conf;
	struct agent_conf	 agent;
	struct service		*svc;
	struct proc		 child;
};

static int
load_cas(struct renewer *r, struct error *e)
{
	const struct ca_row	*row = r->conf.cas.v;
	struct agent_ca		*ca = mem_array(r->conf.cas.n, sizeof(*ca));
	STACK_OF(X509)		*chain;
	size_t			 i;

	r->agent.ca = ca;
	for (i = 0; i < r->conf.cas.n; i++) {
		if (cert_load_chain(&chain, row[i].cert, e) == -1)
			return -1;
		ca[i] = (struct agent_ca){ row[i].name, sk_X509_shift(chain) };
		r->agent.nca = i + 1;
		sk_X509_pop_free(chain, X509_free);
	}
	return 0;
}

static void
fill(struct renewer *r)
{
	const struct renewer_conf	*c = &r->conf;

	r->agent = (struct agent_conf){ .program = "renewer",
	    .database = c->database, .root = c->root,
	    .officers_ca = c->officers_ca, .agent_key = c->agent_key,
	    .agent_cert = c->agent_cert,
	    .agent_passphrase = c->agent_passphrase,
	    .renew_before = c->renew_before, .signers = c->signers,
	    .signer_key = c->signer_key, .signer_uri = c->signer_uri,
	    .signer_passphrase = c->signer_passphrase,
	    .pkcs11_module = c->pkcs11_module,
	    .token_paths = c->token_paths, .poll = c->poll, .svc = r->svc };
}

/* 1, 0 the child is gone, -1. */
static int
hear_one(struct renewer *r, struct error *e)
{
	enum agent_news	 news;
	char		 ca[65];
	int		 got;

	if ((got = agent_hear(r->child.fd, &news, ca, e)) == 1) {
		printf("%s %s\n", news == AGENT_NEWS_SIGNER ? "signer" :
		    "renewed", ca);
		fflush(stdout);
	}
	return got;
}

static void
hear(void *arg)
{
	struct renewer	*r = arg;
	struct error	 e = ERROR_INIT;
	int		 got;

	if ((got = hear_one(r, &e)) != 1)
		service_stop(r->svc, got == -1 ? &e : NULL);
}

static int
load(char *argv[])
{
	struct error		 e = ERROR_INIT;
	struct identity		 id;
	struct cert_info	 info;
	struct place_secret	 secret = { .refused = false };

	if ((argv[4] != NULL && secret_fetch(&secret.secret, argv[4],
	    argv[3], &e) == -1) ||
	    agent_signer_load(&id, argv[2], argv[3], &secret, &e) == -1 ||
	    cert_info(&info, id.cert, &e) == -1) {
		log_error(&e, "load");
		return error_exit_status(&e);
	}
	printf("%s\n", info.subject);
	cert_info_clear(&info);
	identity_free(&id);
	secret_free(&secret.secret);
	return 0;
}

static int
run(struct renewer *r, int argc, char *argv[], struct error *e)
{
	int	 got;

	if (service_new(&r->svc, "renewer", "looks after its certificates",
	    argc, argv, e) == -1 ||
	    service_settings(r->svc, &r->conf, rows, e) == -1)
		return -1;
	fill(r);
	if (load_cas(r, e) == -1 || proc_start(&r->child, "renewer: child",
	    agent_main, &r->agent, e) == -1)
		return -1;
	if (service_is_once(r->svc)) {
		while ((got = hear_one(r, e)) == 1)
			;
		return got;
	}
	service_watch(r->svc, r->child.fd, hear, r);
	return service_run(r->svc, e);
}

int
main(int argc, char *argv[])
{
	struct renewer	 r = { .child = PROC_INIT };
	struct error	 e = ERROR_INIT;
	size_t		 i;
	int		 rc;

	if (argc >= 4 && strcmp(argv[1], "load") == 0)
		return load(argv);
	if ((rc = run(&r, argc, argv, &e)) == -1)
		log_error(&e, "cannot continue");
	proc_stop(&r.child, 5000);
	for (i = 0; i < r.agent.nca; i++)
		X509_free(r.agent.ca[i].cert);
	mem_free(&r.agent.ca);
	service_free(&r.svc);
	conf_free(&r.conf, rows);
	return rc == -1 ? 1 : 0;
}
