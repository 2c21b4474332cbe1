/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/columns.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/out.h"

#define LIST_HOLD	500	/* rows read before the widths are settled */
#define LIST_GAP	2
#define SHRINK_MIN	8	/* a cut column keeps this much */
#define LABEL_MIN	13	/* in line with order_describe() */
#define FOLD_INDENT	16	/* where its values begin */

struct out_list {
	FILE			*f;
	bool			 json;
	size_t			 width;		/* 0: unbounded */
	const struct out_col	*col;
	size_t			 ncols;
	size_t			 at;		/* next cell */
	size_t			 rows;		/* complete, in all */
	json_t			*row;
	char			**cell;		/* held rows */
	size_t			 nheld;
	size_t			*fit;		/* widths, once settled; 0: not shown */
};

static char *
clean_copy(const char *s)
{
	struct buf	b = { 0 };
	char		*copy;

	columns_clean(&b, s);
	copy = mem_strdup(buf_cstr(&b));
	buf_clear(&b);
	return copy;
}

/* For JSON: text that is not UTF-8 is shown as for people. */
static json_t *
json_text(const char *s)
{
	json_t	*v;
	char	*copy;

	if (s == NULL)
		return json_null();
	if ((v = json_string(s)) != NULL)
		return v;
	copy = clean_copy(s);
	v = json_string(copy);
	mem_free(&copy);
	return v;
}

static json_t *
json_time(int64_t t)
{
	char	buf[TEXT_TIME_SIZE];

	return t == 0 ? json_null() : json_string(text_time(buf, t));
}

static json_t *
json_hex(const void *p, size_t n)
{
	char	*hex;
	json_t	*v;

	if (p == NULL)
		return json_null();
	hex = mem_alloc(2 * n + 1);
	v = json_string(text_hex(hex, p, n));
	mem_free(&hex);
	return v;
}

static void
json_print(FILE *f, json_t *v, size_t flags)
{
	json_dumpf(v, f, flags | JSON_REAL_PRECISION(6));
	fputc('\n', f);
}

/* ---- tables ---- */

