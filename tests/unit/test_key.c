/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include "base/text.h"
#include "os/file.h"
#include "tests/unit/x509_fixture.h"
#include "x509/key.h"
#include "x509/key_pieces.h"

extern char	**environ;

struct keys {
	struct x509_fixture	*f;
	char			*dir, *pass_from;
	EVP_PKEY		*key;
	X509			*cert;
};

/* dir/name, kept until the next four calls. */
static const char *
in(const struct keys *k, const char *name)
{
	static char	 path[4][200];
	static int	 next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", k->dir, name);
	return path[next];
}

static void
put(const struct keys *k, const char *name, const void *p, size_t n,
    mode_t mode)
{
	struct error	 e = ERROR_INIT;

	if (file_store(in(k, name), p, n, mode, &e) == -1)
		fail_msg("%s", e.text);
}

static void
put_certs(const struct keys *k, const char *name, X509 *a, X509 *b)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p;
	long	 n;

	PEM_write_bio_X509(bio, a);
	if (b != NULL)
		PEM_write_bio_X509(bio, b);
	n = BIO_get_mem_data(bio, &p);
	put(k, name, p, (size_t)n, 0644);
	BIO_free(bio);
}

static int
setup(void **state)
{
	struct keys		*k = mem_alloc(sizeof(*k));
	struct fields		 fields = { 0 };
	struct cert_spec	 s = { 0 };
	struct error		 e = ERROR_INIT;
	char			 path[] = "/tmp/test_key.XXXXXX";

	assert_non_null(mkdtemp(path));
	k->dir = mem_strdup(path);
	x509_fixture_setup((void **)&k->f);
	assert_int_equal(key_generate(&k->key, "ec:P-256", &e), 0);
	s.profile = x509_fixture_profile(k->f, "officer");
	s.issuer = &k->f->services;
	s.fields = &fields;
	x509_fixture_fields(&fields, x509_fixture_fields_for("officer"));
	k->cert = x509_fixture_issue(&s, k->f->ca_key, k->key, &k->f->rng,
	    NULL);
	fields_clear(&fields);
	put(k, "pass", "correct horse\n", 14, 0600);
	put(k, "wrong", "battery\n", 8, 0600);
	k->pass_from = mem_printf("file:%s", in(k, "pass"));
	*state = k;
	return 0;
}

static int
run(char *const argv[])
{
	posix_spawn_file_actions_t	 quiet;
	pid_t				 pid;
	int				 status;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) != 0)
		return -1;
	posix_spawn_file_actions_destroy(&quiet);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN(...)	run((char *const[]){ __VA_ARGS__, NULL })
#define S(text)		((char *)(uintptr_t)(text))

static int
teardown(void **state)
{
	struct keys	*k = *state;

	assert_int_equal(RUN(S("rm"), S("-rf"), k->dir), 0);
	EVP_PKEY_free(k->key);
	X509_free(k->cert);
	x509_fixture_teardown((void **)&k->f);
	mem_free(&k->dir);
	mem_free(&k->pass_from);
	mem_free(&k);
	return 0;
}

static void
key_generate_refuses_what_no_profile_takes(void **state)
{
	static const struct {
		const char	*alg, *text;
	} rows[] = {
		{ "rsa:2052", "key algorithm \"rsa:2052\": not a multiple of 8"
		  " bits" },
		{ "ec:P-192", "key algorithm \"ec:P-192\": curve is not P-256,"
		  " P-384 or P-521" },
		{ "dsa", "key algorithm \"dsa\" is not rsa:BITS, rsa-pss:BITS,"
		  " ec:CURVE, ed25519 or ml-dsa-N" },
	};
	EVP_PKEY	*key;
	struct error	 e;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		error_clear(&e);
		assert_int_equal(key_generate(&key, rows[i].alg, &e), -1);
		assert_null(key);
		assert_string_equal(e.text, rows[i].text);
		assert_int_equal(e.code, ERROR_INPUT);
	}
	error_clear(&e);
	assert_int_equal(key_generate(&key, "rsa:1024", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "key algorithm \"rsa:1024\": "));
}

