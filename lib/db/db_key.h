/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_KEY_H
#define SIGNET_DB_DB_KEY_H
/*
 * What the store knows of keys: asked where a request is handed in, and again
 * by the worker when it is to be certified.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_KEY;

/* Which of these keys are certified already? */
struct db_known_key {
	uint8_t		 key_digest[DB_DIGEST];
	const char	*ca;
	const char	*holder;		/* or NULL */
	struct db_serial serial;
	const char	*status;
	int		 reason;		/* -1: none */
};
struct db_known_keys {
	struct db_known_key *v;
	size_t		     n;
};
int	 db_key_find(struct db *, const struct bytes *key_digest, size_t n,
	    struct db_known_keys *, struct arena *, struct error *);
/* Why this holder must not have the key certified, or NULL: compromised,
 * another's, or (unique) certified already. */
const char *db_key_objection(const struct db_known_key *, const char *holder,
	    bool unique);
#endif
