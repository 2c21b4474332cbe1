/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include "base/text.h"
#include "os/file.h"
#include "tests/unit/x509_fixture.h"
#include "x509/cert_look.h"
#include "x509/der.h"

/* Each shipped profile but those of CAs. */
static const char *
leaf(struct x509_fixture *f, size_t *i)
{
	for (; *i < f->profiles.n; (*i)++)
		if (!f->profiles.v[*i]->is_ca)
			return f->profiles.v[(*i)++]->name;
	return NULL;
}

/* A spec for one profile, ready to be changed by a test. */
struct order {
	struct cert_spec	 s;
	struct fields		 fields;
	struct buf		 spki;
	EVP_PKEY		*key;
	struct error		 e;
};

static void
order_init(struct order *o, struct x509_fixture *f, const char *profile)
{
	memset(o, 0, sizeof(*o));
	o->s.profile = x509_fixture_profile(f, profile);
	o->s.issuer = strcmp(o->s.profile->cas.v[0], "people") == 0 ?
	    &f->people : &f->services;
	o->s.fields = &o->fields;
	x509_fixture_fields(&o->fields, x509_fixture_fields_for(profile));
	assert_int_equal(key_generate(&o->key, "ec:P-256", &o->e), 0);
	assert_int_equal(key_public_der(&o->spki, o->key, &o->e), 0);
	o->s.spki = BYTES(o->spki.p, o->spki.len);
	assert_int_equal(cert_spec_init(&o->s, NOW, 0, &f->rng, &o->e), 0);
}

static void
order_clear(struct order *o)
{
	fields_clear(&o->fields);
	buf_clear(&o->spki);
	EVP_PKEY_free(o->key);
}

static void
order_issue(struct order *o, struct x509_fixture *f, struct buf *der)
{
	struct buf	 tbs = { 0 };

	assert_int_equal(cert_tbs(&tbs, &o->s, &o->e), 0);
	assert_int_equal(cert_sign(der, BYTES(tbs.p, tbs.len), o->s.issuer,
	    f->ca_key, &o->e), 0);
	buf_clear(&tbs);
}

static void
refused(struct order *o, enum error_code code, const char *text)
{
	assert_string_equal(o->e.text, text);
	assert_int_equal(o->e.code, code);
}

static void
issuer_init_refuses_the_certificate_of_a_leaf(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct issuer		 i;
	struct buf		 der = { 0 };
	const unsigned char	*p;
	X509			*cert;

	order_init(&o, f, "officer");
	order_issue(&o, f, &der);
	p = der.p;
	cert = d2i_X509(NULL, &p, (long)der.len);
	assert_int_equal(issuer_init(&i, "services", cert, &o.e), -1);
	refused(&o, ERROR_CONFIG,
	    "CA \"services\": the certificate is not one of a CA");
	X509_free(cert);
	buf_clear(&der);
	order_clear(&o);
}

static void
cert_spec_init_ends_with_the_issuer_and_counts_both_ends(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	int64_t			 end = f->services.not_after;

	order_init(&o, f, "tls-server");
	assert_int_equal(o.s.not_before, f->services.not_before);
	assert_int_equal(cert_spec_init(&o.s, NOW + 3600, 0, &f->rng, &o.e),
	    0);
	assert_int_equal(o.s.not_before, NOW + 3600 - 300);
	assert_int_equal(o.s.not_after - o.s.not_before + 1, 199 * 86400);
	assert_int_equal(cert_spec_init(&o.s, end - 86400, 0, &f->rng, &o.e),
	    0);
	assert_int_equal(o.s.not_after, end);
	assert_int_equal(cert_spec_init(&o.s, NOW, NOW + 5000, &f->rng, &o.e),
	    0);
	assert_int_equal(o.s.not_after, NOW + 5000);
	order_clear(&o);
}

static void
cert_spec_init_refuses_an_end_in_the_past_and_an_expired_ca(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;

	order_init(&o, f, "tls-server");
	assert_int_equal(cert_spec_init(&o.s, NOW, NOW, &f->rng, &o.e), -1);
	refused(&o, ERROR_INPUT,
	    "the end of validity asked for is not in the future");
	assert_int_equal(cert_spec_init(&o.s, f->services.not_after + 1, 0,
	    &f->rng, &o.e), -1);
	refused(&o, ERROR_CONFIG, "CA \"services\" is not valid now");
	order_clear(&o);
}

