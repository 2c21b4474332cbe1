/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include "base/text.h"
#include "base/base64.h"
#include "x509/csr.h"
#include "x509/csr_private.h"
#include "x509/der.h"
#include "x509/profile.h"

#define ALG_ECDSA_SHA256	"1.2.840.10045.4.3.2"

/* A request in parts, so that a test can spoil one and still sign it. */
struct parts {
	int64_t		 version;
	struct buf	 subject;	/* content of the SEQUENCE */
	struct buf	 spki;
	struct buf	 attrs;		/* content of [0]; or */
	bool		 no_attrs;
	const char	*alg;		/* signature's OID */
	bool		 alg_null;
	const EVP_MD	*md;
	EVP_PKEY	*key;		/* that signs */
};

static EVP_PKEY	*ec, *rsa;

static int
make_keys(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(key_generate(&ec, "ec:P-256", &e), 0);
	assert_int_equal(key_generate(&rsa, "rsa:2048", &e), 0);
	return 0;
}

static int
free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	return 0;
}

static void
parts_init(struct parts *p, EVP_PKEY *key)
{
	struct error	 e = ERROR_INIT;
	bool		 is_rsa = EVP_PKEY_is_a(key, "RSA");

	memset(p, 0, sizeof(*p));
	p->key = key;
	p->alg = is_rsa ? "1.2.840.113549.1.1.11" : ALG_ECDSA_SHA256;
	p->alg_null = is_rsa;
	p->md = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
	assert_int_equal(name_put_rdn(&p->subject, name_attr_find("CN"),
	    "Alice", &e), 0);
	assert_int_equal(key_public_der(&p->spki, key, &e), 0);
}

static void
parts_sign(struct buf *out, const struct parts *p, struct bytes info)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	unsigned char	 sig[1024];
	size_t		 n = sizeof(sig), mark, alg;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, p->md, NULL, p->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, info.p, info.len), 1);
	EVP_MD_CTX_free(ctx);
	mark = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, info);
	alg = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, p->alg);
	if (p->alg_null)
		der_put(out, DER_NULL, NULL, 0);
	der_end(out, alg);
	der_put_bits(out, sig, n);
	der_end(out, mark);
}

static void
parts_encode(struct buf *out, struct parts *p)
{
	struct buf	 info = { 0 };
	size_t		 mark = der_begin(&info, DER_SEQUENCE);

	der_put_int(&info, p->version);
	der_put(&info, DER_SEQUENCE, p->subject.p, p->subject.len);
	der_put_raw(&info, BYTES(p->spki.p, p->spki.len));
	if (!p->no_attrs)
		der_put(&info, DER_CONTEXT_CONS(0), p->attrs.p, p->attrs.len);
	der_end(&info, mark);
	out->len = 0;
	parts_sign(out, p, BYTES(info.p, info.len));
	buf_clear(&info);
	buf_clear(&p->subject);
	buf_clear(&p->spki);
	buf_clear(&p->attrs);
}

static void
refused(struct bytes text, enum error_code code, const char *why)
{
	struct error	 e = ERROR_INIT;
	struct csr	*csr = (struct csr *)-1;

	assert_int_equal(csr_parse(&csr, text, &e), -1);
	assert_null(csr);
	assert_string_equal(e.text, why);
	assert_int_equal(e.code, code);
}

static void
parts_refused(struct parts *p, enum error_code code, const char *why)
{
	struct buf	 der = { 0 };

	parts_encode(&der, p);
	refused(BYTES(der.p, der.len), code, why);
	buf_clear(&der);
}

static void
accepted(struct bytes text)
{
	struct error	 e = ERROR_INIT;
	struct csr	*csr;

	if (csr_parse(&csr, text, &e) == -1)
		fail_msg("%s", e.text);
	csr_free(&csr);
}

static void
good_der(struct buf *der, EVP_PKEY *key)
{
	struct error	 e = ERROR_INIT;

	der->len = 0;
	assert_int_equal(csr_make(der, key, "Alice", &e), 0);
}

static void
csr_parse_accepts_what_csr_make_and_openssl_make(void **state)
{
	static const char *const	 algs[] = { "ec:P-256", "ec:P-384",
	    "ec:P-521", "ed25519", "rsa:2048" };
	struct error			 e = ERROR_INIT;
	struct buf			 der = { 0 };
	const unsigned char		*p;
	X509_REQ			*req;
	EVP_PKEY			*key;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		assert_int_equal(key_generate(&key, algs[i], &e), 0);
		good_der(&der, key);
		accepted(BYTES(der.p, der.len));
		p = der.p;
		req = d2i_X509_REQ(NULL, &p, (long)der.len);
		assert_non_null(req);
		assert_int_equal(X509_REQ_verify(req, key), 1);
		X509_REQ_free(req);
		EVP_PKEY_free(key);
	}
	buf_clear(&der);
}

static void
csr_parse_refuses_everything_beside_one_request(void **state)
{
	struct buf	 der = { 0 }, two = { 0 };

	(void)state;
	good_der(&der, ec);
	buf_add(&two, der.p, der.len);
	buf_add(&two, der.p, der.len);
	refused(BYTES("", 0), ERROR_INPUT, "request: empty");
	refused(BYTES(" \n", 2), ERROR_INPUT, "request: empty");
	refused(BYTES("hello", 5), ERROR_INPUT, "request: neither DER nor one"
	    " PEM block of type CERTIFICATE REQUEST");
	refused(BYTES(der.p, der.len - 1), ERROR_INPUT,
	    "request: byte 0: length runs past the end");
	buf_byte(&der, '\n');
	two.len = der.len - 1;
	buf_byte(&two, 0);
	{
		char	 text[80];

		snprintf(text, sizeof(text),
		    "request: byte %zu: bytes after the end", der.len - 1);
		refused(BYTES(der.p, der.len), ERROR_INPUT, text);
		refused(BYTES(two.p, two.len), ERROR_INPUT, text);
	}
	buf_clear(&der);
	buf_clear(&two);
}

