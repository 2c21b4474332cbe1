/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applications from the form to the order, and what becomes of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_application.h"
#include "db/db_order.h"
#include "tests/lib/testdb.h"

#define DAY	INT64_C(86400)

static const struct db_table *const tables[] = { &DB_APPLICATION,
    &DB_APPLICATION_NEW, &DB_APPLICATION_DECIDE, &DB_APPLICATION_FOLLOW,
    &DB_ORDER, &DB_ORDER_ADD, &DB_ORDER_NEW, &DB_ORDER_INTAKE };

static struct testdb t;
static struct db *db;
static struct arena *a;
static uint8_t der[100];
static int64_t now;

static struct db_application
application_of(uint32_t number)
{
	struct db_application	 p = { .profile = "mail", .office = "north",
	    .fields = "[[\"cn\", \"Alice\"], [\"mail\", \"a@example.org\"]]",
	    .request = { der, sizeof(der) }, .mail = "a@example.org",
	    .lang = "en", .expires_at = now + DAY };

	testdb_id(p.id, number);
	testdb_digest(p.key_digest, number);
	return p;
}

static void
apply(uint32_t number)
{
	struct db_application	 p = application_of(number);
	struct error		 e = ERROR_INIT;

	assert_int_equal(db_application_add(db, &p, 100, &e), 1);
}

static void
apply_and_confirm(uint32_t number)
{
	struct db_application	 p = application_of(number);
	struct error		 e = ERROR_INIT;

	apply(number);
	assert_int_equal(db_application_confirm(db, p.id, now + 30 * DAY, &e),
	    0);
}

static struct db_application
look(uint32_t number)
{
	struct db_application	 p;
	struct error		 e = ERROR_INIT;
	uint8_t			 id[DB_APPLICATION_ID];

	testdb_id(id, number);
	assert_int_equal(db_application_find(db, id, &p, a, &e), 1);
	return p;
}

/* An order with one item, made of an application of the same number. */
static void
order(uint32_t number, const char *state)
{
	struct db_order		 o = { .kind = "issue", .state = state,
	    .ca = "people", .profile = "mail", .holder = "h", .summary = "s",
	    .items = 1, .created_at = now, .expires_at = now + DAY };
	struct db_item_new	 i = { .holder = "h",
	    .request = { der, sizeof(der) } };
	struct db_application	 p = application_of(number);
	struct error		 e = ERROR_INIT;

	testdb_id(o.id, 1000 + number);
	testdb_digest(o.digest, 1000 + number);
	testdb_id(i.ref.order_id, 1000 + number);
	assert_int_equal(db_order_add(db, &o, BYTES("b", 1), &e), 1);
	assert_int_equal(db_order_add_items(db, &i, 1, &e), 0);
	assert_int_equal(db_application_order(db, p.id, o.id, &e), 0);
}

static int64_t
notices(uint32_t number, const char *kind)
{
	return testdb_number(&t, "SELECT count(*) FROM notice WHERE kind = '%s'"
	    " AND application = (SELECT id FROM application"
	    " WHERE get_byte(id, 3) = %u)", kind, (unsigned int)number);
}

