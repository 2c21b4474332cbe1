/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letters, permits and what is sealed to the escrow, with the role that the
 * operator has.  REQ: what is void stays so, a permit is used once, and a card
 * that ended has neither letter nor secret.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_batch.h"
#include "db/db_card_life.h"
#include "db/db_letter.h"
#include "db/db_permit.h"
#include "db/db_private.h"
#include "tests/lib/testdb.h"

#define COUNT(v)	(sizeof(v) / sizeof((v)[0]))
#define CARDS		3
#define WHAT		"letters autumn 1"

static const struct db_table *const tables[] = { &DB_CARD, &DB_CARD_BATCH,
    &DB_CARD_ESCROW, &DB_CARD_LIFE, &DB_CARD_OWN, &DB_CARD_SEIZE,
    &DB_CARD_SPOIL, &DB_LETTER, &DB_LETTER_RUN, &DB_PERMIT, &DB_PERMIT_USE };

static struct testdb t;
static struct db *db;
static struct arena *a;

/* ---- helpers ---- */

static int64_t
batch(void)
{
	return testdb_number(&t, "SELECT id FROM card_batch");
}

/* A permit of that number, ready. */
static void
add_permit(uint32_t number, const char *state, const char *lifetime)
{
	uint8_t	id[DB_ORDER_ID];
	char	hex[2 * DB_ORDER_ID + 1];
	size_t	i;

	testdb_id(id, number);
	for (i = 0; i < DB_ORDER_ID; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	testdb_sql(&t, "INSERT INTO orders (id, digest, kind, state, summary,"
	    " blob, created_at, expires_at) VALUES ('\\x%s', sha256('\\x%s'),"
	    " 'permit', '%s', '" WHAT "', 'b', now() - interval '2 days',"
	    " now() + interval '%s')", hex, hex, state, lifetime);
}

struct call {
	uint32_t		 number;	/* of the permit */
	struct db_letter_run	 run;
	const char		**letter;
	size_t			 n;
	int			 certs;
};

static int
use_in(struct db *d, void *arg, struct error *e)
{
	struct call	*c = arg;
	uint8_t		 id[DB_ORDER_ID], digest[DB_DIGEST];
	struct db_rows	*rows;

	testdb_id(id, c->number);
	if (db_ask(d, "SELECT digest FROM orders WHERE id = $1::bytea",
	    (struct db_arg[]){ db_bytes(id, sizeof(id)) }, 1, &rows, e) == -1)
		return -1;
	db_row_fixed(digest, DB_DIGEST, rows, 0, 0);
	db_rows_free(&rows);
	return db_permit_use(d, id, digest, "op", e);
}

static int
use(uint32_t number, struct error *e)
{
	struct call	c = { .number = number };

	return db_txn(db, use_in, &c, e);
}

static struct call
a_run(int number, uint32_t order)
{
	struct call	c = { .run = { .batch = batch(), .run = number,
			    .list = BYTES("{}", 2),
			    .manifest = BYTES("cms", 3),
			    .released_by = "o2" } };

	testdb_id(c.run.order_id, order);
	return c;
}

static int
release_in(struct db *d, void *arg, struct error *e)
{
	struct call	*c = arg;

	return db_letter_run_add(d, &c->run, e) == -1 ? -1 :
	    db_letter_run_release(d, &c->run, c->letter, c->n, e);
}

static int
release(int number, uint32_t order, const char **letter, size_t n,
    struct error *e)
{
	struct call	c = a_run(number, order);

	c.letter = letter;
	c.n = n;
	return db_txn(db, release_in, &c, e);
}

static size_t
printed(int run)
{
	struct db_letters	all;
	struct error		e = ERROR_INIT;

	assert_int_equal(db_letter_print(db, batch(), run, "", 10, &all, a,
	    &e), 0);
	return all.n;
}

/* ---- permits ---- */

static void
a_permit_that_is_not_ready_or_too_old_is_not_used(void **state)
{
	struct error	e = ERROR_INIT;
	uint8_t		id[DB_ORDER_ID];

	(void)state;
	add_permit(1, "pending", "1 day");
	assert_int_equal(use(1, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "permits nothing"));
	add_permit(2, "ready", "-1 day");
	error_clear(&e);
	assert_int_equal(use(2, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	testdb_sql(&t, "UPDATE orders SET state = 'rejected'");
	error_clear(&e);
	assert_int_equal(db_permit_find(db, WHAT, id, &e), 0);
}

static void
a_permit_is_found_by_what_it_is_for_and_used_once(void **state)
{
	struct error	e = ERROR_INIT;
	uint8_t		id[DB_ORDER_ID], mine[DB_ORDER_ID];

	(void)state;
	add_permit(1, "ready", "1 day");
	testdb_id(mine, 1);
	assert_int_equal(db_permit_find(db, "letters autumn 2", id, &e), 0);
	assert_int_equal(db_permit_find(db, WHAT, id, &e), 1);
	assert_memory_equal(id, mine, DB_ORDER_ID);
	assert_int_equal(use(1, &e), 0);
	assert_int_equal(db_permit_find(db, WHAT, id, &e), 0);
	assert_int_equal(use(1, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "what was permitted has been done: it was "
	    "once");
}

/* ---- letters ---- */

static void
a_run_is_open_alone_and_stays_over(void **state)
{
	struct call		c = a_run(1, 1), d = a_run(2, 2);
	struct db_letter_run	found;
	struct error		e = ERROR_INIT;
	int			next;

	(void)state;
	add_permit(1, "ready", "1 day");
	add_permit(2, "ready", "1 day");
	assert_int_equal(db_letter_run_find(db, batch(), 0, &found, a, &e), 0);
	assert_int_equal(db_letter_run_add(db, &c.run, &e), 0);
	assert_int_equal(db_letter_run_find(db, batch(), 0, &found, a, &e), 1);
	assert_int_equal(found.run, 1);
	assert_int_equal(db_letter_run_next(db, batch(), &next, &e), 0);
	assert_int_equal(next, 2);
	assert_int_equal(db_letter_run_add(db, &d.run, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_letter_run_void(db, batch(), 1, &e), 0);
	assert_int_equal(db_letter_run_void(db, batch(), 1, &e), -1);
	assert_string_equal(e.text, "run 1 is released or given up");
	error_clear(&e);
	assert_int_equal(db_letter_run_add(db, &d.run, &e), 0);
}

static void
what_is_printed_again_is_void_in_earlier_runs(void **state)
{
	const char		*all[] = { "L1000001", "L1000002", "L1000003" };
	struct db_letter_runs	 runs;
	struct db_letter	 one;
	struct error		 e = ERROR_INIT;
	int64_t			 of;

	(void)state;
	add_permit(1, "ready", "1 day");
	add_permit(2, "ready", "1 day");
	assert_int_equal(release(1, 1, all, 3, &e), 0);
	assert_int_equal(printed(1), 3);
	assert_int_equal(release(2, 2, all + 1, 1, &e), 0);
	assert_int_equal(printed(1), 2);
	assert_int_equal(printed(2), 1);
	assert_int_equal(db_letter_find(db, all[1], &of, &one, a, &e), 1);
	assert_int_equal(one.run, 2);
	assert_int_equal(of, batch());
	assert_int_equal(db_letter_runs(db, batch(), &runs, a, &e), 0);
	assert_int_equal(runs.n, 2);
	assert_int_equal(runs.v[0].letters, 3);
	assert_int_equal(runs.v[0].valid, 2);
}

static void
a_void_letter_is_void_for_good(void **state)
{
	const char		*all[] = { "L1000001", "L1000002" };
	struct db_letter	 one;
	struct error		 e = ERROR_INIT;
	int64_t			 of;

	(void)state;
	add_permit(1, "ready", "1 day");
	assert_int_equal(db_letter_void(db, all[0], "moved", &e), 0);
	assert_int_equal(db_letter_find(db, all[0], &of, &one, a, &e), 1);
	assert_string_equal(one.reason, "moved");
	assert_int_equal(db_letter_void(db, all[0], "moved", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(release(1, 1, all, 2, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "L1000001 is void"));
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM letter_print"),
	    0);
	testdb_sql(&t, "DO $$ BEGIN UPDATE letter SET void_at = NULL;"
	    " RAISE EXCEPTION 'it was let through';"
	    " EXCEPTION WHEN SQLSTATE 'SG001' THEN NULL; END $$");
}

/* ---- what ends with a card ---- */

static void
a_card_that_ends_takes_its_letter_with_it(void **state)
{
	struct db_letter	one;
	struct error		e = ERROR_INIT;
	int64_t			of;

	(void)state;
	testdb_sql(&t, "UPDATE card SET state = 'packed' WHERE n < 3;"
	    " UPDATE card SET state = 'lost' WHERE n = 2");
	assert_int_equal(db_letter_find(db, "L1000001", &of, &one, a, &e), 1);
	assert_int_equal(one.void_at, 0);
	assert_int_equal(db_letter_find(db, "L1000002", &of, &one, a, &e), 1);
	assert_true(one.void_at != 0);
	assert_string_equal(one.reason, "the card was lost");
	assert_int_equal(db_letter_find(db, "L9", &of, &one, a, &e), 0);
}

static int
spoil_in(struct db *d, void *arg, struct error *e)
{
	struct call	*c = arg;
	uint8_t		 id[DB_CARD_ID];

	testdb_id(id, c->number);
	return db_card_spoil_by(d, id, "op", "torn", &c->certs, e);
}

static void
an_issued_card_is_not_taken_out_of_anybodys_hands(void **state)
{
	struct call	c = { .number = 1 };
	struct error	e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_txn(db, spoil_in, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "is not under way"));
}

static void
a_card_that_a_person_spoils_has_no_secret_and_no_hold(void **state)
{
	struct call		c = { .number = 3 };
	struct db_card_place	place;
	struct error		e = ERROR_INIT;
	struct bytes		sealed;
	uint8_t			id[DB_CARD_ID];

	(void)state;
	testdb_id(id, 3);
	assert_int_equal(db_card_escrow(db, id, "puk", &sealed, a, &e), 1);
	assert_int_equal(sealed.len, 80);
	assert_int_equal(db_card_escrow(db, id, "management", &sealed, a, &e),
	    0);
	testdb_sql(&t, "SET session_replication_role = replica;"
	    " UPDATE card SET state = 'locked', issued_at = NULL WHERE n = 3;"
	    " UPDATE card_item SET state = 'claimed' WHERE n = 3");
	assert_int_equal(db_txn(db, spoil_in, &c, &e), 0);
	assert_int_equal(c.certs, 0);
	assert_int_equal(db_card_escrow(db, id, "puk", &sealed, a, &e), 0);
	assert_int_equal(testdb_number(&t, "SELECT turn FROM card WHERE n = 3"),
	    2);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM card_event"
	    " WHERE what = 'spoiled' AND who = 'op' AND reason = 'torn'"), 1);
	assert_int_equal(db_card_item_numbered(db, "C-0003", &place, a, &e), 1);
	assert_string_equal(place.state, "waiting");
	assert_string_equal(place.batch_name, "autumn");
	assert_int_equal(db_card_item_numbered(db, "C-9", &place, a, &e), 0);
}

/* ---- fixture ---- */

static void
add_card(uint32_t n)
{
	uint8_t	id[DB_CARD_ID];
	char	hex[2 * DB_CARD_ID + 1];
	size_t	i;

	testdb_id(id, n);
	for (i = 0; i < DB_CARD_ID; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	testdb_sql(&t, "INSERT INTO holder (id, name) VALUES ('h%u', 'H');"
	    " INSERT INTO card_item (batch, n, number, holder, place, state)"
	    " SELECT id, %u, 'C-000%u', 'h%u', %u, 'issued' FROM card_batch;"
	    " INSERT INTO card (id, identity, number, batch, n, holder, layout,"
	    " family, state, station, reader, changed_by, issued_at)"
	    " SELECT '\\x%s', 'piv-serial:%u', 'C-000%u', id, %u, 'h%u', 'l',"
	    " 'piv', 'issued', 's', 'r', 's', now() FROM card_batch;"
	    " INSERT INTO card_secret (card, kind, version, sealed, set_at)"
	    " VALUES ('\\x%s', 'puk', 1, decode(repeat('00', 80), 'hex'),"
	    " now()); INSERT INTO letter (number, card, sealed, digest) VALUES"
	    " ('L100000%u', '\\x%s', decode(repeat('00', 64), 'hex'),"
	    " sha256('l'))", n, n, n, n, n, hex, n, n, n, n, hex, n, hex);
}

static int
fresh(void **state)
{
	uint32_t	n;

	(void)state;
	a = arena_new();
	testdb_sql(&t, "SET client_min_messages = warning;"
	    " TRUNCATE permit_use, letter_print, letter_run, letter, card_event,"
	    " card_secret, card, card_item, card_batch, orders, holder CASCADE;"
	    " INSERT INTO card_batch (name, layout, per_holder, made_by)"
	    " VALUES ('autumn', 'l', 1, 'op')");
	for (n = 1; n <= CARDS; n++)
		add_card(n);
	db = testdb_open(&t, "signet_cli", tables, COUNT(tables));
	return 0;
}

static int
done(void **state)
{
	(void)state;
	db_close(&db);
	arena_free(&a);
	return 0;
}

#define T(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_permit_that_is_not_ready_or_too_old_is_not_used),
		T(a_permit_is_found_by_what_it_is_for_and_used_once),
		T(a_run_is_open_alone_and_stays_over),
		T(what_is_printed_again_is_void_in_earlier_runs),
		T(a_void_letter_is_void_for_good),
		T(a_card_that_ends_takes_its_letter_with_it),
		T(an_issued_card_is_not_taken_out_of_anybodys_hands),
		T(a_card_that_a_person_spoils_has_no_secret_and_no_hold),
	};
	int rc;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	testdb_init(&t, true);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	testdb_clear(&t);
	return rc;
}