static void
csr_parse_refuses_lengths_that_are_not_der(void **state)
{
	struct buf	 der = { 0 }, ber = { 0 };

	(void)state;
	good_der(&der, ec);
	/* 30 81 xx ... -> 30 82 00 xx ... */
	assert_int_equal(der.p[1], 0x81);
	buf_add(&ber, "\x30\x82\x00", 3);
	buf_add(&ber, der.p + 2, der.len - 2);
	refused(BYTES(ber.p, ber.len), ERROR_INPUT,
	    "request: byte 0: length is not in its shortest form");
	ber.len = 0;
	buf_add(&ber, "\x30\x80", 2);
	buf_add(&ber, der.p + 3, der.len - 3);
	buf_add(&ber, "\0\0", 2);
	refused(BYTES(ber.p, ber.len), ERROR_INPUT,
	    "request: byte 0: indefinite length");
	buf_clear(&der);
	buf_clear(&ber);
}

static void
csr_parse_refuses_what_is_too_large(void **state)
{
	uint8_t	*big = mem_alloc(2 * CSR_MAX + 1);

	(void)state;
	big[0] = DER_SEQUENCE;
	refused(BYTES(big, CSR_MAX + 1), ERROR_INPUT,
	    "request: larger than 16384 bytes");
	refused(BYTES(big, 2 * CSR_MAX + 1), ERROR_INPUT,
	    "request: larger than 16384 bytes");
	mem_free(&big);
}

static void
pem_is_exactly_one_block(void **state)
{
	static const char	 neither[] = "request: neither DER nor one PEM"
	    " block of type CERTIFICATE REQUEST";
	static const char	 base64[] =
	    "request: not one PEM block of base 64";
	struct buf		 der = { 0 }, pem = { 0 }, t = { 0 };

	(void)state;
	good_der(&der, ec);
	base64_put_pem(&pem, "CERTIFICATE REQUEST", BYTES(der.p, der.len));
	accepted(BYTES(pem.p, pem.len));
	buf_str(&t, "\r\n  ");
	buf_add(&t, pem.p, pem.len);
	buf_str(&t, "\t\n");
	accepted(BYTES(t.p, t.len));
	buf_add(&t, pem.p, pem.len);		/* two of them */
	refused(BYTES(t.p, t.len), ERROR_INPUT, base64);
	t.len = 0;
	buf_str(&t, "hello\n");
	buf_add(&t, pem.p, pem.len);
	refused(BYTES(t.p, t.len), ERROR_INPUT, neither);
	t.len = 0;
	buf_add(&t, pem.p, pem.len);
	buf_str(&t, "hello\n");
	refused(BYTES(t.p, t.len), ERROR_INPUT, neither);
	t.len = 0;
	buf_add(&t, pem.p, pem.len);
	t.p[60] = '*';
	refused(BYTES(t.p, t.len), ERROR_INPUT, base64);
	t.len = 0;
	base64_put_pem(&t, "NEW CERTIFICATE REQUEST", BYTES(der.p, der.len));
	accepted(BYTES(t.p, t.len));
	t.len = 0;
	base64_put_pem(&t, "CERTIFICATE", BYTES(der.p, der.len));
	refused(BYTES(t.p, t.len), ERROR_INPUT, neither);
	buf_clear(&der);
	buf_clear(&pem);
	buf_clear(&t);
}

