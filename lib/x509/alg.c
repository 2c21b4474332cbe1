/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "base/text.h"
#include "x509/alg.h"
#include "x509/alg_private.h"
#include "x509/der.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Bits of keyUsage, RFC 5280, 4.2.1.3.  A key that only signs: RFC 8410, 5
 * and RFC 9881, 5. */
#define U_SIGN		(1u << 0 | 1u << 1 | 1u << 5 | 1u << 6)
#define U_RSA		(U_SIGN | 1u << 2 | 1u << 3)
#define U_EC		(U_SIGN | 1u << 4 | 1u << 7 | 1u << 8)

#define ALL		(ALG_ROOT | ALG_CA | ALG_LEAF | ALG_OFFICER)
#define NO_CMS		(ALG_CA | ALG_LEAF)	/* the root signs CMS, too */

static const struct alg_hash hashes[ALG_HASHES] = {
	{ "SHA-256", "2.16.840.1.101.3.4.2.1", EVP_sha256, 32 },
	{ "SHA-384", "2.16.840.1.101.3.4.2.2", EVP_sha384, 48 },
	{ "SHA-512", "2.16.840.1.101.3.4.2.3", EVP_sha512, 64 },
};
#define SHA256	(&hashes[0])
#define SHA384	(&hashes[1])
#define SHA512	(&hashes[2])

#define OID_RSA		"1.2.840.113549.1.1.1"
#define OID_PSS		"1.2.840.113549.1.1.10"
#define OID_EC		"1.2.840.10045.2.1"
#define OID_ED25519	"1.3.101.112"
#define OID_ML_DSA	"2.16.840.1.101.3.4.3."

#define EC(name, curve, group, octets, sig) \
	{ "ec:" name, "EC", OID_EC, ALG_CURVE, curve, group, 0, 0, octets, \
	  8, sig, U_EC, ALL, NULL }
/* FIPS 204, table 2; RFC 9881. */
#define ML_DSA(n, arc, octets, sig) \
	{ "ml-dsa-" n, "ML-DSA-" n, OID_ML_DSA arc, ALG_ABSENT, NULL, NULL, \
	  0, 0, octets, sig, sig, U_SIGN, NO_CMS, "3.5" }

static const struct alg_key keys[] = {
	{ "rsa", "RSA", OID_RSA, ALG_NULL, NULL, NULL, 2048, 4096, 0, 0, 0,
	  U_RSA, ALL, NULL },
	{ "rsa-pss", "RSA-PSS", OID_PSS, ALG_ABSENT, NULL, NULL, 2048, 4096, 0,
	  0, 0, U_SIGN, NO_CMS, NULL },
	EC("P-256", "1.2.840.10045.3.1.7", "prime256v1", 65, 72),
	EC("P-384", "1.3.132.0.34", "secp384r1", 97, 104),
	EC("P-521", "1.3.132.0.35", "secp521r1", 133, 139),
	{ "ed25519", "ED25519", OID_ED25519, ALG_ABSENT, NULL, NULL, 0, 0, 32,
	  64, 64, U_SIGN, NO_CMS, NULL },
	ML_DSA("44", "17", 1312, 2420),
	ML_DSA("65", "18", 1952, 3309),
	ML_DSA("87", "19", 2592, 4627),
};

