/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last gate before a certificate leaves: what OpenSSL reads from it,
 * against what was to be written.  Nothing here uses our DER writer for the
 * certificate's own values, so that an error there cannot hide.
 */
#include <arpa/inet.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "x509/cert.h"
#include "x509/cert_private.h"
#include "x509/der.h"

static int
differs(struct error *e, const char *what)
{
	ERR_clear_error();
	return error_set(e, ERROR_BUG,
	    "finished certificate: %s is not as ordered", what);
}

static bool
object_is(const ASN1_OBJECT *o, const char *dotted)
{
	char	 text[128];

	return OBJ_obj2txt(text, sizeof(text), o, 1) > 0 &&
	    strcmp(text, dotted) == 0;
}

static bool
string_is(const ASN1_STRING *s, const void *p, size_t len)
{
	return (size_t)ASN1_STRING_length(s) == len &&
	    memcmp(ASN1_STRING_get0_data(s), p, len) == 0;
}

static bool
text_is(const ASN1_STRING *s, const char *text)
{
	return string_is(s, text, strlen(text));
}

static bool
uri_is(const GENERAL_NAME *n, const char *url)
{
	return n->type == GEN_URI &&
	    text_is(n->d.uniformResourceIdentifier, url);
}

/*
 * One row per extension: is it wanted, is it critical, has it the value?
 */
static bool
want_aki(const struct cert_spec *s)
{
	return !cert_is_self(s);
}

static bool
same_aki(X509_EXTENSION *x, const struct cert_spec *s)
{
	AUTHORITY_KEYID	*a = X509V3_EXT_d2i(x);
	bool		 ok;

	ok = a != NULL && a->keyid != NULL && a->issuer == NULL &&
	    a->serial == NULL &&
	    string_is(a->keyid, s->issuer->ski, s->issuer->ski_len);
	AUTHORITY_KEYID_free(a);
	return ok;
}

static bool
always(const struct cert_spec *s)
{
	(void)s;
	return true;
}

static bool
never(const struct cert_spec *s)
{
	(void)s;
	return false;
}

static bool
same_ski(X509_EXTENSION *x, const struct cert_spec *s)
{
	ASN1_OCTET_STRING	*a = X509V3_EXT_d2i(x);
	struct error		 e = ERROR_INIT;
	uint8_t			 ski[CERT_SKI_SIZE];
	bool			 ok;

	if (s->ski.len > 0)
		ok = a != NULL && string_is(a, s->ski.p, s->ski.len);
	else
		ok = a != NULL && cert_ski(ski, s->spki, &e) == 0 &&
		    string_is(a, ski, sizeof(ski));
	ASN1_OCTET_STRING_free(a);
	return ok;
}

static bool
same_key_usage(X509_EXTENSION *x, const struct cert_spec *s)
{
	ASN1_BIT_STRING	*a = X509V3_EXT_d2i(x);
	uint32_t	 want = cert_key_usage(s);
	bool		 ok = a != NULL;
	int		 i;

	for (i = 0; ok && i < 32; i++)
		ok = ASN1_BIT_STRING_get_bit(a, i) == (int)(want >> i & 1);
	ASN1_BIT_STRING_free(a);
	return ok;
}

static bool
want_policies(const struct cert_spec *s)
{
	return s->profile->npolicies > 0;
}

static bool
same_policy(const POLICYINFO *a, const struct profile_policy *p)
{
	const POLICYQUALINFO	*q;

	if (!object_is(a->policyid, p->oid))
		return false;
	if (p->cps == NULL)
		return a->qualifiers == NULL;
	if (sk_POLICYQUALINFO_num(a->qualifiers) != 1)
		return false;
	q = sk_POLICYQUALINFO_value(a->qualifiers, 0);
	return object_is(q->pqualid, OID_QT_CPS) &&
	    text_is(q->d.cpsuri, p->cps);
}

