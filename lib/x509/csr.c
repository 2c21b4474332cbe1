/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading PKCS#10 (RFC 2986).  The request is walked here, strictly and once;
 * OpenSSL sees only the numbers of the key and the signature.
 */
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include "base/text.h"
#include "x509/csr.h"
#include "x509/der.h"

#define OID_EXTENSION_REQUEST	"1.2.840.113549.1.9.14"
#define OID_SAN			"2.5.29.17"
#define OID_UPN			"1.3.6.1.4.1.311.20.2.3"
#define OID_RSA			"1.2.840.113549.1.1.1"
#define OID_EC			"1.2.840.10045.2.1"
#define OID_ED25519		"1.3.101.112"
#define DEPTH_MAX		16
#define PARTS_MAX		32	/* attributes, extensions, RDNs */
#define RSA_MAX_BYTES		(16384 / 8)

static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "request: %s", what);
}

/*
 * PEM: exactly one block, nothing beside it but white space.
 */
static const struct {
	const char	*begin, *end;
} labels[] = {
	{ "-----BEGIN CERTIFICATE REQUEST-----",
	  "-----END CERTIFICATE REQUEST-----" },
	{ "-----BEGIN NEW CERTIFICATE REQUEST-----",
	  "-----END NEW CERTIFICATE REQUEST-----" },
};

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes
trim(struct bytes t)
{
	while (t.len > 0 && is_space(t.p[0])) {
		t.p++;
		t.len--;
	}
	while (t.len > 0 && is_space(t.p[t.len - 1]))
		t.len--;
	return t;
}

static bool
strip(struct bytes *t, const char *begin, const char *end)
{
	size_t	 nb = strlen(begin), ne = strlen(end);

	if (t->len < nb + ne || memcmp(t->p, begin, nb) != 0 ||
	    memcmp(t->p + t->len - ne, end, ne) != 0)
		return false;
	*t = BYTES(t->p + nb, t->len - nb - ne);
	return true;
}

/* Padding only at the end; bits that do not count must be zero, which
 * encoding again shows. */
static int
base64_decode(struct buf *der, struct bytes t, struct error *e)
{
	struct buf	 dense = { 0 };
	char		*again = NULL;
	size_t		 i, pad = 0;
	int		 n, rc = -1;

	for (i = 0; i < t.len; i++)
		if (!is_space(t.p[i]))
			buf_byte(&dense, t.p[i]);
	while (pad < 2 && pad < dense.len &&
	    dense.p[dense.len - 1 - pad] == '=')
		pad++;
	buf_reserve(der, dense.len + 1);
	n = EVP_DecodeBlock(der->p, dense.p, (int)dense.len);
	if (n < (int)pad + 1 || dense.len % 4 != 0) {
		bad(e, "not one PEM block of base 64");
		goto out;
	}
	der->len = (size_t)n - pad;
	again = text_base64(der->p, der->len);
	if (strlen(again) != dense.len ||
	    memcmp(again, dense.p, dense.len) != 0) {
		bad(e, "not one PEM block of base 64");
		goto out;
	}
	rc = 0;
 out:
	mem_free(&again);
	buf_clear(&dense);
	return rc;
}

static int
request_bytes(struct buf *der, struct bytes text, struct error *e)
{
	struct bytes	 t = trim(text);
	size_t		 i;

	if (text.len > 2 * CSR_MAX)
		return error_set(e, ERROR_INPUT,
		    "request: larger than %d bytes", CSR_MAX);
	if (text.len == 0 || t.len == 0)
		return bad(e, "empty");
	if (text.p[0] == DER_SEQUENCE) {
		buf_add(der, text.p, text.len);
	} else {
		for (i = 0; i < 2; i++)
			if (strip(&t, labels[i].begin, labels[i].end))
				break;
		if (i == 2)
			return bad(e, "neither DER nor one PEM block of type"
			    " CERTIFICATE REQUEST");
		if (base64_decode(der, t, e) == -1)
			return -1;
	}
	if (der->len > CSR_MAX)
		return error_set(e, ERROR_INPUT,
		    "request: larger than %d bytes", CSR_MAX);
	return 0;
}

