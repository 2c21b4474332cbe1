/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What officers look at, asked as the registration authority's role.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "db/db_officer.h"
#include "tests/lib/testdb.h"

#define DAY	INT64_C(86400)
#define TODAY	(INT64_C(20000) * DAY)
#define NOW	(TODAY + 3600)

static const struct db_table *const tables[] = { &DB_OFFICER };

static struct testdb t;
static struct db *db;
static struct arena *a;

/* n orders of a state and profile, "summary K" each. */
static void
add_orders(int n, const char *state, const char *profile, const char *who,
    int waiting)
{
	testdb_sql(&t, "INSERT INTO signet.orders (id, digest, kind, state, ca,"
	    " profile, holder, summary, blob, items, open_items,"
	    " waiting_items, created_at, expires_at)"
	    " SELECT substr(d, 1, 16), d, 'issue', '%s', 'people', '%s', '%s',"
	    " 'Summary ' || i || ' of %s', 'x', 1, 1, %d,"
	    " to_timestamp(%lld), to_timestamp(%lld)"
	    " FROM (SELECT i, sha256(convert_to('%s%s%s' || i, 'UTF8')) AS d"
	    "  FROM generate_series(1, %d) AS i) AS s", state, profile, who,
	    who, waiting, (long long)NOW, (long long)(NOW + DAY), state,
	    profile, who, n);
}

static struct db_officer_rows
queue(const struct db_officer_queue *q, int64_t before, size_t limit,
    int64_t *next)
{
	struct db_officer_rows	o;
	struct error		e = ERROR_INIT;

	if (db_officer_queue(db, q, before, limit, &o, next, a, &e) == -1)
		fail_msg("%s", e.text);
	return o;
}

static int
setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	db = testdb_open(&t, "signet_ra", tables, 1);
	a = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	db_close(&db);
	arena_free(&a);
	testdb_clear(&t);
	return 0;
}

static void
figures_of_an_empty_store_are_zero(void **state)
{
	struct db_officer_counts	c;
	struct error			e = ERROR_INIT;
	int64_t				day[3] = { 9, 9, 9 };

	(void)state;
	assert_int_equal(db_officer_counts(db, NOW, NOW + DAY, NOW - DAY, &c,
	    &e), 0);
	assert_int_equal(c.pending + c.codes + c.expiring + c.revoked, 0);
	assert_int_equal(db_officer_days(db, DB_OFFICER_ISSUED, TODAY, day, 3,
	    &e), 0);
	assert_int_equal(day[0] + day[1] + day[2], 0);
}

static void
queue_hides_what_is_outside_of_the_scope(void **state)
{
	static const char *const	web[] = { "web-login" };
	struct db_officer_queue		q = { .state = "pending",
					    .scope = web, .nscope = 1 };
	struct db_officer_rows		o;
	int64_t				next;

	(void)state;
	add_orders(3, "pending", "mail-sign", "alice", 0);
	add_orders(2, "pending", "web-login", "bob", 0);
	o = queue(&q, 0, 10, &next);
	assert_int_equal(o.n, 2);
	assert_string_equal(o.v[0].order.profile, "web-login");
	q.profile = "mail-sign";
	assert_int_equal(queue(&q, 0, 10, &next).n, 0);
	q.nscope = 0;
	q.profile = NULL;
	assert_int_equal(queue(&q, 0, 10, &next).n, 0);
}

static void
queue_brings_what_a_scope_is_judged_by(void **state)
{
	struct db_officer_queue	q = { .state = "pending", .holder = "gerd" };
	struct db_officer_rows	o;
	int64_t			next;

	(void)state;
	add_orders(3, "pending", "mail-sign", "gerd", 0);
	testdb_sql(&t, "UPDATE signet.orders SET kind = 'batch'"
	    " WHERE summary = 'Summary 3 of gerd';"
	    " INSERT INTO signet.application (id, state, profile, fields,"
	    " request, key_digest, mail, lang, confirmed_at, expires_at,"
	    " office, order_id) SELECT id, 'ordered', 'mail-sign', '[]',"
	    " convert_to(repeat('r', 64), 'UTF8'),"
	    " digest, 'gerd@example.org', 'en', now(), now() +"
	    " interval '1 day', 'north', id"
	    " FROM signet.orders WHERE summary = 'Summary 2 of gerd'");
	o = queue(&q, 0, 10, &next);
	assert_int_equal(o.n, 3);
	assert_null(o.v[0].blob.p);
	assert_false(o.v[0].applied);
	assert_true(bytes_equal(o.v[1].blob, BYTES("x", 1)));
	assert_true(o.v[1].applied);
	assert_string_equal(o.v[1].office, "north");
	assert_false(o.v[2].applied);
	assert_null(o.v[2].office);
	testdb_sql(&t, "DELETE FROM signet.application;"
	    " DELETE FROM signet.orders WHERE holder = 'gerd'");
}