static bool
same_policies(X509_EXTENSION *x, const struct cert_spec *s)
{
	CERTIFICATEPOLICIES	*a = X509V3_EXT_d2i(x);
	size_t			 i;
	bool			 ok;

	ok = a != NULL &&
	    (size_t)sk_POLICYINFO_num(a) == s->profile->npolicies;
	for (i = 0; ok && i < s->profile->npolicies; i++)
		ok = same_policy(sk_POLICYINFO_value(a, (int)i),
		    &s->profile->policies[i]);
	CERTIFICATEPOLICIES_free(a);
	return ok;
}

static bool
want_san(const struct cert_spec *s)
{
	size_t	 i;

	for (i = 0; i < s->profile->nsan; i++)
		if (fields_get(s->fields, s->profile->san[i].from, 0) != NULL)
			return true;
	return false;
}

static bool
empty_subject(const struct cert_spec *s)
{
	return cert_subject_is_empty(s->profile, s->fields);
}

static bool
same_upn(const GENERAL_NAME *n, const char *value)
{
	return n->type == GEN_OTHERNAME &&
	    object_is(n->d.otherName->type_id, OID_UPN) &&
	    n->d.otherName->value->type == V_ASN1_UTF8STRING &&
	    text_is(n->d.otherName->value->value.utf8string, value);
}

static bool
same_ip(const GENERAL_NAME *n, const char *value)
{
	uint8_t	 ip[16];

	if (n->type != GEN_IPADD)
		return false;
	if (inet_pton(AF_INET, value, ip) == 1)
		return string_is(n->d.iPAddress, ip, 4);
	return inet_pton(AF_INET6, value, ip) == 1 &&
	    string_is(n->d.iPAddress, ip, 16);
}

static bool
same_name(const GENERAL_NAME *n, const char *type, const char *value)
{
	if (strcmp(type, "email") == 0)
		return n->type == GEN_EMAIL && text_is(n->d.rfc822Name, value);
	if (strcmp(type, "dns") == 0)
		return n->type == GEN_DNS && text_is(n->d.dNSName, value);
	if (strcmp(type, "uri") == 0)
		return uri_is(n, value);
	if (strcmp(type, "upn") == 0)
		return same_upn(n, value);
	return strcmp(type, "ip") == 0 && same_ip(n, value);
}

static bool
same_san(X509_EXTENSION *x, const struct cert_spec *s)
{
	GENERAL_NAMES		*a = X509V3_EXT_d2i(x);
	const struct profile	*p = s->profile;
	const char		*value;
	size_t			 i, k;
	int			 n = 0;
	bool			 ok = a != NULL;

	for (i = 0; ok && i < p->nsan; i++)
		for (k = 0; ok && (value = fields_get(s->fields,
		    p->san[i].from, k)) != NULL; k++, n++)
			ok = n < sk_GENERAL_NAME_num(a) &&
			    same_name(sk_GENERAL_NAME_value(a, n),
			    p->san[i].type, value);
	ok = ok && n == sk_GENERAL_NAME_num(a);
	GENERAL_NAMES_free(a);
	return ok;
}

static bool
want_ca(const struct cert_spec *s)
{
	return s->profile->is_ca;
}

static bool
same_constraints(X509_EXTENSION *x, const struct cert_spec *s)
{
	BASIC_CONSTRAINTS	*a = X509V3_EXT_d2i(x);
	bool			 ok;

	ok = a != NULL && a->ca != 0 &&
	    (a->pathlen == NULL) == (s->profile->path_length == -1) &&
	    (a->pathlen == NULL ||
	    ASN1_INTEGER_get(a->pathlen) == s->profile->path_length);
	BASIC_CONSTRAINTS_free(a);
	return ok;
}

static bool
want_eku(const struct cert_spec *s)
{
	return s->profile->ext_key_usage.n > 0;
}

static bool
same_eku(X509_EXTENSION *x, const struct cert_spec *s)
{
	const struct conf_list	*l = &s->profile->ext_key_usage;
	EXTENDED_KEY_USAGE	*a = X509V3_EXT_d2i(x);
	size_t			 i;
	bool			 ok;

	ok = a != NULL && (size_t)sk_ASN1_OBJECT_num(a) == l->n;
	for (i = 0; ok && i < l->n; i++)
		ok = object_is(sk_ASN1_OBJECT_value(a, (int)i), l->v[i]);
	EXTENDED_KEY_USAGE_free(a);
	return ok;
}

