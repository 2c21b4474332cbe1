/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way out of the store: what it refuses, what it leaves behind, and
 * that who asks for a number or a key is told the same as before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_archive.h"
#include "db/db_evidence.h"
#include "db/db_key.h"
#include "db/db_ocsp.h"
#include "db/db_officer.h"
#include "db/db_order.h"
#include "tests/lib/testdb.h"

static const struct db_table *const	 cli_tables[] = { &DB_ARCHIVE,
    &DB_ARCHIVE_PLAN, &DB_KEY, &DB_ORDER };
static const struct db_table *const	 take_tables[] = { &DB_ARCHIVE_TAKE };
static const struct db_table *const	 ocsp_tables[] = { &DB_OCSP };
static const struct db_table *const	 ra_tables[] = { &DB_OFFICER };
static const struct db_table *const	 ca_tables[] = { &DB_EVIDENCE };

#define ID(n)	"decode(repeat('" n "', 16), 'hex')"
#define DAYS	INT64_C(86400)
#define CUTOFF	(fixture_now - 400 * DAYS)

struct fixture {
	struct testdb	 t;
	struct db	*cli, *take;
	struct arena	*a;
	struct error	 e;
	struct bytes	 order[4], have[16];
	uint8_t		 id[4][DB_ORDER_ID], digest[16][DB_DIGEST];
	const char	*ca[2];
	int64_t		 shard[2], number[2], base[2];
};
static int64_t		fixture_now;
static const uint8_t	archive_digest[DB_DIGEST] = { 0xaa };

/* Order n and its certificate, which ended so many days ago. */
static void
add(struct fixture *f, const char *n, int days)
{
	testdb_sql(&f->t, "SET search_path = signet;"
	    "INSERT INTO orders (id, digest, kind, state, ca, profile, holder,"
	    " summary, blob, items, created_at, expires_at) VALUES ("
	    "decode(repeat('%s', 16), 'hex'), decode(repeat('%s', 32), 'hex'),"
	    " 'issue', 'done', 'people', 'p', '4711', 's', '\\x%s', 1,"
	    " now() - interval '9 years', now() - interval '8 years');"
	    "INSERT INTO item VALUES (decode(repeat('%s', 16), 'hex'), 0,"
	    " 'done', '4711');"
	    "INSERT INTO request (order_id, n, der) VALUES ("
	    "decode(repeat('%s', 16), 'hex'), 0, decode(repeat('%s', 70),"
	    " 'hex'));"
	    "INSERT INTO cert (ca, serial, order_id, n, profile, holder,"
	    " subject, key_digest, not_before, not_after, der, issued_at)"
	    " VALUES ('people', decode(repeat('%s', 16), 'hex'),"
	    " decode(repeat('%s', 16), 'hex'), 0, 'p', '4711', '',"
	    " decode(repeat('%s', 32), 'hex'), now() - interval '9 years',"
	    " now() - interval '%d days', decode(repeat('%s', 80), 'hex'),"
	    " now());"
	    "INSERT INTO cert_name SELECT id, 'cn', 'x' FROM cert"
	    " WHERE serial = decode(repeat('%s', 16), 'hex')", n, n, n, n, n,
	    n, n, n, n, days, n, n);
}

static void
revoke(struct fixture *f, const char *n, const char *status, int reason)
{
	testdb_sql(&f->t, "SET search_path = signet;"
	    "UPDATE cert SET status = '%s', reason = %d, revoked_at = now() -"
	    " interval '3 years' WHERE serial = decode(repeat('%s', 16),"
	    " 'hex'); INSERT INTO status_change (ca, serial, status, reason,"
	    " order_id, changed_at) VALUES ('people', decode(repeat('%s', 16),"
	    " 'hex'), '%s', %d, " ID("ee") ", now())", status, reason, n, n,
	    status, reason);
}

