/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a holder's own signature can make of the certificate that it renews: the
 * same again, and nothing else.  And what the signer asks of a single order and
 * of its request after everybody has approved.
 */
#include <string.h>
#include <openssl/x509v3.h>

#include "signer_fixture.h"

#define DAY		TESTPKI_DAY

/* What the CA has issued, with an extension or the subject changed, or by another
 * CA.  Of the 199 days that it lives, less than 60 are left. */
static X509 *
old_cert(struct fixture *f, int nid, const char *value, bool people)
{
	EVP_PKEY	*by = people ? f->pki.people_key : f->pki.services_key;
	X509_EXTENSION	*ext;
	X509		*x;

	f->clock = clock_fixed(NOW);
	x = issue_tls(f, "www.example.org");
	if (people) {
		X509_set_issuer_name(x, X509_get_subject_name(f->pki.people));
		X509_EXTENSION_free(X509_delete_ext(x, X509_get_ext_by_NID(x,
		    NID_authority_key_identifier, -1)));
	}
	if (nid == NID_commonName) {
		assert_int_equal(X509_NAME_add_entry_by_NID(
		    X509_get_subject_name(x), nid, MBSTRING_UTF8,
		    (const unsigned char *)value, -1, -1, 0), 1);
	} else if (nid != NID_undef) {
		X509_EXTENSION_free(X509_delete_ext(x,
		    X509_get_ext_by_NID(x, nid, -1)));
		ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
		assert_int_equal(X509_add_ext(x, ext, -1), 1);
		X509_EXTENSION_free(ext);
	}
	assert_true(X509_sign(x, by, EVP_sha256()) > 0);
	f->clock = clock_fixed(NOW + 150 * DAY);
	return x;
}

/* The holder's order to have www.example.org again. */
static void
ask_again(struct fixture *f, struct buf *blob, X509 *old)
{
	const ASN1_INTEGER	*n = X509_get0_serialNumber(old);
	struct order		*o = tls_order(f, "www.example.org");
	struct identity		 holder;
	struct buf		 bare = { 0 };

	o->is_renewal = true;
	o->renews_len = (size_t)n->length;
	memcpy(o->renews, n->data, o->renews_len);
	*blob = (struct buf){ 0 };
	testpki_identity_of(&holder, &f->pki, old, f->key);
	if (approval_wrap_renewal(&bare, o, old, &f->e) == -1 ||
	    approval_add(blob, BYTES(bare.p, bare.len), &holder, &f->clock,
	    &f->e) == -1)
		fail_msg("%s", f->e.text);
	testpki_identity_clear(&holder);
	buf_clear(&bare);
	order_free(&o);
}

static void
refuse_to_renew(struct fixture *f, X509 *old, const char *text)
{
	struct buf	 blob;

	ask_again(f, &blob, old);
	assert_refused(f, &blob, ERROR_DENIED, text);
	buf_clear(&blob);
	X509_free(old);
}

static void
signer_renews_no_certificate_under_other_names(void **state)
{
	struct fixture	*f = *state;

	refuse_to_renew(f, old_cert(f, NID_commonName, "somebody", false),
	    "a renewal keeps the names of the certificate");
	refuse_to_renew(f, old_cert(f, NID_subject_alt_name,
	    "DNS:old.example.org", false), "a renewal keeps the names of the certificate");
}

static void
signer_renews_no_certificate_for_other_uses(void **state)
{
	struct fixture	*f = *state;

	refuse_to_renew(f, old_cert(f, NID_ext_key_usage, "clientAuth", false),
	    "a renewal keeps the role and uses");
}

static void
signer_renews_no_certificate_of_another_ca(void **state)
{
	struct fixture	*f = *state;

	refuse_to_renew(f, old_cert(f, NID_undef, NULL, true),
	    "the certificate to renew is not of CA services");
}

static void
signer_renews_no_certificate_before_its_window(void **state)
{
	struct fixture	*f = *state;

	refuse_to_renew(f, issue_tls(f, "www.example.org"),
	    "too early to renew: more than 60 days to go");
}

static void
signer_renews_nothing_that_is_not_named(void **state)
{
	struct fixture	*f = *state;
	X509		*x = old_cert(f, NID_undef, NULL, false);
	struct order	*o = tls_order(f, "www.example.org");
	struct identity	 holder;
	struct buf	 blob;

	/* Of the holder's own certificates one, but not the one in the order. */
	o->is_renewal = true;
	o->renews_len = 2;
	memcpy(o->renews, "\x12\x34", 2);
	testpki_identity_of(&holder, &f->pki, x, f->key);
	approve(f, &blob, o, &holder, NULL);
	assert_refused(f, &blob, ERROR_DENIED, "the certificate gives no role");
	buf_clear(&blob);
	testpki_identity_clear(&holder);
	X509_free(x);
}

