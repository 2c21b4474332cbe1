/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cut_reader.h"

static int
move(void *io, struct bytes in, uint8_t *out, size_t size, size_t *n,
    struct error *e)
{
	struct cut_reader	*r = io;
	struct buf		 answer = { 0 };
	bool			 cut = ++r->count == r->cut_at;

	if (!cut || r->cut_after)
		pivcard_apdu(&r->card, in, &answer);
	*n = 0;
	if (cut)
		pivcard_power(&r->card);
	else {
		if (answer.len > size)
			abort();
		memcpy(out, answer.p, answer.len);
		*n = answer.len;
	}
	buf_clear(&answer);
	return cut ? error_set(e, ERROR_CARD, "cut") : 0;
}

static int
again(void *io, struct error *e)
{
	(void)e;
	pivcard_power(&((struct cut_reader *)io)->card);
	return 0;
}

static void
none(void *io)
{
	(void)io;
}

static const struct card_io_ops	 ops = { move, again, none, none };

void
cut_reader_open(struct cut_reader *r, struct card_io *io)
{
	*io = (struct card_io){ .ops = &ops, .io = r };
}

void
cut_reader_insert(struct cut_reader *r, bool extended, uint8_t alg,
    struct card_io *io)
{
	pivcard_clear(&r->card);
	*r = (struct cut_reader){ .count = 0 };
	pivcard_init(&r->card, extended, alg);
	if (extended)
		pivcard_attester(&r->card, NULL);
	r->card.serial = 4711;
	cut_reader_open(r, io);
}
