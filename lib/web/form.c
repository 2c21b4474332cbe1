/* SPDX-License-Identifier: Apache-2.0 */
#include "web/form.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "web/form_private.h"

/* ---- text ---- */

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

/* Into dst, which has room for as much; -1 for a broken escape. */
static int
unescape(char *dst, size_t *len, struct bytes src, bool plus)
{
	size_t	 i;
	int	 hi, lo;

	for (*len = 0, i = 0; i < src.len; i++) {
		if (src.p[i] == '%') {
			if (src.len - i < 3 ||
			    (hi = hex_digit(src.p[i + 1])) == -1 ||
			    (lo = hex_digit(src.p[i + 2])) == -1)
				return -1;
			dst[(*len)++] = (char)(hi << 4 | lo);
			i += 2;
		} else
			dst[(*len)++] = plus && src.p[i] == '+' ? ' ' :
			    (char)src.p[i];
	}
	dst[*len] = '\0';
	return 0;
}

/* UTF-8 without NUL; line ends become LF; other control characters but the
 * tab are refused. */
int
form_clean(char *s, size_t *len, const char *name, struct error *e)
{
	const uint8_t	*p = (const uint8_t *)s;
	uint32_t	 c;
	size_t		 i, n, to = 0;

	for (i = 0; i < *len; i += n) {
		if ((n = text_utf8(p + i, *len - i, &c)) == 0)
			return error_set(e, ERROR_INPUT, "field \"%s\" is not "
			    "UTF-8", name);
		if (c == '\r') {
			if (i + 1 < *len && s[i + 1] == '\n')
				continue;
			s[to++] = '\n';
			continue;
		}
		if ((c < 32 && c != '\n' && c != '\t') ||
		    (c >= 127 && c < 160))
			return error_set(e, ERROR_INPUT, "field \"%s\" "
			    "contains a control character", name);
		memmove(s + to, s + i, n);
		to += n;
	}
	s[to] = '\0';
	*len = to;
	return 0;
}

int
form_unescape(char **out, struct bytes src, bool plus, struct arena *a,
    struct error *e)
{
	char		*s = arena_alloc(a, src.len + 1);
	const uint8_t	*p = (const uint8_t *)s;
	size_t		 len, i, n;
	uint32_t	 c;

	*out = NULL;
	if (unescape(s, &len, src, plus) == -1)
		return error_set(e, ERROR_INPUT, "a broken %%XX");
	for (i = 0; i < len; i += n)
		if ((n = text_utf8(p + i, len - i, &c)) == 0 || c < 32 ||
		    (c >= 127 && c < 160))
			return error_set(e, ERROR_INPUT, "not UTF-8, or a "
			    "control character");
	*out = s;
	return 0;
}

void
form_escape(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		    (*s >= '0' && *s <= '9') || strchr("-._~", *s) != NULL)
			buf_byte(out, (uint8_t)*s);
		else
			buf_printf(out, "%%%02X", (uint8_t)*s);
}

/* ---- fields ---- */

/* [A-Za-z0-9_.-], so that a name can stand in any message and log line. */
static bool
is_field_name(const char *s)
{
	size_t	 n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	return n > 0 && n <= FORM_NAME_MAX && s[n] == '\0';
}

int
form_add(struct form *f, const struct form_field *field, struct arena *a,
    struct error *e)
{
	struct form_field	*more;

	if (!is_field_name(field->name))
		return error_set(e, ERROR_INPUT, "a form with a field whose "
		    "name is none");
	if (f->n == FORM_FIELDS_MAX)
		return error_set(e, ERROR_INPUT, "a form with more than %d "
		    "fields", FORM_FIELDS_MAX);
	/* Doubled whenever it is full: 1, 2, 4 ... */
	if ((f->n & (f->n - 1)) == 0) {
		more = arena_alloc(a, (f->n == 0 ? 1 : 2 * f->n) *
		    sizeof(*more));
		if (f->n > 0)
			memcpy(more, f->field, f->n * sizeof(*more));
		f->field = more;
	}
	f->field[f->n++] = *field;
	return 0;
}

static int
add_pair(struct form *f, struct bytes pair, struct arena *a,
    struct error *e)
{
	const uint8_t		*eq = memchr(pair.p, '=', pair.len);
	size_t			 n = eq == NULL ? pair.len :
				    (size_t)(eq - pair.p);
	struct bytes		 value = { NULL, 0 };
	struct form_field	 field = { .filename = NULL };
	char			*name, *text;

	if (eq != NULL)
		value = BYTES(eq + 1, pair.len - n - 1);
	if (form_unescape(&name, BYTES(pair.p, n), true, a, e) == -1)
		return error_wrap(e, "name of a field");
	text = arena_alloc(a, value.len + 1);
	field.name = name;
	if (unescape(text, &field.len, value, true) == -1)
		return error_set(e, ERROR_INPUT, "a form with a broken %%XX");
	if (form_clean(text, &field.len, is_field_name(name) ? name : "?",
	    e) == -1)
		return -1;
	field.value = text;
	return form_add(f, &field, a, e);
}

int
form_parse_urlencoded(struct form *f, struct bytes b, struct arena *a,
    struct error *e)
{
	const uint8_t	*p = b.p, *amp;
	size_t		 left = b.len, n;

	*f = (struct form){ NULL, 0 };
	while (left > 0) {
		amp = memchr(p, '&', left);
		n = amp == NULL ? left : (size_t)(amp - p);
		if (n > 0 && add_pair(f, BYTES(p, n), a, e) == -1)
			return -1;
		n += amp != NULL;
		p += n;
		left -= n;
	}
	return 0;
}

/* The rest of a media type after its name, or NULL when it is another. */
static const char *
type_is(const char *type, const char *name)
{
	size_t	 n = strlen(name);

	if (strncasecmp(type, name, n) != 0)
		return NULL;
	type += n + strspn(type + n, " \t");
	return *type == '\0' || *type == ';' ? type : NULL;
}

int
form_parse(struct form *f, const char *type, struct bytes body,
    struct arena *a, struct error *e)
{
	const char	*rest;
	char		*boundary;

	*f = (struct form){ NULL, 0 };
	if (type == NULL)
		return body.len == 0 ? 0 : error_set(e, ERROR_INPUT,
		    "a form without Content-Type");
	if (type_is(type, "application/x-www-form-urlencoded") != NULL)
		return form_parse_urlencoded(f, body, a, e);
	if ((rest = type_is(type, "multipart/form-data")) == NULL)
		return error_set(e, ERROR_INPUT, "this is not a form");
	if (form_parameter(&boundary, rest, "boundary", a, e) != 1)
		return error_set(e, ERROR_INPUT, "a form in parts without "
		    "boundary");
	return form_parse_multipart(f, boundary, body, a, e);
}

const char *
form_get_nth(const struct form *f, const char *name, size_t nth)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->field[i].name, name) == 0 && nth-- == 0)
			return f->field[i].value;
	return NULL;
}

const struct form_field *
form_find(const struct form *f, const char *name)
{
	size_t	 i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->field[i].name, name) == 0)
			return &f->field[i];
	return NULL;
}

const char *
form_get(const struct form *f, const char *name)
{
	return form_get_nth(f, name, 0);
}
