/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "x509/der.h"

/*
 * Reading.  The header is parsed in one place, which returns the rule that
 * was broken, or NULL.
 */
struct header {
	uint8_t	 tag;
	size_t	 size;		/* tag and length octets */
	size_t	 len;		/* content */
};

static const char *
header_parse(struct bytes in, struct header *h)
{
	size_t	 n, i;

	if (in.len < 2)
		return "ends inside a header";
	h->tag = in.p[0];
	if ((h->tag & 0x1f) == 0x1f)
		return "tag number above 30";
	if (h->tag == 0)
		return "end-of-contents octets";
	if (in.p[1] < 0x80) {
		h->size = 2;
		h->len = in.p[1];
	} else {
		n = in.p[1] & 0x7f;
		if (n == 0)
			return "indefinite length";
		if (n > 4)
			return "length above 4 GiB";
		if (in.len < 2 + n)
			return "ends inside a header";
		for (h->len = 0, i = 0; i < n; i++)
			h->len = h->len << 8 | in.p[2 + i];
		if (h->len < 0x80 || in.p[2] == 0)
			return "length is not in its shortest form";
		h->size = 2 + n;
	}
	if (h->len > in.len - h->size)
		return "length runs past the end";
	return NULL;
}

int
der_next(struct bytes *in, uint8_t *tag, struct bytes *content,
    struct bytes *whole)
{
	struct header	 h;

	if (in->len == 0)
		return 0;
	if (header_parse(*in, &h) != NULL)
		return -1;
	*tag = h.tag;
	*content = BYTES(in->p + h.size, h.len);
	if (whole != NULL)
		*whole = BYTES(in->p, h.size + h.len);
	in->p += h.size + h.len;
	in->len -= h.size + h.len;
	return 1;
}

static int
take(struct bytes *in, uint8_t tag, struct bytes *content, struct bytes *whole)
{
	struct bytes	 rest = *in, c, w;
	uint8_t		 found;

	if (der_next(&rest, &found, &c, &w) != 1 || found != tag)
		return -1;
	if (content != NULL)
		*content = c;
	if (whole != NULL)
		*whole = w;
	*in = rest;
	return 0;
}

int
der_take(struct bytes *in, uint8_t tag, struct bytes *content)
{
	return take(in, tag, content, NULL);
}

int
der_take_whole(struct bytes *in, uint8_t tag, struct bytes *whole)
{
	return take(in, tag, NULL, whole);
}

bool
der_peek(struct bytes in, uint8_t tag)
{
	return in.len > 0 && in.p[0] == tag;
}

/* Days since 1970-01-01 of a proleptic Gregorian date, years counted from
 * March so that the leap day is the last of its year. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t	 era, y = month <= 2 ? year - 1 : year;
	int64_t	 yoe, doy;

	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct civil {
	int	 month, day, hour, minute, second;
};

static bool
digits(const uint8_t *p, int n, int *v)
{
	for (*v = 0; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return false;
		*v = *v * 10 + (*p - '0');
	}
	return true;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ: the only forms that RFC 5280 has. */
static int
time_parse(uint8_t tag, struct bytes c, int64_t *t)
{
	static const uint8_t	 month_days[] =
	    { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct civil		 v;
	int			 year, ydigits = tag == DER_UTC_TIME ? 2 : 4;
	const uint8_t		*p = c.p + ydigits;

	if (c.len != (size_t)ydigits + 11 || c.p[c.len - 1] != 'Z' ||
	    !digits(c.p, ydigits, &year) || !digits(p, 2, &v.month) ||
	    !digits(p + 2, 2, &v.day) || !digits(p + 4, 2, &v.hour) ||
	    !digits(p + 6, 2, &v.minute) || !digits(p + 8, 2, &v.second))
		return -1;
	if (tag == DER_UTC_TIME)
		year += year < 50 ? 2000 : 1900;
	if (v.month < 1 || v.month > 12 || v.day < 1 ||
	    v.day > month_days[v.month - 1] || v.hour > 23 || v.minute > 59 ||
	    v.second > 59)
		return -1;
	if (v.month == 2 && v.day == 29 &&
	    (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0)))
		return -1;
	*t = days_of(year, v.month, v.day) * 86400 + v.hour * 3600 +
	    v.minute * 60 + v.second;
	return 0;
}

int
der_take_time(struct bytes *in, int64_t *t)
{
	struct bytes	 rest = *in, c;
	uint8_t		 tag;

	if (der_next(&rest, &tag, &c, NULL) != 1 ||
	    (tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) ||
	    time_parse(tag, c, t) == -1)
		return -1;
	*in = rest;
	return 0;
}

