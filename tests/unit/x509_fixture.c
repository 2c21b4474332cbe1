/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/x509_fixture.h"

static char	*url_crl[] =
    { (char *)(uintptr_t)"http://pki.example.org/ca.crl" };
static char	*url_ocsp[] = { (char *)(uintptr_t)"http://ocsp.example.org/" };
static char	*url_aia[] =
    { (char *)(uintptr_t)"http://pki.example.org/ca.cer" };

static void
give_urls(struct issuer *i)
{
	i->cdp = (struct conf_list){ url_crl, 1 };
	i->ocsp = (struct conf_list){ url_ocsp, 1 };
	i->aia = (struct conf_list){ url_aia, 1 };
}

const struct profile *
x509_fixture_profile(const struct x509_fixture *f, const char *name)
{
	const struct profile	*p;
	struct error		 e = ERROR_INIT;

	assert_int_equal(profiles_find(&f->profiles, name, &p, &e), 0);
	return p;
}

void
x509_fixture_fields(struct fields *f, const char *text)
{
	char	*copy = mem_strdup(text), *p = copy, *pair, *value;

	while ((pair = strsep(&p, ";")) != NULL) {
		value = strchr(pair, '=');
		assert_non_null(value);
		*value++ = '\0';
		fields_add(f, pair, value);
	}
	mem_free(&copy);
}

static const struct {
	const char	*profile;	/* or how its name begins */
	const char	*fields;
} fields_for[] = {
	{ "mailbox-", "mail=alice@example.org" },
	{ "organization-", "country=SE;org=Example AB;mail=post@example.org;"
	  "orgid=NTRSE-5560000001" },
	{ "individual-", "country=SE;surname=Holm;given=Alice;id=17;"
	  "name=Alice Holm;mail=alice@example.org" },
	{ "mail-", "country=SE;org=Example AB;orgid=NTRSE-5560000001;"
	  "surname=Holm;given=Alice;name=Alice Holm;id=17;"
	  "mail=alice@example.org" },
	{ "web-login", "name=Alice Holm;given=Alice;surname=Holm;"
	  "country=SE;org=Example AB;upn=alice@example.org" },
	{ "card-auth", "org=Example AB;card=4711" },
	{ "card-logon", "name=Alice Holm;upn=alice@example.org;"
	  "sid=S-1-5-21-1004336348-1177238915-682003330-512" },
	{ "pkinit-client", "name=Alice Holm;principal=alice@EXAMPLE.ORG" },
	{ "pkinit-kdc", "realm=EXAMPLE.ORG;dns=kdc.example.org" },
	{ "tls-client", "name=Relay;dns=mx.example.org" },
	{ "tls-", "dns=www.example.org;dns=example.org" },
	{ "domain-gateway", "org=Example AB;domain=example.org;"
	  "domain=example.com" },
	{ "ocsp-signer", "name=Responder" },
	{ "time-stamp", "org=Example AB;name=Unit 1" },
	{ "code-sign", "country=SE;org=Example AB;name=Example AB" },
	{ "root", "country=SE;org=Example AB;name=Example Root" },
	{ "sub-ca", "country=SE;org=Example AB;name=Example CA" },
	{ "", "org=Example AB;id=17;name=Alice Holm" },
};

const char *
x509_fixture_fields_for(const char *profile)
{
	size_t	 i = 0;

	while (strncmp(profile, fields_for[i].profile,
	    strlen(fields_for[i].profile)) != 0)
		i++;
	return fields_for[i].fields;
}

X509 *
x509_fixture_issue(struct cert_spec *s, EVP_PKEY *ca, EVP_PKEY *subject,
    const struct rng *rng, struct buf *der)
{
	struct buf		 spki = { 0 }, tbs = { 0 }, own = { 0 };
	struct error		 e = ERROR_INIT;
	const unsigned char	*p;
	X509			*cert;

	assert_int_equal(key_public_der(&spki, subject, &e), 0);
	s->spki = BYTES(spki.p, spki.len);
	if (der == NULL)
		der = &own;
	if (cert_spec_init(s, NOW, 0, rng, &e) == -1 ||
	    cert_tbs(&tbs, s, &e) == -1 ||
	    cert_sign(der, BYTES(tbs.p, tbs.len), s->issuer, ca, &e) == -1 ||
	    cert_check(BYTES(der->p, der->len), s, &e) == -1)
		fail_msg("%s: %s", s->profile->name, e.text);
	p = der->p;
	cert = d2i_X509(NULL, &p, (long)der->len);
	assert_non_null(cert);
	buf_clear(&spki);
	buf_clear(&tbs);
	buf_clear(&own);
	s->spki = BYTES(NULL, 0);
	return cert;
}

static void
make_root(struct x509_fixture *f, struct error *e)
{
	struct fields		 fields = { 0 };
	struct cert_spec	 s = {
		.profile = x509_fixture_profile(f, "root"),
		.issuer = &f->self, .fields = &fields,
	};

	x509_fixture_fields(&fields, x509_fixture_fields_for("root"));
	assert_int_equal(key_generate(&f->root_key, "ec:P-384", e), 0);
	assert_int_equal(issuer_init_self(&f->self, "root", f->root_key,
	    s.profile, &fields, e), 0);
	f->root_cert = x509_fixture_issue(&s, f->root_key, f->root_key,
	    &f->rng, NULL);
	assert_int_equal(issuer_init(&f->root, "root", f->root_cert, e), 0);
	give_urls(&f->root);
	fields_clear(&fields);
}

static void
make_ca(struct x509_fixture *f, struct error *e)
{
	struct fields		 fields = { 0 };
	struct cert_spec	 s = {
		.profile = x509_fixture_profile(f, "sub-ca"),
		.issuer = &f->root, .fields = &fields,
	};

	x509_fixture_fields(&fields, x509_fixture_fields_for("sub-ca"));
	assert_int_equal(key_generate(&f->ca_key, "ec:P-256", e), 0);
	f->ca_cert = x509_fixture_issue(&s, f->root_key, f->ca_key, &f->rng,
	    NULL);
	assert_int_equal(issuer_init(&f->people, "people", f->ca_cert, e), 0);
	assert_int_equal(issuer_init(&f->services, "services", f->ca_cert, e),
	    0);
	give_urls(&f->people);
	give_urls(&f->services);
	fields_clear(&fields);
}

int
x509_fixture_setup(void **state)
{
	struct x509_fixture	*f = mem_alloc(sizeof(*f));
	struct error		 e = ERROR_INIT;
	const char		*src = getenv("srcdir");
	char			*dir;

	dir = mem_printf("%s/etc/profiles", src == NULL ? "." : src);
	if (profiles_load(&f->profiles, dir, &e) == -1)
		fail_msg("%s", e.text);
	mem_free(&dir);
	f->rng = rng_seeded(7);
	make_root(f, &e);
	make_ca(f, &e);
	*state = f;
	return 0;
}

int
x509_fixture_teardown(void **state)
{
	struct x509_fixture	*f = *state;

	issuer_clear(&f->self);
	issuer_clear(&f->root);
	issuer_clear(&f->people);
	issuer_clear(&f->services);
	X509_free(f->root_cert);
	X509_free(f->ca_cert);
	EVP_PKEY_free(f->root_key);
	EVP_PKEY_free(f->ca_key);
	profiles_free(&f->profiles);
	mem_free(&f);
	return 0;
}
