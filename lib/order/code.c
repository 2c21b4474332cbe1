/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include "order/code.h"

#define CODE_CHARS	20
#define CODE_GROUP	5
#define SEED_SIZE	32
#define SCRYPT_N	(UINT64_C(1) << 15)
#define SCRYPT_R	8
#define SCRYPT_P	1
#define SCRYPT_MEMORY	(UINT64_C(64) << 20)

static const char	 alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/* Signed with its NUL. */
static const char	 label[] = "signet one-time code";

#define MESSAGE_SIZE	(sizeof(label) + 2 * ORDER_DIGEST)

static void
message(uint8_t dst[MESSAGE_SIZE], const uint8_t *order,
    const uint8_t *request)
{
	memcpy(dst, label, sizeof(label));
	memcpy(dst + sizeof(label), order, ORDER_DIGEST);
	memcpy(dst + sizeof(label) + ORDER_DIGEST, request, ORDER_DIGEST);
}

/* An octet modulo 32 is uniform: 256 is a multiple. */
char
code_letter(uint8_t octet)
{
	return alphabet[octet % 32];
}

char
code_meant(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return c != '\0' && strchr(alphabet, c) != NULL ? c : '\0';
}

int
code_normalise(struct secret *out, const struct secret *typed,
    struct error *e)
{
	size_t	 i, n = 0;
	char	 c;

	if (secret_new(out, CODE_CHARS, e) == -1)
		return -1;
	for (i = 0; i < typed->len; i++) {
		if (typed->p[i] == ' ' || typed->p[i] == '-')
			continue;
		if ((c = code_meant((char)typed->p[i])) == '\0')
			return error_set(e, ERROR_INPUT,
			    "a one-time code has only letters and digits, "
			    "and no U");
		if (n < CODE_CHARS)
			out->p[n] = (unsigned char)c;
		n++;
	}
	if (n != CODE_CHARS)
		return error_set(e, ERROR_INPUT,
		    "a one-time code has %d characters, not %zu", CODE_CHARS,
		    n);
	return 0;
}

static int
scrypt(struct secret *seed, const struct secret *code, const uint8_t *salt,
    size_t salt_len, struct error *e)
{
	uint64_t	 n = SCRYPT_N, mem = SCRYPT_MEMORY;
	uint32_t	 r = SCRYPT_R, p = SCRYPT_P;
	uint8_t		 salt_copy[16];
	OSSL_PARAM	 param[] = {
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PASSWORD, code->p,
		    code->len),
		OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, salt_copy,
		    salt_len),
		OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &mem),
		OSSL_PARAM_END
	};
	EVP_KDF		*kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX	*ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	int		 ok;

	memcpy(salt_copy, salt, salt_len);
	ok = ctx != NULL && EVP_KDF_derive(ctx, seed->p, seed->len, param) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? 0 : error_ssl(e, ERROR_CRYPTO, "scrypt");
}

static int
code_key(EVP_PKEY **key, const struct secret *code, const struct order *o,
    struct error *e)
{
	struct secret	 seed = { 0 };
	int		 rc = -1;

	if (secret_new(&seed, SEED_SIZE, e) == -1 ||
	    scrypt(&seed, code, o->code_salt, sizeof(o->code_salt), e) == -1)
		goto out;
	*key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed.p,
	    seed.len);
	if (*key == NULL) {
		error_ssl(e, ERROR_CRYPTO, "Ed25519 key");
		goto out;
	}
	rc = 0;
 out:
	secret_free(&seed);
	return rc;
}

static int
code_draw(struct secret *code, const struct rng *rng, struct error *e)
{
	size_t	 i, n = 0;

	if (secret_new(code, CODE_CHARS + CODE_CHARS / CODE_GROUP - 1, e) ==
	    -1 || rng_fill(rng, code->p, code->len, e) == -1)
		return -1;
	for (i = 0; i < code->len; i++)
		code->p[i] = i % (CODE_GROUP + 1) == CODE_GROUP ? '-' :
		    (unsigned char)code_letter(code->p[i]);
	for (i = 0; i < code->len; i++)
		n += code->p[i] != '-';
	return n == CODE_CHARS ? 0 :
	    error_set(e, ERROR_BUG, "a code of %zu characters", n);
}

