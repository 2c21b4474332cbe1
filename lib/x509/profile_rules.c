/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile must not say, because no certificate could mean it.
 */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "x509/alg.h"
#include "x509/der.h"
#include "x509/profile.h"
#include "x509/profile_private.h"

bool
profile_is_oid(const char *dotted)
{
	struct buf	 b = { 0 };
	bool		 ok = der_put_oid(&b, dotted) == 0;

	buf_clear(&b);
	return ok;
}

static bool
is_one_of(const char *s, const char *const *v, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (strcmp(s, v[i]) == 0)
			return true;
	return false;
}

/* What a key of this type can be used for; 0: not one for holders. */
static uint32_t
key_usages(const char *type)
{
	const struct alg_key	*k;
	size_t			 i, n, len;

	for (k = alg_keys(&n), i = 0; i < n; i++) {
		len = strcspn(k[i].name, ":");
		if (strlen(type) == len &&
		    strncmp(k[i].name, type, len) == 0 &&
		    (k[i].uses & ALG_LEAF) != 0)
			return k[i].usages;
	}
	return 0;
}

static int
check_keys(const struct profile *p, struct error *e)
{
	static const char *const	 curves[] =
	    { "P-256", "P-384", "P-521" };
	size_t				 i, k;

	if (p->nkeys == 0)
		return error_set(e, ERROR_CONFIG, "keys: none");
	for (i = 0; i < p->nkeys; i++) {
		const struct profile_key	*key = &p->keys[i];
		bool				 ec = !strcmp(key->type, "ec");

		if (key_usages(key->type) == 0)
			return error_set(e, ERROR_CONFIG,
			    "keys: no type \"%s\"", key->type);
		if (key->min > key->max)
			return error_set(e, ERROR_CONFIG,
			    "keys: min is above max");
		if (ec != (key->curves.n > 0))
			return error_set(e, ERROR_CONFIG, "keys: %s", ec ?
			    "ec without curves" : "curves are for ec only");
		for (k = 0; k < key->curves.n; k++)
			if (!is_one_of(key->curves.v[k], curves, 3))
				return error_set(e, ERROR_CONFIG,
				    "keys: no curve \"%s\"", key->curves.v[k]);
	}
	return 0;
}

static bool
san_has(const struct profile *p, const char *type, const char *from)
{
	size_t	 i;

	for (i = 0; i < p->nsan; i++)
		if (strcmp(p->san[i].type, type) == 0 && (from == NULL ||
		    (p->san[i].from != NULL &&
		    strcmp(p->san[i].from, from) == 0)))
			return true;
	return false;
}

static bool
profile_has_san(const struct profile *p, const char *type)
{
	return san_has(p, type, NULL);
}

/* What subject and san have in common; *fixed: without any field. */
static int
check_row(const char *what, const char *from, const char *value,
    const char *by, bool *fixed, struct error *e)
{
	char		 name[FIELD_NAME_MAX + 1];
	const char	*p = value;
	int		 rc;

	*fixed = false;
	if ((from == NULL) == (value == NULL))
		return error_set(e, ERROR_CONFIG, "%s: needs one of \"from\""
		    " and \"value\"", what);
	if (by != NULL && strcmp(by, "holder") != 0 &&
	    strcmp(by, "officer") != 0)
		return error_set(e, ERROR_CONFIG, "%s: by: neither \"holder\""
		    " nor \"officer\"", what);
	if (from != NULL)
		return text_is_name(from) && strlen(from) <= FIELD_NAME_MAX ?
		    0 : error_set(e, ERROR_CONFIG,
		    "%s: \"%s\" is not a field's name", what, from);
	for (*fixed = true; (rc = profile_next_field(&p, name)) == 1;)
		*fixed = false;
	return rc == 0 ? 0 : error_set(e, ERROR_CONFIG,
	    "%s: \"%s\" has braces that name no field", what, value);
}

static int
check_attr(const struct profile *p, const struct profile_attr *a,
    struct error *e)
{
	const struct name_attr	*na = name_attr_find(a->attr);
	char			 what[80];
	bool			 fixed;