int
der_take_uint(struct bytes *in, struct bytes *magnitude)
{
	struct bytes	 rest = *in, c;

	if (der_take(&rest, DER_INTEGER, &c) == -1 || c.len == 0 ||
	    c.p[0] >= 0x80 || (c.len > 1 && c.p[0] == 0 && c.p[1] < 0x80))
		return -1;
	if (c.p[0] == 0) {
		c.p++;
		c.len--;
	}
	*magnitude = c;
	*in = rest;
	return 0;
}

int
der_take_int(struct bytes *in, int64_t *v)
{
	struct bytes	 rest = *in, c;
	uint64_t	 u;
	size_t		 i;

	if (der_take(&rest, DER_INTEGER, &c) == -1 || c.len == 0 || c.len > 8 ||
	    (c.len > 1 && ((c.p[0] == 0 && c.p[1] < 0x80) ||
	    (c.p[0] == 0xff && c.p[1] >= 0x80))))
		return -1;
	for (u = c.p[0] >= 0x80 ? UINT64_MAX : 0, i = 0; i < c.len; i++)
		u = u << 8 | c.p[i];
	*v = (int64_t)u;
	*in = rest;
	return 0;
}

int
der_take_bits(struct bytes *in, struct bytes *octets)
{
	struct bytes	 rest = *in, c;

	if (der_take(&rest, DER_BIT_STRING, &c) == -1 || c.len == 0 ||
	    c.p[0] != 0)
		return -1;
	*octets = BYTES(c.p + 1, c.len - 1);
	*in = rest;
	return 0;
}

bool
der_is_oid(struct bytes content, const char *dotted)
{
	struct buf	 b = { 0 };
	struct bytes	 in, want;
	bool		 same;

	same = der_put_oid(&b, dotted) == 0;
	in = BYTES(b.p, b.len);
	same = same && der_take(&in, DER_OID, &want) == 0 &&
	    bytes_equal(content, want);
	buf_clear(&b);
	return same;
}

/*
 * der_check(): per type one rule for the content, as a table.
 */
static const char *
check_boolean(struct bytes c)
{
	return c.len == 1 && (c.p[0] == 0 || c.p[0] == 0xff) ? NULL :
	    "boolean is neither 00 nor FF";
}

static const char *
check_integer(struct bytes c)
{
	if (c.len == 0)
		return "integer without octets";
	if (c.len > 1 && ((c.p[0] == 0 && c.p[1] < 0x80) ||
	    (c.p[0] == 0xff && c.p[1] >= 0x80)))
		return "integer is not in its shortest form";
	return NULL;
}

static const char *
check_bits(struct bytes c)
{
	if (c.len == 0 || c.p[0] > 7 || (c.len == 1 && c.p[0] != 0))
		return "bit string with a bad count of unused bits";
	if (c.len > 1 && (c.p[c.len - 1] & ((1u << c.p[0]) - 1)) != 0)
		return "bit string with unused bits set";
	return NULL;
}

static const char *
check_any(struct bytes c)
{
	(void)c;
	return NULL;
}

static const char *
check_null(struct bytes c)
{
	return c.len == 0 ? NULL : "null with content";
}

static const char *
check_oid(struct bytes c)
{
	size_t	 i;

	if (c.len == 0 || c.p[c.len - 1] >= 0x80)
		return "object identifier is cut off";
	for (i = 0; i < c.len; i++)
		if (c.p[i] == 0x80 && (i == 0 || c.p[i - 1] < 0x80))
			return "object identifier is not in its shortest form";
	return NULL;
}

/* One character of UTF-8 in shortest form: its length, or 0. */
static size_t
utf8_length(const uint8_t *p, size_t n)
{
	uint32_t	 v;
	size_t		 len, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	v = p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3fu);
	}
	if ((len == 3 && v < 0x800) || (len == 4 && v < 0x10000) ||
	    v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	return len;
}

static const char *
check_utf8(struct bytes c)
{
	size_t	 i, n;

	for (i = 0; i < c.len; i += n)
		if ((n = utf8_length(c.p + i, c.len - i)) == 0)
			return "text is not UTF-8";
	return NULL;
}

bool
der_is_printable(struct bytes c)
{
	size_t	 i;

	for (i = 0; i < c.len; i++) {
		uint8_t	 o = c.p[i];

		if (!(o >= 'a' && o <= 'z') && !(o >= 'A' && o <= 'Z') &&
		    !(o >= '0' && o <= '9') &&
		    (o == 0 || strchr(" '()+,-./:=?", o) == NULL))
			return false;
	}
	return true;
}

static const char *
check_printable(struct bytes c)
{
	return der_is_printable(c) ? NULL :
	    "character that a PrintableString cannot have";
}

static const char *
check_ascii(struct bytes c)
{
	size_t	 i;

	for (i = 0; i < c.len; i++)
		if (c.p[i] >= 0x80)
			return "character that an ASCII string cannot have";
	return NULL;
}

