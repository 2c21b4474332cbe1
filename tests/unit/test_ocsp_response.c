/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include "base/text.h"
#include "tests/unit/x509_fixture.h"
#include "x509/alg.h"
#include "x509/der.h"
#include "x509/ocsp.h"

#define RAW(s)		BYTES(s, sizeof(s) - 1)
#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define DAY		86400
#define NOT_ITS_ID \
	"responderID is neither the certificate's key nor its name"
#define NONCE		RAW("\x04\x03\x01\x02\x03")

struct fixture {
	struct x509_fixture	*x;
	EVP_PKEY		*key;
	X509			*cert;
	struct ocsp_signer	 signer;
	struct ocsp_writer	*w;
	struct ocsp_issuer	 issuer;
	struct buf		 id[2];		/* serials 1 and 2 */
};

static X509 *
signer_cert(struct x509_fixture *x, EVP_PKEY *key)
{
	struct fields		 fields = { 0 };
	struct cert_spec	 s = {
		.profile = x509_fixture_profile(x, "ocsp-signer"),
		.issuer = &x->people, .fields = &fields,
	};
	X509			*cert;

	x509_fixture_fields(&fields, x509_fixture_fields_for("ocsp-signer"));
	cert = x509_fixture_issue(&s, x->ca_key, key, &x->rng, NULL);
	fields_clear(&fields);
	return cert;
}

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));
	struct error	 e = ERROR_INIT;
	void		*x;
	uint8_t		 serial;

	x509_fixture_setup(&x);
	f->x = x;
	assert_int_equal(key_generate(&f->key, "rsa:2048", &e), 0);
	f->cert = signer_cert(f->x, f->key);
	if (ocsp_signer_init(&f->signer, f->cert, f->key, f->x->ca_cert, NOW,
	    &e) == -1 || ocsp_writer_open(&f->w, &f->signer, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(ocsp_issuer_init(&f->issuer, f->x->ca_cert, &e), 0);
	for (serial = 1; serial <= 2; serial++)
		ocsp_id_put(&f->id[serial - 1], &f->issuer, OCSP_SHA1,
		    BYTES(&serial, 1));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;
	void		*x = f->x;

	ocsp_writer_close(&f->w);
	ocsp_signer_clear(&f->signer);
	X509_free(f->cert);
	EVP_PKEY_free(f->key);
	buf_clear(&f->id[0]);
	buf_clear(&f->id[1]);
	x509_fixture_teardown(&x);
	mem_free(&f);
	return 0;
}

static struct ocsp_single
good(const struct fixture *f, int i)
{
	return (struct ocsp_single){ .id = BYTES(f->id[i].p, f->id[i].len),
	    .state = OCSP_GOOD, .reason = -1, .this_update = NOW - 60,
	    .next_update = NOW + DAY };
}

/*
 * Signers.
 */
static X509 *
altered(struct fixture *f, int nid, X509_EXTENSION *put, EVP_PKEY *by)
{
	X509	*cert = X509_dup(f->cert);
	int	 at = X509_get_ext_by_NID(cert, nid, -1);

	assert_true(at >= 0 || nid == NID_undef);
	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(cert, at));
	if (put != NULL)
		assert_int_equal(X509_add_ext(cert, put, -1), 1);
	X509_EXTENSION_free(put);
	assert_true(X509_sign(cert, by, EVP_sha256()) > 0);
	return cert;
}

static X509_EXTENSION *
extension(int nid, const char *value)
{
	X509_EXTENSION	*x = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(x);
	return x;
}

