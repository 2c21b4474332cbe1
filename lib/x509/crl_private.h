/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_CRL_PRIVATE_H
#define SIGNET_X509_CRL_PRIVATE_H
/*
 * Private to the files crl_*.c.  The writer and the reader share numbers and
 * no code.
 */
#include <stdbool.h>
#include <stdint.h>
#include "x509/alg.h"
#include "x509/crl.h"

#define OID_EXT_DELTA		"2.5.29.27"
#define OID_EXT_IDP		"2.5.29.28"

/* RFC 5280, 5.3.1; removeFromCRL belongs in deltas. */
static inline bool
crl_is_reason(int64_t r, bool delta)
{
	return r >= 1 && r <= 10 && r != 7 && (r != 8 || delta);
}

/* crl_put.c.  entries: bytes of the entries that follow the head. */
void	 crl_put_head(struct buf *, const struct crl_params *,
	    const struct issuer *, size_t entries);
void	 crl_put_entry(struct buf *, const struct crl_entry *);
void	 crl_put_extensions(struct buf *, const struct crl_params *,
	    const struct issuer *);

/* crl_read_part.c.  All borrowed from the list; entries empty: none. */
struct crl_parts {
	struct crl_params	 params;
	struct bytes		 tbs;		/* what is signed */
	struct bytes		 entries;
	struct bytes		 sig;
	const struct alg_sig	*how;
};
int	 crl_parts_read(struct crl_parts *, struct bytes der,
	    const struct issuer *, struct error *);
/* Takes the next entry; in a delta it may be removed. */
int	 crl_entry_read(struct crl_entry *, struct bytes *list, bool delta,
	    struct error *);
#endif
