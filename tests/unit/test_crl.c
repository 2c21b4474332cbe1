/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "tests/unit/x509_fixture.h"
#include "x509/crl.h"
#include "x509/der.h"

static const struct crl_params	 params = { .number = 41, .this_update = NOW,
			    .next_update = NOW + 86400 };

struct list {
	const struct crl_entry	*v;
	size_t			 n, next;
};

static int
list_next(void *arg, struct crl_entry *x, struct error *e)
{
	struct list	*l = arg;

	(void)e;
	if (l->next == l->n)
		return 0;
	*x = l->v[l->next++];
	return 1;
}

static int
broken_next(void *arg, struct crl_entry *x, struct error *e)
{
	(void)arg;
	(void)x;
	return error_set(e, ERROR_UPSTREAM, "store is away");
}

static int
make(struct x509_fixture *f, struct buf *out, const struct crl_params *p,
    const struct crl_entry *v, size_t n, struct error *e)
{
	struct list	 l = { v, n, 0 };

	return crl_sign(out, p, list_next, &l, &f->people, f->ca_key, e);
}

static const struct crl_entry	 three[] = {
	{ { 0x05 }, 1, -1, NOW - 100, 0 },
	{ { 0x80 }, 1, 1, NOW - 50, NOW - 5000 },
	{ { 0x01, 0x00 }, 2, 6, NOW, 0 },
};

static void
assert_same(const struct crl_entry *a, const struct crl_entry *b)
{
	assert_int_equal(a->serial_len, b->serial_len);
	assert_memory_equal(a->serial, b->serial, a->serial_len);
	assert_int_equal(a->reason, b->reason);
	assert_int_equal(a->revoked_at, b->revoked_at);
	assert_int_equal(a->invalid_since, b->invalid_since);
}

static void
crl_sign_refuses_next_update_before_this_update(void **state)
{
	struct crl_params	 p = { .number = 41, .this_update = NOW,
				    .next_update = NOW };
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;

	assert_int_equal(make(*state, &der, &p, NULL, 0, &e), -1);
	assert_string_equal(e.text,
	    "CRL 41: nextUpdate is not after thisUpdate");
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_int_equal(der.len, 0);
}

static void
crl_sign_refuses_entries_that_it_cannot_mean(void **state)
{
	static const struct {
		struct crl_entry	 v[2];
		const char		*text;
	} rows[] = {
		{ { { { 2 }, 1, -1, NOW, 0 }, { { 1 }, 1, -1, NOW, 0 } },
		  "CRL 41: entry 2: serial numbers do not ascend" },
		{ { { { 2 }, 1, -1, NOW, 0 }, { { 2 }, 1, -1, NOW, 0 } },
		  "CRL 41: entry 2: serial numbers do not ascend" },
		{ { { { 1, 1 }, 2, -1, NOW, 0 }, { { 255 }, 1, -1, NOW, 0 } },
		  "CRL 41: entry 2: serial numbers do not ascend" },
		{ { { { 0 }, 1, -1, NOW, 0 }, { { 1 }, 1, -1, NOW, 0 } },
		  "CRL 41: entry 1: serial number that is zero, too long or"
		  " has leading zeros" },
		{ { { { 1 }, 1, 0, NOW, 0 }, { { 2 }, 1, -1, NOW, 0 } },
		  "CRL 41: entry 1: reason 0" },
		{ { { { 1 }, 1, 7, NOW, 0 }, { { 2 }, 1, -1, NOW, 0 } },
		  "CRL 41: entry 1: reason 7" },
		{ { { { 1 }, 1, 1, NOW + 1, 0 }, { { 2 }, 1, -1, NOW, 0 } },
		  "CRL 41: entry 1: revoked after thisUpdate" },
	};
	struct buf	 der = { 0 };
	struct error	 e;
	size_t		 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(make(*state, &der, &params, rows[i].v, 2, &e),
		    -1);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.code, ERROR_BUG);
		assert_int_equal(der.len, 0);
	}
}

static void
crl_sign_hands_up_the_iterators_error(void **state)
{
	struct x509_fixture	*f = *state;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;

	assert_int_equal(crl_sign(&der, &params, broken_next, NULL,
	    &f->people, f->ca_key, &e), -1);
	assert_string_equal(e.text, "CRL 41: store is away");
	assert_int_equal(e.code, ERROR_UPSTREAM);
}

