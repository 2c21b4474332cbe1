/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root: its ceremonies here, or what has to be carried to it and back.
 */
#include "cli/init.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/ca_key.h"
#include "os/fault.h"
#include "os/file.h"

#define SMALL_FILE	(4u << 20)

/* Ceremony files. */

static const char *
carry(const struct init *in)
{
	return in->conf.offline_root ? "outgoing" : "founding";
}

static void
put_attr(struct buf *out, const char *attr, const char *value, bool last)
{
	buf_printf(out, "\t{ attr = \"%s\"; value = ", attr);
	init_put_string(out, value);
	buf_printf(out, "; }%s\n", last ? "" : ",");
}

static void
put_subject(struct init *in, struct buf *out, const char *what)
{
	buf_str(out, "subject = (\n");
	put_attr(out, "C", in->conf.country, false);
	put_attr(out, "O", in->conf.organization, false);
	put_attr(out, "CN", arena_printf(in->cli->desk.arena, "%s %s",
	    in->conf.organization, what), true);
	buf_str(out, ");\n");
}

static void
put_url(struct buf *out, const char *name, const char *url)
{
	buf_printf(out, "%s = [ ", name);
	init_put_string(out, url);
	buf_str(out, " ];\n");
}

static void
put_duration(struct buf *out, const char *name, int64_t seconds)
{
	char	 text[32];

	init_put_setting(out, name, text_duration(text, seconds));
}

static int
put_protection(struct init *in, struct buf *out, struct error *e)
{
	const struct init_conf	*c = &in->conf;
	char			*source = c->root_passphrase;
	size_t			 i;

	if (c->custodians.n == 0) {
		if (source == NULL && c->offline_root)
			source = arena_strdup(in->cli->desk.arena, "prompt");
		if (source == NULL &&
		    init_secret(in, "root", &source, e) == -1)
			return -1;
		init_put_setting(out, "passphrase", source);
		return 0;
	}
	buf_str(out, "custodians = (\n");
	for (i = 0; i < c->custodians.n; i++) {
		buf_str(out, "\t{ name = ");
		init_put_string(out, init_custodian(in, i)->name);
		buf_str(out, "; passphrase = ");
		init_put_string(out, init_custodian(in, i)->passphrase);
		buf_printf(out, "; }%s\n",
		    i + 1 < c->custodians.n ? "," : "");
	}
	buf_printf(out, ");\nthreshold = %lld;\n", (long long)c->threshold);
	return 0;
}

/* Nothing that an operator may have edited is written again. */
static int
store_ceremony(struct init *in, const char *name, struct buf *text,
    char **path, struct error *e)
{
	*path = init_path(in, "%s/%s.conf", carry(in), name);
	if (file_exists(*path))
		return 0;
	return file_create(*path, text->p, text->len, 0644, e);
}

static void
put_head(struct init *in, struct buf *out, const char *verb)
{
	buf_printf(out, "# A ceremony; signet-ceremony(5).\nverb = \"%s\";\n",
	    verb);
	buf_printf(out, "operator = ");
	init_put_string(out, arena_printf(in->cli->desk.arena, "signet init,"
	    " %s", in->conf.instance));
	buf_str(out, ";\n");
}

static int
write_init_ceremony(struct init *in, char **path, struct error *e)
{
	struct buf	 b = { 0 };
	int		 rc = -1;

	put_head(in, &b, "init");
	put_subject(in, &b, "Root CA");
	init_put_setting(&b, "key", in->conf.root_key);
	put_duration(&b, "validity", in->conf.root_validity);
	put_url(&b, "cdp", init_cdp(in, "root"));
	put_url(&b, "aia", init_aia(in, "root"));
	if (put_protection(in, &b, e) == 0)
		rc = store_ceremony(in, "root-init", &b, path, e);
	buf_clear(&b);
	return rc;
}

/*
 * Clients refuse a server's certificate under a CA for mail, and mail
 * programs' rules want a CA for mail to be for nothing like servers: so the
 * people CA says what it is for, and the services CA is for the rest.  Never
 * OCSPSigning: it would make the CA a responder of the root's (RFC 6960,
 * 4.2.2.2), so that a CA that the root revokes could say that it is good.
 * Clients take a delegated signer below the CA without it.
 */
