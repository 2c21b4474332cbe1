/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_AUDIT_HEAD_H
#define SIGNET_AUDIT_HEAD_H
/*
 * Signed heads: "the chain stood here then", signed by a CA agent and pushed
 * off the machine.  The content is lines of text (seq=, hash=, at=,
 * instance=) in CMS SignedData, so that openssl cms -verify shows it.
 */
#include <openssl/x509.h>
#include "audit/chain.h"
#include "base/error.h"
#include "x509/key.h"

struct audit_signed_head {
	struct audit_head	 head;
	int64_t			 at;
	char			 instance[65];
};
int	 audit_head_sign(struct buf *cms, const struct audit_signed_head *,
	    const struct identity *, struct error *);
/* Signature, chain to the anchors, role ca-agent. */
int	 audit_head_verify(struct audit_signed_head *, struct bytes cms,
	    STACK_OF(X509) *anchors, STACK_OF(X509) *intermediates,
	    struct error *);
#endif