static bool
want_cdp(const struct cert_spec *s)
{
	return s->profile->cdp;
}

static bool
same_point(const DIST_POINT *d, const struct conf_list *l)
{
	const GENERAL_NAMES	*names;
	size_t			 i;

	if (d->distpoint == NULL || d->distpoint->type != 0 ||
	    d->reasons != NULL || d->CRLissuer != NULL)
		return false;
	names = d->distpoint->name.fullname;
	if ((size_t)sk_GENERAL_NAME_num(names) != l->n)
		return false;
	for (i = 0; i < l->n; i++)
		if (!uri_is(sk_GENERAL_NAME_value(names, (int)i), l->v[i]))
			return false;
	return true;
}

static bool
same_cdp(X509_EXTENSION *x, const struct cert_spec *s)
{
	CRL_DIST_POINTS	*a = X509V3_EXT_d2i(x);
	bool		 ok;

	ok = a != NULL && sk_DIST_POINT_num(a) == 1 &&
	    same_point(sk_DIST_POINT_value(a, 0), &s->issuer->cdp);
	CRL_DIST_POINTS_free(a);
	return ok;
}

static bool
want_aia(const struct cert_spec *s)
{
	return s->profile->aia;
}

static bool
same_access(const AUTHORITY_INFO_ACCESS *a, int *n, const char *oid,
    const struct conf_list *l)
{
	const ACCESS_DESCRIPTION	*d;
	size_t				 i;

	for (i = 0; i < l->n; i++, (*n)++) {
		if (*n >= sk_ACCESS_DESCRIPTION_num(a))
			return false;
		d = sk_ACCESS_DESCRIPTION_value(a, *n);
		if (!object_is(d->method, oid) || !uri_is(d->location, l->v[i]))
			return false;
	}
	return true;
}

static bool
same_aia(X509_EXTENSION *x, const struct cert_spec *s)
{
	AUTHORITY_INFO_ACCESS	*a = X509V3_EXT_d2i(x);
	int			 n = 0;
	bool			 ok;

	ok = a != NULL && same_access(a, &n, OID_AD_OCSP, &s->issuer->ocsp) &&
	    same_access(a, &n, OID_AD_CA_ISSUERS, &s->issuer->aia) &&
	    n == sk_ACCESS_DESCRIPTION_num(a);
	AUTHORITY_INFO_ACCESS_free(a);
	return ok;
}

static bool
want_nocheck(const struct cert_spec *s)
{
	return s->profile->ocsp_nocheck;
}

static bool
want_no_rev_avail(const struct cert_spec *s)
{
	return s->profile->no_rev_avail;
}

static bool
same_null(X509_EXTENSION *x, const struct cert_spec *s)
{
	(void)s;
	return string_is(X509_EXTENSION_get_data(x), "\x05\x00", 2);
}

static const struct {
	const char	*name;
	const char	*oid;
	bool		(*wanted)(const struct cert_spec *);
	bool		(*critical)(const struct cert_spec *);
	bool		(*same)(X509_EXTENSION *, const struct cert_spec *);
} rows[] = {
	{ "authorityKeyIdentifier", OID_EXT_AKI, want_aki, never, same_aki },
	{ "subjectKeyIdentifier", OID_EXT_SKI, always, never, same_ski },
	{ "keyUsage", OID_EXT_KEY_USAGE, always, always, same_key_usage },
	{ "certificatePolicies", OID_EXT_POLICIES, want_policies, never,
	  same_policies },
	{ "subjectAltName", OID_EXT_SAN, want_san, empty_subject, same_san },
	{ "basicConstraints", OID_EXT_BASIC_CONSTRAINTS, want_ca, always,
	  same_constraints },
	{ "extKeyUsage", OID_EXT_EXT_KEY_USAGE, want_eku, never, same_eku },
	{ "cRLDistributionPoints", OID_EXT_CDP, want_cdp, never, same_cdp },
	{ "authorityInfoAccess", OID_EXT_AIA, want_aia, never, same_aia },
	{ "ocsp-nocheck", OID_EXT_OCSP_NOCHECK, want_nocheck, never,
	  same_null },
	{ "noRevAvail", OID_EXT_NO_REV_AVAIL, want_no_rev_avail, never,
	  same_null },
};
#define NROWS	(sizeof(rows) / sizeof(rows[0]))

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

