/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/archive.h"

#include <openssl/evp.h>

#include "base/text.h"
#include "os/file.h"

#define MAGIC		"signet archive 1\n"
#define WORDS		6

static const char *const	kinds[ARCHIVE__KINDS] = { "order", "request",
    "proof", "station", "cert", "list" };

int
archive_check_name(const char *name, struct error *e)
{
	if (text_is_name(name) && strlen(name) < ARCHIVE_NAME)
		return 0;
	return error_set(e, ERROR_INPUT, "\"%.64s\" is no name for an archive: "
	    "letters, digits, \".\", \"_\" and \"-\"", name);
}

/* ---- the index ---- */

static int
put_file(struct buf *out, const char *name, struct bytes data,
    struct error *e)
{
	uint8_t	md[32];
	char	hex[65];

	if (EVP_Digest(data.p != NULL ? (const void *)data.p : "", data.len, md,
	    NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	buf_printf(out, "file %s %zu %s\n", name, data.len,
	    text_hex(hex, md, sizeof(md)));
	return 0;
}

int
archive_index(struct buf *out, const struct archive *a, struct error *e)
{
	char	made[TEXT_TIME_SIZE], cutoff[TEXT_TIME_SIZE], hex[65];
	int	i;

	out->len = 0;
	buf_str(out, MAGIC);
	buf_printf(out, "name %s\nmade %s\ncutoff %s\nhead %lld %s\n", a->name,
	    text_time(made, a->made), text_time(cutoff, a->cutoff),
	    (long long)a->seq, text_hex(hex, a->hash, sizeof(a->hash)));
	for (i = 0; i < BUNDLE__MAX; i++)
		if (put_file(out, bundle_name(i), a->b.part[i].data, e) == -1)
			return -1;
	return put_file(out, ARCHIVE_MEMBERS, a->members.data, e);
}

/* "key value", and on to the next line. */
static int
take_line(const char **p, const char *key, char *dst, size_t size)
{
	size_t		 n = strlen(key), len;
	const char	*end = strchr(*p, '\n');

	if (end == NULL || strncmp(*p, key, n) != 0 || (*p)[n] != ' ')
		return -1;
	len = (size_t)(end - *p) - n - 1;
	if (len == 0 || len >= size)
		return -1;
	memcpy(dst, *p + n + 1, len);
	dst[len] = '\0';
	*p = end + 1;
	return 0;
}

static int
take_head(struct archive *a, char *text)
{
	struct error	 ignored = ERROR_INIT;
	char		*space = strchr(text, ' ');
	size_t		 len;

	if (space == NULL)
		return -1;
	*space = '\0';
	if (text_parse_number(&a->seq, text, 0, INT64_MAX, &ignored) == -1 ||
	    text_unhex(a->hash, sizeof(a->hash), &len, space + 1,
	    &ignored) == -1 || len != sizeof(a->hash))
		return -1;
	return 0;
}

int
archive_parse_index(struct archive *a, const char *text, struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	const char	*p = text;
	char		 made[64], cutoff[64], head[128];

	if (strncmp(p, MAGIC, strlen(MAGIC)) != 0)
		return error_set(e, ERROR_INPUT, ARCHIVE_INDEX " is not the "
		    "index of an archive");
	p += strlen(MAGIC);
	if (take_line(&p, "name", a->name, sizeof(a->name)) == -1 ||
	    take_line(&p, "made", made, sizeof(made)) == -1 ||
	    take_line(&p, "cutoff", cutoff, sizeof(cutoff)) == -1 ||
	    take_line(&p, "head", head, sizeof(head)) == -1 ||
	    archive_check_name(a->name, &ignored) == -1 ||
	    text_parse_time(&a->made, made, &ignored) == -1 ||
	    text_parse_time(&a->cutoff, cutoff, &ignored) == -1 ||
	    take_head(a, head) == -1)
		return error_set(e, ERROR_INPUT, ARCHIVE_INDEX " is "
		    "malformed");
	return 0;
}

/* The first line in which they differ names the file. */
static int
differs(const char *said, const char *is, struct error *e)
{
	const char	*end;

	while (*said != '\0' && *said == *is) {
		said++;
		is++;
	}
	while (*said != '\0' && said[-1] != '\n')
		said--;
	if (strncmp(said, "file ", 5) == 0)
		said += 5;
	end = said + strcspn(said, " \n");
	return error_set(e, ERROR_DENIED, "%.*s is not as it was when the "
	    "archive was made", (int)(end - said), *said != '\0' ? said :
	    ARCHIVE_INDEX);
}

static int
check_index(struct archive *a, const char *dir, struct error *e)
{
	struct buf	 said = { 0 }, is = { 0 };
	char		*path = file_join(dir, ARCHIVE_INDEX);
	int		 rc = -1;

	if (file_load(&said, path, ARCHIVE_INDEX_MAX, e) == -1 ||
	    archive_parse_index(a, buf_cstr(&said), e) == -1 ||
	    archive_index(&is, a, e) == -1)
		goto out;
	if (said.len != is.len || memcmp(said.p, is.p, is.len) != 0)
		differs(buf_cstr(&said), buf_cstr(&is), e);
	else if (EVP_Digest(is.p, is.len, a->digest, NULL, EVP_sha256(),
	    NULL) != 1)
		error_ssl(e, ERROR_CRYPTO, "digest");
	else
		rc = 0;
 out:
	mem_free(&path);
	buf_clear(&said);
	buf_clear(&is);
	return rc;
}

/* ---- members ---- */

/* A line, parted at single spaces, in a copy. */
static int
split(char *text, char *word[WORDS])
{
	int	n = 0;

	for (;;) {
		if (n == WORDS)
			return -1;
		word[n++] = text;
		if ((text = strchr(text, ' ')) == NULL)
			return n;
		*text++ = '\0';
	}
}

static bool
is_hex(uint8_t *dst, size_t size, const char *text)
{
	struct error	ignored = ERROR_INIT;
	size_t		len;

	return text_unhex(dst, size, &len, text, &ignored) == 0 &&
	    len == size;
}

static bool
is_number(int64_t *n, const char *text)
{
	struct error	ignored = ERROR_INIT;

	return text_parse_number(n, text, 0, INT64_MAX, &ignored) == 0;
}

static int
parse_member(struct archive_member *m, char *text)
{
	char	*w[WORDS];
	int	 k, n = split(text, w);

	memset(m, 0, sizeof(*m));
	for (k = 0; k < ARCHIVE__KINDS && strcmp(kinds[k], w[0]) != 0; k++)
		;
	m->kind = (enum archive_kind)k;
	if (k == ARCHIVE__KINDS || n != (k == ARCHIVE_ORDER ? 3 :
	    k == ARCHIVE_LIST ? 6 : 4) ||
	    !is_hex(m->digest, sizeof(m->digest), w[n - 1]))
		return -1;
	if (k != ARCHIVE_LIST)
		return is_hex(m->id, sizeof(m->id), w[1]) &&
		    (k == ARCHIVE_ORDER || is_number(&m->n, w[2])) ? 0 : -1;
	snprintf(m->ca, sizeof(m->ca), "%s", w[1]);
	return text_is_name(w[1]) && strlen(w[1]) < sizeof(m->ca) &&
	    is_number(&m->shard, w[2]) && is_number(&m->number, w[3]) &&
	    is_number(&m->base, w[4]) ? 0 : -1;
}

int
archive_next(struct archive *a, struct archive_member *m, struct error *e)
{
	struct bundle_file	*f = &a->members;
	char			 line[320];
	const uint8_t		*end;
	size_t			 len;

	if (f->pos == f->data.len)
		return 0;
	end = memchr(f->data.p + f->pos, '\n', f->data.len - f->pos);
	len = end != NULL ? (size_t)(end - (f->data.p + f->pos)) : SIZE_MAX;
	if (len < sizeof(line)) {
		memcpy(line, f->data.p + f->pos, len);
		line[len] = '\0';
	}
	if (len >= sizeof(line) || strlen(line) != len ||
	    parse_member(m, line) == -1)
		return error_set(e, ERROR_INPUT, "%s:%zu: malformed", f->name,
		    f->line);
	f->pos += len + 1;
	f->line++;
	return 1;
}

void
archive_rewind(struct archive *a)
{
	bundle_file_rewind(&a->members);
}

/* ---- members against files ---- */

static int
see_blocks(struct archive *a, struct bundle_out *o, enum bundle_part part,
    int64_t *n, struct error *e)
{
	struct bundle_file	*f = &a->b.part[part];
	struct buf		 der = { 0 };
	int			 found;

	bundle_file_rewind(f);
	while ((found = bundle_pem_next(f, bundle_label(part), &der, NULL,
	    e)) == 1) {
		bundle_seen_put(o, BYTES(der.p, der.len));
		(*n)++;
	}
	bundle_file_rewind(f);
	buf_clear(&der);
	return found;
}

static int
see_proofs(struct archive *a, struct bundle_out *o, int64_t *n,
    struct error *e)
{
	struct bundle_file	*f = &a->b.part[BUNDLE_PROOFS];
	struct bundle_proof	 p;
	int			 found;

	bundle_file_rewind(f);
	while ((found = bundle_proof_next(f, &p, e)) == 1) {
		bundle_seen_put(o, BYTES(p.proof, p.len));
		(*n)++;
	}
	bundle_file_rewind(f);
	return found;
}

int
archive_check(struct archive *a, struct error *e)
{
	static const enum bundle_part	parts[] = { BUNDLE_ORDERS,
	    BUNDLE_REQUESTS, BUNDLE_CERTS, BUNDLE_CRLS };
	struct bundle_out		o = { 0 };
	struct archive_member		m;
	int64_t				n = 0, members = 0;
	size_t				i;
	int				found, rc = -1;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (see_blocks(a, &o, parts[i], &n, e) == -1)
			goto out;
	if (see_proofs(a, &o, &n, e) == -1)
		goto out;
	while ((found = archive_next(a, &m, e)) == 1) {
		members++;
		a->orders += m.kind == ARCHIVE_ORDER;
		a->certs += m.kind == ARCHIVE_CERT;
		a->lists += m.kind == ARCHIVE_LIST;
		if (!bundle_seen_digest(&o, m.digest)) {
			error_set(e, ERROR_DENIED, "%s:%zu: no file has it",
			    a->members.name, a->members.line - 1);
			goto out;
		}
	}
	archive_rewind(a);
	if (found == 0 && n != members)
		error_set(e, ERROR_DENIED, "the files have %lld members, %s "
		    "says %lld", (long long)n, a->members.name,
		    (long long)members);
	else
		rc = found;
 out:
	bundle_out_clear(&o);
	return rc;
}

int
archive_open(struct archive *a, const char *dir, struct error *e)
{
	char	*path = file_join(dir, ARCHIVE_MEMBERS);
	int	 rc = -1;

	*a = (struct archive){ .made = 0 };
	if (bundle_open(&a->b, dir, e) == 0 && bundle_file_open(&a->members,
	    ARCHIVE_MEMBERS, path, e) == 0 && check_index(a, dir, e) == 0)
		rc = archive_check(a, e);
	mem_free(&path);
	if (rc == 0)
		return 0;
	archive_close(a);
	return error_wrap(e, "archive %s", dir);
}

void
archive_close(struct archive *a)
{
	bundle_close(&a->b);
	bundle_file_close(&a->members);
}

/* ---- back into a bundle ---- */

char *
archive_crl_key(char dst[ARCHIVE_CRL_KEY], const char *ca, int64_t shard,
    int64_t number, int64_t base)
{
	snprintf(dst, ARCHIVE_CRL_KEY, "list %.64s %lld %lld %lld", ca,
	    (long long)shard, (long long)number, (long long)base);
	return dst;
}

static void
see_lines(struct bundle_out *o, struct bytes text)
{
	const uint8_t	*p = text.p, *end, *nl;

	if (text.len == 0)
		return;
	for (end = p + text.len; p != end; p = nl + 1) {
		if ((nl = memchr(p, '\n', (size_t)(end - p))) == NULL)
			return;
		bundle_seen_put(o, BYTES(p, (size_t)(nl - p) + 1));
	}
}

static int
see_lists(struct archive *a, struct bundle_out *o, struct error *e)
{
	struct archive_member	m;
	char			key[ARCHIVE_CRL_KEY];
	int			found;

	while ((found = archive_next(a, &m, e)) == 1) {
		if (m.kind != ARCHIVE_LIST)
			continue;
		archive_crl_key(key, m.ca, m.shard, m.number, m.base);
		bundle_seen_put(o, BYTES(key, strlen(key)));
	}
	return found;
}

static int
put_back(struct archive *a, struct bundle_out *o, int64_t *certs,
    int64_t *orders, struct error *e)
{
	static const enum bundle_part	parts[] = { BUNDLE_ORDERS,
	    BUNDLE_REQUESTS, BUNDLE_CERTS, BUNDLE_PROOFS, BUNDLE_STATUS,
	    BUNDLE_CRLS };
	int64_t				n = 0;
	size_t				i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (bundle_out_text(o, parts[i], a->b.part[parts[i]].data,
		    e) == -1)
			return -1;
	for (i = 0; i < 3; i++)
		if (see_blocks(a, o, parts[i], &n, e) == -1)
			return -1;
	see_lines(o, a->b.part[BUNDLE_PROOFS].data);
	see_lines(o, a->b.part[BUNDLE_STATUS].data);
	*certs += a->certs;
	*orders += a->orders;
	return see_lists(a, o, e);
}

int
archive_put_back(const char *dir, struct bundle_out *o, int64_t *certs,
    int64_t *orders, struct error *e)
{
	struct archive	a;
	int		rc;

	if (archive_open(&a, dir, e) == -1)
		return -1;
	rc = put_back(&a, o, certs, orders, e);
	archive_close(&a);
	return rc;
}
