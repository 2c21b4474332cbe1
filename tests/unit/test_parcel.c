/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "base/text.h"
#include "tests/lib/testpki.h"
#include "x509/parcel.h"

struct fixture {
	struct testpki	 pki;
	struct identity	 root, officer;
	uint8_t		 id[KEY_DIGEST_SIZE];
};

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testpki_init(&f->pki, TESTPKI_NOW);
	testpki_identity_of(&f->root, &f->pki, f->pki.root, f->pki.root_key);
	testpki_identity(&f->officer, &f->pki, "P-256", "Sigrid", "so1",
	    OID_ROLE_SECURITY_OFFICER);
	memset(f->id, 0xab, sizeof(f->id));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	testpki_identity_clear(&f->root);
	testpki_identity_clear(&f->officer);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

#define BYTES_OF(s)	BYTES((s), strlen(s))

/* A parcel of two files. */
static void
make(struct buf *pem, struct fixture *f, const struct identity *by)
{
	struct error	 e = ERROR_INIT;
	struct parcel	*p = parcel_new(7, f->id, TESTPKI_NOW, "certify");

	parcel_add(p, "people.pem", BYTES_OF("a certificate\n"));
	parcel_add(p, "empty", BYTES("", 0));
	assert_int_equal(parcel_make(pem, p, by, &e), 0);
	parcel_free(&p);
}

/* Sign any text and open it as a parcel. */
static int
open_text(struct fixture *f, const char *text, struct error *e)
{
	struct buf	 pem = { 0 };
	struct parcel	*p = NULL;
	int		 rc;

	assert_int_equal(signed_make(&pem, BYTES_OF(text), TESTPKI_NOW,
	    &f->root, e), 0);
	rc = parcel_open(&p, BYTES(pem.p, pem.len), f->pki.root, TESTPKI_NOW,
	    e);
	parcel_free(&p);
	buf_clear(&pem);
	return rc;
}

#define HEAD	"signet-parcel 1\nnumber=1\nroot=" \
	"abababababababababababababababababababababababababababababababab" \
	"\nat=2026-11-21T00:00:00Z\nwhat=crl\n\n"
/* SHA-256 of "x" and of nothing */
#define SHA_X	"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
#define SHA_0	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
parcel_open_refuses_every_malformed_text(void **state)
{
	static const struct {
		const char	*text;
		const char	*why;
	}		 bad[] = {
		{ "", "ends in the middle" },
		{ "hello\n", "the text is not a parcel" },
		{ "signet-parcel 2\n", "the text is not a parcel" },
		{ "signet-parcel 1\nroot=00\n", "no line \"number=\"" },
		{ "signet-parcel 1\nnumber=0\n", "number" },
		{ "signet-parcel 1\nnumber=-1\n", "number" },
		{ "signet-parcel 1\nnumber=1\nroot=ab\n", "root" },
		{ HEAD "file=../x\n", "malformed or there twice" },
		{ HEAD "file=a\nsize=1\nsha256=" SHA_X "\n",
		  "ends in the middle" },
		{ HEAD "file=a\nsize=1\nsha256=" SHA_X "\neA==\n",
		  "ends in the middle" },
		{ HEAD "file=a\nsize=2\nsha256=" SHA_X "\neA==\n\n",
		  "shorter than its size" },
		{ HEAD "file=a\nsize=0\nsha256=" SHA_X "\neA==\n\n",
		  "longer than its size" },
		{ HEAD "file=a\nsize=1\nsha256=" SHA_0 "\neA==\n\n",
		  "a is not what its digest says" },
		{ HEAD "file=a\nsize=1\nsha256=" SHA_X "\ne A==\n\n",
		  "not base 64" },
		{ HEAD "file=a\nsize=99999999\nsha256=" SHA_X "\n", "size" },
		{ HEAD "file=a\nsize=1\nsha256=" SHA_X "\neA==\n\n"
		  "file=a\nsize=1\nsha256=" SHA_X "\neA==\n\n", "twice" },
		{ HEAD "trailing", "ends in the middle" },
	};
	struct error	 e;
	size_t		 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(open_text(*state, bad[i].text, &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		if (strstr(e.text, bad[i].why) == NULL)
			fail_msg("%zu: %s", i, e.text);
	}
}

static void
parcel_open_refuses_a_stranger(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct testpki	 other;
	struct identity	 eve;
	struct buf	 pem = { 0 };
	struct parcel	*p;

	testpki_init(&other, TESTPKI_NOW);
	testpki_identity_of(&eve, &other, other.root, other.root_key);
	make(&pem, f, &eve);
	assert_int_equal(parcel_open(&p, BYTES(pem.p, pem.len), f->pki.root,
	    TESTPKI_NOW, &e), -1);
	assert_null(p);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "the parcel's packer is not trusted"));
	buf_clear(&pem);
	testpki_identity_clear(&eve);
	testpki_clear(&other);
}

