/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "os/file.h"
#include "x509/profile.h"
#include "x509/profile_private.h"

#define YEAR		(365 * INT64_C(86400))
#define SAN_MAX		100

/* The file as libconfig sees it; strings stay here, the profile borrows. */
struct profile_file {
	char			*description;
	struct conf_list	 cas;
	struct conf_groups	 keys, subject, san, policies;
	int64_t			 validity, backdate;
	struct conf_list	 key_usage, key_usage_ec, ext_key_usage;
	bool			 ca;
	int64_t			 path_length;
	bool			 cdp, aia, ocsp_nocheck, no_rev_avail;
	struct conf_list	 approvals, batch_approvals;
	struct conf_list	 revoke_approvals, renewal_approvals;
	int64_t			 renewal_window, order_lifetime;
	bool			 publish, unique_key;
};

/* What callers see comes first. */
struct profile_loaded {
	struct profile		 profile;
	struct profile_file	 file;
	char			**eku;		/* owned, dotted */
	regex_t			*subject_re;	/* as many as attributes, */
	bool			*subject_has;	/* where there is a pattern */
	regex_t			*san_re;
	bool			*san_has;
};

static const struct conf_item key_items[] = {
	CONF_STR_REQUIRED(struct profile_key, type,
	    "Kind of key: \"rsa\", \"ec\" or \"ed25519\"."),
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
	    "Fixed value, instead of \"from\"."),
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
	    "Kind of name: \"email\", \"dns\", \"upn\", \"uri\" or \"ip\"."),
	CONF_STR_REQUIRED(struct profile_san, from,
	    "Field of the order that it takes its values from."),
	CONF_NUM(struct profile_san, min, 0, 0, SAN_MAX, "Fewest values."),
	CONF_NUM(struct profile_san, max, 1, 1, SAN_MAX, "Most values."),
	CONF_STR(struct profile_san, pattern, NULL,
	    "POSIX extended regular expression that each value fits, beside"
	    " the rules of its kind."),
	CONF_END
};
static const struct conf_item policy_items[] = {
	CONF_STR_REQUIRED(struct profile_policy, oid,
	    "Policy, as dotted numbers."),
	CONF_STR(struct profile_policy, cps, NULL,
	    "Address of the practice statement."),
	CONF_END
};

