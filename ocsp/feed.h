/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_FEED_H
#define SIGNET_OCSP_FEED_H
/*
 * Whether what was read is still so.
 *
 * A thread looks several times a second where the store's audit chain stands
 * and drops from the caches whatever has changed.  While these looks succeed
 * nothing has to be read twice; when they fail nothing that needs the store is
 * signed.  Entries are numbered and hashed: after a pause the feed goes on
 * where it stood, and a store with another history empties the caches.
 */
#include "answers.h"
#include "base/clock.h"
#include "cells.h"
#include "complain.h"
#include "issuers.h"

struct feed_conf {
	const char		*database;
	int			 poll_ms, query_ms;
	int64_t			 freshness_ms, max_lag_ms;
	const struct clock	*clock;
	struct cells		*cells;
	struct answers		*answers;
	struct issuer_source	*issuers;
	struct complaints	*complaints;
	/* Called in the feed's thread when the chain has moved. */
	void			(*moved)(void *arg);
	void			*arg;
};

struct feed;
int	 feed_start(struct feed **, const struct feed_conf *,
	    struct error *);
/* No look from now on; what the last one saw is still there. */
void	 feed_stop(struct feed *);
void	 feed_free(struct feed **);
/*
 * May an answer be signed now?  0, or ERROR_UPSTREAM: there was no good look
 * for too long, or the replica is too far behind.
 */
int	 feed_check(const struct feed *, struct error *);
/* Somebody else found the store dead: not fresh until the next good look. */
void	 feed_doubt(struct feed *);

struct feed_state {
	int64_t	 age_ms;	/* of the last good look; -1: none yet */
	int64_t	 lag_ms;	/* of a replica; 0 on a primary */
	int64_t	 seq;
	bool	 is_replica;
};
void	 feed_look(const struct feed *, struct feed_state *);
#endif
