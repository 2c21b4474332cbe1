/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/rsa.h>
#include "os/file.h"
#include "tests/lib/softhsm.h"
#include "tests/unit/x509_fixture.h"
#include "x509/alg.h"
#include "x509/csr.h"
#include "x509/key.h"
#include "x509/signed.h"
#include "x509/token.h"

#define MESSAGE	BYTES("hello", 5)

struct tokens {
	struct x509_fixture	*f;
	char			 dir[40];
	char			*pin, *wrong;
};

static int
setup(void **state)
{
	struct tokens	*t = mem_alloc(sizeof(*t));

	snprintf(t->dir, sizeof(t->dir), "/tmp/test_token.XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	softhsm_setup(t->dir);
	x509_fixture_setup((void **)&t->f);
	t->pin = mem_printf("file:%s/pin", t->dir);
	t->wrong = mem_printf("file:%s/wrong", t->dir);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct tokens		*t = *state;
	const char *const	 argv[] = { "rm", "-rf", t->dir, NULL };

	assert_int_equal(softhsm_run(argv), 0);
	x509_fixture_teardown((void **)&t->f);
	mem_free(&t->pin);
	mem_free(&t->wrong);
	mem_free(&t);
	return 0;
}

/* A new key in a token. */
static EVP_PKEY *
make_key(const struct tokens *t, const char *uri, const char *alg)
{
	struct error		 e = ERROR_INIT;
	struct token_key	*k;
	EVP_PKEY		*key = NULL;

	if (token_key_new(&k, uri, t->pin, &e) == -1 ||
	    token_key_generate(k, alg, &e) == -1 ||
	    token_key_pkey(k, &key, &e) == -1)
		fail_msg("%s: %s", uri, e.text);
	token_key_free(&k);
	return key;
}

/* As a key of OpenSSL's own. */
static EVP_PKEY *
public_half(EVP_PKEY *key)
{
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	const unsigned char	*p;
	EVP_PKEY		*pub;

	assert_int_equal(key_public_der(&der, key, &e), 0);
	p = der.p;
	assert_non_null(pub = d2i_PUBKEY(NULL, &p, (long)der.len));
	buf_clear(&der);
	return pub;
}

/* What it signs verifies with the public key alone. */
static void
check_signs(EVP_PKEY *key)
{
	struct error	 e = ERROR_INIT;
	struct buf	 sig = { 0 };
	EVP_PKEY	*pub = public_half(key);

	if (key_sign(&sig, key, MESSAGE, &e) == -1 ||
	    key_verify(pub, MESSAGE, BYTES(sig.p, sig.len), &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(EVP_PKEY_eq(pub, key), 1);
	EVP_PKEY_free(pub);
	buf_clear(&sig);
}

static void
fails_to_load(const char *uri, const char *pin_from, enum error_code code,
    const char *text, const char *hint)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = (EVP_PKEY *)-1;

	assert_int_equal(key_load(&key, uri, pin_from, &e), -1);
	assert_null(key);
	if (strstr(e.text, text) == NULL || strstr(e.hint, hint) == NULL)
		fail_msg("says \"%s\", hint \"%s\"", e.text, e.hint);
	assert_int_equal(e.code, code);
}

static void
a_uri_must_not_carry_the_pin(void **state)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;

	(void)state;
	assert_false(token_is_uri("file:pkcs11"));
	assert_int_equal(key_load(&key, "pkcs11:token=t?pin-value=4711", NULL,
	    &e), -1);
	assert_string_equal(e.text, "a PKCS#11 URI must not hold the PIN");
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_null(strstr(e.hint, "4711"));
}

static void
a_uri_that_is_not_understood_is_refused(void **state)
{
	char	 longest[1100] = "pkcs11:token=";

	(void)state;
	memset(longest + strlen(longest), 'x', sizeof(longest) - 1 -
	    strlen(longest));
	longest[sizeof(longest) - 1] = '\0';
	fails_to_load("pkcs11:token=%zz", NULL, ERROR_CONFIG,
	    "not a PKCS#11 URI", "like pkcs11:token=LABEL");
	fails_to_load("pkcs11:tokn=people;object=x", NULL, ERROR_CONFIG,
	    "pkcs11:tokn=people;object=x has an attribute that is not known",
	    "token= serial= object= id=");
	fails_to_load("pkcs11:token=people?pin-source=|cat%20x", NULL,
	    ERROR_CONFIG, "pin-source=|cat x is not a file",
	    "pin-source=file:/PATH");
	fails_to_load(longest, NULL, ERROR_CONFIG,
	    "PKCS#11 URI longer than 1024 characters", "");
}

static void
settings_name_the_module_of_a_uri_that_names_none(void **state)
{
	static const struct {
		const char	*uri, *module, *is;
	} rows[] = {
		{ "pkcs11:token=a", "/m.so", "pkcs11:token=a?module-path=/m.so" },
		{ "pkcs11:token=a?pin-source=/p", "/a b&c",
		  "pkcs11:token=a?pin-source=/p&module-path=/a%20b%26c" },
		{ "pkcs11:token=a?module-path=/n", "/m.so",
		  "pkcs11:token=a?module-path=/n" },
		{ "pkcs11:token=a", NULL, "pkcs11:token=a" },
		{ "file:/key", "/m.so", "file:/key" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char	*uri = key_uri(rows[i].uri, rows[i].module);

		assert_string_equal(uri, rows[i].is);
		mem_free(&uri);
	}
}

static void
a_module_that_is_none_is_named(void **state)
{
	(void)state;
	fails_to_load("pkcs11:token=people?module-path=/nosuch/module.so",
	    NULL, ERROR_CONFIG, "pkcs11:token=people: load PKCS#11 module: "
	    "/nosuch/module.so: cannot open", "setting pkcs11_module");
	fails_to_load("pkcs11:token=people?module-path=libm.so.6",
	    NULL, ERROR_CONFIG, "libm.so.6 is no PKCS#11 module",
	    "setting pkcs11_module");
}

static void
a_missing_token_or_key_is_named_with_what_is_there(void **state)
{
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct token_key	*k;
	EVP_PKEY		*key;
	X509			*cert;

	fails_to_load("pkcs11:token=nosuch;object=x", t->pin, ERROR_UPSTREAM,
	    "pkcs11:token=nosuch;object=x: no such token in module /",
	    "tokens there: ");
	fails_to_load("pkcs11:object=x", t->pin, ERROR_CONFLICT,
	    "2 tokens fit", "add token=LABEL");
	assert_int_equal(token_key_new(&k, "pkcs11:token=nosuch;object=x",
	    t->pin, &e), 0);
	assert_int_equal(token_key_cert(k, &cert, &e), -1);
	assert_null(cert);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_int_equal(token_key_pkey(k, &key, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	token_key_free(&k);
	fails_to_load("pkcs11:token=people;object=nosuch", t->pin,
	    ERROR_NOTFOUND, "token people has no such private key",
	    "pkcs11-tool --module");
}

static void
a_wrong_pin_is_tried_once(void **state)
{
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct token_key	*k;
	int			 i;

	fails_to_load("pkcs11:token=people;object=x", NULL, ERROR_CONFIG,
	    "the token asks for a PIN and no source of it is set",
	    "--passphrase prompt");
	assert_int_equal(token_key_new(&k, "pkcs11:token=people;object=x",
	    t->wrong, &e), 0);
	assert_int_equal(token_key_open(k, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "token people refuses the PIN "
	    "(CKR_PIN_INCORRECT), "));
	assert_non_null(strstr(e.text, "tries"));
	assert_non_null(strstr(e.hint, "it is not tried again"));
	for (i = 0; i < 3; i++) {
		error_clear(&e);
		assert_int_equal(token_key_open(k, &e), -1);
		assert_non_null(strstr(e.text, "token people refused the PIN "
		    "before; it is not tried again"));
	}
	token_key_free(&k);
}

static void
a_key_is_made_in_the_token_and_cannot_be_read_out(void **state)
{
	static const struct {
		const char	*uri, *alg;
	} rows[] = {
		{ "pkcs11:token=people;object=rsa", "rsa:3072" },
		{ "pkcs11:token=people;object=p256", "ec:P-256" },
		{ "pkcs11:token=services;object=p384;id=%07", "ec:P-384" },
	};
	struct tokens	*t = *state;
	struct error	 e = ERROR_INIT;
	struct buf	 b = { 0 };
	EVP_PKEY	*key;
	size_t		 i;
	char		 alg[16];

	for (i = 0; i < 3; i++) {
		key = make_key(t, rows[i].uri, rows[i].alg);
		assert_string_equal(key_algorithm(key, alg), rows[i].alg);
		check_signs(key);
		assert_int_equal(key_store("/nonexistent/x", key, NULL, &e),
		    -1);
		assert_int_equal(key_encode(&b, key, NULL, &e), -1);
		assert_int_equal(b.len, 0);
		assert_non_null(token_key_of(key));
		EVP_PKEY_free(key);
		assert_int_equal(key_load(&key, rows[i].uri, t->pin, &e), 0);
		check_signs(key);
		EVP_PKEY_free(key);
	}
	assert_null(token_key_of(t->f->ca_key));
	buf_clear(&b);
}

static void
a_key_that_is_there_is_not_made_again(void **state)
{
	static const char	 uri[] = "pkcs11:token=people;object=once";
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct token_key	*k;

	EVP_PKEY_free(make_key(t, uri, "ec:P-256"));
	assert_int_equal(token_key_new(&k, uri, t->pin, &e), 0);
	assert_int_equal(token_key_generate(k, "ec:P-256", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "token people has such a key already"));
	assert_int_equal(token_key_generate(k, "ec:P-521", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "\"ec:P-521\" for a token is not"));
	token_key_free(&k);
	assert_int_equal(token_key_new(&k, "pkcs11:token=people", t->pin, &e),
	    0);
	error_clear(&e);
	assert_int_equal(token_key_generate(k, "ec:P-256", &e), -1);
	assert_non_null(strstr(e.text, "a new key needs a label"));
	token_key_free(&k);
}

static void
two_keys_of_one_name_are_told_apart_by_id_only(void **state)
{
	struct tokens	*t = *state;
	EVP_PKEY	*a, *b;

	a = make_key(t, "pkcs11:token=people;object=twin;id=%01", "ec:P-256");
	b = make_key(t, "pkcs11:token=people;object=twin;id=%02", "ec:P-256");
	assert_int_equal(EVP_PKEY_eq(a, b), 0);
	fails_to_load("pkcs11:token=people;object=twin", t->pin,
	    ERROR_CONFLICT, "token people has 2 private keys that fit",
	    "add id=%NN to the URI");
	check_signs(a);
	check_signs(b);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

static void
a_key_says_what_it_is_once_it_was_found(void **state)
{
	static const char	 want[] = "pkcs11:token=people;";
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct token_info	 info;
	struct token_key	*k;
	EVP_PKEY		*key, *again;

	key = make_key(t, "pkcs11:token=people;object=info;id=%0A%0B",
	    "ec:P-256");
	assert_int_equal(token_key_new(&k, "pkcs11:token=nosuch;object=info",
	    t->pin, &e), 0);
	assert_int_equal(token_key_info(k, &info, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(e.text, "no such token"));
	assert_null(info.uri);
	token_info_clear(&info);
	token_key_free(&k);
	error_clear(&e);
	assert_int_equal(token_key_new(&k, "pkcs11:object=x?module-path="
	    "/nosuch.so", t->pin, &e), 0);
	assert_int_equal(token_key_load_module(k, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	token_key_free(&k);

	error_clear(&e);
	k = token_key_of(key);
	assert_int_equal(token_key_load_module(k, &e), 0);
	assert_int_equal(token_key_info(k, &info, &e), 0);
	assert_string_equal(info.label, "people");
	assert_int_equal(strlen(info.serial), 16);
	assert_memory_equal(info.model, "SoftHSM", 7);
	assert_false(info.readable);
	assert_string_equal(info.module, softhsm_module());
	assert_memory_equal(info.uri, want, strlen(want));
	assert_non_null(strstr(info.uri, "id=%0A%0B"));
	assert_non_null(strstr(info.uri, "object=info"));
	assert_int_equal(key_load(&again, info.uri, t->pin, &e), 0);
	assert_int_equal(EVP_PKEY_eq(key, again), 1);
	token_info_clear(&info);
	EVP_PKEY_free(again);
	EVP_PKEY_free(key);
}

static void
the_pin_comes_from_the_source_in_the_uri(void **state)
{
	struct tokens	*t = *state;
	char		*uri;
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = make_key(t, "pkcs11:token=services;object=src",
		    "ec:P-256");

	EVP_PKEY_free(key);
	uri = mem_printf("pkcs11:token=services;object=src"
	    "?pin-source=file:%s/pin", t->dir);
	if (key_load(&key, uri, t->wrong, &e) == -1)
		fail_msg("%s", e.text);
	check_signs(key);
	EVP_PKEY_free(key);
	mem_free(&uri);
	uri = mem_printf("pkcs11:token=services;object=src"
	    "?pin-source=%s/nosuch", t->dir);
	fails_to_load(uri, NULL, ERROR_NOTFOUND, "nosuch", "");
	mem_free(&uri);
}

/* PKCS#10, CMS and RSA-PSS: all that others do with a key. */
static void
openssl_uses_it_like_any_other_key(void **state)
{
	static const char	*uris[] = {
		"pkcs11:token=people;object=rsa",
		"pkcs11:token=people;object=p256",
		"pkcs11:token=services;object=p384",
	};
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	size_t			 i;

	for (i = 0; i < 3; i++) {
		struct identity	 id = { 0 };
		struct fields	 fields = { 0 };
		struct cert_spec s = { 0 };
		struct buf	 der = { 0 }, pem = { 0 }, text = { 0 };
		struct csr	*csr = NULL;
		X509		*signer = NULL;

		assert_int_equal(key_load(&id.key, uris[i], t->pin, &e), 0);
		if (csr_make(&der, id.key, "A Token", &e) == -1 ||
		    csr_parse(&csr, BYTES(der.p, der.len), &e) == -1)
			fail_msg("%s: %s", uris[i], e.text);
		s.profile = x509_fixture_profile(t->f, "officer");
		s.issuer = &t->f->services;
		s.fields = &fields;
		x509_fixture_fields(&fields,
		    x509_fixture_fields_for("officer"));
		id.cert = x509_fixture_issue(&s, t->f->ca_key, id.key,
		    &t->f->rng, NULL);
		assert_true(key_matches(id.cert, id.key));
		assert_false(key_matches(t->f->ca_cert, id.key));
		if (signed_make(&pem, MESSAGE, NOW, &id, &e) == -1 ||
		    signed_open(&text, &signer, NULL, BYTES(pem.p, pem.len),
		    &e) == -1)
			fail_msg("%s: %s", uris[i], e.text);
		assert_int_equal(X509_cmp(signer, id.cert), 0);
		X509_free(signer);
		csr_free(&csr);
		fields_clear(&fields);
		identity_free(&id);
		buf_clear(&der);
		buf_clear(&pem);
		buf_clear(&text);
	}
}

static int
sign_pss(EVP_PKEY *key, int salt, unsigned char *sig, size_t *len)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX	*pctx = NULL;
	int		 ok;

	ok = EVP_DigestSignInit(ctx, &pctx, EVP_sha384(), NULL, key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1 &&
	    EVP_DigestSign(ctx, sig, len, (const unsigned char *)"hello",
	    5) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

static void
an_rsa_key_signs_with_pss_too(void **state)
{
	struct tokens	*t = *state;
	struct error	 e = ERROR_INIT;
	unsigned char	 sig[512];
	size_t		 len = sizeof(sig);
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX	*pctx = NULL;
	EVP_PKEY	*key, *pub;
	struct buf	 der = { 0 };
	const struct alg_sig *alg;

	assert_int_equal(key_load(&key, "pkcs11:token=people;object=rsa",
	    t->pin, &e), 0);
	assert_int_equal(alg_sig_choose(&alg, key, "rsa-pss", &e), 0);
	pub = public_half(key);
	if (alg_sign(&der, alg, key, MESSAGE, &e) == -1 ||
	    alg_verify(alg, pub, MESSAGE, BYTES(der.p, der.len), &e) == -1)
		fail_msg("%s", e.text);
	EVP_PKEY_free(pub);
	buf_clear(&der);
	assert_int_equal(sign_pss(key, 20, sig, &len), 0);
	assert_int_equal(sign_pss(key, RSA_PSS_SALTLEN_DIGEST, sig, &len), 1);
	pub = public_half(key);
	assert_int_equal(EVP_DigestVerifyInit(ctx, &pctx, EVP_sha384(), NULL,
	    pub), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pctx,
	    RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(EVP_DigestVerify(ctx, sig, len,
	    (const unsigned char *)"hello", 5), 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pub);
	EVP_PKEY_free(key);
}

static void
a_digest_that_tokens_do_not_take_is_refused(void **state)
{
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct token_key	*k;
	struct buf		 sig = { 0 };
	uint8_t			 digest[20] = { 0 };

	assert_int_equal(token_key_new(&k, "pkcs11:token=people;object=rsa",
	    t->pin, &e), 0);
	assert_int_equal(token_key_open(k, &e), 0);
	assert_int_equal(token_key_sign(k, EVP_sha1(), BYTES(digest, 20),
	    TOKEN_PKCS1, &sig, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "not SHA1"));
	error_clear(&e);
	assert_int_equal(token_key_sign(k, EVP_sha256(), BYTES(digest, 20),
	    TOKEN_PKCS1, &sig, &e), -1);
	assert_non_null(strstr(e.text, " of 20 bytes"));
	assert_int_equal(sig.len, 0);
	token_key_free(&k);
}

static void
a_key_signs_again_after_its_token_was_away(void **state)
{
	struct tokens	*t = *state;
	struct error	 e = ERROR_INIT, why = ERROR_INIT;
	struct buf	 sig = { 0 };
	EVP_PKEY	*rsa, *ec;

	assert_int_equal(key_load(&rsa, "pkcs11:token=people;object=rsa",
	    t->pin, &e), 0);
	assert_int_equal(key_load(&ec, "pkcs11:token=services;object=p384",
	    t->pin, &e), 0);
	softhsm_unplug(t->dir);
	assert_int_equal(key_sign(&sig, rsa, MESSAGE, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(e.text, "sign: pkcs11:token=people;object=rsa: "
	    "no such token"));
	assert_int_equal(key_sign(&sig, ec, MESSAGE, &e), -1);
	token_key_failure(token_key_of(ec), &why);
	assert_int_equal(why.code, ERROR_UPSTREAM);
	assert_int_equal(key_error(ec, &e, "sign list"), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_int_equal(strncmp(e.text, "sign list: pkcs11:", 18), 0);
	softhsm_plug(t->dir);
	check_signs(ec);
	check_signs(rsa);
	token_key_failure(token_key_of(ec), &why);
	assert_int_equal(why.code, ERROR_NONE);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	buf_clear(&sig);
}

/* Begun anew by one, the module has forgotten the sessions of the other, and
 * gives their numbers to somebody else. */
static void
a_module_begun_anew_for_one_key_does_not_mix_up_another(void **state)
{
	struct tokens	*t = *state;
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*a, *b, *none;
	int		 i;

	assert_int_equal(key_load(&a, "pkcs11:token=people;object=p256",
	    t->pin, &e), 0);
	assert_int_equal(key_load(&b, "pkcs11:token=services;object=src",
	    t->pin, &e), 0);
	for (i = 0; i < 3; i++) {
		assert_int_equal(key_load(&none, "pkcs11:token=nosuch;object=x",
		    t->pin, &e), -1);
		check_signs(b);
		check_signs(a);
	}
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

static void
another_key_under_the_same_name_is_not_used(void **state)
{
	static const char	 uri[] = "pkcs11:token=people;object=swap;id=%09";
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct buf		 sig = { 0 };
	EVP_PKEY		*key = make_key(t, uri, "ec:P-256"), *other;
	const char *const	 gone[] = { "--delete-object", "--type",
		"privkey", "--id", "09", NULL };
	const char *const	 pub[] = { "--delete-object", "--type",
		"pubkey", "--id", "09", NULL };

	check_signs(key);
	assert_int_equal(softhsm_tool("people", gone), 0);
	assert_int_equal(softhsm_tool("people", pub), 0);
	assert_int_equal(key_sign(&sig, key, MESSAGE, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	other = make_key(t, uri, "ec:P-256");
	assert_int_equal(key_sign(&sig, key, MESSAGE, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "has another key under this name than "
	    "before"));
	check_signs(other);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	buf_clear(&sig);
}

#define THREADS	4

struct job {
	EVP_PKEY	*key, *pub;
};

static void *
sign_often(void *arg)
{
	struct job	*j = arg;
	struct error	 e = ERROR_INIT;
	struct buf	 sig = { 0 };
	size_t		 i, good = 0;

	for (i = 0; i < 25; i++) {
		sig.len = 0;
		good += key_sign(&sig, j->key, MESSAGE, &e) == 0 &&
		    key_verify(j->pub, MESSAGE, BYTES(sig.p, sig.len),
		    &e) == 0;
	}
	buf_clear(&sig);
	return (void *)good;
}

static void
several_threads_sign_at_once(void **state)
{
	struct tokens	*t = *state;
	struct error	 e = ERROR_INIT;
	pthread_t	 thread[THREADS];
	void		*good;
	struct job	 job;
	size_t		 i;

	assert_int_equal(key_load(&job.key, "pkcs11:token=people;object=p256",
	    t->pin, &e), 0);
	job.pub = public_half(job.key);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, sign_often,
		    &job), 0);
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &good), 0);
		assert_int_equal((size_t)good, 25);
	}
	EVP_PKEY_free(job.pub);
	EVP_PKEY_free(job.key);
}

/* An officer's card: key and certificate under one id. */
static void
a_certificate_is_found_beside_its_key(void **state)
{
	static const char	 uri[] = "pkcs11:token=services;object=card";
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct identity		 id;
	struct fields		 fields = { 0 };
	struct cert_spec	 s = { 0 };
	EVP_PKEY		*key;
	X509			*cert;
	struct buf		 der = { 0 };
	char			*path = mem_printf("%s/card.der", t->dir);
	const char *const	 put[] = { "--write-object", path, "--type",
		"cert", "--label", "card", "--id", "05", NULL };

	key = make_key(t, "pkcs11:token=services;object=card;id=%05",
	    "ec:P-256");
	assert_int_equal(identity_load(&id, uri, NULL, t->pin, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_non_null(strstr(e.text, "token services has no certificate "
	    "with the key's id or label"));
	assert_non_null(strstr(e.hint, "--cert FILE"));
	s.profile = x509_fixture_profile(t->f, "officer");
	s.issuer = &t->f->services;
	s.fields = &fields;
	x509_fixture_fields(&fields, x509_fixture_fields_for("officer"));
	cert = x509_fixture_issue(&s, t->f->ca_key, key, &t->f->rng, &der);
	assert_int_equal(file_store(path, der.p, der.len, 0600, &e), 0);
	assert_int_equal(softhsm_tool("services", put), 0);
	if (identity_load(&id, uri, NULL, t->pin, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(X509_cmp(id.cert, cert), 0);
	identity_free(&id);
	fields_clear(&fields);
	X509_free(cert);
	EVP_PKEY_free(key);
	buf_clear(&der);
	mem_free(&path);
}

static void
a_pin_fetched_early_is_not_asked_for_later(void **state)
{
	struct tokens		*t = *state;
	struct error		 e = ERROR_INIT;
	struct token_key	*k;
	char			*once = mem_printf("%s/once", t->dir);
	char			*from = mem_printf("file:%s", once);

	assert_int_equal(token_key_new(&k, "pkcs11:token=people;object=rsa",
	    from, &e), 0);
	assert_int_equal(token_key_fetch_pin(k, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_int_equal(file_store(once, "1234\n", 5, 0600, &e), 0);
	error_clear(&e);
	assert_int_equal(token_key_fetch_pin(k, &e), 0);
	assert_int_equal(unlink(once), 0);
	assert_int_equal(token_key_open(k, &e), 0);
	token_key_free(&k);
	mem_free(&from);
	mem_free(&once);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_uri_must_not_carry_the_pin),
		cmocka_unit_test(a_uri_that_is_not_understood_is_refused),
		cmocka_unit_test(
		    settings_name_the_module_of_a_uri_that_names_none),
		cmocka_unit_test(a_module_that_is_none_is_named),
		cmocka_unit_test(
		    a_missing_token_or_key_is_named_with_what_is_there),
		cmocka_unit_test(a_wrong_pin_is_tried_once),
		cmocka_unit_test(
		    a_key_is_made_in_the_token_and_cannot_be_read_out),
		cmocka_unit_test(a_key_that_is_there_is_not_made_again),
		cmocka_unit_test(
		    two_keys_of_one_name_are_told_apart_by_id_only),
		cmocka_unit_test(a_key_says_what_it_is_once_it_was_found),
		cmocka_unit_test(the_pin_comes_from_the_source_in_the_uri),
		cmocka_unit_test(openssl_uses_it_like_any_other_key),
		cmocka_unit_test(an_rsa_key_signs_with_pss_too),
		cmocka_unit_test(a_digest_that_tokens_do_not_take_is_refused),
		cmocka_unit_test(a_key_signs_again_after_its_token_was_away),
		cmocka_unit_test(
		    a_module_begun_anew_for_one_key_does_not_mix_up_another),
		cmocka_unit_test(another_key_under_the_same_name_is_not_used),
		cmocka_unit_test(several_threads_sign_at_once),
		cmocka_unit_test(a_certificate_is_found_beside_its_key),
		cmocka_unit_test(a_pin_fetched_early_is_not_asked_for_later),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
