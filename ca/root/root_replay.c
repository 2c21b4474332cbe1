/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prove the directory from its transcript: every hash, every signature, every
 * file, and nothing besides.  Nothing is believed because root_open() would;
 * everything is read again from the files.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <inttypes.h>
#include <jansson.h>

#include "base/text.h"
#include "ca/root/issue.h"
#include "ca/root/run.h"
#include "x509/parcel.h"
#include "x509/signed.h"

struct expected {
	char	*name;
	char	 digest[65];
	bool	 removed;
};

struct replay {
	struct root	*r;
	json_t		*checks;
	size_t		 good, bad;
	struct expected	*file;
	size_t		 nfiles;
};

/* One line of the result. */
static void
check(struct replay *p, bool good, const char *what, const char *detail)
{
	json_t	*row;

	good ? p->good++ : p->bad++;
	row = json_pack("{s:s, s:b, s:s}", "check", what, "ok", good,
	    "detail", detail != NULL ? detail : "");
	json_array_append_new(p->checks, row);
}

/* ... about one file. */
static void
check_file(struct replay *p, bool good, const char *name, const char *detail)
{
	char	*what = mem_printf("file %s", name);

	check(p, good, what, detail);
	mem_free(&what);
}

static void
check_error(struct replay *p, const char *what, const struct error *e)
{
	check(p, false, what, e->text);
}

static struct expected *
expected_find(struct replay *p, const char *name)
{
	size_t	 k;

	for (k = 0; k < p->nfiles; k++)
		if (strcmp(p->file[k].name, name) == 0)
			return &p->file[k];
	return NULL;
}

static struct expected *
expected_get(struct replay *p, const char *name)
{
	struct expected	*f = expected_find(p, name);

	if (f != NULL)
		return f;
	p->file = mem_resize(p->file, p->nfiles + 1, sizeof(*p->file));
	f = &p->file[p->nfiles++];
	memset(f, 0, sizeof(*f));
	f->name = mem_strdup(name);
	return f;
}

/* What the "end" entries leave in the directory. */
static void
expect_entry(struct replay *p, const struct transcript_entry *t)
{
	struct expected	*f;
	char		*value, *space;
	int		 k;

	for (k = 1; (value = transcript_nth(t, "output", k)) != NULL; k++) {
		if ((space = strrchr(value, ' ')) != NULL) {
			*space = '\0';
			f = expected_get(p, value);
			f->removed = false;
			snprintf(f->digest, sizeof(f->digest), "%s",
			    space + 1);
		}
		mem_free(&value);
	}
	for (k = 1; (value = transcript_nth(t, "removed", k)) != NULL; k++) {
		expected_get(p, value)->removed = true;
		mem_free(&value);
	}
}

/* Each "begin" has its "end" or "abandon", and says what was put in. */
static void
replay_ceremony(struct replay *p, size_t k)
{
	const struct transcript		*t = &p->r->transcript;
	const struct transcript_entry	*begin = &t->v[k], *next;
	const struct expected		*f;
	char				*what, *verb, *input, *digest;

	verb = transcript_value(begin, "verb");
	what = mem_printf("ceremony %lld, %s", (long long)begin->ceremony,
	    verb != NULL ? verb : "?");
	next = k + 1 < t->n ? &t->v[k + 1] : NULL;
	input = transcript_value(begin, "input-name");
	digest = transcript_value(begin, "input");
	if (next == NULL)
		check(p, true, what, "unfinished");
	else if (next->ceremony != begin->ceremony)
		check(p, false, what, "another ceremony follows its begin");
	else if (strcmp(next->act, "abandon") == 0)
		check(p, true, what, "abandoned, nothing was written");
	else if (strcmp(next->act, "end") != 0)
		check(p, false, what, "it has no end");
	else if (input == NULL || digest == NULL ||
	    (f = expected_find(p, input)) == NULL ||
	    strcmp(f->digest, digest) != 0)
		check(p, false, what, "its input is not the one recorded");
	else
		check(p, true, what, NULL);
	mem_free(&what);
	mem_free(&verb);
	mem_free(&input);
	mem_free(&digest);
}