static void
ocsp_signer_check_says_why_a_certificate_will_not_do(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*ca = f->x->ca_key;
	const struct {
		X509		*cert, *ca;
		int64_t		 now;
		const char	*text;
	} rows[] = {
		{ altered(f, NID_undef, NULL, ca), f->x->root_cert, NOW,
		  "its certificate is by another CA" },
		{ altered(f, NID_undef, NULL, f->x->root_key), f->x->ca_cert,
		  NOW, "its certificate is not signed by the CA's key" },
		{ X509_dup(f->x->root_cert), f->x->root_cert, NOW,
		  "its key is the CA's own" },
		{ altered(f, NID_ext_key_usage, NULL, ca), f->x->ca_cert, NOW,
		  "its certificate is not for OCSPSigning" },
		{ altered(f, NID_ext_key_usage, extension(NID_ext_key_usage,
		  "anyExtendedKeyUsage"), ca), f->x->ca_cert, NOW,
		  "its certificate is not for OCSPSigning" },
		{ altered(f, NID_key_usage, extension(NID_key_usage,
		  "critical,keyEncipherment"), ca), f->x->ca_cert, NOW,
		  "its certificate is not for signing" },
		{ altered(f, NID_id_pkix_OCSP_noCheck, NULL, ca),
		  f->x->ca_cert, NOW, "its certificate lacks"
		  " id-pkix-ocsp-nocheck, so clients would ask for its own"
		  " status" },
		{ X509_dup(f->cert), f->x->ca_cert, NOW - 30 * DAY,
		  "its certificate is not valid yet" },
		{ X509_dup(f->cert), f->x->ca_cert, NOW + 31 * DAY,
		  "its certificate has expired" },
	};
	struct error	 e;
	size_t		 i;

	for (i = 0; i < COUNT(rows); i++) {
		error_clear(&e);
		assert_int_equal(ocsp_signer_check(rows[i].cert, rows[i].ca,
		    rows[i].now, &e), -1);
		assert_memory_equal(e.text, "OCSP signer: ", 13);
		assert_string_equal(e.text + 13, rows[i].text);
		assert_int_equal(e.code, ERROR_CONFIG);
		X509_free(rows[i].cert);
	}
}

