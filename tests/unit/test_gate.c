/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <cmocka.h>
#include "os/gate.h"

#define THREADS	16
#define ROUNDS	200
#define WIDTH	3

static void
gate_enter_is_refused_while_all_places_are_taken(void **state)
{
	struct error	 e = ERROR_INIT;
	struct gate	*g;

	(void)state;
	gate_new(&g, 2);
	assert_int_equal(gate_enter(g, 0, &e), 0);
	assert_int_equal(gate_enter(g, 0, &e), 0);
	assert_int_equal(gate_enter(g, 5, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "too much of this work is being done at "
	    "the moment");
	gate_leave(g);
	error_clear(&e);
	assert_int_equal(gate_enter(g, 0, &e), 0);
	gate_free(&g);
	assert_null(g);
}

static void
gate_enter_lets_everybody_in_where_there_is_no_gate(void **state)
{
	struct error	 e = ERROR_INIT;
	int		 i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(gate_enter(NULL, 0, &e), 0);
	gate_leave(NULL);
}

struct crowd {
	struct gate	*gate;
	atomic_int	 inside, most, done;
};

static void *
visit(void *arg)
{
	struct crowd	*c = arg;
	struct error	 e = ERROR_INIT;
	struct timespec	 nap = { 0, 50000 };
	int		 i, n, most;

	for (i = 0; i < ROUNDS; i++) {
		if (gate_enter(c->gate, 60000, &e) == -1)
			continue;
		n = atomic_fetch_add(&c->inside, 1) + 1;
		most = atomic_load(&c->most);
		while (n > most &&
		    !atomic_compare_exchange_weak(&c->most, &most, n))
			;
		nanosleep(&nap, NULL);
		atomic_fetch_sub(&c->inside, 1);
		atomic_fetch_add(&c->done, 1);
		gate_leave(c->gate);
	}
	return NULL;
}

static void
gate_enter_never_lets_more_in_than_its_width(void **state)
{
	struct crowd	 c = { 0 };
	pthread_t	 t[THREADS];
	size_t		 i;

	(void)state;
	gate_new(&c.gate, WIDTH);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, visit, &c), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(c.done, THREADS * ROUNDS);
	assert_int_equal(c.most, WIDTH);
	gate_free(&c.gate);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    gate_enter_is_refused_while_all_places_are_taken),
		cmocka_unit_test(
		    gate_enter_lets_everybody_in_where_there_is_no_gate),
		cmocka_unit_test(gate_enter_never_lets_more_in_than_its_width),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
