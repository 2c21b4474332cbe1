/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a blob either fails with a cause or gives a whole order. */
#include <stdlib.h>
#include <openssl/err.h>
#include "order/approval.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct approved	*a;
	int		 rc = approval_open(&a, BYTES(p, n), &e);

	if (ERR_peek_error() != 0)
		abort();
	if (rc == -1) {
		if (e.code == ERROR_NONE || e.text[0] == '\0' || a != NULL)
			abort();
		return 0;
	}
	if (a->order == NULL || a->n > APPROVAL_MAX_SIGNERS)
		abort();
	approval_free(&a);
	return 0;
}
