/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "order/approval.h"
#include "tests/lib/testpki.h"
#include "x509/oid.h"

#define BLOB(b)	BYTES((b)->p, (b)->len)

struct fixture {
	struct testpki	 pki;
	struct identity	 alice, bob;
	struct clock	 clock;
	struct buf	 blob, other, half, sign, out;
	struct error	 e;
};

static void
wrap_order(struct fixture *f, struct buf *blob, const char *mail)
{
	struct order	*o;

	assert_int_equal(order_new(&o, ORDER_ISSUE, 86400, &f->clock,
	    &rng_system, &f->e), 0);
	o->ca = mem_strdup("people");
	o->profile = mem_strdup("mail-sign");
	o->holder = mem_strdup("17");
	fields_add(&o->fields, "mail", mail);
	o->has_request = true;
	assert_int_equal(approval_wrap(blob, o, &f->e), 0);
	order_free(&o);
}

static int
setup(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	f->clock = clock_fixed(TESTPKI_NOW);
	testpki_init(&f->pki, TESTPKI_NOW);
	testpki_identity(&f->alice, &f->pki, "P-256", "Alice Holm", "4711",
	    OID_ROLE_OFFICER);
	testpki_identity(&f->bob, &f->pki, "rsa", "Bob Ek", "4712",
	    OID_ROLE_OFFICER);
	wrap_order(f, &f->blob, "carol@example.org");
	wrap_order(f, &f->other, "mallory@example.org");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	buf_clear(&f->blob);
	buf_clear(&f->other);
	buf_clear(&f->half);
	buf_clear(&f->sign);
	buf_clear(&f->out);
	testpki_identity_clear(&f->alice);
	testpki_identity_clear(&f->bob);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

static void
begin(struct fixture *f, struct buf *blob, const struct identity *id)
{
	buf_clear(&f->half);
	buf_clear(&f->sign);
	if (approval_begin(&f->half, &f->sign, BLOB(blob), id->cert,
	    id->chain, &f->clock, &f->e) == -1)
		fail_msg("%s", f->e.text);
}

/* What a browser does with the bytes that it is given. */
static void
sign_with(EVP_PKEY *key, const struct buf *what, struct buf *signature)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	size_t		 len = 0;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    key), 1);
	assert_int_equal(EVP_DigestSign(ctx, NULL, &len, what->p, what->len),
	    1);
	buf_clear(signature);
	buf_reserve(signature, len);
	assert_int_equal(EVP_DigestSign(ctx, signature->p, &len, what->p,
	    what->len), 1);
	signature->len = len;
	EVP_MD_CTX_free(ctx);
}