static void
base64_padding_bits_are_zero_and_padding_is_last(void **state)
{
	static const char *const	 bad[] = {
		"-----BEGIN CERTIFICATE REQUEST-----\nMAF=\n"
		"-----END CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\nMA==MA==\n"
		"-----END CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\nMAA\n"
		"-----END CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\n"
		"-----END CERTIFICATE REQUEST-----",
		"-----BEGIN CERTIFICATE REQUEST-----\n====\n"
		"-----END CERTIFICATE REQUEST-----",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(BYTES(bad[i], strlen(bad[i])), ERROR_INPUT,
		    "request: not one PEM block of base 64");
}

static void
csr_parse_refuses_a_signature_by_another_key(void **state)
{
	static const char	 why[] = "request: signature does not verify:"
	    " the key's holder did not make this request";
	struct error		 e = ERROR_INIT;
	struct parts		 p;
	struct buf		 der = { 0 };
	EVP_PKEY		*other;

	(void)state;
	assert_int_equal(key_generate(&other, "ec:P-256", &e), 0);
	parts_init(&p, ec);
	p.key = other;
	parts_refused(&p, ERROR_INPUT, why);
	good_der(&der, ec);
	*(uint8_t *)memmem(der.p, der.len, "Alice", 5) ^= 2;
	refused(BYTES(der.p, der.len), ERROR_INPUT, why);
	parts_init(&p, ec);
	p.key = rsa;
	p.alg = "1.2.840.113549.1.1.11";
	p.alg_null = true;
	parts_refused(&p, ERROR_INPUT,
	    "request: signature algorithm is not one of the key's");
	EVP_PKEY_free(other);
	buf_clear(&der);
}

static void
csr_parse_refuses_weak_and_malformed_signature_algorithms(void **state)
{
	struct parts	 p;

	(void)state;
	parts_init(&p, rsa);
	p.alg = "1.2.840.113549.1.1.5";
	p.md = EVP_sha1();
	parts_refused(&p, ERROR_DENIED, "request: sha1WithRSAEncryption is"
	    " refused: SHA-1 is broken");
	parts_init(&p, rsa);
	p.alg = "1.2.840.113549.1.1.4";
	p.md = EVP_md5();
	parts_refused(&p, ERROR_DENIED, "request: md5WithRSAEncryption is"
	    " refused: MD5 is broken");
	parts_init(&p, ec);
	p.alg = "1.2.3";
	parts_refused(&p, ERROR_DENIED, "request: signature is not RSA,"
	    " ECDSA, Ed25519 or ML-DSA with SHA-256 or better");
	parts_init(&p, rsa);
	p.alg_null = false;
	parts_refused(&p, ERROR_INPUT, "request: sha256WithRSAEncryption with"
	    " wrong parameters (RFC 4055, 5: NULL)");
	parts_init(&p, ec);
	p.alg_null = true;
	parts_refused(&p, ERROR_INPUT, "request: ecdsa-with-SHA256 with wrong"
	    " parameters (RFC 5758, 3.2, RFC 8410, 3 and RFC 9881, 2: absent)");
}

static void
csr_parse_refuses_other_versions(void **state)
{
	struct parts	 p;

	(void)state;
	parts_init(&p, ec);
	p.version = 1;
	parts_refused(&p, ERROR_INPUT,
	    "request: version is not 1 (RFC 2986, 4.1)");
}

static void
attributes_may_be_left_out(void **state)
{
	struct parts	 p;
	struct buf	 der = { 0 };

	(void)state;
	parts_init(&p, ec);
	p.no_attrs = true;
	parts_encode(&der, &p);
	accepted(BYTES(der.p, der.len));
	buf_clear(&der);
}

static void
put_cn(struct buf *b, uint8_t tag, const void *text, size_t len)
{
	size_t	 set = der_begin(b, DER_SET), seq = der_begin(b, DER_SEQUENCE);

	der_put_oid(b, "2.5.4.3");
	der_put(b, tag, text, len);
	der_end(b, seq);
	der_end(b, set);
}

static void
csr_parse_refuses_names_that_hide_something(void **state)
{
	static const struct {
		uint8_t		 tag;
		const char	*text;
		size_t		 len;
		const char	*why;
	} rows[] = {
		{ DER_UTF8, "a\0b", 3, "request: subject CN: U+0000 is a"
		  " control character" },
		{ DER_UTF8, "a\r\nb", 4, "request: subject CN: U+000D is a"
		  " control character" },
		{ DER_UTF8, "", 0, "request: subject CN: value is empty" },
		{ DER_UTF8, "a\xe2\x80\xae" "b", 5, "request: subject CN:"
		  " U+202E is invisible, changes the direction or looks like"
		  " another: not for names" },
		{ DER_UTF8, "P\xd0\xb0ul", 5, "request: subject CN: Latin and"
		  " Cyrillic letters in one word, which may look like another"
		  " (UTS #39, 5)" },
		{ 0x1e, "\0a", 2, "request: subject: value is not UTF8String,"
		  " PrintableString or IA5String (RFC 5280, 4.1.2.4)" },
		{ 0x14, "a", 1, "request: subject: value is not UTF8String,"
		  " PrintableString or IA5String (RFC 5280, 4.1.2.4)" },
	};
	struct parts	 p;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parts_init(&p, ec);
		p.subject.len = 0;
		put_cn(&p.subject, rows[i].tag, rows[i].text, rows[i].len);
		parts_refused(&p, ERROR_INPUT, rows[i].why);
	}
	parts_init(&p, ec);
	for (i = 0; i < 33; i++)
		put_cn(&p.subject, DER_UTF8, "x", 1);
	parts_refused(&p, ERROR_INPUT, "request: subject: too many parts");
}

/* An extension request with the same SAN n times. */
static void
put_san_request(struct buf *b, int n, uint8_t tag, const char *value,
    size_t len)
{
	size_t	 attr = der_begin(b, DER_SEQUENCE), set, exts, ext, octets;
	size_t	 names;

	der_put_oid(b, "1.2.840.113549.1.9.14");
	set = der_begin(b, DER_SET);
	exts = der_begin(b, DER_SEQUENCE);
	while (n-- > 0) {
		ext = der_begin(b, DER_SEQUENCE);
		der_put_oid(b, "2.5.29.17");
		octets = der_begin(b, DER_OCTET_STRING);
		names = der_begin(b, DER_SEQUENCE);
		der_put(b, tag, value, len);
		der_end(b, names);
		der_end(b, octets);
		der_end(b, ext);
	}
	der_end(b, exts);
	der_end(b, set);
	der_end(b, attr);
}

