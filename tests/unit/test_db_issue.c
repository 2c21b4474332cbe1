/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the order that is handed in to the certificate that is stored, and
 * what may come in between.  Everything runs under the programs' own roles.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_audit.h"
#include "db/db_ca.h"
#include "db/db_cert.h"
#include "db/db_crl.h"
#include "db/db_issue.h"
#include "db/db_key.h"
#include "db/db_order.h"
#include "db/db_status.h"
#include "tests/lib/testdb.h"

#define NOW	INT64_C(1800000000)
#define DAY	INT64_C(86400)
#define MAX	10

static const struct db_table *const ca_tables[] = { &DB_ISSUE, &DB_KEY,
    &DB_STATUS, &DB_CRL, &DB_CRL_ENTRIES, &DB_CRL_MAKE, &DB_CERT, &DB_ORDER,
    &DB_AUDIT_APPEND };
#define NCA	(sizeof(ca_tables) / sizeof(ca_tables[0]))
static const struct db_table *const cli_tables[] = { &DB_ORDER,
    &DB_ORDER_ADD, &DB_ORDER_NEW, &DB_ORDER_INTAKE, &DB_ORDER_SUPPLY,
    &DB_CA_ADD, &DB_CERT, &DB_CERT_ORDER };
static const char *const people[] = { "people" };

static struct testdb t;
static struct db *ca, *cli;
static struct arena *a;
static uint8_t der[100];

/* Orders as a program would hand them in. */

static struct db_order
order_of(uint32_t number, const char *kind, const char *state, int items,
    int waiting)
{
	struct db_order	 o = { .kind = kind, .state = state, .ca = "people",
	    .profile = "mail", .holder = "h", .summary = "a test",
	    .items = items, .waiting_items = waiting, .created_at = NOW,
	    .expires_at = NOW + DAY };

	testdb_id(o.id, number);
	testdb_digest(o.digest, number);
	return o;
}

static void
hand_in(uint32_t number, const char *kind, const char *state, int items,
    int waiting)
{
	struct db_order		 o = order_of(number, kind, state, items,
	    waiting);
	struct db_item_new	*v = arena_alloc(a, ((size_t)items + 1) *
	    sizeof(*v));
	struct error		 e = ERROR_INIT;

	assert_int_equal(db_order_add(cli, &o, BYTES("blob", 4), &e), 1);
	for (int i = 0; i < items; i++) {
		testdb_id(v[i].ref.order_id, number);
		v[i].ref.n = (uint32_t)i;
		v[i].holder = "h";
		if (i >= waiting)
			v[i].request = BYTES(der, sizeof(der));
	}
	assert_int_equal(db_order_add_items(cli, v, (size_t)items, &e), 0);
}

static struct db_order
order_now(uint32_t number)
{
	struct error	 e = ERROR_INIT;
	struct db_order	 o;
	uint8_t		 id[DB_ORDER_ID];

	testdb_id(id, number);
	assert_int_equal(db_order_find(cli, id, &o, a, &e), 1);
	return o;
}

static const char *
item_now(uint32_t number, uint32_t n)
{
	struct error	 e = ERROR_INIT;
	struct db_items	 items;
	uint8_t		 id[DB_ORDER_ID];

	testdb_id(id, number);
	assert_int_equal(db_order_items(cli, id, NULL, n, 1, &items, a, &e),
	    0);
	assert_int_equal(items.n, 1);
	return items.v[0].state;
}

static struct db_ref
ref_of(uint32_t number, uint32_t n)
{
	struct db_ref	 ref = { .n = n };

	testdb_id(ref.order_id, number);
	return ref;
}

/* What the CA does with them. */

static size_t
claim(struct db_claims *c)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_issue_claim(ca, people, 1, MAX, c, a, &e), 0);
	return c->n;
}

static int
intend(struct db *db, void *arg, struct error *e)
{
	struct db_claims	*c = arg;
	struct db_intent	 v[MAX];
	bool			 won[MAX];

	for (size_t i = 0; i < c->n; i++) {
		v[i] = (struct db_intent){ .ref = c->v[i].ref, .ca = "people",
		    .tbs = BYTES("tbs", 3) };
		memcpy(&v[i].serial.p[4], c->v[i].ref.order_id, 4);
		v[i].serial.p[0] = 1;
		v[i].serial.p[19] = (uint8_t)c->v[i].ref.n;
		v[i].serial.len = DB_SERIAL;
		memcpy(v[i].key_digest, v[i].serial.p, DB_SERIAL);
	}
	if (db_issue_intend(db, v, c->n, "one", won, e) == -1)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		assert_true(won[i]);
	return 0;
}

static const struct db_name names[] = { { "mail", "a_b%c@example.org" },
    { "cn", "somebody" } };

static void
make_issued(struct db_issued *v, const struct db_claims *c)
{
	memset(v, 0, MAX * sizeof(*v));
	for (size_t i = 0; i < c->n; i++) {
		v[i].ref = c->v[i].ref;
		v[i].ca = "people";
		v[i].profile = "mail";
		v[i].holder = c->v[i].holder;
		v[i].subject = "CN=Somebody";
		memcpy(&v[i].serial.p[4], c->v[i].ref.order_id, 4);
		v[i].serial.p[0] = 1;
		v[i].serial.p[19] = (uint8_t)c->v[i].ref.n;
		v[i].serial.len = DB_SERIAL;
		memcpy(v[i].key_digest, v[i].serial.p, DB_SERIAL);
		v[i].not_before = NOW;
		v[i].not_after = NOW + 100 * DAY;
		v[i].issued_at = NOW;
		v[i].der = BYTES(der, sizeof(der));
		v[i].name = names;
		v[i].nnames = 2;
	}
}

