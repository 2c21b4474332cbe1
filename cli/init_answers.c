/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What signet init must know.  It is asked once: the answers are kept in
 * init.conf, without any secret, and later runs read them there.
 */
#include "cli/init.h"

#include <unistd.h>

#include "base/text.h"
#include "os/file.h"
#include "x509/alg.h"

#define DAY	INT64_C(86400)
#define YEAR	(365 * DAY)

static const struct conf_item persons[] = {
	CONF_STR_REQUIRED(struct init_person, id,
	    "Number or short name of the person, unique."),
	CONF_STR_REQUIRED(struct init_person, name, "Full name."),
	CONF_STR(struct init_person, mail, NULL, "Mail address."),
	CONF_STR(struct init_person, unit, NULL, "Organisational unit."),
	CONF_STR(struct init_person, csr, NULL,
	    "File with the person's own request; without it a key is made "
	    "here."),
	CONF_END
};
static const struct conf_item custodians[] = {
	CONF_STR_REQUIRED(struct init_custodian, name, "The custodian."),
	CONF_STR(struct init_custodian, passphrase, "prompt",
	    "Where the passphrase of the share comes from."),
	CONF_END
};

const struct conf_item INIT_CONF[] = {
	CONF_STR(struct init_conf, organization, NULL,
	    "The organisation, as it stands in certificates.  Required."),
	CONF_STR(struct init_conf, country, NULL,
	    "Its country, two letters.  Required."),
	CONF_STR(struct init_conf, database, NULL,
	    "Connection string of a user who may make databases and roles.  "
	    "Required."),
	CONF_STR(struct init_conf, url, NULL,
	    "Address under which lists, CA certificates and OCSP are served, "
	    "such as http://pki.example.org.  Required."),
	CONF_STR(struct init_conf, crl_url, NULL,
	    "Address of the lists, if it is not URL/crl."),
	CONF_STR(struct init_conf, aia_url, NULL,
	    "Address of the CA certificates, if it is not URL/ca."),
	CONF_STR(struct init_conf, ocsp_url, NULL,
	    "Address of the OCSP responder, if it is not URL/ocsp."),
	CONF_STR(struct init_conf, ra_url, NULL,
	    "Address of the registration authority, https://HOST[:PORT]; "
	    "default: the host of url, port 8443."),
	CONF_STR(struct init_conf, ra_cert_url, NULL,
	    "The same where certificates are asked for; default: the host of "
	    "ra_url, port 8444."),
	CONF_STR(struct init_conf, instance, "cad-1",
	    "Name of this instance of the issuing CA."),
	CONF_STR(struct init_conf, root_key, "rsa:4096",
	    "Kind of the root's key."),
	CONF_STR(struct init_conf, ca_key, "rsa:3072",
	    "Kind of the issuing CAs' keys."),
	CONF_STR(struct init_conf, key, "rsa:3072",
	    "Kind of the officers' and agents' keys that are made here."),
	CONF_DURATION(struct init_conf, root_validity, "20y", DAY, 40 * YEAR,
	    "Life of the root's certificate."),
	CONF_DURATION(struct init_conf, ca_validity, "10y", DAY, 40 * YEAR,
	    "Life of the issuing CAs' certificates."),
	CONF_GROUPS(struct init_conf, custodians, custodians,
	    struct init_custodian,
	    "Who holds a share of the root's passphrase."),
	CONF_NUM(struct init_conf, threshold, 0, 0, 255,
	    "How many custodians are needed to use the root's key."),
	CONF_STR(struct init_conf, root_passphrase, NULL,
	    "Where the root's passphrase comes from, if there are no "
	    "custodians; else one is made in secrets/root."),
	CONF_BOOL(struct init_conf, offline_root, false,
	    "The root is on another machine: write out what it needs, and "
	    "wait for what it brings."),
	CONF_BOOL(struct init_conf, service_users, false,
	    "Each daemon is a user of its own, as with systemd and in the "
	    "packages; wants root."),
	CONF_STR(struct init_conf, service_state, STATEDIR,
	    "With service_users: above the daemons' directories of state."),
	CONF_STR(struct init_conf, root, "root",
	    "Directory of the root."),
	CONF_STR(struct init_conf, state, "state/cad",
	    "Directory of the issuing CA's ledger and last lists."),
	CONF_STR(struct init_conf, ocsp_state, "state/ocspd",
	    "Directory of the OCSP responder's signers and last lists."),
	CONF_STR(struct init_conf, crl_state, "state/crld",
	    "Directory of what the publisher has published."),
	CONF_STR(struct init_conf, ra_state, "state/rad",
	    "Directory of the registration authority's sessions."),
	CONF_STR(struct init_conf, ocsp_listen, "*:8081",
	    "Where the OCSP responder is asked: ADDRESS:PORT, *:PORT or "
	    "unix:PATH."),
	CONF_STR(struct init_conf, crl_listen, "*:8080",
	    "Where the publisher serves lists and CA certificates."),
	CONF_STR(struct init_conf, ldap, NULL,
	    "An LDAP directory to publish to: ldaps://HOST, ldap://HOST (with "
	    "StartTLS) or ldapi://PATH; default: none."),
	CONF_STR(struct init_conf, ldap_base, NULL,
	    "Name of the entry below which it has what is published."),
	CONF_STR(struct init_conf, ra_listen, "*:8443",
	    "Where the registration authority is for everybody."),
	CONF_STR(struct init_conf, ra_listen_cert, "*:8444",
	    "Where it asks for certificates."),
	CONF_STR(struct init_conf, heads, NULL,
	    "Where signed audit heads are pushed: file:PATH or exec:COMMAND; "
	    "default heads.pem in the directory."),
	CONF_STR(struct init_conf, user, NULL,
	    "User as whom signet-cad runs when started by root."),
	CONF_NUM(struct init_conf, workers, 2, 1, 64,
	    "Worker processes of signet-cad."),
	CONF_NUM(struct init_conf, group, 400, 1, 5000,
	    "Certificates per group commit of signet-cad."),
	CONF_GROUPS(struct init_conf, security_officers, persons,
	    struct init_person,
	    "Who appoints officers and changes policy; at least two."),
	CONF_GROUPS(struct init_conf, officers, persons, struct init_person,
	    "Who checks identities and approves."),
	CONF_END
};

