/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "audit/chain.h"
#include "base/digest.h"
#include "base/text.h"

static bool
is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static void
put_value(struct buf *body, const char *value)
{
	char	 escape[5];
	uint8_t	 c;

	for (; (c = (uint8_t)*value) != '\0'; value++) {
		if (c == '\\')
			buf_str(body, "\\\\");
		else if (c == '\n')
			buf_str(body, "\\n");
		else if (is_control(c)) {
			snprintf(escape, sizeof(escape), "\\x%02x", c);
			buf_str(body, escape);
		} else
			buf_byte(body, c);
	}
}

void
audit_str(struct buf *body, const char *key, const char *value)
{
	buf_str(body, key);
	buf_byte(body, '=');
	if (value != NULL)
		put_value(body, value);
	buf_byte(body, '\n');
}

void
audit_hex(struct buf *body, const char *key, const void *p, size_t n)
{
	char	*text = mem_alloc(2 * n + 1);

	audit_str(body, key, text_hex(text, p, n));
	mem_free(&text);
}

void
audit_num(struct buf *body, const char *key, int64_t n)
{
	char	 text[32];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	audit_str(body, key, text);
}

void
audit_begin(struct buf *body, const char *act, int64_t at)
{
	char	 text[TEXT_TIME_SIZE];

	audit_str(body, "act", act);
	audit_str(body, "at", text_time(text, at));
}

/* ---- reading ---- */

static bool
is_key(const uint8_t *p, size_t n)
{
	static const char	 allowed[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t			 i;

	for (i = 0; i < n; i++)
		if (p[i] == '\0' || strchr(allowed, p[i]) == NULL)
			return false;
	return n > 0 && n <= 64;
}

static int
unhex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/*
 * The byte that the escape at p stands for; *used is its length.  Only what
 * put_value() writes is accepted, so that a value has one spelling.
 */
static int
unescape(const uint8_t *p, size_t n, size_t *used)
{
	int	 hi, lo;

	*used = 2;
	if (n >= 2 && p[1] == '\\')
		return '\\';
	if (n >= 2 && p[1] == 'n')
		return '\n';
	*used = 4;
	if (n < 4 || p[1] != 'x' || (hi = unhex(p[2])) == -1 ||
	    (lo = unhex(p[3])) == -1)
		return -1;
	hi = hi << 4 | lo;
	return is_control((uint8_t)hi) && hi != '\n' && hi != 0 ? hi : -1;
}

/* Check a value, and append it to out unless that is NULL. */
static int
value_read(struct buf *out, const uint8_t *p, size_t n)
{
	size_t	 i, used;
	int	 c;

	for (i = 0; i < n; i += used) {
		used = 1;
		c = p[i];
		if (is_control(p[i]) ||
		    (c == '\\' && (c = unescape(p + i, n - i, &used)) == -1))
			return -1;
		if (out != NULL)
			buf_byte(out, (uint8_t)c);
	}
	return 0;
}

/* Take "key=value\n" from the front of *in. */
static int
line_take(struct bytes *in, struct bytes *key, struct bytes *value)
{
	const uint8_t	*end, *equals;

	if ((end = memchr(in->p, '\n', in->len)) == NULL)
		return -1;
	equals = memchr(in->p, '=', (size_t)(end - in->p));
	if (equals == NULL || !is_key(in->p, (size_t)(equals - in->p)))
		return -1;
	*key = BYTES(in->p, (size_t)(equals - in->p));
	*value = BYTES(equals + 1, (size_t)(end - equals - 1));
	in->len -= (size_t)(end + 1 - in->p);
	in->p = end + 1;
	return value_read(NULL, value->p, value->len);
}

static bool
key_is(struct bytes key, const char *name)
{
	return key.len == strlen(name) && memcmp(key.p, name, key.len) == 0;
}

int
audit_find(struct bytes body, const char *name, struct buf *value,
    struct error *e)
{
	static const char *const	 first[] = { "act", "at" };
	struct bytes			 key, text, found = { NULL, 0 };
	size_t				 line;
	bool				 has = false;

	if (body.len > AUDIT_BODY_MAX)
		return error_set(e, ERROR_INPUT,
		    "audit entry: %zu bytes, more than %d", body.len,
		    AUDIT_BODY_MAX);
	for (line = 1; body.len > 0 || line <= 2; line++) {
		if (body.len == 0 || line_take(&body, &key, &text) == -1)
			return error_set(e, ERROR_INPUT,
			    "audit entry: line %zu is malformed", line);
		if (line <= 2 && !key_is(key, first[line - 1]))
			return error_set(e, ERROR_INPUT,
			    "audit entry: line %zu is not \"%s\"", line,
			    first[line - 1]);
		if (!key_is(key, name))
			continue;
		if (has)
			return error_set(e, ERROR_INPUT,
			    "audit entry: \"%s\" occurs twice", name);
		has = true;
		found = text;
	}
	if (has)
		value_read(value, found.p, found.len);
	return has ? 1 : 0;
}

void
audit_advance(struct audit_head *head, struct bytes body)
{
	struct buf	 in = { 0 };
	uint64_t	 seq;
	int		 shift;

	head->seq++;
	seq = (uint64_t)head->seq;
	buf_reserve(&in, 1 + AUDIT_HASH + 8 + body.len);
	buf_byte(&in, 0x01);
	buf_add(&in, head->hash, AUDIT_HASH);
	for (shift = 56; shift >= 0; shift -= 8)
		buf_byte(&in, (uint8_t)(seq >> shift));
	buf_add(&in, body.p, body.len);
	digest_sha256(head->hash, in.p, in.len);
	buf_clear(&in);
}
