/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/ceremony.h"

#include <string.h>

#include "base/text.h"

#define DAY	INT64_C(86400)
#define YEAR	(365 * DAY)

static const struct conf_item attrs[] = {
	CONF_STR_REQUIRED(struct ceremony_attr, attr,
	    "Short name of the attribute: C, O, OU, CN ..."),
	CONF_STR_REQUIRED(struct ceremony_attr, value, "Its value."),
	CONF_END
};

static const struct conf_item custodians[] = {
	CONF_STR_REQUIRED(struct ceremony_custodian, name,
	    "The custodian's name, which names the share's file."),
	CONF_STR(struct ceremony_custodian, passphrase, "prompt",
	    "Where the passphrase of the share comes from."),
	CONF_END
};

#define COMMON \
	CONF_STR_REQUIRED(struct ceremony, verb, "The command it is for."), \
	CONF_STR(struct ceremony, comment, NULL, "Words for the record."), \
	CONF_STR(struct ceremony, operator, NULL, \
	    "Who runs the ceremony; needed when no custodian confirms it.")
#define SUBJECT \
	CONF_GROUPS(struct ceremony, subject, attrs, struct ceremony_attr, \
	    "Attributes of the subject, in the order of the certificate.")
#define ADDRESSES \
	CONF_LIST(struct ceremony, cdp, \
	    "Addresses of the root's CRL, for certificates."), \
	CONF_LIST(struct ceremony, aia, \
	    "Addresses of the root's certificate, for certificates.")
#define CRL_LIFETIME(dflt) \
	CONF_DURATION(struct ceremony, crl_lifetime, dflt, 3600, YEAR, \
	    "From one CRL of the root to its nextUpdate.")
#define NEW_KEY \
	CONF_STR(struct ceremony, name, "root", \
	    "Name of the root in the index and in file names."), \
	SUBJECT, \
	CONF_STR(struct ceremony, key, "rsa:4096", \
	    "Kind of key: rsa:3072, rsa:4096, ec:P-256, ec:P-384, ec:P-521; " \
	    "or a token's URI: pkcs11:token=LABEL;object=LABEL."), \
	CONF_STR(struct ceremony, algorithm, NULL, \
	    "Kind of a key that is made in a token; default: rsa:4096."), \
	CONF_STR(struct ceremony, existing_key, NULL, \
	    "Why a key is taken that is in the token already."), \
	CONF_DURATION(struct ceremony, validity, "20y", DAY, 40 * YEAR, \
	    "Life of the certificate."), \
	CRL_LIFETIME("180d"), \
	ADDRESSES, \
	CONF_GROUPS(struct ceremony, custodians, custodians, \
	    struct ceremony_custodian, \
	    "Who holds a share of the key's passphrase."), \
	CONF_NUM(struct ceremony, threshold, 0, 0, 255, \
	    "How many custodians are needed to use the key."), \
	CONF_STR(struct ceremony, passphrase, NULL, \
	    "Where the key's passphrase comes from, when it is not split; or " \
	    "the token's PIN.")
#define CA_KEY(usual_profile) \
	CONF_STR_REQUIRED(struct ceremony, name, \
	    "Name of the CA in the index and in file names."), \
	CONF_STR(struct ceremony, profile, usual_profile, \
	    "Profile of the certificate."), \
	CONF_NUM(struct ceremony, path_length, -1, -1, 16, \
	    "CAs that may follow below; -1: as the profile says."), \
	CONF_LIST(struct ceremony, ext_key_usage, \
	    "What certificates below may be for: names or OIDs."), \
	CONF_LIST(struct ceremony, policies, \
	    "Certificate policies, object identifiers."), \
	ADDRESSES

