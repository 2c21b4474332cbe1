/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories, passphrases, profiles and settings.
 */
#include "cli/init.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/text.h"
#include "db/conninfo.h"
#include "os/fault.h"
#include "os/file.h"

#define FILE_MAX	(1u << 20)
#define SECRET_BYTES	20

char *
init_path(struct init *in, const char *fmt, ...)
{
	struct buf	 b = { 0 };
	char		 name[512], *full;
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (name[0] == '/')
		return arena_strdup(in->cli->arena, name);
	buf_printf(&b, "%s/%s", in->dir, name);
	full = arena_strdup(in->cli->arena, buf_cstr(&b));
	buf_clear(&b);
	return full;
}

int
init_copy(const char *from, const char *to, mode_t mode, struct error *e)
{
	struct buf	 b = { 0 };
	int		 rc;

	rc = file_load(&b, from, FILE_MAX, e);
	if (rc == 0)
		rc = file_store(to, b.p, b.len, mode, e);
	buf_clear(&b);
	return rc;
}

/* Where the suite's own files are. */

int
init_find_data(struct init *in, const char *what, char **path,
    struct error *e)
{
	const char	*base[] = { in->data, in->data, DATADIR };
	const char	*under[] = { "", "etc/", "" };
	struct stat	 st;
	size_t		 i;

	for (i = 0; i < 3; i++) {
		if (base[i] == NULL)
			continue;
		*path = arena_printf(in->cli->arena, "%s/%s%s", base[i],
		    under[i], what);
		if (stat(*path, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
	}
	error_set(e, ERROR_CONFIG, "no directory \"%s\" in %s", what,
	    in->data != NULL ? in->data : DATADIR);
	return error_hint(e, "name the suite's data with --data DIR");
}

/* Passphrases: 32 characters, 160 bits. */

static int
secret_make(struct init *in, const char *path, struct error *e)
{
	static const char	 digits[] = "abcdefghijkmnpqrstuvwxyz23456789";
	struct secret		 raw = { 0 }, text = { 0 };
	size_t			 i;
	int			 rc = -1;

	if (secret_new(&raw, SECRET_BYTES, e) == -1 ||
	    secret_new(&text, SECRET_BYTES * 8 / 5 + 1, e) == -1 ||
	    rng_fill(in->cli->rng, raw.p, raw.len, e) == -1)
		goto out;
	for (i = 0; i < SECRET_BYTES * 8 / 5; i++) {
		unsigned int	 bit = (unsigned int)i * 5, two;

		two = (unsigned int)raw.p[bit / 8] << 8;
		if (bit / 8 + 1 < raw.len)
			two |= raw.p[bit / 8 + 1];
		text.p[i] = (unsigned char)digits[two >> (11 - bit % 8) & 31];
	}
	text.p[i] = '\n';
	rc = file_create(path, text.p, text.len, 0600, e);
 out:
	secret_free(&text);
	secret_free(&raw);
	return rc;
}

int
init_secret(struct init *in, const char *name, char **source,
    struct error *e)
{
	char	*path = init_path(in, "secrets/%s", name);

	*source = arena_printf(in->cli->arena, "file:%s", path);
	if (file_exists(path))
		return 0;
	return secret_make(in, path, e);
}

/* Directories and profiles. */

static const struct {
	const char	*name;
	mode_t		 mode;
} directories[] = {
	{ "ca", 0755 },
	{ "secrets", 0700 },
	{ "agents", 0755 },
	{ "officers", 0700 },
	{ "founding/approved", 0755 },
	{ "profiles", 0755 },
	{ "log", 0700 },
};

static int
make_directories(struct init *in, struct error *e)
{
	char	*path;
	size_t	 i;

	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		path = init_path(in, "%s", directories[i].name);
		if (file_exists(path))
			continue;
		in->did = true;
		if (file_mkdir(path, directories[i].mode, e) == -1)
			return -1;
	}
	path = init_path(in, "%s", in->conf.state);
	if (file_exists(path))
		return 0;
	in->did = true;
	return file_mkdir(path, 0700, e);
}

static int
copy_profiles(struct init *in, const char *from, struct error *e)
{
	struct dirent	*entry;
	char		*to;
	DIR		*d;
	int		 rc = 0;

	if ((d = opendir(from)) == NULL)
		return error_sys(e, "%s", from);
	while (rc == 0 && (entry = readdir(d)) != NULL) {
		if (!text_is_name(entry->d_name))
			continue;
		to = init_path(in, "profiles/%s", entry->d_name);
		if (file_exists(to))
			continue;
		in->did = true;
		rc = init_copy(arena_printf(in->cli->arena, "%s/%s", from,
		    entry->d_name), to, 0644, e);
	}
	closedir(d);
	return rc;
}

int
init_step_files(struct init *in, struct error *e)
{
	char	*from;

	if (make_directories(in, e) == -1 ||
	    init_find_data(in, "profiles", &from, e) == -1)
		return -1;
	FAULT("init.directories");
	return copy_profiles(in, from, e);
}

/* Settings. */

char *
init_cdp(struct init *in, const char *ca)
{
	const struct init_conf	*c = &in->conf;

	if (c->crl_url != NULL)
		return arena_printf(in->cli->arena, "%s/%s.crl", c->crl_url,
		    ca);
	return arena_printf(in->cli->arena, "%s/crl/%s.crl", c->url, ca);
}

char *
init_aia(struct init *in, const char *ca)
{
	const struct init_conf	*c = &in->conf;

	if (c->aia_url != NULL)
		return arena_printf(in->cli->arena, "%s/%s.cer", c->aia_url,
		    ca);
	return arena_printf(in->cli->arena, "%s/ca/%s.cer", c->url, ca);
}

static char *
ocsp_url(struct init *in)
{
	if (in->conf.ocsp_url != NULL)
		return in->conf.ocsp_url;
	return arena_printf(in->cli->arena, "%s/ocsp", in->conf.url);
}

static int
put_database(struct init *in, struct buf *out, const char *user,
    struct error *e)
{
	char	*conninfo;

