/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bound credential may approve.  Of an order for certificates its
 * profile and the domains of the names that it will have; of a change of
 * status the same of the certificate, which the caller has at hand.
 */
#include <string.h>
#include <strings.h>
#include <openssl/x509v3.h>
#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/cert.h"
#include "x509/der.h"

#define OID_UPN		"1.3.6.1.4.1.311.20.2.3"
#define OID_SMTP_UTF8	"1.3.6.1.5.5.7.8.9"
#define OID_KRB5	"1.3.6.1.5.2.2"

#define GENERAL_STRING	0x1b

static int
check_profile(const struct order_bind *b, const char *profile,
    struct error *e)
{
	size_t	 i;

	for (i = 0; i < b->profiles.n; i++)
		if (profile != NULL && strcmp(b->profiles.v[i], profile) == 0)
			return 0;
	if (b->profiles.n == 0)
		return 0;
	return error_set(e, ERROR_DENIED, "the credential is not for profile "
	    "%s", profile != NULL ? profile : "(unknown)");
}

/* "example.org" is for itself and what is below. */
static bool
is_below(const char *domain, size_t len, const char *top)
{
	size_t	 n = strlen(top);

	return len >= n && strncasecmp(domain + len - n, top, n) == 0 &&
	    (len == n || domain[len - n - 1] == '.');
}

/* A mail address, host or principal: what follows the last "@", or all. */
static int
check_value(const struct order_bind *b, struct bytes value, struct error *e)
{
	const char	*s = (const char *)value.p, *at;
	size_t		 i, len = value.len;

	at = len > 0 ? memrchr(s, '@', len) : NULL;
	if (at != NULL) {
		len -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	for (i = 0; i < b->domains.n; i++)
		if (is_below(s, len, b->domains.v[i]))
			return 0;
	return error_set(e, ERROR_DENIED, "the credential is not for names in "
	    "\"%.*s\"", (int)(len < 253 ? len : 253), s);
}

/* What is in no domain is in none of these. */
static int
deny_kind(const char *kind, struct error *e)
{
	return error_set(e, ERROR_DENIED, "the credential is for names in "
	    "certain domains alone, and there is %s", kind);
}

/* scheme://[user@]host[:port]/... */
static int
check_uri(const struct order_bind *b, struct bytes uri, struct error *e)
{
	const char	*s = (const char *)uri.p, *host;
	size_t		 len, i;

	host = uri.len > 0 ? memmem(s, uri.len, "://", 3) : NULL;
	if (host == NULL)
		return deny_kind("a URI without a host", e);
	host += 3;
	len = uri.len - (size_t)(host - s);
	for (i = 0; i < len && strchr("/?#", host[i]) == NULL; i++)
		;
	len = i;
	for (i = 0; i < len && host[i] != '@'; i++)
		;
	if (i < len) {
		host += i + 1;
		len -= i + 1;
	}
	for (i = 0; i < len && host[i] != ':'; i++)
		;
	return check_value(b, BYTES(host, i), e);
}

static int
check_name(const struct order_bind *b, const char *type, const char *value,
    struct error *e)
{
	struct bytes	 bytes = BYTES(value, strlen(value));

	if (strcmp(type, "uri") == 0)
		return check_uri(b, bytes, e);
	if (strcmp(type, "ip") == 0)
		return deny_kind("an IP address", e);
	return check_value(b, bytes, e);
}

static int
check_fields(const struct order_bind *b, const struct profile *p,
    const struct fields *f, struct error *e)
{
	char		 room[FIELD_VALUE_MAX + 1];
	const char	*value;
	size_t		 i, k;

	for (i = 0; i < p->nsubject; i++)
		if (strcmp(p->subject[i].attr, "emailAddress") == 0 &&
		    (value = profile_subject_value(p, i, f, room)) != NULL &&
		    check_name(b, "email", value, e) == -1)
			return -1;
	for (i = 0; i < p->nsan; i++)
		for (k = 0; (value = profile_san_value(p, i, f, k,
		    room)) != NULL; k++)
			if (check_name(b, p->san[i].type, value, e) == -1)
				return -1;
	return 0;
}

static int
check_domains(const struct order_bind *b, const struct order *o,
    const struct approval_trust *t, struct error *e)
{
	size_t	 i;

	if (b->domains.n == 0)
		return 0;
	if (t->profile == NULL || strcmp(t->profile->name, o->profile) != 0)
		return error_set(e, ERROR_DENIED, "nobody here knows which "
		    "names profile %s makes, and the credential is not for "
		    "all", o->profile);
	if (o->kind == ORDER_ISSUE)
		return check_fields(b, t->profile, &o->fields, e);
	for (i = 0; i < o->nitems; i++)
		if (check_fields(b, t->profile, &o->item[i].fields, e) == -1)
			return error_wrap(e, "item %u", o->item[i].n);
	return 0;
}

/* It names no profile and no name: it is for those who may approve all. */
static int
check_permit(const struct order_bind *b, struct error *e)
{
	return b->profiles.n == 0 && b->domains.n == 0 ? 0 :
	    error_set(e, ERROR_DENIED, "the credential is for certain "
	    "profiles or domains alone");
}

int
approval_scope_check(const struct order *bind, const struct order *o,
    const struct approval_trust *t, struct error *e)
{
	if (t->any_scope)
		return 0;
	if (o->kind == ORDER_PERMIT)
		return check_permit(&bind->bind, e);
	if (o->kind != ORDER_ISSUE && o->kind != ORDER_BATCH)
		return 0;
	if (check_profile(&bind->bind, o->profile, e) == -1)
		return -1;
	return check_domains(&bind->bind, o, t, e);
}

/* ---- certificates ---- */

/* RFC 4556, 3.2.2: SEQUENCE { [0] realm, [1] ... }. */
static int
take_realm(struct bytes *realm, const ASN1_TYPE *value)
{
	struct bytes	 in, outer;

	if (value->type != V_ASN1_SEQUENCE)
		return -1;
	in = BYTES(ASN1_STRING_get0_data(value->value.sequence),
	    (size_t)ASN1_STRING_length(value->value.sequence));
	return der_take(&in, DER_SEQUENCE, &outer) == -1 ||
	    der_take(&outer, DER_CONTEXT_CONS(0), &in) == -1 ||
	    der_take(&in, GENERAL_STRING, realm) == -1 ? -1 : 0;
}

static int
check_other(const struct order_bind *b, const OTHERNAME *other,
    struct error *e)
{
	const ASN1_STRING	*s;
	struct bytes		 realm;
	char			 oid[80];

	if (OBJ_obj2txt(oid, sizeof(oid), other->type_id, 1) <= 0)
		oid[0] = '\0';
	if (strcmp(oid, OID_KRB5) == 0 && take_realm(&realm, other->value) ==
	    0)
		return check_value(b, realm, e);
	if ((strcmp(oid, OID_UPN) != 0 && strcmp(oid, OID_SMTP_UTF8) != 0) ||
	    other->value->type != V_ASN1_UTF8STRING)
		return deny_kind("a name of an unknown kind", e);
	s = other->value->value.utf8string;
	return check_value(b, BYTES(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s)), e);
}

