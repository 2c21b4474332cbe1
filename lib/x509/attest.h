/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_ATTEST_H
#define SIGNET_X509_ATTEST_H
/*
 * Attestations: certificates in which the maker of a card says that a key was
 * made in it.  Whose word counts is the caller's to know.
 */
#include "x509/csr.h"

#define ATTEST_NEVER	1		/* of either policy */

struct attest {
	bool	 has_serial;
	uint32_t serial;		/* of the card */
	int	 pin_policy, touch_policy;	/* -1: not said */
};
/* What the key's own certificate says, in the extensions of PIV tokens. */
int	 attest_read(struct attest *, X509 *leaf, struct error *);
/*
 * The vouchers of a request: about its key, and up to one of the roots.
 * 1 and what they say; 0 when there are none; ERROR_DENIED.
 */
int	 attest_check(struct attest *, const struct csr *,
	    STACK_OF(X509) *roots, int64_t now, struct error *);
#endif