/*
 * Names.  Text types that have one reading; BMPString and its like are for
 * software that ended before these rules began.
 */
static bool
is_text_tag(uint8_t tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5;
}

/* RDNSequence -> fn for each attribute. */
typedef int name_fn(void *, struct bytes oid, struct bytes text,
    struct error *);

static int
rdn_walk(struct bytes set, name_fn *fn, void *arg, struct error *e)
{
	struct bytes	 seq, oid, text;
	uint8_t		 tag;

	if (set.len == 0)
		return bad(e, "subject: empty relative name");
	while (set.len > 0) {
		if (der_take(&set, DER_SEQUENCE, &seq) == -1 ||
		    der_take(&seq, DER_OID, &oid) == -1 ||
		    der_next(&seq, &tag, &text, NULL) != 1 || seq.len > 0)
			return bad(e, "subject: malformed attribute");
		if (!is_text_tag(tag))
			return bad(e, "subject: value is not UTF8String,"
			    " PrintableString or IA5String");
		if (text.len == 0 || !text_is_clean((const char *)text.p,
		    text.len, FIELD_VALUE_MAX))
			return bad(e, "subject: value is empty, too long or"
			    " has control characters");
		if (fn != NULL && fn(arg, oid, text, e) == -1)
			return -1;
	}
	return 0;
}

static int
subject_walk(struct bytes name, name_fn *fn, void *arg, struct error *e)
{
	struct bytes	 set;
	int		 n;

	for (n = 0; name.len > 0; n++) {
		if (n == PARTS_MAX)
			return bad(e, "subject: too many parts");
		if (der_take(&name, DER_SET, &set) == -1)
			return bad(e, "subject: malformed");
		if (rdn_walk(set, fn, arg, e) == -1)
			return -1;
	}
	return 0;
}

/* GeneralNames -> fn for each; otherName gives its type and whole value. */
typedef int san_fn(void *, uint8_t tag, struct bytes content, struct error *);

static int
san_walk(struct bytes value, san_fn *fn, void *arg, struct error *e)
{
	struct bytes	 names, c;
	uint8_t		 tag;
	int		 n;

	if (der_take(&value, DER_SEQUENCE, &names) == -1 || value.len > 0 ||
	    names.len == 0)
		return bad(e, "subjectAltName: malformed");
	for (n = 0; names.len > 0; n++) {
		if (der_next(&names, &tag, &c, NULL) != 1)
			return bad(e, "subjectAltName: malformed");
		if (n == PARTS_MAX)
			return bad(e, "subjectAltName: too many names");
		if ((tag == DER_CONTEXT(1) || tag == DER_CONTEXT(2) ||
		    tag == DER_CONTEXT(6)) && (c.len == 0 ||
		    !text_is_clean((const char *)c.p, c.len, FIELD_VALUE_MAX)))
			return bad(e, "subjectAltName: value is empty, too"
			    " long or has control characters");
		if (fn != NULL && fn(arg, tag, c, e) == -1)
			return -1;
	}
	return 0;
}

/* No OID twice; seen[] holds those of one list. */
static int
note_oid(struct bytes *seen, size_t *n, struct bytes oid, const char *what,
    struct error *e)
{
	size_t	 i;

	if (*n == PARTS_MAX)
		return error_set(e, ERROR_INPUT, "request: too many %ss", what);
	for (i = 0; i < *n; i++)
		if (bytes_equal(seen[i], oid))
			return error_set(e, ERROR_INPUT,
			    "request: the same %s twice", what);
	seen[(*n)++] = oid;
	return 0;
}

