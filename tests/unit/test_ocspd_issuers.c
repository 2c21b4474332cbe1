/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CAs that are answered for, and their signers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ocsp/issuers.h"
#include "tests/lib/testpki.h"
#include "tests/unit/x509_fixture.h"

struct fixture {
	struct x509_fixture	*x;
	char			 dir[40];
	char			*root;
	struct clock		 clock;
	struct issuer_source	*source;
	struct buf		 notes, der;
	struct db_ca		 row[2];
	struct db_cas		 cas;
	struct error		 e;
};

static void
set_row(struct db_ca *row, const char *name, struct buf *der, X509 *x)
{
	unsigned char	*p = NULL;
	int		 n = i2d_X509(x, &p);

	assert_true(n > 0);
	buf_add(der, p, (size_t)n);
	OPENSSL_free(p);
	*row = (struct db_ca){ .name = name, .der = BYTES(der->p, der->len) };
}

static int
set_up(void **state)
{
	struct fixture		*f = mem_alloc(sizeof(*f));
	struct issuer_setup	 setup;
	void			*x;

	x509_fixture_setup(&x);
	f->x = x;
	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-issuers.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->root = mem_printf("%s/root.crt", f->dir);
	testpki_write_cert(f->root, f->x->root_cert);
	f->clock = clock_fixed(NOW);
	setup = (struct issuer_setup){ f->root, f->dir, NULL, &f->clock };
	assert_int_equal(issuer_source_new(&f->source, &setup, &f->e), 0);
	set_row(&f->row[0], "people", &f->der, f->x->ca_cert);
	f->cas = (struct db_cas){ f->row, 1 };
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;
	void		*x = f->x;

	issuer_source_free(&f->source);
	testpki_remove_tree(f->dir);
	buf_clear(&f->notes);
	buf_clear(&f->der);
	mem_free(&f->root);
	x509_fixture_teardown(&x);
	mem_free(&f);
	return 0;
}

/* Key and certificate as the agent leaves them, with a life of its own. */
static void
write_signer(struct fixture *f, const char *profile, EVP_PKEY *key)
{
	struct fields		 fields = { 0 };
	struct cert_spec	 s = {
		.profile = x509_fixture_profile(f->x, profile),
		.issuer = &f->x->people, .fields = &fields,
	};
	char			*path = mem_printf("%s/people.pem", f->dir);
	X509			*cert;
	FILE			*out;

	x509_fixture_fields(&fields, x509_fixture_fields_for(profile));
	cert = x509_fixture_issue(&s, f->x->ca_key, key, &f->x->rng, NULL);
	fields_clear(&fields);
	unlink(path);
	assert_non_null(out = fopen(path, "w"));
	assert_int_equal(fchmod(fileno(out), 0600), 0);
	assert_int_equal(PEM_write_X509(out, cert), 1);
	assert_int_equal(PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL,
	    NULL), 1);
	fclose(out);
	X509_free(cert);
	mem_free(&path);
}

static bool
noted(struct fixture *f, const char *text)
{
	bool	 is = strstr(buf_cstr(&f->notes), text) != NULL;

	if (!is)
		print_message("# %s\n", buf_cstr(&f->notes));
	f->notes.len = 0;
	return is;
}

static void
a_root_that_is_not_there_is_named(void **state)
{
	struct fixture		*f = *state;
	struct issuer_setup	 setup = { "/nonexistent", f->dir, NULL,
	    &f->clock };
	struct issuer_source	*s = (void *)1;

	assert_int_equal(issuer_source_new(&s, &setup, &f->e), -1);
	assert_null(s);
	assert_string_equal(f->e.text,
	    "read /nonexistent: No such file or directory");
}

static void
a_ca_that_does_not_lead_to_the_root_is_left_out(void **state)
{
	struct fixture	*f = *state;
	struct testpki	 other;
	struct issuers	*t;
	struct buf	 der = { 0 };

	testpki_init(&other, NOW);
	set_row(&f->row[0], "people", &der, other.people);
	f->row[1] = (struct db_ca){ .name = "junk", .der = BYTES("0", 1) };
	f->cas.n = 2;
	assert_int_equal(issuers_load(f->source, &f->cas, &f->notes, &f->e),
	    0);
	assert_non_null(strstr(buf_cstr(&f->notes), "CA people of the store "
	    "is not answered for: "));
	assert_true(noted(f, "CA junk of the store is not answered for: it is "
	    "not a certificate"));
	assert_null(issuer_row_cert(&f->row[1]));
	/* It is said once. */
	assert_int_equal(issuers_load(f->source, &f->cas, &f->notes, &f->e),
	    0);
	assert_int_equal(f->notes.len, 0);
	t = issuers_get(f->source);
	assert_int_equal(t->n, 0);
	assert_null(issuers_named(t, "people"));
	issuers_free(&t);
	buf_clear(&der);
	testpki_clear(&other);
}

