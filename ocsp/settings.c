/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <unistd.h>

#include "base/text.h"

#define DAY		86400
#define ADDRESS		"*:8081"

const struct conf_item ocspd_settings[] = {
	CONF_LIST(struct ocspd_conf, listen,
	    "Where clients ask: ADDRESS:PORT, *:PORT, unix:/PATH or systemd:N; "
	    "default \"" ADDRESS "\"."),
	CONF_STR(struct ocspd_conf, metrics_listen, "127.0.0.1:9642",
	    "Where /metrics and /healthz are, on this machine only; \"\" for "
	    "nowhere."),
	CONF_STR_REQUIRED(struct ocspd_conf, database,
	    "The store or its replica, as libpq's connection string; several "
	    "hosts allowed."),
	CONF_STR(struct ocspd_conf, state, STATEDIR "/ocspd",
	    "Directory of the signers and of the last CRLs."),
	CONF_STR(struct ocspd_conf, root, SYSCONFDIR "/ca/root.pem",
	    "PEM file with the root certificates: a CA that does not lead to "
	    "one of them is not answered for."),
	CONF_STR(struct ocspd_conf, officers_ca, "services",
	    "The CA whose certificates carry roles."),
	CONF_STR(struct ocspd_conf, profiles, SYSCONFDIR "/profiles",
	    "Directory of the profiles: they say who may end a hold."),
	CONF_DURATION(struct ocspd_conf, lifetime, "1h", 10, 10 * DAY,
	    "From producedAt to nextUpdate of an answer; it is signed anew at "
	    "half of that."),
	CONF_DURATION(struct ocspd_conf, unknown_lifetime, "5m", 1, DAY,
	    "The same for certificates that were never issued."),
	CONF_STR(struct ocspd_conf, never_issued, "unknown",
	    "What is said of them: \"unknown\", or \"revoked\" as in RFC 6960, "
	    "2.2."),
	CONF_DURATION(struct ocspd_conf, archive_cutoff, "0s", 0,
	    30 * 365 * DAY,
	    "How long after their end certificates are answered for, told to "
	    "clients as archiveCutoff; 0: it is not told."),
	CONF_DURATION(struct ocspd_conf, freshness, "5s", 1, 300,
	    "How old the last look at the store's changes may be when an "
	    "answer is signed."),
	CONF_DURATION(struct ocspd_conf, max_lag, "10s", 2, 3600,
	    "How far a replica may be behind when an answer is signed."),
	CONF_NUM(struct ocspd_conf, poll_ms, 250, 10, 60000,
	    "Milliseconds between two looks at the store's changes."),
	CONF_NUM(struct ocspd_conf, query_ms, 500, 50, 60000,
	    "Milliseconds after which the store's silence is a failure."),
	CONF_NUM(struct ocspd_conf, threads, 0, 0, 256,
	    "Threads that answer, each with a connection to the store; 0: one "
	    "per processor, two at least."),
	CONF_NUM(struct ocspd_conf, answers_mb, 64, 1, 65536,
	    "Megabytes for answers that are kept."),
	CONF_NUM(struct ocspd_conf, statuses_mb, 32, 1, 65536,
	    "Megabytes for statuses that are kept."),
	CONF_NUM(struct ocspd_conf, connections, 1000, 10, 60000,
	    "Connections at once, for each of \"listen\"."),
	CONF_NUM(struct ocspd_conf, per_address, 0, 0, 60000,
	    "Connections at once from one address; 0: no limit."),
	CONF_STR(struct ocspd_conf, signer_passphrase, NULL,
	    "Where the passphrase or PIN of the signers' keys comes from; "
	    "default: they are in clear, readable by the service alone."),
	CONF_STR(struct ocspd_conf, user, NULL,
	    "Run as this user when started by root."),
	CONF_STR(struct ocspd_conf, agent_database, NULL,
	    "The store for ordering signer certificates, which needs the "
	    "primary and the role signet_agent; default: they are put into "
	    "STATE/signers by other means."),
	CONF_STR(struct ocspd_conf, agent_key, NULL,
	    "Key that signs these orders; its certificate has the role "
	    "ocsp-agent."),
	CONF_STR(struct ocspd_conf, agent_cert, NULL,
	    "PEM file: certificate and chain of agent_key."),
	CONF_STR(struct ocspd_conf, agent_passphrase, NULL,
	    "Where the passphrase of agent_key comes from."),
	CONF_STR(struct ocspd_conf, signer_key, "rsa:2048",
	    "Kind of the signers' keys: not every client takes answers signed "
	    "with another kind."),
	CONF_STR(struct ocspd_conf, signer_uri, NULL,
	    "Token for the signers' keys, a pkcs11: URI; default: files."),
	CONF_STR(struct ocspd_conf, pkcs11_module, NULL,
	    "Module of the token if its URI names none with module-path."),
	CONF_LIST(struct ocspd_conf, token_paths,
	    "Files and directories that the module reads and writes; it may "
	    "read /usr besides."),
	CONF_BOOL(struct ocspd_conf, token_sockets, false,
	    "The module reaches its token through pcscd or over a network."),
	CONF_DURATION(struct ocspd_conf, token_timeout, "5s", 1, 600,
	    "How long a token may take to open or to sign; then the process "
	    "that asked it is killed, and its CA's answers wait."),
	CONF_END
};

bool
ocspd_conf_extended_revoked(const struct ocspd_conf *c)
{
	return strcmp(c->never_issued, "revoked") == 0;
}

char *
ocspd_conf_state(const struct ocspd_conf *c, const char *name)
{
	return mem_printf("%s/%s", c->state, name);
}

static int
check_agent(const struct ocspd_conf *c, struct error *e)
{
	if ((c->agent_database == NULL) == (c->agent_key == NULL))
		return 0;
	return error_set(e, ERROR_CONFIG, "agent_database and agent_key belong "
	    "together");
}

int
ocspd_conf_check(struct ocspd_conf *c, struct error *e)
{
	long	 cpus;

	if (!text_is_name(c->officers_ca))
		return error_set(e, ERROR_CONFIG, "officers_ca \"%s\" is not a "
		    "name", c->officers_ca);
	if (strcmp(c->never_issued, "unknown") != 0 &&
	    !ocspd_conf_extended_revoked(c))
		return error_set(e, ERROR_CONFIG, "never_issued \"%s\" is "
		    "neither \"unknown\" nor \"revoked\"", c->never_issued);
	if (c->freshness * 1000 < 2 * c->poll_ms)
		return error_set(e, ERROR_CONFIG, "freshness is less than two "
		    "times poll_ms: every answer would be too old");
	if (c->listen.n == 0) {
		c->listen.v = mem_array(1, sizeof(*c->listen.v));
		c->listen.v[c->listen.n++] = mem_strdup(ADDRESS);
	}
	if (c->threads == 0) {
		cpus = sysconf(_SC_NPROCESSORS_ONLN);
		c->threads = cpus < 2 ? 2 : cpus > 256 ? 256 : cpus;
	}
	return check_agent(c, e);
}
