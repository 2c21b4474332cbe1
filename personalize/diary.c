/* SPDX-License-Identifier: Apache-2.0 */
#include "diary.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/base64.h"
#include "base/text.h"
#include "order/code.h"
#include "os/fault.h"
#include "os/file.h"

#define VERSION		1
#define FILE_MAX	(64 * 1024)
#define SALT_SIZE	16
#define IV_SIZE		12
#define TAG_SIZE	16
#define SEAL_OVER	(SALT_SIZE + IV_SIZE + TAG_SIZE)
#define PUK_SIZE	8
#define MANAGEMENT_MAX	32

void
diary_clear(struct diary *d)
{
	mem_free(&d->path);
	buf_clear(&d->spki);
	buf_clear(&d->request);
	buf_clear(&d->cert);
	buf_clear(&d->sealed);
	*d = (struct diary){ .path = NULL };
}

/* ---- the file ---- */

/* By what the plastic is known; without anything, by the name that it got. */
static char *
path_of(const char *dir, const char *identity, const uint8_t guid[16])
{
	char	 hex[33], name[CARD_IDENTITY_MAX + 8];

	snprintf(name, sizeof(name), "%s.card", *identity != '\0' ? identity :
	    text_hex(hex, guid, 16));
	for (char *p = name; *p != '\0'; p++)
		if (*p == '/' || *p == ':')
			*p = '-';
	return file_join(dir, name);
}

static void
put_bytes(json_t *o, const char *key, const struct buf *b)
{
	char	*text = text_base64(b->p, b->len);

	if (b->len > 0)
		json_object_set_new(o, key, json_string(text));
	mem_free(&text);
}

static int
get_bytes(struct buf *b, json_t *o, const char *key, struct error *e)
{
	const char	*text = json_string_value(json_object_get(o, key));

	return text == NULL ? 0 : base64_parse(b, text, strlen(text), e);
}

static int
get_text(char *dst, size_t size, json_t *o, const char *key, struct error *e)
{
	const char	*text = json_string_value(json_object_get(o, key));

	if (text == NULL || strlen(text) >= size)
		return error_set(e, ERROR_INPUT, "%s: missing or too long",
		    key);
	memcpy(dst, text, strlen(text) + 1);
	return 0;
}

static int
get_hex(uint8_t *dst, size_t size, json_t *o, const char *key,
    struct error *e)
{
	char	 hex[65];

	return get_text(hex, sizeof(hex), o, key, e) == -1 ? -1 :
	    text_unhex(dst, size, NULL, hex, e);
}

static int
get_all(struct diary *d, json_t *o, struct error *e)
{
	char	 slot[40], alg[40];

	if (json_integer_value(json_object_get(o, "version")) != VERSION)
		return error_set(e, ERROR_INPUT, "not of version %d",
		    VERSION);
	return get_text(d->ra, sizeof(d->ra), o, "ra", e) == -1 ||
	    get_text(d->holder, sizeof(d->holder), o, "holder", e) == -1 ||
	    get_text(d->card, sizeof(d->card), o, "card", e) == -1 ||
	    get_text(d->expires, sizeof(d->expires), o, "expires", e) == -1 ||
	    get_text(slot, sizeof(slot), o, "slot", e) == -1 ||
	    get_text(alg, sizeof(alg), o, "alg", e) == -1 ||
	    card_slot_named(&d->slot, slot, e) == -1 ||
	    card_alg_named(&d->alg, alg, e) == -1 ||
	    get_hex(d->guid, sizeof(d->guid), o, "guid", e) == -1 ||
	    get_bytes(&d->spki, o, "key", e) == -1 ||
	    get_bytes(&d->request, o, "request", e) == -1 ||
	    get_bytes(&d->cert, o, "certificate", e) == -1 ||
	    get_bytes(&d->sealed, o, "sealed", e) == -1 ? -1 : 0;
}

int
diary_load(struct diary *d, const char *dir, const struct card_info *i,
    struct error *e)
{
	struct buf	 text = { 0 };
	json_t		*o = NULL;
	int		 rc = 0;

	diary_clear(d);
	if (*i->identity == '\0' && !i->has_guid)
		return 0;
	d->path = path_of(dir, i->identity, i->guid);
	if (!file_exists(d->path)) {
		mem_free(&d->path);
		return 0;
	}
	rc = file_load(&text, d->path, FILE_MAX, e);
	if (rc == 0 && (o = json_loadb((const char *)text.p, text.len, 0,
	    NULL)) == NULL)
		rc = error_set(e, ERROR_INPUT, "not JSON");
	if (rc == 0)
		rc = get_all(d, o, e);
	if (rc == -1) {
		error_wrap(e, "%s", d->path);
		diary_clear(d);
	}
	json_decref(o);
	buf_clear(&text);
	return rc == -1 ? -1 : 1;
}

int
diary_store(struct diary *d, const char *dir, struct error *e)
{
	char	 guid[33], *text;
	json_t	*o = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
		    "version", VERSION, "ra", d->ra, "holder", d->holder,
		    "card", d->card, "guid", text_hex(guid, d->guid,
		    sizeof(d->guid)), "expires", d->expires,
		    "slot", card_slot_name(d->slot),
		    "alg", card_alg_name(d->alg));
	int	 rc = -1;

	put_bytes(o, "key", &d->spki);
	put_bytes(o, "request", &d->request);
	put_bytes(o, "certificate", &d->cert);
	put_bytes(o, "sealed", &d->sealed);
	if (d->path == NULL)
		d->path = path_of(dir, d->card, d->guid);
	if ((text = json_dumps(o, JSON_INDENT(1))) == NULL)
		error_set(e, ERROR_BUG, "a diary that is no JSON");
	else
		rc = file_store(d->path, text, strlen(text), 0600, e);
	FAULT("enrol-diary");
	free(text);
	json_decref(o);
	return rc;
}