/* Lists of "people", 1 to n; the newest is of today, each a year older. */
static void
lists(struct fixture *f, int n)
{
	testdb_sql(&f->t, "SET search_path = signet;"
	    "INSERT INTO crl (ca, number, this_update, next_update, entries,"
	    " change, size) SELECT 'people', k, now() - (%d - k) * interval"
	    " '400 days', now() - (%d - k) * interval '400 days' +"
	    " interval '1 day', 0, 0, 6 FROM generate_series(1, %d) k;"
	    "INSERT INTO crl_part SELECT 'people', 0, k, 0, p,"
	    " convert_to(k || '-' || p, 'UTF8') FROM generate_series(1, %d) k,"
	    " generate_series(0, 1) p", n, n, n, n);
}

static void
permit(struct fixture *f, const char *state)
{
	testdb_sql(&f->t, "SET search_path = signet;"
	    "INSERT INTO orders (id, digest, kind, state, summary, blob,"
	    " created_at, expires_at) VALUES (" ID("dd") ","
	    " decode(repeat('dd', 32), 'hex'), 'permit', '%s', 'archive old',"
	    " 'x', now(), now() + interval '1 day')", state);
}

static int
make_store(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	memset(f, 0, sizeof(*f));
	fixture_now = (int64_t)time(NULL);
	f->a = arena_new();
	testdb_init(&f->t, true);
	testdb_sql(&f->t, "SET search_path = signet;"
	    "INSERT INTO ca (name, is_root, subject, der, key_digest,"
	    " not_before, not_after) VALUES ('people', false, 'CN=People',"
	    " decode(repeat('30', 100), 'hex'), decode(repeat('01', 32),"
	    " 'hex'), now() - interval '9 years', now() + interval '1 year')");
	f->cli = testdb_open(&f->t, "signet_cli", cli_tables, 4);
	f->take = testdb_open(&f->t, "signet_archive", take_tables, 1);
	*state = f;
	return 0;
}

/* Each test begins with a store that has its CA and nothing else. */
static int
set_up(void **state)
{
	struct fixture	*f = *state;

	testdb_sql(&f->t, "SET search_path = signet;"
	    " SET client_min_messages = warning;"
	    " SET session_replication_role = replica; TRUNCATE archived, archive,"
	    " status_change, cert_name, cert, request, intent, item, permit_use,"
	    " crl_part, crl, audit CASCADE; DELETE FROM orders;"
	    "UPDATE audit_head SET seq = 0");
	arena_reset(f->a);
	error_clear(&f->e);
	return 0;
}

static int
clear_store(void **state)
{
	struct fixture	*f = *state;

	db_close(&f->cli);
	db_close(&f->take);
	testdb_clear(&f->t);
	arena_free(&f->a);
	mem_free(&f);
	return 0;
}

/* What the archive has of order n, by the database's own arithmetic. */
static void
piece_add(struct fixture *f, struct db_archive_piece *p, int n)
{
	static const int	 times[] = { 1, 70, 80 };
	size_t			 i;

	memset(f->id[p->norders], n, DB_ORDER_ID);
	f->order[p->norders] = BYTES(f->id[p->norders], DB_ORDER_ID);
	p->order = f->order;
	p->norders++;
	for (i = 0; i < 3; i++) {
		uint64_t	v[4];
		int		k;

		for (k = 0; k < 4; k++)
			v[k] = (uint64_t)testdb_number(&f->t, "SELECT ('x' ||"
			    " substr(encode(sha256(decode(repeat('%02x', %d),"
			    " 'hex')), 'hex'), %d, 16))::bit(64)::bigint",
			    (unsigned int)n, times[i], 16 * k + 1);
		for (k = 0; k < 32; k++)
			f->digest[p->nhave][k] = (uint8_t)(v[k / 8] >>
			    (56 - 8 * (k % 8)));
		f->have[p->nhave] = BYTES(f->digest[p->nhave], DB_DIGEST);
		p->nhave++;
	}
	p->have = f->have;
}

static struct db_archive_piece
piece(const struct fixture *f)
{
	static uint8_t	permit_id[DB_ORDER_ID];

	(void)f;
	memset(permit_id, 0xdd, sizeof(permit_id));
	return (struct db_archive_piece){ .name = "old",
	    .digest = archive_digest, .permit = permit_id, .cutoff = CUTOFF,
	    .who = "Sigrid Ost" };
}

