/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternative names of a finished certificate, against what was ordered.
 */
#include <arpa/inet.h>
#include <string.h>
#include <openssl/x509v3.h>
#include "x509/cert_private.h"
#include "x509/der.h"

bool
cert_uri_is(const GENERAL_NAME *n, const char *url)
{
	return n->type == GEN_URI &&
	    cert_text_is(n->d.uniformResourceIdentifier, url);
}

static bool
is_other(const GENERAL_NAME *n, const char *oid, int type)
{
	return n->type == GEN_OTHERNAME &&
	    cert_object_is(n->d.otherName->type_id, oid) &&
	    n->d.otherName->value->type == type;
}

static bool
same_other_text(const GENERAL_NAME *n, const char *oid, const char *value)
{
	return is_other(n, oid, V_ASN1_UTF8STRING) &&
	    cert_text_is(n->d.otherName->value->value.utf8string, value);
}

static bool
same_mailbox(const GENERAL_NAME *n, const char *value)
{
	if (!cert_is_ascii(value))
		return same_other_text(n, OID_SMTP_UTF8, value);
	return n->type == GEN_EMAIL && cert_text_is(n->d.rfc822Name, value);
}

/* The reader's way round: taken apart, written as people do, compared. */
int
cert_principal_text(struct buf *text, int64_t *type, struct bytes der)
{
	struct bytes	 seq, realm, name, parts, part, number;

	if (der_take(&der, DER_SEQUENCE, &seq) == -1 || der.len > 0 ||
	    der_take(&seq, DER_CONTEXT_CONS(0), &realm) == -1 ||
	    der_take(&seq, DER_CONTEXT_CONS(1), &name) == -1 || seq.len > 0 ||
	    der_take(&name, DER_SEQUENCE, &parts) == -1 || name.len > 0 ||
	    der_take(&parts, DER_CONTEXT_CONS(0), &number) == -1 ||
	    der_take_int(&number, type) == -1 || number.len > 0 ||
	    der_take(&parts, DER_CONTEXT_CONS(1), &name) == -1 ||
	    parts.len > 0 ||
	    der_take(&name, DER_SEQUENCE, &parts) == -1 || name.len > 0)
		return -1;
	while (parts.len > 0) {
		if (der_take(&parts, DER_GENERAL_STRING, &part) == -1)
			return -1;
		buf_add(text, part.p, part.len);
		buf_str(text, parts.len > 0 ? "/" : "@");
	}
	if (der_take(&realm, DER_GENERAL_STRING, &part) == -1 || realm.len > 0)
		return -1;
	buf_add(text, part.p, part.len);
	return 0;
}

static bool
same_principal(const GENERAL_NAME *n, const char *value)
{
	int64_t			 type, want = strncmp(value, "krbtgt/", 7) == 0 ?
				    2 : 1;
	struct buf		 text = { 0 };
	const ASN1_STRING	*s;
	bool			 ok;

	if (!is_other(n, OID_KRB5_PRINCIPAL, V_ASN1_SEQUENCE))
		return false;
	s = n->d.otherName->value->value.sequence;
	ok = cert_principal_text(&text, &type, BYTES(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s))) == 0 && type == want &&
	    bytes_equal(BYTES(text.p, text.len), BYTES(value, strlen(value)));
	buf_clear(&text);
	return ok;
}

static bool
same_ip(const GENERAL_NAME *n, const char *value)
{
	uint8_t	 ip[16];

	if (n->type != GEN_IPADD)
		return false;
	if (inet_pton(AF_INET, value, ip) == 1)
		return cert_string_is(n->d.iPAddress, ip, 4);
	return inet_pton(AF_INET6, value, ip) == 1 &&
	    cert_string_is(n->d.iPAddress, ip, 16);
}

bool
cert_same_name(const GENERAL_NAME *n, const char *type, const char *value)
{
	if (strcmp(type, "email") == 0)
		return same_mailbox(n, value);
	if (strcmp(type, "dns") == 0)
		return n->type == GEN_DNS && cert_text_is(n->d.dNSName, value);
	if (strcmp(type, "uri") == 0)
		return cert_uri_is(n, value);
	if (strcmp(type, "upn") == 0)
		return same_other_text(n, OID_UPN, value);
	if (strcmp(type, "krb5") == 0)
		return same_principal(n, value);
	return strcmp(type, "ip") == 0 && same_ip(n, value);
}
