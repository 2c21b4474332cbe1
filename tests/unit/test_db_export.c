/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store read page by page, as the auditor's role, in one snapshot.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_export.h"
#include "tests/lib/testdb.h"

static const struct db_table *const tables[] = { &DB_EXPORT };

static struct testdb t;
static struct db *audit;

#define ORDER(n) \
	"decode(lpad(to_hex(" n "), 32, '0'), 'hex')"

static int
fill(void **state)
{
	(void)state;
	testdb_init(&t, true);
	testdb_sql(&t, "SET search_path = signet;"
	    "INSERT INTO ca (name, is_root, subject, der, key_digest,"
	    " not_before, not_after) VALUES ('people', false, 'CN=People',"
	    " decode(repeat('aa', 64), 'hex'), decode(repeat('bb', 32),"
	    " 'hex'), now(), now() + interval '1 year');"
	    "INSERT INTO orders (id, digest, kind, state, ca, profile,"
	    " summary, blob, items, open_items, waiting_items, created_at,"
	    " expires_at) SELECT " ORDER("n")
	    ", sha256(int8send(n)), 'issue', 'ready', 'people', 'p', 's',"
	    " convert_to('order ' || n, 'UTF8'), 1, 1, 1, now(),"
	    " now() + interval '1 day' FROM generate_series(1, 1203) n;"
	    "UPDATE orders SET blob = convert_to(repeat('x', 10000000),"
	    " 'UTF8') WHERE seq IN (600, 601, 602);"
	    "INSERT INTO item (order_id, n) SELECT " ORDER("n") ", 0"
	    " FROM generate_series(1, 1203) n;"
	    "INSERT INTO request (order_id, n, der, proof, station_order)"
	    " SELECT " ORDER("n") ", 0, decode(lpad(to_hex(n), 128, '0'),"
	    " 'hex'), CASE WHEN n %% 100 = 7 THEN '\\x0102'::bytea END,"
	    " CASE WHEN n %% 2 = 0 THEN convert_to('station ' || n, 'UTF8')"
	    " END FROM generate_series(1, 1203) n;"
	    "INSERT INTO cert (ca, serial, order_id, n, profile, subject,"
	    " key_digest, not_before, not_after, der, issued_at)"
	    " SELECT 'people', decode('40' || lpad(to_hex(n), 38, '0'), 'hex'), "
	    ORDER("n") ", 0, 'p', 's', sha256('x'), now(),"
	    " now() + interval '1 day', decode(lpad(to_hex(n), 128, '0'),"
	    " 'hex'), now() FROM generate_series(1, 1203) n;"
	    "UPDATE cert SET status = 'revoked', reason = 1,"
	    " revoked_at = to_timestamp(1800000000) WHERE id = 5;"
	    "INSERT INTO status_change (ca, serial, status, reason, order_id,"
	    " changed_at) SELECT ca, serial, s, r, decode(repeat(o, 16),"
	    " 'hex'), now() FROM cert, (VALUES ('held', 6, '0a'), ('revoked',"
	    " 1, '0b')) v(s, r, o) WHERE id = 5;"
	    "INSERT INTO crl (ca, number, this_update, next_update, entries,"
	    " change, size) SELECT 'people', n, now(), now() +"
	    " interval '1 day', 0, 0, 5 FROM generate_series(1, 3) n;"
	    "INSERT INTO crl (ca, number, base, this_update, next_update,"
	    " entries, change, size) SELECT 'people', 3, 2, now(), now() +"
	    " interval '1 day', 0, 0, 5;"
	    "INSERT INTO crl_part SELECT ca, shard, number, base, n,"
	    " convert_to(split_part('crl ,' || base || number, ',', n + 1),"
	    " 'UTF8') FROM crl, generate_series(0, 1) n ORDER BY n DESC;");
	audit = testdb_open(&t, "signet_audit", tables, 1);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	db_close(&audit);
	testdb_clear(&t);
	return 0;
}

typedef int page_fn(struct db *, struct db_export *,
	    struct db_export_blobs *, struct arena *, struct error *);

struct walk {
	size_t	 rows, pages, most_bytes;
	char	 last[64];
};

/* All pages; a cursor may point into the page before. */
static void
walk(struct walk *w, page_fn *fn)
{
	struct error		 e = ERROR_INIT;
	struct db_export	 at = { 0 };
	struct db_export_blobs	 page;
	struct arena		*a = arena_new();
	size_t			 bytes, i;

	*w = (struct walk){ 0 };
	do {
		if (fn(audit, &at, &page, a, &e) == -1)
			fail_msg("%s", e.text);
		for (i = bytes = 0; i < page.n; i++) {
			bytes += page.v[i].len;
			snprintf(w->last, sizeof(w->last), "%.*s",
			    page.v[i].len > 40 ? 40 : (int)page.v[i].len,
			    (const char *)page.v[i].p);
		}
		w->rows += page.n;
		w->pages += page.n > 0;
		if (bytes > w->most_bytes)
			w->most_bytes = bytes;
	} while (page.n > 0);
	arena_free(&a);
}

static int
write_in_snapshot(struct db *db, void *arg, struct error *e)
{
	(void)arg;
	if (db_export_begin(db, e) == -1)
		return -1;
	return db_script(db, "CREATE TEMPORARY TABLE x (y int);"
	    " INSERT INTO audit VALUES (1, '', '')", e);
}

