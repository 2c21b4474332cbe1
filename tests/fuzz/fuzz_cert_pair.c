/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is taken as a pair as it is, and as edits of a good pair, three
 * octets each: where, and what instead.  What is taken, OpenSSL's own template
 * must read as the same certificates.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include "tests/fuzz/edited.h"
#include "tests/fuzz/must.h"
#include "x509/cert_pair.h"
#include "x509/der.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int	 LLVMFuzzerInitialize(int *, char ***);

typedef struct {
	X509	*to, *by;
} PAIR;
ASN1_SEQUENCE(PAIR) = {
	ASN1_EXP_OPT(PAIR, to, X509, 0),
	ASN1_EXP_OPT(PAIR, by, X509, 1)
} static_ASN1_SEQUENCE_END(PAIR)

static X509		*ca;
static struct buf	 good;

/* Ed25519 from a constant: the same bytes in each run. */
static EVP_PKEY *
key_of(unsigned char which)
{
	unsigned char	 seed[32];

	memset(seed, which, sizeof(seed));
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
	    sizeof(seed));
}

static X509 *
certificate(const char *subject, EVP_PKEY *key, const char *issuer,
    EVP_PKEY *issuer_key)
{
	X509	*x = X509_new();

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	ASN1_TIME_set_string_X509(X509_getm_notBefore(x), "20260101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(x), "20360101000000Z");
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)subject, -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN",
	    MBSTRING_UTF8, (const unsigned char *)issuer, -1, -1, 0);
	X509_set_pubkey(x, key);
	must(X509_sign(x, issuer_key, NULL) > 0);
	return x;
}

static void
put_half(int number, X509 *x)
{
	unsigned char	*der = NULL;
	int		 len = i2d_X509(x, &der);

	der_put(&good, (uint8_t)DER_CONTEXT_CONS(number), der, (size_t)len);
	OPENSSL_free(der);
	X509_free(x);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	EVP_PKEY	*ours = key_of(1), *theirs = key_of(2);
	size_t		 mark;

	(void)argc;
	(void)argv;
	ca = certificate("we", ours, "we", ours);
	mark = der_begin(&good, DER_SEQUENCE);
	put_half(0, certificate("we", ours, "they", theirs));
	put_half(1, certificate("they", theirs, "we", ours));
	der_end(&good, mark);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(theirs);
	return 0;
}

static int
try(struct bytes der)
{
	const unsigned char	*p = der.p;
	struct error		 e = ERROR_INIT;
	PAIR			*pair;

	if (cert_pair_check(der, ca, &e) == -1) {
		must(e.code == ERROR_INPUT && e.text[0] != '\0');
		return -1;
	}
	pair = (PAIR *)ASN1_item_d2i(NULL, &p, (long)der.len,
	    ASN1_ITEM_rptr(PAIR));
	must(pair != NULL && p == der.p + der.len);
	must(pair->to != NULL || pair->by != NULL);
	must(pair->to == NULL || X509_NAME_cmp(X509_get_subject_name(pair->to),
	    X509_get_subject_name(ca)) == 0);
	must(pair->by == NULL || X509_check_issued(ca, pair->by) == X509_V_OK);
	ASN1_item_free((ASN1_VALUE *)pair, ASN1_ITEM_rptr(PAIR));
	ERR_clear_error();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct bytes	 der = edited(&good, in, len);

	(void)try(BYTES(in, len));
	/* With nothing edited, it is one. */
	if (try(der) == -1)
		must(!bytes_equal(der, BYTES(good.p, good.len)));
	return 0;
}