static void
crl_sign_leaves_the_list_out_when_nothing_is_revoked(void **state)
{
	struct x509_fixture	*f = *state;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	struct crl		*crl;
	const unsigned char	*p;
	X509_CRL		*x;

	assert_int_equal(make(f, &der, &params, NULL, 0, &e), 0);
	p = der.p;
	x = d2i_X509_CRL(NULL, &p, (long)der.len);
	assert_non_null(x);
	assert_null(X509_CRL_get_REVOKED(x));
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->people,
	    &e), 0);
	assert_int_equal(crl->n, 0);
	assert_false(crl_find(crl, (const uint8_t *)"\x05", 1, NULL));
	crl_free(&crl);
	X509_CRL_free(x);
	buf_clear(&der);
}

static void
check_entry(X509_CRL *x, long serial, int reason, int64_t at)
{
	ASN1_INTEGER	*n = ASN1_INTEGER_new();
	ASN1_ENUMERATED	*r;
	X509_REVOKED	*entry;

	ASN1_INTEGER_set(n, serial);
	assert_int_equal(X509_CRL_get0_by_serial(x, &entry, n), 1);
	assert_int_equal(ASN1_TIME_cmp_time_t(
	    X509_REVOKED_get0_revocationDate(entry), (time_t)at), 0);
	r = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	assert_int_equal(r == NULL ? -1 : ASN1_ENUMERATED_get(r), reason);
	ASN1_ENUMERATED_free(r);
	ASN1_INTEGER_free(n);
}

static void
openssl_reads_what_crl_sign_writes(void **state)
{
	struct x509_fixture	*f = *state;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	const unsigned char	*p;
	ASN1_INTEGER		*number;
	ASN1_GENERALIZEDTIME	*since;
	X509_CRL		*x;

	assert_int_equal(make(f, &der, &params, three, 3, &e), 0);
	p = der.p;
	x = d2i_X509_CRL(NULL, &p, (long)der.len);
	assert_non_null(x);
	assert_int_equal(X509_CRL_verify(x, f->ca_key), 1);
	assert_int_equal(X509_CRL_get_version(x), X509_CRL_VERSION_2);
	assert_int_equal(X509_NAME_cmp(X509_CRL_get_issuer(x),
	    X509_get_subject_name(f->ca_cert)), 0);
	assert_int_equal(X509_CRL_get_ext_count(x), 2);
	number = X509_CRL_get_ext_d2i(x, NID_crl_number, NULL, NULL);
	assert_int_equal(ASN1_INTEGER_get(number), 41);
	check_entry(x, 5, -1, NOW - 100);
	check_entry(x, 0x80, 1, NOW - 50);
	check_entry(x, 0x100, 6, NOW);
	since = X509_REVOKED_get_ext_d2i(sk_X509_REVOKED_value(
	    X509_CRL_get_REVOKED(x), 1), NID_invalidity_date, NULL, NULL);
	assert_int_equal(ASN1_TIME_cmp_time_t(since, (time_t)(NOW - 5000)), 0);
	ASN1_GENERALIZEDTIME_free(since);
	ASN1_INTEGER_free(number);
	X509_CRL_free(x);
	buf_clear(&der);
}

static void
crl_parse_reads_back_what_was_signed(void **state)
{
	struct x509_fixture	*f = *state;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	struct crl_entry	 x;
	struct crl		*crl;
	size_t			 i, pos = 0;

	assert_int_equal(make(f, &der, &params, three, 3, &e), 0);
	if (crl_parse(&crl, BYTES(der.p, der.len), &f->people, &e) == -1)
		fail_msg("%s", e.text);
	assert_memory_equal(&crl->params, &params, sizeof(params));
	assert_int_equal(crl->n, 3);
	for (i = 0; i < 3; i++) {
		assert_true(crl_find(crl, three[i].serial,
		    three[i].serial_len, &x));
		assert_same(&x, &three[i]);
		assert_true(crl_next(crl, &pos, &x));
		assert_same(&x, &three[i]);
	}
	assert_false(crl_next(crl, &pos, &x));
	assert_false(crl_find(crl, (const uint8_t *)"\x06", 1, NULL));
	assert_false(crl_find(crl, (const uint8_t *)"\x01\x01", 2, NULL));
	assert_true(crl_find(crl, (const uint8_t *)"\x00\x80", 2, &x));
	assert_int_equal(x.reason, 1);
	crl_free(&crl);
	assert_null(crl);
	buf_clear(&der);
}