static void
csr_parse_refuses_the_same_extension_or_attribute_twice(void **state)
{
	struct parts	 p;

	(void)state;
	parts_init(&p, ec);
	put_san_request(&p.attrs, 2, DER_CONTEXT(2), "a.example.org", 13);
	parts_refused(&p, ERROR_INPUT, "request: the same extension twice:"
	    " subjectAltName (RFC 5280, 4.2)");
	parts_init(&p, ec);
	put_san_request(&p.attrs, 1, DER_CONTEXT(2), "a.example.org", 13);
	put_san_request(&p.attrs, 1, DER_CONTEXT(2), "a.example.org", 13);
	parts_refused(&p, ERROR_INPUT, "request: the same attribute twice:"
	    " extensionRequest (RFC 2986, 4.1)");
	parts_init(&p, ec);
	put_san_request(&p.attrs, 1, DER_CONTEXT(2), "a\0b.example.org", 15);
	parts_refused(&p, ERROR_INPUT, "request: subjectAltName dNSName:"
	    " U+0000 is a control character");
	parts_init(&p, ec);
	put_san_request(&p.attrs, 1, DER_CONTEXT_CONS(2), "\x0c\x05" "a", 3);
	parts_refused(&p, ERROR_INPUT,
	    "request: subjectAltName: byte 4: length runs past the end");
}

static void
key_refused(EVP_PKEY *key, const char *why)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(csr_check_key(key, &e), -1);
	assert_string_equal(e.text, why);
	assert_int_equal(e.code, ERROR_DENIED);
}

static EVP_PKEY *
rsa_public(const BIGNUM *n, unsigned long exponent)
{
	OSSL_PARAM_BLD	*bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM		*e = BN_new();
	OSSL_PARAM	*params;
	EVP_PKEY	*key = NULL;

	BN_set_word(e, exponent);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_fromdata_init(ctx);
	EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	assert_non_null(key);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	return key;
}

static void
rsa_refused(const BIGNUM *n, unsigned long exponent, const char *why)
{
	EVP_PKEY	*key = rsa_public(n, exponent);

	key_refused(key, why);
	EVP_PKEY_free(key);
}

static void
csr_check_key_refuses_weak_rsa_keys(void **state)
{
	static const char	 exponent[] =
	    "key: RSA exponent is not odd and between 65537 and 2^256";
	BIGNUM			*n = NULL, *m = BN_new();

	(void)state;
	EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n);
	rsa_refused(n, 1, exponent);
	rsa_refused(n, 3, exponent);
	rsa_refused(n, 65535, exponent);
	rsa_refused(n, 65538, exponent);
	BN_rshift(m, n, 1024);
	rsa_refused(m, 65537, "key: RSA modulus of 1024 bits is not 2048 to"
	    " 4096 by steps of 8");
	BN_lshift(m, n, 1);
	rsa_refused(m, 65537, "key: RSA modulus of 2049 bits is not 2048 to"
	    " 4096 by steps of 8");
	BN_lshift(m, n, 2056);
	rsa_refused(m, 65537, "key: RSA modulus of 4104 bits is not 2048 to"
	    " 4096 by steps of 8");
	BN_copy(m, n);
	BN_clear_bit(m, 0);
	rsa_refused(m, 65537, "key: RSA modulus is even");
	BN_set_word(m, 751);
	BN_lshift(m, m, 2048 - 10);
	BN_add_word(m, 751);			/* 751 * (2^2038 + 1) */
	rsa_refused(m, 65537, "key: RSA modulus is divisible by 5");
	BN_add_word(m, 751 * 6);		/* without smaller factors */
	assert_int_equal(BN_num_bits(m), 2048);
	rsa_refused(m, 65537, "key: RSA modulus is divisible by 751");
	BN_free(n);
	BN_free(m);
}

#define CLOSE	"key: RSA primes are so close that Fermat's method finds" \
	" them (TLS baseline, 6.1.1.3)"
#define PRIME	"key: RSA modulus is a prime (SP 800-89, 5.3.3)"
#define POWER	"key: RSA modulus is a power of a prime, or its primes are" \
	" related (SP 800-89, 5.3.3)"

/* The next prime from p + step on. */
static BIGNUM *
next_prime(const BIGNUM *p, unsigned long step, BN_CTX *ctx)
{
	BIGNUM	*q = BN_dup(p);

	BN_add_word(q, step);
	while (BN_check_prime(q, ctx, NULL) != 1)
		BN_add_word(q, 2);
	return q;
}

static void
csr_check_key_refuses_rsa_primes_with_structure(void **state)
{
	BN_CTX	*ctx = BN_CTX_new();
	BIGNUM	*p = NULL, *q, *n = BN_new(), *r = BN_new();

	(void)state;
	EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_FACTOR1, &p);
	BN_sqr(n, p, ctx);
	rsa_refused(n, 65537, CLOSE);
	q = next_prime(p, 2, ctx);
	BN_mul(n, p, q, ctx);
	rsa_refused(n, 65537, CLOSE);
	BN_free(q);
	/* (1.5 * 2^682)^3 has 2048 bits; so has what is a bit larger. */
	BN_set_word(r, 3);
	BN_lshift(r, r, 681);
	BN_add_word(r, 1);
	q = next_prime(r, 0, ctx);
	BN_sqr(n, q, ctx);
	BN_mul(n, n, q, ctx);
	BN_free(q);
	assert_int_equal(BN_num_bits(n), 2048);
	rsa_refused(n, 65537, POWER);
	assert_int_equal(BN_generate_prime_ex(n, 2048, 0, NULL, NULL, NULL),
	    1);
	rsa_refused(n, 65537, PRIME);
	BN_free(n);
	BN_free(p);
	BN_free(r);
	BN_CTX_free(ctx);
}

/* Primes as the chips of CVE-2017-15361 made them, with the small primes up
 * to 167: k times their product plus a power of 65537 modulo it. */
