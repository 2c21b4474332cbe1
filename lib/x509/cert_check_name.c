/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternative names of a finished certificate, against what was ordered.
 */
#include <arpa/inet.h>
#include <string.h>
#include <openssl/x509v3.h>
#include "x509/cert_private.h"

bool
cert_uri_is(const GENERAL_NAME *n, const char *url)
{
	return n->type == GEN_URI &&
	    cert_text_is(n->d.uniformResourceIdentifier, url);
}

static bool
same_upn(const GENERAL_NAME *n, const char *value)
{
	return n->type == GEN_OTHERNAME &&
	    cert_object_is(n->d.otherName->type_id, OID_UPN) &&
	    n->d.otherName->value->type == V_ASN1_UTF8STRING &&
	    cert_text_is(n->d.otherName->value->value.utf8string, value);
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
		return n->type == GEN_EMAIL && cert_text_is(n->d.rfc822Name, value);
	if (strcmp(type, "dns") == 0)
		return n->type == GEN_DNS && cert_text_is(n->d.dNSName, value);
	if (strcmp(type, "uri") == 0)
		return cert_uri_is(n, value);
	if (strcmp(type, "upn") == 0)
		return same_upn(n, value);
	return strcmp(type, "ip") == 0 && same_ip(n, value);
}
