/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet csr check: what order import and issue would say of requests, of many
 * in one run and without the store.
 */
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "desk/request.h"

struct checker {
	struct cli		*c;
	struct out_list		*out;
	const struct profile	*profile;	/* or NULL */
	bool			 listed;	/* there are blocklists to ask */
	struct fields		 said;		/* --field */
	size_t			 n, bad;
	enum error_code		 worst;
};

static const struct out_col columns[] = {
	{ "file", "FILE", 0 },
	{ "verdict", "VERDICT", 0 },
	{ "key", "KEY", 0 },
	{ "code", NULL, OUT_JSON },
	{ "reason", "WHY NOT", 0 },
	{ "stripped", "LEFT OUT", 0 },
	{ "names", NULL, OUT_JSON },
	{ "key_digest", NULL, OUT_JSON },
	{ "request_digest", NULL, OUT_JSON },
};
#define NCOLUMNS	(sizeof(columns) / sizeof(columns[0]))

static void
add_word(struct buf *b, const char *word)
{
	buf_printf(b, "%s%s", b->len > 0 ? ", " : "", word);
}

/* What the certificate will not have from here. */
static void
list_stripped(struct buf *b, const struct checker *k, const struct csr *csr,
    const struct fields *offered)
{
	char	 name[80];
	size_t	 i;

	if (csr->key_usage != 0)
		add_word(b, "keyUsage");
	if (csr->ext_key_usage.len > 0)
		add_word(b, "extendedKeyUsage");
	for (i = 0; i < csr->nignored; i++)
		add_word(b, csr_part_name(csr->ignored[i], name));
	for (i = 0; k->profile != NULL && i < offered->n; i++)
		if (!profile_offers(k->profile, offered->v[i].name))
			add_word(b, offered->v[i].name);
}

static void
list_names(struct buf *b, const struct fields *f)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		buf_printf(b, "%s%s=%s", i > 0 ? "; " : "", f->v[i].name,
		    f->v[i].value);
}

static int
check_profile(const struct checker *k, const struct csr *csr, struct error *e)
{
	struct fields	 f = { 0 };
	int		 rc = 0;

	if (k->profile == NULL)
		return 0;
	fields_copy(&f, &k->said);
	if (request_fill(&f, k->profile, csr, e) == -1 ||
	    request_check(k->profile, &f, csr, e) == -1)
		rc = -1;
	fields_clear(&f);
	return rc;
}

/* The file has a column of its own. */
static const char *
reason(const char *path, const struct error *one)
{
	size_t	 n = strlen(path);

	return strncmp(one->text, path, n) == 0 && one->text[n] == ':' &&
	    one->text[n + 1] == ' ' ? one->text + n + 2 : one->text;
}

static void
show(struct checker *k, const char *path, const struct csr *csr,
    const struct fields *offered, const struct error *one)
{
	bool		 good = one->code == ERROR_NONE;
	struct buf	 stripped = { 0 }, names = { 0 };
	char		 alg[16];

	if (csr != NULL)
		list_stripped(&stripped, k, csr, offered);
	list_names(&names, offered);
	out_text(k->out, path);
	out_text(k->out, good ? "good" : "refused");
	out_text(k->out, csr != NULL ? key_algorithm(csr->key, alg) : NULL);
	out_text(k->out, good ? NULL : error_name(one->code));
	out_text(k->out, good ? NULL : reason(path, one));
	out_text(k->out, stripped.len > 0 ? buf_cstr(&stripped) : NULL);
	out_text(k->out, csr != NULL ? buf_cstr(&names) : NULL);
	if (csr != NULL) {
		out_hex(k->out, csr->key_digest, KEY_DIGEST_SIZE);
		out_hex(k->out, csr->digest, sizeof(csr->digest));
	} else {
		out_text(k->out, NULL);
		out_text(k->out, NULL);
	}
	buf_clear(&stripped);
	buf_clear(&names);
}

static void
check_file(struct checker *k, const char *path)
{
	struct error	 one = ERROR_INIT;
	struct fields	 offered = { 0 };
	struct csr	*csr = NULL;

	if (request_load(&csr, path, &one) == 0 &&
	    csr_fields(csr, &offered, &one) == 0 &&
	    check_profile(k, csr, &one) == 0 && k->listed)
		request_check_key(&k->c->desk, csr, &one);
	show(k, path, csr, &offered, &one);
	k->n++;
	if (one.code != ERROR_NONE) {
		k->bad++;
		if (k->worst == ERROR_NONE || one.code != ERROR_DENIED)
			k->worst = one.code;
	}
	fields_clear(&offered);
	csr_free(&csr);
}

static int
open_profile(struct checker *k, struct error *e)
{
	const char		*name = cmd_string(k->c->args, "profile", NULL);
	const char *const	*field;
	size_t			 i, n = cmd_many(k->c->args, "field", &field);

	if (name == NULL)
		return n == 0 ? 0 : error_set(e, ERROR_INPUT, "--field without "
		    "--profile: which profile has it?");
	if (cli_open_profiles(k->c, e) == -1 ||
	    profiles_find(&k->c->desk.profiles, name, &k->profile, e) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (request_add_field(&k->said, k->profile, field[i], e) == -1)
			return -1;
	return 0;
}

/* Without settings there is no list to ask, which is no mistake here. */
static int
open_lists(struct checker *k, struct error *e)
{
	if (cli_settings(k->c, e) == -1) {
		if (k->profile != NULL ||
		    cmd_string(k->c->args, "config", NULL) != NULL)
			return -1;
		error_clear(e);
		return 0;
	}
	k->listed = true;
	return cli_open_blocklists(k->c, e);
}

static int
check_all(struct checker *k, struct error *e)
{
	char *const	 *path;
	char		**file;
	size_t		  m, j;
	int		  i, n = cmd_operands(k->c->args, &path);

	for (i = 0; i < n; i++) {
		if (request_list(&file, &m, path[i], e) == -1)
			return -1;
		for (j = 0; j < m; j++)
			check_file(k, file[j]);
		request_list_free(&file, m);
	}
	return 0;
}

static int
csr_check(struct cmd_args *a, void *ctx, struct error *e)
{
	struct checker	 k = { .c = ctx };
	char		 bad[32], all[32];
	int		 rc = -1;

	cli_begin(k.c, a);
	if (open_profile(&k, e) == 0 && open_lists(&k, e) == 0) {
		k.out = out_list_new(stdout, k.c->json, 0, columns, NCOLUMNS);
		rc = check_all(&k, e);
		out_list_free(&k.out);
	}
	fields_clear(&k.said);
	if (rc == -1 || k.bad == 0)
		return rc;
	error_set(e, k.worst, "%s of %s are refused", text_count(bad, k.bad),
	    text_count(all, k.n));
	return error_hint(e, "nothing was stored or changed; signet-csr(1) has "
	    "the rules");
}

static const struct cmd_opt check_opts[] = {
	{ "profile", 'p', CMD_STRING, false, "NAME",
	    "check key, names and wishes against this profile, too" },
	{ "field", 'f', CMD_MANY, false, "NAME=VALUE",
	    "a field that the order would name" },
	CMD_OPT_END
};

const struct cmd CLI_CSR[] = {
	{ "csr check", "FILE...", "check certificate requests",
	    "Says of each request whether it would be taken, why not, and "
	    "what of it would be left out of the certificate.  Needs no "
	    "store; a directory stands for its files *.csr, *.pem, *.der, "
	    "*.p10 and *.req.",
	    "signet csr check www.csr\n"
	    "signet csr check -p mail-sign requests/ --json\n",
	    check_opts, 1, -1, csr_check },
	CMD_END
};
