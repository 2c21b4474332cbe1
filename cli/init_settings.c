/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings of each program, written once: from then on they are the
 * operator's.
 */
#include "cli/init.h"

#include <string.h>

#include "db/conninfo.h"
#include "os/fault.h"
#include "os/file.h"

char *
init_cdp(struct init *in, const char *ca)
{
	const struct init_conf	*c = &in->conf;

	if (c->crl_url != NULL)
		return arena_printf(in->cli->desk.arena, "%s/%s.crl",
		    c->crl_url,
		    ca);
	return arena_printf(in->cli->desk.arena, "%s/crl/%s.crl", c->url, ca);
}

char *
init_aia(struct init *in, const char *ca)
{
	const struct init_conf	*c = &in->conf;

	if (c->aia_url != NULL)
		return arena_printf(in->cli->desk.arena, "%s/%s.cer",
		    c->aia_url,
		    ca);
	return arena_printf(in->cli->desk.arena, "%s/ca/%s.cer", c->url, ca);
}

static char *
ocsp_url(struct init *in)
{
	if (in->conf.ocsp_url != NULL)
		return in->conf.ocsp_url;
	return arena_printf(in->cli->desk.arena, "%s/ocsp", in->conf.url);
}

/* The host of a URL; where it is an address or a single word, which no
 * certificate of a server has here, a name of this machine (RFC 6761, 6.3). */
static char *
url_host(struct init *in, const char *url)
{
	struct arena	*a = in->cli->desk.arena;
	const char	*host = strstr(url, "://");
	size_t		 len;

	host = host == NULL ? url : host + 3;
	len = strcspn(host, ":/");
	if (len == 0 || host[0] == '[' || memchr(host, '.', len) == NULL ||
	    strspn(host, "0123456789.") >= len)
		return arena_strdup(a, "ra.localhost");
	return arena_printf(a, "%.*s", (int)len, host);
}

char *
init_ra_host(struct init *in)
{
	return url_host(in, in->conf.ra_url != NULL ? in->conf.ra_url :
	    in->conf.url);
}

static char *
init_ra_url(struct init *in)
{
	if (in->conf.ra_url != NULL)
		return in->conf.ra_url;
	return arena_printf(in->cli->desk.arena, "https://%s:8443",
	    init_ra_host(in));
}

static char *
init_ra_cert_url(struct init *in)
{
	if (in->conf.ra_cert_url != NULL)
		return in->conf.ra_cert_url;
	return arena_printf(in->cli->desk.arena, "https://%s:8444",
	    init_ra_host(in));
}

static int
put_database(struct init *in, struct buf *out, const char *name,
    const char *user, struct error *e)
{
	char	*conninfo;

	if (conninfo_for(&conninfo, in->conf.database, user, "signet",
	    e) == -1)
		return error_wrap(e, "database");
	init_put_setting(out, name, conninfo);
	mem_free(&conninfo);
	return 0;
}

static void
put_path(struct init *in, struct buf *out, const char *name,
    const char *path)
{
	init_put_setting(out, name, init_path(in, "%s", path));
}

static int
store_settings(struct init *in, const char *path, struct buf *text,
    struct error *e)
{
	in->did = true;
	return file_create(path, text->p, text->len, 0644, e);
}

static int
write_signet_conf(struct init *in, struct error *e)
{
	char		*path = init_path(in, "signet.conf"), *sql;
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (file_exists(path))
		return 0;
	buf_str(&b, "# Settings of signet, the operator's tool; "
	    "signet.conf(5).\n");
	if (init_find_data(in, "db", &sql, e) == -1 ||
	    put_database(in, &b, "database", "signet_cli", e) == -1)
		goto out;
	put_path(in, &b, "profiles", "profiles");
	put_path(in, &b, "cards", "cards");
	init_put_setting(&b, "schema", sql);
	put_path(in, &b, "root", "ca/root.pem");
	put_path(in, &b, "ca_dir", "ca");
	init_put_setting(&b, "officers_ca", "services");
	buf_str(&b, "\n# Who you are, unless --key and --cert say so:\n"
	    "# officer_key = \"pkcs11:...\";\n"
	    "# officer_cert = \"...\";\n"
	    "# officer_passphrase = \"prompt\";\n");
	rc = store_settings(in, path, &b, e);
 out:
	buf_clear(&b);
	return rc;
}

static void
put_list(struct buf *out, const char *indent, const char *name,
    const char *value)
{
	buf_printf(out, "%s%s = [ ", indent, name);
	init_put_string(out, value);
	buf_str(out, " ];\n");
}

