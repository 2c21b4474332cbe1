/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_AGENT_PRIVATE_H
#define SIGNET_AGENT_PRIVATE_H
/*
 * What the parts of the module share: agent.c decides when something is due,
 * agent_order.c orders it, agent_check.c looks at what came back,
 * agent_main.c does it all on a schedule.
 */
#include "agent/agent.h"
#include "agent/place.h"
#include "base/text.h"
#include "db/db.h"
#include "order/order.h"
#include "x509/oid.h"

struct task {
	const struct agent_ca	*ca;		/* NULL: our own certificate */
	struct place		 place;
	struct identity		 now;		/* in place; or empty */
	int64_t			 not_before, not_after;
	bool			 server;	/* not an agent's: a server's */
	bool			 waits;		/* for the CA */
	uint8_t			 order[ORDER_ID_SIZE];	/* that waits */
};

struct agent {
	const struct agent_conf	*conf;
	const struct clock	*clock;
	const struct rng	*rng;
	struct place_secret	 secret, signer_secret;
	STACK_OF(X509)		*anchors;
	enum role		 role;
	char			 person[65];
	struct db		*db;		/* NULL: not open */
	int			 bell;		/* as of db_set_bell() */
	struct arena		*arena;		/* of one look */
	struct task		*task;		/* ours, then one per CA */
	size_t			 ntasks;
};

/* "signer of people", "agent certificate": for errors and the log. */
const char *task_name(const struct task *, char dst[96]);
/* When its successor is due; INT64_MAX when there can be none. */
int64_t	 task_due(const struct agent *, const struct task *);
/*
 * One look at a task: order the certificate if it is time (there is none, or two
 * thirds of a signer's life are over, or of its own the last quarter has begun), and
 * see what became of an order.  1 a new one is in place; 0 nothing to do, or the CA
 * has not answered yet (agent_waits()); -1, ERROR_DENIED when it was refused: the
 * next look orders anew.
 */
int	 agent_look(struct agent *, struct task *, struct error *);

/* agent_order.c: key, request and approved order. */
int	 agent_order_new(struct agent *, const struct task *,
	    struct pending *, struct error *);
enum agent_answer { AGENT_WAITING, AGENT_ISSUED, AGENT_REFUSED };
/* Hand it in unless it is there, and see what became of it; chain is filled
 * when it was issued, why when it was not.  -1 the store failed. */
int	 agent_order_look(struct agent *, struct task *, struct pending *,
	    enum agent_answer *, struct error *why, struct error *);

/* Is this what we ordered?  ERROR_DENIED saying what is wrong with it. */
int	 agent_check(const struct agent *, const struct task *,
	    const struct pending *, STACK_OF(X509) *intermediates,
	    struct error *);
#endif