	if (na == NULL)
		return error_set(e, ERROR_CONFIG, "subject: no attribute"
		    " \"%s\"", a->attr);
	snprintf(what, sizeof(what), "subject: %s", a->attr);
	if (check_row(what, a->from, a->value, a->by, &fixed, e) == -1)
		return -1;
	if (fixed && (a->pattern != NULL || a->required ||
	    a->max != 0))
		return error_set(e, ERROR_CONFIG, "subject: %s: a fixed value"
		    " takes no pattern, max or required", a->attr);
	if (fixed && name_check_value(na, a->value, e) == -1) {
		e->code = ERROR_CONFIG;
		return error_wrap(e, "subject");
	}
	/* RFC 5280 4.1.2.6, S/MIME baseline 7.1.4.2.2. */
	if (strcmp(a->attr, "emailAddress") == 0 &&
	    (a->from == NULL || !san_has(p, "email", a->from)))
		return error_set(e, ERROR_CONFIG, "subject: emailAddress must"
		    " be in san as well");
	return 0;
}

static int
check_san(const struct profile *p, size_t i, struct error *e)
{
	const struct profile_san	*s = &p->san[i];
	char				 what[80];
	bool				 fixed;
	size_t				 k;

	if (!profile_is_kind(s->type))
		return error_set(e, ERROR_CONFIG,
		    "san: no type \"%s\"", s->type);
	snprintf(what, sizeof(what), "san: %s", s->type);
	if (check_row(what, s->from, s->value, s->by, &fixed, e) == -1)
		return -1;
	if (s->min > s->max)
		return error_set(e, ERROR_CONFIG, "%s: min is above max",
		    what);
	if (s->utf8 && strcmp(s->type, "email") != 0)
		return error_set(e, ERROR_CONFIG,
		    "%s: utf8 is for email only", what);
	if (fixed && profile_check_kind(s, s->value, e) == -1) {
		e->code = ERROR_CONFIG;
		return error_wrap(e, "%s: \"%s\"", what, s->value);
	}
	for (k = 0; k < i && s->from != NULL; k++)
		if (!strcmp(s->type, p->san[k].type) &&
		    p->san[k].from != NULL && !strcmp(s->from, p->san[k].from))
			return error_set(e, ERROR_CONFIG,
			    "%s from \"%s\" twice", what, s->from);
	return 0;
}

static int
check_names(const struct profile *p, struct error *e)
{
	size_t	 i, k;

	for (i = 0; i < p->nsubject; i++) {
		if (check_attr(p, &p->subject[i], e) == -1)
			return -1;
		for (k = 0; k < i; k++)
			if (!strcmp(p->subject[i].attr, p->subject[k].attr) &&
			    strcmp(p->subject[i].attr, "DC") != 0 &&
			    strcmp(p->subject[i].attr, "OU") != 0)
				return error_set(e, ERROR_CONFIG,
				    "subject: %s twice", p->subject[i].attr);
	}
	for (i = 0; i < p->nsan; i++)
		if (check_san(p, i, e) == -1)
			return -1;
	if (p->nsubject == 0 && p->nsan == 0)
		return error_set(e, ERROR_CONFIG,
		    "neither subject nor san: nobody would be named");
	return 0;
}

static int
check_assurance(const struct profile *p, struct error *e)
{
	const char	*oid;
	size_t		 i;

	for (int k = 0; k < PROFILE_ASSURANCE__MAX; k++) {
		if ((oid = p->assurance[k].oid) == NULL)
			continue;
		if (!profile_is_oid(oid))
			return error_set(e, ERROR_CONFIG, "%s_policy: \"%s\""
			    " is not an object identifier",
			    k == PROFILE_STATION ? "station" : "attested", oid);
		for (i = 0; i < p->npolicies; i++)
			if (strcmp(p->policies[i].oid, oid) == 0)
				return error_set(e, ERROR_CONFIG, "policies:"
				    " every certificate has \"%s\"", oid);
	}
	return 0;
}

