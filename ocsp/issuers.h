/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_ISSUERS_H
#define SIGNET_OCSP_ISSUERS_H
/*
 * The CAs that we answer for, all generations, each with who signs for it.
 *
 * CAs come from the store, and count if they lead to the root of our settings.
 * A signer is key and certificate in DIR/NAME.pem; a file that takes another's
 * place is taken up.  Readers see a table that does not change and hold on to
 * it as long as they need it; what has changed is in the next one.
 */
#include <stdatomic.h>
#include <openssl/x509.h>
#include "base/clock.h"
#include "db/db_ca.h"
#include "x509/ca_name.h"
#include "x509/cert.h"
#include "x509/ocsp.h"

#define ISSUERS_MAX	1000

struct issuer_ca {
	char			 name[CA_NAME_SIZE];
	uint16_t		 number;	/* the same in each later table */
	struct issuer		 issuer;
	struct ocsp_issuer	 hashes;
	struct ocsp_signer	 signer;	/* cert NULL: there is none */
	uint64_t		 signer_version;	/* differs for another one */
	char			 why_not[200];	/* no signer */
};

struct issuers {
	atomic_uint		 refs;
	size_t			 n;
	struct issuer_ca	*ca;
};
const struct issuer_ca *issuers_find(const struct issuers *,
	    const struct ocsp_id *);
const struct issuer_ca *issuers_named(const struct issuers *,
	    const char *name);
void	 issuers_free(struct issuers **);	/* drop a reference */

/* Where the table comes from: one thread calls issuers_load(), any gets. */
struct issuer_source;
struct issuer_setup {
	const char		*root;		/* PEM file */
	const char		*signers;	/* directory */
	const char		*passphrase;	/* where that of their keys, or
						 * the PIN, comes from; or NULL */
	const struct clock	*clock;
};
int	 issuer_source_new(struct issuer_source **,
	    const struct issuer_setup *, struct error *);
void	 issuer_source_free(struct issuer_source **);
/*
 * Look at the CAs of the store (NULL: at the signers' files alone).  1 there
 * is a new table, 0 nothing is new, -1 it could not be made.  What was left
 * out, and why, is said line by line in notes.
 */
int	 issuers_load(struct issuer_source *, const struct db_cas *,
	    struct buf *notes, struct error *);
/* The table as it is; a reference. */
struct issuers *issuers_get(struct issuer_source *);
/* Has it another one than this? */
bool	 issuers_is_new(const struct issuer_source *, const struct issuers *);
/* The certificate of a row; NULL: that is none. */
X509	*issuer_row_cert(const struct db_ca *);
/* The roots, borrowed. */
STACK_OF(X509) *issuer_source_roots(const struct issuer_source *);
#endif