static void
put_ca(struct init *in, struct buf *out, const char *ca, bool last)
{
	buf_str(out, "{\n\t");
	init_put_setting(out, "name", ca);
	buf_byte(out, '\t');
	init_put_setting(out, "cert", init_path(in, "ca/%s.pem", ca));
	buf_printf(out, "\tkey = ");
	init_put_string(out, arena_printf(in->cli->desk.arena, "file:%s",
	    init_path(in, "ca/%s.key", ca)));
	buf_printf(out, ";\n\tpassphrase = ");
	init_put_string(out, init_secret_source(in,
	    arena_printf(in->cli->desk.arena, "ca-%s", ca)));
	buf_str(out, ";\n");
	put_list(out, "\t", "cdp", init_cdp(in, ca));
	put_list(out, "\t", "ocsp", ocsp_url(in));
	put_list(out, "\t", "aia", init_aia(in, ca));
	buf_str(out, "\tcrl_lifetime = \"7d\";\n\tcrl_interval = \"1d\";\n"
	    "\tcrl_reasons = [ \"keyCompromise\" ];\n");
	buf_str(out, last ? "}\n" : "}, ");
}

static void
put_agent(struct init *in, struct buf *out, const char *name)
{
	const char	*dir = init_agent_dir(in, name, "agents");

	init_put_setting(out, "agent_key", init_path(in, "%s/%s.key", dir,
	    name));
	init_put_setting(out, "agent_cert", init_path(in, "%s/%s.pem", dir,
	    name));
	init_put_setting(out, "agent_passphrase", init_secret_source(in,
	    arena_printf(in->cli->desk.arena, "agent-%s", name)));
}

static void
put_heads(struct init *in, struct buf *out)
{
	if (in->conf.heads != NULL)
		init_put_setting(out, "heads", in->conf.heads);
	else
		init_put_setting(out, "heads", arena_printf(in->cli->desk.arena,
		    "file:%s", init_heads(in)));
	init_put_setting(out, "heads_interval", "60s");
}

static int
write_cad_conf(struct init *in, struct error *e)
{
	char		*path = init_path(in, "cad.conf");
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (file_exists(path))
		return 0;
	buf_str(&b, "# Settings of signet-cad, the issuing CA; "
	    "signet-cad.conf(5).\n");
	init_put_setting(&b, "instance", in->conf.instance);
	if (put_database(in, &b, "database", "signet_ca", e) == -1)
		goto out;
	put_path(in, &b, "state", in->conf.state);
	put_path(in, &b, "profiles", "profiles");
	put_path(in, &b, "root", "ca/root.pem");
	put_path(in, &b, "root_crl", "ca/root.crl");
	init_put_setting(&b, "officers_ca", "services");
	put_agent(in, &b, "cad");
	if (put_database(in, &b, "agent_database", "signet_agent", e) == -1)
		goto out;
	put_heads(in, &b);
	buf_printf(&b, "workers = %lld;\ngroup = %lld;\n",
	    (long long)in->conf.workers, (long long)in->conf.group);
	init_put_setting(&b, "user", init_user(in, "cad"));
	buf_str(&b, "cas = (");
	put_ca(in, &b, "people", false);
	put_ca(in, &b, "services", true);
	buf_str(&b, ");\n");
	rc = store_settings(in, path, &b, e);
 out:
	buf_clear(&b);
	return rc;
}

static int
write_ocspd_conf(struct init *in, struct error *e)
{
	char		*path = init_path(in, "ocspd.conf");
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (file_exists(path))
		return 0;
	buf_str(&b, "# Settings of signet-ocspd, the OCSP responder; "
	    "signet-ocspd.conf(5).\n");
	put_list(&b, "", "listen", in->conf.ocsp_listen);
	if (put_database(in, &b, "database", "signet_ocsp", e) == -1)
		goto out;
	put_path(in, &b, "state", in->conf.ocsp_state);
	put_path(in, &b, "root", "ca/root.pem");
	init_put_setting(&b, "officers_ca", "services");
	put_path(in, &b, "profiles", "profiles");
	buf_str(&b, "\n# It orders its signers by itself, at the primary:\n");
	if (put_database(in, &b, "agent_database", "signet_agent", e) == -1)
		goto out;
	put_agent(in, &b, "ocsp");
	init_put_setting(&b, "user", init_user(in, "ocsp"));
	rc = store_settings(in, path, &b, e);
 out:
	buf_clear(&b);
	return rc;
}

static int
write_crld_conf(struct init *in, struct error *e)
{
	char		*path = init_path(in, "crld.conf");
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (file_exists(path))
		return 0;
	buf_str(&b, "# Settings of signet-crld, the publisher of lists and "
	    "certificates;\n# signet-crld.conf(5).\n");
	put_list(&b, "", "listen", in->conf.crl_listen);
	if (put_database(in, &b, "database", "signet_crl", e) == -1)
		goto out;
	put_path(in, &b, "root", "ca/root.pem");
	init_put_setting(&b, "officers_ca", "services");
	put_path(in, &b, "profiles", "profiles");
	put_path(in, &b, "ca_dir", "ca");
	put_list(&b, "", "root_crls", init_path(in, "ca/root.crl"));
	put_path(in, &b, "directory", init_www(in));
	put_path(in, &b, "directories", "directories.conf");
	put_path(in, &b, "state", in->conf.crl_state);
	buf_str(&b, "\n# By this certificate directories know it; it is "
	    "renewed at the primary:\n");
	if (put_database(in, &b, "agent_database", "signet_agent", e) == -1)
		goto out;
	put_agent(in, &b, "crl");
	init_put_setting(&b, "user", init_user(in, "crl"));
	rc = store_settings(in, path, &b, e);
 out:
	buf_clear(&b);
	return rc;
}