static void
replay_transcript(struct replay *p)
{
	const struct transcript	*t = &p->r->transcript;
	size_t			 k;

	for (k = 0; k < t->n; k++)
		if (strcmp(t->v[k].act, "end") == 0)
			expect_entry(p, &t->v[k]);
	for (k = 0; k < t->n; k++)
		if (strcmp(t->v[k].act, "begin") == 0)
			replay_ceremony(p, k);
		else if (k == 0 || strcmp(t->v[k - 1].act, "begin") != 0)
			check(p, false, "order of the transcript",
			    "an entry follows no begin");
}

/* A custodian may keep the share elsewhere; nothing else may be away. */
static bool
may_be_away(const char *name)
{
	return strstr(name, "shares/") != NULL;
}

static void
replay_file(struct replay *p, const struct expected *f)
{
	struct error	 e = ERROR_INIT;
	struct buf	 data = { 0 };
	char		 hex[65];
	int		 rc;

	rc = root_load(p->r, f->name, &data, &e);
	if (f->removed)
		check_file(p, rc == -1 && e.code == ERROR_NOTFOUND, f->name,
		    rc == 0 ? "should be gone" : "gone");
	else if (rc == -1 && e.code == ERROR_NOTFOUND)
		check_file(p, may_be_away(f->name), f->name,
		    may_be_away(f->name) ? "away" : "missing");
	else if (rc == -1)
		check_file(p, false, f->name, e.text);
	else {
		root_digest(hex, BYTES(data.p, data.len));
		check_file(p, strcmp(hex, f->digest) == 0, f->name,
		    strcmp(hex, f->digest) == 0 ? NULL : "changed");
	}
	buf_clear(&data);
}

/* Files that no ceremony wrote. */
static void
replay_unknown(struct replay *p, const char *folder)
{
	static const char *const	 own[] = { "transcript",
		"transcript.heads.pem", "lock" };
	struct dirent			*d;
	struct stat			 st;
	const struct expected		*f;
	char				*name, *path;
	DIR				*dir;
	size_t				 k;
	bool				 known;

	path = mem_printf("%s/%s", p->r->dir, folder);
	dir = opendir(path);
	mem_free(&path);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')	/* left by a crash: no name */
			continue;
		name = folder[0] == '\0' ? mem_strdup(d->d_name) :
		    mem_printf("%s/%s", folder, d->d_name);
		path = mem_printf("%s/%s", p->r->dir, name);
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			replay_unknown(p, name);
		else {
			f = expected_find(p, name);
			known = f != NULL;
			for (k = 0; k < sizeof(own) / sizeof(own[0]); k++)
				known = known || strcmp(own[k], name) == 0;
			if (!known)
				check_file(p, false, name, "the transcript "
				    "does not know it");
		}
		mem_free(&path);
		mem_free(&name);
	}
	if (dir != NULL)
		closedir(dir);
}

static int
replay_index(struct replay *p)
{
	struct error	 e = ERROR_INIT;

	index_clear(&p->r->index);
	if (root_rebuild_index(&p->r->index, &p->r->transcript, &e) == -1) {
		check_error(p, "index from the transcript", &e);
		return -1;
	}
	check(p, true, "serial numbers are unique", NULL);
	return 0;
}

static void
replay_roots(struct replay *p)
{
	struct generation	*g;
	struct error		 e = ERROR_INIT;
	size_t			 k;

	for (k = 0; k < p->r->index.n; k++) {
		if (strcmp(p->r->index.v[k].kind, "root") != 0)
			continue;
		p->r->gen = mem_resize(p->r->gen, p->r->ngen + 1,
		    sizeof(*p->r->gen));
		g = &p->r->gen[p->r->ngen];
		memset(g, 0, sizeof(*g));
		g->line = &p->r->index.v[k];
		g->number = g->line->generation;
		if (root_load_cert(p->r, g->line, &g->cert, &e) == -1 ||
		    key_digest(g->id, X509_get0_pubkey(g->cert), &e) == -1) {
			X509_free(g->cert);
			check_error(p, "root certificate", &e);
			return;
		}
		p->r->ngen++;
	}
}

