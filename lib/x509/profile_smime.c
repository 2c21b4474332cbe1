/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CA/Browser Forum's S/MIME baseline requirements (version 1.0.14), as far
 * as a profile or an order can break them.  A certificate claims to keep them
 * by one of the twelve reserved policies, 2.23.140.1.5.TYPE.GENERATION.
 */
#include <stdio.h>
#include <string.h>
#include "x509/profile.h"
#include "x509/profile_private.h"

#define RESERVED	"2.23.140.1.5."
#define DAYS_MAX	825		/* 6.3.2 */

/* Types of certificate (1.2.1), as bits. */
enum { MAILBOX = 1 << 1, ORGANIZATION = 1 << 2, SPONSOR = 1 << 3,
    INDIVIDUAL = 1 << 4 };
#define PERSON		(SPONSOR | INDIVIDUAL)
#define LEGAL		(ORGANIZATION | SPONSOR)
#define ALL		(MAILBOX | LEGAL | INDIVIDUAL)

enum generation { LEGACY = 1, MULTIPURPOSE, STRICT };

struct smime {
	unsigned int	 type;		/* one of the bits; 0: not of S/MIME */
	enum generation	 generation;
};

/* 7.1.4.2.3 to 7.1.4.2.6: who may have the attribute. */
static const struct {
	const char	*attr;
	unsigned int	 types;
	bool		 lax;		/* not in the strict generation */
} attrs[] = {
	{ "CN", ALL, false }, { "serialNumber", ALL, false },
	{ "emailAddress", ALL, false },
	{ "O", LEGAL, false }, { "OU", LEGAL, false },
	{ "organizationIdentifier", LEGAL, false },
	{ "GN", PERSON, false }, { "SN", PERSON, false },
	{ "pseudonym", PERSON, false }, { "title", PERSON, false },
	{ "L", LEGAL | PERSON, false }, { "ST", LEGAL | PERSON, false },
	{ "C", LEGAL | PERSON, false },
	{ "street", LEGAL | PERSON, true },
	{ "postalCode", LEGAL | PERSON, true },
};
#define NATTRS	(sizeof(attrs) / sizeof(attrs[0]))

static struct smime
smime_of(const struct profile *p)
{
	struct smime	 s = { 0, LEGACY };
	const char	*end;
	size_t		 i;

	for (i = 0; i < p->npolicies && !p->is_ca; i++) {
		if (strncmp(p->policies[i].oid, RESERVED,
		    strlen(RESERVED)) != 0)
			continue;
		end = p->policies[i].oid + strlen(RESERVED);
		if (strlen(end) == 3 && end[0] >= '1' && end[0] <= '4' &&
		    end[1] == '.' && end[2] >= '1' && end[2] <= '3') {
			s.type = 1u << (end[0] - '0');
			s.generation = (enum generation)(end[2] - '0');
		}
	}
	return s;
}

bool
profile_is_smime(const struct profile *p)
{
	return smime_of(p).type != 0;
}

/* 7.1.6.1 and 7.1.6.4. */
static int
check_policy(const struct profile *p, const struct smime *s, struct error *e)
{
	size_t	 i, n = 0;

	for (i = 0; i < p->npolicies; i++)
		n += strncmp(p->policies[i].oid, RESERVED,
		    strlen(RESERVED)) == 0;
	if (n > 1)
		return error_set(e, ERROR_CONFIG, "policies: more than one of"
		    " those reserved by the S/MIME baseline");
	if (n == 1 && s->type == 0)
		return error_set(e, ERROR_CONFIG, "policies: the S/MIME"
		    " baseline reserves " RESERVED "1.1 to 4.3 only");
	if (s->type != 0 && s->generation == LEGACY)
		return error_set(e, ERROR_CONFIG, "policies: the S/MIME"
		    " baseline's legacy generation ended in July 2025");
	return 0;
}

/* 7.1.3.1.1: a key that names RSASSA-PSS is none of the list. */
static int
check_keys(const struct profile *p, struct error *e)
{
	size_t	 i;

	for (i = 0; i < p->nkeys; i++)
		if (strcmp(p->keys[i].type, "rsa-pss") == 0)
			return error_set(e, ERROR_CONFIG, "keys: the S/MIME"
			    " baseline does not allow rsa-pss, only rsa");
	return 0;
}