static int
store(struct db *db, void *arg, struct error *e)
{
	struct db_claims	*c = arg;
	struct db_issued	 v[MAX];
	struct bytes		 body = BYTES("act=issue\n", 10);

	make_issued(v, c);
	if (db_issue_store(db, v, c->n, e) == -1 ||
	    db_audit_append(db, &body, 1, NULL, e) == -1)
		return -1;
	return db_notify(db, "signet_issued", e);
}

static void
issue_all(void)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	while (claim(&c) > 0) {
		assert_int_equal(db_txn(ca, intend, &c, &e), 0);
		assert_int_equal(db_txn(ca, store, &c, &e), 0);
	}
}

/* Claiming. */

static void
only_ready_orders_of_ones_own_cas_are_claimed(void **state)
{
	static const char *const services[] = { "services" };
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(1, "issue", "pending", 1, 0);
	hand_in(2, "issue", "ready", 1, 0);
	assert_int_equal(db_issue_claim(ca, services, 1, MAX, &c, a, &e), 0);
	assert_int_equal(c.n, 0);
	assert_int_equal(claim(&c), 1);
	assert_memory_equal(c.v[0].ref.order_id, ref_of(2, 0).order_id,
	    DB_ORDER_ID);
	assert_string_equal(c.v[0].kind, "issue");
	assert_string_equal(c.v[0].holder, "h");
	assert_true(bytes_equal(c.v[0].request, BYTES(der, sizeof(der))));
	assert_null(c.v[0].proof.p);
	assert_null(c.v[0].station_order.p);
	assert_memory_equal(c.v[0].digest, order_now(2).digest, DB_DIGEST);
}

static void
a_look_says_what_there_is_to_do(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_issue_work	 w;
	struct db_claims	 c;

	(void)state;
	assert_int_equal(db_issue_look(ca, people, 1, MAX, &w, &e), 0);
	assert_false(w.status);
	assert_int_equal(w.items, 0);
	hand_in(1, "issue", "pending", 1, 0);
	hand_in(2, "batch", "ready", 5, 5);
	hand_in(3, "batch", "ready", 5, 2);
	hand_in(4, "issue", "ready", 1, 0);
	hand_in(5, "issue", "ready", 1, 0);
	assert_int_equal(db_issue_look(ca, people, 1, MAX, &w, &e), 0);
	assert_int_equal(w.items, 5);
	assert_int_equal(db_issue_look(ca, people, 1, 2, &w, &e), 0);
	assert_int_equal(w.items, 4);
	assert_int_equal(db_issue_look(ca, people, 0, MAX, &w, &e), 0);
	assert_int_equal(w.items, 0);
	hand_in(6, "revoke", "ready", 0, 0);
	assert_int_equal(db_issue_look(ca, people, 0, MAX, &w, &e), 0);
	assert_true(w.status);
	/* What is at the signer is somebody's already. */
	assert_int_equal(claim(&c), 5);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	assert_int_equal(db_issue_look(ca, people, 1, MAX, &w, &e), 0);
	assert_int_equal(w.items, 0);
}

static void
what_became_of_an_order_is_its_state_and_its_certificate(void **state)
{
	struct error	 e = ERROR_INIT;
	const char	*is, *why;
	struct db_cert	 cert;

	(void)state;
	assert_int_equal(db_cert_find_order(cli, ref_of(1, 0).order_id, &is,
	    &why, &cert, a, &e), 0);
	hand_in(1, "issue", "ready", 1, 0);
	assert_int_equal(db_cert_find_order(cli, ref_of(1, 0).order_id, &is,
	    &why, &cert, a, &e), 1);
	assert_string_equal(is, "ready");
	assert_null(why);
	assert_null(cert.der.p);
	issue_all();
	assert_int_equal(db_cert_find_order(cli, ref_of(1, 0).order_id, &is,
	    &why, &cert, a, &e), 1);
	assert_string_equal(is, "done");
	assert_string_equal(cert.status, "good");
	assert_true(bytes_equal(cert.der, BYTES(der, sizeof(der))));
	hand_in(2, "issue", "ready", 1, 0);
	assert_int_equal(db_order_reject(cli, ref_of(2, 0).order_id, "no",
	    &e), 0);
	assert_int_equal(db_cert_find_order(cli, ref_of(2, 0).order_id, &is,
	    &why, &cert, a, &e), 1);
	assert_string_equal(is, "rejected");
	assert_string_equal(why, "no");
}

static void
an_item_without_request_waits_until_it_is_supplied(void **state)
{
	struct db_item_new	 item = { .ref = ref_of(1, 1),
	    .request = BYTES(der, sizeof(der)), .proof = BYTES("p", 1),
	    .station_order = BYTES("s", 1) };
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(1, "batch", "ready", 3, 3);
	assert_int_equal(claim(&c), 0);
	assert_int_equal(db_order_supply(cli, &item, &e), 0);
	assert_int_equal(order_now(1).waiting_items, 2);
	assert_int_equal(claim(&c), 1);
	assert_int_equal(c.v[0].ref.n, 1);
	assert_true(bytes_equal(c.v[0].proof, BYTES("p", 1)));
	assert_true(bytes_equal(c.v[0].station_order, BYTES("s", 1)));

	assert_int_equal(db_order_supply(cli, &item, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text,
	    ": item 1: does not wait for a request"));
}

static void
the_oldest_orders_come_first_and_no_more_than_asked(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(9, "issue", "ready", 1, 0);
	hand_in(3, "batch", "ready", 4, 1);
	hand_in(5, "issue", "ready", 1, 0);
	assert_int_equal(db_issue_claim(ca, people, 1, 3, &c, a, &e), 0);
	assert_int_equal(c.n, 3);
	assert_int_equal(c.v[0].ref.order_id[3], 9);
	assert_int_equal(c.v[1].ref.order_id[3], 3);
	assert_int_equal(c.v[1].ref.n, 1);
	assert_int_equal(c.v[2].ref.order_id[3], 3);
	assert_int_equal(c.v[2].ref.n, 2);
}

