/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile's file: its settings, and what they mean.
 */
#include <string.h>
#include "x509/profile.h"
#include "x509/profile_private.h"

#define YEAR		(365 * INT64_C(86400))
#define SAN_MAX		100

static const struct conf_item key_items[] = {
	CONF_STR_REQUIRED(struct profile_key, type,
	    "Kind of key: \"rsa\", \"rsa-pss\" (bound to PSS), \"ec\","
	    " \"ed25519\"; with OpenSSL 3.5 \"ml-dsa-44\", \"ml-dsa-65\","
	    " \"ml-dsa-87\"."),
	CONF_NUM(struct profile_key, min, 2048, 2048, 4096,
	    "RSA: fewest bits."),
	CONF_NUM(struct profile_key, max, 4096, 2048, 4096,
	    "RSA: most bits."),
	CONF_LIST(struct profile_key, curves,
	    "EC: curves out of \"P-256\", \"P-384\", \"P-521\"."),
	CONF_END
};
static const struct conf_item attr_items[] = {
	CONF_STR_REQUIRED(struct profile_attr, attr,
	    "Attribute, such as \"CN\"; they are encoded in this order."),
	CONF_STR(struct profile_attr, from, NULL,
	    "Field of the order that it takes its value from."),
	CONF_STR(struct profile_attr, value, NULL,
	    "Fixed value, instead of \"from\"; \"{field}\" in it stands for"
	    " the value of that field of the order."),
	CONF_STR(struct profile_attr, by, NULL,
	    "Whose word it is: \"holder\" (the default), and the request may"
	    " propose it; or \"officer\", and what a request says is passed"
	    " over."),
	CONF_BOOL(struct profile_attr, required, false,
	    "Refuse orders without the field."),
	CONF_NUM(struct profile_attr, max, 0, 0, FIELD_VALUE_MAX,
	    "Most characters; 0: the standard's bound."),
	CONF_STR(struct profile_attr, pattern, NULL,
	    "POSIX extended regular expression that the whole value fits."),
	CONF_END
};
static const struct conf_item san_items[] = {
	CONF_STR_REQUIRED(struct profile_san, type,
	    "Kind of name: \"email\", \"dns\", \"upn\", \"krb5\", \"uri\" or"
	    " \"ip\"."),
	CONF_STR(struct profile_san, from, NULL,
	    "Field of the order that it takes its values from."),
	CONF_STR(struct profile_san, value, NULL,
	    "Fixed value, instead of \"from\"; \"{field}\" in it stands for"
	    " the value of that field, and makes as many names as the field has"
	    " values."),
	CONF_STR(struct profile_san, by, NULL,
	    "As in subject."),
	CONF_NUM(struct profile_san, min, 0, 0, SAN_MAX, "Fewest values."),
	CONF_NUM(struct profile_san, max, 1, 1, SAN_MAX, "Most values."),
	CONF_NUM(struct profile_san, length, 0, 0, FIELD_VALUE_MAX,
	    "Most characters of each value; 0: the kind's bound."),
	CONF_STR(struct profile_san, pattern, NULL,
	    "POSIX extended regular expression that each value fits, beside"
	    " the rules of its kind."),
	CONF_BOOL(struct profile_san, utf8, false,
	    "Take mail addresses whose local part is not ASCII, as"
	    " SmtpUTF8Mailbox (RFC 9598), which few mail programs read."),
	CONF_END
};
static const struct conf_item policy_items[] = {
	CONF_STR_REQUIRED(struct profile_policy, oid,
	    "Policy, as dotted numbers."),
	CONF_STR(struct profile_policy, cps, NULL,
	    "Address of the practice statement."),
	CONF_END
};

