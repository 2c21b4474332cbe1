/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include "os/file.h"
#include "x509/alg.h"
#include "x509/key.h"
#include "x509/key_private.h"
#include "x509/token.h"

#define KEY_FILE_MAX	(64 * 1024)
#define SCRYPT_N	(1 << 14)
#define SCRYPT_R	8
#define SCRYPT_P	5

/* What a new key of this kind is asked to be. */
static void
keygen_params(OSSL_PARAM params[2], const struct alg_key *k, size_t *bits)
{
	char	*group = (char *)(uintptr_t)k->group;

	params[0] = params[1] = OSSL_PARAM_construct_end();
	if (*bits != 0)
		params[0] = OSSL_PARAM_construct_size_t(
		    OSSL_PKEY_PARAM_RSA_BITS, bits);
	else if (k->group != NULL)
		params[0] = OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
}

int
key_generate(EVP_PKEY **out, const char *alg, struct error *e)
{
	const struct alg_key	*k;
	EVP_PKEY_CTX		*ctx;
	OSSL_PARAM		 params[2];
	size_t			 size;
	int			 bits, ok;

	*out = NULL;
	if (alg_key_named(&k, &bits, alg, e) == -1 ||
	    alg_key_check(k, ALG_LEAF, e) == -1)
		return -1;
	size = (size_t)bits;
	keygen_params(params, k, &size);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, k->type, NULL);
	ok = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_params(ctx, params) == 1 &&
	    EVP_PKEY_generate(ctx, out) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : error_ssl(e, ERROR_CRYPTO, "generate %s key", alg);
}

const char *
key_algorithm(const EVP_PKEY *key, char dst[16])
{
	const struct alg_key	*k = alg_key_of(key);

	if (k == NULL)
		snprintf(dst, 16, "?");
	else if (k->min != 0)
		snprintf(dst, 16, "%s:%d", k->name, EVP_PKEY_get_bits(key));
	else
		snprintf(dst, 16, "%s", k->name);
	return dst;
}

/* Tests open the same keys hundreds of times, and theirs protect nothing. */
uint64_t
key_scrypt_rounds(uint64_t usual)
{
#ifdef SIGNET_FAULTS	/* a production build must not obey the environment */
	if (getenv("SIGNET_CHEAP_KEYS") != NULL)
		return 1 << 4;
#endif
	return usual;
}

static int
store_encrypted(BIO *bio, PKCS8_PRIV_KEY_INFO *p8, const struct secret *pass,
    struct error *e)
{
	X509_ALGOR	*pbe;
	X509_SIG	*sig = NULL;
	int		 rc = -1;

	pbe = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL,
	    key_scrypt_rounds(SCRYPT_N), SCRYPT_R, SCRYPT_P);
	if (pbe == NULL)
		return error_ssl(e, ERROR_CRYPTO, "set up scrypt");
	if ((sig = PKCS8_set0_pbe((const char *)pass->p, (int)pass->len, p8,
	    pbe)) == NULL) {
		X509_ALGOR_free(pbe);
		return error_ssl(e, ERROR_CRYPTO, "encrypt key");
	}
	if (PEM_write_bio_PKCS8(bio, sig) != 1)
		error_ssl(e, ERROR_CRYPTO, "encode key");
	else
		rc = 0;
	X509_SIG_free(sig);
	return rc;
}

int
key_encode(struct buf *pem, const EVP_PKEY *key,
    const struct secret *passphrase, struct error *e)
{
	PKCS8_PRIV_KEY_INFO	*p8 = NULL;
	BIO			*bio = NULL;
	char			*p;
	long			 n;
	int			 rc = -1;

	if ((p8 = EVP_PKEY2PKCS8(key)) == NULL ||
	    (bio = BIO_new(BIO_s_secmem())) == NULL) {
		error_ssl(e, ERROR_CRYPTO, "encode key");
		goto out;
	}
	if (passphrase != NULL) {
		if (store_encrypted(bio, p8, passphrase, e) == -1)
			goto out;
	} else if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, p8) != 1) {
		error_ssl(e, ERROR_CRYPTO, "encode key");
		goto out;
	}
	n = BIO_get_mem_data(bio, &p);
	buf_add(pem, p, (size_t)n);
	rc = 0;
 out:
	PKCS8_PRIV_KEY_INFO_free(p8);
	BIO_free(bio);
	return rc;
}

int
key_store(const char *path, const EVP_PKEY *key,
    const struct secret *passphrase, struct error *e)
{
	struct buf	 pem = { 0 };
	int		 rc = -1;

	if (key_encode(&pem, key, passphrase, e) == 0)
		rc = file_store(path, pem.p, pem.len, 0600, e);
	if (pem.p != NULL)
		OPENSSL_cleanse(pem.p, pem.len);
	buf_clear(&pem);
	return rc;
}

