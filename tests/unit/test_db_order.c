/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator's program hands in and looks up: orders, items, holders,
 * CAs and certificates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/sha.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_ca.h"
#include "db/db_cert.h"
#include "db/db_holder.h"
#include "db/db_order.h"
#include "tests/lib/testdb.h"

#define NOW	INT64_C(1800000000)
#define DAY	INT64_C(86400)
#define MANY	5000

static const struct db_table *const tables[] = { &DB_ORDER,
    &DB_ORDER_ADD, &DB_ORDER_ENTER, &DB_ORDER_NEW,
    &DB_ORDER_INTAKE, &DB_ORDER_SUPPLY, &DB_ORDER_REQUESTS, &DB_HOLDER,
    &DB_HOLDER_ADD, &DB_CA, &DB_CA_ADD, &DB_CA_USE, &DB_CERT };

static struct testdb t;
static struct db *db;
static struct arena *a;
static uint8_t der[100];

static struct db_order
order_of(uint32_t number, const char *kind)
{
	struct db_order	 o = { .kind = kind, .state = "pending",
	    .ca = "people", .profile = "mail", .holder = "h",
	    .summary = "a test", .created_at = NOW + number % 1000,
	    .expires_at = NOW + DAY };

	testdb_id(o.id, number);
	testdb_digest(o.digest, number);
	return o;
}

static void
hand_in(uint32_t number, const char *kind)
{
	struct db_order	 o = order_of(number, kind);
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_order_add(db, &o, BYTES("blob", 4), &e), 1);
}

/* Orders. */

