/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of alternative names, each with one strict form.
 */
#include <arpa/inet.h>
#include <string.h>
#include "base/text.h"
#include "x509/mail_address.h"
#include "x509/profile_private.h"
#include "x509/script.h"

#define LOCAL_MAX	64	/* octets: RFC 5321, 4.5.3.1.1 */
#define ADDRESS_MAX	254
#define PRINCIPAL_MAX	255

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static int
malformed(struct error *e)
{
	return error_set(e, ERROR_INPUT, "malformed");
}

static int
uri_check(const char *s, struct error *e)
{
	size_t	 n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-");

	if (n == 0 || s[0] < 'a' || s[0] > 'z' || s[n] != ':' ||
	    s[n + 1] == '\0')
		return malformed(e);
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f ||
		    strchr("<>\"\\^`{|}", *s) != NULL)
			return malformed(e);
	return 0;
}

static int
ip_check(const char *s, struct error *e)
{
	unsigned char	 a[16];

	return inet_pton(AF_INET, s, a) == 1 ||
	    inet_pton(AF_INET6, s, a) == 1 ? 0 : malformed(e);
}

/* RFC 4120, 6.1: a realm in the style of a domain. */
static bool
is_realm(const char *s)
{
	const char	*p;

	for (p = s; *p != '\0'; p++)
		if (!is_alnum(*p) && *p != '-' && *p != '_' &&
		    (*p != '.' || p == s || p[1] == '.' || p[1] == '\0'))
			return false;
	return p > s;
}

/* RFC 4120, 6.2.1: components with / between, realm after the @; and no
 * escapes, so that it is read in one way. */
static int
principal_check(const char *s, struct error *e)
{
	const char	*at = strchr(s, '@'), *p;

	if (at == NULL || at == s || strlen(s) > PRINCIPAL_MAX)
		return malformed(e);
	for (p = s; p < at; p++)
		if (*p <= ' ' || *p >= 0x7f || *p == '\\' || *p == '"' ||
		    (*p == '/' && (p == s || p + 1 == at || p[1] == '/')))
			return malformed(e);
	return is_realm(at + 1) ? 0 : malformed(e);
}

/* RFC 6531, 3.3: what is not ASCII joins the letters of RFC 5321. */
static bool
is_utf8_local(const char *s, size_t n)
{
	size_t	 i;

	if (n == 0 || n > LOCAL_MAX || s[0] == '.' || s[n - 1] == '.')
		return false;
	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x80 && !is_alnum(s[i]) &&
		    (strchr(".#$&'*+-/=?^_`{|}~", s[i]) == NULL ||
		    (s[i] == '.' && s[i + 1] == '.')))
			return false;
	return true;
}

static bool
is_ascii(const char *s, size_t n)
{
	while (n > 0 && (unsigned char)s[n - 1] < 0x80)
		n--;
	return n == 0;
}

static int
utf8_check(const char *s, struct error *e)
{
	const char	*at = strchr(s, '@');
	size_t		 n;

	if (at == NULL || is_ascii(s, (size_t)(at - s)))
		return mail_address_check(s, e);
	n = (size_t)(at - s);
	if (strlen(s) > ADDRESS_MAX || !text_is_clean(s, n, LOCAL_MAX) ||
	    !is_utf8_local(s, n))
		return error_set(e, ERROR_INPUT, "a character that an address"
		    " does not have, or too many (RFC 6531, 3.3)");
	if (script_check(s, n, e) == -1)
		return -1;
	return host_name_check(at + 1, e);
}

typedef int check_fn(const char *, struct error *);

static const struct {
	const char	*type;
	check_fn	*check;
	const char	*what;
} kinds[] = {
	{ "email", mail_address_check, "a mail address" },
	{ "upn", mail_address_check, "a principal name (user@domain)" },
	{ "krb5", principal_check,
	  "a Kerberos principal (name@REALM)" },
	{ "dns", host_name_check, "a host name" },
	{ "uri", uri_check, "a URI" },
	{ "ip", ip_check, "an IP address" },
};
#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

static size_t
kind_of(const char *type)
{
	size_t	 i;

	for (i = 0; i < NKINDS; i++)
		if (strcmp(kinds[i].type, type) == 0)
			break;
	return i;
}

bool
profile_is_kind(const char *type)
{
	return kind_of(type) < NKINDS;
}

int
profile_check_kind(const struct profile_san *s, const char *value,
    struct error *e)
{
	size_t		 i = kind_of(s->type);
	check_fn	*check = s->utf8 ? utf8_check : kinds[i].check;

	if (check(value, e) == -1)
		return error_wrap(e, "is not %s", kinds[i].what);
	return 0;
}

bool
profile_is_mailbox(const char *s)
{
	struct error	 ignored = ERROR_INIT;

	return utf8_check(s, &ignored) == 0;
}
