/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/root/issue.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/crl.h"
#include "x509/csr.h"
#include "x509/der.h"
#include "x509/oid.h"

#define EKU_MAX		32
#define ISSUER		"root"		/* as profiles name it */

static int
load_profile(struct ca_cert *c, struct session *s, const char *name,
    struct error *e)
{
	const char	*dir = cmd_string(s->args, "profiles",
			    DATADIR "/profiles");
	struct buf	 text = { 0 };
	char		*path;
	int		 rc = -1;

	if (!text_is_name(name))
		return error_set(e, ERROR_INPUT, "\"%s\" is not a profile's "
		    "name", name);
	path = file_join(dir, name);
	if (profile_load(&c->loaded, path, e) == -1) {
		error_hint(e, "name the folder of the profiles with "
		    "--profiles");
		goto out;
	}
	if (file_load(&text, path, CEREMONY_MAX, e) == -1)
		goto out;
	session_fact(s, "profile", name);
	session_fact_digest(s, "profile-digest", BYTES(text.p, text.len));
	c->profile = *c->loaded;
	rc = 0;
 out:
	buf_clear(&text);
	mem_free(&path);
	return rc;
}

int
issue_load_profile(struct ca_cert *c, struct session *s, struct error *e)
{
	if (load_profile(c, s, s->c.profile, e) == -1)
		return -1;
	if (!c->profile.is_ca)
		return error_set(e, ERROR_CONFIG, "profile \"%s\" is not one "
		    "of a CA", s->c.profile);
	return 0;
}

/*
 * The ceremony's list instead of the profile's.  "signet-roles" stands for
 * all roles, which the CA of the suite's services certifies.
 */
static int
set_eku(struct ca_cert *c, const struct conf_list *l, struct error *e)
{
	const char	*oid;
	size_t		 i;
	int		 role;

	if (l->n == 0)
		return 0;
	c->eku = mem_array(EKU_MAX + ROLE__MAX, sizeof(*c->eku));
	for (i = 0; i < l->n && i < EKU_MAX; i++) {
		if (strcmp(l->v[i], "signet-roles") == 0) {
			for (role = ROLE_NONE + 1; role < ROLE__MAX; role++)
				if ((oid = role_oid((enum role)role)) != NULL)
					c->eku[c->neku++] = mem_strdup(oid);
			continue;
		}
		if ((oid = profile_eku_oid(l->v[i])) == NULL)
			return error_set(e, ERROR_INPUT, "ext_key_usage: "
			    "\"%s\" is neither a name nor an object "
			    "identifier", l->v[i]);
		c->eku[c->neku++] = mem_strdup(oid);
	}
	c->profile.ext_key_usage.v = c->eku;
	c->profile.ext_key_usage.n = c->neku;
	return 0;
}

/*
 * Mail and servers do not go together: clients refuse what is below.  And with
 * OCSPSigning the CA would speak for the root (RFC 6960, 4.2.2.2): one that has
 * been revoked could say that it is good.
 */
static int
check_eku(const struct profile *p, struct error *e)
{
	if (profile_has_eku(p, profile_eku_oid("OCSPSigning")))
		return error_set(e, ERROR_DENIED, "ext_key_usage: with "
		    "OCSPSigning the CA could answer for the root; responders "
		    "below it do not need that");
	if (!profile_has_eku(p, profile_eku_oid("emailProtection")) ||
	    !profile_has_eku(p, profile_eku_oid("serverAuth")))
		return 0;
	error_set(e, ERROR_DENIED, "ext_key_usage: one CA for "
	    "emailProtection and serverAuth is against the S/MIME baseline");
	return error_hint(e, "certify one CA for people and one for services");
}

static int
set_policies(struct ca_cert *c, const struct conf_list *l, struct error *e)
{
	struct buf	 probe = { 0 };
	size_t		 i;
	int		 rc = 0;

	if (l->n == 0)
		return 0;
	c->policy = mem_array(l->n, sizeof(*c->policy));
	for (i = 0; i < l->n && rc == 0; i++) {
		if (der_put_oid(&probe, l->v[i]) == -1)
			rc = error_set(e, ERROR_INPUT, "policies: \"%s\" is "
			    "not an object identifier", l->v[i]);
		c->policy[i].oid = l->v[i];
	}
	buf_clear(&probe);
	c->profile.policies = c->policy;
	c->profile.npolicies = l->n;
	return rc;
}

