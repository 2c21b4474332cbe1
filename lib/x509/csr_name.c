/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in a request: what hides something is refused, whether or not a
 * profile would take it; what is left is offered as fields.
 */
#include <string.h>
#include <arpa/inet.h>
#include "base/text.h"
#include "x509/csr_private.h"
#include "x509/mail_address.h"
#include "x509/script.h"

static const struct {
	const char	*attr;
	const char	*field;
} offered[] = {
	{ "CN", "name" }, { "GN", "given" }, { "SN", "surname" },
	{ "serialNumber", "id" }, { "O", "org" },
	{ "organizationIdentifier", "orgid" }, { "OU", "unit" },
	{ "C", "country" }, { "title", "title" }, { "pseudonym", "pseudonym" },
	{ "emailAddress", "mail" }, { "L", "locality" }, { "ST", "state" },
	{ "street", "street" }, { "postalCode", "postal" }, { "UID", "uid" },
};
#define NOFFERED	(sizeof(offered) / sizeof(offered[0]))

/* Its row in offered, or NOFFERED. */
static size_t
offered_find(struct bytes oid)
{
	char	 dotted[DER_OID_TEXT];
	size_t	 i;

	der_oid_text(dotted, oid);
	for (i = 0; i < NOFFERED; i++)
		if (strcmp(name_attr_find(offered[i].attr)->oid, dotted) == 0)
			break;
	return i;
}

/* Clean text of one reading, in "where". */
static int
text_check(const char *where, struct bytes text, struct error *e)
{
	if (text.len == 0)
		return csr_bad(e, "%s: value is empty", where);
	if (text.len > FIELD_VALUE_MAX)
		return csr_bad(e, "%s: value is longer than %d octets", where,
		    FIELD_VALUE_MAX);
	if (script_check((const char *)text.p, text.len, e) == -1)
		return error_wrap(e, "request: %s", where);
	return 0;
}

static int
mail_check(const char *where, struct bytes text, struct error *e)
{
	char	 value[FIELD_VALUE_MAX + 1];

	if (text_check(where, text, e) == -1)
		return -1;
	memcpy(value, text.p, text.len);
	value[text.len] = '\0';
	if (mail_address_check(value, e) == -1)
		return error_wrap(e, "request: %s", where);
	return 0;
}

/*
 * The subject.  Text types that have one reading; BMPString and its like are
 * for software that ended before these rules began.
 */
static bool
is_text_tag(uint8_t tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5;
}

/* A relative name -> fn for each attribute. */
typedef int name_fn(void *, struct bytes oid, struct bytes text,
    struct error *);

static int
rdn_walk(struct bytes set, name_fn *fn, void *arg, struct error *e)
{
	struct bytes	 seq, oid, text;
	uint8_t		 tag;

	if (set.len == 0)
		return csr_bad(e, "subject: empty relative name (RFC 5280, "
		    "4.1.2.4)");
	while (set.len > 0) {
		if (der_take(&set, DER_SEQUENCE, &seq) == -1 ||
		    der_take(&seq, DER_OID, &oid) == -1 ||
		    der_next(&seq, &tag, &text, NULL) != 1 || seq.len > 0)
			return csr_bad(e, "subject: malformed attribute");
		if (!is_text_tag(tag))
			return csr_bad(e, "subject: value is not UTF8String,"
			    " PrintableString or IA5String (RFC 5280,"
			    " 4.1.2.4)");
		if (fn(arg, oid, text, e) == -1)
			return -1;
	}
	return 0;
}

static int
subject_walk(struct bytes name, name_fn *fn, void *arg, struct error *e)
{
	struct bytes	 set;
	int		 n;

	for (n = 0; name.len > 0; n++) {
		if (n == CSR_PARTS_MAX)
			return csr_bad(e, "subject: too many parts");
		if (der_take(&name, DER_SET, &set) == -1)
			return csr_bad(e, "subject: malformed");
		if (rdn_walk(set, fn, arg, e) == -1)
			return -1;
	}
	return 0;
}

static int
check_attr(void *arg, struct bytes oid, struct bytes text, struct error *e)
{
	char	 where[DER_OID_TEXT + 16];
	char	 dotted[DER_OID_TEXT];
	size_t	 i = offered_find(oid);

	(void)arg;
	snprintf(where, sizeof(where), "subject %s", i < NOFFERED ?
	    offered[i].attr : der_oid_text(dotted, oid));
	if (i < NOFFERED && strcmp(offered[i].field, "mail") == 0)
		return mail_check(where, text, e);
	return text_check(where, text, e);
}

int
csr_read_subject(struct csr *csr, struct error *e)
{
	return subject_walk(csr->subject, check_attr, NULL, e);
}

/*
 * subjectAltName (RFC 5280, 4.2.1.6).
 */
typedef int san_fn(void *, uint8_t tag, struct bytes content, struct error *);

static int
san_walk(struct bytes value, san_fn *fn, void *arg, struct error *e)
{
	struct bytes	 names, c;
	uint8_t		 tag;
	int		 n;

	if (der_take(&value, DER_SEQUENCE, &names) == -1 || value.len > 0 ||
	    names.len == 0)
		return csr_bad(e, "subjectAltName: malformed (RFC 5280, "
		    "4.2.1.6)");
	for (n = 0; names.len > 0; n++) {
		if (der_next(&names, &tag, &c, NULL) != 1)
			return csr_bad(e, "subjectAltName: malformed");
		if (n == CSR_PARTS_MAX)
			return csr_bad(e, "subjectAltName: too many names");
		if (fn(arg, tag, c, e) == -1)
			return -1;
	}
	return 0;
}

