/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mail.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "x509/mail_address.h"

#define LINE_MAX	76		/* of an encoded body (RFC 2045, 6.7) */
#define PLAIN_MAX	60		/* characters after a header's name */
#define WORD_BYTES	42		/* in one encoded word of 75 characters */
#define ADDRESS_MAX	254		/* RFC 5321, 4.5.3.1, without < > */

int
mail_check_address(const char *address, struct error *e)
{
	if (strlen(address) > ADDRESS_MAX)
		return error_set(e, ERROR_INPUT, "longer than %d characters",
		    ADDRESS_MAX);
	return mail_address_check(address, e);
}

static int
check_address(const char *what, const char *address, struct error *e)
{
	if (address == NULL)
		return 0;
	return mail_check_address(address, e) == -1 ? error_wrap(e, "mail: %s",
	    what) : 0;
}

static int
check_words(const char *what, const char *s, struct error *e)
{
	if (s == NULL || text_is_clean(s, strlen(s), MAIL_SUBJECT_MAX))
		return 0;
	return error_set(e, ERROR_INPUT, "mail: %s is too long, not UTF-8 or "
	    "has control characters", what);
}

static int
check_id(const char *id, struct error *e)
{
	if (*id != '\0' && strlen(id) <= 100 &&
	    id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0')
		return 0;
	return error_set(e, ERROR_INPUT, "mail: id is not [a-z0-9.-]");
}

static int
check_lang(const char *lang, struct error *e)
{
	size_t	 len = lang != NULL ? strlen(lang) : 2;

	if (lang == NULL || (len > 0 && len <= 35 && lang[strspn(lang,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")]
	    == '\0'))
		return 0;
	return error_set(e, ERROR_INPUT, "mail: language is not a tag");
}

/* UTF-8 without control characters but LF and TAB. */
static int
check_body(const char *body, struct error *e)
{
	const uint8_t	*p = (const uint8_t *)body;
	size_t		 left = strlen(body), n;
	uint32_t	 c;

	if (left > MAIL_BODY_MAX)
		return error_set(e, ERROR_INPUT, "mail: body is longer than %u "
		    "bytes", MAIL_BODY_MAX);
	for (; left > 0; p += n, left -= n) {
		if ((n = text_utf8(p, left, &c)) == 0)
			return error_set(e, ERROR_INPUT, "mail: body is not "
			    "UTF-8");
		if ((c < 0x20 && c != '\n' && c != '\t') ||
		    (c >= 0x7f && c < 0xa0))
			return error_set(e, ERROR_INPUT, "mail: body has "
			    "control characters");
	}
	return 0;
}

static int
mail_check(const struct mail *m, struct error *e)
{
	if (check_address("sender", m->from, e) == -1 ||
	    check_address("reply-to", m->reply_to, e) == -1 ||
	    check_address("recipient", m->to, e) == -1 ||
	    check_words("sender's name", m->from_name, e) == -1 ||
	    check_words("subject", m->subject, e) == -1 ||
	    check_id(m->id, e) == -1 || check_lang(m->lang, e) == -1 ||
	    check_body(m->body, e) == -1)
		return -1;
	return 0;
}

/* Can it stand in a header as it is? */
static bool
is_plain(const char *s)
{
	size_t	 n;

	for (n = 0; s[n] != '\0'; n++)
		if ((unsigned char)s[n] >= 0x7f)
			return false;
	return n <= PLAIN_MAX && strstr(s, "=?") == NULL &&
	    (n == 0 || (s[0] != ' ' && s[n - 1] != ' '));
}

/* RFC 2047: words of at most 75 characters, none of which splits a
 * character. */
static void
put_encoded(struct buf *out, const char *s)
{
	size_t	 left = strlen(s), n, k;

	for (; left > 0; s += n, left -= n) {
		uint32_t	 c;
		char		*b64;

		for (n = 0; n < left && (k = text_utf8((const uint8_t *)s + n,
		    left - n, &c)) != 0 && n + k <= WORD_BYTES; )
			n += k;
		b64 = text_base64(s, n);
		buf_printf(out, "=?UTF-8?B?%s?=%s", b64, n < left ? "\r\n " :
		    "");
		mem_free(&b64);
	}
}

static void
put_words(struct buf *out, const char *s)
{
	if (is_plain(s))
		buf_str(out, s);
	else
		put_encoded(out, s);
}

/* RFC 5322, 3.2.4: a quoted string, or encoded words, which must not be
 * inside of one. */
static void
put_phrase(struct buf *out, const char *s)
{
	if (!is_plain(s)) {
		put_encoded(out, s);
		return;
	}
	buf_byte(out, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)*s);
	}
	buf_byte(out, '"');
}

static void
put_from(struct buf *out, const struct mail *m)
{
	buf_str(out, "From: ");
	if (m->from_name != NULL && *m->from_name != '\0') {
		put_phrase(out, m->from_name);
		buf_printf(out, "\r\n <%s>\r\n", m->from);
	} else
		buf_printf(out, "%s\r\n", m->from);
}

static void
put_date(struct buf *out, int64_t date)
{
	static const char	 days[] = "SunMonTueWedThuFriSat";
	static const char	 months[] =
	    "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t			 at = (time_t)date;
	struct tm		 tm = { .tm_mday = 1, .tm_year = 70 };

	gmtime_r(&at, &tm);
	buf_printf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d +0000\r\n",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put_head(struct buf *out, const struct mail *m)
{
	put_date(out, m->date);
	put_from(out, m);
	if (m->reply_to != NULL)
		buf_printf(out, "Reply-To: %s\r\n", m->reply_to);
	buf_printf(out, "To: %s\r\nSubject: ", m->to);
	put_words(out, m->subject);
	buf_printf(out, "\r\nMessage-ID: <%s%s>\r\n", m->id,
	    strrchr(m->from, '@'));
	/* RFC 3834, 5: so that nobody's holiday answers. */
	buf_str(out, "Auto-Submitted: auto-generated\r\n"
	    "X-Auto-Response-Suppress: All\r\n");
	if (m->lang != NULL)
		buf_printf(out, "Content-Language: %s\r\n", m->lang);
	buf_str(out, "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
}

/* Must this character of a line be written =XX? */
static bool
needs_quoting(const char *line, size_t i, size_t len)
{
	unsigned char	 c = (unsigned char)line[i];

	if (c == ' ' || c == '\t')
		return i + 1 == len;		/* RFC 2045, 6.7 (3) */
	/* What mail servers have been known to change. */
	if (i == 0 && (c == '.' || (len >= 5 && memcmp(line, "From ", 5) == 0)))
		return true;
	return c == '=' || c < 0x20 || c >= 0x7f;
}

static void
put_line(struct buf *out, const char *line, size_t len)
{
	size_t	 column = 0;

	for (size_t i = 0; i < len; i++) {
		bool	 quote = needs_quoting(line, i, len);
		size_t	 width = quote ? 3 : 1;

		/* The last character needs no room for the "=" after it. */
		if (column + width > LINE_MAX - (i + 1 < len ? 1 : 0)) {
			buf_str(out, "=\r\n");
			column = 0;
		}
		if (quote)
			buf_printf(out, "=%02X", (unsigned char)line[i]);
		else
			buf_byte(out, (uint8_t)line[i]);
		column += width;
	}
	buf_str(out, "\r\n");
}

static void
put_body(struct buf *out, const char *body)
{
	const char	*end;

	for (; *body != '\0'; body = *end != '\0' ? end + 1 : end) {
		end = body + strcspn(body, "\n");
		put_line(out, body, (size_t)(end - body));
	}
}

int
mail_write(struct buf *out, const struct mail *m, struct error *e)
{
	if (mail_check(m, e) == -1)
		return -1;
	put_head(out, m);
	put_body(out, m->body);
	return 0;
}
