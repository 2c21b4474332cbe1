/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/testassert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include "base/text.h"
#include "order/approval.h"
#include "x509/oid.h"

#define NEED(x)	need((x), #x)

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	ERR_print_errors_fp(stderr);
	fprintf(stderr, "testassert: %s\n", what);
	abort();
}

char *
testassert_base64url(const uint8_t *p, size_t n)
{
	char	*s = text_base64(p, n);
	size_t	 i;

	for (i = 0; s[i] != '\0'; i++)
		s[i] = s[i] == '+' ? '-' : s[i] == '/' ? '_' :
		    s[i] == '=' ? '\0' : s[i];
	return s;
}

void
testassert_spki(struct buf *out, EVP_PKEY *key)
{
	unsigned char	*der = NULL;
	int		 n = i2d_PUBKEY(key, &der);

	NEED(n > 0);
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
}

void
testassert_id(uint8_t id[TESTASSERT_ID], EVP_PKEY *key)
{
	struct buf	 spki = { 0 };

	testassert_spki(&spki, key);
	SHA256(spki.p, spki.len, id);
	buf_clear(&spki);
}

/* ---- registration ---- */

static void
put_number(struct buf *b, EVP_PKEY *key, const char *name, size_t size)
{
	BIGNUM	*n = NULL;
	uint8_t	 p[256];

	NEED(EVP_PKEY_get_bn_param(key, name, &n) == 1);
	NEED(BN_bn2binpad(n, p, (int)size) == (int)size);
	buf_add(b, p, size);
	BN_free(n);
}

