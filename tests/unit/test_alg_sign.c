/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA of each kind that the table has: what it issues, OpenSSL verifies, and
 * the last gate takes nothing else for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/x509_fixture.h"
#include "x509/alg.h"
#include "x509/alg_private.h"
#include "x509/crl.h"
#include "x509/csr.h"
#include "x509/der.h"

static const struct {
	const char	*ca, *scheme, *leaf;
	bool		 everywhere;	/* whatever the OpenSSL */
} rows[] = {
	{ "rsa:2048", "rsa", "ec:P-256", true },
	{ "rsa:2048", "rsa-pss", "rsa:2048", true },
	{ "rsa-pss:2048", NULL, "ec:P-256", true },
	{ "ec:P-521", NULL, "ed25519", true },
	{ "ed25519", NULL, "ec:P-384", true },
	{ "ml-dsa-65", NULL, "ml-dsa-44", false },
	{ "ml-dsa-87", NULL, "ml-dsa-87", false },
};
#define NROWS	(sizeof(rows) / sizeof(rows[0]))

struct ca {
	EVP_PKEY	*key;
	X509		*cert;
	struct issuer	 issuer;
};

static bool
has(const char *name)
{
	const struct alg_key	*k;
	struct error		 e = ERROR_INIT;
	int			 bits;

	assert_int_equal(alg_key_named(&k, &bits, name, &e), 0);
	return alg_key_has(k);
}

/* Which kind it is may not be known, when there was no memory to ask. */
static void
alg_check_size_refuses_a_key_of_no_known_kind(void **state)
{
	EVP_PKEY	*key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_non_null(key);
	assert_null(alg_key_of(key));
	assert_int_equal(alg_check_size(key, 64, &e), -1);
	assert_int_equal(e.code, ERROR_CRYPTO);
	assert_string_equal(e.text,
	    "verify: not a key of a kind that is known");
	EVP_PKEY_free(key);
}

static void
ca_init(struct ca *ca, struct x509_fixture *f, const char *alg,
    const char *scheme)
{
	struct fields		 fields = { 0 };
	struct error		 e = ERROR_INIT;
	struct cert_spec	 s = {
		.profile = x509_fixture_profile(f, "sub-ca"),
		.issuer = &f->root, .fields = &fields,
	};

	x509_fixture_fields(&fields, x509_fixture_fields_for("sub-ca"));
	if (key_generate(&ca->key, alg, &e) == -1)
		fail_msg("%s", e.text);
	ca->cert = x509_fixture_issue(&s, f->root_key, ca->key, &f->rng, NULL);
	assert_int_equal(issuer_init(&ca->issuer, "people", ca->cert, &e), 0);
	ca->issuer.cdp = f->people.cdp;
	ca->issuer.ocsp = f->people.ocsp;
	ca->issuer.aia = f->people.aia;
	if (scheme != NULL && issuer_set_signature(&ca->issuer, ca->key,
	    scheme, &e) == -1)
		fail_msg("%s", e.text);
	fields_clear(&fields);
}

static void
ca_clear(struct ca *ca)
{
	issuer_clear(&ca->issuer);
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
}

/* A certificate for mail; the spec and what it points to stay usable. */
static X509 *
issue(struct cert_spec *s, struct fields *fields, const struct ca *ca,
    struct x509_fixture *f, EVP_PKEY *key, struct buf *der)
{
	s->profile = x509_fixture_profile(f, "mail-sign");
	s->issuer = &ca->issuer;
	s->fields = fields;
	x509_fixture_fields(fields, x509_fixture_fields_for("mail-sign"));
	return x509_fixture_issue(s, ca->key, key, &f->rng, der);
}

static void
check_chain(struct x509_fixture *f, const struct ca *ca, X509 *cert)
{
	STACK_OF(X509)	*anchors = sk_X509_new_null();
	STACK_OF(X509)	*between = sk_X509_new_null();
	struct error	 e = ERROR_INIT;

	sk_X509_push(anchors, f->root_cert);
	sk_X509_push(between, ca->cert);
	if (cert_verify_chain(cert, between, anchors, NOW, &e) == -1)
		fail_msg("%s", e.text);
	sk_X509_free(anchors);
	sk_X509_free(between);
}