static int
extensions_walk(struct csr *csr, struct bytes list, struct error *e)
{
	struct bytes	 seen[PARTS_MAX], ext, oid, flag, value;
	size_t		 n = 0;

	while (list.len > 0) {
		if (der_take(&list, DER_SEQUENCE, &ext) == -1 ||
		    der_take(&ext, DER_OID, &oid) == -1 ||
		    (der_peek(ext, DER_BOOLEAN) &&
		    (der_take(&ext, DER_BOOLEAN, &flag) == -1 ||
		    flag.p[0] != 0xff)) ||
		    der_take(&ext, DER_OCTET_STRING, &value) == -1 ||
		    ext.len > 0)
			return bad(e, "malformed extension");
		if (note_oid(seen, &n, oid, "extension", e) == -1)
			return -1;
		if (der_check(value, DEPTH_MAX, e) == -1)
			return error_wrap(e, "request: extension");
		if (!der_is_oid(oid, OID_SAN))
			continue;
		csr->san = value;
		if (san_walk(value, NULL, NULL, e) == -1)
			return -1;
	}
	return 0;
}

static int
attributes_walk(struct csr *csr, struct bytes attrs, struct error *e)
{
	struct bytes	 seen[PARTS_MAX], attr, oid, set, exts;
	size_t		 n = 0;

	while (attrs.len > 0) {
		if (der_take(&attrs, DER_SEQUENCE, &attr) == -1 ||
		    der_take(&attr, DER_OID, &oid) == -1 ||
		    der_take(&attr, DER_SET, &set) == -1 || attr.len > 0)
			return bad(e, "malformed attribute");
		if (note_oid(seen, &n, oid, "attribute", e) == -1)
			return -1;
		if (!der_is_oid(oid, OID_EXTENSION_REQUEST))
			continue;
		if (der_take(&set, DER_SEQUENCE, &exts) == -1 || set.len > 0)
			return bad(e, "extension request is not one list");
		if (extensions_walk(csr, exts, e) == -1)
			return -1;
	}
	return 0;
}

/*
 * Keys.
 */
static int
fromdata(EVP_PKEY **key, const char *type, OSSL_PARAM_BLD *bld,
    struct error *e)
{
	OSSL_PARAM	*params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	int		 ok;

	ok = params != NULL && ctx != NULL &&
	    EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, key, EVP_PKEY_PUBLIC_KEY, params) == 1;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	if (ok)
		return 0;
	ERR_clear_error();
	return error_set(e, ERROR_DENIED, "key: %s key with impossible numbers",
	    type);
}

static int
rsa_key(struct csr *csr, struct bytes params, struct bytes bits,
    struct error *e)
{
	OSSL_PARAM_BLD	*bld = NULL;
	BIGNUM		*n = NULL, *x = NULL;
	struct bytes	 seq, modulus, exponent, null;
	int		 rc = -1;

	if (der_take(&params, DER_NULL, &null) == -1 || params.len > 0 ||
	    der_take(&bits, DER_SEQUENCE, &seq) == -1 || bits.len > 0 ||
	    der_take_uint(&seq, &modulus) == -1 ||
	    der_take_uint(&seq, &exponent) == -1 || seq.len > 0)
		return bad(e, "malformed RSA key");
	if (modulus.len > RSA_MAX_BYTES || exponent.len > modulus.len)
		return error_set(e, ERROR_DENIED, "key: RSA key too large");
	if (modulus.len == 0 || exponent.len == 0)
		return error_set(e, ERROR_DENIED, "key: RSA key of zeros");
	if ((n = BN_bin2bn(modulus.p, (int)modulus.len, NULL)) == NULL ||
	    (x = BN_bin2bn(exponent.p, (int)exponent.len, NULL)) == NULL ||
	    (bld = OSSL_PARAM_BLD_new()) == NULL ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, x) != 1)
		error_ssl(e, ERROR_NOMEM, "key");
	else
		rc = fromdata(&csr->key, "RSA", bld, e);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	BN_free(x);
	return rc;
}

static const struct {
	const char	*oid;
	const char	*group;
	size_t		 bytes;		/* of a coordinate */
} groups[] = {
	{ "1.2.840.10045.3.1.7", "P-256", 32 },
	{ "1.3.132.0.34", "P-384", 48 },
	{ "1.3.132.0.35", "P-521", 66 },
};