static void
assert_finish_fails(struct fixture *f, const struct buf *half,
    const struct buf *signature, enum error_code code, const char *text)
{
	error_clear(&f->e);
	assert_int_equal(approval_finish(&f->out, BLOB(half),
	    BLOB(signature), &f->e), -1);
	assert_int_equal(f->e.code, code);
	if (strstr(f->e.text, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, f->e.text);
	assert_int_equal(f->out.len, 0);
}

static void
approval_finish_refuses_what_another_key_signed(void **state)
{
	struct fixture	*f = *state;
	struct buf	 signature = { 0 };

	begin(f, &f->blob, &f->alice);
	sign_with(f->bob.key, &f->sign, &signature);
	assert_finish_fails(f, &f->half, &signature, ERROR_DENIED,
	    "does not verify");
	buf_clear(&signature);
}

static void
approval_finish_refuses_a_signature_made_for_another_order(void **state)
{
	struct fixture	*f = *state;
	struct buf	 signature = { 0 }, half;

	begin(f, &f->other, &f->alice);
	half = f->half;
	memset(&f->half, 0, sizeof(f->half));
	begin(f, &f->blob, &f->alice);
	sign_with(f->alice.key, &f->sign, &signature);
	assert_finish_fails(f, &half, &signature, ERROR_DENIED,
	    "does not verify");
	buf_clear(&half);
	buf_clear(&signature);
}

static void
approval_finish_refuses_a_half_whose_order_was_changed_since(void **state)
{
	struct fixture	*f = *state;
	struct buf	 signature = { 0 };
	uint8_t		*at;

	begin(f, &f->blob, &f->alice);
	sign_with(f->alice.key, &f->sign, &signature);
	at = memmem(f->half.p, f->half.len, "carol@", 6);
	assert_non_null(at);
	memcpy(at, "oskar@", 6);
	assert_finish_fails(f, &f->half, &signature, ERROR_DENIED,
	    "another order");
	buf_clear(&signature);
}

static void
approval_finish_refuses_what_is_no_half_and_no_signature(void **state)
{
	struct fixture	*f = *state;
	struct buf	 signature = { 0 }, none = { 0 };

	begin(f, &f->blob, &f->alice);
	assert_finish_fails(f, &f->half, &none, ERROR_INPUT,
	    "0 bytes are no signature");
	sign_with(f->alice.key, &f->sign, &signature);
	assert_finish_fails(f, &f->blob, &signature, ERROR_INPUT,
	    "not one approval that waits");
	assert_finish_fails(f, &signature, &signature, ERROR_INPUT, "");
	buf_reserve(&none, 2000);
	memset(none.p, 'x', 2000);
	none.len = 2000;
	assert_finish_fails(f, &f->half, &none, ERROR_INPUT,
	    "2000 bytes are no signature");
	buf_clear(&none);
	buf_clear(&signature);
}

static void
approval_begin_refuses_who_has_approved_it_already(void **state)
{
	struct fixture	*f = *state;

	assert_int_equal(approval_add(&f->out, BLOB(&f->blob), &f->alice,
	    &f->clock, &f->e), 0);
	assert_int_equal(approval_begin(&f->half, &f->sign, BLOB(&f->out),
	    f->alice.cert, f->alice.chain, &f->clock, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFLICT);
	assert_non_null(strstr(f->e.text, "has approved it already"));
}

static void
approval_in_halves_is_what_approval_add_would_have_made(void **state)
{
	struct fixture		*f = *state;
	const struct identity	*ids[] = { &f->alice, &f->bob };
	struct buf		 signature = { 0 }, whole = { 0 };
	struct approved		*a;
	size_t			 i;

	for (i = 0; i < 2; i++) {
		begin(f, &f->blob, ids[i]);
		sign_with(ids[i]->key, &f->sign, &signature);
		if (approval_finish(&f->out, BLOB(&f->half),
		    BLOB(&signature), &f->e) == -1)
			fail_msg("%s", f->e.text);
		assert_int_equal(approval_add(&whole, BLOB(&f->blob), ids[i],
		    &f->clock, &f->e), 0);
		/* RSA signatures are the same each time. */
		if (i == 1)
			assert_true(bytes_equal(BLOB(&f->out), BLOB(&whole)));
		assert_int_equal(approval_open(&a, BLOB(&f->out), &f->e), 0);
		assert_int_equal(a->n, i + 1);
		assert_int_equal(a->by[i].signed_at, TESTPKI_NOW);
		approval_free(&a);
		buf_clear(&whole);
		buf_clear(&f->blob);
		f->blob = f->out;
		memset(&f->out, 0, sizeof(f->out));
	}
	buf_clear(&signature);
}

#define TEST(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(approval_finish_refuses_what_another_key_signed),
		TEST(approval_finish_refuses_a_signature_made_for_another_order),
		TEST(approval_finish_refuses_a_half_whose_order_was_changed_since),
		TEST(approval_finish_refuses_what_is_no_half_and_no_signature),
		TEST(approval_begin_refuses_who_has_approved_it_already),
		TEST(approval_in_halves_is_what_approval_add_would_have_made),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
