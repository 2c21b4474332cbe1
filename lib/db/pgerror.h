/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_PGERROR_H
#define SIGNET_DB_PGERROR_H
/*
 * From libpq's errors to ours.  Private to lib/db.
 *
 * The text is the server's primary message and the SQLSTATE, or the first line
 * of libpq's own message when there was no answer.  The code follows from the
 * SQLSTATE; no answer is ERROR_UPSTREAM.
 */
#include <libpq-fe.h>
#include "base/error.h"

/* Either may be NULL.  Returns -1. */
int	 error_pg(struct error *, const PGconn *, const PGresult *,
	    const char *, ...) __attribute__((format(printf, 4, 5)));
enum error_code error_pg_code(const char *sqlstate);
#endif