static int
ec_key(struct csr *csr, struct bytes params, struct bytes point,
    struct error *e)
{
	OSSL_PARAM_BLD	*bld;
	struct bytes	 oid;
	size_t		 i;
	int		 rc = -1;

	if (der_peek(params, DER_SEQUENCE))
		return error_set(e, ERROR_DENIED,
		    "key: EC parameters are spelled out, not a named curve");
	if (der_take(&params, DER_OID, &oid) == -1 || params.len > 0)
		return bad(e, "malformed EC parameters");
	for (i = 0; i < 3; i++)
		if (der_is_oid(oid, groups[i].oid))
			break;
	if (i == 3)
		return error_set(e, ERROR_DENIED,
		    "key: curve is not P-256, P-384 or P-521");
	if (!(point.len == 2 * groups[i].bytes + 1 && point.p[0] == 4) &&
	    !(point.len == groups[i].bytes + 1 &&
	    (point.p[0] == 2 || point.p[0] == 3)))
		return error_set(e, ERROR_DENIED, "key: EC point is neither"
		    " uncompressed nor compressed");
	if ((bld = OSSL_PARAM_BLD_new()) == NULL ||
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    groups[i].group, 0) != 1 || OSSL_PARAM_BLD_push_octet_string(bld,
	    OSSL_PKEY_PARAM_PUB_KEY, point.p, point.len) != 1)
		error_ssl(e, ERROR_NOMEM, "key");
	else
		rc = fromdata(&csr->key, "EC", bld, e);
	OSSL_PARAM_BLD_free(bld);
	return rc;
}

static int
ed25519_key(struct csr *csr, struct bytes params, struct bytes raw,
    struct error *e)
{
	if (params.len > 0 || raw.len != 32)
		return bad(e, "malformed Ed25519 key");
	csr->key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
	    raw.p, raw.len);
	if (csr->key == NULL)
		return error_ssl(e, ERROR_DENIED, "key: Ed25519");
	return 0;
}

static const struct {
	const char	*oid;
	int		(*read)(struct csr *, struct bytes params,
			    struct bytes bits, struct error *);
} key_types[] = {
	{ OID_EC, ec_key },
	{ OID_RSA, rsa_key },
	{ OID_ED25519, ed25519_key },
};