/* Of several for one key the first that is wide enough is the choice. */
static const struct alg_sig sigs[] = {
	{ "sha256WithRSAEncryption", "1.2.840.113549.1.1.11", "rsa", "RSA",
	  ALG_NULL, SHA256, INT_MAX },
	{ "sha384WithRSAEncryption", "1.2.840.113549.1.1.12", "rsa", "RSA",
	  ALG_NULL, SHA384, 0 },
	{ "sha512WithRSAEncryption", "1.2.840.113549.1.1.13", "rsa", "RSA",
	  ALG_NULL, SHA512, 0 },
	{ "RSASSA-PSS, SHA-256", OID_PSS, "rsa-pss", "RSA", ALG_PSS, SHA256,
	  3072 },
	{ "RSASSA-PSS, SHA-384", OID_PSS, "rsa-pss", "RSA", ALG_PSS, SHA384,
	  7680 },
	{ "RSASSA-PSS, SHA-512", OID_PSS, "rsa-pss", "RSA", ALG_PSS, SHA512,
	  INT_MAX },
	{ "ecdsa-with-SHA256", "1.2.840.10045.4.3.2", "ecdsa", "EC",
	  ALG_ABSENT, SHA256, 256 },
	{ "ecdsa-with-SHA384", "1.2.840.10045.4.3.3", "ecdsa", "EC",
	  ALG_ABSENT, SHA384, 384 },
	{ "ecdsa-with-SHA512", "1.2.840.10045.4.3.4", "ecdsa", "EC",
	  ALG_ABSENT, SHA512, 521 },
	{ "Ed25519", OID_ED25519, "ed25519", "ED25519", ALG_ABSENT, NULL,
	  INT_MAX },
	{ "ML-DSA-44", OID_ML_DSA "17", "ml-dsa", "ML-DSA-44", ALG_ABSENT,
	  NULL, INT_MAX },
	{ "ML-DSA-65", OID_ML_DSA "18", "ml-dsa", "ML-DSA-65", ALG_ABSENT,
	  NULL, INT_MAX },
	{ "ML-DSA-87", OID_ML_DSA "19", "ml-dsa", "ML-DSA-87", ALG_ABSENT,
	  NULL, INT_MAX },
};

#define SHA1_WHY	"SHA-1 is broken"
#define SHA224_WHY	"SHA-224 is too short (S/MIME baseline, 7.1.3.2)"
#define DSA_WHY		"DSA is withdrawn (FIPS 186-5)"
#define COMPOSITE(arc, name) \
	{ "MLDSA" name, "1.3.6.1.5.5.7.6." arc, \
	  "composite signatures are still a draft, and OpenSSL has none" }
#define HASH_ML_DSA(n, arc) \
	{ "HashML-DSA-" n, OID_ML_DSA arc, \
	  "RFC 9881 lets only pure ML-DSA into certificates" }

/* The composites: draft-ietf-lamps-pq-composite-sigs, section 6. */
static const struct alg_refused refused[] = {
	{ "md2WithRSAEncryption", "1.2.840.113549.1.1.2", "MD2 is broken" },
	{ "md5WithRSAEncryption", "1.2.840.113549.1.1.4", "MD5 is broken" },
	{ "sha1WithRSAEncryption", "1.2.840.113549.1.1.5", SHA1_WHY },
	{ "sha1WithRSASignature", "1.3.14.3.2.29", SHA1_WHY },
	{ "ecdsa-with-SHA1", "1.2.840.10045.4.1", SHA1_WHY },
	{ "sha224WithRSAEncryption", "1.2.840.113549.1.1.14", SHA224_WHY },
	{ "ecdsa-with-SHA224", "1.2.840.10045.4.3.1", SHA224_WHY },
	{ "DSA", "1.2.840.10040.4.1", DSA_WHY },
	{ "dsa-with-SHA1", "1.2.840.10040.4.3", DSA_WHY },
	{ "dsa-with-SHA256", "2.16.840.1.101.3.4.3.2", DSA_WHY },
	{ "Ed448", "1.3.101.113", "few clients can check it" },
	HASH_ML_DSA("44", "32"),
	HASH_ML_DSA("65", "33"),
	HASH_ML_DSA("87", "34"),
	COMPOSITE("37", "44-RSA2048-PSS-SHA256"),
	COMPOSITE("38", "44-RSA2048-PKCS15-SHA256"),
	COMPOSITE("39", "44-Ed25519-SHA512"),
	COMPOSITE("40", "44-ECDSA-P256-SHA256"),
	COMPOSITE("41", "65-RSA3072-PSS-SHA512"),
	COMPOSITE("42", "65-RSA3072-PKCS15-SHA512"),
	COMPOSITE("43", "65-RSA4096-PSS-SHA512"),
	COMPOSITE("44", "65-RSA4096-PKCS15-SHA512"),
	COMPOSITE("45", "65-ECDSA-P256-SHA512"),
	COMPOSITE("46", "65-ECDSA-P384-SHA512"),
	COMPOSITE("47", "65-ECDSA-brainpoolP256r1-SHA512"),
	COMPOSITE("48", "65-Ed25519-SHA512"),
	COMPOSITE("49", "87-ECDSA-P384-SHA512"),
	COMPOSITE("50", "87-ECDSA-brainpoolP384r1-SHA512"),
	COMPOSITE("51", "87-Ed448-SHAKE256"),
	COMPOSITE("52", "87-RSA3072-PSS-SHA512"),
	COMPOSITE("53", "87-RSA4096-PSS-SHA512"),
	COMPOSITE("54", "87-ECDSA-P521-SHA512"),
};

