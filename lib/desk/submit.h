/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_SUBMIT_H
#define SIGNET_DESK_SUBMIT_H
/*
 * Orders on their way into the store: handed in, approved, rejected.  Each
 * change goes with its audit entry in one transaction.
 */
#include "db/db_holder.h"
#include "desk/desk.h"
#include "desk/draft.h"
#include "desk/review.h"

/*
 * Hand in.  1 stored; 0 the same order is there already, -1.  With a name the
 * holder is made if absent; without, ERROR_NOTFOUND if absent.  proof, unless
 * NULL, is a holder's identity that signs first (renewal).
 */
int	 submit_draft(struct desk *, const struct draft *,
	    const struct db_holder *, const struct identity *proof,
	    struct error *);
/* Several that belong together, in one transaction: all are stored or none.
 * Of each the holder, as above; or NULL: all are there. */
int	 submit_drafts(struct desk *, const struct draft *const *,
	    const struct db_holder *, size_t n, struct error *);
/* A finished blob from a file: requests as the order names them. */
int	 submit_blob(struct desk *, const struct draft *, struct bytes blob,
	    int approvals, struct error *);

/* Signed by the desk's signer and handed in at once, in one transaction with
 * draft->also.  ERROR_DENIED if that approval would not count. */
int	 submit_signed(struct desk *, const struct draft *, struct error *);

/* Is a key of the order another's, or compromised?  ERROR_DENIED, naming the
 * holder. */
int	 submit_check_keys(struct desk *, const struct draft *, struct error *);

/* Has the desk's signer approved it before? */
bool	 submit_has_approval(const struct desk *, const struct review *);
/* Would an approval be of use?  Asked before signing. */
int	 submit_may_approve(struct desk *, struct review *, struct error *);
/*
 * Have the desk's signer sign, and put it in the place of what is there.
 * When another officer was faster, his approval is taken over and ours is
 * added to it.  r is judged anew.
 */
int	 submit_approval(struct desk *, struct review *, struct error *);
/* The same for who asks again because the answer was lost: an approval that is
 * there already, whatever has become of the order, is as good. */
int	 submit_approval_once(struct desk *, struct review *, struct error *);
int	 submit_rejection(struct desk *, const struct review *,
	    const char *reason, struct error *);
/* The order to reject one that has approvals, which are for good: only another
 * signed order takes their effect away.  It is remembered as long as the one
 * that it rejects could be used. */
int	 submit_draft_rejection(struct desk *, struct draft *,
	    const struct review *, const char *reason, struct error *);
/* The same for the draft->also of the order to reject it. */
struct rejecting {
	struct desk		*desk;
	const struct review	*r;
	const char		*reason;
};
int	 submit_rejected(struct db *, void *rejecting, struct error *);
#endif