static int
spki_read(struct csr *csr, struct error *e)
{
	struct bytes	 in = csr->spki, seq, alg, oid, bits;
	size_t		 i;

	if (der_take(&in, DER_SEQUENCE, &seq) == -1 ||
	    der_take(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take(&alg, DER_OID, &oid) == -1 ||
	    der_take_bits(&seq, &bits) == -1 || seq.len > 0)
		return bad(e, "malformed public key");
	for (i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++)
		if (der_is_oid(oid, key_types[i].oid))
			return key_types[i].read(csr, alg, bits, e);
	return error_set(e, ERROR_DENIED, "key: neither RSA, EC nor Ed25519");
}

/*
 * Proof of possession.
 */
static const struct {
	const char	*oid;
	const char	*type;
	bool		 null;		/* parameters */
	const EVP_MD	*(*md)(void);	/* NULL: the type needs none */
} algs[] = {
	{ "1.2.840.10045.4.3.2", "EC", false, EVP_sha256 },
	{ "1.2.840.10045.4.3.3", "EC", false, EVP_sha384 },
	{ "1.2.840.10045.4.3.4", "EC", false, EVP_sha512 },
	{ "1.2.840.113549.1.1.11", "RSA", true, EVP_sha256 },
	{ "1.2.840.113549.1.1.12", "RSA", true, EVP_sha384 },
	{ "1.2.840.113549.1.1.13", "RSA", true, EVP_sha512 },
	{ OID_ED25519, "ED25519", false, NULL },
};
#define NALGS	(sizeof(algs) / sizeof(algs[0]))

static int
pop_verify(const struct csr *csr, struct bytes info, struct bytes alg,
    struct bytes sig, struct error *e)
{
	struct bytes	 oid, null;
	size_t		 i;

	if (der_take(&alg, DER_OID, &oid) == -1)
		return bad(e, "malformed signature algorithm");
	for (i = 0; i < NALGS; i++)
		if (der_is_oid(oid, algs[i].oid))
			break;
	if (i == NALGS)
		return error_set(e, ERROR_DENIED, "request: signature is not"
		    " RSA, ECDSA or Ed25519 with SHA-256 or better");
	if (algs[i].null ? der_take(&alg, DER_NULL, &null) == -1 ||
	    alg.len > 0 : alg.len > 0)
		return bad(e, "signature algorithm with wrong parameters");
	if (!EVP_PKEY_is_a(csr->key, algs[i].type))
		return bad(e, "signature algorithm is not one of the key's");
	if (key_verify_md(csr->key, algs[i].md != NULL ? algs[i].md() : NULL,
	    info, sig, e) == -1) {
		error_clear(e);
		return bad(e, "signature does not verify: the key's holder"
		    " did not make this request");
	}
	return 0;
}

static int
info_walk(struct csr *csr, struct bytes info, struct error *e)
{
	struct bytes	 seq, attrs;
	int64_t		 version;

	if (der_take(&info, DER_SEQUENCE, &seq) == -1 ||
	    der_take_int(&seq, &version) == -1 ||
	    der_take(&seq, DER_SEQUENCE, &csr->subject) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, &csr->spki) == -1)
		return bad(e, "malformed");
	if (version != 0)
		return bad(e, "version is not 1");
	if (subject_walk(csr->subject, NULL, NULL, e) == -1)
		return -1;
	if (seq.len == 0)	/* left out by some who have none */
		return 0;
	if (der_take(&seq, DER_CONTEXT_CONS(0), &attrs) == -1 || seq.len > 0)
		return bad(e, "malformed");
	return attributes_walk(csr, attrs, e);
}