const struct cmd_opt INIT_OPTS[] = {
	{ "dir", 'd', CMD_STRING, false, "DIR",
	    "where the installation goes (default: .)" },
	{ "answers", 'a', CMD_STRING, false, "FILE",
	    "read the answers from a file instead of asking" },
	{ "data", 0, CMD_STRING, false, "DIR",
	    "where the suite's profiles and SQL files are" },
	{ "organization", 0, CMD_STRING, false, "NAME", "as in certificates" },
	{ "country", 0, CMD_STRING, false, "CC", "two letters" },
	{ "database", 0, CMD_STRING, false, "CONNINFO",
	    "as a user who may make databases and roles" },
	{ "url", 0, CMD_STRING, false, "URL",
	    "where lists, CA certificates and OCSP are served" },
	{ "ldap", 0, CMD_STRING, false, "URL",
	    "a directory to publish to: ldaps://HOST, ldapi://PATH" },
	{ "ldap-base", 0, CMD_STRING, false, "DN",
	    "the entry below which everything goes there" },
	{ "ra-url", 0, CMD_STRING, false, "URL",
	    "of the registration authority (https://HOST:8443)" },
	{ "ra-cert-url", 0, CMD_STRING, false, "URL",
	    "where it asks for certificates (https://HOST:8444)" },
	{ "instance", 0, CMD_STRING, false, "NAME",
	    "name of this instance of the issuing CA (cad-1)" },
	{ "root-key", 0, CMD_STRING, false, "KIND", "rsa:4096, ec:P-384 ..." },
	{ "ca-key", 0, CMD_STRING, false, "KIND", "rsa:3072, ec:P-256 ..." },
	{ "key", 0, CMD_STRING, false, "KIND",
	    "of officers and agents: rsa:3072, ec:P-256 ..." },
	{ "custodian", 0, CMD_MANY, false, "NAME[=SOURCE]",
	    "holds a share of the root's passphrase" },
	{ "threshold", 0, CMD_NUMBER, false, "N",
	    "custodians needed to use the root's key" },
	{ "root-passphrase", 0, CMD_STRING, false, "SOURCE",
	    "of the root's key, without custodians" },
	{ "offline-root", 0, CMD_FLAG, false, NULL,
	    "the root is on a machine without network" },
	{ "service-users", 0, CMD_FLAG, false, NULL,
	    "each daemon is a user of its own, as with systemd" },
	{ "security-officer", 0, CMD_MANY, false, "ID:NAME[:MAIL]",
	    "at least two" },
	{ "officer", 0, CMD_MANY, false, "ID:NAME[:MAIL]",
	    "who approves certificates" },
	CMD_OPT_END
};