static BIGNUM *
roca_prime(const char *exponent, BN_CTX *ctx)
{
	BIGNUM	*m = BN_new(), *a = NULL, *g = BN_new(), *k = BN_new();
	BIGNUM	*p = BN_new();
	int	 r, i;

	BN_one(m);
	for (r = 2; r <= 167; r++) {
		for (i = 2; i * i <= r && r % i != 0; i++)
			;
		if (i * i > r)
			BN_mul_word(m, (BN_ULONG)r);
	}
	BN_hex2bn(&a, exponent);
	BN_set_word(g, 65537);
	BN_mod_exp(g, g, a, m, ctx);
	do {
		BN_rand(k, 1025 - BN_num_bits(m), BN_RAND_TOP_ONE,
		    BN_RAND_BOTTOM_ANY);
		BN_mul(p, k, m, ctx);
		BN_add(p, p, g);
	} while (BN_num_bits(p) != 1024 || !BN_is_bit_set(p, 1023) ||
	    !BN_is_bit_set(p, 1022) || BN_check_prime(p, ctx, NULL) != 1);
	BN_free(a);
	BN_free(g);
	BN_free(k);
	BN_free(m);
	return p;
}

static void
csr_check_key_refuses_the_fingerprint_of_roca(void **state)
{
	BN_CTX	*ctx = BN_CTX_new();
	BIGNUM	*p, *q, *n = BN_new();

	(void)state;
	p = roca_prime("1234567890abcdef", ctx);
	q = roca_prime("fedcba0987654321", ctx);
	BN_mul(n, p, q, ctx);
	assert_int_equal(BN_num_bits(n), 2048);
	rsa_refused(n, 65537, "key: RSA modulus has the fingerprint of ROCA"
	    " (CVE-2017-15361): others can find its primes");
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(ctx);
}

static void
csr_check_key_refuses_other_curves_and_kinds(void **state)
{
	EVP_PKEY	*key;

	(void)state;
	key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1");
	key_refused(key, "key: curve is not P-256, P-384 or P-521");
	EVP_PKEY_free(key);
	key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	key_refused(key, "key: neither RSA, EC, Ed25519 nor ML-DSA");
	EVP_PKEY_free(key);
}

static void
csr_check_key_refuses_small_order_points(void **state)
{
	static const char *const	 small[] = {
		"0100000000000000000000000000000000000000000000000000000000"
		"000000",
		"0100000000000000000000000000000000000000000000000000000000"
		"000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"ffff7f",
		"0000000000000000000000000000000000000000000000000000000000"
		"000000",
		"0000000000000000000000000000000000000000000000000000000000"
		"000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d"
		"53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d"
		"53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792"
		"ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792"
		"ac03fa",
	};
	struct error			 e = ERROR_INIT;
	uint8_t				 raw[32];
	EVP_PKEY			*key;
	size_t				 i, n;

	(void)state;
	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		assert_int_equal(text_unhex(raw, 32, &n, small[i], &e), 0);
		key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw,
		    32);
		key_refused(key, "key: Ed25519 point of small order");
		EVP_PKEY_free(key);
	}
	memset(raw, 0xff, 32);
	raw[0] = 0xee;
	raw[31] = 0x7f;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, 32);
	key_refused(key, "key: Ed25519 point is not in its shortest form");
	EVP_PKEY_free(key);
}

/*
 * 0x1234567 times the base point, alone and with a point of order four: the
 * numbers are tests/lib/bad_requests.pl's.
 */
