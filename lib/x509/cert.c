/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "x509/cert.h"
#include "x509/cert_private.h"
#include "x509/der.h"
#include "x509/profile_private.h"

static int
issuer_check_ca(X509 *cert, struct error *e)
{
	if ((X509_get_extension_flags(cert) & (EXFLAG_CA | EXFLAG_INVALID)) !=
	    EXFLAG_CA || (X509_get_key_usage(cert) & KU_KEY_CERT_SIGN) == 0)
		return error_set(e, ERROR_CONFIG,
		    "the certificate is not one of a CA");
	return 0;
}

int
issuer_init(struct issuer *i, const char *name, X509 *cert, struct error *e)
{
	const ASN1_OCTET_STRING	*ski;
	unsigned char		*der = NULL;
	EVP_PKEY		*key = X509_get0_pubkey(cert);
	int			 n;

	memset(i, 0, sizeof(*i));
	snprintf(i->name, sizeof(i->name), "%s", name);
	if (key == NULL) {
		error_ssl(e, ERROR_CONFIG, "read public key");
		goto fail;
	}
	if (issuer_check_ca(cert, e) == -1)
		goto fail;
	ski = X509_get0_subject_key_id(cert);
	if (ski == NULL || (size_t)ASN1_STRING_length(ski) > sizeof(i->ski)) {
		error_set(e, ERROR_CONFIG, "no subject key identifier");
		goto fail;
	}
	i->ski_len = (size_t)ASN1_STRING_length(ski);
	memcpy(i->ski, ASN1_STRING_get0_data(ski), i->ski_len);
	if ((n = i2d_X509_NAME(X509_get_subject_name(cert), &der)) <= 0) {
		error_ssl(e, ERROR_CONFIG, "read subject");
		goto fail;
	}
	buf_add(&i->subject, der, (size_t)n);
	OPENSSL_free(der);
	if (key_signature_alg(&i->alg, key, NULL, e) == -1 ||
	    cert_time(&i->not_before, X509_get0_notBefore(cert), e) == -1 ||
	    cert_time(&i->not_after, X509_get0_notAfter(cert), e) == -1)
		goto fail;
	X509_up_ref(cert);
	i->cert = cert;
	return 0;
 fail:
	issuer_clear(i);
	return error_wrap(e, "CA \"%s\"", name);
}

int
issuer_init_self(struct issuer *i, const char *name, EVP_PKEY *key,
    const struct profile *p, const struct fields *f, struct error *e)
{
	struct buf	 spki = { 0 };
	int		 rc = -1;

	memset(i, 0, sizeof(*i));
	snprintf(i->name, sizeof(i->name), "%s", name);
	i->not_before = INT64_MIN;
	i->not_after = INT64_MAX;
	i->ski_len = CERT_SKI_SIZE;
	if (profile_check_fields(p, f, e) == -1 ||
	    cert_put_subject(&i->subject, p, f, e) == -1 ||
	    key_public_der(&spki, key, e) == -1 ||
	    cert_ski(i->ski, BYTES(spki.p, spki.len), e) == -1 ||
	    key_signature_alg(&i->alg, key, NULL, e) == -1)
		goto out;
	rc = 0;
 out:
	buf_clear(&spki);
	if (rc == -1)
		issuer_clear(i);
	return rc;
}

void
issuer_clear(struct issuer *i)
{
	X509_free(i->cert);
	buf_clear(&i->subject);
	buf_clear(&i->alg);
	memset(i, 0, sizeof(*i));
}

int
cert_spec_init(struct cert_spec *s, int64_t now, int64_t until,
    const struct rng *rng, struct error *e)
{
	const struct issuer	*i = s->issuer;

	if (now > i->not_after || now < i->not_before)
		return error_set(e, ERROR_CONFIG,
		    "CA \"%s\" is not valid now", i->name);
	s->not_before = now - s->profile->backdate;
	if (s->not_before < i->not_before)
		s->not_before = i->not_before;
	/* RFC 5280 4.1.2.5: both ends belong to the validity. */
	s->not_after = s->not_before + s->profile->validity - 1;
	if (until != 0 && until < s->not_after)
		s->not_after = until;
	if (s->not_after > i->not_after)
		s->not_after = i->not_after;
	if (s->not_after <= now)
		return error_set(e, ERROR_INPUT,
		    "the end of validity asked for is not in the future");
	if (rng_fill(rng, s->serial, sizeof(s->serial), e) == -1)
		return -1;
	/* Neither negative nor shorter in DER than in the store. */
	s->serial[0] &= 0x7f;
	if (s->serial[0] == 0)
		s->serial[0] = 1;
	return 0;
}