static void
refused(struct fixture *f, const struct db_archive_piece *p, const char *why)
{
	struct db_archive_taken	 n;
	struct error		 e = ERROR_INIT;

	if (db_archive_take(f->take, p, &n, &e) == 0)
		fail_msg("was taken; wanted: %s", why);
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\" is not \"%s\"", e.text, why);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.archived"), 0);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.audit"), 0);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.orders WHERE blob IS NULL"), 0);
}

static void
nothing_is_taken_without_a_permit_for_it(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);

	add(f, "51", 1000);
	piece_add(f, &p, 0x51);
	refused(f, &p, "no order permits archive old");
	permit(f, "pending");
	refused(f, &p, "permits nothing (any more)");
	testdb_sql(&f->t, "UPDATE signet.orders SET state = 'ready',"
	    " expires_at = now() - interval '1 s', created_at = now() -"
	    " interval '1 day' WHERE kind = 'permit'");
	refused(f, &p, "permits nothing (any more)");
	testdb_sql(&f->t, "UPDATE signet.orders SET expires_at = now() +"
	    " interval '1 day', summary = 'archive older'"
	    " WHERE kind = 'permit'");
	refused(f, &p, "no order permits archive old");
	p.permit = f->id[0];	/* an order, of another kind */
	refused(f, &p, "no order permits archive old");
}

static void
what_is_too_young_is_refused_by_the_stores_own_clock(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);

	permit(f, "ready");
	add(f, "51", 399);
	piece_add(f, &p, 0x51);
	refused(f, &p, "order 51515151 is too young");
	p.cutoff = fixture_now - 300 * DAYS;
	refused(f, &p, "less than a year ago");
	p.cutoff = fixture_now + 300 * DAYS;
	refused(f, &p, "less than a year ago");
	testdb_sql(&f->t, "UPDATE signet.cert SET not_after = now() - interval"
	    " '500 days'; UPDATE signet.orders SET expires_at = now() -"
	    " interval '300 days' WHERE kind = 'issue'");
	p.cutoff = CUTOFF;
	refused(f, &p, "order 51515151 is too young");
}

static void
what_is_held_or_under_way_is_refused(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);

	permit(f, "ready");
	lists(f, 3);
	add(f, "51", 1000);
	piece_add(f, &p, 0x51);
	revoke(f, "51", "held", 6);
	refused(f, &p, "order 51515151 is on hold");
	testdb_sql(&f->t, "SET search_path = signet; UPDATE cert SET status ="
	    " 'good', reason = NULL, revoked_at = NULL;"
	    "UPDATE orders SET items = 2, open_items = 1 WHERE kind = 'issue'");
	refused(f, &p, "order 51515151 is under way");
	testdb_sql(&f->t, "SET search_path = signet; UPDATE orders SET"
	    " open_items = 0; INSERT INTO orders (id, digest, kind, state,"
	    " summary, blob, created_at, expires_at) VALUES (" ID("ef") ","
	    " sha256('ef'), 'revoke', 'pending', '', '\\x30' || decode("
	    "repeat('51', 16), 'hex') || '\\x00', now(), now() + interval"
	    " '1 day')");
	refused(f, &p, "order 51515151 has an order that waits");
	testdb_sql(&f->t, "UPDATE signet.orders SET state = 'rejected'"
	    " WHERE kind = 'revoke'; UPDATE signet.orders SET kind = 'adopt'"
	    " WHERE kind = 'issue'");
	refused(f, &p, "order 51515151 does not issue");
}