static void
crl_parse_notices_every_flipped_bit(void **state)
{
	struct x509_fixture	*f = *state;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	struct crl		*crl;
	size_t			 i;

	assert_int_equal(make(f, &der, &params, three, 3, &e), 0);
	for (i = 0; i < der.len; i++) {
		der.p[i] ^= 1;
		assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len),
		    &f->people, &e), -1);
		assert_null(crl);
		der.p[i] ^= 1;
	}
	error_clear(&e);
	buf_add(&der, "", 1);
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->people,
	    &e), -1);
	assert_non_null(strstr(e.text, "bytes after the end"));
	assert_int_equal(e.code, ERROR_INPUT);
	buf_clear(&der);
}

static void
crl_parse_refuses_the_list_of_another_ca(void **state)
{
	struct x509_fixture	*f = *state;
	struct issuer		 other = f->people;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	struct crl		*crl;

	assert_int_equal(make(f, &der, &params, three, 3, &e), 0);
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->root, &e),
	    -1);
	assert_string_equal(e.text,
	    "CRL: signature algorithm is not the issuer's");
	other.subject = f->root.subject;
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &other, &e),
	    -1);
	assert_string_equal(e.text, "CRL: is not by this issuer");
	other = f->people;
	other.ski[0] ^= 1;
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &other, &e),
	    -1);
	assert_string_equal(e.text,
	    "CRL: authorityKeyIdentifier is not the issuer's");
	other = f->people;
	other.cert = f->root_cert;
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &other, &e),
	    -1);
	assert_string_equal(e.text,
	    "CRL: signature algorithm is not the issuer's");
	der.p[der.len - 1] ^= 1;
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->people,
	    &e), -1);
	assert_string_equal(e.text, "CRL: signature does not verify");
	assert_int_equal(e.code, ERROR_CRYPTO);
	buf_clear(&der);
}

