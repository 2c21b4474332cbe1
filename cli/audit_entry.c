/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of an entry that is being replayed.
 */
#include "base/text.h"
#include "cli/audit_state.h"

bool
entry_maybe(struct audit_verify *v, const struct audit_entry *en,
    const char *key, char *dst, size_t size)
{
	struct error	 e = ERROR_INIT;
	struct buf	 value = { 0 };
	bool		 ok = false;

	(void)v;
	if (audit_find(en->body, key, &value, &e) == 1 && value.len < size &&
	    memchr(value.p != NULL ? value.p : (const uint8_t *)"", 0,
	    value.len) == NULL) {
		memcpy(dst, buf_cstr(&value), value.len + 1);
		ok = true;
	}
	buf_clear(&value);
	return ok;
}

bool
entry_text(struct audit_verify *v, const struct audit_entry *en,
    enum audit_check check, const char *key, char *dst, size_t size)
{
	if (entry_maybe(v, en, key, dst, size))
		return true;
	audit_failed(v->r, check, &en->about,
	    "%s: \"%s\" is missing or malformed", en->act, key);
	return false;
}

bool
entry_hex(struct audit_verify *v, const struct audit_entry *en,
    enum audit_check check, const char *key, uint8_t *dst, size_t max,
    size_t *len)
{
	struct error	 e = ERROR_INIT;
	char		 text[129];

	if (!entry_text(v, en, check, key, text, sizeof(text)))
		return false;
	if (text_unhex(dst, max, len, text, &e) == 0)
		return true;
	audit_failed(v->r, check, &en->about, "%s: %s: %s", en->act, key,
	    e.text);
	return false;
}

bool
entry_digest(struct audit_verify *v, const struct audit_entry *en,
    enum audit_check check, const char *key, uint8_t dst[32])
{
	size_t	 len;

	if (!entry_hex(v, en, check, key, dst, 32, &len))
		return false;
	if (len == 32)
		return true;
	audit_failed(v->r, check, &en->about, "%s: %s is no SHA-256 digest",
	    en->act, key);
	return false;
}

bool
entry_num(struct audit_verify *v, const struct audit_entry *en,
    enum audit_check check, const char *key, int64_t *n)
{
	struct error	 e = ERROR_INIT;
	char		 text[24];

	if (!entry_text(v, en, check, key, text, sizeof(text)))
		return false;
	if (text_parse_number(n, text, 0, INT64_MAX, &e) == 0)
		return true;
	audit_failed(v->r, check, &en->about, "%s: %s: %s", en->act, key,
	    e.text);
	return false;
}

bool
entry_time(struct audit_verify *v, const struct audit_entry *en,
    enum audit_check check, const char *key, int64_t *t)
{
	struct error	 e = ERROR_INIT;
	char		 text[TEXT_TIME_SIZE];

	if (!entry_text(v, en, check, key, text, sizeof(text)))
		return false;
	if (text_parse_time(t, text, &e) == 0)
		return true;
	audit_failed(v->r, check, &en->about, "%s: %s: %s", en->act, key,
	    e.text);
	return false;
}

const char *
entry_intern(struct audit_verify *v, const char *text)
{
	char	*s = map_find(&v->words, text);

	if (s == NULL) {
		s = arena_strdup(v->arena, text);
		map_put(&v->words, s);
	}
	return s;
}