const struct alg_hash *
alg_hashes(size_t *n)
{
	*n = COUNT(hashes);
	return hashes;
}

const struct alg_key *
alg_keys(size_t *n)
{
	*n = COUNT(keys);
	return keys;
}

const struct alg_sig *
alg_sigs(size_t *n)
{
	*n = COUNT(sigs);
	return sigs;
}

const struct alg_refused *
alg_refused(size_t *n)
{
	*n = COUNT(refused);
	return refused;
}

/*
 * Keys.
 */
static int
name_bits(const struct alg_key *k, int *bits, const char *name,
    struct error *e)
{
	int64_t	 n;

	if (text_parse_number(&n, name + strlen(k->name) + 1, k->min, k->max,
	    e) == -1)
		return error_wrap(e, "key algorithm \"%s\"", name);
	if (n % 8 != 0)
		return error_set(e, ERROR_INPUT, "key algorithm \"%s\": not a"
		    " multiple of 8 bits", name);
	*bits = (int)n;
	return 0;
}

int
alg_key_named(const struct alg_key **out, int *bits, const char *name,
    struct error *e)
{
	size_t	 i, len;

	*bits = 0;
	for (i = 0; i < COUNT(keys); i++) {
		*out = &keys[i];
		len = strlen(keys[i].name);
		if (keys[i].min == 0 && strcmp(keys[i].name, name) == 0)
			return 0;
		if (keys[i].min != 0 && strncmp(keys[i].name, name, len) ==
		    0 && name[len] == ':')
			return name_bits(&keys[i], bits, name, e);
	}
	*out = NULL;
	if (strncmp(name, "ec:", 3) == 0)
		return error_set(e, ERROR_INPUT, "key algorithm \"%s\": curve"
		    " is not P-256, P-384 or P-521", name);
	return error_set(e, ERROR_INPUT, "key algorithm \"%s\" is not"
	    " rsa:BITS, rsa-pss:BITS, ec:CURVE, ed25519 or ml-dsa-N", name);
}

bool
alg_key_is(const EVP_PKEY *key, const char *type)
{
	const char	*name = key == NULL ? NULL :
			    EVP_PKEY_get0_type_name(key);

	return name != NULL && strcasecmp(name, type) == 0;
}

static bool
has_group(const EVP_PKEY *key, const struct alg_key *k)
{
	char	 group[32];
	size_t	 len;

	if (k->group == NULL)
		return true;
	/* "P-256" from some providers, "prime256v1" from others. */
	return EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
	    (strcmp(group, k->group) == 0 || strcmp(group, k->name + 3) == 0);
}

const struct alg_key *
alg_key_of(const EVP_PKEY *key)
{
	size_t	 i;

	for (i = 0; i < COUNT(keys); i++)
		if (alg_key_is(key, keys[i].type) &&
		    has_group(key, &keys[i]))
			return &keys[i];
	return NULL;
}

static int
not_known(struct error *e, struct bytes oid, const char *else_what)
{
	size_t	 i;

	for (i = 0; i < COUNT(refused); i++)
		if (der_is_oid(oid, refused[i].oid))
			return error_set(e, ERROR_DENIED, "%s is refused: %s",
			    refused[i].name, refused[i].why);
	return error_set(e, ERROR_DENIED, "%s", else_what);
}

/* AlgorithmIdentifier ::= SEQUENCE { algorithm, parameters OPTIONAL } */
static int
take_alg(struct bytes alg, struct bytes *oid, struct bytes *params,
    struct error *e)
{
	if (der_take(&alg, DER_SEQUENCE, params) == -1 || alg.len > 0 ||
	    der_take(params, DER_OID, oid) == -1)
		return error_set(e, ERROR_INPUT,
		    "malformed algorithm identifier");
	return 0;
}

