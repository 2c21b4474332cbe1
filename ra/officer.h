/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_OFFICER_H
#define SIGNET_RA_OFFICER_H
/*
 * What the officers' pages share: how far an officer's word reaches, and how
 * orders and certificates are shown.
 *
 * The scope is that of the security keys that two security officers have bound
 * to the person.  The CA's signer judges by the same bind orders; here they
 * decide what is shown at all, so that what an officer cannot act on cannot be
 * looked at by its address either.
 */
#include <jansson.h>
#include "db/db_cert.h"
#include "db/db_credential.h"
#include "db/db_holder.h"
#include "db/db_officer.h"
#include "desk/desk.h"
#include "desk/draft.h"
#include "desk/review.h"
#include "order/approval.h"
#include "page.h"

#define OFFICER_PAGE	50		/* rows of a list */
#define OFFICER_KEYS	16		/* bound to one person */

struct officer_scope {
	struct approved		*bind[OFFICER_KEYS];	/* borrowed */
	struct db_credential	 key[OFFICER_KEYS];
	size_t			 n;
};
/* Of who asks.  No key bound: nothing is in it. */
int	 officer_scope(struct page *, struct officer_scope *, struct error *);
/* May it be decided on with one of the keys?  0, or ERROR_DENIED saying why
 * with the last of them. */
int	 officer_scope_order(struct page *, const struct officer_scope *,
	    const struct order *, struct error *);
int	 officer_scope_cert(struct page *, const struct officer_scope *,
	    const struct db_cert *, struct error *);
int	 officer_scope_target(const struct officer_scope *,
	    const struct db_officer_target *, struct error *);
int	 officer_scope_office(const struct officer_scope *,
	    const char *office, struct error *);
/* The keys of all that are for this office; borrowed. */
void	 officer_scope_here(struct officer_scope *here,
	    const struct officer_scope *all, const char *office);
/* Drop the keys that are not for this office; or not for the one at which the
 * order was applied for. */
void	 officer_scope_narrow(struct officer_scope *, const char *office);
int	 officer_scope_at(struct page *, struct officer_scope *,
	    const uint8_t order[DB_ORDER_ID], struct error *);
/* Is one of the keys for everything? */
bool	 officer_scope_is_whole(const struct officer_scope *);
/* Where an order was applied for by form; not found where nobody asks. */
struct officer_applied {
	bool		 found;
	const char	*office;	/* or NULL */
};
int	 officer_scope_applied(struct page *, const struct officer_scope *,
	    const uint8_t order[DB_ORDER_ID], struct officer_applied *,
	    struct error *);
/* ERROR_DENIED, saying how to come by a key. */
int	 officer_no_key(struct error *);
/* The profiles that the keys are for, in the arena; NULL: all. */
const char *const *officer_scope_profiles(struct page *,
	    const struct officer_scope *, size_t *n);

bool	 officer_scope_has(const char *const *profiles, size_t n,
	    const char *profile);

/* Could an officer approve certificates of it at all? */
bool	 officer_may_order(const struct profile *);
/* "profiles" { name, description }: what can be ordered with the keys. */
int	 officer_put_offers(struct page *, const struct officer_scope *,
	    struct error *);
/* One of them, else ERROR_NOTFOUND; ERROR_DENIED for who has no key. */
int	 officer_find_offer(struct page *, const struct officer_scope *,
	    const char *name, const struct profile **, struct error *);

/* An order that may be seen; ERROR_NOTFOUND for one out of scope, too. */
int	 officer_order(struct page *, const struct officer_scope *,
	    const uint8_t id[DB_ORDER_ID], struct review *, struct error *);
int	 officer_order_row(struct page *, const struct officer_scope *,
	    const struct db_officer_row *, struct review *, struct error *);
/* Which of these may be seen: one question for the certificates of all.  What
 * somebody has damaged in the store may not, and is logged: it does not hide
 * the rest. */
