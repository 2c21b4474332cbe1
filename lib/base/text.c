/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <openssl/evp.h>

#define NAME_MAX_LEN	64
#define TIME_MIN	INT64_C(-62167219200)	/* 0000-01-01T00:00:00Z */
#define TIME_MAX	INT64_C(253402300799)	/* 9999-12-31T23:59:59Z */

static const struct {
	char	 letter;
	int64_t	 seconds;
} units[] = {
	{ 'y', INT64_C(365) * 86400 },
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};
#define NUNITS	(sizeof(units) / sizeof(units[0]))

static bool
text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

char *
text_hex(char *dst, const void *src, size_t n)
{
	static const char	 digit[] = "0123456789abcdef";
	const uint8_t		*p = src;
	size_t			 i;

	for (i = 0; i < n; i++) {
		dst[2 * i] = digit[p[i] >> 4];
		dst[2 * i + 1] = digit[p[i] & 15];
	}
	dst[2 * n] = '\0';
	return dst;
}

static int
text_nibble(char c)
{
	if (text_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
text_unhex(uint8_t *dst, size_t max, size_t *len, const char *s,
    struct error *e)
{
	size_t	 n = strlen(s), i;
	int	 hi, lo;

	if (n % 2 != 0)
		return error_set(e, ERROR_INPUT,
		    "hex has an odd number of digits");
	n /= 2;
	if (n > max || (len == NULL && n != max))
		return error_set(e, ERROR_INPUT,
		    "hex stands for %zu bytes, not for %s%zu", n,
		    len == NULL ? "" : "at most ", max);
	for (i = 0; i < n; i++) {
		hi = text_nibble(s[2 * i]);
		lo = text_nibble(s[2 * i + 1]);
		if (hi == -1 || lo == -1)
			return error_set(e, ERROR_INPUT,
			    "not a hex digit at position %zu",
			    2 * i + (hi == -1 ? 1 : 2));
		dst[i] = (uint8_t)(hi << 4 | lo);
	}
	if (len != NULL)
		*len = n;
	return 0;
}

/* In pieces, because OpenSSL counts in int; 3 bytes make 4 letters. */
char *
text_base64(const void *src, size_t n)
{
	const size_t		 piece = 3u << 20;
	const unsigned char	*p = src;
	unsigned char		*out, *to;
	size_t			 now;

	to = out = mem_array(n / 3 + 2, 4);
	for (; n > 0; n -= now, p += now) {
		now = n > piece ? piece : n;
		to += EVP_EncodeBlock(to, p, (int)now);
	}
	return (char *)out;
}

char *
text_time(char *dst, int64_t when)
{
	struct tm	 tm;
	time_t		 t;

	t = when < TIME_MIN ? TIME_MIN : when > TIME_MAX ? TIME_MAX : when;
	gmtime_r(&t, &tm);
	/* The remainders are there for the compiler's eyes only. */
	snprintf(dst, TEXT_TIME_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned int)(tm.tm_year + 1900) % 10000,
	    (unsigned int)(tm.tm_mon + 1) % 100,
	    (unsigned int)tm.tm_mday % 100, (unsigned int)tm.tm_hour % 100,
	    (unsigned int)tm.tm_min % 100, (unsigned int)tm.tm_sec % 100);
	return dst;
}

/* Does s look like the pattern, in which 0 stands for any digit? */
static bool
text_matches(const char *s, const char *pattern)
{
	for (; *pattern != '\0'; s++, pattern++)
		if (*pattern == '0' ? !text_is_digit(*s) : *s != *pattern)
			return false;
	return *s == '\0';
}

static int
text_digits(const char *s, int n)
{
	int	 v = 0;

	while (n-- > 0)
		v = v * 10 + (*s++ - '0');
	return v;
}

static int
text_bad_time(const char *s, struct error *e)
{
	error_set(e, ERROR_INPUT, "not a time: \"%.40s\"", s);
	return error_hint(e, "write 2026-11-21 or 2026-11-21T02:49:48Z (UTC)");
}

int
text_parse_time(int64_t *out, const char *s, struct error *e)
{
	struct tm	 tm = { 0 };
	char		 back[TEXT_TIME_SIZE];
	int64_t		 t;
	bool		 full;

	full = text_matches(s, "0000-00-00T00:00:00Z");
	if (!full && !text_matches(s, "0000-00-00"))
		return text_bad_time(s, e);
	tm.tm_year = text_digits(s, 4) - 1900;
	tm.tm_mon = text_digits(s + 5, 2) - 1;
	tm.tm_mday = text_digits(s + 8, 2);
	if (full) {
		tm.tm_hour = text_digits(s + 11, 2);
		tm.tm_min = text_digits(s + 14, 2);
		tm.tm_sec = text_digits(s + 17, 2);
	}
	/* timegm() takes 31 February for 3 March: compare the way back. */
	t = timegm(&tm);
	text_time(back, t);
	if (strncmp(back, s, full ? 20 : 10) != 0)
		return error_set(e, ERROR_INPUT, "no such time: \"%s\"", s);
	*out = t;
	return 0;
}

static int
text_duration_add(int64_t *total, int64_t n, int64_t unit)
{
	int64_t	 part;

	return __builtin_mul_overflow(n, unit, &part) ||
	    __builtin_add_overflow(*total, part, total) ? -1 : 0;
}

int
text_parse_duration(int64_t *seconds, const char *s, struct error *e)
{
	const char	*p = s;
	int64_t		 total = 0, n;
	size_t		 u = 0;

	if (*p == '\0')
		goto bad;
	while (*p != '\0') {
		if (!text_is_digit(*p))
			goto bad;
		for (n = 0; text_is_digit(*p); p++)
			if (__builtin_mul_overflow(n, 10, &n) ||
			    __builtin_add_overflow(n, *p - '0', &n))
				goto big;
		while (u < NUNITS && units[u].letter != *p)
			u++;
		if (u == NUNITS)
			goto bad;
		if (text_duration_add(&total, n, units[u].seconds) == -1)
			goto big;
		u++;
		p++;
	}
	*seconds = total;
	return 0;
 big:
	return error_set(e, ERROR_INPUT, "duration is too long: \"%.40s\"", s);
 bad:
	error_set(e, ERROR_INPUT, "not a duration: \"%.40s\"", s);
	return error_hint(e, "write 90d, 12h, 30m, 45s, 1y or a sum such as"
	    " 1d12h, largest unit first");
}

/* Write n with units[first] as the largest; returns the number of terms. */
static int
text_duration_from(char dst[32], uint64_t n, size_t first)
{
	size_t	 len = 0;
	int	 terms = 0;

	dst[0] = '\0';
	for (; first < NUNITS; first++) {
		if (n < (uint64_t)units[first].seconds)
			continue;
		len += (size_t)snprintf(dst + len, 31 - len, "%llu%c",
		    (unsigned long long)(n / (uint64_t)units[first].seconds),
		    units[first].letter);
		n %= (uint64_t)units[first].seconds;
		terms++;
	}
	return terms;
}

char *
text_duration(char dst[32], int64_t seconds)
{
	char		 best[32] = "", now[32];
	uint64_t	 n;
	size_t		 u;
	int		 terms, best_terms = 0;

	n = seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds;
	for (u = 0; u < NUNITS; u++) {
		if ((terms = text_duration_from(now, n, u)) == 0)
			continue;
		if (best_terms == 0 || strlen(now) < strlen(best) ||
		    (strlen(now) == strlen(best) && terms < best_terms)) {
			memcpy(best, now, sizeof(best));
			best_terms = terms;
		}
	}
	snprintf(dst, 32, "%s%.30s", seconds < 0 ? "-" : "",
	    best_terms == 0 ? "0s" : best);
	return dst;
}

char *
text_count(char dst[32], uint64_t n)
{
	char	 digits[21];
	size_t	 len, i, o = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%llu",
	    (unsigned long long)n);
	for (i = 0; i < len; i++) {
		if (i != 0 && (len - i) % 3 == 0)
			dst[o++] = ',';
		dst[o++] = digits[i];
	}
	dst[o] = '\0';
	return dst;
}