static int
check_policies(const struct profile *p, struct error *e)
{
	size_t	 i, k;

	for (i = 0; i < p->npolicies; i++) {
		const char	*cps = p->policies[i].cps;

		if (!profile_is_oid(p->policies[i].oid))
			return error_set(e, ERROR_CONFIG, "policies: \"%s\" is"
			    " not an object identifier", p->policies[i].oid);
		if (cps != NULL && strncmp(cps, "http://", 7) != 0 &&
		    strncmp(cps, "https://", 8) != 0)
			return error_set(e, ERROR_CONFIG, "policies: cps is"
			    " not an http or https address");
		for (k = 0; k < i; k++)
			if (!strcmp(p->policies[i].oid, p->policies[k].oid))
				return error_set(e, ERROR_CONFIG,
				    "policies: \"%s\" twice",
				    p->policies[i].oid);
	}
	return check_assurance(p, e);
}

/* A leaf that is trusted for two worlds is trusted wrongly in one. */
static int
check_purpose(const struct profile *p, struct error *e)
{
	bool	 server = profile_has_eku(p, OID_EKU_SERVER_AUTH);
	size_t	 i, roles = 0;

	for (i = 0; i < p->ext_key_usage.n; i++)
		if (strncmp(p->ext_key_usage.v[i], OID_ROLE ".",
		    strlen(OID_ROLE ".")) == 0)
			roles++;
	if (server && profile_has_eku(p, OID_EKU_EMAIL))
		return error_set(e, ERROR_CONFIG, "ext_key_usage: serverAuth"
		    " and emailProtection do not go together");
	if (roles > 1)
		return error_set(e, ERROR_CONFIG,
		    "ext_key_usage: more than one role");
	if (p->ext_key_usage_critical && p->ext_key_usage.n == 0)
		return error_set(e, ERROR_CONFIG, "ext_key_usage_critical"
		    " goes with ext_key_usage only");
	if (server && !p->is_ca && !profile_has_san(p, "dns") &&
	    !profile_has_san(p, "ip"))
		return error_set(e, ERROR_CONFIG,
		    "ext_key_usage: serverAuth without a dns or ip in san");
	return 0;
}

/* Usages that mean nothing without a name of their kind. */
static int
check_purpose_names(const struct profile *p, struct error *e)
{
	static const struct {
		const char	*eku, *name;
		const char	*type, *or;
	} rows[] = {
		{ OID_EKU_EMAIL, "emailProtection", "email", NULL },
		{ OID_EKU_LOGON, "smartcardLogon", "upn", NULL },
		{ OID_EKU_PKINIT_CLIENT, "pkinitClient", "krb5", "upn" },
		{ OID_EKU_PKINIT_KDC, "pkinitKdc", "krb5", NULL },
	};
	size_t	 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && !p->is_ca; i++)
		if (profile_has_eku(p, rows[i].eku) &&
		    !profile_has_san(p, rows[i].type) &&
		    (rows[i].or == NULL || !profile_has_san(p, rows[i].or)))
			return error_set(e, ERROR_CONFIG, "ext_key_usage: %s"
			    " without %s %s in san", rows[i].name,
			    strchr("aeiou", rows[i].type[0]) != NULL &&
			    strcmp(rows[i].type, "upn") != 0 ? "an" : "a",
			    rows[i].type);
	return 0;
}

/* RFC 3161 2.3 and RFC 6960 4.2.2.2: nothing beside these. */
static int
check_lonely(const struct profile *p, struct error *e)
{
	if (p->is_ca)
		return 0;
	if (profile_has_eku(p, OID_EKU_TIME) && (p->ext_key_usage.n > 1 ||
	    !p->ext_key_usage_critical))
		return error_set(e, ERROR_CONFIG, "ext_key_usage: timeStamping"
		    " stands alone and critical");
	if (profile_has_eku(p, OID_EKU_OCSP) && p->ext_key_usage.n > 1)
		return error_set(e, ERROR_CONFIG,
		    "ext_key_usage: OCSPSigning stands alone");
	if (p->ocsp_nocheck && !profile_has_eku(p, OID_EKU_OCSP))
		return error_set(e, ERROR_CONFIG,
		    "ocsp_nocheck goes with OCSPSigning only");
	if (p->per_generation && !profile_has_eku(p, OID_EKU_OCSP))
		return error_set(e, ERROR_CONFIG,
		    "per_generation goes with OCSPSigning only");
	return 0;
}

