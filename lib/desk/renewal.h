/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_RENEWAL_H
#define SIGNET_DESK_RENEWAL_H
/*
 * Renewals: a successor for a certificate of the store, same profile, same
 * holder, same names.
 *
 * What is checked here the CA checks again, but only after the order was
 * stored.
 */
#include "db/db_cert.h"
#include "desk/desk.h"
#include "desk/draft.h"

/* Is there anything to renew: good and not expired?  ERROR_DENIED. */
int	 renewal_check(struct desk *, const struct db_cert *, struct error *);
/* Is it late enough for a renewal by the profile's rule for these? */
int	 renewal_check_window(struct desk *, const struct db_cert *,
	    struct error *);
/* The fields of the order, or of the item, that it was made by. */
int	 renewal_fields(struct desk *, const struct db_cert *,
	    struct fields *, struct error *);
/*
 * What the request says of names must be what the certificate has (RFC 7030,
 * 4.2.2); it may leave all of them out.  ERROR_DENIED naming the field.
 */
int	 renewal_check_names(const struct profile *, const struct fields *,
	    const struct csr *, struct error *);
#endif
