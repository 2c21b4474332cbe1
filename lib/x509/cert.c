/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "x509/alg.h"
#include "x509/ca_name.h"
#include "x509/cert.h"
#include "x509/cert_private.h"
#include "x509/crl_shard.h"
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

static int
cert_put_subject(struct buf *b, const struct profile *p,
    const struct fields *f, struct error *e)
{
	size_t		 i, mark = der_begin(b, DER_SEQUENCE);
	char		 room[FIELD_VALUE_MAX + 1];
	const char	*value;

	for (i = 0; i < p->nsubject; i++)
		if ((value = profile_subject_value(p, i, f, room)) != NULL &&
		    name_put_rdn(b, name_attr_find(p->subject[i].attr), value,
		    e) == -1)
			return error_wrap(e, "subject");
	der_end(b, mark);
	return 0;
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
	    cert_ski(i->ski, BYTES(spki.p, spki.len), p, e) == -1 ||
	    key_signature_alg(&i->alg, key, NULL, e) == -1)
		goto out;
	rc = 0;
 out:
	buf_clear(&spki);
	if (rc == -1)
		issuer_clear(i);
	return rc;
}

int
issuer_set_signature(struct issuer *i, const EVP_PKEY *key,
    const char *scheme, struct error *e)
{
	const struct alg_sig	*sig;

	if (alg_sig_choose(&sig, key, scheme, e) == -1)
		return error_wrap(e, "CA \"%s\"", i->name);
	i->alg.len = 0;
	alg_sig_put(&i->alg, sig);
	return 0;
}

void
issuer_clear(struct issuer *i)
{
	X509_free(i->cert);
	buf_clear(&i->subject);
	buf_clear(&i->alg);
	memset(i, 0, sizeof(*i));
}

static int
spec_shard(struct cert_spec *s, const struct rng *rng, struct error *e)
{
	const struct issuer	*i = s->issuer;

	s->shard = 0;
	if (!s->profile->shard)
		return 0;
	if (i->shards > 0 && i->shard_url != NULL)
		return crl_shard_draw(&s->shard, i->shards, rng, e);
	error_set(e, ERROR_CONFIG, "CA \"%s\" has no shards of its CRL and"
	    " profile \"%s\" wants one", i->name, s->profile->name);
	return error_hint(e, "set crl_shards and crl_shard_url of the CA in"
	    " cad.conf");
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
	return spec_shard(s, rng, e);
}

int
cert_ski(uint8_t dst[CERT_SKI_SIZE], struct bytes spki,
    const struct profile *p, struct error *e)
{
	const EVP_MD	*how = p != NULL && p->ocsp_nocheck ? EVP_sha1() :
			    EVP_sha256();
	struct bytes	 in = spki, seq, alg, bits;
	unsigned char	 md[32];

	if (der_take(&in, DER_SEQUENCE, &seq) == -1 || in.len > 0 ||
	    der_take(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&seq, &bits) == -1 || seq.len > 0)
		return error_set(e, ERROR_INPUT, "malformed public key");
	if (EVP_Digest(bits.p, bits.len, md, NULL, how, NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest public key");
	memcpy(dst, md, CERT_SKI_SIZE);
	return 0;
}

static bool
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

bool
cert_subject_is_empty(const struct profile *p, const struct fields *f)
{
	char	 room[FIELD_VALUE_MAX + 1];
	size_t	 i;

	for (i = 0; i < p->nsubject; i++)
		if (profile_subject_value(p, i, f, room) != NULL)
			return false;
	return true;
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
	EXTENDED_KEY_USAGE	*usages;
	void			*found = NULL;
	size_t			 i;
	int			 rc = 0;

	if (s->issuer->cert != NULL && cert_find_ext(&found, s->issuer->cert,
	    NID_ext_key_usage, e) == -1)
		return -1;
	usages = found;
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
		if (ca_name_is_of(s->issuer->name, cas->v[i]))
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
	if (cert_put_extensions(out, s, e) == -1)
		goto fail;
	der_end(out, tbs);
	return 0;
 fail:
	out->len = start;
	return -1;
}

/* How this issuer signs, if the key is such a one as its own. */
int
issuer_sig(const struct alg_sig **sig, const struct issuer *i,
    const EVP_PKEY *key, struct error *e)
{
	if (alg_sig_find(sig, BYTES(i->alg.p, i->alg.len), e) == -1)
		return error_wrap(e, "CA \"%s\"", i->name);
	return alg_sig_is_choice(*sig, key) ? 0 : error_set(e, ERROR_CONFIG,
	    "the key is not that of CA \"%s\"", i->name);
}

/* What verifies: of a root that has no certificate yet, the public half of
 * its key, for one in a token only signs. */
static int
issuer_public(EVP_PKEY **pub, const struct issuer *i, EVP_PKEY *key,
    struct error *e)
{
	struct buf		 der = { 0 };
	const unsigned char	*p;

	if (i->cert != NULL)
		*pub = X509_get_pubkey(i->cert);
	else if (key_public_der(&der, key, e) == -1)
		return -1;
	else {
		p = der.p;
		*pub = d2i_PUBKEY(NULL, &p, (long)der.len);
		buf_clear(&der);
	}
	return *pub != NULL ? 0 : error_ssl(e, ERROR_CRYPTO, "public key");
}

/* SEQUENCE { tbs, algorithm, signature }, verified: certificate or CRL. */
static int
cert_seal(struct buf *out, struct bytes tbs, const struct issuer *i,
    EVP_PKEY *key, struct error *e)
{
	const struct alg_sig	*alg;
	struct buf		 sig = { 0 };
	EVP_PKEY		*pub = NULL;
	size_t			 mark;
	int			 rc = -1;

	if (issuer_public(&pub, i, key, e) == -1 ||
	    issuer_sig(&alg, i, key, e) == -1 ||
	    alg_sign(&sig, alg, key, tbs, e) == -1)
		goto out;
	if (alg_verify(alg, pub, tbs, BYTES(sig.p, sig.len), e) == -1) {
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
	EVP_PKEY_free(pub);
	buf_clear(&sig);
	return rc;
}

/* The AlgorithmIdentifier within: after version and serial number. */
static int
tbs_alg(struct buf *alg, struct bytes tbs, struct error *e)
{
	struct bytes	 in, c;

	if (der_take(&tbs, DER_SEQUENCE, &in) == -1 ||
	    der_take(&in, DER_CONTEXT_CONS(0), &c) == -1 ||
	    der_take(&in, DER_INTEGER, &c) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &c) == -1)
		return error_set(e, ERROR_BUG, "malformed to-be-signed bytes");
	buf_add(alg, c.p, c.len);
	return 0;
}

/* What was begun before the CA's scheme was changed is finished as it was
 * begun: the bytes name their algorithm. */
int
cert_sign(struct buf *out, struct bytes tbs, const struct issuer *i,
    EVP_PKEY *key, struct error *e)
{
	struct issuer	 begun = *i;
	int		 rc = -1;

	if (tbs.len > CERT_MAX)
		return error_set(e, ERROR_INPUT,
		    "certificate larger than %d bytes", CERT_MAX);
	begun.alg = (struct buf){ NULL, 0, 0 };
	if (tbs_alg(&begun.alg, tbs, e) == 0)
		rc = cert_seal(out, tbs, &begun, key, e);
	buf_clear(&begun.alg);
	return rc;
}