/* The copied profile has the checked subject without patterns, which belong
 * to the loaded one. */
static void
set_plain_subject(struct ca_cert *c)
{
	size_t	 i;

	c->attr = mem_array(c->profile.nsubject + 1, sizeof(*c->attr));
	for (i = 0; i < c->profile.nsubject; i++) {
		c->attr[i] = c->profile.subject[i];
		c->attr[i].pattern = NULL;
	}
	c->profile.subject = c->attr;
}

/* The subject comes as DER; profile and fields only have to agree. */
static void
set_der_subject(struct ca_cert *c)
{
	static char	 cn[] = "CN", given[] = "given";

	c->attr = mem_array(1, sizeof(*c->attr));
	c->attr[0].attr = cn;
	c->attr[0].value = given;
	c->profile.subject = c->attr;
	c->profile.nsubject = 1;
	c->spec.subject = BYTES(c->subject.p, c->subject.len);
	c->spec.ski = BYTES(c->ski.p, c->ski.len);
}

/* Settings of the ceremony as fields of the profile. */
static int
set_fields(struct ca_cert *c, const struct ceremony *from, struct error *e)
{
	const struct ceremony_attr	*a = from->subject.v;
	size_t				 i, k;

	for (i = 0; i < from->subject.n; i++) {
		for (k = 0; k < c->loaded->nsubject; k++)
			if (strcmp(c->loaded->subject[k].attr, a[i].attr) ==
			    0 && c->loaded->subject[k].from != NULL)
				break;
		if (k == c->loaded->nsubject)
			return error_set(e, ERROR_INPUT, "subject: profile "
			    "\"%s\" has no attribute \"%s\"",
			    c->loaded->name, a[i].attr);
		fields_add(&c->fields, c->loaded->subject[k].from,
		    a[i].value);
	}
	return 0;
}

/* The first attribute of this kind as UTF-8 that the caller frees, or NULL. */
static char *
attribute(X509 *cert, const char *attr)
{
	X509_NAME	*name = X509_get_subject_name(cert);
	ASN1_OBJECT	*object;
	unsigned char	*text = NULL;
	char		*copy = NULL;
	int		 i, n;

	object = OBJ_txt2obj(name_attr_find(attr)->oid, 1);
	i = X509_NAME_get_index_by_OBJ(name, object, -1);
	ASN1_OBJECT_free(object);
	if (i < 0)
		return NULL;
	n = ASN1_STRING_to_UTF8(&text,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i)));
	if (n > 0)
		copy = mem_printf("%.*s", n, (const char *)text);
	OPENSSL_free(text);
	return copy;
}

/* Fields that are still missing from a certificate's subject: all, or only
 * country and organisation. */
static void
issue_inherit(struct ca_cert *c, X509 *cert, bool all)
{
	const struct profile_attr	*a;
	char				*value;
	size_t				 i;

	for (i = 0; i < c->loaded->nsubject; i++) {
		a = &c->loaded->subject[i];
		if (a->from == NULL || fields_count(&c->fields, a->from) > 0 ||
		    (!all && strcmp(a->attr, "C") != 0 &&
		    strcmp(a->attr, "O") != 0 &&
		    strcmp(a->attr, "organizationIdentifier") != 0) ||
		    (value = attribute(cert, a->attr)) == NULL)
			continue;
		fields_add(&c->fields, a->from, value);
		mem_free(&value);
	}
}

int
issue_set_subject(struct ca_cert *c, const struct ceremony *from,
    const struct fields *wished, X509 *root, struct error *e)
{
	const struct profile_attr	*a;
	const char			*value;
	size_t				 i;

	if (set_fields(c, from, e) == -1)
		return -1;
	for (i = 0; i < c->loaded->nsubject; i++) {
		a = &c->loaded->subject[i];
		if (a->from != NULL && fields_count(&c->fields, a->from) == 0 &&
		    (value = fields_get(wished, a->from, 0)) != NULL)
			fields_add(&c->fields, a->from, value);
	}
	issue_inherit(c, root, false);
	return 0;
}

/* Where the issuing generation's list and certificate are to be found. */
static void
set_addresses(struct ca_cert *c, const struct ceremony *first,
    const struct ceremony *second)
{
	c->issuer.cdp = first->cdp.n > 0 ? first->cdp : second->cdp;
	c->issuer.aia = first->aia.n > 0 ? first->aia : second->aia;
	c->profile.cdp = c->issuer.cdp.n > 0;
	c->profile.aia = c->issuer.aia.n > 0;
}