static void
what_is_on_the_last_list_is_refused(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);
	struct db_archive_taken	 n;

	permit(f, "ready");
	add(f, "51", 1000);
	piece_add(f, &p, 0x51);
	revoke(f, "51", "revoked", 1);
	refused(f, &p, "order 51515151 is on the last list");
	lists(f, 1);
	refused(f, &p, "order 51515151 is on the last list");
	testdb_sql(&f->t, "UPDATE signet.cert SET shard = 7;"
	    "INSERT INTO signet.crl (ca, number, this_update, next_update,"
	    " entries, change, size) VALUES ('people', 2, now(),"
	    " now() + interval '1 day', 0, 0, 1)");
	refused(f, &p, "order 51515151 is on the last list");	/* the shard's */
	testdb_sql(&f->t, "UPDATE signet.cert SET shard = 0");
	assert_int_equal(db_archive_take(f->take, &p, &n, &f->e), 0);
}

static void
what_the_archive_does_not_have_byte_for_byte_is_refused(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);
	size_t			 i;

	permit(f, "ready");
	add(f, "51", 1000);
	piece_add(f, &p, 0x51);
	for (i = 0; i < 3; i++) {
		f->digest[i][31] ^= 1;
		refused(f, &p, "has something that is not in archive old");
		f->digest[i][31] ^= 1;
	}
	testdb_sql(&f->t, "UPDATE signet.request SET proof = '\\x01'");
	refused(f, &p, "has something that is not in archive old");
	testdb_sql(&f->t, "UPDATE signet.request SET proof = NULL,"
	    " station_order = '\\x02'");
	refused(f, &p, "has something that is not in archive old");
}

static void
the_last_two_lists_of_a_kind_stay(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);
	struct db_archive_crl	 l = { 0 };

	permit(f, "ready");
	lists(f, 4);
	testdb_sql(&f->t, "UPDATE signet.crl SET this_update = this_update -"
	    " interval '3 years', next_update = next_update - interval"
	    " '3 years'");
	f->ca[0] = "people";
	f->number[0] = 3;
	p.ca = f->ca;
	p.shard = f->shard;
	p.number = f->number;
	p.base = f->base;
	p.nlists = 1;
	refused(f, &p, "list people 3 is among the last of its kind");
	f->number[0] = 4;
	refused(f, &p, "list people 4 is among the last of its kind");
	f->number[0] = 2;
	refused(f, &p, "has something that is not in archive old");
	assert_int_equal(db_archive_crl(f->cli, CUTOFF, &l, f->a, &f->e), 1);
	assert_int_equal(db_archive_crl(f->cli, CUTOFF, &l, f->a, &f->e), 1);
	assert_int_equal(l.number, 2);
	assert_int_equal(db_archive_crl(f->cli, CUTOFF, &l, f->a, &f->e), 0);
	testdb_sql(&f->t, "UPDATE signet.crl SET next_update = now() -"
	    " interval '399 days' WHERE number = 2");
	refused(f, &p, "list people 2 is too young");
}

static void
take_all(struct fixture *f, struct db_archive_piece *p)
{
	struct db_archive_taken	 n;

	permit(f, "ready");
	lists(f, 4);
	add(f, "51", 1000);
	add(f, "52", 1000);
	add(f, "53", 10);
	revoke(f, "52", "revoked", 1);
	testdb_sql(&f->t, "SET search_path = signet; INSERT INTO orders (id,"
	    " digest, kind, state, summary, blob, created_at, expires_at)"
	    " VALUES (" ID("ee") ", sha256('ee'), 'revoke', 'done', '',"
	    " '\\xee', now() - interval '4 years', now() - interval"
	    " '3 years')");
	piece_add(f, p, 0x51);
	piece_add(f, p, 0x52);
	if (db_archive_take(f->take, p, &n, &f->e) == -1)
		fail_msg("%s", f->e.text);
	assert_int_equal(n.orders, 2);
	assert_int_equal(n.certs, 2);
}