static void
an_order_that_breaks_a_rule_is_bad_input(void **state)
{
	struct db_order	 o = order_of(1, "issue");
	struct error	 e = ERROR_INIT;

	(void)state;
	o.expires_at = o.created_at;
	assert_int_equal(db_order_add(db, &o, BYTES("b", 1), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(strncmp(e.text,
	    "order 000000015a5a5a5a5a5a5a5a5a5a5a5a: order_add: ", 51), 0);
	error_clear(&e);
	o = order_of(1, "nonsense");
	assert_int_equal(db_order_add(db, &o, BYTES("b", 1), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	o = order_of(1, "issue");
	o.ca = NULL;
	assert_int_equal(db_order_add(db, &o, BYTES("b", 1), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	o = order_of(1, "batch");
	o.waiting_items = 1;
	assert_int_equal(db_order_add(db, &o, BYTES("b", 1), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
}

static void
handing_in_twice_leaves_the_first_and_another_with_that_id_is_refused(
    void **state)
{
	struct db_order	 o = order_of(1, "issue");
	struct error	 e = ERROR_INIT;
	struct bytes	 blob;

	(void)state;
	assert_int_equal(db_order_add(db, &o, BYTES("one", 3), &e), 1);
	assert_int_equal(db_order_add(db, &o, BYTES("two", 3), &e), 0);
	assert_int_equal(db_order_blob(db, o.id, &blob, a, &e), 1);
	assert_true(bytes_equal(blob, BYTES("one", 3)));
	testdb_digest(o.digest, 2);
	assert_int_equal(db_order_add(db, &o, BYTES("two", 3), &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
}

static void
an_order_comes_back_as_it_was_handed_in(void **state)
{
	struct db_order	 o = order_of(1, "revoke"), got;
	struct error	 e = ERROR_INIT;

	(void)state;
	o.ca = o.profile = o.holder = NULL;
	o.approvals = 2;
	assert_int_equal(db_order_add(db, &o, BYTES("b", 1), &e), 1);
	assert_int_equal(db_order_find(db, o.id, &got, a, &e), 1);
	assert_memory_equal(got.digest, o.digest, DB_DIGEST);
	assert_string_equal(got.kind, "revoke");
	assert_null(got.ca);
	assert_null(got.holder);
	assert_string_equal(got.summary, "a test");
	assert_int_equal(got.approvals, 2);
	assert_int_equal(got.created_at, NOW + 1);
	assert_int_equal(got.expires_at, NOW + DAY);
	assert_null(got.reason);
	assert_true(got.seq > 0);
	testdb_id(o.id, 99);
	assert_int_equal(db_order_find(db, o.id, &got, a, &e), 0);
}

static int
enter(const struct db_order *o, struct bytes request, struct error *e)
{
	return db_order_enter(db, o, BYTES("blob", 4), request,
	    BYTES("act=order-new\n", 14), e);
}

static int64_t
count(const char *table)
{
	return testdb_number(&t, "SELECT count(*) FROM %s", table);
}

static void
an_order_that_is_entered_is_there_with_all_that_goes_with_it_or_not_at_all(
    void **state)
{
	struct db_holder	 h = { .id = "h", .name = "H" };
	struct db_order		 o = order_of(1, "issue"), got;
	struct error		 e = ERROR_INIT;
	struct bytes		 blob;
	int64_t			 entries = count("audit");

	(void)state;
	o.state = "ready";
	o.holder = "h";
	o.items = 1;
	/* Nobody knows its holder. */
	assert_int_equal(enter(&o, BYTES(der, sizeof(der)), &e), 0);
	assert_int_equal(db_order_find(db, o.id, &got, a, &e), 0);
	assert_int_equal(db_holder_add(db, &h, &e), 0);
	/* A request that is none takes the order along. */
	assert_int_equal(enter(&o, BYTES(der, 1), &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "order 000000015a5a5a5a5a5a5a5a5a5a5a5a:"
	    " order_enter: "));
	error_clear(&e);
	assert_int_equal(count("orders") + count("item") + count("request"), 0);
	assert_int_equal(count("audit"), entries);

	assert_int_equal(enter(&o, BYTES(der, sizeof(der)), &e), 1);
	assert_int_equal(db_order_load(db, o.id, &got, &blob, a, &e), 1);
	assert_true(bytes_equal(blob, BYTES("blob", 4)));
	assert_string_equal(got.state, "ready");
	assert_int_equal(got.open_items, 1);
	assert_int_equal(got.waiting_items, 0);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM item i JOIN"
	    " request r USING (order_id, n) WHERE i.state = 'open'"
	    " AND i.holder = 'h' AND n = 0 AND length(der) = 100"), 1);
	assert_int_equal(count("audit"), entries + 1);
	/* Once more changes nothing. */
	assert_int_equal(enter(&o, BYTES(der, sizeof(der)), &e), 0);
	assert_int_equal(count("item"), 1);
	assert_int_equal(count("audit"), entries + 1);
}

static void
an_order_that_is_entered_without_its_request_waits_for_it(void **state)
{
	struct db_item_new	 item = { .request = BYTES(der, sizeof(der)) };
	struct db_order		 o = order_of(1, "issue"), got;
	struct error		 e = ERROR_INIT;

	(void)state;
	o.holder = NULL;
	o.items = o.waiting_items = 1;
	assert_int_equal(enter(&o, BYTES(NULL, 0), &e), 1);
	assert_int_equal(count("request"), 0);
	memcpy(item.ref.order_id, o.id, sizeof(o.id));
	assert_int_equal(db_order_supply(db, &item, &e), 0);
	assert_int_equal(db_order_find(db, o.id, &got, a, &e), 1);
	assert_int_equal(got.waiting_items, 0);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM item"
	    " WHERE state = 'open'"), 1);
}

static void
an_order_is_found_by_the_first_digits_of_its_id(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_order	 o;

	(void)state;
	hand_in(0x12345678, "issue");
	hand_in(0x12345777, "issue");
	hand_in(0xffffffff, "issue");
	assert_int_equal(db_order_find_hex(db, "123456", &o, a, &e), 1);
	assert_int_equal(o.id[3], 0x78);
	assert_int_equal(db_order_find_hex(db, "1234577", &o, a, &e), 1);
	assert_int_equal(o.id[3], 0x77);
	assert_int_equal(db_order_find_hex(db, "FFFF", &o, a, &e), 1);
	assert_int_equal(o.id[0], 0xff);
	assert_int_equal(db_order_find_hex(db, "f", &o, a, &e), 1);
	assert_int_equal(db_order_find_hex(db, "13", &o, a, &e), 0);
	assert_int_equal(db_order_find_hex(db, "12345", &o, a, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "order 12345: more than one begins so");
	assert_string_equal(e.hint, "give more digits");
	error_clear(&e);
	assert_int_equal(db_order_find_hex(db, "12g", &o, a, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	error_clear(&e);
	assert_int_equal(db_order_find_hex(db, "", &o, a, &e), -1);
	assert_string_equal(e.text, "order: \"\": not 1 to 40 hex digits");
}

static void
an_approval_replaces_only_the_blob_that_was_looked_at(void **state)
{
	struct db_order	 o = order_of(1, "issue");
	struct error	 e = ERROR_INIT;
	struct bytes	 blob;
	uint8_t		 old[DB_DIGEST];

	(void)state;
	hand_in(1, "issue");
	SHA256((const uint8_t *)"blob", 4, old);
	assert_int_equal(db_order_replace(db, o.id, old, BYTES("more", 4), 1,
	    "ready", &e), 0);
	assert_int_equal(db_order_replace(db, o.id, old, BYTES("mine", 4), 1,
	    "ready", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "order 000000015a5a5a5a5a5a5a5a5a5a5a5a:"
	    " has changed in the meantime");
	assert_string_equal(e.hint, "look at it again and repeat");
	assert_int_equal(db_order_blob(db, o.id, &blob, a, &e), 1);
	assert_true(bytes_equal(blob, BYTES("more", 4)));
	assert_int_equal(db_order_find(db, o.id, &o, a, &e), 1);
	assert_string_equal(o.state, "ready");
	assert_int_equal(o.approvals, 1);
}

/* Whoever may approve: the evidence is no longer theirs. */
static void
the_approvals_of_an_order_that_was_used_stay(void **state)
{
	static const char *const used[] = {
		"state = 'ready', items = 2, open_items = 1",
		"state = 'done', items = 2, open_items = 0",
	};
	static const struct db_table *const intake[] = { &DB_ORDER_INTAKE };
	struct db	*ra = testdb_open(&t, "signet_ra", intake, 1);
	size_t		 i;

	(void)state;
	hand_in(1, "issue");
	for (i = 0; i < 2; i++) {
		struct error	 e = ERROR_INIT;

		testdb_sql(&t, "UPDATE orders SET %s", used[i]);
		assert_int_equal(db_script(ra, "UPDATE orders SET blob = ''",
		    &e), -1);
		assert_int_equal(e.code, ERROR_CONFLICT);
		assert_non_null(strstr(e.text, "was used: its approvals stay "
		    "as they are"));
	}
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM orders WHERE"
	    " blob = 'blob'"), 1);
	db_close(&ra);
}

static void
an_order_is_rejected_once(void **state)
{
	struct error	 e = ERROR_INIT;
	struct db_order	 o;
	uint8_t		 id[DB_ORDER_ID];

	(void)state;
	hand_in(1, "issue");
	testdb_id(id, 1);
	assert_int_equal(db_order_reject(db, id, "not known here", &e), 0);
	assert_int_equal(db_order_find(db, id, &o, a, &e), 1);
	assert_string_equal(o.state, "rejected");
	assert_string_equal(o.reason, "not known here");
	assert_int_equal(db_order_reject(db, id, "again", &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, ": is neither pending nor ready"));
}

static void
orders_are_listed_newest_first_page_by_page(void **state)
{
	struct db_order_filter	 f = { .kind = NULL };
	struct error		 e = ERROR_INIT;
	struct db_orders	 page;
	int64_t			 before = 0;
	uint8_t			 expected = 5;

	(void)state;
	for (uint32_t i = 1; i <= 5; i++)
		hand_in(i, i % 2 == 0 ? "issue" : "revoke");
	do {
		assert_int_equal(db_order_list(db, &f, before, 2, &page, a,
		    &e), 0);
		for (size_t i = 0; i < page.n; i++) {
			assert_int_equal(page.v[i].id[3], expected--);
			before = page.v[i].seq;
		}
	} while (page.n > 0);
	assert_int_equal(expected, 0);
	f.kind = "issue";
	f.since = NOW + 3;
	assert_int_equal(db_order_list(db, &f, 0, 9, &page, a, &e), 0);
	assert_int_equal(page.n, 1);
	assert_int_equal(page.v[0].id[3], 4);
	f = (struct db_order_filter){ .state = "ready" };
	assert_int_equal(db_order_list(db, &f, 0, 9, &page, a, &e), 0);
	assert_int_equal(page.n, 0);
	f = (struct db_order_filter){ .holder = "h", .ca = "people",
	    .profile = "mail", .state = "pending" };
	assert_int_equal(db_order_list(db, &f, 0, 9, &page, a, &e), 0);
	assert_int_equal(page.n, 5);
}

/* Items. */

static int
add_many(struct db *d, void *arg, struct error *e)
{
	struct db_item_new	*v = arg;
	struct db_order		 o = order_of(1, "batch");

	o.items = MANY;
	o.waiting_items = 1;
	if (db_order_add(d, &o, BYTES("b", 1), e) == -1)
		return -1;
	return db_order_add_items(d, v, MANY, e);
}

static void
five_thousand_items_go_in_at_once_and_come_out_page_by_page(void **state)
{
	struct db_item_new	*v = arena_alloc(a, MANY * sizeof(*v));
	struct error		 e = ERROR_INIT;
	struct db_state_counts	 counts;
	struct db_items		 page;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		testdb_id(v[i].ref.order_id, 1);
		v[i].ref.n = i + 1;
		v[i].holder = i % 2 == 0 ? "even" : NULL;
		if (i > 0)
			v[i].request = BYTES(der, sizeof(der));
	}
	assert_int_equal(db_txn(db, add_many, v, &e), 0);
	assert_int_equal(db_order_item_counts(db, v[0].ref.order_id, &counts,
	    a, &e), 0);
	assert_int_equal(counts.n, 2);
	assert_string_equal(counts.v[0].state, "open");
	assert_int_equal(counts.v[0].n, MANY - 1);
	assert_string_equal(counts.v[1].state, "waiting");
	assert_int_equal(db_order_items(db, v[0].ref.order_id, "open", 0, 3,
	    &page, a, &e), 0);
	assert_int_equal(page.n, 3);
	assert_int_equal(page.v[0].n, 2);
	assert_null(page.v[0].holder);
	assert_string_equal(page.v[1].holder, "even");
	assert_int_equal(page.v[0].cert, 0);
	assert_null(page.v[0].ca);
	assert_int_equal(page.v[0].serial.len, 0);
	assert_int_equal(db_order_items(db, v[0].ref.order_id, NULL, MANY, 3,
	    &page, a, &e), 0);
	assert_int_equal(page.n, 1);
}

static void
an_item_of_no_order_is_refused(void **state)
{
	struct db_item_new	 v = { .ref = { { 9 }, 1 } };
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_order_add_items(db, &v, 1, &e), -1);
	assert_int_equal(e.code, ERROR_NOTFOUND);
}

/* Holders and CAs. */

static void
requests_come_by_number_from_where_one_asks(void **state)
{
	struct db_item_new	 v[3] = { 0 };
	struct db_requests	 got;
	struct error		 e = ERROR_INIT;
	uint32_t		 i;

	(void)state;
	hand_in(1, "batch");
	for (i = 0; i < 3; i++) {
		testdb_id(v[i].ref.order_id, 1);
		v[i].ref.n = i + 1;
		if (i != 1)		/* the second waits */
			v[i].request = BYTES(der, sizeof(der) - i);
	}
	assert_int_equal(db_order_add_items(db, v, 3, &e), 0);
	assert_int_equal(db_order_requests(db, v[0].ref.order_id, 0, 10, &got,
	    a, &e), 0);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.v[0].n, 1);
	assert_int_equal(got.v[1].n, 3);
	assert_true(bytes_equal(got.v[1].request, v[2].request));
	assert_int_equal(db_order_requests(db, v[0].ref.order_id, 2, 10, &got,
	    a, &e), 0);
	assert_int_equal(got.n, 1);
	assert_int_equal(db_order_requests(db, v[0].ref.order_id, 4, 10, &got,
	    a, &e), 0);
	assert_int_equal(got.n, 0);
}

static void
holders_of_a_batch_are_added_and_those_who_are_there_stay(void **state)
{
	struct db_holder	 old = { .id = "h2", .name = "Bo" };
	struct db_holder	 v[3] = { { .id = "h1", .name = "Al",
	    .mail = "al@example.org" }, { .id = "h2", .name = "Another" },
	    { .id = "h1", .name = "Al again" } };
	struct db_holder	 got;
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_holder_add(db, &old, &e), 0);
	assert_int_equal(db_holder_add_missing(db, v, 3, &e), 0);
	assert_int_equal(db_holder_find(db, "h1", &got, a, &e), 1);
	assert_string_equal(got.mail, "al@example.org");
	assert_int_equal(db_holder_find(db, "h2", &got, a, &e), 1);
	assert_string_equal(got.name, "Bo");
	v[0].id = "";
	assert_int_equal(db_holder_add_missing(db, v, 1, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
}

static void
a_holder_is_added_once_and_not_changed(void **state)
{
	struct db_holder	 h = { .id = "17", .name = "Bo", .mail = NULL,
	    .org = "Example" }, got;
	struct error		 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_holder_add(db, &h, &e), 0);
	assert_int_equal(db_holder_add(db, &h, &e), 0);
	h.mail = "bo@example.org";
	assert_int_equal(db_holder_add(db, &h, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_string_equal(e.text, "holder 17: is there with other data");
	assert_int_equal(db_holder_find(db, "17", &got, a, &e), 1);
	assert_string_equal(got.name, "Bo");
	assert_null(got.mail);
	assert_string_equal(got.org, "Example");
	assert_true(got.created_at > 0);
	assert_int_equal(db_holder_find(db, "18", &got, a, &e), 0);
	error_clear(&e);
	h.id = "";
	assert_int_equal(db_holder_add(db, &h, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
}

static void
holders_are_listed_by_id_and_searched_by_mail(void **state)
{
	static const char *const id[] = { "b", "a", "C" };
	struct error		 e = ERROR_INIT;
	struct db_holders	 page;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct db_holder h = { .id = id[i], .name = "n",
		    .mail = i == 0 ? "x@example.org" : "Y@Example.org" };

		assert_int_equal(db_holder_add(db, &h, &e), 0);
	}
	assert_int_equal(db_holder_list(db, NULL, "", 2, &page, a, &e), 0);
	assert_int_equal(page.n, 2);
	assert_string_equal(page.v[0].id, "C");
	assert_string_equal(page.v[1].id, "a");
	assert_int_equal(db_holder_list(db, NULL, "a", 2, &page, a, &e), 0);
	assert_int_equal(page.n, 1);
	assert_string_equal(page.v[0].id, "b");
	assert_int_equal(db_holder_list(db, "y@EXAMPLE.org", "", 9, &page, a,
	    &e), 0);
	assert_int_equal(page.n, 2);
}

static void
a_ca_is_added_once_with_a_row_for_the_publisher(void **state)
{
	struct db_ca	 c = { "people.g2", 2, false, "CN=x",
	    BYTES(der, sizeof(der)), { 7 }, NOW, NOW + DAY, NOW + 60, 0 }, got;
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_ca_find(db, "people.g2", &got, a, &e), 0);
	c.generation = 3;
	assert_int_equal(db_ca_add(db, &c, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_non_null(strstr(e.text, "ca_generation_is_in_name"));
	error_clear(&e);
	c.generation = 2;
	assert_int_equal(db_ca_add(db, &c, &e), 0);
	assert_int_equal(db_ca_add(db, &c, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_int_equal(strncmp(e.text, "CA people.g2: ca_add: ", 22), 0);
	error_clear(&e);
	assert_int_equal(db_ca_find(db, "people.g2", &got, a, &e), 1);
	assert_int_equal(got.generation, 2);
	assert_int_equal(got.key_digest[0], 7);
	assert_int_equal(got.not_after, NOW + DAY);
	assert_int_equal(got.starts_at, NOW + 60);
	assert_true(bytes_equal(got.der, c.der));
	c.name = "bad name";
	c.der = BYTES(der, sizeof(der) - 1);
	assert_int_equal(db_ca_add(db, &c, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM outbox"
	    " WHERE topic = 'ca'"), 1);
}

static void
cas_are_listed_root_first_and_by_generation(void **state)
{
	static const struct {
		const char	*name;
		int		 generation;
	} rows[] = { { "root", 1 }, { "people", 1 }, { "people.g2", 2 },
	    { "people.g10", 10 }, { "services", 1 } };
	struct db_ca	 c = { .subject = "CN=x", .not_before = NOW,
	    .not_after = NOW + DAY };
	struct db_cas	 list;
	struct error	 e = ERROR_INIT;
	uint8_t		 own[sizeof(der)];
	size_t		 i;

	(void)state;
	for (i = 5; i-- > 0;) {
		memcpy(own, der, sizeof(own));
		own[sizeof(own) - 1] = (uint8_t)i;
		c.der = BYTES(own, sizeof(own));
		c.name = rows[i].name;
		c.generation = rows[i].generation;
		c.is_root = i == 0;
		assert_int_equal(db_ca_add(db, &c, &e), 0);
	}
	assert_int_equal(db_ca_list(db, &list, a, &e), 0);
	assert_int_equal(list.n, 5);
	for (i = 0; i < 5; i++)
		assert_string_equal(list.v[i].name, rows[i].name);
	assert_int_equal(list.v[0].starts_at, 0);
}

/* Certificates: rows as db_issue_store() leaves them. */

static void
add_certs(void)
{
	testdb_sql(&t, "INSERT INTO ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after) SELECT n, false, 'CN=x',"
	    " decode(repeat(d, 64), 'hex'), sha256('x'), now(),"
	    " now() + interval '1 year'"
	    " FROM (VALUES ('people', 'aa'), ('services', 'bb')) v (n, d);"
	    "INSERT INTO cert (ca, serial, order_id, n, profile, holder, card,"
	    " subject, key_digest, not_before, not_after, der, issued_at)"
	    " SELECT CASE WHEN g <= 4 THEN 'people' ELSE 'services' END,"
	    " decode('010203040506070' || g %% 5, 'hex'),"
	    " decode(repeat('77', 16), 'hex'), g, 'mail', 'h' || g %% 2,"
	    " CASE WHEN g = 3 THEN 'card-3' END, 'CN=' || g,"
	    " sha256(int4send(g %% 3)), to_timestamp(%lld),"
	    " to_timestamp(%lld + g * 86400),"
	    " decode(repeat('c0', 80), 'hex'), now()"
	    " FROM generate_series(1, 6) g;"
	    "INSERT INTO cert_name SELECT id, 'mail', v FROM cert,"
	    " LATERAL (VALUES ('m' || n || '@example.org'), ('x_' || n)) w (v);"
	    "UPDATE cert SET status = 'revoked', reason = 1,"
	    " revoked_at = now() WHERE n = 2", (long long)NOW, (long long)NOW);
}

static size_t
list(const struct db_cert_filter *f, struct db_certs *out)
{
	struct error	 e = ERROR_INIT;

	assert_int_equal(db_cert_list(db, f, 0, 10, out, a, &e), 0);
	return out->n;
}

static void
a_certificate_is_found_by_the_first_digits_of_its_serial(void **state)
{
	struct db_serial	 s = { { 1, 2, 3, 4, 5, 6, 7, 1 }, 8 };
	struct error		 e = ERROR_INIT;
	struct db_cert		 c;

	(void)state;
	add_certs();
	assert_int_equal(db_cert_find(db, "people", &s, &c, a, &e), 1);
	assert_int_equal(c.ref.n, 1);
	assert_int_equal(c.der.len, 80);
	assert_int_equal(c.serial.len, 8);
	assert_int_equal(db_cert_find(db, "nobody", &s, &c, a, &e), 0);
	assert_int_equal(db_cert_find_hex(db, NULL, "0102030405060702", &c, a,
	    &e), 1);
	assert_string_equal(c.status, "revoked");
	assert_int_equal(c.reason, 1);
	assert_int_equal(db_cert_find_hex(db, NULL, "02", &c, a, &e), 0);
	assert_int_equal(db_cert_find_hex(db, "services", "0102030405060701",
	    &c, a, &e), 1);
	assert_int_equal(c.ref.n, 6);
	assert_int_equal(db_cert_find_hex(db, NULL, "0102030405060701", &c, a,
	    &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text,
	    "serial 0102030405060701: more than one begins so");
	assert_string_equal(e.hint, "give more digits or name the CA");
	error_clear(&e);
	assert_int_equal(db_cert_find_hex(db, NULL, "zz", &c, a, &e), -1);
	assert_int_equal(strncmp(e.text, "serial: \"zz\": ", 14), 0);
}

static void
a_ca_is_in_use_until_its_last_certificate_ends(void **state)
{
	struct db_ca_use	 use;
	struct error		 e = ERROR_INIT;

	(void)state;
	add_certs();
	assert_int_equal(db_ca_has_certs(db, "people", NOW + 4 * DAY, &e), 0);
	assert_int_equal(db_ca_has_certs(db, "people", NOW + 4 * DAY - 1,
	    &e), 1);
	assert_int_equal(db_ca_has_certs(db, "nobody", NOW, &e), 0);
	assert_int_equal(db_ca_use(db, "people", NOW + 2 * DAY, &use, &e), 0);
	assert_int_equal(use.certs, 2);
	assert_int_equal(use.last_end, NOW + 4 * DAY);
	assert_int_equal(db_ca_use(db, "nobody", NOW, &use, &e), 0);
	assert_int_equal(use.certs, 0);
	assert_int_equal(use.last_end, 0);
}

static void
a_filter_by_ca_has_all_its_generations(void **state)
{
	struct db_cert_filter	 f = { .ca = "people" };
	struct db_certs		 got;

	(void)state;
	add_certs();
	testdb_sql(&t, "INSERT INTO ca (name, generation, is_root, subject,"
	    " der, key_digest, not_before, not_after) SELECT n, g, false, n,"
	    " decode(repeat(d, 64), 'hex'), sha256('x'), now(),"
	    " now() + interval '1 year' FROM (VALUES ('people.g2', 2, 'cc'),"
	    " ('people.green', 1, 'dd')) v (n, g, d);"
	    "UPDATE cert SET ca = 'people.g2' WHERE n = 5;"
	    "UPDATE cert SET ca = 'people.green' WHERE n = 6");
	assert_int_equal(list(&f, &got), 5);
	f.ca = "people.g2";
	assert_int_equal(list(&f, &got), 1);
	assert_int_equal(got.v[0].ref.n, 5);
}

static void
certificates_are_listed_by_each_filter(void **state)
{
	struct db_cert_filter	 f = { .ca = NULL };
	struct db_certs		 got;
	struct error		 e = ERROR_INIT;
	uint8_t			 order[DB_ORDER_ID];

	(void)state;
	add_certs();
	assert_int_equal(list(&f, &got), 6);
	assert_int_equal(got.v[0].ref.n, 6);
	assert_null(got.v[0].der.p);
	assert_int_equal(db_cert_list(db, &f, got.v[1].id, 2, &got, a, &e),
	    0);
	assert_int_equal(got.n, 2);
	assert_int_equal(got.v[0].ref.n, 4);
	f = (struct db_cert_filter){ .ca = "services" };
	assert_int_equal(list(&f, &got), 2);
	f = (struct db_cert_filter){ .holder = "h1", .profile = "mail" };
	assert_int_equal(list(&f, &got), 3);
	f = (struct db_cert_filter){ .card = "card-3" };
	assert_int_equal(list(&f, &got), 1);
	assert_string_equal(got.v[0].card, "card-3");
	f = (struct db_cert_filter){ .status = "revoked" };
	assert_int_equal(list(&f, &got), 1);
	assert_int_equal(got.v[0].ref.n, 2);
	f = (struct db_cert_filter){ .expires_before = NOW + 3 * DAY };
	assert_int_equal(list(&f, &got), 2);
	f = (struct db_cert_filter){ .valid_after = NOW + 3 * DAY };
	assert_int_equal(list(&f, &got), 3);
	f = (struct db_cert_filter){ .key_digest =
	    BYTES(arena_dup(a, got.v[0].key_digest, DB_DIGEST), DB_DIGEST) };
	assert_int_equal(list(&f, &got), 2);
	memset(order, 0x77, sizeof(order));
	f = (struct db_cert_filter){ .order_id = BYTES(order, sizeof(order)) };
	assert_int_equal(list(&f, &got), 6);
	order[0] = 0;
	assert_int_equal(list(&f, &got), 0);
}

static void
names_are_found_whole_or_by_their_beginning_and_nothing_in_them_is_special(
    void **state)
{
	struct db_cert_filter	 f = { .name = "m3@example.org" };
	struct db_certs		 got;

	(void)state;
	add_certs();
	assert_int_equal(list(&f, &got), 1);
	assert_int_equal(got.v[0].ref.n, 3);
	f.name = "m3@example";
	assert_int_equal(list(&f, &got), 0);
	f.name_begins = true;
	assert_int_equal(list(&f, &got), 1);
	f.name = "x_";
	assert_int_equal(list(&f, &got), 6);
	f.name = "m_";
	assert_int_equal(list(&f, &got), 0);
	f.name = "%";
	assert_int_equal(list(&f, &got), 0);
	f.name = "\\";
	assert_int_equal(list(&f, &got), 0);
	f.name = "x_";
	f.ca = "services";
	assert_int_equal(list(&f, &got), 2);
}

static int
setup(void **state)
{
	(void)state;
	testdb_init(&t, true);
	db = testdb_open(&t, "signet_cli", tables,
	    sizeof(tables) / sizeof(tables[0]));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	db_close(&db);
	testdb_clear(&t);
	return 0;
}

static int
fresh(void **state)
{
	(void)state;
	a = arena_new();
	testdb_sql(&t, "SET client_min_messages = warning;"
	    " TRUNCATE credential, application, application_link, notice,"
	    " revocation_code, code_try, intent, request, item, orders, cert_name,"
	    " status_change, cert, crl, crl_part, outbox, holder, ca CASCADE");
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
		T(an_order_that_breaks_a_rule_is_bad_input),
		T(handing_in_twice_leaves_the_first_and_another_with_that_id_is_refused),
		T(an_order_comes_back_as_it_was_handed_in),
		T(an_order_that_is_entered_is_there_with_all_that_goes_with_it_or_not_at_all),
		T(an_order_that_is_entered_without_its_request_waits_for_it),
		T(an_order_is_found_by_the_first_digits_of_its_id),
		T(an_approval_replaces_only_the_blob_that_was_looked_at),
		T(the_approvals_of_an_order_that_was_used_stay),
		T(an_order_is_rejected_once),
		T(orders_are_listed_newest_first_page_by_page),
		T(an_item_of_no_order_is_refused),
		T(five_thousand_items_go_in_at_once_and_come_out_page_by_page),
		T(requests_come_by_number_from_where_one_asks),
		T(holders_of_a_batch_are_added_and_those_who_are_there_stay),
		T(a_holder_is_added_once_and_not_changed),
		T(holders_are_listed_by_id_and_searched_by_mail),
		T(a_ca_is_added_once_with_a_row_for_the_publisher),
		T(cas_are_listed_root_first_and_by_generation),
		T(a_ca_is_in_use_until_its_last_certificate_ends),
		T(a_filter_by_ca_has_all_its_generations),
		T(a_certificate_is_found_by_the_first_digits_of_its_serial),
		T(certificates_are_listed_by_each_filter),
		T(names_are_found_whole_or_by_their_beginning_and_nothing_in_them_is_special),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