static const struct conf_item items[] = {
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
	CONF_DURATION(struct profile_file, validity, "365d", 60, 40 * YEAR,
	    "From notBefore to notAfter, counting both of these seconds."),
	CONF_DURATION(struct profile_file, backdate, "5m", 0, 86400,
	    "notBefore lies this long before the issuing, for clocks that"
	    " are late."),
	CONF_LIST(struct profile_file, key_usage,
	    "Key usages, by the names of RFC 5280."),
	CONF_LIST(struct profile_file, key_usage_ec,
	    "Key usages when the key is EC or Ed25519; empty: the same."),
	CONF_LIST(struct profile_file, ext_key_usage,
	    "Extended key usages, by name (\"emailProtection\","
	    " \"signet-officer\") or as dotted numbers."),
	CONF_BOOL(struct profile_file, ca, false,
	    "The holder is a certification authority."),
	CONF_NUM(struct profile_file, path_length, -1, -1, 10,
	    "How many CAs may follow below; -1: any number."),
	CONF_BOOL(struct profile_file, cdp, true,
	    "Name the issuer's CRL addresses."),
	CONF_BOOL(struct profile_file, aia, true,
	    "Name the issuer's OCSP and certificate addresses."),
	CONF_BOOL(struct profile_file, ocsp_nocheck, false,
	    "id-pkix-ocsp-nocheck: clients do not ask for this"
	    " certificate's status."),
	CONF_BOOL(struct profile_file, no_rev_avail, false,
	    "noRevAvail: there will be no revocation information."),
	CONF_LIST(struct profile_file, approvals,
	    "Ways to approve an order; each is a sum of roles, such as"
	    " \"officer + officer\", fulfilled by different persons."),
	CONF_LIST(struct profile_file, batch_approvals,
	    "The same for a batch of orders; empty: none allowed."),
	CONF_LIST(struct profile_file, revoke_approvals,
	    "The same for revoking, holding and releasing; empty: one"
	    " officer or one security officer."),
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
	conf_describe(out, items);
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
	{ "codeSigning", "1.3.6.1.5.5.7.3.3" },
	{ "emailProtection", OID_EKU_EMAIL },
	{ "timeStamping", "1.3.6.1.5.5.7.3.8" },
	{ "OCSPSigning", OID_EKU_OCSP },
	{ "smartcardLogon", "1.3.6.1.4.1.311.20.2.2" },
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
eku_parse(struct profile_loaded *l, struct error *e)
{
	const struct conf_list	*names = &l->file.ext_key_usage;
	struct conf_list	*out = &l->profile.ext_key_usage;
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

/* "security-officer + security-officer" */
static int
way_parse(struct approval_way *w, const char *text, const char *what,
    struct error *e)
{
	const char	*p = text;
	char		 name[65];
	size_t		 n;

	for (;;) {
		p += strspn(p, " ");
		n = strcspn(p, " +");
		if (w->n == APPROVALS_MAX)
			return error_set(e, ERROR_CONFIG,
			    "%s: more than %d roles", what, APPROVALS_MAX);
		snprintf(name, sizeof(name), "%.*s", (int)(n < 64 ? n : 64), p);
		w->role[w->n] = role_of(name);
		if (w->role[w->n] == ROLE_NONE)
			return error_set(e, ERROR_CONFIG,
			    "%s: no role \"%s\"", what, name);
		w->n++;
		p += n + strspn(p + n, " ");
		if (*p == '\0')
			return 0;
		if (*p++ != '+')
			return error_set(e, ERROR_CONFIG,
			    "%s: \"%s\" is not roles with + between", what,
			    text);
	}
}

static int
rule_parse(struct approval_rule *r, const struct conf_list *l,
    const char *what, struct error *e)
{
	size_t	 i;

	if (l->n > APPROVALS_MAX)
		return error_set(e, ERROR_CONFIG, "%s: more than %d ways",
		    what, APPROVALS_MAX);
	for (i = 0; i < l->n; i++)
		if (way_parse(&r->way[r->n++], l->v[i], what, e) == -1)
			return -1;
	return 0;
}

static bool
rule_has(const struct approval_rule *r, enum role role)
{
	size_t	 i, k;

	for (i = 0; i < r->n; i++)
		for (k = 0; k < r->way[i].n; k++)
			if (r->way[i].role[k] == role)
				return true;
	return false;
}

static int
rules_parse(struct profile *p, const struct profile_file *f, struct error *e)
{
	if (rule_parse(&p->approvals, &f->approvals, "approvals", e) == -1 ||
	    rule_parse(&p->batch_approvals, &f->batch_approvals,
	    "batch_approvals", e) == -1 ||
	    rule_parse(&p->revoke_approvals, &f->revoke_approvals,
	    "revoke_approvals", e) == -1 ||
	    rule_parse(&p->renewal_approvals, &f->renewal_approvals,
	    "renewal_approvals", e) == -1)
		return -1;
	if (p->approvals.n == 0)
		return error_set(e, ERROR_CONFIG, "approvals: none, so that"
		    " nobody could order it");
	if (rule_has(&p->approvals, ROLE_HOLDER) ||
	    rule_has(&p->batch_approvals, ROLE_HOLDER))
		return error_set(e, ERROR_CONFIG, "approvals: the holder can"
		    " approve a renewal or a revocation only");
	if (p->revoke_approvals.n == 0) {
		p->revoke_approvals = (struct approval_rule){ .n = 2, .way = {
		    { { ROLE_OFFICER }, 1 }, { { ROLE_SECURITY_OFFICER }, 1 }
		} };
	}
	return 0;
}

static int
pattern_compile(regex_t *re, bool *has, const char *pattern, const char *what,
    struct error *e)
{
	char	*anchored, why[100];
	int	 rc;

	if (pattern == NULL)
		return 0;
	anchored = mem_printf("^(%s)$", pattern);
	rc = regcomp(re, anchored, REG_EXTENDED | REG_NOSUB);
	mem_free(&anchored);
	if (rc != 0) {
		regerror(rc, re, why, sizeof(why));
		return error_set(e, ERROR_CONFIG, "%s: pattern: %s", what, why);
	}
	*has = true;
	return 0;
}

static int
patterns_compile(struct profile_loaded *l, struct error *e)
{
	struct profile	*p = &l->profile;
	size_t		 i;

	l->subject_re = mem_array(p->nsubject, sizeof(*l->subject_re));
	l->subject_has = mem_array(p->nsubject, sizeof(*l->subject_has));
	l->san_re = mem_array(p->nsan, sizeof(*l->san_re));
	l->san_has = mem_array(p->nsan, sizeof(*l->san_has));
	for (i = 0; i < p->nsubject; i++)
		if (pattern_compile(&l->subject_re[i], &l->subject_has[i],
		    p->subject[i].pattern, p->subject[i].attr, e) == -1)
			return -1;
	for (i = 0; i < p->nsan; i++)
		if (pattern_compile(&l->san_re[i], &l->san_has[i],
		    p->san[i].pattern, p->san[i].type, e) == -1)
			return -1;
	return 0;
}

/* Lend the file's values to the profile. */
static void
profile_fill(struct profile *p, const struct profile_file *f)
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
	p->validity = f->validity;
	p->backdate = f->backdate;
	p->is_ca = f->ca;
	p->path_length = f->path_length;
	p->cdp = f->cdp;
	p->aia = f->aia;
	p->ocsp_nocheck = f->ocsp_nocheck;
	p->no_rev_avail = f->no_rev_avail;
	p->renewal_window = f->renewal_window;
	p->order_lifetime = f->order_lifetime;
	p->publish = f->publish;
	p->unique_key = f->unique_key;
}

static int
profile_settle(struct profile_loaded *l, struct error *e)
{
	struct profile	*p = &l->profile;

	profile_fill(p, &l->file);
	if (key_usage_parse(&p->key_usage, &l->file.key_usage, "key_usage",
	    e) == -1 ||
	    key_usage_parse(&p->key_usage_ec, &l->file.key_usage_ec,
	    "key_usage_ec", e) == -1 ||
	    eku_parse(l, e) == -1 || rules_parse(p, &l->file, e) == -1 ||
	    profile_check_rules(p, e) == -1)
		return -1;
	return patterns_compile(l, e);
}

int
profile_load(struct profile **out, const char *path, struct error *e)
{
	struct profile_loaded	*l = mem_alloc(sizeof(*l));
	const char		*slash = strrchr(path, '/');
	struct profile		*p = &l->profile;

	*out = NULL;
	p->name = mem_strdup(slash == NULL ? path : slash + 1);
	if (!text_is_name(p->name)) {
		error_set(e, ERROR_CONFIG, "%s: \"%s\" is not a profile's name",
		    path, p->name);
		goto fail;
	}
	if (conf_load(&l->file, items, path, e) == -1)
		goto fail;
	if (profile_settle(l, e) == -1) {
		error_wrap(e, "%s", path);
		goto fail;
	}
	*out = p;
	return 0;
 fail:
	profile_free(&p);
	return -1;
}

static void
patterns_free(regex_t *re, bool *has, size_t n)
{
	size_t	 i;

	for (i = 0; has != NULL && i < n; i++)
		if (has[i])
			regfree(&re[i]);
	mem_free(&re);
	mem_free(&has);
}

/* The profile is the first member of what profile_load() made. */
static struct profile_loaded *
loaded(struct profile *p)
{
	return (struct profile_loaded *)p;
}

static const struct profile_loaded *
loaded_const(const struct profile *p)
{
	return (const struct profile_loaded *)p;
}

void
profile_free(struct profile **p)
{
	struct profile_loaded	*l;
	size_t			 i;

	if (*p == NULL)
		return;
	l = loaded(*p);
	patterns_free(l->subject_re, l->subject_has, (*p)->nsubject);
	patterns_free(l->san_re, l->san_has, (*p)->nsan);
	for (i = 0; i < (*p)->ext_key_usage.n; i++)
		mem_free(&(*p)->ext_key_usage.v[i]);
	mem_free(&(*p)->ext_key_usage.v);
	mem_free(&(*p)->name);
	conf_free(&l->file, items);
	mem_free(&l);
	*p = NULL;
}

bool
profile_subject_fits(const struct profile *p, size_t i, const char *value)
{
	const struct profile_loaded	*l = loaded_const(p);

	/* A table made in memory has no patterns, and nothing behind it. */
	return p->subject[i].pattern == NULL || !l->subject_has[i] ||
	    regexec(&l->subject_re[i], value, 0, NULL, 0) == 0;
}

bool
profile_san_fits(const struct profile *p, size_t i, const char *value)
{
	const struct profile_loaded	*l = loaded_const(p);

	return p->san[i].pattern == NULL || !l->san_has[i] ||
	    regexec(&l->san_re[i], value, 0, NULL, 0) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct profile *const *)a)->name,
	    (*(struct profile *const *)b)->name);
}

