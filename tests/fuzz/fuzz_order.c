/* SPDX-License-Identifier: Apache-2.0 */
/* An order that parses must encode to the same bytes and have a description. */
#include <stdlib.h>
#include "order/order.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct order	*o;
	struct buf	 again = { 0 }, text = { 0 };

	if (order_parse(&o, BYTES(p, n), &e) == -1) {
		if (e.code == ERROR_NONE || e.text[0] == '\0' || o != NULL)
			abort();
		return 0;
	}
	if (order_encode(&again, o, &e) == -1 ||
	    !bytes_equal(BYTES(again.p, again.len), BYTES(p, n)))
		abort();
	order_describe(&text, o, 3);
	buf_clear(&text);
	buf_clear(&again);
	order_free(&o);
	return 0;
}
