/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: SP 800-73-4 part 1, appendix A, table 10. */
#include <zlib.h>
#include "piv_private.h"
#include "x509/der.h"

#define GZIPPED		0x01
#define GZIP_WINDOW	(15 + 16)	/* zlib: with gzip's header */
#define CERT_MAX	APDU_ANSWER_MAX

static int
gzip(struct buf *out, struct bytes in, struct error *e)
{
	z_stream	 z = { .next_in = NULL };
	uLong		 bound;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 9,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		return error_set(e, ERROR_NOMEM, "compress a certificate");
	bound = deflateBound(&z, (uLong)in.len);
	buf_reserve(out, bound);
	z.next_in = mem_dup(in.p, in.len);
	z.avail_in = (uInt)in.len;
	z.next_out = out->p;
	z.avail_out = (uInt)bound;
	in.p = z.next_in;
	deflate(&z, Z_FINISH);
	out->len = z.total_out;
	deflateEnd(&z);
	mem_free(&in.p);
	return 0;
}

static int
gunzip(struct buf *out, struct bytes in)
{
	z_stream	 z = { .next_in = NULL };
	uint8_t		*copy;
	int		 rc;

	if (in.len == 0 || inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return -1;
	copy = mem_dup(in.p, in.len);
	buf_reserve(out, CERT_MAX);
	z.next_in = copy;
	z.avail_in = (uInt)in.len;
	z.next_out = out->p;
	z.avail_out = CERT_MAX;
	rc = inflate(&z, Z_FINISH);
	out->len = z.total_out;
	inflateEnd(&z);
	mem_free(&copy);
	return rc == Z_STREAM_END ? 0 : -1;
}

static void
make_object(struct buf *out, struct bytes cert, uint8_t info)
{
	tlv_put(out, 0x70, cert);
	tlv_put_byte(out, 0x71, info);
	tlv_put(out, 0xfe, BYTES(NULL, 0));
}

/* What cards say when an object is too big for them. */
static bool
is_too_big(uint16_t sw)
{
	return sw == APDU_NO_SPACE || sw == APDU_LENGTH || sw == APDU_FAILED;
}

static int
write_object(struct card *c, uint32_t tag, struct bytes der, struct error *e)
{
	struct buf	 object = { 0 }, small = { 0 };
	uint16_t	 sw;
	int		 rc = -1;

	make_object(&object, der, 0);
	if (piv_put(c, tag, BYTES(object.p, object.len), &sw, e) == -1)
		goto out;
	if (is_too_big(sw)) {
		buf_clear(&object);
		if (gzip(&small, der, e) == -1)
			goto out;
		make_object(&object, BYTES(small.p, small.len), GZIPPED);
		if (piv_put(c, tag, BYTES(object.p, object.len), &sw,
		    e) == -1)
			goto out;
	}
	if (is_too_big(sw)) {
		error_set(e, ERROR_CARD, "%zu bytes do not fit on the card, "
		    "nor do they compressed (%zu)", der.len, small.len);
		goto out;
	}
	rc = sw == APDU_OK ? 0 : apdu_error(e, sw, "write");
 out:
	buf_clear(&small);
	buf_clear(&object);
	return rc;
}

/* What an object holds, as it was before it was compressed: 1, 0 none, -1. */
static int
read_der(struct card *c, uint32_t tag, struct buf *der, struct error *e)
{
	struct buf	 object = { 0 };
	struct bytes	 in, cert, info;
	int		 rc;

	if ((rc = piv_get(c, tag, &object, e)) != 1)
		goto out;
	in = BYTES(object.p, object.len);
	rc = -1;
	if (tlv_find(in, 0x70, &cert) != 1)
		error_set(e, ERROR_CARD, "object without a certificate");
	else if (tlv_find(in, 0x71, &info) != 1 || info.len != 1 ||
	    (info.p[0] & GZIPPED) == 0) {
		buf_add(der, cert.p, cert.len);
		rc = 1;
	} else
		rc = gunzip(der, cert) == 0 ? 1 :
		    error_set(e, ERROR_CARD, "malformed gzip");
 out:
	buf_clear(&object);
	return rc;
}

static int
has_der(struct card *c, enum card_slot slot, struct bytes der,
    struct error *e)
{
	struct buf	 there = { 0 };
	int		 rc = read_der(c, piv_cert_tag(slot), &there, e);

	if (rc == 1)
		rc = bytes_equal(BYTES(there.p, there.len), der);
	buf_clear(&there);
	return rc;
}

int
piv_has_cert(struct card *c, enum card_slot slot, X509 *cert,
    struct error *e)
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(cert, &der), rc;

	rc = n <= 0 ? error_ssl(e, ERROR_BUG, "encode") :
	    has_der(c, slot, BYTES(der, (size_t)n), e);
	OPENSSL_free(der);
	return rc;
}

int
piv_write_cert(struct card *c, enum card_slot slot, X509 *cert,
    struct error *e)
{
	unsigned char	*der = NULL;
	int		 n = i2d_X509(cert, &der), rc = -1;

	if (n <= 0)
		error_ssl(e, ERROR_BUG, "encode");
	else if (write_object(c, piv_cert_tag(slot), BYTES(der, (size_t)n),
	    e) == 0 && (rc = has_der(c, slot, BYTES(der, (size_t)n),
	    e)) == 0)
		rc = error_set(e, ERROR_CARD, "the card keeps something else "
		    "than was written");
	if (rc == -1)
		error_wrap(e, "certificate of slot %02x", piv_slot(slot));
	OPENSSL_free(der);
	return rc == -1 ? -1 : 0;
}

static int
parse(struct bytes der, X509 **out, struct error *e)
{
	const uint8_t	*p = der.p;

	if (der_check(der, 24, e) == -1)
		return -1;
	if ((*out = d2i_X509(NULL, &p, (long)der.len)) == NULL)
		return error_ssl(e, ERROR_INPUT, "not a certificate");
	return 0;
}

int
piv_read_cert(struct card *c, uint32_t tag, X509 **out, struct error *e)
{
	struct buf	 der = { 0 };
	int		 rc;

	*out = NULL;
	if ((rc = read_der(c, tag, &der, e)) == 1 &&
	    parse(BYTES(der.p, der.len), out, e) == -1)
		rc = -1;
	buf_clear(&der);
	return rc;
}

int
piv_find_cert(struct card *c, enum card_slot slot, X509 **out,
    struct error *e)
{
	return piv_read_cert(c, piv_cert_tag(slot), out, e);
}