static int
profiles_add(struct profiles *ps, const char *dir, const char *name,
    struct error *e)
{
	struct profile	*p = NULL;
	char		*path = file_join(dir, name);
	int		 rc;

	if ((rc = profile_load(&p, path, e)) == 0) {
		ps->v = mem_resize(ps->v, ps->n + 1, sizeof(*ps->v));
		ps->v[ps->n++] = p;
	}
	mem_free(&path);
	return rc;
}

int
profiles_load(struct profiles *ps, const char *dir, struct error *e)
{
	struct dirent	*entry;
	DIR		*d;
	int		 rc = -1;

	memset(ps, 0, sizeof(*ps));
	if ((d = opendir(dir)) == NULL)
		return error_sys(e, "%s", dir);
	while ((entry = readdir(d)) != NULL)
		if (text_is_name(entry->d_name) &&
		    profiles_add(ps, dir, entry->d_name, e) == -1)
			goto out;
	if (ps->n == 0) {
		error_set(e, ERROR_CONFIG, "%s: no profiles in it", dir);
		goto out;
	}
	qsort(ps->v, ps->n, sizeof(*ps->v), by_name);
	rc = 0;
 out:
	closedir(d);
	if (rc == -1)
		profiles_free(ps);
	return rc;
}

void
profiles_free(struct profiles *ps)
{
	size_t	 i;

	for (i = 0; i < ps->n; i++)
		profile_free(&ps->v[i]);
	mem_free(&ps->v);
	ps->n = 0;
}