static void
what_was_taken_leaves_a_row_and_an_entry_and_is_taken_once(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);
	struct db_archive_taken	 n;
	struct db_archives	 all;
	struct db_archive	 x;
	const char		*name;

	take_all(f, &p);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM signet.cert"
	    " c JOIN signet.request r USING (order_id)"), 1);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.archived WHERE cert_digest = sha256(decode(repeat("
	    "encode(substr(serial, 1, 1), 'hex'), 80), 'hex'))"), 2);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.orders WHERE blob IS NULL AND archive IS NOT NULL"), 2);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.audit WHERE convert_from(body, 'UTF8') LIKE"
	    " E'act=archive\\nat=%%\\narchive=aa00%%\\nname=old\\norder=dddd%%'"),
	    1);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.orders WHERE kind = 'permit' AND state = 'done'"), 1);
	p.is_last = true;
	assert_int_equal(db_archive_take(f->take, &p, &n, &f->e), 0);
	assert_int_equal(n.orders, 0);
	assert_int_equal(testdb_number(&f->t, "SELECT count(*) FROM"
	    " signet.audit"), 1);
	assert_int_equal(db_archive_find(f->cli, "old", &x, f->a, &f->e), 1);
	assert_int_equal(x.certs, 2);
	assert_true(x.done_at > 0);
	assert_int_equal(db_archive_find(f->cli, "new", &x, f->a, &f->e), 0);
	assert_int_equal(db_archive_list(f->cli, &all, f->a, &f->e), 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(db_archive_of_order(f->cli, f->id[0], &name, f->a,
	    &f->e), 0);
	assert_string_equal(name, "old");
	memset(f->id[0], 0x53, DB_ORDER_ID);
	assert_int_equal(db_archive_of_order(f->cli, f->id[0], &name, f->a,
	    &f->e), 0);
	assert_null(name);
}

static void
an_archive_with_another_permit_or_cutoff_is_refused(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);
	struct db_archive_taken	 n;

	take_all(f, &p);
	p.cutoff--;
	assert_int_equal(db_archive_take(f->take, &p, &n, &f->e), -1);
	assert_non_null(strstr(f->e.text, "archive old is another one"));
	p.cutoff++;
	p.permit = f->id[0];
	assert_int_equal(db_archive_take(f->take, &p, &n, &f->e), -1);
	assert_non_null(strstr(f->e.text, "archive old is another one"));
}

static void
a_number_that_was_archived_is_not_used_again(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);

	take_all(f, &p);
	testdb_sql(&f->t, "SET search_path = signet; DO $$ BEGIN"
	    " INSERT INTO cert (ca, serial, order_id, n, profile, subject,"
	    " key_digest, not_before, not_after, der, issued_at) SELECT"
	    " 'people', serial, " ID("53") ", 9, 'p', '', key_digest, now(),"
	    " now() + interval '1 day', decode(repeat('00', 80), 'hex'), now()"
	    " FROM archived LIMIT 1; RAISE 'a certificate went in';"
	    " EXCEPTION WHEN unique_violation THEN NULL; END $$;"
	    "INSERT INTO item VALUES (" ID("53") ", 8, 'signing');"
	    "DO $$ BEGIN INSERT INTO intent (order_id, n, ca, serial, tbs,"
	    " key_digest, instance) SELECT " ID("53") ", 8, ca, serial, '',"
	    " sha256('new'), 'i' FROM archived LIMIT 1;"
	    " RAISE 'an intent went in';"
	    " EXCEPTION WHEN unique_violation THEN NULL; END $$");
}

