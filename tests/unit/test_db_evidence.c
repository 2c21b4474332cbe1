/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "db/db_crl.h"
#include "db/db_evidence.h"
#include "tests/lib/testdb.h"

static const struct db_table *const	 tables[] = { &DB_EVIDENCE,
    &DB_CRL_ENTRIES,
    &DB_CRL_MAKE };

struct fixture {
	struct testdb	 t;
	struct db	*db;
	struct arena	*a;
	struct error	 e;
};

/* Two orders, two certificates; the first was held, then revoked. */
static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testdb_init(&f->t, true);
	testdb_sql(&f->t, "INSERT INTO ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after) VALUES ('people', false,"
	    " 'CN=People', decode(repeat('30', 100), 'hex'),"
	    " decode(repeat('01', 32), 'hex'), now(), now() + '1y')");
	testdb_sql(&f->t, "INSERT INTO orders (id, digest, kind, ca, profile,"
	    " summary, blob, created_at, expires_at) SELECT"
	    " decode(repeat(n, 16), 'hex'), decode(repeat(n, 32), 'hex'),"
	    " 'issue', 'people', 'mail-dual', '', decode(n, 'hex'), now(),"
	    " now() + '1d' FROM unnest('{a1,a2,a3}'::text[]) n");
	testdb_sql(&f->t, "INSERT INTO cert (ca, serial, order_id, n, profile,"
	    " subject, key_digest, not_before, not_after, der, issued_at)"
	    " SELECT 'people', decode(repeat(n, 16), 'hex'),"
	    " decode(repeat('a' || right(n, 1), 16), 'hex'), 0, 'mail-dual',"
	    " '', decode(repeat(n, 32), 'hex'), now(), now() + '1y',"
	    " decode(repeat(n, 70), 'hex'), now()"
	    " FROM unnest('{51,52}'::text[]) n");
	testdb_sql(&f->t, "INSERT INTO status_change (ca, serial, status,"
	    " reason, order_id, changed_at) VALUES"
	    " ('people', decode(repeat('51', 16), 'hex'), 'held', 6,"
	    "  decode(repeat('a2', 16), 'hex'), now()),"
	    " ('people', decode(repeat('51', 16), 'hex'), 'revoked', 1,"
	    "  decode(repeat('a3', 16), 'hex'), now())");
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
	testdb_clear(&f->t);
	arena_free(&f->a);
	mem_free(&f);
	return 0;
}

static struct bytes
run_of(struct fixture *f, int byte, size_t n)
{
	uint8_t	*p = arena_alloc(f->a, n);

	memset(p, byte, n);
	return BYTES(p, n);
}

static void
db_evidence_orders_answers_in_the_order_asked(void **state)
{
	struct fixture	*f = *state;
	struct bytes	 id[] = { run_of(f, 0xa3, 16), run_of(f, 0xee, 16),
	    run_of(f, 0xa1, 16) };
	struct bytes	 blob[3];

	assert_int_equal(db_evidence_orders(f->db, id, 3, blob, f->a, &f->e),
	    0);
	assert_true(bytes_equal(blob[0], run_of(f, 0xa3, 1)));
	assert_null(blob[1].p);
	assert_true(bytes_equal(blob[2], run_of(f, 0xa1, 1)));
}

static void
db_evidence_certs_brings_the_last_order_on_their_status(void **state)
{
	struct fixture		*f = *state;
	const char		*ca[] = { "people", "people", "services",
	    "people" };
	struct bytes		 serial[] = { run_of(f, 0x52, 16),
	    run_of(f, 0x51, 16), run_of(f, 0x51, 16), run_of(f, 0x53, 16) };
	struct db_evidence_cert	 c[4];

	assert_int_equal(db_evidence_certs(f->db, ca, serial, 4, true, c,
	    f->a, &f->e), 0);
	assert_true(bytes_equal(c[0].der, run_of(f, 0x52, 70)));
	assert_string_equal(c[0].profile, "mail-dual");
	assert_null(c[0].change.p);
	assert_true(bytes_equal(c[1].der, run_of(f, 0x51, 70)));
	assert_true(bytes_equal(c[1].change, run_of(f, 0xa3, 1)));
	assert_null(c[2].der.p);
	assert_null(c[3].der.p);
	assert_int_equal(db_evidence_certs(f->db, ca, serial, 2, false, c,
	    f->a, &f->e), 0);
	assert_null(c[1].change.p);
}

static void
db_evidence_lost_says_what_the_store_has_not_or_otherwise(void **state)
{
	static const char *const	 ca[] = { "people", "people", "services",
	    "people", "people", "people" };
	static const char *const	 status[] = { "", "", "", "revoked",
	    "held", "good" };
	static const bool		 expected[] = { false, true, true, true,
	    true, false };
	struct fixture	*f = *state;
	struct bytes	 serial[] = { run_of(f, 0x52, 16), run_of(f, 0x53, 16),
	    run_of(f, 0x52, 16), run_of(f, 0x52, 16), run_of(f, 0x52, 16),
	    run_of(f, 0x52, 16) };
	bool		 lost[6];

	assert_int_equal(db_evidence_lost(f->db, ca, serial, status, 6, lost,
	    &f->e), 0);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(lost[i], expected[i]);
}

static void
db_crl_lock_is_for_one_at_a_time_and_ca(void **state)
{
	struct fixture	*f = *state;
	struct db	*other;

	other = testdb_open(&f->t, "signet_ca", tables,
	    sizeof(tables) / sizeof(tables[0]));
	assert_int_equal(db_crl_lock(f->db, "people", 0, &f->e), 1);
	assert_int_equal(db_crl_lock(other, "people", 0, &f->e), 0);
	assert_int_equal(db_crl_lock(other, "services", 0, &f->e), 1);
	assert_int_equal(db_crl_unlock(f->db, "people", 0, &f->e), 0);
	assert_int_equal(db_crl_lock(other, "people", 0, &f->e), 1);
	/* It ends with its holder. */
	db_close(&other);
	while (db_crl_lock(f->db, "services", 0, &f->e) == 0)
		;
	while (db_crl_lock(f->db, "people", 0, &f->e) == 0)
		;
	assert_int_equal(f->e.code, ERROR_NONE);
	assert_int_equal(db_crl_unlock(f->db, "people", 0, &f->e), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(db_evidence_orders_answers_in_the_order_asked),
		cmocka_unit_test(
		    db_evidence_certs_brings_the_last_order_on_their_status),
		cmocka_unit_test(
		    db_evidence_lost_says_what_the_store_has_not_or_otherwise),
		cmocka_unit_test(db_crl_lock_is_for_one_at_a_time_and_ca),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