/* By OpenSSL, with what our parser refuses in a list of ours. */
static X509_CRL *
foreign_crl(struct x509_fixture *f)
{
	X509_CRL		*x = X509_CRL_new();
	AUTHORITY_KEYID		*aki = AUTHORITY_KEYID_new();
	ASN1_INTEGER		*number = ASN1_INTEGER_new();
	ASN1_TIME		*t = ASN1_TIME_set(NULL, NOW);

	X509_CRL_set_version(x, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(x, X509_get_subject_name(f->ca_cert));
	X509_CRL_set1_lastUpdate(x, t);
	ASN1_TIME_set(t, NOW + 86400);
	X509_CRL_set1_nextUpdate(x, t);
	aki->keyid = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(aki->keyid, f->people.ski,
	    (int)f->people.ski_len);
	ASN1_INTEGER_set(number, 7);
	X509_CRL_add1_ext_i2d(x, NID_authority_key_identifier, aki, 0, 0);
	X509_CRL_add1_ext_i2d(x, NID_crl_number, number, 0, 0);
	AUTHORITY_KEYID_free(aki);
	ASN1_INTEGER_free(number);
	ASN1_TIME_free(t);
	return x;
}

static int
foreign_parse(struct x509_fixture *f, X509_CRL *x, struct error *e)
{
	unsigned char	*der = NULL;
	struct crl	*crl;
	int		 n, rc;

	error_clear(e);
	assert_true(X509_CRL_sign(x, f->ca_key, EVP_sha256()) > 0);
	n = i2d_X509_CRL(x, &der);
	rc = crl_parse(&crl, BYTES(der, (size_t)n), &f->people, e);
	crl_free(&crl);
	OPENSSL_free(der);
	X509_CRL_free(x);
	return rc;
}

static void
crl_parse_reads_openssls_list_and_refuses_bad_extensions(void **state)
{
	struct x509_fixture	*f = *state;
	ASN1_INTEGER		*base = ASN1_INTEGER_new();
	struct error		 e = ERROR_INIT;
	X509_CRL		*x;

	if (foreign_parse(f, foreign_crl(f), &e) == -1)
		fail_msg("%s", e.text);
	ASN1_INTEGER_set(base, 6);
	x = foreign_crl(f);
	X509_CRL_add1_ext_i2d(x, NID_delta_crl, base, 1, 0);
	if (foreign_parse(f, x, &e) == -1)
		fail_msg("%s", e.text);
	x = foreign_crl(f);
	X509_CRL_add1_ext_i2d(x, NID_delta_crl, base, 0, 0);
	assert_int_equal(foreign_parse(f, x, &e), -1);
	assert_string_equal(e.text, "CRL: unknown extension");
	x = foreign_crl(f);
	ASN1_INTEGER_set(base, 7);
	X509_CRL_add1_ext_i2d(x, NID_delta_crl, base, 1, 0);
	assert_int_equal(foreign_parse(f, x, &e), -1);
	assert_string_equal(e.text, "CRL: a delta that is none");
	x = foreign_crl(f);
	X509_EXTENSION_free(X509_CRL_delete_ext(x, 1));
	assert_int_equal(foreign_parse(f, x, &e), -1);
	assert_string_equal(e.text,
	    "CRL: no number or no authorityKeyIdentifier");
	ASN1_INTEGER_free(base);
}

/* A list with one entry, whose serial is 5, and an extension of it, or none. */
static X509_CRL *
foreign_entry(struct x509_fixture *f, int type, const char *at, int nid,
    void *value, int critical)
{
	X509_CRL	*x = foreign_crl(f);
	X509_REVOKED	*r = X509_REVOKED_new();
	ASN1_INTEGER	*serial = ASN1_INTEGER_new();
	ASN1_TIME	*t = ASN1_STRING_type_new(type);

	ASN1_INTEGER_set(serial, 5);
	ASN1_STRING_set(t, at, -1);
	X509_REVOKED_set_serialNumber(r, serial);
	X509_REVOKED_set_revocationDate(r, t);
	if (nid != NID_undef)
		assert_int_equal(X509_REVOKED_add1_ext_i2d(r, nid, value,
		    critical, 0), 1);
	assert_int_equal(X509_CRL_add0_revoked(x, r), 1);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(t);
	return x;
}

static void
crl_parse_refuses_an_entry_that_it_does_not_understand(void **state)
{
	static const char	 day[] = "270115080000Z";
	struct x509_fixture	*f = *state;
	GENERAL_NAMES		*issuer;
	struct error		 e = ERROR_INIT;

	if (foreign_parse(f, foreign_entry(f, V_ASN1_UTCTIME, day, NID_undef,
	    NULL, 0), &e) == -1)
		fail_msg("%s", e.text);
	/* It would be about another CA's certificate (RFC 5280, 5.3.3). */
	issuer = sk_GENERAL_NAME_new_null();
	sk_GENERAL_NAME_push(issuer, a2i_GENERAL_NAME(NULL, NULL, NULL,
	    GEN_DNS, "other.example.org", 0));
	assert_int_equal(foreign_parse(f, foreign_entry(f, V_ASN1_UTCTIME,
	    day, NID_certificate_issuer, issuer, 1), &e), -1);
	assert_string_equal(e.text,
	    "CRL: malformed extension of an entry");
	assert_int_equal(foreign_parse(f, foreign_entry(f, V_ASN1_UTCTIME,
	    day, NID_certificate_issuer, issuer, 0), &e), -1);
	assert_string_equal(e.text, "CRL: unknown extension of an entry");
	sk_GENERAL_NAME_pop_free(issuer, GENERAL_NAME_free);
	/* GeneralizedTime before 2050 (5.1.2.6). */
	assert_int_equal(foreign_parse(f, foreign_entry(f,
	    V_ASN1_GENERALIZEDTIME, "20270115080000Z", NID_undef, NULL, 0),
	    &e), -1);
	assert_string_equal(e.text, "CRL: malformed entry");
	assert_int_equal(foreign_parse(f, foreign_entry(f, V_ASN1_UTCTIME,
	    "271315080000Z", NID_undef, NULL, 0), &e), -1);
	assert_string_equal(e.text, "CRL: malformed entry");
}

static int
many_next(void *arg, struct crl_entry *x, struct error *e)
{
	size_t	*n = arg;

	(void)e;
	if (++*n > 20000)
		return 0;
	x->serial[0] = 1;
	x->serial[1] = (uint8_t)(*n >> 8);
	x->serial[2] = (uint8_t)*n;
	x->serial_len = 20;
	x->reason = *n % 3 == 0 ? 1 : -1;
	x->revoked_at = NOW - (int64_t)*n;
	return 1;
}

static void
twenty_thousand_entries_come_back(void **state)
{
	struct x509_fixture	*f = *state;
	struct buf		 der = { 0 };
	struct error		 e = ERROR_INIT;
	struct crl_entry	 x, found;
	struct crl		*crl;
	size_t			 n = 0, i, pos = 0;

	assert_int_equal(crl_sign(&der, &params, many_next, &n, &f->people,
	    f->ca_key, &e), 0);
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->people,
	    &e), 0);
	assert_int_equal(crl->n, 20000);
	for (i = 0; crl_next(crl, &pos, &x); i++) {
		if (i % 997 > 0)
			continue;
		assert_true(crl_find(crl, x.serial, 20, &found));
		assert_same(&x, &found);
	}
	assert_int_equal(i, 20000);
	crl_free(&crl);
	buf_clear(&der);
}

