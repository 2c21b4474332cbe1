/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/cms.h>
#include "audit/head.h"
#include "tests/lib/testpki.h"

struct fixture {
	struct testpki			 pki;
	struct identity			 agent;
	struct audit_signed_head	 head;
	struct buf			 cms;
	struct error			 e;
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, TESTPKI_NOW);
	testpki_identity(&f->agent, &f->pki, "P-256", "cad", "cad-1",
	    OID_ROLE_CA_AGENT);
	f->head.head.seq = 41;
	memset(f->head.head.hash, 0xab, AUDIT_HASH);
	f->head.at = TESTPKI_NOW;
	memcpy(f->head.instance, "cad-1", 6);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	buf_clear(&f->cms);
	testpki_identity_clear(&f->agent);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static void
sign(struct fixture *f)
{
	buf_clear(&f->cms);
	if (audit_head_sign(&f->cms, &f->head, &f->agent, &f->e) == -1)
		fail_msg("%s", f->e.text);
}

static void
assert_verify_fails(struct fixture *f, enum error_code code,
    const char *text)
{
	struct audit_signed_head	 h;

	error_clear(&f->e);
	assert_int_equal(audit_head_verify(&h, BYTES(f->cms.p, f->cms.len),
	    f->pki.anchors, f->pki.intermediates, &f->e), -1);
	if (strncmp(f->e.text, text, strlen(text)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", f->e.text, text);
	assert_int_equal(f->e.code, code);
}

static void
sign_text(struct fixture *f, const char *text)
{
	BIO		*in = BIO_new_mem_buf(text, -1);
	unsigned char	*der = NULL;
	CMS_ContentInfo	*cms;
	int		 n;

	cms = CMS_sign(f->agent.cert, f->agent.key, f->agent.chain, in,
	    CMS_BINARY);
	assert_non_null(cms);
	n = i2d_CMS_ContentInfo(cms, &der);
	buf_clear(&f->cms);
	buf_add(&f->cms, der, (size_t)n);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
}

static void
an_instance_that_is_no_name_is_not_signed(void **state)
{
	struct fixture	*f = *state;

	f->head.instance[0] = '\n';
	assert_int_equal(audit_head_sign(&f->cms, &f->head, &f->agent, &f->e),
	    -1);
	assert_int_equal(f->e.code, ERROR_BUG);
	assert_string_equal(f->e.text,
	    "audit head: bad sequence or instance");
	assert_int_equal(f->cms.len, 0);
}

static void
bytes_that_are_no_signed_head_are_refused(void **state)
{
	struct fixture	*f = *state;

	buf_str(&f->cms, "hello");
	assert_verify_fails(f, ERROR_INPUT, "audit head: ");
	sign(f);
	f->cms.len--;
	assert_verify_fails(f, ERROR_INPUT, "audit head: ");
}

static void
a_changed_head_is_refused(void **state)
{
	struct fixture	*f = *state;
	uint8_t		*seq;

	sign(f);
	seq = memmem(f->cms.p, f->cms.len, "seq=41\n", 7);
	assert_non_null(seq);
	seq[5] = '2';
	assert_verify_fails(f, ERROR_CRYPTO,
	    "audit head: signature does not verify");
}

static void
a_signer_that_is_no_ca_agent_is_denied(void **state)
{
	struct fixture	*f = *state;

	testpki_identity_clear(&f->agent);
	testpki_identity(&f->agent, &f->pki, "P-256", "Alice Holm", "4711",
	    OID_ROLE_OFFICER);
	sign(f);
	assert_verify_fails(f, ERROR_DENIED,
	    "audit head: the signer is not a CA agent");
}

static void
a_signer_from_another_root_is_denied(void **state)
{
	struct fixture	*f = *state;
	struct testpki	 other;

	testpki_init(&other, TESTPKI_NOW);
	testpki_identity_clear(&f->agent);
	testpki_identity(&f->agent, &other, "P-256", "cad", "cad-1",
	    OID_ROLE_CA_AGENT);
	sign(f);
	assert_verify_fails(f, ERROR_DENIED, "audit head: ");
	testpki_clear(&other);
}

static void
a_head_from_after_the_agents_certificate_is_denied(void **state)
{
	struct fixture	*f = *state;

	f->head.at = TESTPKI_NOW + 366 * TESTPKI_DAY;
	sign(f);
	assert_verify_fails(f, ERROR_DENIED, "audit head: ");
}

static void
other_signed_texts_are_refused(void **state)
{
	struct fixture	*f = *state;

	sign_text(f, "hello\n");
	assert_verify_fails(f, ERROR_INPUT,
	    "audit head: content is not seq=, hash=, at=, instance=");
	sign_text(f, "seq=041\nhash=abababababababababababababababababababab"
	    "abababababababababababab\nat=2027-01-15T08:00:00Z\n"
	    "instance=cad-1\n");
	assert_verify_fails(f, ERROR_INPUT,
	    "audit head: content is not canonical");
	sign_text(f, "seq=41\nhash=abab\nat=2027-01-15T08:00:00Z\n"
	    "instance=cad-1\n");
	assert_verify_fails(f, ERROR_INPUT,
	    "audit head: hash has 2 bytes, not 32");
}

static void
a_signed_head_says_what_was_signed(void **state)
{
	struct fixture			*f = *state;
	struct audit_signed_head	 h;

	sign(f);
	if (audit_head_verify(&h, BYTES(f->cms.p, f->cms.len), f->pki.anchors,
	    f->pki.intermediates, &f->e) == -1)
		fail_msg("%s", f->e.text);
	assert_int_equal(h.head.seq, 41);
	assert_memory_equal(h.head.hash, f->head.head.hash, AUDIT_HASH);
	assert_int_equal(h.at, TESTPKI_NOW);
	assert_string_equal(h.instance, "cad-1");
	assert_non_null(memmem(f->cms.p, f->cms.len, "seq=41\nhash=abab", 16));
}

int
main(void)
{
#define TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest	 tests[] = {
		TEST(an_instance_that_is_no_name_is_not_signed),
		TEST(bytes_that_are_no_signed_head_are_refused),
		TEST(a_changed_head_is_refused),
		TEST(a_signer_that_is_no_ca_agent_is_denied),
		TEST(a_signer_from_another_root_is_denied),
		TEST(a_head_from_after_the_agents_certificate_is_denied),
		TEST(other_signed_texts_are_refused),
		TEST(a_signed_head_says_what_was_signed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