static int
plan(struct ca_cert *c, struct session *s, int64_t generation,
    const char *kind, const char *name, int64_t until, struct error *e)
{
	c->spec.profile = &c->profile;
	c->spec.issuer = &c->issuer;
	c->spec.fields = &c->fields;
	c->spec.spki = BYTES(c->spki.p, c->spki.len);
	if (!text_is_name(name))
		return error_set(e, ERROR_INPUT, "\"%s\" is not a name of "
		    "letters, digits, \".\", \"-\" and \"_\"", name);
	if (cert_spec_init(&c->spec, s->now, until, s->rng, e) == -1 ||
	    cert_tbs(&c->tbs, &c->spec, e) == -1)
		return -1;
	c->line.generation = generation;
	snprintf(c->line.kind, sizeof(c->line.kind), "%s", kind);
	snprintf(c->line.name, sizeof(c->line.name), "%s", name);
	text_hex(c->line.serial, c->spec.serial, CERT_SERIAL_SIZE);
	c->line.not_after = c->spec.not_after;
	snprintf(c->line.status, sizeof(c->line.status), "good");
	snprintf(c->line.reason, sizeof(c->line.reason), "-");
	return 0;
}

int
issue_plan_root(struct ca_cert *c, struct session *s, int64_t generation,
    EVP_PKEY *key, struct error *e)
{
	memset(c, 0, sizeof(*c));
	if (load_profile(c, s, "root", e) == -1 ||
	    set_fields(c, &s->c, e) == -1)
		return -1;
	/* A new generation keeps the name, unless another one is given. */
	if (s->c.subject.n == 0 && s->root->ngen > 0)
		issue_inherit(c, s->root->gen[s->root->ngen - 1].cert, true);
	c->profile.validity = s->c.validity;
	if (profile_check_fields(c->loaded, &c->fields, e) == -1 ||
	    profile_check_key(c->loaded, key, e) == -1 ||
	    csr_check_key(key, e) == -1)
		return -1;
	set_plain_subject(c);
	if (issuer_init_self(&c->issuer, ISSUER, key, &c->profile, &c->fields,
	    e) == -1 || key_public_der(&c->spki, key, e) == -1)
		return -1;
	return plan(c, s, generation, "root", s->c.name, 0, e);
}

int
issue_plan_ca(struct ca_cert *c, struct session *s,
    const struct generation *g, const char *kind, EVP_PKEY *subject_key,
    struct error *e)
{
	if (issuer_init(&c->issuer, ISSUER, g->cert, e) == -1 ||
	    profile_check_key(c->loaded, subject_key, e) == -1 ||
	    key_public_der(&c->spki, subject_key, e) == -1 ||
	    set_eku(c, &s->c.ext_key_usage, e) == -1 ||
	    check_eku(&c->profile, e) == -1 ||
	    (c->policy == NULL &&
	    set_policies(c, &s->c.policies, e) == -1))
		return -1;
	set_addresses(c, &s->c, &s->root->settings);
	if (s->c.validity != 0)
		c->profile.validity = s->c.validity;
	if (s->c.path_length != -1)
		c->profile.path_length = s->c.path_length;
	if (c->subject.len > 0)
		set_der_subject(c);
	else if (profile_check_fields(c->loaded, &c->fields, e) == -1)
		return -1;
	else
		set_plain_subject(c);
	return plan(c, s, g->number, kind, s->c.name, c->until, e);
}

/* Ours have to be among the policies that the certificate has at all. */
static int
check_mapped(const struct ca_cert *c, const char *mapping, struct error *e)
{
	size_t	 i, len = strcspn(mapping, "=");

	for (i = 0; i < c->profile.npolicies; i++)
		if (strlen(c->profile.policies[i].oid) == len &&
		    memcmp(c->profile.policies[i].oid, mapping, len) == 0)
			return 0;
	return error_set(e, ERROR_INPUT, "policy_mappings: %.*s is not among "
	    "policies (RFC 5280, 4.2.1.5)", (int)len, mapping);
}

int
issue_constrain(struct ca_cert *c, const struct ceremony *from,
    struct error *e)
{
	size_t	 i;

