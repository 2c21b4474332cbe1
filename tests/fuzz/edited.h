/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_FUZZ_EDITED_H
#define SIGNET_TESTS_FUZZ_EDITED_H
/*
 * Something good, edited by the input, three octets each: where, and what instead.
 * What is returned is good until the next call.
 */
#include "base/mem.h"

static inline struct bytes
edited(const struct buf *good, const uint8_t *in, size_t len)
{
	static struct buf	 copy;

	copy.len = 0;
	buf_add(&copy, good->p, good->len);
	for (; len >= 3; in += 3, len -= 3)
		copy.p[((size_t)in[0] << 8 | in[1]) % copy.len] = in[2];
	return BYTES(copy.p, copy.len);
}
#endif
