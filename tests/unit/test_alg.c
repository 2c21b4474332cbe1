/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "os/file.h"
#include "x509/alg.h"
#include "x509/key.h"

/* What the S/MIME baseline prints in 7.1.3.2.1, and RFC 4055 describes. */
#define PSS_256	"304106092a864886f70d01010a3034a00f300d0609608648016503040201" \
	"0500a11c301a06092a864886f70d010108300d06096086480165030402010500" \
	"a203020120"
#define PSS_384	"304106092a864886f70d01010a3034a00f300d0609608648016503040202" \
	"0500a11c301a06092a864886f70d010108300d06096086480165030402020500" \
	"a203020130"
#define PSS_512	"304106092a864886f70d01010a3034a00f300d0609608648016503040203" \
	"0500a11c301a06092a864886f70d010108300d06096086480165030402030500" \
	"a203020140"

static size_t
octets(uint8_t *dst, size_t size, const char *hex)
{
	struct error	 e = ERROR_INIT;
	size_t		 n;

	assert_int_equal(text_unhex(dst, size, &n, hex, &e), 0);
	return n;
}

struct row {
	const char	*hex;
	enum error_code	 code;
	const char	*text;
};

static void
check_refused(const struct row *r, bool key)
{
	const struct alg_key	*k;
	const struct alg_sig	*s;
	uint8_t			 der[200];
	struct bytes		 alg;
	struct error		 e = ERROR_INIT;
	int			 rc;

	alg = BYTES(der, octets(der, sizeof(der), r->hex));
	rc = key ? alg_key_find(&k, alg, &e) : alg_sig_find(&s, alg, &e);
	assert_int_equal(rc, -1);
	assert_string_equal(e.text, r->text);
	assert_int_equal(e.code, r->code);
}