/* Entries of 23 octets, and a last one that is as much longer as its serial
 * number is. */
struct filler {
	uint32_t	 left, done;
	uint8_t		 width;		/* octets of the last serial */
};

static int
filler_next(void *arg, struct crl_entry *x, struct error *e)
{
	struct filler	*l = arg;

	(void)e;
	if (l->left == 0)
		return 0;
	l->left--;
	l->done++;
	/* The last serial is the longest, so it is the greatest. */
	x->serial_len = l->left == 0 ? l->width : 4;
	x->serial[0] = 1;
	x->serial[1] = (uint8_t)(l->done >> 16);
	x->serial[2] = (uint8_t)(l->done >> 8);
	x->serial[3] = (uint8_t)l->done;
	x->reason = -1;
	x->revoked_at = NOW;
	return 1;
}

static size_t
entries_length(const struct buf *der)
{
	const unsigned char	*p = der->p;
	X509_CRL		*x = d2i_X509_CRL(NULL, &p, (long)der->len);
	struct bytes		 in = BYTES(der->p, der->len), seq, tbs, part;
	int			 i;

	/* OpenSSL is of the same opinion to the last octet. */
	assert_non_null(x);
	assert_ptr_equal(p, der->p + der->len);
	X509_CRL_free(x);
	assert_int_equal(der_take(&in, DER_SEQUENCE, &seq), 0);
	assert_int_equal(der_take(&seq, DER_SEQUENCE, &tbs), 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(der_next(&tbs, &(uint8_t){ 0 }, &part, NULL),
		    1);
	assert_int_equal(der_take(&tbs, DER_SEQUENCE, &part), 0);
	return part.len;
}

/* At 127, 128, 255, 256, 65535 and 65536 octets a length takes another form:
 * lists of every size about these come back, and OpenSSL reads them. */
static void
lengths_are_right_where_their_form_changes(void **state)
{
	static const struct {
		uint32_t	 n;
		size_t		 around;
	} rows[] = { { 5, 127 }, { 5, 128 }, { 11, 255 }, { 11, 256 },
	    { 2849, 65535 }, { 2849, 65536 } };
	struct x509_fixture	*f = *state;
	struct error		 e = ERROR_INIT;
	size_t			 i, len, hits = 0;
	uint8_t			 width;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (width = 4; width <= 21; width++) {
			struct filler	 l = { rows[i].n, 0, width };
			struct buf	 der = { 0 };
			struct crl	*crl;

			if (crl_sign(&der, &params, filler_next, &l,
			    &f->people, f->ca_key, &e) == -1)
				fail_msg("%s", e.text);
			if (crl_parse(&crl, BYTES(der.p, der.len), &f->people,
			    &e) == -1)
				fail_msg("%s", e.text);
			assert_int_equal(crl->n, rows[i].n);
			len = entries_length(&der);
			hits += len == rows[i].around;
			crl_free(&crl);
			buf_clear(&der);
		}
	assert_int_equal(hits, sizeof(rows) / sizeof(rows[0]));
}

static void
lists_are_signed_by_every_kind_of_key(void **state)
{
	static const char *const	 kinds[] = { "rsa:2048", "ec:P-384",
	    "ec:P-521", "ed25519" };
	size_t				 i, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct issuer		 ca = { .ski_len = 20 };
		struct list		 l = { three, 3, 0 };
		struct error		 e = ERROR_INIT;
		struct buf		 der = { 0 };
		const unsigned char	*p;
		struct crl		*crl;
		EVP_PKEY		*key;
		X509_CRL		*x;

		assert_int_equal(key_generate(&key, kinds[i], &e), 0);
		ca.cert = X509_new();
		assert_int_equal(X509_set_pubkey(ca.cert, key), 1);
		der_put(&ca.subject, DER_SEQUENCE, NULL, 0);
		assert_int_equal(key_signature_alg(&ca.alg, key, NULL, &e),
		    0);
		assert_int_equal(crl_sign(&der, &params, list_next, &l, &ca,
		    key, &e), 0);
		p = der.p;
		x = d2i_X509_CRL(NULL, &p, (long)der.len);
		assert_int_equal(X509_CRL_verify(x, key), 1);
		X509_CRL_free(x);
		for (k = 0; k < 2; k++) {
			assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len),
			    &ca, &e), k == 0 ? 0 : -1);
			crl_free(&crl);
			der.p[60] ^= 1;
		}
		buf_clear(&der);
		issuer_clear(&ca);
		EVP_PKEY_free(key);
	}
}