static int
write_certify_ceremony(struct init *in, const char *ca, char **path,
    struct error *e)
{
	struct buf	 b = { 0 };
	char		*title = arena_printf(in->cli->desk.arena, "%c%s CA",
			    ca[0] - 'a' + 'A', ca + 1);
	int		 rc;

	put_head(in, &b, "certify");
	init_put_setting(&b, "name", ca);
	put_subject(in, &b, title);
	init_put_setting(&b, "csr", in->conf.offline_root ?
	    arena_printf(in->cli->desk.arena, "%s.csr", ca) :
	    init_path(in, "ca/%s.csr", ca));
	put_duration(&b, "validity", in->conf.ca_validity);
	if (strcmp(ca, "people") == 0)
		buf_str(&b, "ext_key_usage = [ \"emailProtection\", "
		    "\"clientAuth\", \"smartcardLogon\", "
		    "\"pkinitClient\", \"pivCardAuth\" ];\n");
	put_url(&b, "cdp", init_cdp(in, "root"));
	put_url(&b, "aia", init_aia(in, "root"));
	rc = store_ceremony(in, arena_printf(in->cli->desk.arena, "certify-%s",
	    ca), &b, path, e);
	buf_clear(&b);
	return rc;
}

/* Running one. */

static char *
root_dir(struct init *in)
{
	return init_path(in, "%s", in->conf.root);
}

/* Passphrases come from where the ceremony of the root's making had them. */
static size_t
unlock_args(struct init *in, char **argv, size_t n, struct error *e)
{
	const struct init_conf	*c = &in->conf;
	char			*source = c->root_passphrase;
	size_t			 i;

	if (c->custodians.n == 0) {
		if (source == NULL && init_secret(in, "root", &source,
		    e) == -1)
			return 0;
		argv[n++] = arena_strdup(in->cli->desk.arena, "--passphrase");
		argv[n++] = source;
		return n;
	}
	for (i = 0; i < (size_t)c->threshold; i++) {
		argv[n++] = arena_strdup(in->cli->desk.arena, "--custodian");
		argv[n++] = arena_printf(in->cli->desk.arena, "%s=%s",
		    init_custodian(in, i)->name,
		    init_custodian(in, i)->passphrase);
	}
	return n;
}

#define ARGS	(16 + 2 * 255)

static int
run_root(struct init *in, const char *verb, const char *label,
    const char *file, struct error *e)
{
	struct arena	*a = in->cli->desk.arena;
	char		*argv[ARGS] = { NULL };
	size_t		 n = 1;

	if (init_find_program(in, "signet-root", &argv[0], e) == -1)
		return -1;
	argv[n++] = arena_strdup(a, verb);
	argv[n++] = arena_strdup(a, "--dir");
	argv[n++] = root_dir(in);
	argv[n++] = arena_strdup(a, "--yes");
	if (strcmp(verb, "init") != 0 && strcmp(verb, "resume") != 0 &&
	    (n = unlock_args(in, argv, n, e)) == 0)
		return -1;
	if (strcmp(verb, "init") == 0 || strcmp(verb, "certify") == 0) {
		argv[n++] = arena_strdup(a, "--profiles");
		argv[n++] = init_path(in, "profiles");
	}
	if (strcmp(verb, "approve") == 0)
		argv[n++] = arena_strdup(a, "--ceremony");
	if (file != NULL)
		argv[n++] = arena_strdup(a, file);
	return init_run(in, label, argv, e);
}

/* A ceremony that was complete when the machine stopped. */
static int
finish_interrupted(struct init *in, struct error *e)
{
	if (!file_exists(init_path(in, "%s/journal", in->conf.root)))
		return 0;
	return run_root(in, "resume", "root-resume", NULL, e);
}

/* Certificates out of the root's directory. */

/* The newest root/issued/NNNN-NAME.pem. */
static char *
issued_file(struct init *in, const char *ca)
{
	char		*dir = init_path(in, "%s/issued", in->conf.root);
	char		*best = NULL, *want;
	struct dirent	*entry;
	DIR		*d = opendir(dir);

	want = arena_printf(in->cli->desk.arena, "-%s.pem", ca);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (strlen(entry->d_name) != 4 + strlen(want) ||
		    strcmp(entry->d_name + 4, want) != 0)
			continue;
		if (best == NULL || strcmp(entry->d_name, best) > 0)
			best = arena_strdup(in->cli->desk.arena, entry->d_name);
	}
	if (d != NULL)
		closedir(d);
	return best == NULL ? NULL : arena_printf(in->cli->desk.arena, "%s/%s",
	    dir, best);
}

