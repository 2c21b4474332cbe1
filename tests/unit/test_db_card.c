/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cards on stations: two of them beside each other, on connections of their
 * own with the role that a station has.  REQ: one card per item, a journal
 * before each change, nothing of a spoiled card lives on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_card.h"
#include "db/db_card_life.h"
#include "tests/lib/testdb.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define ITEMS		6

static const struct db_table *const tables[] = { &DB_CARD, &DB_CARD_CLAIM,
    &DB_CARD_STEP, &DB_CARD_KEY, &DB_CARD_SECRET, &DB_CARD_END,
    &DB_CARD_OWN, &DB_CARD_SPOIL, &DB_CARD_SEIZE,
    &DB_ORDER_SUPPLY };

static struct testdb t;
static struct db *db, *other;		/* two stations */
static struct arena *a;
static const char *const batches[] = { "autumn" };
static uint8_t der[200];

static const char *const under_way[] = { "claimed", "keyed", "ordered",
    "certified", "written", "locked", "verified" };

/* ---- calls as a station makes them ---- */

struct call {
	struct db_card_new	 new;
	struct db_card		*out;
	struct arena		*a;
	int			 found;
};

static int
claim_in(struct db *d, void *arg, struct error *e)
{
	struct call	*c = arg;

	c->found = db_card_claim(d, &c->new, c->out, c->a, e);
	return c->found == -1 ? -1 : 0;
}

static struct db_card_new
blank(uint32_t number)
{
	struct db_card_new	 new = { .family = "piv", .station = "desk-1",
	    .reader = "Reader 00 00", .batch = batches, .nbatches = 1 };

	testdb_id(new.id, number);
	new.identity = arena_printf(a, "piv-serial:%08u", number);
	return new;
}

static int
claim(struct db *d, uint32_t number, struct db_card *out, struct error *e)
{
	struct call	c = { .new = blank(number), .out = out,
	    .a = a };

	return db_txn(d, claim_in, &c, e) == -1 ? -1 : c.found;
}

static struct db_card
claimed(uint32_t number)
{
	struct error	 e = ERROR_INIT;
	struct db_card	 card;

	assert_int_equal(claim(db, number, &card, &e), 1);
	return card;
}

static int
steps_open(const struct db_card_hold *h)
{
	struct error		 e = ERROR_INIT;
	struct db_card_steps	 all;
	int			 n = 0;

	assert_int_equal(db_card_steps(db, h->id, &all, a, &e), 0);
	for (size_t i = 0; i < all.n; i++)
		n += all.v[i].done_at == 0;
	return n;
}

struct step {
	const struct db_card_hold	*h;
	const char			*name, *slot;
	int				 seq, tries;
};

static int
begin_in(struct db *d, void *arg, struct error *e)
{
	struct step	*s = arg;

	return db_card_step_begin(d, s->h, s->name, s->slot, &s->seq, &s->tries,
	    e);
}

static int
done_in(struct db *d, void *arg, struct error *e)
{
	struct step	*s = arg;

	return db_card_step_done(d, s->h, s->seq, e);
}

static void
a_key(struct db_card_key *k, const char *slot, uint32_t number)
{
	memset(k, 0, sizeof(*k));
	k->slot = slot;
	k->alg = "P-256";
	k->spki = BYTES(der, 91);
	testdb_digest(k->digest, number);
}

static struct db_ref
item_of(uint32_t order, uint32_t n)
{
	struct db_ref	 ref = { .n = n };

	testdb_id(ref.order_id, order);
	return ref;
}

static int
order_key(const struct db_card *c, const char *slot, uint32_t order,
    uint32_t n, struct error *e)
{
	const struct db_item_new	 item = { .ref = item_of(order, n),
	    .request = BYTES(der, 100), .station_order = BYTES(der, 120) };

	return db_card_key_order(db, &c->hold, slot, &item, e);
}

/* Everything up to "verified", both slots, as though all went well. */
static void
personalize(struct db_card *c, uint32_t number)
{
	static const char *const	 slot[] = { "authentication", "signature" };
	struct error			 e = ERROR_INIT;
	struct db_card_key		 k;
	size_t				 i;

	for (i = 0; i < 2; i++) {
		a_key(&k, slot[i], 100 * number + (uint32_t)i);
		assert_int_equal(db_card_key_put(db, &c->hold, &k, &e), 0);
		assert_int_equal(order_key(c, slot[i], 1 + (uint32_t)i, c->n,
		    &e), 0);
		assert_int_equal(db_card_key_written(db, &c->hold, slot[i], &e),
		    0);
	}
	for (i = 0; i + 1 < COUNT(under_way); i++)
		assert_int_equal(db_card_advance(db, &c->hold, under_way[i],
		    under_way[i + 1], &e), 0);
}