static void
cert_spec_init_draws_positive_serials_of_159_bits(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o, other;
	int			 i, high = 0;

	order_init(&o, f, "tls-server");
	order_init(&other, f, "tls-server");
	assert_memory_not_equal(o.s.serial, other.s.serial, CERT_SERIAL_SIZE);
	for (i = 0; i < 2000; i++) {
		assert_int_equal(cert_spec_init(&o.s, NOW, 0, &rng_system,
		    &o.e), 0);
		assert_true(o.s.serial[0] < 0x80);
		/* DER drops a leading zero, and then store and CRL would
		 * know the certificate under another number. */
		assert_true(o.s.serial[0] > 0);
		high |= o.s.serial[0];
	}
	assert_int_equal(high, 0x7f);
	order_clear(&o);
	order_clear(&other);
}

static void
cert_tbs_refuses_a_profile_of_another_ca(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 tbs = { 0 };

	order_init(&o, f, "officer");
	o.s.issuer = &f->people;
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_DENIED,
	    "CA \"people\" does not issue profile \"officer\"");
	assert_int_equal(tbs.len, 0);
	order_clear(&o);
}

/* An issuer with the same name and key, whose certificate is for mail. */
static struct issuer
for_mail_only(const struct issuer *from)
{
	EXTENDED_KEY_USAGE	*usages = EXTENDED_KEY_USAGE_new();
	struct issuer		 i = *from;

	assert_non_null(usages);
	sk_ASN1_OBJECT_push(usages, OBJ_nid2obj(NID_email_protect));
	i.cert = X509_dup(from->cert);
	assert_int_equal(X509_add1_ext_i2d(i.cert, NID_ext_key_usage, usages,
	    0, X509V3_ADD_DEFAULT), 1);
	EXTENDED_KEY_USAGE_free(usages);
	return i;
}

static void
cert_tbs_refuses_usages_that_the_ca_is_not_for(void **state)
{
	struct x509_fixture	*f = *state;
	struct issuer		 mail = for_mail_only(&f->people);
	struct order		 o;
	struct buf		 tbs = { 0 };

	order_init(&o, f, "mail-dual");
	o.s.issuer = &mail;
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_CONFIG, "CA \"people\" is not for the key usage "
	    "1.3.6.1.5.5.7.3.2 of profile \"mail-dual\"");
	assert_int_equal(tbs.len, 0);
	order_clear(&o);

	order_init(&o, f, "mail-sign");
	o.s.issuer = &mail;
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), 0);
	buf_clear(&tbs);
	order_clear(&o);
	X509_free(mail.cert);
}

static void
cert_tbs_refuses_fields_that_the_profile_does_not_take(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 tbs = { 0 };

	order_init(&o, f, "mail-dual");
	fields_add(&o.fields, "colour", "red");
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_INPUT,
	    "field \"colour\": the profile does not take it");
	order_clear(&o);
}

static void
cert_tbs_wants_the_addresses_that_the_profile_wants(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 tbs = { 0 };
	struct issuer		 bare = f->services;
	char			*bad[] = { (char *)(uintptr_t)"https://x/" };

	order_init(&o, f, "officer");
	o.s.issuer = &bare;
	bare.cdp.n = 0;
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_CONFIG, "CA \"services\" has no CRL address and"
	    " profile \"officer\" wants one");
	assert_int_equal(tbs.len, 0);
	bare.cdp = (struct conf_list){ bad, 1 };
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_CONFIG,
	    "\"https://x/\" is not an http or ldap address");
	buf_clear(&tbs);
	order_clear(&o);
}

static void
cert_tbs_refuses_what_is_not_a_public_key(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 tbs = { 0 };

	order_init(&o, f, "officer");
	o.s.spki.len--;
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_INPUT, "malformed public key");
	buf_clear(&tbs);
	order_clear(&o);
}

static void
cert_tbs_gives_the_same_bytes_for_the_same_order(void **state)
{
	struct x509_fixture	*f = *state;
	struct buf		 a = { 0 }, b = { 0 };
	const char		*name;
	struct order		 o;
	size_t			 i;

	for (i = 0; (name = leaf(f, &i)) != NULL;) {
		order_init(&o, f, name);
		a.len = b.len = 0;
		assert_int_equal(cert_tbs(&a, &o.s, &o.e), 0);
		assert_int_equal(cert_tbs(&b, &o.s, &o.e), 0);
		assert_true(bytes_equal(BYTES(a.p, a.len), BYTES(b.p, b.len)));
		order_clear(&o);
	}
	buf_clear(&a);
	buf_clear(&b);
}

