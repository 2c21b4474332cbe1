/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternative names, written.
 */
#include <arpa/inet.h>
#include <string.h>
#include "x509/cert_private.h"
#include "x509/der.h"

static void
put_upn(struct buf *b, const char *value)
{
	size_t	 other = der_begin(b, DER_CONTEXT_CONS(0)), text;

	der_put_oid(b, OID_UPN);
	text = der_begin(b, DER_CONTEXT_CONS(0));
	der_put_str(b, DER_UTF8, value);
	der_end(b, text);
	der_end(b, other);
}

int
cert_put_general_name(struct buf *b, const char *type, const char *value,
    struct error *e)
{
	uint8_t	 ip[16];

	if (strcmp(type, "email") == 0)
		der_put_str(b, DER_CONTEXT(1), value);
	else if (strcmp(type, "dns") == 0)
		der_put_str(b, DER_CONTEXT(2), value);
	else if (strcmp(type, "uri") == 0)
		der_put_str(b, DER_CONTEXT(6), value);
	else if (strcmp(type, "upn") == 0)
		put_upn(b, value);
	else if (strcmp(type, "ip") == 0 && inet_pton(AF_INET, value, ip) == 1)
		der_put(b, DER_CONTEXT(7), ip, 4);
	else if (strcmp(type, "ip") == 0 && inet_pton(AF_INET6, value, ip) == 1)
		der_put(b, DER_CONTEXT(7), ip, 16);
	else
		return error_set(e, ERROR_BUG, "subjectAltName: %s \"%s\"",
		    type, value);
	return 0;
}
