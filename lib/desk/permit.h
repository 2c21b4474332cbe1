/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DESK_PERMIT_H
#define SIGNET_DESK_PERMIT_H
/*
 * What takes two officers and is not the CA's business: one asks by signing an
 * order of kind permit, another signs it, too, and then it is done, once.  What
 * is permitted has a name and a digest, and both are signed.
 */
#include "db/db_permit.h"
#include "desk/review.h"

struct permit {
	const char	*what;			/* "puk P0000123K" */
	uint8_t		 digest[ORDER_DIGEST];
	int64_t		 lifetime;		/* seconds, when it is made */
	const char	*comment;		/* why; or NULL */
	/* What is stored with it; or NULL. */
	int		(*also)(struct db *, void *arg, struct error *);
	void		*also_arg;
};
/* Signed by the desk's signer; its id. */
int	 permit_ask(struct desk *, const struct permit *,
	    uint8_t id[ORDER_ID_SIZE], struct error *);
/* The open one: 1, 0, -1. */
int	 permit_find(struct desk *, const char *what, struct review *,
	    struct error *);
/*
 * Is this order for that, approved by two, and neither used nor expired?
 * ERROR_DENIED, with what is missing; ERROR_CONFLICT when it was used.
 */
int	 permit_check(struct desk *, const struct permit *, struct review *,
	    struct error *);
#endif