static void
cert_sign_refuses_the_key_of_another_ca(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 tbs = { 0 }, der = { 0 };

	order_init(&o, f, "officer");
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), 0);
	assert_int_equal(cert_sign(&der, BYTES(tbs.p, tbs.len), o.s.issuer,
	    f->root_key, &o.e), -1);
	refused(&o, ERROR_CONFIG, "the key is not that of CA \"services\"");
	assert_int_equal(cert_sign(&der, BYTES(tbs.p, tbs.len), o.s.issuer,
	    o.key, &o.e), -1);
	refused(&o, ERROR_CRYPTO, "CA \"services\": own signature: signature"
	    " does not verify");
	assert_int_equal(der.len, 0);
	buf_clear(&tbs);
	order_clear(&o);
}

/* What each kind of change to the order after signing is called. */
static void
change_serial(struct order *o)
{
	o->s.serial[19] ^= 1;
}

static void
change_start(struct order *o)
{
	o->s.not_before++;
}

static void
change_end(struct order *o)
{
	o->s.not_after--;
}

static void
change_subject(struct order *o)
{
	o->fields.v[0].value[0] ^= 1;
}

static void
change_mail(struct order *o)
{
	fields_add(&o->fields, "mail", "b@example.org");
}

static void
change_key(struct order *o)
{
	o->spki.p[o->spki.len - 1] ^= 1;
}

static void
cert_check_names_what_is_not_as_ordered(void **state)
{
	static const struct {
		void		(*change)(struct order *);
		const char	*what;
	} rows[] = {
		{ change_serial, "serialNumber" },
		{ change_start, "notBefore" }, { change_end, "notAfter" },
		{ change_subject, "subject" }, { change_mail, "subjectAltName" },
		{ change_key, "public key" },
	};
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 der = { 0 };
	char			 text[200];
	size_t			 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		der.len = 0;
		order_init(&o, f, "mail-dual");
		order_issue(&o, f, &der);
		assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e),
		    0);
		rows[i].change(&o);
		assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e),
		    -1);
		snprintf(text, sizeof(text), "finished certificate: %s is not"
		    " as ordered", rows[i].what);
		refused(&o, ERROR_BUG, text);
		order_clear(&o);
	}
	buf_clear(&der);
}

/* Each byte of a finished certificate matters, whatever names it has. */
static void
flip_each(struct x509_fixture *f, const char *profile, const char *field,
    const char *value)
{
	struct order		 o;
	struct buf		 der = { 0 };
	size_t			 i;

	order_init(&o, f, profile);
	if (field != NULL)
		fields_add(&o.fields, field, value);
	order_issue(&o, f, &der);
	for (i = 0; i < der.len; i++) {
		der.p[i] ^= 1;
		error_clear(&o.e);
		assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e),
		    -1);
		assert_int_equal(o.e.code, ERROR_BUG);
		der.p[i] ^= 1;
	}
	assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e), 0);
	buf_add(&der, "", 1);
	assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e), -1);
	assert_non_null(strstr(o.e.text, "bytes after the end"));
	buf_clear(&der);
	order_clear(&o);
}

static void
cert_check_notices_every_flipped_bit(void **state)
{
	flip_each(*state, "mail-dual", "mail", "\xc3\xa5sa@example.org");
	flip_each(*state, "pkinit-client", NULL, NULL);
	flip_each(*state, "pkinit-kdc", NULL, NULL);
	flip_each(*state, "card-logon", NULL, NULL);
	flip_each(*state, "time-stamp", NULL, NULL);
	flip_each(*state, "tls-short", NULL, NULL);
	flip_each(*state, "ocsp-signer", NULL, NULL);
}

static void
set_field(struct order *o, const char *name, const char *value)
{
	size_t	 i;

	for (i = 0; i < o->fields.n; i++)
		if (strcmp(o->fields.v[i].name, name) == 0)
			break;
	assert_true(i < o->fields.n);
	mem_free(&o->fields.v[i].value);
	o->fields.v[i].value = mem_strdup(value);
}

