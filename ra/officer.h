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
#include "desk/desk.h"
#include "desk/review.h"
#include "order/approval.h"
#include "page.h"

#define OFFICER_PAGE	50		/* rows of a list */
#define OFFICER_KEYS	16		/* bound to one person */

struct officer_scope {
	struct approved		*bind[OFFICER_KEYS];
	struct db_credential	 key[OFFICER_KEYS];
	size_t			 n;
};
/* Of who asks.  No key bound: nothing is in it. */
int	 officer_scope(struct page *, struct officer_scope *, struct error *);
void	 officer_scope_clear(struct officer_scope *);
/* May it be decided on with one of the keys?  0, or ERROR_DENIED saying why
 * with the last of them. */
int	 officer_scope_order(struct page *, const struct officer_scope *,
	    const struct order *, struct error *);
int	 officer_scope_cert(const struct officer_scope *,
	    const struct db_cert *, struct error *);
int	 officer_scope_office(const struct officer_scope *,
	    const char *office, struct error *);
/* The profiles that the keys are for, in the arena; NULL: all. */
const char *const *officer_scope_profiles(struct page *,
	    const struct officer_scope *, size_t *n);

/* An order that may be seen; ERROR_NOTFOUND for one out of scope, too. */
int	 officer_order(struct page *, const struct officer_scope *,
	    const uint8_t id[DB_ORDER_ID], struct review *, struct error *);

/* ---- showing ---- */

/* "2026-11-21 02:49 UTC", and only the day. */
void	 officer_put_time(json_t *, const char *name, int64_t);
void	 officer_put_day(json_t *, const char *name, int64_t);
void	 officer_put(json_t *, const char *name, const char *);
/* What the profile is called for people; its name if it has none. */
const char *officer_profile_text(struct page *, const char *profile);
/* { ca, serial, name, holder, description, not_after, status } */
json_t	*officer_cert_json(struct page *, const struct db_cert *);
/* "rows" and rows_shown, "profiles" with all as the first. */
void	 officer_put_rows(struct page *, const char *name, json_t *rows);
int	 officer_put_profiles(struct page *, const char *selected,
	    struct error *);
/* "CN" of a subject in words; in the arena. */
const char *officer_cert_name(struct page *, const struct db_cert *);

/*
 * checks, earlier and key_users of checks.html, for a request that is wanted
 * by this holder; der p NULL: there is none yet.
 */
int	 officer_put_checks(struct page *, const struct profile *,
	    const char *holder, const char *mail, struct bytes der,
	    struct error *);

/* ---- signing ---- */

/* order_sign.html for this order; blob: of one that is not stored, or
 * empty.  Both addresses are ours. */
int	 officer_sign_show(struct page *, const struct officer_scope *,
	    const struct order *, const uint8_t digest[ORDER_DIGEST],
	    const char *summary, struct bytes blob, const char *act,
	    const char *back, struct error *);
/* The assertion that the form has sent, with its bind order, as the sealer
 * takes it.  ERROR_INPUT, ERROR_DENIED for a key that is not bound to who
 * asks. */
int	 officer_sign_take(struct page *, const struct officer_scope *,
	    struct buf *assertion, struct error *);
/* The order that the form brought back: not approved by anybody, of this
 * kind.  ERROR_INPUT. */
int	 officer_sign_order(struct page *, enum order_kind,
	    struct approved **, struct error *);
/* Approve it, as the officer by the RA; r is judged anew. */
int	 officer_sign_approve(struct page *, const struct officer_scope *,
	    struct review *, struct error *);
/*
 * The whole for an order that is not stored yet: verify the assertion, store
 * the order with what goes with it, approve it.
 */
struct draft;
struct db_holder;
int	 officer_sign_new(struct page *, const struct officer_scope *,
	    const struct draft *, const struct db_holder *, struct error *);
#endif