static int
write_rad_conf(struct init *in, struct error *e)
{
	char		*path = init_path(in, "rad.conf"), *pages;
	const char	*tls;
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (file_exists(path))
		return 0;
	buf_str(&b, "# Settings of signet-rad, the registration authority; "
	    "signet-rad.conf(5).\n");
	init_put_setting(&b, "listen", in->conf.ra_listen);
	init_put_setting(&b, "listen_cert", in->conf.ra_listen_cert);
	init_put_setting(&b, "url", init_ra_url(in));
	init_put_setting(&b, "url_cert", init_ra_cert_url(in));
	if (init_find_data(in, "ra", &pages, e) == -1 ||
	    put_database(in, &b, "database", "signet_ra", e) == -1)
		goto out;
	put_path(in, &b, "state", in->conf.ra_state);
	put_path(in, &b, "root", "ca/root.pem");
	put_path(in, &b, "ca_dir", "ca");
	init_put_setting(&b, "officers_ca", "services");
	put_path(in, &b, "profiles", "profiles");
	init_put_setting(&b, "pages", pages);
	tls = init_agent_dir(in, "ra-tls", "tls");
	put_path(in, &b, "tls_key", arena_printf(in->cli->desk.arena,
	    "%s/ra-tls.key", tls));
	put_path(in, &b, "tls_cert", arena_printf(in->cli->desk.arena,
	    "%s/ra-tls.pem", tls));
	init_put_setting(&b, "tls_passphrase", init_secret_source(in,
	    "agent-ra-tls"));
	put_agent(in, &b, "ra");
	buf_str(&b, "\n# It renews both certificates by itself, at the "
	    "primary:\n");
	if (put_database(in, &b, "agent_database", "signet_agent", e) == -1)
		goto out;
	init_put_setting(&b, "user", init_user(in, "ra"));
	rc = store_settings(in, path, &b, e);
 out:
	buf_clear(&b);
	return rc;
}

/* Whom it seals to is for the operator to make: the keys of the last two do not
 * belong on a station. */
static int
write_station_conf(struct init *in, struct error *e)
{
	char		*path = init_path(in, "station.conf"), *master, *dir;
	struct buf	 b = { 0 };
	int		 rc = -1;

	if (file_exists(path))
		return 0;
	if (init_secret(in, "card-master", &master, e) == -1)
		return -1;
	buf_str(&b, "# Settings of signet-station, which personalises cards; "
	    "signet-station.conf(5).\n");
	init_put_setting(&b, "station", "station-1");
	if (put_database(in, &b, "database", "signet_station", e) == -1)
		goto out;
	put_path(in, &b, "layouts", "cards");
	put_path(in, &b, "root", "ca/root.pem");
	put_agent(in, &b, "station");
	if (put_database(in, &b, "agent_database", "signet_agent", e) == -1)
		goto out;
	init_put_setting(&b, "master", init_secret_source(in, "card-master"));
	buf_str(&b, "\n# A key of this station, for secrets of cards under "
	    "way; and certificates of\n# the help desk and of who prints PIN "
	    "letters.  A key and a certificate:\n#   openssl req -x509 "
	    "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\\n"
	    "#       -keyout seal.key -out seal.pem -subj /CN=station-1 "
	    "-days 1095 \\\n"
	    "#       -addext keyUsage=critical,keyAgreement\n");
	dir = init_station_dir(in);
	init_put_setting(&b, "seal_key", init_path(in, "%s/seal.key", dir));
	init_put_setting(&b, "seal_cert", init_path(in, "%s/seal.pem", dir));
	init_put_setting(&b, "escrow", init_path(in, "%s/escrow.pem", dir));
	init_put_setting(&b, "mailing_house", init_path(in,
	    "%s/mailing-house.pem", dir));
	init_put_setting(&b, "user", in->conf.user);
	rc = store_settings(in, path, &b, e);
 out:
	buf_clear(&b);
	return rc;
}

int
init_step_settings(struct init *in, struct error *e)
{
	if (write_signet_conf(in, e) == -1)
		return -1;
	FAULT("init.signet_conf");
	if (write_cad_conf(in, e) == -1)
		return -1;
	if (write_ocspd_conf(in, e) == -1 ||
	    init_write_directories(in, e) == -1)
		return -1;
	if (write_crld_conf(in, e) == -1)
		return -1;
	return write_rad_conf(in, e) == -1 ? -1 : write_station_conf(in, e);
}

/* From here on the installation is used as any other command uses it. */
int
init_load_settings(struct init *in, struct error *e)
{
	struct cli	*c = in->cli;
	char		*path = init_path(in, "signet.conf");

	if (c->conf_path != NULL)
		return 0;
	if (conf_load(&c->conf, CLI_CONF, path, e) == -1)
		return error_wrap(e, "settings");
	c->conf_path = mem_strdup(path);
	c->conf_dir = mem_strdup(in->dir);
	return 0;
}