/* In the table's order, which is the writer's; so nothing comes twice. */
static int
check_extensions(const struct parts *c, const struct cert_spec *s,
    struct error *e)
{
	int		 count = sk_X509_EXTENSION_num(c->extensions), n = 0;
	X509_EXTENSION	*x;
	size_t		 i;

	for (i = 0; i < NROWS; i++) {
		if (!rows[i].wanted(s))
			continue;
		if (n >= count)
			return differs(e, rows[i].name);
		x = sk_X509_EXTENSION_value(c->extensions, n++);
		if (!object_is(X509_EXTENSION_get_object(x), rows[i].oid) ||
		    X509_EXTENSION_get_critical(x) !=
		    (rows[i].critical(s) ? 1 : 0) || !rows[i].same(x, s))
			return differs(e, rows[i].name);
	}
	if (n != count)
		return differs(e, "the number of extensions");
	return 0;
}

static bool
same_entry(const X509_NAME_ENTRY *entry, const struct name_attr *a,
    const char *value)
{
	const ASN1_STRING	*s = X509_NAME_ENTRY_get_data(entry);

	return object_is(X509_NAME_ENTRY_get_object(entry), a->oid) &&
	    ASN1_STRING_type(s) == a->der_tag && text_is(s, value);
}

static int
check_subject(const struct parts *c, const struct cert_spec *s,
    struct error *e)
{
	const struct profile	*p = s->profile;
	size_t			 i;
	int			 n = 0;

	if (s->subject.len > 0)
		return bytes_equal(c->subject_der, s->subject) ? 0 :
		    differs(e, "subject");
	for (i = 0; i < p->nsubject; i++) {
		const char	*value = p->subject[i].value;

		if (value == NULL && (value = fields_get(s->fields,
		    p->subject[i].from, 0)) == NULL)
			continue;
		if (n >= X509_NAME_entry_count(c->subject) ||
		    !same_entry(X509_NAME_get_entry(c->subject, n),
		    name_attr_find(p->subject[i].attr), value))
			return differs(e, "subject");
		n++;
	}
	return n == X509_NAME_entry_count(c->subject) ? 0 :
	    differs(e, "subject");
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
		return differs(e, "version");
	if (!same_serial(c->serial, s))
		return differs(e, "serialNumber");
	if (!bytes_equal(c->alg, alg) || !bytes_equal(c->outer_alg, alg))
		return differs(e, "signature algorithm");
	if (!bytes_equal(c->issuer, BYTES(s->issuer->subject.p,
	    s->issuer->subject.len)))
		return differs(e, "issuer");
	if (ASN1_TIME_cmp_time_t(c->not_before, (time_t)s->not_before) != 0)
		return differs(e, "notBefore");
	if (ASN1_TIME_cmp_time_t(c->not_after, (time_t)s->not_after) != 0)
		return differs(e, "notAfter");
	if (!bytes_equal(c->key, s->spki))
		return differs(e, "public key");
	return 0;
}

static int
check_signature(const struct parts *c, const struct cert_spec *s,
    struct error *e)
{
	const unsigned char	*p = s->spki.p;
	EVP_PKEY		*own = NULL, *key;
	int			 rc = 0;

	if (cert_is_self(s))
		key = own = d2i_PUBKEY(NULL, &p, (long)s->spki.len);
	else
		key = X509_get0_pubkey(s->issuer->cert);
	if (key == NULL || key_verify(key, c->tbs, c->signature, e) == -1) {
		error_clear(e);
		rc = differs(e, "signature");
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
		differs(e, "encoding");
	else if (check_frame(&c, s, e) == 0 && check_subject(&c, s, e) == 0 &&
	    check_extensions(&c, s, e) == 0)
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