static void
ocsp_signer_init_wants_the_certificates_key(void **state)
{
	struct fixture		*f = *state;
	struct ocsp_signer	 s;
	struct error		 e = ERROR_INIT;

	assert_int_equal(ocsp_signer_init(&s, f->cert, f->x->root_key,
	    f->x->ca_cert, NOW, &e), -1);
	assert_string_equal(e.text,
	    "OCSP signer: its certificate does not belong to the key");
	assert_null(s.key);
	error_clear(&e);
	assert_int_equal(ocsp_signer_init(&s, f->cert, f->key,
	    f->x->ca_cert, NOW + 40 * DAY, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	ocsp_signer_clear(&s);
}

/*
 * What must not be signed.
 */
static void
ocsp_writer_sign_refuses_answers_that_must_not_be_given(void **state)
{
	static const struct {
		struct ocsp_single	 s;
		const char		*text;
	} rows[] = {
		{ { .this_update = NOW + 1, .next_update = NOW + DAY },
		  "thisUpdate is after producedAt" },
		{ { .this_update = NOW, .next_update = NOW },
		  "nextUpdate is not after thisUpdate" },
		{ { .this_update = NOW, .next_update = NOW + 31 * DAY },
		  "nextUpdate is beyond the signer's life" },
		{ { .state = OCSP_REVOKED, .this_update = NOW,
		  .next_update = NOW + DAY, .reason = 0 }, "reason 0" },
		{ { .state = OCSP_REVOKED, .this_update = NOW,
		  .next_update = NOW + DAY, .reason = 7 }, "reason 7" },
		{ { .state = OCSP_REVOKED, .this_update = NOW,
		  .next_update = NOW + DAY, .reason = 8 }, "reason 8" },
		{ { .state = OCSP_REVOKED, .this_update = NOW, .reason = -1,
		  .next_update = NOW + DAY, .revoked_at = NOW + 1 },
		  "revoked after thisUpdate" },
	};
	struct fixture		*f = *state;
	struct ocsp_single	 s;
	struct ocsp_answer	 a = { .produced_at = NOW, .n = 1,
				    .single = &s };
	struct buf		 out = { 0 };
	struct error		 e;
	size_t			 i;

	for (i = 0; i < COUNT(rows); i++) {
		s = rows[i].s;
		s.id = BYTES(f->id[0].p, f->id[0].len);
		error_clear(&e);
		assert_int_equal(ocsp_writer_sign(f->w, &out, &a, &e), -1);
		assert_memory_equal(e.text, "OCSP answer: ", 13);
		assert_string_equal(e.text + 13, rows[i].text);
		assert_int_equal(e.code, ERROR_BUG);
		assert_int_equal(out.len, 0);
	}
	s = good(f, 0);
	a.n = 0;
	assert_int_equal(ocsp_writer_sign(f->w, &out, &a, &e), -1);
	assert_string_equal(e.text, "OCSP answer: about nothing");
	a.n = 1;
	a.produced_at = NOW + 31 * DAY;
	assert_int_equal(ocsp_writer_sign(f->w, &out, &a, &e), -1);
	assert_string_equal(e.text, "OCSP answer: outside of the signer's"
	    " life");
	a.produced_at = NOW;
	a.nonce = RAW("\x04\x00");
	assert_int_equal(ocsp_writer_sign(f->w, &out, &a, &e), -1);
	assert_string_equal(e.text, "OCSP answer: nonce is not of 1 to 128"
	    " octets");
}

/*
 * What OpenSSL makes of our answers.
 */
static void
answer(struct fixture *f, struct ocsp_writer *w, struct buf *out)
{
	struct ocsp_single	 s[2] = { good(f, 0), good(f, 1) };
	struct ocsp_answer	 a = { .produced_at = NOW, .nonce = NONCE,
				    .n = 2, .single = s };
	struct error		 e = ERROR_INIT;

	s[0].state = OCSP_REVOKED;
	s[0].reason = 4;
	s[0].revoked_at = NOW - DAY;
	s[1].archive_cutoff = NOW - 365 * DAY;
	if (ocsp_writer_sign(w, out, &a, &e) == -1)
		fail_msg("%s", e.text);
}

static OCSP_BASICRESP *
openssl_basic(const struct buf *der)
{
	const unsigned char	*p = der->p;
	OCSP_RESPONSE		*r;
	OCSP_BASICRESP		*basic;

	r = d2i_OCSP_RESPONSE(NULL, &p, (long)der->len);
	assert_non_null(r);
	assert_ptr_equal(p, der->p + der->len);
	assert_int_equal(OCSP_response_status(r),
	    OCSP_RESPONSE_STATUS_SUCCESSFUL);
	basic = OCSP_response_get1_basic(r);
	assert_non_null(basic);
	OCSP_RESPONSE_free(r);
	return basic;
}

static void
openssl_verifies(struct fixture *f, OCSP_BASICRESP *basic)
{
	X509_STORE	*store = X509_STORE_new();
	STACK_OF(X509)	*others = sk_X509_new_null();

	assert_int_equal(X509_STORE_add_cert(store, f->x->root_cert), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), NOW);
	assert_true(sk_X509_push(others, f->x->ca_cert) > 0);
	assert_int_equal(OCSP_basic_verify(basic, others, store, 0), 1);
	sk_X509_free(others);
	X509_STORE_free(store);
}

static void
assert_time(const ASN1_GENERALIZEDTIME *t, int64_t want)
{
	assert_int_equal(ASN1_TIME_cmp_time_t(t, (time_t)want), 0);
}

static void
openssl_verifies_what_each_kind_of_signer_writes(void **state)
{
	static const char *const	 algs[] = { "rsa:2048", "ec:P-256",
					    "ec:P-384", "ed25519" };
	struct fixture		*f = *state;
	struct ocsp_signer	 s;
	struct ocsp_writer	*w;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	OCSP_BASICRESP		*basic;
	EVP_PKEY		*key;
	X509			*cert;
	size_t			 i;

	for (i = 0; i < COUNT(algs); i++) {
		assert_int_equal(key_generate(&key, algs[i], &e), 0);
		cert = signer_cert(f->x, key);
		if (ocsp_signer_init(&s, cert, key, f->x->ca_cert, NOW, &e) ==
		    -1 || ocsp_writer_open(&w, &s, &e) == -1)
			fail_msg("%s: %s", algs[i], e.text);
		ocsp_signer_clear(&s);		/* the writer has its own */
		EVP_PKEY_free(key);
		der.len = 0;
		answer(f, w, &der);
		basic = openssl_basic(&der);
		openssl_verifies(f, basic);
		OCSP_BASICRESP_free(basic);
		der.len = 0;
		answer(f, w, &der);		/* and once more */
		basic = openssl_basic(&der);
		openssl_verifies(f, basic);
		OCSP_BASICRESP_free(basic);
		ocsp_writer_close(&w);
		X509_free(cert);
	}
	buf_clear(&der);
}

static void
openssl_reads_what_we_meant(void **state)
{
	struct fixture		*f = *state;
	struct buf		 der = { 0 };
	OCSP_BASICRESP		*basic;
	OCSP_SINGLERESP		*one;
	ASN1_GENERALIZEDTIME	*revoked, *this, *next;
	const ASN1_OCTET_STRING	*key_hash;
	const X509_NAME		*name;
	int			 reason, crit;

	answer(f, f->w, &der);
	basic = openssl_basic(&der);
	assert_int_equal(OCSP_resp_count(basic), 2);
	assert_time(OCSP_resp_get0_produced_at(basic), NOW);
	assert_int_equal(OCSP_resp_get0_id(basic, &key_hash, &name), 1);
	assert_null(name);
	assert_int_equal(sk_X509_num(OCSP_resp_get0_certs(basic)), 1);
	assert_int_equal(OCSP_BASICRESP_get_ext_count(basic), 1);
	one = OCSP_resp_get0(basic, 0);
	assert_int_equal(OCSP_single_get0_status(one, &reason, &revoked,
	    &this, &next), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, 4);
	assert_time(revoked, NOW - DAY);
	assert_time(this, NOW - 60);
	assert_time(next, NOW + DAY);
	assert_int_equal(OCSP_SINGLERESP_get_ext_count(one), 0);
	one = OCSP_resp_get0(basic, 1);
	assert_int_equal(OCSP_single_get0_status(one, NULL, NULL, NULL, NULL),
	    V_OCSP_CERTSTATUS_GOOD);
	this = OCSP_SINGLERESP_get1_ext_d2i(one, NID_id_pkix_OCSP_archiveCutoff,
	    &crit, NULL);
	assert_int_equal(crit, 0);
	assert_time(this, NOW - 365 * DAY);
	ASN1_GENERALIZEDTIME_free(this);
	OCSP_BASICRESP_free(basic);
	buf_clear(&der);
}

/* RFC 6960, 2.2 and 4.4.8; without a nonce, and unknown without a reason. */
/* dirmngr compares the responder's id with the identifier in certificates. */
static void
the_signers_certificate_has_the_digest_that_answers_name_it_by(void **state)
{
	struct fixture			*f = *state;
	const ASN1_OCTET_STRING		*ski = X509_get0_subject_key_id(f->cert);

	assert_int_equal(ASN1_STRING_length(ski), sizeof(f->signer.key_hash));
	assert_memory_equal(ASN1_STRING_get0_data(ski), f->signer.key_hash,
	    sizeof(f->signer.key_hash));
}

static void
never_issued_is_held_since_1970_and_says_so(void **state)
{
	struct fixture		*f = *state;
	struct ocsp_single	 s[2] = { good(f, 0), good(f, 1) };
	struct ocsp_answer	 a = { .produced_at = NOW, .n = 2,
				    .extended_revoked = true, .single = s };
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	OCSP_BASICRESP		*basic;
	ASN1_GENERALIZEDTIME	*at;
	X509_EXTENSION		*ext;
	int			 reason;

	ocsp_single_never_issued(&s[0]);
	s[1].state = OCSP_UNKNOWN;
	assert_int_equal(ocsp_writer_sign(f->w, &der, &a, &e), 0);
	basic = openssl_basic(&der);
	openssl_verifies(f, basic);
	assert_int_equal(OCSP_single_get0_status(OCSP_resp_get0(basic, 0),
	    &reason, &at, NULL, NULL), V_OCSP_CERTSTATUS_REVOKED);
	assert_int_equal(reason, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
	assert_time(at, 0);
	assert_int_equal(OCSP_single_get0_status(OCSP_resp_get0(basic, 1),
	    NULL, NULL, NULL, NULL), V_OCSP_CERTSTATUS_UNKNOWN);
	assert_int_equal(OCSP_BASICRESP_get_ext_count(basic), 1);
	ext = OCSP_BASICRESP_get_ext(basic, 0);
	assert_int_equal(X509_EXTENSION_get_critical(ext), 0);
	assert_true(bytes_equal(BYTES(ASN1_STRING_get0_data(
	    X509_EXTENSION_get_data(ext)), 2), RAW("\x05\x00")));
	OCSP_BASICRESP_free(basic);
	buf_clear(&der);
}

static void
error_responses_are_what_openssl_makes_of_them(void **state)
{
	static const struct {
		enum ocsp_status	 s;
		const char		*name;
	} rows[] = {
		{ OCSP_MALFORMED, "malformedRequest" },
		{ OCSP_INTERNAL, "internalError" },
		{ OCSP_TRY_LATER, "tryLater" },
		{ OCSP_SIG_REQUIRED, "sigRequired" },
		{ OCSP_UNAUTHORIZED, "unauthorized" },
	};
	OCSP_RESPONSE	*r;
	unsigned char	*der;
	size_t		 i;
	int		 n;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		r = OCSP_response_create((int)rows[i].s, NULL);
		der = NULL;
		n = i2d_OCSP_RESPONSE(r, &der);
		assert_true(bytes_equal(ocsp_status_response(rows[i].s),
		    BYTES(der, (size_t)n)));
		assert_string_equal(ocsp_status_name(rows[i].s),
		    rows[i].name);
		OPENSSL_free(der);
		OCSP_RESPONSE_free(r);
	}
}

static void
errors_become_the_status_that_does_not_blame_the_client(void **state)
{
	static const struct {
		enum error_code		 code;
		enum ocsp_status	 s;
	} rows[] = {
		{ ERROR_INPUT, OCSP_MALFORMED },
		{ ERROR_DENIED, OCSP_UNAUTHORIZED },
		{ ERROR_RETRY, OCSP_TRY_LATER },
		{ ERROR_UPSTREAM, OCSP_TRY_LATER },
		{ ERROR_BUG, OCSP_INTERNAL }, { ERROR_CONFIG, OCSP_INTERNAL },
		{ ERROR_CRYPTO, OCSP_INTERNAL },
	};
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		error_clear(&e);
		error_set(&e, rows[i].code, "x");
		assert_int_equal(ocsp_status_of(&e), rows[i].s);
	}
}

