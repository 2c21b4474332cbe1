/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternative names, written.
 */
#include <arpa/inet.h>
#include <string.h>
#include "x509/cert_private.h"
#include "x509/der.h"

static void
put_other_text(struct buf *b, const char *oid, const char *value)
{
	size_t	 other = der_begin(b, DER_CONTEXT_CONS(0)), text;

	der_put_oid(b, oid);
	text = der_begin(b, DER_CONTEXT_CONS(0));
	der_put_str(b, DER_UTF8, value);
	der_end(b, text);
	der_end(b, other);
}

bool
cert_is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

/* RFC 9598 3: the other form only where the local part needs it. */
static void
put_mailbox(struct buf *b, const char *value)
{
	if (cert_is_ascii(value))
		der_put_str(b, DER_CONTEXT(1), value);
	else
		put_other_text(b, OID_SMTP_UTF8, value);
}

/* A value within its explicit tag. */
static void
put_string_in(struct buf *b, uint8_t tag, const char *p, size_t n)
{
	size_t	 mark = der_begin(b, tag);

	der_put(b, DER_GENERAL_STRING, p, n);
	der_end(b, mark);
}

/* RFC 4120 6.2: type 2 for the ticket service, 1 for what else there is. */
static void
put_principal_name(struct buf *b, const char *name, size_t len)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE), mark, list, n;

	mark = der_begin(b, DER_CONTEXT_CONS(0));
	der_put_int(b, strncmp(name, "krbtgt/", 7) == 0 ? 2 : 1);
	der_end(b, mark);
	mark = der_begin(b, DER_CONTEXT_CONS(1));
	list = der_begin(b, DER_SEQUENCE);
	for (;; name += n + 1, len -= n + 1) {
		for (n = 0; n < len && name[n] != '/'; n++)
			;
		der_put(b, DER_GENERAL_STRING, name, n);
		if (n == len)
			break;
	}
	der_end(b, list);
	der_end(b, mark);
	der_end(b, seq);
}

/* KRB5PrincipalName, RFC 4556 3.2.2. */
static void
put_principal(struct buf *b, const char *value)
{
	const char	*at = strchr(value, '@');
	size_t		 other = der_begin(b, DER_CONTEXT_CONS(0)), mark, seq,
			 name;

	der_put_oid(b, OID_KRB5_PRINCIPAL);
	mark = der_begin(b, DER_CONTEXT_CONS(0));
	seq = der_begin(b, DER_SEQUENCE);
	put_string_in(b, DER_CONTEXT_CONS(0), at + 1, strlen(at + 1));
	name = der_begin(b, DER_CONTEXT_CONS(1));
	put_principal_name(b, value, (size_t)(at - value));
	der_end(b, name);
	der_end(b, seq);
	der_end(b, mark);
	der_end(b, other);
}

int
cert_put_general_name(struct buf *b, const char *type, const char *value,
    struct error *e)
{
	uint8_t	 ip[16];

	if (strcmp(type, "email") == 0)
		put_mailbox(b, value);
	else if (strcmp(type, "dns") == 0)
		der_put_str(b, DER_CONTEXT(2), value);
	else if (strcmp(type, "uri") == 0)
		der_put_str(b, DER_CONTEXT(6), value);
	else if (strcmp(type, "upn") == 0)
		put_other_text(b, OID_UPN, value);
	else if (strcmp(type, "krb5") == 0 && strchr(value, '@') != NULL)
		put_principal(b, value);
	else if (strcmp(type, "ip") == 0 && inet_pton(AF_INET, value, ip) == 1)
		der_put(b, DER_CONTEXT(7), ip, 4);
	else if (strcmp(type, "ip") == 0 && inet_pton(AF_INET6, value, ip) == 1)
		der_put(b, DER_CONTEXT(7), ip, 16);
	else
		return error_set(e, ERROR_BUG, "subjectAltName: %s \"%s\"",
		    type, value);
	return 0;
}
