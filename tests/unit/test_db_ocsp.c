/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status and its feed, read as the responder's role.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "db/db_ocsp.h"
#include "db/db_status.h"
#include "tests/lib/testdb.h"

static const struct db_table *const	 tables[] = { &DB_OCSP,
    &DB_RELEASE };
static const struct db_table *const	 ca_tables[] = { &DB_STATUS,
    &DB_HEARTBEAT };
static struct testdb	 t;

struct fixture {
	struct db	*db, *ca;
	struct arena	*a;
	struct error	 e;
};

static struct db_ocsp_key
key_of(const char *ca, uint8_t n)
{
	struct db_ocsp_key	 k = { .ca = ca };

	memset(k.serial.p, n, 16);
	k.serial.len = 16;
	return k;
}

/* Serials 51.., 52.. and 53..: good, held, revoked. */
static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testdb_init(&t, true);
	testdb_sql(&t, "INSERT INTO ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after) SELECT n, false, n,"
	    " convert_to(repeat(n, 64), 'UTF8'),"
	    " decode(repeat('01', 32), 'hex'), now(), now() + '1y'"
	    " FROM unnest('{people,services}'::text[]) n");
	testdb_sql(&t, "INSERT INTO cert (ca, serial, order_id, n, profile,"
	    " subject, key_digest, not_before, not_after, der, issued_at,"
	    " status, reason, revoked_at)"
	    " SELECT 'people', decode(repeat(n, 16), 'hex'),"
	    " decode(repeat(n, 16), 'hex'), 0, 'mail-dual',"
	    " '', decode(repeat(n, 32), 'hex'), to_timestamp(1000),"
	    " to_timestamp(9000), decode(repeat(n, 70), 'hex'), now(),"
	    " (ARRAY['good', 'held', 'revoked'])[place],"
	    " (ARRAY[NULL, 6, 1])[place],"
	    " CASE WHEN place > 1 THEN to_timestamp(5000) END"
	    " FROM unnest('{51,52,53}'::text[])"
	    " WITH ORDINALITY AS u (n, place)");
	f->db = testdb_open(&t, "signet_ocsp", tables, 2);
	f->ca = testdb_open(&t, "signet_ca", ca_tables, 2);
	f->a = arena_new();
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	db_close(&f->db);
	db_close(&f->ca);
	arena_free(&f->a);
	testdb_clear(&t);
	mem_free(&f);
	return 0;
}

static void
one_change(struct fixture *f, uint8_t n)
{
	static const uint8_t		 order[DB_ORDER_ID];
	struct db_status_change		 c = { .ca = "people",
	    .serial = key_of("people", n).serial, .status = "revoked",
	    .reason = 1, .at = 6000, .order_id = order };
	const struct bytes		 body[] = { BYTES("act=a", 5),
	    BYTES("act=b", 5) };
	bool				 done;

	assert_int_equal(db_script(f->ca, "BEGIN", &f->e), 0);
	assert_int_equal(db_status_apply(f->ca, &c, 1, &done, &f->e), 0);
	assert_true(done);
	assert_int_equal(db_status_record(f->ca, &c, 1, body, 2, &f->e), 0);
	assert_int_equal(db_script(f->ca, "COMMIT", &f->e), 0);
}

