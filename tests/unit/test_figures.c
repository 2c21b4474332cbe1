/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "ra/figures.h"
#include "tests/lib/testdb.h"

#define DAY	INT64_C(86400)
#define NOW	(INT64_C(20000) * DAY + 3600)

static const struct db_table *const tables[] = { &DB_APPLICATION,
    &DB_OFFICER };

static struct testdb	 t;
static struct db	*db;
static struct arena	*a;
static struct figures	*f;

static int
group_setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	db = testdb_open(&t, "signet_ra", tables, 2);
	a = arena_new();
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	db_close(&db);
	arena_free(&a);
	testdb_clear(&t);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	testdb_sql(&t, "SET search_path = signet; DELETE FROM application;"
	    " DELETE FROM orders");
	f = figures_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	figures_free(&f);
	assert_null(f);
	figures_free(&f);
	return 0;
}

static void
add_order(const char *name)
{
	testdb_sql(&t, "INSERT INTO signet.orders (id, digest, kind, state, ca,"
	    " profile, holder, summary, blob, items, open_items,"
	    " waiting_items, created_at, expires_at)"
	    " SELECT substr(d, 1, 16), d, 'issue', 'pending', 'people', 'p',"
	    " 'h', 's', 'x', 1, 1, 0, to_timestamp(0), to_timestamp(9)"
	    " FROM sha256('%s') AS d", name);
}

static void
add_application(const char *office)
{
	testdb_sql(&t, "INSERT INTO signet.application (id, state, profile,"
	    " fields, request, key_digest, mail, lang, confirmed_at,"
	    " expires_at, office) SELECT substr(d, 1, 16), 'waiting', 'p',"
	    " '[]', d || d, d, 'x@example.org', 'en', now(),"
	    " now() + interval '1 day', '%s' FROM sha256('%s') AS d", office,
	    office);
}

static int64_t
pending_at(int64_t now)
{
	struct db_officer_counts	c;
	struct error			e = ERROR_INIT;

	if (figures_counts(f, db, now, &c, &e) == -1)
		fail_msg("%s", e.text);
	return c.pending;
}

static void
what_a_store_cannot_say_is_not_kept(void **state)
{
	struct db_officer_counts	c;
	struct error			e = ERROR_INIT;
	struct db			*away;

	(void)state;
	db_open_later(&away, "host=/nowhere", "test", tables, 2);
	db_set_patience(away, 0);
	assert_int_equal(figures_counts(f, away, NOW, &c, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_non_null(strstr(e.text, "connect to database"));
	db_close(&away);
	add_order("one");
	assert_int_equal(pending_at(NOW), 1);
}

static void
counts_are_kept_for_two_seconds_and_no_longer(void **state)
{
	(void)state;
	assert_int_equal(pending_at(NOW), 0);
	add_order("one");
	assert_int_equal(pending_at(NOW + FIGURES_S - 1), 0);
	assert_int_equal(pending_at(NOW + FIGURES_S), 1);
	add_order("two");
	/* A clock that was put back does not keep them longer. */
	assert_int_equal(pending_at(NOW - 3600), 2);
}

static void
what_an_officer_did_is_counted_at_once(void **state)
{
	(void)state;
	assert_int_equal(pending_at(NOW), 0);
	add_order("one");
	figures_forget(f);
	assert_int_equal(pending_at(NOW), 1);
}

static void
applications_are_counted_by_state_and_office(void **state)
{
	struct db_application_counts	 c;
	struct error			 e = ERROR_INIT;
	int				 i;

	(void)state;
	add_application("north");
	add_application("south");
	/* The second time they are copies of what was kept. */
	for (i = 0; i < 2; i++) {
		assert_int_equal(figures_applications(f, db, NOW, &c, a, &e),
		    0);
		assert_int_equal(c.n, 2);
		assert_string_equal(c.v[0].state, "waiting");
		assert_string_equal(c.v[0].office, "north");
		assert_int_equal(c.v[0].n, 1);
		assert_string_equal(c.v[1].office, "south");
	}
	testdb_sql(&t, "UPDATE signet.application SET office = NULL");
	figures_forget(f);
	for (i = 0; i < 2; i++) {
		assert_int_equal(figures_applications(f, db, NOW, &c, a, &e),
		    0);
		assert_int_equal(c.n, 1);
		assert_null(c.v[0].office);
		assert_int_equal(c.v[0].n, 2);
	}
}

static void
days_move_on_at_midnight(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 first, later, day[FIGURES_DAYS];

	(void)state;
	assert_int_equal(figures_days(f, db, NOW, DB_OFFICER_ISSUED, &first,
	    day, &e), 0);
	assert_int_equal(first, NOW - 3600 - (FIGURES_DAYS - 1) * DAY);
	assert_int_equal(day[FIGURES_DAYS - 1], 0);
	testdb_sql(&t, "INSERT INTO signet.ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after) VALUES ('people', false,"
	    " 'CN=P', decode(repeat('00', 64), 'hex'),"
	    " decode(repeat('00', 32), 'hex'), to_timestamp(0),"
	    " to_timestamp(%lld))", (long long)(NOW + 9999 * DAY));
	testdb_sql(&t, "INSERT INTO signet.cert (ca, serial, order_id, n,"
	    " profile, subject, key_digest, not_before, not_after, der,"
	    " issued_at) SELECT 'people', substr(d, 1, 19), substr(d, 1, 16),"
	    " 0, 'm', 'CN=x', d, to_timestamp(0), to_timestamp(1),"
	    " decode(repeat('00', 64), 'hex'), to_timestamp(%lld)"
	    " FROM sha256('c') AS d", (long long)NOW);
	assert_int_equal(figures_days(f, db, NOW + FIGURES_CHART_S - 1,
	    DB_OFFICER_ISSUED, &first, day, &e), 0);
	assert_int_equal(day[FIGURES_DAYS - 1], 0);
	assert_int_equal(figures_days(f, db, NOW + FIGURES_CHART_S - 1 + DAY,
	    DB_OFFICER_ISSUED, &later, day, &e), 0);
	assert_int_equal(later, first + DAY);
	assert_int_equal(day[FIGURES_DAYS - 2], 1);
}

int
main(void)
{
#define ONE(test)	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		ONE(what_a_store_cannot_say_is_not_kept),
		ONE(counts_are_kept_for_two_seconds_and_no_longer),
		ONE(what_an_officer_did_is_counted_at_once),
		ONE(applications_are_counted_by_state_and_office),
		ONE(days_move_on_at_midnight),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
