/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_AUTHORITY_H
#define SIGNET_CRL_AUTHORITY_H
/*
 * The CAs by whose certificates lists are judged: those in ca_dir, which the
 * operator has put there, and those of the store that lead to a root.  The
 * store says who there is, never who is to be believed: a certificate that
 * has come from it keeps its key, as far as we remember.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "db/db_ca.h"
#include "settings.h"
#include "x509/cert.h"
#include "x509/key.h"

struct authority {
	char		*name;
	bool		 is_root;
	bool		 by_file;	/* from ca_dir or root */
	X509		*cert;
	struct buf	 der;
	STACK_OF(X509)	*chain;		/* besides cert, perhaps empty */
	struct issuer	 issuer;
	uint8_t		 key[KEY_DIGEST_SIZE];
	int64_t		 not_before, not_after;
};
struct authorities {
	const struct crld_conf	*conf;
	STACK_OF(X509)		*anchors, *links;
	struct authority	**v;
	size_t			 n;
};

/* Roots, ca_dir and links.  One bad file is an error. */
int	 authorities_load(struct authorities *, const struct crld_conf *,
	    int64_t now, struct error *);
/*
 * A CA of the store: 1 known, and it is the same; 0 added or, under its old
 * key, replaced; -1 not believed, with the reason.  "key" is the one that its
 * name must have, or NULL.
 */
int	 authorities_take(struct authorities *, const struct db_ca *,
	    const uint8_t *key, int64_t now, struct error *);
struct authority *authorities_find(const struct authorities *,
	    const char *name);
/* The root that has signed this list, by its bytes: NULL if none. */
const struct authority *authorities_root_of(const struct authorities *,
	    struct bytes crl);
/* Certificate, chain, links: PKCS#7 without signature (RFC 2797). */
int	 authority_bundle(struct buf *out, const struct authorities *,
	    const struct authority *, struct error *);
void	 authorities_clear(struct authorities *);
#endif