/* 1 and the name, 0: another kind of otherName, -1. */
static int
upn_find(struct bytes c, struct bytes *text, struct error *e)
{
	struct bytes	 oid, value;

	if (der_take(&c, DER_OID, &oid) == -1 ||
	    der_take(&c, DER_CONTEXT_CONS(0), &value) == -1 || c.len > 0)
		return csr_bad(e, "subjectAltName: malformed otherName");
	if (!der_is_oid(oid, OID_UPN))
		return 0;
	if (der_take(&value, DER_UTF8, text) == -1 || value.len > 0)
		return csr_bad(e, "subjectAltName: malformed principal name");
	return 1;
}

static int
check_upn(struct bytes c, struct error *e)
{
	struct bytes	 text;
	int		 found = upn_find(c, &text, e);

	if (found <= 0)
		return found;
	return mail_check("subjectAltName principal name", text, e);
}

static int
check_host(struct bytes c, struct error *e)
{
	char	 value[FIELD_VALUE_MAX + 1];

	if (text_check("subjectAltName dNSName", c, e) == -1)
		return -1;
	memcpy(value, c.p, c.len);
	value[c.len] = '\0';
	if (host_name_check(value, e) == -1)
		return error_wrap(e, "request: subjectAltName dNSName");
	return 0;
}

static int
check_uri(struct bytes c, struct error *e)
{
	size_t	 i;

	for (i = 0; i < c.len; i++)
		if (c.p[i] <= ' ' || c.p[i] > '~')
			return csr_bad(e, "subjectAltName URI: octet %02x is "
			    "in no URI (RFC 3986, 2)", c.p[i]);
	return text_check("subjectAltName URI", c, e);
}

static int
check_san(void *arg, uint8_t tag, struct bytes c, struct error *e)
{
	(void)arg;
	switch (tag) {
	case DER_CONTEXT_CONS(0):
		return check_upn(c, e);
	case DER_CONTEXT(1):
		return mail_check("subjectAltName rfc822Name", c, e);
	case DER_CONTEXT(2):
		return check_host(c, e);
	case DER_CONTEXT(6):
		return check_uri(c, e);
	case DER_CONTEXT(7):
		if (c.len == 4 || c.len == 16)
			return 0;
		return csr_bad(e, "subjectAltName iPAddress: %zu octets, not "
		    "4 or 16 (RFC 5280, 4.2.1.6)", c.len);
	case DER_CONTEXT_CONS(3):	/* x400Address */
	case DER_CONTEXT_CONS(4):	/* directoryName */
	case DER_CONTEXT_CONS(5):	/* ediPartyName */
	case DER_CONTEXT(8):		/* registeredID */
		return 0;		/* which no profile has */
	default:
		return csr_bad(e, "subjectAltName: no such kind of name (RFC "
		    "5280, 4.2.1.6)");
	}
}

int
csr_read_san(struct csr *csr, struct bytes value, struct error *e)
{
	csr->san = value;
	return san_walk(value, check_san, NULL, e);
}

/*
 * What the request offers, as fields.
 */
static int
offer(struct fields *f, const char *field, struct bytes text, struct error *e)
{
	char	 value[FIELD_VALUE_MAX + 1];
	size_t	 k;

	memcpy(value, text.p, text.len);	/* bounded by the checks */
	value[text.len] = '\0';
	for (k = 0; k < fields_count(f, field); k++)
		if (strcmp(fields_get(f, field, k), value) == 0)
			return 0;
	if (f->n == FIELDS_MAX)
		return csr_bad(e, "too many names");
	fields_add(f, field, value);
	return 0;
}

static int
offer_attr(void *arg, struct bytes oid, struct bytes text, struct error *e)
{
	size_t	 i = offered_find(oid);

	return i < NOFFERED ? offer(arg, offered[i].field, text, e) : 0;
}

static int
offer_ip(struct fields *f, struct bytes c, struct error *e)
{
	char	 text[INET6_ADDRSTRLEN];

	if (inet_ntop(c.len == 4 ? AF_INET : AF_INET6, c.p, text,
	    sizeof(text)) == NULL)
		return csr_bad(e, "subjectAltName: malformed address");
	return offer(f, "ip", BYTES(text, strlen(text)), e);
}

static int
offer_san(void *arg, uint8_t tag, struct bytes c, struct error *e)
{
	struct bytes	 text;
	int		 found;

	switch (tag) {
	case DER_CONTEXT_CONS(0):
		found = upn_find(c, &text, e);
		return found == 1 ? offer(arg, "upn", text, e) : found;
	case DER_CONTEXT(1):
		return offer(arg, "mail", c, e);
	case DER_CONTEXT(2):
		return offer(arg, "dns", c, e);
	case DER_CONTEXT(6):
		return offer(arg, "uri", c, e);
	case DER_CONTEXT(7):
		return offer_ip(arg, c, e);
	default:
		return 0;
	}
}

int
csr_fields(const struct csr *csr, struct fields *f, struct error *e)
{
	if (subject_walk(csr->subject, offer_attr, f, e) == 0 &&
	    (csr->san.len == 0 || san_walk(csr->san, offer_san, f, e) == 0))
		return 0;
	fields_clear(f);
	return -1;
}