static int
import_ca(struct init *in, const char *ca, const char *path, struct error *e)
{
	struct ca_import	 import = { 0 };
	int			 rc = -1;

	if (ca_import_read(in->cli, path, ca, &import, e) == -1 ||
	    ca_import_check(in->cli, ca, &import, e) == -1)
		goto out;
	FAULT("init.certified");
	rc = ca_import_store(in->cli, ca, &import, e);
 out:
	ca_import_clear(&import);
	return rc;
}

/* The root elsewhere. */

static bool
is_missing(struct init *in, const char *name)
{
	return !file_exists(init_path(in, "incoming/%s", name));
}

static int
waiting(struct init *in, const char *what, struct error *e)
{
	in->waits = true;
	error_set(e, ERROR_RETRY, "waiting for the root: %s", what);
	return error_hint(e, "when the files are in %.90s, run signet init "
	    "again", init_path(in, "incoming"));
}

static int
carry_out(struct init *in, struct error *e)
{
	char	*path;
	size_t	 i;

	if (file_mkdir(init_path(in, "outgoing/profiles"), 0755, e) == -1 ||
	    file_mkdir(init_path(in, "incoming"), 0755, e) == -1 ||
	    init_copy(init_path(in, "profiles/sub-ca"),
	    init_path(in, "outgoing/profiles/sub-ca"), 0644, e) == -1 ||
	    write_init_ceremony(in, &path, e) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (init_copy(init_path(in, "ca/%s.csr", INIT_CAS[i]),
		    init_path(in, "outgoing/%s.csr", INIT_CAS[i]), 0644,
		    e) == -1 ||
		    write_certify_ceremony(in, INIT_CAS[i], &path, e) == -1)
			return -1;
	return 0;
}

static void
tell_first_trip(struct init *in)
{
	cli_say(in->cli, "\n"
	    "Carry this directory to the machine of the root:\n"
	    "    %s\n"
	    "and there, in a directory of the root's own:\n"
	    "    signet-root init OUTGOING/root-init.conf\n"
	    "    signet-root certify --profiles OUTGOING/profiles "
	    "OUTGOING/certify-people.conf\n"
	    "    signet-root certify --profiles OUTGOING/profiles "
	    "OUTGOING/certify-services.conf\n"
	    "Bring back into %s:\n"
	    "    root.pem                    as it is called there\n"
	    "    crl/0001.crl                as root.crl, to be published\n"
	    "    the parcel with people      as people.pem\n"
	    "    the parcel with services    as services.pem\n"
	    "(signet-root says where it puts a parcel.)\n",
	    init_path(in, "outgoing"), init_path(in, "incoming"));
}

/* For the publisher; from then on whoever makes the next one puts it there. */
static int
take_root_list(struct init *in, const char *from, struct error *e)
{
	if (!file_exists(from))
		return 0;
	return init_copy(from, init_path(in, "ca/root.crl"), 0644, e);
}

static int
offline_root(struct init *in, struct error *e)
{
	if (carry_out(in, e) == -1)
		return -1;
	if (is_missing(in, "root.pem") || is_missing(in, "people.pem") ||
	    is_missing(in, "services.pem")) {
		tell_first_trip(in);
		return waiting(in, "root.pem, people.pem, services.pem", e);
	}
	in->did = true;
	if (take_root_list(in, init_path(in, "incoming/root.crl"), e) == -1)
		return -1;
	return init_copy(init_path(in, "incoming/root.pem"),
	    init_path(in, "ca/root.pem"), 0644, e);
}

/* The steps. */

static int
make_root(struct init *in, struct error *e)
{
	char	*path;
	int	 rc;

	if (write_init_ceremony(in, &path, e) == -1)
		return -1;
	FAULT("init.root");
	rc = run_root(in, "init", "root-init", path, e);
	/* Its last run may have got further than it could tell us. */
	if (rc == -1 && e->code == ERROR_CONFLICT &&
	    file_exists(init_path(in, "%s/root.pem", in->conf.root))) {
		error_clear(e);
		return 0;
	}
	return rc;
}

int
init_step_root(struct init *in, struct error *e)
{
	char	*pem = init_path(in, "%s/root.pem", in->conf.root);

	if (file_exists(init_path(in, "ca/root.pem")))
		return 0;
	if (in->conf.offline_root)
		return offline_root(in, e);
	in->did = true;
	if (finish_interrupted(in, e) == -1)
		return -1;
	if (!file_exists(pem) && make_root(in, e) == -1)
		return -1;
	FAULT("init.root_made");
	if (take_root_list(in, init_path(in, "%s/crl/0001.crl",
	    in->conf.root), e) == -1)
		return -1;
	return init_copy(pem, init_path(in, "ca/root.pem"), 0644, e);
}

static int
certify(struct init *in, const char *ca, struct error *e)
{
	char	*file, *path;

	if (finish_interrupted(in, e) == -1)
		return -1;
	if ((file = issued_file(in, ca)) == NULL) {
		if (write_certify_ceremony(in, ca, &path, e) == -1 ||
		    run_root(in, "certify", arena_printf(in->cli->desk.arena,
		    "certify-%s", ca), path, e) == -1)
			return -1;
		if ((file = issued_file(in, ca)) == NULL)
			return error_set(e, ERROR_BUG, "signet-root certified "
			    "nothing");
	}
	return import_ca(in, ca, file, e);
}

int
init_step_certify(struct init *in, struct error *e)
{
	char	*file;
	size_t	 i;
	int	 rc;

	for (i = 0; i < 2; i++) {
		if (file_exists(init_path(in, "ca/%s.pem", INIT_CAS[i])))
			continue;
		in->did = true;
		file = init_path(in, "incoming/%s.pem", INIT_CAS[i]);
		rc = in->conf.offline_root ?
		    import_ca(in, INIT_CAS[i], file, e) :
		    certify(in, INIT_CAS[i], e);
		if (rc == -1)
			return error_wrap(e, "CA %s", INIT_CAS[i]);
	}
	return 0;
}

/* The founding orders. */

static int
write_approve_ceremony(struct init *in, char **path, struct error *e)
{
	struct buf	 b = { 0 };
	bool		 first = true;
	size_t		 i;
	int		 rc;

	put_head(in, &b, "approve");
	buf_str(&b, "comment = \"the first officers and agents\";\norders = [");
	for (i = 0; i < in->nsubjects; i++) {
		if (file_exists(init_approved_path(in, &in->subject[i])))
			continue;
		buf_printf(&b, "%s\n\t", first ? "" : ",");
		init_put_string(&b, in->conf.offline_root ?
		    arena_printf(in->cli->desk.arena, "%s.order",
		    in->subject[i].name) : init_path(in, "founding/%s.order",
		    in->subject[i].name));
		first = false;
	}
	buf_str(&b, "\n];\n");
	init_put_setting(&b, "output", in->conf.offline_root ? "approved" :
	    init_path(in, "founding/approved"));
	*path = init_path(in, "%s/approve.conf", carry(in));
	rc = file_store(*path, b.p, b.len, 0644, e);
	buf_clear(&b);
	return rc;
}

static int
approve_elsewhere(struct init *in, struct error *e)
{
	char	*path;
	size_t	 i;

	for (i = 0; i < in->nsubjects; i++)
		if (init_copy(init_path(in, "founding/%s.order",
		    in->subject[i].name), init_path(in, "outgoing/%s.order",
		    in->subject[i].name), 0644, e) == -1)
			return -1;
	if (write_approve_ceremony(in, &path, e) == -1)
		return -1;
	cli_say(in->cli, "\n"
	    "Carry to the machine of the root:\n"
	    "    %s\n"
	    "and there, in the root's directory:\n"
	    "    signet-root approve --ceremony OUTGOING/approve.conf\n"
	    "Bring back into %s what it writes to OUTGOING/approved/.\n",
	    init_path(in, "outgoing"), init_path(in, "incoming"));
	return waiting(in, "the approved orders", e);
}

int
init_step_approve(struct init *in, struct error *e)
{
	char	*path;
	size_t	 i;

	for (i = 0; i < in->nsubjects; i++)
		if (!file_exists(init_approved_path(in, &in->subject[i])))
			break;
	if (i == in->nsubjects)
		return 0;
	in->did = true;
	if (in->conf.offline_root)
		return approve_elsewhere(in, e);
	if (finish_interrupted(in, e) == -1 ||
	    write_approve_ceremony(in, &path, e) == -1)
		return -1;
	FAULT("init.approve");
	return run_root(in, "approve", "root-approve", path, e);
}
