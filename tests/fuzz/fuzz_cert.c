/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look into a certificate without OpenSSL, which auditors of a bundle rely on:
 * the input is taken as one as it is, and as edits of a good one, three octets
 * each: where, and what instead.  What is DER and is taken, OpenSSL must read
 * in the same way or not at all.
 */
#include <string.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "tests/fuzz/edited.h"
#include "tests/fuzz/must.h"
#include "x509/cert.h"
#include "x509/cert_look.h"
#include "x509/crl_shard.h"
#include "x509/der.h"

#define DEPTH	16

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int	 LLVMFuzzerInitialize(int *, char ***);

static struct buf	 good;
static EVP_PKEY		*key;

static void
put_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION	*ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const unsigned char	 seed[32] = { 1 }, name[] = "P. Person";
	X509				*x = X509_new();
	unsigned char			*der = NULL;
	char				*usage;
	int				 len;

	(void)argc;
	(void)argv;
	/* Ed25519 from a constant: the same bytes in each run. */
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    sizeof(seed));
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 70007);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20260101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "20560101000000Z");
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, name, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "O",
	    MBSTRING_UTF8, name, -1, -1, 0);
	X509_set_pubkey(x, key);
	put_extension(x, NID_basic_constraints, "critical,CA:FALSE");
	put_extension(x, NID_key_usage, "critical,digitalSignature");
	usage = mem_printf("emailProtection,%s", role_oid(ROLE_OFFICER));
	put_extension(x, NID_ext_key_usage, usage);
	mem_free(&usage);
	put_extension(x, NID_subject_alt_name, "email:p@example.org");
	put_extension(x, NID_crl_distribution_points,
	    "URI:http://pki.example/people-7.crl");
	must(X509_sign(x, key, NULL) > 0);
	len = i2d_X509(x, &der);
	buf_add(&good, der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
	return 0;
}

static void
must_be_name(struct bytes looked, const X509_NAME *name)
{
	const unsigned char	*der;
	size_t			 len;

	must(X509_NAME_get0_der(name, &der, &len) == 1 &&
	    bytes_equal(looked, BYTES(der, len)));
}

static void
must_be_time(int64_t looked, const ASN1_TIME *t)
{
	struct tm	 tm;

	must(ASN1_TIME_to_tm(t, &tm) == 1 && timegm(&tm) == looked);
}

static void
must_be_value(struct bytes looked, X509 *x, int nid)
{
	const ASN1_OCTET_STRING	*value;
	int			 at = X509_get_ext_by_NID(x, nid, -1);

	must((at >= 0) == (looked.p != NULL));
	if (at < 0)
		return;
	must(X509_get_ext_by_NID(x, nid, at) == -1);
	value = X509_EXTENSION_get_data(X509_get_ext(x, at));
	must(bytes_equal(looked, BYTES(ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value))));
}

/* OpenSSL's opinion of what is read in place: it takes more than DER there, and
 * whoever is not of one mind with it must not have found anything. */
static void *
decoded(const ASN1_ITEM *type, struct bytes value, bool *canonical)
{
	unsigned char	*der = NULL;
	void		*v = cert_look_decode(type, value);
	int		 n = v != NULL ? ASN1_item_i2d(v, &der, type) : -1;

	*canonical = n > 0 && bytes_equal(value, BYTES(der, (size_t)n));
	OPENSSL_free(der);
	ERR_clear_error();
	return v;
}

static enum role
role_by_name(const char *oid)
{
	int	 r;

	for (r = ROLE_NONE + 1; r < ROLE__MAX; r++)
		if (role_oid((enum role)r) != NULL &&
		    strcmp(oid, role_oid((enum role)r)) == 0)
			return (enum role)r;
	return ROLE_NONE;
}

static void
must_be_role(enum role looked, struct bytes value)
{
	enum role		 one, role = ROLE_NONE;
	EXTENDED_KEY_USAGE	*v;
	char			 oid[80];
	bool			 canonical;
	int			 i, hats = 0;

	v = decoded(ASN1_ITEM_rptr(EXTENDED_KEY_USAGE), value, &canonical);
	for (i = 0; i < sk_ASN1_OBJECT_num(v); i++) {
		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(v, i), 1);
		one = role_by_name(oid);
		hats += one != ROLE_NONE;
		role = one != ROLE_NONE ? one : role;
	}
	if (hats != 1)
		role = ROLE_NONE;
	must(looked == role || (looked == ROLE_NONE && !canonical));
	sk_ASN1_OBJECT_pop_free(v, ASN1_OBJECT_free);
}

