/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/text.h"
#include "web.h"

#define DAY	86400

const struct conf_item crld_settings[] = {
	CONF_STR(struct crld_conf, instance, "crld",
	    "Name of this instance in the audit chain."),
	CONF_STR_REQUIRED(struct crld_conf, database,
	    "The store, as libpq's connection string; several hosts allowed."),
	CONF_STR(struct crld_conf, root, SYSCONFDIR "/ca/root.pem",
	    "PEM file with the root certificates that CAs must lead to."),
	CONF_STR(struct crld_conf, officers_ca, "services",
	    "CA whose certificates carry roles: a hold that has ended since "
	    "the last list has by an order of its officers."),
	CONF_STR(struct crld_conf, agent_database, NULL,
	    "The store as role signet_agent, to renew the certificate by "
	    "which directories know the publisher; default: it is not renewed "
	    "by itself."),
	CONF_STR(struct crld_conf, agent_key, NULL,
	    "Key of that certificate, a file."),
	CONF_STR(struct crld_conf, agent_cert, NULL,
	    "PEM file: certificate and chain of agent_key."),
	CONF_STR(struct crld_conf, agent_passphrase, NULL,
	    "Where the passphrase of agent_key comes from."),
	CONF_STR(struct crld_conf, profiles, SYSCONFDIR "/profiles",
	    "Directory of the profiles: they say which certificates are "
	    "published in directories, and who may end a hold."),
	CONF_STR(struct crld_conf, directories, NULL,
	    "File that names the LDAP directories to publish to, "
	    "signet-directories.conf(5); default: none."),
	CONF_STR(struct crld_conf, ca_dir, SYSCONFDIR "/ca",
	    "Directory with NAME.pem of each issuing CA; one that has no file "
	    "there is believed when it leads to the root, and keeps its key."),
	CONF_LIST(struct crld_conf, root_crls,
	    "Files with lists of roots, published under their own names when "
	    "one of the roots has signed them."),
	CONF_LIST(struct crld_conf, links,
	    "PEM files with link and cross certificates that go into NAME.p7c "
	    "of the CAs whose key they certify."),
	CONF_STR(struct crld_conf, directory, STATEDIR "/www",
	    "Directory that is published: crl/ and ca/ below it."),
	CONF_STR(struct crld_conf, state, STATEDIR "/crld",
	    "Directory that remembers what was published."),
	CONF_LIST(struct crld_conf, listen,
	    "Addresses to serve the directory on, ADDRESS:PORT, unix:/PATH "
	    "or systemd:N; none: it is only written."),
	CONF_STR(struct crld_conf, metrics_listen, "127.0.0.1:9641",
	    "Where /metrics and /healthz are, an address of this machine "
	    "only; \"\": nowhere."),
	CONF_NUM(struct crld_conf, threads, 2, 1, 64,
	    "Threads that serve, for each address."),
	CONF_NUM(struct crld_conf, connections, 2000, 1, 100000,
	    "Connections that are served at the same time."),
	CONF_NUM(struct crld_conf, per_address, 0, 0, 100000,
	    "How many of them one address may have; 0: all."),
	CONF_DURATION(struct crld_conf, timeout, "30s", 1, 3600,
	    "How long a client may do nothing."),
	CONF_DURATION(struct crld_conf, crl_max_age, "1h", 1, 400 * DAY,
	    "How long a cache may keep a list, at most until its "
	    "nextUpdate."),
	CONF_DURATION(struct crld_conf, cert_max_age, "1d", 1, 400 * DAY,
	    "How long a cache may keep a certificate."),
	CONF_DURATION(struct crld_conf, poll, "5s", 1, 3600,
	    "How often the store is looked at without a notification."),
	CONF_DURATION(struct crld_conf, warn, "1d", 1, 400 * DAY,
	    "/healthz is red from so long before a list expires, or from a "
	    "third of its life if that is shorter."),
	CONF_STR(struct crld_conf, user, NULL,
	    "Run as this user when started by root."),
	CONF_END
};

int
crld_conf_check(const struct crld_conf *c, struct error *e)
{
	if (!text_is_name(c->instance))
		return error_set(e, ERROR_CONFIG, "instance \"%s\" is not a "
		    "name", c->instance);
	if (!text_is_name(c->officers_ca))
		return error_set(e, ERROR_CONFIG, "officers_ca \"%s\" is not a "
		    "name", c->officers_ca);
	if (c->directory[0] != '/' || c->state[0] != '/')
		return error_set(e, ERROR_CONFIG,
		    "directory and state are absolute paths");
	if (c->agent_database != NULL && (c->agent_key == NULL ||
	    c->agent_cert == NULL))
		return error_set(e, ERROR_CONFIG, "agent_database: what is "
		    "renewed is agent_key and agent_cert, which are missing");
	if (c->listen.n > WEB_LISTEN_MAX)
		return error_set(e, ERROR_CONFIG, "more than %d addresses in "
		    "listen", WEB_LISTEN_MAX);
	return 0;
}