/* The names that a field makes are held against it. */
static void
cert_check_knows_each_kind_of_name(void **state)
{
	static const struct {
		const char	*profile, *field, *was, *is, *what;
	} rows[] = {
		{ "pkinit-client", "principal", "alice@R", "alicf@R",
		  "subjectAltName" },
		{ "pkinit-client", "principal", "a/b@R", "a@R",
		  "subjectAltName" },
		{ "pkinit-client", "principal", "a@R.S", "a@R",
		  "subjectAltName" },
		{ "pkinit-kdc", "realm", "A", "B", "subjectAltName" },
		{ "mail-sign", "mail", "\xc3\xa5sa@example.org",
		  "\xc3\xa4sa@example.org", "subjectAltName" },
		{ "mail-sign", "mail", "\xc3\xa5sa@example.org",
		  "asa@example.org", "subjectAltName" },
		{ "card-logon", "sid", "S-1-5-21-1-2-3-4", "S-1-5-21-1-2-3-5",
		  "subjectAltName" },
		{ "card-auth", "card", "1", "2", "subject" },
		{ "domain-gateway", "domain", "a.example", "b.example",
		  "subject" },
	};
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 der = { 0 };
	char			 text[200];
	size_t			 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		der.len = 0;
		order_init(&o, f, rows[i].profile);
		set_field(&o, rows[i].field, rows[i].was);
		order_issue(&o, f, &der);
		if (cert_check(BYTES(der.p, der.len), &o.s, &o.e) == -1)
			fail_msg("%s: %s", rows[i].profile, o.e.text);
		set_field(&o, rows[i].field, rows[i].is);
		assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s,
		    &o.e), -1);
		snprintf(text, sizeof(text), "finished certificate: %s is not"
		    " as ordered", rows[i].what);
		refused(&o, ERROR_BUG, text);
		order_clear(&o);
	}
	buf_clear(&der);
}

/* A profile's settings as a certificate shows them. */
static void
uncritical(struct profile *p)
{
	p->ext_key_usage_critical = false;
}

static void
with_ocsp(struct profile *p)
{
	p->ocsp = true;
}

static void
revocable(struct profile *p)
{
	p->no_rev_avail = false;
}

static void
checked(struct profile *p)
{
	p->ocsp_nocheck = false;
}

static void
another_policy(struct profile *p)
{
	p->npolicies = 0;
}

static void
another_usage(struct profile *p)
{
	p->key_usage = p->key_usage_ec = 2;
}

static void
cert_check_knows_each_setting_of_a_profile(void **state)
{
	static const struct {
		const char	*profile;
		void		(*change)(struct profile *);
		const char	*what;
	} rows[] = {
		{ "time-stamp", uncritical, "extKeyUsage" },
		{ "tls-short", with_ocsp, "authorityInfoAccess" },
		{ "tls-short", revocable, "the number of extensions" },
		{ "ocsp-signer", checked, "subjectKeyIdentifier" },
		{ "mailbox-sign", another_policy, "subjectAltName" },
		{ "mailbox-sign", another_usage, "keyUsage" },
	};
	struct x509_fixture	*f = *state;
	struct profile		 changed;
	struct order		 o;
	struct buf		 der = { 0 };
	char			 text[200];
	size_t			 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		der.len = 0;
		order_init(&o, f, rows[i].profile);
		order_issue(&o, f, &der);
		changed = *o.s.profile;
		rows[i].change(&changed);
		o.s.profile = &changed;
		assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s,
		    &o.e), -1);
		snprintf(text, sizeof(text), "finished certificate: %s is not"
		    " as ordered", rows[i].what);
		refused(&o, ERROR_BUG, text);
		order_clear(&o);
	}
	buf_clear(&der);
}

