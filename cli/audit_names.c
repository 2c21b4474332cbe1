/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in a certificate: whatever tells who somebody is stands in the order
 * that officers signed, or is what the profile, if it is at hand, makes of the
 * order.  What a profile may fix for everybody (organisation, country and the
 * like) is not looked for.
 */
#include <arpa/inet.h>

#include <strings.h>
#include <openssl/x509v3.h>

#include "cli/audit_state.h"

struct names {
	struct audit_verify		*v;
	const struct audit_about	*about;
	const struct fields		*fields;
	const struct profile		*profile;	/* NULL: not at hand */
};

static bool
is_same(const char *s, struct bytes value, bool fold)
{
	return strlen(s) == value.len && (memcmp(s, value.p, value.len) == 0 ||
	    (fold && strncasecmp(s, (const char *)value.p, value.len) == 0));
}

/* What the profile makes of the order's fields, or of none. */
static bool
is_made(const struct profile *p, const struct fields *fields,
    struct bytes value)
{
	char		 room[FIELD_VALUE_MAX + 1];
	const char	*s;
	size_t		 i, k;

	for (i = 0; i < p->nsubject; i++)
		if ((s = profile_subject_value(p, i, fields, room)) != NULL &&
		    is_same(s, value, false))
			return true;
	for (i = 0; i < p->nsan; i++)
		for (k = 0; (s = profile_san_value(p, i, fields, k,
		    room)) != NULL; k++)
			if (is_same(s, value, false))
				return true;
	return false;
}

static bool
is_ordered(const struct names *n, struct bytes value, bool fold)
{
	size_t	 i;

	for (i = 0; i < n->fields->n; i++)
		if (is_same(n->fields->v[i].value, value, fold))
			return true;
	return n->profile != NULL && is_made(n->profile, n->fields, value);
}

static void
not_ordered(const struct names *n, const char *what, struct bytes value)
{
	audit_failed(n->v->r, AUDIT_NAMES, n->about,
	    "%s \"%.*s\" is not in the order", what,
	    value.len > 200 ? 200 : (int)value.len, (const char *)value.p);
}

/* Attributes that are about the holder and not about the organisation. */
static bool
is_personal(int nid)
{
	static const int	 personal[] = {
		NID_commonName, NID_givenName, NID_surname, NID_serialNumber,
		NID_pkcs9_emailAddress, NID_userId, NID_pseudonym, NID_title,
	};
	size_t			 i;

	for (i = 0; i < sizeof(personal) / sizeof(personal[0]); i++)
		if (personal[i] == nid)
			return true;
	return false;
}

static void
check_subject(const struct names *n, const X509_NAME *name)
{
	const X509_NAME_ENTRY	*ne;
	const ASN1_STRING	*s;
	struct bytes		 value;
	int			 i, nid;

	for (i = 0; i < X509_NAME_entry_count(name); i++) {
		ne = X509_NAME_get_entry(name, i);
		nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(ne));
		s = X509_NAME_ENTRY_get_data(ne);
		value = BYTES(ASN1_STRING_get0_data(s),
		    (size_t)ASN1_STRING_length(s));
		if (is_personal(nid) && !is_ordered(n, value, false))
			not_ordered(n, OBJ_nid2sn(nid), value);
	}
}

static struct bytes
string_bytes(const ASN1_STRING *s)
{
	return BYTES(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* otherName: a string, such as a UPN, or a Kerberos principal. */
static struct bytes
other_bytes(const OTHERNAME *other, struct buf *room)
{
	struct bytes	 value = BYTES("?", 1);
	int64_t		 type;

	if (other->value == NULL)
		return value;
	if (other->value->type == V_ASN1_UTF8STRING)
		return string_bytes(other->value->value.utf8string);
	if (other->value->type == V_ASN1_SEQUENCE && cert_principal_text(room,
	    &type, string_bytes(other->value->value.sequence)) == 0)
		value = BYTES(room->p, room->len);
	return value;
}

static void
check_san(const struct names *n, const GENERAL_NAME *gn)
{
	struct buf	 room = { 0 };
	char		 ip[INET6_ADDRSTRLEN] = "?";
	const char	*what = "a subjectAltName of another kind";
	struct bytes	 value = BYTES("?", 1);

	switch (gn->type) {
	case GEN_EMAIL:
		what = "mail address";
		value = string_bytes(gn->d.rfc822Name);
		break;
	case GEN_DNS:
		what = "host name";
		value = string_bytes(gn->d.dNSName);
		break;
	case GEN_URI:
		what = "URI";
		value = string_bytes(gn->d.uniformResourceIdentifier);
		break;
	case GEN_OTHERNAME:
		what = "principal name";
		value = other_bytes(gn->d.otherName, &room);
		break;
	case GEN_IPADD:
		what = "IP address";
		value = string_bytes(gn->d.iPAddress);
		if (value.len == 4 || value.len == 16)
			inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.p,
			    ip, sizeof(ip));
		value = BYTES(ip, strlen(ip));
		break;
	default:
		break;
	}
	if (!is_ordered(n, value, true))
		not_ordered(n, what, value);
	buf_clear(&room);
}

void
names_check(struct audit_verify *v, const struct audit_about *about,
    const struct cert_look *look, const char *profile,
    const struct fields *fields)
{
	struct error		 ignored = ERROR_INIT;
	struct names		 n = { .v = v, .about = about,
				    .fields = fields };
	X509_NAME		*name;
	GENERAL_NAMES		*san;
	int			 i;

	if (v->profiles.n > 0)
		(void)profiles_find(&v->profiles, profile, &n.profile,
		    &ignored);
	name = cert_look_decode(ASN1_ITEM_rptr(X509_NAME), look->subject);
	if (name == NULL)
		audit_failed(v->r, AUDIT_NAMES, about,
		    "its subject cannot be read");
	else
		check_subject(&n, name);
	X509_NAME_free(name);
	san = cert_look_decode(ASN1_ITEM_rptr(GENERAL_NAMES), look->san);
	if (san == NULL && look->san.p != NULL)
		audit_failed(v->r, AUDIT_NAMES, about,
		    "its subjectAltName cannot be read");
	for (i = 0; i < sk_GENERAL_NAME_num(san); i++)
		check_san(&n, sk_GENERAL_NAME_value(san, i));
	GENERAL_NAMES_free(san);
}
