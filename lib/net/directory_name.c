/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of entries, RFC 4514.
 */
#include <ctype.h>
#include <ldap.h>
#include <strings.h>

#include "net/directory.h"

void
directory_escape(struct buf *b, const char *value)
{
	size_t	 n = strlen(value);

	for (size_t i = 0; i < n; i++) {
		unsigned char	c = (unsigned char)value[i];

		if (strchr(",+\"\\<>;=", c) != NULL ||
		    (c == '#' && i == 0) ||
		    (c == ' ' && (i == 0 || i == n - 1)))
			buf_byte(b, '\\');
		if (c < ' ' || c == 0x7f)
			buf_printf(b, "\\%02x", c);
		else
			buf_byte(b, c);
	}
}

/* To libldap a name is one even if it had no memory for a part of it. */
static bool
is_whole(LDAPDN dn)
{
	LDAPRDN	 rdn;

	for (; dn != NULL && *dn != NULL; dn++)
		for (rdn = *dn; *rdn != NULL; rdn++)
			if ((*rdn)->la_attr.bv_val == NULL ||
			    ((*rdn)->la_value.bv_val == NULL &&
			    (*rdn)->la_value.bv_len > 0))
				return false;
	return true;
}

/* NULL unless it is a name. */
static LDAPDN
parse(const char *dn)
{
	LDAPDN	 parsed = NULL;

	if (ldap_str2dn(dn, &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS ||
	    !is_whole(parsed)) {
		ldap_dnfree(parsed);
		return NULL;
	}
	return parsed;
}

int
directory_check(const char *dn, struct error *e)
{
	LDAPDN	 parsed = parse(dn);

	if (parsed == NULL || parsed[0] == NULL) {
		ldap_dnfree(parsed);
		return error_set(e, ERROR_INPUT, "\"%.200s\" is not a "
		    "directory name (RFC 4514)", dn);
	}
	ldap_dnfree(parsed);
	return 0;
}

/* Spaces at the ends do not count, and inside of it many are like one. */
static bool
same_value(const struct berval *a, const struct berval *b)
{
	size_t	 i = 0, k = 0;

	while (i < a->bv_len && a->bv_val[i] == ' ')
		i++;
	while (k < b->bv_len && b->bv_val[k] == ' ')
		k++;
	for (;;) {
		size_t	 ai = i, bk = k;

		while (ai < a->bv_len && a->bv_val[ai] == ' ')
			ai++;
		while (bk < b->bv_len && b->bv_val[bk] == ' ')
			bk++;
		if (ai == a->bv_len || bk == b->bv_len)
			return ai == a->bv_len && bk == b->bv_len;
		if ((ai > i) != (bk > k) ||
		    tolower((unsigned char)a->bv_val[ai]) !=
		    tolower((unsigned char)b->bv_val[bk]))
			return false;
		i = ai + 1;
		k = bk + 1;
	}
}

static bool
has_ava(LDAPRDN rdn, const LDAPAVA *ava)
{
	for (; *rdn != NULL; rdn++)
		if ((*rdn)->la_attr.bv_len == ava->la_attr.bv_len &&
		    strncasecmp((*rdn)->la_attr.bv_val, ava->la_attr.bv_val,
		    ava->la_attr.bv_len) == 0 &&
		    same_value(&(*rdn)->la_value, &ava->la_value))
			return true;
	return false;
}

static bool
same_rdn(LDAPRDN a, LDAPRDN b)
{
	size_t	 n = 0, m = 0;

	while (a[n] != NULL)
		n++;
	while (b[m] != NULL)
		m++;
	for (size_t i = 0; n == m && i < n; i++)
		if (!has_ava(b, a[i]))
			return false;
	return n == m;
}

bool
directory_same(const char *a, const char *b)
{
	LDAPDN	 x = parse(a), y = parse(b);
	bool	 same = (x == NULL) == (y == NULL);
	size_t	 i;

	for (i = 0; same && x != NULL && x[i] != NULL; i++)
		same = y[i] != NULL && same_rdn(x[i], y[i]);
	if (same && x != NULL)
		same = y[i] == NULL;
	if (x == NULL && y == NULL)
		same = strcmp(a, b) == 0;
	ldap_dnfree(x);
	ldap_dnfree(y);
	return same;
}

/* Behind the comma that ends the first RDN, or at the end. */
static const char *
after_rdn(const char *dn)
{
	while (*dn != '\0' && *dn != ',') {
		if (*dn == '\\' && dn[1] != '\0')
			dn++;
		dn++;
	}
	if (*dn == ',')
		dn++;
	while (*dn == ' ')
		dn++;
	return dn;
}

const char *
directory_parent(const char *dn, struct arena *a)
{
	const char	*rest = after_rdn(dn);

	return *rest == '\0' ? NULL : arena_strdup(a, rest);
}

const char *
directory_rdn(const char *dn, const char *type, const char **rest,
    struct arena *a)
{
	LDAPDN		 parsed = parse(dn);
	const LDAPAVA	*ava;
	char		*value = NULL;

	if (parsed != NULL && parsed[0] != NULL && parsed[0][0] != NULL &&
	    parsed[0][1] == NULL) {
		ava = parsed[0][0];
		if (ava->la_attr.bv_len == strlen(type) &&
		    strncasecmp(ava->la_attr.bv_val, type,
		    ava->la_attr.bv_len) == 0 &&
		    (ava->la_value.bv_len == 0 || memchr(ava->la_value.bv_val,
		    0, ava->la_value.bv_len) == NULL)) {
			value = arena_printf(a, "%.*s",
			    (int)ava->la_value.bv_len, ava->la_value.bv_val);
			*rest = after_rdn(dn);
		}
	}
	ldap_dnfree(parsed);
	return value;
}

static struct directory_attr
text_attr(struct arena *a, const char *name, const char *v1, const char *v2)
{
	struct directory_attr	 at = { arena_strdup(a, name),
	    arena_alloc(a, 2 * sizeof(struct bytes)), 0 };

	at.v[at.n++] = BYTES(v1, strlen(v1));
	if (v2 != NULL)
		at.v[at.n++] = BYTES(v2, strlen(v2));
	return at;
}

int
directory_container(struct directory_entry *entry, const char *dn,
    struct arena *a, struct error *e)
{
	static const struct {
		const char	*type, *class, *more;
	} kind[] = {
		{ "ou", "organizationalUnit", NULL },
		{ "o", "organization", NULL },
		{ "dc", "organization", "dcObject" },
		{ "l", "locality", NULL },
		{ "c", "country", NULL },
		{ "cn", "applicationProcess", NULL },
	};
	const char	*value, *rest;

	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		value = directory_rdn(dn, kind[i].type, &rest, a);
		if (value == NULL)
			continue;
		entry->dn = dn;
		entry->attr = arena_alloc(a, 3 * sizeof(*entry->attr));
		entry->attr[0] = text_attr(a, "objectClass", kind[i].class,
		    kind[i].more);
		entry->attr[1] = text_attr(a, kind[i].type, value, NULL);
		entry->nattrs = 2;
		if (kind[i].more != NULL)	/* dc: organization needs o */
			entry->attr[entry->nattrs++] = text_attr(a, "o",
			    value, NULL);
		return 0;
	}
	error_set(e, ERROR_CONFIG, "entry %.200s is missing above what is to "
	    "be published", dn);
	return error_hint(e, "add it to the directory by hand");
}