/*
 * The reader.  A response in pieces, of which a row says only what is odd
 * about it; signed by the responder's key, so that only that can be wrong.
 */
struct shape {
	struct bytes	 id, produced, single, exts, certs;
	struct bytes	 status;	/* of the single: CertStatus */
	struct bytes	 updated, tail;	/* of the single: nextUpdate ... */
	bool		 forged;
};

static void
put_or(struct buf *b, struct bytes raw, const struct buf *usual)
{
	der_put_raw(b, raw.p != NULL ? raw : BYTES(usual->p, usual->len));
}

static void
put_usual(struct fixture *f, const struct shape *s, struct buf *id,
    struct buf *single)
{
	size_t	 mark = der_begin(id, DER_CONTEXT_CONS(2));

	der_put(id, DER_OCTET_STRING, f->signer.key_hash, 20);
	der_end(id, mark);
	mark = der_begin(single, DER_SEQUENCE);
	der_put_raw(single, BYTES(f->id[0].p, f->id[0].len));
	der_put_raw(single, s->status.p != NULL ? s->status :
	    RAW("\x80\x00"));
	if (s->updated.p != NULL)
		der_put_raw(single, s->updated);
	else
		der_put_general_time(single, NOW);
	if (s->tail.p != NULL) {
		if (s->tail.len > 0)
			der_put_raw(single, s->tail);
	} else {
		size_t	 next = der_begin(single, DER_CONTEXT_CONS(0));

		der_put_general_time(single, NOW + DAY);
		der_end(single, next);
	}
	der_end(single, mark);
}

