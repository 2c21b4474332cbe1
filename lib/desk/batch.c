/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "desk/batch.h"
#include "desk/request.h"
#include "os/file.h"

#define CSV_MAX		(256u << 20)
#define HOLDER_MAX	64

struct seen {			/* a request of this batch */
	uint8_t	 digest[ORDER_DIGEST];
	char	*where;
};

static uint64_t
seen_hash(const void *item)
{
	return map_hash_bytes(((const struct seen *)item)->digest,
	    ORDER_DIGEST);
}

static bool
seen_equal(const void *a, const void *b)
{
	return memcmp(((const struct seen *)a)->digest,
	    ((const struct seen *)b)->digest, ORDER_DIGEST) == 0;
}

int
batch_begin(struct desk *dk, struct batch *b, const char *profile,
    const char *ca, struct error *e)
{
	const struct desk_issuer	*issuer;

	memset(b, 0, sizeof(*b));
	b->dk = dk;
	map_init(&b->seen, seen_hash, seen_equal);
	if (desk_need(dk, DESK_PROFILES, e) == -1 ||
	    profiles_find(&dk->profiles, profile, &b->profile, e) == -1 ||
	    request_find_ca(dk, b->profile, ca, &issuer, e) == -1 ||
	    draft_new(dk, &b->draft, ORDER_BATCH, b->profile, e) == -1)
		return -1;
	b->draft.order->profile = mem_strdup(b->profile->name);
	b->draft.order->ca = mem_strdup(issuer->name);
	return 0;
}

void
batch_clear(struct batch *b)
{
	struct seen	*s;
	size_t		 pos = 0;

	desk_progress(b->dk, NULL, 0, 0);
	while ((s = map_next(&b->seen, &pos)) != NULL) {
		mem_free(&s->where);
		mem_free(&s);
	}
	map_clear(&b->seen);
	draft_clear(&b->draft);
}

static void
advance(struct batch *b)
{
	desk_progress(b->dk, "reading requests", ++b->rows, b->total);
}

/* Room for one more item, and its number set. */
static int
grow(struct batch *b, struct error *e)
{
	struct order	*o = b->draft.order;
	size_t		 old = b->size;

	if (o->nitems == ORDER_ITEMS_MAX)
		return error_set(e, ERROR_INPUT, "more than %d items in one "
		    "batch", ORDER_ITEMS_MAX);
	if (o->nitems < b->size)
		return 0;
	b->size = b->size == 0 ? 64 : 2 * b->size;
	o->item = mem_resize(o->item, b->size, sizeof(*o->item));
	memset(o->item + old, 0, (b->size - old) * sizeof(*o->item));
	b->draft.request = mem_resize(b->draft.request, b->size,
	    sizeof(struct buf));
	memset(b->draft.request + old, 0,
	    (b->size - old) * sizeof(struct buf));
	return 0;
}

static int
check_new_request(struct batch *b, const struct csr *csr, const char *where,
    struct error *e)
{
	struct seen	 key, *s;

	memcpy(key.digest, csr->digest, ORDER_DIGEST);
	if ((s = map_find(&b->seen, &key)) != NULL)
		return error_set(e, ERROR_INPUT, "the same request as %s",
		    s->where);
	s = mem_alloc(sizeof(*s));
	memcpy(s->digest, csr->digest, ORDER_DIGEST);
	s->where = mem_strdup(where);
	map_put(&b->seen, s);		/* the map's from here */
	return 0;
}

static int
check_holder(const char *holder, struct error *e)
{
	if (holder == NULL || holder[0] == '\0')
		return error_set(e, ERROR_INPUT, "no holder");
	if (!text_is_clean(holder, strlen(holder), HOLDER_MAX))
		return error_set(e, ERROR_INPUT, "holder: longer than %d "
		    "bytes", HOLDER_MAX);
	return 0;
}

