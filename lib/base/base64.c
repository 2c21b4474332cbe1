/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <string.h>

#include "base/text.h"

#define PEM_LINE	64

/* The value of a digit, or -1. */
static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int
base64_bad(struct error *e)
{
	return error_set(e, ERROR_INPUT, "not base 64");
}

int
base64_parse(struct buf *out, const char *s, size_t len, struct error *e)
{
	uint32_t	 bits = 0;
	size_t		 i, pad = 0, start = out->len;
	int		 digit;

	if (len % 4 != 0)
		return base64_bad(e);
	while (pad < 2 && pad < len && s[len - 1 - pad] == '=')
		pad++;
	buf_reserve(out, len / 4 * 3 + 1);
	for (i = 0; i < len - pad; i++) {
		if ((digit = base64_digit(s[i])) == -1)
			goto bad;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 0)
			buf_byte(out, (uint8_t)(bits >> (6 - i % 4 * 2)));
	}
	/* The bits behind the last whole byte must be zero. */
	if ((pad == 2 && (bits & 0xf) != 0) || (pad == 1 && (bits & 3) != 0))
		goto bad;
	return 0;
 bad:
	out->len = start;
	return base64_bad(e);
}

/* RFC 4648, section 5, without padding: as browsers say it. */
int
base64url_parse(struct buf *out, const char *text, size_t len,
    struct error *e)
{
	struct buf	b = { 0 };
	size_t		i;
	int		rc;

	buf_reserve(&b, len + 4);
	for (i = 0; i < len; i++) {
		if (text[i] == '+' || text[i] == '/' || text[i] == '=') {
			buf_clear(&b);
			return error_set(e, ERROR_INPUT, "not base64url");
		}
		buf_byte(&b, text[i] == '-' ? '+' : text[i] == '_' ? '/' :
		    (uint8_t)text[i]);
	}
	while (b.len % 4 != 0)
		buf_byte(&b, '=');
	rc = base64_parse(out, (const char *)b.p, b.len, e);
	buf_clear(&b);
	return rc;
}

char *
text_base64url(const void *p, size_t len)
{
	char	*text = text_base64(p, len), *at;

	for (at = text; *at != '\0'; at++) {
		if (*at == '+')
			*at = '-';
		else if (*at == '/')
			*at = '_';
		else if (*at == '=') {
			*at = '\0';
			break;
		}
	}
	return text;
}

void
base64_put_pem(struct buf *out, const char *label, struct bytes der)
{
	char	*text = text_base64(der.p, der.len);
	size_t	 len = strlen(text), i, n;

	buf_printf(out, "-----BEGIN %s-----\n", label);
	for (i = 0; i < len; i += n) {
		n = len - i < PEM_LINE ? len - i : PEM_LINE;
		buf_add(out, text + i, n);
		buf_byte(out, '\n');
	}
	buf_printf(out, "-----END %s-----\n", label);
	mem_free(&text);
}
