/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CRL_ROUND_H
#define SIGNET_CRL_ROUND_H
/*
 * A look at the store and at the files of roots, and what follows from it for
 * the directory, the checks and the metrics.  Whatever goes wrong, what is
 * published stays.
 */
#include <stdbool.h>
#include "base/clock.h"
#include "db/db.h"
#include "item.h"
#include "net/operator.h"
#include "shelf.h"

struct backlog_target;
struct backlog {		/* what is not published in directories */
	struct backlog_target	*v;
	size_t			 n;
	struct metric		*outbox, *outbox_age;
	int64_t			 looked_ms;
};

struct round {
	/* Filled by the caller. */
	const struct crld_conf	*conf;
	const struct clock	*clock;
	struct metrics		*metrics;
	struct health		*health;
	int			 bell;		/* as of db_set_bell() */
	/* The rest is private. */
	struct authorities	 authorities;
	struct items		 items;
	struct shelf		 shelf;
	struct db		*db;		/* NULL: never reached yet */
	struct error		 store;		/* why it is away */
	bool			 published;	/* something, in this round */
	size_t			 refusals;	/* in this round */
	struct arena		*arena;
	struct backlog		 backlog;
	struct metric		*store_up, *published_count;
};

/* Make what is missing; sandboxes are made of what is there. */
int	 round_directories(const struct crld_conf *, struct error *);
/* Roots, CAs, and what was published before. */
int	 round_open(struct round *, struct error *);
/* 1 the directory has changed, 0 it has not, -1 something could not be done
 * or was refused; it was logged. */
int	 round_run(struct round *);
/* The store's socket, another one after each loss, or -1; when it is readable:
 * takes the notifications, -1 when the store is gone. */
int	 round_socket(const struct round *);
int	 round_heard(struct round *);
/* Each second: so that what others read on a replica does not look old. */
void	 round_beat(struct round *);
void	 round_close(struct round *);

#endif
