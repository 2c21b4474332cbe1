/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_SIGNER_PRIVATE_H
#define SIGNET_CA_SIGNER_PRIVATE_H
/*
 * What the files of the signer share: its state, and the checks that several
 * messages need.
 */
#include <stdatomic.h>
#include <sys/stat.h>

#include "agent/place.h"
#include "base/map.h"
#include "ledger.h"
#include "order/approval.h"
#include "os/msg.h"
#include "settings.h"
#include "signer.h"
#include "wire.h"
#include "x509/ca_name.h"
#include "x509/blocklist.h"
#include "x509/cert.h"
#include "x509/crl.h"
#include "x509/crl_shard.h"
#include "x509/token.h"

#define SIGNER_BATCHES	8	/* manifests kept between messages */
#define SIGNER_KNOWN	32	/* approvers whose certificates were verified */

struct signer_ca {			/* one generation of a CA */
	const struct ca_conf	*conf;
	struct issuer		 issuer;	/* cert NULL: unusable */
	struct token_key	*token;		/* NULL: the key is a file */
	EVP_PKEY		*key;		/* NULL: not seen yet */
	bool			 usable;	/* as far as we know */
	char			 why_not[400], hint[160];
	int64_t			 retry_ms;	/* 0: waiting does not mend it */
	int64_t			 retry_at;	/* monotonic */
	atomic_bool		 failing;	/* within one group */
	char			 family[CA_NAME_SIZE];	/* as orders call it */
	int			 generation;
	int64_t			 start;		/* issues from then on */
	int64_t			 due;		/* the next one should be there */
	bool			 revoked;	/* by the root */
	struct crl		*last;		/* newest complete list we know */
	struct crl		*delta;		/* newest delta that we made */
	struct signer_shards	*shards;	/* the same per shard */
	const char		*shard_url;	/* NULL: there is none */
	uint64_t		 noted;		/* tick: the ledger was told it */
	struct crl_build	*build;		/* the list in the making */
};

struct signer_batch {
	struct approved	*approved;	/* NULL: free */
	size_t		 pins;		/* prepared items that point into it */
	uint64_t	 used_at;
	bool		 opened;	/* approvals were checked */
};

/* A certificate that a CA of ours has signed, which does not change. */
struct signer_known {
	uint8_t			 digest[32];
	struct signer_ca	*ca;		/* NULL: free */
};

/* Prepared and not yet signed. */
struct prepared {
	uint8_t			 order[32];
	uint32_t		 n;
	uint64_t		 group;		/* tick of its PREPARE */
	struct approved		*approved;	/* owned, or */
	struct signer_batch	*batch;		/* pinned */
	struct signer_ca	*ca;
	struct cert_spec	 spec;		/* fields borrowed from above */
	struct buf		 spki;
	struct buf		 tbs;
	uint8_t			 tbs_digest[32];
	int64_t			 expires;
	uint8_t			 station[32];	/* digest of the ORDER_ITEM */
	bool			 has_station;
};

struct signer {
	const struct cad_conf	*conf;
	const struct clock	*clock;
	const struct rng	*rng;
	struct profiles		 profiles;
	struct blocklists	 blocklists;
	STACK_OF(X509)		*anchors, *intermediates;
	STACK_OF(X509)		*officers_cas;	/* its generations; borrowed */
	STACK_OF(X509)		*makers;	/* of cards; or NULL */
	struct signer_ca	*ca;
	size_t			 nca;
	struct identity		 agent;		/* signs audit heads */
	struct place		 agent_place;
	struct place_secret	 agent_secret;
	struct stat		 agent_file;	/* its certificate's */
	struct ledger		*ledger;
	struct approval_cache	*cache;
	struct signer_known	 known[SIGNER_KNOWN];
	size_t			 known_at;	/* the next to be replaced */
	struct map		 prepared;
	struct signer_batch	 batch[SIGNER_BATCHES];
	uint64_t		 tick;
	struct audit_head	 head;		/* followed so far */
	bool			 learnt;	/* from the chain, not yet synced */
	bool			 forked;	/* the chain did not continue */
	char			 fork_why[200];
};

typedef int signer_fn(struct signer *, struct msg *in, struct msg *out,
    struct error *);
signer_fn signer_follow, signer_batch, signer_prepare, signer_sign,
    signer_resume, signer_status, signer_adopt, signer_crl, signer_crl_seen,
    signer_crl_entries, signer_crl_evidence, signer_crl_sign,
    signer_crl_piece, signer_head, signer_hello, signer_reject, signer_bind,
    signer_lost;

int	 signer_agent_load(struct signer *, struct buf *unusable,
	    struct error *);
