/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define DAY		86400
/* A slow hash keeps a thread for long, and of those there are up to three at
 * once: the others go on. */
#define THREADS_LEAST	6

static const struct conf_item	 cmp_settings[] = {
	CONF_STR_REQUIRED(struct rad_cmp_secret, reference,
	    "What the client calls the secret (senderKID)."),
	CONF_STR_REQUIRED(struct rad_cmp_secret, secret,
	    "Where the secret comes from: file:PATH or credential:NAME."),
	CONF_STR_REQUIRED(struct rad_cmp_secret, profile,
	    "The profile of its certificates."),
	CONF_STR(struct rad_cmp_secret, holder, "name",
	    "Field of the request that is the holder's id: name, dns, mail."),
	CONF_STR_REQUIRED(struct rad_cmp_secret, names,
	    "Regular expression that every name in a request must match."),
	CONF_END
};

const struct conf_item rad_settings[] = {
	CONF_STR(struct rad_conf, listen, "*:8443",
	    "Where everybody comes: ADDRESS:PORT, *:PORT or systemd:N."),
	CONF_STR(struct rad_conf, listen_cert, "*:8444",
	    "Where those come who have a certificate, officers and holders: "
	    "the browser is asked for it."),
	CONF_STR_REQUIRED(struct rad_conf, url,
	    "How people type the first, https://HOST[:PORT]; in links and "
	    "mail."),
	CONF_STR_REQUIRED(struct rad_conf, url_cert,
	    "The same for the second."),
	CONF_STR(struct rad_conf, metrics_listen, "127.0.0.1:9643",
	    "Where /metrics and /healthz are, on this machine only; \"\" for "
	    "nowhere."),
	CONF_STR_REQUIRED(struct rad_conf, database,
	    "The store, as libpq's connection string; role signet_ra."),
	CONF_STR(struct rad_conf, state, STATEDIR "/rad",
	    "Directory of the sessions' key."),
	CONF_STR(struct rad_conf, root, SYSCONFDIR "/ca/root.pem",
	    "PEM file with the root certificates."),
	CONF_STR(struct rad_conf, officers_ca, "services",
	    "The CA whose certificates carry roles."),
	CONF_STR(struct rad_conf, ca_dir, SYSCONFDIR "/ca",
	    "Directory with NAME.pem of each issuing CA."),
	CONF_LIST(struct rad_conf, blocklists,
	    "Files of keys that are never certified (signet blocklist make)."),
	CONF_STR(struct rad_conf, profiles, SYSCONFDIR "/profiles",
	    "Directory of the profiles."),
	CONF_STR_REQUIRED(struct rad_conf, tls_key,
	    "Key of the web server: a PEM file or a pkcs11: URI."),
	CONF_STR(struct rad_conf, tls_cert, NULL,
	    "PEM file: its certificate and chain; default: both are in "
	    "tls_key.  A new certificate is used as soon as it is there."),
	CONF_STR(struct rad_conf, tls_passphrase, NULL,
	    "Where the passphrase or PIN of tls_key comes from: file:PATH, "
	    "credential:NAME; default: it is in clear."),
	CONF_STR(struct rad_conf, tls_priorities, NULL,
	    "What GnuTLS may negotiate, as its priority string; default: TLS "
	    "1.2 and 1.3 with forward secrecy and authenticated encryption."),
	CONF_STR(struct rad_conf, pages, DATADIR "/ra",
	    "Directory of the templates, texts and static files."),
	CONF_STR(struct rad_conf, brand, NULL,
	    "Directory of your own: templates, texts, static, which replace "
	    "those of the same name."),
	CONF_LIST(struct rad_conf, languages,
	    "Languages of the pages; the first is for everybody else; default "
	    "[ \"en\", \"sv\" ]."),
	CONF_LIST(struct rad_conf, apply,
	    "Profiles that people may apply for by form; needs mail_server."),
	CONF_LIST(struct rad_conf, offices,
	    "Registration offices that an applicant can choose; default: "
	    "there is one only."),
	CONF_STR(struct rad_conf, mail_server, NULL,
	    "Who sends mail on: smtp://HOST[:PORT] (with STARTTLS) or "
	    "smtps://HOST[:PORT]; default: nobody is written to."),
	CONF_STR(struct rad_conf, mail_from, NULL,
	    "The address that mail comes from; needed with mail_server."),
	CONF_STR(struct rad_conf, mail_name, NULL,
	    "The sender's name."),
	CONF_STR(struct rad_conf, mail_reply_to, NULL,
	    "The address for answers; default: mail_from."),
	CONF_STR(struct rad_conf, mail_ca, NULL,
	    "PEM file with the roots of the mail server's certificate; "
	    "default: the system's."),
	CONF_STR(struct rad_conf, mail_helo, NULL,
	    "What this host calls itself to the mail server."),
	CONF_STR(struct rad_conf, mail_user, NULL,
	    "Name for logging in to the mail server."),
	CONF_STR(struct rad_conf, mail_password, NULL,
	    "Where its password comes from: file:PATH, credential:NAME."),
	CONF_BOOL(struct rad_conf, mail_clear, false,
	    "Also without TLS: for a mail server on this machine."),
	CONF_DURATION(struct rad_conf, mail_timeout, "30s", 1, 600,
	    "How long one mail may take."),
	CONF_DURATION(struct rad_conf, mail_keep, "90d", 7 * DAY, 3650 * DAY,
	    "How long it is known what was sent."),
	CONF_NUM(struct rad_conf, threads, 0, 0, 256,
	    "Threads for each of the two addresses, each with a connection to "
	    "the store; 0: two per processor, six at least."),
	CONF_NUM(struct rad_conf, connections, 1000, 10, 60000,
	    "Connections at once, for each of the two addresses."),
	CONF_NUM(struct rad_conf, per_address, 50, 0, 60000,
	    "Connections at once from one address; 0: no limit."),
	CONF_NUM(struct rad_conf, people_per_address, 1, 0, 1000,
	    "For so many people may one address send forms, codes and requests "
	    "in a minute: more than 1 where many come through one proxy; 0: no "
	    "limit."),
	CONF_NUM(struct rad_conf, timeout, 20, 1, 300,
	    "Seconds in which something must move on a connection; within "
	    "twice as many a request must be there in full."),
	CONF_DURATION(struct rad_conf, idle, "15m", 10, DAY,
	    "How long an officer's session lasts without a click."),
	CONF_DURATION(struct rad_conf, patience, "10s", 0, 60,
	    "How long a client waits for its certificate before it is told to "
	    "come again."),
	CONF_GROUPS(struct rad_conf, cmp_secrets, cmp_settings,
	    struct rad_cmp_secret,
	    "Secrets with which clients of CMP ask for certificates."),
	CONF_STR_REQUIRED(struct rad_conf, agent_key,
	    "Key that signs orders; its certificate has the role ra-agent."),
	CONF_STR(struct rad_conf, agent_cert, NULL,
	    "PEM file: certificate and chain of agent_key; default: both are "
	    "in agent_key."),
	CONF_STR(struct rad_conf, agent_passphrase, NULL,
	    "Where the passphrase or PIN of agent_key comes from."),
	CONF_STR(struct rad_conf, agent_database, NULL,
	    "The store as role signet_agent, for renewing the two "
	    "certificates; default: they are renewed by other means."),
	CONF_STR(struct rad_conf, pkcs11_module, NULL,
	    "Module of the token of agent_key or tls_key, if they are in one "
	    "and their URIs name none with module-path."),
	CONF_LIST(struct rad_conf, token_paths,
	    "Files and directories that the module reads and writes; it may "
	    "read /usr besides."),
	CONF_BOOL(struct rad_conf, token_sockets, false,
	    "The module reaches its token through pcscd or over a network."),
	CONF_STR(struct rad_conf, user, NULL,
	    "Run as this user when started by root."),
	CONF_END
};