static void
each_kind_of_ca_issues_what_openssl_verifies(void **state)
{
	struct x509_fixture	*f = *state;
	struct error		 e = ERROR_INIT;
	size_t			 i, done = 0;

	for (i = 0; i < NROWS; i++) {
		struct cert_spec	 s = { .profile = NULL };
		struct fields		 fields = { 0 };
		struct buf		 der = { 0 };
		EVP_PKEY		*key;
		struct ca		 ca;
		X509			*cert;

		if (!has(rows[i].ca)) {
			assert_false(rows[i].everywhere);
			continue;
		}
		ca_init(&ca, f, rows[i].ca, rows[i].scheme);
		assert_int_equal(key_generate(&key, rows[i].leaf, &e), 0);
		cert = issue(&s, &fields, &ca, f, key, &der);
		assert_int_equal(X509_verify(cert, ca.key), 1);
		check_chain(f, &ca, cert);
		assert_true(der.len < CERT_MAX);
		X509_free(cert);
		EVP_PKEY_free(key);
		fields_clear(&fields);
		buf_clear(&der);
		ca_clear(&ca);
		done++;
	}
	assert_true(done >= 5);
}

/* Where in a certificate the algorithm is for the n-th time. */
static uint8_t *
find_alg(struct buf *der, const struct buf *alg, int n)
{
	uint8_t	*p = der->p;

	for (;; p++) {
		p = memmem(p, der->len - (size_t)(p - der->p), alg->p,
		    alg->len);
		assert_non_null(p);
		if (n-- == 0)
			return p;
	}
}

/* RFC 5280, 4.1.1.2: the same within and without. */
static void
cert_check_refuses_algorithms_that_differ_within_and_without(void **state)
{
	struct x509_fixture	*f = *state;
	struct cert_spec	 s = { .profile = NULL };
	struct fields		 fields = { 0 };
	struct buf		 der = { 0 }, spki = { 0 };
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*key;
	struct ca		 ca;
	uint8_t			*last;
	int			 n;

	ca_init(&ca, f, "rsa:2048", NULL);
	assert_int_equal(key_generate(&key, "ec:P-256", &e), 0);
	X509_free(issue(&s, &fields, &ca, f, key, &der));
	assert_int_equal(key_public_der(&spki, key, &e), 0);
	s.spki = BYTES(spki.p, spki.len);
	assert_int_equal(cert_check(BYTES(der.p, der.len), &s, &e), 0);
	for (n = 0; n < 2; n++) {
		/* sha256WithRSAEncryption becomes sha384With... */
		last = find_alg(&der, &ca.issuer.alg, n) + 12;
		assert_int_equal(*last, 0x0b);
		*last = 0x0c;
		assert_int_equal(cert_check(BYTES(der.p, der.len), &s, &e),
		    -1);
		assert_string_equal(e.text, "finished certificate: signature"
		    " algorithm is not as ordered");
		assert_int_equal(e.code, ERROR_BUG);
		error_clear(&e);
		*last = 0x0b;
	}
	EVP_PKEY_free(key);
	fields_clear(&fields);
	buf_clear(&der);
	buf_clear(&spki);
	ca_clear(&ca);
}