static const struct crl_entry	 removed =
    { { 0x07 }, 1, CRL_REMOVE, NOW - 10, 0 };
static const struct bytes	 url = { (const uint8_t *)"http://x/s1.crl",
    15 };

static void
deltas_and_shards_say_what_they_are(void **state)
{
	struct x509_fixture	*f = *state;
	struct crl_params	 p = params;
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	const unsigned char	*at;
	struct crl		*crl;
	X509_CRL		*x;
	int			 critical;

	/* removeFromCRL in a complete list; deltas on themselves. */
	assert_int_equal(make(f, &der, &p, &removed, 1, &e), -1);
	assert_string_equal(e.text, "CRL 41: entry 1: reason 8");
	error_clear(&e);
	p.base = 41;
	assert_int_equal(make(f, &der, &p, &removed, 1, &e), -1);
	assert_string_equal(e.text, "CRL 41: a delta on list 41");
	error_clear(&e);
	p.base = 40;
	p.freshest = url;
	assert_int_equal(make(f, &der, &p, &removed, 1, &e), -1);
	assert_string_equal(e.text, "CRL 41: a delta that names deltas");
	error_clear(&e);
	p.freshest.p = NULL;
	p.idp = url;
	assert_int_equal(make(f, &der, &p, &removed, 1, &e), 0);
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->people,
	    &e), 0);
	assert_int_equal(crl->params.base, 40);
	assert_true(bytes_equal(crl->params.idp, url));
	crl_free(&crl);
	at = der.p;
	x = d2i_X509_CRL(NULL, &at, (long)der.len);
	ASN1_INTEGER_free(X509_CRL_get_ext_d2i(x, NID_delta_crl, &critical,
	    NULL));
	assert_int_equal(critical, 1);
	ISSUING_DIST_POINT_free(X509_CRL_get_ext_d2i(x,
	    NID_issuing_distribution_point, &critical, NULL));
	assert_int_equal(critical, 1);
	X509_CRL_free(x);
	buf_clear(&der);
	p = params;
	p.freshest = url;
	assert_int_equal(make(f, &der, &p, three, 3, &e), 0);
	assert_int_equal(crl_parse(&crl, BYTES(der.p, der.len), &f->people,
	    &e), 0);
	assert_true(bytes_equal(crl->params.freshest, url));
	crl_free(&crl);
	buf_clear(&der);
}

static void
write_file(const char *path, const struct buf *b, size_t len)
{
	FILE	*to = fopen(path, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(b->p, 1, len, to), len);
	assert_int_equal(fclose(to), 0);
}

/* In a file, in steps, larger than what is kept mapped at once; then cut off
 * and changed in many places. */