/* RFC 7093, method 1: the left 160 bits of SHA-256 over the key's bits. */
int
cert_ski(uint8_t dst[CERT_SKI_SIZE], struct bytes spki, struct error *e)
{
	struct bytes	 in = spki, seq, alg, bits;
	unsigned char	 md[32];

	if (der_take(&in, DER_SEQUENCE, &seq) == -1 || in.len > 0 ||
	    der_take(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&seq, &bits) == -1 || seq.len > 0)
		return error_set(e, ERROR_INPUT, "malformed public key");
	if (EVP_Digest(bits.p, bits.len, md, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest public key");
	memcpy(dst, md, CERT_SKI_SIZE);
	return 0;
}

bool
cert_key_is_rsa(struct bytes spki)
{
	struct bytes	 seq, alg, oid;

	return der_take(&spki, DER_SEQUENCE, &seq) == 0 &&
	    der_take(&seq, DER_SEQUENCE, &alg) == 0 &&
	    der_take(&alg, DER_OID, &oid) == 0 &&
	    der_is_oid(oid, "1.2.840.113549.1.1.1");
}

uint32_t
cert_key_usage(const struct cert_spec *s)
{
	if (s->profile->key_usage_ec != 0 && !cert_key_is_rsa(s->spki))
		return s->profile->key_usage_ec;
	return s->profile->key_usage;
}

int
cert_put_subject(struct buf *b, const struct profile *p,
    const struct fields *f, struct error *e)
{
	size_t	 i, mark = der_begin(b, DER_SEQUENCE);

	for (i = 0; i < p->nsubject; i++) {
		const struct profile_attr	*a = &p->subject[i];
		const char			*value = a->value;

		if (value == NULL &&
		    (value = fields_get(f, a->from, 0)) == NULL)
			continue;
		if (name_put_rdn(b, name_attr_find(a->attr), value, e) == -1)
			return error_wrap(e, "subject");
	}
	der_end(b, mark);
	return 0;
}

bool
cert_subject_is_empty(const struct profile *p, const struct fields *f)
{
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		if (p->subject[i].value != NULL ||
		    fields_get(f, p->subject[i].from, 0) != NULL)
			return false;
	return true;
}

/*
 * Extensions.  Each writes itself whole or nothing; their order in the table
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

	if (cert_ski(ski, s->spki, e) == -1)
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

	if (s->profile->npolicies == 0)
		return 0;
	m = ext_begin(b, OID_EXT_POLICIES, false);
	seq = der_begin(b, DER_SEQUENCE);
	for (i = 0; i < s->profile->npolicies; i++)
		if (put_policy(b, &s->profile->policies[i], e) == -1)
			return -1;
	der_end(b, seq);
	ext_end(b, m);
	return 0;
}

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

static int
put_general_name(struct buf *b, const char *type, const char *value,
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

static int
put_san(struct buf *b, const struct cert_spec *s, struct error *e)
{
	const struct profile	*p = s->profile;
	struct ext_mark		 m;
	size_t			 i, k, seq, start = b->len, n = 0;
	const char		*value;

	m = ext_begin(b, OID_EXT_SAN, cert_subject_is_empty(p, s->fields));
	seq = der_begin(b, DER_SEQUENCE);
	for (i = 0; i < p->nsan; i++)
		for (k = 0; (value = fields_get(s->fields, p->san[i].from,
		    k)) != NULL; k++, n++)
			if (put_general_name(b, p->san[i].type, value, e) == -1)
				return -1;
	der_end(b, seq);
	ext_end(b, m);
	if (n == 0)
		b->len = start;
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
	m = ext_begin(b, OID_EXT_EXT_KEY_USAGE, false);
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
check_url(const char *url, struct error *e)
{
	const char	*p;

	for (p = url; *p > ' ' && *p < 0x7f; p++)
		;
	if (*p != '\0' || (strncmp(url, "http://", 7) != 0 &&
	    strncmp(url, "ldap://", 7) != 0))
		return error_set(e, ERROR_CONFIG,
		    "\"%s\" is not an http or ldap address", url);
	return 0;
}

static int
put_cdp(struct buf *b, const struct cert_spec *s, struct error *e)
{
	const struct conf_list	*l = &s->issuer->cdp;
	struct ext_mark		 m;
	size_t			 i, points, point, name, full;

	if (!s->profile->cdp)
		return 0;
	if (l->n == 0)
		return error_set(e, ERROR_CONFIG, "CA \"%s\" has no CRL address"
		    " and profile \"%s\" wants one", s->issuer->name,
		    s->profile->name);
	m = ext_begin(b, OID_EXT_CDP, false);
	points = der_begin(b, DER_SEQUENCE);
	point = der_begin(b, DER_SEQUENCE);
	name = der_begin(b, DER_CONTEXT_CONS(0));
	full = der_begin(b, DER_CONTEXT_CONS(0));
	for (i = 0; i < l->n; i++) {
		if (check_url(l->v[i], e) == -1)
			return -1;
		der_put_str(b, DER_CONTEXT(6), l->v[i]);
	}
	der_end(b, full);
	der_end(b, name);
	der_end(b, point);
	der_end(b, points);
	ext_end(b, m);
	return 0;
}

static int
put_access(struct buf *b, const char *oid, const struct conf_list *l,
    struct error *e)
{
	size_t	 i, seq;

	for (i = 0; i < l->n; i++) {
		if (check_url(l->v[i], e) == -1)
			return -1;
		seq = der_begin(b, DER_SEQUENCE);
		der_put_oid(b, oid);
		der_put_str(b, DER_CONTEXT(6), l->v[i]);
		der_end(b, seq);
	}
	return 0;
}

static int
put_aia(struct buf *b, const struct cert_spec *s, struct error *e)
{
	struct ext_mark	 m;
	size_t		 seq;

	if (!s->profile->aia)
		return 0;
	if (s->issuer->ocsp.n + s->issuer->aia.n == 0)
		return error_set(e, ERROR_CONFIG, "CA \"%s\" has neither OCSP"
		    " nor certificate address and profile \"%s\" wants one",
		    s->issuer->name, s->profile->name);
	m = ext_begin(b, OID_EXT_AIA, false);
	seq = der_begin(b, DER_SEQUENCE);
	if (put_access(b, OID_AD_OCSP, &s->issuer->ocsp, e) == -1 ||
	    put_access(b, OID_AD_CA_ISSUERS, &s->issuer->aia, e) == -1)
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

static int (*const extensions[])(struct buf *, const struct cert_spec *,
    struct error *) = {
	put_aki, put_ski, put_key_usage, put_policies, put_san,
	put_basic_constraints, put_ext_key_usage, put_cdp, put_aia,
	put_markers,
};

static int
put_extensions(struct buf *b, const struct cert_spec *s, struct error *e)
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

static bool
usage_is_listed(const EXTENDED_KEY_USAGE *usages, const char *oid)
{
	char	 text[128];
	int	 i;

	for (i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		if (OBJ_obj2txt(text, sizeof(text),
		    sk_ASN1_OBJECT_value(usages, i), 1) > 0 &&
		    strcmp(text, oid) == 0)
			return true;
	return false;
}

/*
 * Clients take a certificate only for what each CA above it is for, too.
 * OCSPSigning is looked for in the responder's own certificate alone.
 */
static int
check_usages(const struct cert_spec *s, struct error *e)
{
	const struct conf_list	*want = &s->profile->ext_key_usage;
	EXTENDED_KEY_USAGE	*usages = NULL;
	size_t			 i;
	int			 rc = 0;

	if (s->issuer->cert != NULL)
		usages = X509_get_ext_d2i(s->issuer->cert, NID_ext_key_usage,
		    NULL, NULL);
	if (usages == NULL || usage_is_listed(usages, OID_EKU_ANY))
		goto out;
	for (i = 0; rc == 0 && i < want->n; i++)
		if (strcmp(want->v[i], OID_EKU_OCSP) != 0 &&
		    !usage_is_listed(usages, want->v[i]))
			rc = error_set(e, ERROR_CONFIG, "CA \"%s\" is not for "
			    "the key usage %s of profile \"%s\"",
			    s->issuer->name, want->v[i], s->profile->name);
 out:
	EXTENDED_KEY_USAGE_free(usages);
	return rc;
}

static int
check_spec(const struct cert_spec *s, struct error *e)
{
	const struct conf_list	*cas = &s->profile->cas;
	size_t			 i;

	for (i = 0; i < cas->n; i++)
		if (strcmp(cas->v[i], s->issuer->name) == 0)
			break;
	if (i == cas->n)
		return error_set(e, ERROR_DENIED, "CA \"%s\" does not issue"
		    " profile \"%s\"", s->issuer->name, s->profile->name);
	if (s->not_after <= s->not_before)
		return error_set(e, ERROR_BUG, "notAfter before notBefore");
	if (check_usages(s, e) == -1)
		return -1;
	return profile_check_fields(s->profile, s->fields, e);
}

int
cert_tbs(struct buf *out, const struct cert_spec *s, struct error *e)
{
	size_t	 start = out->len, tbs, mark;

	if (check_spec(s, e) == -1)
		return -1;
	buf_reserve(out, 2048);
	tbs = der_begin(out, DER_SEQUENCE);
	mark = der_begin(out, DER_CONTEXT_CONS(0));
	der_put_int(out, 2);			/* v3 */
	der_end(out, mark);
	der_put_uint(out, s->serial, sizeof(s->serial));
	der_put_raw(out, BYTES(s->issuer->alg.p, s->issuer->alg.len));
	der_put_raw(out, BYTES(s->issuer->subject.p, s->issuer->subject.len));
	mark = der_begin(out, DER_SEQUENCE);
	der_put_time(out, s->not_before);
	der_put_time(out, s->not_after);
	der_end(out, mark);
	if (s->subject.len > 0)
		der_put_raw(out, s->subject);
	else if (cert_put_subject(out, s->profile, s->fields, e) == -1)
		goto fail;
	der_put_raw(out, s->spki);
	if (put_extensions(out, s, e) == -1)
		goto fail;
	der_end(out, tbs);
	return 0;
 fail:
	out->len = start;
	return -1;
}

static int
check_alg(const struct issuer *i, EVP_PKEY *key, struct error *e)
{
	struct buf	 alg = { 0 };
	int		 rc;

	rc = key_signature_alg(&alg, key, NULL, e);
	if (rc == 0 && !bytes_equal(BYTES(alg.p, alg.len),
	    BYTES(i->alg.p, i->alg.len)))
		rc = error_set(e, ERROR_CONFIG,
		    "the key is not that of CA \"%s\"", i->name);
	buf_clear(&alg);
	return rc;
}

int
cert_seal(struct buf *out, struct bytes tbs, const struct issuer *i,
    EVP_PKEY *key, struct error *e)
{
	struct buf	 sig = { 0 };
	EVP_PKEY	*pub = i->cert == NULL ? key :
	    X509_get0_pubkey(i->cert);
	size_t		 mark;
	int		 rc = -1;

	if (check_alg(i, key, e) == -1 || key_sign(&sig, key, tbs, e) == -1)
		goto out;
	if (key_verify(pub, tbs, BYTES(sig.p, sig.len), e) == -1) {
		error_wrap(e, "CA \"%s\": own signature", i->name);
		goto out;
	}
	buf_reserve(out, tbs.len + sig.len + 64);
	mark = der_begin(out, DER_SEQUENCE);
	der_put_raw(out, tbs);
	der_put_raw(out, BYTES(i->alg.p, i->alg.len));
	der_put_bits(out, sig.p, sig.len);
	der_end(out, mark);
	rc = 0;
 out:
	buf_clear(&sig);
	return rc;
}

int
cert_sign(struct buf *out, struct bytes tbs, const struct issuer *i,
    EVP_PKEY *key, struct error *e)
{
	if (tbs.len > CERT_MAX)
		return error_set(e, ERROR_INPUT,
		    "certificate larger than %d bytes", CERT_MAX);
	return cert_seal(out, tbs, i, key, e);
}