int
code_make(struct order *o, struct secret *code, const struct rng *rng,
    struct error *e)
{
	struct secret	 plain = { 0 };
	EVP_PKEY	*key = NULL;
	size_t		 len = sizeof(o->code_key);
	int		 rc = -1;

	if (code_draw(code, rng, e) == -1 ||
	    rng_fill(rng, o->code_salt, sizeof(o->code_salt), e) == -1 ||
	    code_normalise(&plain, code, e) == -1 ||
	    code_key(&key, &plain, o, e) == -1)
		goto out;
	if (EVP_PKEY_get_raw_public_key(key, o->code_key, &len) != 1 ||
	    len != sizeof(o->code_key)) {
		error_ssl(e, ERROR_CRYPTO, "Ed25519 key");
		goto out;
	}
	o->has_code = true;
	rc = 0;
 out:
	if (rc == -1) {
		secret_free(code);
		error_wrap(e, "make one-time code");
	}
	EVP_PKEY_free(key);
	secret_free(&plain);
	return rc;
}

static int
sign(uint8_t proof[CODE_PROOF_SIZE], EVP_PKEY *key, const uint8_t *text,
    size_t n, struct error *e)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	size_t		 len = CODE_PROOF_SIZE;
	int		 ok;

	ok = ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(ctx, proof, &len, text, n) == 1 &&
	    len == CODE_PROOF_SIZE;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : error_ssl(e, ERROR_CRYPTO, "prove one-time code");
}

static int
key_is_ours(EVP_PKEY *key, const struct order *o, struct error *e)
{
	uint8_t	 pub[sizeof(o->code_key)];
	size_t	 len = sizeof(pub);

	if (EVP_PKEY_get_raw_public_key(key, pub, &len) != 1)
		return error_ssl(e, ERROR_CRYPTO, "Ed25519 key");
	if (len != sizeof(pub) || memcmp(pub, o->code_key, len) != 0)
		return error_set(e, ERROR_DENIED,
		    "this is not the one-time code of this order");
	return 0;
}

int
code_prove(uint8_t proof[CODE_PROOF_SIZE], const struct order *o,
    const uint8_t order_digest[ORDER_DIGEST], const struct secret *code,
    const uint8_t request[ORDER_DIGEST], struct error *e)
{
	struct secret	 plain = { 0 };
	EVP_PKEY	*key = NULL;
	uint8_t		 text[MESSAGE_SIZE];
	int		 rc = -1;

	if (!o->has_code) {
		error_set(e, ERROR_DENIED, "the order has no one-time code");
		goto out;
	}
	if (code_normalise(&plain, code, e) == -1 ||
	    code_key(&key, &plain, o, e) == -1 ||
	    key_is_ours(key, o, e) == -1)
		goto out;
	message(text, order_digest, request);
	rc = sign(proof, key, text, sizeof(text), e);
 out:
	EVP_PKEY_free(key);
	secret_free(&plain);
	return rc;
}

int
code_verify(const struct order *o, const uint8_t order_digest[ORDER_DIGEST],
    const uint8_t request[ORDER_DIGEST], struct bytes proof, struct error *e)
{
	EVP_PKEY	*key = NULL;
	EVP_MD_CTX	*ctx = NULL;
	uint8_t		 text[MESSAGE_SIZE];
	int		 rc = -1;

	if (!o->has_code)
		return error_set(e, ERROR_DENIED,
		    "the order has no one-time code");
	if (proof.len != CODE_PROOF_SIZE)
		return error_set(e, ERROR_INPUT,
		    "a proof has %d bytes, not %zu", CODE_PROOF_SIZE,
		    proof.len);
	message(text, order_digest, request);
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, o->code_key,
	    sizeof(o->code_key));
	if (key == NULL || (ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1) {
		error_ssl(e, ERROR_CRYPTO, "the order's code key");
		goto out;
	}
	if (EVP_DigestVerify(ctx, proof.p, proof.len, text, sizeof(text)) !=
	    1) {
		ERR_clear_error();
		error_set(e, ERROR_DENIED,
		    "the proof of the one-time code is not for this order and "
		    "request");
		goto out;
	}
	rc = 0;
 out:
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return rc;
}
