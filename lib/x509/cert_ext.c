/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extensions of a certificate that is being made.
 */
#include <stdio.h>
#include <string.h>
#include "x509/cert.h"
#include "x509/cert_private.h"
#include "x509/der.h"
#include "x509/profile_private.h"

/*
 * Each writes itself whole or nothing; their order in the table
 * is their order in the certificate.
 */
struct ext_mark {
	size_t	 seq, octets;
};

static struct ext_mark
ext_begin(struct buf *b, const char *oid, bool critical)
{
	struct ext_mark	 m;

	m.seq = der_begin(b, DER_SEQUENCE);
	der_put_oid(b, oid);
	if (critical)
		der_put_bool(b, true);
	m.octets = der_begin(b, DER_OCTET_STRING);
	return m;
}

static void
ext_end(struct buf *b, struct ext_mark m)
{
	der_end(b, m.octets);
	der_end(b, m.seq);
}

static int
put_aki(struct buf *b, const struct cert_spec *s, struct error *e)
{
	struct ext_mark	 m;
	size_t		 seq;

	(void)e;
	if (cert_is_self(s))
		return 0;
	m = ext_begin(b, OID_EXT_AKI, false);
	seq = der_begin(b, DER_SEQUENCE);
	der_put(b, DER_CONTEXT(0), s->issuer->ski, s->issuer->ski_len);
	der_end(b, seq);
	ext_end(b, m);
	return 0;
}

static int
put_ski(struct buf *b, const struct cert_spec *s, struct error *e)
{
	uint8_t		 ski[CERT_SKI_SIZE];
	struct ext_mark	 m;

	if (cert_ski(ski, s->spki, s->profile, e) == -1)
		return -1;
	m = ext_begin(b, OID_EXT_SKI, false);
	if (s->ski.len > 0)
		der_put(b, DER_OCTET_STRING, s->ski.p, s->ski.len);
	else
		der_put(b, DER_OCTET_STRING, ski, sizeof(ski));
	ext_end(b, m);
	return 0;
}

static int
put_key_usage(struct buf *b, const struct cert_spec *s, struct error *e)
{
	struct ext_mark	 m = ext_begin(b, OID_EXT_KEY_USAGE, true);

	(void)e;
	der_put_named_bits(b, cert_key_usage(s));
	ext_end(b, m);
	return 0;
}

static int
put_policy(struct buf *b, const struct profile_policy *p, struct error *e)
{
	size_t	 info = der_begin(b, DER_SEQUENCE), list, qualifier;

	if (der_put_oid(b, p->oid) == -1)
		return error_set(e, ERROR_BUG, "policy \"%s\"", p->oid);
	if (p->cps != NULL) {
		list = der_begin(b, DER_SEQUENCE);
		qualifier = der_begin(b, DER_SEQUENCE);
		der_put_oid(b, OID_QT_CPS);
		der_put_str(b, DER_IA5, p->cps);
		der_end(b, qualifier);
		der_end(b, list);
	}
	der_end(b, info);
	return 0;
}

static int
put_policies(struct buf *b, const struct cert_spec *s, struct error *e)
{
	struct ext_mark	 m;
	size_t		 i, seq;

	if (s->profile->npolicies == 0 && s->assurance == NULL)
		return 0;
	m = ext_begin(b, OID_EXT_POLICIES, false);
	seq = der_begin(b, DER_SEQUENCE);
	for (i = 0; i < s->profile->npolicies; i++)
		if (put_policy(b, &s->profile->policies[i], e) == -1)
			return -1;
	if (s->assurance != NULL && put_policy(b, s->assurance,
	    e) == -1)
		return -1;
	der_end(b, seq);
	ext_end(b, m);
	return 0;
}

static int
put_names(struct buf *b, const struct cert_spec *s, size_t i, struct error *e)
{
	char		 room[FIELD_VALUE_MAX + 1];
	const char	*value;
	size_t		 k;

	for (k = 0; (value = profile_san_value(s->profile, i, s->fields, k,
	    room)) != NULL; k++)
		if (cert_put_general_name(b, s->profile->san[i].type, value,
		    e) == -1)
			return -1;
	return 0;
}

static int
put_san(struct buf *b, const struct cert_spec *s, struct error *e)
{
	const struct profile	*p = s->profile;
	size_t			 i, seq, empty, start = b->len;
	struct ext_mark		 m;

	m = ext_begin(b, OID_EXT_SAN, cert_subject_is_empty(p, s->fields));
	seq = der_begin(b, DER_SEQUENCE);
	empty = b->len;
	for (i = 0; i < p->nsan; i++)
		if (put_names(b, s, i, e) == -1)
			return -1;
	if (b->len == empty) {
		b->len = start;
		return 0;
	}
	der_end(b, seq);
	ext_end(b, m);
	return 0;
}

