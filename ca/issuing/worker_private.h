/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_WORKER_PRIVATE_H
#define SIGNET_CA_WORKER_PRIVATE_H
/*
 * What the files of the worker share.
 */
#include "audit/chain.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"
#include "db/db.h"
#include "db/db_audit.h"
#include "os/fault.h"
#include "os/msg.h"
#include "wire.h"
#include "worker.h"

struct worker {
	const struct cad_conf	*conf;
	struct service		*svc;
	struct db		*db;
	int			 index;
	int			 signer, parent;	/* descriptors */
	int			 watched;		/* the store's, or -1 */
	char			 name[80];		/* instance/index */
	struct arena		*arena;			/* one round */
	struct msg		 ask, answer;
	int64_t			 head;			/* the signer stands here */
	const char		*usable[64];		/* CAs with a key */
	size_t			 nusable;
	struct buf		 usable_text;
	uint8_t			 batch[8][32];		/* opened at the signer */
	size_t			 nbatch;
	bool			 resume;		/* intents may be left */
	bool			 forked;		/* said so already */
	bool			 changed;		/* status, since the last look */
	int64_t			 next_head;		/* monotonic ms */
	int64_t			 head_signed;		/* sequence */
	int64_t			 next_crl, next_expiry, next_takeover;
};

/* One kind of work each.  1 something was done and there may be more, 0
 * nothing was there to do, -1. */
int	 worker_issue(struct worker *, struct error *);
int	 worker_status(struct worker *, bool only_adopt, struct error *);
/* Unfinished intents of this worker and of instances that are gone. */
int	 worker_resume(struct worker *, struct error *);
/* Orders past their time. */
int	 worker_expire(struct worker *, struct error *);
/* Lists that are due. */
int	 worker_crl(struct worker *, struct error *);

/* The audit chain, to its end, to the signer. */
int	 worker_follow(struct worker *, struct error *);

/* w->ask to the signer, the answer in w->answer. */
int	 worker_ask(struct worker *, struct error *);
/* Append entries to the chain: last thing in a transaction. */
int	 worker_audit(struct db *, const struct buf *, size_t n,
	    struct error *);
/* An "alarm" entry of its own, and a line in the log. */
void	 worker_alarm(struct worker *, const char *what, const char *detail);
/* Would another try, later, have another outcome? */
bool	 worker_is_passing(const struct error *);
#endif
