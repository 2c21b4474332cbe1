/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/text.h"

#define DAY	86400

static const struct conf_item ca_settings[] = {
	CONF_STR_REQUIRED(struct ca_conf, name,
	    "Name of the CA, as orders and the store call it."),
	CONF_STR_REQUIRED(struct ca_conf, cert,
	    "PEM file: its certificate, then its chain."),
	CONF_STR_REQUIRED(struct ca_conf, key,
	    "Its key: file:PATH or pkcs11:URI."),
	CONF_STR(struct ca_conf, passphrase, NULL,
	    "Where the key's passphrase or PIN comes from: file:PATH, "
	    "credential:NAME, fd:N or prompt."),
	CONF_LIST(struct ca_conf, cdp, "CRL addresses put in certificates."),
	CONF_LIST(struct ca_conf, ocsp, "OCSP addresses put in certificates."),
	CONF_LIST(struct ca_conf, aia,
	    "Addresses of the CA's certificate put in certificates."),
	CONF_DURATION(struct ca_conf, crl_lifetime, "7d", 60, 400 * DAY,
	    "From thisUpdate to nextUpdate of a CRL."),
	CONF_DURATION(struct ca_conf, crl_interval, "1d", 5, 200 * DAY,
	    "How often a CRL is made when nothing happens."),
	CONF_LIST(struct ca_conf, crl_reasons,
	    "Revocations for these reasons make a CRL at once; default "
	    "keyCompromise."),
	CONF_END
};

const struct conf_item cad_settings[] = {
	CONF_STR_REQUIRED(struct cad_conf, instance,
	    "Name of this instance, its own among all that share the store."),
	CONF_STR_REQUIRED(struct cad_conf, database,
	    "The store, as libpq's connection string; several hosts allowed."),
	CONF_STR(struct cad_conf, state, STATEDIR "/cad",
	    "Directory of the ledger and the last CRLs."),
	CONF_STR(struct cad_conf, profiles, SYSCONFDIR "/profiles",
	    "Directory of the profiles."),
	CONF_STR(struct cad_conf, root, SYSCONFDIR "/ca/root.pem",
	    "PEM file with the root certificates that orders are checked to."),
	CONF_STR(struct cad_conf, officers_ca, "services",
	    "The CA whose certificates carry roles."),
	CONF_STR(struct cad_conf, agent_key, NULL,
	    "Key that signs audit heads; its certificate has the role ca-agent."),
	CONF_STR(struct cad_conf, agent_cert, NULL,
	    "PEM file: certificate and chain of agent_key."),
	CONF_STR(struct cad_conf, agent_passphrase, NULL,
	    "Where the passphrase of agent_key comes from."),
	CONF_STR(struct cad_conf, heads, NULL,
	    "Where signed heads are pushed: file:PATH appends PEM, "
	    "exec:COMMAND gets each on its standard input."),
	CONF_DURATION(struct cad_conf, heads_interval, "60s", 1, DAY,
	    "How often a head is signed when the chain has grown."),
	CONF_NUM(struct cad_conf, workers, 2, 1, 64,
	    "Worker processes, each with its own connection to the store."),
	CONF_NUM(struct cad_conf, group, 400, 1, 5000,
	    "Certificates per group commit."),
	CONF_DURATION(struct cad_conf, poll, "5s", 1, 3600,
	    "How often the store is looked at without a notification."),
	CONF_DURATION(struct cad_conf, takeover, "10m", 10, 7 * DAY,
	    "Age at which another instance's unfinished work is taken over."),
	CONF_STR(struct cad_conf, user, NULL,
	    "Run as this user when started by root."),
	CONF_GROUPS(struct cad_conf, cas, ca_settings, struct ca_conf,
	    "The issuing CAs of this installation."),
	CONF_END
};

const struct ca_conf *
cad_conf_ca(const struct cad_conf *c, size_t i)
{
	return (const struct ca_conf *)c->cas.v + i;
}

int
cad_conf_check(const struct cad_conf *c, struct error *e)
{
	bool	 officers = false;
	size_t	 i, k;

	if (!text_is_name(c->instance))
		return error_set(e, ERROR_CONFIG, "instance \"%s\" is not a "
		    "name", c->instance);
	if (c->cas.n == 0)
		return error_set(e, ERROR_CONFIG, "no CA in cas");
	for (i = 0; i < c->cas.n; i++) {
		const char	*name = cad_conf_ca(c, i)->name;

		if (!text_is_name(name))
			return error_set(e, ERROR_CONFIG,
			    "CA name \"%s\" is not a name", name);
		for (k = 0; k < i; k++)
			if (strcmp(name, cad_conf_ca(c, k)->name) == 0)
				return error_set(e, ERROR_CONFIG,
				    "two CAs are called \"%s\"", name);
		officers |= strcmp(name, c->officers_ca) == 0;
	}
	if (!officers)
		return error_set(e, ERROR_CONFIG, "officers_ca \"%s\" is not "
		    "in cas", c->officers_ca);
	if ((c->agent_key == NULL) != (c->agent_cert == NULL))
		return error_set(e, ERROR_CONFIG, "agent_key and agent_cert "
		    "belong together");
	return 0;
}