/* Leaves go without: RFC 5280 4.2.1.9 reads that as "not a CA". */
static int
put_basic_constraints(struct buf *b, const struct cert_spec *s,
    struct error *e)
{
	struct ext_mark	 m;
	size_t		 seq;

	(void)e;
	if (!s->profile->is_ca)
		return 0;
	m = ext_begin(b, OID_EXT_BASIC_CONSTRAINTS, true);
	seq = der_begin(b, DER_SEQUENCE);
	der_put_bool(b, true);
	if (s->profile->path_length != -1)
		der_put_int(b, s->profile->path_length);
	der_end(b, seq);
	ext_end(b, m);
	return 0;
}

static int
put_ext_key_usage(struct buf *b, const struct cert_spec *s, struct error *e)
{
	const struct conf_list	*l = &s->profile->ext_key_usage;
	struct ext_mark		 m;
	size_t			 i, seq;

	if (l->n == 0)
		return 0;
	m = ext_begin(b, OID_EXT_EXT_KEY_USAGE,
	    s->profile->ext_key_usage_critical);
	seq = der_begin(b, DER_SEQUENCE);
	for (i = 0; i < l->n; i++)
		if (der_put_oid(b, l->v[i]) == -1)
			return error_set(e, ERROR_BUG, "usage \"%s\"", l->v[i]);
	der_end(b, seq);
	ext_end(b, m);
	return 0;
}

/* S/MIME baseline 7.1.2.3: http; ldap for those who are outside of it. */
static int
put_url(struct buf *b, const char *url, const struct cert_spec *s,
    struct error *e)
{
	bool		 smime = profile_is_smime(s->profile);
	const char	*p;

	for (p = url; *p > ' ' && *p < 0x7f; p++)
		;
	if (*p != '\0' || (strncmp(url, "http://", 7) != 0 &&
	    (smime || strncmp(url, "ldap://", 7) != 0)))
		return error_set(e, ERROR_CONFIG, "\"%s\" is not an http%s"
		    " address%s", url, smime ? "" : " or ldap", smime ?
		    ", which the S/MIME baseline wants" : "");
	der_put_str(b, DER_CONTEXT(6), url);
	return 0;
}

void
cert_cdp(const struct cert_spec *s, struct cert_points *p)
{
	p->urls = s->issuer->cdp;
	if (s->shard == 0)
		return;
	crl_shard_url(p->room, s->issuer->shard_url, s->shard);
	p->one[0] = p->room;
	p->urls = (struct conf_list){ p->one, 1 };
}

void
cert_freshest(const struct cert_spec *s, struct cert_points *p)
{
	p->one[0] = p->room;
	p->urls = (struct conf_list){ p->one, s->issuer->freshest != NULL };
	snprintf(p->room, sizeof(p->room), "%s",
	    p->urls.n > 0 ? s->issuer->freshest : "");
}

/* One point that has all these addresses. */
static int
put_points(struct buf *b, const char *oid, const struct conf_list *l,
    const struct cert_spec *s, struct error *e)
{
	struct ext_mark	 m = ext_begin(b, oid, false);
	size_t		 i, points, point, name, full;

	points = der_begin(b, DER_SEQUENCE);
	point = der_begin(b, DER_SEQUENCE);
	name = der_begin(b, DER_CONTEXT_CONS(0));
	full = der_begin(b, DER_CONTEXT_CONS(0));
	for (i = 0; i < l->n; i++)
		if (put_url(b, l->v[i], s, e) == -1)
			return -1;
	der_end(b, full);
	der_end(b, name);
	der_end(b, point);
	der_end(b, points);
	ext_end(b, m);
	return 0;
}

static int
put_cdp(struct buf *b, const struct cert_spec *s, struct error *e)
{
	struct cert_points	 p;

	if (!s->profile->cdp)
		return 0;
	cert_cdp(s, &p);
	if (p.urls.n == 0)
		return error_set(e, ERROR_CONFIG, "CA \"%s\" has no CRL address"
		    " and profile \"%s\" wants one", s->issuer->name,
		    s->profile->name);
	return put_points(b, OID_EXT_CDP, &p.urls, s, e);
}