static void
status_is_read_by_ca_and_serial(void **state)
{
	struct fixture		*f = *state;
	struct db_ocsp_key	 key[] = { key_of("people", 0x53),
	    key_of("services", 0x53), key_of("people", 0x52),
	    key_of("people", 0x54), key_of("people", 0x51),
	    key_of("nobody", 0x51) };
	struct db_ocsp_status	 s[6];
	struct db_ocsp_feed	 feed;
	int64_t			 seq = -1;

	assert_int_equal(db_ocsp_read(f->db, key, 6, s, &seq, &f->e), 0);
	assert_int_equal(db_ocsp_feed(f->db, 0, NULL, &feed, &f->e), 0);
	assert_int_equal(seq, feed.seq);
	assert_int_equal(s[0].status, DB_STATUS_REVOKED);
	assert_int_equal(s[0].reason, 1);
	assert_int_equal(s[0].revoked_at, 5000);
	assert_int_equal(s[0].not_after, 9000);
	assert_int_equal(s[1].status, DB_STATUS_NONE);
	assert_int_equal(s[2].status, DB_STATUS_HELD);
	assert_int_equal(s[2].reason, 6);
	assert_int_equal(s[3].status, DB_STATUS_NONE);
	assert_int_equal(s[3].not_after, 0);
	assert_int_equal(s[4].status, DB_STATUS_GOOD);
	assert_int_equal(s[4].reason, -1);
	assert_int_equal(s[4].revoked_at, 0);
	assert_int_equal(s[5].status, DB_STATUS_NONE);
	one_change(f, 0x51);
	assert_int_equal(db_ocsp_read(f->db, key + 4, 1, s, &seq, &f->e), 0);
	assert_int_equal(seq, feed.seq + 2);
	assert_int_equal(s[0].status, DB_STATUS_REVOKED);
	testdb_sql(&t, "REVOKE SELECT (status) ON cert FROM signet_ocsp");
	assert_int_equal(db_ocsp_read(f->db, key, 1, s, &seq, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_CONFIG);
	assert_string_equal(f->e.text, "ocsp_read: permission denied for table"
	    " cert (SQLSTATE 42501)");
	testdb_sql(&t, "GRANT SELECT (status) ON cert TO signet_ocsp");
}

static void
the_feed_moves_with_a_change_and_names_it(void **state)
{
	struct fixture		*f = *state;
	struct db_ocsp_feed	 was, is;
	struct db_ocsp_keys	 k;

	assert_int_equal(db_ocsp_feed(f->db, 0, NULL, &was, &f->e), 0);
	assert_true(was.continues);
	assert_false(was.is_replica);
	one_change(f, 0x52);
	assert_int_equal(db_ocsp_feed(f->db, was.seq, was.hash, &is, &f->e),
	    0);
	assert_int_equal(is.seq, was.seq + 2);
	assert_memory_not_equal(is.hash, was.hash, DB_DIGEST);
	assert_int_equal(db_ocsp_changes(f->db, was.seq, 10, &k, f->a, &f->e),
	    0);
	assert_int_equal(k.n, 1);
	assert_string_equal(k.v[0].ca, "people");
	assert_int_equal(k.v[0].serial.len, 16);
	assert_int_equal(k.v[0].serial.p[0], 0x52);
	assert_int_equal(db_ocsp_changes(f->db, is.seq, 10, &k, f->a, &f->e),
	    0);
	assert_int_equal(k.n, 0);
	one_change(f, 0x51);
	assert_int_equal(db_ocsp_changes(f->db, was.seq, 1, &k, f->a, &f->e),
	    0);
	assert_int_equal(k.n, 1);
}

static void
another_history_does_not_continue(void **state)
{
	struct fixture		*f = *state;
	struct db_ocsp_feed	 was, is;

	one_change(f, 0x52);
	assert_int_equal(db_ocsp_feed(f->db, 0, NULL, &was, &f->e), 0);
	assert_int_equal(db_ocsp_feed(f->db, was.seq, was.hash, &is, &f->e),
	    0);
	assert_true(is.continues);
	assert_int_equal(db_ocsp_feed(f->db, was.seq + 1, was.hash, &is,
	    &f->e), 0);
	assert_false(is.continues);
	was.hash[0] ^= 1;
	assert_int_equal(db_ocsp_feed(f->db, was.seq, was.hash, &is, &f->e),
	    0);
	assert_false(is.continues);
	testdb_sql(&t, "DELETE FROM heartbeat");
	assert_int_equal(db_ocsp_feed(f->db, 0, NULL, &is, &f->e), -1);
	assert_string_equal(f->e.text,
	    "audit_head and heartbeat are not one row each");
}

static void
the_heartbeat_has_an_age(void **state)
{
	struct fixture		*f = *state;
	struct db_ocsp_feed	 is;

	testdb_sql(&t, "UPDATE heartbeat SET at = now() - interval '60 s'");
	assert_int_equal(db_ocsp_feed(f->db, 0, NULL, &is, &f->e), 0);
	assert_in_range(is.heartbeat_ms, 60000, 90000);
	assert_int_equal(db_heartbeat(f->ca, &f->e), 0);
	assert_int_equal(db_ocsp_feed(f->db, 0, NULL, &is, &f->e), 0);
	assert_in_range(is.heartbeat_ms, 0, 30000);
	/* A clock that was set back. */
	testdb_sql(&t, "UPDATE heartbeat SET at = now() + interval '1 d'");
	assert_int_equal(db_heartbeat(f->ca, &f->e), 0);
	assert_int_equal(db_ocsp_feed(f->db, 0, NULL, &is, &f->e), 0);
	assert_in_range(is.heartbeat_ms, 0, 30000);
	testdb_sql(&t, "REVOKE UPDATE (at) ON heartbeat FROM signet_ca");
	assert_int_equal(db_heartbeat(f->ca, &f->e), -1);
	assert_string_equal(f->e.text, "heartbeat: permission denied for table"
	    " heartbeat (SQLSTATE 42501)");
	testdb_sql(&t, "GRANT UPDATE (at) ON heartbeat TO signet_ca");
}

static void
the_newest_complete_list_of_each_ca_and_shard_is_named(void **state)
{
	struct fixture		*f = *state;
	struct db_ocsp_lists	 l;

	assert_int_equal(db_ocsp_lists(f->db, &l, f->a, &f->e), 0);
	assert_int_equal(l.n, 0);
	testdb_sql(&t, "INSERT INTO crl (ca, shard, number, base, this_update,"
	    " next_update, entries, size, change) SELECT ca, shard, number,"
	    " base, now(), now() + '1d', 0, number * 10, 0"
	    " FROM (VALUES ('people', 0, 7, 0), ('people', 0, 9, 0),"
	    " ('people', 0, 10, 9), ('people', 3, 2, 0), ('people', 3, 1, 0),"
	    " ('services', 0, 4, 0)) AS v (ca, shard, number, base)");
	assert_int_equal(db_ocsp_lists(f->db, &l, f->a, &f->e), 0);
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].ca, "people");
	assert_int_equal(l.v[0].shard, 0);
	assert_int_equal(l.v[0].number, 9);
	assert_int_equal(l.v[0].size, 90);
	assert_int_equal(l.v[1].shard, 3);
	assert_int_equal(l.v[1].number, 2);
	assert_string_equal(l.v[2].ca, "services");
	assert_int_equal(l.v[2].number, 4);
}

