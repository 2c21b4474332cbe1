/* SPDX-License-Identifier: Apache-2.0 */
#include "tlv.h"

static int
take(struct bytes *in, uint8_t *b)
{
	if (in->len == 0)
		return -1;
	*b = *in->p++;
	in->len--;
	return 0;
}

static int
take_tag(struct bytes *in, uint32_t *tag)
{
	uint8_t	 b;

	if (take(in, &b) == -1)
		return -1;
	*tag = b;
	if ((b & 0x1f) != 0x1f)
		return 0;
	for (int i = 0; i < 2; i++) {
		if (take(in, &b) == -1)
			return -1;
		*tag = *tag << 8 | b;
		if ((b & 0x80) == 0)
			return 0;
	}
	return -1;
}

static int
take_length(struct bytes *in, size_t *len)
{
	uint8_t	 b, n;

	if (take(in, &n) == -1)
		return -1;
	*len = n;
	if (n < 0x80)
		return 0;
	if (n < 0x81 || n > 0x84)
		return -1;
	for (*len = 0; n > 0x80; n--) {
		if (take(in, &b) == -1)
			return -1;
		*len = *len << 8 | b;
	}
	return 0;
}

int
tlv_next(struct bytes *in, uint32_t *tag, struct bytes *value)
{
	size_t	 len;

	if (in->len == 0)
		return 0;
	if (take_tag(in, tag) == -1 || take_length(in, &len) == -1 ||
	    len > in->len)
		return -1;
	*value = BYTES(in->p, len);
	in->p += len;
	in->len -= len;
	return 1;
}

int
tlv_find(struct bytes in, uint32_t wanted, struct bytes *value)
{
	uint32_t	 tag;
	int		 rc;

	while ((rc = tlv_next(&in, &tag, value)) == 1)
		if (tag == wanted)
			return 1;
	return rc;
}

void
tlv_put(struct buf *out, uint32_t tag, struct bytes value)
{
	for (int shift = 16; shift >= 0; shift -= 8)
		if (tag >> shift != 0)
			buf_byte(out, tag >> shift & 0xff);
	if (value.len > 0xff) {
		buf_byte(out, 0x82);
		buf_byte(out, value.len >> 8 & 0xff);
	} else if (value.len > 0x7f)
		buf_byte(out, 0x81);
	buf_byte(out, value.len & 0xff);
	if (value.len > 0)
		buf_add(out, value.p, value.len);
}

void
tlv_put_byte(struct buf *out, uint32_t tag, uint8_t b)
{
	tlv_put(out, tag, BYTES(&b, 1));
}
