/* SPDX-License-Identifier: Apache-2.0 */
/* What is sealed to a key in a token: the token opens it, or agrees. */
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "x509/alg.h"
#include "x509/token_private.h"

#define OPEN_MAX	1024	/* RSA-8192; any point */
#define OAEP_HASH	32	/* SHA-256, as seals have it (card/seal.h) */

/* ---- RSA ---- */

struct opening {
	uint8_t		 in[OPEN_MAX], out[OPEN_MAX];
	CK_ULONG	 len, outlen;
	bool		 raw;		/* its padding is still on */
};

static CK_RV
decrypt_by(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key, CK_MECHANISM *m, struct opening *o)
{
	CK_RV	 rv = f->C_DecryptInit(session, m, key);

	o->outlen = sizeof(o->out);
	return rv != CKR_OK ? rv : f->C_Decrypt(session, o->in, o->len,
	    o->out, &o->outlen);
}

/* Not a word about the message: the token has not got this kind of OAEP. */
static bool
is_unknown(CK_RV rv)
{
	return rv == CKR_MECHANISM_INVALID ||
	    rv == CKR_MECHANISM_PARAM_INVALID || rv == CKR_ARGUMENTS_BAD ||
	    rv == CKR_FUNCTION_NOT_SUPPORTED;
}

/* Many tokens have OAEP with SHA-1 only; then the padding is undone here. */
static CK_RV
decrypt_once(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key, void *arg)
{
	CK_RSA_PKCS_OAEP_PARAMS	 oaep = { CKM_SHA256, CKG_MGF1_SHA256,
				    CKZ_DATA_SPECIFIED, NULL, 0 };
	CK_MECHANISM		 padded = { CKM_RSA_PKCS_OAEP, &oaep,
				    sizeof(oaep) };
	CK_MECHANISM		 bare = { CKM_RSA_X_509, NULL, 0 };
	struct opening		*o = arg;
	CK_RV			 rv;

	o->raw = false;
	if (!is_unknown(rv = decrypt_by(f, session, key, &padded, o)))
		return rv;
	o->raw = true;
	return decrypt_by(f, session, key, &bare, o);
}

/* RFC 8017, B.2.1: p is masked with what the seed makes. */
static int
mask(uint8_t *p, size_t n, const uint8_t *seed, size_t len)
{
	uint8_t		 in[OPEN_MAX + 4], sum[OAEP_HASH];
	size_t		 at, i;
	int		 ok = 1;

	memcpy(in, seed, len);
	for (at = 0; ok == 1 && at < n; at += OAEP_HASH) {
		in[len] = in[len + 1] = 0;
		in[len + 2] = (uint8_t)(at / OAEP_HASH >> 8);
		in[len + 3] = (uint8_t)(at / OAEP_HASH);
		ok = EVP_Digest(in, len + 4, sum, NULL, EVP_sha256(), NULL);
		for (i = 0; i < OAEP_HASH && at + i < n; i++)
			p[at + i] ^= sum[i];
	}
	OPENSSL_cleanse(in, sizeof(in));
	OPENSSL_cleanse(sum, sizeof(sum));
	return ok;
}

/* RFC 8017, 7.1.2, 3.g: where the message begins; 0: nowhere.  What was wrong
 * shall show neither in the answer nor in the time that it takes. */
static size_t
find_message(const uint8_t *em, size_t k, const uint8_t *label)
{
	const uint8_t	*db = em + 1 + OAEP_HASH;
	size_t		 n = k - 1 - OAEP_HASH, at = 0, i;
	unsigned int	 bad = em[0], found = 0, one, zero;

	bad |= (unsigned int)CRYPTO_memcmp(db, label, OAEP_HASH);
	for (i = OAEP_HASH; i < n; i++) {
		one = (((unsigned int)db[i] ^ 1u) - 1u) >> 31;
		zero = ((unsigned int)db[i] - 1u) >> 31;
		at |= (size_t)(0u - (one & ~found & 1u)) & (i + 1);
		bad |= ~(found | one | zero) & 1u;
		found |= one;
	}
	bad |= ~found & 1u;
	return bad != 0 ? 0 : 1 + OAEP_HASH + at;
}

static int
undo_oaep(uint8_t *em, size_t k, struct secret *clear, struct error *e)
{
	uint8_t	 label[OAEP_HASH];
	uint8_t	*seed = em + 1, *db = em + 1 + OAEP_HASH;
	size_t	 n = k - 1 - OAEP_HASH, at;

	if (k < 2 * OAEP_HASH + 2)
		return error_set(e, ERROR_CONFIG, "its key is too short");
	if (EVP_Digest("", 0, label, NULL, EVP_sha256(), NULL) != 1 ||
	    mask(seed, OAEP_HASH, db, n) != 1 ||
	    mask(db, n, seed, OAEP_HASH) != 1)
		return error_ssl(e, ERROR_CRYPTO, "OAEP");
	if ((at = find_message(em, k, label)) == 0 || at >= k)
		return error_set(e, ERROR_DENIED, "not sealed to this key, or "
		    "altered");
	return secret_set(clear, em + at, k - at, e);
}

/* Some leave zeros off that it begins with. */
static int
take_raw(struct opening *o, size_t k, struct secret *clear, struct error *e)
{
	uint8_t	 em[OPEN_MAX] = { 0 };
	int	 rc;

	if (k > sizeof(em) || o->outlen > k)
		return error_set(e, ERROR_CRYPTO, "the token's answer is "
		    "longer than its key");
	memcpy(em + k - o->outlen, o->out, o->outlen);
	rc = undo_oaep(em, k, clear, e);
	OPENSSL_cleanse(em, sizeof(em));
	return rc;
}

