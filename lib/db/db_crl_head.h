/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CRL_HEAD_H
#define SIGNET_DB_DB_CRL_HEAD_H
/*
 * The revocation lists that are to be published.
 */
#include "db/db_crl.h"

extern const struct db_table DB_CRL_HEAD;

/* Of each CA and shard the newest complete list and, right behind it, the
 * newest delta that is not older; in the order of CA and shard. */
int	 db_crl_heads(struct db *, struct db_crls *, struct arena *,
	    struct error *);
#endif
