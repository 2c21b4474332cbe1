/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/share.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "base/text.h"
#include "x509/key.h"

#define BEGIN	"-----BEGIN SIGNET ROOT SHARE-----\n"
#define END	"-----END SIGNET ROOT SHARE-----\n"
#define LINE	64

#define SALT	16
#define NONCE	12
#define TAG	16
#define KEY	32
#define OVERHEAD (SALT + NONCE + TAG)

/* 64 MiB and a quarter of a second for each try. */
#define SCRYPT_N	(1 << 16)
#define SCRYPT_R	8
#define SCRYPT_P	1
#define SCRYPT_MEMORY	(80u << 20)

static int
derive(struct secret *key, const struct secret *pass, const uint8_t *salt,
    struct error *e)
{
	if (secret_new(key, KEY, e) == -1)
		return -1;
	if (EVP_PBE_scrypt((const char *)pass->p, pass->len, salt, SALT,
	    key_scrypt_rounds(SCRYPT_N), SCRYPT_R, SCRYPT_P, SCRYPT_MEMORY,
	    key->p, KEY) != 1)
		return error_ssl(e, ERROR_CRYPTO, "scrypt");
	return 0;
}

static void
header_write(struct buf *out, const struct share_file *f)
{
	buf_printf(out, "Root: %s\nCustodian: %s\nShare: %lld\n"
	    "Threshold: %lld\nOf: %lld\n", f->root, f->custodian,
	    (long long)f->number, (long long)f->threshold, (long long)f->of);
}

/* sealed holds salt and nonce; ciphertext and tag are appended. */
static int
encrypt(struct buf *sealed, const struct secret *key, struct bytes header,
    const struct secret *plain, struct error *e)
{
	EVP_CIPHER_CTX	*ctx = EVP_CIPHER_CTX_new();
	uint8_t		*out;
	int		 n, rc = -1;

	buf_reserve(sealed, plain->len + TAG);
	out = sealed->p + sealed->len;
	if (ctx == NULL ||
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->p,
	    sealed->p + SALT) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, header.p, (int)header.len) != 1 ||
	    EVP_EncryptUpdate(ctx, out, &n, plain->p, (int)plain->len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, out + n, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG,
	    out + plain->len) != 1)
		error_ssl(e, ERROR_CRYPTO, "encrypt share");
	else {
		sealed->len += plain->len + TAG;
		rc = 0;
	}
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

static void
put_base64(struct buf *out, struct bytes b)
{
	char	*text = text_base64(b.p, b.len), *p;

	for (p = text; *p != '\0'; p += strnlen(p, LINE))
		buf_printf(out, "%.*s\n", LINE, p);
	mem_free(&text);
}

int
share_seal(struct buf *out, const struct share *share, const char *root,
    const char *custodian, size_t of, const struct secret *passphrase,
    const struct rng *rng, struct error *e)
{
	struct share_file	 f = { 0 };
	struct secret		 key = { NULL, 0 };
	uint8_t			 fresh[SALT + NONCE];
	int			 rc = -1;

	snprintf(f.root, sizeof(f.root), "%s", root);
	snprintf(f.custodian, sizeof(f.custodian), "%s", custodian);
	f.number = share->number;
	f.threshold = share->threshold;
	f.of = (int64_t)of;
	header_write(&f.header, &f);
	if (rng_fill(rng, fresh, sizeof(fresh), e) == -1 ||
	    derive(&key, passphrase, fresh, e) == -1)
		goto out;
	buf_add(&f.sealed, fresh, sizeof(fresh));
	if (encrypt(&f.sealed, &key, BYTES(f.header.p, f.header.len),
	    &share->data, e) == -1)
		goto out;
	buf_str(out, BEGIN);
	buf_add(out, f.header.p, f.header.len);
	buf_byte(out, '\n');
	put_base64(out, BYTES(f.sealed.p, f.sealed.len));
	buf_str(out, END);
	rc = 0;
 out:
	secret_free(&key);
	share_file_clear(&f);
	return rc;
}

static int
bad(struct error *e)
{
	return error_set(e, ERROR_INPUT, "not a share of a root key");
}

