/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-time codes against a store: what a guesser is told, and who wins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <pthread.h>
#include <cmocka.h>
#include <openssl/sha.h>
#include "db/db_code_try.h"
#include "db/db_holder.h"
#include "db/db_order.h"
#include "desk/code_again.h"
#include "desk/redeem.h"
#include "order/code.h"
#include "tests/lib/testdb.h"
#include "x509/key.h"

#define THREADS	50
#define REFUSED	"no order waits for this name and one-time code"

static const struct db_table *const tables[] = { &DB_ORDER,
    &DB_ORDER_ADD, &DB_ORDER_NEW,
    &DB_ORDER_SUPPLY, &DB_ORDER_REQUESTS, &DB_ORDER_OF, &DB_HOLDER,
    &DB_HOLDER_ADD,
    &DB_CODE_TRY };
#define NTABLES	(sizeof(tables) / sizeof(tables[0]))

static struct testdb	 t;
static struct desk	 dk;
static struct csr	*csr, *other_csr, *weak_csr;

static char		*p256[] = { (char *)(uintptr_t)"P-256" };
static struct profile_key ec_key = { .type = (char *)(uintptr_t)"ec",
	.curves = { p256, 1 } };
static struct profile	 mail = { .name = (char *)(uintptr_t)"mail",
	.keys = &ec_key, .nkeys = 1 };
static struct profile	*all[] = { &mail };

static struct csr *
request(const char *alg)
{
	struct error	 e = ERROR_INIT;
	EVP_PKEY	*key = NULL;
	struct buf	 der = { 0 };
	struct csr	*out;

	assert_int_equal(key_generate(&key, alg, &e), 0);
	assert_int_equal(csr_make(&der, key, "Alice", &e), 0);
	assert_int_equal(csr_parse(&out, BYTES(der.p, der.len), &e), 0);
	EVP_PKEY_free(key);
	buf_clear(&der);
	return out;
}

static void
desk_at(struct desk *d, const char *role)
{
	desk_init(d);
	d->db = testdb_open(&t, role, tables, NTABLES);
	d->profiles.v = all;
	d->profiles.n = 1;
	d->has_blocklists = true;
}

static void
desk_leave(struct desk *d)
{
	d->profiles.v = NULL;
	d->profiles.n = 0;
	desk_clear(d);
}

static int
set_up(void **state)
{
	(void)state;
	testdb_init(&t, true);
	desk_at(&dk, "signet_ra");
	csr = request("ec:P-256");
	other_csr = request("ec:P-256");
	weak_csr = request("ec:P-384");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	csr_free(&csr);
	csr_free(&other_csr);
	csr_free(&weak_csr);
	desk_leave(&dk);
	testdb_clear(&t);
	return 0;
}

/* An order for the holder that waits; its code is the caller's to free. */
static void
code_order(const char *holder, struct secret *code, uint8_t id[DB_ORDER_ID])
{
	struct db_holder	 h = { .id = holder, .name = holder };
	struct db_item_new	 item = { .holder = holder };
	struct error		 e = ERROR_INIT;
	struct buf		 blob = { 0 }, der = { 0 };
	struct order		*o;
	struct db_order		 row = { .kind = "issue", .state = "ready",
		.ca = "people", .profile = "mail", .holder = holder,
		.summary = "a test", .items = 1, .open_items = 1,
		.waiting_items = 1, .approvals = 1 };

	assert_int_equal(order_new(&o, ORDER_ISSUE, 86400, dk.clock, dk.rng,
	    &e), 0);
	o->ca = mem_strdup("people");
	o->profile = mem_strdup("mail");
	o->holder = mem_strdup(holder);
	fields_add(&o->fields, "mail", "alice@example.com");
	assert_int_equal(code_make(o, code, dk.rng, &e), 0);
	assert_int_equal(approval_wrap(&blob, o, &e), 0);
	assert_int_equal(order_encode(&der, o, &e), 0);
	SHA256(der.p, der.len, row.digest);
	memcpy(row.id, o->id, DB_ORDER_ID);
	memcpy(id, o->id, DB_ORDER_ID);
	memcpy(item.ref.order_id, o->id, DB_ORDER_ID);
	row.created_at = o->created;
	row.expires_at = o->expires;
	assert_int_equal(db_holder_add(dk.db, &h, &e), 0);
	assert_int_equal(db_order_add(dk.db, &row, BYTES(blob.p, blob.len),
	    &e), 1);
	assert_int_equal(db_order_add_items(dk.db, &item, 1, &e), 0);
	order_free(&o);
	buf_clear(&blob);
	buf_clear(&der);
}

static void
refused(const char *user, const char *profile, const struct secret *code,
    const struct csr *with)
{
	struct redeem	 r = { .user = user, .profile = profile,
		.code = code, .csr = with };
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID];

	assert_int_equal(redeem_code(&dk, &r, id, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, REFUSED);
}

