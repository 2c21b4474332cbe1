/* SPDX-License-Identifier: Apache-2.0 */
/* A body in which "act" is found can be written again from what was found;
 * signed heads are CMS from outside. */
#include <stdlib.h>
#include <string.h>
#include "audit/chain.h"
#include "audit/head.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
body_read(struct bytes body)
{
	struct error	 e = ERROR_INIT;
	struct buf	 value = { 0 }, again = { 0 };

	if (audit_find(body, "act", &value, &e) == 1) {
		audit_str(&again, "act", buf_cstr(&value));
		if (again.len > body.len ||
		    memcmp(again.p, body.p, again.len) != 0)
			abort();
	}
	buf_clear(&again);
	buf_clear(&value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct error			 e = ERROR_INIT;
	struct audit_signed_head	 head;

	body_read(BYTES(p, n));
	if (audit_head_verify(&head, BYTES(p, n), NULL, NULL, &e) == 0)
		abort();	/* nobody is trusted */
	return 0;
}