static void
what_another_instance_has_locked_is_skipped(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db		*other = testdb_open(&t, "signet_ca",
	    ca_tables, NCA);
	struct db_claims	 c, d;

	(void)state;
	hand_in(1, "batch", "ready", 4, 0);
	assert_int_equal(db_script(ca, "BEGIN", &e), 0);
	assert_int_equal(db_issue_claim(ca, people, 1, 3, &c, a, &e), 0);
	assert_int_equal(c.n, 3);
	assert_int_equal(db_issue_claim(other, people, 1, 3, &d, a, &e), 0);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.v[0].ref.n, 3);
	assert_int_equal(db_script(ca, "ROLLBACK", &e), 0);
	db_close(&other);
}

/* Intents. */

static int
intend_twice(struct db *db, void *arg, struct error *e)
{
	const struct db_intent	 v[2] = {
	    { ref_of(1, 0), "people", { { 7 }, 20 }, BYTES("x", 1), { 1 } },
	    { ref_of(1, 1), "people", { { 8 }, 20 }, BYTES("y", 1), { 2 } } };

	return db_issue_intend(db, v, 2, "one", arg, e);
}

/* Both items of order 1, for one key. */
static int
intend_one_key(struct db *db, void *arg, struct error *e)
{
	const struct db_intent	 v[2] = {
	    { ref_of(1, 0), "people", { { 7 }, 20 }, BYTES("x", 1), { 9 } },
	    { ref_of(1, 1), "people", { { 8 }, 20 }, BYTES("y", 1), { 9 } } };

	return db_issue_intend(db, v, 2, "one", arg, e);
}

static void
of_two_items_for_one_key_the_second_stays_open(void **state)
{
	struct error	 e = ERROR_INIT;
	bool		 won[2];

	(void)state;
	hand_in(1, "batch", "ready", 2, 0);
	assert_int_equal(db_txn(ca, intend_one_key, won, &e), 0);
	assert_true(won[0]);
	assert_false(won[1]);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM item"
	    " WHERE n = 1 AND state = 'open'"), 1);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM intent"), 1);
	/* And so it does when they come one after the other. */
	assert_int_equal(db_txn(ca, intend_one_key, won, &e), 0);
	assert_false(won[0] || won[1]);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM item"
	    " WHERE n = 1 AND state = 'open'"), 1);
}

static void
an_item_that_is_not_open_is_not_won(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;
	bool			 won[2];

	(void)state;
	hand_in(1, "batch", "ready", 2, 0);
	assert_int_equal(db_issue_claim(ca, people, 1, 1, &c, a, &e), 0);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	assert_string_equal(item_now(1, 0), "signing");
	assert_int_equal(db_txn(ca, intend_twice, won, &e), 0);
	assert_false(won[0]);
	assert_true(won[1]);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM intent"), 2);
}

static int
withdraw(struct db *db, void *arg, struct error *e)
{
	return db_issue_withdraw(db, arg, 1, e);
}

static void
an_intent_is_withdrawn_once(void **state)
{
	struct db_ref		 ref = ref_of(1, 0);
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(1, "issue", "ready", 1, 0);
	claim(&c);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	assert_int_equal(db_txn(ca, withdraw, &ref, &e), 0);
	assert_string_equal(item_now(1, 0), "open");
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM intent"), 0);
	assert_int_equal(db_txn(ca, withdraw, &ref, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "1 of 1 intents are gone");
}

static void
resume_gives_ones_own_intents_and_old_ones_of_others(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;
	struct db_resumes	 r;
	struct db_unfinished	 u = { .name = (const char *const[]){ "one" },
	    .nnames = 1, .seconds = 600, .max = MAX };

	(void)state;
	hand_in(1, "batch", "ready", 3, 0);
	claim(&c);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	testdb_sql(&t, "UPDATE intent SET instance = 'two' WHERE n > 0;"
	    "UPDATE intent SET written_at = now() - interval '1 h'"
	    " WHERE n = 2");
	/* A CA whose key is away is not asked to sign. */
	u.away = (const char *const[]){ "services", "people" };
	u.naway = 2;
	assert_int_equal(db_issue_resume(ca, &u, &r, a, &e), 0);
	assert_int_equal(r.n, 0);
	u.naway = 1;
	assert_int_equal(db_issue_resume(ca, &u, &r, a, &e), 0);
	assert_int_equal(r.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_not_equal(r.v[i].intent.ref.n, 1);
		assert_true(bytes_equal(r.v[i].intent.tbs, BYTES("tbs", 3)));
		assert_string_equal(r.v[i].intent.ca, "people");
		assert_int_equal(r.v[i].intent.serial.len, DB_SERIAL);
		assert_string_equal(r.v[i].claim.kind, "batch");
		assert_true(bytes_equal(r.v[i].claim.request,
		    BYTES(der, sizeof(der))));
	}
	/* What was taken over is one's own now. */
	assert_int_equal(testdb_number(&t,
	    "SELECT count(*) FROM intent WHERE instance = 'one'"), 2);
}

/* Storing. */

static void
a_stored_certificate_closes_item_order_and_intent(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_ref	 ref = ref_of(1, 1);
	struct db_cert	 c;

	(void)state;
	hand_in(1, "batch", "ready", 2, 0);
	issue_all();
	assert_string_equal(order_now(1).state, "done");
	assert_int_equal(order_now(1).open_items, 0);
	assert_string_equal(item_now(1, 0), "done");
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM intent"), 0);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM outbox"
	    " WHERE topic = 'cert' AND ca = 'people'"), 2);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM cert_name"),
	    4);
	assert_int_equal(db_cert_find_ref(ca, &ref, &c, a, &e), 1);
	assert_string_equal(c.ca, "people");
	assert_string_equal(c.holder, "h");
	assert_null(c.card);
	assert_int_equal(c.not_after, NOW + 100 * DAY);
	assert_string_equal(c.status, "good");
	assert_int_equal(c.reason, -1);
	assert_int_equal(c.revoked_at, 0);
	assert_true(bytes_equal(c.der, BYTES(der, sizeof(der))));
}