static void
a_release_is_found_and_no_other_order_is(void **state)
{
	struct fixture		*f = *state;
	struct db_ocsp_key	 key = key_of("people", 0x51);
	struct db_ocsp_release	 r;

	testdb_sql(&t, "INSERT INTO orders (id, digest, kind, summary, blob,"
	    " created_at, expires_at) SELECT decode(repeat(id, 16), 'hex'),"
	    " decode(repeat(id, 32), 'hex'), kind, '', decode(id, 'hex'),"
	    " now(), now() + '1d' FROM (VALUES ('a1', 'hold'),"
	    " ('a2', 'release'), ('a3', 'release'), ('a4', 'revoke'))"
	    " AS v (id, kind)");
	testdb_sql(&t, "INSERT INTO status_change (ca, serial, status, reason,"
	    " order_id, changed_at) SELECT 'people',"
	    " decode(repeat(serial, 16), 'hex'), status, NULL,"
	    " decode(repeat(id, 16), 'hex'), now()"
	    " FROM (VALUES ('51', 'held', 'a1'), ('51', 'good', 'a2'),"
	    " ('52', 'good', 'a3'), ('51', 'revoked', 'a4'),"
	    " ('53', 'good', 'a4')) AS v (serial, status, id)");
	assert_int_equal(db_ocsp_release(f->db, &key, &r, f->a, &f->e), 1);
	assert_int_equal(r.order.len, 1);
	assert_int_equal(r.order.p[0], 0xa2);
	assert_int_equal(r.cert.len, 70);
	assert_int_equal(r.cert.p[0], 0x51);
	assert_string_equal(r.profile, "mail-dual");
	key = key_of("people", 0x53);
	assert_int_equal(db_ocsp_release(f->db, &key, &r, f->a, &f->e), 0);
	key = key_of("services", 0x51);
	assert_int_equal(db_ocsp_release(f->db, &key, &r, f->a, &f->e), 0);
	testdb_sql(&t, "DROP FUNCTION release_evidence");
	assert_int_equal(db_ocsp_release(f->db, &key, &r, f->a, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_BUG);
}

#define T(test)	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(status_is_read_by_ca_and_serial),
		T(the_feed_moves_with_a_change_and_names_it),
		T(another_history_does_not_continue),
		T(the_heartbeat_has_an_age),
		T(the_newest_complete_list_of_each_ca_and_shard_is_named),
		T(a_release_is_found_and_no_other_order_is),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
