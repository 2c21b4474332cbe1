/* SPDX-License-Identifier: Apache-2.0 */
#include "base/columns.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define ELLIPSIS	"\xe2\x80\xa6"

struct range {
	uint32_t	 from, to;
};

/* What takes two columns: East Asian wide and emoji. */
static const struct range wide[] = {
	{ 0x1100, 0x115f }, { 0x2329, 0x232a }, { 0x2e80, 0x303e },
	{ 0x3041, 0x33ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff },
	{ 0xa000, 0xa4cf }, { 0xa960, 0xa97f }, { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff }, { 0xfe10, 0xfe19 }, { 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};
/* What takes none: marks that sit on the character before them. */
static const struct range combining[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },
	{ 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x06d6, 0x06dc },
	{ 0x0900, 0x0902 }, { 0x093c, 0x093c }, { 0x0e31, 0x0e31 },
	{ 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff }, { 0x200b, 0x200d }, { 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef },
};
#define NRANGES(a)	(sizeof(a) / sizeof((a)[0]))

static bool
range_has(const struct range *r, size_t n, uint32_t c)
{
	size_t	i;

	for (i = 0; i < n && r[i].from <= c; i++)
		if (c <= r[i].to)
			return true;
	return false;
}

static size_t
char_width(uint32_t c)
{
	if (range_has(combining, NRANGES(combining), c))
		return 0;
	return range_has(wide, NRANGES(wide), c) ? 2 : 1;
}

/* One character: its length, or 0 if the bytes are not UTF-8. */
static size_t
char_take(const char *s, uint32_t *c)
{
	return text_utf8((const uint8_t *)s, strnlen(s, 4), c);
}

size_t
columns_of(const char *s)
{
	uint32_t	c = 0;
	size_t		n, width = 0;

	for (; *s != '\0'; s += n) {
		if ((n = char_take(s, &c)) == 0) {
			n = 1;
			c = '?';
		}
		width += char_width(c);
	}
	return width;
}

void
columns_fit(struct buf *out, const char *s, size_t width)
{
	uint32_t	c = 0;
	size_t		n, used = 0, w;

	if (columns_of(s) <= width) {
		buf_str(out, s);
		return;
	}
	for (; *s != '\0' && width > 0; s += n, used += w) {
		if ((n = char_take(s, &c)) == 0) {
			n = 1;
			c = '?';
		}
		w = char_width(c);
		if (used + w > width - 1)
			break;
		buf_add(out, s, n);
	}
	if (width > 0)
		buf_str(out, ELLIPSIS);
}

/* Of n octets those that go into so many columns: up to the last space beyond the
 * label, or as many as there is room for, and one character at least. */
static size_t
fold_take(const char *s, size_t n, size_t width, size_t label)
{
	uint32_t	c = 0;
	size_t		i, len, used = 0, space = 0;

	for (i = 0; i < n; i += len) {
		if ((len = char_take(s + i, &c)) == 0) {
			len = 1;
			c = '?';
		}
		used += char_width(c);
		if (used > width && i > 0)
			return c != ' ' && space > 0 ? space : i;
		if (c == ' ' && used > label)
			space = i + 1;
	}
	return n;
}

static void
fold_line(struct buf *out, const char *s, size_t n, size_t width, size_t indent)
{
	size_t	 i, len = fold_take(s, n, width, indent);

	buf_add(out, s, len);
	for (;;) {
		for (s += len, n -= len; n > 0 && *s == ' '; n--)
			s++;
		if (n == 0)
			break;
		buf_byte(out, '\n');
		for (i = 0; i < indent; i++)
			buf_byte(out, ' ');
		len = fold_take(s, n, width - indent, 0);
		buf_add(out, s, len);
	}
}

void
columns_fold(struct buf *out, const char *text, size_t width, size_t indent)
{
	size_t	 n;

	if (width == 0) {
		buf_str(out, text);
		return;
	}
	for (; *text != '\0'; text += n) {
		n = strcspn(text, "\n");
		fold_line(out, text, n, width, indent < width / 2 ? indent :
		    width / 2);
		if (text[n] == '\n') {
			buf_byte(out, '\n');
			n++;
		}
	}
}

void
columns_clean(struct buf *out, const char *s)
{
	size_t	 size = 4 * strlen(s) + 1;	/* each octet may be \xHH */
	char	*text = mem_alloc(size);

	buf_str(out, text_escape(text, size, s));
	mem_free(&text);
}