static void
an_order_is_done_only_with_its_last_item(void **state)
{
	(void)state;
	hand_in(1, "batch", "ready", 3, 1);
	issue_all();
	assert_string_equal(order_now(1).state, "ready");
	assert_int_equal(order_now(1).open_items, 1);
	assert_string_equal(item_now(1, 0), "waiting");
}

static void
storing_without_an_intent_is_a_conflict_and_stores_nothing(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(1, "batch", "ready", 2, 0);
	claim(&c);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	testdb_sql(&t, "DELETE FROM intent WHERE n = 1");
	assert_int_equal(db_txn(ca, store, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "1 of 2 intents are gone");
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM cert"), 0);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM intent"), 1);
	assert_string_equal(item_now(1, 0), "signing");
}

/* Refusing, returning, expiring. */

static int
refuse_two(struct db *db, void *arg, struct error *e)
{
	const struct db_refusal	 v[2] = {
	    { ref_of(1, 0), "weak key" }, { ref_of(2, 0), "no such holder" } };

	(void)arg;
	return db_issue_refuse(db, v, 2, e);
}

static void
a_refused_item_takes_a_single_order_along_and_a_batch_not(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(1, "issue", "ready", 1, 0);
	hand_in(2, "batch", "ready", 2, 0);
	claim(&c);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	assert_int_equal(db_txn(ca, refuse_two, NULL, &e), 0);
	assert_string_equal(order_now(1).state, "refused");
	assert_string_equal(order_now(1).reason, "weak key");
	assert_int_equal(order_now(1).open_items, 0);
	assert_string_equal(order_now(2).state, "ready");
	assert_int_equal(order_now(2).open_items, 1);
	assert_null(order_now(2).reason);
	assert_string_equal(item_now(2, 0), "refused");
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM intent"), 1);
	/* Again: nothing is counted twice. */
	assert_int_equal(db_txn(ca, refuse_two, NULL, &e), 0);
	assert_int_equal(order_now(2).open_items, 1);
}

