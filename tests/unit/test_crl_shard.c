/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <openssl/x509v3.h>

#include "tests/unit/x509_fixture.h"
#include "x509/cert_look.h"
#include "x509/crl.h"
#include "x509/crl_shard.h"

#define URL	"http://pki.example.org/people-%d.crl"

static void
crl_shard_check_refuses_what_is_not_an_address_with_one_number(void **state)
{
	static const struct {
		const char	*url, *text;
	} rows[] = {
		{ "", "\"\" is not an http address" },
		{ "https://x/%d.crl",
		  "\"https://x/%d.crl\" is not an http address" },
		{ "ldap://x/cn=%d", "\"ldap://x/cn=%d\" is not an http address" },
		{ "http://x/a b-%d", "\"http://x/a b-%d\" is not an http"
		  " address" },
		{ "http://x/\xc3\xa5-%d", "\"http://x/\xc3\xa5-%d\" is not an"
		  " http address" },
		{ "http://x/a.crl", "\"http://x/a.crl\" has not one %d, where"
		  " the shard's number goes" },
		{ "http://x/%d/%d.crl", "\"http://x/%d/%d.crl\" has not one %d,"
		  " where the shard's number goes" },
		{ "http://x/%20-%d", "\"http://x/%20-%d\" has not one %d, where"
		  " the shard's number goes" },
		{ "http://x/%s", "\"http://x/%s\" has not one %d, where the"
		  " shard's number goes" },
	};
	struct error	 e = ERROR_INIT;
	char		 url[CRL_SHARD_URL + 1];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(crl_shard_check(rows[i].url, &e), -1);
		assert_int_equal(e.code, ERROR_CONFIG);
		assert_string_equal(e.text, rows[i].text);
		error_clear(&e);
	}
	snprintf(url, sizeof(url), "http://x/%%d%0*d", CRL_SHARD_URL - 15, 0);
	assert_int_equal(strlen(url) + 4, CRL_SHARD_URL);
	assert_int_equal(crl_shard_check(url, &e), 0);
	assert_int_equal(strlen(crl_shard_url((char[CRL_SHARD_URL]){ "" }, url,
	    CRL_SHARD_MAX)) + 2, CRL_SHARD_URL);
	url[CRL_SHARD_URL - 4] = '0';
	url[CRL_SHARD_URL - 3] = '\0';
	assert_int_equal(crl_shard_check(url, &e), -1);
	assert_non_null(strstr(e.text, "is too long"));
	error_clear(&e);
	assert_int_equal(crl_shard_check(URL, &e), 0);
}

static int
refuse(const struct rng *r, unsigned char *p, size_t len, struct error *e)
{
	(void)r;
	(void)p;
	(void)len;
	return error_set(e, ERROR_CRYPTO, "no randomness");
}

/* First the numbers that would favour the small shards, then 5. */
static int
unfair(const struct rng *r, unsigned char *p, size_t len, struct error *e)
{
	int	*left = (int *)(uintptr_t)r->seed;

	(void)e;
	memset(p, *left > 0 ? 0xff : 0, len);
	if ((*left)-- <= 0)
		p[len - 1] = 5;
	return 0;
}

static void
crl_shard_draw_gives_each_shard_the_same_chance(void **state)
{
	struct rng	 rng = rng_seeded(3), bad = { refuse, 0 };
	struct error	 e = ERROR_INIT;
	int64_t		 shard, n[8] = { 0 };
	int		 i, left = 2;
	struct rng	 odd = { unfair, (uint64_t)(uintptr_t)&left };

	(void)state;
	assert_int_equal(crl_shard_draw(&shard, 7, &bad, &e), -1);
	assert_int_equal(e.code, ERROR_CRYPTO);
	assert_int_equal(crl_shard_draw(&shard, 3, &odd, &e), 0);
	assert_int_equal(left, -1);
	assert_int_equal(shard, 1 + 5 % 3);
	for (i = 0; i < 7000; i++) {
		assert_int_equal(crl_shard_draw(&shard, 7, &rng, &e), 0);
		assert_in_range(shard, 1, 7);
		n[shard]++;
	}
	for (i = 1; i <= 7; i++)
		assert_in_range(n[i], 850, 1150);
	assert_int_equal(crl_shard_draw(&shard, 1, &rng, &e), 0);
	assert_int_equal(shard, 1);
}