static void
the_responder_and_the_key_check_are_told_as_before(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);
	struct db		*ocsp;
	struct db_ocsp_key	 key[4];
	struct db_ocsp_status	 st[4];
	struct db_known_keys	 known;
	uint8_t			 k[DB_DIGEST];
	struct bytes		 digest = BYTES(k, DB_DIGEST);
	int64_t			 seq;

	take_all(f, &p);
	ocsp = testdb_open(&f->t, "signet_ocsp", ocsp_tables, 1);
	for (size_t i = 0; i < 4; i++) {
		key[i].ca = "people";
		key[i].serial.len = 16;
		memset(key[i].serial.p, (int)(0x51 + i), 16);
	}
	assert_int_equal(db_ocsp_read(ocsp, key, 4, st, &seq, &f->e), 0);
	db_close(&ocsp);
	assert_int_equal(st[0].status, DB_STATUS_GOOD);
	assert_int_equal(st[1].status, DB_STATUS_REVOKED);
	assert_int_equal(st[1].reason, 1);
	assert_true(st[1].not_after < fixture_now - 999 * DAYS);
	assert_int_equal(st[2].status, DB_STATUS_GOOD);
	assert_int_equal(st[3].status, DB_STATUS_NONE);
	memset(k, 0x52, sizeof(k));
	assert_int_equal(db_key_find(f->cli, &digest, 1, &known, f->a, &f->e),
	    0);
	assert_int_equal(known.n, 1);
	assert_string_equal(db_key_objection(&known.v[0], "4711", false),
	    "was revoked as compromised");
	memset(k, 0x51, sizeof(k));
	assert_int_equal(db_key_find(f->cli, &digest, 1, &known, f->a, &f->e),
	    0);
	assert_int_equal(known.n, 1);
	assert_null(db_key_objection(&known.v[0], "4711", false));
	assert_string_equal(db_key_objection(&known.v[0], "4712", false),
	    "is certified for another holder");
}

/* A CA that follows the chain from its beginning still finds what proves an
 * entry. */
static void
the_proof_of_a_revocation_stays(void **state)
{
	struct fixture		*f = *state;
	struct db_archive_piece	 p = piece(f);
	struct db		*ca;
	const char		*name[] = { "people", "people" };
	uint8_t			 n[2][16];
	struct bytes		 serial[] = { BYTES(n[0], 16),
	    BYTES(n[1], 16) };
	struct db_evidence_cert	 x[2];

	take_all(f, &p);
	memset(n[0], 0x51, 16);
	memset(n[1], 0x52, 16);
	ca = testdb_open(&f->t, "signet_ca", ca_tables, 1);
	assert_int_equal(db_evidence_certs(ca, name, serial, 2, true, x, f->a,
	    &f->e), 0);
	db_close(&ca);
	assert_null(x[0].der.p);	/* nobody ever changed its status */
	assert_int_equal(x[1].der.len, 80);
	assert_string_equal(x[1].profile, "p");
	assert_int_equal(x[1].change.len, 1);
}

static void
archived_ones_are_found_and_listed(void **state)
{
	struct fixture			*f = *state;
	struct db_archive_piece		 p = piece(f);
	struct db_archived		 x;
	struct db_archiveds		 all;
	struct db_archived_filter	 any = { 0 }, revoked = {
					    .status = "revoked" };
	struct db_serial		 from = { .len = 0 };
	struct db_items			 items;
	struct db			*ra;
	struct db_officer_target	 target[2] = { { .ca = "people" },
					    { .ca = "people" } };

	take_all(f, &p);
	assert_int_equal(db_archived_find(f->cli, "people", &from, &x, f->a,
	    &f->e), 0);
	assert_int_equal(db_archived_find_hex(f->cli, NULL, "53", &x, f->a,
	    &f->e), 0);
	assert_int_equal(db_archived_find_hex(f->cli, NULL, "5", &x, f->a,
	    &f->e), -1);
	assert_int_equal(db_archived_find_hex(f->cli, "people", "52", &x, f->a,
	    &f->e), 1);
	assert_string_equal(x.archive, "old");
	assert_string_equal(x.status, "revoked");
	assert_int_equal(x.changed_by.len, 16);
	assert_int_equal(db_archived_list(f->cli, &any, &from, NULL, 10, &all,
	    f->a, &f->e), 0);
	assert_int_equal(all.n, 2);
	from = all.v[0].serial;
	target[0].serial = all.v[0].serial;
	target[1].serial = all.v[1].serial;
	assert_int_equal(db_archived_find(f->cli, "services", &from, &x, f->a,
	    &f->e), 0);
	assert_int_equal(db_archived_find(f->cli, "people", &from, &x, f->a,
	    &f->e), 1);
	assert_string_equal(x.archive, "old");
	/* an officer sees who was revoked, by what stays for it */
	ra = testdb_open(&f->t, "signet_ra", ra_tables, 1);
	assert_int_equal(db_officer_targets(ra, target, 2, f->a, &f->e), 0);
	db_close(&ra);
	assert_false(target[0].found);
	assert_true(target[1].found);
	assert_string_equal(target[1].profile, "p");
	assert_int_equal(db_archived_list(f->cli, &any, &from, all.v[0].ca, 10,
	    &all, f->a, &f->e), 0);
	assert_int_equal(all.n, 1);
	from.len = 0;
	assert_int_equal(db_archived_list(f->cli, &revoked, &from, NULL, 10,
	    &all, f->a, &f->e), 0);
	assert_int_equal(all.n, 1);
	assert_int_equal(db_order_items(f->cli, f->id[0], NULL, 0, 10, &items,
	    f->a, &f->e), 0);
	assert_int_equal(items.n, 1);
	assert_true(items.v[0].cert < 0);
	assert_string_equal(items.v[0].ca, "people");
}

