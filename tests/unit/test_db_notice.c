/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices: made once of what happened, whoever looks, and sent on lease.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_notice.h"
#include "tests/lib/testdb.h"

#define WEEK	INT64_C(604800)

static const struct db_table *const tables[] = { &DB_NOTICE, &DB_NOTICE_ADD,
    &DB_NOTICE_ASK, &DB_NOTICE_SCAN };
#define NTABLES	(sizeof(tables) / sizeof(tables[0]))

static struct testdb t;
static struct db *db, *other;
static struct arena *a;

/* Certificate n of holder n; valid from so many days ago for so many. */
static void
issue(int n, const char *holder, int from_days, int days)
{
	testdb_sql(&t, "INSERT INTO cert (ca, serial, order_id, n, profile,"
	    " holder, subject, key_digest, not_before, not_after, der,"
	    " issued_at) VALUES ('people', int8send(%d), int8send(%d) ||"
	    " int8send(0), 0, 'mail', '%s', 'CN=x', sha256('k'),"
	    " now() - interval '%d d', now() + interval '%d d'"
	    " - interval '%d d', decode(repeat('00', 64), 'hex'), now())", n,
	    n, holder, from_days, days, from_days);
}

static void
change_status(int n, const char *status, const char *reason)
{
	testdb_sql(&t, "UPDATE cert SET status = '%s', revoked_at = CASE WHEN"
	    " '%s' <> 'good' THEN now() END, reason = %s"
	    " WHERE serial = int8send(%d); INSERT INTO status_change (ca,"
	    " serial, status, reason, order_id, changed_at) VALUES ('people',"
	    " int8send(%d), '%s', %s, 'o', now())", status, status, reason, n,
	    n, status, reason);
}

static void
a_second_later(void)
{
	testdb_sql(&t, "UPDATE notice_cursor SET noted_at = noted_at"
	    " - interval '2 s'");
}

/* A scan leaves what others may still be writing, and transactions of other
 * tests, which share the server, count among them: wait until those that are
 * under way now are over. */
static void
others_are_over(void)
{
	int64_t	 now = testdb_number(&t, "SELECT pg_snapshot_xmax("
		    "pg_current_snapshot())::text::bigint");

	for (int i = 0; i < 500 && testdb_number(&t, "SELECT"
	    " pg_snapshot_xmin(pg_current_snapshot())::text::bigint") < now;
	    i++)
		usleep(20000);
}

typedef int64_t	 scan_fn(struct db *, int64_t, size_t, struct error *);

static int64_t
scan_once(struct db *with, scan_fn *fn, size_t limit)
{
	struct error	 e = ERROR_INIT;
	int64_t		 n = fn(with, WEEK, limit, &e);

	if (n == -1)
		fail_msg("%s", e.text);
	a_second_later();
	return n;
}

/* As often as a program looks in a few seconds; how much was looked at. */
static int64_t
scan(scan_fn *fn, size_t limit)
{
	int64_t	 all = 0;

	for (int i = 0; i < 8; i++) {
		others_are_over();
		all += scan_once(i % 2 == 0 ? db : other, fn, limit);
	}
	return all;
}

static int64_t
expire(int days)
{
	struct error	 e = ERROR_INIT;
	int64_t		 n, all = 0;

	do {
		if ((n = db_notice_scan_expiring(db, days, 2, &e)) == -1)
			fail_msg("%s", e.text);
		all += n;
	} while (n > 0);
	return all;
}

static int64_t
told(const char *kind)
{
	return testdb_number(&t, "SELECT count(*) FROM notice"
	    " WHERE kind = '%s'", kind);
}

