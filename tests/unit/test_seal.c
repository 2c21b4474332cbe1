/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets sealed to escrow, stations and the mailing house, and what openssl(1)
 * says to them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/cms.h>
#include "base/mem.h"
#include "card/seal.h"
#include "card/seal_form.h"
#include "tests/lib/testseal.h"
#include "x509/der.h"

#define NOW	TESTPKI_NOW
#define CLEAR	"puk=19283746"

static struct testpki pki;
static EVP_PKEY *rsa, *ec, *stranger;
static X509 *rsa_cert, *ec_cert, *stranger_cert;

static X509 *
cert_of(EVP_PKEY *key, const struct testpki_spec *spec)
{
	return testpki_cert(&pki, spec, key, pki.services, pki.services_key);
}

static void
refused(X509 *x, const char *said)
{
	struct seal	s = { NULL };
	struct error	e = ERROR_INIT;

	assert_int_equal(seal_add_cert(&s, x, NOW, &e), -1);
	assert_int_equal(e.code, ERROR_CONFIG);
	if (strstr(e.text, said) == NULL)
		fail_msg("\"%s\", not \"%s\"", e.text, said);
	assert_null(s.to);
	X509_free(x);
}

static void
a_certificate_that_is_not_for_this_is_refused(void **state)
{
	const struct testpki_spec	 old = { .name = "old",
	    .not_before = NOW - 10 * TESTPKI_DAY, .not_after = NOW - 1 };
	const struct testpki_spec	 young = { .name = "young",
	    .not_before = NOW + 10, .not_after = NOW + TESTPKI_DAY };
	const struct testpki_spec	 spec = { .name = "escrow" };
	EVP_PKEY			*ed = testpki_key("ed25519");
	EVP_PKEY			*small = EVP_RSA_gen(1024);

	(void)state;
	refused(cert_of(ec, &old), "it has expired");
	refused(cert_of(ec, &young), "not valid yet");
	refused(cert_of(ed, &spec), "neither RSA nor EC");
	refused(cert_of(small, &spec), "only 1024 bits");
	refused(testseal_cert(&pki, rsa, "digitalSignature"),
	    "no keyEncipherment");
	refused(testseal_cert(&pki, ec, "digitalSignature"),
	    "no keyAgreement");
	EVP_PKEY_free(small);
	EVP_PKEY_free(ed);
}

