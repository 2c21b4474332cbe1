/* SPDX-License-Identifier: Apache-2.0 */
/* Amendment D: key derivation (4.1.5), ciphers and MACs (6.2). */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include "scp03_private.h"

enum {			/* 4.1.5, table 4-1 */
	FOR_CARD = 0x00, FOR_HOST = 0x01, FOR_ENC = 0x04, FOR_MAC = 0x06,
	FOR_RMAC = 0x07,
};

/* By the length of the key: 16, 24, 32. */
static const char *const	 cbc_names[] = { "AES-128-CBC", "AES-192-CBC",
				    "AES-256-CBC" };
static const char *const	 ecb_names[] = { "AES-128-ECB", "AES-192-ECB",
				    "AES-256-ECB" };

int
scp03_cmac(const uint8_t *key, size_t key_len, struct bytes a,
    struct bytes b, struct bytes c, uint8_t out[SCP03_BLOCK],
    struct error *e)
{
	char		 cipher[] = "AES-128-CBC";
	OSSL_PARAM	 params[2] = { OSSL_PARAM_END, OSSL_PARAM_END };
	EVP_MAC		*mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX	*ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
	size_t		 n = 0;
	int		 rc = -1;

	memcpy(cipher, cbc_names[key_len / 8 - 2], sizeof(cipher));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER,
	    cipher, 0);
	if (ctx == NULL || EVP_MAC_init(ctx, key, key_len, params) != 1 ||
	    EVP_MAC_update(ctx, a.p, a.len) != 1 ||
	    EVP_MAC_update(ctx, b.p, b.len) != 1 ||
	    EVP_MAC_update(ctx, c.p, c.len) != 1 ||
	    EVP_MAC_final(ctx, out, &n, SCP03_BLOCK) != 1 || n != SCP03_BLOCK)
		error_ssl(e, ERROR_CRYPTO, "CMAC");
	else
		rc = 0;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return rc;
}

/* SP 800-108 in counter mode, the counter behind the length: 4.1.5. */
static int
kdf(uint8_t *out, size_t n, const struct secret *key, uint8_t purpose,
    struct bytes host, struct bytes card, struct error *e)
{
	uint8_t	 head[16] = { 0 }, block[SCP03_BLOCK];
	size_t	 part, bits = 8 * n;
	int	 rc = 0;

	head[11] = purpose;
	head[13] = bits >> 8 & 0xff;
	head[14] = bits & 0xff;
	for (head[15] = 1; n > 0 && rc == 0; head[15]++) {
		rc = scp03_cmac(key->p, key->len, BYTES(head, sizeof(head)),
		    host, card, block, e);
		part = n < sizeof(block) ? n : sizeof(block);
		memcpy(out, block, part);
		out += part;
		n -= part;
	}
	OPENSSL_cleanse(block, sizeof(block));
	return rc;
}

int
scp03_diversify(struct secret *key, const struct secret *master,
    uint8_t number, struct bytes diversification, struct error *e)
{
	uint8_t	 head[6] = { 0, 0, 0, 0, number, 0 }, block[SCP03_BLOCK];
	size_t	 part;
	int	 rc = 0;

	if (master->len != 16 && master->len != 24 && master->len != 32)
		return error_set(e, ERROR_CONFIG,
		    "a key of channels has 16, 24 or 32 bytes");
	if (secret_new(key, master->len, e) == -1)
		return -1;
	for (size_t n = 0; n < key->len && rc == 0; n += part) {
		part = key->len - n < sizeof(block) ? key->len - n :
		    sizeof(block);
		head[0]++;
		rc = scp03_cmac(master->p, master->len,
		    BYTES(head, sizeof(head)), diversification,
		    BYTES(NULL, 0), block, e);
		memcpy(key->p + n, block, part);
	}
	OPENSSL_cleanse(block, sizeof(block));
	return rc;
}

int
scp03_derive(struct scp03 *s, const struct scp03_keys *k, struct bytes host,
    struct bytes card, uint8_t card_shows[16], uint8_t host_shows[16],
    struct error *e)
{
	struct secret	 mac = { NULL, 0 };
	int		 rc = -1;

	if ((k->enc.len != 16 && k->enc.len != 24 && k->enc.len != 32) ||
	    k->mac.len != k->enc.len)
		return error_set(e, ERROR_CONFIG,
		    "keys of a channel have 16, 24 or 32 bytes, all alike");
	*s = (struct scp03){ .key_len = k->enc.len, .mac_len = host.len };
	if (kdf(s->enc, s->key_len, &k->enc, FOR_ENC, host, card, e) == -1 ||
	    kdf(s->mac, s->key_len, &k->mac, FOR_MAC, host, card, e) == -1 ||
	    kdf(s->rmac, s->key_len, &k->mac, FOR_RMAC, host, card,
	    e) == -1 || secret_set(&mac, s->mac, s->key_len, e) == -1)
		goto out;
	rc = kdf(card_shows, s->mac_len, &mac, FOR_CARD, host, card,
	    e) == -1 || kdf(host_shows, s->mac_len, &mac, FOR_HOST, host,
	    card, e) == -1 ? -1 : 0;
 out:
	secret_free(&mac);
	return rc;
}

static int
cipher(const char *name, const struct scp03 *s, bool encrypt,
    const uint8_t *iv, uint8_t *data, size_t n, struct error *e)
{
	EVP_CIPHER	*c = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX	*ctx = EVP_CIPHER_CTX_new();
	int		 done = 0, rc = -1;

	if (c == NULL || ctx == NULL ||
	    EVP_CipherInit_ex2(ctx, c, s->enc, iv, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_CipherUpdate(ctx, data, &done, data, (int)n) != 1 ||
	    (size_t)done != n)
		error_ssl(e, ERROR_CRYPTO, "%s", name);
	else
		rc = 0;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(c);
	return rc;
}

/* The first block goes in through the counter, whose first byte tells commands
 * from answers: 6.2.6 and 6.2.7. */
int
scp03_cbc(const struct scp03 *s, bool encrypt, uint8_t first, uint8_t *data,
    size_t n, struct error *e)
{
	uint8_t	 iv[SCP03_BLOCK];

	memcpy(iv, s->counter, sizeof(iv));
	iv[0] |= first;
	if (cipher(ecb_names[s->key_len / 8 - 2], s, true, NULL, iv,
	    sizeof(iv), e) == -1)
		return -1;
	return cipher(cbc_names[s->key_len / 8 - 2], s, encrypt, iv, data, n,
	    e);
}
