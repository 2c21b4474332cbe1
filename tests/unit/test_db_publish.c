/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries: made, leased, done, failed, asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>
#include "db/db_publish.h"
#include "tests/lib/testdb.h"

static const struct db_table *const tables[] = { &DB_PUBLISH,
    &DB_PUBLISH_LOOK };
static const struct db_table *const ask_tables[] = { &DB_PUBLISH_ASK };

static struct testdb	 t;
static struct db	*crl, *cli;
static struct arena	*arena;
static struct error	 e;

static const char *const	 published[] = { "mail" };
static const struct db_profiles	 want = { published, 1 };

#define NOW	INT64_C(1800000000)

/* Holders h1 ... h6; odd certificates are for mail, h6 has none. */
static int
set_up(void **state)
{
	(void)state;
	testdb_init(&t, true);
	testdb_sql(&t, "SET search_path = signet;"
	    "INSERT INTO ca (name, is_root, subject, der, key_digest,"
	    " not_before, not_after) VALUES ('people', false, 'CN=People',"
	    " decode(repeat('aa', 64), 'hex'), decode(repeat('bb', 32),"
	    " 'hex'), now(), now() + interval '1 year');"
	    "INSERT INTO cert (ca, serial, order_id, n, profile, holder,"
	    " subject, key_digest, not_before, not_after, der, issued_at)"
	    " SELECT 'people', decode('40' || lpad(to_hex(n), 38, '0'),"
	    " 'hex'), decode(lpad(to_hex(n), 32, '0'), 'hex'), 0,"
	    " CASE n %% 2 WHEN 1 THEN 'mail' ELSE 'tls' END,"
	    " 'h' || (n + 1) / 2, 's', sha256('x'), to_timestamp(1700000000),"
	    " to_timestamp(1800000000 + n * 100), decode(repeat('ab', 64),"
	    " 'hex'), now() FROM generate_series(1, 10) n;"
	    "UPDATE expiry_look SET not_after = to_timestamp(1700000000)");
	crl = testdb_open(&t, "signet_crl", tables, 2);
	cli = testdb_open(&t, "signet_cli", ask_tables, 1);
	arena = arena_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	db_close(&crl);
	db_close(&cli);
	testdb_clear(&t);
	return 0;
}

/* Two targets that are filled, nothing under way. */
static int
fresh(void **state)
{
	static const char *const	 name[] = { "a", "b" };

	(void)state;
	error_clear(&e);
	testdb_sql(&t, "SET search_path = signet; DELETE FROM target;"
	    " DELETE FROM outbox; UPDATE cert SET status = 'good',"
	    " revoked_at = NULL, reason = NULL WHERE status <> 'good'");
	assert_int_equal(db_publish_targets(crl, name, 2, &e), 0);
	assert_int_equal(db_publish_targets(crl, name, 2, &e), 0);
	testdb_sql(&t, "UPDATE signet.target SET fill_after = NULL");
	return 0;
}

static void
outbox(const char *topic, int n)
{
	testdb_sql(&t, "INSERT INTO signet.outbox (topic, ca, serial)"
	    " SELECT '%s', ca, serial FROM signet.cert WHERE id = %d", topic,
	    n);
}

static int64_t
count(const char *where)
{
	return testdb_number(&t, "SELECT count(*) FROM signet.delivery"
	    " WHERE %s", where);
}

static struct db_deliveries
claim(size_t n)
{
	struct db_deliveries	 d = { .n = 0 };

	if (db_publish_claim(crl, "a", "me", n, 60, &d, arena, &e) == -1)
		fail_msg("%s", e.text);
	return d;
}

static void
each_target_gets_one_delivery_for_each_entry(void **state)
{
	(void)state;
	outbox("cert", 1);
	outbox("cert", 1);
	outbox("cert", 2);	/* of a profile that is not published */
	outbox("cert", 4);
	outbox("status", 6);	/* not published any more, but it was? */
	testdb_sql(&t, "INSERT INTO signet.outbox (topic, ca) VALUES"
	    " ('crl', 'people'), ('ca', 'people')");
	assert_int_equal(db_publish_dispatch(crl, &want, 3, &e), 3);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 4);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 0);
	assert_int_equal(count("true"), 6);
	assert_int_equal(count("kind = 'person' AND key = 'h1'"), 2);
	assert_int_equal(count("kind = 'person' AND key = 'h3' AND"
	    " rank = 1"), 2);
	assert_int_equal(count("kind = 'ca' AND key = 'people' AND"
	    " rank = 0"), 2);
}