static int64_t
requests_of(const char *holder)
{
	return testdb_number(&t, "SELECT count(*) FROM signet.request r"
	    " JOIN signet.orders o ON o.id = r.order_id"
	    " WHERE o.holder = '%s'", holder);
}

static void
redeem_code_tells_nobody_what_was_wrong(void **state)
{
	struct secret	 code = { 0 }, wrong = { 0 };
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID];

	(void)state;
	code_order("wrongs", &code, id);
	assert_int_equal(secret_set(&wrong, "AAAAA-BBBBB-CCCCC-DDDDD", 23,
	    &e), 0);
	refused("wrongs", NULL, &wrong, csr);
	refused("wrongs", "web", &code, csr);
	refused("nobody", NULL, &code, csr);
	refused("deadbeef", NULL, &code, csr);
	assert_int_equal(secret_set(&wrong, "short", 5, &e), 0);
	refused("wrongs", NULL, &wrong, csr);
	refused("nobody", NULL, &wrong, csr);
	assert_int_equal(requests_of("wrongs"), 0);
	secret_free(&wrong);
	secret_free(&code);
}

static void
redeem_code_supplies_the_request_once(void **state)
{
	struct secret	 code = { 0 };
	struct redeem	 r = { .user = "alice", .profile = "mail",
		.code = &code, .csr = csr };
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID], found[DB_ORDER_ID];

	(void)state;
	code_order("alice", &code, id);
	assert_int_equal(redeem_code(&dk, &r, found, &e), 0);
	assert_memory_equal(found, id, sizeof(id));
	/* Who lost our answer asks again; anybody else is too late. */
	assert_int_equal(redeem_code(&dk, &r, found, &e), 0);
	assert_memory_equal(found, id, sizeof(id));
	refused("alice", NULL, &code, other_csr);
	assert_int_equal(requests_of("alice"), 1);
	secret_free(&code);
}

