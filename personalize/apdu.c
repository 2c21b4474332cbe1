/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include "apdu.h"
#include "scp03.h"

#define CHAINED		0x10
#define SHORT_MAX	255
#define SHORT_COMMAND	(5 + SHORT_MAX + 1)
#define SHORT_ANSWER	(256 + 2)
#define ROUNDS_MAX	128	/* answers to one command */

/* One command, one answer: *answer grows by what came before the status. */
static int
transmit(struct card_io *io, struct bytes command, struct buf *answer,
    uint16_t *sw, struct error *e)
{
	uint8_t	 small[SHORT_ANSWER], *out = small;
	size_t	 n = 0, size = sizeof(small);
	int	 rc = -1;

	if (io->lost)
		return error_set(e, ERROR_CARD,
		    "the card was lost and has not been recognised again");
	if (command.len > SHORT_COMMAND)
		out = mem_alloc(size = APDU_FRAME_MAX);
	if (io->ops->transmit(io->io, command, out, size, &n, e) == -1)
		goto out;
	/* A card that is pulled answers nothing, and successfully so. */
	if (n < 2 || n > size) {
		error_set(e, ERROR_CARD, "the card was removed");
		goto out;
	}
	*sw = (uint16_t)(out[n - 2] << 8 | out[n - 1]);
	if (answer->len + n - 2 > APDU_ANSWER_MAX) {
		error_set(e, ERROR_CARD, "the card's answer has no end");
		goto out;
	}
	if (n > 2)
		buf_add(answer, out, n - 2);
	rc = 0;
 out:
	io->lost = rc == -1;
	OPENSSL_cleanse(out, size);
	if (out != small)
		mem_free(&out);
	return rc;
}

/* 6Cxx: once more with that Le; then what 61xx says is left. */
static int
collect(struct card_io *io, uint8_t *command, size_t len, bool has_le,
    struct buf *answer, uint16_t *sw, struct error *e)
{
	uint8_t	 more[5] = { 0x00, 0xc0, 0x00, 0x00, 0 };

	if (transmit(io, BYTES(command, len), answer, sw, e) == -1)
		return -1;
	if (has_le && *sw >> 8 == 0x6c) {
		command[len - 1] = *sw & 0xff;
		if (transmit(io, BYTES(command, len), answer, sw, e) == -1)
			return -1;
	}
	for (int i = 0; *sw >> 8 == 0x61 || (i > 0 && *sw >> 8 == 0x6c);
	    i++) {
		if (i == ROUNDS_MAX) {
			io->lost = true;
			return error_set(e, ERROR_CARD,
			    "the card's answer has no end");
		}
		more[4] = *sw & 0xff;
		if (transmit(io, BYTES(more, sizeof(more)), answer, sw,
		    e) == -1)
			return -1;
	}
	return 0;
}

/* Through the channel, if there is one. */
static int
exchange_one(struct card_io *io, uint8_t *c, size_t n, bool wants_answer,
    struct buf *answer, uint16_t *sw, struct error *e)
{
	size_t	 len, from = answer->len;

	if (io->channel != NULL && scp03_wrap(io->channel, c, &n, e) == -1)
		return -1;
	len = 4;
	if (n > 0) {
		c[len++] = (uint8_t)n;
		len += n;
	}
	if (io->t0 && n > 0)
		wants_answer = false;
	if (wants_answer || (io->t0 && n == 0))
		c[len++] = 0;
	if (collect(io, c, len, wants_answer, answer, sw, e) == -1)
		return -1;
	if (io->channel == NULL ||
	    scp03_unwrap(io->channel, answer, from, *sw, e) == 0)
		return 0;
	io->lost = true;
	return -1;
}

static int
exchange_short(struct card_io *io, const struct apdu *a, struct buf *answer,
    uint16_t *sw, struct error *e)
{
	uint8_t		 c[5 + SHORT_MAX + 1];
	struct bytes	 left = a->data;
	size_t		 n, room = SHORT_MAX;
	bool		 last;
	int		 rc;

	if (io->channel != NULL)
		room = scp03_room(io->channel);
	do {
		n = left.len > room ? room : left.len;
		last = n == left.len;
		c[0] = last ? a->cla : a->cla | CHAINED;
		c[1] = a->ins;
		c[2] = a->p1;
		c[3] = a->p2;
		if (n > 0) {
			memcpy(c + 5, left.p, n);
			left = BYTES(left.p + n, left.len - n);
		}
		rc = exchange_one(io, c, n, last && a->wants_answer, answer,
		    sw, e);
	} while (rc == 0 && !last && *sw == APDU_OK);
	OPENSSL_cleanse(c, sizeof(c));
	return rc;
}

static int
exchange_extended(struct card_io *io, const struct apdu *a,
    struct buf *answer, uint16_t *sw, struct error *e)
{
	size_t	 n = a->data.len, len = 0;
	uint8_t	*c = mem_alloc(7 + n + 2);
	int	 rc;

