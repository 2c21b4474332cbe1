/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit chain in the store.  The arithmetic is done here once more, with
 * OpenSSL, as lib/audit/chain.h describes it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/sha.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db_audit.h"
#include "tests/lib/testdb.h"

static struct testdb t;
static const struct db_table *const tables[] = { &DB_AUDIT, &DB_AUDIT_APPEND,
    &DB_AUDIT_SIGN };

static void
next_hash(uint8_t hash[DB_DIGEST], int64_t seq, struct bytes body)
{
	struct buf	 b = { .p = NULL };

	buf_byte(&b, 1);
	buf_add(&b, hash, DB_DIGEST);
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_byte(&b, (uint8_t)(seq >> shift));
	buf_add(&b, body.p, body.len);
	SHA256(b.p, b.len, hash);
	buf_clear(&b);
}

/* Reads everything and computes it again; returns the number of entries. */
static int64_t
check_chain(struct db *db)
{
	struct arena		*a = arena_new();
	struct db_audit_entries	 page;
	struct error		 e = ERROR_INIT;
	uint8_t			 hash[DB_DIGEST] = { 0 }, head[DB_DIGEST];
	int64_t			 seq = 0, last;

	do {
		assert_int_equal(db_audit_list(db, seq, 7, &page, a, &e), 0);
		for (size_t i = 0; i < page.n; i++) {
			assert_int_equal(page.v[i].seq, ++seq);
			next_hash(hash, seq, page.v[i].body);
			assert_memory_equal(page.v[i].hash, hash, DB_DIGEST);
		}
	} while (page.n > 0);
	assert_int_equal(db_audit_head(db, &last, head, &e), 0);
	assert_int_equal(last, seq);
	assert_memory_equal(head, hash, DB_DIGEST);
	arena_free(&a);
	return seq;
}