static void
queue_takes_text_as_text_and_not_as_a_pattern(void **state)
{
	struct db_officer_queue	q = { .state = "pending" };
	int64_t			next;

	(void)state;
	q.text = "%";
	assert_int_equal(queue(&q, 0, 10, &next).n, 0);
	q.text = "' OR true --";
	assert_int_equal(queue(&q, 0, 10, &next).n, 0);
	q.text = "SUMMARY 2 of";
	assert_int_equal(queue(&q, 0, 10, &next).n, 2);
	q.text = "alice";
	assert_int_equal(queue(&q, 0, 10, &next).n, 3);
}

static void
queue_goes_on_where_a_page_ended(void **state)
{
	struct db_officer_queue	q = { .state = "pending" };
	struct db_officer_rows	o;
	int64_t			next;

	(void)state;
	o = queue(&q, 0, 3, &next);
	assert_int_equal(o.n, 3);
	assert_int_equal(next, o.v[2].order.seq);
	o = queue(&q, next, 3, &next);
	assert_int_equal(o.n, 2);
	assert_int_equal(next, 0);
}

static void
queue_looks_at_so_many_rows_and_no_more(void **state)
{
	struct db_officer_queue	q = { .state = "pending",
				    .text = "nobody at all" };
	struct db_officer_counts c;
	struct error		e = ERROR_INIT;
	int64_t			next = 0, steps = 0;

	(void)state;
	add_orders(5000, "pending", "mail-sign", "carol", 0);
	add_orders(50000, "done", "mail-sign", "dave", 0);
	add_orders(4, "ready", "mail-sign", "erik", 1);
	do {
		assert_int_equal(queue(&q, next, 50, &next).n, 0);
		steps++;
	} while (next != 0);
	assert_int_equal(steps, 3);
	q = (struct db_officer_queue){ .waiting = true, .state = "ready" };
	assert_int_equal(queue(&q, 0, 50, &next).n, 4);
	assert_int_equal(db_officer_counts(db, NOW, NOW + DAY, NOW - DAY, &c,
	    &e), 0);
	assert_int_equal(c.pending, 5005);
	assert_int_equal(c.codes, 4);
	add_orders(6000, "pending", "mail-sign", "frida", 0);
	assert_int_equal(db_officer_counts(db, NOW, NOW + DAY, NOW - DAY, &c,
	    &e), 0);
	assert_int_equal(c.pending, DB_OFFICER_MANY);
}

static void
add_certs(int from, int to, int64_t at)
{
	testdb_sql(&t, "INSERT INTO signet.cert (ca, serial, order_id, n,"
	    " profile, subject, key_digest, not_before, not_after, der,"
	    " issued_at)"
	    " SELECT 'people', substr(d, 1, 19), substr(d, 1, 16), 0, 'm',"
	    " 'CN=x', d, to_timestamp(%lld), to_timestamp(%lld),"
	    " decode(repeat('00', 64), 'hex'), to_timestamp(%lld)"
	    " FROM (SELECT sha256(convert_to('c' || i, 'UTF8')) AS d"
	    "  FROM generate_series(%d, %d) AS i) AS s", (long long)at,
	    (long long)(NOW + 20 * DAY), (long long)at, from, to);
}

static void
days_are_counted_and_what_is_not_known_is_not_zero(void **state)
{
	struct db_officer_counts c;
	struct error		e = ERROR_INIT;
	int64_t			day[4];

	(void)state;
	testdb_sql(&t, "INSERT INTO signet.ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after) VALUES ('people', false,"
	    " 'CN=P', decode(repeat('00', 64), 'hex'),"
	    " decode(repeat('00', 32), 'hex'), to_timestamp(0),"
	    " to_timestamp(%lld))", (long long)(NOW + 9999 * DAY));
	add_certs(1, 5, TODAY - 3 * DAY);
	add_certs(6, 7, TODAY - DAY + 1);
	add_certs(8, 10, NOW);
	assert_int_equal(db_officer_days(db, DB_OFFICER_ISSUED,
	    TODAY - 3 * DAY, day, 4, &e), 0);
	assert_int_equal(day[0], 5);
	assert_int_equal(day[1], 0);
	assert_int_equal(day[2], 2);
	assert_int_equal(day[3], 3);
	testdb_sql(&t, "INSERT INTO signet.status_change (ca, serial, status,"
	    " order_id, changed_at) SELECT ca, serial, 'revoked', order_id,"
	    " to_timestamp(%lld) FROM signet.cert LIMIT 4", (long long)NOW);
	assert_int_equal(db_officer_days(db, DB_OFFICER_REVOKED,
	    TODAY - 3 * DAY, day, 4, &e), 0);
	assert_int_equal(day[2], 0);
	assert_int_equal(day[3], 4);
	assert_int_equal(db_officer_counts(db, NOW, NOW + 30 * DAY,
	    NOW - DAY, &c, &e), 0);
	assert_int_equal(c.expiring, 10);
	assert_int_equal(c.revoked, 4);
	/* Today's alone are more than are looked at: yesterday is cut. */
	add_certs(11, 20010, NOW);
	assert_int_equal(db_officer_days(db, DB_OFFICER_ISSUED,
	    TODAY - 3 * DAY, day, 4, &e), 0);
	assert_int_equal(day[0], -1);
	assert_int_equal(day[2], -1);
}