int
text_parse_number(int64_t *out, const char *s, int64_t min, int64_t max,
    struct error *e)
{
	const char	*p = s;
	int64_t		 n = 0;
	bool		 big = false;

	if (*p == '\0')
		return error_set(e, ERROR_INPUT, "not a number: \"\"");
	for (; *p != '\0'; p++) {
		if (!text_is_digit(*p))
			return error_set(e, ERROR_INPUT,
			    "not a number: \"%.40s\"", s);
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *p - '0', &n))
			big = true;
	}
	if (big || n < min || n > max)
		return error_set(e, ERROR_INPUT,
		    "%.40s is not between %lld and %lld", s, (long long)min,
		    (long long)max);
	*out = n;
	return 0;
}

size_t
text_utf8(const uint8_t *p, size_t left, uint32_t *c)
{
	static const uint32_t	 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t			 n, i;

	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc0 ? 2 : 0;
	if (n == 0 || n > left || p[0] > 0xf4)
		return 0;
	*c = p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

static bool
text_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	    c == 0x2028 || c == 0x2029 ||	/* line, paragraph separator */
	    (c >= 0x202a && c <= 0x202e) ||	/* bidi embed and override */
	    (c >= 0x2066 && c <= 0x2069);	/* bidi isolate */
}

bool
text_is_clean(const char *s, size_t len, size_t max)
{
	const uint8_t	*p = (const uint8_t *)s;
	uint32_t	 c;
	size_t		 n;

	if (len > max)
		return false;
	for (; len > 0; p += n, len -= n)
		if ((n = text_utf8(p, len, &c)) == 0 || text_is_control(c))
			return false;
	return true;
}

