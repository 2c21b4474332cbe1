/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/ocsp.h>
#include "tests/lib/testpki.h"
#include "x509/der.h"
#include "x509/ocsp.h"

#define RAW(s)		BYTES(s, sizeof(s) - 1)
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SHA1_ALG	RAW("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00")
#define NONCE_OID	"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x02"

struct fixture {
	struct testpki		 pki;
	struct ocsp_issuer	 people, services;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	struct error	 e = ERROR_INIT;

	testpki_init(&f->pki, TESTPKI_NOW);
	assert_int_equal(ocsp_issuer_init(&f->people, f->pki.people, &e), 0);
	assert_int_equal(ocsp_issuer_init(&f->services, f->pki.services, &e),
	    0);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

/* A request in pieces, of which a row says only what is odd about it. */
struct shape {
	struct bytes	 version, requestor, alg, serial, single_exts, exts,
			 signature, after;
	size_t		 name_len, key_len;	/* 0: 20 */
	size_t		 ids;			/* 0: 1 */
	bool		 none;			/* an empty list */
};

static void
put(struct buf *b, struct bytes raw)
{
	if (raw.len > 0)
		der_put_raw(b, raw);
}

static void
put_one(struct buf *b, const struct shape *s)
{
	static const uint8_t	 digest[64] = { 7 };
	size_t			 one = der_begin(b, DER_SEQUENCE), id;

	id = der_begin(b, DER_SEQUENCE);
	put(b, s->alg.len > 0 ? s->alg : SHA1_ALG);
	der_put(b, DER_OCTET_STRING, digest, s->name_len ? s->name_len : 20);
	der_put(b, DER_OCTET_STRING, digest, s->key_len ? s->key_len : 20);
	put(b, s->serial.len > 0 ? s->serial : RAW("\x02\x01\x2a"));
	der_end(b, id);
	put(b, s->single_exts);
	der_end(b, one);
}

static void
put_shape(struct buf *b, const struct shape *s)
{
	size_t	 request = der_begin(b, DER_SEQUENCE), tbs, list, i;

	tbs = der_begin(b, DER_SEQUENCE);
	put(b, s->version);
	put(b, s->requestor);
	list = der_begin(b, DER_SEQUENCE);
	for (i = 0; !s->none && i < (s->ids > 0 ? s->ids : 1); i++)
		put_one(b, s);
	der_end(b, list);
	put(b, s->exts);
	der_end(b, tbs);
	put(b, s->signature);
	der_end(b, request);
	put(b, s->after);
}

static int
read_shape(struct ocsp_request *r, struct buf *b, const struct shape *s,
    struct error *e)
{
	b->len = 0;
	put_shape(b, s);
	return ocsp_request_read(r, BYTES(b->p, b->len), e);
}

/* [2] { SEQUENCE { SEQUENCE { nonce, OCTET STRING } } } */
static struct bytes
nonce_exts(struct buf *b, struct bytes value, bool critical, int times)
{
	size_t	 tagged, list, ext;

	b->len = 0;
	tagged = der_begin(b, DER_CONTEXT_CONS(2));
	list = der_begin(b, DER_SEQUENCE);
	for (; times > 0; times--) {
		ext = der_begin(b, DER_SEQUENCE);
		put(b, RAW(NONCE_OID));
		if (critical)
			der_put_bool(b, true);
		der_put(b, DER_OCTET_STRING, value.p, value.len);
		der_end(b, ext);
	}
	der_end(b, list);
	der_end(b, tagged);
	return BYTES(b->p, b->len);
}

static void
ocsp_request_read_names_what_is_malformed(void **state)
{
	static const struct {
		struct shape	 s;
		const char	*text;
	} rows[] = {
		{ { .none = true }, "OCSP request: asks for nothing" },
		{ { .ids = OCSP_IDS_MAX + 1 }, "OCSP request: asks for more"
		    " than 100 certificates" },
		{ { .version = RAW("\xa0\x03\x02\x01\x01") },
		  "OCSP request: version is not 1" },
		{ { .requestor = RAW("\xa2\x00") },
		  "OCSP request: malformed requestList" },
		{ { .alg = RAW("\x30\x0a\x06\x05\x2b\x0e\x03\x02\x1a\x02\x01"
		    "\x01") },
		  "OCSP request: CertID: hashAlgorithm with parameters" },
		{ { .alg = RAW("\x30\x0b\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00"
		    "\x05\x00") },
		  "OCSP request: CertID: hashAlgorithm with parameters" },
		{ { .alg = RAW("\x30\x02\x05\x00") },
		  "OCSP request: CertID: malformed hashAlgorithm" },
		{ { .name_len = 19 }, "OCSP request: CertID: issuerNameHash is"
		    " none of that hash" },
		{ { .key_len = 32 }, "OCSP request: CertID: issuerKeyHash is"
		    " none of that hash" },
		{ { .serial = RAW("\x04\x01\x01") },
		  "OCSP request: CertID: malformed serialNumber" },
		{ { .serial = RAW("\x02\x01\x01\x02\x01\x02") },
		  "OCSP request: CertID: malformed serialNumber" },
		{ { .serial = RAW("\x02\x02\x00\x01") }, "OCSP request: byte"
		    " 65: integer is not in its shortest form" },
		{ { .single_exts = RAW("\xa1\x02\x30\x00") },
		  "OCSP request: malformed singleRequestExtensions" },
		{ { .single_exts = RAW("\xa0\x0f\x30\x0d\x30\x0b\x06\x03\x2a"
		    "\x03\x04\x01\x01\xff\x04\x01\x00") },
		  "OCSP request: critical extension that is not known" },
		{ { .exts = RAW("\xa2\x02\x30\x00") },
		  "OCSP request: malformed extensions" },
		{ { .exts = RAW("\xa2\x06\x30\x04\x30\x02\x05\x00") },
		  "OCSP request: malformed extension" },
		{ { .exts = RAW("\xa3\x02\x30\x00") },
		  "OCSP request: malformed requestExtensions" },
		{ { .exts = RAW("\xa2\x0f\x30\x0d\x30\x0b\x06\x03\x2a\x03\x04"
		    "\x01\x01\xff\x04\x01\x00") },
		  "OCSP request: critical extension that is not known" },
		{ { .signature = RAW("\xa1\x02\x30\x00") },
		  "OCSP request: malformed optionalSignature" },
		{ { .after = RAW("\x00") },
		  "OCSP request: byte 68: bytes after the end" },
	};
	struct ocsp_request	 r;
	struct buf		 b = { 0 };
	struct error		 e;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		error_clear(&e);
		assert_int_equal(read_shape(&r, &b, &rows[i].s, &e), -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_int_equal(ocsp_status_of(&e), OCSP_MALFORMED);
	}
	buf_clear(&b);
}

static void
ocsp_request_read_wants_der_whole_and_bounded(void **state)
{
	static const struct shape	 plain = { 0 };
	struct ocsp_request		 r;
	struct buf			 b = { 0 };
	struct error			 e = ERROR_INIT;
	uint8_t				*big;
	size_t				 n;

	(void)state;
	put_shape(&b, &plain);
	for (n = 0; n < b.len; n++) {
		error_clear(&e);
		assert_int_equal(ocsp_request_read(&r, BYTES(b.p, n), &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
	}
	b.p[1] = 0x80;				/* indefinite */
	error_clear(&e);
	assert_int_equal(ocsp_request_read(&r, BYTES(b.p, b.len), &e), -1);
	assert_string_equal(e.text, "OCSP request: byte 0: indefinite length");
	big = mem_alloc(OCSP_REQUEST_MAX + 1);
	error_clear(&e);
	assert_int_equal(ocsp_request_read(&r, BYTES(big, OCSP_REQUEST_MAX +
	    1), &e), -1);
	assert_string_equal(e.text, "OCSP request: over 64 KiB");
	mem_free(&big);
	buf_clear(&b);
}

/* RFC 9654, 2.1. */
static void
ocsp_request_read_refuses_nonces_of_no_and_of_129_octets(void **state)
{
	static const uint8_t	 octets[131] = { 0x04, 0x81, 0x80 };
	static const struct {
		struct bytes	 value;
		int		 times;
		const char	*text;
	} rows[] = {
		{ { octets, 0 }, 1, "nonce is not of 1 to 128 octets (RFC"
		    " 9654, 2.1)" },
		{ { (const uint8_t *)"\x04\x00", 2 }, 1, "nonce is not of 1 to"
		    " 128 octets (RFC 9654, 2.1)" },
		{ { octets + 1, 129 }, 1, "nonce is not of 1 to 128 octets"
		    " (RFC 9654, 2.1)" },
		{ { octets, 131 }, 2, "two nonces" },
	};
	struct ocsp_request	 r;
	struct buf		 b = { 0 }, x = { 0 };
	struct error		 e;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		struct shape	 s = { .exts = nonce_exts(&x, rows[i].value,
				    false, rows[i].times) };

		error_clear(&e);
		assert_int_equal(read_shape(&r, &b, &s, &e), -1);
		assert_memory_equal(e.text, "OCSP request: ", 14);
		assert_string_equal(e.text + 14, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
	}
	buf_clear(&b);
	buf_clear(&x);
}

/* RFC 2560 was read as the octets alone; and some mark it critical. */
static void
ocsp_request_read_gives_the_nonce_as_it_came(void **state)
{
	static const uint8_t	 octets[131] = { 0x04, 0x81, 0x80 };
	static const size_t	 sizes[] = { 1, 2, 3, 16, 23, 32, 128 };
	struct ocsp_request	 r;
	struct buf		 b = { 0 }, x = { 0 };
	struct error		 e = ERROR_INIT;
	size_t			 i;

	(void)state;
	for (i = 0; i <= COUNT(sizes); i++) {
		struct bytes	 value = i < COUNT(sizes) ?
				    BYTES(octets + 3, sizes[i]) :
				    BYTES(octets, 131);
		struct shape	 s = { .exts = nonce_exts(&x, value,
				    i % 2 == 0, 1) };

		if (read_shape(&r, &b, &s, &e) == -1)
			fail_msg("%s", e.text);
		assert_true(bytes_equal(r.nonce, value));
	}
	buf_clear(&b);
	buf_clear(&x);
}

static void
ocsp_request_read_refuses_other_hashes_as_unauthorized(void **state)
{
	static const struct shape	 rows[] = {
		{ .alg = RAW("\x30\x0c\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x05"
		    "\x05\x00"), .name_len = 16, .key_len = 16 },	/* MD5 */
		{ .alg = RAW("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"
		    "\x04\x05\x00"), .name_len = 28, .key_len = 28 },
	};
	static const char		*const texts[] = {
		"OCSP request: CertID: hash 1.2.840.113549.2.5 is not SHA-1,"
		" SHA-256, SHA-384 or SHA-512",
		"OCSP request: CertID: hash 2.16.840.1.101.3.4.2.4 is not"
		" SHA-1, SHA-256, SHA-384 or SHA-512",
	};
	struct ocsp_request	 r;
	struct buf		 b = { 0 };
	struct error		 e;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		error_clear(&e);
		assert_int_equal(read_shape(&r, &b, &rows[i], &e), -1);
		assert_string_equal(e.text, texts[i]);
		assert_int_equal(e.code, ERROR_DENIED);
		assert_int_equal(ocsp_status_of(&e), OCSP_UNAUTHORIZED);
	}
	buf_clear(&b);
}

static void
ocsp_request_read_tolerates_what_clients_add(void **state)
{
	/* acceptable responses, preferred algorithms (critical), unknown. */
	static const struct shape	 rows[] = {
		{ .version = RAW("\xa0\x03\x02\x01\x00") },
		{ .requestor = RAW("\xa1\x03\x82\x01\x61") },
		{ .alg = RAW("\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a") },
		{ .signature = RAW("\xa0\x02\x30\x00") },
		{ .ids = OCSP_IDS_MAX },
		{ .exts = RAW("\xa2\x12\x30\x10\x30\x0e\x06\x09\x2b\x06\x01"
		    "\x05\x05\x07\x30\x01\x04\x04\x01\x00") },
		{ .exts = RAW("\xa2\x15\x30\x13\x30\x11\x06\x09\x2b\x06\x01"
		    "\x05\x05\x07\x30\x01\x08\x01\x01\xff\x04\x01\x00") },
		{ .exts = RAW("\xa2\x0c\x30\x0a\x30\x08\x06\x03\x2a\x03\x04"
		    "\x04\x01\x00") },
		{ .single_exts = RAW("\xa0\x12\x30\x10\x30\x0e\x06\x09\x2b\x06"
		    "\x01\x05\x05\x07\x30\x01\x07\x04\x01\x00") },
	};
	struct ocsp_request	 r;
	struct buf		 b = { 0 };
	struct error		 e = ERROR_INIT;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		if (read_shape(&r, &b, &rows[i], &e) == -1)
			fail_msg("row %zu: %s", i, e.text);
		assert_int_equal(r.n, rows[i].ids > 0 ? rows[i].ids : 1);
		assert_int_equal(r.id[r.n - 1].serial.len, 1);
		assert_int_equal(r.id[r.n - 1].serial.p[0], 42);
		assert_int_equal(r.nonce.len, 0);
	}
	buf_clear(&b);
}

static void
ocsp_id_read_gives_no_serial_that_nobody_can_have_issued(void **state)
{
	static const struct shape	 rows[] = {
		{ .serial = RAW("\x02\x01\x00") },
		{ .serial = RAW("\x02\x01\x80") },
		{ .serial = RAW("\x02\x16\x01\x02\x03\x04\x05\x06\x07\x08\x09"
		    "\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16") },
	};
	struct ocsp_request	 r;
	struct buf		 b = { 0 };
	struct error		 e = ERROR_INIT;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(read_shape(&r, &b, &rows[i], &e), 0);
		assert_int_equal(r.id[0].serial.len, 0);
		assert_non_null(r.id[0].serial.p);
	}
	assert_int_equal(ocsp_id_read(&r.id[0], RAW("\x30\x00"), &e), -1);
	assert_string_equal(e.text, "CertID: malformed");
	buf_clear(&b);
}