/* COSE_Key, RFC 9053. */
static void
put_cose(struct buf *b, EVP_PKEY *key)
{
	uint8_t	 raw[32];
	size_t	 n = sizeof(raw);

	if (EVP_PKEY_is_a(key, "EC")) {
		buf_add(b, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10);
		put_number(b, key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		buf_add(b, "\x22\x58\x20", 3);
		put_number(b, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
	} else if (EVP_PKEY_is_a(key, "RSA")) {
		buf_add(b, "\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00", 11);
		put_number(b, key, OSSL_PKEY_PARAM_RSA_N, 256);
		buf_add(b, "\x21\x43\x01\x00\x01", 5);
	} else {
		NEED(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
		buf_add(b, "\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", 10);
		buf_add(b, raw, n);
	}
}

static void
put_header(struct buf *b, const char *rp_id, uint8_t flags, uint8_t counter)
{
	uint8_t	 hash[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)rp_id, strlen(rp_id), hash);
	buf_add(b, hash, sizeof(hash));
	buf_byte(b, flags);
	buf_add(b, "\0\0\0", 3);
	buf_byte(b, counter);
}

static char *
client_json(const char *type, const char *origin, const uint8_t *challenge,
    size_t len)
{
	char	*text = testassert_base64url(challenge, len);
	char	*json = mem_printf("{\"type\":\"%s\",\"challenge\":\"%s\","
	    "\"origin\":\"%s\",\"crossOrigin\":false}", type, text, origin);

	mem_free(&text);
	return json;
}

char *
testassert_register(EVP_PKEY *key, const char *rp_id, const char *origin,
    const uint8_t *challenge, size_t len)
{
	struct buf	 auth = { 0 }, object = { 0 }, spki = { 0 };
	uint8_t		 id[TESTASSERT_ID];
	char		*client, *text[5], *json;
	size_t		 i;

	testassert_id(id, key);
	testassert_spki(&spki, key);
	put_header(&auth, rp_id, TESTASSERT_UP | TESTASSERT_UV |
	    TESTASSERT_AT, 0);
	buf_add(&auth, (uint8_t[16]){ 0 }, 16);
	buf_add(&auth, "\0\x20", 2);
	buf_add(&auth, id, sizeof(id));
	put_cose(&auth, key);
	buf_add(&object, "\xa3\x63" "fmt" "\x64" "none" "\x67" "attStmt"
	    "\xa0\x68" "authData\x59", 29);
	buf_byte(&object, (uint8_t)(auth.len >> 8));
	buf_byte(&object, (uint8_t)auth.len);
	buf_add(&object, auth.p, auth.len);
	client = client_json("webauthn.create", origin, challenge, len);
	text[0] = testassert_base64url(id, sizeof(id));
	text[1] = testassert_base64url((const uint8_t *)client,
	    strlen(client));
	text[2] = testassert_base64url(object.p, object.len);
	text[3] = testassert_base64url(auth.p, auth.len);
	text[4] = testassert_base64url(spki.p, spki.len);
	json = mem_printf("{\"id\":\"%s\",\"rawId\":\"%s\","
	    "\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"%s\","
	    "\"attestationObject\":\"%s\",\"authenticatorData\":\"%s\","
	    "\"publicKey\":\"%s\",\"publicKeyAlgorithm\":%d,"
	    "\"transports\":[\"usb\"]}}", text[0], text[0], text[1], text[2],
	    text[3], text[4], EVP_PKEY_is_a(key, "EC") ? -7 :
	    EVP_PKEY_is_a(key, "RSA") ? -257 : -8);
	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		mem_free(&text[i]);
	mem_free(&client);
	buf_clear(&auth);
	buf_clear(&object);
	buf_clear(&spki);
	return json;
}

/* ---- assertions ---- */

static void
sign(struct buf *out, EVP_PKEY *key, const struct buf *data)
{
	EVP_MD_CTX	*md = EVP_MD_CTX_new();
	uint8_t		 sig[512];
	size_t		 n = sizeof(sig);

	NEED(EVP_DigestSignInit(md, NULL, EVP_PKEY_is_a(key, "ED25519") ?
	    NULL : EVP_sha256(), NULL, key) == 1);
	NEED(EVP_DigestSign(md, sig, &n, data->p, data->len) == 1);
	buf_add(out, sig, n);
	EVP_MD_CTX_free(md);
}

void
testassert_make(struct testassert *t, EVP_PKEY *key,
    const struct testassert_ask *ask)
{
	struct buf	 data = { 0 };
	uint8_t		 hash[SHA256_DIGEST_LENGTH];
	char		*client;

	memset(t, 0, sizeof(*t));
	testassert_id(t->id, key);
	put_header(&t->auth_data, ask->rp_id, ask->flags, ask->counter);
	if (ask->extra.len > 0)
		buf_add(&t->auth_data, ask->extra.p, ask->extra.len);
	client = ask->client != NULL ? mem_strdup(ask->client) :
	    client_json("webauthn.get", ask->origin, ask->challenge,
	    sizeof(ask->challenge));
	buf_str(&t->client_data, client);
	SHA256(t->client_data.p, t->client_data.len, hash);
	buf_add(&data, t->auth_data.p, t->auth_data.len);
	buf_add(&data, hash, sizeof(hash));
	sign(&t->signature, key, &data);
	buf_clear(&data);
	mem_free(&client);
}

void
testassert_clear(struct testassert *t)
{
	buf_clear(&t->auth_data);
	buf_clear(&t->client_data);
	buf_clear(&t->signature);
}

void
testassert_parts(struct assertion *a, const struct testassert *t,
    X509 *officer, struct bytes bind)
{
	NEED(X509_digest(officer, EVP_sha256(), a->cert, NULL) == 1);
	a->credential = BYTES(t->id, sizeof(t->id));
	a->auth_data = BYTES(t->auth_data.p, t->auth_data.len);
	a->client_data = BYTES(t->client_data.p, t->client_data.len);
	a->signature = BYTES(t->signature.p, t->signature.len);
	a->bind = bind;
}

/* ---- the RA's signature around it ---- */

static void
add_cert(CMS_ContentInfo *cms, X509 *cert)
{
	STACK_OF(X509)	*have = CMS_get1_certs(cms);
	int		 i;

	for (i = 0; i < sk_X509_num(have); i++)
		if (X509_cmp(sk_X509_value(have, i), cert) == 0)
			break;
	if (i >= sk_X509_num(have))
		NEED(CMS_add1_cert(cms, cert) == 1);
	sk_X509_pop_free(have, X509_free);
}

static void
add_attributes(CMS_SignerInfo *si, const ASN1_OCTET_STRING *content,
    struct bytes attribute, int64_t now)
{
	ASN1_OBJECT	*type = OBJ_txt2obj(OID_ORDER, 1);
	ASN1_OBJECT	*oid = OBJ_txt2obj(OID_ASSERTION, 1);
	ASN1_TIME	*t = ASN1_TIME_set(NULL, (time_t)now);
	uint8_t		 hash[SHA256_DIGEST_LENGTH];

	SHA256(ASN1_STRING_get0_data(content),
	    (size_t)ASN1_STRING_length(content), hash);
	NEED(CMS_signed_add1_attr_by_NID(si, NID_pkcs9_contentType,
	    V_ASN1_OBJECT, type, -1) == 1);
	NEED(CMS_signed_add1_attr_by_NID(si, NID_pkcs9_messageDigest,
	    V_ASN1_OCTET_STRING, hash, sizeof(hash)) == 1);
	NEED(CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime,
	    ASN1_STRING_type(t), t, -1) == 1);
	if (attribute.len > 0)
		NEED(CMS_signed_add1_attr_by_OBJ(si, oid, V_ASN1_SEQUENCE,
		    attribute.p, (int)attribute.len) == 1);
	ASN1_TIME_free(t);
	ASN1_OBJECT_free(oid);
	ASN1_OBJECT_free(type);
}

void
testassert_seal(struct buf *out, struct bytes blob, const struct identity *ra,
    struct bytes attribute, X509 *officer, int64_t now)
{
	const unsigned char	*p = blob.p;
	CMS_ContentInfo		*cms = d2i_CMS_ContentInfo(NULL, &p,
	    (long)blob.len);
	CMS_SignerInfo		*si;
	unsigned char		*der = NULL;
	int			 n, i;

	NEED(cms != NULL);
	si = CMS_add1_signer(cms, ra->cert, ra->key, EVP_sha256(),
	    CMS_PARTIAL | CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP |
	    CMS_NOCERTS);
	NEED(si != NULL);
	add_attributes(si, *CMS_get0_content(cms), attribute, now);
	NEED(CMS_SignerInfo_sign(si) == 1);
	add_cert(cms, ra->cert);
	for (i = 0; i < sk_X509_num(ra->chain); i++)
		if (X509_check_issued(sk_X509_value(ra->chain, i),
		    sk_X509_value(ra->chain, i)) != X509_V_OK)
			add_cert(cms, sk_X509_value(ra->chain, i));
	if (officer != NULL)
		add_cert(cms, officer);
	n = i2d_CMS_ContentInfo(cms, &der);
	NEED(n > 0);
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
}

/* ---- as it should be ---- */

struct order *
testassert_bind(EVP_PKEY *key, const char *person, const char *rp_id,
    const char *origin, const struct clock *clock)
{
	struct error	 e = ERROR_INIT;
	struct order	*o;
	uint8_t		 id[TESTASSERT_ID];

	NEED(order_new(&o, ORDER_BIND, 86400, clock, &rng_system, &e) == 0);
	o->bind.person = mem_strdup(person);
	o->bind.rp_id = mem_strdup(rp_id);
	o->bind.origin = mem_strdup(origin);
	testassert_id(id, key);
	buf_add(&o->bind.credential, id, sizeof(id));
	testassert_spki(&o->bind.key, key);
	return o;
}

static void
ask_for(struct testassert_ask *ask, struct bytes blob, struct approved *bind)
{
	struct error	 e = ERROR_INIT;
	struct approved	*a = NULL;

	NEED(approval_open(&a, blob, &e) == 0);
	memcpy(ask->challenge, a->digest, sizeof(ask->challenge));
	approval_free(&a);
	ask->rp_id = bind->order->bind.rp_id;
	ask->origin = bind->order->bind.origin;
	ask->flags = TESTASSERT_UP | TESTASSERT_UV;
}

void
testassert_approve(struct buf *out, struct bytes blob,
    const struct identity *ra, X509 *officer, EVP_PKEY *key,
    struct bytes bind, const uint8_t *challenge, int64_t now)
{
	struct testassert_ask	 ask = { .flags = 0 };
	struct testassert	 made;
	struct assertion	 parts;
	struct approved		*bound = NULL;
	struct error		 e = ERROR_INIT;
	struct buf		 value = { 0 };

	NEED(approval_open(&bound, bind, &e) == 0);
	ask_for(&ask, blob, bound);
	if (challenge != NULL)
		memcpy(ask.challenge, challenge, sizeof(ask.challenge));
	testassert_make(&made, key, &ask);
	testassert_parts(&parts, &made, officer, bind);
	NEED(assertion_encode(&value, &parts, &e) == 0);
	testassert_seal(out, blob, ra, BYTES(value.p, value.len), officer,
	    now);
	testassert_clear(&made);
	buf_clear(&value);
	approval_free(&bound);
}