const struct init_person *
init_person(const struct conf_groups *g, size_t i)
{
	return (const struct init_person *)g->v + i;
}

const struct init_custodian *
init_custodian(const struct init *in, size_t i)
{
	return (const struct init_custodian *)in->conf.custodians.v + i;
}

/* Checks. */

int
init_check_text(const char *name, const char *value, size_t max, struct error *e)
{
	if (value != NULL && (value[0] == '\0' ||
	    !text_is_clean(value, strlen(value), max)))
		return error_set(e, ERROR_INPUT, "%s: empty, too long or not "
		    "clean text", name);
	return 0;
}

int
init_check_url(const char *name, const char *url, struct error *e)
{
	if (url == NULL)
		return 0;
	if (strncmp(url, "http://", 7) != 0)
		return error_set(e, ERROR_INPUT, "%s: \"%s\" does not begin "
		    "with http:// (clients refuse https for lists and OCSP)",
		    name, url);
	return init_check_text(name, url, 200, e);
}

int
init_check_country(const char *name, const char *c, struct error *e)
{
	if (strlen(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' ||
	    c[1] > 'Z')
		return error_set(e, ERROR_INPUT, "%s: \"%s\" is not two "
		    "capital letters", name, c);
	return 0;
}

static int
check_kind(const char *name, const char *kind, enum alg_use use,
    struct error *e)
{
	if (alg_name_check(kind, use, e) == 0)
		return 0;
	e->code = ERROR_INPUT;
	error_wrap(e, "%s", name);
	return error_hint(e, "rsa:3072, rsa:4096, ec:P-256 or ec:P-384");
}

int
init_check_persons(const char *what, const struct conf_groups *g,
    const struct conf_groups *others, struct error *e)
{
	const struct init_person	*p;
	size_t				 i, k;

	for (i = 0; i < g->n; i++) {
		p = init_person(g, i);
		if (!text_is_name(p->id))
			return error_set(e, ERROR_INPUT, "%s: \"%s\" cannot be "
			    "an id: letters, digits, dot, dash", what, p->id);
		if (init_check_text("name", p->name, 64, e) == -1 ||
		    init_check_text("mail", p->mail, 254, e) == -1)
			return error_wrap(e, "%s %s", what, p->id);
		for (k = 0; k < i; k++)
			if (strcmp(init_person(g, k)->id, p->id) == 0)
				return error_set(e, ERROR_INPUT,
				    "two persons have the id %s", p->id);
		for (k = 0; others != NULL && k < others->n; k++)
			if (strcmp(init_person(others, k)->id, p->id) == 0)
				return error_set(e, ERROR_INPUT,
				    "two persons have the id %s", p->id);
	}
	return 0;
}

static int
check_root(const struct init_conf *c, struct error *e)
{
	if (c->custodians.n == 0)
		return 0;
	if (c->root_passphrase != NULL)
		return error_set(e, ERROR_INPUT, "custodians and "
		    "root_passphrase: only one of them");
	if (c->threshold < 2 || (size_t)c->threshold > c->custodians.n)
		return error_set(e, ERROR_INPUT, "threshold %lld: with %zu "
		    "custodians it is 2 to %zu", (long long)c->threshold,
		    c->custodians.n, c->custodians.n);
	return 0;
}

static int
check_missing(const struct init_conf *c, struct error *e)
{
	const struct {
		const char	*name;
		bool		 there;
	} must[] = {
		{ "organization", c->organization != NULL },
		{ "country", c->country != NULL },
		{ "database", c->database != NULL },
		{ "url", c->url != NULL },
		{ "security_officers (two)", c->security_officers.n >= 2 },
	};
	struct buf	 names = { 0 };
	size_t		 i;

	for (i = 0; i < sizeof(must) / sizeof(must[0]); i++)
		if (!must[i].there)
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
			    must[i].name);
	if (names.len == 0)
		return 0;
	error_set(e, ERROR_INPUT, "missing: %s", buf_cstr(&names));
	buf_clear(&names);
	return error_hint(e, "answer at a terminal, give options, or write "
	    "them into a file for --answers; signet-init(1) lists them");
}

