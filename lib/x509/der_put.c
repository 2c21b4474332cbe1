/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "x509/der.h"

#define ARC_MAX		64	/* base-128 digits of one OID arc */

/* One length octet is reserved; der_end() makes room when it needs more. */
size_t
der_begin(struct buf *b, uint8_t tag)
{
	buf_byte(b, tag);
	buf_byte(b, 0);
	return b->len;
}

static size_t
length_octets(size_t len)
{
	size_t	 n = 0;

	if (len < 0x80)
		return 0;
	for (; len > 0; len >>= 8)
		n++;
	return n;
}

void
der_end(struct buf *b, size_t mark)
{
	size_t	 len = b->len - mark, n = length_octets(len), i;
	uint8_t	*p;

	if (n == 0) {
		b->p[mark - 1] = (uint8_t)len;
		return;
	}
	buf_reserve(b, n);
	p = b->p + mark;
	memmove(p + n, p, len);
	p[-1] = (uint8_t)(0x80 | n);
	for (i = n; i > 0; i--, len >>= 8)
		p[i - 1] = (uint8_t)len;
	b->len += n;
}

void
der_put_header(struct buf *b, uint8_t tag, size_t len)
{
	size_t	 n = length_octets(len), i;

	buf_byte(b, tag);
	if (n == 0) {
		buf_byte(b, (uint8_t)len);
		return;
	}
	buf_byte(b, (uint8_t)(0x80 | n));
	for (i = n; i > 0; i--)
		buf_byte(b, (uint8_t)(len >> (8 * (i - 1))));
}

void
der_put(struct buf *b, uint8_t tag, const void *p, size_t len)
{
	der_put_header(b, tag, len);
	if (len > 0)
		buf_add(b, p, len);
}

void
der_put_raw(struct buf *b, struct bytes der)
{
	if (der.len > 0)
		buf_add(b, der.p, der.len);
}

void
der_put_bool(struct buf *b, bool v)
{
	uint8_t	 octet = v ? 0xff : 0;

	der_put(b, DER_BOOLEAN, &octet, 1);
}

void
der_put_int(struct buf *b, int64_t v)
{
	uint8_t	 o[8];
	int	 i, first = 0;

	for (i = 0; i < 8; i++)
		o[i] = (uint8_t)((uint64_t)v >> (56 - 8 * i));
	while (first < 7 && ((o[first] == 0 && o[first + 1] < 0x80) ||
	    (o[first] == 0xff && o[first + 1] >= 0x80)))
		first++;
	der_put(b, DER_INTEGER, o + first, (size_t)(8 - first));
}

void
der_put_uint(struct buf *b, const uint8_t *p, size_t len)
{
	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	if (len > 0 && *p < 0x80) {
		der_put(b, DER_INTEGER, p, len);
		return;
	}
	der_put_header(b, DER_INTEGER, len + 1);
	buf_byte(b, 0);
	if (len > 0)
		buf_add(b, p, len);
}

/* d = d * 10 + add, base 128, least significant digit first. */
static int
arc_push(uint8_t *d, size_t *n, unsigned add)
{
	unsigned	 carry = add;
	size_t		 i;

	for (i = 0; i < *n; i++) {
		carry += d[i] * 10u;
		d[i] = carry & 0x7f;
		carry >>= 7;
	}
	if (carry > 0) {
		if (*n == ARC_MAX)
			return -1;
		d[(*n)++] = (uint8_t)carry;
	}
	return 0;
}

static int
arc_add(uint8_t *d, size_t *n, unsigned add)
{
	size_t	 i;

	for (i = 0; add > 0; i++) {
		if (i == ARC_MAX)
			return -1;
		if (i == *n)
			d[(*n)++] = 0;
		add += d[i];
		d[i] = add & 0x7f;
		add >>= 7;
	}
	return 0;
}

/* Read one arc; a leading zero, an empty arc or another sign is nonsense. */
static int
arc_parse(const char **s, uint8_t d[ARC_MAX], size_t *n)
{
	const char	*p = *s;

	*n = 0;
	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return -1;
	for (; *p >= '0' && *p <= '9'; p++)
		if (arc_push(d, n, (unsigned)(*p - '0')) == -1)
			return -1;
	if (*p == '.') {
		if (*++p == '\0')
			return -1;
	} else if (*p != '\0')
		return -1;
	*s = p;
	return 0;
}

