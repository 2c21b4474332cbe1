/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "os/file.h"

#define CONF_PATH	SYSCONFDIR "/signet.conf"
#define MISTAKES_SHOWN	50

static const struct conf_item ca_items[] = {
	CONF_STR_REQUIRED(struct cli_ca, name, "Name of the issuing CA."),
	CONF_STR_REQUIRED(struct cli_ca, cert,
	    "File with its certificate and what leads to the root, PEM."),
	CONF_END
};

const struct conf_item CLI_CONF[] = {
	CONF_STR_REQUIRED(struct cli_conf, database,
	    "Connection string of the store, as libpq takes it; several "
	    "hosts are allowed."),
	CONF_STR(struct cli_conf, profiles, "profiles",
	    "Directory of the profiles."),
	CONF_STR(struct cli_conf, cards, "cards",
	    "Directory of the layouts of cards."),
	CONF_LIST(struct cli_conf, blocklists,
	    "Files of keys that are never certified (signet blocklist make)."),
	CONF_STR(struct cli_conf, schema, DATADIR "/db",
	    "Directory of the schema's migrations."),
	CONF_STR(struct cli_conf, directories, "directories.conf",
	    "File that names the LDAP directories to which signet-crld "
	    "publishes; the same as in its settings."),
	CONF_STR(struct cli_conf, root, "ca/root.pem",
	    "Certificate of the root, PEM."),
	CONF_STR(struct cli_conf, ca_dir, "ca",
	    "Directory with NAME.pem of each issuing CA, and NAME.key and "
	    "NAME.csr of those made here."),
	CONF_GROUPS(struct cli_conf, cas, ca_items, struct cli_ca,
	    "Issuing CAs whose certificates are kept elsewhere."),
	CONF_STR(struct cli_conf, officers_ca, NULL,
	    "Name of the CA that certifies officers: roles count only from "
	    "it."),
	CONF_STR(struct cli_conf, officer_key, NULL,
	    "Your key: a file (PEM or PKCS#12) or a pkcs11: URI."),
	CONF_STR(struct cli_conf, officer_cert, NULL,
	    "Your certificate, PEM, unless it comes with the key."),
	CONF_STR(struct cli_conf, officer_passphrase, NULL,
	    "Where the passphrase or PIN of your key comes from: prompt, "
	    "file:PATH, credential:NAME or fd:N."),
	CONF_DURATION(struct cli_conf, roll_before, "90d", 0,
	    INT64_C(20) * 365 * 86400,
	    "How long before certificates would have to be shortened the next "
	    "generation of a CA is due."),
	CONF_DURATION(struct cli_conf, backup_every, "0s", 0,
	    INT64_C(366) * 86400,
	    "How often a backup is to be made; later it is overdue.  0s: no "
	    "matter."),
	CONF_DURATION(struct cli_conf, archive_after, "3y", INT64_C(366) * 86400,
	    INT64_C(100) * 366 * 86400,
	    "How long after its end a certificate may be archived."),
	CONF_STR(struct cli_conf, pkcs11_module, NULL,
	    "Module of the tokens whose URI names none with module-path."),
	CONF_DURATION(struct cli_conf, patience, "10s", 0, 3600,
	    "How long to wait for a store that is away."),
	CONF_END
};

const struct cmd_opt CLI_GLOBAL[] = {
	{ "config", 0, CMD_STRING, false, "FILE",
	    "settings (else $SIGNET_CONFIG, else " CONF_PATH ")" },
	{ "json", 0, CMD_FLAG, false, NULL, "print JSON for programs" },
	{ "yes", 'y', CMD_FLAG, false, NULL, "answer yes to questions" },
	CMD_OPT_END
};

static int
open_part(void *arg, enum desk_part part, struct error *e)
{
	static int	(*const open[DESK__MAX])(struct cli *,
			    struct error *) = {
		[DESK_DB] = cli_open_db,
		[DESK_PROFILES] = cli_open_profiles,
		[DESK_BLOCKLISTS] = cli_open_blocklists,
		[DESK_TRUST] = cli_open_trust,
		[DESK_SIGNER] = cli_open_officer,
	};

	return open[part](arg, e);
}

static void
tell_mistake(void *arg, size_t n, const char *where, const struct error *e)
{
	struct cli	*c = arg;

	progress_end(&c->progress);
	if (n <= MISTAKES_SHOWN)
		cli_warn(c, "%s: %s", where, e->text);
	else if (n == MISTAKES_SHOWN + 1)
		cli_warn(c, "... more mistakes are counted, not shown");
}

static void
tell_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	struct cli	*c = arg;

	if (what == NULL) {
		progress_end(&c->progress);
		c->progress.what = NULL;
		return;
	}
	if (c->progress.what == NULL || strcmp(c->progress.what, what) != 0)
		progress_begin(&c->progress, what, total);
	c->progress.total = total;
	progress_set(&c->progress, done);
}

void
cli_init(struct cli *c)
{
	memset(c, 0, sizeof(*c));
	desk_init(&c->desk);
	c->desk.open = open_part;
	c->desk.open_arg = c;
	c->desk.ears.arg = c;
	c->desk.ears.bad = tell_mistake;
	c->desk.ears.progress = tell_progress;
}

