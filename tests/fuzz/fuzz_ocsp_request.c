/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is taken as a whole request, as the path of a GET, and as
 * requests and extensions in a frame, behind which lies most of the parser.
 * What we take, OpenSSL must take and read in the same way.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include "tests/fuzz/must.h"
#include "x509/der.h"
#include "x509/ocsp.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The same serial number, where ours says which. */
static void
compare(const struct ocsp_id *id, OCSP_ONEREQ *one)
{
	ASN1_INTEGER	*serial;
	ASN1_OCTET_STRING *name;

	must(OCSP_id_get0_info(&name, NULL, NULL, &serial,
	    OCSP_onereq_get0_id(one)) == 1);
	must(bytes_equal(id->name_hash, BYTES(ASN1_STRING_get0_data(name),
	    (size_t)ASN1_STRING_length(name))));
	if (id->serial.len > 0)
		must(bytes_equal(id->serial,
		    BYTES(ASN1_STRING_get0_data(serial),
		    (size_t)ASN1_STRING_length(serial))));
	else
		must(ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER ||
		    ASN1_STRING_length(serial) > OCSP_SERIAL_MAX ||
		    *ASN1_STRING_get0_data(serial) == 0);
}

static void
try(struct bytes der)
{
	static struct ocsp_request	 r;
	struct error		 e = ERROR_INIT;
	const unsigned char	*p = der.p;
	OCSP_REQUEST		*req;
	size_t			 i;

	if (ocsp_request_read(&r, der, &e) == -1) {
		must(e.text[0] != '\0');
		return;
	}
	must(r.n >= 1 && r.n <= OCSP_IDS_MAX && r.nonce.len <=
	    OCSP_NONCE_MAX + 3);
	req = d2i_OCSP_REQUEST(NULL, &p, (long)der.len);
	/* The signature, which we do not look at, may be nonsense to it. */
	if (req != NULL) {
		must(p == der.p + der.len);
		must((size_t)OCSP_request_onereq_count(req) == r.n);
		for (i = 0; i < r.n; i++)
			compare(&r.id[i], OCSP_request_onereq_get0(req,
			    (int)i));
	}
	ERR_clear_error();
	OCSP_REQUEST_free(req);
}

static void
try_path(const uint8_t *p, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct buf	 in = { 0 }, out = { 0 }, again = { 0 };

	buf_add(&in, p, n);
	if (ocsp_request_from_path(&out, buf_cstr(&in), &e) == 0) {
		try(BYTES(out.p, out.len));
		in.len = 0;
		ocsp_request_path(&in, BYTES(out.p, out.len));
		must(ocsp_request_from_path(&again, buf_cstr(&in), &e) == 0);
		must(bytes_equal(BYTES(again.p, again.len),
		    BYTES(out.p, out.len)));
	} else
		must(out.len == 0 && e.text[0] != '\0');
	buf_clear(&in);
	buf_clear(&out);
	buf_clear(&again);
}

/* list: the input is the requestList, else what follows a good one. */
static void
frame(struct buf *out, struct bytes in, bool list)
{
	static const struct ocsp_issuer	 i;
	size_t	 request, tbs, seq, one;

	request = der_begin(out, DER_SEQUENCE);
	tbs = der_begin(out, DER_SEQUENCE);
	seq = der_begin(out, DER_SEQUENCE);
	if (list)
		der_put_raw(out, in);
	else {
		one = der_begin(out, DER_SEQUENCE);
		ocsp_id_put(out, &i, OCSP_SHA256, BYTES("\x01", 1));
		der_end(out, one);
	}
	der_end(out, seq);
	if (!list)
		der_put_raw(out, in);
	der_end(out, tbs);
	der_end(out, request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct buf	 der = { 0 };

	try(BYTES(p, n));
	try_path(p, n);
	frame(&der, BYTES(p, n), true);
	try(BYTES(der.p, der.len));
	der.len = 0;
	frame(&der, BYTES(p, n), false);
	try(BYTES(der.p, der.len));
	buf_clear(&der);
	return 0;
}