/* A certificate with these addresses, one point each. */
static X509 *
with_points(const char *const *url, size_t n)
{
	CRL_DIST_POINTS	*points = CRL_DIST_POINTS_new();
	X509		*x = X509_new();
	size_t		 i;

	for (i = 0; i < n; i++) {
		DIST_POINT	*d = DIST_POINT_new();
		GENERAL_NAME	*g = GENERAL_NAME_new();

		g->type = GEN_URI;
		g->d.uniformResourceIdentifier = ASN1_IA5STRING_new();
		ASN1_STRING_set(g->d.uniformResourceIdentifier, url[i], -1);
		d->distpoint = DIST_POINT_NAME_new();
		d->distpoint->type = 0;
		d->distpoint->name.fullname = sk_GENERAL_NAME_new_null();
		sk_GENERAL_NAME_push(d->distpoint->name.fullname, g);
		sk_DIST_POINT_push(points, d);
	}
	assert_int_equal(X509_add1_ext_i2d(x, NID_crl_distribution_points,
	    points, 0, 0), 1);
	CRL_DIST_POINTS_free(points);
	return x;
}

static int64_t
shard_of(const char *url)
{
	X509	*x = with_points(&url, 1);
	int64_t	 shard = crl_shard_of(x, URL);

	X509_free(x);
	return shard;
}

static void
crl_shard_of_takes_an_address_only_as_it_would_be_written(void **state)
{
	static const char *const	 two[] = {
	    "http://pki.example.org/people-1.crl",
	    "http://pki.example.org/people-2.crl" };
	X509	*x;
	char	 url[CRL_SHARD_URL];

	(void)state;
	assert_int_equal(shard_of("http://pki.example.org/people-7.crl"), 7);
	assert_int_equal(shard_of("http://pki.example.org/people-9999.crl"),
	    9999);
	assert_int_equal(shard_of("http://pki.example.org/people-0.crl"), 0);
	assert_int_equal(shard_of("http://pki.example.org/people-07.crl"), 0);
	assert_int_equal(shard_of("http://pki.example.org/people--7.crl"), 0);
	assert_int_equal(shard_of("http://pki.example.org/people-10000.crl"),
	    0);
	assert_int_equal(shard_of("http://pki.example.org/people-7.crl2"), 0);
	assert_int_equal(shard_of("http://pki.example.org/people-7"), 0);
	assert_int_equal(shard_of("http://pki.example.org/people.crl"), 0);
	assert_int_equal(shard_of("http://other.example.org/people-7.crl"), 0);
	assert_int_equal(shard_of(""), 0);
	/* Two points are no shard. */
	x = with_points(two, 2);
	assert_int_equal(crl_shard_of(x, URL), 0);
	assert_string_equal(crl_shard_address(url, x), "");
	X509_free(x);
	x = X509_new();
	assert_int_equal(crl_shard_of(x, URL), 0);
	X509_free(x);
}

static void
is_no_address(const uint8_t *der, size_t len)
{
	char	 url[CRL_SHARD_URL];

	assert_string_equal(crl_shard_address_in(url, BYTES(der, len)), "");
}

#define NO_ADDRESS(s)	is_no_address((const uint8_t *)(s), sizeof(s) - 1)