static const struct conf_item init_items[] = { COMMON, NEW_KEY, CONF_END };
static const struct conf_item roll_items[] = { COMMON, NEW_KEY, CONF_END };
static const struct conf_item certify_items[] = {
	COMMON, CA_KEY("sub-ca"), SUBJECT,
	CONF_STR_REQUIRED(struct ceremony, csr,
	    "The CA's request: a PEM file or a parcel."),
	CONF_DURATION(struct ceremony, validity, NULL, DAY, 40 * YEAR,
	    "Life of the certificate; default: the profile's."),
	CONF_STR(struct ceremony, again, NULL,
	    "Why a request that was certified before is certified again."),
	CONF_END
};
static const struct conf_item cross_items[] = {
	COMMON, CA_KEY("cross"),
	CONF_STR_REQUIRED(struct ceremony, certificate,
	    "The foreign CA's certificate, whose name and key are taken."),
	CONF_STR(struct ceremony, csr, NULL,
	    "A request signed by the foreign key: proof that it takes part."),
	CONF_STR(struct ceremony, no_possession, NULL,
	    "Why it is taken without a request signed by that key."),
	CONF_DURATION(struct ceremony, validity, "3y", DAY, 40 * YEAR,
	    "Life of the certificate."),
	CONF_STR(struct ceremony, again, NULL,
	    "Why a key that was certified before is certified again."),
	CONF_LIST(struct ceremony, permitted,
	    "Names that certificates below may have: mail:example.org, "
	    "dns:example.org, uri:example.org, ip:192.0.2.0/24, "
	    "dir:C=DE/O=Partner."),
	CONF_LIST(struct ceremony, excluded,
	    "Names that they may not have; stronger than permitted."),
	CONF_LIST(struct ceremony, policy_mappings,
	    "What the other side's policies count for: OURS=THEIRS; ours are "
	    "among policies."),
	CONF_NUM(struct ceremony, require_explicit_policy, -1, -1, 16,
	    "CAs until a policy is needed; -1: never."),
	CONF_NUM(struct ceremony, inhibit_policy_mapping, -1, -1, 16,
	    "CAs until no policy is mapped any more; -1: never."),
	CONF_NUM(struct ceremony, inhibit_any_policy, -1, -1, 16,
	    "CAs until anyPolicy counts for nothing; -1: never."),
	CONF_STR(struct ceremony, issued_to_us, NULL,
	    "The certificate that the other side issued to our root, for the "
	    "pair in the directory."),
	CONF_END
};
static const struct conf_item revoke_items[] = {
	COMMON,
	CONF_STR_REQUIRED(struct ceremony, target,
	    "Serial number, or name of the CA as in the index."),
	CONF_STR_REQUIRED(struct ceremony, reason,
	    "Why, in the words of RFC 5280: keyCompromise, cACompromise ..."),
	CRL_LIFETIME(NULL),
	CONF_END
};
static const struct conf_item crl_items[] = {
	COMMON,
	CONF_NUM(struct ceremony, generation, 0, 0, 9999,
	    "Generation of the root whose CRL it is; 0: the present one."),
	CRL_LIFETIME(NULL),
	CONF_END
};
static const struct conf_item retire_items[] = {
	COMMON,
	CONF_NUM(struct ceremony, generation, 0, 0, 9999,
	    "Generation of the root whose key is destroyed."),
	CONF_END
};
static const struct conf_item approve_items[] = {
	COMMON,
	CONF_LIST(struct ceremony, orders, "Files with orders."),
	CONF_STR_REQUIRED(struct ceremony, output,
	    "File for the approved order; a directory for several."),
	CONF_END
};

static const struct {
	const char		*verb;
	const struct conf_item	*items;
} verbs[] = {
	{ "init", init_items },
	{ "certify", certify_items },
	{ "cross-certify", cross_items },
	{ "revoke", revoke_items },
	{ "crl", crl_items },
	{ "roll", roll_items },
	{ "retire", retire_items },
	{ "approve", approve_items },
};

const struct conf_item *
ceremony_items(const char *verb)
{
	size_t	 i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].verb, verb) == 0)
			return verbs[i].items;
	return NULL;
}

/* path as seen from the ceremony file; caller frees. */
static char *
ceremony_path(const char *file, const char *path)
{
	const char	*slash;

	if (file == NULL || path[0] == '/' ||
	    (slash = strrchr(file, '/')) == NULL)
		return mem_strdup(path);
	return mem_printf("%.*s/%s", (int)(slash - file), file, path);
}

static void
ceremony_resolve(char **path, const char *file)
{
	char	*full;

	if (*path == NULL)
		return;
	full = ceremony_path(file, *path);
	mem_free(path);
	*path = full;
}

int
ceremony_parse(struct ceremony *c, const char *verb, const char *text,
    const char *path, struct error *e)
{
	const struct conf_item	*items = ceremony_items(verb);
	size_t			 i;

	memset(c, 0, sizeof(*c));
	if (conf_parse(c, items, text, path != NULL ? path : "options", e) ==
	    -1)
		return -1;
	if (strcmp(c->verb, verb) != 0) {
		error_set(e, ERROR_CONFIG, "%s: the ceremony file is for "
		    "\"%s\", not for \"%s\"", path != NULL ? path : "options",
		    c->verb, verb);
		ceremony_clear(c, verb);
		return -1;
	}
	ceremony_resolve(&c->csr, path);
	ceremony_resolve(&c->certificate, path);
	ceremony_resolve(&c->issued_to_us, path);
	ceremony_resolve(&c->output, path);
	for (i = 0; i < c->orders.n; i++)
		ceremony_resolve(&c->orders.v[i], path);
	return 0;
}

void
ceremony_clear(struct ceremony *c, const char *verb)
{
	conf_free(c, ceremony_items(verb));
}

