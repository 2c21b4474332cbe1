/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A credential that is for names in example.org, and every kind of name that
 * a certificate can have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "order/approval.h"
#include "tests/lib/testpki.h"

#define DENIED		"certain domains alone, and there is "

/* Empty: within. */
static const struct {
	const char	*type, *value, *openssl, *why;
} names[] = {
	{ "email", "a@example.net", "email:a@example.net", "\"example.net\"" },
	{ "email", "example.org@x.net", "email:example.org@x.net", "\"x.net\"" },
	{ "dns", "notexample.org", "DNS:notexample.org", "notexample.org" },
	{ "dns", "example.org.x.net", "DNS:example.org.x.net", "x.net" },
	{ "dns", "example.org.", "DNS:example.org.", "example.org." },
	{ "upn", "a@EXAMPLE.NET", "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:"
	    "a@EXAMPLE.NET", "EXAMPLE.NET" },
	{ "krb5", "krbtgt/EXAMPLE.ORG@EXAMPLE.NET", NULL, "EXAMPLE.NET" },
	{ "uri", "https://example.net/example.org", "URI:https://example.net/"
	    "example.org", "\"example.net\"" },
	{ "uri", "https://example.org@example.net", "URI:https://example.org@"
	    "example.net", "\"example.net\"" },
	{ "uri", "https://x.net:443#@example.org", "URI:https://x.net:443#@"
	    "example.org", "\"x.net\"" },
	{ "uri", "https://x.net?@example.org", "URI:https://x.net?@"
	    "example.org", "\"x.net\"" },
	{ "uri", "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-4",
	    "URI:tag:sid:S-1-5-21-1-2-3-4",
	    DENIED "a URI without a host" },
	{ "uri", "https://", "URI:https://", "not for names in \"\"" },
	{ "ip", "192.0.2.1", "IP:192.0.2.1", DENIED "an IP address" },
	{ "ip", "2001:db8::1", "IP:2001:db8::1", DENIED "an IP address" },
	{ NULL, NULL, "RID:1.2.3", DENIED "a name of an unknown kind" },
	{ NULL, NULL, "otherName:1.2.3;UTF8:a@example.org",
	    DENIED "a name of an unknown kind" },
	{ NULL, NULL, "otherName:1.3.6.1.5.2.2;UTF8:a@EXAMPLE.ORG",
	    DENIED "a name of an unknown kind" },
	{ "email", "a@example.org", "email:a@example.org", "" },
	{ "email", "a@Mail.Example.ORG", "email:a@Mail.Example.ORG", "" },
	{ "dns", "*.example.org", "DNS:*.example.org", "" },
	{ "upn", "a@EXAMPLE.ORG", "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:"
	    "a@EXAMPLE.ORG", "" },
	{ "krb5", "host/x@EXAMPLE.ORG", NULL, "" },
	{ "uri", "https://a@www.example.org:8444/x?y@z", "URI:https://a@"
	    "www.example.org:8444/x?y@z", "" },
};
#define NNAMES	(sizeof(names) / sizeof(names[0]))

static struct order *
bind_order(void)
{
	struct order	*o = mem_alloc(sizeof(*o));

	o->kind = ORDER_BIND;
	order_names_add(&o->bind.domains, "example.org");
	return o;
}

static void
assert_why(int rc, const struct error *e, const char *why, const char *value)
{
	if (why[0] == '\0' ? rc == 0 : rc == -1 && e->code == ERROR_DENIED &&
	    strstr(e->text, why) != NULL)
		return;
	fail_msg("%s: %d, \"%s\"", value, rc, e->text);
}

static void
every_kind_of_name_in_an_order_is_held_against_the_domains(void **state)
{
	static char		 name[] = "probe", from[] = "value";
	struct order		*bind = bind_order();
	struct profile_san	 san = { .from = from };
	struct profile		 profile = { .name = name, .san = &san,
				    .nsan = 1 };
	struct approval_trust	 t = { .profile = &profile };
	struct order		*o;
	struct error		 e;
	size_t			 i;

	(void)state;
	for (i = 0; i < NNAMES; i++) {
		if (names[i].type == NULL)
			continue;
		o = mem_alloc(sizeof(*o));
		o->kind = ORDER_ISSUE;
		o->profile = mem_strdup(name);
		fields_add(&o->fields, from, names[i].value);
		san.type = mem_strdup(names[i].type);
		error_clear(&e);
		assert_why(approval_scope_check(bind, o, &t, &e), &e,
		    names[i].why, names[i].value);
		mem_free(&san.type);
		order_free(&o);
	}
	order_free(&bind);
}

