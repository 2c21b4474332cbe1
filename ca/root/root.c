/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/root.h"

#include <openssl/pem.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/text.h"
#include "ca/root/journal.h"
#include "os/file.h"
#include "x509/cert.h"
#include "x509/signed.h"

void
root_digest(char hex[65], struct bytes b)
{
	uint8_t	 md[32];

	digest_sha256(md, b.p, b.len);
	text_hex(hex, md, sizeof(md));
}

int
root_load(const struct root *r, const char *name, struct buf *out,
    struct error *e)
{
	char	*path = file_join(r->dir, name);
	int	 rc;

	rc = file_load(out, path, ROOT_FILE_MAX, e);
	mem_free(&path);
	return rc;
}

int
root_load_cert(const struct root *r, const struct issued *i, X509 **cert,
    struct error *e)
{
	char	*name = issued_path(i), *path;
	int	 rc;

	path = file_join(r->dir, name);
	rc = cert_load(cert, path, e);
	mem_free(&path);
	mem_free(&name);
	return rc;
}

/* "serial reason time" of a revocation. */
static int
rebuild_revoked(struct index *x, const char *value, struct error *e)
{
	struct issued	*i;
	char		 serial[43], reason[32], when[21];

	if (sscanf(value, "%42s %31s %20s", serial, reason, when) != 3 ||
	    (i = index_serial(x, serial)) == NULL ||
	    text_parse_time(&i->when, when, e) == -1)
		return error_set(e, ERROR_DENIED, "a revocation that makes "
		    "no sense: %s", value);
	snprintf(i->status, sizeof(i->status), "revoked");
	snprintf(i->reason, sizeof(i->reason), "%s", reason);
	return 0;
}

static int
rebuild_retired(struct index *x, const char *value, int64_t at,
    struct error *e)
{
	int64_t	 n;
	size_t	 k;

	if (text_parse_number(&n, value, 1, 9999, e) == -1)
		return -1;
	for (k = 0; k < x->n; k++)
		if (x->v[k].generation == n &&
		    strcmp(x->v[k].kind, "root") == 0) {
			snprintf(x->v[k].status, sizeof(x->v[k].status),
			    "retired");
			x->v[k].when = at;
		}
	return 0;
}

static int
rebuild_issued(struct index *x, const char *value, struct error *e)
{
	struct issued	 i;

	if (issued_parse(&i, value, e) == -1)
		return -1;
	if (i.number != (int64_t)x->n + 1 || x->n >= INDEX_MAX)
		return error_set(e, ERROR_DENIED, "certificate %lld follows "
		    "certificate %zu", (long long)i.number, x->n);
	if (index_serial(x, i.serial) != NULL)
		return error_set(e, ERROR_DENIED, "serial number %s was "
		    "issued twice", i.serial);
	index_add(x, &i);
	return 0;
}

static int
rebuild_entry(struct index *x, const struct transcript_entry *t,
    struct error *e)
{
	char	*value;
	int	 k, rc = 0;

	for (k = 1; rc == 0 && (value = transcript_nth(t, "issued", k)) !=
	    NULL; k++) {
		rc = rebuild_issued(x, value, e);
		mem_free(&value);
	}
	for (k = 1; rc == 0 && (value = transcript_nth(t, "revoked", k)) !=
	    NULL; k++) {
		rc = rebuild_revoked(x, value, e);
		mem_free(&value);
	}
	if (rc == 0 && (value = transcript_value(t, "retired")) != NULL) {
		rc = rebuild_retired(x, value, t->at, e);
		mem_free(&value);
	}
	return rc;
}

int
root_rebuild_index(struct index *x, const struct transcript *t,
    struct error *e)
{
	size_t	 k;

	memset(x, 0, sizeof(*x));
	for (k = 0; k < t->n; k++) {
		if (strcmp(t->v[k].act, "end") != 0)
			continue;
		if (rebuild_entry(x, &t->v[k], e) == -1) {
			index_clear(x);
			return error_wrap(e, "transcript entry %lld",
			    (long long)t->v[k].head.seq);
		}
	}
	return 0;
}

static int
load_transcript(struct root *r, struct error *e)
{
	struct buf	 text = { 0 };
	int		 rc = -1;

	if (root_load(r, "transcript", &text, e) == -1)
		goto out;
	rc = transcript_parse(&r->transcript, BYTES(text.p, text.len), e);
 out:
	buf_clear(&text);
	return rc;
}