const struct conf_item PROFILE_ITEMS[] = {
	CONF_STR_REQUIRED(struct profile_file, description,
	    "One line for people."),
	CONF_LIST(struct profile_file, cas,
	    "Names of the CAs that may issue it."),
	CONF_GROUPS(struct profile_file, keys, key_items, struct profile_key,
	    "Keys that are accepted."),
	CONF_GROUPS(struct profile_file, subject, attr_items,
	    struct profile_attr, "The subject's attributes, in order."),
	CONF_GROUPS(struct profile_file, san, san_items, struct profile_san,
	    "Subject alternative names, in order."),
	CONF_GROUPS(struct profile_file, policies, policy_items,
	    struct profile_policy, "Certificate policies."),
	CONF_STR(struct profile_file, station_policy, NULL,
	    "One more policy, as dotted numbers, when a personalisation"
	    " station saw the key being made on the card."),
	CONF_STR(struct profile_file, attested_policy, NULL,
	    "Instead of it when the card's maker vouches for the key as well"
	    " (signet-cad's setting attestation_roots)."),
	CONF_BOOL(struct profile_file, needs_attestation, false,
	    "Refuse keys for which no card's maker vouches."),
	CONF_DURATION(struct profile_file, validity, "365d", 60, 40 * YEAR,
	    "From notBefore to notAfter, counting both of these seconds."),
	CONF_DURATION(struct profile_file, backdate, "5m", 0, 86400,
	    "notBefore lies this long before the issuing, for clocks that"
	    " are late."),
	CONF_LIST(struct profile_file, key_usage,
	    "Key usages, by the names of RFC 5280."),
	CONF_LIST(struct profile_file, key_usage_ec,
	    "Key usages when the key is not of type \"rsa\"; empty: the"
	    " same."),
	CONF_LIST(struct profile_file, ext_key_usage,
	    "Extended key usages, by name (\"emailProtection\","
	    " \"signet-officer\") or as dotted numbers."),
	CONF_BOOL(struct profile_file, ext_key_usage_critical, false,
	    "Mark the extended key usages critical, as time-stamping wants."),
	CONF_BOOL(struct profile_file, ca, false,
	    "The holder is a certification authority."),
	CONF_NUM(struct profile_file, path_length, -1, -1, 10,
	    "How many CAs may follow below; -1: any number."),
	CONF_BOOL(struct profile_file, cdp, true,
	    "Name the issuer's CRL addresses."),
	CONF_STR(struct profile_file, crl, "complete",
	    "Which list that is: \"complete\", with all certificates of the"
	    " issuer; or \"shard\", one of its parts, drawn at issuing, which"
	    " mail programs cannot use."),
	CONF_BOOL(struct profile_file, freshest, false,
	    "With crl = \"complete\": name the address of its deltas"
	    " (freshestCRL)."),
	CONF_BOOL(struct profile_file, aia, true,
	    "Name the issuer's OCSP and certificate addresses."),
	CONF_BOOL(struct profile_file, ocsp, true,
	    "With aia: name the OCSP addresses as well."),
	CONF_BOOL(struct profile_file, ocsp_nocheck, false,
	    "id-pkix-ocsp-nocheck: clients do not ask for this"
	    " certificate's status."),
	CONF_BOOL(struct profile_file, no_rev_avail, false,
	    "noRevAvail: there will be no revocation information."),
	CONF_BOOL(struct profile_file, per_generation, false,
	    "An order names the generation of the CA that issues, which may"
	    " be an old one; for signers of OCSP answers, each of which"
	    " speaks for one key of the CA."),
	CONF_LIST(struct profile_file, approvals,
	    "Ways to approve an order; each is a sum of roles, such as"
	    " \"officer + officer\", fulfilled by different persons."),
	CONF_LIST(struct profile_file, batch_approvals,
	    "The same for a batch of orders; empty: none allowed."),
	CONF_LIST(struct profile_file, revoke_approvals,
	    "The same for revoking, holding and releasing; empty: one"
	    " officer or one security officer."),
	CONF_BOOL(struct profile_file, self_revoke, false,
	    "Holders may revoke, though not hold or release, through the"
	    " registration authority: ra-agent alone is one more way to"
	    " approve it."),
	CONF_BOOL(struct profile_file, station_revoke, false,
	    "Personalisation stations may revoke, though not hold or"
	    " release, what was on a card that they spoiled: station-agent"
	    " alone is one more way to approve it."),
	CONF_LIST(struct profile_file, renewal_approvals,
	    "The same for renewal, where \"holder\" is the key being"
	    " renewed; empty: as approvals."),
	CONF_DURATION(struct profile_file, renewal_window, "30d", 0, YEAR,
	    "Renewal is possible this long before notAfter."),
	CONF_DURATION(struct profile_file, order_lifetime, "7d", 60, YEAR,
	    "An order must be used within this time."),
	CONF_BOOL(struct profile_file, publish, false,
	    "Publish in the directory."),
	CONF_BOOL(struct profile_file, unique_key, true,
	    "Refuse a key that has been certified before."),
	CONF_END
};

void
profile_describe(struct buf *out)
{
	conf_describe(out, PROFILE_ITEMS);
}

/* RFC 5280 4.2.1.3, by bit number. */
static const char *const key_usages[] = {
	"digitalSignature", "nonRepudiation", "keyEncipherment",
	"dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
	"encipherOnly", "decipherOnly",
};

static const struct {
	const char	*name;
	const char	*oid;
} ekus[] = {
	{ "serverAuth", OID_EKU_SERVER_AUTH },
	{ "clientAuth", OID_EKU_CLIENT_AUTH },
	{ "codeSigning", OID_EKU_CODE },
	{ "emailProtection", OID_EKU_EMAIL },
	{ "timeStamping", OID_EKU_TIME },
	{ "OCSPSigning", OID_EKU_OCSP },
	{ "documentSigning", "1.3.6.1.5.5.7.3.36" },
	{ "smartcardLogon", OID_EKU_LOGON },
	{ "pivCardAuth", "2.16.840.1.101.3.6.8" },
	{ "pkinitClient", OID_EKU_PKINIT_CLIENT },
	{ "pkinitKdc", OID_EKU_PKINIT_KDC },
	{ "signet-officer", OID_ROLE_OFFICER },
	{ "signet-security-officer", OID_ROLE_SECURITY_OFFICER },
	{ "signet-ra-agent", OID_ROLE_RA_AGENT },
	{ "signet-station-agent", OID_ROLE_STATION_AGENT },
	{ "signet-ocsp-agent", OID_ROLE_OCSP_AGENT },
	{ "signet-auditor", OID_ROLE_AUDITOR },
	{ "signet-ca-agent", OID_ROLE_CA_AGENT },
	{ "signet-crl-agent", OID_ROLE_CRL_AGENT },
};
#define NEKUS	(sizeof(ekus) / sizeof(ekus[0]))

