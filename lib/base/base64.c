/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "base/text.h"

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
