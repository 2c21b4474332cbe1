/* SPDX-License-Identifier: Apache-2.0 */
/* The card management key 9B: part 2, 3.2.4 and A.1; SP 800-78-4, table 8. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include "pivcard.h"

static const struct {
	uint8_t		 alg;
	size_t		 size, block;
	const char	*cipher;
} ciphers[] = {
	{ 0x03, 24, 8, "DES-EDE3-ECB" },
	{ 0x08, 16, 16, "AES-128-ECB" },
	{ 0x0a, 24, 16, "AES-192-ECB" },
	{ 0x0c, 32, 16, "AES-256-ECB" },
};
#define NCIPHERS	(sizeof(ciphers) / sizeof(ciphers[0]))

size_t
pivcard_manage_size(uint8_t alg)
{
	for (size_t i = 0; i < NCIPHERS; i++)
		if (ciphers[i].alg == alg || (alg == 0 && ciphers[i].alg == 3))
			return ciphers[i].size;
	return 0;
}

static size_t
block_size(const struct pivcard *c)
{
	return c->manage_alg == 0x03 ? 8 : 16;
}

static void
encrypt(const struct pivcard *c, uint8_t *out, const uint8_t *in)
{
	EVP_CIPHER_CTX	*ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER	*cipher = NULL;
	uint8_t		 key[32];
	int		 n = 0;

	memcpy(key, c->manage, sizeof(key));
	if (c->lie == LIE_WITNESS)
		key[7] ^= 0x80;
	for (size_t i = 0; i < NCIPHERS; i++)
		if (ciphers[i].alg == c->manage_alg)
			cipher = EVP_CIPHER_fetch(NULL, ciphers[i].cipher,
			    NULL);
	pivcard_must(ctx != NULL && cipher != NULL &&
	    EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	    EVP_EncryptUpdate(ctx, out, &n, in, (int)block_size(c)) == 1 &&
	    n == (int)block_size(c), "encrypt");
	EVP_CIPHER_free(cipher);
	EVP_CIPHER_CTX_free(ctx);
}

static void
answer(struct buf *out, uint8_t tag, const uint8_t *p, size_t n)
{
	struct buf	 in = { 0 };

	ber_put(&in, tag, p, n);
	ber_put(out, 0x7c, in.p, in.len);
	buf_clear(&in);
}

bool
pivcard_manage_has(const struct pivcard *c, uint8_t alg)
{
	return c->manage_best == 0 || alg <= c->manage_best;
}

/* The host has answered the witness and asks the same of us. */
static uint16_t
mutual(struct pivcard *c, struct bytes witness, struct bytes challenge,
    struct buf *out)
{
	size_t	 n = block_size(c);
	uint8_t	 r[16];
	bool	 right;

	if (!c->has_witness || witness.len != n || challenge.len != n)
		return SW_DATA;
	right = CRYPTO_memcmp(witness.p, c->witness, n) == 0;
	c->has_witness = false;
	c->managed = right || c->lie == LIE_WITNESS;
	if (!c->managed)
		return c->kind != NULL ? c->kind->wrong_key : SW_SECURITY;
	encrypt(c, r, challenge.p);
	answer(out, 0x82, r, n);
	return SW_OK;
}

uint16_t
pivcard_manage_auth(struct pivcard *c, const struct pivcard_command *cmd,
    struct bytes witness, bool has_witness, struct bytes challenge,
    bool has_challenge, struct bytes response, bool has_response,
    struct buf *out)
{
	size_t	 n = block_size(c);
	uint8_t	 w[16];

	if (cmd->p1 != c->manage_alg && !(cmd->p1 == 0 &&
	    c->manage_alg == 0x03))
		return c->kind != NULL ? c->kind->wrong_alg :
		    c->extended ? SW_DATA : SW_P1P2;
	if (has_witness && witness.len == 0) {
		RAND_bytes(c->witness, (int)n);
		c->has_witness = true;
		encrypt(c, w, c->witness);
		answer(out, 0x80, w, n);
		return SW_OK;
	}
	if (has_witness && has_challenge)
		return mutual(c, witness, challenge, out);
	if (has_challenge && challenge.len == 0 && !has_response) {
		RAND_bytes(c->challenge, (int)n);
		c->has_challenge = true;
		answer(out, 0x81, c->challenge, n);
		return SW_OK;
	}
	if (!has_response || !c->has_challenge || response.len != n ||
	    has_challenge)
		return SW_DATA;
	encrypt(c, w, c->challenge);
	c->has_challenge = false;
	c->managed = CRYPTO_memcmp(w, response.p, n) == 0;
	return c->managed ? SW_OK : SW_SECURITY;
}
