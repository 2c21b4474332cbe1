/* SPDX-License-Identifier: Apache-2.0 */
/* The management key: SP 800-73-4 part 2, A.1; SP 800-78-5, table 7. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "piv_private.h"

/* In the order in which they are tried where the card does not tell. */
static const struct {
	uint8_t		 alg;
	size_t		 key, block;
	const char	*cipher;
} ciphers[] = {
	{ 0x0a, 24, 16, "AES-192-ECB" },
	{ 0x0c, 32, 16, "AES-256-ECB" },
	{ 0x08, 16, 16, "AES-128-ECB" },
	{ 0x03, 24, 8, "DES-EDE3-ECB" },
};
#define NCIPHERS	(sizeof(ciphers) / sizeof(ciphers[0]))

static int
cipher_block(size_t i, const struct secret *key, bool encrypt,
    const uint8_t *in, uint8_t out[PIV_BLOCK_MAX], struct error *e)
{
	EVP_CIPHER_CTX	*ctx = EVP_CIPHER_CTX_new();
	EVP_CIPHER	*cipher = EVP_CIPHER_fetch(NULL, ciphers[i].cipher,
			    NULL);
	uint8_t		 done[2 * PIV_BLOCK_MAX];
	int		 n = 0, rc = -1;

	if (ctx == NULL || cipher == NULL ||
	    EVP_CipherInit_ex2(ctx, cipher, key->p, NULL, encrypt,
	    NULL) != 1 || EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_CipherUpdate(ctx, done, &n, in, (int)ciphers[i].block) != 1 ||
	    n != (int)ciphers[i].block) {
		error_ssl(e, ERROR_CRYPTO, "management key with %s",
		    ciphers[i].cipher);
		goto out;
	}
	memcpy(out, done, ciphers[i].block);
	rc = 0;
 out:
	OPENSSL_cleanse(done, sizeof(done));
	EVP_CIPHER_free(cipher);
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

static int
send_7c(struct card *c, uint8_t alg, const struct buf *inside,
    struct buf *answer, uint16_t *sw, struct error *e)
{
	struct buf	 data = { 0 };
	int		 rc;

	tlv_put(&data, 0x7c, BYTES(inside->p, inside->len));
	rc = piv_send(c, PIV_USE, alg, PIV_MANAGEMENT, BYTES(data.p,
	    data.len), answer, sw, e);
	buf_clear(&data);
	return rc;
}

/* The card's witness: 1, 0 this is not its algorithm, -1. */
static int
ask_witness(struct card *c, size_t i, uint8_t w[PIV_BLOCK_MAX],
    struct error *e)
{
	struct buf	 ask = { 0 }, answer = { 0 };
	struct bytes	 v;
	uint16_t	 sw;
	int		 rc;

	tlv_put(&ask, 0x80, BYTES(NULL, 0));
	rc = send_7c(c, ciphers[i].alg, &ask, &answer, &sw, e);
	if (rc == 0 && sw == APDU_OK) {
		if (piv_answer(BYTES(answer.p, answer.len), 0x80, &v,
		    e) == -1)
			rc = -1;
		else if (v.len == ciphers[i].block) {
			memcpy(w, v.p, v.len);
			rc = 1;
		}
	}
	buf_clear(&answer);
	buf_clear(&ask);
	return rc;
}

/* Ours for theirs. */
static int
prove(struct card *c, size_t i, const struct secret *key,
    const uint8_t *witness, struct error *e)
{
	struct buf	 ask = { 0 }, answer = { 0 };
	uint8_t		 mine[PIV_BLOCK_MAX], expected[PIV_BLOCK_MAX];
	uint8_t		 d[PIV_BLOCK_MAX];
	size_t		 n = ciphers[i].block;
	struct bytes	 v;
	uint16_t	 sw;
	int		 rc = -1;

	if (RAND_bytes(mine, (int)n) != 1) {
		error_ssl(e, ERROR_CRYPTO, "make a challenge");
		goto out;
	}
	if (cipher_block(i, key, false, witness, d, e) == -1 ||
	    cipher_block(i, key, true, mine, expected, e) == -1)
		goto out;
	tlv_put(&ask, 0x80, BYTES(d, n));
	tlv_put(&ask, 0x81, BYTES(mine, n));
	if (send_7c(c, ciphers[i].alg, &ask, &answer, &sw, e) == -1)
		goto out;
	if (sw == APDU_SECURITY || sw == APDU_DATA) {
		error_set(e, ERROR_DENIED,
		    "this is not the card's management key");
		goto out;
	}
	if (sw != APDU_OK) {
		apdu_error(e, sw, "show the management key");
		goto out;
	}
	if (piv_answer(BYTES(answer.p, answer.len), 0x82, &v, e) == -1)
		goto out;
	if (v.len != n || CRYPTO_memcmp(v.p, expected, n) != 0) {
		error_set(e, ERROR_DENIED,
		    "the card does not know its management key: it is not "
		    "the card that it seems to be");
		goto out;
	}
	rc = 0;
 out:
	OPENSSL_cleanse(d, sizeof(d));
	buf_clear(&answer);
	buf_clear(&ask);
	return rc;
}

int
piv_authenticate(struct card *c, const struct secret *key, struct error *e)
{
	uint8_t	 witness[PIV_BLOCK_MAX];
	int	 rc;

	for (size_t i = 0; i < NCIPHERS; i++) {
		if (ciphers[i].key != key->len || (c->management_alg != 0 &&
		    c->management_alg != ciphers[i].alg))
			continue;
		if ((rc = ask_witness(c, i, witness, e)) == 1)
			rc = prove(c, i, key, witness, e) == -1 ? -1 : 1;
		if (rc == 1)
			c->management_alg = ciphers[i].alg;
		if (rc != 0)
			return rc == 1 ? 0 : -1;
	}
	return error_set(e, ERROR_DENIED,
	    "the card takes no management key of %zu bytes", key->len);
}

static int
set_by_vendor(struct card *c, uint8_t alg, const struct secret *key,
    uint16_t *sw, struct error *e)
{
	struct secret	 data = { NULL, 0 };
	int		 rc;

	if (secret_new(&data, 3 + key->len, e) == -1)
		return -1;
	data.p[0] = alg;
	data.p[1] = PIV_MANAGEMENT;
	data.p[2] = (uint8_t)key->len;
	memcpy(data.p + 3, key->p, key->len);
	rc = piv_send(c, PIV_SET_MANAGEMENT, 0xff, 0xff,
	    BYTES(data.p, data.len), NULL, sw, e);
	secret_free(&data);
	return rc;
}

int
piv_set_management(struct card *c, uint8_t alg, const struct secret *key,
    struct error *e)
{
	uint16_t	 sw = 0;

	if (card_management_size(alg) != key->len)
		return error_set(e, ERROR_BUG, "a management key of %zu bytes",
		    key->len);
	if ((c->io->channel != NULL ? piv_set_reference(c, alg, key, &sw, e) :
	    set_by_vendor(c, alg, key, &sw, e)) == -1)
		return -1;
	if (sw != APDU_OK) {
		apdu_error(e, sw, "set the management key");
		if (sw == APDU_NO_INS || piv_is_not_offered(sw))
			e->code = ERROR_CONFIG;
		return -1;
	}
	c->management_alg = alg;
	return piv_authenticate(c, key, e);
}