bool
text_is_name(const char *s)
{
	static const char	 more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t			 len = strlen(s);

	return len > 0 && len <= NAME_MAX_LEN && strspn(s, more) == len &&
	    strchr("._-", s[0]) == NULL;
}

char *
text_escape(char *dst, size_t size, const char *s)
{
	const uint8_t	*p = (const uint8_t *)s;
	size_t		 left = strlen(s), o = 0, n, i, need;
	uint32_t	 c;
	bool		 plain;

	for (; left > 0; p += n, left -= n) {
		plain = (n = text_utf8(p, left, &c)) != 0 &&
		    !text_is_control(c);
		n = n == 0 ? 1 : n;
		need = plain ? n : 4 * n;
		if (o + need >= size)
			break;
		for (i = 0; i < n; i++)
			if (plain)
				dst[o++] = (char)p[i];
			else
				o += (size_t)snprintf(dst + o, size - o,
				    "\\x%02x", p[i]);
	}
	dst[o] = '\0';
	return dst;
}

/* Columns of the first len bytes: one for each character. */
static size_t
text_columns(const char *s, size_t len)
{
	size_t	 n = 0;

	for (; len > 0; len--, s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void
text_wrap(struct buf *out, const char *text, int indent, int width)
{
	size_t	 column = 0, len, cols, room;

	room = width > indent + 20 ? (size_t)(width - indent) : 20;
	while (*text != '\0') {
		if (*text == '\n') {
			buf_byte(out, '\n');
			column = 0;
			text++;
			continue;
		}
		len = strcspn(text, " \n");
		cols = text_columns(text, len);
		if (column > 0 && column + 1 + cols > room) {
			buf_byte(out, '\n');
			column = 0;
		}
		if (len > 0 && column == 0)
			buf_printf(out, "%*s", indent, "");
		else if (len > 0) {
			buf_byte(out, ' ');
			column++;
		}
		buf_add(out, text, len);
		column += cols;
		text += len;
		text += *text == ' ';
	}
	if (column > 0)
		buf_byte(out, '\n');
}

static size_t
text_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Three rows of the usual table (optimal string alignment) are enough. */
size_t
text_distance(const char *a, const char *b)
{
	size_t	 row[3][NAME_MAX_LEN + 1], *before = row[0], *last = row[1];
	size_t	*now = row[2], *t, la = strlen(a), lb = strlen(b), i, j;

	if (la > NAME_MAX_LEN || lb > NAME_MAX_LEN)
		return SIZE_MAX;
	for (j = 0; j <= lb; j++)
		last[j] = before[j] = j;
	for (i = 1; i <= la; i++) {
		now[0] = i;
		for (j = 1; j <= lb; j++) {
			now[j] = text_min(text_min(last[j], now[j - 1]) + 1,
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = text_min(now[j], before[j - 2] + 1);
		}
		t = before;
		before = last;
		last = now;
		now = t;
	}
	return last[lb];
}

bool
text_is_near(const char *typed, const char *known)
{
	size_t	 d = text_distance(typed, known), len = strlen(known);

	return d <= (len < 3 ? 0 : len < 6 ? 1 : 2);
}