/* The key that a ceremony says it made is that of the certificate. */
static void
replay_keys(struct replay *p)
{
	const struct transcript_entry	*made;
	char				 hex[2 * KEY_DIGEST_SIZE + 1];
	char				*root, *token, *what;
	size_t				 k;

	for (k = 0; k < p->r->ngen; k++) {
		made = transcript_made(&p->r->transcript,
		    p->r->gen[k].number);
		what = mem_printf("key of generation %lld",
		    (long long)p->r->gen[k].number);
		root = made == NULL ? NULL : transcript_value(made, "root");
		token = made == NULL ? NULL : transcript_value(made,
		    "token-key");
		text_hex(hex, p->r->gen[k].id, KEY_DIGEST_SIZE);
		if (root == NULL || strcmp(root, hex) != 0)
			check(p, false, what, "the transcript has another "
			    "digest than the certificate's key");
		else
			check(p, true, what, token);
		mem_free(&root);
		mem_free(&token);
		mem_free(&what);
	}
}

/* The heads, one for each "end", in order. */
static void
replay_heads(struct replay *p)
{
	const struct transcript	*t = &p->r->transcript;
	struct error		 e = ERROR_INIT;
	struct bytes		 in, block;
	struct head		 h;
	X509			*signer = NULL;
	size_t			 k;
	bool			 good;

	if (root_load(p->r, "transcript.heads.pem", &p->r->heads, &e) == -1) {
		check_error(p, "signed heads", &e);
		return;
	}
	in = BYTES(p->r->heads.p, p->r->heads.len);
	for (k = 0; k < t->n; k++) {
		char	*what;

		if (strcmp(t->v[k].act, "end") != 0)
			continue;
		what = mem_printf("head of ceremony %lld",
		    (long long)t->v[k].ceremony);
		good = signed_next(&in, &block, &e) == 1 &&
		    head_verify(&h, &signer, block, &e) == 0 &&
		    root_signer(p->r, signer) != NULL &&
		    h.head.seq == t->v[k].head.seq &&
		    memcmp(h.head.hash, t->v[k].head.hash, AUDIT_HASH) == 0;
		check(p, good, what, good ? NULL : e.code != ERROR_NONE ?
		    e.text : "missing, or not of this transcript and root");
		mem_free(&what);
		X509_free(signer);
		signer = NULL;
		if (!good)
			return;
	}
	if (signed_next(&in, &block, &e) != 0)
		check(p, false, "signed heads", "there are more heads than "
		    "ceremonies: the transcript was cut");
}

static void
replay_cert(struct replay *p, const struct issued *i)
{
	const struct generation	*g = NULL;
	struct error		 e = ERROR_INIT;
	struct cert_info	 info = { .subject = NULL };
	X509			*cert = NULL;
	char			 serial[43], *what;
	int64_t			 issuer = i->generation;
	const char		*why = NULL;
	size_t			 k;

	what = mem_printf("certificate %04lld, %s", (long long)i->number,
	    i->name);
	for (k = 0; k < p->r->ngen; k++)
		if (p->r->gen[k].number == issuer)
			g = &p->r->gen[k];
	if (root_load_cert(p->r, i, &cert, &e) == -1 ||
	    cert_info(&info, cert, &e) == -1)
		why = e.text;
	else if (text_hex(serial, info.serial, info.serial_len),
	    strcmp(i->serial + strlen(i->serial) - strlen(serial), serial) !=
	    0 || strspn(i->serial, "0") < strlen(i->serial) - strlen(serial))
		why = "another serial number";
	else if (info.not_after != i->not_after)
		why = "another end of validity";
	else if (g == NULL ||
	    X509_verify(cert, X509_get0_pubkey(g->cert)) != 1)
		why = "not signed by the root";
	check(p, why == NULL, what, why);
	cert_info_clear(&info);
	X509_free(cert);
	mem_free(&what);
}

