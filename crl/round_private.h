/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_ROUND_PRIVATE_H
#define SIGNET_CRL_ROUND_PRIVATE_H
/*
 * Between round.c, which has the order of things, round_store.c, which asks
 * the store, and round_health.c, which says how it is.
 */
#include "round.h"

/* The item of that place, which is looked at when it is new. */
struct item *round_item(struct round *, const char *ca, enum item_kind,
	    int64_t shard);
/* List "number" (0: it has none) was not published.  Each reason is said
 * once, and counted in each round. */
void	 round_refuse(struct round *, struct item *, int64_t number,
	    const struct error *why);
void	 round_accept(struct round *, struct item *);
/* In the log, in a metric, and for the auditor. */
void	 round_alarm(struct round *, const char *ca, const struct error *why);
bool	 round_is_away(const struct error *);

/* round_store.c: CAs and lists of the store, if it is there. */
void	 round_look_at_store(struct round *);

/* round_backlog.c: what waits for directories; -1: the store. */
int	 round_look_at_backlog(struct round *, struct error *);
void	 round_backlog_clear(struct round *);

/* round_health.c: checks and metrics of what is published. */
void	 round_health(struct round *);
void	 round_forget(struct round *, const char *ca);
#endif
