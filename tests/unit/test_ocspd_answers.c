/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed answers at hand: found, bounded, and gone when they must be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "ocsp/answers.h"
#include "ocsp/reply.h"

#define BOUND	(1 << 20)

struct fixture {
	struct answers	*a;
	struct cells	*cells;
	struct rng	 rng;
	struct error	 e;
};

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	f->rng = rng_seeded(3);
	assert_int_equal(answers_new(&f->a, BOUND, &f->rng, &f->e), 0);
	assert_int_equal(cells_new(&f->cells, BOUND, &f->rng, &f->e), 0);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	answers_free(&f->a);
	cells_free(&f->cells);
	mem_free(&f);
	return 0;
}

/* Made at 100, to be renewed from 150 on, until 200. */
static struct answer *
make(struct fixture *f, uint32_t n, size_t size)
{
	static const struct cell_status	 good = { .state = CELL_GOOD };
	struct cell_key			 key = { .serial_len = 4 };
	struct bytes			 body = BYTES("signed", 6);

	memcpy(key.serial, &n, sizeof(n));
	return answer_new(reply_shared(body, 40, 200),
	    cells_put(f->cells, &key, &good, 1), size, 100, 150, 200);
}

static void
nothing_is_found_that_is_not_there(void **state)
{
	struct fixture	*f = *state;
	struct answer	*x = make(f, 1, 800);
	uint8_t		 big[ANSWER_KEY_MAX + 1] = { 0 };

	assert_null(answers_get(f->a, ANSWER_BY_PATH, BYTES("/M", 2), 100));
	answers_put(f->a, ANSWER_BY_PATH, BYTES("/M", 2), x);
	assert_null(answers_get(f->a, ANSWER_BY_BODY, BYTES("/M", 2), 100));
	assert_null(answers_get(f->a, ANSWER_BY_ID, BYTES("/M", 2), 100));
	assert_null(answers_get(f->a, ANSWER_BY_PATH, BYTES("/", 1), 100));
	/* Too long to be kept. */
	answers_put(f->a, ANSWER_BY_BODY, BYTES(big, sizeof(big)), x);
	assert_null(answers_get(f->a, ANSWER_BY_BODY, BYTES(big,
	    sizeof(big)), 100));
	answer_free(&x);
	assert_null(x);
	answer_free(&x);
}

static void
one_answer_is_found_by_each_of_its_questions(void **state)
{
	struct fixture		*f = *state;
	struct answer		*x = make(f, 1, 800), *got;
	struct answers_use	 use;

	answers_put(f->a, ANSWER_BY_PATH, BYTES("/M", 2), x);
	answers_put(f->a, ANSWER_BY_ID, BYTES("0", 1), x);
	got = answers_get(f->a, ANSWER_BY_PATH, BYTES("/M", 2), 199);
	assert_ptr_equal(got, x);
	answer_free(&got);
	got = answers_get(f->a, ANSWER_BY_ID, BYTES("0", 1), 199);
	assert_ptr_equal(got, x);
	answer_free(&got);
	answers_look(f->a, 150, &use);
	assert_int_equal(use.n, 2);
	assert_in_range(use.bytes, 1600, 2400);
	assert_int_equal(use.oldest, 100);
	answer_free(&x);
	answers_drop_all(f->a);
	assert_null(answers_get(f->a, ANSWER_BY_ID, BYTES("0", 1), 100));
	answers_look(f->a, 150, &use);
	assert_int_equal(use.n, 0);
	assert_int_equal(use.oldest, 0);
}

static void
an_answer_ends_with_its_time(void **state)
{
	struct fixture		*f = *state;
	struct answer		*x = make(f, 1, 800);
	struct answers_use	 use;

	answers_put(f->a, ANSWER_BY_ID, BYTES("0", 1), x);
	assert_null(answers_get(f->a, ANSWER_BY_ID, BYTES("0", 1), 200));
	answers_put(f->a, ANSWER_BY_ID, BYTES("0", 1), x);
	answers_look(f->a, 200, &use);
	assert_int_equal(use.n, 0);
	answer_free(&x);
}

static void
an_answer_ends_when_its_certificate_changes(void **state)
{
	struct fixture	*f = *state;
	struct answer	*x = make(f, 1, 800);
	struct cell_key	 key = x->cell->key;

	answers_put(f->a, ANSWER_BY_PATH, BYTES("/M", 2), x);
	answers_put(f->a, ANSWER_BY_ID, BYTES("0", 1), x);
	cells_drop(f->cells, &key, 120);
	assert_null(answers_get(f->a, ANSWER_BY_PATH, BYTES("/M", 2), 121));
	assert_null(answers_get(f->a, ANSWER_BY_ID, BYTES("0", 1), 121));
	answer_free(&x);
}

static void
memory_stays_within_its_bound(void **state)
{
	struct fixture		*f = *state;
	struct answers_use	 use;
	struct answer		*x;
	uint32_t		 n;

	for (n = 0; n < 20000; n++) {
		x = make(f, n, 1000 + n % 20000);
		answers_put(f->a, ANSWER_BY_BODY, BYTES(&n, sizeof(n)), x);
		answer_free(&x);
	}
	answers_look(f->a, 120, &use);
	assert_in_range(use.bytes, BOUND / 8, BOUND + 64 * 21000);
}

static void
a_reply_without_a_future_is_not_kept(void **state)
{
	struct http_meta	 m;
	char			 etag[REPLY_ETAG];

	(void)state;
	reply_meta(&m, etag, BYTES("signed", 6), 40, 0);
	assert_string_equal(m.type, "application/ocsp-response");
	assert_int_equal(m.expires, 0);
	assert_null(m.etag);
	reply_meta(&m, etag, BYTES("signed", 6), 40, 200);
	assert_int_equal(m.expires, 200);
	assert_int_equal(m.modified, 40);
	assert_int_equal(strlen(m.etag), 32);
	assert_string_equal(m.etag, etag);
}

#define T(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_is_found_that_is_not_there),
		T(one_answer_is_found_by_each_of_its_questions),
		T(an_answer_ends_with_its_time),
		T(an_answer_ends_when_its_certificate_changes),
		T(memory_stays_within_its_bound),
		cmocka_unit_test(a_reply_without_a_future_is_not_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
