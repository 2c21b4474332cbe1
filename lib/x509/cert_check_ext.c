/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extensions of a finished certificate, against what was to be written.
 */
#include <string.h>
#include <openssl/x509v3.h>
#include "x509/cert.h"
#include "x509/cert_private.h"

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
	    cert_string_is(a->keyid, s->issuer->ski, s->issuer->ski_len);
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
		ok = a != NULL && cert_string_is(a, s->ski.p, s->ski.len);
	else
		ok = a != NULL && cert_ski(ski, s->spki, s->profile,
		    &e) == 0 && cert_string_is(a, ski, sizeof(ski));
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
	return s->profile->npolicies > 0 || s->assurance != NULL;
}

static bool
same_policy(const POLICYINFO *a, const struct profile_policy *p)
{
	const POLICYQUALINFO	*q;

	if (!cert_object_is(a->policyid, p->oid))
		return false;
	if (p->cps == NULL)
		return a->qualifiers == NULL;
	if (sk_POLICYQUALINFO_num(a->qualifiers) != 1)
		return false;
	q = sk_POLICYQUALINFO_value(a->qualifiers, 0);
	return cert_object_is(q->pqualid, OID_QT_CPS) &&
	    cert_text_is(q->d.cpsuri, p->cps);
}

static bool
same_policies(X509_EXTENSION *x, const struct cert_spec *s)
{
	CERTIFICATEPOLICIES	*a = X509V3_EXT_d2i(x);
	size_t			 i, n = s->profile->npolicies;
	bool			 ok;

	ok = a != NULL &&
	    (size_t)sk_POLICYINFO_num(a) == n + (s->assurance != NULL) &&
	    (s->assurance == NULL ||
	    same_policy(sk_POLICYINFO_value(a, (int)n), s->assurance));
	for (i = 0; ok && i < s->profile->npolicies; i++)
		ok = same_policy(sk_POLICYINFO_value(a, (int)i),
		    &s->profile->policies[i]);
	CERTIFICATEPOLICIES_free(a);
	return ok;
}

static bool
want_san(const struct cert_spec *s)
{
	char	 room[FIELD_VALUE_MAX + 1];
	size_t	 i;

	for (i = 0; i < s->profile->nsan; i++)
		if (profile_san_value(s->profile, i, s->fields, 0,
		    room) != NULL)
			return true;
	return false;
}

static bool
empty_subject(const struct cert_spec *s)
{
	return cert_subject_is_empty(s->profile, s->fields);
}