static void
alg_sig_find_refuses_unknown_and_broken_algorithms(void **state)
{
	static const struct row	 rows[] = {
		{ "3003060100", ERROR_DENIED, "signature is not RSA, ECDSA,"
		  " Ed25519 or ML-DSA with SHA-256 or better" },
		{ "3005020101", ERROR_INPUT, "malformed algorithm identifier" },
		{ "300d06092a864886f70d0101050500", ERROR_DENIED,
		  "sha1WithRSAEncryption is refused: SHA-1 is broken" },
		{ "300d06092a864886f70d0101040500", ERROR_DENIED,
		  "md5WithRSAEncryption is refused: MD5 is broken" },
		{ "300906072a8648ce3d0401", ERROR_DENIED,
		  "ecdsa-with-SHA1 is refused: SHA-1 is broken" },
		{ "300b0609608648016503040322", ERROR_DENIED,
		  "HashML-DSA-87 is refused: RFC 9881 lets only pure ML-DSA"
		  " into certificates" },
		{ "300a06082b0601050507062d", ERROR_DENIED,
		  "MLDSA65-ECDSA-P256-SHA512 is refused: composite signatures"
		  " are still a draft, and OpenSSL has none" },
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_refused(&rows[i], false);
}

#define ABSENT " (RFC 5758, 3.2, RFC 8410, 3 and RFC 9881, 2: absent)"
#define PSS_TEXT "RSASSA-PSS parameters are not SHA-256, SHA-384 or SHA-512" \
	" for hash and mask with as long a salt (left out, they stand for" \
	" SHA-1)"

static void
alg_sig_find_refuses_wrong_parameters(void **state)
{
	static const struct row	 rows[] = {
		/* NULL left out; one too many; another type. */
		{ "300b06092a864886f70d01010b", ERROR_INPUT,
		  "sha256WithRSAEncryption with wrong parameters (RFC 4055,"
		  " 5: NULL)" },
		{ "300c06082a8648ce3d0403020500", ERROR_INPUT,
		  "ecdsa-with-SHA256 with wrong parameters" ABSENT },
		{ "300706032b65700500", ERROR_INPUT,
		  "Ed25519 with wrong parameters" ABSENT },
		{ "300d06096086480165030403120500", ERROR_INPUT,
		  "ML-DSA-65 with wrong parameters" ABSENT },
		/* RSASSA-PSS: absent, all defaults, NULL. */
		{ "300b06092a864886f70d01010a", ERROR_DENIED, PSS_TEXT },
		{ "300d06092a864886f70d01010a3000", ERROR_DENIED, PSS_TEXT },
		{ "300d06092a864886f70d01010a0500", ERROR_DENIED, PSS_TEXT },
		/* SHA-256 with a mask by SHA-1, by default. */
		{ "302306092a864886f70d01010a3016a00f300d060960864801650304"
		  "02010500a203020120", ERROR_DENIED, PSS_TEXT },
		/* A salt of 20. */
		{ "304106092a864886f70d01010a3034a00f300d060960864801650304"
		  "02010500a11c301a06092a864886f70d010108300d06096086480165"
		  "030402010500a203020114", ERROR_DENIED, PSS_TEXT },
		/* Hash and mask differ. */
		{ "304106092a864886f70d01010a3034a00f300d060960864801650304"
		  "02010500a11c301a06092a864886f70d010108300d06096086480165"
		  "030402020500a203020120", ERROR_DENIED, PSS_TEXT },
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_refused(&rows[i], false);
}

static void
alg_key_find_refuses_unknown_kinds_and_wrong_parameters(void **state)
{
	static const struct row	 rows[] = {
		{ "3003060100", ERROR_DENIED,
		  "neither RSA, EC, Ed25519 nor ML-DSA" },
		{ "300b06072a8648ce3804010500", ERROR_DENIED,
		  "DSA is refused: DSA is withdrawn (FIPS 186-5)" },
		{ "300506032b6571", ERROR_DENIED,
		  "Ed448 is refused: few clients can check it" },
		{ "300b06092a864886f70d010101", ERROR_INPUT,
		  "RSA key with wrong parameters" },
		{ "300d06092a864886f70d01010a3000", ERROR_INPUT,
		  "RSA-PSS key with wrong parameters" },
		{ PSS_256, ERROR_INPUT, "RSA-PSS key with wrong parameters" },
		{ "300706032b65700500", ERROR_INPUT,
		  "ED25519 key with wrong parameters" },
		{ "300d06096086480165030403110500", ERROR_INPUT,
		  "ML-DSA-44 key with wrong parameters" },
		{ "300906072a8648ce3d0201", ERROR_INPUT,
		  "EC key with wrong parameters" },
		{ "300b06072a8648ce3d02013000", ERROR_DENIED,
		  "EC parameters are spelled out, not a named curve (RFC"
		  " 5480, 2.1.1)" },
		/* secp256k1 */
		{ "301006072a8648ce3d020106052b8104000a", ERROR_DENIED,
		  "curve is not P-256, P-384 or P-521" },
		{ "300a06082b06010505070625", ERROR_DENIED,
		  "MLDSA44-RSA2048-PSS-SHA256 is refused: composite signatures"
		  " are still a draft, and OpenSSL has none" },
	};
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_refused(&rows[i], true);
}

static void
alg_key_named_refuses_what_is_not_a_name(void **state)
{
	static const char *const	 names[] = { "", "rsa", "rsa:1024",
		"rsa:8192", "rsa:2052", "rsa:", "rsa-pss", "ec", "ec:", "dsa",
		"ed448", "ml-dsa", "ml-dsa-45", "ml-dsa-65:1", "RSA:3072" };
	const struct alg_key		*k;
	struct error			 e;
	size_t				 i;
	int				 bits;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		error_clear(&e);
		assert_int_equal(alg_key_named(&k, &bits, names[i], &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_non_null(strstr(e.text, "key algorithm \""));
	}
}

static void
alg_key_check_says_whose_key_it_cannot_be(void **state)
{
	const struct alg_key	*k;
	struct error		 e = ERROR_INIT;
	int			 bits;

	(void)state;
	assert_int_equal(alg_key_named(&k, &bits, "ed25519", &e), 0);
	assert_int_equal(alg_key_check(k, ALG_CA, &e), 0);
	assert_int_equal(alg_key_check(k, ALG_LEAF, &e), 0);
	assert_int_equal(alg_key_check(k, ALG_OFFICER, &e), -1);
	assert_string_equal(e.text, "ed25519 cannot be used here: officers and"
	    " agents sign with CMS");
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_string_equal(e.hint, "rsa:3072, ec:P-256 or ec:P-384");
	error_clear(&e);
	assert_int_equal(alg_key_check(k, ALG_ROOT, &e), -1);
	assert_string_equal(e.text, "ed25519 cannot be used here: a root signs"
	    " what crosses the air gap with CMS");
}

/* The octets, and that a signature of each kind verifies and is refused over
 * other data, by another kind, or cut. */
static void
sign_and_verify(EVP_PKEY *key, const char *scheme, const char *hex)
{
	const struct alg_sig	*s, *found;
	struct buf		 b = { 0 }, sig = { 0 };
	struct error		 e = ERROR_INIT;
	struct bytes		 data = BYTES("hello", 5);
	char			 text[300];

	if (alg_sig_choose(&s, key, scheme, &e) == -1)
		fail_msg("%s", e.text);
	alg_sig_put(&b, s);
	assert_string_equal(text_hex(text, b.p, b.len), hex);
	assert_int_equal(alg_sig_find(&found, BYTES(b.p, b.len), &e), 0);
	assert_ptr_equal(found, s);
	assert_true(alg_sig_suits(s, key));
	assert_int_equal(alg_sign(&sig, s, key, data, &e), 0);
	assert_int_equal(alg_verify(s, key, data, BYTES(sig.p, sig.len), &e),
	    0);
	assert_int_equal(alg_verify(s, key, BYTES("hellO", 5),
	    BYTES(sig.p, sig.len), &e), -1);
	assert_string_equal(e.text, "signature does not verify");
	assert_int_equal(e.code, ERROR_CRYPTO);
	error_clear(&e);
	assert_int_equal(alg_verify(s, key, data, BYTES(sig.p, 7), &e), -1);
	assert_non_null(strstr(e.text, "signature does not verify: 7 octets"
	    " are no signature by a key of "));
	buf_clear(&b);
	buf_clear(&sig);
}

static void
each_key_signs_with_its_algorithm(void **state)
{
	static const struct {
		const char	*key, *scheme, *hex;
	} rows[] = {
		{ "rsa:2048", NULL, "300d06092a864886f70d01010b0500" },
		{ "rsa:2048", "rsa-pss", PSS_256 },
		{ "rsa:3072", "rsa-pss", PSS_256 },
		{ "rsa:4096", "rsa-pss", PSS_384 },
		{ "rsa-pss:2048", NULL, PSS_256 },
		{ "ec:P-256", NULL, "300a06082a8648ce3d040302" },
		{ "ec:P-384", NULL, "300a06082a8648ce3d040303" },
		{ "ec:P-521", "ecdsa", "300a06082a8648ce3d040304" },
		{ "ed25519", NULL, "300506032b6570" },
	};
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (key_generate(&key, rows[i].key, &e) == -1)
			fail_msg("%s", e.text);
		sign_and_verify(key, rows[i].scheme, rows[i].hex);
		EVP_PKEY_free(key);
	}
}

/* RFC 9881: no parameters; FIPS 204 has the sizes. */
static void
ml_dsa_signs_or_is_refused_with_what_to_do(void **state)
{
	static const struct {
		const char	*key, *hex;
		size_t		 octets;
	} rows[] = {
		{ "ml-dsa-44", "300b0609608648016503040311", 2420 },
		{ "ml-dsa-65", "300b0609608648016503040312", 3309 },
		{ "ml-dsa-87", "300b0609608648016503040313", 4627 },
	};
	const struct alg_key	*k;
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*key;
	size_t			 i;
	int			 bits;

	(void)state;
	for (i = 0; i < 3; i++) {
		error_clear(&e);
		assert_int_equal(alg_key_named(&k, &bits, rows[i].key, &e), 0);
		assert_int_equal(k->sig_max, rows[i].octets);
		if (alg_key_has(k)) {
			assert_int_equal(key_generate(&key, rows[i].key, &e),
			    0);
			sign_and_verify(key, NULL, rows[i].hex);
			EVP_PKEY_free(key);
			continue;
		}
		assert_int_equal(key_generate(&key, rows[i].key, &e), -1);
		assert_int_equal(e.code, ERROR_CONFIG);
		assert_non_null(strstr(e.text, "needs OpenSSL 3.5 or later,"
		    " and this is 3."));
		assert_string_equal(e.hint, "Debian 13 has it; or choose"
		    " rsa:3072 or ec:P-256");
	}
}

static void
a_scheme_is_not_used_with_a_key_of_another_kind(void **state)
{
	const struct alg_sig	*s;
	struct buf		 sig = { 0 };
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*ec, *x;
	uint8_t			 der[16];

	(void)state;
	assert_int_equal(key_generate(&ec, "ec:P-256", &e), 0);
	assert_int_equal(alg_sig_choose(&s, ec, "rsa-pss", &e), -1);
	assert_null(s);
	assert_string_equal(e.text,
	    "signature \"rsa-pss\" is not one of a ec:P-256 key");
	assert_int_equal(e.code, ERROR_CONFIG);
	error_clear(&e);
	assert_int_equal(alg_sig_find(&s, BYTES(der, octets(der, sizeof(der),
	    "300d06092a864886f70d01010b0500")), &e), 0);
	assert_false(alg_sig_suits(s, ec));
	assert_int_equal(alg_sign(&sig, s, ec, BYTES("x", 1), &e), -1);
	assert_string_equal(e.text,
	    "the key does not sign with sha256WithRSAEncryption");
	error_clear(&e);
	assert_int_equal(alg_verify(s, ec, BYTES("x", 1), BYTES("y", 1), &e),
	    -1);
	assert_string_equal(e.text, "signature does not verify: the key does"
	    " not sign with sha256WithRSAEncryption");
	assert_int_equal(e.code, ERROR_CRYPTO);
	EVP_PKEY_free(ec);
	error_clear(&e);
	x = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	assert_null(alg_key_of(x));
	assert_int_equal(alg_sig_choose(&s, x, NULL, &e), -1);
	assert_string_equal(e.text,
	    "no signature algorithm for this kind of key");
	EVP_PKEY_free(x);
}

/* A PKCS#1 v1.5 signature is none by PSS, though the key is the same. */
static void
the_padding_is_part_of_the_algorithm(void **state)
{
	const struct alg_sig	*plain, *pss;
	struct buf		 sig = { 0 };
	struct bytes		 data = BYTES("hello", 5);
	struct error		 e = ERROR_INIT;
	EVP_PKEY		*key;

	(void)state;
	assert_int_equal(key_generate(&key, "rsa:2048", &e), 0);
	assert_int_equal(alg_sig_choose(&plain, key, "rsa", &e), 0);
	assert_int_equal(alg_sig_choose(&pss, key, "rsa-pss", &e), 0);
	assert_int_equal(alg_sign(&sig, plain, key, data, &e), 0);
	assert_int_equal(alg_verify(pss, key, data, BYTES(sig.p, sig.len),
	    &e), -1);
	assert_string_equal(e.text, "signature does not verify");
	error_clear(&e);
	sig.len = 0;
	assert_int_equal(alg_sign(&sig, pss, key, data, &e), 0);
	assert_int_equal(alg_verify(plain, key, data, BYTES(sig.p, sig.len),
	    &e), -1);
	assert_string_equal(e.text, "signature does not verify");
	buf_clear(&sig);
	EVP_PKEY_free(key);
}

/* Each key's own SubjectPublicKeyInfo leads back to its row. */
static void
alg_key_find_knows_the_keys_that_are_made(void **state)
{
	static const char *const	 names[] = { "rsa:2048", "rsa-pss:2048",
		"ec:P-256", "ec:P-384", "ec:P-521", "ed25519" };
	const struct alg_key		*k;
	struct error			 e = ERROR_INIT;
	struct buf			 der = { 0 };
	EVP_PKEY			*key;
	size_t				 i, head;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(key_generate(&key, names[i], &e), 0);
		der.len = 0;
		assert_int_equal(key_public_der(&der, key, &e), 0);
		head = der.p[1] < 0x80 ? 2 : 2 + (der.p[1] & 0x7f);
		if (alg_key_find(&k, BYTES(der.p + head, der.p[head + 1] + 2u),
		    &e) == -1)
			fail_msg("%s: %s", names[i], e.text);
		assert_ptr_equal(k, alg_key_of(key));
		assert_memory_equal(k->name, names[i], strlen(k->name));
		EVP_PKEY_free(key);
	}
	buf_clear(&der);
}

/*
 * doc/algorithms.md: a line for each row, and no line without one.
 */
static const char *
params_text(enum alg_params p)
{
	static const char *const	 text[] = { [ALG_ABSENT] = "absent",
		[ALG_NULL] = "NULL", [ALG_CURVE] = "the curve",
		[ALG_PSS] = "RSASSA-PSS-params" };

	return text[p];
}

static void
put_uses(struct buf *b, unsigned int uses)
{
	static const char *const	 names[] =
	    { "root", "CA", "holder", "officer" };
	const char			*comma = "";
	size_t				 i;

	for (i = 0; i < 4; i++)
		if ((uses >> i & 1) != 0) {
			buf_printf(b, "%s%s", comma, names[i]);
			comma = ", ";
		}
}

static void
put_key_line(struct buf *b, const struct alg_key *k)
{
	buf_printf(b, "| `%s%s` | %s | %s | ", k->name,
	    k->min != 0 ? ":BITS" : "", k->oid,
	    k->curve != NULL ? k->curve : params_text(k->params));
	if (k->min != 0)
		buf_printf(b, "%d to %d bits | as the modulus | ", k->min,
		    k->max);
	else if (k->sig_min == k->sig_max)
		buf_printf(b, "%zu octets | %zu | ", k->octets, k->sig_max);
	else
		buf_printf(b, "%zu octets | %zu to %zu | ", k->octets,
		    k->sig_min, k->sig_max);
	put_uses(b, k->uses);
	buf_printf(b, " | %s |\n", k->since != NULL ? k->since : "3.0");
}

static void
put_lines(struct buf *b)
{
	const struct alg_key		*k;
	const struct alg_sig		*s;
	const struct alg_refused	*r;
	size_t				 i, n;

	k = alg_keys(&n);
	for (i = 0; i < n; i++)
		put_key_line(b, &k[i]);
	s = alg_sigs(&n);
	for (i = 0; i < n; i++)
		buf_printf(b, "| %s | %s | %s | %s | `%s` |\n", s[i].name,
		    s[i].oid, params_text(s[i].params),
		    s[i].hash != NULL ? s[i].hash->name : "its own",
		    s[i].scheme);
	r = alg_refused(&n);
	for (i = 0; i < n; i++)
		buf_printf(b, "| %s | %s | %s |\n", r[i].name, r[i].oid,
		    r[i].why);
}

/* The rows of the page's tables: what has an identifier in it. */
static void
page_lines(struct buf *out, char *text)
{
	char	*line;

	while ((line = strsep(&text, "\n")) != NULL)
		if (line[0] == '|' && (strstr(line, "| 1.") != NULL ||
		    strstr(line, "| 2.") != NULL))
			buf_printf(out, "%s\n", line);
}

static void
the_page_for_people_has_the_same_tables(void **state)
{
	const char	*src = getenv("srcdir");
	char		*path = mem_printf("%s/doc/algorithms.md",
			    src == NULL ? "." : src);
	struct buf	 page = { 0 }, want = { 0 }, have = { 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	put_lines(&want);
	if (file_load(&page, path, 1 << 20, &e) == -1)
		fail_msg("%s", e.text);
	buf_byte(&page, '\0');
	page_lines(&have, (char *)page.p);
	assert_string_equal(buf_cstr(&have), buf_cstr(&want));
	buf_clear(&page);
	buf_clear(&want);
	buf_clear(&have);
	mem_free(&path);
}

static void
alg_hashes_are_sha_2(void **state)
{
	const struct alg_hash	*h;
	size_t			 i, n;

	(void)state;
	h = alg_hashes(&n);
	assert_int_equal(n, 3);
	for (i = 0; i < n; i++)
		assert_int_equal(EVP_MD_get_size(h[i].md()), h[i].size);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(alg_sig_find_refuses_unknown_and_broken_algorithms),
		cmocka_unit_test(alg_sig_find_refuses_wrong_parameters),
		cmocka_unit_test(alg_key_find_refuses_unknown_kinds_and_wrong_parameters),
		cmocka_unit_test(alg_key_named_refuses_what_is_not_a_name),
		cmocka_unit_test(alg_key_check_says_whose_key_it_cannot_be),
		cmocka_unit_test(a_scheme_is_not_used_with_a_key_of_another_kind),
		cmocka_unit_test(the_padding_is_part_of_the_algorithm),
		cmocka_unit_test(each_key_signs_with_its_algorithm),
		cmocka_unit_test(ml_dsa_signs_or_is_refused_with_what_to_do),
		cmocka_unit_test(alg_key_find_knows_the_keys_that_are_made),
		cmocka_unit_test(alg_hashes_are_sha_2),
		cmocka_unit_test(the_page_for_people_has_the_same_tables),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
