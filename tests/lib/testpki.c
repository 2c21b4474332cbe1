/* SPDX-License-Identifier: Apache-2.0 */
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include "tests/lib/testpki.h"

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "testpki: %s failed\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

EVP_PKEY *
testpki_key(const char *alg)
{
	EVP_PKEY	*key;

	if (strcmp(alg, "rsa") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else if (strcmp(alg, "rsa:3072") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
	else if (strcmp(alg, "ed25519") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", alg);
	must(key != NULL, "key generation");
	return key;
}

EVP_PKEY *
testpki_public(EVP_PKEY *key)
{
	unsigned char		*der = NULL;
	const unsigned char	*p;
	EVP_PKEY		*pub;
	int			 n = i2d_PUBKEY(key, &der);

	must(n > 0, "i2d_PUBKEY");
	p = der;
	pub = d2i_PUBKEY(NULL, &p, n);
	must(pub != NULL, "d2i_PUBKEY");
	OPENSSL_free(der);
	return pub;
}

static void
name_add(X509_NAME *name, const char *attr, const char *value)
{
	must(X509_NAME_add_entry_by_txt(name, attr, MBSTRING_UTF8,
	    (const unsigned char *)value, -1, -1, 0) == 1, attr);
}

static void
extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX	 ctx;
	X509_EXTENSION	*ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(ext != NULL, value);
	must(X509_add_ext(cert, ext, -1) == 1, "X509_add_ext");
	X509_EXTENSION_free(ext);
}

static void
serial_set(X509 *cert, long serial)
{
	unsigned char	 raw[16];
	BIGNUM		*bn;

	if (serial != 0) {
		must(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial) == 1,
		    "serial");
		return;
	}
	must(RAND_bytes(raw, sizeof(raw)) == 1, "RAND_bytes");
	raw[0] = (raw[0] & 0x7f) | 0x40;
	bn = BN_bin2bn(raw, sizeof(raw), NULL);
	must(bn != NULL && BN_to_ASN1_INTEGER(bn,
	    X509_get_serialNumber(cert)) != NULL, "serial");
	BN_free(bn);
}

static void
subject_set(X509 *cert, const struct testpki_spec *spec)
{
	X509_NAME	*name = X509_get_subject_name(cert);

	name_add(name, "C", "SE");
	name_add(name, "O", "Test");
	if (spec->person != NULL)
		name_add(name, "serialNumber", spec->person);
	name_add(name, "CN", spec->name);
}

static void
extensions_set(X509 *cert, X509 *issuer, const struct testpki_spec *spec)
{
	extension_add(cert, issuer, NID_basic_constraints,
	    spec->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extension_add(cert, issuer, NID_key_usage,
	    spec->is_ca ? "critical,keyCertSign,cRLSign" :
	    "critical,digitalSignature");
	extension_add(cert, issuer, NID_subject_key_identifier, "hash");
	extension_add(cert, issuer, NID_authority_key_identifier,
	    "keyid:always");
	if (spec->eku != NULL)
		extension_add(cert, issuer, NID_ext_key_usage, spec->eku);
}

X509 *
testpki_cert(const struct testpki *pki, const struct testpki_spec *spec,
    EVP_PKEY *subject_key, X509 *issuer, EVP_PKEY *issuer_key)
{
	EVP_PKEY	*pub = testpki_public(subject_key);
	X509		*cert = X509_new();
	int64_t		 from, to;

	from = spec->not_before != 0 ? spec->not_before : pki->now - 3600;
	to = spec->not_after != 0 ? spec->not_after :
	    pki->now + 365 * TESTPKI_DAY;
	must(cert != NULL && X509_set_version(cert, 2) == 1, "X509_new");
	serial_set(cert, spec->serial);
	subject_set(cert, spec);
	must(X509_set_issuer_name(cert, X509_get_subject_name(
	    issuer != NULL ? issuer : cert)) == 1, "issuer");
	must(ASN1_TIME_set(X509_getm_notBefore(cert), from) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(cert), to) != NULL, "validity");
	must(X509_set_pubkey(cert, pub) == 1, "X509_set_pubkey");
	extensions_set(cert, issuer != NULL ? issuer : cert, spec);
	must(X509_sign(cert, issuer_key,
	    EVP_PKEY_is_a(issuer_key, "ED25519") ? NULL : EVP_sha256()) > 0,
	    "X509_sign");
	EVP_PKEY_free(pub);
	return cert;
}

static X509 *
ca_make(struct testpki *pki, const char *name, int64_t days, EVP_PKEY *key,
    X509 *issuer, EVP_PKEY *issuer_key)
{
	struct testpki_spec	 spec = { 0 };

	spec.name = name;
	spec.is_ca = true;
	spec.not_before = pki->now - TESTPKI_DAY;
	spec.not_after = pki->now + days * TESTPKI_DAY;
	return testpki_cert(pki, &spec, key, issuer, issuer_key);
}

static void
stack_add(STACK_OF(X509) *stack, X509 *cert)
{
	must(X509_up_ref(cert) == 1 && sk_X509_push(stack, cert) > 0,
	    "sk_X509_push");
}

void
testpki_init(struct testpki *pki, int64_t now)
{
	const char	*people = getenv("SIGNET_PEOPLE_KEY");

	memset(pki, 0, sizeof(*pki));
	pki->now = now;
	pki->root_key = testpki_key("P-256");
	pki->services_key = testpki_key("P-256");
	pki->people_key = testpki_key(people != NULL ? people : "P-256");
	pki->root = ca_make(pki, "Test Root", 3650, pki->root_key, NULL,
	    pki->root_key);
	pki->services = ca_make(pki, "Test Services CA", 3000,
	    pki->services_key, pki->root, pki->root_key);
	pki->people = ca_make(pki, "Test People CA", 3000, pki->people_key,
	    pki->root, pki->root_key);
	pki->anchors = sk_X509_new_null();
	pki->intermediates = sk_X509_new_null();
	must(pki->anchors != NULL && pki->intermediates != NULL, "stack");
	stack_add(pki->anchors, pki->root);
	stack_add(pki->intermediates, pki->services);
	stack_add(pki->intermediates, pki->people);
}

void
testpki_clear(struct testpki *pki)
{
	sk_X509_pop_free(pki->anchors, X509_free);
	sk_X509_pop_free(pki->intermediates, X509_free);
	X509_free(pki->root);
	X509_free(pki->services);
	X509_free(pki->people);
	EVP_PKEY_free(pki->root_key);
	EVP_PKEY_free(pki->services_key);
	EVP_PKEY_free(pki->people_key);
	memset(pki, 0, sizeof(*pki));
}

void
testpki_identity_of(struct identity *id, const struct testpki *pki,
    X509 *cert, EVP_PKEY *key)
{
	must(X509_up_ref(cert) == 1 && EVP_PKEY_up_ref(key) == 1, "reference");
	id->cert = cert;
	id->key = key;
	id->chain = sk_X509_new_null();
	must(id->chain != NULL, "stack");
	stack_add(id->chain, pki->services);
	stack_add(id->chain, pki->root);
}

void
testpki_identity(struct identity *id, const struct testpki *pki,
    const char *alg, const char *name, const char *person, const char *eku)
{
	struct testpki_spec	 spec = { 0 };
	EVP_PKEY		*key = testpki_key(alg);
	X509			*cert;

	spec.name = name;
	spec.person = person;
	spec.eku = eku;
	cert = testpki_cert(pki, &spec, key, pki->services, pki->services_key);
	testpki_identity_of(id, pki, cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void
testpki_identity_clear(struct identity *id)
{
	sk_X509_pop_free(id->chain, X509_free);
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
	memset(id, 0, sizeof(*id));
}

void
testpki_cert_der(struct buf *out, X509 *cert)
{
	unsigned char	*der = NULL;
	int		 n;

	if (cert == NULL)
		return;
	must((n = i2d_X509(cert, &der)) > 0, "encode a certificate");
	buf_add(out, der, (size_t)n);
	OPENSSL_free(der);
}

void
testpki_write_cert(const char *path, X509 *cert)
{
	FILE	*f = fopen(path, "w");

	must(f != NULL && PEM_write_X509(f, cert) == 1 && fclose(f) == 0,
	    path);
}

void
testpki_write_key(const char *path, EVP_PKEY *key)
{
	FILE	*f = fopen(path, "w");

	must(f != NULL && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL,
	    NULL) == 1 && fclose(f) == 0, path);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
testpki_remove_tree(const char *dir)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
