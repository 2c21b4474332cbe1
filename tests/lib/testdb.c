/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <unistd.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db.h"
#include "db/db_private.h"
#include "db/migrate.h"
#include "tests/lib/testdb.h"

static void __attribute__((noreturn))
give_up(const char *what, const struct error *e)
{
	printf("Bail out! %s: %s %s\n", what, e->text, e->hint);
	exit(1);
}

static const char *
cluster(void)
{
	const char	*s = getenv("SIGNET_TEST_DB");

	if (s != NULL)
		return s;
	printf("Bail out! SIGNET_TEST_DB is not set: run this under "
	    "tests/lib/with-pg\n");
	exit(1);
}

void
testdb_init(struct testdb *t, bool migrate)
{
	struct error	 e = ERROR_INIT;
	static int	 number;

	snprintf(t->name, sizeof(t->name), "signet_test_%ld_%d",
	    (long)getpid(), ++number);
	snprintf(t->conninfo, sizeof(t->conninfo), "%s dbname=%s", cluster(),
	    t->name);
	if (migrate_create(t->conninfo, &e) == -1)
		give_up("create the test's database", &e);
	if (migrate && migrate_apply(t->conninfo, TEST_SQL_DIR, NULL, NULL,
	    &e) == -1)
		give_up("migrate the test's database", &e);
}

void
testdb_clear(struct testdb *t)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*sql;

	if (db_open_bare(&db, cluster(), NULL, &e) == -1)
		give_up("drop the test's database", &e);
	sql = mem_printf("DROP DATABASE %s WITH (FORCE)", t->name);
	if (db_script(db, sql, &e) == -1)
		give_up("drop the test's database", &e);
	mem_free(&sql);
	db_close(&db);
}

char *
testdb_conninfo(const struct testdb *t, const char *role)
{
	return mem_printf("%s user=%s", t->conninfo, role);
}

struct db *
testdb_open(const struct testdb *t, const char *role,
    const struct db_table *const *table, size_t n)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;
	char		*conninfo;

	conninfo = role != NULL ? testdb_conninfo(t, role) :
	    mem_strdup(t->conninfo);
	if (db_open(&db, conninfo, "test", table, n, &e) == -1)
		give_up("connect to the test's database", &e);
	mem_free(&conninfo);
	return db;
}

static struct db *
run(const struct testdb *t, struct db_rows **rows, const char *sql)
{
	struct error	 e = ERROR_INIT;
	struct db	*db;

	if (db_open_bare(&db, t->conninfo, NULL, &e) == -1 ||
	    db_script(db, "SET search_path = signet", &e) == -1 ||
	    (rows != NULL ? db_ask(db, sql, NULL, 0, rows, &e) :
	    db_script(db, sql, &e)) == -1)
		give_up(sql, &e);
	return db;
}

void
testdb_sql(const struct testdb *t, const char *fmt, ...)
{
	char		 sql[4096];
	struct db	*db;
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	db = run(t, NULL, sql);
	db_close(&db);
}

int64_t
testdb_number(const struct testdb *t, const char *fmt, ...)
{
	char		 sql[4096];
	struct db_rows	*rows;
	struct db	*db;
	int64_t		 n;
	va_list		 ap;

	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	db = run(t, &rows, sql);
	n = db_rows_count(rows) > 0 ? db_get_int(rows, 0, 0) : -1;
	db_rows_free(&rows);
	db_close(&db);
	return n;
}

static void
number_bytes(uint8_t *p, size_t n, uint32_t number)
{
	memset(p, 0x5a, n);
	for (size_t i = 0; i < 4; i++)
		p[i] = (uint8_t)(number >> (8 * (3 - i)));
}

void
testdb_id(uint8_t id[DB_ORDER_ID], uint32_t number)
{
	number_bytes(id, DB_ORDER_ID, number);
}

void
testdb_digest(uint8_t digest[DB_DIGEST], uint32_t number)
{
	number_bytes(digest, DB_DIGEST, number);
}

void
testdb_serial(struct db_serial *s, uint32_t number)
{
	s->len = DB_SERIAL;
	number_bytes(s->p, s->len, number);
}