static void
refusing_an_order_drops_its_items(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(1, "batch", "ready", 3, 1);
	assert_int_equal(db_issue_refuse_order(ca, ref_of(1, 0).order_id,
	    "signature", &e), 0);
	assert_string_equal(order_now(1).state, "refused");
	assert_int_equal(order_now(1).open_items, 0);
	assert_int_equal(order_now(1).waiting_items, 0);
	for (uint32_t n = 0; n < 3; n++)
		assert_string_equal(item_now(1, n), "dropped");
	assert_int_equal(claim(&c), 0);
	assert_int_equal(db_issue_refuse_order(ca, ref_of(1, 0).order_id,
	    "again", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "order 000000015a5a5a5a5a5a5a5a5a5a5a5a:"
	    " is in another state now");
}

static void
orders_past_their_time_expire_unless_they_are_being_signed(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;
	struct db_expireds	 x;

	(void)state;
	hand_in(1, "batch", "ready", 2, 1);
	hand_in(2, "issue", "pending", 1, 0);
	hand_in(3, "issue", "ready", 1, 0);
	assert_int_equal(db_issue_claim(ca, people, 1, 1, &c, a, &e), 0);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	assert_int_equal(db_issue_expire(ca, NOW + DAY - 1, MAX, &x, a, &e),
	    0);
	assert_int_equal(x.n, 0);
	assert_int_equal(db_issue_expire(ca, NOW + DAY, MAX, &x, a, &e), 0);
	assert_int_equal(x.n, 2);
	assert_string_equal(order_now(1).state, "ready");
	assert_string_equal(order_now(2).state, "expired");
	assert_string_equal(item_now(2, 0), "dropped");
	assert_string_equal(order_now(3).state, "expired");
	/* It finishes, and then it goes, too. */
	assert_int_equal(db_txn(ca, store, &c, &e), 0);
	assert_int_equal(db_issue_expire(ca, NOW + DAY, MAX, &x, a, &e), 0);
	assert_int_equal(x.n, 1);
	assert_string_equal(x.v[0].kind, "batch");
	assert_string_equal(item_now(1, 0), "dropped");
	assert_string_equal(item_now(1, 1), "done");
}

static void
an_order_rejected_while_it_is_signed_stays_rejected(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 c;

	(void)state;
	hand_in(1, "batch", "ready", 2, 0);
	assert_int_equal(db_issue_claim(ca, people, 1, 1, &c, a, &e), 0);
	assert_int_equal(db_txn(ca, intend, &c, &e), 0);
	assert_int_equal(db_order_reject(cli, ref_of(1, 0).order_id, "no",
	    &e), 0);
	assert_int_equal(order_now(1).open_items, 1);
	assert_string_equal(item_now(1, 1), "dropped");
	assert_int_equal(db_txn(ca, store, &c, &e), 0);
	assert_string_equal(order_now(1).state, "rejected");
	assert_int_equal(order_now(1).open_items, 0);
}

static void
known_keys_are_found_with_their_certificates(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_known_keys	 k;
	struct db_cert		 c;
	struct db_ref		 ref = ref_of(1, 0);
	struct bytes		 digest[2] = { BYTES(NULL, 0), BYTES("x", 1) };

	(void)state;
	hand_in(1, "issue", "ready", 1, 0);
	issue_all();
	assert_int_equal(db_cert_find_ref(ca, &ref, &c, a, &e), 1);
	digest[0] = BYTES(c.key_digest, DB_DIGEST);
	assert_int_equal(db_key_find(ca, digest, 2, &k, a, &e), 0);
	assert_int_equal(k.n, 1);
	assert_memory_equal(k.v[0].key_digest, c.key_digest, DB_DIGEST);
	assert_string_equal(k.v[0].holder, "h");
	assert_string_equal(k.v[0].status, "good");
	assert_int_equal(k.v[0].reason, -1);
}

static void
db_key_objection_says_why_a_holder_must_not_have_it(void **state)
{
	struct db_known_key	 k = { .holder = "h", .status = "good",
				    .reason = -1 };

	(void)state;
	assert_string_equal(db_key_objection(&k, "g", false),
	    "is certified for another holder");
	assert_string_equal(db_key_objection(&k, NULL, false),
	    "is certified for another holder");
	assert_string_equal(db_key_objection(&k, "h", true),
	    "is certified already");
	assert_null(db_key_objection(&k, "h", false));
	k.status = "revoked";
	k.reason = 4;
	assert_null(db_key_objection(&k, "h", false));
	k.reason = 1;
	assert_string_equal(db_key_objection(&k, "h", false),
	    "was revoked as compromised");
}

/* Status and lists. */

static struct db_status_change
change_of(uint32_t number, const char *status, int reason)
{
	struct db_status_change	 c = { .ca = "people", .status = status,
	    .reason = reason, .at = NOW + 1 };

	c.serial.len = DB_SERIAL;
	c.serial.p[0] = 1;
	memcpy(&c.serial.p[4], ref_of(number, 0).order_id, 4);
	return c;
}

static void
apply(uint32_t order, struct db_status_change c, bool expected)
{
	struct error	 e = ERROR_INIT;
	struct db_ref	 ref = ref_of(order, 0);
	struct bytes	 body = BYTES("act=test", 8);
	bool		 done[1];

	assert_int_equal(db_script(ca, "BEGIN", &e), 0);
	c.order_id = ref.order_id;
	assert_int_equal(db_status_apply(ca, &c, 1, done, &e), 0);
	if (done[0])
		assert_int_equal(db_status_record(ca, &c, 1, &body, 1, &e), 0);
	assert_int_equal(db_script(ca, "COMMIT", &e), 0);
	assert_int_equal(done[0], expected);
}

static void
a_status_changes_along_its_ways_and_revoked_is_for_ever(void **state)
{
	struct error			 e = ERROR_INIT;
	struct db_status_change		 c = change_of(1, "held", 6);
	struct db_status_entries	 h;
	struct db_cert			 cert;

	(void)state;
	hand_in(1, "issue", "ready", 1, 0);
	issue_all();
	apply(7, c, true);
	apply(7, c, false);
	apply(8, change_of(1, "good", -1), true);
	c = change_of(1, "revoked", 1);
	c.invalid_since = NOW - 5;
	apply(9, c, true);
	apply(9, change_of(1, "good", -1), false);
	apply(9, change_of(2, "revoked", 1), false);

	assert_int_equal(db_cert_find(ca, "people", &c.serial, &cert, a, &e),
	    1);
	assert_string_equal(cert.status, "revoked");
	assert_int_equal(cert.reason, 1);
	assert_int_equal(cert.revoked_at, NOW + 1);
	assert_int_equal(cert.invalid_since, NOW - 5);
	assert_int_equal(db_cert_history(ca, "people", &c.serial, &h, a, &e),
	    0);
	assert_int_equal(h.n, 3);
	assert_string_equal(h.v[0].status, "held");
	assert_string_equal(h.v[1].status, "good");
	assert_int_equal(h.v[1].reason, -1);
	assert_string_equal(h.v[2].status, "revoked");
	assert_memory_equal(h.v[2].order_id, ref_of(9, 0).order_id,
	    DB_ORDER_ID);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM outbox"
	    " WHERE topic = 'status'"), 3);
	assert_int_equal(testdb_number(&t, "SELECT max(c.seq) - h.seq"
	    " FROM status_change c, audit_head h GROUP BY h.seq"), 0);
	assert_int_equal(testdb_number(&t, "SELECT count(DISTINCT seq)"
	    " FROM status_change"), 3);
	assert_int_equal(db_script(ca, "UPDATE cert SET status = 'good',"
	    " revoked_at = NULL, reason = NULL", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "database script: certificate cannot go"
	    " from revoked to good (SQLSTATE SG001)");
}

/* Two at once: one does it while the other holds its locks, and waits. */

struct second {
	struct db	*db;
	db_txn_fn	*fn;
	void		*arg;
	int		 rc;
	pthread_t	 thread;
};

static void *
second_run(void *arg)
{
	struct second	*s = arg;
	struct error	 e = ERROR_INIT;

	s->rc = db_txn(s->db, s->fn, s->arg, &e);
	return NULL;
}

/* In the first one's transaction: when this returns, the second one waits. */
static void
second_begin(struct second *s)
{
	s->db = testdb_open(&t, "signet_ca", ca_tables, NCA);
	assert_int_equal(pthread_create(&s->thread, NULL, second_run, s), 0);
	for (int i = 0; testdb_number(&t, "SELECT count(*)"
	    " FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
	    " AND datname = current_database()") == 0; i++) {
		assert_true(i < 3000);
		usleep(10000);
	}
}

static void
second_end(struct second *s)
{
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	assert_int_equal(s->rc, 0);
	db_close(&s->db);
}

struct halves {
	struct db_claims	 first;
	struct second		 second;
};

static int
store_half(struct db *db, void *arg, struct error *e)
{
	struct halves	*h = arg;
	int		 rc = store(db, &h->first, e);

	second_begin(&h->second);
	return rc;
}

