/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directories.conf: the LDAP directory to publish to, or how one would be
 * named.
 */
#include "cli/init.h"

#include <string.h>

#include "os/file.h"
#include "publish/target.h"

#define AGENT_PASS	"file:secrets/agent-crl"

static const char	 sample[] =
	"# targets = (\n"
	"#\t{\n"
	"#\t\tname = \"main\";\n"
	"#\t\turl = \"ldaps://ldap.example.com\";\n"
	"#\t\tbase = \"dc=example,dc=com\";\n"
	"#\t\ttls_ca = \"ca/root.pem\";\n"
	"#\t\ttls_cert = \"agents/crl.pem\";\n"
	"#\t\ttls_key = \"agents/crl.key\";\n"
	"#\t\ttls_passphrase = \"file:secrets/agent-crl\";\n"
	"#\t}\n"
	"# );\n";

static void
put_target(struct buf *out, const struct init_conf *c, const char *dir,
    const char *pass)
{
	bool	 socket = strncmp(c->ldap, "ldapi://", 8) == 0;

	buf_str(out, "targets = (\n\t{\n\t\tname = \"main\";\n\t\t");
	init_put_setting(out, "url", c->ldap);
	buf_str(out, "\t\t");
	init_put_setting(out, "base", c->ldap_base);
	/* On its own socket a directory knows us by our user. */
	if (!socket) {
		if (strncmp(c->ldap, "ldap://", 7) == 0)
			buf_str(out, "\t\tstarttls = true;\n");
		buf_str(out, "\t\ttls_ca = \"ca/root.pem\";\n");
		buf_printf(out, "\t\ttls_cert = \"%s/crl.pem\";\n"
		    "\t\ttls_key = \"%s/crl.key\";\n"
		    "\t\ttls_passphrase = \"%s\";\n", dir, dir, pass);
	}
	buf_str(out, "\t}\n);\n");
}

static void
put_directories(struct buf *out, const struct init_conf *c, const char *dir,
    const char *pass)
{
	buf_str(out, "# The LDAP directories to publish to; "
	    "signet-directories.conf(5).\n");
	if (c->ldap != NULL)
		put_target(out, c, dir, pass);
	else
		buf_str(out, sample);
	buf_str(out, "root_files = \"ca\";\n");
}

int
init_directories_check(const struct init_conf *c, struct error *e)
{
	struct publish_conf	 conf;
	struct buf		 text = { 0 };
	int			 rc;

	if (c->ldap == NULL && c->ldap_base == NULL)
		return 0;
	if (c->ldap == NULL || c->ldap_base == NULL) {
		error_set(e, ERROR_INPUT, "ldap and ldap_base belong "
		    "together");
		return error_hint(e, "ldap is where the directory is, "
		    "ldap_base the entry below which everything goes");
	}
	if (init_check_text("ldap", c->ldap, 500, e) == -1 ||
	    init_check_text("ldap_base", c->ldap_base, 500, e) == -1)
		return -1;
	put_directories(&text, c, "agents", AGENT_PASS);
	rc = publish_conf_parse(&conf, buf_cstr(&text), "ldap", e);
	if (rc == 0)
		publish_conf_free(&conf);
	else
		e->code = ERROR_INPUT;
	buf_clear(&text);
	return rc;
}

int
init_write_directories(struct init *in, struct error *e)
{
	char		*path = init_path(in, "directories.conf");
	struct buf	 text = { 0 };
	int		 rc;

	if (file_exists(path))
		return 0;
	in->did = true;
	if (in->conf.service_users)
		put_directories(&text, &in->conf, init_agent_dir(in, "crl",
		    "agents"), init_secret_source(in, "agent-crl"));
	else
		put_directories(&text, &in->conf, "agents", AGENT_PASS);
	rc = file_create(path, text.p, text.len, 0644, e);
	buf_clear(&text);
	return rc;
}