/* The list must name what was revoked when it was signed, and no more. */
static const char *
crl_compare(struct replay *p, const struct crl *crl, size_t entry,
    int64_t generation, int64_t number, struct error *e)
{
	struct transcript	 until = { p->r->transcript.v, entry + 1 };
	struct index		 x;
	struct crl_entry	*want = NULL, has;
	size_t			 n, k, pos = 0;
	const char		*why = NULL;

	if (root_rebuild_index(&x, &until, e) == -1)
		return e->text;
	if (issue_revoked(&x, generation, &want, &n, e) == -1)
		why = e->text;
	else if (crl->params.number != number)
		why = "another CRL number";
	else if (crl->n != n)
		why = "another number of entries";
	for (k = 0; why == NULL && k < n; k++)
		if (!crl_next(crl, &pos, &has) ||
		    crl_entry_compare(&want[k], &has) != 0 ||
		    want[k].reason != has.reason ||
		    want[k].revoked_at != has.revoked_at)
			why = "an entry is not what was revoked";
	mem_free(&want);
	index_clear(&x);
	return why;
}

static void
replay_crl_file(struct replay *p, size_t entry, int64_t number,
    const struct generation *g)
{
	struct error	 e = ERROR_INIT;
	struct issuer	 issuer = { .ski_len = 0 };
	struct crl	*crl = NULL;
	struct buf	 der = { 0 };
	char		*name = mem_printf("crl/%04lld.crl",
			    (long long)number);
	char		*what = mem_printf("CRL %lld", (long long)number);
	const char	*why;

	if (root_load(p->r, name, &der, &e) == -1 ||
	    issuer_init(&issuer, "root", g->cert, &e) == -1 ||
	    crl_parse(&crl, BYTES(der.p, der.len), &issuer, &e) == -1)
		why = e.text;
	else
		why = crl_compare(p, crl, entry, g->number, number, &e);
	check(p, why == NULL, what, why);
	crl_free(&crl);
	issuer_clear(&issuer);
	buf_clear(&der);
	mem_free(&name);
	mem_free(&what);
}

/* A number out of an entry, or 0. */
static int64_t
entry_number(const struct transcript_entry *t, const char *key)
{
	struct error	 e = ERROR_INIT;
	char		*value = transcript_value(t, key);
	int64_t		 n = 0;

	if (value != NULL && text_parse_number(&n, value, 0, INT64_MAX, &e) ==
	    -1)
		n = 0;
	mem_free(&value);
	return n;
}

static void
replay_crls(struct replay *p)
{
	const struct transcript		*t = &p->r->transcript;
	int64_t				 number, generation, last = 0;
	size_t				 k, i;

	for (k = 0; k < t->n; k++) {
		number = entry_number(&t->v[k], "crl-number");
		generation = entry_number(&t->v[k], "crl-generation");
		if (strcmp(t->v[k].act, "end") != 0 || number == 0)
			continue;
		if (number <= last)
			check(p, false, "CRL numbers", "they do not rise");
		last = number;
		for (i = 0; i < p->r->ngen; i++)
			if (p->r->gen[i].number == generation)
				replay_crl_file(p, k, number, &p->r->gen[i]);
	}
}

static void
replay_parcel(struct replay *p, const char *name, int64_t number)
{
	struct error	 e = ERROR_INIT;
	struct buf	 pem = { 0 };
	struct parcel	*parcel = NULL;
	char		*what = mem_printf("parcel %lld", (long long)number);
	bool		 good = false;
	size_t		 k;

	if (root_load(p->r, name, &pem, &e) == 0)
		for (k = 0; k < p->r->ngen && !good; k++) {
			parcel_free(&parcel);
			error_clear(&e);
			good = parcel_open(&parcel, BYTES(pem.p, pem.len),
			    p->r->gen[k].cert, 0, &e) == 0 &&
			    parcel->by_anchor && parcel->number == number;
		}
	check(p, good, what, good ? NULL : e.code != ERROR_NONE ? e.text :
	    "not packed by this root");
	parcel_free(&parcel);
	buf_clear(&pem);
	mem_free(&what);
}

