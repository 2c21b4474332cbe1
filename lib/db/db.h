/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_H
#define SIGNET_DB_DB_H
/*
 * The store: one PostgreSQL connection, prepared statements, transactions.
 *
 * This is the only module with PQ calls.  The db_<aggregate> modules hold the
 * SQL, as tables of struct db_stmt; db_open() prepares every registered table,
 * so that a typo, a missing column or a missing GRANT stops a program at its
 * start and not in the middle of an act.
 *
 * A lost connection is ERROR_UPSTREAM from the call that met it; the next call
 * connects again (all hosts of the connection string are tried), waiting
 * 0.1 s, doubling to 5 s, for at most the time set by db_set_patience().
 * Inside db_txn() a loss re-runs the whole function.
 *
 * Of several hosts the one that is connected may have been the primary, cut off
 * from the others, when they made another one of them that.  So with each
 * connection, and every ten seconds of a call that has no answer or before one,
 * it is asked whether it waits for standbys and has none; then the others are
 * asked for a primary with a later timeline, and that is gone to.
 */
#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"

#define DB_SCHEMA_VERSION	22	/* highest file in db/ that we know */
#define DB_ARGS_MAX		24

struct db;

struct db_stmt {
	const char	*name;		/* unique */
	const char	*sql;		/* $1..$n, with casts; numbers $n::bigint */
	bool		 fresh;		/* plan for each call's arguments */
};
/*
 * A statement is planned once, for any arguments; one with optional filters is
 * planned afresh, because the plan that suits one filter is ruin for another.
 */
#define DB_STMT(name, sql)		{ (name), (sql), false }
#define DB_STMT_FRESH(name, sql)	{ (name), (sql), true }

struct db_table {			/* statements of one aggregate */
	const struct db_stmt	*stmt;
	size_t			 n;
};
#define DB_TABLE(stmts)	{ (stmts), sizeof(stmts) / sizeof((stmts)[0]) }

/* Arguments.  All but NULL go in binary. */
enum db_type { DB_NULL, DB_TEXT, DB_INT, DB_BYTES, DB_BOOL,
    DB_TEXTS, DB_INTS, DB_BLOBS };	/* arrays: text[], bigint[], bytea[] */
struct db_arg {
	enum db_type	 type;
	union {
		const char		*text;
		int64_t			 num;
		struct bytes		 bytes;
		struct { const char *const *v; size_t n; } texts;	/* NULL elements allowed */
		struct { const int64_t *v; size_t n; } ints;
		struct { const struct bytes *v; size_t n; } blobs;	/* p NULL: SQL NULL */
	} u;
};
static inline struct db_arg
db_text(const char *s)		/* NULL: SQL NULL */
{
	return (struct db_arg){ .type = s != NULL ? DB_TEXT : DB_NULL, .u.text = s };
}
static inline struct db_arg
db_int(int64_t n)
{
	return (struct db_arg){ .type = DB_INT, .u.num = n };
}
static inline struct db_arg
db_bool(bool b)
{
	return (struct db_arg){ .type = DB_BOOL, .u.num = b };
}
static inline struct db_arg
db_bytes(const void *p, size_t n)	/* p NULL: SQL NULL */
{
	return (struct db_arg){ .type = p != NULL ? DB_BYTES : DB_NULL,
	    .u.bytes = { p, n } };
}
static inline struct db_arg
db_null(void)
{
	return (struct db_arg){ .type = DB_NULL };
}
static inline struct db_arg
db_texts(const char *const *v, size_t n)
{
	return (struct db_arg){ .type = DB_TEXTS, .u.texts = { v, n } };
}
static inline struct db_arg
db_ints(const int64_t *v, size_t n)
{
	return (struct db_arg){ .type = DB_INTS, .u.ints = { v, n } };
}
static inline struct db_arg
db_blobs(const struct bytes *v, size_t n)
{
	return (struct db_arg){ .type = DB_BLOBS, .u.blobs = { v, n } };
}

/*
 * conninfo as libpq takes it, several hosts allowed; tables are those of the
 * aggregates that the program uses.  A host that keeps silent for the time of
 * connect_timeout (5 s unless conninfo says something else), or for a shorter
 * deadline, is passed over, and asked last from then on.  Where neither
 * conninfo's options nor the role set one, statement_timeout is 60 s.  Checks
 * the schema's version: ERROR_CONFIG with the hint to run "signet db migrate"
 * or to install the newer suite.
 */