/* A libconfig string. */
static void
put_string(struct buf *out, const char *s)
{
	unsigned char	 c;

	buf_byte(out, '"');
	for (; (c = (unsigned char)*s) != '\0'; s++) {
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 0x20)
			buf_printf(out, "\\x%02x", c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

/* The option for a setting: its name with dashes.  The sources of secrets are
 * options of every command; "roll" has two keys, and the new one its own. */
static char *
option_of(const struct conf_item *item, const char *verb)
{
	const char	*prefix = strcmp(verb, "roll") == 0 ? "new-" : "";
	char		*name, *p;

	if (strcmp(item->name, "custodians") == 0)
		return mem_printf("%scustodian", prefix);
	if (strcmp(item->name, "passphrase") == 0)
		return mem_printf("%spassphrase", prefix);
	name = mem_strdup(item->name);
	for (p = name; *p != '\0'; p++)
		if (*p == '_')
			*p = '-';
	return name;
}

static bool
has_option(const struct cmd_args *args, const char *name)
{
	static const char *const	 global[] = { "custodian",
		"passphrase", "operator" };
	const struct cmd_opt		*o = cmd_self(args)->opt;
	size_t				 i;

	for (i = 0; i < sizeof(global) / sizeof(global[0]); i++)
		if (strcmp(global[i], name) == 0)
			return true;
	for (; o != NULL && o->name != NULL; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

/* NAME=VALUE as a group with these two settings; the value may be left out
 * where "bare" allows it. */
static int
put_pair(struct buf *out, const char *pair, const char *first,
    const char *second, bool bare, struct error *e)
{
	const char	*eq = strchr(pair, '=');
	char		*name;

	if (eq == pair || (eq == NULL && !bare))
		return error_set(e, ERROR_INPUT, "\"%s\" is not NAME=VALUE",
		    pair);
	name = eq == NULL ? mem_strdup(pair) :
	    mem_printf("%.*s", (int)(eq - pair), pair);
	buf_printf(out, "\t{ %s = ", first);
	put_string(out, name);
	if (eq != NULL) {
		buf_printf(out, "; %s = ", second);
		put_string(out, eq + 1);
	}
	buf_str(out, "; }");
	mem_free(&name);
	return 0;
}

static int
put_groups(struct buf *out, const struct conf_item *item,
    const char *const *v, size_t n, struct error *e)
{
	bool	 who = item->sub == custodians;
	size_t	 i;

	buf_printf(out, "%s = (\n", item->name);
	for (i = 0; i < n; i++) {
		if (put_pair(out, v[i], who ? "name" : "attr",
		    who ? "passphrase" : "value", who, e) == -1)
			return error_wrap(e, "option --%s",
			    who ? "custodian" : item->name);
		buf_str(out, i + 1 < n ? ",\n" : "\n");
	}
	buf_str(out, ");\n");
	return 0;
}

/* Values, each of which may be several with commas. */
static void
put_list(struct buf *out, const char *name, const char *const *v, size_t n)
{
	const char	*p, *comma, *between = " ";
	char		*one;
	size_t		 i;

	buf_printf(out, "%s = [", name);
	for (i = 0; i < n; i++)
		for (p = v[i]; p != NULL; p = comma) {
			comma = strchr(p, ',');
			one = mem_printf("%.*s", comma == NULL ?
			    (int)strlen(p) : (int)(comma - p), p);
			buf_str(out, between);
			put_string(out, one);
			mem_free(&one);
			between = ", ";
			if (comma != NULL)
				comma++;
		}
	buf_str(out, " ];\n");
}

/* One setting from its option, if there is one and it was given. */
static int
put_item(struct buf *out, const struct conf_item *item, const char *option,
    const struct cmd_args *args, struct error *e)
{
	const char *const	*v;
	const char		*s;
	size_t			 n;
	int64_t			 number;

	switch (item->type) {
	case CONF_T_STR:
	case CONF_T_DURATION:
		if ((s = cmd_string(args, option, NULL)) == NULL)
			break;
		buf_printf(out, "%s = ", item->name);
		put_string(out, s);
		buf_str(out, ";\n");
		break;
	case CONF_T_NUM:
		number = cmd_number(args, option, INT64_MIN);
		if (number != INT64_MIN)
			buf_printf(out, "%s = %lld;\n", item->name,
			    (long long)number);
		break;
	case CONF_T_LIST:
		if ((n = cmd_many(args, option, &v)) > 0)
			put_list(out, item->name, v, n);
		break;
	case CONF_T_GROUPS:
		if ((n = cmd_many(args, option, &v)) > 0)
			return put_groups(out, item, v, n, e);
		break;
	case CONF_T_BOOL:
		break;
	}
	return 0;
}

/* Orders are operands. */
static void
put_orders(struct buf *out, const struct cmd_args *args)
{
	char *const	*v;
	int		 i, n = cmd_operands(args, &v);

	buf_str(out, "orders = [");
	for (i = 0; i < n; i++) {
		buf_str(out, i == 0 ? " " : ", ");
		put_string(out, v[i]);
	}
	buf_str(out, " ];\n");
}

int
ceremony_write(struct buf *text, const char *verb,
    const struct cmd_args *args, struct error *e)
{
	const struct conf_item	*item;
	char			*option;
	int			 rc = 0;

	buf_str(text, "# Written from the options of the command line.\n");
	buf_printf(text, "verb = \"%s\";\n", verb);
	for (item = ceremony_items(verb); item->name != NULL && rc == 0;
	    item++) {
		if (strcmp(item->name, "orders") == 0) {
			put_orders(text, args);
			continue;
		}
		option = option_of(item, verb);
		if (strcmp(item->name, "verb") != 0 &&
		    has_option(args, option))
			rc = put_item(text, item, option, args, e);
		mem_free(&option);
	}
	return rc;
}