static void
put_shape(struct fixture *f, const struct shape *s, struct buf *tbs)
{
	struct buf	 id = { 0 }, single = { 0 };
	size_t		 data = der_begin(tbs, DER_SEQUENCE), list;

	put_usual(f, s, &id, &single);
	put_or(tbs, s->id, &id);
	if (s->produced.p != NULL)
		der_put_raw(tbs, s->produced);
	else
		der_put_general_time(tbs, NOW);
	list = der_begin(tbs, DER_SEQUENCE);
	put_or(tbs, s->single, &single);
	der_end(tbs, list);
	if (s->exts.p != NULL)
		der_put_raw(tbs, s->exts);
	der_end(tbs, data);
	buf_clear(&id);
	buf_clear(&single);
}

static void
put_signed(struct fixture *f, const struct shape *s, struct buf *out)
{
	struct buf	 tbs = { 0 }, sig = { 0 };
	struct error	 e = ERROR_INIT;
	size_t		 mark = der_begin(out, DER_SEQUENCE), tagged, seq;

	put_shape(f, s, &tbs);
	assert_int_equal(key_sign(&sig, f->key, BYTES(tbs.p, tbs.len), &e), 0);
	if (s->forged)
		sig.p[9] ^= 1;
	der_put_raw(out, BYTES(tbs.p, tbs.len));
	assert_int_equal(key_signature_alg(out, f->key, NULL, &e), 0);
	der_put_bits(out, sig.p, sig.len);
	if (s->certs.p != NULL) {
		if (s->certs.len > 0)
			der_put_raw(out, s->certs);
	} else {
		tagged = der_begin(out, DER_CONTEXT_CONS(0));
		seq = der_begin(out, DER_SEQUENCE);
		der_put_raw(out, BYTES(f->signer.cert_der.p,
		    f->signer.cert_der.len));
		der_end(out, seq);
		der_end(out, tagged);
	}
	der_end(out, mark);
	buf_clear(&tbs);
	buf_clear(&sig);
}

