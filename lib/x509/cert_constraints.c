/* SPDX-License-Identifier: Apache-2.0 */
#include "x509/cert_constraints.h"

#include <arpa/inet.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "x509/cert_private.h"
#include "x509/der.h"
#include "x509/name.h"

#define LABEL	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
#define ANY_POLICY	"2.5.29.32.0"

/* ---- subtrees ---- */

static int
bad_subtree(const char *text, const char *why, struct error *e)
{
	error_set(e, ERROR_INPUT, "\"%.200s\" is no subtree of names: %s",
	    text, why);
	return error_hint(e, "mail:example.org, dns:example.org, "
	    "ip:192.0.2.0/24, uri:example.org or dir:C=DE/O=Partner");
}

/* Labels of letters, digits and dashes, with a dot between each. */
static bool
is_host(const char *s)
{
	size_t	 n;

	do {
		n = strspn(s, LABEL);
		if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
			return false;
		s += n;
	} while (*s == '.' && *++s != '\0');
	return *s == '\0' && s[-1] != '.';
}

static bool
is_host_or_below(const char *s)
{
	return is_host(s + (*s == '.'));
}

static bool
is_mail(const char *s)
{
	const char	*at = strchr(s, '@');
	size_t		 i;

	if (at == NULL)
		return is_host_or_below(s);
	for (i = 0; s + i < at; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return false;
	return at != s && is_host(at + 1);
}

static bool
is_dns(const char *s)
{
	return *s == '\0' || is_host(s);
}

/* Address and mask; the length of both, 0 if it is none. */
static size_t
parse_network(const char *s, uint8_t out[32])
{
	struct error	 ignored = ERROR_INIT;
	char		 host[64];
	const char	*slash = strchr(s, '/');
	int64_t		 bits;
	size_t		 i, len;

	if (slash == NULL || (size_t)(slash - s) >= sizeof(host))
		return 0;
	snprintf(host, sizeof(host), "%.*s", (int)(slash - s), s);
	len = strchr(host, ':') != NULL ? 16 : 4;
	if (inet_pton(len == 16 ? AF_INET6 : AF_INET, host, out) != 1 ||
	    text_parse_number(&bits, slash + 1, 0, (int64_t)len * 8,
	    &ignored) == -1)
		return 0;
	for (i = 0; i < len; i++) {
		int64_t	 left = bits - 8 * (int64_t)i;

		out[len + i] = left >= 8 ? 0xff : left <= 0 ? 0 :
		    (uint8_t)(0xff00 >> left);
		if ((out[i] & ~out[len + i]) != 0)
			return 0;	/* bits beyond the mask */
	}
	return 2 * len;
}

static bool
is_network(const char *s)
{
	uint8_t	 out[32];

	return parse_network(s, out) != 0;
}

/*
 * The next "ATTR=VALUE" of a directory name: 1, 0 at its end, -1 when it is
 * none.  s moves behind it.
 */
static int
next_rdn(const char **s, const struct name_attr **attr, char value[256])
{
	struct error	 ignored = ERROR_INIT;
	char		 name[32];
	const char	*eq, *end;

	if (**s == '\0')
		return 0;
	end = *s + strcspn(*s, "/");
	eq = memchr(*s, '=', (size_t)(end - *s));
	if (eq == NULL || (size_t)(eq - *s) >= sizeof(name) ||
	    end - eq > 256)
		return -1;
	snprintf(name, sizeof(name), "%.*s", (int)(eq - *s), *s);
	snprintf(value, 256, "%.*s", (int)(end - eq - 1), eq + 1);
	if ((*attr = name_attr_find(name)) == NULL ||
	    name_check_value(*attr, value, &ignored) == -1)
		return -1;
	*s = *end == '/' ? end + 1 : end;
	return 1;
}

static bool
is_directory(const char *s)
{
	const struct name_attr	*attr;
	char			 value[256];
	int			 got, n = 0;

	while ((got = next_rdn(&s, &attr, value)) == 1)
		n++;
	return got == 0 && n > 0;
}

static int
put_directory(struct buf *b, const char *s, struct error *e)
{
	size_t			 tagged = der_begin(b, DER_CONTEXT_CONS(4));
	size_t			 seq = der_begin(b, DER_SEQUENCE);
	const struct name_attr	*attr;
	char			 value[256];

	while (next_rdn(&s, &attr, value) == 1)
		if (name_put_rdn(b, attr, value, e) == -1)
			return -1;
	der_end(b, seq);
	der_end(b, tagged);
	return 0;
}

static int
put_mail(struct buf *b, const char *s, struct error *e)
{
	(void)e;
	der_put_str(b, DER_CONTEXT(1), s);
	return 0;
}

static int
put_dns(struct buf *b, const char *s, struct error *e)
{
	(void)e;
	der_put_str(b, DER_CONTEXT(2), s);
	return 0;
}

static int
put_uri(struct buf *b, const char *s, struct error *e)
{
	(void)e;
	der_put_str(b, DER_CONTEXT(6), s);
	return 0;
}

static int
put_network(struct buf *b, const char *s, struct error *e)
{
	uint8_t	 out[32];

	(void)e;
	der_put(b, DER_CONTEXT(7), out, parse_network(s, out));
	return 0;
}

static bool
same_mail(const GENERAL_NAME *n, const char *s)
{
	return n->type == GEN_EMAIL && cert_text_is(n->d.rfc822Name, s);
}

static bool
same_dns(const GENERAL_NAME *n, const char *s)
{
	return n->type == GEN_DNS && cert_text_is(n->d.dNSName, s);
}

static bool
same_uri(const GENERAL_NAME *n, const char *s)
{
	return cert_uri_is(n, s);
}

static bool
same_network(const GENERAL_NAME *n, const char *s)
{
	uint8_t	 out[32];

	return n->type == GEN_IPADD &&
	    cert_string_is(n->d.iPAddress, out, parse_network(s, out));
}

static bool
same_directory(const GENERAL_NAME *n, const char *s)
{
	const struct name_attr	*attr;
	const X509_NAME_ENTRY	*entry;
	char			 value[256];
	int			 i = 0;

	if (n->type != GEN_DIRNAME)
		return false;
	for (; next_rdn(&s, &attr, value) == 1; i++) {
		entry = X509_NAME_get_entry(n->d.directoryName, i);
		if (entry == NULL || !cert_object_is(
		    X509_NAME_ENTRY_get_object(entry), attr->oid) ||
		    !cert_text_is(X509_NAME_ENTRY_get_data(entry), value))
			return false;
	}
	return i == X509_NAME_entry_count(n->d.directoryName);
}

static const struct kind {
	const char	*prefix;
	const char	*why;
	bool		(*is)(const char *);
	int		(*put)(struct buf *, const char *, struct error *);
	bool		(*same)(const GENERAL_NAME *, const char *);
} kinds[] = {
	{ "mail:", "neither a host nor an address", is_mail, put_mail,
	  same_mail },
	{ "dns:", "not a host (and no dot in front)", is_dns, put_dns,
	  same_dns },
	{ "uri:", "not a host", is_host_or_below, put_uri, same_uri },
	{ "ip:", "not a network", is_network, put_network, same_network },
	{ "dir:", "not ATTR=VALUE/ATTR=VALUE", is_directory, put_directory,
	  same_directory },
};

static const struct kind *
kind_of(const char *text)
{
	size_t	 i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(text, kinds[i].prefix,
		    strlen(kinds[i].prefix)) == 0)
			return &kinds[i];
	return NULL;
}