static void
arc_put(struct buf *b, const uint8_t *d, size_t n)
{
	if (n == 0)
		buf_byte(b, 0);
	for (; n > 0; n--)
		buf_byte(b, n > 1 ? d[n - 1] | 0x80 : d[n - 1]);
}

/* The first two arcs share one number: 40 * first + second. */
static int
arcs_first(struct buf *b, const char **s)
{
	uint8_t	 d[ARC_MAX];
	size_t	 n;
	unsigned first;

	if (arc_parse(s, d, &n) == -1 || n > 1 || **s == '\0')
		return -1;
	first = n == 0 ? 0 : d[0];
	if (first > 2 || arc_parse(s, d, &n) == -1 ||
	    (first < 2 && (n > 1 || (n == 1 && d[0] > 39))) ||
	    arc_add(d, &n, 40 * first) == -1)
		return -1;
	arc_put(b, d, n);
	return 0;
}

int
der_put_oid(struct buf *b, const char *dotted)
{
	const char	*s = dotted;
	uint8_t		 d[ARC_MAX];
	size_t		 n, start = b->len, mark = der_begin(b, DER_OID);

	if (arcs_first(b, &s) == -1)
		goto bad;
	while (*s != '\0') {
		if (arc_parse(&s, d, &n) == -1)
			goto bad;
		arc_put(b, d, n);
	}
	der_end(b, mark);
	return 0;
 bad:
	b->len = start;
	return -1;
}

void
der_put_bits(struct buf *b, const uint8_t *p, size_t len)
{
	der_put_header(b, DER_BIT_STRING, len + 1);
	buf_byte(b, 0);
	if (len > 0)
		buf_add(b, p, len);
}

void
der_put_named_bits(struct buf *b, uint32_t bits)
{
	uint8_t	 o[5] = { 0 };
	int	 i, last = -1;

	for (i = 0; i < 32; i++)
		if (bits & (UINT32_C(1) << i)) {
			o[1 + i / 8] |= (uint8_t)(0x80 >> (i % 8));
			last = i;
		}
	o[0] = last == -1 ? 0 : (uint8_t)(7 - last % 8);
	der_put(b, DER_BIT_STRING, o, last == -1 ? 1 : (size_t)(2 + last / 8));
}

struct civil {
	int64_t	 year;
	int	 month, day, hour, minute, second;
};

static struct civil
civil_of(int64_t t)
{
	struct civil	 c;
	int64_t		 days = t / 86400, rest = t % 86400;
	int64_t		 era, doe, yoe, doy, mp;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = yoe + era * 400 + (c.month <= 2 ? 1 : 0);
	c.hour = (int)(rest / 3600);
	c.minute = (int)(rest / 60 % 60);
	c.second = (int)(rest % 60);
	return c;
}

static void
put_digits(uint8_t **p, int64_t v, int n)
{
	int	 i;

	for (i = n - 1; i >= 0; i--, v /= 10)
		(*p)[i] = (uint8_t)('0' + v % 10);
	*p += n;
}

static void
put_time(struct buf *b, int64_t t, bool general)
{
	struct civil	 c = civil_of(t);
	uint8_t		 s[16], *p = s;

	if (general)
		put_digits(&p, c.year, 4);
	else
		put_digits(&p, c.year % 100, 2);
	put_digits(&p, c.month, 2);
	put_digits(&p, c.day, 2);
	put_digits(&p, c.hour, 2);
	put_digits(&p, c.minute, 2);
	put_digits(&p, c.second, 2);
	*p++ = 'Z';
	der_put(b, general ? DER_GENERALIZED_TIME : DER_UTC_TIME, s,
	    (size_t)(p - s));
}

/* 1950-01-01 and 2050-01-01: between them UTCTime, RFC 5280 4.1.2.5. */
#define UTC_TIME_FROM	INT64_C(-631152000)
#define UTC_TIME_UNTIL	INT64_C(2524608000)

void
der_put_time(struct buf *b, int64_t t)
{
	put_time(b, t, t < UTC_TIME_FROM || t >= UTC_TIME_UNTIL);
}

void
der_put_general_time(struct buf *b, int64_t t)
{
	put_time(b, t, true);
}

void
der_put_str(struct buf *b, uint8_t tag, const char *s)
{
	der_put(b, tag, s, strlen(s));
}