static void
an_order_is_done_when_two_finish_its_last_items_at_once(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_claims	 all, rest;
	struct halves		 h = { .second = { .fn = store } };

	(void)state;
	hand_in(1, "batch", "ready", 2, 0);
	assert_int_equal(claim(&all), 2);
	assert_int_equal(db_txn(ca, intend, &all, &e), 0);
	h.first = rest = all;
	h.first.n = rest.n = 1;
	rest.v = &all.v[1];
	h.second.arg = &rest;
	assert_int_equal(db_txn(ca, store_half, &h, &e), 0);
	second_end(&h.second);
	assert_int_equal(order_now(1).open_items, 0);
	assert_string_equal(order_now(1).state, "done");
}

static int
refuse_one(struct db *db, void *arg, struct error *e)
{
	struct db_refusal	 v = { .ref = *(struct db_ref *)arg,
	    .reason = "not that" };

	return db_issue_refuse(db, &v, 1, e);
}

static void
an_order_is_done_when_an_item_is_refused_as_the_last_is_stored(void **state)
{
	struct db_ref		 ref = ref_of(1, 1);
	struct error		 e = ERROR_INIT;
	struct db_claims	 all;
	struct halves		 h = { .second = { .fn = refuse_one,
	    .arg = &ref } };

	(void)state;
	hand_in(1, "batch", "ready", 2, 0);
	assert_int_equal(claim(&all), 2);
	assert_int_equal(db_txn(ca, intend, &all, &e), 0);
	h.first = all;
	h.first.n = 1;
	assert_int_equal(db_txn(ca, store_half, &h, &e), 0);
	second_end(&h.second);
	assert_int_equal(order_now(1).open_items, 0);
	assert_string_equal(order_now(1).state, "done");
}

struct turn {
	struct db_status_change	 c;
	bool			 done;
	struct second		*then;
};

static int
apply_in_turn(struct db *db, void *arg, struct error *e)
{
	struct turn	*u = arg;
	int		 rc = db_status_apply(db, &u->c, 1, &u->done, e);

	if (u->then != NULL)
		second_begin(u->then);
	return rc;
}

static void
a_certificate_is_revoked_while_another_puts_it_on_hold(void **state)
{
	struct error	 e = ERROR_INIT;
	struct turn	 revoke = { .c = change_of(1, "revoked", 1) };
	struct second	 second = { .fn = apply_in_turn, .arg = &revoke };
	struct turn	 hold = { .c = change_of(1, "held", 6),
	    .then = &second };

	(void)state;
	hand_in(1, "issue", "ready", 1, 0);
	issue_all();
	assert_int_equal(db_txn(ca, apply_in_turn, &hold, &e), 0);
	second_end(&second);
	assert_true(hold.done);
	assert_true(revoke.done);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM cert"
	    " WHERE status = 'revoked'"), 1);
}