static bool
key_params_fit(const struct alg_key *k, struct bytes params)
{
	struct bytes	 c;

	switch (k->params) {
	case ALG_ABSENT:
		return params.len == 0;
	case ALG_NULL:
		return der_take(&params, DER_NULL, &c) == 0 &&
		    c.len == 0 && params.len == 0;
	case ALG_CURVE:
		return der_take(&params, DER_OID, &c) == 0 &&
		    params.len == 0 && der_is_oid(c, k->curve);
	case ALG_PSS:
		break;
	}
	return false;
}

int
alg_key_find(const struct alg_key **out, struct bytes alg, struct error *e)
{
	const char	*why = NULL;
	struct bytes	 oid, params;
	size_t		 i;

	*out = NULL;
	if (take_alg(alg, &oid, &params, e) == -1)
		return -1;
	for (i = 0; i < COUNT(keys); i++) {
		if (!der_is_oid(oid, keys[i].oid))
			continue;
		if (key_params_fit(&keys[i], params)) {
			*out = &keys[i];
			return 0;
		}
		why = keys[i].type;
	}
	if (why == NULL)
		return not_known(e, oid, "neither RSA, EC, Ed25519 nor"
		    " ML-DSA");
	if (der_peek(params, DER_SEQUENCE) && strcmp(why, "EC") == 0)
		return error_set(e, ERROR_DENIED,
		    "EC parameters are spelled out, not a named curve "
		    "(RFC 5480, 2.1.1)");
	if (der_peek(params, DER_OID) && strcmp(why, "EC") == 0)
		return error_set(e, ERROR_DENIED,
		    "curve is not P-256, P-384 or P-521");
	return error_set(e, ERROR_INPUT, "%s key with wrong parameters", why);
}

bool
alg_key_has(const struct alg_key *k)
{
	EVP_KEYMGMT	*mgmt = EVP_KEYMGMT_fetch(NULL, k->type, NULL);

	ERR_clear_error();
	EVP_KEYMGMT_free(mgmt);
	return mgmt != NULL;
}

int
alg_key_check(const struct alg_key *k, enum alg_use use, struct error *e)
{
	static const struct {
		enum alg_use	 use;
		const char	*why;
	} rows[] = {
		{ ALG_ROOT, "a root signs what crosses the air gap with CMS" },
		{ ALG_CA, "a CA signs certificates" },
		{ ALG_LEAF, "it cannot be certified" },
		{ ALG_OFFICER, "officers and agents sign with CMS" },
	};
	size_t	 i;

	for (i = 0; i < COUNT(rows); i++)
		if ((rows[i].use & use) != 0 && (k->uses & rows[i].use) == 0) {
			error_set(e, ERROR_CONFIG, "%s cannot be used here: "
			    "%s", k->name, rows[i].why);
			return error_hint(e, "rsa:3072, ec:P-256 or ec:P-384");
		}
	if (alg_key_has(k))
		return 0;
	error_set(e, ERROR_CONFIG, "%s needs OpenSSL %s or later, and this is"
	    " %s", k->name, k->since != NULL ? k->since : "3.0",
	    OpenSSL_version(OPENSSL_VERSION_STRING));
	return error_hint(e, "Debian 13 has it; or choose rsa:3072 or"
	    " ec:P-256");
}

int
alg_name_check(const char *name, enum alg_use use, struct error *e)
{
	const struct alg_key	*k;
	int			 bits;

	if (alg_key_named(&k, &bits, name, e) == -1)
		return -1;
	return alg_key_check(k, use, e);
}

int
alg_cms_hash(const EVP_MD **md, const EVP_PKEY *key, struct error *e)
{
	const struct alg_key	*k = alg_key_of(key);
	const struct alg_sig	*s;

	if (k == NULL || (k->uses & ALG_OFFICER) == 0) {
		error_set(e, ERROR_CONFIG, "%s keys cannot sign CMS here: use"
		    " EC or RSA", k != NULL ? k->name : "such");
		return error_hint(e, "rsa:3072, ec:P-256 or ec:P-384");
	}
	if (alg_sig_choose(&s, key, NULL, e) == -1)
		return -1;
	*md = s->hash->md();
	return 0;
}