/* Between the bytes and their signature the CA's setting was changed. */
static void
what_was_begun_by_one_scheme_is_finished_by_it(void **state)
{
	struct x509_fixture	*f = *state;
	struct fields		 fields = { 0 };
	struct buf		 tbs = { 0 }, der = { 0 }, spki = { 0 };
	struct error		 e = ERROR_INIT;
	struct ca		 ca;
	struct cert_spec	 s = { .fields = &fields };

	ca_init(&ca, f, "rsa:2048", "rsa-pss");
	s.profile = x509_fixture_profile(f, "mail-sign");
	s.issuer = &ca.issuer;
	x509_fixture_fields(&fields, x509_fixture_fields_for("mail-sign"));
	assert_int_equal(key_public_der(&spki, f->ca_key, &e), 0);
	s.spki = BYTES(spki.p, spki.len);
	assert_int_equal(cert_spec_init(&s, NOW, 0, &f->rng, &e), 0);
	assert_int_equal(cert_tbs(&tbs, &s, &e), 0);
	assert_int_equal(issuer_set_signature(&ca.issuer, ca.key, "rsa", &e),
	    0);
	assert_int_equal(cert_sign(&der, BYTES(tbs.p, tbs.len), &ca.issuer,
	    ca.key, &e), 0);
	assert_int_equal(issuer_set_signature(&ca.issuer, ca.key, "rsa-pss",
	    &e), 0);
	if (cert_check(BYTES(der.p, der.len), &s, &e) == -1)
		fail_msg("%s", e.text);
	/* But not by another key's algorithm. */
	assert_int_equal(cert_sign(&der, BYTES(tbs.p, tbs.len), &f->people,
	    f->ca_key, &e), -1);
	assert_string_equal(e.text, "the key is not that of CA \"people\"");
	error_clear(&e);
	assert_int_equal(cert_sign(&der, BYTES(tbs.p, 20), &ca.issuer, ca.key,
	    &e), -1);
	assert_string_equal(e.text, "malformed to-be-signed bytes");
	assert_int_equal(e.code, ERROR_BUG);
	fields_clear(&fields);
	buf_clear(&tbs);
	buf_clear(&der);
	buf_clear(&spki);
	ca_clear(&ca);
}

static int
no_entries(void *arg, struct crl_entry *x, struct error *e)
{
	(void)arg;
	(void)x;
	(void)e;
	return 0;
}

/* Who reads a list does not know the settings of the CA. */
static void
a_list_by_another_scheme_of_the_same_key_is_read(void **state)
{
	struct x509_fixture	*f = *state;
	struct crl_params	 p = { .number = 1, .this_update = NOW,
		.next_update = NOW + 100 };
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	struct crl		*crl = NULL;
	struct issuer		 reader;
	struct ca		 ca;

	ca_init(&ca, f, "rsa:2048", "rsa-pss");
	assert_int_equal(issuer_init(&reader, "people", ca.cert, &e), 0);
	assert_int_equal(crl_sign(&der, &p, no_entries, NULL, &ca.issuer,
	    ca.key, &e), 0);
	if (crl_parse(&crl, BYTES(der.p, der.len), &reader, &e) == -1)
		fail_msg("%s", e.text);
	crl_free(&crl);
	/* The same, made by PKCS#1 v1.5, is still no list of an EC key's. */
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->people,
	    &e), -1);
	assert_string_equal(e.text,
	    "CRL: signature algorithm is not the issuer's");
	issuer_clear(&reader);
	buf_clear(&der);
	ca_clear(&ca);
}

static void
issuer_set_signature_refuses_the_scheme_of_another_key(void **state)
{
	struct x509_fixture	*f = *state;
	struct error		 e = ERROR_INIT;

	assert_int_equal(issuer_set_signature(&f->people, f->ca_key, "rsa-pss",
	    &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.text, "CA \"people\": signature \"rsa-pss\" is"
	    " not one of a ec:P-256 key");
	assert_string_equal(e.hint, "\"rsa\" and \"rsa-pss\" are for RSA keys;"
	    " leave it out for others");
}

/*
 * Requests.
 */
static void
put_request(struct buf *der, struct bytes info, EVP_PKEY *key,
    const char *scheme)
{
	const struct alg_sig	*s;
	struct buf		 sig = { 0 };
	struct error		 e = ERROR_INIT;
	size_t			 mark;

	assert_int_equal(alg_sig_choose(&s, key, scheme, &e), 0);
	assert_int_equal(alg_sign(&sig, s, key, info, &e), 0);
	mark = der_begin(der, DER_SEQUENCE);
	der_put_raw(der, info);
	alg_sig_put(der, s);
	der_put_bits(der, sig.p, sig.len);
	der_end(der, mark);
	buf_clear(&sig);
}

static void
a_request_is_signed_with_whatever_the_table_has(void **state)
{
	static const struct {
		const char	*key, *scheme;
	} kinds[] = {
		{ "rsa:2048", "rsa-pss" }, { "rsa-pss:2048", NULL },
		{ "ec:P-521", NULL }, { "ml-dsa-44", NULL },
		{ "ml-dsa-65", NULL }, { "ml-dsa-87", NULL },
	};
	struct error	 e = ERROR_INIT;
	struct bytes	 in, seq, info;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct buf	 made = { 0 }, der = { 0 };
		EVP_PKEY	*key;
		struct csr	*csr;

		if (!has(kinds[i].key))
			continue;
		assert_int_equal(key_generate(&key, kinds[i].key, &e), 0);
		assert_int_equal(csr_make(&made, key, "x", &e), 0);
		in = BYTES(made.p, made.len);
		assert_int_equal(der_take(&in, DER_SEQUENCE, &seq), 0);
		assert_int_equal(der_take_whole(&seq, DER_SEQUENCE, &info), 0);
		put_request(&der, info, key, kinds[i].scheme);
		if (csr_parse(&csr, BYTES(der.p, der.len), &e) == -1)
			fail_msg("%s: %s", kinds[i].key, e.text);
		assert_int_equal(EVP_PKEY_eq(csr->key, key), 1);
		csr_free(&csr);
		/* One octet of the signature. */
		der.p[der.len - 9] ^= 1;
		assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e),
		    -1);
		assert_string_equal(e.text, "request: signature does not"
		    " verify: the key's holder did not make this request");
		error_clear(&e);
		EVP_PKEY_free(key);
		buf_clear(&made);
		buf_clear(&der);
	}
}

