/* SPDX-License-Identifier: Apache-2.0 */
/* The first look at CMP messages; what is found lies inside of them. */
#include <stdlib.h>
#include "ra/cmp_message.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
inside(struct bytes part, struct bytes all)
{
	if (part.len > 0 && (part.p < all.p ||
	    part.p + part.len > all.p + all.len))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct cmp_message	 m;
	struct error		 e = ERROR_INIT;

	if (cmp_message_read(&m, BYTES(p, n), &e) == -1) {
		if (e.code != ERROR_INPUT || e.text[0] == '\0')
			abort();
		return 0;
	}
	if (m.transaction.len == 0 || m.transaction.len > CMP_ID_MAX)
		abort();
	inside(m.reference, BYTES(p, n));
	inside(m.transaction, BYTES(p, n));
	inside(m.signer, BYTES(p, n));
	return 0;
}
