/* SPDX-License-Identifier: Apache-2.0 */
/* Shards as the store finds them; what it says of complete lists is in
 * test_db_issue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "db/db_crl.h"
#include "db/db_status.h"
#include "tests/lib/testdb.h"

#define NOW	INT64_C(1800000000)
#define DAY	86400

static const struct db_table *const	 tables[] = { &DB_CRL_ENTRIES,
    &DB_CRL_MAKE,
    &DB_STATUS };

struct fixture {
	struct testdb	 t;
	struct db	*db;
	struct arena	*a;
	struct error	 e;
};

/*
 * Certificates 11 to 16: on shards 0, 1, 1, 2, 2, 7.  All are revoked but 16,
 * and all expire in ten days but 15, which did yesterday.
 */
static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testdb_init(&f->t, true);
	testdb_sql(&f->t, "INSERT INTO ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after) VALUES ('people', false,"
	    " 'CN=People', decode(repeat('30', 100), 'hex'),"
	    " decode(repeat('01', 32), 'hex'), now(), now() + '9000d')");
	testdb_sql(&f->t, "INSERT INTO cert (ca, serial, order_id, n, profile,"
	    " subject, key_digest, not_before, not_after, der, issued_at,"
	    " shard, status, reason, revoked_at)"
	    " SELECT 'people', decode(repeat(n, 16), 'hex'),"
	    " decode(repeat(n, 16), 'hex'), 0, 'tls-server', '',"
	    " decode(repeat(n, 32), 'hex'), to_timestamp(%lld) - '99d'::interval,"
	    " to_timestamp(%lld) + days * '1d'::interval,"
	    " decode(repeat(n, 70), 'hex'), now(), shard,"
	    " CASE n WHEN '16' THEN 'good' ELSE 'revoked' END,"
	    " CASE n WHEN '16' THEN NULL ELSE 1 END,"
	    " CASE n WHEN '16' THEN NULL ELSE to_timestamp(%lld) END"
	    " FROM unnest('{11,13,12,14,15,16}'::text[],"
	    " '{0,1,1,2,2,7}'::int[], '{10,10,10,10,-1,10}'::int[])"
	    " AS u (n, shard, days)", (long long)NOW, (long long)NOW,
	    (long long)NOW);
	f->db = testdb_open(&f->t, "signet_ca", tables,
	    sizeof(tables) / sizeof(tables[0]));
	f->a = arena_new();
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	db_close(&f->db);
	arena_free(&f->a);
	testdb_clear(&f->t);
	mem_free(&f);
	return 0;
}

static size_t
entries(struct fixture *f, int64_t shard, const struct db_serial *after,
    struct db_crl_entries *p)
{
	assert_int_equal(db_crl_entries(f->db, "people", shard, after, NOW, 10,
	    p, f->a, &f->e), 0);
	return p->n;
}

static void
db_crl_entries_are_those_of_the_shard_in_order(void **state)
{
	struct fixture		*f = *state;
	struct db_crl_entries	 p;

	assert_int_equal(entries(f, 1, NULL, &p), 2);
	assert_int_equal(p.v[0].serial.p[0], 0x12);
	assert_int_equal(p.v[1].serial.p[0], 0x13);
	assert_int_equal(entries(f, 1, &p.v[0].serial, &p), 1);
	assert_int_equal(p.v[0].serial.p[0], 0x13);
	assert_int_equal(p.v[0].reason, 1);
	assert_int_equal(entries(f, 2, NULL, &p), 1);
	assert_int_equal(p.v[0].serial.p[0], 0x14);
	assert_int_equal(entries(f, 7, NULL, &p), 0);
	/* The complete list has them all. */
	assert_int_equal(entries(f, 0, NULL, &p), 4);
}

static struct db_crl_dues
due(struct fixture *f, int64_t drawn)
{
	static const char	*people[] = { "people" };
	struct db_crl_urgent	 u = { people, &(int64_t){ 1 }, 1 };
	struct db_crl_drawn	 d = { people, &drawn, drawn > 0 };
	struct db_crl_dues	 out;

	if (db_crl_shard_due(f->db, NULL, &u, &d, &out, f->a, &f->e) == -1)
		fail_msg("%s", f->e.text);
	return out;
}

static void
add_list(struct fixture *f, int64_t shard, int64_t number, int64_t at)
{
	struct db_crl	 c = { .ca = "people", .shard = shard,
	    .number = number, .this_update = at, .next_update = at + DAY,
	    .size = 4 };

	if (db_crl_add(f->db, &c, &f->e) == -1)
		fail_msg("%s", f->e.text);
}

