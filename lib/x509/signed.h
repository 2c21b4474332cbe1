/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_SIGNED_H
#define SIGNET_X509_SIGNED_H
/*
 * Signed texts: CMS SignedData in PEM ("CMS") with one SignerInfo and the
 * signer's certificate and chain, which openssl cms -verify -inform PEM reads.
 *
 * signed_open() proves only that the certificate's key signed the content.
 * Whether that certificate may is for the caller.
 */
#include <openssl/x509.h>
#include "base/error.h"
#include "base/mem.h"
#include "x509/key.h"

#define SIGNED_MAX	(16u << 20)

/* at becomes the signingTime.  Appends PEM to out. */
int	 signed_make(struct buf *out, struct bytes content, int64_t at,
	    const struct identity *, struct error *);
/*
 * pem: exactly one PEM block.  *signer is a new reference; *others, unless
 * NULL, gets the remaining certificates.  ERROR_INPUT for a malformed text,
 * ERROR_CRYPTO when the signature does not verify.
 */
int	 signed_open(struct buf *content, X509 **signer,
	    STACK_OF(X509) **others, struct bytes pem, struct error *);
/* Take the next PEM block out of *in: 1 and *block, 0 at the end, -1.  Text
 * between blocks is skipped. */
int	 signed_next(struct bytes *in, struct bytes *block, struct error *);
#endif
