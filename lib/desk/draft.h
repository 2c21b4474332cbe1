/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_DRAFT_H
#define SIGNET_DESK_DRAFT_H
/*
 * An order being made, with the requests that it names by digest.  Making one
 * checks everything that the signer will check and that can be known here:
 * fields, key, CA, profile.  The store is not touched.
 */
#include "base/error.h"
#include "base/secret.h"
#include "desk/desk.h"
#include "order/order.h"
#include "x509/csr.h"
#include "x509/profile.h"

struct draft {
	struct order		*order;
	const struct profile	*profile;	/* NULL: not about one */
	struct buf		*request;	/* PKCS#10; of item i + 1 */
	size_t			 nrequests;
	struct secret		 code;		/* of a one-time code order */
	/* What goes with it in the transaction that stores it; or NULL. */
	int			(*also)(struct db *, void *arg,
				    struct error *);
	void			*also_arg;
};

/* What "order new", "issue" and "cert renew" ask for. */
struct draft_issue {
	const char		*profile;
	const char		*ca;		/* or NULL: the profile's */
	const char		*csr;		/* path; or */
	const struct csr	*request;	/* read already; NULL: code */
	const char		*holder;
	const char		*comment;
	const char *const	*field;		/* NAME=VALUE */
	size_t			 nfields;
	int64_t			 until;		/* or 0 */
	const struct fields	*fields;	/* ready-made, before "field" */
	const uint8_t		*renews;	/* serial, or NULL */
	size_t			 renews_len;
};
int	 draft_issue(struct desk *, struct draft *, const struct draft_issue *,
	    struct error *);
/* A fresh order of the kind, with the lifetime of the profile or a week. */
int	 draft_new(struct desk *, struct draft *, enum order_kind,
	    const struct profile *, struct error *);
void	 draft_clear(struct draft *);
/* "issue mail-sign for 4711: Alice Holm", for lists; caller frees. */
char	*draft_summary(const struct draft *);
#endif
