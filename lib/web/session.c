/* SPDX-License-Identifier: Apache-2.0 */
#include "web/session.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "os/file.h"

#define MAC	32

static int
session_mac(uint8_t mac[MAC], const uint8_t key[SESSION_KEY],
    const char *purpose, struct bytes what, struct error *e)
{
	struct buf	 in = { 0 };
	unsigned int	 len = MAC;
	int		 rc = 0;

	buf_add(&in, purpose, strlen(purpose) + 1);
	buf_add(&in, what.p, what.len);
	if (HMAC(EVP_sha256(), key, SESSION_KEY, in.p, in.len, mac, &len) ==
	    NULL)
		rc = error_ssl(e, ERROR_CRYPTO, "sign a session");
	buf_clear(&in);
	return rc;
}

int
session_init(struct session *s, const uint8_t *cert, int64_t now,
    const struct rng *rng, struct error *e)
{
	memset(s, 0, sizeof(*s));
	s->created_at = s->used_at = now;
	if (cert != NULL)
		memcpy(s->cert, cert, sizeof(s->cert));
	return rng_fill(rng, s->id, sizeof(s->id), e);
}

/* "ID.CREATED.USED.CERT.MESSAGE=MAC": text, all of it in hex but the numbers
 * and the message, which is a key. */
int
session_encode(char dst[SESSION_COOKIE], const struct session *s,
    const uint8_t key[SESSION_KEY], struct error *e)
{
	char	 id[2 * SESSION_ID + 1], cert[65], hex[2 * MAC + 1];
	uint8_t	 mac[MAC];
	int	 n;

	n = snprintf(dst, SESSION_COOKIE, "%s.%lld.%lld.%s.%s",
	    text_hex(id, s->id, sizeof(s->id)), (long long)s->created_at,
	    (long long)s->used_at, text_hex(cert, s->cert, sizeof(s->cert)),
	    s->message);
	if (session_mac(mac, key, "session", BYTES(dst, n), e) == -1)
		return -1;
	snprintf(dst + n, SESSION_COOKIE - (size_t)n, "=%s",
	    text_hex(hex, mac, sizeof(mac)));
	return 0;
}

/* What was signed is ours, so this only takes it apart. */
static bool
session_split(struct session *s, char *text)
{
	struct error	 ignored = ERROR_INIT;
	char		*part[5], *p = text;
	int		 i;

	for (i = 0; i < 5; i++) {
		part[i] = p;
		if (i < 4 && ((p = strchr(p, '.')) == NULL))
			return false;
		if (i < 4)
			*p++ = '\0';
	}
	memset(s, 0, sizeof(*s));
	snprintf(s->message, sizeof(s->message), "%s", part[4]);
	return text_unhex(s->id, sizeof(s->id), NULL, part[0], &ignored) ==
	    0 && text_parse_number(&s->created_at, part[1], 0, INT64_MAX,
	    &ignored) == 0 && text_parse_number(&s->used_at, part[2], 0,
	    INT64_MAX, &ignored) == 0 && text_unhex(s->cert, sizeof(s->cert),
	    NULL, part[3], &ignored) == 0;
}

int
session_decode(struct session *s, const char *cookie,
    const uint8_t key[SESSION_KEY], struct error *e)
{
	const char	*end = strrchr(cookie, '=');
	uint8_t		 mac[MAC], given[MAC];
	char		 text[SESSION_COOKIE];

	if (end == NULL || strlen(cookie) >= sizeof(text) ||
	    text_unhex(given, sizeof(given), NULL, end + 1, e) == -1)
		goto bad;
	snprintf(text, sizeof(text), "%.*s", (int)(end - cookie), cookie);
	if (session_mac(mac, key, "session", BYTES(text, strlen(text)), e) ==
	    -1)
		return -1;
	if (CRYPTO_memcmp(mac, given, MAC) == 0 && session_split(s, text))
		return 0;
 bad:
	memset(s, 0, sizeof(*s));
	error_clear(e);
	return error_set(e, ERROR_DENIED, "the session is not one of ours");
}

int
session_token(char dst[SESSION_TOKEN], const struct session *s,
    const uint8_t key[SESSION_KEY], struct error *e)
{
	uint8_t	 mac[MAC];
	char	*text, *p;

	if (session_mac(mac, key, "token", BYTES(s->id, sizeof(s->id)), e) ==
	    -1)
		return -1;
	text = text_base64(mac, sizeof(mac));
	for (p = text; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p == '=' ? '\0' : *p;
	snprintf(dst, SESSION_TOKEN, "%s", text);
	mem_free(&text);
	return 0;
}

bool
session_token_is_good(const struct session *s,
    const uint8_t key[SESSION_KEY], const char *token)
{
	struct error	 ignored = ERROR_INIT;
	char		 good[SESSION_TOKEN] = "";

	return token != NULL &&
	    session_token(good, s, key, &ignored) == 0 &&
	    strlen(token) == strlen(good) &&
	    CRYPTO_memcmp(token, good, strlen(good)) == 0;
}

int
session_key_load(uint8_t key[SESSION_KEY], const char *path,
    const struct rng *rng, struct error *e)
{
	struct buf	 file = { 0 };
	int		 rc = -1;

	if (!file_exists(path)) {
		if (rng_fill(rng, key, SESSION_KEY, e) == -1)
			return -1;
		/* Another process may have been faster. */
		if (file_create(path, key, SESSION_KEY, 0600, e) == 0)
			return 0;
		if (e->code != ERROR_CONFLICT)
			return -1;
		error_clear(e);
	}
	if (file_check_private(path, e) == -1 ||
	    file_load(&file, path, SESSION_KEY, e) == -1)
		goto out;
	if (file.len != SESSION_KEY) {
		error_set(e, ERROR_CONFIG, "%s does not have %d bytes", path,
		    SESSION_KEY);
		error_hint(e, "remove it: a new one is made, and everybody's "
		    "session ends");
		goto out;
	}
	memcpy(key, file.p, SESSION_KEY);
	rc = 0;
 out:
	if (file.p != NULL)
		OPENSSL_cleanse(file.p, file.len);
	buf_clear(&file);
	return rc;
}
