/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_WAIT_H
#define SIGNET_DB_DB_WAIT_H
/*
 * Which orders that somebody waits for are over.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_WAIT;

/* done[i]: order i is carried out, refused, expired or unknown. */
int	 db_wait_look(struct db *, const struct bytes *id, size_t n, bool *done,
	    struct error *);
#endif
