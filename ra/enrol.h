/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_ENROL_H
#define SIGNET_RA_ENROL_H
/*
 * From a request that came by a protocol (EST, CMP) to a signed order, and
 * from the order to its certificate.
 *
 * Where the profile lets the registration authority approve alone, the order
 * gets its signature and goes to the CA; elsewhere it waits in the queue for
 * officers.  Nothing else is decided here: the CA's signer checks all of it.
 */
#include "page.h"
#include "x509/csr.h"
#include "x509/profile.h"

struct enrol {
	const struct profile	*profile;
	const struct csr	*csr;
	const char		*holder;
	/* Made if the store does not know the holder; NULL: it must. */
	const char		*holder_name;
	const struct fields	*fields;	/* NULL: what the request says */
	const struct db_cert	*renews;	/* with der; or NULL */
	const char		*comment;	/* evidence: who asked, how */
};
/* 0 and the order's id. */
int	 enrol_submit(struct page *, const struct enrol *,
	    uint8_t id[DB_ORDER_ID], struct error *);
/*
 * The order that this holder's request has made already, when it can still
 * become, or has become, a good certificate of the profile (NULL: any): 1,
 * 0, -1.  Whoever asks again may have signed the request again.  renews: the
 * certificate that is to have a successor, or NULL; what was ordered before it
 * is none.
 */
int	 enrol_find(struct page *, const char *holder, const char *profile,
	    const struct csr *, const struct db_cert *renews,
	    uint8_t id[DB_ORDER_ID], struct error *);

enum enrol_state { ENROL_ISSUED, ENROL_READY, ENROL_PENDING, ENROL_REFUSED };
/* How an order stands; *cert (with der) when it was issued, and why it was
 * not in *why, which is the arena's. */
int	 enrol_look(struct page *, const uint8_t id[DB_ORDER_ID],
	    enum enrol_state *, struct db_cert *, const char **why,
	    struct error *);

/* The client's certificate in the store; ERROR_DENIED if it has no holder. */
int	 enrol_client(struct page *, struct db_cert *, struct error *);
/*
 * Its holder asks for another: the names must be names that the certificate
 * has.  Where officers approve they may be others, too.
 */
int	 enrol_by_cert(struct page *, const struct db_cert *,
	    const struct profile *, const struct csr *, const char *comment,
	    uint8_t id[DB_ORDER_ID], struct error *);
/* Or for its successor, by proof of the old key to us. */
int	 enrol_renewal(struct page *, const struct db_cert *,
	    const struct csr *, const char *comment, uint8_t id[DB_ORDER_ID],
	    struct error *);
#endif
