/* SPDX-License-Identifier: Apache-2.0 */
#include "pivcard.h"

void
pivcard_die(const char *what)
{
	fprintf(stderr, "pivcard: cannot %s\n", what);
	abort();
}

static int
ber_length(struct bytes *in, size_t *len)
{
	size_t	 n;

	if (in->len == 0)
		return -1;
	*len = *in->p++;
	in->len--;
	if (*len < 0x80)
		return 0;
	if ((n = *len & 0x7f) < 1 || n > 3 || in->len < n)
		return -1;
	for (*len = 0; n > 0; n--, in->len--)
		*len = *len << 8 | *in->p++;
	return 0;
}

int
ber_next(struct bytes *in, uint32_t *tag, struct bytes *value)
{
	size_t	 len;

	if (in->len == 0)
		return 0;
	*tag = *in->p++;
	in->len--;
	if ((*tag & 0x1f) == 0x1f)
		do {
			if (in->len == 0 || *tag > 0xffff)
				return -1;
			*tag = *tag << 8 | *in->p++;
			in->len--;
		} while (*tag & 0x80);
	if (ber_length(in, &len) == -1 || len > in->len)
		return -1;
	*value = BYTES(in->p, len);
	in->p += len;
	in->len -= len;
	return 1;
}

void
ber_put(struct buf *out, uint32_t tag, const void *p, size_t n)
{
	if (tag > 0xffff)
		buf_byte(out, tag >> 16 & 0xff);
	if (tag > 0xff)
		buf_byte(out, tag >> 8 & 0xff);
	buf_byte(out, tag & 0xff);
	if (n >= 0x100) {
		buf_byte(out, 0x82);
		buf_byte(out, n >> 8 & 0xff);
	} else if (n >= 0x80)
		buf_byte(out, 0x81);
	buf_byte(out, n & 0xff);
	if (n > 0)
		buf_add(out, p, n);
}