static void
mail_wants_addresses_that_the_baseline_allows(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 tbs = { 0 };
	struct issuer		 bare = f->people;
	char			*ldap[] = { (char *)(uintptr_t)"ldap://x/" };

	order_init(&o, f, "mail-sign");
	o.s.issuer = &bare;
	bare.ocsp.n = 0;
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_CONFIG, "CA \"people\" has no OCSP address and"
	    " profile \"mail-sign\" wants one");
	bare = f->people;
	bare.cdp = (struct conf_list){ ldap, 1 };
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), -1);
	refused(&o, ERROR_CONFIG, "\"ldap://x/\" is not an http address, which"
	    " the S/MIME baseline wants");
	o.s.profile = x509_fixture_profile(f, "web-login");
	fields_clear(&o.fields);
	x509_fixture_fields(&o.fields, "name=Alice");
	error_clear(&o.e);
	assert_int_equal(cert_tbs(&tbs, &o.s, &o.e), 0);
	buf_clear(&tbs);
	order_clear(&o);
}

/* What OpenSSL finds in the certificate, without our reader. */
static void
names_are_written_as_their_standards_say(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	X509			*cert;
	GENERAL_NAMES		*names;
	const GENERAL_NAME	*n;
	const ASN1_STRING	*der;
	/* RFC 4556 3.2.2: realm A, name of type 2: krbtgt, A */
	static const uint8_t	 want[] = { 0x30, 0x1d, 0xa0, 0x03, 0x1b, 0x01,
	    'A', 0xa1, 0x16, 0x30, 0x14, 0xa0, 0x03, 0x02, 0x01, 0x02, 0xa1,
	    0x0d, 0x30, 0x0b, 0x1b, 0x06, 'k', 'r', 'b', 't', 'g', 't', 0x1b,
	    0x01, 'A' };
	struct buf		 text = { 0 };
	int64_t			 type;

	order_init(&o, f, "pkinit-kdc");
	set_field(&o, "realm", "A");
	cert = x509_fixture_issue(&o.s, f->ca_key, o.key, &f->rng, NULL);
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 2);
	n = sk_GENERAL_NAME_value(names, 0);
	assert_int_equal(n->type, GEN_OTHERNAME);
	der = n->d.otherName->value->value.sequence;
	assert_int_equal(ASN1_STRING_length(der), sizeof(want));
	assert_memory_equal(ASN1_STRING_get0_data(der), want, sizeof(want));
	assert_int_equal(cert_principal_text(&text, &type, BYTES(want,
	    sizeof(want))), 0);
	assert_string_equal(buf_cstr(&text), "krbtgt/A@A");
	assert_int_equal(type, 2);
	assert_int_equal(cert_principal_text(&text, &type, BYTES(want,
	    sizeof(want) - 1)), -1);
	buf_clear(&text);
	GENERAL_NAMES_free(names);
	X509_free(cert);
	order_clear(&o);

	order_init(&o, f, "mailbox-sign");
	set_field(&o, "mail", "\xc3\xa5sa@example.org");
	cert = x509_fixture_issue(&o.s, f->ca_key, o.key, &f->rng, NULL);
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	n = sk_GENERAL_NAME_value(names, 0);
	assert_int_equal(n->type, GEN_OTHERNAME);
	assert_int_equal(OBJ_obj2nid(n->d.otherName->type_id),
	    NID_id_on_SmtpUTF8Mailbox);
	assert_int_equal(n->d.otherName->value->type, V_ASN1_UTF8STRING);
	GENERAL_NAMES_free(names);
	X509_free(cert);
	order_clear(&o);
}

/* The signature is cert_sign()'s business, all else is not. */
static void
cert_check_content_looks_at_all_but_the_signature(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 der = { 0 };

	order_init(&o, f, "mail-dual");
	order_issue(&o, f, &der);
	der.p[der.len - 1] ^= 1;
	assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e), -1);
	error_clear(&o.e);
	assert_int_equal(cert_check_content(BYTES(der.p, der.len), &o.s,
	    &o.e), 0);
	change_mail(&o);
	assert_int_equal(cert_check_content(BYTES(der.p, der.len), &o.s,
	    &o.e), -1);
	refused(&o, ERROR_BUG,
	    "finished certificate: subjectAltName is not as ordered");
	buf_clear(&der);
	order_clear(&o);
}

/* A certificate of one profile must not pass for another's. */
static void
cert_check_tells_profiles_apart(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 der = { 0 };

	order_init(&o, f, "officer");
	order_issue(&o, f, &der);
	o.s.profile = x509_fixture_profile(f, "security-officer");
	assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e), -1);
	refused(&o, ERROR_BUG,
	    "finished certificate: extKeyUsage is not as ordered");
	o.s.profile = x509_fixture_profile(f, "officer");
	o.s.issuer = &f->root;
	assert_int_equal(cert_check(BYTES(der.p, der.len), &o.s, &o.e), -1);
	refused(&o, ERROR_BUG, "finished certificate: signature algorithm is"
	    " not as ordered");
	buf_clear(&der);
	order_clear(&o);
}

