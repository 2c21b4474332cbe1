/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_HEAD_H
#define SIGNET_ROOT_HEAD_H
/*
 * Signed heads of the transcript: after each ceremony the root's key signs
 * "so many entries, this hash".  A text of four lines in x509/signed.h's form.
 */
#include <openssl/x509.h>
#include "audit/chain.h"
#include "base/error.h"
#include "base/mem.h"
#include "x509/key.h"

struct head {
	struct audit_head	 head;
	int64_t			 ceremony;
	int64_t			 at;
};

/* Appends PEM. */
int	 head_sign(struct buf *pem, const struct head *,
	    const struct identity *, struct error *);
/* One PEM block.  *signer is a new reference; whether it is a root is for
 * the caller. */
int	 head_verify(struct head *, X509 **signer, struct bytes pem,
	    struct error *);
#endif
