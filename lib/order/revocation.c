/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "base/mem.h"
#include "order/code.h"
#include "order/revocation.h"

#define CHARS		(REVOCATION_NAME + REVOCATION_SECRET)
#define GROUP		4
#define SCRYPT_N	(UINT64_C(1) << 6)
#define SCRYPT_R	8
#define SCRYPT_MEMORY	(UINT64_C(64) << 20)

/* Nobody guesses 80 random bits, however fast.  What is slow here is paid for
 * each letter of a card. */
static int
hash_secret(uint8_t hash[REVOCATION_HASH], const struct secret *part,
    const uint8_t salt[REVOCATION_SALT], uint64_t n, struct error *e)
{
	if (EVP_PBE_scrypt((const char *)part->p, part->len, salt,
	    REVOCATION_SALT, n, SCRYPT_R, 1, SCRYPT_MEMORY, hash,
	    REVOCATION_HASH) != 1)
		return error_ssl(e, ERROR_CRYPTO, "scrypt");
	return 0;
}

int
revocation_make(struct secret *text, char name[REVOCATION_NAME + 1],
    uint8_t salt[REVOCATION_SALT], uint8_t hash[REVOCATION_HASH],
    const struct rng *rng, struct error *e)
{
	struct secret	 part = { 0 };
	int		 rc = -1;

	if (rng_fill(rng, salt, REVOCATION_SALT, e) == -1 ||
	    secret_new(text, REVOCATION_TEXT, e) == -1 ||
	    rng_fill(rng, text->p, text->len, e) == -1)
		return -1;
	for (size_t i = 0; i < text->len; i++)
		text->p[i] = i % (GROUP + 1) == GROUP ? '-' :
		    (unsigned char)code_letter(text->p[i]);
	if (revocation_parse(name, &part, (const char *)text->p, e) == 0)
		rc = hash_secret(hash, &part, salt, SCRYPT_N, e);
	secret_free(&part);
	return rc;
}

int
revocation_parse(char name[REVOCATION_NAME + 1], struct secret *part,
    const char *typed, struct error *e)
{
	size_t	 n = 0;
	char	 c;

	if (secret_new(part, REVOCATION_SECRET, e) == -1)
		return -1;
	for (; *typed != '\0'; typed++) {
		if (*typed == ' ' || *typed == '-')
			continue;
		if ((c = code_meant(*typed)) == '\0')
			return error_set(e, ERROR_INPUT, "a revocation code "
			    "has only letters and digits, and no U");
		if (n < REVOCATION_NAME)
			name[n] = c;
		else if (n < CHARS)
			part->p[n - REVOCATION_NAME] = (unsigned char)c;
		n++;
	}
	name[n < REVOCATION_NAME ? n : REVOCATION_NAME] = '\0';
	if (n != CHARS)
		return error_set(e, ERROR_INPUT, "a revocation code has %d "
		    "characters, not %zu", CHARS, n);
	return 0;
}

int
revocation_verify(const struct secret *part,
    const uint8_t salt[REVOCATION_SALT], const uint8_t hash[REVOCATION_HASH],
    struct error *e)
{
	/* The last two: of earlier codes. */
	static const uint64_t	 n[] = { SCRYPT_N, UINT64_C(1) << 10,
		UINT64_C(1) << 15 };
	uint8_t			 got[REVOCATION_HASH];

	for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
		if (hash_secret(got, part, salt, n[i], e) == -1)
			return -1;
		if (CRYPTO_memcmp(got, hash, sizeof(got)) == 0)
			return 1;
	}
	return 0;
}