int
diary_remove(struct diary *d, struct error *e)
{
	return unlink(d->path) == 0 || errno == ENOENT ? 0 :
	    error_sys(e, "remove %s", d->path);
}

/* ---- what is secret ---- */

static int
derive(struct secret *key, const struct secret *typed, const uint8_t *salt,
    struct error *e)
{
	struct secret	 code = { NULL, 0 };
	int		 rc = -1;

	if (code_normalise(&code, typed, e) == 0 &&
	    secret_new(key, 32, e) == 0)
		rc = EVP_PBE_scrypt((const char *)code.p, code.len, salt,
		    SALT_SIZE, 1 << 15, 8, 1, 64 << 20, key->p,
		    key->len) == 1 ? 0 : error_ssl(e, ERROR_CRYPTO,
		    "key of the code");
	secret_free(&code);
	return rc;
}

/* Bound to the card: what was sealed for another does not open. */
static int
crypt_bytes(bool seal, const struct diary *d, const struct secret *key,
    const uint8_t *iv, uint8_t *tag, const uint8_t *in, uint8_t *out,
    size_t len, struct error *e)
{
	EVP_CIPHER_CTX	*ctx = EVP_CIPHER_CTX_new();
	int		 n, rc = -1;

	if (ctx == NULL || EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL,
	    key->p, iv, seal) != 1 || (!seal && EVP_CIPHER_CTX_ctrl(ctx,
	    EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) != 1) ||
	    EVP_CipherUpdate(ctx, NULL, &n, d->guid, sizeof(d->guid)) != 1 ||
	    EVP_CipherUpdate(ctx, out, &n, in, (int)len) != 1)
		error_ssl(e, ERROR_CRYPTO, "AES-256-GCM");
	else if (EVP_CipherFinal_ex(ctx, out + n, &n) != 1) {
		ERR_clear_error();
		error_set(e, ERROR_DENIED, "this card was begun with another "
		    "one-time code");
	} else if (seal && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
	    TAG_SIZE, tag) != 1)
		error_ssl(e, ERROR_CRYPTO, "AES-256-GCM");
	else
		rc = 0;
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

int
diary_seal(struct diary *d, const struct secret *code,
    const struct secret *puk, const struct secret *management,
    struct error *e)
{
	struct secret	 key = { NULL, 0 }, clear = { NULL, 0 };
	uint8_t		 out[SEAL_OVER + PUK_SIZE + MANAGEMENT_MAX];
	int		 rc = -1;

	if (puk->len != PUK_SIZE || management->len > MANAGEMENT_MAX)
		return error_set(e, ERROR_BUG, "secrets of odd lengths");
	if (RAND_bytes(out, SALT_SIZE + IV_SIZE) != 1)
		return error_ssl(e, ERROR_CRYPTO, "random bytes");
	if (secret_new(&clear, PUK_SIZE + management->len, e) == -1 ||
	    derive(&key, code, out, e) == -1)
		goto out;
	memcpy(clear.p, puk->p, PUK_SIZE);
	if (management->len > 0)
		memcpy(clear.p + PUK_SIZE, management->p, management->len);
	rc = crypt_bytes(true, d, &key, out + SALT_SIZE, out + SALT_SIZE +
	    IV_SIZE, clear.p, out + SEAL_OVER, clear.len, e);
	if (rc == 0) {
		buf_clear(&d->sealed);
		buf_add(&d->sealed, out, SEAL_OVER + clear.len);
	}
 out:
	secret_free(&key);
	secret_free(&clear);
	return rc;
}

int
diary_open(const struct diary *d, const struct secret *code,
    struct secret *puk, struct secret *management, struct error *e)
{
	struct secret	 key = { NULL, 0 }, clear = { NULL, 0 };
	uint8_t		 tag[TAG_SIZE];
	const uint8_t	*p = d->sealed.p;
	int		 rc = -1;

	if (d->sealed.len < SEAL_OVER + PUK_SIZE ||
	    d->sealed.len > SEAL_OVER + PUK_SIZE + MANAGEMENT_MAX)
		return error_set(e, ERROR_INPUT, "%s: what is sealed has an "
		    "odd length", d->path);
	memcpy(tag, p + SALT_SIZE + IV_SIZE, TAG_SIZE);
	if (secret_new(&clear, d->sealed.len - SEAL_OVER, e) == 0 &&
	    derive(&key, code, p, e) == 0 &&
	    crypt_bytes(false, d, &key, p + SALT_SIZE, tag, p + SEAL_OVER,
	    clear.p, clear.len, e) == 0 &&
	    secret_set(puk, clear.p, PUK_SIZE, e) == 0)
		rc = clear.len == PUK_SIZE ? 0 : secret_set(management,
		    clear.p + PUK_SIZE, clear.len - PUK_SIZE, e);
	secret_free(&key);
	secret_free(&clear);
	return rc;
}