static void
nothing_can_be_written_in_the_snapshot(void **state)
{
	struct error	 e = ERROR_INIT;

	(void)state;
	assert_int_equal(db_txn(audit, write_in_snapshot, NULL, &e), -1);
	assert_non_null(strstr(e.text, "read-only transaction"));
}

static int
count_twice(struct db *db, void *arg, struct error *e)
{
	int64_t	*n = arg, entries, orders;

	if (db_export_begin(db, e) == -1 ||
	    db_export_count(db, &entries, &n[0], &orders, e) == -1)
		return -1;
	testdb_sql(&t, "SET search_path = signet; INSERT INTO item (order_id,"
	    " n) VALUES (" ORDER("1") ", 9); INSERT INTO cert (ca, serial,"
	    " order_id, n, profile, subject, key_digest, not_before,"
	    " not_after, der, issued_at) SELECT ca,"
	    " decode(repeat('77', 20), 'hex'), order_id, 9, profile, subject,"
	    " key_digest, not_before, not_after, der, issued_at FROM cert"
	    " WHERE id = 1");
	return db_export_count(db, &entries, &n[1], &orders, e);
}

static void
what_comes_meanwhile_is_not_seen(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 n[2] = { 0, 0 };

	(void)state;
	assert_int_equal(db_txn(audit, count_twice, n, &e), 0);
	assert_int_equal(n[0], 1203);
	assert_int_equal(n[1], 1203);
	testdb_sql(&t, "DELETE FROM signet.cert WHERE n = 9");
}

static void
orders_come_whole_and_in_pages_of_bounded_size(void **state)
{
	struct walk	 w;

	(void)state;
	walk(&w, db_export_orders);
	assert_int_equal(w.rows, 1203);
	assert_string_equal(w.last, "order 1203");
	/* Three large ones: two at most fit into a page. */
	assert_true(w.most_bytes < 25000000);
	assert_true(w.pages >= 3 && w.pages < 12);
}

static void
stations_orders_come_alone(void **state)
{
	struct walk	 w;

	(void)state;
	walk(&w, db_export_stations);
	assert_int_equal(w.rows, 601);
	assert_string_equal(w.last, "station 1202");
}

static void
lists_come_by_number(void **state)
{
	static const struct {
		int64_t	 number, base;
	} want[] = { { 1, 0 }, { 2, 0 }, { 3, 0 }, { 3, 2 } };
	struct error		 e = ERROR_INIT;
	struct db_export	 at = { 0 };
	struct db_crl		 row;
	struct arena		*a = arena_new();
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(db_export_crl(audit, &at, &row, a, &e), 1);
		assert_string_equal(row.ca, "people");
		assert_int_equal(row.number, want[i].number);
		assert_int_equal(row.base, want[i].base);
		assert_int_equal(row.shard, 0);
		assert_int_equal(row.size, 5);
	}
	assert_int_equal(db_export_crl(audit, &at, &row, a, &e), 0);
	arena_free(&a);
}

static void
requests_come_with_their_orders_and_proofs(void **state)
{
	struct error			 e = ERROR_INIT;
	struct db_export		 at = { 0 };
	struct db_export_requests	 page;
	struct arena			*a = arena_new();
	size_t				 rows = 0, proofs = 0, i;

	(void)state;
	do {
		assert_int_equal(db_export_requests(audit, &at, &page, a, &e),
		    0);
		for (i = 0; i < page.n; i++) {
			rows++;
			proofs += page.v[i].proof.p != NULL;
			assert_int_equal(page.v[i].der.len, 64);
		}
	} while (page.n > 0);
	assert_int_equal(rows, 1203);
	assert_int_equal(proofs, 12);
	arena_free(&a);
}

static void
certificates_come_with_their_status_and_its_last_order(void **state)
{
	struct error		 e = ERROR_INIT;
	struct db_export	 at = { 0 };
	struct db_export_certs	 page;
	struct arena		*a = arena_new();
	size_t			 rows = 0, bad = 0, i;

	(void)state;
	do {
		assert_int_equal(db_export_certs(audit, &at, &page, a, &e), 0);
		for (i = 0; i < page.n; i++, rows++) {
			if (strcmp(page.v[i].status, "good") == 0) {
				assert_int_equal(page.v[i].reason, -1);
				assert_null(page.v[i].order.p);
				continue;
			}
			bad++;
			assert_string_equal(page.v[i].status, "revoked");
			assert_int_equal(page.v[i].reason, 1);
			assert_int_equal(page.v[i].at, 1800000000);
			assert_int_equal(page.v[i].order.p[0], 0x0b);
		}
	} while (page.n > 0);
	assert_int_equal(rows, 1203);
	assert_int_equal(bad, 1);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(nothing_can_be_written_in_the_snapshot),
		cmocka_unit_test(what_comes_meanwhile_is_not_seen),
		cmocka_unit_test(orders_come_whole_and_in_pages_of_bounded_size),
		cmocka_unit_test(stations_orders_come_alone),
		cmocka_unit_test(lists_come_by_number),
		cmocka_unit_test(requests_come_with_their_orders_and_proofs),
		cmocka_unit_test(certificates_come_with_their_status_and_its_last_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fill, drop);
}