static const char *
value_of(const char *text)
{
	return strchr(text, ':') + 1;
}

static int
check_subtrees(const struct conf_list *l, struct error *e)
{
	const struct kind	*k;
	size_t			 i;

	if (l->n > CERT_CONSTRAINTS_MAX)
		return error_set(e, ERROR_INPUT, "more than %d subtrees",
		    CERT_CONSTRAINTS_MAX);
	for (i = 0; i < l->n; i++) {
		if ((k = kind_of(l->v[i])) == NULL)
			return bad_subtree(l->v[i], "of no known kind", e);
		if (!k->is(value_of(l->v[i])))
			return bad_subtree(l->v[i], k->why, e);
	}
	return 0;
}

/* ---- name constraints ---- */

static bool
want_names(const struct cert_constraints *c)
{
	return c->permitted.n + c->excluded.n > 0;
}

static int
put_subtrees(struct buf *b, uint8_t tag, const struct conf_list *l,
    struct error *e)
{
	size_t	 i, list, tree;

	if (l->n == 0)
		return 0;
	list = der_begin(b, tag);
	for (i = 0; i < l->n; i++) {
		tree = der_begin(b, DER_SEQUENCE);
		if (kind_of(l->v[i])->put(b, value_of(l->v[i]), e) == -1)
			return -1;
		der_end(b, tree);
	}
	der_end(b, list);
	return 0;
}