int	 officer_order_rows(struct page *, const struct officer_scope *,
	    const struct db_officer_rows *, bool *seen, struct error *);

/* ---- taking ---- */

/* Of the address; NULL for an empty one. */
const char *officer_query(struct page *, const char *name);
/* A field that must be there, one line of clean text. */
int	 officer_take_text(struct page *, const char *name, size_t max,
	    const char **, struct error *);
/* id and name, from "holder" and "holder_name". */
int	 officer_take_holder(struct page *, struct db_holder *,
	    struct error *);
/* "id_card: 881122-3344, seen today", for the order's comment. */
int	 officer_take_evidence(struct page *, const char **comment,
	    struct error *);
void	 officer_put_evidence(struct page *);		/* the kinds */

/*
 * limits.html, with what was typed: profiles, offices, domains, until.  Taken,
 * they go into an order to bind; what is wrong with them is put on the form.
 */
int	 officer_put_limits(struct page *, struct error *);
int	 officer_take_limits(struct page *, struct order *, struct error *);

/* ---- showing ---- */

/* "2026-11-21 02:49 UTC", and only the day. */
void	 officer_put_time(json_t *, const char *name, int64_t);
void	 officer_put_day(json_t *, const char *name, int64_t);
void	 officer_put(json_t *, const char *name, const char *);
/* "states" of a search, the chosen one marked, and "filter" with the text. */
void	 officer_put_filter(struct page *, const char *const *states, size_t n,
	    const char *chosen, const char *text);
/* { ca, serial, name, holder, description, not_after, status } */
json_t	*officer_cert_json(struct page *, const struct db_cert *);
/* "rows" and rows_shown, "profiles" with all as the first. */
void	 officer_put_rows(struct page *, const char *name, json_t *rows);
int	 officer_put_profiles(struct page *, const char *selected,
	    struct error *);

/*
 * checks, earlier and key_users of checks.html, for a request that is wanted
 * by this holder; der p NULL: there is none yet.
 */
int	 officer_put_checks(struct page *, const struct profile *,
	    const char *holder, const char *mail, struct bytes der,
	    struct error *);

/* "approvals" of an order: name, role, at, how. */
void	 officer_put_approvals(struct page *, const struct approved *);
/* may_approve, may_reject, why_not: would an approval of who asks count? */
int	 officer_put_may(struct page *, const struct review *,
	    struct error *);

/* ---- signing ---- */

/* order_sign.html for an order that is stored.  Both addresses are ours. */
int	 officer_sign_show(struct page *, const struct officer_scope *,
	    const struct review *, const char *act, const char *back,
	    struct error *);
/* The same for one that is not: it comes back with the form, and so does what
 * is carried. */
int	 officer_sign_draft(struct page *, const struct officer_scope *,
	    const struct draft *, const char *act, const char *back,
	    struct error *);
void	 officer_carry(struct page *, const char *name, const char *value);
/* The order that the form brought back: not approved by anybody, of this
 * kind.  ERROR_INPUT. */
int	 officer_sign_order(struct page *, enum order_kind,
	    struct approved **, struct error *);
/* Approve it, as the officer by the RA; r is judged anew.  Who has approved it
 * already has lost the answer, and is told the same. */
int	 officer_sign_approve(struct page *, const struct officer_scope *,
	    struct review *, struct error *);
/*
 * The whole for an order that is not stored yet: verify the assertion, store
 * the order with what goes with it, approve it.  What of this has been done is
 * not done again: a browser that lost the answer sends the form once more.
 */
int	 officer_sign_new(struct page *, const struct officer_scope *,
	    const struct draft *, const struct db_holder *, struct error *);
/* The same, for who stores it otherwise, and finds that it is there. */
typedef int officer_store_fn(struct page *, struct draft *, void *arg,
	    struct error *);
int	 officer_sign_by(struct page *, const struct officer_scope *,
	    struct draft *, officer_store_fn *store, void *arg, struct error *);
#endif
