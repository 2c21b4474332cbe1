/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_APPROVAL_PRIVATE_H
#define SIGNET_ORDER_APPROVAL_PRIVATE_H
/*
 * What the parts of the module share: approval.c makes, approval_cms.c takes
 * the container apart, approval_open.c checks signatures, approval_trust.c says
 * who may, approval_assert.c both of assertions, approval_scope.c of what,
 * approval_describe.c tells people.
 */
#include <stdbool.h>
#include <openssl/cms.h>
#include <stdint.h>
#include <openssl/x509.h>
#include "order/approval.h"

#define OID_SIGNED_DATA	"1.2.840.113549.1.7.2"

/* SignedData with an order inside and not too many SignerInfos. */
int	 approval_cms_parse(CMS_ContentInfo **, struct bytes blob,
	    struct error *);
/*
 * As approval_cms_parse(), with the certificates apart.  OpenSSL takes 100 us
 * to parse one, because it decodes the public key at once, which is more than
 * all the rest together.  The CA sees the same few in every blob.
 */
int	 approval_cms_parse_apart(CMS_ContentInfo **, STACK_OF(X509) **certs,
	    struct bytes blob, struct approval_cache *, struct error *);
/* The SignerInfos, one after the other. */
int	 approval_cms_signers(struct bytes *, struct bytes blob,
	    struct error *);
/* The order; borrowed. */
struct bytes approval_cms_content(CMS_ContentInfo *);
int	 approval_digest(uint8_t *dst, const EVP_MD *, struct bytes,
	    struct error *);

/* The certificate with this SHA-256, borrowed, or NULL; so is cache. */
X509	*approval_cache_cert(struct approval_cache *, const uint8_t digest[32]);
/* Of the blob's certificates the one with this digest; borrowed, or NULL. */
X509	*approval_cert_find(STACK_OF(X509) *, const uint8_t digest[32]);
/* The assertion in a SignerInfo; borrows.  1, 0 there is none, -1. */
int	 approval_assertion_find(struct assertion *, CMS_SignerInfo *,
	    struct error *);
/* Make one more approver of it, beside the RA agent who brings it. */
int	 approval_assertion_open(struct approved *, const struct approver *ra,
	    const struct assertion *, struct approval_cache *, struct error *);
/* A new approver with this certificate, who has not approved before; or
 * NULL. */
struct approver *approval_place(struct approved *, X509 *,
	    const uint8_t digest[32], struct error *);
/* As approval_open_cached(), without assertions. */
int	 approval_open_plain(struct approved **, struct bytes blob,
	    struct approval_cache *, struct error *);
/* After the certificate of the approver: credential and scope. */
int	 approval_assertion_check(const struct approved *,
	    const struct approver *, const struct approval_trust *,
	    struct error *);
/* "officer 4711 (Alice Holm)" */
void	 approval_put_name(struct buf *, const struct approver *);
int	 approval_cms_encode(struct buf *, CMS_ContentInfo *, struct error *);
/* approval_add() by an identity whose key is only public: all but the
 * signature. */
int	 approval_add_unsigned(struct buf *out, struct bytes blob,
	    const struct identity *, int64_t now, struct error *);
bool	 approval_same_key(const X509 *, const X509 *);
#endif
