/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "apdu.h"
#include "scp03_private.h"

#define INS_INITIALIZE	0x50
#define INS_EXTERNAL	0x82
#define SECURED		0x84		/* the class byte: GlobalPlatform's, secured */
#define KIND		3		/* SCP03, in the key information */
#define DIVERSIFIED	10		/* bytes in front of that */
#define OFFERS_R_MAC	0x20		/* parameter i: table 5-1 */
#define OFFERS_R_ENC	0x40

size_t
scp03_room(const struct scp03 *s)
{
	size_t	 blocks = (255 - s->mac_len) / SCP03_BLOCK;

	return blocks * SCP03_BLOCK - 1;	/* at least one of padding */
}

/* Counts commands, whether they have data or not: 6.2.6. */
static void
count(struct scp03 *s)
{
	for (int i = SCP03_BLOCK - 1; i >= 0 && ++s->counter[i] == 0; i--)
		;
}

int
scp03_wrap(struct scp03 *s, uint8_t *c, size_t *n, struct error *e)
{
	uint8_t	*data = c + 5;

	c[0] |= SECURED;
	count(s);
	if ((s->level & SCP03_C_ENC) != 0 && *n > 0) {
		data[(*n)++] = 0x80;
		while (*n % SCP03_BLOCK != 0)
			data[(*n)++] = 0;
		if (scp03_cbc(s, true, 0, data, *n, e) == -1)
			return -1;
	}
	c[4] = (*n + s->mac_len) & 0xff;
	if (scp03_cmac(s->mac, s->key_len, BYTES(s->chain, SCP03_BLOCK),
	    BYTES(c, 5), BYTES(data, *n), s->chain, e) == -1)
		return -1;
	memcpy(data + *n, s->chain, s->mac_len);
	*n += s->mac_len;
	return 0;
}

static int
strip_padding(struct buf *answer, size_t from, struct error *e)
{
	while (answer->len > from && answer->p[answer->len - 1] == 0)
		answer->len--;
	if (answer->len == from || answer->p[answer->len - 1] != 0x80)
		return error_set(e, ERROR_DENIED,
		    "the card's answer does not fit the channel");
	answer->len--;
	return 0;
}

/* 6.2.5 and 6.2.7.  Answers that only say what went wrong are not protected. */
int
scp03_unwrap(struct scp03 *s, struct buf *answer, size_t from, uint16_t sw,
    struct error *e)
{
	uint8_t	 status[2] = { sw >> 8, sw & 0xff }, mac[SCP03_BLOCK];
	size_t	 n = answer->len - from;

	if ((s->level & SCP03_R_MAC) == 0 || (sw != APDU_OK &&
	    sw >> 8 != 0x62 && sw >> 8 != 0x63))
		return 0;
	if (n < s->mac_len)
		return error_set(e, ERROR_DENIED,
		    "the card's answer is not protected by the channel");
	n -= s->mac_len;
	if (scp03_cmac(s->rmac, s->key_len, BYTES(s->chain, SCP03_BLOCK),
	    BYTES(answer->p + from, n), BYTES(status, 2), mac, e) == -1)
		return -1;
	if (CRYPTO_memcmp(mac, answer->p + from + n, s->mac_len) != 0)
		return error_set(e, ERROR_DENIED,
		    "the card's answer was changed on its way");
	answer->len = from + n;
	if ((s->level & SCP03_R_ENC) == 0 || n == 0)
		return 0;
	if (n % SCP03_BLOCK != 0)
		return error_set(e, ERROR_DENIED,
		    "the card's answer does not fit the channel");
	if (scp03_cbc(s, false, 0x80, answer->p + from, n, e) == -1)
		return -1;
	return strip_padding(answer, from, e);
}

/* INITIALIZE UPDATE: 7.1.1.  *card: its challenge and what it shows. */
static int
initialize(struct card_io *io, const struct scp03_keys *k, struct bytes host,
    struct buf *answer, uint8_t *offers, struct error *e)
{
	struct apdu	 a = { INS_INITIALIZE, k->version, 0, host, true, 0x80 };
	uint16_t	 sw;