static void
put_wrapped(struct fixture *f, const struct shape *s, struct buf *out)
{
	size_t	 outer = der_begin(out, DER_SEQUENCE), tagged, seq, octets;

	der_put(out, DER_ENUMERATED, "", 1);
	tagged = der_begin(out, DER_CONTEXT_CONS(0));
	seq = der_begin(out, DER_SEQUENCE);
	der_put_oid(out, "1.3.6.1.5.5.7.48.1.1");
	octets = der_begin(out, DER_OCTET_STRING);
	put_signed(f, s, out);
	der_end(out, octets);
	der_end(out, seq);
	der_end(out, tagged);
	der_end(out, outer);
}

static struct ocsp_expect
expect(struct fixture *f, struct bytes ids[2], size_t n)
{
	ids[0] = BYTES(f->id[0].p, f->id[0].len);
	ids[1] = BYTES(f->id[1].p, f->id[1].len);
	return (struct ocsp_expect){ .ca = f->x->ca_cert, .now = NOW,
	    .skew = 60, .n = n, .id = ids };
}

static void
refuses(struct fixture *f, const struct shape *s, const char *text)
{
	struct bytes		 ids[2];
	struct ocsp_expect	 x = expect(f, ids, 1);
	struct ocsp_reply	 r;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;

	put_wrapped(f, s, &der);
	assert_int_equal(ocsp_response_read(&r, BYTES(der.p, der.len), &x,
	    &e), -1);
	assert_memory_equal(e.text, "OCSP response: ", 15);
	assert_string_equal(e.text + 15, text);
	buf_clear(&der);
}

static void
ocsp_response_read_names_what_is_wrong(void **state)
{
	static const struct {
		struct shape	 s;
		const char	*text;
	} rows[] = {
		{ { .forged = true }, "signature does not verify" },
		{ { .certs = RAW("") },
		  "the signer's certificate is not in it" },
		{ { .certs = RAW("\xa0\x06\x30\x04\x30\x00\x30\x00") },
		  "more than one certificate in it" },
		{ { .certs = RAW("\xa0\x04\x30\x02\x30\x00") },
		  "the signer's certificate is malformed" },
		{ { .id = RAW("\xa3\x02\x30\x00") }, "malformed responderID" },
		{ { .id = RAW("\xa1\x02\x30\x00") }, NOT_ITS_ID },
		{ { .id = RAW("\xa1\x00") }, NOT_ITS_ID },
		{ { .id = RAW("\xa2\x00") }, NOT_ITS_ID },
		{ { .id = RAW("\xa2\x02\x04\x00") }, NOT_ITS_ID },
		{ { .produced = RAW("\x17\x0d" "270101000000Z") },
		  "malformed producedAt" },
		{ { .single = RAW("\x30\x00") }, "malformed SingleResponse" },
		{ { .single = RAW("") }, "0 answers to 1 questions" },
		{ { .status = RAW("\x80\x01\x00") }, "malformed certStatus" },
		{ { .status = RAW("\x83\x00") }, "malformed certStatus" },
		{ { .status = RAW("\xa1\x00") }, "malformed revocationTime" },
		{ { .status = RAW("\xa1\x16\x18\x0f" "20260101000000Z"
		    "\xa0\x03\x0a\x01\x00") }, "bad revocationReason" },
		{ { .status = RAW("\xa1\x16\x18\x0f" "20260101000000Z"
		    "\xa0\x03\x0a\x01\x0b") }, "bad revocationReason" },
		{ { .updated = RAW("\x17\x0d" "270115080000Z") },
		  "malformed thisUpdate" },
		{ { .updated = RAW("\x18\x0f" "20270115080101Z") },
		  "thisUpdate 2027-01-15T08:01:01Z is in the future" },
		{ { .tail = RAW("") }, "no nextUpdate" },
		{ { .tail = RAW("\xa0\x02\x05\x00") }, "malformed nextUpdate" },
		{ { .tail = RAW("\xa0\x11\x18\x0f" "20270115075800Z") },
		  "nextUpdate 2027-01-15T07:58:00Z is past" },
		{ { .tail = RAW("\xa0\x11\x18\x0f" "20270115075930Z") },
		  "nextUpdate is before thisUpdate" },
		{ { .tail = RAW("\xa0\x11\x18\x0f" "20280115075930Z") },
		  "nextUpdate is beyond the signer's life" },
		{ { .tail = RAW("\xa0\x11\x18\x0f" "20270116080000Z\xa1\x00") },
		  "malformed singleExtensions" },
		{ { .tail = RAW("\xa0\x11\x18\x0f" "20270116080000Z"
		    "\xa1\x0e\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03"
		    "\x0a\x01\x01") }, "reasonCode as an extension" },
		{ { .tail = RAW("\xa0\x11\x18\x0f" "20270116080000Z"
		    "\xa1\x0f\x30\x0d\x30\x0b\x06\x03\x2a\x03\x04\x01\x01\xff"
		    "\x04\x01\x00") }, "critical extension that is not known" },
		{ { .exts = RAW("\xa1\x02\x05\x00") },
		  "malformed responseExtensions" },
		{ { .exts = RAW("\xa1\x0f\x30\x0d\x30\x0b\x06\x03\x2a\x03\x04"
		    "\x01\x01\xff\x04\x01\x00") }, "critical extension" },
		{ { .exts = RAW("\xa1\x12\x30\x10\x30\x0e\x06\x09\x2b\x06\x01"
		    "\x05\x05\x07\x30\x01\x02\x04\x01\x00") },
		  "malformed nonce" },
	};
	size_t	 i;

	for (i = 0; i < COUNT(rows); i++)
		refuses(*state, &rows[i].s, rows[i].text);
}