static void
replay_parcels(struct replay *p)
{
	static const char	 prefix[] = "out/parcel-";
	int64_t			 number;
	size_t			 k;

	for (k = 0; k < p->nfiles; k++)
		if (strncmp(p->file[k].name, prefix, strlen(prefix)) == 0 &&
		    sscanf(p->file[k].name + strlen(prefix), "%" SCNd64,
		    &number) == 1)
			replay_parcel(p, p->file[k].name, number);
}

/* A head that somebody wrote down: "12:4f6e..." */
static void
replay_expect(struct replay *p, const char *expect)
{
	const struct transcript	*t = &p->r->transcript;
	char			 line[2 * AUDIT_HASH + 32];
	char			 hex[2 * AUDIT_HASH + 1];
	bool			 found = false;
	size_t			 k;

	for (k = 0; k < t->n && !found; k++) {
		snprintf(line, sizeof(line), "%lld:%s",
		    (long long)t->v[k].head.seq,
		    text_hex(hex, t->v[k].head.hash, AUDIT_HASH));
		found = strcmp(line, expect) == 0;
	}
	check(p, found, "the head that was written down", found ? NULL :
	    "the transcript does not have it: it was cut or replaced");
}

static void
replay_all(struct replay *p, const char *expect)
{
	struct error	 e = ERROR_INIT;
	struct buf	 text = { 0 };
	size_t		 k;

	if (root_load(p->r, "transcript", &text, &e) == -1 ||
	    transcript_parse(&p->r->transcript, BYTES(text.p, text.len), &e) ==
	    -1) {
		check_error(p, "hash chain of the transcript", &e);
		buf_clear(&text);
		return;
	}
	buf_clear(&text);
	check(p, true, "hash chain of the transcript", NULL);
	replay_transcript(p);
	for (k = 0; k < p->nfiles; k++)
		replay_file(p, &p->file[k]);
	replay_unknown(p, "");
	if (replay_index(p) == -1)
		return;
	replay_roots(p);
	replay_keys(p);
	replay_heads(p);
	for (k = 0; k < p->r->index.n; k++)
		replay_cert(p, &p->r->index.v[k]);
	replay_crls(p);
	replay_parcels(p);
	if (expect != NULL)
		replay_expect(p, expect);
	if (p->r->ngen == 0)
		check(p, false, "root", "no ceremony has made one");
}

static void
print_table(const struct replay *p)
{
	const char	*what, *detail;
	json_t		*row;
	size_t		 k;
	int		 ok;

	json_array_foreach(p->checks, k, row) {
		if (json_unpack(row, "{s:s, s:b, s:s}", "check", &what, "ok",
		    &ok, "detail", &detail) == -1)
			continue;
		printf("%-6s %s%s%s\n", ok ? "ok" : "FAILED", what,
		    detail[0] != '\0' ? ": " : "", detail);
	}
	printf("%zu checks, %zu failed\n", p->good + p->bad, p->bad);
}

static void
print_json(const struct replay *p)
{
	json_t	*all;

	all = json_pack("{s:b, s:I, s:I, s:O}", "ok", p->bad == 0, "good",
	    (json_int_t)p->good, "failed", (json_int_t)p->bad, "checks",
	    p->checks);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int
replay(struct root *r, const struct cmd_args *args, struct error *e)
{
	struct replay	 p = { .r = r };
	size_t		 k;

	p.checks = json_array();
	replay_all(&p, cmd_string(args, "expect", NULL));
	if (cmd_flag(args, "json"))
		print_json(&p);
	else
		print_table(&p);
	json_decref(p.checks);
	for (k = 0; k < p.nfiles; k++)
		mem_free(&p.file[k].name);
	mem_free(&p.file);
	if (p.bad == 0)
		return 0;
	error_set(e, ERROR_DENIED, "%s: %zu of %zu checks failed", r->dir,
	    p.bad, p.good + p.bad);
	return error_hint(e, "sign nothing here before it is explained; "
	    "compare with the last copy");
}

int
root_replay(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_read(args, true, replay, e);
}