	c->constraints = (struct cert_constraints){ from->permitted,
	    from->excluded, from->policy_mappings,
	    from->require_explicit_policy, from->inhibit_policy_mapping,
	    from->inhibit_any_policy };
	if (cert_constraints_check(&c->constraints, e) == -1 ||
	    set_policies(c, &from->policies, e) == -1)
		return -1;
	for (i = 0; i < from->policy_mappings.n; i++)
		if (check_mapped(c, from->policy_mappings.v[i], e) == -1)
			return -1;
	c->spec.constraints = &c->constraints;
	return 0;
}

int
issue_take_subject(struct ca_cert *c, X509 *cert, struct error *e)
{
	const ASN1_OCTET_STRING	*ski = X509_get0_subject_key_id(cert);
	unsigned char		*der = NULL;
	int			 n;

	if ((n = i2d_X509_NAME(X509_get_subject_name(cert), &der)) <= 0)
		return error_ssl(e, ERROR_INPUT, "read subject");
	buf_add(&c->subject, der, (size_t)n);
	OPENSSL_free(der);
	if (ski != NULL)
		buf_add(&c->ski, ASN1_STRING_get0_data(ski),
		    (size_t)ASN1_STRING_length(ski));
	return 0;
}

int
issue_plan_link(struct ca_cert *c, struct session *s, X509 *issuer,
    int64_t generation, X509 *subject, const char *name, struct error *e)
{
	const struct ceremony	*where;
	struct cert_info	 info;
	int64_t			 until;

	memset(c, 0, sizeof(*c));
	if (load_profile(c, s, "root", e) == -1 ||
	    issuer_init(&c->issuer, ISSUER, issuer, e) == -1 ||
	    issue_take_subject(c, subject, e) == -1 ||
	    key_public_der(&c->spki, X509_get0_pubkey(subject), e) == -1 ||
	    cert_info(&info, subject, e) == -1)
		return -1;
	until = info.not_after;
	cert_info_clear(&info);
	where = generation > (int64_t)s->root->ngen ? &s->c :
	    &s->root->settings;
	set_addresses(c, where, where);
	set_der_subject(c);
	c->profile.validity = c->issuer.not_after - s->now + 1;
	return plan(c, s, generation, "link", name, until, e);
}

/* The subject out of the bytes that are going to be signed. */
static char *
planned_subject(const struct ca_cert *c)
{
	struct bytes		 in = BYTES(c->tbs.p, c->tbs.len), tbs, whole;
	const unsigned char	*p;
	X509_NAME		*name;
	char			*text;
	uint8_t			 tag;
	int			 k;

	if (der_take(&in, DER_SEQUENCE, &tbs) == -1)
		return NULL;
	/* version, serial, algorithm, issuer, validity, subject */
	for (k = 0; k < 6; k++)
		if (der_next(&tbs, &tag, &in, &whole) != 1)
			return NULL;
	p = whole.p;
	if ((name = d2i_X509_NAME(NULL, &p, (long)whole.len)) == NULL)
		return NULL;
	text = name_text(name);
	X509_NAME_free(name);
	return text;
}

/* A usage in words where there are any. */
static const char *
usage_text(const char *oid, char dst[80])
{
	int	 role, nid = OBJ_txt2nid(oid);

	for (role = ROLE_NONE + 1; role < ROLE__MAX; role++)
		if (role_oid((enum role)role) != NULL &&
		    strcmp(role_oid((enum role)role), oid) == 0) {
			snprintf(dst, 80, "the role %s",
			    role_name((enum role)role));
			return dst;
		}
	return nid != NID_undef ? OBJ_nid2ln(nid) : oid;
}

static void
describe_list(struct session *s, const char *what, const struct conf_list *l)
{
	size_t	 i;

	for (i = 0; i < l->n; i++)
		session_note(s, "%-14s%s", i == 0 ? what : "", l->v[i]);
}