/* An origin: pages of the RA have names of their own. */
static int
check_ra_url(const char *name, const char *url, struct error *e)
{
	static const char	 https[] = "https://";
	const char		*host;

	if (url == NULL)
		return 0;
	host = url + sizeof(https) - 1;
	if (strncmp(url, https, sizeof(https) - 1) == 0 &&
	    *host >= 'a' && *host <= 'z' && strchr(host, '.') != NULL &&
	    host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.:")] ==
	    '\0')
		return 0;
	return error_set(e, ERROR_INPUT, "%s: \"%s\" is not "
	    "https://HOST[:PORT] with a full name as host", name, url);
}

int
init_answers_check(const struct init_conf *c, struct error *e)
{
	if (check_missing(c, e) == -1 ||
	    init_check_text("organization", c->organization, 64, e) == -1 ||
	    init_check_url("url", c->url, e) == -1 ||
	    init_check_url("crl_url", c->crl_url, e) == -1 ||
	    init_check_url("aia_url", c->aia_url, e) == -1 ||
	    init_check_url("ocsp_url", c->ocsp_url, e) == -1 ||
	    check_ra_url("ra_url", c->ra_url, e) == -1 ||
	    check_ra_url("ra_cert_url", c->ra_cert_url, e) == -1 ||
	    check_kind("root_key", c->root_key, ALG_ROOT, e) == -1 ||
	    check_kind("ca_key", c->ca_key, ALG_CA, e) == -1 ||
	    check_kind("key", c->key, ALG_OFFICER, e) == -1 ||
	    check_root(c, e) == -1 ||
	    init_users_check(c, e) == -1 || init_directories_check(c, e) == -1)
		return -1;
	if (init_check_country("country", c->country, e) == -1)
		return -1;
	if (!text_is_name(c->instance))
		return error_set(e, ERROR_INPUT, "instance: \"%s\" is not a "
		    "name", c->instance);
	if (init_check_persons("security officer", &c->security_officers,
	    NULL, e) == -1)
		return -1;
	return init_check_persons("officer", &c->officers, &c->security_officers,
	    e);
}

/* From options. */

static void
set(char **to, const char *value)
{
	if (value == NULL)
		return;
	mem_free(to);
	*to = mem_strdup(value);
}