uint32_t
profile_key_usage(const struct profile *p, const char *key_type)
{
	return p->key_usage_ec != 0 && strcmp(key_type, "rsa") != 0 ?
	    p->key_usage_ec : p->key_usage;
}

static int
check_key_usage(const struct profile *p, struct error *e)
{
	const uint32_t	 only = USE_ENCIPHER_ONLY | USE_DECIPHER_ONLY;
	uint32_t	 use;
	size_t		 i;

	if (p->key_usage == 0)
		return error_set(e, ERROR_CONFIG, "key_usage: none");
	for (i = 0; i < p->nkeys; i++) {
		use = profile_key_usage(p, p->keys[i].type);
		if ((use & ~key_usages(p->keys[i].type)) != 0)
			return error_set(e, ERROR_CONFIG, "key_usage: one that"
			    " a key of type %s cannot have",
			    p->keys[i].type);
		/* RFC 5280, 4.2.1.3. */
		if ((use & only) != 0 && (use & USE_KEY_AGREEMENT) == 0)
			return error_set(e, ERROR_CONFIG, "key_usage:"
			    " encipherOnly and decipherOnly go with"
			    " keyAgreement only");
		if (p->is_ca != ((use & USE_CERT_SIGN) != 0))
			return error_set(e, ERROR_CONFIG, "key_usage:"
			    " keyCertSign goes with ca = true and only then");
	}
	return 0;
}

static int
check_addresses(const struct profile *p, struct error *e)
{
	if (!p->is_ca && p->path_length != -1)
		return error_set(e, ERROR_CONFIG,
		    "path_length goes with ca = true only");
	/* RFC 9608 3 and 4. */
	if (p->no_rev_avail && p->is_ca)
		return error_set(e, ERROR_CONFIG,
		    "no_rev_avail goes with ca = false only");
	if (p->no_rev_avail && (p->cdp || (p->aia && p->ocsp)))
		return error_set(e, ERROR_CONFIG, "no_rev_avail goes with"
		    " cdp = false and ocsp = false only");
	return 0;
}

/*
 * A part of a list says so in a critical extension.  dirmngr takes no such
 * list, and to NSS its certificates are all revoked: nothing that a mail
 * program may meet can have one.
 */
static int
check_lists(const struct profile *p, struct error *e)
{
	if (p->freshest && (!p->cdp || p->shard))
		return error_set(e, ERROR_CONFIG, "freshest goes with cdp ="
		    " true and crl = \"complete\" only");
	if (!p->shard)
		return 0;
	if (!p->cdp || p->is_ca)
		return error_set(e, ERROR_CONFIG, "crl: \"shard\" goes with"
		    " cdp = true and ca = false only");
	if (p->ext_key_usage.n == 0 || profile_has_eku(p, OID_EKU_EMAIL) ||
	    profile_has_eku(p, OID_EKU_ANY))
		return error_set(e, ERROR_CONFIG, "crl: \"shard\" is not for"
		    " certificates that mail programs may take, which can use"
		    " complete lists only");
	return 0;
}

static int
check_cas(const struct profile *p, struct error *e)
{
	size_t	 i;

	if (p->cas.n == 0)
		return error_set(e, ERROR_CONFIG, "cas: none");
	for (i = 0; i < p->cas.n; i++)
		if (!text_is_name(p->cas.v[i]))
			return error_set(e, ERROR_CONFIG,
			    "cas: \"%s\" is not a CA's name", p->cas.v[i]);
	return 0;
}

int
profile_check_rules(const struct profile *p, struct error *e)
{
	if (check_cas(p, e) == -1 || check_keys(p, e) == -1 ||
	    check_names(p, e) == -1 || check_policies(p, e) == -1 ||
	    check_purpose(p, e) == -1 || check_purpose_names(p, e) == -1 ||
	    check_lonely(p, e) == -1 || check_key_usage(p, e) == -1 ||
	    check_addresses(p, e) == -1 || check_lists(p, e) == -1)
		return -1;
	return profile_check_smime(p, e);
}
