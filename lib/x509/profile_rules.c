/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile must not say, because no certificate could mean it.
 */
#include <string.h>
#include "base/text.h"
#include "x509/der.h"
#include "x509/profile.h"
#include "x509/profile_private.h"

#define KEY_CERT_SIGN	(UINT32_C(1) << 5)

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

static int
check_keys(const struct profile *p, struct error *e)
{
	static const char *const	 types[] = { "rsa", "ec", "ed25519" };
	static const char *const	 curves[] =
	    { "P-256", "P-384", "P-521" };
	size_t				 i, k;

	if (p->nkeys == 0)
		return error_set(e, ERROR_CONFIG, "keys: none");
	for (i = 0; i < p->nkeys; i++) {
		const struct profile_key	*key = &p->keys[i];
		bool				 ec = !strcmp(key->type, "ec");

		if (!is_one_of(key->type, types, 3))
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
		    strcmp(p->san[i].from, from) == 0))
			return true;
	return false;
}

static int
check_attr(const struct profile *p, const struct profile_attr *a,
    struct error *e)
{
	const struct name_attr	*na = name_attr_find(a->attr);

	if (na == NULL)
		return error_set(e, ERROR_CONFIG, "subject: no attribute"
		    " \"%s\"", a->attr);
	if ((a->from == NULL) == (a->value == NULL))
		return error_set(e, ERROR_CONFIG, "subject: %s: needs one of"
		    " \"from\" and \"value\"", a->attr);
	if (a->value != NULL && (a->pattern != NULL || a->required ||
	    a->max != 0))
		return error_set(e, ERROR_CONFIG, "subject: %s: a fixed value"
		    " takes no pattern, max or required", a->attr);
	if (a->value != NULL && name_check_value(na, a->value, e) == -1) {
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
check_names(const struct profile *p, struct error *e)
{
	static const char *const	 types[] =
	    { "email", "dns", "upn", "uri", "ip" };
	size_t				 i, k;

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
	for (i = 0; i < p->nsan; i++) {
		if (!is_one_of(p->san[i].type, types, 5))
			return error_set(e, ERROR_CONFIG,
			    "san: no type \"%s\"", p->san[i].type);
		if (p->san[i].min > p->san[i].max)
			return error_set(e, ERROR_CONFIG,
			    "san: %s: min is above max", p->san[i].type);
		for (k = 0; k < i; k++)
			if (!strcmp(p->san[i].type, p->san[k].type) &&
			    !strcmp(p->san[i].from, p->san[k].from))
				return error_set(e, ERROR_CONFIG,
				    "san: %s from \"%s\" twice",
				    p->san[i].type, p->san[i].from);
	}
	if (p->nsubject == 0 && p->nsan == 0)
		return error_set(e, ERROR_CONFIG,
		    "neither subject nor san: nobody would be named");
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
	return 0;
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
	if (profile_has_eku(p, OID_EKU_EMAIL) && !p->is_ca &&
	    !san_has(p, "email", NULL))
		return error_set(e, ERROR_CONFIG, "ext_key_usage:"
		    " emailProtection without an email in san");
	if (server && !p->is_ca && !san_has(p, "dns", NULL) &&
	    !san_has(p, "ip", NULL))
		return error_set(e, ERROR_CONFIG,
		    "ext_key_usage: serverAuth without a dns or ip in san");
	if (p->key_usage == 0)
		return error_set(e, ERROR_CONFIG, "key_usage: none");
	if (p->is_ca != ((p->key_usage & KEY_CERT_SIGN) != 0) ||
	    (p->key_usage_ec != 0 &&
	    p->is_ca != ((p->key_usage_ec & KEY_CERT_SIGN) != 0)))
		return error_set(e, ERROR_CONFIG,
		    "key_usage: keyCertSign goes with ca = true and only then");
	if (!p->is_ca && p->path_length != -1)
		return error_set(e, ERROR_CONFIG,
		    "path_length goes with ca = true only");
	if (p->no_rev_avail && (p->cdp || p->aia))
		return error_set(e, ERROR_CONFIG,
		    "no_rev_avail goes with cdp = false and aia = false only");
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
	    check_purpose(p, e) == -1)
		return -1;
	return 0;
}