/* "ID:NAME:MAIL" */
int
init_split_person(struct init_person *p, const char *text, struct error *e)
{
	const char	*name = strchr(text, ':'), *mail;

	*p = (struct init_person){ 0 };
	if (name == NULL || name == text || name[1] == '\0')
		return error_set(e, ERROR_INPUT, "\"%s\" is not ID:NAME or "
		    "ID:NAME:MAIL", text);
	mail = strchr(name + 1, ':');
	p->id = mem_printf("%.*s", (int)(name - text), text);
	if (mail == NULL)
		p->name = mem_strdup(name + 1);
	else
		p->name = mem_printf("%.*s", (int)(mail - name - 1), name + 1);
	if (mail != NULL && mail[1] != '\0')
		p->mail = mem_strdup(mail + 1);
	return 0;
}

int
init_add_person(struct conf_groups *g, const char *text, struct error *e)
{
	struct init_person	 p;

	if (init_split_person(&p, text, e) == -1)
		return -1;
	g->v = mem_resize(g->v, g->n + 1, sizeof(p));
	((struct init_person *)g->v)[g->n++] = p;
	return 0;
}

void
init_add_custodian(struct init_conf *c, const char *text)
{
	struct init_custodian	 cu = { 0 };
	const char		*eq = strchr(text, '=');

	cu.name = eq == NULL ? mem_strdup(text) :
	    mem_printf("%.*s", (int)(eq - text), text);
	cu.passphrase = mem_strdup(eq == NULL ? "prompt" : eq + 1);
	c->custodians.v = mem_resize(c->custodians.v, c->custodians.n + 1,
	    sizeof(cu));
	((struct init_custodian *)c->custodians.v)[c->custodians.n++] = cu;
}

static int
take_options(struct init *in, struct error *e)
{
	const struct cmd_args	*a = in->args;
	struct init_conf	*c = &in->conf;
	const char *const	*v;
	size_t			 n, i;

	set(&c->organization, cmd_string(a, "organization", NULL));
	set(&c->country, cmd_string(a, "country", NULL));
	set(&c->database, cmd_string(a, "database", NULL));
	set(&c->url, cmd_string(a, "url", NULL));
	set(&c->ldap, cmd_string(a, "ldap", NULL));
	set(&c->ldap_base, cmd_string(a, "ldap-base", NULL));
	set(&c->ra_url, cmd_string(a, "ra-url", NULL));
	set(&c->ra_cert_url, cmd_string(a, "ra-cert-url", NULL));
	set(&c->instance, cmd_string(a, "instance", NULL));
	set(&c->root_key, cmd_string(a, "root-key", NULL));
	set(&c->ca_key, cmd_string(a, "ca-key", NULL));
	set(&c->key, cmd_string(a, "key", NULL));
	set(&c->root_passphrase, cmd_string(a, "root-passphrase", NULL));
	c->threshold = cmd_number(a, "threshold", c->threshold);
	c->offline_root |= cmd_flag(a, "offline-root");
	c->service_users |= cmd_flag(a, "service-users");
	init_users_defaults(c);
	for (n = cmd_many(a, "custodian", &v), i = 0; i < n; i++)
		init_add_custodian(c, v[i]);
	for (n = cmd_many(a, "security-officer", &v), i = 0; i < n; i++)
		if (init_add_person(&c->security_officers, v[i], e) == -1)
			return -1;
	for (n = cmd_many(a, "officer", &v), i = 0; i < n; i++)
		if (init_add_person(&c->officers, v[i], e) == -1)
			return -1;
	return 0;
}

/* Written down. */