static const ASN1_STRING *
only_url(const CRL_DIST_POINTS *points)
{
	const DIST_POINT	*d;
	const GENERAL_NAME	*name;

	if (sk_DIST_POINT_num(points) != 1)
		return NULL;
	d = sk_DIST_POINT_value(points, 0);
	if (d->distpoint == NULL || d->distpoint->type != 0 ||
	    d->reasons != NULL || d->CRLissuer != NULL ||
	    sk_GENERAL_NAME_num(d->distpoint->name.fullname) != 1)
		return NULL;
	name = sk_GENERAL_NAME_value(d->distpoint->name.fullname, 0);
	return name->type == GEN_URI ? name->d.uniformResourceIdentifier :
	    NULL;
}

static void
must_be_address(const char *looked, struct bytes value)
{
	CRL_DIST_POINTS		*v;
	const ASN1_STRING	*url;
	bool			 canonical, same;
	size_t			 len;

	v = decoded(ASN1_ITEM_rptr(CRL_DIST_POINTS), value, &canonical);
	url = only_url(v);
	len = url != NULL ? (size_t)ASN1_STRING_length(url) : 0;
	if (len >= CRL_SHARD_URL ||
	    (len > 0 && memchr(ASN1_STRING_get0_data(url), 0, len) != NULL))
		len = 0;
	same = strlen(looked) == len && (len == 0 ||
	    memcmp(looked, ASN1_STRING_get0_data(url), len) == 0);
	must(same || (looked[0] == '\0' && !canonical));
	CRL_DIST_POINTS_free(v);
}

static void
must_be_the_same(const struct cert_look *l, X509 *x)
{
	const ASN1_INTEGER	*n = X509_get0_serialNumber(x);
	char			 a[CRL_SHARD_URL], b[CRL_SHARD_URL];

	if (ASN1_STRING_type(n) == V_ASN1_INTEGER)
		must(l->serial.len >= (size_t)n->length &&
		    memcmp(l->serial.p + l->serial.len - n->length, n->data,
		    (size_t)n->length) == 0);
	must_be_name(l->issuer, X509_get_issuer_name(x));
	must_be_name(l->subject, X509_get_subject_name(x));
	must_be_time(l->not_before, X509_get0_notBefore(x));
	must_be_time(l->not_after, X509_get0_notAfter(x));
	must_be_value(l->san, x, NID_subject_alt_name);
	must_be_value(l->ext_key_usage, x, NID_ext_key_usage);
	must_be_value(l->key_usage, x, NID_key_usage);
	must_be_value(l->basic_constraints, x, NID_basic_constraints);
	must_be_value(l->crl_points, x, NID_crl_distribution_points);
	must_be_value(l->policies, x, NID_certificate_policies);
	must(cert_role_in(l->ext_key_usage) == cert_role(x));
	must(strcmp(crl_shard_address_in(a, l->crl_points),
	    crl_shard_address(b, x)) == 0);
	must_be_role(cert_role(x), l->ext_key_usage);
	must_be_address(a, l->crl_points);
}

static int
try(struct bytes der)
{
	const unsigned char	*p = der.p;
	struct error		 e = ERROR_INIT;
	struct cert_look	 look;
	X509			*x;
	bool			 ours;

	if (cert_look(&look, der, &e) == -1) {
		must(e.code == ERROR_INPUT && e.text[0] != '\0');
		return -1;
	}
	ours = cert_look_verify(&look, der, key, &e) == 0;
	if (der_check(der, DEPTH, &e) == -1) {
		must(!ours);
		return -1;
	}
	x = d2i_X509(NULL, &p, (long)der.len);
	if (x != NULL && p == der.p + der.len)
		must_be_the_same(&look, x);
	must(!ours || (x != NULL && X509_verify(x, key) == 1));
	X509_free(x);
	ERR_clear_error();
	return ours ? 0 : -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct bytes	 der = edited(&good, in, len);

	(void)try(BYTES(in, len));
	/* It is signed as long as nothing is edited. */
	must((try(der) == 0) == bytes_equal(der, BYTES(good.p, good.len)));
	return 0;
}
