/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ORDER_APPROVAL_H
#define SIGNET_ORDER_APPROVAL_H
/*
 * Approvals: an order as the content of CMS SignedData, one SignerInfo each.
 *
 * Each SignerInfo has signed attributes contentType (the order's OID),
 * messageDigest, signingTime and ESS signingCertificateV2.  Adding one leaves
 * content and earlier SignerInfos as they were, byte for byte.  A blob
 * without any approval is valid and says nothing.
 */
#include <openssl/x509.h>
#include "base/clock.h"
#include "base/error.h"
#include "order/assertion.h"
#include "order/order.h"
#include "x509/cert_look.h"
#include "x509/key.h"
#include "x509/profile.h"

#define APPROVAL_MAX_SIGNERS	16

struct approver {
	X509		*cert;
	enum role	 role;		/* from its certificate; or HOLDER, ROOT */
	char		 person[65];	/* subject serialNumber */
	uint8_t		 cert_digest[32];
	int64_t		 signed_at;	/* what the signer claims */
	/*
	 * By an assertion in the SignerInfo of an RA agent, who is an approver
	 * beside this one: the order that bound the credential.  NULL: by the
	 * certificate's own key.
	 */
	struct approved	*bind;
};

struct approved {
	struct order	*order;
	struct buf	 content;	/* the order's DER */
	uint8_t		 digest[ORDER_DIGEST];
	struct approver	 by[APPROVAL_MAX_SIGNERS];
	size_t		 n;
	STACK_OF(X509)	*certs;		/* all that the blob carries */
};

/* Wrap an order, without any approval yet. */
int	 approval_wrap(struct buf *blob, const struct order *, struct error *);
/* A renewal, with the certificate that it renews: the signer looks for it in
 * the blob, and whoever holds its key need not be who signs. */
int	 approval_wrap_renewal(struct buf *blob, const struct order *,
	    X509 *renews, struct error *);
int	 approval_add(struct buf *out, struct bytes blob,
	    const struct identity *, const struct clock *, struct error *);
/*
 * The same in two halves, for a key that is elsewhere, such as in a browser:
 * "half" is the blob with an approval by this certificate that lacks its
 * signature; "sign" is what to sign, with the digest that the key's algorithm
 * has in CMS here (SHA-256, SHA-384 for P-384).  ECDSA signatures are DER.
 * finish() refuses a wrong one (ERROR_DENIED).  The half may have been in
 * other hands: who goes on with what comes out looks at its order again.
 */
int	 approval_begin(struct buf *half, struct buf *sign, struct bytes blob,
	    X509 *, STACK_OF(X509) *chain, const struct clock *,
	    struct error *);
int	 approval_finish(struct buf *out, struct bytes half,
	    struct bytes signature, struct error *);
/*
 * With the RA's signature and an officer's assertion, which is verified first.
 * A wrong one is ERROR_DENIED.
 */
int	 approval_add_with_assertion(struct buf *out, struct bytes blob,
	    const struct identity *ra, X509 *officer, const struct assertion *,
	    const struct clock *, struct error *);
/*
 * What has been found out about certificates, so that the CA, which sees the
 * same few officers all day, parses and verifies each of them once.  It knows
 * approvers that approval_check() has passed and the CAs, and forgets all when
 * the anchors or the officers' CA are other objects.  One thread at a time.
 */
struct approval_cache;
struct approval_cache *approval_cache_new(void);
void	 approval_cache_free(struct approval_cache **);

/* These certificates will come again: parsed once, and nothing known in their
 * favour.  Not for who lets strangers fill it. */
void	 approval_cache_expect(struct approval_cache *, const struct approved *);

/* Parse and check every signature; trusts nobody yet. */
int	 approval_open(struct approved **, struct bytes blob, struct error *);
/* The same, three times as fast for certificates that the cache knows. */
int	 approval_open_cached(struct approved **, struct bytes blob,
	    struct approval_cache *, struct error *);
void	 approval_free(struct approved **);
/*
 * The order alone and its digest, for who asks what is in it and not whether
 * it counts: no signature is looked at.  ERROR_INPUT for anything else.
 */
int	 approval_look(struct order **, uint8_t digest[ORDER_DIGEST],
	    struct bytes blob, struct error *);

/*
 * Is the certificate with this issuer's CA name/serial still good?  1 yes, 0
 * revoked or held, -1.  Given by the caller: the signer asks its ledger.
 */
typedef int approval_status_fn(void *arg, X509 *, struct error *);

/*
 * Was this order to bind a credential carried out, and not undone since?  1
 * yes, 0 no, -1.  That two security officers signed it has been checked.
 */
typedef int approval_bound_fn(void *arg, const struct approved *bind,
	    struct error *);

struct approval_trust {
	STACK_OF(X509)		*anchors;	/* roots */
	STACK_OF(X509)		*intermediates;	/* the suite's own CAs */
	STACK_OF(X509)		*officers_cas;	/* roles count only from these */
	X509			*renewed;	/* ROLE_HOLDER: this certificate; or NULL */
	int64_t			 now;
	approval_status_fn	*status;	/* each time; not of roots */
	void			*status_arg;
	struct approval_cache	*cache;		/* or NULL */
	approval_bound_fn	*bound;		/* NULL: no assertion counts */
	void			*bound_arg;
	/* What the order's fields mean, for officers who may approve only
	 * certain domains; NULL: they may not, unless any_scope. */
	const struct profile	*profile;
	bool			 any_scope;	/* the scope was checked before */
};
/*
 * Chain, validity, role and status of every approver.  One bad approver
 * fails the whole: ERROR_DENIED naming the person and why.  An approver whose
 * certificate is an anchor gets ROLE_ROOT.
 */
int	 approval_check(struct approved *, const struct approval_trust *,
	    struct error *);
/* The same of one of them. */
int	 approval_check_one(struct approved *, size_t i,
	    const struct approval_trust *, struct error *);
/* After approval_check: is one way fulfilled by different persons (and
 * different keys)?  0, or -1 with ERROR_DENIED saying what is missing. */
int	 approval_satisfies(const struct approved *,
	    const struct approval_rule *, struct error *);
/*
 * May those who approve a change of status by an assertion do that to this
 * certificate?  What the order says of it is a number; its names are in here.
 */
int	 approval_check_target(const struct approved *,
	    const struct cert_look *, const char *profile, struct error *);
/* The same of an order for certificates, for who holds this bind order. */
int	 approval_scope_check(const struct order *bind, const struct order *,
	    const struct approval_trust *, struct error *);
/*
 * Who approved it and how, for people, in lines as order_describe() has them:
 * of an assertion the credential, whose it is and who bound it, where it was
 * made and what that proves.  With trust also whether each counts, and if not
 * why; without it nobody is judged, because it was done long ago.
 */
void	 approval_describe(struct buf *out, struct approved *,
	    const struct approval_trust *);
/* The kinds of order, and the rule that a profile has for them. */
const struct approval_rule *approval_rule_for(const struct profile *,
	    const struct order *);
/*
 * The rule for an order that changes the status of this certificate of the CA.
 * Which profile issued it is somebody's word, so it counts only between
 * certificates without a role; one that carries a role is judged by the
 * strictest rule of the profiles that give that role.  What a holder may do
 * with no officer at all counts only for a certificate that looks like one of
 * the profile.  ERROR_DENIED, or ERROR_NOTFOUND for an unknown profile.
 */
int	 approval_rule_for_target(const struct approval_rule **,
	    const struct profiles *, const struct order *, const char *ca,
	    const struct cert_look *, const char *profile, struct error *);
#endif