static int
request_read(struct csr *csr, struct error *e)
{
	struct bytes	 in = BYTES(csr->der.p, csr->der.len);
	struct bytes	 seq, info, alg, sig;

	if (der_check(in, DEPTH_MAX, e) == -1)
		return error_wrap(e, "request");
	if (der_take(&in, DER_SEQUENCE, &seq) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, &info) == -1 ||
	    der_take(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&seq, &sig) == -1 || seq.len > 0)
		return bad(e, "not a PKCS#10 request");
	if (info_walk(csr, info, e) == -1 || spki_read(csr, e) == -1 ||
	    csr_check_key(csr->key, e) == -1 ||
	    pop_verify(csr, info, alg, sig, e) == -1)
		return -1;
	if (EVP_Digest(csr->der.p, csr->der.len, csr->digest, NULL,
	    EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(csr->spki.p, csr->spki.len, csr->key_digest, NULL,
	    EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest request");
	return 0;
}

int
csr_parse(struct csr **out, struct bytes text, struct error *e)
{
	struct csr	*csr = mem_alloc(sizeof(*csr));

	*out = NULL;
	if (request_bytes(&csr->der, text, e) == -1 ||
	    request_read(csr, e) == -1) {
		csr_free(&csr);
		return -1;
	}
	*out = csr;
	return 0;
}

void
csr_free(struct csr **csr)
{
	if (*csr == NULL)
		return;
	EVP_PKEY_free((*csr)->key);
	buf_clear(&(*csr)->der);
	mem_free(csr);
}

/*
 * What the request offers, as fields.
 */
static const struct {
	const char	*attr;
	const char	*field;
} offered[] = {
	{ "CN", "name" }, { "GN", "given" }, { "SN", "surname" },
	{ "serialNumber", "id" }, { "O", "org" },
	{ "organizationIdentifier", "orgid" }, { "OU", "unit" },
	{ "C", "country" }, { "title", "title" }, { "pseudonym", "pseudonym" },
	{ "emailAddress", "mail" }, { "L", "locality" }, { "ST", "state" },
	{ "street", "street" }, { "postalCode", "postal" }, { "UID", "uid" },
};

static int
offer(struct fields *f, const char *field, struct bytes text, struct error *e)
{
	char	 value[FIELD_VALUE_MAX + 1];
	size_t	 k;

	memcpy(value, text.p, text.len);	/* bounded by the walk */
	value[text.len] = '\0';
	for (k = 0; k < fields_count(f, field); k++)
		if (strcmp(fields_get(f, field, k), value) == 0)
			return 0;
	if (f->n == FIELDS_MAX)
		return bad(e, "too many names");
	fields_add(f, field, value);
	return 0;
}

static int
offer_attr(void *arg, struct bytes oid, struct bytes text, struct error *e)
{
	size_t	 i;

	for (i = 0; i < sizeof(offered) / sizeof(offered[0]); i++)
		if (der_is_oid(oid, name_attr_find(offered[i].attr)->oid))
			return offer(arg, offered[i].field, text, e);
	return 0;
}

static int
offer_upn(struct fields *f, struct bytes c, struct error *e)
{
	struct bytes	 oid, value, text;

	if (der_take(&c, DER_OID, &oid) == -1 || !der_is_oid(oid, OID_UPN))
		return 0;
	if (der_take(&c, DER_CONTEXT_CONS(0), &value) == -1 || c.len > 0 ||
	    der_take(&value, DER_UTF8, &text) == -1 || value.len > 0 ||
	    text.len == 0 ||
	    !text_is_clean((const char *)text.p, text.len, FIELD_VALUE_MAX))
		return bad(e, "subjectAltName: malformed principal name");
	return offer(f, "upn", text, e);
}

static int
offer_ip(struct fields *f, struct bytes c, struct error *e)
{
	char	 text[INET6_ADDRSTRLEN];

	if ((c.len != 4 && c.len != 16) || inet_ntop(c.len == 4 ? AF_INET :
	    AF_INET6, c.p, text, sizeof(text)) == NULL)
		return bad(e, "subjectAltName: malformed address");
	return offer(f, "ip", BYTES(text, strlen(text)), e);
}

static int
offer_san(void *arg, uint8_t tag, struct bytes c, struct error *e)
{
	switch (tag) {
	case DER_CONTEXT_CONS(0):
		return offer_upn(arg, c, e);
	case DER_CONTEXT(1):
		return offer(arg, "mail", c, e);
	case DER_CONTEXT(2):
		return offer(arg, "dns", c, e);
	case DER_CONTEXT(6):
		return offer(arg, "uri", c, e);
	case DER_CONTEXT(7):
		return offer_ip(arg, c, e);
	default:
		return 0;
	}
}

int
csr_fields(const struct csr *csr, struct fields *f, struct error *e)
{
	if (subject_walk(csr->subject, offer_attr, f, e) == 0 &&
	    (csr->san.len == 0 || san_walk(csr->san, offer_san, f, e) == 0))
		return 0;
	fields_clear(f);
	return -1;
}

int
csr_make(struct buf *der, EVP_PKEY *key, const char *common_name,
    struct error *e)
{
	struct buf	 info = { 0 }, sig = { 0 };
	size_t		 mark, name;
	int		 rc = -1;

	mark = der_begin(&info, DER_SEQUENCE);
	der_put_int(&info, 0);
	name = der_begin(&info, DER_SEQUENCE);
	if (name_put_rdn(&info, name_attr_find("CN"), common_name, e) == -1)
		goto out;
	der_end(&info, name);
	if (key_public_der(&info, key, e) == -1)
		goto out;
	der_put(&info, DER_CONTEXT_CONS(0), NULL, 0);
	der_end(&info, mark);
	if (key_sign(&sig, key, BYTES(info.p, info.len), e) == -1)
		goto out;
	mark = der_begin(der, DER_SEQUENCE);
	der_put_raw(der, BYTES(info.p, info.len));
	if (key_signature_alg(der, key, NULL, e) == -1)
		goto out;
	der_put_bits(der, sig.p, sig.len);
	der_end(der, mark);
	rc = 0;
 out:
	buf_clear(&info);
	buf_clear(&sig);
	return rc;
}