	if (conninfo_for(&conninfo, in->conf.database, user, "signet",
	    e) == -1)
		return error_wrap(e, "database");
	init_put_setting(out, "database", conninfo);
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
	    put_database(in, &b, "signet_cli", e) == -1)
		goto out;
	put_path(in, &b, "profiles", "profiles");
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
put_list(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "\t%s = [ ", name);
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
	init_put_string(out, arena_printf(in->cli->arena, "file:%s",
	    init_path(in, "ca/%s.key", ca)));
	buf_printf(out, ";\n\tpassphrase = ");
	init_put_string(out, arena_printf(in->cli->arena, "file:%s",
	    init_path(in, "secrets/ca-%s", ca)));
	buf_str(out, ";\n");
	put_list(out, "cdp", init_cdp(in, ca));
	put_list(out, "ocsp", ocsp_url(in));
	put_list(out, "aia", init_aia(in, ca));
	buf_str(out, "\tcrl_lifetime = \"7d\";\n\tcrl_interval = \"1d\";\n"
	    "\tcrl_reasons = [ \"keyCompromise\" ];\n");
	buf_str(out, last ? "}\n" : "}, ");
}

static void
put_agent(struct init *in, struct buf *out)
{
	put_path(in, out, "agent_key", "agents/cad.key");
	put_path(in, out, "agent_cert", "agents/cad.pem");
	init_put_setting(out, "agent_passphrase", arena_printf(
	    in->cli->arena, "file:%s", init_path(in, "secrets/agent-cad")));
	if (in->conf.heads != NULL)
		init_put_setting(out, "heads", in->conf.heads);
	else
		init_put_setting(out, "heads", arena_printf(in->cli->arena,
		    "file:%s", init_path(in, "heads.pem")));
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
	if (put_database(in, &b, "signet_ca", e) == -1)
		goto out;
	put_path(in, &b, "state", in->conf.state);
	put_path(in, &b, "profiles", "profiles");
	put_path(in, &b, "root", "ca/root.pem");
	init_put_setting(&b, "officers_ca", "services");
	put_agent(in, &b);
	buf_printf(&b, "workers = %lld;\ngroup = %lld;\n",
	    (long long)in->conf.workers, (long long)in->conf.group);
	init_put_setting(&b, "user", in->conf.user);
	buf_str(&b, "cas = (");
	put_ca(in, &b, "people", false);
	put_ca(in, &b, "services", true);
	buf_str(&b, ");\n");
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
	return write_cad_conf(in, e);
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