static void
who_is_told_of_a_certificate_is_its_holder_and_once(void **state)
{
	(void)state;
	assert_int_equal(scan(db_notice_scan_issued, 10), 0);
	for (int i = 1; i <= 5; i++)
		issue(i, i == 5 ? "unknown" : "h", 0, 365);
	assert_int_equal(scan(db_notice_scan_issued, 2), 5);
	assert_int_equal(told("issued"), 5);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM notice"
	    " WHERE mail = 'h@example.org'"), 4);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM notice"
	    " WHERE mail IS NULL"), 1);
	assert_int_equal(scan(db_notice_scan_issued, 2), 0);
	testdb_sql(&t, "UPDATE notice_cursor SET place = 0"
	    " WHERE name = 'issued'");
	scan(db_notice_scan_issued, 10);
	assert_int_equal(told("issued"), 5);
}

static void
an_applicant_is_told_at_the_address_and_in_the_language_of_the_form(
    void **state)
{
	(void)state;
	testdb_sql(&t, "INSERT INTO orders (id, digest, kind, ca, profile,"
	    " summary, blob, created_at, expires_at) VALUES (int8send(1) ||"
	    " int8send(0), sha256('1'), 'issue', 'people', 'mail', 's', 'b',"
	    " now(), now() + interval '1 d'); INSERT INTO application (id,"
	    " state, profile, fields, request, key_digest, mail, lang,"
	    " order_id, confirmed_at, expires_at) VALUES (int8send(7) ||"
	    " int8send(7), 'ordered', 'mail', '[]', decode(repeat('00', 64),"
	    " 'hex'), sha256('k'), 'a@example.org', 'sv', int8send(1) ||"
	    " int8send(0), now(), now() + interval '1 d')");
	issue(1, "h", 0, 365);
	scan(db_notice_scan_issued, 10);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM notice"
	    " WHERE kind = 'issued' AND mail = 'a@example.org'"
	    " AND lang = 'sv' AND application IS NOT NULL"), 1);
	change_status(1, "revoked", "1");
	scan(db_notice_scan_status, 10);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM notice"
	    " WHERE kind = 'revoked' AND mail = 'a@example.org'"
	    " AND lang = 'sv' AND cert IS NOT NULL"), 1);
}

static void
what_is_stored_by_a_slower_transaction_is_not_missed(void **state)
{
	struct db	*slow = testdb_open(&t, NULL, NULL, 0);
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_script(slow, "BEGIN; INSERT INTO cert (ca, serial,"
	    " order_id, n, profile, holder, subject, key_digest, not_before,"
	    " not_after, der, issued_at) VALUES ('people', int8send(1),"
	    " int8send(1) || int8send(0), 0, 'mail', 'h', 'CN=x', sha256('k'),"
	    " now(), now() + interval '1 y', decode(repeat('00', 64), 'hex'),"
	    " now())", &e), 0);
	issue(2, "h", 0, 365);
	/* Not scan(): it would wait for this one, and so would other tests. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(scan_once(db, db_notice_scan_issued, 10), 0);
	assert_int_equal(db_script(slow, "COMMIT", &e), 0);
	assert_int_equal(scan(db_notice_scan_issued, 10), 2);
	assert_int_equal(told("issued"), 2);
	db_close(&slow);
}

static void
what_happened_long_ago_is_no_news(void **state)
{
	(void)state;
	issue(1, "h", 10, 365);
	testdb_sql(&t, "UPDATE cert SET issued_at = now() - interval '8 d'");
	assert_int_equal(scan(db_notice_scan_issued, 10), 1);
	assert_int_equal(told("issued"), 0);
}

static void
each_change_of_status_is_told_in_its_own_words(void **state)
{
	(void)state;
	issue(1, "h", 0, 365);
	change_status(1, "held", "6");
	assert_int_equal(scan(db_notice_scan_status, 10), 1);
	change_status(1, "good", "NULL");
	change_status(1, "held", "6");
	change_status(1, "revoked", "1");
	assert_int_equal(scan(db_notice_scan_status, 10), 3);
	assert_int_equal(told("held"), 2);
	assert_int_equal(told("released"), 1);
	assert_int_equal(told("revoked"), 1);
	assert_int_equal(scan(db_notice_scan_status, 10), 0);
}

static void
what_expires_is_told_at_each_step_and_once(void **state)
{
	(void)state;
	issue(1, "h", 340, 365);		/* 25 days left */
	issue(2, "k", 310, 365);		/* 55 days left */
	issue(3, "m", 363, 365);		/* 2 days left */
	assert_int_equal(expire(60), 0);	/* that was before we began */
	testdb_sql(&t, "UPDATE notice_cursor SET not_after = now() - interval"
	    " '1 d', place = 0 WHERE name LIKE 'expiring%%'");
	assert_int_equal(expire(60), 3);
	assert_int_equal(expire(30), 2);
	assert_int_equal(expire(14), 1);
	assert_int_equal(expire(3), 1);
	assert_int_equal(told("expiring"), 3);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM notice n"
	    " JOIN cert c ON c.id = n.cert AND (c.holder, n.step) IN"
	    " (('h', 30), ('k', 60), ('m', 3))"), 3);
	testdb_sql(&t, "UPDATE notice_cursor SET not_after = now() - interval"
	    " '1 d', place = 0 WHERE name LIKE 'expiring%%'");
	expire(60);
	expire(30);
	assert_int_equal(told("expiring"), 3);
}