/* S/MIME baseline 7.1.3.2 prints these octets. */
static void
signature_algorithms_are_those_of_the_smime_baseline(void **state)
{
	static const struct {
		const char	*alg, *der;
	} rows[] = {
		{ "rsa:2048", "300d06092a864886f70d01010b0500" },
		{ "ec:P-256", "300a06082a8648ce3d040302" },
		{ "ec:P-384", "300a06082a8648ce3d040303" },
		{ "ec:P-521", "300a06082a8648ce3d040304" },
		{ "ed25519", "300506032b6570" },
	};
	struct bytes	 data = BYTES("hello", 5);
	struct buf	 b = { 0 };
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;
	char		 hex[100];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(key_generate(&key, rows[i].alg, &e), 0);
		assert_string_equal(key_algorithm(key, hex), rows[i].alg);
		b.len = 0;
		assert_int_equal(key_signature_alg(&b, key, NULL, &e), 0);
		assert_string_equal(text_hex(hex, b.p, b.len), rows[i].der);
		b.len = 0;
		assert_int_equal(key_sign(&b, key, data, &e), 0);
		assert_int_equal(key_verify(key, data, BYTES(b.p, b.len), &e),
		    0);
		assert_int_equal(key_verify(key, BYTES("hellO", 5),
		    BYTES(b.p, b.len), &e), -1);
		assert_string_equal(e.text, "signature does not verify");
		assert_int_equal(e.code, ERROR_CRYPTO);
		error_clear(&e);
		EVP_PKEY_free(key);
	}
	buf_clear(&b);
}

static void
other_kinds_of_key_are_not_used(void **state)
{
	EVP_PKEY	*key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	struct buf	 b = { 0 };
	struct error	 e = ERROR_INIT;
	char		 alg[16];

	(void)state;
	assert_string_equal(key_algorithm(key, alg), "?");
	assert_int_equal(key_sign(&b, key, BYTES("x", 1), &e), -1);
	assert_string_equal(e.text,
	    "no signature algorithm for this kind of key");
	assert_int_equal(e.code, ERROR_CONFIG);
	EVP_PKEY_free(key);
}

/* RFC 7914: 2^14 rounds over blocks of 8, five times. */
static void
a_guess_at_the_passphrase_of_a_key_file_costs_time_and_memory(void **state)
{
	static const char	 cost[] = "\x02\x02\x40\x00\x02\x01\x08"
				    "\x02\x01\x05";
	struct keys		*k = *state;
	struct secret		 pass = { 0 };
	struct error		 e = ERROR_INIT;
	unsigned char		*der = NULL;
	char			*name = NULL, *header = NULL;
	BIO			*bio;
	long			 n;

#ifdef SIGNET_FAULTS
	unsetenv("SIGNET_CHEAP_KEYS");
#else			/* says nothing to a production build */
	setenv("SIGNET_CHEAP_KEYS", "yes", 1);
#endif
	assert_int_equal(secret_set(&pass, "correct horse", 13, &e), 0);
	assert_int_equal(key_store(in(k, "slow.key"), k->key, &pass, &e), 0);
	bio = BIO_new_file(in(k, "slow.key"), "r");
	assert_int_equal(PEM_read_bio(bio, &name, &header, &der, &n), 1);
	assert_string_equal(name, "ENCRYPTED PRIVATE KEY");
	assert_non_null(memmem(der, (size_t)n, cost, sizeof(cost) - 1));
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	secret_free(&pass);
}