/* A certificate for item n of an order, as the CA would store it. */
static void
certify(uint32_t order, uint32_t n)
{
	uint8_t	id[DB_ORDER_ID];
	char	hex[2 * DB_ORDER_ID + 1];
	size_t	i;

	testdb_id(id, order);
	for (i = 0; i < DB_ORDER_ID; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	testdb_sql(&t, "UPDATE item SET state = 'signing' WHERE order_id ="
	    " '\\x%s' AND n = %u; UPDATE item SET state = 'done' WHERE order_id"
	    " = '\\x%s' AND n = %u; INSERT INTO cert (ca, serial, order_id, n,"
	    " profile, subject, key_digest, not_before, not_after, der,"
	    " issued_at) VALUES ('people', decode('%08x%08x', 'hex'), '\\x%s',"
	    " %u, 'p', 's', sha256('%u-%u'), now(), now() + interval '1 year',"
	    " decode(repeat('00', 100), 'hex'), now())", hex, n, hex, n, order,
	    n, hex, n, order, n);
}

static const char *
state_of(const struct db_card *c)
{
	struct error	e = ERROR_INIT;
	struct db_card	now;

	assert_int_equal(db_card_find(db, c->hold.id, &now, a, &e), 1);
	return now.state;
}

/* ---- claiming ---- */

static void
nothing_is_claimed_of_a_batch_paused_unapproved_or_not_run_here(
    void **state)
{
	static const char *const	 elsewhere[] = { "spring" };
	struct error			 e = ERROR_INIT;
	struct db_card			 card;
	struct call			 c = { .new = blank(1), .out = &card,
	    .a = a };

	(void)state;
	c.new.batch = elsewhere;
	assert_int_equal(db_txn(db, claim_in, &c, &e), 0);
	assert_int_equal(c.found, 0);
	testdb_sql(&t, "UPDATE card_batch SET state = 'paused'");
	assert_int_equal(claim(db, 1, &card, &e), 0);
	testdb_sql(&t, "UPDATE card_batch SET state = 'running';"
	    " UPDATE orders SET state = 'pending' WHERE profile = 'sign'");
	assert_int_equal(claim(db, 1, &card, &e), 0);
	testdb_sql(&t, "UPDATE orders SET state = 'ready'");
	assert_int_equal(claim(db, 1, &card, &e), 1);
}

static void
items_are_claimed_in_order_and_come_with_what_is_known(void **state)
{
	struct db_card	 c = claimed(1), found;
	struct error	 e = ERROR_INIT;
	struct db_card_face face;
	struct db_card_orders orders;

	(void)state;
	assert_int_equal(c.n, 1);
	assert_string_equal(c.number, "C-0001");
	assert_string_equal(c.holder, "h1");
	assert_string_equal(c.layout, "person-ec");
	assert_string_equal(c.state, "claimed");
	assert_string_equal(c.batch, "autumn");
	assert_int_equal(claimed(2).n, 2);
	assert_int_equal(db_card_seen(db, c.identity, &found, a, &e), 1);
	assert_memory_equal(found.hold.id, c.hold.id, DB_CARD_ID);
	assert_int_equal(db_card_seen(db, "piv-serial:9", &found, a, &e), 0);
	assert_int_equal(db_card_face(db, c.hold.id, &face, a, &e), 1);
	assert_string_equal(face.name, "Holder 1");
	assert_non_null(strstr(face.json, "Room 1"));
	assert_int_equal(db_card_orders(db, c.hold.id, &orders, a, &e), 0);
	assert_int_equal(orders.n, 2);
	assert_string_equal(orders.v[0].slot, "authentication");
	assert_string_equal(orders.v[0].profile, "login");
	assert_string_equal(orders.v[0].item_state, "waiting");
	assert_int_equal(orders.v[1].ref.n, 1);
}

static void
a_number_that_is_on_the_face_is_claimed_by_it(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_card	 card;
	struct call	 c = { .new = blank(1), .out = &card,
	    .a = a };

	(void)state;
	c.new.number = "C-0004";
	assert_int_equal(db_txn(db, claim_in, &c, &e), 0);
	assert_int_equal(c.found, 1);
	assert_int_equal(card.n, 4);
	c.new = blank(2);
	c.new.number = "C-0004";
	assert_int_equal(db_txn(db, claim_in, &c, &e), 0);
	assert_int_equal(c.found, 0);
}

static void
one_piece_of_plastic_is_not_two_live_cards(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_card	 card;
	struct call	 c = { .new = blank(1), .out = &card,
	    .a = a };

	(void)state;
	claimed(1);
	testdb_id(c.new.id, 77);
	assert_int_equal(db_txn(db, claim_in, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "piv-serial:00000001"));
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM card_item"
	    " WHERE state = 'claimed'"), 1);
}

struct racer {
	struct db	*db;
	uint32_t	 first;
	unsigned int	 got, failed;
};