/* 7.1.2.3 e: what there may be beside keys of each kind. */
static int
check_usage(const struct profile *p, const struct smime *s, struct error *e)
{
	uint32_t	 use, may;
	size_t		 i;

	for (i = 0; i < p->nkeys; i++) {
		use = profile_key_usage(p, p->keys[i].type);
		may = USE_DIGITAL_SIGNATURE | USE_NON_REPUDIATION |
		    USE_KEY_ENCIPHERMENT | USE_KEY_AGREEMENT |
		    USE_ENCIPHER_ONLY | USE_DECIPHER_ONLY;
		if (s->generation == MULTIPURPOSE)
			may |= USE_DATA_ENCIPHERMENT;
		if ((use & ~may) != 0)
			return error_set(e, ERROR_CONFIG, "key_usage: one that"
			    " the S/MIME baseline does not allow");
		if ((use & (USE_DIGITAL_SIGNATURE | USE_KEY_ENCIPHERMENT |
		    USE_KEY_AGREEMENT)) == 0)
			return error_set(e, ERROR_CONFIG, "key_usage: the"
			    " S/MIME baseline wants signing or encryption");
	}
	return 0;
}

/* 7.1.2.3 f. */
static int
check_purposes(const struct profile *p, const struct smime *s,
    struct error *e)
{
	static const char *const	 never[] = { OID_EKU_SERVER_AUTH,
	    OID_EKU_CODE, OID_EKU_TIME, OID_EKU_OCSP, OID_EKU_ANY };
	size_t				 i;

	if (!profile_has_eku(p, OID_EKU_EMAIL))
		return error_set(e, ERROR_CONFIG, "ext_key_usage: the S/MIME"
		    " baseline wants emailProtection");
	if (s->generation == STRICT && p->ext_key_usage.n > 1)
		return error_set(e, ERROR_CONFIG, "ext_key_usage: the S/MIME"
		    " baseline's strict generation allows emailProtection"
		    " only");
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (profile_has_eku(p, never[i]))
			return error_set(e, ERROR_CONFIG, "ext_key_usage: the"
			    " S/MIME baseline does not allow %s", never[i]);
	return 0;
}

/* 7.1.4.2.1. */
static int
check_names(const struct profile *p, const struct smime *s, struct error *e)
{
	const char	*type;
	size_t		 i;

	for (i = 0; i < p->nsan; i++) {
		type = p->san[i].type;
		if (strcmp(type, "email") == 0)
			continue;
		if (s->generation == STRICT || (strcmp(type, "upn") != 0 &&
		    strcmp(type, "krb5") != 0))
			return error_set(e, ERROR_CONFIG, "san: %s is not for"
			    " the S/MIME baseline%s", type,
			    s->generation == STRICT ?
			    "'s strict generation" : "");
	}
	return 0;
}

static bool
attr_allowed(const char *attr, const struct smime *s)
{
	size_t	 i;

	for (i = 0; i < NATTRS; i++)
		if (strcmp(attrs[i].attr, attr) == 0)
			return (attrs[i].types & s->type) != 0 &&
			    !(attrs[i].lax && s->generation == STRICT);
	return false;
}

/* Is the attribute in the subject of each certificate (or of any)? */
static bool
has_attr(const struct profile *p, const char *attr, bool always)
{
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		if (strcmp(p->subject[i].attr, attr) == 0 && (!always ||
		    p->subject[i].required || p->subject[i].from == NULL))
			return true;
	return false;
}

static int
check_subject(const struct profile *p, const struct smime *s, struct error *e)
{
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		if (!attr_allowed(p->subject[i].attr, s))
			return error_set(e, ERROR_CONFIG, "subject: %s is not"
			    " for this type of the S/MIME baseline",
			    p->subject[i].attr);
	if ((s->type & LEGAL) != 0 && (!has_attr(p, "O", true) ||
	    !has_attr(p, "organizationIdentifier", true)))
		return error_set(e, ERROR_CONFIG, "subject: this type of the"
		    " S/MIME baseline requires O and organizationIdentifier");
	if ((s->type & PERSON) != 0 && !has_attr(p, "GN", false) &&
	    !has_attr(p, "SN", false) && !has_attr(p, "pseudonym", false))
		return error_set(e, ERROR_CONFIG, "subject: this type of the"
		    " S/MIME baseline wants GN, SN or pseudonym");
	return 0;
}