int
batch_add(struct batch *b, const char *holder, struct fields *fields,
    const struct csr *csr, const char *where, struct error *e)
{
	struct order		*o = b->draft.order;
	struct order_item	*item;

	if (request_fill(fields, b->profile, csr, e) == -1 ||
	    request_check(b->profile, fields, csr, e) == -1 ||
	    request_check_key(b->dk, csr, e) == -1 ||
	    check_holder(holder, e) == -1 || grow(b, e) == -1 ||
	    (csr != NULL && check_new_request(b, csr, where, e) == -1))
		return -1;
	item = &o->item[o->nitems];
	item->n = (uint32_t)o->nitems + 1;
	item->holder = mem_strdup(holder);
	item->fields = *fields;
	memset(fields, 0, sizeof(*fields));
	if (csr != NULL) {
		item->has_request = true;
		memcpy(item->request, csr->digest, ORDER_DIGEST);
		buf_add(&b->draft.request[o->nitems], csr->der.p,
		    csr->der.len);
	}
	o->nitems++;
	b->draft.nrequests = o->nitems;
	return 0;
}

/* ---- CSV ---- */

struct sheet {
	struct batch	*b;
	struct csv	 csv;
	const char	*path;
	char		*dir;		/* of the file; NULL: not a file's */
	int		 holder, csr;	/* columns, or -1 */
};

static int
check_columns(struct sheet *s, struct error *e)
{
	size_t	i;

	s->holder = csv_find(&s->csv, "holder");
	s->csr = csv_find(&s->csv, "csr");
	if (s->holder == -1)
		return error_set(e, ERROR_INPUT, "line %zu: no column "
		    "\"holder\"", s->csv.line);
	for (i = 0; i < s->csv.nheads; i++) {
		if ((int)i == s->holder || (int)i == s->csr ||
		    profile_takes(s->b->profile, s->csv.head[i]))
			continue;
		error_set(e, ERROR_INPUT, "line %zu, column %zu: profile %s "
		    "has no field \"%s\"", s->csv.line, s->csv.column[i],
		    s->b->profile->name, s->csv.head[i]);
		return error_hint(e, "its fields: signet explain profile %s",
		    s->b->profile->name);
	}
	return 0;
}

static int
parse_request(struct csr **csr, const char *cell, struct error *e)
{
	struct buf	der = { 0 };
	int		rc;

	if ((rc = base64_parse(&der, cell, strlen(cell), e)) == 0)
		rc = csr_parse(csr, BYTES(der.p, der.len), e);
	buf_clear(&der);
	return rc;
}

static int
read_request_cell(struct sheet *s, const char *cell, struct csr **csr,
    struct error *e)
{
	char	*path;
	int	 rc;

	if (s->dir == NULL)
		return parse_request(csr, cell, e);
	path = file_join(s->dir, cell);
	rc = request_load(csr, path, e);
	mem_free(&path);
	return rc;
}

static int
read_row(struct sheet *s, const char *where, struct error *e)
{
	struct fields	 fields = { 0 };
	struct csr	*csr = NULL;
	const char	*cell;
	size_t		 i;
	int		 rc = -1;

	for (i = 0; i < s->csv.nheads; i++)
		if ((int)i != s->holder && (int)i != s->csr)
			request_add_values(&fields, s->b->profile,
			    s->csv.head[i], csv_cell(&s->csv, i), ";");
	cell = s->csr != -1 ? csv_cell(&s->csv, (size_t)s->csr) : "";
	if (cell[0] != '\0' && read_request_cell(s, cell, &csr, e) == -1)
		goto out;
	rc = batch_add(s->b, csv_cell(&s->csv, (size_t)s->holder), &fields,
	    csr, where, e);
 out:
	csr_free(&csr);
	fields_clear(&fields);
	return rc;
}

/* The column that a mistake is about: its name stands in the text; what is
 * about none is about the request. */
static int
guilty_column(const struct sheet *s, const struct error *e)
{
	char	quoted[80];
	size_t	i;

	for (i = 0; i < s->csv.nheads; i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", s->csv.head[i]);
		if (strstr(e->text, quoted) != NULL)
			return (int)i;
	}
	return strncmp(e->text, "no holder", 9) == 0 ||
	    strncmp(e->text, "holder:", 7) == 0 ? s->holder : s->csr;
}