/* The envelope has bytes that nobody signs, such as the other certificates. */
static void
no_changed_byte_changes_what_a_parcel_says(void **state)
{
	struct fixture	*f = *state;
	struct error	 e;
	struct buf	 pem = { 0 };
	struct parcel	*p = NULL;
	size_t		 i, refused = 0, tried = 0;
	uint8_t		 old;

	make(&pem, f, &f->root);
	for (i = 0; i < pem.len; i += 3) {
		old = pem.p[i];
		pem.p[i] = old == 'A' ? 'B' : 'A';
		error_clear(&e);
		tried++;
		if (parcel_open(&p, BYTES(pem.p, pem.len), f->pki.root,
		    TESTPKI_NOW, &e) == -1) {
			refused++;
			assert_null(p);
			assert_int_not_equal(e.code, ERROR_NONE);
		} else {
			assert_true(p->by_anchor);
			assert_int_equal(p->number, 7);
			assert_int_equal(p->nfiles, 2);
			assert_memory_equal(p->file[0].data.p,
			    "a certificate\n", 14);
			parcel_free(&p);
		}
		pem.p[i] = old;
	}
	assert_true(refused > tried / 2);
	buf_clear(&pem);
}

static void
parcel_open_refuses_something_beside_the_block(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct buf	 pem = { 0 };
	struct parcel	*p = NULL;

	make(&pem, f, &f->root);
	make(&pem, f, &f->root);
	assert_int_equal(parcel_open(&p, BYTES(pem.p, pem.len), f->pki.root,
	    TESTPKI_NOW, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "something beside the one block"));
	buf_clear(&pem);
}

