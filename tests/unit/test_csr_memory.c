/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A weak key stays refused, and one that others know, whichever of OpenSSL's
 * allocations fails while it is looked at; and it is taken for no other type, and
 * what it signs is a signature.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>
#include "base/digest.h"
#include "base/text.h"
#include "os/file.h"
#include "x509/alg.h"
#include "x509/blocklist.h"
#include "tests/lib/testpki.h"
#include "x509/cert.h"
#include "x509/csr.h"
#include "x509/key.h"
#include "x509/key_pieces.h"
#include "x509/signed.h"
#include "x509/tls_sign.h"

/* Of the allocations since the last arm(); none of them: 0. */
static unsigned long	 calls, failing;

static void
arm(unsigned long n)
{
	calls = 0;
	failing = n;
}

static void *
take(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size == 0 || ++calls == failing)
		return NULL;
	return malloc(size);
}

static void *
retake(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size != 0 && ++calls == failing)
		return NULL;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, size);
}

static void
give(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static EVP_PKEY *
key_of(const BIGNUM *n)
{
	OSSL_PARAM_BLD	*b = OSSL_PARAM_BLD_new();
	BIGNUM		*exponent = BN_new();
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY	*key = NULL;
	OSSL_PARAM	*params;

	assert_int_equal(BN_set_word(exponent, 65537), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E,
	    exponent), 1);
	assert_non_null(params = OSSL_PARAM_BLD_to_param(b));
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY,
	    params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(ctx);
	BN_free(exponent);
	return key;
}