/* An order that somebody approved who is for example.org alone. */
struct fixture {
	struct testpki	 pki;
	EVP_PKEY	*key;
	struct approved	 bind, a;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, TESTPKI_NOW);
	f->key = testpki_key("P-256");
	f->bind.order = bind_order();
	f->a.n = 1;
	f->a.by[0].bind = &f->bind;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	order_free(&f->bind.order);
	EVP_PKEY_free(f->key);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static X509 *
cert_of(struct fixture *f)
{
	struct testpki_spec	 spec = { .name = "probe" };

	return testpki_cert(&f->pki, &spec, f->key, f->pki.people,
	    f->pki.people_key);
}

/* As its octets say, which are made anew after what was done to it. */
static void
assert_target(struct fixture *f, X509 *x, const char *why, const char *value)
{
	X509_NAME		*subject = X509_NAME_dup(
				    X509_get_subject_name(x));
	struct error		 e = ERROR_INIT;
	struct cert_look	 look;
	unsigned char		*der = NULL;
	int			 n;

	assert_int_equal(X509_set_subject_name(x, subject), 1);
	X509_NAME_free(subject);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	assert_int_equal(cert_look(&look, BYTES(der, (size_t)n), &e), 0);
	assert_why(approval_check_target(&f->a, &look, "probe", &e), &e, why,
	    value);
	OPENSSL_free(der);
}

static X509 *
cert_with(struct fixture *f, const char *san)
{
	X509			*x = cert_of(f);
	X509_EXTENSION		*ext = X509V3_EXT_conf_nid(NULL, NULL,
				    NID_subject_alt_name, san);

	if (ext == NULL)
		fail_msg("%s", san);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
	return x;
}

static void
names_that_cannot_be_read_are_within_no_domains(void **state)
{
	static const uint8_t	 torn[] = { 0x30, 0x03, 0x81, 0x05, 'a' };
	struct fixture		*f = *state;
	X509			*x = cert_of(f);
	X509_EXTENSION		*san;
	ASN1_OCTET_STRING	*value = ASN1_OCTET_STRING_new();

	assert_int_equal(ASN1_OCTET_STRING_set(value, torn, sizeof(torn)), 1);
	san = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0,
	    value);
	assert_int_equal(X509_add_ext(x, san, -1), 1);
	assert_target(f, x, DENIED "a name that cannot be read", "torn");
	X509_EXTENSION_free(san);
	ASN1_OCTET_STRING_free(value);
	X509_free(x);
}

static void
every_kind_of_name_in_a_certificate_is_held_against_the_domains(void **state)
{
	struct fixture	*f = *state;
	X509		*x;
	size_t		 i;

	for (i = 0; i < NNAMES; i++) {
		if (names[i].openssl == NULL)
			continue;
		x = cert_with(f, names[i].openssl);
		assert_target(f, x, names[i].why, names[i].openssl);
		X509_free(x);
	}
}

static X509 *
cert_with_realm(struct fixture *f, const char *oid, const char *realm)
{
	/* SEQUENCE { [0] { GeneralString } } */
	uint8_t			 der[17] = "\x30\x0f\xa0\x0d\x1b\x0b";
	const unsigned char	*p = der;
	X509			*x = cert_of(f);
	GENERAL_NAMES		*list = sk_GENERAL_NAME_new_null();
	GENERAL_NAME		*name = GENERAL_NAME_new();

	memcpy(der + 6, realm, sizeof(der) - 6);
	assert_int_equal(GENERAL_NAME_set0_othername(name,
	    OBJ_txt2obj(oid, 1), d2i_ASN1_TYPE(NULL, &p,
	    sizeof(der))), 1);
	sk_GENERAL_NAME_push(list, name);
	assert_int_equal(X509_add1_ext_i2d(x, NID_subject_alt_name, list, 0,
	    X509V3_ADD_DEFAULT), 1);
	sk_GENERAL_NAME_pop_free(list, GENERAL_NAME_free);
	return x;
}

