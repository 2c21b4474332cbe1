/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authenticator in software, and an RA that is owned, for scripts:
 *
 *	authenticator key ALG OUT		ALG: P-256, ed25519, rsa
 *	authenticator register KEY RP ORIGIN	the JSON of a browser
 *	authenticator digest BLOB		what an assertion signs, in hex
 *	authenticator challenge BLOB		as a browser writes it
 *	authenticator seal BLOB OUT KEY RP ORIGIN HEX FLAGS OFFICER BIND
 *	    RAKEY RACERT CHAIN COUNTER CLIENT EXTRA
 *				the order with the RA's signature around the
 *				assertion; BIND -: without one; CLIENT: a file,
 *				or -; EXTRA: hex, after authenticatorData
 *	authenticator replay BLOB OUT FROM OFFICER RAKEY RACERT CHAIN
 *				the same with the assertion in FROM
 *
 * Nothing is checked: that is what those who read it are for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include "base/text.h"
#include "order/approval.h"
#include "os/file.h"
#include "tests/lib/testassert.h"
#include "tests/lib/testpki.h"
#include "x509/oid.h"

static int
fail(const char *what)
{
	fprintf(stderr, "authenticator: %s\n", what);
	return 1;
}

static EVP_PKEY *
key_read(const char *path)
{
	FILE		*f = fopen(path, "r");
	EVP_PKEY	*key = NULL;

	if (f != NULL) {
		key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
		fclose(f);
	}
	return key;
}

static X509 *
cert_read(const char *path)
{
	FILE	*f = fopen(path, "r");
	X509	*x = NULL;

	if (f != NULL) {
		x = PEM_read_X509(f, NULL, NULL, NULL);
		fclose(f);
	}
	return x;
}

static int
make_key(const char *alg, const char *out)
{
	EVP_PKEY	*key = testpki_key(alg);

	testpki_write_key(out, key);
	EVP_PKEY_free(key);
	return 0;
}

static int
make_registration(const char *path, const char *rp_id, const char *origin)
{
	static const uint8_t	 challenge[32] = "an RA made this up";
	EVP_PKEY		*key = key_read(path);
	char			*json;

	if (key == NULL)
		return fail("no key");
	json = testassert_register(key, rp_id, origin, challenge,
	    sizeof(challenge));
	puts(json);
	mem_free(&json);
	EVP_PKEY_free(key);
	return 0;
}

static int
print_digest(const char *path, bool hex)
{
	struct error	 e = ERROR_INIT;
	struct buf	 blob = { 0 };
	struct approved	*a = NULL;
	char		 digits[65], *text;

	if (file_load(&blob, path, ORDER_MAX, &e) == -1 ||
	    approval_open(&a, BYTES(blob.p, blob.len), &e) == -1)
		return fail(e.text);
	text = testassert_base64url(a->digest, sizeof(a->digest));
	puts(hex ? text_hex(digits, a->digest, sizeof(a->digest)) : text);
	mem_free(&text);
	approval_free(&a);
	buf_clear(&blob);
	return 0;
}

/* The attribute; nothing if there is to be none. */
static int
attribute(struct buf *out, char **arg, X509 *officer)
{
	struct testassert_ask	 ask = { .rp_id = arg[1], .origin = arg[2] };
	struct testassert	 made;
	struct assertion	 parts;
	struct error		 e = ERROR_INIT;
	struct buf		 bind = { 0 }, client = { 0 };
	uint8_t			 extra[64];
	EVP_PKEY		*key;
	int			 rc;

	if (strcmp(arg[6], "-") == 0)
		return 0;
	if ((key = key_read(arg[0])) == NULL || text_unhex(ask.challenge,
	    sizeof(ask.challenge), NULL, arg[3], &e) == -1 ||
	    text_unhex(&ask.flags, 1, NULL, arg[4], &e) == -1 ||
	    file_load(&bind, arg[6], ASSERTION_BIND_MAX, &e) == -1 ||
	    (strcmp(arg[11], "-") != 0 && file_load(&client, arg[11],
	    ASSERTION_MAX, &e) == -1) || (arg[12][0] != '\0' && text_unhex(
	    extra, sizeof(extra), &ask.extra.len, arg[12], &e) == -1))
		return fail("key, challenge, flags or bind order");
	ask.counter = (uint8_t)strtol(arg[10], NULL, 10);
	ask.extra.p = extra;
	ask.client = client.len > 0 ? buf_cstr(&client) : NULL;
	testassert_make(&made, key, &ask);
	testassert_parts(&parts, &made, officer, BYTES(bind.p, bind.len));
	rc = assertion_encode(out, &parts, &e);
	testassert_clear(&made);
	buf_clear(&bind);
	buf_clear(&client);
	EVP_PKEY_free(key);
	return rc;
}