static void
a_status_order_is_claimed_and_resolved_once(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_status_orders	 o;
	struct db_claims	 c;
	struct bytes		 id;

	(void)state;
	hand_in(1, "revoke", "ready", 0, 0);
	hand_in(2, "hold", "pending", 0, 0);
	assert_int_equal(claim(&c), 0);
	hand_in(3, "adopt", "ready", 0, 0);
	assert_int_equal(db_status_claim(ca, true, MAX, &o, a, &e), 0);
	assert_int_equal(o.n, 1);
	assert_string_equal(o.v[0].kind, "adopt");
	assert_int_equal(db_status_claim(ca, false, MAX, &o, a, &e), 0);
	assert_int_equal(o.n, 1);
	assert_string_equal(o.v[0].kind, "revoke");
	assert_true(bytes_equal(o.v[0].blob, BYTES("blob", 4)));
	id = BYTES(o.v[0].id, DB_ORDER_ID);
	assert_int_equal(db_status_resolve(ca, &id, 1, &e), 0);
	assert_string_equal(order_now(1).state, "done");
	assert_int_equal(db_status_resolve(ca, &id, 1, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
}

static void
crl_entries_come_by_serial_without_the_expired(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_crl_entries	 p;

	(void)state;
	hand_in(3, "issue", "ready", 1, 0);
	hand_in(1, "issue", "ready", 1, 0);
	hand_in(2, "issue", "ready", 1, 0);
	hand_in(4, "issue", "ready", 1, 0);
	issue_all();
	apply(9, change_of(3, "revoked", 4), true);
	apply(9, change_of(1, "held", 6), true);
	apply(9, change_of(2, "revoked", 1), true);
	assert_int_equal(db_crl_entries(ca, "people", 0, NULL, NOW, 2, &p, a,
	    &e), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.v[0].serial.p[7], 1);
	assert_int_equal(p.v[0].reason, 6);
	assert_int_equal(p.v[0].revoked_at, NOW + 1);
	assert_int_equal(p.v[0].invalid_since, 0);
	assert_int_equal(p.v[1].serial.p[7], 2);
	assert_int_equal(db_crl_entries(ca, "people", 0, &p.v[1].serial, NOW, 2,
	    &p, a, &e), 0);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.v[0].serial.p[7], 3);
	assert_int_equal(db_crl_entries(ca, "people", 0, NULL, NOW + 100 * DAY,
	    2, &p, a, &e), 0);
	assert_int_equal(p.n, 0);
}

static bool
is_urgent(int64_t reason)
{
	struct error		 e = ERROR_INIT;
	struct db_crl_dues	 due;

	assert_int_equal(db_crl_due(ca, "people", &(struct db_crl_urgent){
	    (const char *[]){ "people" }, &reason, 1 }, &due, a, &e), 0);
	return due.v[0].urgent;
}

static void
a_list_is_urgent_until_it_knows_of_the_change(void **state)
{
	struct db_crl	 c = { .ca = "people", .number = 7, .this_update = NOW,
	    .next_update = NOW + DAY, .size = 4 };
	struct error	 e = ERROR_INIT;
	int64_t		 id;

	(void)state;
	testdb_sql(&t, "SET session_replication_role = replica;"
	    " INSERT INTO status_change (ca, serial, status, reason, order_id,"
	    " changed_at) VALUES ('people', decode(repeat('77', 16), 'hex'),"
	    " 'revoked', 1, decode(repeat('77', 16), 'hex'),"
	    " to_timestamp(%lld))", (long long)NOW - 5);
	assert_true(is_urgent(1));
	assert_false(is_urgent(4));
	id = testdb_number(&t, "SELECT max(id) FROM signet.status_change");
	c.change = id - 1;
	assert_int_equal(db_crl_add(ca, &c, &e), 0);
	assert_true(is_urgent(1));
	c.number++;
	c.change = id;
	assert_int_equal(db_crl_add(ca, &c, &e), 0);
	assert_false(is_urgent(1));
	testdb_sql(&t, "SET session_replication_role = replica;"
	    " DELETE FROM signet.crl WHERE number >= 7;"
	    " DELETE FROM signet.status_change WHERE id = %lld",
	    (long long)id);
}

static int
find(enum db_crl_kind kind, int64_t number, struct db_crl *c)
{
	struct error	 e = ERROR_INIT;

	return db_crl_find(ca, "people", 0, kind, number, c, a, &e);
}

static void
lists_are_numbered_and_the_latest_is_found(void **state)
{
	struct db_crl		 c = { .ca = "people", .number = 1,
	    .this_update = NOW, .next_update = NOW + DAY, .size = 4 };
	struct error		 e = ERROR_INIT;
	struct db_crls		 list;
	struct db_crl_urgent	 none = { NULL, NULL, 0 };
	struct db_crl_dues	 due;

	(void)state;
	assert_int_equal(db_crl_due(ca, NULL, &none, &due, a, &e), 0);
	assert_int_equal(due.n, 1);
	assert_string_equal(due.v[0].ca, "people");
	assert_int_equal(due.v[0].number, 0);
	assert_int_equal(find(0, 0, &c), 0);
	assert_int_equal(db_crl_add(ca, &c, &e), 0);
	assert_int_equal(db_crl_add(ca, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_int_equal(strncmp(e.text, "CRL 1 of people: crl_add: ", 26),
	    0);
	error_clear(&e);
	c.number = 2;
	c.this_update = NOW + 5;
	assert_int_equal(db_crl_add(ca, &c, &e), 0);
	c.base = 1;		/* a delta of the same moment */
	assert_int_equal(db_crl_add(ca, &c, &e), 0);
	c = (struct db_crl){ .ca = "people", .number = 3, .base = 2,
	    .this_update = NOW + 9, .next_update = NOW + 99, .size = 4 };
	assert_int_equal(db_crl_add(ca, &c, &e), 0);
	assert_int_equal(find(DB_CRL_COMPLETE, 0, &c), 1);
	assert_int_equal(c.number, 2);
	assert_int_equal(find(DB_CRL_DELTA, 0, &c), 1);
	assert_int_equal(c.base, 2);
	assert_int_equal(find(DB_CRL_DELTA, 1, &c), 0);
	assert_int_equal(find(DB_CRL_COMPLETE, 1, &c), 1);
	assert_int_equal(c.next_update, NOW + DAY);
	assert_int_equal(db_crl_list(ca, "people", 0, 3, MAX, &list, a, &e), 0);
	assert_int_equal(list.n, 3);
	assert_int_equal(list.v[0].base, 0);
	assert_int_equal(list.v[1].base, 1);
	assert_int_equal(list.v[2].number, 1);
	assert_int_equal(db_crl_due(ca, NULL, &none, &due, a, &e), 0);
	assert_int_equal(due.v[0].number, 2);
	assert_int_equal(due.v[0].latest, 3);
	assert_int_equal(due.v[0].this_update, NOW + 5);
	assert_int_equal(due.v[0].delta_update, NOW + 9);
	assert_int_equal(due.v[0].next_update, NOW + DAY);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM outbox"
	    " WHERE topic = 'crl'"), 4);
}

static void
the_bytes_of_a_list_come_back_part_by_part(void **state)
{
	struct db_crl	 c = { .ca = "people", .number = 20,
	    .this_update = NOW, .next_update = NOW + DAY,
	    .size = DB_CRL_PART + 3 };
	struct buf	 all = { 0 };
	struct error	 e = ERROR_INIT;
	uint8_t		*big = arena_alloc(a, DB_CRL_PART);

	(void)state;
	memset(big, 0xa5, DB_CRL_PART);
	assert_int_equal(db_crl_add_part(ca, &c, 0, BYTES(big, 1), &e), -1);
	error_clear(&e);
	assert_int_equal(db_crl_add(ca, &c, &e), 0);
	assert_int_equal(db_crl_add_part(ca, &c, 0, BYTES(big, DB_CRL_PART),
	    &e), 0);
	assert_int_equal(db_crl_load(ca, &c, &all, &e), -1);
	assert_int_equal(e.code, ERROR_UPSTREAM);
	assert_string_equal(e.text, "CRL 20 of people: part 1 is not in the "
	    "store");
	error_clear(&e);
	all.len = 0;
	assert_int_equal(db_crl_add_part(ca, &c, 1, BYTES("end", 3), &e), 0);
	assert_int_equal(db_crl_load(ca, &c, &all, &e), 0);
	assert_int_equal(all.len, DB_CRL_PART + 3);
	assert_memory_equal(all.p, big, DB_CRL_PART);
	assert_memory_equal(all.p + DB_CRL_PART, "end", 3);
	buf_clear(&all);
	testdb_sql(&t, "DELETE FROM signet.crl WHERE number = 20;"
	    " DELETE FROM signet.outbox WHERE number = 20");
}

/* The table of ways and the triggers made from it. */

/* Everything in the table to this state, with what belongs to it. */
static char *
move_sql(const char *table, const char *to)
{
	if (strcmp(table, "cert") != 0)
		return mem_printf("UPDATE %s SET state = '%s'", table, to);
	return mem_printf("UPDATE cert SET status = '%s', revoked_at = CASE"
	    " WHEN '%s' <> 'good' THEN now() END, reason = CASE '%s'"
	    " WHEN 'held' THEN 6 WHEN 'revoked' THEN 1 END", to, to, to);
}

/* Put rows into a state whatever the triggers say, then try to move them. */
static int
try_move(struct db *db, const char *table, const char *from, const char *to,
    struct error *e)
{
	struct error	 ignored = ERROR_INIT;
	char		*put = move_sql(table, from), *go = move_sql(table, to);
	char		*force = mem_printf("BEGIN;"
	    "SET LOCAL session_replication_role = replica; %s;"
	    "SET LOCAL session_replication_role = origin", put);
	int		 rc;

	assert_int_equal(db_script(db, force, &ignored), 0);
	rc = db_script(db, go, e);
	assert_int_equal(db_script(db, "ROLLBACK", &ignored), 0);
	mem_free(&force);
	mem_free(&put);
	mem_free(&go);
	return rc;
}

static void
check_move(struct db *db, const char *what, const char *table,
    const char *from, const char *to)
{
	struct error	 e = ERROR_INIT;
	bool		 listed = strcmp(from, to) == 0 || testdb_number(&t,
	    "SELECT count(*) FROM state_change WHERE what = '%s'"
	    " AND before = '%s' AND after = '%s'", what, from, to) == 1;
	int		 rc = try_move(db, table, from, to, &e);

	if ((rc == 0) != listed)
		fail_msg("%s from %s to %s: %s", what, from, to,
		    rc == 0 ? "allowed" : e.text);
	if (rc == -1)
		assert_int_equal(e.code, ERROR_CONFLICT);
}

static void
states_change_along_the_table_and_no_other_way(void **state)
{
	static const struct {
		const char	*what, *table;
		const char	*v[7];
	} rows[] = {
		{ "order", "orders", { "pending", "ready", "done", "rejected",
		    "expired", "refused", NULL } },
		{ "item", "item", { "waiting", "open", "signing", "done",
		    "refused", "dropped", NULL } },
		{ "certificate", "cert", { "good", "held", "revoked", NULL } },
	};
	struct db	*db = testdb_open(&t, NULL, NULL, 0);

	(void)state;
	hand_in(1, "issue", "ready", 1, 0);
	issue_all();
	for (size_t r = 0; r < 3; r++)
		for (int i = 0; rows[r].v[i] != NULL; i++)
			for (int j = 0; rows[r].v[j] != NULL; j++)
				check_move(db, rows[r].what, rows[r].table,
				    rows[r].v[i], rows[r].v[j]);
	db_close(&db);
}

static int
setup(void **state)
{
	struct db_ca	 c = { "people", 1, false, "CN=People CA",
	    BYTES(der, sizeof(der)), { 1 }, NOW - DAY, NOW + 1000 * DAY, 0, 0 };
	struct db_ca	 root = { "root", 1, true, "CN=Root",
	    BYTES(der, sizeof(der) - 1), { 2 }, NOW - DAY, NOW + 1000 * DAY,
	    0, 0 };
	struct error	 e = ERROR_INIT;

	(void)state;
	testdb_init(&t, true);
	cli = testdb_open(&t, "signet_cli", cli_tables,
	    sizeof(cli_tables) / sizeof(cli_tables[0]));
	ca = testdb_open(&t, "signet_ca", ca_tables, NCA);
	if (db_ca_add(cli, &c, &e) == -1 || db_ca_add(cli, &root, &e) == -1)
		fail_msg("%s", e.text);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	db_close(&ca);
	db_close(&cli);
	testdb_clear(&t);
	return 0;
}

static int
fresh(void **state)
{
	(void)state;
	a = arena_new();
	testdb_sql(&t, "SET client_min_messages = warning;"
	    " TRUNCATE application, revocation_code, intent, orders, cert, crl,"
	    " outbox CASCADE");
	return 0;
}

static int
done(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

#define T(f)	cmocka_unit_test_setup_teardown(f, fresh, done)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_ready_orders_of_ones_own_cas_are_claimed),
		T(a_look_says_what_there_is_to_do),
		T(what_became_of_an_order_is_its_state_and_its_certificate),
		T(an_item_without_request_waits_until_it_is_supplied),
		T(the_oldest_orders_come_first_and_no_more_than_asked),
		T(what_another_instance_has_locked_is_skipped),
		T(of_two_items_for_one_key_the_second_stays_open),
		T(an_item_that_is_not_open_is_not_won),
		T(an_intent_is_withdrawn_once),
		T(resume_gives_ones_own_intents_and_old_ones_of_others),
		T(storing_without_an_intent_is_a_conflict_and_stores_nothing),
		T(a_stored_certificate_closes_item_order_and_intent),
		T(an_order_is_done_only_with_its_last_item),
		T(a_refused_item_takes_a_single_order_along_and_a_batch_not),
		T(refusing_an_order_drops_its_items),
		T(orders_past_their_time_expire_unless_they_are_being_signed),
		T(an_order_rejected_while_it_is_signed_stays_rejected),
		T(known_keys_are_found_with_their_certificates),
		T(db_key_objection_says_why_a_holder_must_not_have_it),
		T(a_status_changes_along_its_ways_and_revoked_is_for_ever),
		T(an_order_is_done_when_two_finish_its_last_items_at_once),
		T(an_order_is_done_when_an_item_is_refused_as_the_last_is_stored),
		T(a_certificate_is_revoked_while_another_puts_it_on_hold),
		T(a_status_order_is_claimed_and_resolved_once),
		T(crl_entries_come_by_serial_without_the_expired),
		T(lists_are_numbered_and_the_latest_is_found),
		T(the_bytes_of_a_list_come_back_part_by_part),
		T(a_list_is_urgent_until_it_knows_of_the_change),
		T(states_change_along_the_table_and_no_other_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