static int
key_usage_parse(uint32_t *bits, const struct conf_list *l, const char *what,
    struct error *e)
{
	size_t	 i, k;

	for (*bits = 0, i = 0; i < l->n; i++) {
		for (k = 0; k < sizeof(key_usages) / sizeof(key_usages[0]); k++)
			if (strcmp(l->v[i], key_usages[k]) == 0)
				break;
		if (k == sizeof(key_usages) / sizeof(key_usages[0]))
			return error_set(e, ERROR_CONFIG,
			    "%s: no key usage \"%s\"", what, l->v[i]);
		*bits |= UINT32_C(1) << k;
	}
	return 0;
}

const char *
profile_eku_oid(const char *name)
{
	size_t	 k;

	for (k = 0; k < NEKUS; k++)
		if (strcmp(name, ekus[k].name) == 0)
			return ekus[k].oid;
	return profile_is_oid(name) ? name : NULL;
}

static int
eku_parse(struct conf_list *out, const struct conf_list *names,
    struct error *e)
{
	const char		*oid;
	size_t			 i, k;

	if (names->n == 0)
		return 0;
	out->v = mem_array(names->n, sizeof(*out->v));
	for (i = 0; i < names->n; i++) {
		if ((oid = profile_eku_oid(names->v[i])) == NULL)
			return error_set(e, ERROR_CONFIG, "ext_key_usage: no"
			    " usage \"%s\"", names->v[i]);
		out->v[out->n++] = mem_strdup(oid);
	}
	for (i = 0; i < out->n; i++)
		for (k = 0; k < i; k++)
			if (strcmp(out->v[i], out->v[k]) == 0)
				return error_set(e, ERROR_CONFIG,
				    "ext_key_usage: \"%s\" twice", names->v[i]);
	return 0;
}

bool
profile_has_eku(const struct profile *p, const char *oid)
{
	size_t	 i;

	for (i = 0; i < p->ext_key_usage.n; i++)
		if (strcmp(p->ext_key_usage.v[i], oid) == 0)
			return true;
	return false;
}

static int
crl_parse_word(bool *shard, const char *word, struct error *e)
{
	*shard = strcmp(word, "shard") == 0;
	if (*shard || strcmp(word, "complete") == 0)
		return 0;
	return error_set(e, ERROR_CONFIG, "crl: neither \"complete\" nor"
	    " \"shard\"");
}

/* Lend the file's values to the profile. */
int
profile_fill(struct profile *p, const struct profile_file *f,
    struct error *e)
{
	p->description = f->description;
	p->cas = f->cas;
	p->keys = f->keys.v;
	p->nkeys = f->keys.n;
	p->subject = f->subject.v;
	p->nsubject = f->subject.n;
	p->san = f->san.v;
	p->nsan = f->san.n;
	p->san_critical = p->nsubject == 0;
	p->policies = f->policies.v;
	p->npolicies = f->policies.n;
	p->assurance[PROFILE_STATION].oid = f->station_policy;
	p->assurance[PROFILE_ATTESTED].oid = f->attested_policy;
	p->needs_attestation = f->needs_attestation;
	p->validity = f->validity;
	p->backdate = f->backdate;
	p->is_ca = f->ca;
	p->path_length = f->path_length;
	p->cdp = f->cdp;
	p->freshest = f->freshest;
	p->aia = f->aia;
	p->ocsp = f->ocsp;
	p->ext_key_usage_critical = f->ext_key_usage_critical;
	p->ocsp_nocheck = f->ocsp_nocheck;
	p->no_rev_avail = f->no_rev_avail;
	p->per_generation = f->per_generation;
	p->renewal_window = f->renewal_window;
	p->order_lifetime = f->order_lifetime;
	p->publish = f->publish;
	p->unique_key = f->unique_key;
	if (key_usage_parse(&p->key_usage, &f->key_usage, "key_usage",
	    e) == -1 ||
	    key_usage_parse(&p->key_usage_ec, &f->key_usage_ec,
	    "key_usage_ec", e) == -1 ||
	    eku_parse(&p->ext_key_usage, &f->ext_key_usage, e) == -1 ||
	    crl_parse_word(&p->shard, f->crl, e) == -1)
		return -1;
	return profile_fill_approvals(p, f, e);
}