static bool
same_san(X509_EXTENSION *x, const struct cert_spec *s)
{
	GENERAL_NAMES		*a = X509V3_EXT_d2i(x);
	const struct profile	*p = s->profile;
	char			 room[FIELD_VALUE_MAX + 1];
	const char		*value;
	size_t			 i, k;
	int			 n = 0;
	bool			 ok = a != NULL;

	for (i = 0; ok && i < p->nsan; i++)
		for (k = 0; ok && (value = profile_san_value(p, i, s->fields,
		    k, room)) != NULL; k++, n++)
			ok = n < sk_GENERAL_NAME_num(a) &&
			    cert_same_name(sk_GENERAL_NAME_value(a, n),
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
critical_eku(const struct cert_spec *s)
{
	return s->profile->ext_key_usage_critical;
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
		ok = cert_object_is(sk_ASN1_OBJECT_value(a, (int)i), l->v[i]);
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
		if (!cert_uri_is(sk_GENERAL_NAME_value(names, (int)i), l->v[i]))
			return false;
	return true;
}

static bool
same_points(X509_EXTENSION *x, const struct conf_list *l)
{
	CRL_DIST_POINTS	*a = X509V3_EXT_d2i(x);
	bool		 ok;

	ok = a != NULL && sk_DIST_POINT_num(a) == 1 &&
	    same_point(sk_DIST_POINT_value(a, 0), l);
	CRL_DIST_POINTS_free(a);
	return ok;
}

static bool
same_cdp(X509_EXTENSION *x, const struct cert_spec *s)
{
	struct cert_points	 p;

	cert_cdp(s, &p);
	return same_points(x, &p.urls);
}

static bool
want_freshest(const struct cert_spec *s)
{
	return s->profile->freshest;
}

static bool
same_freshest(X509_EXTENSION *x, const struct cert_spec *s)
{
	struct cert_points	 p;

	cert_freshest(s, &p);
	return same_points(x, &p.urls);
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
		if (!cert_object_is(d->method, oid) || !cert_uri_is(d->location, l->v[i]))
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

	ok = a != NULL && (!s->profile->ocsp ||
	    same_access(a, &n, OID_AD_OCSP, &s->issuer->ocsp)) &&
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
	return cert_string_is(X509_EXTENSION_get_data(x), "\x05\x00", 2);
}

static bool
wants(const struct cert_spec *s, int which)
{
	return s->constraints != NULL &&
	    CERT_CONSTRAINT[which].wanted(s->constraints);
}

static bool
want_mappings(const struct cert_spec *s)
{
	return wants(s, CERT_POLICY_MAPPINGS);
}

static bool
same_mappings(X509_EXTENSION *x, const struct cert_spec *s)
{
	return CERT_CONSTRAINT[CERT_POLICY_MAPPINGS].same(x, s->constraints);
}

static bool
want_name_constraints(const struct cert_spec *s)
{
	return wants(s, CERT_NAME_CONSTRAINTS);
}

static bool
same_name_constraints(X509_EXTENSION *x, const struct cert_spec *s)
{
	return CERT_CONSTRAINT[CERT_NAME_CONSTRAINTS].same(x, s->constraints);
}

static bool
want_policy_constraints(const struct cert_spec *s)
{
	return wants(s, CERT_POLICY_CONSTRAINTS);
}

static bool
same_policy_constraints(X509_EXTENSION *x, const struct cert_spec *s)
{
	return CERT_CONSTRAINT[CERT_POLICY_CONSTRAINTS].same(x, s->constraints);
}

static bool
want_inhibit_any(const struct cert_spec *s)
{
	return wants(s, CERT_INHIBIT_ANY_POLICY);
}

static bool
same_inhibit_any(X509_EXTENSION *x, const struct cert_spec *s)
{
	return CERT_CONSTRAINT[CERT_INHIBIT_ANY_POLICY].same(x, s->constraints);
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
	{ "policyMappings", "2.5.29.33", want_mappings, never,
	  same_mappings },
	{ "subjectAltName", OID_EXT_SAN, want_san, empty_subject, same_san },
	{ "basicConstraints", OID_EXT_BASIC_CONSTRAINTS, want_ca, always,
	  same_constraints },
	{ "nameConstraints", "2.5.29.30", want_name_constraints, always,
	  same_name_constraints },
	{ "policyConstraints", "2.5.29.36", want_policy_constraints, always,
	  same_policy_constraints },
	{ "inhibitAnyPolicy", "2.5.29.54", want_inhibit_any, always,
	  same_inhibit_any },
	{ "extKeyUsage", OID_EXT_EXT_KEY_USAGE, want_eku, critical_eku,
	  same_eku },
	{ "cRLDistributionPoints", OID_EXT_CDP, want_cdp, never, same_cdp },
	{ "freshestCRL", OID_EXT_FRESHEST, want_freshest, never,
	  same_freshest },
	{ "authorityInfoAccess", OID_EXT_AIA, want_aia, never, same_aia },
	{ "ocsp-nocheck", OID_EXT_OCSP_NOCHECK, want_nocheck, never,
	  same_null },
	{ "noRevAvail", OID_EXT_NO_REV_AVAIL, want_no_rev_avail, never,
	  same_null },
};
#define NROWS	(sizeof(rows) / sizeof(rows[0]))

/* In the table's order, which is the writer's; so nothing comes twice. */
int
cert_check_extensions(const X509_EXTENSIONS *list,
    const struct cert_spec *s, struct error *e)
{
	int		 count = sk_X509_EXTENSION_num(list), n = 0;
	X509_EXTENSION	*x;
	size_t		 i;

	for (i = 0; i < NROWS; i++) {
		if (!rows[i].wanted(s))
			continue;
		if (n >= count)
			return cert_differs(e, rows[i].name);
		x = sk_X509_EXTENSION_value(list, n++);
		if (!cert_object_is(X509_EXTENSION_get_object(x), rows[i].oid) ||
		    X509_EXTENSION_get_critical(x) !=
		    (rows[i].critical(s) ? 1 : 0) || !rows[i].same(x, s))
			return cert_differs(e, rows[i].name);
	}
	if (n != count)
		return cert_differs(e, "the number of extensions");
	return 0;
}

/* The value of an extension, as those that compare it want it. */
static bool
is_value(struct bytes value, size_t row, const struct cert_spec *s)
{
	ASN1_OCTET_STRING	*v = ASN1_OCTET_STRING_new();
	X509_EXTENSION		*x = NULL;
	bool			 is;

	is = v != NULL && ASN1_OCTET_STRING_set(v, value.p,
	    (int)value.len) == 1 && (x = X509_EXTENSION_create_by_NID(NULL,
	    OBJ_txt2nid(rows[row].oid), 0, v)) != NULL &&
	    rows[row].same(x, s);
	X509_EXTENSION_free(x);
	ASN1_OCTET_STRING_free(v);
	return is;
}

static bool
has_uses(const struct cert_look *look, const struct cert_spec *s)
{
	struct bytes	 value;
	size_t		 i;

	for (i = 0; i < NROWS; i++) {
		if (rows[i].same == same_eku)
			value = look->ext_key_usage;
		else if (rows[i].same == same_policies)
			value = look->policies;
		else
			continue;
		if ((value.p != NULL) != rows[i].wanted(s) ||
		    (value.p != NULL && !is_value(value, i, s)))
			return false;
	}
	return true;
}

bool
cert_check_uses(const struct cert_look *look, const struct profile *p)
{
	struct cert_spec	 s = { .profile = p };

	for (int i = -1; i < PROFILE_ASSURANCE__MAX; i++) {
		s.assurance = i == -1 ? NULL : &p->assurance[i];
		if ((i == -1 || s.assurance->oid != NULL) && has_uses(look, &s))
			return true;
	}
	return false;
}
