/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_EVIDENCE_H
#define SIGNET_DB_DB_EVIDENCE_H
/*
 * What a worker brings to the signer, which does not take the store's word:
 * signed orders and certificates themselves.  Everything by array; an element
 * that the store does not have comes back with p NULL.
 */
#include "db/db.h"
#include "db/db_row.h"

extern const struct db_table DB_EVIDENCE;

/* The blobs of these orders (ids of DB_ORDER_ID bytes). */
int	 db_evidence_orders(struct db *, const struct bytes *id, size_t n,
	    struct bytes *blob, struct arena *, struct error *);

struct db_evidence_cert {
	struct bytes	 der;
	const char	*profile;	/* NULL where there is no certificate */
	struct bytes	 change;	/* blob of the last order on its status */
};
/* change is fetched only if with_change. */
int	 db_evidence_certs(struct db *, const char *const *ca,
	    const struct bytes *serial, size_t n, bool with_change,
	    struct db_evidence_cert *, struct arena *, struct error *);
/*
 * Of what a signer has in its ledger: status "" that it signed this
 * certificate, which the store then has or is about to have; "revoked",
 * "held", "good" (released).  *lost: the store does not have it so.
 */
int	 db_evidence_lost(struct db *, const char *const *ca,
	    const struct bytes *serial, const char *const *status, size_t n,
	    bool *lost, struct error *);
#endif