/* The order in arg[0] into arg[1]; ra: key, certificate, chain. */
static int
seal(char **arg, const struct buf *value, X509 *officer, char **ra)
{
	struct error	 e = ERROR_INIT;
	struct buf	 blob = { 0 }, out = { 0 };
	struct identity	 id = { .key = key_read(ra[0]),
			    .cert = cert_read(ra[1]) };
	X509		*chain;
	int		 rc = 1;

	id.chain = sk_X509_new_null();
	if ((chain = cert_read(ra[2])) != NULL)
		sk_X509_push(id.chain, chain);
	if (id.key == NULL || id.cert == NULL || officer == NULL ||
	    file_load(&blob, arg[0], ORDER_MAX, &e) == -1)
		return fail("something cannot be read");
	testassert_seal(&out, BYTES(blob.p, blob.len), &id,
	    BYTES(value->p, value->len), officer, clock_now(&clock_system));
	if (file_store(arg[1], out.p, out.len, 0600, &e) == 0)
		rc = 0;
	sk_X509_pop_free(id.chain, X509_free);
	X509_free(id.cert);
	EVP_PKEY_free(id.key);
	buf_clear(&blob);
	buf_clear(&out);
	return rc;
}

static int
seal_new(char **arg)
{
	struct buf	 value = { 0 };
	X509		*officer = cert_read(arg[7]);
	int		 rc = 1;

	if (officer == NULL)
		return fail("no certificate");
	if (attribute(&value, arg + 2, officer) == 0)
		rc = seal(arg, &value, officer, arg + 9);
	X509_free(officer);
	buf_clear(&value);
	return rc;
}

/* What an officer's browser sent once, as it stands in that order. */
static void
take_attribute(struct buf *out, const struct buf *from)
{
	const unsigned char		*p = from->p;
	CMS_ContentInfo			*cms = d2i_CMS_ContentInfo(NULL, &p,
					    (long)from->len);
	ASN1_OBJECT			*oid = OBJ_txt2obj(OID_ASSERTION, 1);
	STACK_OF(CMS_SignerInfo)	*all = cms != NULL ?
					    CMS_get0_SignerInfos(cms) : NULL;
	const ASN1_STRING		*s;
	int				 i;

	for (i = 0; i < sk_CMS_SignerInfo_num(all); i++) {
		s = CMS_signed_get0_data_by_OBJ(sk_CMS_SignerInfo_value(all,
		    i), oid, -1, V_ASN1_SEQUENCE);
		if (s != NULL)
			buf_add(out, ASN1_STRING_get0_data(s),
			    (size_t)ASN1_STRING_length(s));
	}
	ASN1_OBJECT_free(oid);
	CMS_ContentInfo_free(cms);
}

static int
replay(char **arg)
{
	struct error	 e = ERROR_INIT;
	struct buf	 from = { 0 }, value = { 0 };
	X509		*officer = cert_read(arg[3]);
	int		 rc;

	if (file_load(&from, arg[2], ORDER_MAX, &e) == 0)
		take_attribute(&value, &from);
	rc = value.len > 0 ? seal(arg, &value, officer, arg + 4) :
	    fail("no assertion");
	X509_free(officer);
	buf_clear(&from);
	buf_clear(&value);
	return rc;
}

int
main(int argc, char *argv[])
{
	const char	*verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "key") == 0 && argc == 4)
		return make_key(argv[2], argv[3]);
	if (strcmp(verb, "register") == 0 && argc == 5)
		return make_registration(argv[2], argv[3], argv[4]);
	if (strcmp(verb, "digest") == 0 && argc == 3)
		return print_digest(argv[2], true);
	if (strcmp(verb, "challenge") == 0 && argc == 3)
		return print_digest(argv[2], false);
	if (strcmp(verb, "seal") == 0 && argc == 17)
		return seal_new(argv + 2);
	if (strcmp(verb, "replay") == 0 && argc == 9)
		return replay(argv + 2);
	return fail("usage: see its source");
}