static void
revoked_replaced_and_short_lived_ones_expire_silently(void **state)
{
	(void)state;
	testdb_sql(&t, "UPDATE notice_cursor SET not_after = now() - interval"
	    " '1 d', place = 0 WHERE name LIKE 'expiring%%'");
	issue(1, "h", 340, 365);
	change_status(1, "revoked", "1");
	issue(2, "k", 340, 365);
	issue(3, "k", 0, 365);			/* its successor */
	issue(4, "m", 20, 45);			/* 25 of 45 days left */
	assert_int_equal(expire(30), 3);
	assert_int_equal(told("expiring"), 0);
	issue(5, "k", 335, 365);		/* as long as the successor lives */
	change_status(3, "revoked", "1");
	testdb_sql(&t, "UPDATE notice_cursor SET not_after = now() - interval"
	    " '1 d', place = 0 WHERE name LIKE 'expiring%%'");
	expire(30);
	assert_int_equal(told("expiring"), 1);
}

static void
what_becomes_the_last_one_late_is_told_of_late(void **state)
{
	(void)state;
	testdb_sql(&t, "UPDATE notice_cursor SET not_after = now() - interval"
	    " '1 d', place = 0 WHERE name LIKE 'expiring%%'");
	issue(1, "h", 340, 365);		/* 25 days left, and held */
	change_status(1, "held", "6");
	issue(2, "k", 355, 365);		/* 10 days left */
	issue(3, "k", 0, 365);			/* its successor */
	issue(4, "m", 0, 365);			/* for long */
	assert_int_equal(scan(db_notice_scan_status, 10), 1);
	for (int i = 0; DB_NOTICE_DAYS[i] != 0; i++)
		expire(DB_NOTICE_DAYS[i]);
	assert_int_equal(told("expiring"), 0);
	change_status(1, "good", "NULL");
	change_status(3, "revoked", "1");
	change_status(4, "held", "6");
	assert_int_equal(scan(db_notice_scan_status, 2), 3);
	assert_int_equal(told("expiring"), 2);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM notice n"
	    " JOIN cert c ON c.id = n.cert AND (c.holder, n.step) IN"
	    " (('h', 30), ('k', 14)) WHERE n.kind = 'expiring'"), 2);
	for (int i = 0; DB_NOTICE_DAYS[i] != 0; i++)
		expire(DB_NOTICE_DAYS[i]);
	assert_int_equal(told("expiring"), 2);
}