static int
put_names(struct buf *b, const struct cert_constraints *c, struct error *e)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE);

	if (put_subtrees(b, DER_CONTEXT_CONS(0), &c->permitted, e) == -1 ||
	    put_subtrees(b, DER_CONTEXT_CONS(1), &c->excluded, e) == -1)
		return -1;
	der_end(b, seq);
	return 0;
}

static bool
same_subtrees(const STACK_OF(GENERAL_SUBTREE) *trees,
    const struct conf_list *l)
{
	const GENERAL_SUBTREE	*t;
	size_t			 i;

	if (l->n == 0)
		return trees == NULL;
	if (trees == NULL || (size_t)sk_GENERAL_SUBTREE_num(trees) != l->n)
		return false;
	for (i = 0; i < l->n; i++) {
		t = sk_GENERAL_SUBTREE_value(trees, (int)i);
		if (t->minimum != NULL || t->maximum != NULL ||
		    !kind_of(l->v[i])->same(t->base, value_of(l->v[i])))
			return false;
	}
	return true;
}

static bool
same_names(X509_EXTENSION *x, const struct cert_constraints *c)
{
	NAME_CONSTRAINTS	*a = X509V3_EXT_d2i(x);
	bool			 ok;

	ok = a != NULL && same_subtrees(a->permittedSubtrees,
	    &c->permitted) && same_subtrees(a->excludedSubtrees, &c->excluded);
	NAME_CONSTRAINTS_free(a);
	return ok;
}

/* ---- policies ---- */

/* "1.2.3=4.5.6" into its halves. */
static int
split_mapping(const char *text, char ours[DER_OID_TEXT],
    char theirs[DER_OID_TEXT])
{
	const char	*eq = strchr(text, '=');

	if (eq == NULL || (size_t)(eq - text) >= DER_OID_TEXT ||
	    strlen(eq + 1) >= DER_OID_TEXT)
		return -1;
	snprintf(ours, DER_OID_TEXT, "%.*s", (int)(eq - text), text);
	snprintf(theirs, DER_OID_TEXT, "%s", eq + 1);
	return 0;
}

static int
check_mapping(const char *text, struct error *e)
{
	char		 ours[DER_OID_TEXT], theirs[DER_OID_TEXT];
	struct buf	 probe = { 0 };
	int		 rc;

	rc = split_mapping(text, ours, theirs) == -1 ||
	    der_put_oid(&probe, ours) == -1 ||
	    der_put_oid(&probe, theirs) == -1 ? -1 : 0;
	buf_clear(&probe);
	if (rc == -1)
		return error_set(e, ERROR_INPUT, "\"%.200s\" is no mapping of "
		    "policies, OURS=THEIRS", text);
	/* RFC 5280, 4.2.1.5 */
	if (strcmp(ours, ANY_POLICY) == 0 || strcmp(theirs, ANY_POLICY) == 0)
		return error_set(e, ERROR_INPUT, "\"%.200s\": anyPolicy is not "
		    "mapped (RFC 5280, 4.2.1.5)", text);
	return 0;
}

static bool
want_mappings(const struct cert_constraints *c)
{
	return c->policy_mappings.n > 0;
}

static int
put_mappings(struct buf *b, const struct cert_constraints *c,
    struct error *e)
{
	char	 ours[DER_OID_TEXT], theirs[DER_OID_TEXT];
	size_t	 i, seq = der_begin(b, DER_SEQUENCE), pair;

	for (i = 0; i < c->policy_mappings.n; i++) {
		pair = der_begin(b, DER_SEQUENCE);
		if (split_mapping(c->policy_mappings.v[i], ours, theirs) ==
		    -1 || der_put_oid(b, ours) == -1 ||
		    der_put_oid(b, theirs) == -1)
			return error_set(e, ERROR_BUG, "policy mapping");
		der_end(b, pair);
	}
	der_end(b, seq);
	return 0;
}

static bool
same_mappings(X509_EXTENSION *x, const struct cert_constraints *c)
{
	POLICY_MAPPINGS	*a = X509V3_EXT_d2i(x);
	char		 ours[DER_OID_TEXT], theirs[DER_OID_TEXT];
	size_t		 i;
	bool		 ok;

	ok = a != NULL &&
	    (size_t)sk_POLICY_MAPPING_num(a) == c->policy_mappings.n;
	for (i = 0; ok && i < c->policy_mappings.n; i++) {
		const POLICY_MAPPING	*m = sk_POLICY_MAPPING_value(a, (int)i);

		ok = split_mapping(c->policy_mappings.v[i], ours, theirs) ==
		    0 && cert_object_is(m->issuerDomainPolicy, ours) &&
		    cert_object_is(m->subjectDomainPolicy, theirs);
	}
	sk_POLICY_MAPPING_pop_free(a, POLICY_MAPPING_free);
	return ok;
}

