/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "base/text.h"
#include "x509/ca_name.h"
#include "x509/crl_shard.h"

#define DAY	86400

static const struct conf_item ca_settings[] = {
	CONF_STR_REQUIRED(struct ca_conf, name,
	    "Name of the CA, as orders call it; NAME.g2 is its second "
	    "generation."),
	CONF_STR_REQUIRED(struct ca_conf, cert,
	    "PEM file: its certificate, then its chain."),
	CONF_STR_REQUIRED(struct ca_conf, key,
	    "Its key: file:PATH or pkcs11:URI."),
	CONF_STR(struct ca_conf, passphrase, NULL,
	    "Where the key's passphrase or PIN comes from: file:PATH, "
	    "credential:NAME, fd:N or prompt."),
	CONF_STR(struct ca_conf, signature, NULL,
	    "Scheme of its signatures: \"rsa-pss\"; default: the usual one "
	    "for its key, which is PKCS #1 v1.5 for RSA."),
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
	CONF_STR(struct ca_conf, start, NULL,
	    "From when on this generation issues instead of the one before, "
	    "2027-03-01 or 2027-03-01T12:00:00Z; default: at once."),
	CONF_DURATION(struct ca_conf, roll_before, "90d", 0, 20 * 365 * DAY,
	    "How long before certificates would have to be shortened the "
	    "next generation is due."),
	CONF_DURATION(struct ca_conf, crl_delta, "0s", 0, 7 * DAY,
	    "How often a delta CRL is made between the complete ones, and "
	    "instead of one for those reasons; 0: never."),
	CONF_STR(struct ca_conf, crl_delta_url, NULL,
	    "Address of the delta CRL, put as freshestCRL in complete CRLs and "
	    "in certificates whose profile asks for it."),
	CONF_NUM(struct ca_conf, crl_shards, 0, 0, CRL_SHARD_MAX,
	    "For profiles with crl = \"shard\": how many shards new "
	    "certificates are drawn from; those of older ones stay."),
	CONF_STR(struct ca_conf, crl_shard_url, NULL,
	    "Address of each shard, with %d where its number goes; it stays "
	    "once a certificate has one."),
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
	CONF_LIST(struct cad_conf, blocklists,
	    "Files of keys that are never certified (signet blocklist make)."),
	CONF_STR(struct cad_conf, root, SYSCONFDIR "/ca/root.pem",
	    "PEM file with the root certificates that orders are checked to."),
	CONF_STR(struct cad_conf, root_crl, NULL,
	    "The root's CRL, as signet-root makes it: a CA on it issues no more."),
	CONF_STR(struct cad_conf, attestation_roots, NULL,
	    "PEM file with the roots of those makers of cards whose word about "
	    "keys counts; default: nobody's."),
	CONF_STR(struct cad_conf, officers_ca, "services",
	    "The CA whose certificates carry roles."),
	CONF_STR(struct cad_conf, agent_key, NULL,
	    "Key that signs audit heads; its certificate has the role ca-agent."),
	CONF_STR(struct cad_conf, agent_cert, NULL,
	    "PEM file: certificate and chain of agent_key."),
	CONF_STR(struct cad_conf, agent_passphrase, NULL,
	    "Where the passphrase of agent_key comes from."),
	CONF_STR(struct cad_conf, agent_database, NULL,
	    "The store as role signet_agent: the agent's certificate is renewed "
	    "through it; default: it is not renewed by itself."),
	CONF_STR(struct cad_conf, heads, NULL,
	    "Where signed heads are pushed: file:PATH appends PEM, "
	    "exec:COMMAND gets each on its standard input."),
	CONF_DURATION(struct cad_conf, heads_interval, "60s", 1, DAY,
	    "How often a head is signed when the chain has grown."),
	CONF_STR(struct cad_conf, metrics, NULL,
	    "File for the text collector of a Prometheus node exporter; "
	    "written every 10 seconds."),
	CONF_NUM(struct cad_conf, workers, 2, 1, 64,
	    "Worker processes, each with its own connection to the store."),
	CONF_STR(struct cad_conf, pkcs11_module, NULL,
	    "Module of the tokens whose URI names none with module-path."),
	CONF_LIST(struct cad_conf, token_paths,
	    "Files and directories that the module reads and writes while the "
	    "signer runs; it may read /usr besides."),
	CONF_BOOL(struct cad_conf, token_sockets, false,
	    "Let the module make sockets: when it reaches its token through "
	    "pcscd or over a network."),
	CONF_DURATION(struct cad_conf, token_timeout, "20s", 1, 600,
	    "How long a token may take to open or to sign; then the process "
	    "that asked it is killed, and its CA waits."),
	CONF_NUM(struct cad_conf, signing_threads, 0, 0, 32,
	    "Threads that sign a group; 0 is one per processor."),
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

int64_t
ca_conf_start(const struct ca_conf *c)
{
	struct error	 ignored = ERROR_INIT;
	int64_t		 t;

	return c->start != NULL &&
	    text_parse_time(&t, c->start, &ignored) == 0 ? t : 0;
}

static int
same_address(const struct ca_conf *a, const struct ca_conf *b,
    const char *url, struct error *e)
{
	error_set(e, ERROR_CONFIG, "CA %s and CA %s have the same CRL address "
	    "%s", a->name, b->name, url);
	return error_hint(e, "each generation has its own list: give it its "
	    "own cdp and crl_shard_url");
}

/* RFC 5280, 5: a list names its issuer, so two keys do not share one. */
static int
check_apart(const struct ca_conf *a, const struct ca_conf *b,
    struct error *e)
{
	char	 family[CA_NAME_SIZE];
	size_t	 i, k;

	if (strcmp(a->name, b->name) == 0)
		return error_set(e, ERROR_CONFIG,
		    "two CAs are called \"%s\"", a->name);
	if (a->crl_shard_url != NULL && b->crl_shard_url != NULL &&
	    strcmp(a->crl_shard_url, b->crl_shard_url) == 0)
		return same_address(a, b, a->crl_shard_url, e);
	ca_name_split(a->name, family);
	if (!ca_name_is_of(b->name, family))
		return 0;
	for (i = 0; i < a->cdp.n; i++)
		for (k = 0; k < b->cdp.n; k++)
			if (strcmp(a->cdp.v[i], b->cdp.v[k]) == 0)
				return same_address(a, b, a->cdp.v[i], e);
	return 0;
}

static int
check_shards(const struct ca_conf *ca, struct error *e)
{
	if (ca->crl_shard_url == NULL)
		return ca->crl_shards == 0 ? 0 : error_set(e, ERROR_CONFIG,
		    "CA %s has crl_shards without crl_shard_url", ca->name);
	return crl_shard_check(ca->crl_shard_url, e) == 0 ? 0 :
	    error_wrap(e, "crl_shard_url of CA %s", ca->name);
}

static int
check_ca(const struct cad_conf *c, size_t i, struct error *e)
{
	const struct ca_conf	*ca = cad_conf_ca(c, i);
	int64_t			 start;
	size_t			 k;

	if (!text_is_name(ca->name))
		return error_set(e, ERROR_CONFIG,
		    "CA name \"%s\" is not a name", ca->name);
	if (ca->start != NULL && text_parse_time(&start, ca->start, e) == -1) {
		e->code = ERROR_CONFIG;
		return error_wrap(e, "start of CA %s", ca->name);
	}
	if (ca->crl_delta != 0 && ca->crl_delta < 5)
		return error_set(e, ERROR_CONFIG,
		    "crl_delta of CA %s is less than 5 s", ca->name);
	if (check_shards(ca, e) == -1)
		return -1;
	for (k = 0; k < i; k++)
		if (check_apart(cad_conf_ca(c, k), ca, e) == -1)
			return -1;
	return 0;
}

int
cad_conf_check(const struct cad_conf *c, struct error *e)
{
	bool	 officers = false;
	size_t	 i;

	if (!text_is_name(c->instance))
		return error_set(e, ERROR_CONFIG, "instance \"%s\" is not a "
		    "name", c->instance);
	if (c->cas.n == 0)
		return error_set(e, ERROR_CONFIG, "no CA in cas");
	for (i = 0; i < c->cas.n; i++) {
		if (check_ca(c, i, e) == -1)
			return -1;
		officers |= ca_name_is_of(cad_conf_ca(c, i)->name,
		    c->officers_ca);
	}
	if (!officers)
		return error_set(e, ERROR_CONFIG, "officers_ca \"%s\" is not "
		    "in cas", c->officers_ca);
	if ((c->agent_key == NULL) != (c->agent_cert == NULL))
		return error_set(e, ERROR_CONFIG, "agent_key and agent_cert "
		    "belong together");
	if (c->agent_database != NULL && c->agent_key == NULL)
		return error_set(e, ERROR_CONFIG, "agent_database without "
		    "agent_key");
	return 0;
}
