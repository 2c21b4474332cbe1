/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "base/text.h"
#include "x509/der_private.h"

#define OID_MAX	64		/* octets */

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
	if (c.len > OID_MAX)
		return "object identifier longer than 64 octets";
	for (i = 0; i < c.len; i++)
		if (c.p[i] == 0x80 && (i == 0 || c.p[i - 1] < 0x80))
			return "object identifier is not in its shortest form";
	return NULL;
}

static const char *
check_utf8(struct bytes c)
{
	uint32_t	 v;
	size_t		 i, n;

	for (i = 0; i < c.len; i += n)
		if ((n = text_utf8(c.p + i, c.len - i, &v)) == 0)
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
check_numeric(struct bytes c)
{
	size_t	 i;

	for (i = 0; i < c.len; i++)
		if (c.p[i] != ' ' && (c.p[i] < '0' || c.p[i] > '9'))
			return "character that a NumericString cannot have";
	return NULL;
}

static const char *
check_visible(struct bytes c)
{
	size_t	 i;

	for (i = 0; i < c.len; i++)
		if (c.p[i] < ' ' || c.p[i] > '~')
			return "character that a VisibleString cannot have";
	return NULL;
}

static const char *
check_utc_time(struct bytes c)
{
	int64_t	 t;

	return der_parse_time(DER_UTC_TIME, c, &t) == 0 ? NULL :
	    "time is not YYMMDDHHMMSSZ";
}

static const char *
check_general_time(struct bytes c)
{
	int64_t	 t;

	return der_parse_time(DER_GENERALIZED_TIME, c, &t) == 0 ? NULL :
	    "time is not YYYYMMDDHHMMSSZ";
}

static bool
is_scalar(uint32_t v)
{
	return v <= 0x10ffff && (v < 0xd800 || v > 0xdfff);
}

static const char *
check_bmp(struct bytes c)
{
	size_t	 i;

	if (c.len % 2 != 0)
		return "BMPString of odd length";
	for (i = 0; i < c.len; i += 2)
		if (!is_scalar((uint32_t)c.p[i] << 8 | c.p[i + 1]))
			return "BMPString with half of a character";
	return NULL;
}

static const char *
check_universal(struct bytes c)
{
	size_t	 i;

	if (c.len % 4 != 0)
		return "UniversalString that is cut off";
	for (i = 0; i < c.len; i += 4)
		if (!is_scalar((uint32_t)c.p[i] << 24 | c.p[i + 1] << 16 |
		    c.p[i + 2] << 8 | c.p[i + 3]))
			return "UniversalString with what is no character";
	return NULL;
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
	[0x12] = check_numeric,		/* NumericString */
	[DER_PRINTABLE] = check_printable,
	[0x14] = check_any,		/* T61String */
	[DER_IA5] = check_ascii,
	[DER_UTC_TIME] = check_utc_time,
	[DER_GENERALIZED_TIME] = check_general_time,
	[0x1a] = check_visible,		/* VisibleString */
	[0x1c] = check_universal,	/* UniversalString */
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
check_primitive(const struct der_header *h, struct bytes content)
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
	struct der_header	 h;
	struct bytes	 content;
	const char	*rule;

	if ((rule = der_parse_header(*in, &h)) != NULL)
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