void
issue_describe(struct session *s, const struct ca_cert *c, int k)
{
	char	 key[32], hex[65], from[TEXT_TIME_SIZE], to[TEXT_TIME_SIZE];
	char	*value, usage[80];
	size_t	 i;

	root_digest(hex, BYTES(c->tbs.p, c->tbs.len));
	snprintf(key, sizeof(key), "plan.%d", k);
	value = mem_printf("%s %s %s %s", c->line.kind, c->line.name,
	    c->line.serial, hex);
	session_fact(s, key, value);
	mem_free(&value);
	value = planned_subject(c);
	session_note(s, "subject       %s", value != NULL ? value : "?");
	mem_free(&value);
	session_note(s, "certificate   %s (%s), serial %s", c->line.name,
	    c->line.kind, c->line.serial);
	session_note(s, "valid         %s to %s",
	    text_time(from, c->spec.not_before),
	    text_time(to, c->spec.not_after));
	if (c->profile.path_length != -1)
		session_note(s, "CAs below     %lld",
		    (long long)c->profile.path_length);
	for (i = 0; i < c->profile.ext_key_usage.n; i++)
		session_note(s, "%-14s%s", i == 0 ? "only for" : "",
		    usage_text(c->profile.ext_key_usage.v[i], usage));
	describe_list(s, "permitted", &c->constraints.permitted);
	describe_list(s, "excluded", &c->constraints.excluded);
	describe_list(s, "policies map", &c->constraints.policy_mappings);
	for (i = 0; i < c->issuer.cdp.n; i++)
		session_note(s, "%-14s%s", i == 0 ? "CRL at" : "",
		    c->issuer.cdp.v[i]);
	for (i = 0; i < c->issuer.aia.n; i++)
		session_note(s, "%-14s%s", i == 0 ? "issuer at" : "",
		    c->issuer.aia.v[i]);
}

static int
to_pem(struct buf *pem, X509 *cert, struct error *e)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p;
	long	 n;
	int	 rc = -1;

	if (bio == NULL || PEM_write_bio_X509(bio, cert) != 1)
		error_ssl(e, ERROR_CRYPTO, "encode certificate");
	else {
		n = BIO_get_mem_data(bio, &p);
		buf_add(pem, p, (size_t)n);
		rc = 0;
	}
	BIO_free(bio);
	return rc;
}

int
issue_sign(struct session *s, struct ca_cert *c, EVP_PKEY *key, X509 **out,
    struct error *e)
{
	struct buf		 der = { 0 }, pem = { 0 };
	const unsigned char	*p;
	X509			*cert = NULL;
	int			 rc = -1;

	if (out != NULL)
		*out = NULL;
	if (cert_sign(&der, BYTES(c->tbs.p, c->tbs.len), &c->issuer, key, e) ==
	    -1 || cert_check(BYTES(der.p, der.len), &c->spec, e) == -1)
		goto out;
	FAULT("root-signed-cert");
	p = der.p;
	if ((cert = d2i_X509(NULL, &p, (long)der.len)) == NULL) {
		error_ssl(e, ERROR_BUG, "read what was signed");
		goto out;
	}
	if (to_pem(&pem, cert, e) == -1)
		goto out;
	session_issued(s, &c->line, BYTES(pem.p, pem.len));
	session_step(s, "Signed: issued/%04lld-%s.pem",
	    (long long)c->line.number, c->line.name);
	if (strcmp(c->line.kind, "root") == 0) {
		session_put(s, "root.pem", 0644, BYTES(pem.p, pem.len));
		if (s->parcel != NULL &&
		    parcel_find(s->parcel, "root.pem") == NULL)
			parcel_add(s->parcel, "root.pem",
			    BYTES(pem.p, pem.len));
	}
	if (out != NULL) {
		*out = cert;
		cert = NULL;
	}
	rc = 0;
 out:
	X509_free(cert);
	buf_clear(&der);
	buf_clear(&pem);
	return rc;
}

void
issue_clear(struct ca_cert *c)
{
	issuer_clear(&c->issuer);
	while (c->neku > 0)
		mem_free(&c->eku[--c->neku]);
	mem_free(&c->eku);
	mem_free(&c->attr);
	mem_free(&c->policy);
	fields_clear(&c->fields);
	buf_clear(&c->spki);
	buf_clear(&c->subject);
	buf_clear(&c->ski);
	buf_clear(&c->tbs);
	profile_free(&c->loaded);
}

/*
 * Revocation lists.
 */
static const struct {
	const char	*name;
	int8_t		 code;
} reasons[] = {
	{ "keyCompromise", 1 },
	{ "cACompromise", 2 },
	{ "affiliationChanged", 3 },
	{ "superseded", 4 },
	{ "cessationOfOperation", 5 },
	{ "privilegeWithdrawn", 9 },
};
#define NREASONS	(sizeof(reasons) / sizeof(reasons[0]))