static void
the_plan_says_what_would_go_and_why_the_rest_stays(void **state)
{
	struct fixture			*f = *state;
	struct db_archive_plan		 p;
	struct db_archive_orders	 page;
	struct db_archive_requests	 requests;
	struct db_archive_certs		 certs;

	lists(f, 4);
	add(f, "51", 1000);
	add(f, "52", 1000);
	add(f, "53", 10);
	revoke(f, "52", "held", 6);
	assert_int_equal(db_archive_plan(f->cli, CUTOFF, &p, f->a, &f->e), 0);
	assert_int_equal(p.orders, 1);
	assert_int_equal(p.certs, 1);
	assert_int_equal(p.lists, 2);
	assert_true(p.bytes > 150);
	assert_int_equal(p.nstays, 1);
	assert_string_equal(p.stays[0].why, "is on hold");
	assert_int_equal(db_archive_orders(f->cli, 0, CUTOFF, &page, f->a,
	    &f->e), 0);
	assert_int_equal(page.n, 1);
	assert_int_equal(page.id[0].p[0], 0x51);
	assert_int_equal(db_archive_requests(f->cli, &page, NULL, &requests,
	    f->a, &f->e), 0);
	assert_int_equal(requests.n, 1);
	assert_int_equal(requests.v[0].der.len, 70);
	assert_int_equal(db_archive_requests(f->cli, &page,
	    &requests.v[0].ref, &requests, f->a, &f->e), 0);
	assert_int_equal(requests.n, 0);
	assert_int_equal(db_archive_certs(f->cli, &page, NULL, &certs, f->a,
	    &f->e), 0);
	assert_int_equal(certs.n, 1);
	assert_string_equal(certs.v[0].row.status, "good");
	assert_int_equal(db_archive_certs(f->cli, &page, &certs.v[0].ref,
	    &certs, f->a, &f->e), 0);
	assert_int_equal(certs.n, 0);
	assert_int_equal(db_archive_orders(f->cli, page.last, CUTOFF, &page,
	    f->a, &f->e), 0);
	assert_int_equal(page.n, 0);
}

#define TEST(fn)	cmocka_unit_test_setup(fn, set_up)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_taken_without_a_permit_for_it),
		TEST(what_is_too_young_is_refused_by_the_stores_own_clock),
		TEST(what_is_held_or_under_way_is_refused),
		TEST(what_is_on_the_last_list_is_refused),
		TEST(what_the_archive_does_not_have_byte_for_byte_is_refused),
		TEST(the_last_two_lists_of_a_kind_stay),
		TEST(what_was_taken_leaves_a_row_and_an_entry_and_is_taken_once),
		TEST(an_archive_with_another_permit_or_cutoff_is_refused),
		TEST(a_number_that_was_archived_is_not_used_again),
		TEST(the_responder_and_the_key_check_are_told_as_before),
		TEST(the_proof_of_a_revocation_stays),
		TEST(archived_ones_are_found_and_listed),
		TEST(the_plan_says_what_would_go_and_why_the_rest_stays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_store, clear_store);
}