static void
ocsp_response_read_refuses_what_was_not_asked(void **state)
{
	static const struct shape	 plain = { 0 };
	struct fixture		*f = *state;
	struct bytes		 ids[2], swapped[2];
	struct ocsp_expect	 x = expect(f, ids, 1);
	struct ocsp_reply	 r;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;

	put_wrapped(f, &plain, &der);
	x.nonce = RAW("\x01");
	assert_int_equal(ocsp_response_read(&r, BYTES(der.p, der.len), &x,
	    &e), -1);
	assert_string_equal(e.text,
	    "OCSP response: without the nonce that was sent");
	x.nonce = RAW("");
	swapped[0] = ids[1];
	x.id = swapped;
	assert_int_equal(ocsp_response_read(&r, BYTES(der.p, der.len), &x,
	    &e), -1);
	assert_string_equal(e.text,
	    "OCSP response: about another certificate than was asked");
	x.id = ids;
	x.ca = f->x->root_cert;
	assert_int_equal(ocsp_response_read(&r, BYTES(der.p, der.len), &x,
	    &e), -1);
	assert_string_equal(e.text,
	    "OCSP response: OCSP signer: its certificate is by another CA");
	assert_int_equal(ocsp_response_read(&r, RAW("\x30\x03\x0a\x01\x04"),
	    &x, &e), -1);
	assert_string_equal(e.text, "OCSP response: malformed responseStatus");
	assert_int_equal(ocsp_response_read(&r,
	    RAW("\x30\x05\x0a\x01\x06\xa0\x00"), &x, &e), -1);
	assert_string_equal(e.text,
	    "OCSP response: an error with bytes of a response");
	buf_clear(&der);
}

/* No octet of what we sign may change unnoticed, and none may be missing. */
static void
ocsp_response_read_notices_each_changed_octet(void **state)
{
	struct fixture		*f = *state;
	struct bytes		 ids[2];
	struct ocsp_expect	 x = expect(f, ids, 2);
	struct ocsp_reply	 r;
	struct buf		 der = { 0 };
	struct error		 e;
	size_t			 i;

	x.nonce = RAW("\x01\x02\x03");
	answer(f, f->w, &der);
	for (i = 0; i < der.len; i++) {
		der.p[i] ^= 0x01;
		error_clear(&e);
		if (ocsp_response_read(&r, BYTES(der.p, der.len), &x, &e) ==
		    0 && r.status == OCSP_SUCCESSFUL)
			fail_msg("octet %zu", i);
		der.p[i] ^= 0x01;
		assert_int_equal(ocsp_response_read(&r, BYTES(der.p, i), &x,
		    &e), -1);
	}
	buf_clear(&der);
}

