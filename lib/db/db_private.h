/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_PRIVATE_H
#define SIGNET_DB_DB_PRIVATE_H
/*
 * For migrate.c: a connection to a database that has no schema yet.
 */
#include "db/db.h"

/* Neither checks the schema nor prepares.  dbname, if not NULL, replaces the
 * one in conninfo. */
int	 db_open_bare(struct db **, const char *conninfo, const char *dbname,
	    struct error *);
/* One statement, not prepared. */
int	 db_ask(struct db *, const char *sql, const struct db_arg *,
	    size_t nargs, struct db_rows **, struct error *);
/* An identifier, quoted; caller frees. */
int	 db_quote_name(char **, struct db *, const char *, struct error *);
/* dbname of conninfo, or libpq's default; caller frees. */
int	 db_name_of(char **, const char *conninfo, struct error *);
#endif