static void
db_crl_shard_due_goes_on_as_long_as_a_certificate_needs_it(void **state)
{
	struct fixture		*f = *state;
	struct db_crl_dues	 d = due(f, 3);
	static const int64_t	 want[] = { 1, 2, 3, 7 };
	size_t			 i;

	assert_int_equal(d.n, 4);
	for (i = 0; i < 4; i++) {
		assert_string_equal(d.v[i].ca, "people");
		assert_int_equal(d.v[i].shard, want[i]);
		assert_int_equal(d.v[i].number, 0);
	}
	/* None is drawn any more: those that certificates have go on. */
	d = due(f, 0);
	assert_int_equal(d.n, 3);
	assert_int_equal(d.v[2].shard, 7);
	/* Its last certificate had expired when the last list was made. */
	add_list(f, 1, 1, NOW);
	add_list(f, 7, 1, NOW + 11 * DAY);
	d = due(f, 0);
	assert_int_equal(d.n, 2);
	assert_int_equal(d.v[0].shard, 1);
	assert_int_equal(d.v[0].number, 1);
	assert_int_equal(d.v[0].latest, 1);
	assert_int_equal(d.v[0].this_update, NOW);
	assert_int_equal(d.v[0].next_update, NOW + DAY);
	assert_int_equal(d.v[1].shard, 2);
	d = due(f, 9);
	assert_int_equal(d.n, 9);
}

static void
db_crl_shard_due_finds_one_again(void **state)
{
	struct fixture		*f = *state;
	static const char	*people[] = { "people" };
	struct db_crl_urgent	 u = { NULL, NULL, 0 };
	struct db_crl_drawn	 d = { people, &(int64_t){ 5 }, 1 };
	struct db_crl_due	 one = { .ca = "people", .shard = 4 };
	struct db_crl_dues	 out;

	assert_int_equal(db_crl_shard_due(f->db, &one, &u, &d, &out, f->a,
	    &f->e), 0);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.v[0].shard, 4);
	one.shard = 6;
	assert_int_equal(db_crl_shard_due(f->db, &one, &u, &d, &out, f->a,
	    &f->e), 0);
	assert_int_equal(out.n, 0);
}

/* A change of a certificate is urgent for its own shard. */
static void
a_change_is_urgent_for_its_shard_alone(void **state)
{
	static const uint8_t	 id[DB_ORDER_ID];
	struct fixture		*f = *state;
	struct db_status_change	 c = { .order_id = id, .ca = "people",
	    .serial = { .len = 16 }, .status = "revoked", .reason = 1,
	    .at = NOW + 5 };
	struct bytes		 body = BYTES("x", 1);
	struct db_crl_dues	 d;
	int64_t			 shard;

	memset(c.serial.p, 0x14, 16);
	for (shard = 1; shard <= 2; shard++)
		add_list(f, shard, 1, NOW);
	assert_false(due(f, 2).v[1].urgent);
	testdb_sql(&f->t, "ALTER TABLE status_change DISABLE TRIGGER ALL");
	assert_int_equal(db_status_record(f->db, &c, 1, &body, 1, &f->e), 0);
	d = due(f, 2);
	assert_int_equal(d.v[0].shard, 1);
	assert_false(d.v[0].urgent);
	assert_int_equal(d.v[1].shard, 2);
	assert_true(d.v[1].urgent);
	/* Until a list knows of it. */
	{
		struct db_crl	 l = { .ca = "people", .shard = 2, .number = 2,
		    .this_update = NOW + 9, .next_update = NOW + DAY,
		    .size = 4, .change = d.v[1].change };

		assert_int_equal(db_crl_add(f->db, &l, &f->e), 0);
	}
	assert_false(due(f, 2).v[1].urgent);
}

static void
the_store_has_no_shard_that_cannot_be_and_no_delta_of_one(void **state)
{
	struct fixture	*f = *state;
	struct db_crl	 c = { .ca = "people", .shard = 1, .number = 2,
	    .base = 1, .this_update = NOW, .next_update = NOW + DAY,
	    .size = 4 };

	assert_int_equal(db_crl_add(f->db, &c, &f->e), -1);
	assert_non_null(strstr(f->e.text, "violates check constraint"));
	error_clear(&f->e);
	c.base = 0;
	c.shard = 10000;
	assert_int_equal(db_crl_add(f->db, &c, &f->e), -1);
	assert_non_null(strstr(f->e.text, "violates check constraint"));
}

static void
db_crl_lock_is_for_each_shard_and_for_the_complete_list(void **state)
{
	struct fixture	*f = *state;
	struct db	*other = testdb_open(&f->t, "signet_ca", tables,
	    sizeof(tables) / sizeof(tables[0]));

	assert_int_equal(db_crl_lock(f->db, "people", 1, &f->e), 1);
	assert_int_equal(db_crl_lock(other, "people", 1, &f->e), 0);
	assert_int_equal(db_crl_lock(other, "people", 2, &f->e), 1);
	assert_int_equal(db_crl_lock(other, "people", 0, &f->e), 1);
	assert_int_equal(db_crl_unlock(f->db, "people", 1, &f->e), 0);
	assert_int_equal(db_crl_lock(other, "people", 1, &f->e), 1);
	db_close(&other);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(the_store_has_no_shard_that_cannot_be_and_no_delta_of_one),
		T(db_crl_entries_are_those_of_the_shard_in_order),
		T(db_crl_shard_due_goes_on_as_long_as_a_certificate_needs_it),
		T(db_crl_shard_due_finds_one_again),
		T(a_change_is_urgent_for_its_shard_alone),
		T(db_crl_lock_is_for_each_shard_and_for_the_complete_list),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
