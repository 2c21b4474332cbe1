/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies and Authorization headers of EST; what was read is written and read
 * again. */
#include <stdlib.h>
#include <string.h>
#include "ra/est_body.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
body(struct bytes in)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 }, text = { 0 }, back = { 0 };

	if (est_decode(&der, in, &e) == 0) {
		est_encode(&text, BYTES(der.p, der.len));
		if (est_decode(&back, BYTES(text.p, text.len), &e) == -1 ||
		    back.len != der.len ||
		    memcmp(back.p, der.p, der.len) != 0)
			abort();
	} else if (e.code != ERROR_INPUT || e.text[0] == '\0')
		abort();
	buf_clear(&der);
	buf_clear(&text);
	buf_clear(&back);
}

static void
header(struct bytes in)
{
	char		 name[EST_NAME_MAX + 1];
	struct error	 e = ERROR_INIT;
	struct secret	 password = { 0 };
	char		*line = mem_printf("Basic %.*s", (int)in.len,
			    (const char *)in.p);

	if (est_basic(name, &password, line, &e) == 1 &&
	    (name[0] == '\0' || strchr(name, ':') != NULL ||
	    password.len > EST_PASSWORD_MAX))
		abort();
	secret_free(&password);
	mem_free(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	body(BYTES(p, n));
	if (n < 10000)
		header(BYTES(p, n));
	return 0;
}