static void
a_ca_is_found_by_name_and_by_what_is_asked(void **state)
{
	struct fixture		*f = *state;
	struct issuers		*was = issuers_get(f->source), *t;
	struct ocsp_issuer	 hashes;
	struct ocsp_id		 id;
	struct buf		 der = { 0 };
	int			 hash;

	assert_false(issuers_is_new(f->source, was));
	assert_int_equal(issuers_load(f->source, &f->cas, &f->notes, &f->e),
	    1);
	assert_true(noted(f, "CA people has no signer: "));
	assert_true(issuers_is_new(f->source, was));
	issuers_free(&was);
	t = issuers_get(f->source);
	assert_ptr_equal(issuers_named(t, "people"), &t->ca[0]);
	assert_null(t->ca[0].signer.cert);
	assert_int_equal(ocsp_issuer_init(&hashes, f->x->ca_cert, &f->e), 0);
	for (hash = 0; hash < OCSP_HASHES; hash++) {
		der.len = 0;
		ocsp_id_put(&der, &hashes, (enum ocsp_hash)hash,
		    BYTES("\1\2", 2));
		assert_int_equal(ocsp_id_read(&id, BYTES(der.p, der.len),
		    &f->e), 0);
		assert_ptr_equal(issuers_find(t, &id), &t->ca[0]);
	}
	assert_int_equal(ocsp_issuer_init(&hashes, f->x->root_cert, &f->e),
	    0);
	der.len = 0;
	ocsp_id_put(&der, &hashes, OCSP_SHA1, BYTES("\1", 1));
	assert_int_equal(ocsp_id_read(&id, BYTES(der.p, der.len), &f->e), 0);
	assert_null(issuers_find(t, &id));
	buf_clear(&der);
	issuers_free(&t);
	assert_int_equal(issuers_load(f->source, &f->cas, &f->notes, &f->e),
	    0);
	/* The store is not asked for the roots. */
	assert_int_equal(sk_X509_num(issuer_source_roots(f->source)), 1);
}

static void
a_signer_is_taken_up_and_replaced_and_a_bad_one_is_not(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*key = testpki_key("rsa");
	struct issuers	*t, *old;

	write_signer(f, "ocsp-signer", key);
	assert_int_equal(issuers_load(f->source, &f->cas, &f->notes, &f->e),
	    1);
	assert_true(noted(f, "CA people has a signer"));
	old = issuers_get(f->source);
	assert_non_null(old->ca[0].signer.cert);
	assert_int_equal(issuers_load(f->source, NULL, &f->notes, &f->e), 0);
	write_signer(f, "ocsp-signer", key);
	assert_int_equal(issuers_load(f->source, NULL, &f->notes, &f->e), 1);
	assert_true(noted(f, "CA people has another signer"));
	t = issuers_get(f->source);
	assert_true(t->ca[0].signer_version != old->ca[0].signer_version);
	assert_int_equal(t->ca[0].number, old->ca[0].number);
	assert_int_not_equal(X509_cmp(t->ca[0].signer.cert,
	    old->ca[0].signer.cert), 0);
	issuers_free(&old);
	/* One that may not sign answers: the one before goes on. */
	write_signer(f, "mail-sign", key);
	assert_int_equal(issuers_load(f->source, NULL, &f->notes, &f->e), 0);
	assert_true(noted(f, "its certificate is not for OCSPSigning"));
	assert_false(issuers_is_new(f->source, t));
	issuers_free(&t);
	EVP_PKEY_free(key);
}

#define T(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_root_that_is_not_there_is_named),
		T(a_ca_that_does_not_lead_to_the_root_is_left_out),
		T(a_ca_is_found_by_name_and_by_what_is_asked),
		T(a_signer_is_taken_up_and_replaced_and_a_bad_one_is_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
