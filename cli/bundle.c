/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bundle.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/text.h"
#include "os/file.h"

#define LINE_MAX_TEXT	(2 * AUDIT_BODY_MAX)
#define BLOCK_MAX	(100u << 20)	/* bytes of text in one PEM block */
#define NFIELDS		6

static const struct {
	const char	*name;
	const char	*label;
	bool		 optional;
} parts[BUNDLE__MAX] = {
	[BUNDLE_ENTRIES] =  { "entries.txt",  NULL, false },
	[BUNDLE_HEADS] =    { "heads.pem",    "CMS", false },
	[BUNDLE_ORDERS] =   { "orders.pem",   "CMS", false },
	[BUNDLE_REQUESTS] = { "requests.pem", "CERTIFICATE REQUEST", false },
	[BUNDLE_PROOFS] =   { "proofs.txt",   NULL, true },
	[BUNDLE_CERTS] =    { "certs.pem",    "CERTIFICATE", false },
	[BUNDLE_CRLS] =     { "crls.pem",     "X509 CRL", false },
	[BUNDLE_CAS] =      { "cas.pem",      "CERTIFICATE", false },
	[BUNDLE_STATUS] =   { "status.txt",   NULL, false },
};

const char *
bundle_name(enum bundle_part part)
{
	return parts[part].name;
}

const char *
bundle_label(enum bundle_part part)
{
	return parts[part].label;
}

/* Files. */

int
bundle_file_open(struct bundle_file *f, const char *name, const char *path,
    struct error *e)
{
	struct stat	 st;
	void		*p;
	int		 fd, rc = -1;

	*f = (struct bundle_file){ .name = name, .line = 1 };
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return error_sys(e, "open %s", path);
	if (fstat(fd, &st) == -1) {
		error_sys(e, "%s", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		error_set(e, ERROR_INPUT, "%s is not a plain file", path);
		goto out;
	}
	if (st.st_size > 0) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
		    0);
		if (p == MAP_FAILED) {
			error_sys(e, "map %s", path);
			goto out;
		}
		f->data = BYTES(p, (size_t)st.st_size);
		f->mapped = true;
	}
	rc = 0;
 out:
	close(fd);
	return rc;
}

void
bundle_file_close(struct bundle_file *f)
{
	union {
		const uint8_t	*in;
		void		*out;
	} u = { .in = f->data.p };

	if (f->mapped)
		munmap(u.out, f->data.len);
	*f = (struct bundle_file){ 0 };
}

void
bundle_file_rewind(struct bundle_file *f)
{
	f->pos = 0;
	f->line = 1;
}

int
bundle_open(struct bundle *b, const char *dir, struct error *e)
{
	char	*path = NULL;
	int	 i, rc = 0;

	*b = (struct bundle){ 0 };
	for (i = 0; i < BUNDLE__MAX && rc == 0; i++) {
		path = file_join(dir, parts[i].name);
		if (parts[i].optional && !file_exists(path))
			b->part[i] = (struct bundle_file){
			    .name = parts[i].name, .line = 1 };
		else
			rc = bundle_file_open(&b->part[i], parts[i].name, path,
			    e);
		mem_free(&path);
	}
	if (rc == -1) {
		bundle_close(b);
		error_hint(e, "is %s a directory made by \"signet audit "
		    "export\"?", dir);
	}
	return rc;
}

void
bundle_close(struct bundle *b)
{
	int	 i;

	for (i = 0; i < BUNDLE__MAX; i++)
		bundle_file_close(&b->part[i]);
}

/* Lines. */

