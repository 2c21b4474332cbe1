/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in a certificate: whatever tells who somebody is stands in the order
 * that officers signed.  What a profile may fix for everybody (organisation,
 * country and the like) is not looked for.
 */
#include <arpa/inet.h>

#include <strings.h>
#include <openssl/x509v3.h>

#include "cli/audit_state.h"

static bool
is_ordered(const struct fields *fields, struct bytes value, bool fold)
{
	const char	*s;
	size_t		 i;

	for (i = 0; i < fields->n; i++) {
		s = fields->v[i].value;
		if (strlen(s) != value.len)
			continue;
		if (memcmp(s, value.p, value.len) == 0 || (fold &&
		    strncasecmp(s, (const char *)value.p, value.len) == 0))
			return true;
	}
	return false;
}

static void
not_ordered(struct audit_verify *v, const struct audit_about *about,
    const char *what, struct bytes value)
{
	audit_failed(v->r, AUDIT_NAMES, about,
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
check_subject(struct audit_verify *v, const struct audit_about *about,
    X509 *cert, const struct fields *fields)
{
	const X509_NAME		*name = X509_get_subject_name(cert);
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
		if (is_personal(nid) && !is_ordered(fields, value, false))
			not_ordered(v, about, OBJ_nid2sn(nid), value);
	}
}

static struct bytes
string_bytes(const ASN1_STRING *s)
{
	return BYTES(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* otherName: the UPN, whose value is a string. */
static struct bytes
other_bytes(const OTHERNAME *other)
{
	static const uint8_t	 none[] = "?";

	if (other->value == NULL || other->value->type != V_ASN1_UTF8STRING)
		return BYTES(none, 1);
	return string_bytes(other->value->value.utf8string);
}

static void
check_san(struct audit_verify *v, const struct audit_about *about,
    const GENERAL_NAME *gn, const struct fields *fields)
{
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
		what = "user principal name";
		value = other_bytes(gn->d.otherName);
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
	if (!is_ordered(fields, value, true))
		not_ordered(v, about, what, value);
}

void
names_check(struct audit_verify *v, const struct audit_about *about,
    X509 *cert, const struct fields *fields)
{
	GENERAL_NAMES	*san;
	int		 i;

	check_subject(v, about, cert, fields);
	san = X509_get_ext_d2i(cert, NID_subject_alt_name, &i, NULL);
	if (san == NULL && i != -1)
		audit_failed(v->r, AUDIT_NAMES, about,
		    "its subjectAltName cannot be read");
	for (i = 0; i < sk_GENERAL_NAME_num(san); i++)
		check_san(v, about, sk_GENERAL_NAME_value(san, i), fields);
	GENERAL_NAMES_free(san);
}