static const char *
check_utc_time(struct bytes c)
{
	int64_t	 t;

	return time_parse(DER_UTC_TIME, c, &t) == 0 ? NULL :
	    "time is not YYMMDDHHMMSSZ";
}

static const char *
check_general_time(struct bytes c)
{
	int64_t	 t;

	return time_parse(DER_GENERALIZED_TIME, c, &t) == 0 ? NULL :
	    "time is not YYYYMMDDHHMMSSZ";
}

static const char *
check_bmp(struct bytes c)
{
	return c.len % 2 == 0 ? NULL : "BMPString of odd length";
}

static const char *(*const universal[0x20])(struct bytes) = {
	[DER_BOOLEAN] = check_boolean,
	[DER_INTEGER] = check_integer,
	[DER_BIT_STRING] = check_bits,
	[DER_OCTET_STRING] = check_any,
	[DER_NULL] = check_null,
	[DER_OID] = check_oid,
	[DER_ENUMERATED] = check_integer,
	[DER_UTF8] = check_utf8,
	[0x12] = check_ascii,		/* NumericString */
	[DER_PRINTABLE] = check_printable,
	[0x14] = check_any,		/* T61String */
	[DER_IA5] = check_ascii,
	[DER_UTC_TIME] = check_utc_time,
	[DER_GENERALIZED_TIME] = check_general_time,
	[0x1a] = check_ascii,		/* VisibleString */
	[0x1c] = check_any,		/* UniversalString */
	[0x1e] = check_bmp,
};

struct walk {
	const uint8_t	*start;		/* offsets are from here */
	const uint8_t	*at;
	const char	*rule;		/* broken one */
};

static int
walk_fail(struct walk *w, const uint8_t *at, const char *rule)
{
	w->at = at;
	w->rule = rule;
	return -1;
}

static const char *
check_primitive(const struct header *h, struct bytes content)
{
	if ((h->tag & 0xc0) != 0)
		return NULL;
	if (h->tag == (DER_SEQUENCE & 0x1f) || h->tag == (DER_SET & 0x1f))
		return "sequence or set that is not constructed";
	if (universal[h->tag] == NULL)
		return "type that is not expected here";
	return universal[h->tag](content);
}

/* X.690 11.6: members of a SET OF ascend as octet strings, the shorter one
 * padded with zeros.  Members of a SET have different tags, which ascend. */
static bool
set_in_order(struct bytes a, struct bytes b)
{
	size_t	 n = a.len < b.len ? a.len : b.len;
	int	 c = memcmp(a.p, b.p, n);

	return c < 0 || (c == 0 && a.len <= b.len);
}

static int
walk_members(struct walk *, struct bytes, bool set, int depth);

static int
walk_one(struct walk *w, struct bytes *in, struct bytes *whole, int depth)
{
	struct header	 h;
	struct bytes	 content;
	const char	*rule;

	if ((rule = header_parse(*in, &h)) != NULL)
		return walk_fail(w, in->p, rule);
	content = BYTES(in->p + h.size, h.len);
	*whole = BYTES(in->p, h.size + h.len);
	if ((h.tag & 0x20) == 0) {
		if ((rule = check_primitive(&h, content)) != NULL)
			return walk_fail(w, in->p, rule);
	} else {
		if ((h.tag & 0xc0) == 0 && h.tag != DER_SEQUENCE &&
		    h.tag != DER_SET)
			return walk_fail(w, in->p, "string in pieces");
		if (depth <= 1 && content.len > 0)
			return walk_fail(w, in->p, "nested too deeply");
		if (walk_members(w, content, h.tag == DER_SET, depth - 1) == -1)
			return -1;
	}
	in->p += whole->len;
	in->len -= whole->len;
	return 0;
}

static int
walk_members(struct walk *w, struct bytes in, bool set, int depth)
{
	struct bytes	 member, last = { NULL, 0 };

	while (in.len > 0) {
		if (walk_one(w, &in, &member, depth) == -1)
			return -1;
		if (set && last.p != NULL && !set_in_order(last, member))
			return walk_fail(w, member.p, "set is not sorted");
		last = member;
	}
	return 0;
}

int
der_check(struct bytes in, int depth, struct error *e)
{
	struct walk	 w = { in.p, in.p, NULL };
	struct bytes	 whole;

	if (in.len == 0)
		return error_set(e, ERROR_INPUT, "byte 0: no data");
	if (walk_one(&w, &in, &whole, depth) == 0 && in.len > 0)
		walk_fail(&w, in.p, "bytes after the end");
	if (w.rule == NULL)
		return 0;
	return error_set(e, ERROR_INPUT, "byte %zu: %s",
	    (size_t)(w.at - w.start), w.rule);
}
