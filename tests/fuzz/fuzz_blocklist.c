/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of bad keys as others publish them.  What is read twice is there once,
 * and what is written is sorted and as long as it says.
 */
#include <stdlib.h>
#include <string.h>
#include "x509/blocklist.h"
#include "x509/blocklist_private.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The number of records in all, as the file's head has it. */
static size_t
check_file(const struct buf *b)
{
	const uint8_t	*head, *p;
	size_t		 n = 0, k, i, many;

	if (b->len < BLOCKLIST_HEADER)
		abort();
	head = b->p + BLOCKLIST_MAGIC_SIZE;
	p = b->p + BLOCKLIST_HEADER;
	for (k = 0; k < BLOCKLIST__MAX; k++) {
		for (many = 0, i = 0; i < 8; i++)
			many = many << 8 | head[8 * k + i];
		for (i = 1; i < many; i++)
			if (memcmp(p + (i - 1) * BLOCKLIST_RECORD,
			    p + i * BLOCKLIST_RECORD, BLOCKLIST_RECORD) >= 0)
				abort();
		p += many * BLOCKLIST_RECORD;
		n += many;
	}
	if (p != b->p + b->len)
		abort();
	return n;
}

static void
again(struct blocklist_draft *d, struct bytes text, enum blocklist_kind k,
    const struct buf *once)
{
	struct error	 e = ERROR_INIT;
	struct buf	 twice = { 0 };

	if (blocklist_read(d, text, k, &e) == -1)
		abort();
	blocklist_encode(&twice, d);
	if (!bytes_equal(BYTES(once->p, once->len),
	    BYTES(twice.p, twice.len)))
		abort();
	buf_clear(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct blocklist_draft	 d = { .digest = { { 0 } } };
	struct error		 e = ERROR_INIT;
	struct buf		 once = { 0 };
	struct bytes		 text;
	enum blocklist_kind	 k;

	if (n == 0)
		return 0;
	/* The first octet is the kind that is given with the file. */
	k = (enum blocklist_kind)(p[0] % BLOCKLIST__MAX);
	text = BYTES(p + 1, n - 1);
	if (blocklist_read(&d, text, k, &e) == -1) {
		if (e.code != ERROR_INPUT || strncmp(e.text, "line ", 5) != 0)
			abort();
	} else {
		blocklist_encode(&once, &d);
		/* A digest takes twenty digits and the end of its line. */
		if (check_file(&once) > (n + 1) / 21)
			abort();
		again(&d, text, k, &once);
	}
	buf_clear(&once);
	blocklist_draft_clear(&d);
	return 0;
}