static bool
want_policies(const struct cert_constraints *c)
{
	return c->require_explicit_policy != -1 ||
	    c->inhibit_policy_mapping != -1;
}

/* INTEGER with an implicit tag; the numbers are small and not negative. */
static void
put_tagged(struct buf *b, uint8_t n, int64_t value)
{
	uint8_t	 octet = (uint8_t)value;

	if (value != -1)
		der_put(b, DER_CONTEXT(n), &octet, 1);
}

static int
put_policies(struct buf *b, const struct cert_constraints *c,
    struct error *e)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE);

	(void)e;
	put_tagged(b, 0, c->require_explicit_policy);
	put_tagged(b, 1, c->inhibit_policy_mapping);
	der_end(b, seq);
	return 0;
}

static bool
same_number(const ASN1_INTEGER *a, int64_t value)
{
	return value == -1 ? a == NULL : a != NULL &&
	    ASN1_INTEGER_get(a) == value;
}

static bool
same_policies(X509_EXTENSION *x, const struct cert_constraints *c)
{
	POLICY_CONSTRAINTS	*a = X509V3_EXT_d2i(x);
	bool			 ok;

	ok = a != NULL && same_number(a->requireExplicitPolicy,
	    c->require_explicit_policy) && same_number(
	    a->inhibitPolicyMapping, c->inhibit_policy_mapping);
	POLICY_CONSTRAINTS_free(a);
	return ok;
}

static bool
want_inhibit_any(const struct cert_constraints *c)
{
	return c->inhibit_any_policy != -1;
}

static int
put_inhibit_any(struct buf *b, const struct cert_constraints *c,
    struct error *e)
{
	(void)e;
	der_put_int(b, c->inhibit_any_policy);
	return 0;
}

static bool
same_inhibit_any(X509_EXTENSION *x, const struct cert_constraints *c)
{
	ASN1_INTEGER	*a = X509V3_EXT_d2i(x);
	bool		 ok = same_number(a, c->inhibit_any_policy);

	ASN1_INTEGER_free(a);
	return ok;
}

/*
 * RFC 5280 wants all of them critical, and says only SHOULD of the mappings
 * (4.2.1.5).  GnuTLS and Mozilla's verifier map no policies and refuse a
 * critical extension that they do not know; those who ask for no policy lose
 * nothing when the mappings are passed over.
 */
const struct cert_constraint CERT_CONSTRAINT[CERT_CONSTRAINT__MAX] = {
	[CERT_POLICY_MAPPINGS] = { "policyMappings", "2.5.29.33", false,
	    want_mappings, put_mappings, same_mappings },
	[CERT_NAME_CONSTRAINTS] = { "nameConstraints", "2.5.29.30", true,
	    want_names, put_names, same_names },
	[CERT_POLICY_CONSTRAINTS] = { "policyConstraints", "2.5.29.36", true,
	    want_policies, put_policies, same_policies },
	[CERT_INHIBIT_ANY_POLICY] = { "inhibitAnyPolicy", "2.5.29.54", true,
	    want_inhibit_any, put_inhibit_any, same_inhibit_any },
};

/* ---- all of it ---- */

static int
check_number(const char *name, int64_t n, struct error *e)
{
	if (n >= -1 && n <= 16)
		return 0;
	return error_set(e, ERROR_INPUT, "%s: %lld is not between 0 and 16",
	    name, (long long)n);
}

int
cert_constraints_check(const struct cert_constraints *c, struct error *e)
{
	size_t	 i;

	if (check_subtrees(&c->permitted, e) == -1)
		return error_wrap(e, "permitted");
	if (check_subtrees(&c->excluded, e) == -1)
		return error_wrap(e, "excluded");
	if (c->policy_mappings.n > CERT_CONSTRAINTS_MAX)
		return error_set(e, ERROR_INPUT, "more than %d policy "
		    "mappings", CERT_CONSTRAINTS_MAX);
	for (i = 0; i < c->policy_mappings.n; i++)
		if (check_mapping(c->policy_mappings.v[i], e) == -1)
			return -1;
	if (check_number("require_explicit_policy",
	    c->require_explicit_policy, e) == -1 ||
	    check_number("inhibit_policy_mapping",
	    c->inhibit_policy_mapping, e) == -1)
		return -1;
	return check_number("inhibit_any_policy", c->inhibit_any_policy, e);
}