/* A pem_password_cb for a passphrase that is already here. */
static int
give_secret(char *dst, int size, int rwflag, void *arg)
{
	const struct secret	*pass = arg;

	(void)rwflag;
	if (pass->p == NULL || pass->len >= (size_t)size)
		return -1;
	memcpy(dst, pass->p, pass->len + 1);
	return (int)pass->len;
}

int
key_decode(EVP_PKEY **out, struct bytes pem, const struct secret *passphrase,
    struct error *e)
{
	struct secret	 pass = *passphrase;
	BIO		*bio;

	*out = NULL;
	if (pem.len > KEY_FILE_MAX)
		return error_set(e, ERROR_INPUT, "key of %zu bytes", pem.len);
	if ((bio = BIO_new_mem_buf(pem.p, (int)pem.len)) == NULL)
		return error_ssl(e, ERROR_CRYPTO, "read key");
	*out = PEM_read_bio_PrivateKey(bio, NULL, give_secret, &pass);
	BIO_free(bio);
	return *out != NULL ? 0 : error_ssl(e, ERROR_DENIED,
	    "read key (is the passphrase right?)");
}

int
key_ask(char *dst, int size, int rwflag, void *arg)
{
	struct key_asker	*a = arg;
	char			 question[200];

	(void)rwflag;
	if (a->asked++ == 0) {
		if (a->from == NULL) {
			error_set(a->e, ERROR_CONFIG,
			    "a passphrase is needed and no source of it is"
			    " set");
			return -1;
		}
		snprintf(question, sizeof(question), "Passphrase for %s",
		    a->prompt);
		if (secret_fetch(&a->secret, a->from, question, a->e) == -1)
			return -1;
	}
	if (a->secret.p == NULL || a->secret.len >= (size_t)size)
		return -1;
	memcpy(dst, a->secret.p, a->secret.len + 1);
	return (int)a->secret.len;
}

int
key_asker_error(struct key_asker *a, const char *what)
{
	if (a->e->code != ERROR_NONE) {
		ERR_clear_error();
		return -1;
	}
	if (a->asked)
		return error_ssl(a->e, ERROR_DENIED,
		    "%s (is the passphrase right?)", what);
	return error_ssl(a->e, ERROR_CONFIG, "%s", what);
}

/* A key in clear is a secret by its file's mode alone. */
static int
check_mode(const char *path, const struct buf *text, struct error *e)
{
	if (memmem(text->p, text->len, "ENCRYPTED", 9) != NULL)
		return 0;
	return file_check_private(path, e);
}

int
key_pem_load(EVP_PKEY **out, const char *path, struct key_asker *a,
    struct error *e)
{
	struct buf	 text = { 0 };
	BIO		*bio = NULL;
	int		 rc = -1;

	*out = NULL;
	if (file_load(&text, path, KEY_FILE_MAX, e) == -1)
		goto out;
	if (check_mode(path, &text, e) == -1)
		goto out;
	if ((bio = BIO_new_mem_buf(text.p, (int)text.len)) == NULL) {
		error_ssl(e, ERROR_CRYPTO, "read key");
		goto out;
	}
	*out = PEM_read_bio_PrivateKey(bio, NULL, key_ask, a);
	rc = *out != NULL ? 0 : key_asker_error(a, "read key");
	if (rc == -1)
		error_wrap(e, "%s", path);
 out:
	BIO_free(bio);
	if (text.p != NULL)
		OPENSSL_cleanse(text.p, text.len);
	buf_clear(&text);
	return rc;
}

int
key_load(EVP_PKEY **out, const char *uri, const char *passphrase_from,
    struct error *e)
{
	struct key_asker	 a = { passphrase_from, uri, { NULL, 0 }, e,
	    0 };
	char			 alg[16];
	int			 rc;

	*out = NULL;
	error_clear(e);
	if (token_is_uri(uri))
		rc = key_pkcs11_load(out, NULL, uri, passphrase_from, e);
	else
		rc = key_pem_load(out, strncmp(uri, "file:", 5) == 0 ?
		    uri + 5 : uri, &a, e);
	secret_free(&a.secret);
	if (rc == 0 && strcmp(key_algorithm(*out, alg), "?") == 0) {
		EVP_PKEY_free(*out);
		*out = NULL;
		return error_set(e, ERROR_CONFIG, "%s: not an RSA, P-256,"
		    " P-384, P-521, Ed25519 or ML-DSA key", uri);
	}
	return rc;
}