static int
put_freshest(struct buf *b, const struct cert_spec *s, struct error *e)
{
	struct cert_points	 p;

	if (!s->profile->freshest)
		return 0;
	cert_freshest(s, &p);
	if (p.urls.n == 0)
		return error_set(e, ERROR_CONFIG, "CA \"%s\" has no address of"
		    " deltas and profile \"%s\" wants one", s->issuer->name,
		    s->profile->name);
	return put_points(b, OID_EXT_FRESHEST, &p.urls, s, e);
}

static int
put_access(struct buf *b, const char *oid, const struct conf_list *l,
    const struct cert_spec *s, struct error *e)
{
	size_t	 i, seq;

	for (i = 0; i < l->n; i++) {
		seq = der_begin(b, DER_SEQUENCE);
		der_put_oid(b, oid);
		if (put_url(b, l->v[i], s, e) == -1)
			return -1;
		der_end(b, seq);
	}
	return 0;
}

/* Without an OCSP address Thunderbird takes a certificate as good for ever. */
static int
check_access(const struct cert_spec *s, struct error *e)
{
	const struct issuer	*i = s->issuer;

	if (i->aia.n + (s->profile->ocsp ? i->ocsp.n : 0) == 0)
		return error_set(e, ERROR_CONFIG, "CA \"%s\" has neither OCSP"
		    " nor certificate address and profile \"%s\" wants one",
		    i->name, s->profile->name);
	if (i->ocsp.n == 0 && profile_is_smime(s->profile))
		return error_set(e, ERROR_CONFIG, "CA \"%s\" has no OCSP"
		    " address and profile \"%s\" wants one", i->name,
		    s->profile->name);
	return 0;
}

static int
put_aia(struct buf *b, const struct cert_spec *s, struct error *e)
{
	struct ext_mark	 m;
	size_t		 seq;

	if (!s->profile->aia)
		return 0;
	if (check_access(s, e) == -1)
		return -1;
	m = ext_begin(b, OID_EXT_AIA, false);
	seq = der_begin(b, DER_SEQUENCE);
	if ((s->profile->ocsp && put_access(b, OID_AD_OCSP, &s->issuer->ocsp,
	    s, e) == -1) ||
	    put_access(b, OID_AD_CA_ISSUERS, &s->issuer->aia, s, e) == -1)
		return -1;
	der_end(b, seq);
	ext_end(b, m);
	return 0;
}

static void
put_null_ext(struct buf *b, const char *oid)
{
	struct ext_mark	 m = ext_begin(b, oid, false);

	der_put(b, DER_NULL, NULL, 0);
	ext_end(b, m);
}

static int
put_markers(struct buf *b, const struct cert_spec *s, struct error *e)
{
	(void)e;
	if (s->profile->ocsp_nocheck)
		put_null_ext(b, OID_EXT_OCSP_NOCHECK);
	if (s->profile->no_rev_avail)
		put_null_ext(b, OID_EXT_NO_REV_AVAIL);
	return 0;
}

static int
put_constraint(struct buf *b, const struct cert_spec *s, int which,
    struct error *e)
{
	const struct cert_constraint	*c = &CERT_CONSTRAINT[which];
	struct ext_mark			 m;

	if (s->constraints == NULL || !c->wanted(s->constraints))
		return 0;
	m = ext_begin(b, c->oid, c->critical);
	if (c->put(b, s->constraints, e) == -1)
		return error_wrap(e, "%s", c->name);
	ext_end(b, m);
	return 0;
}

static int
put_mappings(struct buf *b, const struct cert_spec *s, struct error *e)
{
	return put_constraint(b, s, CERT_POLICY_MAPPINGS, e);
}

static int
put_below(struct buf *b, const struct cert_spec *s, struct error *e)
{
	if (put_constraint(b, s, CERT_NAME_CONSTRAINTS, e) == -1 ||
	    put_constraint(b, s, CERT_POLICY_CONSTRAINTS, e) == -1)
		return -1;
	return put_constraint(b, s, CERT_INHIBIT_ANY_POLICY, e);
}

static int (*const extensions[])(struct buf *, const struct cert_spec *,
    struct error *) = {
	put_aki, put_ski, put_key_usage, put_policies, put_mappings,
	put_san, put_basic_constraints, put_below, put_ext_key_usage, put_cdp,
	put_freshest, put_aia, put_markers,
};

int
cert_put_extensions(struct buf *b, const struct cert_spec *s, struct error *e)
{
	size_t	 i, tagged = der_begin(b, DER_CONTEXT_CONS(3));
	size_t	 seq = der_begin(b, DER_SEQUENCE);

	for (i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (extensions[i](b, s, e) == -1)
			return -1;
	der_end(b, seq);
	der_end(b, tagged);
	return 0;
}