static void
a_list_in_a_file_is_believed_whole_or_not_at_all(void **state)
{
	struct x509_fixture	*f = *state;
	char			 dir[] = "/tmp/signet-crl.XXXXXX";
	struct crl_writer	*w;
	struct crl_reader	*r;
	struct crl_entry	 x;
	struct crl		*crl;
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	uint8_t			 digest[32], same[32];
	uint32_t		 n, i;
	char			*path;
	int			 more, steps = 0;

	assert_non_null(mkdtemp(dir));
	path = mem_printf("%s/list", dir);
	assert_int_equal(crl_writer_open(&w, path, &params, &f->people, &e),
	    0);
	for (n = 1; n <= 200000; n++) {
		x = (struct crl_entry){ { 1, (uint8_t)(n >> 16),
		    (uint8_t)(n >> 8), (uint8_t)n }, 20, 4, NOW - n, 0 };
		assert_int_equal(crl_writer_add(w, &x, &e), 0);
	}
	assert_int_equal(crl_writer_digest(w, digest, &e), -1);
	assert_string_equal(e.text, "CRL 41 is not complete");
	error_clear(&e);
	while ((more = crl_writer_sign(w, f->ca_key, &e)) == 1)
		steps++;
	assert_int_equal(more, 0);
	assert_true(steps > 3);
	assert_int_equal(crl_writer_count(w), 200000);
	assert_int_equal(crl_writer_digest(w, digest, &e), 0);
	assert_int_equal(crl_writer_get(w, &der, &e), 0);
	crl_writer_close(&w);
	EVP_Digest(der.p, der.len, same, NULL, EVP_sha256(), NULL);
	assert_memory_equal(digest, same, 32);

	assert_int_equal(crl_reader_load(&r, path, &f->people, &e), 0);
	assert_int_equal(crl_reader_params(r)->number, 41);
	for (n = 0; (more = crl_reader_next(r, &x, &e)) == 1; n++)
		;
	assert_int_equal(more, 0);
	assert_int_equal(n, 200000);
	crl_reader_end(&r, &crl);
	for (n = 1; n <= 200000; n += 7919) {
		const uint8_t	 serial[20] = { 1, (uint8_t)(n >> 16),
		    (uint8_t)(n >> 8), (uint8_t)n };

		assert_true(crl_find(crl, serial, 20, &x));
		assert_int_equal(x.revoked_at, NOW - n);
	}
	crl_forget(crl, 0, crl->der.len);
	assert_true(crl_find(crl, x.serial, 20, NULL));
	crl_free(&crl);

	for (i = 0; i < 40; i++) {
		write_file(path, &der, der.len * i / 40);
		assert_int_equal(crl_load(&crl, path, &f->people, &e), -1);
		assert_null(crl);
		der.p[der.len * i / 40] ^= 0x20;
		write_file(path, &der, der.len);
		der.p[der.len * i / 40] ^= 0x20;
		assert_int_equal(crl_load(&crl, path, &f->people, &e), -1);
		assert_null(crl);
		error_clear(&e);
	}
	/* Read up to the middle only: nothing is leaked, nothing is claimed. */
	assert_int_equal(crl_reader_open(&r, BYTES(der.p, der.len),
	    &f->people, &e), 0);
	assert_int_equal(crl_reader_next(r, &x, &e), 1);
	crl_reader_close(&r);
	assert_null(r);
	unlink(path);
	rmdir(dir);
	mem_free(&path);
	buf_clear(&der);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    crl_sign_refuses_next_update_before_this_update),
		cmocka_unit_test(crl_sign_refuses_entries_that_it_cannot_mean),
		cmocka_unit_test(crl_sign_hands_up_the_iterators_error),
		cmocka_unit_test(
		    crl_sign_leaves_the_list_out_when_nothing_is_revoked),
		cmocka_unit_test(openssl_reads_what_crl_sign_writes),
		cmocka_unit_test(crl_parse_reads_back_what_was_signed),
		cmocka_unit_test(crl_parse_notices_every_flipped_bit),
		cmocka_unit_test(crl_parse_refuses_the_list_of_another_ca),
		cmocka_unit_test(
		    crl_parse_reads_openssls_list_and_refuses_bad_extensions),
		cmocka_unit_test(
		    crl_parse_refuses_an_entry_that_it_does_not_understand),
		cmocka_unit_test(twenty_thousand_entries_come_back),
		cmocka_unit_test(lengths_are_right_where_their_form_changes),
		cmocka_unit_test(lists_are_signed_by_every_kind_of_key),
		cmocka_unit_test(deltas_and_shards_say_what_they_are),
		cmocka_unit_test(
		    a_list_in_a_file_is_believed_whole_or_not_at_all),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, x509_fixture_setup,
	    x509_fixture_teardown);
}
