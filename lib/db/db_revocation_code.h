/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_REVOCATION_CODE_H
#define SIGNET_DB_DB_REVOCATION_CODE_H
/*
 * Revocation codes: the first part of a code is its name, by which the row is
 * found; of the rest there is a slow hash, which is the caller's business.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_REVOCATION_CODE;

#define DB_REVOCATION_NAME	8	/* characters, 0-9 and A-Z */
#define DB_REVOCATION_SALT	16
#define DB_REVOCATION_HASH	32
#define DB_REVOCATION_TRIES	20

struct db_revocation_code {
	int64_t		 cert;			/* its id in the store */
	char		 name[DB_REVOCATION_NAME + 1];
	uint8_t		 salt[DB_REVOCATION_SALT];
	uint8_t		 hash[DB_REVOCATION_HASH];
	/* set by the store */
	int64_t		 made_at, used_at;	/* 0: not yet */
	int64_t		 tries;
};
/* Any earlier code of this certificate is void; with replace false that is
 * ERROR_CONFLICT instead.  A name that is taken is ERROR_CONFLICT, too. */
int	 db_revocation_code_set(struct db *, const struct db_revocation_code *,
	    bool replace, struct error *);
/* Has the certificate one?  1, 0, -1. */
int	 db_revocation_code_of(struct db *, int64_t cert,
	    struct db_revocation_code *, struct error *);
/*
 * An attempt: counted before the code is looked at.  1: it may be looked at;
 * 0: no such code, or too many attempts, which is not told apart; -1.
 */
int	 db_revocation_code_try(struct db *, const char *name,
	    struct db_revocation_code *, struct error *);
/* It was right: the attempts are forgotten, and it has been used. */
int	 db_revocation_code_used(struct db *, int64_t cert, struct error *);
#endif
