/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdatomic.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include "ca/issuing/crew.h"

#define PIECES	1000

struct work {
	atomic_int	 done[PIECES];
	atomic_int	 at_once, most;
	pthread_t	 caller;
	atomic_int	 elsewhere;
};

static void
count_piece(void *arg, size_t i)
{
	struct work	*w = arg;
	int		 now = atomic_fetch_add(&w->at_once, 1) + 1;

	if (now > atomic_load(&w->most))
		atomic_store(&w->most, now);
	if (!pthread_equal(pthread_self(), w->caller))
		atomic_fetch_add(&w->elsewhere, 1);
	atomic_fetch_add(&w->done[i], 1);
	if (i % 100 == 0)
		usleep(1000);
	atomic_fetch_sub(&w->at_once, 1);
}

static void
each_piece_is_done_once_by_however_many(void **state)
{
	static const size_t	 threads[] = { 0, 1, 2, 7, 32, 5000 };
	size_t			 i, k;

	(void)state;
	for (k = 0; k < sizeof(threads) / sizeof(threads[0]); k++) {
		struct work	 w = { .caller = pthread_self() };

		crew_run(PIECES, threads[k], count_piece, &w);
		for (i = 0; i < PIECES; i++)
			assert_int_equal(w.done[i], 1);
		assert_true((size_t)w.most <= (threads[k] == 0 ? 1 :
		    threads[k]));
		if (threads[k] <= 1)
			assert_int_equal(w.elsewhere, 0);
	}
}

static void
no_pieces_are_no_work(void **state)
{
	struct work	 w = { .caller = pthread_self() };

	(void)state;
	crew_run(0, 4, count_piece, &w);
	assert_int_equal(w.most, 0);
	assert_int_equal(w.done[0], 0);
}

static void
a_crew_has_a_bound(void **state)
{
	(void)state;
	assert_int_equal(crew_size(3), 3);
	assert_int_equal(crew_size(1000), CREW_MAX);
	assert_true(crew_size(0) >= 1 && crew_size(0) <= CREW_MAX);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(each_piece_is_done_once_by_however_many),
		cmocka_unit_test(no_pieces_are_no_work),
		cmocka_unit_test(a_crew_has_a_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