static int
load_index(struct root *r, struct error *e)
{
	struct buf	 have = { 0 }, want = { 0 };
	int		 rc = -1;

	if (root_rebuild_index(&r->index, &r->transcript, e) == -1)
		return -1;
	if (r->index.n == 0)
		return 0;
	index_write(&want, &r->index);
	if (root_load(r, "index", &have, e) == -1)
		goto out;
	if (!bytes_equal(BYTES(have.p, have.len), BYTES(want.p, want.len))) {
		error_set(e, ERROR_DENIED, "the index is not what the "
		    "transcript says");
		error_hint(e, "run signet-root replay to see what else was "
		    "changed; restore the directory from the last copy");
	} else
		rc = 0;
 out:
	buf_clear(&have);
	buf_clear(&want);
	return rc;
}

static int
load_generation(struct root *r, const struct issued *line, struct error *e)
{
	struct generation	*g;

	r->gen = mem_resize(r->gen, r->ngen + 1, sizeof(*r->gen));
	g = &r->gen[r->ngen];
	memset(g, 0, sizeof(*g));
	g->number = line->generation;
	g->line = line;
	g->retired = strcmp(line->status, "retired") == 0;
	if (root_load_cert(r, line, &g->cert, e) == -1)
		return -1;
	r->ngen++;
	if (X509_get0_pubkey(g->cert) == NULL)
		return error_ssl(e, ERROR_CONFIG, "root certificate");
	if (key_digest(g->id, X509_get0_pubkey(g->cert), e) == -1)
		return -1;
	text_hex(g->hex, g->id, sizeof(g->id));
	return 0;
}

static int
load_generations(struct root *r, struct error *e)
{
	size_t	 k;

	for (k = 0; k < r->index.n; k++)
		if (strcmp(r->index.v[k].kind, "root") == 0 &&
		    load_generation(r, &r->index.v[k], e) == -1)
			return -1;
	return 0;
}

static const struct transcript_entry *
last_end(const struct transcript *t)
{
	size_t	 k;

	for (k = t->n; k > 0; k--)
		if (strcmp(t->v[k - 1].act, "end") == 0)
			return &t->v[k - 1];
	return NULL;
}

/* Cutting off or changing the newest ceremony shows here. */
static int
check_last_head(struct root *r, struct error *e)
{
	const struct transcript_entry	*end = last_end(&r->transcript);
	struct bytes			 in, block, last = { NULL, 0 };
	struct head			 h;
	X509				*signer = NULL;
	int				 found, rc = -1;

	if (root_load(r, "transcript.heads.pem", &r->heads, e) == -1)
		return -1;
	in = BYTES(r->heads.p, r->heads.len);
	while ((found = signed_next(&in, &block, e)) == 1)
		last = block;
	if (found == -1 || head_verify(&h, &signer, last, e) == -1)
		goto out;
	if (root_signer(r, signer) == NULL)
		error_set(e, ERROR_DENIED, "it is not signed by this root");
	else if (h.head.seq != end->head.seq ||
	    memcmp(h.head.hash, end->head.hash, AUDIT_HASH) != 0)
		error_set(e, ERROR_DENIED, "it does not fit the transcript");
	else
		rc = 0;
 out:
	X509_free(signer);
	if (rc == -1) {
		error_wrap(e, "last head in transcript.heads.pem");
		error_hint(e, "run signet-root replay; restore the directory "
		    "from the last copy");
	}
	return rc;
}

/* Is this what the "end" entry says of the output of that name? */
static int
check_output(const struct transcript_entry *end, const char *name,
    const struct buf *data, struct error *e)
{
	char	 hex[65], *want, *value;
	bool	 same = false;
	int	 k;

	root_digest(hex, BYTES(data->p, data->len));
	want = mem_printf("%s %s", name, hex);
	for (k = 1; !same && (value = transcript_nth(end, "output", k)) !=
	    NULL; k++) {
		same = strcmp(value, want) == 0;
		mem_free(&value);
	}
	mem_free(&want);
	if (same)
		return 0;
	error_set(e, ERROR_DENIED, "%s is not what the transcript says",
	    name);
	return error_hint(e, "run signet-root replay; restore the directory "
	    "from the last copy");
}