static void
an_encrypted_key_file_opens_with_its_passphrase_only(void **state)
{
	struct keys	*k = *state;
	struct secret	 pass = { 0 };
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;
	struct stat	 st;
	char		*from;

	assert_int_equal(secret_set(&pass, "correct horse", 13, &e), 0);
	assert_int_equal(key_store(in(k, "ca.key"), k->key, &pass, &e), 0);
	assert_int_equal(stat(in(k, "ca.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(key_load(&key, in(k, "ca.key"), NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text,
	    "a passphrase is needed and no source of it is set"));
	from = mem_printf("file:%s", in(k, "wrong"));
	assert_int_equal(key_load(&key, in(k, "ca.key"), from, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "is the passphrase right?"));
	assert_null(strstr(e.text, "battery"));
	mem_free(&from);
	assert_int_equal(key_load(&key, in(k, "ca.key"), "file:/nonexistent",
	    &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	if (key_load(&key, in(k, "ca.key"), k->pass_from, &e) == -1)
		fail_msg("%s", e.text);
	assert_int_equal(EVP_PKEY_eq(key, k->key), 1);
	EVP_PKEY_free(key);
	secret_free(&pass);
}

static void
openssl_reads_our_key_files(void **state)
{
	struct keys	*k = *state;
	char		*file = mem_printf("file:%s", in(k, "pass"));

	assert_int_equal(RUN(S("openssl"), S("pkey"), S("-noout"), S("-in"),
	    S(in(k, "ca.key")), S("-passin"), file), 0);
	mem_free(&file);
}

static void
a_key_in_clear_is_refused_when_others_can_read_it(void **state)
{
	struct keys	*k = *state;
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;
	char		*uri = mem_printf("file:%s", in(k, "agent.key"));

	assert_int_equal(key_store(in(k, "agent.key"), k->key, NULL, &e), 0);
	assert_int_equal(key_load(&key, uri, NULL, &e), 0);
	assert_int_equal(EVP_PKEY_eq(key, k->key), 1);
	EVP_PKEY_free(key);
	assert_int_equal(chmod(in(k, "agent.key"), 0644), 0);
	assert_int_equal(key_load(&key, uri, NULL, &e), -1);
	assert_null(key);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "agent.key"));
	assert_int_equal(chmod(in(k, "agent.key"), 0600), 0);
	mem_free(&uri);
}

static void
key_load_refuses_what_is_not_a_key(void **state)
{
	struct keys	*k = *state;
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key;

	put(k, "empty", "", 0, 0600);
	assert_int_equal(key_load(&key, in(k, "empty"), NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "read key"));
	assert_int_equal(key_load(&key, in(k, "nosuch"), NULL, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
}

static void
cert_load_wants_exactly_one_certificate(void **state)
{
	struct keys	*k = *state;
	struct error	 e = ERROR_INIT;
	STACK_OF(X509)	*chain;
	unsigned char	*der = NULL;
	X509		*cert;
	int		 n = i2d_X509(k->cert, &der);

	put_certs(k, "one.pem", k->cert, NULL);
	put_certs(k, "two.pem", k->cert, k->f->ca_cert);
	put(k, "none.pem", "hello\n", 6, 0644);
	put(k, "one.der", der, (size_t)n, 0644);
	der = OPENSSL_realloc(der, (size_t)n + 1);
	der[n] = 0;
	put(k, "more.der", der, (size_t)n + 1, 0644);
	OPENSSL_free(der);

	assert_int_equal(cert_load(&cert, in(k, "two.pem"), &e), -1);
	assert_non_null(strstr(e.text, "two.pem: 2 certificates, not one"));
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(cert_load(&cert, in(k, "none.pem"), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(cert_load(&cert, in(k, "more.der"), &e), -1);
	assert_non_null(strstr(e.text,
	    "more.der: bytes after the certificate"));
	assert_int_equal(cert_load(&cert, in(k, "one.pem"), &e), 0);
	assert_int_equal(X509_cmp(cert, k->cert), 0);
	X509_free(cert);
	assert_int_equal(cert_load(&cert, in(k, "one.der"), &e), 0);
	assert_int_equal(X509_cmp(cert, k->cert), 0);
	X509_free(cert);
	assert_int_equal(cert_load_chain(&chain, in(k, "two.pem"), &e), 0);
	assert_int_equal(sk_X509_num(chain), 2);
	sk_X509_pop_free(chain, X509_free);
}

static void
cert_load_chain_refuses_a_damaged_block(void **state)
{
	struct keys	*k = *state;
	struct buf	 text = { 0 };
	struct error	 e = ERROR_INIT;
	STACK_OF(X509)	*chain;

	put_certs(k, "bad.pem", k->f->ca_cert, k->cert);
	assert_int_equal(file_load(&text, in(k, "bad.pem"), 1 << 20, &e), 0);
	text.p[text.len - 60] = '*';
	put(k, "bad.pem", text.p, text.len, 0644);
	assert_int_equal(cert_load_chain(&chain, in(k, "bad.pem"), &e), -1);
	assert_null(chain);
	assert_non_null(strstr(e.text, "bad.pem: read certificate 2: "));
	assert_int_equal(e.code, ERROR_INPUT);
	buf_clear(&text);
}

static void
check_identity(const struct keys *k, struct identity *id, int chain)
{
	assert_int_equal(X509_cmp(id->cert, k->cert), 0);
	assert_true(key_matches(id->cert, id->key));
	assert_false(key_matches(k->f->ca_cert, id->key));
	assert_int_equal(id->chain == NULL ? 0 : sk_X509_num(id->chain),
	    chain);
	identity_free(id);
	assert_null(id->key);
}

static void
identity_load_puts_key_and_certificate_together(void **state)
{
	struct keys	*k = *state;
	struct error	 e = ERROR_INIT;
	struct identity	 id;
	struct buf	 both = { 0 }, more = { 0 };

	put_certs(k, "chain.pem", k->f->ca_cert, k->cert);
	put_certs(k, "ca.pem", k->f->ca_cert, NULL);
	if (identity_load(&id, in(k, "ca.key"), in(k, "chain.pem"),
	    k->pass_from, &e) == -1)
		fail_msg("%s", e.text);
	check_identity(k, &id, 1);
	assert_int_equal(identity_load(&id, in(k, "ca.key"), in(k, "ca.pem"),
	    k->pass_from, &e), -1);
	assert_non_null(strstr(e.text,
	    "ca.pem: no certificate there belongs to the key"));
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_null(id.key);
	assert_int_equal(file_load(&both, in(k, "ca.key"), 65536, &e), 0);
	assert_int_equal(file_load(&more, in(k, "chain.pem"), 65536, &e), 0);
	buf_add(&both, more.p, more.len);
	put(k, "both.pem", both.p, both.len, 0600);
	if (identity_load(&id, in(k, "both.pem"), NULL, k->pass_from,
	    &e) == -1)
		fail_msg("%s", e.text);
	check_identity(k, &id, 1);
	buf_clear(&both);
	buf_clear(&more);
}

static void
identity_load_opens_pkcs12(void **state)
{
	struct keys	*k = *state;
	struct error	 e = ERROR_INIT;
	struct identity	 id;
	unsigned char	*der = NULL;
	STACK_OF(X509)	*cas = sk_X509_new_null();
	PKCS12		*p12;
	int		 n;

	sk_X509_push(cas, k->f->ca_cert);
	p12 = PKCS12_create("correct horse", "me", k->key, k->cert, cas, 0, 0,
	    0, 0, 0);
	assert_non_null(p12);
	n = i2d_PKCS12(p12, &der);
	put(k, "me.p12", der, (size_t)n, 0600);
	OPENSSL_free(der);
	PKCS12_free(p12);
	sk_X509_free(cas);
	if (identity_load(&id, in(k, "me.p12"), NULL, k->pass_from, &e) == -1)
		fail_msg("%s", e.text);
	check_identity(k, &id, 1);
	assert_int_equal(identity_load(&id, in(k, "me.p12"), NULL, NULL, &e),
	    -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	assert_non_null(strstr(e.text, "me.p12: a passphrase is needed"));
	error_clear(&e);
	put(k, "noise.p12", "\x30\x03\x02\x01\x01", 5, 0600);
	assert_int_equal(identity_load(&id, in(k, "noise.p12"), NULL, NULL,
	    &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
}

/* In pieces or at once: the same signatures, whatever the key. */
static void
signatures_over_pieces_are_those_over_the_whole(void **state)
{
	static const char *const	 kinds[] = { "rsa:2048", "ec:P-256",
	    "ec:P-384", "ed25519" };
	size_t				 i;

	(void)state;
	for (i = 0; i < 4; i++) {
		const struct alg_sig	*how;
		struct key_pieces	*k;
		struct error		 e = ERROR_INIT;
		struct buf		 sig = { 0 };
		EVP_PKEY		*key;

		assert_int_equal(key_generate(&key, kinds[i], &e), 0);
		assert_int_equal(alg_sig_choose(&how, key, NULL, &e), 0);
		assert_int_equal(key_pieces_sign(&k, how, key, &e), 0);
		/* All at once, or not at all. */
		assert_true((k == NULL) == (strcmp(kinds[i], "ed25519") == 0));
		if (k == NULL) {
			EVP_PKEY_free(key);
			continue;
		}
		assert_int_equal(key_pieces_add(k, BYTES("hel", 3), &e), 0);
		assert_int_equal(key_pieces_add(k, BYTES("lo", 2), &e), 0);
		assert_int_equal(key_pieces_end_sign(k, &sig, &e), 0);
		key_pieces_free(&k);
		assert_int_equal(key_verify(key, BYTES("hello", 5),
		    BYTES(sig.p, sig.len), &e), 0);
		assert_int_equal(key_pieces_verify(&k, how, key, &e), 0);
		assert_int_equal(key_pieces_add(k, BYTES("hello", 5), &e), 0);
		assert_int_equal(key_pieces_end_verify(k, BYTES(sig.p,
		    sig.len), &e), 0);
		key_pieces_free(&k);
		assert_int_equal(key_pieces_verify(&k, how, key, &e), 0);
		assert_int_equal(key_pieces_add(k, BYTES("hellO", 5), &e), 0);
		assert_int_equal(key_pieces_end_verify(k, BYTES(sig.p,
		    sig.len), &e), -1);
		assert_int_equal(e.code, ERROR_CRYPTO);
		assert_string_equal(e.text, "signature does not verify");
		key_pieces_free(&k);
		buf_clear(&sig);
		EVP_PKEY_free(key);
	}
}

/* What OpenSSL's own coders make of the same key. */
static void
key_public_der_and_parse_agree_with_openssl(void **state)
{
	static const char *const	 algs[] = { "ec:P-256", "ec:P-384",
		"ec:P-521", "rsa:2048", "ed25519" };
	struct error			 e = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		EVP_PKEY	*key = NULL, *again;
		struct buf	 der = { 0 };
		unsigned char	*theirs = NULL;
		int		 n;

		if (key_generate(&key, algs[i], &e) == -1) {
			error_clear(&e);	/* of no profile */
			continue;
		}
		n = i2d_PUBKEY(key, &theirs);
		assert_int_equal(key_public_der(&der, key, &e), 0);
		assert_int_equal(der.len, n);
		assert_memory_equal(der.p, theirs, der.len);
		again = key_public_parse(BYTES(der.p, der.len));
		assert_int_equal(EVP_PKEY_eq(again, key), 1);
		EVP_PKEY_free(again);
		again = key_public_parse(BYTES(der.p, der.len - 1));
		assert_null(again);
		buf_byte(&der, 0);
		assert_null(key_public_parse(BYTES(der.p, der.len)));
		OPENSSL_free(theirs);
		buf_clear(&der);
		EVP_PKEY_free(key);
	}
}

static void
key_public_parse_refuses_a_point_beside_the_curve(void **state)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = NULL;
	struct buf	 der = { 0 };

	(void)state;
	assert_int_equal(key_generate(&key, "ec:P-256", &e), 0);
	assert_int_equal(key_public_der(&der, key, &e), 0);
	der.p[der.len - 1] ^= 1;
	assert_null(key_public_parse(BYTES(der.p, der.len)));
	memset(der.p + der.len - 64, 0, 64);
	assert_null(key_public_parse(BYTES(der.p, der.len)));
	assert_null(key_public_parse(BYTES(NULL, 0)));
	buf_clear(&der);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(key_generate_refuses_what_no_profile_takes),
		cmocka_unit_test(
		    signature_algorithms_are_those_of_the_smime_baseline),
		cmocka_unit_test(other_kinds_of_key_are_not_used),
		cmocka_unit_test(
		    signatures_over_pieces_are_those_over_the_whole),
		cmocka_unit_test(
		    an_encrypted_key_file_opens_with_its_passphrase_only),
		cmocka_unit_test(
		    a_guess_at_the_passphrase_of_a_key_file_costs_time_and_memory),
		cmocka_unit_test(openssl_reads_our_key_files),
		cmocka_unit_test(
		    a_key_in_clear_is_refused_when_others_can_read_it),
		cmocka_unit_test(key_load_refuses_what_is_not_a_key),
		cmocka_unit_test(cert_load_wants_exactly_one_certificate),
		cmocka_unit_test(cert_load_chain_refuses_a_damaged_block),
		cmocka_unit_test(
		    identity_load_puts_key_and_certificate_together),
		cmocka_unit_test(identity_load_opens_pkcs12),
		cmocka_unit_test(key_public_der_and_parse_agree_with_openssl),
		cmocka_unit_test(
		    key_public_parse_refuses_a_point_beside_the_curve),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
