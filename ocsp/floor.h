/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_FLOOR_H
#define SIGNET_OCSP_FLOOR_H
/*
 * The floor under the store: what a CA has signed on a list is not taken back
 * by an edited row.
 *
 * For each CA and shard the newest complete list that verified is kept in
 * DIR/NAME.crl (DIR/NAME-SHARD.crl) and stays through a restart; a store that
 * offers an older one, or one that does not verify, is not believed.  An entry
 * falls only to a hold's release by those who may release it.
 */
#include <openssl/x509.h>
#include "cells.h"
#include "db/db_ocsp.h"
#include "issuers.h"
#include "x509/crl.h"

struct floor;
int	 floor_new(struct floor **, const char *dir, struct error *);
void	 floor_free(struct floor **);

/*
 * Lists from the disk for CAs that are new in the table; then, with db, newer
 * ones from the store.  1 there is a new list, 0, -1.  What the operator must
 * know is said line by line in alarms.  One thread at a time.
 */
int	 floor_load(struct floor *, const struct issuers *, struct db *,
	    struct buf *alarms, struct error *);
/* Is the CA's list here, as far as there is one?  Until then nobody knows what
 * may not be taken back.  Any thread, as all that follow. */
bool	 floor_is_ready(const struct floor *, uint16_t ca);
/* Number of the CA's list, 0: none. */
int64_t	 floor_number(struct floor *, uint16_t ca);
/* Is it on a list? */
bool	 floor_find(struct floor *, const struct cell_key *,
	    struct crl_entry *);

/* court_judge() of a certificate that is on the list; else 0. */
struct floor_court {
	struct floor		*floor;
	const struct issuers	*issuers;
	STACK_OF(X509)		*roots;
	const char		*officers_ca;
	const struct profiles	*profiles;
	struct db		*db;
};
int	 floor_judge(struct floor_court *, const struct cell_key *,
	    struct db_ocsp_status *row, struct error *why, struct error *);
#endif