int	 db_open(struct db **, const char *conninfo, const char *program,
	    const struct db_table *const *tables, size_t ntables,
	    struct error *);
/* The same of a program with such a bell as db_set_bell() has. */
int	 db_open_told(struct db **, const char *conninfo, const char *program,
	    const struct db_table *const *tables, size_t ntables, int bell,
	    struct error *);
/* The same, but the first call connects, and fails where it cannot. */
void	 db_open_later(struct db **, const char *conninfo,
	    const char *program, const struct db_table *const *tables,
	    size_t ntables);
void	 db_close(struct db **);
/* Drop the connection; the next call makes another. */
void	 db_disconnect(struct db *);
void	 db_set_patience(struct db *, int seconds);	/* default 60; 0: once */
/*
 * From now on a call that has no answer after so many milliseconds drops the
 * connection and is ERROR_UPSTREAM, however dead the server (default 0: wait).
 * Of a transaction its COMMIT waits without end, but for db_set_bell().
 */
void	 db_set_deadline(struct db *, int ms);
/*
 * The program is to end when this descriptor becomes readable, or its other end
 * is closed: then nobody waits for a connection any more, nor longer than three
 * seconds for an answer or a COMMIT; the connection is dropped, and calls are
 * ERROR_UPSTREAM.  Nothing is cancelled at the server, which would take a COMMIT
 * that waits for a standby for done.  0 or less: never.
 */
void	 db_set_bell(struct db *, int fd);
/* Drop the connection; the next call asks the next host first. */
void	 db_turn(struct db *);
/* How often another primary was found in the place of the one that was
 * connected. */
int64_t	 db_left(const struct db *);
/*
 * From now on a primary that waits for standbys and has none is ERROR_UPSTREAM,
 * at once if it is the one that is connected: what is read there may be what
 * nobody else will ever have.
 */
int	 db_set_strict(struct db *, struct error *);
int	 db_socket(const struct db *);			/* for service_watch */

/* Rows.  Text comes NUL-terminated; everything borrowed until db_rows_free. */
struct db_rows;
int	 db_query(struct db *, const struct db_stmt *, const struct db_arg *,
	    size_t nargs, struct db_rows **, struct error *);
/* Rows touched, or -1. */
int64_t	 db_exec(struct db *, const struct db_stmt *, const struct db_arg *,
	    size_t nargs, struct error *);
size_t	 db_rows_count(const struct db_rows *);
bool	 db_is_null(const struct db_rows *, size_t row, int col);
const char *db_get_text(const struct db_rows *, size_t row, int col);
/* smallint, integer, bigint; 0 for NULL. */
int64_t	 db_get_int(const struct db_rows *, size_t row, int col);
bool	 db_get_bool(const struct db_rows *, size_t row, int col);
struct bytes db_get_bytes(const struct db_rows *, size_t row, int col);
void	 db_rows_free(struct db_rows **);

/*
 * Run fn in a READ COMMITTED transaction (fn locks the rows it decides on):
 * COMMIT if it returns 0, else ROLLBACK.  ERROR_RETRY (40001, 40P01) and a
 * connection lost before COMMIT was sent re-run fn, 3 times in all, so fn
 * touches nothing but the database.  A connection lost during COMMIT is
 * ERROR_UPSTREAM with "outcome unknown": the caller looks before it repeats.
 */
typedef int db_txn_fn(struct db *, void *arg, struct error *);
int	 db_txn(struct db *, db_txn_fn *, void *arg, struct error *);

/* Wake the listeners when the transaction commits, or now. */
int	 db_notify(struct db *, const char *channel, struct error *);
/*
 * LISTEN; and take what has arrived: 1 and *channel, 0 nothing, -1.  After a
 * reconnection each channel is reported once, for what may have been missed;
 * db_socket() is another one then.
 */
int	 db_listen(struct db *, const char *channel, struct error *);
int	 db_notified(struct db *, char channel[64], struct error *);

/* Plain SQL without parameters: migrations and test fixtures only. */
int	 db_script(struct db *, const char *sql, struct error *);
#endif