static void
a_file_that_is_no_certificate_is_named(void **state)
{
	struct seal	s = { NULL };
	struct error	e = ERROR_INIT;

	(void)state;
	assert_int_equal(seal_add(&s, "/nonexistent/escrow.pem", NOW, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_non_null(strstr(e.text, "escrow.pem"));
}

static void
nothing_is_sealed_to_nobody(void **state)
{
	const struct seal	s = { NULL };
	struct buf		out = { 0 };
	struct error		e = ERROR_INIT;

	(void)state;
	assert_int_equal(seal_make(&out, &s, CLEAR, sizeof(CLEAR), &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_int_equal(out.len, 0);
}

static void
seal_to_both(struct buf *out)
{
	struct seal	s = { NULL };
	struct error	e = ERROR_INIT;

	assert_int_equal(seal_add_cert(&s, rsa_cert, NOW, &e), 0);
	assert_int_equal(seal_add_cert(&s, ec_cert, NOW, &e), 0);
	if (seal_make(out, &s, CLEAR, strlen(CLEAR), &e) == -1)
		fail_msg("%s", e.text);
	seal_clear(&s);
	assert_null(s.to);
}

static void
each_recipient_opens_it_and_nobody_else(void **state)
{
	struct buf	sealed = { 0 };
	struct secret	clear = { 0 };
	struct error	e = ERROR_INIT;
	size_t		i;

	(void)state;
	seal_to_both(&sealed);
	testseal_opens(&sealed, rsa_cert, rsa, CLEAR);
	testseal_opens(&sealed, ec_cert, ec, CLEAR);
	assert_int_equal(seal_open(&clear, BYTES(sealed.p, sealed.len),
	    stranger_cert, stranger, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_null(clear.p);
	for (i = 0; i + strlen(CLEAR) <= sealed.len; i++)
		assert_memory_not_equal(sealed.p + i, CLEAR, strlen(CLEAR));
	buf_clear(&sealed);
}

static void
whatever_octet_of_it_is_altered_it_does_not_open_as_something_else(
    void **state)
{
	struct buf	sealed = { 0 };
	size_t		i;

	(void)state;
	seal_to_both(&sealed);
	for (i = 0; i < sealed.len; i += 3) {
		struct secret	clear = { 0 };
		struct error	e = ERROR_INIT;

		sealed.p[i] ^= 0x10;
		/* What is another recipient's business may be anything. */
		if (seal_open(&clear, BYTES(sealed.p, sealed.len), ec_cert, ec,
		    &e) == 0) {
			assert_int_equal(clear.len, strlen(CLEAR));
			assert_memory_equal(clear.p, CLEAR, clear.len);
			secret_free(&clear);
		} else
			assert_null(clear.p);
		sealed.p[i] ^= 0x10;
	}
	for (i = sealed.len - strlen(CLEAR) - 18; i < sealed.len; i++) {
		struct secret	clear = { 0 };
		struct error	e = ERROR_INIT;

		/* The end is content and tag. */
		sealed.p[i] ^= 1;
		assert_int_equal(seal_open(&clear, BYTES(sealed.p, sealed.len),
		    ec_cert, ec, &e), -1);
		assert_true(e.code == ERROR_DENIED || e.code == ERROR_INPUT);
		sealed.p[i] ^= 1;
	}
	buf_clear(&sealed);
}

static void
what_is_no_sealed_message_is_bad_input(void **state)
{
	struct buf	sealed = { 0 };
	struct secret	clear = { 0 };
	struct error	e = ERROR_INIT;

	(void)state;
	assert_int_equal(seal_open(&clear, BYTES("nonsense", 8), ec_cert, ec,
	    &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	seal_to_both(&sealed);
	buf_byte(&sealed, 0);
	assert_int_equal(seal_open(&clear, BYTES(sealed.p, sealed.len), ec_cert,
	    ec, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "not a CMS message"));
	buf_clear(&sealed);
}

/* Of what says so, nothing may be opened, not even by its recipients. */
static bool
opens(const struct buf *sealed)
{
	struct secret	clear = { 0 };
	struct error	e = ERROR_INIT;
	int		rc = seal_open(&clear, BYTES(sealed->p, sealed->len),
			    ec_cert, ec, &e);

	secret_free(&clear);
	return rc == 0;
}

/*
 * The first block that GCM encrypts is that of CFB whose IV is the nonce with
 * the number 2: a secret of 16 octets or fewer, and no tag that counts.
 */
static void
what_was_sealed_by_gcm_does_not_open_as_cfb_which_anybody_can_alter(
    void **state)
{
	static const uint8_t	gcm[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
		    0x04, 0x01, 0x2e, 0x30, 0x11, 0x04, 0x0c };
	uint8_t			iv[16] = { [15] = 2 };
	struct buf		sealed = { 0 }, alg = { 0 }, other = { 0 };
	const uint8_t		*at;
	size_t			m;

	(void)state;
	seal_to_both(&sealed);
	assert_non_null(at = memmem(sealed.p, sealed.len, gcm, sizeof(gcm)));
	memcpy(iv, at + sizeof(gcm), 12);
	m = der_begin(&alg, DER_SEQUENCE);
	der_put_oid(&alg, "2.16.840.1.101.3.4.1.44");
	der_put(&alg, DER_OCTET_STRING, iv, sizeof(iv));
	der_end(&alg, m);
	testseal_remade(&other, &sealed, BYTES(NULL, 0), BYTES(NULL, 0));
	assert_int_equal(other.len, sealed.len);
	assert_memory_equal(other.p, sealed.p, other.len);
	other.len = 0;
	testseal_remade(&other, &sealed, BYTES(alg.p, alg.len),
	    BYTES(NULL, 0));
	assert_false(opens(&other));
	buf_clear(&other);
	buf_clear(&alg);
	buf_clear(&sealed);
}

static void
a_tag_that_was_cut_does_not_do(void **state)
{
	struct buf	sealed = { 0 }, other = { 0 };
	struct error	e = ERROR_INIT;
	size_t		n;

	(void)state;
	seal_to_both(&sealed);
	for (n = 0; n <= 16; n++) {
		other.len = 0;
		testseal_remade(&other, &sealed, BYTES(NULL, 0),
		    BYTES(sealed.p + sealed.len - 16, n));
		assert_true(opens(&other) == (n == 16));
		assert_int_equal(seal_form_check(BYTES(other.p, other.len),
		    &e), n == 16 ? 0 : -1);
		if (n < 16)
			assert_non_null(strstr(e.text, "with a whole tag"));
		error_clear(&e);
	}
	buf_clear(&other);
	buf_clear(&sealed);
}

/* As "openssl cms -encrypt" does when it is not told otherwise. */
static void
a_key_that_is_encrypted_in_another_way_is_not_tried(void **state)
{
	struct buf	 sealed = { 0 };
	struct error	 e = ERROR_INIT;
	BIO		*in = BIO_new_mem_buf(CLEAR, -1);
	STACK_OF(X509)	*to = sk_X509_new_null();
	CMS_ContentInfo	*cms;
	unsigned char	*der = NULL;
	int		 len;

	(void)state;
	assert_int_equal(sk_X509_push(to, rsa_cert), 1);
	assert_non_null(cms = CMS_encrypt(to, in, EVP_aes_256_gcm(),
	    CMS_BINARY));
	assert_true((len = i2d_CMS_ContentInfo(cms, &der)) > 0);
	assert_int_equal(seal_form_check(BYTES(der, (size_t)len), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "not encrypted as we do"));
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	sk_X509_free(to);
	BIO_free(in);
	buf_clear(&sealed);
}

/* A part of a backup has 16 MiB. */
static void
much_opens_as_well(void **state)
{
	const size_t	n = 16u << 20;
	struct seal	s = { NULL };
	struct buf	clear = { 0 }, sealed = { 0 }, got = { 0 };
	struct error	e = ERROR_INIT;

	(void)state;
	buf_reserve(&clear, n);
	memset(clear.p, 7, clear.len = n);
	assert_int_equal(seal_add_cert(&s, ec_cert, NOW, &e), 0);
	assert_int_equal(seal_make(&sealed, &s, clear.p, n, &e), 0);
	if (seal_open_much(&got, BYTES(sealed.p, sealed.len), ec_cert, ec,
	    &e) == -1)
		fail_msg("%s", e.text);
	assert_true(bytes_equal(BYTES(got.p, got.len), BYTES(clear.p, n)));
	seal_clear(&s);
	buf_clear(&clear);
	buf_clear(&sealed);
	buf_clear(&got);
}

static void
write_bytes(const char *path, const struct buf *b)
{
	FILE	*f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->len, f), b->len);
	assert_int_equal(fclose(f), 0);
}

static int
run(char *const argv[])
{
	pid_t	pid;
	int	status = -1;

	assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv,
	    environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* As the mailing house does. */
static void
opened_by_openssl(const char *dir, X509 *cert, EVP_PKEY *key)
{
	char	cert_file[64], key_file[64], sealed[64], out[64], got[64] = "";
	char	*argv[] = { (char[]){ "openssl" }, (char[]){ "cms" },
		    (char[]){ "-decrypt" }, (char[]){ "-inform" },
		    (char[]){ "DER" }, (char[]){ "-in" }, sealed,
		    (char[]){ "-recip" }, cert_file, (char[]){ "-inkey" },
		    key_file, (char[]){ "-out" }, out, NULL };
	FILE	*f;

	snprintf(cert_file, sizeof(cert_file), "%s/cert", dir);
	snprintf(key_file, sizeof(key_file), "%s/key", dir);
	snprintf(sealed, sizeof(sealed), "%s/sealed", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	testpki_write_cert(cert_file, cert);
	testpki_write_key(key_file, key);
	assert_int_equal(run(argv), 0);
	assert_non_null(f = fopen(out, "re"));
	assert_int_equal(fread(got, 1, sizeof(got) - 1, f), strlen(CLEAR));
	assert_int_equal(fclose(f), 0);
	assert_string_equal(got, CLEAR);
}

static void
openssl_opens_it_with_each_key(void **state)
{
	char		 dir[] = "/tmp/signet-seal.XXXXXX";
	struct buf	 sealed = { 0 };
	char		*file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	seal_to_both(&sealed);
	file = mem_printf("%s/sealed", dir);
	write_bytes(file, &sealed);
	mem_free(&file);
	opened_by_openssl(dir, rsa_cert, rsa);
	opened_by_openssl(dir, ec_cert, ec);
	testpki_remove_tree(dir);
	buf_clear(&sealed);
}

static int
begin(void **state)
{
	const struct testpki_spec	spec = { .name = "escrow" };

	(void)state;
	testpki_init(&pki, NOW);
	rsa = testpki_key("rsa");
	ec = testpki_key("P-384");
	stranger = testpki_key("P-256");
	rsa_cert = testseal_cert(&pki, rsa, "keyEncipherment");
	ec_cert = testseal_cert(&pki, ec, "keyAgreement");
	stranger_cert = cert_of(stranger, &spec);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	X509_free(stranger_cert);
	X509_free(ec_cert);
	X509_free(rsa_cert);
	EVP_PKEY_free(stranger);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	testpki_clear(&pki);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_that_is_not_for_this_is_refused),
		cmocka_unit_test(a_file_that_is_no_certificate_is_named),
		cmocka_unit_test(nothing_is_sealed_to_nobody),
		cmocka_unit_test(each_recipient_opens_it_and_nobody_else),
		cmocka_unit_test(
		    whatever_octet_of_it_is_altered_it_does_not_open_as_something_else),
		cmocka_unit_test(what_is_no_sealed_message_is_bad_input),
		cmocka_unit_test(
		    what_was_sealed_by_gcm_does_not_open_as_cfb_which_anybody_can_alter),
		cmocka_unit_test(a_tag_that_was_cut_does_not_do),
		cmocka_unit_test(
		    a_key_that_is_encrypted_in_another_way_is_not_tried),
		cmocka_unit_test(much_opens_as_well),
		cmocka_unit_test(openssl_opens_it_with_each_key),
	};
	struct error	e = ERROR_INIT;

	if (secret_init(&e) == -1)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