static void
lists_and_changes_of_status_come_first(void **state)
{
	struct db_deliveries	 d;

	(void)state;
	outbox("cert", 1);
	outbox("status", 3);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 2);
	assert_int_equal(db_publish_cas(crl, &e), 0);
	d = claim(1);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.v[0].kind, "ca");
	d = claim(1);
	assert_string_equal(d.v[0].key, "h2");
	d = claim(1);
	assert_string_equal(d.v[0].key, "h1");
	assert_int_equal(claim(1).n, 0);
}

static void
what_is_leased_is_nobody_elses_until_the_lease_ends(void **state)
{
	struct db_deliveries	 d;

	(void)state;
	outbox("cert", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	assert_int_equal(claim(10).n, 1);
	assert_int_equal(claim(10).n, 0);
	testdb_sql(&t, "UPDATE signet.delivery SET leased_until ="
	    " now() - interval '1s' WHERE leased_until IS NOT NULL");
	d = claim(10);
	assert_int_equal(d.n, 1);
	assert_int_equal(db_publish_release(crl, "a", d.v, d.n, &e), 0);
	assert_int_equal(claim(10).n, 1);
	assert_int_equal(db_publish_resume(crl, "a", "other", &e), 0);
	assert_int_equal(claim(10).n, 0);
	assert_int_equal(db_publish_resume(crl, "a", "me", &e), 0);
	assert_int_equal(claim(10).n, 1);
}

static void
what_happens_meanwhile_is_not_lost(void **state)
{
	struct db_deliveries	 d;

	(void)state;
	outbox("cert", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	d = claim(10);
	outbox("status", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	assert_int_equal(claim(10).n, 0);	/* in order, per entry */
	assert_int_equal(db_publish_done(crl, "a", "me", d.v, d.n, &e), 0);
	assert_int_equal(count("target = 'a'"), 1);
	d = claim(10);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.v[0].version, 2);
	assert_int_equal(db_publish_done(crl, "a", "me", d.v, d.n, &e), 0);
	assert_int_equal(count("target = 'a'"), 0);
	assert_int_equal(count("target = 'b'"), 1);
}

static void *
say_done(void *arg)
{
	const struct db_deliveries	*d = arg;
	struct error			 why = ERROR_INIT;

	return db_publish_done(crl, "a", "me", d->v, d->n, &why) == 0 ? arg :
	    NULL;
}

static void
what_happens_in_the_very_moment_is_not_kept_waiting(void **state)
{
	struct db		*other = testdb_open(&t, "signet_crl", tables,
				    2);
	struct db_deliveries	 d;
	pthread_t		 thread;
	void			*good;

	(void)state;
	outbox("cert", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	d = claim(10);
	assert_int_equal(db_script(other, "BEGIN; UPDATE delivery"
	    " SET version = 2", &e), 0);
	assert_int_equal(pthread_create(&thread, NULL, say_done, &d), 0);
	for (int i = 0; testdb_number(&t, "SELECT count(*) FROM pg_locks"
	    " WHERE NOT granted") == 0; i++) {
		assert_true(i < 3000);
		usleep(10000);
	}
	assert_int_equal(db_script(other, "COMMIT", &e), 0);
	db_close(&other);
	assert_int_equal(pthread_join(thread, &good), 0);
	assert_non_null(good);
	assert_int_equal(claim(10).n, 1);
}

static void
what_another_took_over_is_looked_at_again(void **state)
{
	struct db_deliveries	 mine, other = { .n = 0 };
	bool			 late[2];

	(void)state;
	outbox("cert", 1);
	outbox("status", 3);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 2);
	mine = claim(10);
	assert_int_equal(mine.n, 2);
	assert_int_equal(db_publish_late(crl, "a", "me", mine.v, 2, late, &e),
	    0);
	assert_false(late[0] || late[1]);

	/* One lease ends, the other one does the work, and it comes anew. */
	testdb_sql(&t, "UPDATE signet.delivery SET leased_until = now() -"
	    " interval '1s' WHERE target = 'a' AND key = 'h1'");
	assert_int_equal(db_publish_claim(crl, "a", "other", 10, 60, &other,
	    arena, &e), 0);
	assert_int_equal(other.n, 1);
	assert_int_equal(db_publish_done(crl, "a", "me", other.v, 1, &e), 0);
	assert_int_equal(count("target = 'a'"), 2);
	assert_int_equal(db_publish_done(crl, "a", "other", other.v, 1, &e),
	    0);
	assert_int_equal(count("target = 'a'"), 1);
	outbox("cert", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	assert_int_equal(count("target = 'a' AND key = 'h1' AND version = 1"),
	    1);

	/* Who was first knows of nothing, and comes to an end. */
	assert_int_equal(db_publish_late(crl, "a", "me", mine.v, 2, late, &e),
	    0);
	assert_int_equal(late[0] + late[1], 1);
	assert_string_equal(mine.v[late[0] ? 0 : 1].key, "h1");
	assert_int_equal(db_publish_done(crl, "a", "me", mine.v, 2, &e), 0);
	assert_int_equal(count("target = 'a' AND key = 'h1' AND version = 2"),
	    1);
	assert_int_equal(claim(10).n, 1);
}

static void
failures_wait_and_the_dead_stay_until_they_are_asked_for(void **state)
{
	struct db_deliveries	 d;
	struct db_failure	 f = { .error = "no" };
	struct db_deads		 dead;

	(void)state;
	outbox("cert", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	d = claim(10);
	f.delivery = d.v[0];
	f.wait = 3600;
	assert_int_equal(db_publish_fail(crl, "a", &f, 1, &e), 0);
	assert_int_equal(claim(10).n, 0);
	assert_int_equal(count("attempts = 1 AND error = 'no'"), 1);
	testdb_sql(&t, "UPDATE signet.delivery SET next_at = now()");
	d = claim(10);
	assert_int_equal(d.v[0].attempts, 1);
	f.delivery = d.v[0];
	f.dead = true;
	f.error = "never";
	assert_int_equal(db_publish_fail(crl, "a", &f, 1, &e), 0);
	assert_int_equal(claim(10).n, 0);
	assert_int_equal(db_publish_dead(cli, NULL, NULL, 10, &dead, arena,
	    &e), 0);
	assert_int_equal(dead.n, 1);
	assert_string_equal(dead.v[0].error, "never");
	assert_int_equal(db_publish_dead(cli, "a", &dead.v[0], 10, &dead,
	    arena, &e), 0);
	assert_int_equal(dead.n, 0);
	assert_int_equal(db_publish_revive(cli, "b", &e), 0);
	assert_int_equal(db_publish_revive(cli, "a", &e), 1);
	assert_int_equal(claim(10).n, 1);
}

static void
a_failure_of_what_has_changed_since_does_not_count(void **state)
{
	struct db_deliveries	 d;
	struct db_failure	 f = { .error = "no", .dead = true };

	(void)state;
	outbox("cert", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	d = claim(10);
	outbox("cert", 1);
	assert_int_equal(db_publish_dispatch(crl, &want, 100, &e), 1);
	f.delivery = d.v[0];
	assert_int_equal(db_publish_fail(crl, "a", &f, 1, &e), 0);
	assert_int_equal(count("dead"), 0);
}

static void
certificates_make_deliveries_when_they_expire(void **state)
{
	(void)state;
	testdb_sql(&t, "UPDATE signet.expiry_look SET cert = 0,"
	    " not_after = to_timestamp(1700000000)");
	assert_int_equal(db_publish_expire(crl, NOW, 10, &e), 0);
	assert_int_equal(db_publish_expire(crl, NOW + 450, 3, &e), 3);
	assert_int_equal(db_publish_expire(crl, NOW + 450, 3, &e), 1);
	assert_int_equal(db_publish_expire(crl, NOW + 450, 3, &e), 0);
	assert_int_equal(count("target = 'a' AND key IN ('h1', 'h2')"), 2);
	assert_int_equal(count("true"), 4);
}

static void
a_new_target_is_filled_page_by_page(void **state)
{
	static const char *const	 name[] = { "c" };
	struct db_targets		 status;
	int				 pages = 0;

	(void)state;
	assert_int_equal(db_publish_fill(crl, &want, 2, &e), 0);
	assert_int_equal(db_publish_targets(crl, name, 1, &e), 0);
	while (db_publish_fill(crl, &want, 2, &e) == 1)
		pages++;
	assert_int_equal(pages, 4);
	assert_int_equal(count("target = 'c' AND kind = 'person'"), 5);
	assert_int_equal(count("target = 'c' AND kind = 'ca'"), 1);
	assert_int_equal(count("target <> 'c'"), 0);
	assert_int_equal(db_publish_refill(cli, "d", &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	assert_string_equal(e.text, "the store knows no directory \"d\"");
	assert_int_equal(db_publish_refill(cli, "a", &e), 0);
	assert_int_equal(db_publish_status(cli, &status, arena, &e), 0);
	assert_int_equal(status.n, 3);
	assert_true(status.v[0].filling);
	assert_false(status.v[2].filling);
	assert_int_equal(status.v[2].waiting, 6);
	assert_int_equal(db_publish_forget(cli, "c", &e), 0);
	assert_int_equal(db_publish_forget(cli, "c", &e), -1);
	assert_int_equal(count("true"), 0);
}

static void
the_state_of_a_target_has_a_beginning(void **state)
{
	struct db_targets	 v;
	int64_t			 since, n, oldest;

	(void)state;
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_AWAY, "away",
	    &e), 0);
	since = testdb_number(&t, "SELECT extract(epoch FROM failing_since)"
	    "::bigint FROM signet.target WHERE name = 'a'");
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_AWAY,
	    "still away", &e), 0);
	assert_int_equal(db_publish_status(cli, &v, arena, &e), 0);
	assert_string_equal(v.v[0].error, "still away");
	assert_in_range(v.v[0].failing_since, since - 1, since);
	assert_int_equal(v.v[0].seen_at, 0);
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_IDLE, NULL,
	    &e), 0);
	assert_int_equal(db_publish_status(cli, &v, arena, &e), 0);
	assert_null(v.v[0].error);
	assert_int_equal(v.v[0].failing_since, 0);
	assert_true(v.v[0].seen_at > 0);
	outbox("cert", 1);
	assert_int_equal(db_publish_outbox(cli, &n, &oldest, &e), 0);
	assert_int_equal(n, 1);
	assert_true(oldest > 0);
}

static struct db_target
target_a(void)
{
	struct db_targets	 v;

	assert_int_equal(db_publish_status(cli, &v, arena, &e), 0);
	assert_string_equal(v.v[0].name, "a");
	return v.v[0];
}

/* That it is there does not say that it takes what waits for it. */
static void
a_target_that_refuses_is_well_when_it_takes_something(void **state)
{
	const struct db_delivery	 v[] = { { .kind = "person",
	    .key = "h1" } };

	(void)state;
	assert_int_equal(db_publish_ask(cli, "a", v, 1, &e), 0);
	assert_int_equal(db_publish_is_refusing(crl, "a", &e), 0);
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_REFUSES,
	    "no rights", &e), 0);
	assert_int_equal(db_publish_is_refusing(crl, "a", &e), 1);
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_IDLE, NULL,
	    &e), 0);
	assert_true(target_a().refusing);
	assert_string_equal(target_a().error, "no rights");
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_WELL, NULL,
	    &e), 0);
	assert_int_equal(db_publish_is_refusing(crl, "a", &e), 0);
	assert_null(target_a().error);
	/* When nothing waits any more, nobody can tell. */
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_REFUSES,
	    "no rights", &e), 0);
	testdb_sql(&t, "DELETE FROM signet.delivery");
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_IDLE, NULL,
	    &e), 0);
	assert_false(target_a().refusing);
	/* One that is away is not known to refuse. */
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_REFUSES,
	    "no rights", &e), 0);
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_AWAY, "away",
	    &e), 0);
	assert_false(target_a().refusing);
	assert_int_equal(db_publish_state(crl, "a", DB_TARGET_WELL, NULL,
	    &e), 0);
}

