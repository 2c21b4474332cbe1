/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "x509/der_private.h"

const char *
der_parse_header(struct bytes in, struct der_header *h)
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
	struct der_header	 h;

	if (in->len == 0)
		return 0;
	if (der_parse_header(*in, &h) != NULL)
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

int
der_parse_time(uint8_t tag, struct bytes c, int64_t *t)
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
	    der_parse_time(tag, c, t) == -1)
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

int
der_take_ext(struct bytes *in, struct der_ext *x)
{
	struct bytes	 rest = *in, ext, yes;

	if (der_take(&rest, DER_SEQUENCE, &ext) == -1 ||
	    der_take(&ext, DER_OID, &x->oid) == -1)
		return -1;
	x->critical = der_peek(ext, DER_BOOLEAN);
	/* FALSE is the default, which DER leaves out. */
	if (x->critical && (der_take(&ext, DER_BOOLEAN, &yes) == -1 ||
	    yes.len != 1 || yes.p[0] != 0xff))
		return -1;
	if (der_take(&ext, DER_OCTET_STRING, &x->value) == -1 || ext.len > 0)
		return -1;
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

char *
der_oid_text(char dst[DER_OID_TEXT], struct bytes c)
{
	uint64_t	 arc = 0;
	size_t		 i, at = 0, first;

	dst[0] = '\0';
	for (i = 0; i < c.len; i++) {
		if (arc > UINT64_MAX >> 7 || at > DER_OID_TEXT - 24) {
			snprintf(dst + at, DER_OID_TEXT - at, "...");
			return dst;
		}
		arc = arc << 7 | (c.p[i] & 0x7f);
		if (c.p[i] >= 0x80)
			continue;
		if (at == 0) {
			first = arc < 40 ? 0 : arc < 80 ? 1 : 2;
			at = (size_t)snprintf(dst, DER_OID_TEXT, "%zu", first);
			arc -= first * 40;
		}
		at += (size_t)snprintf(dst + at, DER_OID_TEXT - at, ".%llu",
		    (unsigned long long)arc);
		arc = 0;
	}
	return dst;
}