void
init_put_string(struct buf *out, const char *s)
{
	unsigned char	 c;

	buf_byte(out, '"');
	for (; (c = (unsigned char)*s) != '\0'; s++) {
		if (c == '"' || c == '\\')
			buf_byte(out, '\\');
		if (c < 0x20)
			buf_printf(out, "\\x%02x", c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

void
init_put_setting(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, "%s = ", name);
	init_put_string(out, value);
	buf_str(out, ";\n");
}

static void
put_pair(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, " %s = ", name);
	init_put_string(out, value);
	buf_byte(out, ';');
}

static void
put_persons(struct buf *out, const char *name, const struct conf_groups *g)
{
	const struct init_person	*p;
	size_t				 i;

	if (g->n == 0)
		return;
	buf_printf(out, "%s = (\n", name);
	for (i = 0; i < g->n; i++) {
		p = init_person(g, i);
		buf_str(out, "\t{");
		put_pair(out, "id", p->id);
		put_pair(out, "name", p->name);
		put_pair(out, "mail", p->mail);
		put_pair(out, "unit", p->unit);
		put_pair(out, "csr", p->csr);
		buf_printf(out, " }%s\n", i + 1 < g->n ? "," : "");
	}
	buf_str(out, ");\n");
}

static void
put_custodians(struct buf *out, const struct init_conf *c)
{
	const struct init_custodian	*v = c->custodians.v;
	size_t				 i;

	if (c->custodians.n == 0)
		return;
	buf_str(out, "custodians = (\n");
	for (i = 0; i < c->custodians.n; i++) {
		buf_str(out, "\t{");
		put_pair(out, "name", v[i].name);
		put_pair(out, "passphrase", v[i].passphrase);
		buf_printf(out, " }%s\n", i + 1 < c->custodians.n ? "," : "");
	}
	buf_printf(out, ");\nthreshold = %lld;\n", (long long)c->threshold);
}

void
init_answers_write(struct buf *out, const struct init_conf *c)
{
	char	 t[32];

	buf_str(out, "# What signet init was told; signet-init(1).\n");
	init_put_setting(out, "organization", c->organization);
	init_put_setting(out, "country", c->country);
	init_put_setting(out, "database", c->database);
	init_put_setting(out, "url", c->url);
	init_put_setting(out, "crl_url", c->crl_url);
	init_put_setting(out, "aia_url", c->aia_url);
	init_put_setting(out, "ocsp_url", c->ocsp_url);
	init_put_setting(out, "ra_url", c->ra_url);
	init_put_setting(out, "ra_cert_url", c->ra_cert_url);
	init_put_setting(out, "instance", c->instance);
	init_put_setting(out, "root_key", c->root_key);
	init_put_setting(out, "ca_key", c->ca_key);
	init_put_setting(out, "key", c->key);
	init_put_setting(out, "root_validity",
	    text_duration(t, c->root_validity));
	init_put_setting(out, "ca_validity", text_duration(t, c->ca_validity));
	init_put_setting(out, "root_passphrase", c->root_passphrase);
	buf_printf(out, "offline_root = %s;\n",
	    c->offline_root ? "true" : "false");
	if (c->service_users) {
		buf_str(out, "service_users = true;\n");
		init_put_setting(out, "service_state", c->service_state);
	}
	init_put_setting(out, "root", c->root);
	init_put_setting(out, "state", c->state);
	init_put_setting(out, "ocsp_state", c->ocsp_state);
	init_put_setting(out, "crl_state", c->crl_state);
	init_put_setting(out, "ra_state", c->ra_state);
	init_put_setting(out, "ocsp_listen", c->ocsp_listen);
	init_put_setting(out, "crl_listen", c->crl_listen);
	init_put_setting(out, "ldap", c->ldap);
	init_put_setting(out, "ldap_base", c->ldap_base);
	init_put_setting(out, "ra_listen", c->ra_listen);
	init_put_setting(out, "ra_listen_cert", c->ra_listen_cert);
	init_put_setting(out, "heads", c->heads);
	init_put_setting(out, "user", c->user);
	buf_printf(out, "workers = %lld;\ngroup = %lld;\n",
	    (long long)c->workers, (long long)c->group);
	put_custodians(out, c);
	put_persons(out, "security_officers", &c->security_officers);
	put_persons(out, "officers", &c->officers);
}

static int
load_file(struct init *in, const char *path, struct error *e)
{
	if (conf_load(&in->conf, INIT_CONF, path, e) == -1)
		return error_wrap(e, "answers");
	in->has_conf = true;
	return 0;
}

/* Other answers than last time would make half of one installation and half
 * of another. */
static int
check_same(struct init *in, const char *path, struct error *e)
{
	struct buf	 now = { 0 }, before = { 0 };
	int		 rc;

	init_answers_write(&now, &in->conf);
	rc = file_load(&before, path, 1u << 20, e);
	if (rc == 0 && !bytes_equal(BYTES(now.p, now.len),
	    BYTES(before.p, before.len))) {
		rc = error_set(e, ERROR_CONFLICT, "%s was begun with other "
		    "answers", in->dir);
		error_hint(e, "leave the answers away to go on; to change "
		    "them, edit %.80s", path);
	}
	buf_clear(&before);
	buf_clear(&now);
	return rc;
}

/* Paths in an answers file start where the file is. */
static void
make_absolute(struct init *in, const char *file, struct conf_groups *g)
{
	struct init_person	*p = g->v;
	const char		*slash = strrchr(file, '/');
	char			*cwd, *base, *full;
	size_t			 i;

	cwd = getcwd(NULL, 0);
	base = slash == NULL ? mem_strdup(".") :
	    mem_printf("%.*s", (int)(slash - file), file);
	for (i = 0; i < g->n; i++) {
		if (p[i].csr == NULL || p[i].csr[0] == '/')
			continue;
		full = base[0] == '/' ? mem_printf("%s/%s", base, p[i].csr) :
		    mem_printf("%s/%s/%s", cwd != NULL ? cwd : "", base,
		    p[i].csr);
		mem_free(&p[i].csr);
		p[i].csr = full;
	}
	mem_free(&base);
	free(cwd);
	(void)in;
}

static int
first_time(struct init *in, struct error *e)
{
	const char	*file = cmd_string(in->args, "answers", NULL);
	int		 rc;

	if (file != NULL)
		rc = load_file(in, file, e);
	else {
		rc = conf_parse(&in->conf, INIT_CONF, "", "defaults", e);
		in->has_conf = rc == 0;
	}
	if (rc == -1)
		return -1;
	if (file != NULL) {
		make_absolute(in, file, &in->conf.security_officers);
		make_absolute(in, file, &in->conf.officers);
	}
	if (take_options(in, e) == -1)
		return -1;
	if (file == NULL && cli_is_terminal(STDIN_FILENO) && !in->cli->yes)
		return init_ask(in, e);
	return 0;
}

/* Were there any answers on the command line? */
static bool
has_answers(const struct init *in)
{
	const struct cmd_opt	*o;
	const char *const	*v;

	for (o = INIT_OPTS + 1; o->name != NULL; o++) {
		if (strcmp(o->name, "data") == 0)
			continue;
		if ((o->type == CMD_STRING &&
		    cmd_string(in->args, o->name, NULL) != NULL) ||
		    (o->type == CMD_MANY &&
		    cmd_many(in->args, o->name, &v) > 0) ||
		    (o->type == CMD_FLAG && cmd_flag(in->args, o->name)) ||
		    (o->type == CMD_NUMBER &&
		    cmd_number(in->args, o->name, -1) != -1))
			return true;
	}
	return false;
}

int
init_answers(struct init *in, struct error *e)
{
	char		*path = init_path(in, "init.conf");
	struct buf	 text = { 0 };
	int		 rc;

	if (file_exists(path) && !has_answers(in)) {
		if (load_file(in, path, e) == -1)
			return -1;
		return init_answers_check(&in->conf, e);
	}
	if (first_time(in, e) == -1 || init_answers_check(&in->conf, e) == -1)
		return -1;
	if (file_exists(path))
		return check_same(in, path, e);
	init_answers_write(&text, &in->conf);
	rc = file_mkdir(in->dir, 0755, e);
	if (rc == 0)
		rc = file_create(path, text.p, text.len, 0600, e);
	buf_clear(&text);
	return rc;
}
