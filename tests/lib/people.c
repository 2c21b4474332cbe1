/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people CA.pem CA.key PASSPHRASE COUNT
 *
 * Certificates for mail of that many holders, "p0000001" and so on, signed by
 * the CA, as rows that psql's COPY cert (...) FROM stdin takes.  All have one
 * key: what publishes and checks them does not mind, and making keys takes
 * longer than all the rest.  Made with OpenSSL alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "base/text.h"
#include "tests/lib/testpki.h"
#include "x509/key.h"

#define YEAR	(365L * 86400)

static void
die(const char *what)
{
	fprintf(stderr, "people: %s\n", what);
	exit(1);
}

static void
add_ext(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
	X509_EXTENSION	*ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);

	if (ext == NULL || X509_add_ext(x, ext, -1) != 1)
		die(value);
	X509_EXTENSION_free(ext);
}

static X509 *
make(X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *key, long n)
{
	unsigned char	 serial[16], name[64];
	X509V3_CTX	 ctx;
	X509		*x = X509_new();
	ASN1_INTEGER	*number;
	BIGNUM		*bn;
	char		 san[64];

	if (RAND_bytes(serial, sizeof(serial)) != 1)
		die("random");
	serial[0] = (serial[0] & 0x3f) | 0x40;
	bn = BN_bin2bn(serial, sizeof(serial), NULL);
	number = BN_to_ASN1_INTEGER(bn, NULL);
	X509_set_version(x, 2);
	X509_set_serialNumber(x, number);
	ASN1_INTEGER_free(number);
	BN_free(bn);
	snprintf((char *)name, sizeof(name), "Person N%07ld", n);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(ca));
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), YEAR);
	X509_set_pubkey(x, key);
	X509V3_set_ctx(&ctx, ca, x, NULL, NULL, 0);
	add_ext(x, &ctx, NID_key_usage, "critical,keyAgreement");
	add_ext(x, &ctx, NID_ext_key_usage, "emailProtection");
	snprintf(san, sizeof(san), "email:p%07ld@example.org", n);
	add_ext(x, &ctx, NID_subject_alt_name, san);
	if (X509_sign(x, ca_key, EVP_sha256()) <= 0)
		die("sign");
	return x;
}

static void
print_row(X509 *x, long n)
{
	unsigned char		*der = NULL;
	const ASN1_INTEGER	*serial = X509_get0_serialNumber(x);
	int			 len = i2d_X509(x, &der);
	char			*hex = mem_alloc(2 * (size_t)len + 1);
	char			 number[64];
	time_t			 now = time(NULL);
	char			 from[TEXT_TIME_SIZE], to[TEXT_TIME_SIZE];

	text_hex(hex, der, (size_t)len);
	text_hex(number, ASN1_STRING_get0_data(serial),
	    (size_t)ASN1_STRING_length(serial));
	printf("people\t\\\\x%s\t\\\\x%032lx\t0\tmail-encrypt\tp%07ld\t"
	    "CN=Person N%07ld\t\\\\x%064lx\t%s\t%s\t\\\\x%s\t%s\n", number,
	    n, n, n, n, text_time(from, now - 3600), text_time(to, now + YEAR),
	    hex, from);
	mem_free(&hex);
	OPENSSL_free(der);
}

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	X509		*ca = NULL, *x;
	EVP_PKEY	*ca_key = NULL, *key = testpki_key("P-256");
	long		 n, count = argc == 5 ? strtol(argv[4], NULL, 10) : 0;

	if (count < 1)
		die("usage: people CA.pem CA.key PASSPHRASE COUNT");
	if (cert_load(&ca, argv[1], &e) == -1 ||
	    key_load(&ca_key, argv[2], argv[3], &e) == -1)
		die(e.text);
	for (n = 1; n <= count; n++) {
		x = make(ca, ca_key, key, n);
		print_row(x, n);
		X509_free(x);
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	X509_free(ca);
	return 0;
}
