/* SPDX-License-Identifier: Apache-2.0 */
/* What der_check() accepts, our writer would have written: every byte. */
#include <stdlib.h>
#include "x509/der.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
copy(struct buf *out, struct bytes in)
{
	struct bytes	 content;
	uint8_t		 tag;
	size_t		 mark;
	int		 rc;

	while ((rc = der_next(&in, &tag, &content, NULL)) == 1) {
		if (tag & 0x20) {
			mark = der_begin(out, tag);
			copy(out, content);
			der_end(out, mark);
		} else
			der_put(out, tag, content.p, content.len);
	}
	if (rc == -1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct buf	 again = { 0 };
	struct bytes	 in = BYTES(p, n), c;
	char		 text[DER_OID_TEXT];
	int64_t		 t;

	if (der_check(in, 20, &e) == -1) {
		if (e.code != ERROR_INPUT || e.text[0] == '\0')
			abort();
		return 0;
	}
	copy(&again, in);
	if (!bytes_equal(BYTES(again.p, again.len), in))
		abort();
	der_take_time(&in, &t);
	der_take_int(&in, &t);
	der_take_uint(&in, &c);
	der_take_bits(&in, &c);
	if (der_take(&in, DER_OID, &c) == 0 &&
	    der_oid_text(text, c)[0] == '\0')
		abort();
	buf_clear(&again);
	return 0;
}
