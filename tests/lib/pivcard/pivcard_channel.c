/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The card's end of GlobalPlatform's secure channel 03 (Card Specification
 * 2.3, amendment D), down to the CMAC of SP 800-38B on AES blocks: nothing of
 * it is what the other end is made of.
 */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "pivcard.h"

#define PARAMETER_I	0x70	/* R-MAC, R-ENC; challenges of the counter */

static void
aes(const uint8_t *key, size_t key_len, const uint8_t in[16], uint8_t out[16],
    bool encrypt)
{
	const char	*name = key_len == 16 ? "AES-128-ECB" : key_len == 24 ?
			    "AES-192-ECB" : "AES-256-ECB";
	EVP_CIPHER	*c = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX	*ctx = EVP_CIPHER_CTX_new();
	uint8_t		 done[32];
	int		 n = 0;

	pivcard_must(c != NULL && ctx != NULL && EVP_CipherInit_ex2(ctx, c,
	    key, NULL, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	    EVP_CipherUpdate(ctx, done, &n, in, 16) == 1 && n == 16,
	    "use AES");
	memcpy(out, done, 16);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(c);
}

/* Times x in GF(2^128). */
static void
twice(uint8_t b[16])
{
	uint8_t	 carry = b[0] >> 7;

	for (int i = 0; i < 15; i++)
		b[i] = (uint8_t)(b[i] << 1) | b[i + 1] >> 7;
	b[15] = (uint8_t)(b[15] << 1) ^ (carry != 0 ? 0x87 : 0);
}

static void
cmac(const uint8_t *key, size_t key_len, const struct buf *in, uint8_t out[16])
{
	uint8_t	 k[16] = { 0 }, x[16] = { 0 };
	size_t	 at = 0, left = in->len;

	aes(key, key_len, k, k, true);
	twice(k);
	for (; left > 16; at += 16, left -= 16) {
		for (int i = 0; i < 16; i++)
			x[i] ^= in->p[at + (size_t)i];
		aes(key, key_len, x, x, true);
	}
	if (left < 16) {
		twice(k);
		x[left] ^= 0x80;
	}
	for (size_t i = 0; i < 16; i++)
		x[i] ^= k[i] ^ (i < left ? in->p[at + i] : 0);
	aes(key, key_len, x, out, true);
}

/* 4.1.5: label of 12 bytes, 00, bits in two bytes, counter, context. */
static void
derive(uint8_t *out, size_t n, const uint8_t *key, size_t key_len,
    uint8_t constant, const struct pivcard_channel *ch)
{
	struct buf	 in;
	uint8_t		 block[16];

	for (uint8_t i = 1; n > 0; i++) {
		size_t	 part = n < 16 ? n : 16;

		in = (struct buf){ 0 };
		for (int z = 0; z < 11; z++)
			buf_byte(&in, 0);
		buf_byte(&in, constant);
		buf_byte(&in, 0);
		buf_byte(&in, ch->bits >> 8 & 0xff);
		buf_byte(&in, ch->bits & 0xff);
		buf_byte(&in, i);
		buf_add(&in, ch->context, 2 * ch->mac_len);
		cmac(key, key_len, &in, block);
		memcpy(out, block, part);
		out += part;
		n -= part;
		buf_clear(&in);
	}
}

/* INITIALIZE UPDATE, 7.1.1. */
static void
diversification(const struct pivcard *c, uint8_t who[10])
{
	memcpy(who, "TEST\0\0", 6);
	for (int i = 0; i < 4; i++)
		who[6 + i] = c->serial >> (24 - 8 * i) & 0xff;
}

/* KDF3: counter, number of the key in four bytes, 00, diversification. */
static void
diversify(uint8_t *out, size_t n, const uint8_t *master, size_t master_len,
    uint8_t number, const uint8_t who[10])
{
	uint8_t		 head[6] = { 0, 0, 0, 0, number, 0 }, block[16];
	struct buf	 in;

	for (size_t at = 0; at < n; at += 16) {
		head[0]++;
		in = (struct buf){ 0 };
		buf_add(&in, head, sizeof(head));
		buf_add(&in, who, 10);
		cmac(master, master_len, &in, block);
		memcpy(out + at, block, n - at < 16 ? n - at : 16);
		buf_clear(&in);
	}
}

void
pivcard_diversify(struct pivcard *c)
{
	uint8_t	 who[10], master[32];
	size_t	 n = c->channel_size;

	memcpy(master, c->channel_enc, sizeof(master));
	diversification(c, who);
	diversify(c->channel_enc, n, master, n, 1, who);
	diversify(c->channel_mac, n, master, n, 2, who);
}

uint16_t
pivcard_initialize(struct pivcard *c, const struct pivcard_command *cmd,
    struct buf *out)
{
	struct pivcard_channel	*ch = &c->channel;
	uint8_t			 who[10];
	size_t			 n = cmd->data.len, len = c->channel_size;
	uint8_t			 shows[16];

	*ch = (struct pivcard_channel){ .mac_len = n };
	if (len == 0)
		return SW_INS;
	if (n != 8 && n != 16)
		return SW_LENGTH;
	if (cmd->p1 != 0 && cmd->p1 != 1)
		return SW_NO_REFERENCE;
	c->channel_count++;
	pivcard_save(c);
	diversification(c, who);
	memcpy(ch->context, cmd->data.p, n);
	RAND_bytes(ch->context + n, (int)n);
	ch->bits = (unsigned int)len * 8;
	derive(ch->enc, len, c->channel_enc, len, 4, ch);
	derive(ch->mac, len, c->channel_mac, len, 6, ch);
	derive(ch->rmac, len, c->channel_mac, len, 7, ch);
	ch->bits = (unsigned int)n * 8;
	derive(shows, n, ch->mac, len, 0, ch);
	derive(ch->expected, n, ch->mac, len, 1, ch);
	if (c->lie == LIE_CHANNEL)
		shows[0] ^= 1;
	buf_add(out, who, sizeof(who));
	buf_byte(out, 1);
	buf_byte(out, 3);
	buf_byte(out, PARAMETER_I | (n == 16));
	buf_add(out, ch->context + n, n);
	buf_add(out, shows, n);
	for (int shift = 16; shift >= 0; shift -= 8)
		buf_byte(out, c->channel_count >> shift & 0xff);
	ch->begun = true;
	return SW_OK;
}

/* 6.2.4: over the last MAC, the header and the data; Lc counts the MAC. */
static bool
check_mac(struct pivcard *c, const struct pivcard_command *cmd)
{
	struct pivcard_channel	*ch = &c->channel;
	struct buf		 in = { 0 };
	uint8_t			 mac[16];
	bool			 same;

	if (cmd->data.len < ch->mac_len)
		return false;
	buf_add(&in, ch->chain, sizeof(ch->chain));
	buf_byte(&in, cmd->cla);
	buf_byte(&in, cmd->ins);
	buf_byte(&in, cmd->p1);
	buf_byte(&in, cmd->p2);
	buf_byte(&in, cmd->data.len & 0xff);
	if (cmd->data.len > ch->mac_len)
		buf_add(&in, cmd->data.p, cmd->data.len - ch->mac_len);
	cmac(ch->mac, c->channel_size, &in, mac);
	buf_clear(&in);
	same = CRYPTO_memcmp(mac, cmd->data.p + cmd->data.len - ch->mac_len,
	    ch->mac_len) == 0;
	memcpy(ch->chain, mac, sizeof(mac));
	return same;
}

static void
first_block(struct pivcard *c, uint8_t mark, uint8_t iv[16])
{
	memcpy(iv, c->channel.counter, 16);
	iv[0] |= mark;
	aes(c->channel.enc, c->channel_size, iv, iv, true);
}

/* 6.2.6: CBC and the padding 80 00...; the plain text is kept in ch. */
static bool
decipher(struct pivcard *c, struct pivcard_command *cmd)
{
	struct pivcard_channel	*ch = &c->channel;
	uint8_t			 iv[16], b[16];
	size_t			 n = cmd->data.len;

	if (n % 16 != 0 || n > sizeof(ch->plain))
		return false;
	first_block(c, 0, iv);
	for (size_t at = 0; at < n; at += 16) {
		aes(ch->enc, c->channel_size, cmd->data.p + at, b, false);
		for (size_t i = 0; i < 16; i++)
			ch->plain[at + i] = b[i] ^ iv[i];
		memcpy(iv, cmd->data.p + at, 16);
	}
	while (n > 0 && ch->plain[n - 1] == 0)
		n--;
	if (n == 0 || ch->plain[--n] != 0x80)
		return false;
	cmd->data = BYTES(ch->plain, n);
	return true;
}

bool
pivcard_channel_open(struct pivcard *c, struct pivcard_command *cmd)
{
	struct pivcard_channel	*ch = &c->channel;
	bool			 ok = ch->is_open && check_mac(c, cmd);

	for (int i = 15; ok && i >= 0 && ++ch->counter[i] == 0; i--)
		;
	if (ok) {
		cmd->data.len -= ch->mac_len;
		if ((ch->level & 2) != 0 && cmd->data.len > 0)
			ok = decipher(c, cmd);
	}
	if (!ok)
		*ch = (struct pivcard_channel){ .mac_len = 0 };
	cmd->cla &= 0x10;
	return ok;
}

/* EXTERNAL AUTHENTICATE, 7.1.2. */
uint16_t
pivcard_external(struct pivcard *c, const struct pivcard_command *cmd)
{
	struct pivcard_channel	*ch = &c->channel;
	bool			 right;

	right = ch->begun && cmd->data.len == 2 * ch->mac_len &&
	    check_mac(c, cmd) && CRYPTO_memcmp(cmd->data.p, ch->expected,
	    ch->mac_len) == 0 && (cmd->p1 & ~0x33) == 0;
	ch->begun = false;
	ch->is_open = right;
	ch->level = cmd->p1;
	return right ? SW_OK : SW_SECURITY;
}

/* 6.2.5 and 6.2.7. */
void
pivcard_channel_close(struct pivcard *c, struct buf *answer, uint16_t sw)
{
	struct pivcard_channel	*ch = &c->channel;
	struct buf		 in = { 0 };
	uint8_t			 iv[16];

	if ((ch->level & 0x10) == 0 || sw != SW_OK)
		return;
	if ((ch->level & 0x20) != 0 && answer->len > 0) {
		buf_byte(answer, 0x80);
		while (answer->len % 16 != 0)
			buf_byte(answer, 0);
		first_block(c, 0x80, iv);
		for (size_t at = 0; at < answer->len; at += 16) {
			for (size_t i = 0; i < 16; i++)
				iv[i] ^= answer->p[at + i];
			aes(ch->enc, c->channel_size, iv, iv, true);
			memcpy(answer->p + at, iv, 16);
		}
	}
	buf_add(&in, ch->chain, sizeof(ch->chain));
	if (answer->len > 0)
		buf_add(&in, answer->p, answer->len);
	buf_byte(&in, sw >> 8);
	buf_byte(&in, sw & 0xff);
	cmac(ch->rmac, c->channel_size, &in, iv);
	if (c->lie == LIE_ANSWER)
		iv[0] ^= 1;
	buf_add(answer, iv, ch->mac_len);
	buf_clear(&in);
}