static void
operators_ask_for_a_look(void **state)
{
	const struct db_delivery	 v[] = { { .kind = "person",
	    .key = "h1" }, { .kind = "name", .key = "uid=x,dc=y" } };
	bool				 waits[2];

	(void)state;
	assert_int_equal(db_publish_waits(cli, "a", v, 2, waits, &e), 0);
	assert_false(waits[0] || waits[1]);
	assert_int_equal(db_publish_ask(cli, "a", v, 1, &e), 0);
	assert_int_equal(db_publish_waits(cli, "a", v, 2, waits, &e), 0);
	assert_true(waits[0] && !waits[1]);
	assert_int_equal(db_publish_ask(cli, "a", v, 2, &e), 0);
	assert_int_equal(count("true"), 2);
	assert_int_equal(db_publish_ask(cli, "nowhere", v, 2, &e), -1);
}

static void
what_was_just_written_down_waits_for_a_minute(void **state)
{
	const struct db_delivery	 v[] = { { .kind = "person",
	    .key = "h1" }, { .kind = "ca", .key = "people" },
	    { .kind = "person", .key = "h2" } };
	bool				 waits[3];

	(void)state;
	testdb_sql(&t, "DELETE FROM signet.delivery");
	testdb_sql(&t, "DELETE FROM signet.outbox");
	assert_int_equal(db_publish_waits(cli, "a", v, 3, waits, &e), 0);
	assert_false(waits[0] || waits[1] || waits[2]);
	testdb_sql(&t, "INSERT INTO signet.outbox (topic, ca, number)"
	    " VALUES ('crl', 'people', 7)");
	testdb_sql(&t, "INSERT INTO signet.outbox (topic, ca, serial)"
	    " SELECT 'status', ca, serial FROM signet.cert"
	    " WHERE holder = 'h1' LIMIT 1");
	assert_int_equal(db_publish_waits(cli, "a", v, 3, waits, &e), 0);
	assert_true(waits[0] && waits[1] && !waits[2]);
	/* Nobody has seen to it. */
	testdb_sql(&t, "UPDATE signet.outbox"
	    " SET made_at = now() - interval '2 minutes'");
	assert_int_equal(db_publish_waits(cli, "a", v, 3, waits, &e), 0);
	assert_false(waits[0] || waits[1] || waits[2]);
	testdb_sql(&t, "DELETE FROM signet.outbox");
}

