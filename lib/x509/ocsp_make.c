/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests made, and their form in the path of a GET (RFC 6960, A.1), which
 * is where clients differ most: some escape every octet, some none, some
 * leave the padding away or use the other alphabet.
 */
#include <string.h>
#include "base/text.h"
#include "x509/der.h"
#include "x509/ocsp_private.h"

static void
put_nonce(struct buf *b, struct bytes nonce)
{
	static const uint8_t	 oid[] = { OCSP_OID, OCSP_EXT_NONCE };
	size_t			 tagged, list, ext, value;

	tagged = der_begin(b, DER_CONTEXT_CONS(2));
	list = der_begin(b, DER_SEQUENCE);
	ext = der_begin(b, DER_SEQUENCE);
	buf_add(b, oid, sizeof(oid));
	value = der_begin(b, DER_OCTET_STRING);
	der_put(b, DER_OCTET_STRING, nonce.p, nonce.len);
	der_end(b, value);
	der_end(b, ext);
	der_end(b, list);
	der_end(b, tagged);
}

void
ocsp_request_make(struct buf *b, const struct bytes *id, size_t n,
    struct bytes nonce)
{
	size_t	 request, tbs, list, one, i;

	request = der_begin(b, DER_SEQUENCE);
	tbs = der_begin(b, DER_SEQUENCE);
	list = der_begin(b, DER_SEQUENCE);
	for (i = 0; i < n; i++) {
		one = der_begin(b, DER_SEQUENCE);
		der_put_raw(b, id[i]);
		der_end(b, one);
	}
	der_end(b, list);
	if (nonce.len > 0)
		put_nonce(b, nonce);
	der_end(b, tbs);
	der_end(b, request);
}

void
ocsp_request_path(struct buf *b, struct bytes der)
{
	char	*text = text_base64(der.p, der.len), *p;

	for (p = text; *p != '\0'; p++)
		if (*p == '+' || *p == '/' || *p == '=')
			buf_printf(b, "%%%02X", (unsigned int)*p);
		else
			buf_byte(b, (uint8_t)*p);
	mem_free(&text);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The next octet of a path, unescaped once; -1 at the end, -2 if cut off. */
static int
path_octet(const char **p)
{
	int	 high, low;

	if (**p == '\0')
		return -1;
	if (**p != '%')
		return (unsigned char)*(*p)++;
	if ((high = hex_digit((*p)[1])) == -1 ||
	    (low = hex_digit((*p)[2])) == -1)
		return -2;
	*p += 3;
	return high << 4 | low;
}

static int
path_digit(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static int
path_bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "OCSP request in the path: %s", what);
}

/* Digits until the padding or the end; returns what path_octet() did. */
static int
path_digits(struct buf *out, const char **p, uint32_t *bits, size_t *n)
{
	size_t	 start = out->len;
	int	 c, digit;

	for (*bits = 0, *n = 0;; ++*n) {
		do
			c = path_octet(p);
		while (c == '\r' || c == '\n');	/* openssl base64's lines */
		if ((digit = path_digit(c)) == -1 ||
		    out->len - start > OCSP_REQUEST_MAX)
			return c;
		*bits = *bits << 6 | (uint32_t)digit;
		if (*n % 4 != 0)
			buf_byte(out, (uint8_t)(*bits >> (6 - *n % 4 * 2)));
	}
}

/* Octets other than padding and line ends after the last digit? */
static bool
path_ends(const char *p, int c)
{
	for (; c != -1; c = path_octet(&p))
		if (c != '=' && c != '\r' && c != '\n')
			return false;
	return true;
}

int
ocsp_request_from_path(struct buf *out, const char *path, struct error *e)
{
	size_t		 start = out->len, n;
	uint32_t	 bits;
	int		 c;

	/* No base 64 of a SEQUENCE starts so: it is the separator, or two. */
	while (*path == '/')
		path++;
	c = path_digits(out, &path, &bits, &n);
	if (out->len - start > OCSP_REQUEST_MAX)
		path_bad(e, "over 64 KiB");
	else if (!path_ends(path, c) || n % 4 == 1)
		path_bad(e, "not base 64");
	else if (n == 0)
		path_bad(e, "nothing is there");
	else if ((n % 4 == 2 && (bits & 0xf) != 0) ||
	    (n % 4 == 3 && (bits & 3) != 0))
		path_bad(e, "not base 64: bits after the last octet");
	else
		return 0;
	out->len = start;
	return -1;
}
