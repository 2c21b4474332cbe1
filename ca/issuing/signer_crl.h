/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_SIGNER_CRL_H
#define SIGNET_CA_SIGNER_CRL_H
/*
 * Private to signer_crl*.c: a list in the making.
 *
 * What the signer knows, its last list with the ledger over it, and what the
 * store says come side by side in the order of serial numbers.  A run is a
 * stretch of both; where they differ in it the store has to prove its word
 * before the run is written and the next one begins.
 *
 * The complete list has every certificate of the CA that is revoked or held.
 * A shard has those of them that name it, in themselves: the ledger remembers
 * which, and a row that says otherwise counts for nothing.
 */
#include "signer_private.h"
#include "wire.h"

#define CRL_RUN		(2 * WIRE_CRL_PAGE)
#define CRL_STEP	20000	/* entries looked at in one message */

enum crl_claim {
	CRL_AGREED,
	CRL_MISSING,	/* we have it, the store does not */
	CRL_EXTRA,	/* the store has it, we do not */
	CRL_STRAY,	/* we do not know whether it names this shard */
	CRL_DROPPED,	/* it goes on no list */
};
struct crl_run {
	struct crl_entry	 entry;
	enum crl_claim		 claim;
};

static inline bool
crl_is_asked(const struct crl_run *r)
{
	return r->claim == CRL_MISSING || r->claim == CRL_EXTRA ||
	    r->claim == CRL_STRAY;
}

enum crl_stage { CRL_SEEN, CRL_ENTRIES, CRL_SIGN, CRL_VERIFY, CRL_DONE };

struct crl_build {
	enum crl_stage		 stage;
	enum wire_crl_kind	 kind;
	int64_t			 shard;		/* 0: the whole CA */
	struct crl		**over;		/* the list before it; or NULL */
	struct crl		**place;	/* where it goes: the same, or
						 * the CA's delta */
	char			 url[CRL_SHARD_URL];
	int64_t			 next;		/* number, says the store */
	int			 seen;		/* file of the store's list, or -1 */
	struct crl_params	 params;
	struct crl_writer	*writer;
	int64_t			 written;
	uint8_t			 digest[32];
	struct crl		*made;		/* borrowed from the CA: deliver */

	/* the ledger on this CA, ascending, and how far we are in it; the
	 * statuses are the ledger's own, which it never moves: what changes
	 * meanwhile is seen */
	const struct ledger_status **ledger;
	size_t			 nledger, ledger_at;
	/* the same in the last list; the entry that comes next */
	size_t			 last_at;
	struct crl_entry	 last;
	bool			 has_last;
	/* the next of both */
	struct crl_entry	 known;
	bool			 has_known, is_stray;

	struct crl_entry	*page;		/* the store's */
	size_t			 npage, page_at;
	bool			 page_is_last;
	struct crl_run		*run;
	size_t			 nrun, nasked;

	struct crl_reader	*reader;
	struct buf		 alarms;	/* strings, each with its NUL */
	uint32_t		 nalarms, unsaid;
};

/* signer_crl.c */
char	*crl_path(const struct signer *, const struct signer_ca *,
	    const char *end);	/* in the state directory; caller frees */
char	*crl_list_path(const struct signer *, const struct signer_ca *,
	    enum wire_crl_kind, int64_t shard);
/* The CA whose list is being made and has come to this stage. */
int	 crl_find_build(struct signer *, struct msg *, enum crl_stage,
	    struct signer_ca **, struct error *);
/* Whether there is something of our own to hand over, or to be made. */
int	 crl_decide(struct signer *, struct signer_ca *, struct msg *out,
	    struct error *);

/* signer_crl_shard.c */
struct crl **crl_shard_place(struct signer_ca *, int64_t shard);
int	 crl_shard_load(struct signer *, struct signer_ca *, struct error *);
/*
 * Certificates on the CA's last list of which the ledger knows nothing: it was
 * another instance's, and the chain does not reach that far yet.  Nobody but
 * the certificate can say which shard they are on.  Ascending; their shard is
 * -1.  The list is looked through once, until crl_strays_changed().
 */
const struct ledger_status *crl_strays(struct signer *, struct signer_ca *,
	    size_t *n);
void	 crl_strays_changed(struct signer_ca *);
bool	 crl_is_stray(struct signer *, struct signer_ca *,
	    const struct crl_entry *);

/* signer_crl_seen.c */
int	 crl_seen_begin(struct signer *, struct signer_ca *, struct error *);

/* signer_crl_merge.c */
void	 crl_entry_of(const struct crl_build *, const struct ledger_status *,
	    struct crl_entry *);
void	 crl_ledger_load(struct signer *, struct signer_ca *);
/* Rewind what is known to its beginning. */
void	 crl_known_rewind(struct crl_build *);
/* Entries into runs and on the list, until evidence is wanted (b->nasked) or
 * the store's page is at its end. */
int	 crl_merge(struct signer *, struct signer_ca *, struct error *);
/* What has changed since the last complete list.  1: call again, 0, -1. */
int	 crl_merge_delta(struct signer_ca *, struct error *);
bool	 crl_merge_is_complete(struct signer_ca *);

/* signer_crl_proof.c: one piece of evidence for each that was asked for. */
int	 crl_weigh(struct signer *, struct signer_ca *, struct msg *,
	    struct error *);
void	 crl_alarm(struct crl_build *, const struct crl_entry *,
	    const char *what);

/* signer_crl_verify.c: read what was written and hold it against what is
 * known.  1: there is more, 0: it is right, -1. */
int	 crl_verify(struct signer *, struct signer_ca *, struct error *);
#endif