static void
one_notice_of_a_kind_about_an_application(void **state)
{
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_APPLICATION_ID];

	(void)state;
	testdb_id(id, 1);
	assert_int_equal(db_notice_add(db, id, "confirm", &e), 0);
	assert_int_equal(told("confirm"), 0);		/* none such */
	testdb_sql(&t, "INSERT INTO application (id, profile, fields, request,"
	    " key_digest, mail, lang, expires_at) VALUES"
	    " ('\\x000000015a5a5a5a5a5a5a5a5a5a5a5a', 'mail', '[]',"
	    " decode(repeat('00', 64), 'hex'), sha256('k'), 'a@example.org',"
	    " 'sv', now() + interval '1 d')");
	assert_int_equal(db_notice_add(db, id, "confirm", &e), 0);
	assert_int_equal(db_notice_add(db, id, "confirm", &e), 0);
	assert_int_equal(db_notice_add(db, id, "received", &e), 0);
	assert_int_equal(told("confirm"), 1);
	assert_int_equal(told("received"), 1);
	assert_int_equal(db_notice_add(db, id, "nonsense", &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
}

static struct db_notices
claim(struct db *who, const char *name, size_t n)
{
	struct db_notices	 v;
	struct error		 e = ERROR_INIT;

	assert_int_equal(db_notice_claim(who, name, n, 60, &v, a, &e), 0);
	return v;
}

static void
make(int n)
{
	for (int i = 1; i <= n; i++)
		issue(i, "h", 0, 365);
	assert_int_equal(scan(db_notice_scan_issued, 100), n);
}

static void
what_one_has_on_lease_another_does_not_get_until_it_ends(void **state)
{
	struct db_notices	 mine, theirs;
	struct error		 e = ERROR_INIT;

	(void)state;
	make(3);
	mine = claim(db, "one", 2);
	assert_int_equal(mine.n, 2);
	assert_string_equal(mine.v[0].kind, "issued");
	assert_string_equal(mine.v[0].mail, "h@example.org");
	assert_null(mine.v[0].lang);
	assert_false(mine.v[0].has_application);
	assert_true(mine.v[0].cert > 0);
	theirs = claim(other, "two", 9);
	assert_int_equal(theirs.n, 1);
	assert_int_equal(claim(db, "one", 9).n, 0);
	assert_int_equal(db_notice_sent(db, mine.v[0].id, &e), 0);
	assert_int_equal(db_notice_resume(db, "one", &e), 0);
	assert_int_equal(claim(db, "one", 9).n, 1);	/* the other is sent */
	testdb_sql(&t, "UPDATE notice SET leased_until = now() - interval"
	    " '1 s'");
	assert_int_equal(claim(db, "one", 9).n, 2);
	assert_int_equal(db_notice_release(db, theirs.v[0].id, &e), 0);
	assert_int_equal(claim(db, "one", 9).n, 1);
}

static void
a_failure_waits_a_dead_one_stays_and_a_dropped_one_goes(void **state)
{
	struct db_notices	 v, dead;
	struct db_notice_state	 s;
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_notice_status(db, &s, &e), 0);
	assert_int_equal(s.waiting + s.due + s.dead + s.oldest, 0);
	make(3);
	v = claim(db, "one", 9);
	assert_int_equal(v.n, 3);
	assert_int_equal(db_notice_fail(db, v.v[0].id, "451 later", 60, false,
	    &e), 0);
	assert_int_equal(db_notice_fail(db, v.v[1].id, "550 no", 0, true, &e),
	    0);
	assert_int_equal(db_notice_drop(db, v.v[2].id, "revoked since", &e),
	    0);
	assert_int_equal(claim(db, "one", 9).n, 0);
	assert_int_equal(db_notice_status(db, &s, &e), 0);
	assert_int_equal(s.waiting, 1);
	assert_int_equal(s.due, 0);
	assert_int_equal(s.dead, 1);
	assert_true(s.oldest > 0);
	assert_int_equal(db_notice_dead(db, 0, 9, &dead, a, &e), 0);
	assert_int_equal(dead.n, 1);
	assert_string_equal(dead.v[0].error, "550 no");
	assert_int_equal(dead.v[0].attempts, 1);
	assert_int_equal(db_notice_dead(db, dead.v[0].id, 9, &dead, a, &e), 0);
	assert_int_equal(dead.n, 0);
	assert_int_equal(db_notice_retry(db, v.v[0].id, &e), 0);
	assert_int_equal(db_notice_retry(db, v.v[1].id, &e), 1);
	assert_int_equal(db_notice_retry(db, 0, &e), 0);
	testdb_sql(&t, "UPDATE notice SET next_at = now()");
	v = claim(db, "one", 9);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.v[0].attempts + v.v[1].attempts, 1);
}

