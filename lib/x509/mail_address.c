/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "x509/mail_address.h"
#include "x509/script.h"

#define LOCAL_MAX	64	/* RFC 5321, 4.5.3.1.1 */
#define ADDRESS_MAX	254	/* RFC 5321, 4.5.3.1.3: 256 with < and > */
#define HOST_MAX	253
#define LABEL_MAX	63

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/*
 * Punycode (RFC 3492) with its parameters for domain names.
 */
enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, BIAS = 72,
    FIRST = 0x80 };

struct label {
	uint32_t	 c[LABEL_MAX];
	size_t		 n;
};

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t	 k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t
threshold(uint32_t k, uint32_t bias)
{
	return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

static int
digit_of(char c)
{
	return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ?
	    c - 'A' : c >= '0' && c <= '9' ? c - '0' + 26 : -1;
}

/* One number of variable length; *in and *left advance. */
static bool
take_delta(const char **in, size_t *left, uint32_t bias, uint32_t *delta)
{
	uint32_t	 w = 1, k, t;
	int		 d;

	for (*delta = 0, k = BASE; ; k += BASE) {
		if (*left == 0 || (d = digit_of(**in)) == -1)
			return false;
		(*in)++;
		(*left)--;
		if ((uint32_t)d > (UINT32_MAX - *delta) / w)
			return false;
		*delta += (uint32_t)d * w;
		if ((uint32_t)d < (t = threshold(k, bias)))
			return true;
		if (w > UINT32_MAX / (BASE - t))
			return false;
		w *= BASE - t;
	}
}

/* Put a character where the deltas say. */
static bool
label_insert(struct label *l, uint32_t *i, uint32_t *n)
{
	uint32_t	 size = (uint32_t)l->n + 1;

	if (l->n == LABEL_MAX || *i / size > 0x10ffff - *n)
		return false;
	*n += *i / size;
	*i %= size;
	memmove(&l->c[*i + 1], &l->c[*i], (l->n - *i) * sizeof(l->c[0]));
	l->c[(*i)++] = *n;
	l->n++;
	return true;
}

static bool
label_decode(struct label *l, const char *in, size_t left)
{
	const char	*hyphen = memrchr(in, '-', left);
	uint32_t	 n = FIRST, i = 0, bias = BIAS, delta;
	bool		 first = true;

	l->n = 0;
	if (hyphen != NULL) {
		for (; in < hyphen; in++, left--)
			l->c[l->n++] = (uint8_t)*in;
		in++;
		left--;
	}
	while (left > 0) {
		if (!take_delta(&in, &left, bias, &delta) ||
		    delta > UINT32_MAX - i)
			return false;
		i += delta;
		bias = adapt(delta, (uint32_t)l->n + 1, first);
		first = false;
		if (!label_insert(l, &i, &n))
			return false;
	}
	return !first;
}

static void
put_utf8(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_byte(b, (uint8_t)c);
		return;
	}
	if (c < 0x800) {
		buf_byte(b, (uint8_t)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_byte(b, (uint8_t)(0xe0 | c >> 12));
		} else {
			buf_byte(b, (uint8_t)(0xf0 | c >> 18));
			buf_byte(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_byte(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_byte(b, (uint8_t)(0x80 | (c & 0x3f)));
}

/* RFC 5891, 4.2.3.1: case is folded before encoding.  The alphabets that have
 * case and look-alikes. */
static bool
is_capital(uint32_t c)
{
	return (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
	    (c >= 0x391 && c <= 0x3a9) || (c >= 0x400 && c <= 0x42f);
}

/* What follows "xn--". */
static int
a_label_check(const char *s, size_t n, struct error *e)
{
	struct buf	 text = { 0 };
	struct label	 l;
	size_t		 i;
	int		 rc;

	if (!label_decode(&l, s, n))
		return error_set(e, ERROR_INPUT, "label \"xn--%.*s\" does not "
		    "decode (RFC 3492)", (int)n, s);
	for (i = 0; i < l.n; i++) {
		if (is_capital(l.c[i])) {
			buf_clear(&text);
			return error_set(e, ERROR_INPUT, "label \"xn--%.*s\" "
			    "has a capital letter (RFC 5891, 5.4)", (int)n, s);
		}
		put_utf8(&text, l.c[i]);
	}
	if ((rc = script_check_label((const char *)text.p, text.len, e)) == -1)
		error_wrap(e, "label \"xn--%.*s\"", (int)n, s);
	buf_clear(&text);
	return rc;
}

static int
label_check(const char *s, size_t n, struct error *e)
{
	size_t	 i;

	if (n == 0)
		return error_set(e, ERROR_INPUT, "an empty label, or a dot at "
		    "the end (RFC 1034, 3.1)");
	if (n > LABEL_MAX)
		return error_set(e, ERROR_INPUT, "a label of %zu characters, "
		    "more than 63 (RFC 1034, 3.1)", n);
	if (s[0] == '-' || s[n - 1] == '-')
		return error_set(e, ERROR_INPUT, "a label begins or ends with a "
		    "hyphen (RFC 1123, 2.1)");
	for (i = 0; i < n; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return error_set(e, ERROR_INPUT, "a character other "
			    "than letters, digits and hyphens (RFC 1123, 2.1)");
	if (n < 4 || s[2] != '-' || s[3] != '-')
		return 0;
	if ((s[0] | 0x20) != 'x' || (s[1] | 0x20) != 'n')
		return error_set(e, ERROR_INPUT, "a label with hyphens third "
		    "and fourth that is not \"xn--\" (RFC 5891, 4.2.3.1)");
	return a_label_check(s + 4, n - 4, e);
}

int
host_name_check(const char *s, struct error *e)
{
	size_t	 n, labels = 0;

	if (s[0] == '\0')
		return error_set(e, ERROR_INPUT, "no name");
	if (strlen(s) > HOST_MAX)
		return error_set(e, ERROR_INPUT, "longer than %d characters "
		    "(RFC 1034, 3.1)", HOST_MAX);
	for (;; s += n + 1) {
		n = strcspn(s, ".");
		if (label_check(s, n, e) == -1)
			return -1;
		labels++;
		if (s[n] == '\0')
			break;
	}
	if (labels < 2)
		return error_set(e, ERROR_INPUT, "a single label is no full "
		    "name (RFC 5321, 2.3.5)");
	if (strspn(s, "0123456789") == n)
		return error_set(e, ERROR_INPUT, "the last label is a number: "
		    "an address, not a name (RFC 1123, 2.1)");
	return 0;
}

/* Legal in RFC 5321, and read differently along the way. */
static const char *
local_trap(const char *s, size_t n)
{
	if (memchr(s, '"', n) != NULL)
		return "quotes: not everybody reads them alike";
	if (memchr(s, '%', n) != NULL)
		return "\"%\": some relay it elsewhere";
	if (memchr(s, '!', n) != NULL)
		return "\"!\": some relay it elsewhere";
	return NULL;
}

static int
local_check(const char *s, size_t n, struct error *e)
{
	const char	*trap;
	size_t		 i;

	if (n == 0)
		return error_set(e, ERROR_INPUT, "nothing before the @");
	if (n > LOCAL_MAX)
		return error_set(e, ERROR_INPUT, "%zu octets before the @, "
		    "more than 64 (RFC 5321, 4.5.3.1.1)", n);
	if ((trap = local_trap(s, n)) != NULL)
		return error_set(e, ERROR_INPUT, "%s (RFC 5321, 4.1.2)", trap);
	if (s[0] == '.' || s[n - 1] == '.')
		return error_set(e, ERROR_INPUT, "a dot first or last before "
		    "the @ (RFC 5321, 4.1.2)");
	for (i = 0; i < n; i++) {
		if (s[i] == '.' && s[i + 1] == '.')
			return error_set(e, ERROR_INPUT, "two dots in a row "
			    "(RFC 5321, 4.1.2)");
		if (!is_alnum(s[i]) && (s[i] == '\0' ||
		    strchr(".#$&'*+-/=?^_`{|}~", s[i]) == NULL))
			return error_set(e, ERROR_INPUT, "a character that an "
			    "address does not have (RFC 5321, 4.1.2)");
	}
	return 0;
}

int
mail_address_check(const char *s, struct error *e)
{
	const char	*at = strrchr(s, '@');

	if (at == NULL)
		return error_set(e, ERROR_INPUT, "no @ (RFC 5321, 4.1.2)");
	if (strlen(s) > ADDRESS_MAX)
		return error_set(e, ERROR_INPUT, "longer than %d octets (RFC "
		    "5321, 4.5.3.1.3)", ADDRESS_MAX);
	if (at[1] == '[')
		return error_set(e, ERROR_INPUT, "an address literal names no "
		    "domain (RFC 5321, 4.1.3)");
	if (strchr(s, '@') != at)
		return error_set(e, ERROR_INPUT, "more than one @ (RFC 5321, "
		    "4.1.2)");
	if (local_check(s, (size_t)(at - s), e) == -1)
		return -1;
	return host_name_check(at + 1, e);
}
