/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "cli/crl_file.h"
#include "os/file.h"
#include "tests/lib/testdb.h"

static const struct db_table *const	 tables[] = { &DB_CRL };

struct fixture {
	struct testdb	 t;
	struct db	*db;
	struct buf	 der, got, want;
	char		 dir[64];
	char		*path;
	struct error	 e;
};

static int
set_up(void **state)
{
	struct fixture	*f = mem_alloc(sizeof(*f));

	testdb_init(&f->t, true);
	testdb_sql(&f->t, "INSERT INTO ca (name, is_root, subject, der,"
	    " key_digest, not_before, not_after) VALUES ('people', false,"
	    " 'CN=People', decode(repeat('30', 100), 'hex'),"
	    " decode(repeat('01', 32), 'hex'), now(), now() + '1y')");
	f->db = testdb_open(&f->t, "signet_cli", tables, 1);
	snprintf(f->dir, sizeof(f->dir), "/tmp/signet-crl-file.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->path = file_join(f->dir, "list");
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture	*f = *state;

	db_close(&f->db);
	testdb_clear(&f->t);
	unlink(f->path);
	rmdir(f->dir);
	buf_clear(&f->der);
	buf_clear(&f->got);
	buf_clear(&f->want);
	mem_free(&f->path);
	mem_free(&f);
	return 0;
}

/* Some octets as list "number", in parts as signet-cad makes them. */
static struct db_crl
store(struct fixture *f, int64_t number, size_t size)
{
	struct db_crl	 c = { .ca = "people", .number = number,
	    .size = (int64_t)size };
	size_t		 i;

	for (f->der.len = 0, i = 0; i < size; i++)
		buf_byte(&f->der, (uint8_t)(i * 7 + i / 251));
	testdb_sql(&f->t, "INSERT INTO crl (ca, number, this_update,"
	    " next_update, entries, change, size) VALUES ('people', %lld,"
	    " now(), now() + '1d', 0, 0, %zu)", (long long)number, size);
	testdb_sql(&f->t, "INSERT INTO crl_part (ca, shard, number, base, n,"
	    " der) SELECT 'people', 0, %lld, 0, n, (SELECT decode(string_agg("
	    "lpad(to_hex((i * 7 + i / 251) %% 256), 2, '0'), '' ORDER BY i),"
	    " 'hex') FROM generate_series(n * 262144, least(%zu, (n + 1) *"
	    " 262144) - 1) i) FROM generate_series(0, (%zu - 1) / 262144) n",
	    (long long)number, size, size);
	return c;
}

static void
assert_same(const struct fixture *f, const struct buf *want)
{
	assert_int_equal(f->got.len, want->len);
	assert_memory_equal(f->got.p, want->p, want->len);
}

static void
crl_file_write_makes_of_parts_what_base64_put_pem_makes_of_the_whole(void **state)
{
	/* One octet; a line, and one more; parts that end within lines. */
	static const size_t	 sizes[] = { 1, 48, 49, 262144, 262145,
	    600000 };
	struct fixture		*f = *state;
	size_t			 i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct db_crl	 c = store(f, (int64_t)i + 1, sizes[i]);

		assert_int_equal(crl_file_create(f->db, &c, f->path, false,
		    &f->e), 0);
		f->got.len = f->want.len = 0;
		assert_int_equal(file_load(&f->got, f->path, 1 << 20, &f->e),
		    0);
		assert_same(f, &f->der);
		unlink(f->path);
		assert_int_equal(crl_file_create(f->db, &c, f->path, true,
		    &f->e), 0);
		f->got.len = 0;
		assert_int_equal(file_load(&f->got, f->path, 1 << 20, &f->e),
		    0);
		base64_put_pem(&f->want, "X509 CRL", BYTES(f->der.p, f->der.len));
		assert_same(f, &f->want);
		unlink(f->path);
	}
}

static void
crl_file_create_replaces_nothing_and_leaves_nothing_half(void **state)
{
	struct fixture	*f = *state;
	struct db_crl	 c = store(f, 1, 300000);

	assert_int_equal(file_store(f->path, "x", 1, 0600, &f->e), 0);
	assert_int_equal(crl_file_create(f->db, &c, f->path, true, &f->e), -1);
	assert_non_null(strstr(f->e.text, "File exists"));
	assert_int_equal(file_load(&f->got, f->path, 10, &f->e), 0);
	assert_int_equal(f->got.len, 1);
	unlink(f->path);
	error_clear(&f->e);
	testdb_sql(&f->t, "DELETE FROM crl_part WHERE n = 1");
	assert_int_equal(crl_file_create(f->db, &c, f->path, true, &f->e), -1);
	assert_int_equal(f->e.code, ERROR_UPSTREAM);
	assert_string_equal(f->e.text,
	    "CRL 1 of people: part 1 is not in the store");
	assert_false(file_exists(f->path));
	/* More than the row says is not looked at. */
	error_clear(&f->e);
	c.size = 100;
	assert_int_equal(crl_file_create(f->db, &c, "/dev/null/x", true,
	    &f->e), -1);
	assert_non_null(strstr(f->e.text, "create /dev/null/x"));
}

static void
crl_file_load_refuses_what_is_no_list(void **state)
{
	struct fixture	*f = *state;
	struct issuer	 nobody = { .cert = NULL };
	struct db_crl	 c = store(f, 1, 1000);
	struct crl	*crl = (struct crl *)-1;

	assert_int_equal(setenv("TMPDIR", f->dir, 1), 0);
	assert_int_equal(crl_file_load(&crl, f->db, &c, &nobody, &f->e), -1);
	assert_null(crl);
	assert_int_equal(f->e.code, ERROR_INPUT);
	assert_non_null(strstr(f->e.text, "CRL: malformed"));
	/* It has left nothing behind, or the directory could not go. */
	assert_int_equal(rmdir(f->dir), 0);
	error_clear(&f->e);
	assert_int_equal(crl_file_load(&crl, f->db, &c, &nobody, &f->e), -1);
	assert_non_null(strstr(f->e.text, "No such file or directory"));
	unsetenv("TMPDIR");
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(crl_file_write_makes_of_parts_what_base64_put_pem_makes_of_the_whole),
		T(crl_file_create_replaces_nothing_and_leaves_nothing_half),
		T(crl_file_load_refuses_what_is_no_list),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
