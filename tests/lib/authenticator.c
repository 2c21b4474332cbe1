/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authenticator in software, and an RA that is owned, for scripts:
 *
 *	authenticator key ALG OUT		ALG: P-256, ed25519, rsa
 *	authenticator register KEY RP ORIGIN	the JSON of a browser
 *	authenticator digest BLOB		what an assertion signs, in hex
 *	authenticator seal BLOB OUT KEY RP ORIGIN HEX FLAGS OFFICER BIND
 *	    RAKEY RACERT CHAIN	the order with the RA's signature around the
 *				assertion; BIND -: without one
 *
 * Nothing is checked: that is what those who read it are for.
 */
#include <stdio.h>
#include <string.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include "base/text.h"
#include "order/approval.h"
#include "os/file.h"
#include "tests/lib/testassert.h"
#include "tests/lib/testpki.h"

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
print_digest(const char *path)
{
	struct error	 e = ERROR_INIT;
	struct buf	 blob = { 0 };
	struct approved	*a = NULL;
	char		 hex[65];

	if (file_load(&blob, path, ORDER_MAX, &e) == -1 ||
	    approval_open(&a, BYTES(blob.p, blob.len), &e) == -1)
		return fail(e.text);
	puts(text_hex(hex, a->digest, sizeof(a->digest)));
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
	struct buf		 bind = { 0 };
	EVP_PKEY		*key;
	int			 rc;

	if (strcmp(arg[6], "-") == 0)
		return 0;
	if ((key = key_read(arg[0])) == NULL || text_unhex(ask.challenge,
	    sizeof(ask.challenge), NULL, arg[3], &e) == -1 ||
	    text_unhex(&ask.flags, 1, NULL, arg[4], &e) == -1 ||
	    file_load(&bind, arg[6], ASSERTION_BIND_MAX, &e) == -1)
		return fail("key, challenge, flags or bind order");
	testassert_make(&made, key, &ask);
	testassert_parts(&parts, &made, officer, BYTES(bind.p, bind.len));
	rc = assertion_encode(out, &parts, &e);
	testassert_clear(&made);
	buf_clear(&bind);
	EVP_PKEY_free(key);
	return rc;
}

static int
seal(char **arg)
{
	struct error	 e = ERROR_INIT;
	struct buf	 blob = { 0 }, out = { 0 }, value = { 0 };
	struct identity	 ra = { .key = key_read(arg[9]),
			    .cert = cert_read(arg[10]) };
	X509		*officer = cert_read(arg[7]), *chain;
	int		 rc = 1;

	ra.chain = sk_X509_new_null();
	if ((chain = cert_read(arg[11])) != NULL)
		sk_X509_push(ra.chain, chain);
	if (ra.key == NULL || ra.cert == NULL || officer == NULL ||
	    file_load(&blob, arg[0], ORDER_MAX, &e) == -1 ||
	    attribute(&value, arg + 2, officer) != 0)
		return fail("something cannot be read");
	testassert_seal(&out, BYTES(blob.p, blob.len), &ra,
	    BYTES(value.p, value.len), officer, clock_now(&clock_system));
	if (file_store(arg[1], out.p, out.len, 0600, &e) == 0)
		rc = 0;
	sk_X509_pop_free(ra.chain, X509_free);
	X509_free(ra.cert);
	X509_free(officer);
	EVP_PKEY_free(ra.key);
	buf_clear(&blob);
	buf_clear(&out);
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
		return print_digest(argv[2]);
	if (strcmp(verb, "seal") == 0 && argc == 14)
		return seal(argv + 2);
	return fail("usage: see its source");
}