void
cli_clear(struct cli *c)
{
	progress_end(&c->progress);
	identity_free(&c->officer);
	if (c->conf_path != NULL)
		conf_free(&c->conf, CLI_CONF);
	mem_free(&c->conf_path);
	mem_free(&c->conf_dir);
	desk_clear(&c->desk);
}

void
cli_begin(struct cli *c, const struct cmd_args *a)
{
	c->args = a;
	c->json = cmd_flag(a, "json");
	c->yes = cmd_flag(a, "yes");
}

int
cli_settings(struct cli *c, struct error *e)
{
	const char	*env = getenv("SIGNET_CONFIG");

	if (env == NULL || env[0] == '\0')
		env = CONF_PATH;
	return cli_settings_of(c, cmd_string(c->args, "config", env), e);
}

int
cli_settings_of(struct cli *c, const char *path, struct error *e)
{
	if (c->conf_path != NULL)
		return 0;
	if (conf_load(&c->conf, CLI_CONF, path, e) == -1) {
		if (e->code == ERROR_NOTFOUND) {
			e->code = ERROR_CONFIG;
			error_hint(e, "name the settings with --config FILE "
			    "or SIGNET_CONFIG; \"signet init\" makes an "
			    "installation");
		}
		return error_wrap(e, "settings");
	}
	c->conf_path = mem_strdup(path);
	c->conf_dir = file_directory(path);
	return 0;
}

char *
cli_path(struct cli *c, const char *path)
{
	char	*joined, *kept;

	if (path[0] == '/' || c->conf_dir == NULL)
		return arena_strdup(c->desk.arena, path);
	joined = file_join(c->conf_dir, path);
	kept = arena_strdup(c->desk.arena, joined);
	mem_free(&joined);
	return kept;
}

int
cli_open_profiles(struct cli *c, struct error *e)
{
	if (c->desk.profiles.v != NULL)
		return 0;
	if (cli_settings(c, e) == -1)
		return -1;
	return profiles_load(&c->desk.profiles, cli_path(c, c->conf.profiles),
	    e);
}

int
cli_open_blocklists(struct cli *c, struct error *e)
{
	struct conf_list	 paths = { 0 };
	int			 rc;
	size_t			 i;

	if (c->desk.has_blocklists)
		return 0;
	if (cli_settings(c, e) == -1)
		return -1;
	paths.n = c->conf.blocklists.n;
	paths.v = arena_alloc(c->desk.arena, (paths.n + 1) * sizeof(*paths.v));
	for (i = 0; i < paths.n; i++)
		paths.v[i] = cli_path(c, c->conf.blocklists.v[i]);
	rc = blocklists_open(&c->desk.blocklists, &paths, e);
	c->desk.has_blocklists = rc == 0;
	return rc;
}

int
cli_open_trust(struct cli *c, struct error *e)
{
	const struct cli_ca	*row = c->conf.cas.v;
	struct desk		*dk = &c->desk;
	size_t			 i;

	if (dk->anchors != NULL)
		return 0;
	if (cli_settings(c, e) == -1 ||
	    desk_trust_open(dk, cli_path(c, c->conf.root),
	    c->conf.officers_ca, e) == -1)
		return -1;
	for (i = 0; i < c->conf.cas.n; i++)
		if (desk_trust_add(dk, row[i].name, cli_path(c, row[i].cert),
		    e) == -1)
			return -1;
	return desk_trust_add_all(dk, cli_path(c, c->conf.ca_dir), e);
}

bool
cli_is_terminal(int fd)
{
	return isatty(fd) == 1;
}

static bool
answer_is_yes(const char *line)
{
	return line[0] == 'y' || line[0] == 'Y';
}

int
cli_confirm(struct cli *c, struct error *e, const char *fmt, ...)
{
	va_list	 ap;
	char	 question[400], line[64] = "";

	if (c->yes)
		return 0;
	va_start(ap, fmt);
	vsnprintf(question, sizeof(question), fmt, ap);
	va_end(ap);
	if (!cli_is_terminal(STDIN_FILENO)) {
		error_set(e, ERROR_INPUT, "nobody answers \"%s\": standard "
		    "input is no terminal", question);
		return error_hint(e, "say --yes in scripts");
	}
	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		fputc('\n', stderr);
	if (answer_is_yes(line))
		return 0;
	return error_set(e, ERROR_DENIED, "not done: the answer was not yes");
}

void
cli_say(const struct cli *c, const char *fmt, ...)
{
	va_list	 ap;

	if (c->json)
		return;
	va_start(ap, fmt);
	vfprintf(stdout, fmt, ap);
	va_end(ap);
	fputc('\n', stdout);
}

void
cli_did(const struct cli *c, json_t *doc, const char *fmt, ...)
{
	va_list	 ap;
	char	*text;

	if (c->json) {
		text = json_dumps(doc, JSON_COMPACT);
		puts(text != NULL ? text : "{}");
		free(text);
	} else {
		va_start(ap, fmt);
		vfprintf(stdout, fmt, ap);
		va_end(ap);
		fputc('\n', stdout);
	}
	fflush(stdout);
	json_decref(doc);
}

void
cli_warn(const struct cli *c, const char *fmt, ...)
{
	va_list	 ap;

	(void)c;
	fflush(stdout);
	va_start(ap, fmt);
	fputs("signet: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
