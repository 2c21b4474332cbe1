/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_STATUS_COURT_H
#define SIGNET_STATUS_COURT_H
/*
 * A row of the store against the newest list that its CA has signed.
 *
 * What is revoked on a list stays so, when and why included.  A hold ends by
 * an order that those signed whom the certificate's profile asks for, as the
 * signer has it, and by nothing else: an edited row is not believed.  Where
 * lists come from and are kept is the caller's.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "db/db_ocsp.h"
#include "x509/crl.h"
#include "x509/profile.h"

struct court_ca {
	const char	*name;
	X509		*cert;
};
struct court {
	STACK_OF(X509)		*roots;
	const char		*officers_ca;	/* of roles; NULL: nobody has one */
	const struct profiles	*profiles;	/* who may release */
	struct db		*db;		/* DB_RELEASE, DB_CREDENTIAL_STATE */
	const struct court_ca	*ca;
	size_t			 n;
	/* Is it on the newest list of ca[i]? */
	bool			(*find)(void *arg, size_t i,
				    const struct db_serial *,
				    struct crl_entry *);
	void			*arg;
};

/*
 * What is to be said of a certificate of ca[i] that the list has, given what
 * the row says (which goes in, and out).  row->status may be DB_STATUS_NONE.
 * 1: the row is overruled, and why says how; 0; -1.  The store is asked only
 * for the order that ended a hold.
 */
int	 court_judge(const struct court *, size_t i, const struct db_serial *,
	    const struct crl_entry *, struct db_ocsp_status *row,
	    struct error *why, struct error *);
/* Does the order release this certificate of ca[i], which is on hold since
 * then?  ERROR_DENIED saying why not. */
int	 court_check_release(const struct court *, size_t i,
	    const struct db_serial *, const struct db_ocsp_release *,
	    int64_t since, struct error *);
#endif