const struct alg_hash *
alg_hash_find(const X509_ALGOR *alg)
{
	const ASN1_OBJECT	*oid;
	char			 text[64];
	size_t			 i;

	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	if (OBJ_obj2txt(text, sizeof(text), oid, 1) <= 0)
		return NULL;
	for (i = 0; i < COUNT(hashes); i++)
		if (strcmp(hashes[i].oid, text) == 0)
			return &hashes[i];
	return NULL;
}

/*
 * Signatures.
 */
static bool
is_type(const struct alg_sig *s, const EVP_PKEY *key)
{
	return alg_key_is(key, s->type) ||
	    (s->params == ALG_PSS && alg_key_is(key, "RSA-PSS"));
}

bool
alg_sig_suits(const struct alg_sig *s, const EVP_PKEY *key)
{
	return is_type(s, key) && alg_key_of(key) != NULL;
}

static const struct alg_sig *
sig_choose(const EVP_PKEY *key, const char *scheme)
{
	int	 bits = EVP_PKEY_get_bits(key);
	size_t	 i;

	for (i = 0; i < COUNT(sigs); i++)
		if (is_type(&sigs[i], key) && bits <= sigs[i].bits &&
		    (scheme == NULL || strcmp(scheme, sigs[i].scheme) == 0))
			return &sigs[i];
	return NULL;
}

int
alg_sig_choose(const struct alg_sig **out, const EVP_PKEY *key,
    const char *scheme, struct error *e)
{
	const struct alg_key	*k = alg_key_of(key);

	*out = NULL;
	if (k == NULL)
		return error_set(e, ERROR_CONFIG,
		    "no signature algorithm for this kind of key");
	if ((*out = sig_choose(key, scheme)) != NULL)
		return 0;
	error_set(e, ERROR_CONFIG, "signature \"%s\" is not one of a %s key",
	    scheme != NULL ? scheme : "", k->name);
	return error_hint(e, "\"rsa\" and \"rsa-pss\" are for RSA keys; leave"
	    " it out for others");
}

bool
alg_sig_is_choice(const struct alg_sig *s, const EVP_PKEY *key)
{
	return alg_sig_suits(s, key) &&
	    sig_choose(key, s->scheme) == s;
}

int
alg_sig_find(const struct alg_sig **out, struct bytes alg, struct error *e)
{
	const struct alg_sig	*sig = NULL;
	struct buf	 want = { 0 };
	struct bytes	 oid, params;
	size_t		 i;

	*out = NULL;
	if (take_alg(alg, &oid, &params, e) == -1)
		return -1;
	for (i = 0; i < COUNT(sigs); i++) {
		if (!der_is_oid(oid, sigs[i].oid))
			continue;
		sig = &sigs[i];
		want.len = 0;
		alg_sig_put(&want, &sigs[i]);
		if (bytes_equal(alg, BYTES(want.p, want.len))) {
			*out = &sigs[i];
			break;
		}
	}
	buf_clear(&want);
	if (*out != NULL)
		return 0;
	if (sig == NULL)
		return not_known(e, oid, "signature is not RSA, ECDSA,"
		    " Ed25519 or ML-DSA with SHA-256 or better");
	if (der_is_oid(oid, OID_PSS))
		return error_set(e, ERROR_DENIED, "RSASSA-PSS parameters are"
		    " not SHA-256, SHA-384 or SHA-512 for hash and mask with"
		    " as long a salt (left out, they stand for SHA-1)");
	return error_set(e, ERROR_INPUT, "%s with wrong parameters (%s)",
	    sig->name, sig->params == ALG_NULL ? "RFC 4055, 5: NULL" :
	    "RFC 5758, 3.2, RFC 8410, 3 and RFC 9881, 2: absent");
}

void
alg_sig_put(struct buf *out, const struct alg_sig *s)
{
	size_t	 mark = der_begin(out, DER_SEQUENCE);

	der_put_oid(out, s->oid);
	if (s->params == ALG_NULL)
		der_put(out, DER_NULL, NULL, 0);
	else if (s->params == ALG_PSS)
		alg_pss_put(out, s->hash);
	der_end(out, mark);
}