static void
old_ones_are_swept_and_what_nobody_confirmed(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 now = testdb_number(&t,
	    "SELECT extract(epoch FROM now())::bigint");

	(void)state;
	make(2);
	testdb_sql(&t, "INSERT INTO application (id, state, profile, fields,"
	    " request, key_digest, mail, lang, expires_at, changed_at) SELECT"
	    " int8send(g) || int8send(g), s, 'mail', '[]',"
	    " decode(repeat('00', 64), 'hex'), sha256('k'), 'a@example.org',"
	    " 'sv', now() + interval '1 d', now() - make_interval(days => d)"
	    " FROM (VALUES (1, 'expired', 8), (2, 'expired', 6),"
	    " (3, 'unconfirmed', 8)) AS v (g, s, d)");
	assert_int_equal(db_notice_sweep(db, now, 9, &e), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM application"),
	    2);
	testdb_sql(&t, "UPDATE notice SET state = 'sent',"
	    " changed_at = now() - make_interval(days => cert::integer * 0 +"
	    " CASE WHEN id = (SELECT min(id) FROM notice) THEN 90 ELSE 5 END)");
	assert_int_equal(db_notice_sweep(db, now - 100 * 86400, 9, &e), 0);
	assert_int_equal(db_notice_sweep(db, now, 9, &e), 1);
	assert_int_equal(told("issued"), 1);	/* a week is the least */
}

static int
setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	db = testdb_open(&t, "signet_ra", tables, NTABLES);
	other = testdb_open(&t, "signet_ra", tables, NTABLES);
	a = arena_new();
	testdb_sql(&t, "INSERT INTO ca VALUES ('people', 1, false, 'CN=P',"
	    " decode(repeat('00', 64), 'hex'), decode(repeat('01', 32),"
	    " 'hex'), now(), now() + interval '9 y'); INSERT INTO holder (id,"
	    " name, mail) SELECT x, x, x || '@example.org'"
	    " FROM unnest('{h,k,m}'::text[]) x");
	return 0;
}

static int
empty(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	arena_reset(a);
	testdb_sql(&t, "SET client_min_messages = warning;"
	    " TRUNCATE credential, application, orders, cert, status_change,"
	    " notice, notice_cursor CASCADE");
	assert_int_equal(db_notice_start(db, &e), 0);
	assert_int_equal(db_notice_start(db, &e), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&a);
	db_close(&db);
	db_close(&other);
	testdb_clear(&t);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    who_is_told_of_a_certificate_is_its_holder_and_once,
		    empty),
		cmocka_unit_test_setup(
    an_applicant_is_told_at_the_address_and_in_the_language_of_the_form,
		    empty),
		cmocka_unit_test_setup(
		    what_is_stored_by_a_slower_transaction_is_not_missed,
		    empty),
		cmocka_unit_test_setup(what_happened_long_ago_is_no_news,
		    empty),
		cmocka_unit_test_setup(
		    each_change_of_status_is_told_in_its_own_words, empty),
		cmocka_unit_test_setup(
		    what_expires_is_told_at_each_step_and_once, empty),
		cmocka_unit_test_setup(
		    revoked_replaced_and_short_lived_ones_expire_silently,
		    empty),
		cmocka_unit_test_setup(
		    what_becomes_the_last_one_late_is_told_of_late, empty),
		cmocka_unit_test_setup(
		    one_notice_of_a_kind_about_an_application, empty),
		cmocka_unit_test_setup(
		    what_one_has_on_lease_another_does_not_get_until_it_ends,
		    empty),
		cmocka_unit_test_setup(
		    a_failure_waits_a_dead_one_stays_and_a_dropped_one_goes,
		    empty),
		cmocka_unit_test_setup(
		    old_ones_are_swept_and_what_nobody_confirmed, empty),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