/* CertificationRequestInfo with a key that is octets without meaning. */
static void
put_info(struct buf *der, const char *oid, size_t octets)
{
	size_t	 info = der_begin(der, DER_SEQUENCE), spki, alg;
	uint8_t	*raw = mem_alloc(octets);

	der_put_int(der, 0);
	der_end(der, der_begin(der, DER_SEQUENCE));
	spki = der_begin(der, DER_SEQUENCE);
	alg = der_begin(der, DER_SEQUENCE);
	der_put_oid(der, oid);
	der_end(der, alg);
	der_put_bits(der, raw, octets);
	der_end(der, spki);
	der_end(der, info);
	mem_free(&raw);
}

static void
a_request_with_a_key_that_cannot_be_taken_says_why(void **state)
{
	static const struct {
		const char	*oid;
		size_t		 octets;
		enum error_code	 code;
		const char	*text;	/* its beginning */
	} kinds[] = {
		{ "1.3.6.1.5.5.7.6.45", 2000, ERROR_DENIED, "key:"
		  " MLDSA65-ECDSA-P256-SHA512 is refused: composite signatures"
		  " are still a draft, and OpenSSL has none" },
		{ "2.16.840.1.101.3.4.3.32", 1312, ERROR_DENIED, "key:"
		  " HashML-DSA-44 is refused: RFC 9881 lets only pure ML-DSA"
		  " into certificates" },
		{ "1.3.101.112", 31, ERROR_INPUT,
		  "request: malformed ed25519 key" },
		{ "2.16.840.1.101.3.4.3.18", 1952, ERROR_DENIED,
		  "key: ml-dsa-65 needs OpenSSL 3.5 or later, and this is 3." },
		{ "2.16.840.1.101.3.4.3.18", 1951, ERROR_INPUT,
		  "request: malformed ml-dsa-65 key" },
	};
	struct x509_fixture	*f = *state;
	struct error		 e;
	struct csr		*csr;
	size_t			 i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct buf	 info = { 0 }, der = { 0 };

		/* Which of the last two, the OpenSSL decides. */
		if ((i == 3 && has("ml-dsa-65")) ||
		    (i == 4 && !has("ml-dsa-65")))
			continue;
		error_clear(&e);
		put_info(&info, kinds[i].oid, kinds[i].octets);
		put_request(&der, BYTES(info.p, info.len), f->ca_key, NULL);
		assert_int_equal(csr_parse(&csr, BYTES(der.p, der.len), &e),
		    -1);
		if (strncmp(e.text, kinds[i].text, strlen(kinds[i].text)) != 0)
			fail_msg("%s", e.text);
		assert_int_equal(e.code, kinds[i].code);
		buf_clear(&info);
		buf_clear(&der);
	}
}

/* Requests and certificates of the largest kind pass each bound. */
static void
the_bounds_have_room_for_the_largest_keys(void **state)
{
	const struct alg_key	*k;
	size_t			 i, n;

	(void)state;
	k = alg_keys(&n);
	for (i = 0; i < n; i++) {
		assert_true(k[i].octets + k[i].sig_max + 4096 < CSR_MAX);
		assert_true(k[i].octets + k[i].sig_max + 8192 < CERT_MAX);
	}
}