/* Take "key: value\n"; the value is copied. */
static int
take_line(struct bytes *in, const char *key, char *dst, size_t size)
{
	const uint8_t	*nl;
	size_t		 n = strlen(key), len;

	if ((nl = memchr(in->p, '\n', in->len)) == NULL)
		return -1;
	len = (size_t)(nl - in->p);
	if (len <= n || memcmp(in->p, key, n) != 0 || len - n >= size)
		return -1;
	memcpy(dst, in->p + n, len - n);
	dst[len - n] = '\0';
	in->p += len + 1;
	in->len -= len + 1;
	return strlen(dst) == len - n ? 0 : -1;
}

static int
take_number(struct bytes *in, const char *key, int64_t *n)
{
	struct error	 e = ERROR_INIT;
	char		 text[8];

	if (take_line(in, key, text, sizeof(text)) == -1)
		return -1;
	return text_parse_number(n, text, 1, SPLIT_MAX, &e);
}

static int
take_text(struct bytes *in, const char *text)
{
	size_t	 n = strlen(text);

	if (in->len < n || memcmp(in->p, text, n) != 0)
		return -1;
	in->p += n;
	in->len -= n;
	return 0;
}

static int
take_base64(struct bytes *in, struct buf *out, struct error *e)
{
	struct buf	 dense = { 0 };
	int		 rc;

	for (; in->len > 0 && *in->p != '-'; in->p++, in->len--)
		if (*in->p != '\n')
			buf_byte(&dense, *in->p);
	rc = base64_parse(out, buf_cstr(&dense), dense.len, e);
	buf_clear(&dense);
	return rc;
}

int
share_parse(struct share_file *f, struct bytes text, struct error *e)
{
	struct bytes	 in = text;

	memset(f, 0, sizeof(*f));
	if (text.len > SHARE_FILE_MAX || take_text(&in, BEGIN) == -1 ||
	    take_line(&in, "Root: ", f->root, sizeof(f->root)) == -1 ||
	    take_line(&in, "Custodian: ", f->custodian,
	    sizeof(f->custodian)) == -1 ||
	    take_number(&in, "Share: ", &f->number) == -1 ||
	    take_number(&in, "Threshold: ", &f->threshold) == -1 ||
	    take_number(&in, "Of: ", &f->of) == -1 ||
	    !text_is_name(f->custodian) || take_text(&in, "\n") == -1 ||
	    take_base64(&in, &f->sealed, e) == -1 ||
	    take_text(&in, END) == -1 || in.len != 0 ||
	    f->sealed.len <= OVERHEAD) {
		share_file_clear(f);
		return bad(e);
	}
	header_write(&f->header, f);
	return 0;
}

static int
decrypt(struct secret *plain, const struct share_file *f,
    const struct secret *key, struct error *e)
{
	EVP_CIPHER_CTX	*ctx = EVP_CIPHER_CTX_new();
	uint8_t		 tag[TAG];
	int		 n, rc = -1;

	memcpy(tag, f->sealed.p + f->sealed.len - TAG, TAG);
	if (ctx == NULL ||
	    EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->p,
	    f->sealed.p + SALT) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &n, f->header.p,
	    (int)f->header.len) != 1 ||
	    EVP_DecryptUpdate(ctx, plain->p, &n, f->sealed.p + SALT + NONCE,
	    (int)plain->len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1)
		error_ssl(e, ERROR_CRYPTO, "decrypt share");
	else if (EVP_DecryptFinal_ex(ctx, plain->p + n, &n) != 1) {
		ERR_clear_error();
		error_set(e, ERROR_DENIED, "wrong passphrase, or the share "
		    "was changed");
	} else
		rc = 0;
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

int
share_unseal(struct share *out, const struct share_file *f,
    const struct secret *passphrase, struct error *e)
{
	struct secret	 key = { NULL, 0 };
	int		 rc = -1;

	memset(out, 0, sizeof(*out));
	if (derive(&key, passphrase, f->sealed.p, e) == -1 ||
	    secret_new(&out->data, f->sealed.len - OVERHEAD, e) == -1 ||
	    decrypt(&out->data, f, &key, e) == -1)
		goto out;
	out->number = (uint8_t)f->number;
	out->threshold = (uint8_t)f->threshold;
	rc = 0;
 out:
	if (rc == -1)
		share_clear(out);
	secret_free(&key);
	return rc;
}

void
share_file_clear(struct share_file *f)
{
	buf_clear(&f->header);
	buf_clear(&f->sealed);
	memset(f, 0, sizeof(*f));
}