static int
terminal_width(FILE *f)
{
	struct winsize	 ws = { 0 };
	const char	*columns = getenv("COLUMNS");
	struct error	 e = ERROR_INIT;
	int64_t		 n;

	if (isatty(fileno(f)) != 1)
		return 0;
	if (columns != NULL &&
	    text_parse_number(&n, columns, 20, 10000, &e) == 0)
		return (int)n;
	if (ioctl(fileno(f), TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 20)
		return ws.ws_col;
	return 80;
}

struct out_list *
out_list_new(FILE *f, bool json, int width, const struct out_col *col,
    size_t ncols)
{
	struct out_list	*l = mem_alloc(sizeof(*l));

	l->f = f;
	l->json = json;
	l->width = (size_t)(width > 0 ? width : terminal_width(f));
	l->col = col;
	l->ncols = ncols;
	if (json)
		l->row = json_object();
	else
		l->cell = mem_array(LIST_HOLD * ncols, sizeof(char *));
	return l;
}

void
out_list_to(struct out_list *l, FILE *f)
{
	l->f = f;
}

/* What is left when each column that may be cut is as narrow as it can be. */
static size_t
list_least(const struct out_list *l, size_t total)
{
	size_t	i;

	for (i = 0; i < l->ncols; i++)
		if ((l->col[i].flags & OUT_SHRINK) != 0 && l->fit[i] > SHRINK_MIN)
			total -= l->fit[i] - SHRINK_MIN;
	return total;
}

static size_t
list_spare(struct out_list *l, size_t total)
{
	size_t	i;

	for (i = l->ncols; i-- > 0 && list_least(l, total) > l->width;)
		if ((l->col[i].flags & OUT_SPARE) != 0 && l->fit[i] > 0) {
			total -= l->fit[i] + LIST_GAP;
			l->fit[i] = 0;
		}
	return total;
}

/* Give way: the widest column that may be cut loses one, until all fit. */
static void
list_shrink(struct out_list *l, size_t total)
{
	size_t	i, widest;

	while (total > l->width) {
		widest = l->ncols;
		for (i = 0; i < l->ncols; i++) {
			if ((l->col[i].flags & OUT_SHRINK) != 0 &&
			    l->fit[i] > SHRINK_MIN && (widest == l->ncols ||
			    l->fit[i] > l->fit[widest]))
				widest = i;
		}
		if (widest == l->ncols)
			break;
		l->fit[widest]--;
		total--;
	}
}

static void
list_settle(struct out_list *l)
{
	size_t	i, r, w, total = 0;

	l->fit = mem_array(l->ncols, sizeof(size_t));
	for (i = 0; i < l->ncols; i++) {
		if ((l->col[i].flags & OUT_JSON) != 0)
			continue;
		l->fit[i] = columns_of(l->col[i].head);
		for (r = 0; r < l->nheld; r++) {
			w = columns_of(l->cell[r * l->ncols + i]);
			if (w > l->fit[i])
				l->fit[i] = w;
		}
		total += l->fit[i] + LIST_GAP;
	}
	if (l->width != 0 && total > LIST_GAP)
		list_shrink(l, list_spare(l, total - LIST_GAP));
}

static void
print_padding(struct buf *line, size_t used, size_t width)
{
	for (; used < width; used++)
		buf_byte(line, ' ');
}

static void
list_print_row(struct out_list *l, char *const *cell)
{
	struct buf	 line = { 0 }, fitted = { 0 };
	size_t		 i, w;
	bool		 first = true;

	for (i = 0; i < l->ncols; i++) {
		if (l->fit[i] == 0)
			continue;
		if (!first)
			buf_str(&line, "  ");
		first = false;
		fitted.len = 0;
		if ((l->col[i].flags & OUT_SHRINK) != 0)
			columns_fit(&fitted, cell[i], l->fit[i]);
		else
			buf_str(&fitted, cell[i]);
		w = columns_of(buf_cstr(&fitted));
		if ((l->col[i].flags & OUT_RIGHT) != 0)
			print_padding(&line, w, l->fit[i]);
		buf_add(&line, fitted.p, fitted.len);
		if ((l->col[i].flags & OUT_RIGHT) == 0)
			print_padding(&line, w, l->fit[i]);
	}
	while (line.len > 0 && line.p[line.len - 1] == ' ')
		line.len--;
	fprintf(l->f, "%s\n", buf_cstr(&line));
	buf_clear(&fitted);
	buf_clear(&line);
}

static void
list_print_head(struct out_list *l)
{
	char	**head = mem_array(l->ncols, sizeof(char *));
	size_t	  i;

	for (i = 0; i < l->ncols; i++)
		head[i] = mem_strdup(l->col[i].head);
	list_print_row(l, head);
	for (i = 0; i < l->ncols; i++)
		mem_free(&head[i]);
	mem_free(&head);
}

static void
list_flush(struct out_list *l)
{
	size_t	r, i;

	if (l->nheld == 0)
		return;
	if (l->fit == NULL) {
		list_settle(l);
		list_print_head(l);
	}
	for (r = 0; r < l->nheld; r++) {
		list_print_row(l, &l->cell[r * l->ncols]);
		for (i = 0; i < l->ncols; i++)
			mem_free(&l->cell[r * l->ncols + i]);
	}
	l->nheld = 0;
}

/* Takes the value, in the form that is wanted. */
static void
list_cell(struct out_list *l, json_t *v, char *text)
{
	if (l->json)
		json_object_set_new(l->row, l->col[l->at].key, v);
	else
		l->cell[l->nheld * l->ncols + l->at] = text;
	if (++l->at < l->ncols)
		return;
	l->at = 0;
	l->rows++;
	if (l->json) {
		json_print(l->f, l->row, JSON_COMPACT);
		json_object_clear(l->row);
	} else if (++l->nheld == LIST_HOLD)
		list_flush(l);
}

void
out_text(struct out_list *l, const char *s)
{
	if (l->json)
		list_cell(l, json_text(s), NULL);
	else
		list_cell(l, NULL, clean_copy(s != NULL ? s : "-"));
}

void
out_num(struct out_list *l, int64_t n)
{
	char	buf[32];

	if (l->json) {
		list_cell(l, json_integer(n), NULL);
		return;
	}
	if (n >= 0)
		list_cell(l, NULL, mem_strdup(text_count(buf, (uint64_t)n)));
	else
		list_cell(l, NULL, mem_printf("%lld", (long long)n));
}

void
out_time(struct out_list *l, int64_t t)
{
	char	buf[TEXT_TIME_SIZE];

	if (l->json) {
		list_cell(l, json_time(t), NULL);
		return;
	}
	text_time(buf, t);
	if ((l->col[l->at].flags & OUT_DAY) != 0)
		buf[strlen("2026-11-21")] = '\0';
	list_cell(l, NULL, mem_strdup(t == 0 ? "-" : buf));
}

void
out_hex(struct out_list *l, const void *p, size_t n)
{
	out_id(l, p, n, 2 * n);
}

void
out_id(struct out_list *l, const void *p, size_t n, size_t digits)
{
	char	*hex;

	if (l->json) {
		list_cell(l, json_hex(p, n), NULL);
		return;
	}
	hex = mem_alloc(2 * n + 2);
	if (p == NULL)
		hex[0] = '-';
	else {
		text_hex(hex, p, n);
		if (digits < 2 * n)
			hex[digits] = '\0';
	}
	list_cell(l, NULL, hex);
}

void
out_bool(struct out_list *l, bool b)
{
	if (l->json)
		list_cell(l, json_boolean(b), NULL);
	else
		list_cell(l, NULL, mem_strdup(b ? "yes" : "no"));
}

size_t
out_list_rows(const struct out_list *l)
{
	return l->rows;
}

void
out_list_free(struct out_list **lp)
{
	struct out_list	*l = *lp;

	if (l == NULL)
		return;
	if (!l->json)
		list_flush(l);
	fflush(l->f);
	json_decref(l->row);
	mem_free(&l->cell);
	mem_free(&l->fit);
	mem_free(lp);
}

/* ---- texts ---- */

static void
add_folded(struct buf *out, FILE *f, const char *text)
{
	struct buf	line = { 0 }, clean = { 0 };
	size_t		n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		line.len = clean.len = 0;
		buf_add(&line, text, n);
		columns_clean(&clean, buf_cstr(&line));
		columns_fold(out, buf_cstr(&clean), (size_t)terminal_width(f),
		    FOLD_INDENT);
		buf_byte(out, '\n');
	}
	buf_clear(&line);
	buf_clear(&clean);
}

