/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last gate before a certificate leaves: what OpenSSL reads from it,
 * against what was to be written.  Nothing here uses our DER writer for the
 * certificate's own values, so that an error there cannot hide.
 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "x509/alg.h"
#include "x509/cert.h"
#include "x509/cert_private.h"
#include "x509/der.h"

int
cert_differs(struct error *e, const char *what)
{
	ERR_clear_error();
	return error_set(e, ERROR_BUG,
	    "finished certificate: %s is not as ordered", what);
}

bool
cert_object_is(const ASN1_OBJECT *o, const char *dotted)
{
	char	 text[128];

	return OBJ_obj2txt(text, sizeof(text), o, 1) > 0 &&
	    strcmp(text, dotted) == 0;
}

bool
cert_string_is(const ASN1_STRING *s, const void *p, size_t len)
{
	return (size_t)ASN1_STRING_length(s) == len &&
	    memcmp(ASN1_STRING_get0_data(s), p, len) == 0;
}

bool
cert_text_is(const ASN1_STRING *s, const char *text)
{
	return cert_string_is(s, text, strlen(text));
}

/*
 * A finished certificate, taken apart.  OpenSSL reads names, times and
 * extensions; d2i_X509() as a whole would also decode the key, which takes
 * longer than everything else together and is only compared here.
 */
struct parts {
	struct bytes		 tbs, outer_alg, signature;
	struct bytes		 version, serial, alg, issuer, key;
	struct bytes		 subject_der;
	ASN1_TIME		*not_before, *not_after;
	X509_NAME		*subject;
	X509_EXTENSIONS		*extensions;
};

static void
parts_clear(struct parts *c)
{
	ASN1_TIME_free(c->not_before);
	ASN1_TIME_free(c->not_after);
	X509_NAME_free(c->subject);
	sk_X509_EXTENSION_pop_free(c->extensions, X509_EXTENSION_free);
}

static ASN1_TIME *
parts_time(struct bytes *in)
{
	const unsigned char	*p = in->p;
	ASN1_TIME		*t = d2i_ASN1_TIME(NULL, &p, (long)in->len);

	if (t != NULL) {
		in->len -= (size_t)(p - in->p);
		in->p = p;
	}
	return t;
}

static int
parts_tbs(struct parts *c, struct bytes tbs)
{
	struct bytes		 in, version, validity, extensions;
	const unsigned char	*p;

	if (der_take(&tbs, DER_SEQUENCE, &in) == -1 ||
	    der_take(&in, DER_CONTEXT_CONS(0), &version) == -1 ||
	    der_take(&version, DER_INTEGER, &c->version) == -1 ||
	    der_take(&in, DER_INTEGER, &c->serial) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &c->alg) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &c->issuer) == -1 ||
	    der_take(&in, DER_SEQUENCE, &validity) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &c->subject_der) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &c->key) == -1 ||
	    der_take(&in, DER_CONTEXT_CONS(3), &extensions) == -1 ||
	    version.len != 0 || in.len != 0)
		return -1;
	c->not_before = parts_time(&validity);
	c->not_after = parts_time(&validity);
	p = c->subject_der.p;
	c->subject = d2i_X509_NAME(NULL, &p, (long)c->subject_der.len);
	p = extensions.p;
	c->extensions = d2i_X509_EXTENSIONS(NULL, &p, (long)extensions.len);
	return c->not_before == NULL || c->not_after == NULL ||
	    validity.len != 0 || c->subject == NULL ||
	    c->extensions == NULL || p != extensions.p + extensions.len ?
	    -1 : 0;
}

static int
parts_take(struct parts *c, struct bytes der)
{
	struct bytes	 in;

	if (der_take(&der, DER_SEQUENCE, &in) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &c->tbs) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &c->outer_alg) == -1 ||
	    der_take(&in, DER_BIT_STRING, &c->signature) == -1 ||
	    in.len != 0 || c->signature.len < 2 || c->signature.p[0] != 0)
		return -1;
	c->signature.p++;
	c->signature.len--;
	return parts_tbs(c, c->tbs);
}

static bool
same_entry(const X509_NAME_ENTRY *entry, const struct name_attr *a,
    const char *value)
{
	const ASN1_STRING	*s = X509_NAME_ENTRY_get_data(entry);

	return cert_object_is(X509_NAME_ENTRY_get_object(entry), a->oid) &&
	    ASN1_STRING_type(s) == a->der_tag && cert_text_is(s, value);
}