	if (apdu_exchange(io, &a, answer, &sw, e) == -1)
		return -1;
	if (sw != APDU_OK)
		return apdu_error(e, sw, "begin a channel");
	if (answer->len < DIVERSIFIED + 3)
		return error_set(e, ERROR_CARD, "the card's channel is of no "
		    "known kind");
	if (answer->p[DIVERSIFIED + 1] != KIND)
		return error_set(e, ERROR_CARD, "the card's channel is of kind "
		    "%02x, not SCP03", answer->p[DIVERSIFIED + 1]);
	*offers = answer->p[DIVERSIFIED + 2];
	if (answer->len < DIVERSIFIED + 3 + 2 * host.len)
		return error_set(e, ERROR_CARD, "the card's channel has "
		    "challenges of another length");
	return 0;
}

/* EXTERNAL AUTHENTICATE, the first command with a MAC: 7.1.2. */
static int
external(struct card_io *io, struct scp03 *s, const uint8_t *shows,
    uint8_t level, struct error *e)
{
	struct apdu	 a = { INS_EXTERNAL, level, 0,
			    { shows, s->mac_len }, false, 0x80 };
	uint16_t	 sw;
	int		 rc;

	s->level = SCP03_C_MAC;
	io->channel = s;
	rc = apdu_exchange(io, &a, NULL, &sw, e);
	io->channel = NULL;
	if (rc == 0 && sw != APDU_OK)
		rc = apdu_error(e, sw, "open a channel");
	memset(s->counter, 0, sizeof(s->counter));
	s->level = level;
	return rc;
}

static void
forget(struct scp03 **s)
{
	if (*s != NULL)
		OPENSSL_cleanse(*s, sizeof(**s));
	mem_free(s);
}

/* Session keys, and the card's proof, which comes before ours. */
static int
agree(struct scp03 *s, const struct scp03_keys *k, struct bytes host,
    const struct buf *answer, uint8_t ours[16], struct error *e)
{
	struct scp03_keys	 asked = { .version = k->version };
	const uint8_t		*card = answer->p + DIVERSIFIED + 3;
	uint8_t			 theirs[16];
	int			 rc = -1;

	if (k->ask != NULL && k->ask(k->arg, BYTES(answer->p, DIVERSIFIED),
	    &asked.enc, &asked.mac, e) == -1)
		goto out;
	if (scp03_derive(s, k->ask != NULL ? &asked : k, host,
	    BYTES(card, host.len), theirs, ours, e) == -1)
		goto out;
	if (CRYPTO_memcmp(theirs, card + host.len, host.len) != 0)
		error_set(e, ERROR_DENIED,
		    "the card does not know the keys of this channel");
	else
		rc = 0;
 out:
	secret_free(&asked.enc);
	secret_free(&asked.mac);
	return rc;
}

int
scp03_open(struct card_io *io, const struct scp03_keys *k, struct error *e)
{
	struct scp03	*s = mem_alloc(sizeof(*s));
	struct buf	 answer = { 0 };
	uint8_t		 host[16], ours[16];
	uint8_t		 offers = 0, level = SCP03_C_MAC | SCP03_C_ENC;
	size_t		 n = k->s16 ? 16 : 8;
	int		 rc = -1;

	scp03_close(io);
	if (RAND_bytes(host, (int)n) != 1) {
		error_ssl(e, ERROR_CRYPTO, "make a challenge");
		goto out;
	}
	if (initialize(io, k, BYTES(host, n), &answer, &offers, e) == -1 ||
	    agree(s, k, BYTES(host, n), &answer, ours, e) == -1)
		goto out;
	if ((offers & OFFERS_R_MAC) != 0)
		level |= SCP03_R_MAC | ((offers & OFFERS_R_ENC) != 0 ?
		    SCP03_R_ENC : 0);
	if (external(io, s, ours, level, e) == -1)
		goto out;
	io->channel = s;
	s = NULL;
	rc = 0;
 out:
	forget(&s);
	buf_clear(&answer);
	return rc;
}

void
scp03_close(struct card_io *io)
{
	forget(&io->channel);
}