/* The first look fetches what OpenSSL then keeps. */
static void
stays_refused(const BIGNUM *n)
{
	EVP_PKEY	*key = key_of(n);
	struct error	 e = ERROR_INIT;
	unsigned long	 i, all;

	arm(0);
	assert_int_equal(csr_check_key(key, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	arm(0);
	assert_int_equal(csr_check_key(key, &e), -1);
	all = calls;
	assert_true(all > 0);
	for (i = 1; i <= all; i++) {
		arm(i);
		error_clear(&e);
		assert_int_equal(csr_check_key(key, &e), -1);
		assert_int_not_equal(e.code, ERROR_NONE);
		ERR_clear_error();
	}
	arm(0);
	EVP_PKEY_free(key);
}

/* 751 is in the last of the products of primes that the modulus is divided by. */
static void
csr_check_key_refuses_a_small_factor_without_memory(void **state)
{
	BIGNUM	*n = BN_new();

	(void)state;
	assert_int_equal(BN_generate_prime_ex(n, 2038, 0, NULL, NULL, NULL), 1);
	assert_int_equal(BN_set_bit(n, 2036), 1);
	assert_int_equal(BN_mul_word(n, 751), 1);
	assert_int_equal(BN_num_bits(n), 2048);
	stays_refused(n);
	BN_free(n);
}

static void
csr_check_key_refuses_close_primes_without_memory(void **state)
{
	BN_CTX	*ctx = BN_CTX_new();
	BIGNUM	*p = BN_new(), *q = BN_new(), *n = BN_new();

	(void)state;
	assert_int_equal(BN_generate_prime_ex(p, 1024, 0, NULL, NULL, NULL), 1);
	assert_non_null(BN_copy(q, p));
	do
		assert_int_equal(BN_add_word(q, 2), 1);
	while (BN_check_prime(q, ctx, NULL) != 1);
	assert_int_equal(BN_mul(n, p, q, ctx), 1);
	stays_refused(n);
	BN_free(p);
	BN_free(q);
	BN_free(n);
	BN_CTX_free(ctx);
}

static void
csr_check_key_refuses_a_prime_without_memory(void **state)
{
	BIGNUM	*n = BN_new();

	(void)state;
	assert_int_equal(BN_generate_prime_ex(n, 2048, 0, NULL, NULL, NULL), 1);
	stays_refused(n);
	BN_free(n);
}

/* A digest without memory ends the process (base/digest.h). */
static bool
is_let_through(const struct blocklist *l, EVP_PKEY *key, unsigned long n)
{
	struct error	 e = ERROR_INIT;
	pid_t		 pid = fork();
	int		 status;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(STDERR_FILENO);
		arm(n);
		_exit(blocklist_check(l, key, &e) == 0 ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

static void
stays_known(const char *list, EVP_PKEY *key, enum blocklist_kind kind)
{
	char			 path[] = "/tmp/memory.XXXXXX";
	struct blocklist_draft	 d = { 0 };
	struct blocklist	*l;
	struct buf		 out = { 0 };
	struct error		 e = ERROR_INIT;
	int			 fd = mkstemp(path);
	unsigned long		 i, all;

	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(blocklist_read(&d, BYTES(list, strlen(list)), kind, &e),
	    0);
	blocklist_encode(&out, &d);
	assert_int_equal(file_store(path, out.p, out.len, 0600, &e), 0);
	assert_int_equal(blocklist_open(&l, path, &e), 0);
	assert_int_equal(blocklist_check(l, key, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	arm(0);
	assert_int_equal(blocklist_check(l, key, &e), -1);
	all = calls;
	assert_true(all > 0);
	for (i = 1; i <= all; i++)
		assert_false(is_let_through(l, key, i));
	arm(0);
	blocklist_close(&l);
	blocklist_draft_clear(&d);
	buf_clear(&out);
	unlink(path);
}

static void
a_key_that_others_know_is_not_let_through_without_memory(void **state)
{
	uint8_t		 digest[32], raw[300];
	char		 hex[65], *mod, *line;
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*rsa, *ec, *ed;
	BIGNUM		*n = NULL;
	size_t		 len;

	(void)state;
	assert_int_equal(key_generate(&rsa, "rsa:2048", &e), 0);
	assert_int_equal(key_generate(&ec, "ec:P-256", &e), 0);
	assert_int_equal(key_generate(&ed, "ed25519", &e), 0);
	assert_int_equal(key_digest(digest, rsa, &e), 0);
	stays_known(text_hex(hex, digest, 32), rsa, BLOCKLIST_SPKI);
	assert_int_equal(key_digest(digest, ed, &e), 0);
	stays_known(text_hex(hex, digest, 32), ed, BLOCKLIST_SPKI);

	assert_int_equal(EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n),
	    1);
	digest_sha256(digest, raw, (size_t)BN_bn2bin(n, raw));
	stays_known(text_hex(hex, digest, 32), rsa, BLOCKLIST_NUMBER);
	assert_int_equal(EVP_PKEY_get_octet_string_param(ec,
	    OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof(raw), &len), 1);
	digest_sha256(digest, raw + 1, 32);
	stays_known(text_hex(hex, digest, 32), ec, BLOCKLIST_NUMBER);

	assert_non_null(mod = BN_bn2hex(n));
	line = mem_printf("Modulus=%s\n", mod);
	digest_sha1(digest, line, strlen(line));
	stays_known(text_hex(hex, digest, 20), rsa, BLOCKLIST_MODULUS);
	mem_free(&line);
	OPENSSL_free(mod);
	BN_free(n);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(ed);
}

/* What takes no memory does not miss it. */
static void
the_type_of_a_key_is_known_without_memory(void **state)
{
	static const struct {
		const char	*make, *type;
	} all[] = {
		{ "rsa:2048", "RSA" }, { "rsa-pss:2048", "RSA-PSS" },
		{ "ec:P-256", "EC" }, { "ed25519", "ED25519" },
	};
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;

	(void)state;
	assert_false(alg_key_is(NULL, "RSA"));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(key_generate(&key, all[i].make, &e), 0);
		arm(0);
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
			assert_int_equal(alg_key_is(key, all[k].type), i == k);
		assert_int_equal(calls, 0);
		EVP_PKEY_free(key);
	}
}

/* ---- signatures ---- */

static const uint8_t	 text[32] = "what is signed";
static uint8_t		 text_digest[32];

static int
sign_at_once(struct buf *out, const struct identity *id, struct error *e)
{
	return key_sign(out, id->key, BYTES(text, sizeof(text)), e);
}

static int
sign_one_of_many(struct buf *out, const struct identity *id, struct error *e)
{
	const struct alg_sig	*how;
	struct alg_signer	*s;
	int			 rc;

	if (alg_sig_choose(&how, id->key, NULL, e) == -1 ||
	    alg_signer_open(&s, how, id->key, e) == -1)
		return -1;
	rc = alg_signer_sign(s, out, BYTES(text, sizeof(text)), e);
	alg_signer_close(&s);
	return rc;
}

static int
sign_pieces(struct buf *out, const struct identity *id, struct error *e)
{
	const struct alg_sig	*how;
	struct key_pieces	*k = NULL;
	int			 rc = -1;

	if (alg_sig_choose(&how, id->key, NULL, e) == 0 &&
	    key_pieces_sign(&k, how, id->key, e) == 0 &&
	    key_pieces_add(k, BYTES(text, sizeof(text)), e) == 0)
		rc = key_pieces_end_sign(k, out, e);
	key_pieces_free(&k);
	return rc;
}

static int
sign_handshake(struct buf *out, const struct identity *id, struct error *e)
{
	return tls_sign(out, id->key, 0x0403, BYTES(text_digest,
	    sizeof(text_digest)), e);
}

static int
sign_cms(struct buf *out, const struct identity *id, struct error *e)
{
	return signed_make(out, BYTES(text, sizeof(text)), 1600000000, id, e);
}

static int
verify_cms(const struct identity *id, struct bytes made, struct error *e)
{
	struct buf	 content = { 0 };
	X509		*by = NULL;
	int		 rc = signed_open(&content, &by, NULL, made, e);

	if (rc == 0 && (!cert_is_same(by, id->cert) || !bytes_equal(BYTES(
	    content.p, content.len), BYTES(text, sizeof(text)))))
		rc = -1;
	X509_free(by);
	buf_clear(&content);
	return rc;
}

static int
verify(const struct identity *id, struct bytes made, struct error *e)
{
	return key_verify(id->key, BYTES(text, sizeof(text)), made, e);
}

/* 0 if there is an error or a signature. */
static int
sign_without(int (*sign)(struct buf *, const struct identity *,
    struct error *), const struct identity *id, unsigned long n)
{
	struct buf	 out = { 0 };
	struct error	 e = ERROR_INIT;
	int		 rc, bad;

	arm(n);
	rc = sign(&out, id, &e);
	arm(0);
	if (rc == -1)
		bad = e.code == ERROR_NONE || out.len != 0;
	else
		bad = out.len > (1 << 16) || (sign == sign_cms ? verify_cms :
		    verify)(id, BYTES(out.p, out.len), &e) == -1;
	buf_clear(&out);
	return bad;
}

/* In children, since a digest may end the process. */
static void
signs_or_fails(int (*sign)(struct buf *, const struct identity *,
    struct error *), const struct identity *id, unsigned long each)
{
	struct buf	 out = { 0 };
	struct error	 e = ERROR_INIT;
	unsigned long	 i, all;
	int		 status;
	pid_t		 pid;

	assert_int_equal(sign_without(sign, id, 0), 0);
	arm(0);
	assert_int_equal(sign(&out, id, &e), 0);
	all = calls;
	buf_clear(&out);
	for (i = 1; i <= all; i += each) {
		assert_int_not_equal(pid = fork(), -1);
		if (pid == 0) {
			close(STDERR_FILENO);
			_exit(sign_without(sign, id, i));
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0 && (!WIFSIGNALED(status) ||
		    WTERMSIG(status) != SIGABRT))
			fail_msg("allocation %lu: status %d", i, status);
	}
}

static void
a_signature_is_whole_or_there_is_none_without_memory(void **state)
{
	struct testpki	 pki;
	struct identity	 id;

	(void)state;
	arm(0);
	digest_sha256(text_digest, text, sizeof(text));
	testpki_init(&pki, 1600000000);
	testpki_identity(&id, &pki, "P-256", "signer", NULL, NULL);
	signs_or_fails(sign_at_once, &id, 1);
	signs_or_fails(sign_one_of_many, &id, 1);
	signs_or_fails(sign_pieces, &id, 1);
	signs_or_fails(sign_handshake, &id, 1);
	/* It makes some thousands. */
	signs_or_fails(sign_cms, &id, 7);
	testpki_identity_clear(&id);
	testpki_clear(&pki);
}

/* ---- extensions ---- */

static void
an_extension_is_not_taken_for_none_without_memory(void **state)
{
	struct testpki	 pki;
	struct identity	 id;
	struct error	 e = ERROR_INIT;
	void		*usage;
	unsigned long	 i, all;

	(void)state;
	arm(0);
	testpki_init(&pki, 1600000000);
	testpki_identity(&id, &pki, "P-256", "officer", NULL, OID_ROLE_OFFICER);
	assert_int_equal(cert_find_ext(&usage, id.cert, NID_info_access, &e),
	    0);
	assert_null(usage);
	arm(0);
	assert_int_equal(cert_find_ext(&usage, id.cert, NID_ext_key_usage, &e),
	    1);
	all = calls;
	EXTENDED_KEY_USAGE_free(usage);
	assert_true(all > 0);
	for (i = 1; i <= all; i++) {
		arm(i);
		if (cert_find_ext(&usage, id.cert, NID_ext_key_usage, &e) == 1)
			EXTENDED_KEY_USAGE_free(usage);
		else
			assert_int_equal(e.code, ERROR_INPUT);
		error_clear(&e);
	}
	arm(0);
	testpki_identity_clear(&id);
	testpki_clear(&pki);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    csr_check_key_refuses_a_small_factor_without_memory),
		cmocka_unit_test(
		    csr_check_key_refuses_close_primes_without_memory),
		cmocka_unit_test(csr_check_key_refuses_a_prime_without_memory),
		cmocka_unit_test(
		    a_key_that_others_know_is_not_let_through_without_memory),
		cmocka_unit_test(the_type_of_a_key_is_known_without_memory),
		cmocka_unit_test(
		    a_signature_is_whole_or_there_is_none_without_memory),
		cmocka_unit_test(
		    an_extension_is_not_taken_for_none_without_memory),
	};

	if (CRYPTO_set_mem_functions(take, retake, give) != 1)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