int
profile_check_smime(const struct profile *p, struct error *e)
{
	struct smime	 s = smime_of(p);

	if (p->is_ca)
		return 0;
	if (check_policy(p, &s, e) == -1)
		return -1;
	if (s.type == 0)
		return 0;
	if (p->validity > DAYS_MAX * INT64_C(86400))
		return error_set(e, ERROR_CONFIG, "validity: the S/MIME"
		    " baseline allows %d days", DAYS_MAX);
	/* 7.1.2.3 b and c; and Thunderbird asks nobody but OCSP. */
	if (!p->cdp || !p->aia || !p->ocsp)
		return error_set(e, ERROR_CONFIG, "the S/MIME baseline goes"
		    " with cdp, aia and ocsp");
	if (check_keys(p, e) == -1 || check_usage(p, &s, e) == -1 ||
	    check_purposes(p, &s, e) == -1 || check_names(p, &s, e) == -1)
		return -1;
	return check_subject(p, &s, e);
}

/*
 * The order.
 */
static const char *
subject_value(const struct profile *p, const char *attr,
    const struct fields *f, char room[FIELD_VALUE_MAX + 1])
{
	const char	*value;
	size_t		 i;

	for (i = 0; i < p->nsubject; i++)
		if (strcmp(p->subject[i].attr, attr) == 0 && (value =
		    profile_subject_value(p, i, f, room)) != NULL)
			return value;
	return NULL;
}

static bool
is_among_mailboxes(const struct profile *p, const struct fields *f,
    const char *value)
{
	char		 room[FIELD_VALUE_MAX + 1];
	const char	*mail;
	size_t		 i, k;

	for (i = 0; i < p->nsan; i++)
		for (k = 0; strcmp(p->san[i].type, "email") == 0 &&
		    (mail = profile_san_value(p, i, f, k, room)) != NULL; k++)
			if (strcmp(mail, value) == 0)
				return true;
	return false;
}

/* 7.1.4.2.1: a mailbox in the subject is in the alternative names, too. */
static int
check_mailboxes(const struct profile *p, const struct fields *f,
    struct error *e)
{
	char		 room[FIELD_VALUE_MAX + 1];
	const char	*value;
	size_t		 i;

	for (i = 0; i < p->nsubject; i++)
		if ((value = profile_subject_value(p, i, f, room)) != NULL &&
		    profile_is_mailbox(value) &&
		    !is_among_mailboxes(p, f, value))
			return error_set(e, ERROR_INPUT, "\"%s\" is in the"
			    " subject and not among the mail addresses",
			    value);
	return 0;
}

static bool
has_letters(const char *s, size_t n, const char *from, const char *to)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if ((s[i] < from[0] || s[i] > from[1]) &&
		    (s[i] < to[0] || s[i] > to[1]))
			return false;
	return true;
}

/* ISO 17442: 18 letters and digits and two that make it 1 modulo 97. */
static bool
is_lei(const char *s)
{
	unsigned int	 rest = 0;

	if (strlen(s) != 20 || !has_letters(s, 20, "AZ", "09"))
		return false;
	for (; *s != '\0'; s++)
		rest = *s <= '9' ? (rest * 10 + (unsigned int)(*s - '0')) % 97 :
		    (rest * 100 + (unsigned int)(*s - 'A') + 10) % 97;
	return rest == 1;
}

/* "+CA": one to three letters or digits, for NTR and GOV. */
static size_t
subdivision(const char *id, const char *s)
{
	size_t	 n;

	if (s[0] != '+' || (strncmp(id, "NTR", 3) != 0 &&
	    strncmp(id, "GOV", 3) != 0))
		return 0;
	n = strcspn(s + 1, "-");
	return n >= 1 && n <= 3 && has_letters(s + 1, n, "AZ", "09") ?
	    n + 1 : 0;
}

bool
profile_is_organization_id(const char *id)
{
	static const char	 schemes[] = "NTR VAT PSD LEI GOV INT";
	char			 scheme[4];
	const char		*rest;
	size_t			 len = strlen(id);

	snprintf(scheme, sizeof(scheme), "%s", id);
	if (len < 5 || strchr(scheme, ' ') != NULL ||
	    strstr(schemes, scheme) == NULL ||
	    !has_letters(id + 3, 2, "AZ", "AZ"))
		return false;
	rest = id + 5 + subdivision(id, id + 5);
	if (strcmp(scheme, "INT") == 0 || strcmp(scheme, "LEI") == 0) {
		if (strncmp(id + 3, "XG", 2) != 0)
			return false;
		return scheme[0] == 'I' ? *rest == '\0' :
		    *rest == '-' && is_lei(rest + 1);
	}
	if (strcmp(scheme, "GOV") == 0)
		return *rest == '\0';
	return rest[0] == '-' && rest[1] != '\0' && rest[1] != ' ';
}