static int
check_general(const struct order_bind *b, const GENERAL_NAME *name,
    struct error *e)
{
	struct bytes	 s;

	if (name->type == GEN_OTHERNAME)
		return check_other(b, name->d.otherName, e);
	if (name->type == GEN_IPADD)
		return deny_kind("an IP address", e);
	if (name->type != GEN_EMAIL && name->type != GEN_DNS &&
	    name->type != GEN_URI)
		return deny_kind("a name of an unknown kind", e);
	s = BYTES(ASN1_STRING_get0_data(name->d.ia5),
	    (size_t)ASN1_STRING_length(name->d.ia5));
	return name->type == GEN_URI ? check_uri(b, s, e) :
	    check_value(b, s, e);
}

/* Each emailAddress of the subject, whole. */
static int
check_subject(const struct order_bind *b, const X509_NAME *subject,
    struct error *e)
{
	const ASN1_STRING	*s;
	int			 i = -1;

	while ((i = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress,
	    i)) >= 0) {
		s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i));
		if (check_value(b, BYTES(ASN1_STRING_get0_data(s),
		    (size_t)ASN1_STRING_length(s)), e) == -1)
			return -1;
	}
	return 0;
}

/* What says something, and cannot be read, is not within anything. */
static int
check_cert(const struct order_bind *b, const struct cert_look *look,
    struct error *e)
{
	X509_NAME	*subject;
	GENERAL_NAMES	*names;
	int		 i, rc;

	if (b->domains.n == 0)
		return 0;
	subject = cert_look_decode(ASN1_ITEM_rptr(X509_NAME), look->subject);
	names = cert_look_decode(ASN1_ITEM_rptr(GENERAL_NAMES), look->san);
	if (subject == NULL || (names == NULL && look->san.len > 0))
		rc = deny_kind("a name that cannot be read", e);
	else
		rc = check_subject(b, subject, e);
	for (i = 0; rc == 0 && i < sk_GENERAL_NAME_num(names); i++)
		rc = check_general(b, sk_GENERAL_NAME_value(names, i), e);
	GENERAL_NAMES_free(names);
	X509_NAME_free(subject);
	return rc;
}

int
approval_check_target(const struct approved *a, const struct cert_look *look,
    const char *profile, struct error *e)
{
	const struct order_bind	*b;
	size_t			 i;

	for (i = 0; i < a->n; i++) {
		if (a->by[i].bind == NULL)
			continue;
		b = &a->by[i].bind->order->bind;
		if (check_profile(b, profile, e) == -1 ||
		    check_cert(b, look, e) == -1)
			return error_wrap(e, "approval by %s",
			    a->by[i].person);
	}
	return 0;
}
