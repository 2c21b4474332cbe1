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
#include "net/metrics.h"
#include "os/fault.h"
#include "os/msg.h"
#include "wire.h"
#include "worker.h"
#include "x509/ca_name.h"

#define WORKER_CAS	64

struct worker_ca {		/* a generation, as the signer says */
	char			 name[CA_NAME_SIZE], family[CA_NAME_SIZE];
	bool			 usable;	/* has its key */
	bool			 away;		/* it has not, and that was said */
	char			 why_not[400], hint[160];
	enum wire_ca		 state;
	int64_t			 due;		/* the next one should be there */
	int64_t			 told;		/* of that in the log, when */
	bool			 finished;	/* its last list has been made */
};

struct worker {
	const struct cad_conf	*conf;
	struct service		*svc;
	struct metrics		*metrics;
	struct db		*db;
	int			 index;
	int			 signer, parent;	/* descriptors */
	int			 watched;		/* the store's, or -1 */
	char			 name[80];		/* instance/index */
	struct arena		*arena;			/* one round */
	struct msg		 ask, answer;
	int64_t			 head;			/* the signer stands here */
	struct worker_ca	 ca[WORKER_CAS];
	size_t			 nca;
	const char		*issuing[2 * WORKER_CAS]; /* that can, now */
	size_t			 nissuing;
	const char		*away[WORKER_CAS];	/* CAs without a key */
	size_t			 naway;
	uint8_t			 batch[8][32];		/* opened at the signer */
	size_t			 nbatch;
	bool			 resume;		/* intents may be left */
	bool			 forked;		/* said so already */
	bool			 changed;		/* status, since the last look */
	bool			 called;		/* the others, to help */
	int64_t			 next_pass;		/* whatever is heard */
	int64_t			 next_head;		/* monotonic ms */
	int64_t			 head_signed;		/* sequence */
	int64_t			 next_crl, next_expiry, next_takeover;
	int64_t			 next_look;
	int64_t			 next_beat;
	int64_t			 left;			/* primaries, counted */
	bool			 lost;			/* look for what is */
	unsigned int		 adopted;		/* a list is due since */
	bool			 telling;		/* not all are there yet */
	bool			 clock_wrong;		/* date nothing */
	int64_t			 clock_step;		/* when last compared */
	int64_t			 next_clock, next_tell;
	struct worker_list	*lists;			/* that were made */
	size_t			 nlists;
};

/* One kind of work each.  1 something was done and there may be more, 0
 * nothing was there to do, -1. */
int	 worker_issue(struct worker *, struct error *);
int	 worker_status(struct worker *, bool only_adopt, struct error *);
/* Unfinished intents of this worker and of instances that are gone. */
int	 worker_resume(struct worker *, struct error *);
/* After an adoption: an alarm for each thing that the store has lost. */
int	 worker_lost(struct worker *, struct error *);
/* ... and there are lists of all that the signer knows. */
int	 worker_lost_told(struct worker *, struct error *);
/* Orders past their time. */
int	 worker_expire(struct worker *, struct error *);
/* Lists that are due. */
int	 worker_crl(struct worker *, struct error *);

/* Compare this machine's clock with the store's, now and then: 0 and
 * clock_wrong. */
int	 worker_clock(struct worker *, struct error *);

/* The audit chain, to its end, to the signer. */
int	 worker_follow(struct worker *, struct error *);

/* Which generations can sign what, and how far the signer has followed. */
int	 worker_hello(struct worker *, struct error *);
/* A generation by name, or NULL. */
struct worker_ca *worker_find_ca(struct worker *, const char *name);
/* Say in the log what the operator should do about a CA. */
void	 worker_look_at_cas(struct worker *);

/* w->ask to the signer, the answer in w->answer. */
int	 worker_ask(struct worker *, struct error *);
/* Append entries to the chain: last thing in a transaction. */
int	 worker_audit(struct db *, const struct buf *, size_t n,
	    struct error *);
/* An "alarm" entry of its own, and a line in the log. */
void	 worker_alarm(struct worker *, const char *what, const char *detail);
/* Also by who stops there, and does not come to worker_look(). */
void	 worker_show_forked(struct worker *);
/* Into the metrics, when it is time. */
int	 worker_look(struct worker *, struct error *);
/* Count n of it; name without "_total". */
void	 worker_count(struct worker *, const char *name, const char *help,
	    int64_t n);
void	 worker_count_ca(struct worker *, const char *name, const char *help,
	    const char *ca, int64_t n);
/* Would another try, later, have another outcome? */
bool	 worker_is_passing(const struct error *);
#endif