static void
csr_check_key_refuses_ed25519_points_outside_of_the_group(void **state)
{
	static const char	 mixed[] = "d547d46ec766e802f89e0723b90562a9e0"
				    "264679d3a7337346c2a07df9d1028b";
	struct error		 e = ERROR_INIT;
	uint8_t			 raw[32];
	EVP_PKEY		*key;
	size_t			 i, n, good;

	(void)state;
	assert_int_equal(text_unhex(raw, 32, &n, mixed, &e), 0);
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, 32);
	key_refused(key, "key: Ed25519 point is outside of the group of prime"
	    " order");
	EVP_PKEY_free(key);
	assert_int_equal(csr_ed_group(raw, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	error_clear(&e);
	/* Half of all numbers are no y of the curve; of the other points an
	 * eighth is in the group. */
	for (i = 0, n = 0, good = 0; i < 200; i++) {
		memset(raw, 0, sizeof(raw));
		raw[0] = (uint8_t)(2 + i);
		good += csr_ed_group(raw, &e) == 0;
		n += strcmp(e.text, "key: Ed25519 point is not on its curve")
		    == 0;
		error_clear(&e);
	}
	assert_in_range(n, 70, 130);
	assert_in_range(good, 3, 30);
	for (i = 0; i < 8; i++) {
		assert_int_equal(key_generate(&key, "ed25519", &e), 0);
		assert_int_equal(csr_check_key(key, &e), 0);
		EVP_PKEY_free(key);
	}
}

/* SubjectPublicKeyInfo of the EC key with the point in another form. */
static void
put_point(struct buf *spki, const char *curve, uint8_t first, size_t len,
    bool off_curve)
{
	unsigned char	 point[65];
	size_t		 n, outer, alg;

	EVP_PKEY_get_octet_string_param(ec, OSSL_PKEY_PARAM_PUB_KEY, point,
	    sizeof(point), &n);
	assert_int_equal(n, 65);
	point[64] ^= off_curve;
	if (first != 0)
		point[0] = first;
	else
		point[0] = 2 | (point[64] & 1);
	spki->len = 0;
	outer = der_begin(spki, DER_SEQUENCE);
	alg = der_begin(spki, DER_SEQUENCE);
	der_put_oid(spki, "1.2.840.10045.2.1");
	der_put_oid(spki, curve);
	der_end(spki, alg);
	der_put_bits(spki, point, len);
	der_end(spki, outer);
}

#define P256	"1.2.840.10045.3.1.7"

static void
ec_points_are_uncompressed_and_on_the_curve(void **state)
{
	struct parts	 p;

	(void)state;
	parts_init(&p, ec);
	put_point(&p.spki, P256, 4, 65, true);
	parts_refused(&p, ERROR_DENIED,
	    "key: EC key with impossible numbers");
	parts_init(&p, ec);
	put_point(&p.spki, P256, 6, 65, false);
	parts_refused(&p, ERROR_DENIED, "key: EC point is of hybrid form, not"
	    " uncompressed (RFC 5480, 2.2)");
	parts_init(&p, ec);
	put_point(&p.spki, P256, 0, 1, false);
	p.spki.p[p.spki.len - 1] = 0;
	parts_refused(&p, ERROR_DENIED, "key: EC point is the point at"
	    " infinity, not uncompressed (RFC 5480, 2.2)");
	parts_init(&p, ec);
	put_point(&p.spki, "1.3.132.0.10", 4, 65, false);
	parts_refused(&p, ERROR_DENIED,
	    "key: curve is not P-256, P-384 or P-521");
	parts_init(&p, ec);
	put_point(&p.spki, P256, 0, 33, false);
	parts_refused(&p, ERROR_DENIED, "key: EC point is compressed, not"
	    " uncompressed (RFC 5480, 2.2)");
}

static void
csr_parse_refuses_explicit_curve_parameters(void **state)
{
	OSSL_PARAM	 params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
		    (char *)(uintptr_t)"P-256", 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING,
		    (char *)(uintptr_t)"explicit", 0),
		OSSL_PARAM_END,
	};
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY	*key = NULL;
	struct parts	 p;

	(void)state;
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_params(ctx, params);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	parts_init(&p, key);
	parts_refused(&p, ERROR_DENIED,
	    "key: EC parameters are spelled out, not a named curve (RFC"
	    " 5480, 2.1.1)");
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
}

static void
csr_parse_refuses_small_rsa_and_small_exponents(void **state)
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY	*key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
	    (size_t)1024);
	BIGNUM		*three = BN_new();
	struct parts	 p;

	(void)state;
	parts_init(&p, key);
	parts_refused(&p, ERROR_DENIED, "key: RSA modulus of 1024 bits is not"
	    " 2048 to 4096 by steps of 8");
	EVP_PKEY_free(key);
	key = NULL;
	BN_set_word(three, 3);
	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
	EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, three);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	parts_init(&p, key);
	parts_refused(&p, ERROR_DENIED,
	    "key: RSA exponent is not odd and between 65537 and 2^256");
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(ctx);
	BN_free(three);
}

/* A request as other software makes them, by OpenSSL's own functions. */
static void
foreign_request(struct buf *der)
{
	X509_REQ		*req = X509_REQ_new();
	X509_NAME		*name = X509_REQ_get_subject_name(req);
	STACK_OF(X509_EXTENSION) *exts = NULL;
	X509_EXTENSION		*ext;
	unsigned char		*p = NULL;
	int			 n;

	X509_NAME_add_entry_by_txt(name, "C", MBSTRING_UTF8,
	    (const unsigned char *)"SE", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
	    (const unsigned char *)"Example AB", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)"\xc3\x85sa", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "emailAddress", MBSTRING_UTF8,
	    (const unsigned char *)"a@example.org", -1, -1, 0);
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    "email:a@example.org,email:b@example.org,DNS:www.example.org,"
	    "URI:http://example.org/,IP:192.0.2.1,IP:2001:db8::1,otherName:"
	    "1.3.6.1.4.1.311.20.2.3;UTF8:a@example.org");
	assert_non_null(ext);
	X509v3_add_ext(&exts, ext, -1);
	X509_REQ_add_extensions(req, exts);
	X509_REQ_set_pubkey(req, ec);
	assert_true(X509_REQ_sign(req, ec, EVP_sha256()) > 0);
	n = i2d_X509_REQ(req, &p);
	buf_add(der, p, (size_t)n);
	OPENSSL_free(p);
	X509_EXTENSION_free(ext);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
}