char *
rad_conf_state(const struct rad_conf *c, const char *name)
{
	return mem_printf("%s/%s", c->state, name);
}

/* An origin and nothing after it: "https://ra.example.org:8443" */
static int
check_url(const char *name, const char *url, struct error *e)
{
	static const char	 https[] = "https://";
	const char		*host = url + sizeof(https) - 1;

	if (strncmp(url, https, sizeof(https) - 1) == 0 && *host != '\0' &&
	    host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.:[]")] ==
	    '\0')
		return 0;
	error_set(e, ERROR_CONFIG, "%s \"%s\" is not https://HOST[:PORT]",
	    name, url);
	return error_hint(e, "lower case, no path, no slash at the end");
}

static void
fill_languages(struct conf_list *l)
{
	static const char *const	 both[] = { "en", "sv" };

	if (l->n > 0)
		return;
	l->v = mem_array(2, sizeof(*l->v));
	for (l->n = 0; l->n < 2; l->n++)
		l->v[l->n] = mem_strdup(both[l->n]);
}

int
rad_conf_check(struct rad_conf *c, struct error *e)
{
	long	 cpus;
	size_t	 i;

	if (!text_is_name(c->officers_ca))
		return error_set(e, ERROR_CONFIG, "officers_ca \"%s\" is not a "
		    "name", c->officers_ca);
	if (check_url("url", c->url, e) == -1 ||
	    check_url("url_cert", c->url_cert, e) == -1)
		return -1;
	if (strcmp(c->url, c->url_cert) == 0)
		return error_set(e, ERROR_CONFIG, "url and url_cert are the "
		    "same: a browser could not tell the two apart");
	if (c->mail_server != NULL && c->mail_from == NULL)
		return error_set(e, ERROR_CONFIG, "mail_server without "
		    "mail_from");
	if (c->apply.n > 0 && c->mail_server == NULL)
		return error_set(e, ERROR_CONFIG, "apply without mail_server: "
		    "nobody could confirm an address");
	fill_languages(&c->languages);
	for (i = 0; i < c->languages.n; i++)
		if (!text_is_name(c->languages.v[i]))
			return error_set(e, ERROR_CONFIG, "language \"%s\" is "
			    "not a name", c->languages.v[i]);
	if (c->threads == 0) {
		cpus = sysconf(_SC_NPROCESSORS_ONLN);
		c->threads = cpus < THREADS_LEAST / 2 ? THREADS_LEAST :
		    cpus > 128 ? 256 : cpus * 2;
	}
	return 0;
}
