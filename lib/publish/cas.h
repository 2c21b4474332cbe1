/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PUBLISH_CAS_H
#define SIGNET_PUBLISH_CAS_H
/*
 * The CAs of the store that lead to a trusted root, each with its latest
 * complete list as a floor: what a signed list revokes stays revoked, whatever
 * a row of the store says.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "db/db.h"
#include "db/db_row.h"
#include "x509/cert.h"
#include "x509/crl.h"
#include "x509/profile.h"

struct publish_ca {
	char		*name;
	bool		 is_root;
	bool		 in_store;	/* still */
	X509		*cert;		/* NULL: see error */
	struct buf	 der;
	struct issuer	 issuer;	/* only with cert */
	struct error	 error;		/* why it is not trusted */
	struct crl	*list;		/* the floor, or NULL */
	struct buf	 list_der;
	int64_t		 number;	/* of the list, or of one that is */
	struct error	 list_error;	/* why that one is none */
};
struct publish_cas {
	STACK_OF(X509)		*anchors;	/* borrowed */
	/* For holds that have ended since the list was made. */
	const char		*officers_ca;
	const struct profiles	*profiles;
	struct db		*db;		/* DB_RELEASE */
	/* Signatures of those that are offered, and not of all of a holder:
	 * who compares wants to know of every row, who delivers has no time. */
	bool			 verify_offered;
	struct publish_ca	**v;
	size_t			 n;
};
/* What is new in the store since last time.  Tables: DB_CA, DB_CRL. */
int	 publish_cas_refresh(struct publish_cas *, struct db *, int64_t now,
	    struct error *);
/* NULL if the store has none of this name. */
struct publish_ca *publish_cas_get(const struct publish_cas *,
	    const char *name);
/*
 * Is the certificate, which its row calls good, so by the newest list of its
 * CA?  1; 0 and why; -1 the store.
 */
int	 publish_cas_judge(const struct publish_cas *, const struct publish_ca *,
	    const struct db_serial *, struct error *why, struct error *);
void	 publish_cas_clear(struct publish_cas *);
#endif
