/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_TESTDB_H
#define SIGNET_TESTS_LIB_TESTDB_H
/*
 * A database of its own for each test program, in the cluster that
 * tests/lib/with-pg started and SIGNET_TEST_DB names.  Functions end the
 * program with a message on failure: without a database there is no test.
 */
#include "db/db.h"
#include "db/db_row.h"

#ifndef TEST_SQL_DIR
#define TEST_SQL_DIR	"db"
#endif

struct testdb {
	char	 name[64];
	char	 conninfo[512];		/* as superuser */
};

/* Created and, if migrate, given the schema. */
void	 testdb_init(struct testdb *, bool migrate);
void	 testdb_clear(struct testdb *);		/* drops it */
/* A connection string for a role; caller frees. */
char	*testdb_conninfo(const struct testdb *, const char *role);
/* Connected as role (NULL: superuser) with these tables. */
struct db *testdb_open(const struct testdb *, const char *role,
	    const struct db_table *const *, size_t n);
/* SQL as superuser. */
void	 testdb_sql(const struct testdb *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* First column of the first row, as bigint. */
int64_t	 testdb_number(const struct testdb *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* Bytes that are the same for the same number, different for others. */
void	 testdb_id(uint8_t id[DB_ORDER_ID], uint32_t number);
void	 testdb_digest(uint8_t digest[DB_DIGEST], uint32_t number);
void	 testdb_serial(struct db_serial *, uint32_t number);
#endif