static void
add_cert(const struct db_serial *serial)
{
	char	 hex[2 * DB_SERIAL + 1];

	text_hex(hex, serial->p, serial->len);
	testdb_sql(&t, "INSERT INTO signet.cert (ca, serial, order_id, n,"
	    " profile, subject, key_digest, issued_at, not_before, not_after,"
	    " der)"
	    " SELECT 'people', decode('%s', 'hex'), substr(d, 1, 16), 0, 'm',"
	    " 'CN=x', d, now(), now(), now() + interval '1 day',"
	    " decode(repeat('00', 64), 'hex')"
	    " FROM (SELECT sha256('%s') AS d) AS s", hex, hex);
}

/* After the above, which has stored the CA. */
static void
targets_of_many_orders_are_found_by_one_question(void **state)
{
	struct db_officer_target v[5];
	struct error		 e = ERROR_INIT;
	int			 i;

	(void)state;
	memset(v, 0, sizeof(v));
	for (i = 0; i < 5; i++) {
		v[i].ca = i == 3 ? "nobody" : "people";
		testdb_serial(&v[i].serial, 70001 + (unsigned int)i);
		if (i != 4)
			add_cert(&v[i].serial);
	}
	testdb_sql(&t, "INSERT INTO signet.orders (id, digest, kind, state, ca,"
	    " profile, holder, summary, blob, items, open_items,"
	    " waiting_items, created_at, expires_at)"
	    " SELECT order_id, key_digest, 'issue', 'done', 'people', 'm',"
	    " 'i', 's', 'x', 1, 0, 0, now(), now() + interval '1 day'"
	    " FROM signet.cert WHERE serial = (SELECT serial FROM signet.cert"
	    "  ORDER BY id DESC OFFSET 2 LIMIT 1);"
	    " INSERT INTO signet.application (id, state, profile, fields,"
	    " request, key_digest, mail, lang, confirmed_at, expires_at,"
	    " office, order_id) SELECT id, 'issued', 'm', '[]',"
	    " convert_to(repeat('r', 64), 'UTF8'), digest, 'i@example.org',"
	    " 'en', now(), now() + interval '1 day', 'north', id"
	    " FROM signet.orders WHERE holder = 'i'");
	assert_int_equal(db_officer_targets(db, v, 0, a, &e), 0);
	assert_int_equal(db_officer_targets(db, v, 5, a, &e), 0);
	assert_false(v[3].found);	/* of that CA */
	assert_false(v[4].found);
	for (i = 0; i < 3; i++) {
		assert_true(v[i].found);
		assert_string_equal(v[i].profile, "m");
		assert_int_equal(v[i].der.len, 64);
		assert_int_equal(v[i].applied, i == 1);
	}
	assert_null(v[0].office);
	assert_string_equal(v[1].office, "north");
	/* The same one twice, for two orders. */
	v[0] = v[1];
	assert_int_equal(db_officer_targets(db, v, 2, a, &e), 0);
	assert_true(v[0].found && v[1].found);
}

static void
db_officer_within_counts_what_is_of_the_profiles(void **state)
{
	static const char *const one[] = { "within-a" }, *const none[] = { "x" };
	struct error	e = ERROR_INIT;
	int64_t		all, n;

	(void)state;
	assert_int_equal(db_officer_within(db, "pending", none, 1, &n, &e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(db_officer_within(db, "pending", NULL, 0, &all, &e),
	    0);
	add_orders(3, "pending", "within-a", "within", 0);
	add_orders(2, "pending", "within-b", "within", 0);
	assert_int_equal(db_officer_within(db, "pending", one, 1, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_int_equal(db_officer_within(db, "pending", NULL, 0, &n, &e), 0);
	assert_int_equal(n, all + 5 < DB_OFFICER_STEP ? all + 5 :
	    DB_OFFICER_STEP);
	assert_int_equal(db_officer_within(db, "nonsense", NULL, 0, &n, &e),
	    0);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_of_an_empty_store_are_zero),
		cmocka_unit_test(queue_hides_what_is_outside_of_the_scope),
		cmocka_unit_test(queue_brings_what_a_scope_is_judged_by),
		cmocka_unit_test(queue_takes_text_as_text_and_not_as_a_pattern),
		cmocka_unit_test(queue_goes_on_where_a_page_ended),
		cmocka_unit_test(queue_looks_at_so_many_rows_and_no_more),
		cmocka_unit_test(
		    days_are_counted_and_what_is_not_known_is_not_zero),
		cmocka_unit_test(
		    targets_of_many_orders_are_found_by_one_question),
		cmocka_unit_test(db_officer_within_counts_what_is_of_the_profiles),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