static void
csr_fields_offers_what_the_request_says(void **state)
{
	static const struct {
		const char	*name, *value;
	} want[] = {
		{ "country", "SE" }, { "org", "Example AB" },
		{ "name", "\xc3\x85sa" }, { "mail", "a@example.org" },
		{ "mail", "b@example.org" }, { "dns", "www.example.org" },
		{ "uri", "http://example.org/" }, { "ip", "192.0.2.1" },
		{ "ip", "2001:db8::1" }, { "upn", "a@example.org" },
	};
	struct fields	 f = { 0 };
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct csr	*csr;
	size_t		 i;

	(void)state;
	foreign_request(&der);
	if (csr_parse(&csr, BYTES(der.p, der.len), &e) == -1 ||
	    csr_fields(csr, &f, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(f.n, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < f.n; i++) {
		assert_string_equal(f.v[i].name, want[i].name);
		assert_string_equal(f.v[i].value, want[i].value);
	}
	fields_clear(&f);
	csr_free(&csr);
	buf_clear(&der);
}

static void
csr_parse_refuses_alternative_names_that_are_none(void **state)
{
	static const struct {
		uint8_t		 tag;
		const char	*value;
		size_t		 len;
		const char	*why;
	} rows[] = {
		{ DER_CONTEXT(7), "\x01\x02\x03", 3, "request: subjectAltName"
		  " iPAddress: 3 octets, not 4 or 16 (RFC 5280, 4.2.1.6)" },
		{ DER_CONTEXT(9), "x", 1, "request: subjectAltName: no such"
		  " kind of name (RFC 5280, 4.2.1.6)" },
		{ DER_CONTEXT(1), "a@b@example.org", 15, "request:"
		  " subjectAltName rfc822Name: more than one @ (RFC 5321,"
		  " 4.1.2)" },
		{ DER_CONTEXT(2), "*.example.org", 13, "request:"
		  " subjectAltName dNSName: a character other than letters,"
		  " digits and hyphens (RFC 1123, 2.1)" },
		{ DER_CONTEXT(6), "http://a b/", 11, "request: subjectAltName"
		  " URI: octet 20 is in no URI (RFC 3986, 2)" },
		{ DER_CONTEXT_CONS(0), "\x06\x01\x2a", 3, "request:"
		  " subjectAltName: malformed otherName" },
	};
	struct parts	 p;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parts_init(&p, ec);
		put_san_request(&p.attrs, 1, rows[i].tag, rows[i].value,
		    rows[i].len);
		parts_refused(&p, ERROR_INPUT, rows[i].why);
	}
}

/* An extension request of one extension. */
static void
put_extension(struct buf *b, const char *oid, bool critical,
    const char *value, size_t len)
{
	size_t	 attr = der_begin(b, DER_SEQUENCE), set, exts, ext;

	der_put_oid(b, "1.2.840.113549.1.9.14");
	set = der_begin(b, DER_SET);
	exts = der_begin(b, DER_SEQUENCE);
	ext = der_begin(b, DER_SEQUENCE);
	der_put_oid(b, oid);
	if (critical)
		der_put_bool(b, true);
	der_put(b, DER_OCTET_STRING, value, len);
	der_end(b, ext);
	der_end(b, exts);
	der_end(b, set);
	der_end(b, attr);
}

#define OID_USAGE	"2.5.29.15"
#define OID_EXT_USAGE	"2.5.29.37"
#define OID_CONSTRAINTS	"2.5.29.19"

static void
csr_parse_refuses_malformed_wishes(void **state)
{
	static const struct {
		const char	*oid;
		bool		 critical;
		const char	*value;
		size_t		 len;
		enum error_code	 code;
		const char	*why;
	} rows[] = {
		{ OID_CONSTRAINTS, false, "\x30\x03\x01\x01\x00", 5,
		  ERROR_INPUT, "request: basicConstraints: a default value is"
		  " written out (X.690, 11.5)" },
		{ OID_CONSTRAINTS, false, "\x30\x03\x02\x01\x00", 5,
		  ERROR_INPUT, "request: basicConstraints: a path length"
		  " without CA (RFC 5280, 4.2.1.9)" },
		{ OID_USAGE, false, "\x03\x02\x06\x80", 4, ERROR_INPUT,
		  "request: keyUsage: bits of zero at the end (X.690,"
		  " 11.2.2)" },
		{ OID_USAGE, false, "\x03\x01\x00", 3, ERROR_INPUT,
		  "request: keyUsage: no usage at all (RFC 5280, 4.2.1.3)" },
		{ OID_USAGE, false, "\x03\x03\x00\x80\x01", 5, ERROR_INPUT,
		  "request: keyUsage: more than nine bits (RFC 5280,"
		  " 4.2.1.3)" },
		{ OID_EXT_USAGE, false, "\x30\x00", 2, ERROR_INPUT,
		  "request: extendedKeyUsage: malformed" },
		{ "2.5.29.30", true, "\x30\x00", 2, ERROR_DENIED, "request:"
		  " nameConstraints: critical, and not for a request to"
		  " decide (RFC 5280, 4.2)" },
		{ "1.2.3.4", true, "\x05\x00", 2, ERROR_DENIED, "request:"
		  " 1.2.3.4: critical, and not for a request to decide (RFC"
		  " 5280, 4.2)" },
	};
	struct parts	 p;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parts_init(&p, ec);
		put_extension(&p.attrs, rows[i].oid, rows[i].critical,
		    rows[i].value, rows[i].len);
		parts_refused(&p, rows[i].code, rows[i].why);
	}
}

static void
wish_denied(const char *oid, const char *value, size_t len, const char *why)
{
	struct profile	 profile = { .name = (char *)(uintptr_t)"mail-sign" };
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct parts	 p;
	struct csr	*csr;

	parts_init(&p, ec);
	put_extension(&p.attrs, oid, false, value, len);
	parts_encode(&der, &p);
	assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(csr_check_wishes(csr, &profile, &e), why == NULL ?
	    0 : -1);
	if (why != NULL) {
		assert_string_equal(e.text, why);
		assert_int_equal(e.code, ERROR_DENIED);
	}
	profile.is_ca = true;
	assert_int_equal(csr_check_wishes(csr, &profile, &e), 0);
	csr_free(&csr);
	buf_clear(&der);
}