/* Appendix A: a register of a country is of the country that the subject
 * names; LEIXG and INTXG are of none. */
static int
check_register(const struct profile *p, const struct fields *f,
    struct error *e)
{
	char		 room[2][FIELD_VALUE_MAX + 1];
	const char	*id = subject_value(p, "organizationIdentifier", f,
			    room[0]);
	const char	*country = subject_value(p, "C", f, room[1]);

	if (id == NULL)
		return 0;
	if (profile_has_eku(p, OID_EKU_EMAIL) &&
	    !profile_is_organization_id(id))
		return error_set(e, ERROR_INPUT, "organizationIdentifier"
		    " \"%s\" is not of a form such as NTRSE-5560000001,"
		    " VATSE-..., LEIXG-... or GOVSE", id);
	if (country == NULL || strlen(id) < 5 ||
	    strncmp(id, "LEI", 3) == 0 || strncmp(id, "INT", 3) == 0)
		return 0;
	if (strncmp(id + 3, country, 2) != 0)
		return error_set(e, ERROR_INPUT, "organizationIdentifier"
		    " \"%s\" is not of the country %s", id, country);
	return 0;
}

/* 7.1.4.2.2 a, e and f. */
static int
check_person(const struct profile *p, const struct fields *f,
    struct error *e)
{
	char		 room[3][FIELD_VALUE_MAX + 1];
	const char	*alias = subject_value(p, "pseudonym", f, room[0]);
	const char	*cn = subject_value(p, "CN", f, room[1]);
	bool		 named = subject_value(p, "GN", f, room[2]) != NULL ||
			    subject_value(p, "SN", f, room[2]) != NULL;

	if (named == (alias != NULL))
		return error_set(e, ERROR_INPUT, named ? "a pseudonym does"
		    " not go with a given name or surname" : "the S/MIME"
		    " baseline wants a given name, a surname or a pseudonym");
	if (alias != NULL && cn != NULL && strcmp(cn, alias) != 0 &&
	    !is_among_mailboxes(p, f, cn))
		return error_set(e, ERROR_INPUT, "CN \"%s\" is neither the"
		    " pseudonym nor a mail address", cn);
	return 0;
}

/* 7.1.4.2.2 a: a CN that names no person. */
static int
check_common_name(const struct profile *p, const struct fields *f,
    const struct smime *s, struct error *e)
{
	char		 room[2][FIELD_VALUE_MAX + 1];
	const char	*cn = subject_value(p, "CN", f, room[0]);
	const char	*org = subject_value(p, "O", f, room[1]);

	if (cn == NULL || is_among_mailboxes(p, f, cn))
		return 0;
	if (s->type == MAILBOX)
		return error_set(e, ERROR_INPUT, "CN \"%s\" is not one of the"
		    " mail addresses", cn);
	if (org == NULL || strcmp(cn, org) != 0)
		return error_set(e, ERROR_INPUT, "CN \"%s\" is neither the"
		    " organisation nor a mail address", cn);
	return 0;
}

/* 7.1.4.2.2 j to m. */
static int
check_place(const struct profile *p, const struct fields *f, struct error *e)
{
	char	 room[FIELD_VALUE_MAX + 1];
	bool	 town = subject_value(p, "L", f, room) != NULL ||
		    subject_value(p, "ST", f, room) != NULL;

	if (town && subject_value(p, "C", f, room) == NULL)
		return error_set(e, ERROR_INPUT,
		    "L and ST go with C in the subject only");
	if (!town && (subject_value(p, "street", f, room) != NULL ||
	    subject_value(p, "postalCode", f, room) != NULL))
		return error_set(e, ERROR_INPUT, "street and postalCode go"
		    " with L or ST in the subject only");
	return 0;
}

int
profile_check_smime_fields(const struct profile *p, const struct fields *f,
    struct error *e)
{
	struct smime	 s = smime_of(p);

	if (profile_has_eku(p, OID_EKU_EMAIL) &&
	    check_mailboxes(p, f, e) == -1)
		return -1;
	if (check_register(p, f, e) == -1)
		return -1;
	if (s.type == 0)
		return 0;
	if (((s.type & PERSON) != 0 ? check_person(p, f, e) :
	    check_common_name(p, f, &s, e)) == -1)
		return -1;
	return check_place(p, f, e);
}
