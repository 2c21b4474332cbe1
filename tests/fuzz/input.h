/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_FUZZ_INPUT_H
#define SIGNET_TESTS_FUZZ_INPUT_H
/*
 * An input that is a program: it says, octet by octet, what is put together.
 * At its end there are zeros.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "os/msg.h"

struct input {
	const uint8_t	*p;
	size_t		 n;
};

static inline uint8_t
one(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

static inline uint32_t
four(struct input *in)
{
	uint32_t	 n = one(in);

	n = n << 8 | one(in);
	n = n << 8 | one(in);
	return n << 8 | one(in);
}

static inline struct bytes
some(struct input *in, size_t n)
{
	struct bytes	 b = BYTES(in->p, n < in->n ? n : in->n);

	in->p += b.len;
	in->n -= b.len;
	return b;
}

/* With one octet another, when the input says so. */
static inline void
put_some_thing(struct msg *m, struct input *in, const struct buf *b,
    bool twisted)
{
	size_t	 at = m->body.len + 4;

	msg_put_blob(m, b->p, b->len);
	if (twisted) {
		at += (((size_t)one(in) << 8) | one(in)) % b->len;
		m->body.p[at] ^= one(in);
	}
}
#endif