static void
parcel_make_refuses_a_name_with_a_path(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct buf	 pem = { 0 };
	struct parcel	*p = parcel_new(1, f->id, TESTPKI_NOW, "crl");

	parcel_add(p, "../etc/passwd", BYTES_OF("x"));
	assert_int_equal(parcel_make(&pem, p, &f->root, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text,
	    "parcel 1: \"../etc/passwd\" cannot go into a parcel");
	assert_int_equal(pem.len, 0);
	parcel_free(&p);
}

static void
parcel_comes_out_as_it_went_in(void **state)
{
	struct fixture			*f = *state;
	const struct parcel_file	*file;
	struct error			 e = ERROR_INIT;
	struct buf			 pem = { 0 };
	struct parcel			*p;

	make(&pem, f, &f->root);
	assert_int_equal(parcel_open(&p, BYTES(pem.p, pem.len), f->pki.root,
	    TESTPKI_NOW, &e), 0);
	assert_true(p->by_anchor);
	assert_int_equal(p->number, 7);
	assert_int_equal(p->at, TESTPKI_NOW);
	assert_string_equal(p->what, "certify");
	assert_memory_equal(p->root, f->id, sizeof(f->id));
	assert_int_equal(p->nfiles, 2);
	assert_non_null(file = parcel_find(p, "people.pem"));
	assert_int_equal(file->data.len, 14);
	assert_memory_equal(file->data.p, "a certificate\n", 14);
	assert_non_null(file = parcel_find(p, "empty"));
	assert_int_equal(file->data.len, 0);
	assert_null(parcel_find(p, "other"));
	parcel_free(&p);
	buf_clear(&pem);
}

static void
parcel_of_an_officer_is_trusted_by_its_chain(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct testpki	*pki = &f->pki;
	struct identity	 alone = f->officer;
	struct buf	 pem = { 0 };
	struct parcel	*p;

	make(&pem, f, &f->officer);
	assert_int_equal(parcel_open(&p, BYTES(pem.p, pem.len), pki->root,
	    TESTPKI_NOW, &e), 0);
	assert_false(p->by_anchor);
	assert_int_equal(X509_cmp(p->signer, f->officer.cert), 0);
	parcel_free(&p);
	/* but not when its certificate has ended */
	assert_int_equal(parcel_open(&p, BYTES(pem.p, pem.len), pki->root,
	    TESTPKI_NOW + 2 * 365 * TESTPKI_DAY, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	/* nor without the chain */
	pem.len = 0;
	alone.chain = NULL;
	make(&pem, f, &alone);
	assert_int_equal(parcel_open(&p, BYTES(pem.p, pem.len), pki->root,
	    TESTPKI_NOW, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	buf_clear(&pem);
}

static void
signed_next_finds_each_block_and_an_unfinished_one(void **state)
{
	static const char	 text[] = "words\n"
	    "-----BEGIN CMS-----\nAA==\n-----END CMS-----\nmore\n"
	    "-----BEGIN CMS-----\nAQ==\n-----END CMS-----\n"
	    "-----BEGIN CMS-----\nAg==\n";
	struct error		 e = ERROR_INIT;
	struct bytes		 in = BYTES_OF(text), block;

	(void)state;
	assert_int_equal(signed_next(&in, &block, &e), 1);
	assert_memory_equal(block.p + 20, "AA==", 4);
	assert_int_equal(signed_next(&in, &block, &e), 1);
	assert_memory_equal(block.p + 20, "AQ==", 4);
	assert_int_equal(signed_next(&in, &block, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	in = BYTES_OF("none");
	assert_int_equal(signed_next(&in, &block, &e), 0);
}

static void
parcel_parse_reads_the_text_alone(void **state)
{
	struct error	 e = ERROR_INIT;
	struct parcel	*p;

	(void)state;
	assert_int_equal(parcel_parse(&p, BYTES_OF("hello\n"), &e), -1);
	assert_null(p);
	assert_string_equal(e.text, "parcel: the text is not a parcel");
	assert_int_equal(parcel_parse(&p, BYTES_OF(HEAD "file=a\nsize=1\n"
	    "sha256=" SHA_X "\neA==\n\n"), &e), 0);
	assert_null(p->signer);
	assert_string_equal(p->what, "crl");
	assert_int_equal(p->nfiles, 1);
	parcel_free(&p);
}

static void
signed_open_gives_content_and_signer_and_no_trust(void **state)
{
	struct fixture	*f = *state;
	struct error	 e = ERROR_INIT;
	struct buf	 pem = { 0 }, content = { 0 };
	STACK_OF(X509)	*others = NULL;
	X509		*signer = NULL;

	assert_int_equal(signed_make(&pem, BYTES_OF("line\r\nline\n"),
	    TESTPKI_NOW, &f->officer, &e), 0);
	assert_int_equal(signed_open(&content, &signer, &others,
	    BYTES(pem.p, pem.len), &e), 0);
	assert_string_equal(buf_cstr(&content), "line\r\nline\n");
	assert_int_equal(X509_cmp(signer, f->officer.cert), 0);
	X509_free(signer);
	sk_X509_pop_free(others, X509_free);
	buf_clear(&content);
	buf_clear(&pem);
}

static void
signed_open_refuses_what_is_not_signed(void **state)
{
	static const char *const	 bad[] = { "", "text",
		"-----BEGIN CMS-----\n-----END CMS-----\n",
		"-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n",
		"-----BEGIN CMS-----\nMAAA\n-----END CMS-----\n",
		"-----BEGIN CMS-----\n*\n-----END CMS-----\n" };
	struct error			 e;
	struct buf			 content = { 0 };
	X509				*signer;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error_clear(&e);
		assert_int_equal(signed_open(&content, &signer, NULL,
		    BYTES_OF(bad[i]), &e), -1);
		assert_int_equal(e.code, ERROR_INPUT);
		assert_null(signer);
	}
	assert_int_equal(content.len, 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(parcel_open_refuses_every_malformed_text),
		cmocka_unit_test(parcel_open_refuses_a_stranger),
		cmocka_unit_test(no_changed_byte_changes_what_a_parcel_says),
		cmocka_unit_test(
		    parcel_open_refuses_something_beside_the_block),
		cmocka_unit_test(parcel_make_refuses_a_name_with_a_path),
		cmocka_unit_test(parcel_comes_out_as_it_went_in),
		cmocka_unit_test(parcel_of_an_officer_is_trusted_by_its_chain),
		cmocka_unit_test(parcel_parse_reads_the_text_alone),
		cmocka_unit_test(
		    signed_next_finds_each_block_and_an_unfinished_one),
		cmocka_unit_test(
		    signed_open_gives_content_and_signer_and_no_trust),
		cmocka_unit_test(signed_open_refuses_what_is_not_signed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