int
issue_check_reason(const char *name, struct error *e)
{
	struct buf	 list = { 0 };
	size_t		 i;

	for (i = 0; i < NREASONS; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return 0;
	for (i = 0; i < NREASONS; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : ", ",
		    reasons[i].name);
	error_set(e, ERROR_INPUT, "\"%s\" is not a reason to revoke a CA",
	    name);
	error_hint(e, "one of %s", buf_cstr(&list));
	buf_clear(&list);
	return -1;
}

static int8_t
reason_code(const char *name)
{
	size_t	 i;

	for (i = 0; i < NREASONS; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return reasons[i].code;
	return -1;
}

struct revoked {
	struct crl_entry	*v;
	size_t			 n, next;
};

static int
revoked_next(void *arg, struct crl_entry *entry, struct error *e)
{
	struct revoked	*r = arg;

	(void)e;
	if (r->next == r->n)
		return 0;
	*entry = r->v[r->next++];
	return 1;
}

static int
revoked_compare(const void *a, const void *b)
{
	return crl_entry_compare(a, b);
}

/* What the list of a generation must name, sorted. */
int
issue_revoked(const struct index *x, int64_t generation,
    struct crl_entry **out, size_t *n, struct error *e)
{
	const struct issued	*i;
	struct crl_entry	*entry;
	size_t			 k, len, zeros;

	*out = mem_array(x->n + 1, sizeof(**out));
	*n = 0;
	for (k = 0; k < x->n; k++) {
		i = &x->v[k];
		if (i->generation != generation ||
		    strcmp(i->status, "revoked") != 0)
			continue;
		entry = &(*out)[*n];
		if (text_unhex(entry->serial, sizeof(entry->serial), &len,
		    i->serial, e) == -1) {
			mem_free(out);
			return -1;
		}
		for (zeros = 0; zeros < len && entry->serial[zeros] == 0;)
			zeros++;
		memmove(entry->serial, entry->serial + zeros, len - zeros);
		entry->serial_len = (uint8_t)(len - zeros);
		entry->reason = reason_code(i->reason);
		entry->revoked_at = i->when;
		(*n)++;
	}
	qsort(*out, *n, sizeof(**out), revoked_compare);
	return 0;
}

/* nextUpdate for a CRL signed now. */
static int64_t
issue_crl_lifetime(const struct session *s)
{
	return s->c.crl_lifetime != 0 ? s->c.crl_lifetime :
	    s->root->settings.crl_lifetime;
}

static void
put_crl(struct session *s, const struct crl_params *p, int64_t generation,
    struct bytes der)
{
	char	*name, next[TEXT_TIME_SIZE];

	audit_num(&s->end, "crl-number", p->number);
	audit_num(&s->end, "crl-generation", generation);
	audit_str(&s->end, "crl-next", text_time(next, p->next_update));
	name = mem_printf("crl/%04lld.crl", (long long)p->number);
	session_put(s, name, 0644, der);
	session_step(s, "Signed: %s, next by %s", name, next);
	if (s->parcel != NULL)
		parcel_add(s->parcel, "root.crl", der);
	mem_free(&name);
}

int
issue_crl(struct session *s, X509 *cert, int64_t generation, EVP_PKEY *key,
    struct error *e)
{
	struct crl_params	 p = { .base = 0 };
	struct revoked		 r = { NULL, 0, 0 };
	struct issuer		 issuer;
	struct crl		*crl = NULL;
	struct buf		 der = { 0 };
	int			 rc = -1;

	if (issuer_init(&issuer, ISSUER, cert, e) == -1)
		return -1;
	p.number = transcript_highest(&s->root->transcript, "crl-number") + 1;
	p.this_update = s->now;
	p.next_update = s->now + issue_crl_lifetime(s);
	if (p.next_update > issuer.not_after)
		p.next_update = issuer.not_after;
	if (issue_revoked(&s->index, generation, &r.v, &r.n, e) == -1 ||
	    crl_sign(&der, &p, revoked_next, &r, &issuer, key, e) == -1 ||
	    crl_parse(&crl, BYTES(der.p, der.len), &issuer, e) == -1)
		goto out;
	if (crl->n != r.n || crl->params.number != p.number) {
		error_set(e, ERROR_BUG, "the CRL is not what was asked for");
		goto out;
	}
	put_crl(s, &p, generation, BYTES(der.p, der.len));
	rc = 0;
 out:
	crl_free(&crl);
	mem_free(&r.v);
	issuer_clear(&issuer);
	buf_clear(&der);
	return rc;
}
