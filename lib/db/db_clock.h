/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_CLOCK_H
#define SIGNET_DB_CLOCK_H
/*
 * What time it is where the store is.
 */
#include "db/db.h"

extern const struct db_table DB_CLOCK;

/* Milliseconds since 1970. */
int	 db_clock_ms(struct db *, int64_t *ms, struct error *);
#endif