static void
signer_renews_what_ends_soon_as_it_was(void **state)
{
	struct fixture	*f = *state;
	X509		*old = old_cert(f, NID_undef, NULL, false), *x;
	struct buf	 blob;

	ask_again(f, &blob, old);
	if ((x = issue(f, &blob)) == NULL)
		fail_msg("%s", f->e.text);
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(x),
	    X509_get_subject_name(old)), 0);
	X509_free(x);
	X509_free(old);
	buf_clear(&blob);
}

/* ---- the order and its request ---- */

static void
request_with(struct fixture *f, EVP_PKEY *key)
{
	buf_clear(&f->request);
	if (csr_make(&f->request, key, "whoever", &f->e) == -1)
		fail_msg("%s", f->e.text);
}

static void
signer_refuses_a_key_that_the_profile_does_not_take(void **state)
{
	struct fixture	*f = *state;
	EVP_PKEY	*key = testpki_key("ed25519");

	request_with(f, key);
	refuse_approved_by(f, &f->officer,
	    "key: profile \"tls-server\" does not take ");
	EVP_PKEY_free(key);
}

static void
signer_refuses_fields_that_the_profile_does_not_take(void **state)
{
	struct fixture	*f = *state;
	struct order	*o = tls_order(f, "www.example.org");
	struct buf	 blob;

	fields_add(&o->fields, "mail", "alice@example.org");
	approve(f, &blob, o, &f->officer, NULL);
	assert_refused(f, &blob, ERROR_INPUT, "field \"mail\": ");
	buf_clear(&blob);
}

/* What a holder wishes who would like to be a CA. */
static void
request_for_a_ca(struct fixture *f)
{
	X509_REQ			*req = X509_REQ_new();
	STACK_OF(X509_EXTENSION)	*list = sk_X509_EXTENSION_new_null();
	unsigned char			*der = NULL;
	int				 len;

	assert_true(sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, NULL,
	    NID_basic_constraints, "critical,CA:TRUE")) > 0);
	assert_int_equal(X509_REQ_set_pubkey(req, f->key), 1);
	assert_int_equal(X509_REQ_add_extensions(req, list), 1);
	assert_true(X509_REQ_sign(req, f->key, EVP_sha256()) > 0);
	len = i2d_X509_REQ(req, &der);
	buf_clear(&f->request);
	buf_add(&f->request, der, (size_t)len);
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	X509_REQ_free(req);
}

static void
signer_refuses_a_request_to_become_a_ca(void **state)
{
	struct fixture	*f = *state;

	request_for_a_ca(f);
	refuse_approved_by(f, &f->officer, "request: basicConstraints: ");
}

static void
signer_takes_no_batch_for_a_single_order(void **state)
{
	struct fixture		*f = *state;
	struct prepared_reply	 r;
	struct buf		 blob;

	approve(f, &blob, batch_order(f, 2, true), &f->officer, &f->second);
	assert_refused(f, &blob, ERROR_DENIED,
	    "an order to batch is no order to issue");
	buf_clear(&blob);
	approve(f, &blob, tls_order(f, "www.example.org"), &f->officer, NULL);
	assert_int_equal(prepare(f, false, BYTES(blob.p, blob.len), 1,
	    &f->request, BYTES(NULL, 0), BYTES(NULL, 0), &r), -1);
	assert_int_equal(f->e.code, ERROR_DENIED);
	assert_string_equal(f->e.text, "a single order has no item 1");
	buf_clear(&blob);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(signer_renews_no_certificate_under_other_names),
		T(signer_renews_no_certificate_for_other_uses),
		T(signer_renews_no_certificate_of_another_ca),
		T(signer_renews_no_certificate_before_its_window),
		T(signer_renews_nothing_that_is_not_named),
		T(signer_renews_what_ends_soon_as_it_was),
		T(signer_refuses_a_key_that_the_profile_does_not_take),
		T(signer_refuses_fields_that_the_profile_does_not_take),
		T(signer_refuses_a_request_to_become_a_ca),
		T(signer_takes_no_batch_for_a_single_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