/* Edits between two names, for "did you mean". */
static size_t
distance(const char *a, const char *b)
{
	size_t	 row[66], n = strlen(b), i, k, diag, above;

	if (n > 64)
		return SIZE_MAX;
	for (k = 0; k <= n; k++)
		row[k] = k;
	for (i = 1; *a != '\0'; a++, i++) {
		diag = row[0];
		row[0] = i;
		for (k = 1; k <= n; k++) {
			above = row[k];
			diag += *a != b[k - 1];
			if (above + 1 < diag)
				diag = above + 1;
			if (row[k - 1] + 1 < diag)
				diag = row[k - 1] + 1;
			row[k] = diag;
			diag = above;
		}
	}
	return row[n];
}

int
profiles_find(const struct profiles *ps, const char *name,
    const struct profile **out, struct error *e)
{
	size_t		 i, d, best = SIZE_MAX;
	const char	*nearest = NULL;

	*out = NULL;
	for (i = 0; i < ps->n; i++) {
		if (strcmp(ps->v[i]->name, name) == 0) {
			*out = ps->v[i];
			return 0;
		}
		if ((d = distance(name, ps->v[i]->name)) < best) {
			best = d;
			nearest = ps->v[i]->name;
		}
	}
	error_set(e, ERROR_NOTFOUND, "no profile \"%s\"", name);
	if (nearest != NULL)
		error_hint(e, "did you mean \"%s\"?", nearest);
	return -1;
}

char *
approval_rule_text(const struct approval_rule *r)
{
	struct buf	 b = { 0 };
	size_t		 i, k;
	char		*text;

	for (i = 0; i < r->n; i++) {
		if (i > 0)
			buf_str(&b, ", or ");
		for (k = 0; k < r->way[i].n; k++)
			buf_printf(&b, "%s%s", k > 0 ? " and " : "",
			    role_name(r->way[i].role[k]));
	}
	text = mem_strdup(r->n == 0 ? "nobody" : buf_cstr(&b));
	buf_clear(&b);
	return text;
}