static void *
race(void *arg)
{
	struct racer	*r = arg;
	struct arena	*mine = arena_new();
	struct db_card	 card;
	uint32_t	 i;

	for (i = 0; i < ITEMS; i++) {
		struct error		 e = ERROR_INIT;
		struct db_card_new	 new = { .family = "piv",
		    .station = "s", .reader = "r", .batch = batches,
		    .nbatches = 1 };
		struct call		 c = { .new = new, .out = &card,
		    .a = mine };

		testdb_id(c.new.id, r->first + i);
		c.new.identity = arena_printf(mine, "cplc:%u", r->first + i);
		if (db_txn(r->db, claim_in, &c, &e) == -1)
			r->failed++;
		else
			r->got += c.found == 1;
	}
	arena_free(&mine);
	return NULL;
}

static void
two_stations_never_get_the_same_item(void **state)
{
	struct racer	 r[] = { { db, 100, 0, 0 }, { other, 200, 0, 0 } };
	pthread_t	 thread;

	(void)state;
	testdb_sql(&t, "UPDATE card_batch SET per_holder = 0");
	assert_int_equal(pthread_create(&thread, NULL, race, &r[1]), 0);
	race(&r[0]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(r[0].failed + r[1].failed, 0);
	assert_int_equal(r[0].got + r[1].got, ITEMS);
	assert_int_equal(testdb_number(&t, "SELECT count(DISTINCT n) FROM card"),
	    ITEMS);
}

static int
claim_and_look(struct db *d, void *arg, struct error *e)
{
	struct call	*c = arg;
	struct db_card	 theirs;

	/* While this transaction has item 1, the other station gets item 2. */
	if (claim_in(d, arg, e) == -1)
		return -1;
	assert_int_equal(c->out->n, 1);
	assert_int_equal(claim(other, 2, &theirs, e), 1);
	assert_int_equal(theirs.n, 2);
	return 0;
}

static void
an_item_that_another_station_is_claiming_is_passed_by(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_card	 card;
	struct call	 c = { .new = blank(1), .out = &card,
	    .a = a };

	(void)state;
	assert_int_equal(db_txn(db, claim_and_look, &c, &e), 0);
}

static void
who_has_enough_cards_is_passed_over_and_the_item_says_why(
    void **state)
{
	(void)state;
	testdb_sql(&t, "UPDATE card_item SET holder = 'h1' WHERE n = 2");
	assert_int_equal(claimed(1).n, 1);
	assert_int_equal(claimed(2).n, 3);
	assert_int_equal(testdb_number(&t, "SELECT n FROM card_item WHERE"
	    " state = 'dropped' AND reason LIKE '%%as many cards%%'"), 2);
}

static void
a_replacement_does_not_count_the_card_that_it_replaces(void **state)
{
	(void)state;
	testdb_sql(&t, "UPDATE card_item SET holder = 'h1',"
	    " replaces = 'C-0001' WHERE n = 2");
	claimed(1);
	assert_int_equal(claimed(2).n, 2);
}

/* ---- holds ---- */

static int
take_in(struct db *d, void *arg, struct error *e)
{
	struct db_card	*c = arg;

	return db_card_take(d, &c->hold, "desk-2", "Reader 01 00", c, a, e);
}

static void
who_takes_a_card_over_leaves_the_other_unable_to_write(void **state)
{
	struct db_card	 mine = claimed(1), theirs = mine;
	struct error	 e = ERROR_INIT;
	struct step	 s = { &mine.hold, "generate", NULL, 0, 0 };

	(void)state;
	assert_int_equal(db_txn(other, take_in, &theirs, &e), 0);
	assert_string_equal(theirs.station, "desk-1");	/* until now */
	assert_int_equal(theirs.hold.turn, mine.hold.turn + 1);
	assert_int_equal(db_txn(db, begin_in, &s, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text,
	    "is in other hands: reader Reader 01 00 of station desk-2"));
	error_clear(&e);
	assert_int_equal(db_card_advance(db, &mine.hold, "claimed", "keyed",
	    &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	/* Nor can it take the card back by what it knew. */
	assert_int_equal(db_txn(db, take_in, &mine, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_card_advance(other, &theirs.hold, "claimed",
	    "keyed", &e), 0);
}

static void
an_issued_or_spoiled_card_is_not_taken_up_again(void **state)
{
	struct db_card	 c = claimed(1);
	struct error	 e = ERROR_INIT;
	int		 certs;

	(void)state;
	assert_int_equal(db_card_spoil(db, &c.hold, "test", &certs, &e), 0);
	assert_int_equal(db_txn(db, take_in, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "is spoiled: there is nothing"));
}

/* ---- journal ---- */

static void
the_next_step_is_begun_where_the_one_before_is_open_and_ours(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_card		 card = claimed(901);
	struct db_card_hold	 late = card.hold;
	struct step		 s = { &card.hold, "name", NULL, 0, 0 };
	int			 seq = 0;

	(void)state;
	assert_int_equal(db_card_step_next(db, &card.hold, 1, "key",
	    "signature", &seq, &e), 0);
	assert_int_equal(steps_open(&card.hold), 0);
	assert_int_equal(db_txn(db, begin_in, &s, &e), 0);
	late.turn++;
	assert_int_equal(db_card_step_next(db, &late, s.seq, "key",
	    "signature", &seq, &e), 0);
	assert_int_equal(db_card_step_next(db, &card.hold, s.seq + 1, "key",
	    "signature", &seq, &e), 0);
	assert_int_equal(seq, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(db_card_step_next(db, &card.hold, s.seq + i,
		    "key", "signature", &seq, &e), 1);
		assert_int_equal(seq, s.seq + i + 1);
		assert_int_equal(steps_open(&card.hold), 1);
	}
	assert_int_equal(db_card_step_next(db, &card.hold, s.seq, "check",
	    NULL, &seq, &e), 0);
	assert_int_equal(steps_open(&card.hold), 1);
}

static void
a_step_is_begun_once_at_a_time_and_known_when_begun_again(void **state)
{
	struct db_card		 c = claimed(1);
	struct error		 e = ERROR_INIT;
	struct step		 s = { &c.hold, "generate", "signature", 0, 0 };
	struct db_card_step	 open;
	struct db_card_steps	 all;

	(void)state;
	assert_int_equal(db_card_step_open(db, c.hold.id, &open, a, &e), 0);
	assert_int_equal(db_txn(db, begin_in, &s, &e), 0);
	assert_int_equal(s.tries, 1);
	assert_int_equal(db_txn(db, begin_in, &s, &e), 0);
	assert_int_equal(s.tries, 2);
	assert_int_equal(s.seq, 1);
	s.slot = "authentication";
	assert_int_equal(db_txn(db, begin_in, &s, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "step generate of signature is open"));
	error_clear(&e);
	assert_int_equal(db_card_step_open(db, c.hold.id, &open, a, &e), 1);
	assert_string_equal(open.slot, "signature");
	s.seq = 1;
	assert_int_equal(db_txn(db, done_in, &s, &e), 0);
	assert_int_equal(db_txn(db, done_in, &s, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_txn(db, begin_in, &s, &e), 0);
	assert_int_equal(s.seq, 2);
	assert_int_equal(db_card_steps(db, c.hold.id, &all, a, &e), 0);
	assert_int_equal(all.n, 2);
	assert_true(all.v[0].done_at > 0);
}

static void
no_state_is_skipped_and_none_is_left_backwards(void **state)
{
	static const char *const	 all[] = { "claimed", "keyed", "ordered",
		"certified", "written", "locked", "verified", "issued",
		"spoiled", "packed", "delivered", "activated", "suspended",
		"lost", "replaced", "returned", "destroyed" };
	size_t				 i, j;

	(void)state;
	claimed(1);
	for (i = 0; i < COUNT(all); i++)
		for (j = 0; j < COUNT(all); j++) {
			bool	 may = i == j || testdb_number(&t,
			    "SELECT count(*) FROM state_change WHERE what ="
			    " 'card' AND before = '%s' AND after = '%s'",
			    all[i], all[j]) == 1;

			/* Around the trigger, into the state to go from. */
			testdb_sql(&t, "ALTER TABLE card DISABLE TRIGGER USER;"
			    " UPDATE card SET state = '%s';"
			    " ALTER TABLE card ENABLE TRIGGER USER;"
			    "DO $$ BEGIN UPDATE card SET state = '%s';"
			    " EXCEPTION WHEN SQLSTATE 'SG001' THEN NULL;"
			    " END $$", all[i], all[j]);
			assert_int_equal(testdb_number(&t, "SELECT count(*)"
			    " FROM card WHERE state = '%s'", all[j]), may);
		}
	/* The table itself: the way to "issued" is one line. */
	for (i = 0; i + 1 < COUNT(under_way); i++)
		assert_int_equal(testdb_number(&t, "SELECT count(*) FROM"
		    " state_change WHERE what = 'card' AND after = '%s'",
		    under_way[i + 1]), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM state_change"
	    " WHERE what = 'card' AND before = 'spoiled'"
	    " AND after <> 'destroyed'"), 0);
}

static void
advancing_from_a_state_that_it_is_not_in_is_a_conflict(void **state)
{
	struct db_card	 c = claimed(1);
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_card_advance(db, &c.hold, "keyed", "ordered", &e),
	    -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "is claimed and not keyed"));
	error_clear(&e);
	assert_int_equal(db_card_advance(db, &c.hold, "claimed", "ordered", &e),
	    -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "cannot go from claimed to ordered"));
	error_clear(&e);
	assert_int_equal(db_card_advance(db, &c.hold, "verified", "issued",
	    &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_string_equal(state_of(&c), "claimed");
}

/* ---- keys ---- */

static void
a_key_is_on_one_card_ever(void **state)
{
	struct db_card		 one = claimed(1), two = claimed(2);
	struct error		 e = ERROR_INIT;
	struct db_card_key	 k;

	(void)state;
	a_key(&k, "signature", 5);
	assert_int_equal(db_card_key_put(db, &one.hold, &k, &e), 0);
	assert_int_equal(db_card_key_put(db, &one.hold, &k, &e), 0);
	assert_int_equal(db_card_key_put(db, &two.hold, &k, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "key signature: this key is known from"));
	error_clear(&e);
	k.slot = "authentication";
	assert_int_equal(db_card_key_put(db, &one.hold, &k, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
}

static void
a_key_is_made_anew_until_something_is_ordered_for_it(void **state)
{
	struct db_card		 c = claimed(1);
	struct error		 e = ERROR_INIT;
	struct db_card_key	 k;
	struct db_card_keys	 keys;

	(void)state;
	assert_int_equal(db_card_key_written(db, &c.hold, "signature", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(order_key(&c, "signature", 2, 1, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
	error_clear(&e);
	a_key(&k, "signature", 5);
	assert_int_equal(db_card_key_put(db, &c.hold, &k, &e), 0);
	a_key(&k, "signature", 6);
	assert_int_equal(db_card_key_put(db, &c.hold, &k, &e), 0);
	assert_int_equal(order_key(&c, "signature", 2, 1, &e), 0);
	a_key(&k, "signature", 7);
	assert_int_equal(db_card_key_put(db, &c.hold, &k, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(order_key(&c, "signature", 2, 1, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "ordered already"));
	error_clear(&e);
	assert_int_equal(db_card_keys(db, c.hold.id, &keys, a, &e), 0);
	assert_int_equal(keys.n, 1);
	testdb_digest(k.digest, 6);
	assert_memory_equal(keys.v[0].digest, k.digest, DB_DIGEST);
	assert_string_equal(keys.v[0].state, "open");
	assert_int_equal(keys.v[0].cert, 0);
	certify(2, 1);
	assert_int_equal(db_card_keys(db, c.hold.id, &keys, a, &e), 0);
	assert_string_equal(keys.v[0].state, "done");
	assert_int_equal(keys.v[0].der.len, 100);
	assert_string_equal(keys.v[0].cert_status, "good");
}

static void
a_card_orders_only_what_is_its_items(void **state)
{
	struct db_card		 c = claimed(1);
	struct error		 e = ERROR_INIT;
	struct db_card_key	 k;

	(void)state;
	a_key(&k, "signature", 5);
	assert_int_equal(db_card_key_put(db, &c.hold, &k, &e), 0);
	/* Of another holder; of another slot. */
	assert_int_equal(order_key(&c, "signature", 2, 2, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "item 2 of that order is not this"));
	error_clear(&e);
	assert_int_equal(order_key(&c, "signature", 1, 1, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM request"), 0);
}

/* ---- secrets ---- */

static void
secrets_have_versions_and_what_was_set_voids_what_was_before(void **state)
{
	struct db_card		 c = claimed(1);
	struct error		 e = ERROR_INIT;
	struct db_card_secret	 s = { .kind = "puk",
	    .sealed = BYTES(der, 80), .work = BYTES(der, 90) };
	struct db_card_secrets	 all;
	int			 one, two;

	(void)state;
	assert_int_equal(db_card_secret_set(db, &c.hold, "puk", 1, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_card_secret_put(db, &c.hold, &s, &one, &e), 0);
	assert_int_equal(db_card_secret_put(db, &c.hold, &s, &two, &e), 0);
	assert_int_equal(two, one + 1);
	assert_int_equal(db_card_secret_set(db, &c.hold, "puk", two, &e), 0);
	assert_int_equal(db_card_secrets(db, c.hold.id, &all, a, &e), 0);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.v[0].version, two);
	assert_true(all.v[0].set_at > 0 && all.v[0].void_at == 0);
	assert_true(all.v[1].void_at > 0);
	assert_null(all.v[1].work.p);
	assert_int_equal(all.v[1].sealed.len, 80);
	s.kind = "pin";
	assert_int_equal(db_card_secret_put(db, &c.hold, &s, &one, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);	/* a PIN is kept by nobody */
}

/* ---- the end ---- */

static void
a_card_with_something_left_to_do_is_not_issued(void **state)
{
	struct db_card		 c = claimed(1);
	struct error		 e = ERROR_INIT;
	struct step		 s = { &c.hold, "verify", NULL, 0, 0 };
	struct db_card_secret	 puk = { .kind = "puk",
	    .sealed = BYTES(der, 80), .work = BYTES(der, 90) };
	int			 version;

	(void)state;
	assert_int_equal(db_card_issue(db, &c.hold, 0, NULL, &e), -1);
	assert_non_null(strstr(e.text, "a certificate is not on it"));
	error_clear(&e);
	personalize(&c, 1);
	assert_int_equal(db_card_secret_put(db, &c.hold, &puk, &version, &e),
	    0);
	assert_int_equal(db_card_issue(db, &c.hold, 0, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "a secret was made and not set"));
	error_clear(&e);
	assert_int_equal(db_card_secret_set(db, &c.hold, "puk", version, &e),
	    0);
	assert_int_equal(db_txn(db, begin_in, &s, &e), 0);
	assert_int_equal(db_card_issue(db, &c.hold, 0, NULL, &e), -1);
	assert_non_null(strstr(e.text, "a step is open"));
	error_clear(&e);
	assert_int_equal(db_txn(db, done_in, &s, &e), 0);
	assert_int_equal(db_card_issue(db, &c.hold, 0, NULL, &e), 0);
	assert_int_equal(db_card_issue(db, &c.hold, 0, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
}

static void
an_issued_card_has_its_item_its_letter_and_no_work_secrets(void **state)
{
	struct db_card		 c = claimed(1);
	struct error		 e = ERROR_INIT;
	struct db_card_secret	 puk = { .kind = "puk",
	    .sealed = BYTES(der, 80), .work = BYTES(der, 90) };
	struct db_card_letter	 letter = { .number = "L-12345678",
	    .sealed = BYTES(der, 150), .code_name = "ABCDEFGH",
	    .code_salt = BYTES(der, 16), .code_hash = BYTES(der, 32) };
	int			 version;

	(void)state;
	personalize(&c, 1);
	certify(1, 1);
	certify(2, 1);
	assert_int_equal(db_card_secret_put(db, &c.hold, &puk, &version, &e),
	    0);
	assert_int_equal(db_card_secret_set(db, &c.hold, "puk", version, &e),
	    0);
	assert_int_equal(db_card_issue(db, &c.hold, 2000000000, &letter, &e),
	    0);
	assert_string_equal(state_of(&c), "issued");
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM card_item"
	    " WHERE state = 'issued'"), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM letter"
	    " WHERE digest = sha256(sealed)"), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(work) FROM"
	    " card_secret"), 0);
	assert_int_equal(testdb_number(&t, "SELECT count(sealed) FROM"
	    " card_secret"), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM"
	    " revocation_code r JOIN cert c ON c.id = r.cert"
	    " WHERE c.order_id = (SELECT order_id FROM card_key"
	    " WHERE slot = 'authentication')"), 1);
	/* Its history was written by the store. */
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM card_event"),
	    8);
}

static void
a_card_spoiled_before_anything_was_ordered_gives_its_item_back(void **state)
{
	struct db_card		 c = claimed(1);
	struct error		 e = ERROR_INIT;
	int			 certs = -1;

	(void)state;
	assert_int_equal(db_card_spoil(db, &c.hold, "chip is dead", &certs,
	    &e), 0);
	assert_int_equal(certs, 0);
	assert_int_equal(db_card_spoil(db, &c.hold, "again", &certs, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	c = claimed(2);
	assert_int_equal(c.n, 1);
	assert_int_equal(testdb_number(&t, "SELECT attempts FROM card_item"
	    " WHERE n = 1"), 2);
}

static void
a_spoiled_card_leaves_no_request_and_its_certificates_are_named(
    void **state)
{
	struct db_card			 c = claimed(1);
	struct error			 e = ERROR_INIT;
	struct db_card_secret		 puk = { .kind = "puk",
	    .sealed = BYTES(der, 80), .work = BYTES(der, 90) };
	struct db_card_unrevokeds	 left;
	int				 certs = -1, version;

	(void)state;
	personalize(&c, 1);
	certify(1, 1);		/* and order 2 has not been looked at */
	assert_int_equal(db_card_secret_put(db, &c.hold, &puk, &version, &e),
	    0);
	assert_int_equal(db_card_spoil(db, &c.hold, "pulled", &certs, &e), 0);
	assert_int_equal(certs, 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM item"
	    " WHERE state = 'dropped' AND reason = 'the card was spoiled'"), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM card_secret"
	    " WHERE void_at IS NULL OR work IS NOT NULL"), 0);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM card_item"
	    " WHERE state = 'spent'"), 1);
	assert_int_equal(db_card_unrevoked(db, "desk-1", 10, &left, a, &e), 0);
	assert_int_equal(left.n, 1);
	assert_false(left.v[0].ordered);
	assert_string_equal(left.v[0].number, "C-0001");
	assert_int_equal(claimed(2).n, 2);
	testdb_sql(&t, "UPDATE cert SET status = 'revoked', revoked_at = now(),"
	    " reason = 5");
	assert_int_equal(db_card_unrevoked(db, NULL, 10, &left, a, &e), 0);
	assert_int_equal(left.n, 0);
}

static void
what_is_not_spoiled_is_not_withdrawn(void **state)
{
	const struct db_stmt	 s = DB_STMT("withdraw",
	    "SELECT card_withdraw($1::bytea)");
	const struct db_table	 mine = { &s, 1 };
	const struct db_table	*const list[] = { &mine };
	struct db_card		 c = claimed(1);
	struct db_arg		 arg = db_bytes(c.hold.id, DB_CARD_ID);
	struct error		 e = ERROR_INIT;
	struct db_rows		*rows = NULL;
	struct db		*station = testdb_open(&t, "signet_station",
	    list, 1);

	(void)state;
	assert_int_equal(db_query(station, &s, &arg, 1, &rows, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "the card is not spoiled"));
	db_close(&station);
}

/* The officer's connection knows while the CA has not come to it. */
static void
a_card_is_ordered_until_its_hold_is_carried_out(void **state)
{
	const struct db_table *const	 list[] = { &DB_CARD_LIFE };
	struct db			*cli = testdb_open(&t, "signet_cli",
					    list, 1);
	struct db_card			 c = claimed(1);
	uint8_t				 id[DB_ORDER_ID] = { 0 };
	const uint8_t			 none[DB_CARD_ID] = { 0 };
	struct error			 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_card_ordered(cli, none, id, &e), 0);
	personalize(&c, 1);
	certify(1, 1);
	assert_int_equal(db_card_issue(db, &c.hold, 0, NULL, &e), 0);
	testdb_sql(&t, "UPDATE card SET state = 'delivered'");
	testdb_sql(&t, "INSERT INTO orders (id, digest, kind, state, summary,"
	    " blob, created_at, expires_at) VALUES (decode(repeat('ef', 16),"
	    " 'hex'), sha256('ef'), 'hold', 'ready', 's', 'b', now(), now() +"
	    " interval '1 day'); UPDATE card SET state = 'suspended',"
	    " order_id = decode(repeat('ef', 16), 'hex')");
	assert_int_equal(db_card_ordered(cli, c.hold.id, id, &e), 1);
	assert_int_equal(id[0], 0xef);
	testdb_sql(&t, "UPDATE orders SET state = 'done'"
	    " WHERE id = decode(repeat('ef', 16), 'hex')");
	assert_int_equal(db_card_ordered(cli, c.hold.id, id, &e), 0);
	db_close(&cli);
}

static void
an_effect_needs_its_order(void **state)
{
	struct db_card	c = claimed(1);
	struct error	e = ERROR_INIT;

	(void)state;
	personalize(&c, 1);
	certify(1, 1);
	assert_int_equal(db_card_issue(db, &c.hold, 0, NULL, &e), 0);
	testdb_sql(&t, "DO $$ BEGIN UPDATE card SET state = 'lost';"
	    " RAISE EXCEPTION 'it was let through';"
	    " EXCEPTION WHEN SQLSTATE 'SG001' THEN NULL; END $$");
	testdb_sql(&t, "UPDATE card SET state = 'packed'");
	testdb_sql(&t, "INSERT INTO orders (id, digest, kind, summary, blob,"
	    " created_at, expires_at) VALUES (decode(repeat('ee', 16), 'hex'),"
	    " sha256('ee'), 'revoke', 's', 'b', now(), now() +"
	    " interval '1 day')");
	testdb_sql(&t, "UPDATE card SET state = 'lost',"
	    " order_id = decode(repeat('ee', 16), 'hex')");
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM card_event"
	    " WHERE what = 'lost' AND order_id IS NOT NULL"), 1);
}

static void
a_batch_closes_when_items_and_blanks_are_accounted_for(void **state)
{
	struct db_card	c = claimed(1);
	struct error	e = ERROR_INIT;
	int		certs;

	(void)state;
	assert_int_equal(db_card_spoil(db, &c.hold, "dead", &certs, &e), 0);
	testdb_sql(&t, "UPDATE card_item SET state = 'dropped' WHERE n > 1");
	testdb_sql(&t, "DO $$ BEGIN UPDATE card_batch SET state = 'closed';"
	    " RAISE EXCEPTION 'closed with an open item';"
	    " EXCEPTION WHEN SQLSTATE 'SG001' THEN NULL; END $$");
	testdb_sql(&t, "UPDATE card_item SET state = 'dropped'");
	testdb_sql(&t, "INSERT INTO card_stock (batch, kind, count, who)"
	    " SELECT id, 'received', 3, 'o' FROM card_batch");
	testdb_sql(&t, "DO $$ BEGIN UPDATE card_batch SET state = 'closed';"
	    " RAISE EXCEPTION 'closed with blanks missing';"
	    " EXCEPTION WHEN SQLSTATE 'SG001' THEN NULL; END $$");
	testdb_sql(&t, "INSERT INTO card_stock (batch, kind, count, who)"
	    " SELECT id, k, 1, 'o' FROM card_batch,"
	    " unnest('{useless,returned}'::text[]) k");
	testdb_sql(&t, "UPDATE card_batch SET state = 'closed'");
}

/* ---- fixture ---- */

static void
add_order(uint32_t number, const char *profile, const char *slot)
{
	uint8_t	id[DB_ORDER_ID];
	char	hex[2 * DB_ORDER_ID + 1];
	size_t	i;

	testdb_id(id, number);
	for (i = 0; i < DB_ORDER_ID; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	testdb_sql(&t, "INSERT INTO orders (id, digest, kind, state, ca,"
	    " profile, summary, blob, items, open_items, waiting_items,"
	    " created_at, expires_at) VALUES ('\\x%s', sha256('\\x%s'), 'batch',"
	    " 'ready', 'people', '%s', 's', 'b', %d, %d, %d, now(), now() +"
	    " interval '1 day'); INSERT INTO item (order_id, n) SELECT '\\x%s',"
	    " n FROM generate_series(1, %d) n; INSERT INTO card_batch_order"
	    " SELECT id, 1, '%s', '\\x%s' FROM card_batch", hex, hex, profile,
	    ITEMS, ITEMS, ITEMS, hex, ITEMS, slot, hex);
}

static int
fresh(void **state)
{
	(void)state;
	a = arena_new();
	testdb_sql(&t, "SET client_min_messages = warning;"
	    " TRUNCATE card_stock, letter_print, letter_run, letter,"
	    " card_event, card_step, card_secret, card_key, card, card_item,"
	    " card_batch_order, card_batch, revocation_code, cert, request,"
	    " item, orders, holder CASCADE");
	testdb_sql(&t, "INSERT INTO holder (id, name) SELECT 'h' || n, 'Holder '"
	    " || n FROM generate_series(1, %d) n; INSERT INTO card_batch (name,"
	    " layout, per_holder, made_by) VALUES ('autumn', 'person-ec', 1,"
	    " 'op'); INSERT INTO card_item (batch, n, number, holder, place,"
	    " face) SELECT b.id, n, 'C-' || to_char(n, 'FM0000'), 'h' || n, n,"
	    " jsonb_build_object('unit', 'Room ' || n) FROM card_batch b,"
	    " generate_series(1, %d) n", ITEMS, ITEMS);
	add_order(1, "login", "authentication");
	add_order(2, "sign", "signature");
	db = testdb_open(&t, "signet_station", tables, COUNT(tables));
	other = testdb_open(&t, "signet_station", tables, COUNT(tables));
	return 0;
}

static int
done(void **state)
{
	(void)state;
	db_close(&other);
	db_close(&db);
	arena_free(&a);
	return 0;
}

#define T(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_is_claimed_of_a_batch_paused_unapproved_or_not_run_here),
		T(items_are_claimed_in_order_and_come_with_what_is_known),
		T(a_number_that_is_on_the_face_is_claimed_by_it),
		T(one_piece_of_plastic_is_not_two_live_cards),
		T(two_stations_never_get_the_same_item),
		T(an_item_that_another_station_is_claiming_is_passed_by),
		T(who_has_enough_cards_is_passed_over_and_the_item_says_why),
		T(a_replacement_does_not_count_the_card_that_it_replaces),
		T(who_takes_a_card_over_leaves_the_other_unable_to_write),
		T(an_issued_or_spoiled_card_is_not_taken_up_again),
		T(the_next_step_is_begun_where_the_one_before_is_open_and_ours),
		T(a_step_is_begun_once_at_a_time_and_known_when_begun_again),
		T(no_state_is_skipped_and_none_is_left_backwards),
		T(advancing_from_a_state_that_it_is_not_in_is_a_conflict),
		T(a_key_is_on_one_card_ever),
		T(a_key_is_made_anew_until_something_is_ordered_for_it),
		T(a_card_orders_only_what_is_its_items),
		T(secrets_have_versions_and_what_was_set_voids_what_was_before),
		T(a_card_with_something_left_to_do_is_not_issued),
		T(an_issued_card_has_its_item_its_letter_and_no_work_secrets),
		T(a_card_spoiled_before_anything_was_ordered_gives_its_item_back),
		T(a_spoiled_card_leaves_no_request_and_its_certificates_are_named),
		T(what_is_not_spoiled_is_not_withdrawn),
		T(a_card_is_ordered_until_its_hold_is_carried_out),
		T(an_effect_needs_its_order),
		T(a_batch_closes_when_items_and_blanks_are_accounted_for),
	};
	int rc;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	testdb_init(&t, true);
	memset(der, 0x30, sizeof(der));
	testdb_sql(&t, "INSERT INTO ca (name, is_root, subject, der, key_digest,"
	    " not_before, not_after) VALUES ('people', false, 's',"
	    " decode(repeat('00', 64), 'hex'), sha256('k'), now(), now() +"
	    " interval '1 year')");
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	testdb_clear(&t);
	return rc;
}