static void
csr_check_wishes_refuses_what_makes_an_authority(void **state)
{
	(void)state;
	wish_denied(OID_CONSTRAINTS, "\x30\x03\x01\x01\xff", 5, "request:"
	    " basicConstraints: asks to be a CA, which profile mail-sign does"
	    " not make (RFC 5280, 4.2.1.9)");
	wish_denied(OID_USAGE, "\x03\x02\x02\x04", 4, "request: keyUsage: asks"
	    " for keyCertSign, which is a CA's and profile mail-sign does not"
	    " give (RFC 5280, 4.2.1.3)");
	wish_denied(OID_USAGE, "\x03\x02\x01\x02", 4, "request: keyUsage: asks"
	    " for cRLSign, which is a CA's and profile mail-sign does not give"
	    " (RFC 5280, 4.2.1.3)");
	wish_denied(OID_EXT_USAGE, "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07"
	    "\x03\x09", 12, "request: extendedKeyUsage: asks for OCSPSigning,"
	    " which profile mail-sign does not give (RFC 5280, 4.2.1.12)");
	wish_denied(OID_EXT_USAGE, "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07"
	    "\x03\x01", 12, NULL);
	wish_denied("1.2.3.4", "\x05\x00", 2, NULL);
}

static void
csr_part_name_is_a_word_or_dotted(void **state)
{
	char	 name[DER_OID_TEXT];

	(void)state;
	assert_string_equal(csr_part_name(BYTES("\x55\x1d\x0f", 3), name),
	    "keyUsage");
	assert_string_equal(csr_part_name(BYTES("\x2a\x03", 2), name),
	    "1.2.3");
}

static void
csr_carries_key_and_digests(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct csr	*csr;
	uint8_t		 digest[32];

	(void)state;
	good_der(&der, ec);
	assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e), 0);
	EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(csr->digest, digest, 32);
	assert_int_equal(key_digest(digest, ec, &e), 0);
	assert_memory_equal(csr->key_digest, digest, 32);
	assert_int_equal(EVP_PKEY_eq(csr->key, ec), 1);
	csr_free(&csr);
	assert_null(csr);
	csr_free(&csr);
	buf_clear(&der);
}

static void
csr_find_key_is_the_digest_of_the_request(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	uint8_t		 key[KEY_DIGEST_SIZE];
	struct csr	*csr;

	(void)state;
	good_der(&der, ec);
	assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e), 0);
	assert_int_equal(csr_find_key(key, BYTES(der.p, der.len), &e), 0);
	assert_memory_equal(key, csr->key_digest, KEY_DIGEST_SIZE);
	assert_int_equal(csr_find_key(key, BYTES(der.p, 20), &e), -1);
	assert_string_equal(e.text, "request: malformed");
	assert_int_equal(e.code, ERROR_INPUT);
	csr_free(&csr);
	buf_clear(&der);
}

static void
csr_make_refuses_a_name_that_is_none(void **state)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };

	(void)state;
	assert_int_equal(csr_make(&der, ec, "", &e), -1);
	assert_string_equal(e.text, "CN is empty");
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(der.len, 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    csr_parse_accepts_what_csr_make_and_openssl_make),
		cmocka_unit_test(
		    csr_parse_refuses_everything_beside_one_request),
		cmocka_unit_test(csr_parse_refuses_lengths_that_are_not_der),
		cmocka_unit_test(csr_parse_refuses_what_is_too_large),
		cmocka_unit_test(pem_is_exactly_one_block),
		cmocka_unit_test(
		    base64_padding_bits_are_zero_and_padding_is_last),
		cmocka_unit_test(csr_parse_refuses_a_signature_by_another_key),
		cmocka_unit_test(
		    csr_parse_refuses_weak_and_malformed_signature_algorithms),
		cmocka_unit_test(csr_parse_refuses_other_versions),
		cmocka_unit_test(attributes_may_be_left_out),
		cmocka_unit_test(csr_parse_refuses_names_that_hide_something),
		cmocka_unit_test(
		    csr_parse_refuses_the_same_extension_or_attribute_twice),
		cmocka_unit_test(csr_check_key_refuses_weak_rsa_keys),
		cmocka_unit_test(
		    csr_check_key_refuses_rsa_primes_with_structure),
		cmocka_unit_test(csr_check_key_refuses_the_fingerprint_of_roca),
		cmocka_unit_test(csr_check_key_refuses_other_curves_and_kinds),
		cmocka_unit_test(csr_check_key_refuses_small_order_points),
		cmocka_unit_test(
		    csr_check_key_refuses_ed25519_points_outside_of_the_group),
		cmocka_unit_test(
		    ec_points_are_uncompressed_and_on_the_curve),
		cmocka_unit_test(csr_parse_refuses_explicit_curve_parameters),
		cmocka_unit_test(
		    csr_parse_refuses_small_rsa_and_small_exponents),
		cmocka_unit_test(csr_fields_offers_what_the_request_says),
		cmocka_unit_test(
		    csr_parse_refuses_alternative_names_that_are_none),
		cmocka_unit_test(csr_parse_refuses_malformed_wishes),
		cmocka_unit_test(
		    csr_check_wishes_refuses_what_makes_an_authority),
		cmocka_unit_test(csr_part_name_is_a_word_or_dotted),
		cmocka_unit_test(csr_carries_key_and_digests),
		cmocka_unit_test(csr_find_key_is_the_digest_of_the_request),
		cmocka_unit_test(csr_make_refuses_a_name_that_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