static int
check_subject(const struct parts *c, const struct cert_spec *s,
    struct error *e)
{
	const struct profile	*p = s->profile;
	char			 room[FIELD_VALUE_MAX + 1];
	const char		*value;
	size_t			 i;
	int			 n = 0;

	if (s->subject.len > 0)
		return bytes_equal(c->subject_der, s->subject) ? 0 :
		    cert_differs(e, "subject");
	for (i = 0; i < p->nsubject; i++) {
		if ((value = profile_subject_value(p, i, s->fields,
		    room)) == NULL)
			continue;
		if (n >= X509_NAME_entry_count(c->subject) ||
		    !same_entry(X509_NAME_get_entry(c->subject, n),
		    name_attr_find(p->subject[i].attr), value))
			return cert_differs(e, "subject");
		n++;
	}
	return n == X509_NAME_entry_count(c->subject) ? 0 :
	    cert_differs(e, "subject");
}

/* The magnitude without the zeros that DER adds or leaves out. */
static bool
same_serial(struct bytes a, const struct cert_spec *s)
{
	struct bytes	 b = BYTES(s->serial, CERT_SERIAL_SIZE);

	if (a.len == 0 || (a.p[0] & 0x80) != 0)
		return false;
	while (a.len > 0 && a.p[0] == 0)
		a = BYTES(a.p + 1, a.len - 1);
	while (b.len > 0 && b.p[0] == 0)
		b = BYTES(b.p + 1, b.len - 1);
	return bytes_equal(a, b);
}

static int
check_frame(const struct parts *c, const struct cert_spec *s,
    struct error *e)
{
	struct bytes	 alg = BYTES(s->issuer->alg.p, s->issuer->alg.len);

	if (c->version.len != 1 || c->version.p[0] != X509_VERSION_3)
		return cert_differs(e, "version");
	if (!same_serial(c->serial, s))
		return cert_differs(e, "serialNumber");
	if (!bytes_equal(c->alg, alg) || !bytes_equal(c->outer_alg, alg))
		return cert_differs(e, "signature algorithm");
	if (!bytes_equal(c->issuer, BYTES(s->issuer->subject.p,
	    s->issuer->subject.len)))
		return cert_differs(e, "issuer");
	if (ASN1_TIME_cmp_time_t(c->not_before, (time_t)s->not_before) != 0)
		return cert_differs(e, "notBefore");
	if (ASN1_TIME_cmp_time_t(c->not_after, (time_t)s->not_after) != 0)
		return cert_differs(e, "notAfter");
	if (!bytes_equal(c->key, s->spki))
		return cert_differs(e, "public key");
	return 0;
}

static int
check_signature(const struct parts *c, const struct cert_spec *s,
    struct error *e)
{
	const unsigned char	*p = s->spki.p;
	const struct alg_sig	*sig;
	EVP_PKEY		*own = NULL, *key;
	int			 rc = 0;

	if (cert_is_self(s))
		key = own = d2i_PUBKEY(NULL, &p, (long)s->spki.len);
	else
		key = X509_get0_pubkey(s->issuer->cert);
	if (key == NULL || alg_sig_find(&sig, c->outer_alg, e) == -1 ||
	    alg_verify(sig, key, c->tbs, c->signature, e) == -1) {
		error_clear(e);
		rc = cert_differs(e, "signature");
	}
	EVP_PKEY_free(own);
	return rc;
}

static int
check_parts(struct bytes der, const struct cert_spec *s, bool signature,
    struct error *e)
{
	struct parts	 c = { .not_before = NULL };
	int		 rc = -1;

	if (der_check(der, 16, e) == -1) {
		e->code = ERROR_BUG;
		return error_wrap(e, "finished certificate");
	}
	if (parts_take(&c, der) == -1)
		cert_differs(e, "encoding");
	else if (check_frame(&c, s, e) == 0 && check_subject(&c, s, e) == 0 &&
	    cert_check_extensions(c.extensions, s, e) == 0)
		rc = signature ? check_signature(&c, s, e) : 0;
	parts_clear(&c);
	return rc;
}

int
cert_check(struct bytes der, const struct cert_spec *s, struct error *e)
{
	return check_parts(der, s, true, e);
}

int
cert_check_content(struct bytes der, const struct cert_spec *s,
    struct error *e)
{
	return check_parts(der, s, false, e);
}
