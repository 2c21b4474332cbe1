/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "ra/binds.h"
#include "tests/lib/testpki.h"

struct fixture {
	struct testpki	 pki;
	struct clock	 clock;
	struct identity	 officer;
	struct binds	*binds;
	struct error	 e;
};

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	f->clock = clock_fixed(TESTPKI_NOW);
	testpki_init(&f->pki, TESTPKI_NOW);
	testpki_identity(&f->officer, &f->pki, "P-256", "Sara One", "s1",
	    OID_ROLE_SECURITY_OFFICER);
	f->binds = binds_new();
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	binds_free(&f->binds);
	assert_null(f->binds);
	binds_free(&f->binds);
	testpki_identity_clear(&f->officer);
	testpki_clear(&f->pki);
	mem_free(&f);
	return 0;
}

/* An order that nobody else has, approved once. */
static struct buf
signed_order(struct fixture *f)
{
	struct buf	 blob = { 0 }, out = { 0 };
	struct order	*o;

	assert_int_equal(order_new(&o, ORDER_UNBIND, 86400, &f->clock,
	    &rng_system, &f->e), 0);
	assert_int_equal(approval_wrap(&blob, o, &f->e), 0);
	order_free(&o);
	assert_int_equal(approval_add(&out, BYTES(blob.p, blob.len),
	    &f->officer, &f->clock, &f->e), 0);
	buf_clear(&blob);
	return out;
}

static void
binds_open_refuses_a_signature_that_does_not_verify_each_time(void **state)
{
	struct fixture	*f = *state;
	struct buf	 blob = signed_order(f);
	struct approved	*a = (struct approved *)-1;

	/* The signature is what a SignerInfo ends with. */
	blob.p[blob.len - 1] ^= 1;
	for (int i = 0; i < 2; i++) {
		error_clear(&f->e);
		assert_int_equal(binds_open(f->binds, BYTES(blob.p, blob.len),
		    NULL, &a, &f->e), -1);
		assert_null(a);
		assert_int_equal(f->e.code, ERROR_CRYPTO);
		assert_string_equal(f->e.text, "approved order: approval 1: "
		    "signature does not verify");
	}
	error_clear(&f->e);
	buf_clear(&blob);
}

static void
binds_open_takes_the_same_bytes_apart_once(void **state)
{
	struct fixture	*f = *state;
	struct buf	 one = signed_order(f), other = signed_order(f);
	struct approved	*first, *again, *a;

	assert_int_equal(binds_open(f->binds, BYTES(one.p, one.len), NULL,
	    &first, &f->e), 0);
	assert_int_equal(first->n, 1);
	assert_string_equal(first->by[0].person, "s1");
	assert_int_equal(binds_open(f->binds, BYTES(other.p, other.len), NULL,
	    &a, &f->e), 0);
	assert_ptr_not_equal(a, first);
	binds_turn(f->binds);
	assert_int_equal(binds_open(f->binds, BYTES(one.p, one.len), NULL,
	    &again, &f->e), 0);
	assert_ptr_equal(again, first);
	buf_clear(&one);
	buf_clear(&other);
}

static void
binds_turn_makes_room_when_there_are_too_many(void **state)
{
	struct fixture	*f = *state;
	struct buf	 blob;
	struct approved	*a;
	int		 i;

	for (i = 0; i < BINDS_MAX + 2; i++) {
		blob = signed_order(f);
		assert_int_equal(binds_open(f->binds, BYTES(blob.p, blob.len),
		    NULL, &a, &f->e), 0);
		buf_clear(&blob);
		/* Borrowed as long as the request lasts, however many. */
		assert_int_equal(a->n, 1);
	}
	binds_turn(f->binds);
	blob = signed_order(f);
	assert_int_equal(binds_open(f->binds, BYTES(blob.p, blob.len), NULL,
	    &a, &f->e), 0);
	assert_int_equal(a->n, 1);
	buf_clear(&blob);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    binds_open_refuses_a_signature_that_does_not_verify_each_time),
		cmocka_unit_test(binds_open_takes_the_same_bytes_apart_once),
		cmocka_unit_test(binds_turn_makes_room_when_there_are_too_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