/* With CERT_DUMP in the environment, for people and other tools to look at. */
static void
dump(const char *profile, const char *alg, const struct buf *der)
{
	struct error	 e = ERROR_INIT;
	const char	*dir = getenv("CERT_DUMP");
	char		*path;

	if (dir == NULL)
		return;
	path = mem_printf("%s/%s-%.3s.der", dir, profile, alg);
	assert_int_equal(file_store(path, der->p, der->len, 0644, &e), 0);
	mem_free(&path);
}

static void
each_profile_issues_certificates_that_chain_to_the_root(void **state)
{
	static const char *const	 algs[] = { "ec:P-256", "rsa:2048" };
	struct x509_fixture		*f = *state;
	STACK_OF(X509)			*anchors = sk_X509_new_null();
	STACK_OF(X509)			*between = sk_X509_new_null();
	struct error			 e = ERROR_INIT;
	struct buf			 der = { 0 };
	const char			*name;
	EVP_PKEY			*key;
	size_t				 i, k;

	sk_X509_push(anchors, f->root_cert);
	sk_X509_push(between, f->ca_cert);
	for (k = 0; k < 2; k++) {
		assert_int_equal(key_generate(&key, algs[k], &e), 0);
		for (i = 0; (name = leaf(f, &i)) != NULL;) {
			struct order	 o;
			X509		*cert;

			order_init(&o, f, name);
			der.len = 0;
			cert = x509_fixture_issue(&o.s, f->ca_key, key,
			    &f->rng, &der);
			dump(name, algs[k], &der);
			if (cert_verify_chain(cert, between, anchors, NOW,
			    &e) == -1)
				fail_msg("%s", e.text);
			assert_int_equal(X509_check_ca(cert), 0);
			X509_free(cert);
			order_clear(&o);
		}
		EVP_PKEY_free(key);
	}
	buf_clear(&der);
	sk_X509_free(anchors);
	sk_X509_free(between);
}

/* One that differs in its signature only was made here: OpenSSL keeps no encoding
 * of such a one. */
static void
cert_is_same_looks_at_each_octet(void **state)
{
	struct x509_fixture	*f = *state;
	X509			*copy = X509_dup(f->ca_cert);
	X509			*signed_anew = X509_dup(f->ca_cert);

	assert_true(X509_sign(signed_anew, f->root_key, EVP_sha512()) > 0);
	assert_false(cert_is_same(f->ca_cert, f->root_cert));
	assert_false(cert_is_same(signed_anew, f->ca_cert));
	assert_int_equal(ERR_peek_error(), 0);
	assert_true(cert_is_same(f->ca_cert, copy));
	assert_true(cert_is_same(signed_anew, signed_anew));
	X509_free(signed_anew);
	X509_free(copy);
}

/* The same certificate, for which another key signs; and the same key, which has
 * another name. */
static void
cert_is_by_wants_the_name_and_the_key(void **state)
{
	struct x509_fixture	*f = *state;
	X509			*impostor = X509_dup(f->root_cert);
	X509			*renamed = X509_dup(f->root_cert);

	assert_int_equal(X509_set_pubkey(impostor,
	    X509_get0_pubkey(f->ca_cert)), 1);
	assert_int_equal(X509_set_subject_name(renamed,
	    X509_get_subject_name(f->ca_cert)), 1);
	assert_false(cert_is_by(f->ca_cert, f->ca_cert));
	assert_false(cert_is_by(f->ca_cert, impostor));
	assert_false(cert_is_by(f->ca_cert, renamed));
	assert_int_equal(ERR_peek_error(), 0);
	assert_true(cert_is_by(f->ca_cert, f->root_cert));
	assert_true(cert_is_by(f->root_cert, f->root_cert));
	X509_free(renamed);
	X509_free(impostor);
}