/*
 * Against OpenSSL.
 */
static OCSP_CERTID *
openssl_id(const EVP_MD *md, X509 *ca, long serial)
{
	ASN1_INTEGER	*n = ASN1_INTEGER_new();
	OCSP_CERTID	*id;

	assert_int_equal(ASN1_INTEGER_set(n, serial), 1);
	id = OCSP_cert_id_new(md, X509_get_subject_name(ca),
	    X509_get0_pubkey_bitstr(ca), n);
	ASN1_INTEGER_free(n);
	assert_non_null(id);
	return id;
}

static const EVP_MD	*(*const mds[OCSP_HASHES])(void) = { EVP_sha1,
			    EVP_sha256, EVP_sha384, EVP_sha512 };

static void
openssls_requests_are_read_and_their_issuers_found(void **state)
{
	struct fixture		*f = *state;
	struct ocsp_request	 r;
	struct error		 e = ERROR_INIT;
	OCSP_REQUEST		*req = OCSP_REQUEST_new();
	unsigned char		*der = NULL;
	int			 h, n;

	for (h = 0; h < OCSP_HASHES; h++) {
		assert_non_null(OCSP_request_add0_id(req, openssl_id(mds[h](),
		    f->pki.people, 0x80)));
		assert_non_null(OCSP_request_add0_id(req, openssl_id(mds[h](),
		    f->pki.services, 0x0102)));
	}
	assert_int_equal(OCSP_request_add1_nonce(req, NULL, 16), 1);
	assert_true((n = i2d_OCSP_REQUEST(req, &der)) > 0);
	if (ocsp_request_read(&r, BYTES(der, (size_t)n), &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(r.n, 2 * OCSP_HASHES);
	for (h = 0; h < OCSP_HASHES; h++) {
		assert_int_equal(r.id[2 * h].hash, h);
		assert_true(ocsp_issuer_is(&f->people, &r.id[2 * h]));
		assert_false(ocsp_issuer_is(&f->services, &r.id[2 * h]));
		assert_true(ocsp_issuer_is(&f->services, &r.id[2 * h + 1]));
		assert_true(bytes_equal(r.id[2 * h].serial, RAW("\x80")));
		assert_true(bytes_equal(r.id[2 * h + 1].serial,
		    RAW("\x01\x02")));
	}
	assert_int_equal(r.nonce.len, 18);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
}

static void
our_requests_are_openssls_octet_for_octet(void **state)
{
	struct fixture	*f = *state;
	OCSP_REQUEST	*req;
	unsigned char	*der;
	unsigned char	 nonce[] = { 1, 2, 3, 4, 5 };
	struct buf	 id = { 0 }, out = { 0 };
	struct bytes	 ids[1];
	int		 h, n;

	for (h = 0; h < OCSP_HASHES; h++) {
		req = OCSP_REQUEST_new();
		assert_non_null(OCSP_request_add0_id(req, openssl_id(mds[h](),
		    f->pki.people, 0x8001)));
		assert_int_equal(OCSP_request_add1_nonce(req, nonce, 5), 1);
		der = NULL;
		n = i2d_OCSP_REQUEST(req, &der);
		id.len = out.len = 0;
		ocsp_id_put(&id, &f->people, (enum ocsp_hash)h,
		    RAW("\x80\x01"));
		ids[0] = BYTES(id.p, id.len);
		ocsp_request_make(&out, ids, 1, BYTES(nonce, 5));
		assert_true(bytes_equal(BYTES(out.p, out.len),
		    BYTES(der, (size_t)n)));
		OPENSSL_free(der);
		OCSP_REQUEST_free(req);
	}
	buf_clear(&id);
	buf_clear(&out);
}

/*
 * The path of a GET.
 */
static void
ocsp_request_from_path_refuses_what_is_no_base64(void **state)
{
	static const struct {
		const char	*path, *text;
	} rows[] = {
		{ "", "nothing is there" },
		{ "/", "nothing is there" },
		{ "==", "nothing is there" },
		{ "MAA=x", "not base 64" },
		{ "MAAxy", "not base 64" },		/* six bits left */
		{ "MA A", "not base 64" },		/* + is no space */
		{ "MA%20A", "not base 64" },
		{ "MA%2", "not base 64" },
		{ "MA%", "not base 64" },
		{ "MA%zz", "not base 64" },
		{ "MA%00", "not base 64" },
		{ "MA%252B", "not base 64" },		/* escaped twice */
		{ "MAA?x=y", "not base 64" },
		{ "MAB", "not base 64: bits after the last octet" },
		{ "MB", "not base 64: bits after the last octet" },
	};
	struct buf	 out = { 0 };
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		error_clear(&e);
		assert_int_equal(ocsp_request_from_path(&out, rows[i].path,
		    &e), -1);
		assert_memory_equal(e.text, "OCSP request in the path: ", 26);
		assert_string_equal(e.text + 26, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_int_equal(out.len, 0);
	}
	buf_clear(&out);
}

static void
ocsp_request_from_path_is_bounded(void **state)
{
	struct buf	 out = { 0 };
	struct error	 e = ERROR_INIT;
	char		*path = mem_alloc(200001);

	(void)state;
	memset(path, 'A', 200000);
	assert_int_equal(ocsp_request_from_path(&out, path, &e), -1);
	assert_string_equal(e.text, "OCSP request in the path: over 64 KiB");
	assert_true(out.size <= 256 * 1024);
	mem_free(&path);
	buf_clear(&out);
}

/* fb ff fe 3e 3f ff: + and / and // in it, and one = at the end. */
static void
ocsp_request_from_path_takes_every_form_that_clients_send(void **state)
{
	static const uint8_t		 want[] = { 0x30, 0xfb, 0xef, 0xff,
					    0xff, 0xfe, 0x30, 0x00 };
	static const char *const	 paths[] = {
		"MPvv///+MAA=", "/MPvv///+MAA=", "//MPvv///+MAA=",
		"MPvv///+MAA", "MPvv%2F%2F%2F%2BMAA%3D",
		"MPvv%2f%2f%2f%2bMAA%3d", "MPvv%2f/%2F+MAA", "MPvv___-MAA",
		"MPvv___-MAA=", "%4D%50%76%76%2f%2f%2f%2B%4d%41%41%3D",
		"MPvv%0D%0A///+%0aMAA=%0A",
	};
	struct buf	 out = { 0 };
	struct error	 e = ERROR_INIT;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		out.len = 0;
		if (ocsp_request_from_path(&out, paths[i], &e) == -1)
			fail_msg("%s: %s", paths[i], e.text);
		assert_true(bytes_equal(BYTES(out.p, out.len),
		    BYTES(want, sizeof(want))));
	}
	buf_clear(&out);
}

static void
ocsp_request_path_is_read_back(void **state)
{
	struct buf	 path = { 0 }, out = { 0 };
	struct error	 e = ERROR_INIT;
	uint8_t		 der[64];
	size_t		 n, i;

	(void)state;
	for (n = 1; n <= sizeof(der); n++) {
		for (i = 0; i < n; i++)
			der[i] = (uint8_t)(0x30 + i * 37 * n);
		path.len = out.len = 0;
		ocsp_request_path(&path, BYTES(der, n));
		assert_null(strpbrk(buf_cstr(&path), "+/="));
		assert_int_equal(ocsp_request_from_path(&out, buf_cstr(&path),
		    &e), 0);
		assert_true(bytes_equal(BYTES(out.p, out.len), BYTES(der, n)));
	}
	buf_clear(&path);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(ocsp_request_read_names_what_is_malformed),
		cmocka_unit_test(ocsp_request_read_wants_der_whole_and_bounded),
		cmocka_unit_test(
		    ocsp_request_read_refuses_nonces_of_no_and_of_129_octets),
		cmocka_unit_test(
		    ocsp_request_read_refuses_other_hashes_as_unauthorized),
		cmocka_unit_test(ocsp_request_read_gives_the_nonce_as_it_came),
		cmocka_unit_test(ocsp_request_read_tolerates_what_clients_add),
		cmocka_unit_test(
		    ocsp_id_read_gives_no_serial_that_nobody_can_have_issued),
		cmocka_unit_test(
		    openssls_requests_are_read_and_their_issuers_found),
		cmocka_unit_test(our_requests_are_openssls_octet_for_octet),
		cmocka_unit_test(
		    ocsp_request_from_path_refuses_what_is_no_base64),
		cmocka_unit_test(ocsp_request_from_path_is_bounded),
		cmocka_unit_test(
		    ocsp_request_from_path_takes_every_form_that_clients_send),
		cmocka_unit_test(ocsp_request_path_is_read_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