/* What has taken its place meanwhile. */
void	 signer_agent_refresh(struct signer *);
void	 signer_agent_clear(struct signer *);
int	 signer_load_cas(struct signer *, struct buf *unusable,
	    struct error *);

/* signer_key.c.  The certificate is there; -1 and not usable otherwise. */
int	 signer_key_load(struct signer *, struct signer_ca *, struct error *);
/* Now, after another look for a token that was away if it is time. */
bool	 signer_key_is_usable(struct signer_ca *);
/* A signature with it failed. */
void	 signer_key_failed(struct signer_ca *, const struct error *why);
void	 signer_key_clear(struct signer_ca *);
/* "no CA has a usable key", and why the first has none. */
int	 signer_key_none(const struct signer *, struct error *);

/* A generation by name: ERROR_NOTFOUND, or ERROR_UPSTREAM without its key. */
int	 signer_find_ca(struct signer *, const char *name,
	    struct signer_ca **, struct error *);
/*
 * The generation that issues for the CA of that name: the newest in force.
 * Also ERROR_UPSTREAM when none is in force now, ERROR_DENIED for the name of
 * a generation.
 */
int	 signer_issuing_ca(struct signer *, const char *name,
	    struct signer_ca **, struct error *);
/*
 * The generation of exactly that name, for what speaks for its key alone: an
 * old one, too, as long as its certificate is good.
 */
int	 signer_speaking_ca(struct signer *, const char *name,
	    struct signer_ca **, struct error *);
enum wire_ca signer_ca_state(struct signer *, const struct signer_ca *);
/* The generation that issued the certificate, or NULL. */
struct signer_ca *signer_ca_of(struct signer *, X509 *);
/* ... of one that was looked into. */
struct signer_ca *signer_ca_of_look(struct signer *, const struct cert_look *,
	    struct bytes der);
/* Approvers: chain, role, ledger status; renewed may be NULL. */
int	 signer_check_approvals(struct signer *, struct approved *,
	    const struct approval_rule *, X509 *renewed, struct error *);
/* The same as of some other time. */
int	 signer_check_approvals_at(struct signer *, struct approved *,
	    const struct approval_rule *, X509 *renewed, int64_t at,
	    struct error *);
/*
 * What the store brings to prove a change of status that is not ours: does
 * this order, by those who may, say it of this certificate?  What was used
 * here, or was made before the certificate's present status began ("since"),
 * proves nothing, except that a revocation is for ever.
 */
struct signer_proof {
	struct approved	*order;
	const char	*ca;
	struct bytes	 serial;
	struct bytes	 cert;		/* as the store has it */
	const char	*profile;
	int64_t		 since;
	int64_t		 shard;		/* out: that the certificate names */
};
int	 signer_check_proof(struct signer *, struct signer_proof *,
	    struct error *);
/* What the order makes of the certificate; the caller sets "at". */
void	 signer_proof_status(const struct signer_proof *,
	    struct ledger_status *);
/* Created not in the future, not expired, not rejected.  ERROR_DENIED. */
int	 signer_check_live(struct signer *, const struct approved *,
	    struct error *);
/* The order that "a" rejects is never carried out here; with the next sync. */
void	 signer_reject_order(struct signer *, const struct approved *);
/* What the order does to credentials; with the next sync. */
void	 signer_bind_order(struct signer *, const struct approved *);
/* Is the credential bound, by the ledger?  approval_bound_fn. */
int	 signer_is_bound(void *signer, const struct approved *bind,
	    struct error *);
/* ERROR_UPSTREAM while the audit chain does not continue. */
int	 signer_check_chain(struct signer *, struct error *);
/* Is a worker just about to tell the store of it? */
bool	 signer_is_telling(const struct signer *,
	    const struct ledger_status *);
/* Status in the ledger of a certificate of ours: approval_status_fn. */
int	 signer_cert_status(void *signer, X509 *, struct error *);
/* The lists on disk; as new as the ledger, or ERROR_CONFIG. */
int	 signer_crl_load(struct signer *, struct signer_ca *, struct error *);
/* Their addresses: ERROR_CONFIG when certificates have others by now. */
int	 signer_shard_load(struct signer *, struct signer_ca *,
	    struct error *);
/* The shard that a certificate of the CA names, or 0. */
int64_t	 signer_shard_of(const struct signer_ca *, X509 *);
/* It is about to be named: the ledger must know, with the next sync. */
void	 signer_shard_note(struct signer *, struct signer_ca *);
void	 signer_shard_free(struct signer_ca *);
void	 signer_crl_drop(struct signer_ca *);
void	 prepared_free(struct prepared **);
#endif