static void
cert_verify_chain_refuses_late_early_and_strange_certificates(void **state)
{
	struct x509_fixture	*f = *state;
	STACK_OF(X509)		*anchors = sk_X509_new_null();
	STACK_OF(X509)		*none = sk_X509_new_null();
	struct error		 e = ERROR_INIT;

	sk_X509_push(anchors, f->root_cert);
	assert_int_equal(cert_verify_chain(f->ca_cert, NULL, anchors, NOW, &e),
	    0);
	assert_int_equal(cert_verify_chain(f->root_cert, NULL, anchors, NOW,
	    &e), 0);
	assert_int_equal(cert_verify_chain(f->ca_cert, NULL, anchors,
	    f->people.not_after + 1, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "certificate of CN=Example CA,"
	    "O=Example AB,C=SE: certificate has expired");
	assert_int_equal(cert_verify_chain(f->ca_cert, NULL, anchors,
	    f->people.not_before - 1, &e), -1);
	assert_non_null(strstr(e.text, "not yet valid"));
	assert_int_equal(cert_verify_chain(f->ca_cert, NULL, none, NOW, &e),
	    -1);
	assert_non_null(strstr(e.text, "unable to get local issuer"));
	sk_X509_free(anchors);
	sk_X509_free(none);
}

static void
cert_role_and_person_come_from_the_certificate(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct buf		 der = { 0 };
	struct cert_look	 look;
	struct error		 e = ERROR_INIT;
	X509			*cert;
	char			 person[65];
	const char		*name;
	size_t			 i;

	for (i = 0; (name = leaf(f, &i)) != NULL;) {
		order_init(&o, f, name);
		der.len = 0;
		cert = x509_fixture_issue(&o.s, f->ca_key, o.key, &f->rng,
		    &der);
		assert_int_equal(cert_role(cert), role_of(name));
		assert_int_equal(cert_look(&look, BYTES(der.p, der.len), &e),
		    0);
		assert_int_equal(cert_role_in(look.ext_key_usage),
		    role_of(name));
		assert_int_equal(cert_person(cert, person), 0);
		assert_string_equal(person, strcmp(name, "card-auth") == 0 ?
		    "4711" : fields_get(&o.fields, "id", 0) != NULL ? "17" :
		    "");
		X509_free(cert);
		order_clear(&o);
	}
	buf_clear(&der);
	assert_int_equal(cert_role(f->ca_cert), ROLE_NONE);
	assert_int_equal(cert_role_in(BYTES(NULL, 0)), ROLE_NONE);
}

/* The value: emailProtection, whose last octet is given, and a role. */
static enum role
role_beside(uint8_t last, const char *role, const char *more)
{
	struct buf	 b = { 0 };
	enum role	 r;
	size_t		 mark = der_begin(&b, DER_SEQUENCE);

	der_put(&b, DER_OID, (uint8_t[]){ 0x2b, 6, 1, 5, 5, 7, 3, last }, 8);
	der_put_oid(&b, role);
	if (more != NULL)
		der_put_oid(&b, more);
	der_end(&b, mark);
	r = cert_role_in(BYTES(b.p, b.len));
	buf_clear(&b);
	return r;
}

static void
no_role_is_read_from_what_is_not_whole_or_has_two(void **state)
{
	static const uint8_t	 one[] = { DER_OID, 1, 0x2a };

	(void)state;
	assert_int_equal(role_beside(0xf8, OID_ROLE_OFFICER, NULL), ROLE_NONE);
	assert_int_equal(role_beside(4, OID_ROLE_OFFICER, OID_ROLE_AUDITOR),
	    ROLE_NONE);
	assert_int_equal(role_beside(4, OID_ROLE_OFFICER, OID_ROLE_OFFICER),
	    ROLE_NONE);
	assert_int_equal(cert_role_in(BYTES(one, sizeof(one))), ROLE_NONE);
	assert_int_equal(role_beside(4, OID_ROLE_OFFICER, NULL), ROLE_OFFICER);
}

static void
cert_info_tells_what_listings_need(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	struct cert_info	 i;
	struct buf		 der = { 0 };
	uint8_t			 digest[32];
	X509			*cert;

	order_init(&o, f, "officer");
	cert = x509_fixture_issue(&o.s, f->ca_key, o.key, &f->rng, &der);
	assert_int_equal(cert_info(&i, cert, &o.e), 0);
	assert_string_equal(i.subject,
	    "CN=Alice Holm,serialNumber=17,O=Example AB");
	assert_int_equal(i.not_before, o.s.not_before);
	assert_int_equal(i.not_after, o.s.not_after);
	assert_int_equal(i.serial_len, CERT_SERIAL_SIZE);
	assert_memory_equal(i.serial, o.s.serial, CERT_SERIAL_SIZE);
	assert_int_equal(key_digest(digest, o.key, &o.e), 0);
	assert_memory_equal(i.key_digest, digest, 32);
	EVP_Digest(der.p, der.len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(i.digest, digest, 32);
	cert_info_clear(&i);
	X509_free(cert);
	buf_clear(&der);
	order_clear(&o);
}

static void
mail_dual_has_the_fields_of_the_smime_baseline(void **state)
{
	struct x509_fixture	*f = *state;
	struct order		 o;
	X509			*cert;
	char			*subject;

	order_init(&o, f, "mail-dual");
	cert = x509_fixture_issue(&o.s, f->ca_key, o.key, &f->rng, NULL);
	subject = name_text(X509_get_subject_name(cert));
	assert_string_equal(subject, "CN=Alice Holm,serialNumber=17,GN=Alice,"
	    "SN=Holm,organizationIdentifier=NTRSE-5560000001,O=Example AB,"
	    "C=SE");
	assert_int_equal(X509_get_key_usage(cert),
	    KU_DIGITAL_SIGNATURE | KU_KEY_AGREEMENT);
	assert_int_equal(X509_get_extended_key_usage(cert),
	    XKU_SMIME | XKU_SSL_CLIENT);
	assert_int_equal(X509_check_email(cert, "alice@example.org", 0, 0), 1);
	assert_int_equal(X509_get_ext_by_NID(cert, NID_basic_constraints, -1),
	    -1);
	assert_int_equal(X509_get_ext_count(cert), 8);
	mem_free(&subject);
	X509_free(cert);
	order_clear(&o);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(issuer_init_refuses_the_certificate_of_a_leaf),
		cmocka_unit_test(
		    cert_spec_init_ends_with_the_issuer_and_counts_both_ends),
		cmocka_unit_test(
		    cert_spec_init_refuses_an_end_in_the_past_and_an_expired_ca),
		cmocka_unit_test(
		    cert_spec_init_draws_positive_serials_of_159_bits),
		cmocka_unit_test(cert_tbs_refuses_a_profile_of_another_ca),
		cmocka_unit_test(
		    cert_tbs_refuses_usages_that_the_ca_is_not_for),
		cmocka_unit_test(
		    cert_tbs_refuses_fields_that_the_profile_does_not_take),
		cmocka_unit_test(
		    cert_tbs_wants_the_addresses_that_the_profile_wants),
		cmocka_unit_test(cert_tbs_refuses_what_is_not_a_public_key),
		cmocka_unit_test(
		    cert_tbs_gives_the_same_bytes_for_the_same_order),
		cmocka_unit_test(cert_sign_refuses_the_key_of_another_ca),
		cmocka_unit_test(cert_check_names_what_is_not_as_ordered),
		cmocka_unit_test(cert_check_notices_every_flipped_bit),
		cmocka_unit_test(cert_check_knows_each_kind_of_name),
		cmocka_unit_test(cert_check_knows_each_setting_of_a_profile),
		cmocka_unit_test(mail_wants_addresses_that_the_baseline_allows),
		cmocka_unit_test(names_are_written_as_their_standards_say),
		cmocka_unit_test(cert_check_content_looks_at_all_but_the_signature),
		cmocka_unit_test(cert_check_tells_profiles_apart),
		cmocka_unit_test(
		    each_profile_issues_certificates_that_chain_to_the_root),
		cmocka_unit_test(cert_is_same_looks_at_each_octet),
		cmocka_unit_test(cert_is_by_wants_the_name_and_the_key),
		cmocka_unit_test(
		    cert_verify_chain_refuses_late_early_and_strange_certificates),
		cmocka_unit_test(
		    cert_role_and_person_come_from_the_certificate),
		cmocka_unit_test(
		    no_role_is_read_from_what_is_not_whole_or_has_two),
		cmocka_unit_test(cert_info_tells_what_listings_need),
		cmocka_unit_test(
		    mail_dual_has_the_fields_of_the_smime_baseline),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, x509_fixture_setup,
	    x509_fixture_teardown);
}
