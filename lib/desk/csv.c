/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "desk/csv.h"

void
csv_open(struct csv *c, struct bytes text)
{
	memset(c, 0, sizeof(*c));
	c->next_line = 1;
	c->in = text;
	if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) {
		c->in.p += 3;
		c->in.len -= 3;
	}
}

void
csv_close(struct csv *c)
{
	size_t	i;

	for (i = 0; i < c->nheads; i++)
		mem_free(&c->head[i]);
	c->nheads = 0;
	buf_clear(&c->text);
}

/* Where in the input the reader is. */
struct reader {
	struct csv	*csv;
	const uint8_t	*p, *end;
	const uint8_t	*line;		/* start of the physical line */
	size_t		 nline;		/* its number */
};

static int
mistake(const struct reader *r, struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "line %zu, column %zu: %s", r->nline,
	    (size_t)(r->p - r->line) + 1, what);
}

static bool
at_line_end(const struct reader *r)
{
	return r->p == r->end || *r->p == '\n' ||
	    (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n');
}

static void
skip_line_end(struct reader *r)
{
	if (r->p < r->end && *r->p == '\r')
		r->p++;
	if (r->p < r->end && *r->p == '\n')
		r->p++;
	r->line = r->p;
	r->nline++;
}

static int
read_quoted(struct reader *r, struct error *e)
{
	struct reader	open = *r;

	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p != '"') {
			if (*r->p == '\n') {
				r->line = r->p + 1;
				r->nline++;
			}
			buf_byte(&r->csv->text, *r->p);
			continue;
		}
		if (r->p + 1 == r->end || r->p[1] != '"') {
			r->p++;
			if (at_line_end(r) || *r->p == ',')
				return 0;
			return mistake(r, e, "text after the closing quote");
		}
		r->p++;
		buf_byte(&r->csv->text, '"');
	}
	return mistake(&open, e, "the quote is never closed");
}

static int
read_plain(struct reader *r, struct error *e)
{
	for (; !at_line_end(r) && *r->p != ','; r->p++) {
		if (*r->p == '"')
			return mistake(r, e, "a quote inside a cell that does "
			    "not begin with one");
		buf_byte(&r->csv->text, *r->p);
	}
	return 0;
}

static int
read_cell(struct reader *r, struct error *e)
{
	struct csv	*c = r->csv;
	struct reader	 begin = *r;
	size_t		 len;

	if (c->ncells == CSV_CELLS_MAX)
		return mistake(r, e, "more cells than anybody needs");
	c->start[c->ncells] = c->text.len;
	c->column[c->ncells] = (size_t)(r->p - r->line) + 1;
	if ((r->p < r->end && *r->p == '"' ? read_quoted(r, e) :
	    read_plain(r, e)) == -1)
		return -1;
	len = c->text.len - c->start[c->ncells];
	if (len > CSV_CELL_MAX)
		return mistake(&begin, e, "the cell is too long");
	if (!text_is_clean((const char *)c->text.p + c->start[c->ncells], len,
	    CSV_CELL_MAX))
		return mistake(&begin, e, "not clean UTF-8 text (control "
		    "character or another encoding)");
	buf_byte(&c->text, '\0');
	c->ncells++;
	return 0;
}

static int
read_row(struct reader *r, struct error *e)
{
	for (;;) {
		if (read_cell(r, e) == -1)
			return -1;
		if (at_line_end(r))
			return 0;
		r->p++;			/* the comma */
	}
}

/* Go on behind a mistake: at the next line. */
static void
resync(struct reader *r)
{
	while (!at_line_end(r))
		r->p++;
}

static int
check_width(const struct csv *c, struct error *e)
{
	if (c->nheads == 0 || c->ncells == c->nheads)
		return 0;
	return error_set(e, ERROR_INPUT, "line %zu: %zu cells where the "
	    "header has %zu", c->line, c->ncells, c->nheads);
}

int
csv_next(struct csv *c, struct error *e)
{
	struct reader	r = { c, c->in.p, c->in.p + c->in.len, c->in.p,
	    c->next_line };
	int		rc;

	if (c->in.p == NULL)
		return 0;
	while (r.p < r.end && at_line_end(&r))
		skip_line_end(&r);
	if (r.p == r.end)
		return 0;
	c->line = r.nline;
	c->ncells = 0;
	c->text.len = 0;
	buf_reserve(&c->text, 1);
	if ((rc = read_row(&r, e)) == -1)
		resync(&r);
	skip_line_end(&r);
	c->in = BYTES(r.p, (size_t)(r.end - r.p));
	c->next_line = r.nline;
	if (rc == -1 || check_width(c, e) == -1)
		return -1;
	return 1;
}

const char *
csv_cell(const struct csv *c, size_t i)
{
	return (const char *)c->text.p + c->start[i];
}

int
csv_find(const struct csv *c, const char *name)
{
	size_t	i;

	for (i = 0; i < c->nheads; i++)
		if (strcmp(c->head[i], name) == 0)
			return (int)i;
	return -1;
}

int
csv_read_head(struct csv *c, struct error *e)
{
	size_t	i;
	int	got;

	if ((got = csv_next(c, e)) == -1)
		return -1;
	if (got == 0)
		return error_set(e, ERROR_INPUT, "empty: no row of names");
	for (i = 0; i < c->ncells; i++) {
		if (!text_is_name(csv_cell(c, i)))
			return error_set(e, ERROR_INPUT, "line %zu, column "
			    "%zu: \"%.60s\" is no name of a column", c->line,
			    c->column[i], csv_cell(c, i));
		if (csv_find(c, csv_cell(c, i)) != -1)
			return error_set(e, ERROR_INPUT, "line %zu, column "
			    "%zu: two columns are called \"%s\"", c->line,
			    c->column[i], csv_cell(c, i));
		c->head[c->nheads++] = mem_strdup(csv_cell(c, i));
	}
	return 0;
}