static void
a_principal_in_a_certificate_is_held_against_the_domains(void **state)
{
	static const char *const realm[] = { "EXAMPLE.NET", "EXAMPLE.ORG" };
	struct fixture	*f = *state;
	X509		*x;
	size_t		 i;

	for (i = 0; i < 2; i++) {
		x = cert_with_realm(f, "1.3.6.1.5.2.2", realm[i]);
		assert_target(f, x, i == 0 ? "\"EXAMPLE.NET\"" : "", realm[i]);
		X509_free(x);
	}
	/* In the form of a principal, and something else. */
	x = cert_with_realm(f, "1.2.3", realm[1]);
	assert_target(f, x, DENIED "a name of an unknown kind", "1.2.3");
	X509_free(x);
}

static void
each_mail_address_in_a_subject_is_held_against_the_domains(void **state)
{
	static char		 name[] = "probe", from[] = "value";
	static char		 attr[] = "emailAddress";
	static const char *const mail[] = { "a@example.net", "a@example.org" };
	struct order		*bind = bind_order();
	struct profile_attr	 subject = { .attr = attr, .from = from };
	struct profile		 profile = { .name = name, .subject = &subject,
				    .nsubject = 1 };
	struct approval_trust	 t = { .profile = &profile };
	struct order		*o;
	struct error		 e;
	size_t			 i;

	(void)state;
	for (i = 0; i < 2; i++) {
		o = mem_alloc(sizeof(*o));
		o->kind = ORDER_ISSUE;
		o->profile = mem_strdup(name);
		fields_add(&o->fields, from, mail[i]);
		error_clear(&e);
		assert_why(approval_scope_check(bind, o, &t, &e), &e,
		    i == 0 ? "\"example.net\"" : "", mail[i]);
		order_free(&o);
	}
	order_free(&bind);
}

static void
each_mail_address_in_a_certificates_subject_is_held_too(void **state)
{
	static const char *const mail[] = { "a@example.org", "b@example.org",
	    "c@example.net" };
	struct fixture	*f = *state;
	X509		*x;
	size_t		 i;

	x = cert_with(f, "email:a@example.org");
	for (i = 0; i < 3; i++) {
		assert_int_equal(X509_NAME_add_entry_by_NID(
		    X509_get_subject_name(x), NID_pkcs9_emailAddress,
		    MBSTRING_ASC, (const unsigned char *)mail[i], -1, -1, 0),
		    1);
		assert_target(f, x, i < 2 ? "" : "\"example.net\"", mail[i]);
	}
	X509_free(x);
}

static void
who_is_for_some_domains_permits_nothing_and_guesses_no_names(void **state)
{
	static char		 name[] = "probe", other[] = "other";
	struct order		*bind = bind_order();
	struct profile		 profile = { .name = name };
	struct approval_trust	 t = { .profile = &profile };
	struct order		 o = { .kind = ORDER_PERMIT };
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_why(approval_scope_check(bind, &o, &t, &e), &e,
	    "for certain profiles or domains alone", "permit");
	o = (struct order){ .kind = ORDER_ISSUE, .profile = other };
	error_clear(&e);
	assert_why(approval_scope_check(bind, &o, &t, &e), &e,
	    "nobody here knows which names profile other makes", "issue");
	order_free(&bind);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_kind_of_name_in_an_order_is_held_against_the_domains),
		T(names_that_cannot_be_read_are_within_no_domains),
		T(every_kind_of_name_in_a_certificate_is_held_against_the_domains),
		cmocka_unit_test(
		    each_mail_address_in_a_subject_is_held_against_the_domains),
		T(each_mail_address_in_a_certificates_subject_is_held_too),
		cmocka_unit_test(
		    who_is_for_some_domains_permits_nothing_and_guesses_no_names),
		T(a_principal_in_a_certificate_is_held_against_the_domains),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