static void
code_again_ends_no_order_whose_code_was_used(void **state)
{
	struct secret	 code = { 0 };
	struct redeem	 r = { .user = "again", .code = &code, .csr = csr };
	struct error	 e = ERROR_INIT;
	struct review	 old;
	struct draft	 d = { 0 };
	uint8_t		 id[DB_ORDER_ID], found[DB_ORDER_ID];

	(void)state;
	code_order("again", &code, id);
	assert_int_equal(review_load_id(&dk, id, &old, &e), 0);
	assert_int_equal(code_again_check(&dk, &old, &e), 0);
	assert_int_equal(order_new(&d.order, ORDER_ISSUE, 86400, dk.clock,
	    dk.rng, &e), 0);
	d.order->ca = mem_strdup("people");
	d.order->profile = mem_strdup("mail");
	d.order->holder = mem_strdup("again");
	d.order->has_code = true;
	assert_int_equal(redeem_code(&dk, &r, found, &e), 0);
	/* Who looked before that is too late. */
	assert_int_equal(code_again_store(&dk, &old, &d, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	assert_non_null(strstr(e.text, "was used"));
	error_clear(&e);
	assert_int_equal(testdb_number(&t, "SELECT count(*) FROM"
	    " signet.orders WHERE holder = 'again'"), 1);
	assert_int_equal(code_again_rejection(&dk, d.order->id, found, &e),
	    0);
	review_clear(&old);
	assert_int_equal(review_load_id(&dk, id, &old, &e), 0);
	assert_int_equal(code_again_draft(&dk, &old, &d, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	review_clear(&old);
	draft_clear(&d);
	secret_free(&code);
}

static void
code_again_takes_no_order_for_another_one(void **state)
{
	struct secret	 code = { 0 };
	struct error	 e = ERROR_INIT;
	struct review	 old, other;
	uint8_t		 id[DB_ORDER_ID];

	(void)state;
	code_order("mine", &code, id);
	assert_int_equal(review_load_id(&dk, id, &old, &e), 0);
	code_order("theirs", &code, id);
	assert_int_equal(review_load_id(&dk, id, &other, &e), 0);
	assert_int_equal(code_again_is_for(&old, old.approved->order, &e), 0);
	assert_int_equal(code_again_is_for(&old, other.approved->order, &e),
	    -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "this order is not in the place of that "
	    "one");
	error_clear(&e);
	old.row.state = "rejected";
	assert_int_equal(code_again_check(&dk, &old, &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	old.approved->order->has_code = false;
	assert_int_equal(code_again_check(&dk, &old, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	review_clear(&other);
	review_clear(&old);
	secret_free(&code);
}

static void
redeem_code_finds_an_order_by_the_beginning_of_its_id(void **state)
{
	char		 hex[2 * DB_ORDER_ID + 1];
	struct secret	 code = { 0 };
	struct redeem	 r = { .user = hex, .code = &code, .csr = csr };
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID], found[DB_ORDER_ID];

	(void)state;
	code_order("hex", &code, id);
	for (size_t i = 0; i < 4; i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	assert_int_equal(redeem_code(&dk, &r, found, &e), 0);
	assert_memory_equal(found, id, sizeof(id));
	secret_free(&code);
}

/* The code is right, so it may be said; and it is not used up. */
static void
redeem_code_says_what_is_wrong_with_the_request(void **state)
{
	struct secret	 code = { 0 };
	struct redeem	 r = { .user = "carol", .code = &code,
		.csr = weak_csr };
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID];

	(void)state;
	code_order("carol", &code, id);
	assert_int_equal(redeem_code(&dk, &r, id, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_non_null(strstr(e.text, "P-384"));
	error_clear(&e);
	r.csr = csr;
	assert_int_equal(redeem_code(&dk, &r, id, &e), 0);
	secret_free(&code);
}

static void
redeem_code_locks_a_code_that_was_guessed_at(void **state)
{
	struct secret	 code = { 0 }, wrong = { 0 };
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID];
	int		 i;

	(void)state;
	code_order("guessed", &code, id);
	assert_int_equal(secret_set(&wrong, "AAAAA-BBBBB-CCCCC-DDDDD", 23,
	    &e), 0);
	for (i = 0; i < DB_CODE_TRIES; i++) {
		refused("guessed", NULL, &wrong, csr);
		testdb_sql(&t, "UPDATE signet.code_try SET locked_until ="
		    " NULL");
	}
	/* Now the right one comes too late, too. */
	refused("guessed", NULL, &code, csr);
	assert_int_equal(requests_of("guessed"), 0);
	secret_free(&wrong);
	secret_free(&code);
}

struct rival {
	const struct secret	*code;
	struct gate		*gate;
	struct csr		*csr;
	struct desk		 desk;
	struct error		 e;
	int			 rc;
};

static void *
compete(void *arg)
{
	struct rival	*v = arg;
	struct redeem	 r = { .user = "bob", .code = v->code,
		.csr = v->csr, .gate = v->gate };
	uint8_t		 id[DB_ORDER_ID];

	v->rc = redeem_code(&v->desk, &r, id, &v->e);
	return NULL;
}

static void
redeem_code_has_one_winner_of_fifty_at_once(void **state)
{
	static struct rival	 v[THREADS];
	pthread_t		 thread[THREADS];
	struct secret		 code = { 0 };
	struct gate		*gate;
	uint8_t			 id[DB_ORDER_ID];
	size_t			 i, won = 0;

	(void)state;
	code_order("bob", &code, id);
	gate_new(&gate, 4);
	for (i = 0; i < THREADS; i++) {
		memset(&v[i], 0, sizeof(v[i]));
		v[i].code = &code;
		v[i].gate = gate;
		v[i].csr = request("ec:P-256");
		desk_at(&v[i].desk, "signet_ra");
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, compete,
		    &v[i]), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		won += v[i].rc == 0;
		if (v[i].rc == -1 && v[i].e.code != ERROR_UPSTREAM) {
			assert_string_equal(v[i].e.text, REFUSED);
			assert_int_equal(v[i].e.code, ERROR_DENIED);
		}
		desk_leave(&v[i].desk);
		csr_free(&v[i].csr);
	}
	assert_int_equal(won, 1);
	assert_int_equal(requests_of("bob"), 1);
	gate_free(&gate);
	secret_free(&code);
}

static void
redeem_order_tells_operators_why_not(void **state)
{
	struct secret	 code = { 0 };
	struct redeem	 r = { .code = &code, .csr = csr };
	struct review	 v = { 0 };
	struct error	 e = ERROR_INIT;
	uint8_t		 id[DB_ORDER_ID];

	(void)state;
	code_order("dora", &code, id);
	assert_int_equal(review_load_id(&dk, id, &v, &e), 0);
	code.p[0] = code.p[0] == 'A' ? 'B' : 'A';
	assert_int_equal(redeem_order(&dk, &v, &r, &e), -1);
	assert_int_equal(e.code, ERROR_DENIED);
	assert_string_equal(e.text, "this is not the one-time code of this "
	    "order");
	error_clear(&e);
	testdb_sql(&t, "UPDATE signet.code_try SET tries = 10");
	assert_int_equal(redeem_order(&dk, &v, &r, &e), -1);
	assert_string_equal(e.text, "the code was tried too often: it is "
	    "locked");
	review_clear(&v);
	secret_free(&code);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(redeem_code_tells_nobody_what_was_wrong),
		cmocka_unit_test(redeem_code_supplies_the_request_once),
		cmocka_unit_test(code_again_ends_no_order_whose_code_was_used),
		cmocka_unit_test(code_again_takes_no_order_for_another_one),
		cmocka_unit_test(
		    redeem_code_finds_an_order_by_the_beginning_of_its_id),
		cmocka_unit_test(
		    redeem_code_says_what_is_wrong_with_the_request),
		cmocka_unit_test(redeem_code_locks_a_code_that_was_guessed_at),
		cmocka_unit_test(redeem_code_has_one_winner_of_fifty_at_once),
		cmocka_unit_test(redeem_order_tells_operators_why_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