static void
alg_signer_open_refuses_the_algorithm_of_another_key(void **state)
{
	struct x509_fixture	*f = *state;
	struct alg_signer	*signer = NULL;
	const struct alg_sig	*how;
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*key;

	assert_int_equal(key_generate(&key, "ed25519", &e), 0);
	assert_int_equal(alg_sig_choose(&how, key, NULL, &e), 0);
	assert_int_equal(alg_signer_open(&signer, how, f->ca_key, &e), -1);
	assert_string_equal(e.text, "the key does not sign with Ed25519");
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_null(signer);
	alg_signer_close(&signer);
	EVP_PKEY_free(key);
}

/* A public key is enough to begin and too little to go on. */
static void
alg_signer_sign_without_a_private_key_leaves_nothing(void **state)
{
	struct x509_fixture	*f = *state;
	EVP_PKEY		*key = X509_get0_pubkey(f->root_cert);
	struct alg_signer	*signer;
	const struct alg_sig	*how;
	struct buf		 sig = { 0 };
	struct error		 e = ERROR_INIT;

	assert_int_equal(alg_sig_choose(&how, key, NULL, &e), 0);
	assert_int_equal(alg_signer_open(&signer, how, key, &e), 0);
	assert_int_equal(alg_signer_sign(signer, &sig, BYTES("x", 1), &e),
	    -1);
	assert_memory_equal(e.text, "sign: ", 6);
	assert_int_equal(sig.len, 0);
	alg_signer_close(&signer);
	buf_clear(&sig);
}

static void
sign_twice(const char *alg, const char *scheme)
{
	struct alg_signer	*signer;
	const struct alg_sig	*how;
	struct buf		 sig = { 0 };
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*key;
	size_t			 half;

	assert_int_equal(key_generate(&key, alg, &e), 0);
	assert_int_equal(alg_sig_choose(&how, key, scheme, &e), 0);
	if (alg_signer_open(&signer, how, key, &e) == -1 ||
	    alg_signer_sign(signer, &sig, BYTES("one", 3), &e) == -1)
		fail_msg("%s: %s", alg, e.text);
	half = sig.len;
	assert_int_equal(alg_signer_sign(signer, &sig, BYTES("two", 3), &e),
	    0);
	assert_int_equal(alg_verify(how, key, BYTES("one", 3),
	    BYTES(sig.p, half), &e), 0);
	assert_int_equal(alg_verify(how, key, BYTES("two", 3),
	    BYTES(sig.p + half, sig.len - half), &e), 0);
	assert_int_equal(alg_verify(how, key, BYTES("one", 3),
	    BYTES(sig.p + half, sig.len - half), &e), -1);
	alg_signer_close(&signer);
	EVP_PKEY_free(key);
	buf_clear(&sig);
}

static void
alg_signer_signs_again_and_again_as_alg_verify_likes_it(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < NROWS; i++)
		if (has(rows[i].ca))
			sign_twice(rows[i].ca, rows[i].scheme);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    alg_signer_open_refuses_the_algorithm_of_another_key),
		cmocka_unit_test(
		    alg_signer_sign_without_a_private_key_leaves_nothing),
		cmocka_unit_test(
		    alg_signer_signs_again_and_again_as_alg_verify_likes_it),
		cmocka_unit_test(alg_check_size_refuses_a_key_of_no_known_kind),
		cmocka_unit_test(issuer_set_signature_refuses_the_scheme_of_another_key),
		cmocka_unit_test(cert_check_refuses_algorithms_that_differ_within_and_without),
		cmocka_unit_test(what_was_begun_by_one_scheme_is_finished_by_it),
		cmocka_unit_test(a_list_by_another_scheme_of_the_same_key_is_read),
		cmocka_unit_test(each_kind_of_ca_issues_what_openssl_verifies),
		cmocka_unit_test(a_request_with_a_key_that_cannot_be_taken_says_why),
		cmocka_unit_test(a_request_is_signed_with_whatever_the_table_has),
		cmocka_unit_test(the_bounds_have_room_for_the_largest_keys),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, x509_fixture_setup,
	    x509_fixture_teardown);
}