static void
an_application_that_breaks_a_rule_is_bad_input(void **state)
{
	struct db_application	 p = application_of(1);
	struct error		 e = ERROR_INIT;

	(void)state;
	p.request.len = 63;
	assert_int_equal(db_application_add(db, &p, 9, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "application 000000015a"));
	error_clear(&e);
	p = application_of(1);
	p.fields = "{\"cn\": \"an object\"}";
	assert_int_equal(db_application_add(db, &p, 9, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	p = application_of(1);
	p.fields = "[[";
	assert_int_equal(db_application_add(db, &p, 9, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	p = application_of(1);
	p.lang = "EN'";
	assert_int_equal(db_application_add(db, &p, 9, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
}

static void
one_address_can_have_only_so_many_unconfirmed_ones_a_day(void **state)
{
	struct db_application	 p;
	struct error		 e = ERROR_INIT;

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		p = application_of(i);
		assert_int_equal(db_application_add(db, &p, 3, &e), 1);
	}
	p = application_of(4);
	p.mail = "A@Example.ORG";
	assert_int_equal(db_application_add(db, &p, 3, &e), 0);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM application"),
	    3);
	p.mail = "b@example.org";
	assert_int_equal(db_application_add(db, &p, 3, &e), 1);
	/* What was confirmed does not count. */
	testdb_id(p.id, 1);
	assert_int_equal(db_application_confirm(db, p.id, now + DAY, &e), 0);
	p = application_of(5);
	assert_int_equal(db_application_add(db, &p, 3, &e), 1);
}

static void
it_comes_back_as_it_was_handed_in(void **state)
{
	struct db_application	 p = application_of(1), got;
	struct error		 e = ERROR_INIT;

	(void)state;
	p.note = "please";
	assert_int_equal(db_application_add(db, &p, 9, &e), 1);
	got = look(1);
	assert_string_equal(got.state, "unconfirmed");
	assert_string_equal(got.office, "north");
	assert_string_equal(got.profile, "mail");
	assert_string_equal(got.fields, p.fields);
	assert_string_equal(got.note, "please");
	assert_true(bytes_equal(got.request, p.request));
	assert_memory_equal(got.key_digest, p.key_digest, DB_DIGEST);
	assert_string_equal(got.mail, "a@example.org");
	assert_string_equal(got.lang, "en");
	assert_int_equal(got.expires_at, now + DAY);
	assert_int_equal(got.confirmed_at, 0);
	assert_false(got.has_order);
	assert_null(got.reason);
	testdb_id(p.id, 9);
	assert_int_equal(db_application_find(db, p.id, &got, a, &e), 0);
}

static void
a_link_leads_only_where_its_kind_leads(void **state)
{
	struct db_application	 p = application_of(1), got;
	struct error		 e = ERROR_INIT;
	uint8_t			 token[DB_APPLICATION_TOKEN];

	(void)state;
	apply(1);
	testdb_digest(token, 7);
	assert_int_equal(db_application_find_link(db, DB_LINK_CONFIRM, token,
	    &got, a, &e), 0);
	assert_int_equal(db_application_link(db, p.id, DB_LINK_CONFIRM, token,
	    &e), 0);
	assert_int_equal(db_application_find_link(db, DB_LINK_CONFIRM, token,
	    &got, a, &e), 1);
	assert_memory_equal(got.id, p.id, DB_APPLICATION_ID);
	assert_int_equal(db_application_find_link(db, DB_LINK_STATUS, token,
	    &got, a, &e), 0);
	/* The same token twice, and a link to nothing. */
	assert_int_equal(db_application_link(db, p.id, DB_LINK_STATUS, token,
	    &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	testdb_id(p.id, 9);
	testdb_digest(token, 8);
	assert_int_equal(db_application_link(db, p.id, DB_LINK_STATUS, token,
	    &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
}

static void
it_is_confirmed_once_and_in_time(void **state)
{
	struct db_application	 p = application_of(1);
	struct error		 e = ERROR_INIT;

	(void)state;
	apply_and_confirm(1);
	assert_string_equal(look(1).state, "waiting");
	assert_in_range(look(1).confirmed_at, now - 1, now + 60);
	assert_int_equal(look(1).expires_at, now + 30 * DAY);
	assert_int_equal(db_application_confirm(db, p.id, now + DAY, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text,
	    ": does not wait for its mail address to be confirmed"));
	error_clear(&e);
	apply(2);
	testdb_sql(&t, "UPDATE application SET made_at = now() - interval"
	    " '2 days', expires_at = now() - interval '1 s'");
	testdb_id(p.id, 2);
	assert_int_equal(db_application_confirm(db, p.id, now + DAY, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
}

static void
only_what_waits_is_withdrawn_rejected_moved_or_ordered(void **state)
{
	const struct db_application_move to = { .from = "north",
					    .to = "south", .by = "o1",
					    .why = "lives there" };
	struct db_application	 p = application_of(1);
	struct error		 e = ERROR_INIT;
	uint8_t			 id[DB_ORDER_ID];

	(void)state;
	apply(1);
	testdb_id(id, 77);
	assert_int_equal(db_application_withdraw(db, p.id, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_application_reject(db, p.id, "no", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_application_move(db, p.id, &to, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_application_order(db, p.id, id, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);

	assert_int_equal(db_application_confirm(db, p.id, now + DAY, &e), 0);
	assert_int_equal(db_application_order(db, p.id, id, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);	/* no such order */
	error_clear(&e);
	assert_null(look(1).moved_by);
	assert_int_equal(db_application_move(db, p.id, &to, &e), 0);
	assert_string_equal(look(1).office, "south");
	assert_string_equal(look(1).moved_from, "north");
	assert_string_equal(look(1).moved_by, "o1");
	assert_string_equal(look(1).moved_why, "lives there");
	/* Whoever looked before that moves nothing. */
	assert_int_equal(db_application_move(db, p.id, &to, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text,
	    "does not wait for an officer's decision there"));
	error_clear(&e);
	assert_int_equal(db_application_reject(db, p.id, "who is this", &e),
	    0);
	assert_string_equal(look(1).state, "rejected");
	assert_string_equal(look(1).reason, "who is this");
	apply_and_confirm(2);
	testdb_id(p.id, 2);
	assert_int_equal(db_application_withdraw(db, p.id, &e), 0);
	assert_string_equal(look(2).state, "withdrawn");
}

static void
an_order_belongs_to_one_application(void **state)
{
	struct db_application	 p, got;
	struct error		 e = ERROR_INIT;
	uint8_t			 id[DB_ORDER_ID];

	(void)state;
	apply_and_confirm(1);
	apply_and_confirm(2);
	order(1, "pending");
	testdb_id(id, 1001);
	assert_int_equal(db_application_of_order(db, id, &got, a, &e), 1);
	assert_true(got.has_order);
	assert_memory_equal(got.order_id, id, DB_ORDER_ID);
	p = application_of(2);
	assert_int_equal(db_application_order(db, p.id, id, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	testdb_id(id, 9);
	assert_int_equal(db_application_of_order(db, id, &got, a, &e), 0);
}

static void
the_list_is_newest_first_in_pages_and_by_what_is_asked_for(void **state)
{
	static const char *const	 south[] = { "south", "west" };
	struct db_application_filter	 f = { .state = "waiting" };
	struct db_applications		 v;
	struct db_application		 p = application_of(9);
	struct error			 e = ERROR_INIT;

	(void)state;
	for (uint32_t i = 1; i <= 3; i++)
		apply_and_confirm(i);
	p.office = "south";
	p.mail = "b@example.org";
	assert_int_equal(db_application_add(db, &p, 9, &e), 1);
	assert_int_equal(db_application_list(db, &f, 0, 2, &v, a, &e), 0);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.v[0].id[3], 3);
	assert_null(v.v[0].request.p);
	assert_int_equal(db_application_list(db, &f, v.v[1].seq, 9, &v, a,
	    &e), 0);
	assert_int_equal(v.n, 1);
	assert_int_equal(v.v[0].id[3], 1);
	f = (struct db_application_filter){ .office = south, .noffices = 2 };
	assert_int_equal(db_application_list(db, &f, 0, 9, &v, a, &e), 0);
	assert_int_equal(v.n, 1);
	f = (struct db_application_filter){ .office = south };
	assert_int_equal(db_application_list(db, &f, 0, 9, &v, a, &e), 0);
	assert_int_equal(v.n, 0);
	f = (struct db_application_filter){ .mail = "B@EXAMPLE.org" };
	assert_int_equal(db_application_list(db, &f, 0, 9, &v, a, &e), 0);
	assert_int_equal(v.n, 1);
	f = (struct db_application_filter){ .key_digest = p.key_digest };
	assert_int_equal(db_application_list(db, &f, 0, 9, &v, a, &e), 0);
	assert_int_equal(v.n, 1);
	f = (struct db_application_filter){ .profile = "other" };
	assert_int_equal(db_application_list(db, &f, 0, 9, &v, a, &e), 0);
	assert_int_equal(v.n, 0);
}

static void
open_ones_are_counted_by_state_and_office(void **state)
{
	struct db_application_counts	 c;
	struct error			 e = ERROR_INIT;

	(void)state;
	apply(1);
	apply_and_confirm(2);
	apply_and_confirm(3);
	assert_int_equal(db_application_counts(db, &c, a, &e), 0);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.v[0].state, "unconfirmed");
	assert_string_equal(c.v[1].state, "waiting");
	assert_string_equal(c.v[1].office, "north");
	assert_int_equal(c.v[1].n, 2);
	assert_in_range(c.v[1].oldest, now - 60, now + 600);
}

static void
what_became_of_its_order_becomes_of_it_and_is_told_once(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 after = 0;

	(void)state;
	for (uint32_t i = 1; i <= 6; i++)
		apply_and_confirm(i);
	order(1, "pending");
	order(2, "ready");
	order(3, "ready");
	order(4, "pending");
	order(5, "pending");
	testdb_sql(&t, "UPDATE item SET state = 'signing'"
	    " WHERE get_byte(order_id, 3) = 1003 %% 256;"
	    " UPDATE item SET state = 'done'"
	    " WHERE get_byte(order_id, 3) = 1003 %% 256;"
	    " UPDATE orders SET state = 'rejected', reason = 'not you'"
	    " WHERE get_byte(id, 3) = 1004 %% 256;"
	    " UPDATE orders SET state = 'expired'"
	    " WHERE get_byte(id, 3) = 1005 %% 256");
	assert_int_equal(db_application_follow(db, &after, 3, &e), 0);
	assert_true(after > 0);
	assert_int_equal(db_application_follow(db, &after, 3, &e), 0);
	assert_int_equal(after, 0);
	assert_int_equal(db_application_follow(db, &after, 3, &e), 0);
	assert_string_equal(look(1).state, "ordered");
	assert_string_equal(look(2).state, "ordered");
	assert_string_equal(look(3).state, "issued");
	assert_string_equal(look(4).state, "rejected");
	assert_string_equal(look(4).reason, "not you");
	assert_string_equal(look(5).state, "expired");
	assert_string_equal(look(6).state, "waiting");
	assert_int_equal(notices(2, "approved"), 1);
	assert_int_equal(notices(3, "issued"), 1);
	assert_int_equal(notices(4, "rejected"), 1);
	assert_int_equal(notices(5, "expired"), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM notice"), 4);
}

static void
what_nobody_confirmed_or_decided_expires(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	apply(1);
	apply_and_confirm(2);
	apply_and_confirm(3);
	order(3, "pending");
	assert_int_equal(db_application_expire(db, 9, &e), 0);
	testdb_sql(&t, "UPDATE application SET made_at = now() - interval"
	    " '2 days', expires_at = now() - interval '1 s'");
	assert_int_equal(db_application_expire(db, 1, &e), 1);
	assert_int_equal(db_application_expire(db, 9, &e), 1);
	assert_int_equal(db_application_expire(db, 9, &e), 0);
	assert_string_equal(look(1).state, "expired");
	assert_string_equal(look(2).state, "expired");
	assert_string_equal(look(3).state, "ordered");
	assert_int_equal(notices(1, "expired"), 0);	/* a stranger's address */
	assert_int_equal(notices(2, "expired"), 1);
}

static void
check_move(const char *from, const char *to, bool listed)
{
	struct db	*raw = testdb_open(&t, NULL, NULL, 0);
	char		*sql = mem_printf("UPDATE application SET"
	    " state = '%s', confirmed_at = coalesce(confirmed_at, now())", to);
	struct error	 e = ERROR_INIT;

	if ((db_script(raw, sql, &e) == 0) != listed)
		fail_msg("%s to %s: %s", from, to, e.text);
	if (!listed)
		assert_int_equal(e.code, ERROR_CONFLICT);
	db_close(&raw);
	mem_free(&sql);
}

static void
states_change_along_the_table_and_no_other_way(void **state)
{
	static const char *const v[] = { "unconfirmed", "waiting", "ordered",
	    "issued", "rejected", "withdrawn", "expired" };

	(void)state;
	apply_and_confirm(1);
	order(1, "pending");
	for (size_t i = 0; i < 7; i++)
		for (size_t j = 1; j < 7; j++) {
			int64_t	 way = i == j ? 1 : testdb_number(&t,
			    "SELECT count(*) FROM state_change"
			    " WHERE what = 'application' AND before = '%s'"
			    " AND after = '%s'", v[i], v[j]);

			testdb_sql(&t, "ALTER TABLE application DISABLE"
			    " TRIGGER ALL; UPDATE application SET"
			    " state = '%s', confirmed_at = nullif(made_at,"
			    " CASE '%s' WHEN 'unconfirmed' THEN made_at END),"
			    " reason = 'r'; ALTER TABLE application ENABLE"
			    " TRIGGER ALL", v[i], v[i]);
			check_move(v[i], v[j], way == 1);
		}
}

static int
setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	db = testdb_open(&t, "signet_ra", tables,
	    sizeof(tables) / sizeof(tables[0]));
	a = arena_new();
	memset(der, 'r', sizeof(der));
	now = testdb_number(&t, "SELECT extract(epoch FROM now())::bigint");
	return 0;
}

static int
empty(void **state)
{
	(void)state;
	arena_reset(a);
	testdb_sql(&t, "SET client_min_messages = warning;"
	    " TRUNCATE application, orders CASCADE");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&a);
	db_close(&db);
	testdb_clear(&t);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    an_application_that_breaks_a_rule_is_bad_input, empty),
		cmocka_unit_test_setup(
		    one_address_can_have_only_so_many_unconfirmed_ones_a_day,
		    empty),
		cmocka_unit_test_setup(it_comes_back_as_it_was_handed_in,
		    empty),
		cmocka_unit_test_setup(a_link_leads_only_where_its_kind_leads,
		    empty),
		cmocka_unit_test_setup(it_is_confirmed_once_and_in_time,
		    empty),
		cmocka_unit_test_setup(
		    only_what_waits_is_withdrawn_rejected_moved_or_ordered,
		    empty),
		cmocka_unit_test_setup(an_order_belongs_to_one_application,
		    empty),
		cmocka_unit_test_setup(
		    the_list_is_newest_first_in_pages_and_by_what_is_asked_for,
		    empty),
		cmocka_unit_test_setup(
		    open_ones_are_counted_by_state_and_office, empty),
		cmocka_unit_test_setup(
		    what_became_of_its_order_becomes_of_it_and_is_told_once,
		    empty),
		cmocka_unit_test_setup(
		    what_nobody_confirmed_or_decided_expires, empty),
		cmocka_unit_test_setup(
		    states_change_along_the_table_and_no_other_way, empty),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
