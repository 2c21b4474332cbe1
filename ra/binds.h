/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_BINDS_H
#define SIGNET_RA_BINDS_H
/*
 * Orders that bind security keys to officers, as a thread has taken them apart
 * before.  Each page of an officer needs them, and to parse them and to check
 * their signatures anew is half of what such a page costs.  They are found by
 * what they are, so there is nothing that could have changed; whether a key is
 * still bound the store says each time.
 */
#include "order/approval.h"

#define BINDS_MAX	256		/* then all make room */

struct binds;
struct binds *binds_new(void);
void	 binds_free(struct binds **);
/* Before a request; what was borrowed in the last one may go. */
void	 binds_turn(struct binds *);
/* As approval_open_cached(); borrowed until binds_turn(). */
int	 binds_open(struct binds *, struct bytes blob,
	    struct approval_cache *, struct approved **, struct error *);
#endif