static void
an_empty_or_missing_body_is_refused(void **state)
{
	const struct bytes	 empty[] = { BYTES("a", 1), BYTES("", 0) };
	const struct bytes	 null[] = { BYTES(NULL, 0) };
	struct error		 e = ERROR_INIT;
	int64_t			 before = check_chain(*state);

	assert_int_equal(db_audit_append(*state, empty, 2, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_INPUT);
	assert_string_equal(e.text, "audit_append: new row for relation"
	    " \"audit\" violates check constraint \"audit_body_check\""
	    " (SQLSTATE 23514)");
	error_clear(&e);
	assert_int_equal(db_audit_append(*state, null, 1, NULL, &e), -1);
	assert_int_equal(e.code, ERROR_BUG);
	assert_int_equal(check_chain(*state), before);
}

static void
each_hash_covers_number_body_and_the_hash_before(void **state)
{
	const struct bytes	 body[] = { BYTES("act=one\nat=1\n", 13),
	    BYTES("\0\xff", 2), BYTES("x", 1) };
	struct error		 e = ERROR_INIT;
	int64_t			 before = check_chain(*state), seq;

	assert_int_equal(db_audit_append(*state, body, 3, &seq, &e), 0);
	assert_int_equal(seq, before + 3);
	assert_int_equal(db_audit_append(*state, body, 1, &seq, &e), 0);
	assert_int_equal(seq, before + 4);
	assert_int_equal(check_chain(*state), before + 4);
}

static void
appending_nothing_changes_nothing(void **state)
{
	struct error	 e = ERROR_INIT;
	int64_t		 before = check_chain(*state), seq;

	assert_int_equal(db_audit_append(*state, NULL, 0, &seq, &e), 0);
	assert_int_equal(seq, before);
	assert_int_equal(check_chain(*state), before);
}

static int
append_slowly(struct db *db, void *arg, struct error *e)
{
	const struct bytes	 body = BYTES(arg, strlen(arg));

	if (db_audit_append(db, &body, 1, NULL, e) == -1)
		return -1;
	return db_script(db, "SELECT pg_sleep(0.002)", e);
}

/* In a process of its own: 50 transactions. */
static void __attribute__((noreturn))
append_fifty(char *body)
{
	struct error	 e = ERROR_INIT;
	struct db	*db = testdb_open(&t, "signet_ca", tables, 3);
	int		 rc = 0;

	for (int i = 0; rc == 0 && i < 50; i++)
		rc = db_txn(db, append_slowly, body, &e);
	db_close(&db);
	_exit(rc == 0 ? 0 : 1);
}

static void
appends_from_two_programs_do_not_fork_the_chain(void **state)
{
	char	 one[] = "one", two[] = "two";
	int64_t	 before = check_chain(*state);
	pid_t	 child[2];
	int	 status;

	for (int i = 0; i < 2; i++) {
		assert_int_not_equal(child[i] = fork(), -1);
		if (child[i] == 0)
			append_fifty(i == 0 ? one : two);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(check_chain(*state), before + 100);
	/* They really took turns. */
	assert_true(testdb_number(&t, "SELECT count(*) FROM audit a"
	    " JOIN audit b ON b.seq = a.seq + 1 WHERE a.body = 'one'"
	    " AND b.body = 'two'") > 1);
}

static void
the_chain_is_append_only_even_for_its_owner(void **state)
{
	static const char *const acts[] = { "UPDATE audit SET body = 'x'",
	    "DELETE FROM audit", "TRUNCATE audit" };
	struct error	 e = ERROR_INIT;

	for (size_t i = 0; i < 3; i++) {
		error_clear(&e);
		assert_int_equal(db_script(*state, acts[i], &e), -1);
		assert_int_equal(e.code, ERROR_DENIED);
		assert_string_equal(e.text, "database script: the audit chain"
		    " is append-only (SQLSTATE P0001)");
	}
}

static void
a_rolled_back_append_leaves_no_gap(void **state)
{
	struct error	 e = ERROR_INIT;
	struct bytes	 body = BYTES("x", 1);
	int64_t		 before = check_chain(*state), seq;

	assert_int_equal(db_script(*state, "BEGIN", &e), 0);
	assert_int_equal(db_audit_append(*state, &body, 1, &seq, &e), 0);
	assert_int_equal(db_script(*state, "ROLLBACK", &e), 0);
	assert_int_equal(check_chain(*state), before);
}

static void
signed_heads_are_listed_by_number_and_instance(void **state)
{
	const struct db_audit_signed	 v[] = {
	    { 5, "b", 1000, BYTES("cms", 3) }, { 5, "a", 1001, BYTES("c", 1) },
	    { 9, "a", 1002, BYTES("d", 1) } };
	struct arena			*a = arena_new();
	struct db_audit_signeds		 page;
	struct error			 e = ERROR_INIT;

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(db_audit_signed_add(*state, &v[i], &e), 0);
	assert_int_equal(db_audit_signed_add(*state, &v[0], &e), -1);
	assert_int_equal(e.code, ERROR_CONFLICT);
	error_clear(&e);
	assert_int_equal(db_audit_signed_list(*state, 0, "", 2, &page, a, &e),
	    0);
	assert_int_equal(page.n, 2);
	assert_string_equal(page.v[0].instance, "a");
	assert_string_equal(page.v[1].instance, "b");
	assert_int_equal(page.v[1].at, 1000);
	assert_true(bytes_equal(page.v[1].cms, BYTES("cms", 3)));
	assert_int_equal(db_audit_signed_list(*state, 5, "b", 2, &page, a,
	    &e), 0);
	assert_int_equal(page.n, 1);
	assert_int_equal(page.v[0].seq, 9);
	arena_free(&a);
}

static int
setup(void **state)
{
	testdb_init(&t, true);
	*state = testdb_open(&t, NULL, tables, 3);
	return 0;
}

static int
teardown(void **state)
{
	struct db	*db = *state;

	db_close(&db);
	testdb_clear(&t);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_or_missing_body_is_refused),
		cmocka_unit_test(
		    each_hash_covers_number_body_and_the_hash_before),
		cmocka_unit_test(appending_nothing_changes_nothing),
		cmocka_unit_test(
		    appends_from_two_programs_do_not_fork_the_chain),
		cmocka_unit_test(the_chain_is_append_only_even_for_its_owner),
		cmocka_unit_test(a_rolled_back_append_leaves_no_gap),
		cmocka_unit_test(
		    signed_heads_are_listed_by_number_and_instance),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