/* The next line without its end: true, or false at the end of the file. */
static bool
line_next(struct bundle_file *f, struct bytes *line)
{
	const uint8_t	*start, *end;
	size_t		 left = f->data.len - f->pos;

	if (left == 0)
		return false;
	start = f->data.p + f->pos;
	end = memchr(start, '\n', left);
	line->p = start;
	line->len = end != NULL ? (size_t)(end - start) : left;
	f->pos += line->len + (end != NULL);
	f->line++;
	if (line->len > 0 && start[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* Words parted by single spaces: how many, or -1 for too many. */
static int
line_split(struct bytes line, struct bytes word[NFIELDS])
{
	const uint8_t	*p = line.p, *end = line.p + line.len, *space;
	int		 n = 0;

	for (;;) {
		if (n == NFIELDS)
			return -1;
		space = memchr(p, ' ', (size_t)(end - p));
		if (space == NULL)
			space = end;
		word[n++] = BYTES(p, (size_t)(space - p));
		if (space == end)
			return n;
		p = space + 1;
	}
}

static int
malformed(const struct bundle_file *f, const char *what, struct error *e)
{
	return error_set(e, ERROR_INPUT, "%s:%zu: %s", f->name, f->line - 1,
	    what);
}

/* A word as text; what does not fit is malformed, as is an inner NUL. */
static int
word_text(struct bytes word, char *dst, size_t size)
{
	if (word.len == 0 || word.len >= size ||
	    memchr(word.p, 0, word.len) != NULL)
		return -1;
	memcpy(dst, word.p, word.len);
	dst[word.len] = '\0';
	return 0;
}

static int
word_number(struct bytes word, int64_t *n)
{
	struct error	 ignored = ERROR_INIT;
	char		 text[24];

	if (word_text(word, text, sizeof(text)) == -1)
		return -1;
	return text_parse_number(n, text, 0, INT64_MAX, &ignored);
}

static int
word_hex(struct bytes word, uint8_t *dst, size_t max, size_t *len)
{
	struct error	 ignored = ERROR_INIT;
	char		 text[2 * BUNDLE_PROOF_MAX + 1];

	if (max > BUNDLE_PROOF_MAX ||
	    word_text(word, text, sizeof(text)) == -1)
		return -1;
	return text_unhex(dst, max, len, text, &ignored);
}

/* Exactly n bytes. */
static int
word_digest(struct bytes word, uint8_t *dst, size_t n)
{
	size_t	 len;

	return word_hex(word, dst, n, &len) == 0 && len == n ? 0 : -1;
}

/* Comments and empty lines are passed over. */
static bool
row_next(struct bundle_file *f, struct bytes *line)
{
	do {
		if (!line_next(f, line))
			return false;
	} while (line->len == 0 || line->p[0] == '#');
	return true;
}

int
bundle_entry_next(struct bundle_file *f, struct bundle_entry *entry,
    struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	struct bytes	 line, w[NFIELDS];

	if (!row_next(f, &line))
		return 0;
	if (line.len > LINE_MAX_TEXT)
		return malformed(f, "line too long for an entry", e);
	if (line_split(line, w) != 3)
		return malformed(f, "not number, hash and body", e);
	if (word_number(w[0], &entry->seq) == -1 || entry->seq < 1)
		return malformed(f, "bad entry number", e);
	if (word_digest(w[1], entry->hash, AUDIT_HASH) == -1)
		return malformed(f, "bad hash", e);
	entry->body.len = 0;
	if (base64_parse(&entry->body, (const char *)w[2].p, w[2].len,
	    &ignored) == -1 ||
	    entry->body.len == 0 || entry->body.len > AUDIT_BODY_MAX)
		return malformed(f, "bad body", e);
	return 1;
}

static bool
word_is(struct bytes word, const char *text)
{
	return bytes_equal(word, BYTES(text, strlen(text)));
}

static int
status_rest(const struct bundle_file *f, struct bundle_status *s,
    const struct bytes w[NFIELDS], struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	char		 text[TEXT_TIME_SIZE];
	int64_t		 n;

	s->reason = -1;
	s->at = 0;
	s->order[0] = '\0';
	if (!word_is(w[3], "-")) {
		if (word_number(w[3], &n) == -1 || n > 10)
			return malformed(f, "bad reason", e);
		s->reason = (int)n;
	}
	if (!word_is(w[4], "-") &&
	    (word_text(w[4], text, sizeof(text)) == -1 ||
	    text_parse_time(&s->at, text, &ignored) == -1))
		return malformed(f, "bad time", e);
	if (!word_is(w[5], "-") &&
	    word_text(w[5], s->order, sizeof(s->order)) == -1)
		return malformed(f, "bad order", e);
	return 1;
}

int
bundle_status_next(struct bundle_file *f, struct bundle_status *s,
    struct error *e)
{
	struct bytes	 line, w[NFIELDS];

	if (!row_next(f, &line))
		return 0;
	if (line_split(line, w) != 6)
		return malformed(f, "not ca, serial, status, reason, time and "
		    "order", e);
	if (word_text(w[0], s->ca, sizeof(s->ca)) == -1)
		return malformed(f, "bad name of a CA", e);
	if (word_hex(w[1], s->serial, sizeof(s->serial), &s->serial_len) == -1)
		return malformed(f, "bad serial number", e);
	if (!word_is(w[2], "good") && !word_is(w[2], "held") &&
	    !word_is(w[2], "revoked"))
		return malformed(f, "status is not good, held or revoked", e);
	word_text(w[2], s->status, sizeof(s->status));
	return status_rest(f, s, w, e);
}

int
bundle_proof_next(struct bundle_file *f, struct bundle_proof *p,
    struct error *e)
{
	struct bytes	 line, w[NFIELDS];

	if (!row_next(f, &line))
		return 0;
	if (line_split(line, w) != 3 ||
	    word_digest(w[0], p->order, sizeof(p->order)) == -1 ||
	    word_number(w[1], &p->n) == -1 ||
	    word_hex(w[2], p->proof, sizeof(p->proof), &p->len) == -1)
		return malformed(f, "not order, number and proof", e);
	return 1;
}

/* PEM. */

static bool
line_begins(struct bytes line, const char *text)
{
	size_t	 n = strlen(text);

	return line.len >= n && memcmp(line.p, text, n) == 0;
}

/* "-----BEGIN label-----" */
static bool
line_is_mark(struct bytes line, const char *mark, const char *label)
{
	size_t	 m = strlen(mark), l = strlen(label);

	return line.len == m + l + 5 && memcmp(line.p, mark, m) == 0 &&
	    memcmp(line.p + m, label, l) == 0 &&
	    memcmp(line.p + m + l, "-----", 5) == 0;
}

/* The lines up to the end mark, joined; the reader ends behind the mark. */
static int
block_text(struct bundle_file *f, const char *label, struct buf *text,
    struct error *e)
{
	struct bytes	 line;

	while (line_next(f, &line)) {
		if (line_is_mark(line, "-----END ", label))
			return 0;
		if (line_begins(line, "-----"))
			return malformed(f, "PEM block has no end", e);
		if (text->len + line.len > BLOCK_MAX)
			return malformed(f, "PEM block too long", e);
		buf_add(text, line.p, line.len);
	}
	return malformed(f, "PEM block has no end", e);
}

static int
block_read(struct bundle_file *f, const char *label, struct buf *der,
    struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	struct buf	 text = { 0 };
	int		 rc = -1;

	der->len = 0;
	if (block_text(f, label, &text, e) == -1)
		goto out;
	if (text.len == 0 ||
	    base64_parse(der, (const char *)text.p, text.len,
	    &ignored) == -1) {
		malformed(f, "PEM block is not base64", e);
		goto out;
	}
	rc = 1;
 out:
	buf_clear(&text);
	return rc;
}

int
bundle_pem_next(struct bundle_file *f, const char *label, struct buf *der,
    size_t *at, struct error *e)
{
	struct bytes	 line;
	size_t		 start;

	for (;;) {
		start = f->pos;
		if (!line_next(f, &line))
			return 0;
		if (!line_begins(line, "-----"))
			continue;
		if (!line_is_mark(line, "-----BEGIN ", label))
			return malformed(f, "PEM block of another kind", e);
		if (at != NULL)
			*at = start;
		return block_read(f, label, der, e);
	}
}

int
bundle_pem_at(const struct bundle_file *f, const char *label, size_t at,
    struct buf *der, struct error *e)
{
	struct bundle_file	 copy = *f;

	copy.pos = at;
	return bundle_pem_next(&copy, label, der, NULL, e);
}

void
bundle_put_entry(struct buf *out, int64_t seq, const uint8_t hash[AUDIT_HASH],
    struct bytes body)
{
	char	*text = text_base64(body.p, body.len);
	char	 hex[2 * AUDIT_HASH + 1];

	buf_printf(out, "%lld %s ", (long long)seq,
	    text_hex(hex, hash, AUDIT_HASH));
	buf_str(out, text);
	buf_byte(out, '\n');
	mem_free(&text);
}
