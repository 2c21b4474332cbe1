/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CREDENTIAL_H
#define SIGNET_DB_DB_CREDENTIAL_H
/*
 * WebAuthn credentials of officers.  Not what makes them count: that is the
 * bind order, which each assertion carries, and the signer's ledger.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_CREDENTIAL;		/* reading */
extern const struct db_table DB_CREDENTIAL_KEEP;	/* signet-cad */
extern const struct db_table DB_CREDENTIAL_STATE;	/* signet-ocspd */

struct db_credential {
	uint8_t		 bind[DB_DIGEST];	/* digest of the bind order */
	uint8_t		 order_id[DB_ORDER_ID];
	const char	*person;
	struct bytes	 credential;		/* its id */
	const char	*rp_id, *origin;
	int64_t		 until;			/* 0: open */
	int64_t		 bound_at, unbound_at;	/* 0: bound */
	struct bytes	 blob;			/* the bind order as signed */
};
struct db_credentials {
	struct db_credential	*v;
	size_t			 n;
};
/* Of the person, NULL: of all, by person and age; those that were taken away
 * only if ended.  With blobs. */
int	 db_credential_list(struct db *, const char *person, bool ended,
	    struct db_credentials *, struct arena *, struct error *);
/* The one whose bind order's digest begins with these hex digits: 1, 0, -1
 * (ERROR_CONFLICT when there are several). */
int	 db_credential_find(struct db *, const char *hex,
	    struct db_credential *, struct arena *, struct error *);
/* 1 bound, 0 not (any more), -1. */
int	 db_credential_is_bound(struct db *, const uint8_t bind[DB_DIGEST],
	    struct error *);
/* Times and blob are not taken.  Once more changes nothing. */
int	 db_credential_add(struct db *, const struct db_credential *,
	    struct error *);
/* Not there is well. */
int	 db_credential_end(struct db *, const uint8_t bind[DB_DIGEST],
	    const uint8_t order_id[DB_ORDER_ID], struct error *);
#endif