/* The ceremony file of the last init or roll holds what is inherited. */
static int
load_settings(struct root *r, struct error *e)
{
	const struct transcript_entry	*t;
	struct buf			 text = { 0 };
	char				*verb = NULL, *input = NULL;
	size_t				 k;
	int				 rc = -1;

	for (k = r->transcript.n; k > 0; k--) {
		t = &r->transcript.v[k - 1];
		mem_free(&verb);
		if (strcmp(t->act, "end") == 0 &&
		    (verb = transcript_value(t, "verb")) != NULL &&
		    (strcmp(verb, "init") == 0 || strcmp(verb, "roll") == 0))
			break;
	}
	if (k == 0 || (input = transcript_value(&r->transcript.v[k - 1],
	    "settings")) == NULL) {
		error_set(e, ERROR_CONFIG, "the transcript has no init");
		goto out;
	}
	if (root_load(r, input, &text, e) == -1 ||
	    check_output(&r->transcript.v[k - 1], input, &text, e) == -1 ||
	    ceremony_parse(&r->settings, verb, buf_cstr(&text), input, e) ==
	    -1)
		goto out;
	snprintf(r->settings_verb, sizeof(r->settings_verb), "%s", verb);
	rc = 0;
 out:
	mem_free(&verb);
	mem_free(&input);
	buf_clear(&text);
	return rc;
}

static int
lock_and_finish(struct root *r, bool *finished, struct error *e)
{
	char	*path = file_join(r->dir, "lock");
	int	 rc;

	rc = file_lock(&r->lock, path, e);
	mem_free(&path);
	if (rc == -1)
		return -1;
	if ((rc = journal_apply(r->dir, e)) == -1)
		return error_wrap(e, "finish the last ceremony");
	if (finished != NULL)
		*finished = rc == 1;
	return 0;
}

static int
check_no_journal(const struct root *r, struct error *e)
{
	char	*path = file_join(r->dir, "journal");
	bool	 there = file_exists(path);

	mem_free(&path);
	if (!there)
		return 0;
	error_set(e, ERROR_CONFLICT, "%s: the last ceremony is complete but "
	    "was interrupted while it wrote its files", r->dir);
	return error_hint(e, "run signet-root resume --dir %s", r->dir);
}

static int
load_all(struct root *r, struct error *e)
{
	char	*path = file_join(r->dir, "transcript");
	bool	 there = file_exists(path);

	mem_free(&path);
	if (!there)
		return 0;
	if (load_transcript(r, e) == -1 || load_index(r, e) == -1 ||
	    load_generations(r, e) == -1)
		return -1;
	if (r->ngen == 0)
		return 0;
	return check_last_head(r, e) == -1 ? -1 : load_settings(r, e);
}

int
root_open(struct root *r, const char *dir, bool write, bool *finished,
    struct error *e)
{
	memset(r, 0, sizeof(*r));
	r->lock = -1;
	r->dir = mem_strdup(dir);
	if (finished != NULL)
		*finished = false;
	if ((write ? lock_and_finish(r, finished, e) :
	    check_no_journal(r, e)) == -1 || load_all(r, e) == -1) {
		root_close(r);
		return -1;
	}
	return 0;
}

int
root_check_exists(const struct root *r, struct error *e)
{
	if (r->ngen > 0)
		return 0;
	error_set(e, ERROR_CONFIG, "%s: there is no root here", r->dir);
	return error_hint(e, "name its directory with --dir, or make a root "
	    "with signet-root init");
}

void
root_close(struct root *r)
{
	size_t	 k;

	for (k = 0; k < r->ngen; k++)
		X509_free(r->gen[k].cert);
	mem_free(&r->gen);
	r->ngen = 0;
	index_clear(&r->index);
	transcript_clear(&r->transcript);
	buf_clear(&r->heads);
	if (r->settings_verb[0] != '\0')
		ceremony_clear(&r->settings, r->settings_verb);
	r->settings_verb[0] = '\0';
	if (r->lock != -1)
		close(r->lock);
	r->lock = -1;
	mem_free(&r->dir);
}

int
root_generation(const struct root *r, int64_t n,
    const struct generation **out, struct error *e)
{
	size_t	 k;

	*out = NULL;
	if (root_check_exists(r, e) == -1)
		return -1;
	if (n == 0) {
		*out = &r->gen[r->ngen - 1];
		return 0;
	}
	for (k = 0; k < r->ngen; k++)
		if (r->gen[k].number == n) {
			*out = &r->gen[k];
			return 0;
		}
	return error_set(e, ERROR_NOTFOUND, "the root has no generation %lld",
	    (long long)n);
}

const struct generation *
root_signer(const struct root *r, X509 *cert)
{
	size_t	 k;

	for (k = 0; k < r->ngen; k++)
		if (cert_is_same(r->gen[k].cert, cert))
			return &r->gen[k];
	return NULL;
}

char *
root_prefix(const struct root *r, const struct generation *g)
{
	if (g == &r->gen[r->ngen - 1])
		return mem_strdup("");
	return mem_printf("old/%lld/", (long long)g->number);
}
