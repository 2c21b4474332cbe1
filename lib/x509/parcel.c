/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/evp.h>
#include "base/base64.h"
#include "base/clock.h"
#include "base/text.h"
#include "x509/cert.h"
#include "x509/parcel.h"

#define MAGIC	"signet-parcel 1"
#define LINE	76			/* base 64 digits in one line */

struct parcel *
parcel_new(int64_t number, const uint8_t *root, int64_t at, const char *what)
{
	struct parcel	*p = mem_alloc(sizeof(*p));

	p->number = number;
	memcpy(p->root, root, sizeof(p->root));
	p->at = at;
	snprintf(p->what, sizeof(p->what), "%s", what);
	return p;
}

void
parcel_add(struct parcel *p, const char *name, struct bytes data)
{
	struct parcel_file	*f;

	p->file = mem_resize(p->file, p->nfiles + 1, sizeof(*p->file));
	f = &p->file[p->nfiles++];
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", name);
	buf_add(&f->data, data.p, data.len);
}

const struct parcel_file *
parcel_find(const struct parcel *p, const char *name)
{
	size_t	 i;

	for (i = 0; i < p->nfiles; i++)
		if (strcmp(p->file[i].name, name) == 0)
			return &p->file[i];
	return NULL;
}

static int
file_digest(char hex[65], struct bytes data, struct error *e)
{
	uint8_t	 md[32];

	if (EVP_Digest(data.p, data.len, md, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest file");
	text_hex(hex, md, sizeof(md));
	return 0;
}

static int
put_file(struct buf *out, const struct parcel_file *f, struct error *e)
{
	char	 hex[65], *text, *p;
	size_t	 left;

	if (!text_is_name(f->name) || f->data.len > PARCEL_FILE_MAX)
		return error_set(e, ERROR_INPUT,
		    "\"%s\" cannot go into a parcel", f->name);
	if (file_digest(hex, BYTES(f->data.p, f->data.len), e) == -1)
		return -1;
	buf_printf(out, "file=%s\nsize=%zu\nsha256=%s\n", f->name,
	    f->data.len, hex);
	text = text_base64(f->data.p, f->data.len);
	for (p = text, left = strlen(text); left > 0;) {
		size_t	 n = left < LINE ? left : LINE;

		buf_add(out, p, n);
		buf_byte(out, '\n');
		p += n;
		left -= n;
	}
	buf_byte(out, '\n');
	mem_free(&text);
	return 0;
}

int
parcel_make(struct buf *pem, const struct parcel *p,
    const struct identity *id, struct error *e)
{
	struct buf	 text = { 0 };
	char		 hex[65], at[TEXT_TIME_SIZE];
	size_t		 i;
	int		 rc = -1;

	if (p->number < 1 || !text_is_name(p->what) ||
	    p->nfiles > PARCEL_FILES_MAX) {
		error_set(e, ERROR_BUG, "parcel without number or purpose");
		goto out;
	}
	buf_printf(&text, "%s\nnumber=%lld\nroot=%s\nat=%s\nwhat=%s\n\n",
	    MAGIC, (long long)p->number, text_hex(hex, p->root,
	    sizeof(p->root)), text_time(at, p->at), p->what);
	for (i = 0; i < p->nfiles; i++)
		if (put_file(&text, &p->file[i], e) == -1)
			goto out;
	rc = signed_make(pem, BYTES(text.p, text.len), p->at, id, e);
 out:
	if (rc == -1)
		error_wrap(e, "parcel %lld", (long long)p->number);
	buf_clear(&text);
	return rc;
}

/* The reader: a line at a time, the first mistake ends it. */
struct reader {
	struct bytes	 in;
	char		 line[256];
	struct error	*e;
};

static int
bad(struct reader *r, const char *what)
{
	return error_set(r->e, ERROR_INPUT, "parcel: %s", what);
}

static int
next_line(struct reader *r)
{
	const uint8_t	*nl;
	size_t		 n;

	if (r->in.len == 0 ||
	    (nl = memchr(r->in.p, '\n', r->in.len)) == NULL)
		return bad(r, "ends in the middle");
	n = (size_t)(nl - r->in.p);
	if (n >= sizeof(r->line) || memchr(r->in.p, '\0', n) != NULL)
		return bad(r, "malformed line");
	memcpy(r->line, r->in.p, n);
	r->line[n] = '\0';
	r->in.p += n + 1;
	r->in.len -= n + 1;
	return 0;
}

/* The value of the next line, which must be KEY=VALUE. */
static int
next_value(struct reader *r, const char *key, const char **value)
{
	size_t	 n = strlen(key);

	if (next_line(r) == -1)
		return -1;
	if (strncmp(r->line, key, n) != 0 || r->line[n] != '=') {
		error_set(r->e, ERROR_INPUT, "parcel: no line \"%s=\"", key);
		return -1;
	}
	*value = r->line + n + 1;
	return 0;
}

static int
next_empty(struct reader *r)
{
	if (next_line(r) == -1)
		return -1;
	return r->line[0] == '\0' ? 0 : bad(r, "no empty line");
}

static int
next_number(struct reader *r, const char *key, int64_t min, int64_t max,
    int64_t *n)
{
	const char	*value;

	if (next_value(r, key, &value) == -1)
		return -1;
	if (text_parse_number(n, value, min, max, r->e) == -1)
		return error_wrap(r->e, "parcel: %s", key);
	return 0;
}

static int
read_head(struct parcel *p, struct reader *r)
{
	const char	*value;

	if (next_line(r) == -1)
		return -1;
	if (strcmp(r->line, MAGIC) != 0)
		return bad(r, "the text is not a parcel");
	if (next_number(r, "number", 1, INT64_MAX, &p->number) == -1 ||
	    next_value(r, "root", &value) == -1)
		return -1;
	if (text_unhex(p->root, sizeof(p->root), NULL, value, r->e) == -1)
		return error_wrap(r->e, "parcel: root");
	if (next_value(r, "at", &value) == -1)
		return -1;
	if (text_parse_time(&p->at, value, r->e) == -1)
		return error_wrap(r->e, "parcel: at");
	if (next_value(r, "what", &value) == -1)
		return -1;
	if (!text_is_name(value))
		return bad(r, "what: not a name");
	snprintf(p->what, sizeof(p->what), "%s", value);
	return next_empty(r);
}

/* Lines of base 64 up to an empty one. */
static int
read_data(struct buf *data, struct reader *r, size_t size)
{
	for (;;) {
		if (next_line(r) == -1)
			return -1;
		if (r->line[0] == '\0')
			break;
		if (base64_parse(data, r->line, strlen(r->line), r->e) == -1)
			return error_wrap(r->e, "parcel");
		if (data->len > size)
			return bad(r, "a file is longer than its size");
	}
	if (data->len != size)
		return bad(r, "a file is shorter than its size");
	return 0;
}

static int
read_file(struct parcel *p, struct reader *r)
{
	const char	*value;
	struct buf	 data = { 0 };
	char		 name[65], want[65], hex[65];
	int64_t		 size;
	int		 rc = -1;

	if (next_value(r, "file", &value) == -1)
		return -1;
	if (!text_is_name(value) || parcel_find(p, value) != NULL)
		return bad(r, "a file's name is malformed or there twice");
	snprintf(name, sizeof(name), "%s", value);
	if (next_number(r, "size", 0, PARCEL_FILE_MAX, &size) == -1 ||
	    next_value(r, "sha256", &value) == -1)
		return -1;
	snprintf(want, sizeof(want), "%s", value);
	if (read_data(&data, r, (size_t)size) == -1 ||
	    file_digest(hex, BYTES(data.p, data.len), r->e) == -1)
		goto out;
	if (strcmp(hex, want) != 0) {
		error_set(r->e, ERROR_INPUT,
		    "parcel: %s is not what its digest says", name);
		goto out;
	}
	parcel_add(p, name, BYTES(data.p, data.len));
	rc = 0;
 out:
	buf_clear(&data);
	return rc;
}

static int
read_all(struct parcel *p, struct bytes text, struct error *e)
{
	struct reader	 r = { text, "", e };

	if (read_head(p, &r) == -1)
		return -1;
	while (r.in.len > 0) {
		if (p->nfiles == PARCEL_FILES_MAX)
			return bad(&r, "too many files");
		if (read_file(p, &r) == -1)
			return -1;
	}
	return 0;
}

int
parcel_parse(struct parcel **out, struct bytes text, struct error *e)
{
	struct parcel	*p = mem_alloc(sizeof(*p));

	*out = NULL;
	if (read_all(p, text, e) == -1) {
		parcel_free(&p);
		return -1;
	}
	*out = p;
	return 0;
}

/* By the anchor's key, or by one that the anchor vouches for. */
static int
check_signer(X509 *signer, STACK_OF(X509) *others, X509 *anchor, int64_t t,
    bool *by_anchor, struct error *e)
{
	STACK_OF(X509)	*anchors;
	int		 rc = -1;

	*by_anchor = cert_is_same(signer, anchor);
	if (*by_anchor)
		return 0;
	if ((anchors = sk_X509_new_null()) == NULL ||
	    sk_X509_push(anchors, anchor) == 0)
		error_ssl(e, ERROR_CRYPTO, "verify the packer");
	else if (cert_verify_chain(signer, others, anchors, t, e) == -1)
		error_wrap(e, "the parcel's packer is not trusted");
	else
		rc = 0;
	sk_X509_free(anchors);
	return rc;
}

int
parcel_open(struct parcel **out, struct bytes pem, X509 *anchor, int64_t t,
    struct error *e)
{
	STACK_OF(X509)	*others = NULL;
	X509		*signer = NULL;
	struct buf	 text = { 0 };
	bool		 by_anchor;
	int		 rc = -1;

	*out = NULL;
	if (signed_open(&text, &signer, &others, pem, e) == -1) {
		error_wrap(e, "parcel");
		goto out;
	}
	if (check_signer(signer, others, anchor, t, &by_anchor, e) == -1 ||
	    parcel_parse(out, BYTES(text.p, text.len), e) == -1)
		goto out;
	(*out)->by_anchor = by_anchor;
	(*out)->signer = signer;
	signer = NULL;
	rc = 0;
 out:
	X509_free(signer);
	sk_X509_pop_free(others, X509_free);
	buf_clear(&text);
	return rc;
}

void
parcel_free(struct parcel **pp)
{
	struct parcel	*p = *pp;
	size_t		 i;

	if (p == NULL)
		return;
	for (i = 0; i < p->nfiles; i++)
		buf_clear(&p->file[i].data);
	mem_free(&p->file);
	X509_free(p->signer);
	mem_free(pp);
}