static void
an_address_beside_which_there_is_anything_is_none(void **state)
{
	static const char	 only[] = "\x30\x09\x30\x07\xa0\x05\xa0\x03"
				    "\x86\x01x";
	uint8_t			 der[sizeof(only) - 1];
	char			 url[CRL_SHARD_URL];
	size_t			 i;
	int			 octet;

	(void)state;
	/* Reasons, an issuer of the list, both; a second name; an octet more; none. */
	NO_ADDRESS("\x30\x0d\x30\x0b\xa0\x05\xa0\x03\x86\x01x"
	    "\x81\x02\x05\x20");
	NO_ADDRESS("\x30\x0e\x30\x0c\xa0\x05\xa0\x03\x86\x01x"
	    "\xa2\x03\x82\x01x");
	NO_ADDRESS("\x30\x12\x30\x10\xa0\x05\xa0\x03\x86\x01x"
	    "\x81\x02\x05\x20\xa2\x03\x82\x01x");
	NO_ADDRESS("\x30\x0c\x30\x0a\xa0\x08\xa0\x06\x86\x01x\x86\x01y");
	NO_ADDRESS("\x30\x09\x30\x07\xa0\x05\xa0\x03\x86\x01x\x00");
	NO_ADDRESS("\x30\x06\x30\x04\xa0\x02\xa0\x00");
	NO_ADDRESS("\x30\x00");
	/* Any other octet before the address makes it none, or another length. */
	memcpy(der, only, sizeof(der));
	for (i = 0; i < sizeof(der) - 1; i++) {
		for (octet = 0; octet < 256; octet++) {
			der[i] = (uint8_t)octet;
			if (octet != (uint8_t)only[i])
				is_no_address(der, sizeof(der));
		}
		der[i] = (uint8_t)only[i];
	}
	assert_string_equal(crl_shard_address_in(url, BYTES(der, sizeof(der))),
	    "x");
	der[i] = 0;
	is_no_address(der, sizeof(der));
}

static void
an_address_that_is_there_twice_is_none(void **state)
{
	static const char *const	 seven[] = {
	    "http://pki.example.org/people-7.crl" };
	X509		*x = with_points(seven, 1), *other = with_points(seven, 1);
	char		 url[CRL_SHARD_URL];

	(void)state;
	assert_string_equal(crl_shard_address(url, x), seven[0]);
	assert_int_equal(X509_add_ext(x, X509_get_ext(other, 0), -1), 1);
	assert_string_equal(crl_shard_address(url, x), "");
	X509_free(other);
	X509_free(x);
}

/* Certificates that name a shard, or the deltas. */
struct trial {
	struct profile		 profile;
	struct issuer		 issuer;
	struct fields		 fields;
	struct cert_spec	 s;
	struct buf		 spki, tbs;
	EVP_PKEY		*key;
	struct error		 e;
};

static void
trial_init(struct trial *t, const struct x509_fixture *f)
{
	memset(t, 0, sizeof(*t));
	t->profile = *x509_fixture_profile(f, "tls-server");
	t->issuer = f->services;
	t->s.profile = &t->profile;
	t->s.issuer = &t->issuer;
	t->s.fields = &t->fields;
	x509_fixture_fields(&t->fields,
	    x509_fixture_fields_for("tls-server"));
	assert_int_equal(key_generate(&t->key, "ec:P-256", &t->e), 0);
	assert_int_equal(key_public_der(&t->spki, t->key, &t->e), 0);
	t->s.spki = BYTES(t->spki.p, t->spki.len);
}

static void
trial_clear(struct trial *t)
{
	fields_clear(&t->fields);
	buf_clear(&t->spki);
	buf_clear(&t->tbs);
	EVP_PKEY_free(t->key);
}

