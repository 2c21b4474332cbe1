/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart/form-data (RFC 7578, RFC 2046).
 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "web/form_private.h"

#define BOUNDARY_MAX	70	/* RFC 2046, 5.1.1 */
#define HEADERS_MAX	8
#define HEADER_MAX	1024

/* A parameter's value: a token, or quoted; browsers write %22 for a quote. */
static size_t
parameter_value(const char *p, char *dst, size_t size)
{
	size_t	 n = 0, i = 0;
	bool	 quoted = *p == '"';

	if (!quoted) {
		n = strcspn(p, "; \t");
		snprintf(dst, size, "%.*s", (int)n, p);
		return n;
	}
	for (i = 1; p[i] != '\0' && p[i] != '"'; i++) {
		if (p[i] == '\\' && (p[i + 1] == '"' || p[i + 1] == '\\'))
			i++;
		if (n + 1 < size)
			dst[n++] = p[i];
	}
	dst[n] = '\0';
	return p[i] == '"' ? i + 1 : 0;
}

int
form_parameter(char **value, const char *list, const char *name,
    struct arena *a, struct error *e)
{
	size_t		 len = strlen(name), n;
	char		 text[HEADER_MAX];
	bool		 wanted;

	for (;;) {
		list += strspn(list, " \t");
		if (*list == '\0')
			return 0;
		if (*list != ';')
			return error_set(e, ERROR_INPUT, "a broken header");
		list += 1 + strspn(list + 1, " \t");
		if ((n = strcspn(list, "=;")) == 0 || list[n] != '=')
			return error_set(e, ERROR_INPUT, "a broken header");
		wanted = n == len && strncasecmp(list, name, n) == 0;
		list += n + 1;
		if ((n = parameter_value(list, text, sizeof(text))) == 0)
			return error_set(e, ERROR_INPUT, "a broken header");
		list += n;
		if (wanted) {
			*value = arena_strdup(a, text);
			return 1;
		}
	}
}

/* The browser's word: what is behind the last slash of either kind, without
 * anything that a header or a page could stumble over. */
static const char *
plain_filename(char *name)
{
	char	*base = name, *p;

	for (p = name; *p != '\0'; p++)
		if (*p == '/' || *p == '\\')
			base = p + 1;
	/* No file was chosen. */
	if (*name == '\0')
		return name;
	if (*base == '\0' || strcmp(base, ".") == 0 ||
	    strcmp(base, "..") == 0 ||
	    !text_is_clean(base, strlen(base), FORM_FILENAME_MAX))
		return "file";
	return base;
}

static int
part_disposition(struct form_field *f, const char *value, struct arena *a,
    struct error *e)
{
	static const char	 kind[] = "form-data";
	const char		*rest = value + sizeof(kind) - 1;
	char			*name, *filename;
	int			 is_file, found;

	if (strncasecmp(value, kind, sizeof(kind) - 1) != 0 ||
	    (found = form_parameter(&name, rest, "name", a, e)) == 0)
		return error_set(e, ERROR_INPUT, "a part of a form without "
		    "name");
	if (found == -1)
		return -1;
	if ((is_file = form_parameter(&filename, rest, "filename", a, e)) ==
	    -1)
		return -1;
	f->name = name;
	if (is_file == 1)
		f->filename = plain_filename(filename);
	return 0;
}

static int
part_header(struct form_field *f, const char *line, struct arena *a,
    struct error *e)
{
	static const char	 disposition[] = "Content-Disposition:";
	static const char	 type[] = "Content-Type:";
	const char		*v;

	if (strncasecmp(line, disposition, sizeof(disposition) - 1) == 0) {
		if (f->name != NULL)
			return error_set(e, ERROR_INPUT,
			    "a part of a form with two names");
		v = line + sizeof(disposition) - 1;
		return part_disposition(f, v + strspn(v, " \t"), a, e);
	}
	if (strncasecmp(line, type, sizeof(type) - 1) == 0) {
		v = line + sizeof(type) - 1;
		f->type = arena_strdup(a, v + strspn(v, " \t"));
	}
	return 0;
}

/* Lines up to an empty one; *p is what follows it. */
static int
part_headers(struct form_field *f, const uint8_t **p, const uint8_t *end,
    struct arena *a, struct error *e)
{
	const uint8_t	*eol;
	char		*line;
	size_t		 len;
	int		 n;

	for (n = 0; n <= HEADERS_MAX; n++) {
		eol = memmem(*p, (size_t)(end - *p), "\r\n", 2);
		if (eol == NULL || (len = (size_t)(eol - *p)) > HEADER_MAX)
			break;
		line = arena_alloc(a, len + 1);
		memcpy(line, *p, len);
		*p = eol + 2;
		if (len == 0)
			return f->name != NULL ? 0 : error_set(e, ERROR_INPUT,
			    "a part of a form without name");
		if (strlen(line) != len ||
		    !text_is_clean(line, len, HEADER_MAX))
			break;
		if (part_header(f, line, a, e) == -1)
			return -1;
	}
	return error_set(e, ERROR_INPUT, "a part of a form with broken "
	    "headers");
}

static int
part_add(struct form *form, struct form_field *f, struct bytes value,
    struct arena *a, struct error *e)
{
	char	*copy = arena_alloc(a, value.len + 1);

	memcpy(copy, value.p, value.len);
	f->value = copy;
	f->len = value.len;
	if (f->filename == NULL && form_clean(copy, &f->len, "of a part", e) ==
	    -1)
		return -1;
	return form_add(form, f, a, e);
}

int
form_parse_multipart(struct form *form, const char *boundary, struct bytes b,
    struct arena *a, struct error *e)
{
	char			 mark[BOUNDARY_MAX + 5];
	const uint8_t		*p = b.p, *end = b.p + b.len, *next;
	struct form_field	 f;
	size_t			 n = strlen(boundary);

	*form = (struct form){ NULL, 0 };
	if (n == 0 || n > BOUNDARY_MAX)
		return error_set(e, ERROR_INPUT, "a form in parts without "
		    "boundary");
	snprintf(mark, sizeof(mark), "\r\n--%s", boundary);
	n += 4;
	if (b.len < n - 2 || memcmp(p, mark + 2, n - 2) != 0)
		return error_set(e, ERROR_INPUT, "a form that does not begin");
	p += n - 2;
	for (;;) {
		if (end - p >= 2 && p[0] == '-' && p[1] == '-')
			return 0;
		if (end - p < 2 || p[0] != '\r' || p[1] != '\n')
			break;
		p += 2;
		f = (struct form_field){ .name = NULL };
		if (part_headers(&f, &p, end, a, e) == -1)
			return -1;
		if ((next = memmem(p, (size_t)(end - p), mark, n)) == NULL)
			break;
		if (part_add(form, &f, BYTES(p, next - p), a, e) == -1)
			return -1;
		p = next + n;
	}
	return error_set(e, ERROR_INPUT, "a form that does not end");
}