static void
place(const struct sheet *s, const struct error *e, char *where, size_t size)
{
	int	i = guilty_column(s, e);

	if (i == -1)
		snprintf(where, size, "%s: line %zu", s->path, s->csv.line);
	else
		snprintf(where, size, "%s: line %zu, column %zu", s->path,
		    s->csv.line, s->csv.column[i]);
}

/* Only for the progress line. */
static uint64_t
count_lines(struct bytes text)
{
	uint64_t	n = 0;
	size_t		i;

	for (i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	return n;
}

static void
read_rows(struct sheet *s)
{
	struct error	one = ERROR_INIT;
	char		where[512];
	int		got;

	while ((got = csv_next(&s->csv, &one)) != 0) {
		snprintf(where, sizeof(where), "line %zu", s->csv.line);
		if (got == -1) {
			snprintf(where, sizeof(where), "%s", s->path);
			desk_bad(s->b->dk, &s->b->bad, where, &one);
		} else if (read_row(s, where, &one) == -1) {
			place(s, &one, where, sizeof(where));
			desk_bad(s->b->dk, &s->b->bad, where, &one);
		}
		error_clear(&one);
		advance(s->b);
	}
}

static char *
directory_of(const char *path)
{
	const char	*slash = strrchr(path, '/');

	return slash == NULL ? mem_strdup(".") :
	    mem_printf("%.*s", (int)(slash - path) + 1, path);
}

static int
read_sheet(struct sheet *s, struct bytes text, struct error *e)
{
	int	rc = -1;

	csv_open(&s->csv, text);
	if (csv_read_head(&s->csv, e) == -1 || check_columns(s, e) == -1)
		error_wrap(e, "%s", s->path);
	else {
		s->b->total = count_lines(text);
		read_rows(s);
		rc = 0;
	}
	csv_close(&s->csv);
	return rc;
}

int
batch_read_text(struct batch *b, const char *name, struct bytes text,
    struct error *e)
{
	struct sheet	s = { .b = b, .path = name };

	return read_sheet(&s, text, e);
}

int
batch_read_csv(struct batch *b, const char *path, struct error *e)
{
	struct sheet	s = { .b = b, .path = path };
	struct buf	text = { 0 };
	int		rc;

	s.dir = directory_of(path);
	if ((rc = file_load(&text, path, CSV_MAX, e)) == 0)
		rc = read_sheet(&s, BYTES(text.p, text.len), e);
	mem_free(&s.dir);
	buf_clear(&text);
	return rc;
}

/* ---- requests alone ---- */

/* Who it is for, when nobody says: what names the subject best. */
static const char *
holder_of(const struct fields *f)
{
	static const char *const	names[] = { "id", "mail", "dns",
		"name" };
	const char			*value;
	size_t				 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = fields_get(f, names[i], 0)) != NULL)
			return value;
	return NULL;
}

static void
read_request(struct batch *b, const char *path)
{
	struct error	 one = ERROR_INIT;
	struct fields	 offered = { 0 }, fields = { 0 };
	struct csr	*csr = NULL;

	if (request_load(&csr, path, &one) == -1)
		desk_bad(b->dk, &b->bad, "request", &one);
	else if (csr_fields(csr, &offered, &one) == -1 ||
	    batch_add(b, holder_of(&offered), &fields, csr, path,
	    &one) == -1)
		desk_bad(b->dk, &b->bad, path, &one);
	fields_clear(&fields);
	fields_clear(&offered);
	csr_free(&csr);
	advance(b);
}

int
batch_read_requests(struct batch *b, const char *path, struct error *e)
{
	char	**file;
	size_t	  n, i;

	if (request_list(&file, &n, path, e) == -1)
		return -1;
	if (n > 1)
		b->total += n;
	for (i = 0; i < n; i++)
		read_request(b, file[i]);
	request_list_free(&file, n);
	return 0;
}
