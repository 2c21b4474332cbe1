/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a batch says about the directory that it was written to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "crl/publisher_private.h"

#define COUNT	300

struct fixture {
	struct publisher	 p;
	struct db_delivery	 row[COUNT];
	struct deliver		 v[COUNT];
	struct db_deliveries	 work;
	struct error		 why;
};
static struct fixture	 f;

/* So many deliveries of people, none of them tried. */
static int
fresh(void **state)
{
	static char	 dn[] = "uid=anna,dc=x";

	(void)state;
	memset(&f, 0, sizeof(f));
	for (size_t i = 0; i < COUNT; i++) {
		f.row[i].kind = "person";
		f.v[i].wanted.dn = dn;
	}
	f.work.v = f.row;
	return 0;
}

static void
refuse(size_t from, size_t to, enum deliver_state state)
{
	for (size_t i = from; i < to; i++) {
		f.v[i].state = state;
		f.v[i].refused = true;
		error_set(&f.v[i].error, ERROR_DENIED, "uid=anna,dc=x: "
		    "directory: Insufficient access (50)");
	}
}

static void
write_one(size_t i)
{
	f.v[i].state = DELIVER_DONE;
	f.v[i].written = true;
	f.v[i].refused = false;
}

static enum publisher_outcome
judge(size_t n)
{
	f.work.n = n;
	error_clear(&f.why);
	return publisher_judge(&f.p, &f.work, f.v, &f.why);
}

static void
three_refusals_and_nothing_written_are_the_directorys(void **state)
{
	(void)state;
	refuse(0, 8, DELIVER_LATER);
	assert_int_equal(judge(2), PUBLISHER_NOTHING);
	assert_false(publisher_is_refused(&f.p));
	assert_int_equal(judge(1), PUBLISHER_REFUSED);
	assert_true(publisher_is_refused(&f.p));
	assert_int_equal(f.why.code, ERROR_DENIED);
	assert_string_equal(f.why.text, "it takes nothing that is written to "
	    "it: directory: Insufficient access (50)");
	/* Until it takes one; that there is nothing to write proves nothing. */
	f.v[0].state = DELIVER_DONE;
	f.v[0].refused = false;
	assert_int_equal(judge(1), PUBLISHER_NOTHING);
	assert_true(publisher_is_refused(&f.p));
	write_one(0);
	assert_int_equal(judge(1), PUBLISHER_WRITTEN);
	assert_false(publisher_is_refused(&f.p));
	refuse(0, 2, DELIVER_LATER);
	assert_int_equal(judge(2), PUBLISHER_NOTHING);
}

static void
one_that_is_written_excuses_the_directory(void **state)
{
	(void)state;
	refuse(0, COUNT, DELIVER_LATER);
	write_one(COUNT - 1);
	assert_int_equal(judge(COUNT), PUBLISHER_WRITTEN);
	assert_false(publisher_is_refused(&f.p));
	/* What was written and reads back otherwise was not. */
	f.v[COUNT - 1].refused = true;
	f.v[COUNT - 1].state = DELIVER_LATER;
	assert_int_equal(judge(COUNT), PUBLISHER_REFUSED);
}

static void
a_handful_of_wrong_entries_are_wrong(void **state)
{
	(void)state;
	refuse(0, 16, DELIVER_DEAD);
	for (int i = 0; i < 10; i++)
		assert_int_equal(judge(15), PUBLISHER_NOTHING);
	assert_int_equal(judge(16), PUBLISHER_REFUSED);
}

/* Wrong by what the store has: the directory took the rest of the entry. */
static void
what_the_store_has_wrong_says_nothing_of_the_directory(void **state)
{
	(void)state;
	refuse(0, COUNT, DELIVER_DEAD);
	for (size_t i = 0; i < COUNT; i++)
		f.v[i].refused = false;
	assert_int_equal(judge(COUNT), PUBLISHER_NOTHING);
}

static void
people_and_cas_are_judged_apart(void **state)
{
	(void)state;
	refuse(0, COUNT, DELIVER_DEAD);
	f.row[0].kind = "ca";
	write_one(0);
	assert_int_equal(judge(COUNT), PUBLISHER_REFUSED);
	assert_true(publisher_is_refused(&f.p));
	/* The next list does not make it one that takes people. */
	assert_int_equal(judge(1), PUBLISHER_WRITTEN);
	assert_true(publisher_is_refused(&f.p));
	write_one(1);
	assert_int_equal(judge(2), PUBLISHER_WRITTEN);
	assert_false(publisher_is_refused(&f.p));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup(
		    three_refusals_and_nothing_written_are_the_directorys,
		    fresh),
		cmocka_unit_test_setup(
		    one_that_is_written_excuses_the_directory, fresh),
		cmocka_unit_test_setup(a_handful_of_wrong_entries_are_wrong,
		    fresh),
		cmocka_unit_test_setup(
		    what_the_store_has_wrong_says_nothing_of_the_directory,
		    fresh),
		cmocka_unit_test_setup(people_and_cas_are_judged_apart, fresh),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
