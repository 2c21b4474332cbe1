/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_LINK_H
#define SIGNET_RA_LINK_H
/*
 * Secret links to an application: the token is in the mail, its digest in the
 * store, and nobody can make one out of the other.
 */
#include "base/clock.h"
#include "base/error.h"
#include "db/db_application.h"

#define LINK_TOKEN	40	/* hex digits: 160 bits */

/* A new link to the application: its token. */
int	 link_make(char token[LINK_TOKEN + 1], struct db *,
	    const uint8_t id[DB_APPLICATION_ID], enum db_link,
	    const struct rng *, struct error *);
/* Where a link leads; ERROR_NOTFOUND for what is none. */
int	 link_find(struct db *, enum db_link, const char *token,
	    struct db_application *, struct arena *, struct error *);
#endif