static void
cert_spec_init_draws_a_shard_where_the_profile_wants_one(void **state)
{
	struct x509_fixture	*f = *state;
	struct trial		 t;
	struct buf		 der = { 0 };
	struct cert_look	 look;
	char			 url[CRL_SHARD_URL];
	X509			*x;

	trial_init(&t, f);
	t.s.shard = 4;			/* it is not the caller's to say */
	assert_int_equal(cert_spec_init(&t.s, NOW, 0, &f->rng, &t.e), 0);
	assert_int_equal(t.s.shard, 0);
	t.profile.shard = true;
	assert_int_equal(cert_spec_init(&t.s, NOW, 0, &f->rng, &t.e), -1);
	assert_int_equal(t.e.code, ERROR_CONFIG);
	assert_string_equal(t.e.text, "CA \"services\" has no shards of its CRL"
	    " and profile \"tls-server\" wants one");
	error_clear(&t.e);
	t.issuer.shard_url = URL;
	t.issuer.shards = 9;
	x = x509_fixture_issue(&t.s, f->ca_key, t.key, &f->rng, &der);
	t.s.spki = BYTES(t.spki.p, t.spki.len);
	assert_in_range(t.s.shard, 1, 9);
	assert_int_equal(crl_shard_of(x, URL), t.s.shard);
	assert_string_equal(crl_shard_address(url, x),
	    crl_shard_url((char[CRL_SHARD_URL]){ "" }, URL, t.s.shard));
	assert_int_equal(cert_look(&look, BYTES(der.p, der.len), &t.e), 0);
	assert_string_equal(crl_shard_address_in(url, look.crl_points),
	    crl_shard_address((char[CRL_SHARD_URL]){ "" }, x));
	/* More than the points, or none. */
	look.crl_points.len++;
	assert_string_equal(crl_shard_address_in(url, look.crl_points), "");
	assert_string_equal(crl_shard_address_in(url, BYTES(NULL, 0)), "");
	/* Another shard than ordered is noticed. */
	t.s.shard = 1 + t.s.shard % 9;
	assert_int_equal(cert_check(BYTES(der.p, der.len), &t.s, &t.e), -1);
	assert_string_equal(t.e.text, "finished certificate:"
	    " cRLDistributionPoints is not as ordered");
	X509_free(x);
	buf_clear(&der);
	trial_clear(&t);
}

static void
cert_names_the_deltas_where_the_profile_wants_it(void **state)
{
	struct x509_fixture	*f = *state;
	struct trial		 t;
	struct buf		 der = { 0 };
	CRL_DIST_POINTS		*points;
	X509			*x;
	int			 critical;

	trial_init(&t, f);
	t.profile.freshest = true;
	assert_int_equal(cert_spec_init(&t.s, NOW, 0, &f->rng, &t.e), 0);
	assert_int_equal(cert_tbs(&t.tbs, &t.s, &t.e), -1);
	assert_int_equal(t.e.code, ERROR_CONFIG);
	assert_string_equal(t.e.text, "CA \"services\" has no address of deltas"
	    " and profile \"tls-server\" wants one");
	error_clear(&t.e);
	t.issuer.freshest = "http://pki.example.org/delta.crl";
	x = x509_fixture_issue(&t.s, f->ca_key, t.key, &f->rng, &der);
	t.s.spki = BYTES(t.spki.p, t.spki.len);
	points = X509_get_ext_d2i(x, NID_freshest_crl, &critical, NULL);
	assert_int_equal(critical, 0);
	assert_int_equal(sk_DIST_POINT_num(points), 1);
	assert_string_equal((const char *)ASN1_STRING_get0_data(
	    sk_GENERAL_NAME_value(
	    sk_DIST_POINT_value(points, 0)->distpoint->name.fullname,
	    0)->d.uniformResourceIdentifier), t.issuer.freshest);
	CRL_DIST_POINTS_free(points);
	t.issuer.freshest = "http://pki.example.org/other.crl";
	assert_int_equal(cert_check(BYTES(der.p, der.len), &t.s, &t.e), -1);
	assert_string_equal(t.e.text,
	    "finished certificate: freshestCRL is not as ordered");
	X509_free(x);
	buf_clear(&der);
	trial_clear(&t);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    crl_shard_check_refuses_what_is_not_an_address_with_one_number),
		cmocka_unit_test(
		    crl_shard_draw_gives_each_shard_the_same_chance),
		cmocka_unit_test(
		    crl_shard_of_takes_an_address_only_as_it_would_be_written),
		cmocka_unit_test(
		    an_address_beside_which_there_is_anything_is_none),
		cmocka_unit_test(an_address_that_is_there_twice_is_none),
		cmocka_unit_test(
		    cert_spec_init_draws_a_shard_where_the_profile_wants_one),
		cmocka_unit_test(
		    cert_names_the_deltas_where_the_profile_wants_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, x509_fixture_setup,
	    x509_fixture_teardown);
}