static int
check_use(const struct token_key *k, const char *type, struct error *e)
{
	if (k->by != NULL || token_apart_is_on())
		return error_set(e, ERROR_CONFIG, "%s only signs here",
		    k->name);
	return alg_key_is(k->pub, type) ? 0 : error_set(e, ERROR_CONFIG,
	    "%s is no %s key", k->name, type);
}

/* Tokens say all kinds of things of what is greater than the modulus. */
static bool
is_below_modulus(const struct token_key *k, struct bytes sealed)
{
	BIGNUM	*n = NULL, *c = BN_bin2bn(sealed.p, (int)sealed.len, NULL);
	bool	 below = c != NULL && EVP_PKEY_get_bn_param(k->pub,
		    OSSL_PKEY_PARAM_RSA_N, &n) == 1 && BN_cmp(c, n) < 0;

	BN_free(n);
	BN_free(c);
	return below;
}

static int
decrypt(struct token_key *k, struct bytes sealed, struct secret *clear,
    struct error *e)
{
	struct opening	 o = { .len = sealed.len };
	int		 rc = -1;

	if (check_use(k, "RSA", e) == -1)
		return -1;
	if (sealed.len > sizeof(o.in) || !is_below_modulus(k, sealed))
		return error_set(e, ERROR_DENIED, "not sealed to this key, or "
		    "altered");
	memcpy(o.in, sealed.p, sealed.len);
	if (token_use(k, decrypt_once, &o, "decrypt", e) == 0)
		rc = o.raw ? take_raw(&o, (size_t)EVP_PKEY_get_size(k->pub),
		    clear, e) : secret_set(clear, o.out, o.outlen, e);
	OPENSSL_cleanse(&o, sizeof(o));
	return rc;
}

int
token_key_decrypt(struct token_key *k, struct bytes sealed,
    struct secret *clear, struct error *e)
{
	return token_note(k, decrypt(k, sealed, clear, e), e);
}

/* ---- EC ---- */

struct agreeing {
	uint8_t		*point;
	size_t		 len;		/* of it */
	CK_ULONG	 size;		/* of what is agreed on */
	uint8_t		 out[OPEN_MAX];
	CK_ULONG	 outlen;
};

static CK_RV
derive_by(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key, CK_MECHANISM_TYPE type, struct agreeing *a,
    CK_OBJECT_HANDLE *made)
{
	CK_OBJECT_CLASS		 class = CKO_SECRET_KEY;
	CK_KEY_TYPE		 kind = CKK_GENERIC_SECRET;
	CK_BBOOL		 yes = CK_TRUE, no = CK_FALSE;
	CK_ATTRIBUTE		 attr[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &kind, sizeof(kind) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_SENSITIVE, &no, sizeof(no) },
		{ CKA_EXTRACTABLE, &yes, sizeof(yes) },
		{ CKA_VALUE_LEN, &a->size, sizeof(a->size) },
	};
	CK_ECDH1_DERIVE_PARAMS	 p = { CKD_NULL, 0, NULL, a->len, a->point };
	CK_MECHANISM		 m = { type, &p, sizeof(p) };

	return f->C_DeriveKey(session, &m, key, attr,
	    sizeof(attr) / sizeof(attr[0]), made);
}

/* Cards have the one with a cofactor, which is 1 on our curves. */
static CK_RV
agree_once(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key, void *arg)
{
	struct agreeing		*a = arg;
	CK_ATTRIBUTE		 value = { CKA_VALUE, a->out,
				    sizeof(a->out) };
	CK_OBJECT_HANDLE	 made;
	CK_RV			 rv = derive_by(f, session, key,
				    CKM_ECDH1_DERIVE, a, &made);

	if (rv == CKR_MECHANISM_INVALID)
		rv = derive_by(f, session, key, CKM_ECDH1_COFACTOR_DERIVE, a,
		    &made);
	if (rv != CKR_OK)
		return rv;
	rv = f->C_GetAttributeValue(session, made, &value, 1);
	a->outlen = value.ulValueLen;
	(void)f->C_DestroyObject(session, made);
	return rv;
}

static int
take_agreed(const struct agreeing *a, struct secret *z, struct error *e)
{
	if (a->outlen == 0 || a->outlen > a->size)
		return error_set(e, ERROR_CRYPTO, "the token agreed on %lu "
		    "bytes, not %lu", a->outlen, a->size);
	if (secret_new(z, a->size, e) == -1)
		return -1;
	memset(z->p, 0, a->size);
	memcpy(z->p + a->size - a->outlen, a->out, a->outlen);
	return 0;
}

static int
agree(struct token_key *k, EVP_PKEY *peer, struct secret *z, struct error *e)
{
	struct agreeing	 a = { .point = NULL };
	int		 rc = -1;

	if (check_use(k, "EC", e) == -1)
		return -1;
	if (EVP_PKEY_parameters_eq(k->pub, peer) != 1)
		return error_set(e, ERROR_INPUT, "the other key is on another "
		    "curve");
	a.size = ((CK_ULONG)EVP_PKEY_get_bits(k->pub) + 7) / 8;
	if ((a.len = EVP_PKEY_get1_encoded_public_key(peer, &a.point)) == 0)
		return error_ssl(e, ERROR_INPUT, "the other key");
	if (token_use(k, agree_once, &a, "agree", e) == 0)
		rc = take_agreed(&a, z, e);
	OPENSSL_free(a.point);
	OPENSSL_cleanse(a.out, sizeof(a.out));
	return rc;
}

int
token_key_agree(struct token_key *k, EVP_PKEY *peer, struct secret *z,
    struct error *e)
{
	return token_note(k, agree(k, peer, z, e), e);
}