/*
 * SubjectPublicKeyInfo of an uncompressed point on a named curve: what comes
 * before the point.  OpenSSL's coders look through all that providers offer for
 * each key, which costs more than checking the point.
 */
static const struct spki {
	const char	*group;
	size_t		 point;
	struct bytes	 head;
} spkis[] = {
	{ "prime256v1", 65, { (const uint8_t *)"\x30\x59\x30\x13\x06\x07"
	    "\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03"
	    "\x01\x07\x03\x42\x00", 26 } },
	{ "secp384r1", 97, { (const uint8_t *)"\x30\x76\x30\x10\x06\x07"
	    "\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03"
	    "\x62\x00", 23 } },
};
#define NSPKIS		(sizeof(spkis) / sizeof(spkis[0]))
#define POINT_MAX	97

static bool
has_named_curve(const EVP_PKEY *key)
{
	char	 encoding[32];
	size_t	 n;

	return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
	    encoding, sizeof(encoding), &n) == 1 &&
	    strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) == 0;
}

/* 1; 0: another kind of key. */
static int
put_known(struct buf *out, const EVP_PKEY *key)
{
	char		 group[32];
	unsigned char	 point[POINT_MAX];
	size_t		 n;

	if (!alg_key_is(key, "EC") ||
	    EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1 ||
	    !has_named_curve(key) || EVP_PKEY_get_octet_string_param(key,
	    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1) {
		ERR_clear_error();
		return 0;
	}
	for (size_t i = 0; i < NSPKIS; i++)
		if (strcmp(group, spkis[i].group) == 0 &&
		    n == spkis[i].point && point[0] == 4) {
			buf_add(out, spkis[i].head.p, spkis[i].head.len);
			buf_add(out, point, n);
			return 1;
		}
	return 0;
}

int
key_public_der(struct buf *out, EVP_PKEY *key, struct error *e)
{
	unsigned char	*der = NULL;
	int		 n;

	if (put_known(out, key) == 1)
		return 0;
	if ((n = i2d_PUBKEY(key, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "encode public key");
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

static EVP_PKEY *
make_known(const struct spki *s, struct bytes der)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY	*key = NULL;
	char		*group = (char *)(uintptr_t)s->group;
	void		*point = (void *)(uintptr_t)(der.p + s->head.len);
	OSSL_PARAM	 p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
		    point, s->point),
		OSSL_PARAM_construct_end()
	};

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, p) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *
key_public_parse(struct bytes der)
{
	const uint8_t	*p = der.p;
	EVP_PKEY	*key;

	for (size_t i = 0; i < NSPKIS; i++) {
		const struct spki	*s = &spkis[i];

		if (der.len == s->head.len + s->point &&
		    memcmp(der.p, s->head.p, s->head.len) == 0 &&
		    der.p[s->head.len] == 4)
			return make_known(s, der);
	}
	key = d2i_PUBKEY(NULL, &p, (long)der.len);
	if (key != NULL && p != der.p + der.len) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

int
key_digest(uint8_t dst[KEY_DIGEST_SIZE], EVP_PKEY *key, struct error *e)
{
	struct buf	 der = { 0 };
	int		 rc = -1;

	if (key_public_der(&der, key, e) == -1)
		return -1;
	if (EVP_Digest(der.p, der.len, dst, NULL, EVP_sha256(), NULL) != 1)
		error_ssl(e, ERROR_CRYPTO, "digest public key");
	else
		rc = 0;
	buf_clear(&der);
	return rc;
}

bool
key_matches(X509 *cert, EVP_PKEY *key)
{
	EVP_PKEY	*pub = X509_get0_pubkey(cert);

	if (pub != NULL && EVP_PKEY_eq(pub, key) == 1)
		return true;
	ERR_clear_error();
	return false;
}

int
key_signature_alg(struct buf *out, EVP_PKEY *key, const EVP_MD **md,
    struct error *e)
{
	const struct alg_sig	*s;

	if (alg_sig_choose(&s, key, NULL, e) == -1)
		return -1;
	alg_sig_put(out, s);
	if (md != NULL)
		*md = s->hash != NULL ? s->hash->md() : NULL;
	return 0;
}

int
key_sign(struct buf *out, EVP_PKEY *key, struct bytes data, struct error *e)
{
	const struct alg_sig	*s;

	if (alg_sig_choose(&s, key, NULL, e) == -1)
		return -1;
	return alg_sign(out, s, key, data, e);
}

int
key_verify(EVP_PKEY *key, struct bytes data, struct bytes sig,
    struct error *e)
{
	const struct alg_sig	*s;

	if (alg_sig_choose(&s, key, NULL, e) == -1)
		return -1;
	return alg_verify(s, key, data, sig, e);
}
