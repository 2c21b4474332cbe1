/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_REVIEW_H
#define SIGNET_DESK_REVIEW_H
/*
 * An order taken from the store and looked at as the signer will: signatures,
 * rules of the profiles, what is missing.  The row is only believed where the
 * signed blob agrees.
 */
#include "db/db_order.h"
#include "desk/desk.h"
#include "order/approval.h"

#define REVIEW_RULES_MAX	16

struct review {
	struct db_order			 row;
	struct bytes			 blob;		/* arena's */
	struct approved			*approved;
	const struct approval_rule	*rule[REVIEW_RULES_MAX];
	size_t				 nrules;
	bool				 complete;
	struct error			 missing;	/* why not */
};
/* By the beginning of its id; ERROR_NOTFOUND if there is none. */
int	 review_load(struct desk *, const char *hex, struct review *,
	    struct error *);
int	 review_load_id(struct desk *, const uint8_t id[DB_ORDER_ID],
	    struct review *, struct error *);
/* Only what it orders: its approvals are not looked at.  Caller frees. */
int	 review_look(struct desk *, const uint8_t id[DB_ORDER_ID],
	    struct order **, struct error *);
/* One whose row has been read, and what is signed; that is borrowed. */
int	 review_load_row(struct desk *, const struct db_order *,
	    struct bytes blob, struct review *, struct error *);
/* What the rules say of this blob; sets complete and missing.  An approval
 * that does not count is in missing, too. */
int	 review_judge(struct desk *, struct review *, struct error *);
/* Does this approval count, whatever else is missing?  Else ERROR_DENIED. */
int	 review_check_approver(struct desk *, struct review *,
	    const struct approver *, struct error *);
/* Its approvals in words (approval_describe()); while it is open also whether
 * they count. */
int	 review_describe(struct desk *, struct review *, struct buf *out,
	    struct error *);
/* Pending or ready: something may still become of it. */
bool	 review_is_open(const struct review *);
/* Would an approval by somebody of this role count?  Else ERROR_DENIED. */
int	 review_wants_role(struct desk *, struct review *, enum role,
	    struct error *);
void	 review_clear(struct review *);
/* "officer and officer" of each rule, for people; caller frees. */
char	*review_rules_text(const struct review *);
/* First eight digits of an id. */
#define REVIEW_SHORT	8
char	*review_short_id(char dst[REVIEW_SHORT + 1], const uint8_t *id);
#endif