void
out_folded(FILE *f, const char *text)
{
	struct buf	folded = { 0 };

	add_folded(&folded, f, text);
	fputs(buf_cstr(&folded), f);
	buf_clear(&folded);
}

/* ---- records ---- */

struct out_record {
	FILE	 *f;
	json_t	 *doc;		/* NULL for people */
	char	**label;
	char	**text;
	size_t	  n;
	struct buf lines;
};

struct out_record *
out_record_new(FILE *f, bool json)
{
	struct out_record	*r = mem_alloc(sizeof(*r));

	r->f = f;
	if (json)
		r->doc = json_object();
	return r;
}

/* Takes both. */
static void
record_put(struct out_record *r, const char *key, json_t *v,
    const char *label, char *text)
{
	if (r->doc != NULL && key != NULL)
		json_object_set_new(r->doc, key, v);
	else
		json_decref(v);
	if (r->doc != NULL || label == NULL || text == NULL) {
		mem_free(&text);
		return;
	}
	r->label = mem_resize(r->label, r->n + 1, sizeof(char *));
	r->text = mem_resize(r->text, r->n + 1, sizeof(char *));
	r->label[r->n] = mem_strdup(label);
	r->text[r->n++] = text;
}

void
out_put(struct out_record *r, const char *key, const char *label,
    const char *text)
{
	record_put(r, key, json_text(text), label,
	    text != NULL ? clean_copy(text) : NULL);
}

void
out_put_num(struct out_record *r, const char *key, const char *label,
    int64_t n)
{
	char	buf[32];

	record_put(r, key, json_integer(n), label, n >= 0 ?
	    mem_strdup(text_count(buf, (uint64_t)n)) :
	    mem_printf("%lld", (long long)n));
}

void
out_put_time(struct out_record *r, const char *key, const char *label,
    int64_t t)
{
	char	buf[TEXT_TIME_SIZE];

	record_put(r, key, json_time(t), label,
	    t != 0 ? mem_strdup(text_time(buf, t)) : NULL);
}

void
out_put_hex(struct out_record *r, const char *key, const char *label,
    const void *p, size_t n)
{
	char	*hex = NULL;

	if (p != NULL) {
		hex = mem_alloc(2 * n + 1);
		text_hex(hex, p, n);
	}
	record_put(r, key, json_text(hex), label, hex);
}

void
out_put_bool(struct out_record *r, const char *key, const char *label,
    bool b)
{
	record_put(r, key, json_boolean(b), label,
	    mem_strdup(b ? "yes" : "no"));
}

void
out_put_json(struct out_record *r, const char *key, json_t *v)
{
	record_put(r, key, v, NULL, NULL);
}

void
out_put_line(struct out_record *r, const char *fmt, ...)
{
	va_list	 ap;
	char	 line[1024];

	if (r->doc != NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	columns_clean(&r->lines, line);
	buf_byte(&r->lines, '\n');
}

void
out_put_text(struct out_record *r, const char *text)
{
	if (r->doc == NULL)
		add_folded(&r->lines, r->f, text);
}

static void
record_print(struct out_record *r)
{
	struct buf	line = { 0 };
	size_t		i, w, widest = LABEL_MIN;

	for (i = 0; i < r->n; i++) {
		w = columns_of(r->label[i]);
		if (w > widest)
			widest = w;
	}
	for (i = 0; i < r->n; i++) {
		line.len = 0;
		buf_str(&line, r->label[i]);
		if (r->label[i][0] != '\0')
			buf_byte(&line, ':');
		print_padding(&line, line.len, widest + 3);
		buf_str(&line, r->text[i]);
		fprintf(r->f, "%s\n", buf_cstr(&line));
	}
	if (r->lines.len > 0)
		fputs(buf_cstr(&r->lines), r->f);
	buf_clear(&line);
}

void
out_record_free(struct out_record **rp)
{
	struct out_record	*r = *rp;
	size_t			 i;

	if (r == NULL)
		return;
	if (r->doc != NULL)
		json_print(r->f, r->doc, JSON_INDENT(2));
	else
		record_print(r);
	fflush(r->f);
	json_decref(r->doc);
	for (i = 0; i < r->n; i++) {
		mem_free(&r->label[i]);
		mem_free(&r->text[i]);
	}
	mem_free(&r->label);
	mem_free(&r->text);
	buf_clear(&r->lines);
	mem_free(rp);
}