	c[len++] = a->cla;
	c[len++] = a->ins;
	c[len++] = a->p1;
	c[len++] = a->p2;
	c[len++] = 0;
	c[len++] = n >> 8 & 0xff;
	c[len++] = n & 0xff;
	memcpy(c + len, a->data.p, n);
	len += n;
	if (a->wants_answer)
		len += 2;		/* Le 0000 */
	rc = collect(io, c, len, false, answer, sw, e);
	OPENSSL_cleanse(c, 7 + n + 2);
	mem_free(&c);
	return rc;
}

/* Does a card that was sent a first link of a chain know no chains? */
static bool
wants_no_chain(const struct card_io *io, const struct apdu *a, uint16_t sw)
{
	return (sw == APDU_NO_CHAINING || sw == APDU_NO_CLA) && !io->t0 &&
	    io->channel == NULL && a->data.len > SHORT_MAX;
}

/* What the answer to reset says of lengths is not always so: who refuses one
 * way is asked the other, and known by that from then on.  A card that knows
 * neither gets its first word. */
static int
exchange_either(struct card_io *io, const struct apdu *a, struct buf *answer,
    uint16_t *sw, struct error *e)
{
	uint16_t	 other;
	int		 rc;

	if (a->data.len <= SHORT_MAX || !io->extended ||
	    io->channel != NULL || io->t0) {
		rc = exchange_short(io, a, answer, sw, e);
		if (rc == -1 || !wants_no_chain(io, a, *sw))
			return rc;
		rc = exchange_extended(io, a, answer, &other, e);
		if (rc == 0 && other == APDU_OK) {
			io->extended = true;
			*sw = other;
		}
		return rc;
	}
	if (exchange_extended(io, a, answer, sw, e) == -1)
		return -1;
	if (*sw != APDU_LENGTH)
		return 0;
	rc = exchange_short(io, a, answer, sw, e);
	io->extended = rc != 0 || *sw != APDU_OK;
	return rc;
}

int
apdu_exchange(struct card_io *io, const struct apdu *a, struct buf *answer,
    uint16_t *sw, struct error *e)
{
	struct buf	 all = { 0 };
	int		 rc;

	*sw = 0;
	if (a->data.len > APDU_DATA_MAX)
		return error_set(e, ERROR_BUG, "%zu bytes for a card",
		    a->data.len);
	rc = exchange_either(io, a, &all, sw, e);
	if (answer != NULL) {
		buf_clear(answer);
		*answer = all;
		all = (struct buf){ 0 };
	}
	if (all.len > 0)
		OPENSSL_cleanse(all.p, all.len);
	buf_clear(&all);
	return rc;
}

static const struct {
	uint16_t	 sw;
	enum error_code	 code;
	const char	*text;
} meanings[] = {
	{ APDU_LENGTH, ERROR_CARD, "wrong length" },
	{ APDU_SECURITY, ERROR_DENIED, "not allowed to" },
	{ APDU_BLOCKED, ERROR_DENIED, "blocked" },
	{ APDU_UNUSABLE, ERROR_DENIED, "cannot be used" },
	{ APDU_CONDITION, ERROR_CARD, "not now" },
	{ APDU_DATA, ERROR_CARD, "wrong data" },
	{ APDU_NO_FUNCTION, ERROR_CARD, "no such function" },
	{ APDU_NOT_FOUND, ERROR_NOTFOUND, "not found" },
	{ APDU_NO_SPACE, ERROR_CARD, "no space" },
	{ APDU_PARAMETERS, ERROR_CARD, "wrong parameters" },
	{ APDU_NO_REFERENCE, ERROR_NOTFOUND, "no such key" },
	{ APDU_NO_INS, ERROR_CARD, "no such command" },
};

int
apdu_error(struct error *e, uint16_t sw, const char *what)
{
	if ((sw & 0xfff0) == 0x63c0)
		return error_set(e, ERROR_DENIED, "%s: wrong, %d tries left",
		    what, sw & 0xf);
	if (sw == APDU_WRONG)
		return error_set(e, ERROR_DENIED, "%s: wrong", what);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (meanings[i].sw == sw)
			return error_set(e, meanings[i].code,
			    "%s: the card says %04X, %s", what, sw,
			    meanings[i].text);
	return error_set(e, ERROR_CARD, "%s: the card says %04X", what, sw);
}

int
apdu_reconnect(struct card_io *io, struct error *e)
{
	io->lost = true;
	scp03_close(io);
	if (io->ops->reconnect(io->io, e) == -1)
		return -1;
	io->lost = false;
	return 0;
}

void
apdu_release(struct card_io *io)
{
	scp03_close(io);
	io->ops->release(io->io);
	io->lost = true;
}

void
apdu_close(struct card_io *io)
{
	scp03_close(io);
	if (io->ops != NULL)
		io->ops->close(io->io);
	*io = (struct card_io){ .ops = NULL };
}