static void
people_have_what_is_good_and_current_newest_first(void **state)
{
	static const char *const	 holder[] = { "h9", "h2", "h1" };
	struct db_publisheds		 v;
	struct db_keys			 keys;
	bool				 known[3];

	(void)state;
	testdb_sql(&t, "UPDATE signet.cert SET holder = 'h2' WHERE id = 5");
	assert_int_equal(db_publish_people(crl, holder, 3, &want, NOW, &v,
	    arena, &e), 0);
	assert_int_equal(v.n, 3);
	assert_int_equal(v.v[0].id, 5);
	assert_int_equal(v.v[1].id, 3);
	assert_string_equal(v.v[2].holder, "h1");
	assert_int_equal(v.v[2].der.len, 64);
	assert_int_equal(db_publish_people(crl, holder, 3, &want, NOW + 100,
	    &v, arena, &e), 0);
	assert_int_equal(v.n, 2);		/* h1's has expired */
	testdb_sql(&t, "UPDATE signet.cert SET status = 'revoked', reason = 0,"
	    " revoked_at = now() WHERE id = 3");
	assert_int_equal(db_publish_people(crl, holder, 3, &want, NOW, &v,
	    arena, &e), 0);
	assert_int_equal(v.n, 2);
	testdb_sql(&t, "UPDATE signet.cert SET holder = 'h3' WHERE id = 5");
	assert_int_equal(db_publish_holders(crl, "h2", &want, 2, &keys, arena,
	    &e), 0);
	assert_int_equal(keys.n, 2);
	assert_string_equal(keys.v[0], "h3");
	assert_string_equal(keys.v[1], "h4");
	assert_int_equal(db_publish_known(crl, holder, 3, &want, known, &e),
	    0);
	assert_true(!known[0] && known[1] && known[2]);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup(
		    each_target_gets_one_delivery_for_each_entry, fresh),
		cmocka_unit_test_setup(
		    lists_and_changes_of_status_come_first, fresh),
		cmocka_unit_test_setup(
		    what_is_leased_is_nobody_elses_until_the_lease_ends,
		    fresh),
		cmocka_unit_test_setup(what_happens_meanwhile_is_not_lost,
		    fresh),
		cmocka_unit_test_setup(
		    what_happens_in_the_very_moment_is_not_kept_waiting,
		    fresh),
		cmocka_unit_test_setup(
		    what_another_took_over_is_looked_at_again, fresh),
		cmocka_unit_test_setup(
		    failures_wait_and_the_dead_stay_until_they_are_asked_for,
		    fresh),
		cmocka_unit_test_setup(
		    a_failure_of_what_has_changed_since_does_not_count,
		    fresh),
		cmocka_unit_test_setup(
		    certificates_make_deliveries_when_they_expire, fresh),
		cmocka_unit_test_setup(a_new_target_is_filled_page_by_page,
		    fresh),
		cmocka_unit_test_setup(the_state_of_a_target_has_a_beginning,
		    fresh),
		cmocka_unit_test_setup(
		    a_target_that_refuses_is_well_when_it_takes_something,
		    fresh),
		cmocka_unit_test_setup(operators_ask_for_a_look, fresh),
		cmocka_unit_test_setup(what_was_just_written_down_waits_for_a_minute, fresh),
		cmocka_unit_test_setup(
		    people_have_what_is_good_and_current_newest_first, fresh),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