static void
ocsp_response_read_takes_what_we_write(void **state)
{
	struct fixture		*f = *state;
	struct bytes		 ids[2];
	struct ocsp_expect	 x = expect(f, ids, 2);
	struct ocsp_reply	 r;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;

	x.nonce = RAW("\x01\x02\x03");
	answer(f, f->w, &der);
	if (ocsp_response_read(&r, BYTES(der.p, der.len), &x, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(r.status, OCSP_SUCCESSFUL);
	assert_int_equal(r.produced_at, NOW);
	assert_int_equal(r.n, 2);
	assert_false(r.extended_revoked);
	assert_int_equal(r.single[0].state, OCSP_REVOKED);
	assert_int_equal(r.single[0].reason, 4);
	assert_int_equal(r.single[0].revoked_at, NOW - DAY);
	assert_int_equal(r.single[1].state, OCSP_GOOD);
	assert_int_equal(r.single[1].this_update, NOW - 60);
	assert_int_equal(r.single[1].next_update, NOW + DAY);
	assert_int_equal(r.single[1].archive_cutoff, NOW - 365 * DAY);
	assert_int_equal(r.signer_not_after, f->signer.not_after);
	assert_int_equal(ocsp_response_read(&r,
	    ocsp_status_response(OCSP_TRY_LATER), &x, &e), 0);
	assert_int_equal(r.status, OCSP_TRY_LATER);
	buf_clear(&der);
}

/* What OpenSSL's responder says of the first, by the signer's name or key. */
static void
openssl_answers(struct fixture *f, unsigned long flags, struct buf *der)
{
	OCSP_BASICRESP		*basic = OCSP_BASICRESP_new();
	const unsigned char	*p = f->id[0].p;
	OCSP_CERTID		*id = d2i_OCSP_CERTID(NULL, &p,
				    (long)f->id[0].len);
	ASN1_TIME		*this = ASN1_TIME_set(NULL, NOW),
				*next = ASN1_TIME_set(NULL, NOW + DAY);
	OCSP_RESPONSE		*response;
	unsigned char		*out = NULL;
	int			 len;

	assert_non_null(OCSP_basic_add1_status(basic, id,
	    V_OCSP_CERTSTATUS_GOOD, 0, NULL, this, next));
	assert_int_equal(OCSP_basic_sign(basic, f->cert, f->key, EVP_sha256(),
	    NULL, flags), 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	len = i2d_OCSP_RESPONSE(response, &out);
	assert_true(len > 0);
	der->len = 0;
	buf_add(der, out, (size_t)len);
	OPENSSL_free(out);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
}

static void
ocsp_response_read_takes_openssls_by_name_and_by_key(void **state)
{
	static const unsigned long	 how[] = { 0, OCSP_RESPID_KEY };
	struct fixture			*f = *state;
	struct bytes			 ids[2];
	struct ocsp_expect		 x = expect(f, ids, 1);
	struct ocsp_reply		 r;
	struct buf			 der = { 0 };
	struct error			 e = ERROR_INIT;

	for (size_t i = 0; i < COUNT(how); i++) {
		openssl_answers(f, how[i], &der);
		if (ocsp_response_read(&r, BYTES(der.p, der.len), &x,
		    &e) == -1)
			fail_msg("%s", e.text);
		assert_int_equal(r.single[0].state, OCSP_GOOD);
	}
	buf_clear(&der);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    ocsp_signer_check_says_why_a_certificate_will_not_do),
		cmocka_unit_test(ocsp_signer_init_wants_the_certificates_key),
		cmocka_unit_test(
		    ocsp_writer_sign_refuses_answers_that_must_not_be_given),
		cmocka_unit_test(ocsp_response_read_names_what_is_wrong),
		cmocka_unit_test(ocsp_response_read_refuses_what_was_not_asked),
		cmocka_unit_test(ocsp_response_read_notices_each_changed_octet),
		cmocka_unit_test(
		    errors_become_the_status_that_does_not_blame_the_client),
		cmocka_unit_test(
		    error_responses_are_what_openssl_makes_of_them),
		cmocka_unit_test(
		    openssl_verifies_what_each_kind_of_signer_writes),
		cmocka_unit_test(openssl_reads_what_we_meant),
		cmocka_unit_test(
		    the_signers_certificate_has_the_digest_that_answers_name_it_by),
		cmocka_unit_test(never_issued_is_held_since_1970_and_says_so),
		cmocka_unit_test(ocsp_response_read_takes_what_we_write),
		cmocka_unit_test(
		    ocsp_response_read_takes_openssls_by_name_and_by_key),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
