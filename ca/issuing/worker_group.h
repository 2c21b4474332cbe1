/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_WORKER_GROUP_H
#define SIGNET_CA_WORKER_GROUP_H
/*
 * Items that go through the worker together, and what both fresh ones
 * (worker_issue.c) and those of a crash (worker_resume.c) come to: signed,
 * stored, refused.
 */
#include "db/db_issue.h"
#include "db/db_key.h"
#include "worker_private.h"

/* One item on its way through a group. */
struct work {
	struct db_claim	 claim;
	struct bytes	 blob;		/* of a single order */
	struct error	 e;		/* code NONE: going on */
	struct db_intent intent;
	bool		 intended;	/* the intent is in the store */
	const char	*profile, *holder;
	uint8_t		 key[32], request[32];
	bool		 unique_key;
	int64_t		 expires;
	struct db_issued issued;
};

struct group {
	struct worker	*w;
	struct work	*v;
	size_t		 n;
	struct buf	*audit;
	size_t		 naudit;
};

/* An entry about an item, of which the caller adds the rest. */
void	 group_audit_refuse(struct group *, const struct work *);
void	 group_clear_audit(struct group *);
void	 group_log_refusal(const struct group *, size_t i);
/* The signer's signatures for what has no error; from_intents: on the bytes
 * that stand in the store. */
int	 group_sign(struct group *, bool from_intents, struct error *);
int	 group_store(struct group *, struct error *);
/* What could not be signed is not lost: it is taken up as an intent again. */
void	 group_leftovers(struct group *);
/* Fill k->issued from the certificate; its SHA-256 in digest. */
int	 work_describe(struct worker *, struct work *, uint8_t digest[32],
	    struct error *);
#endif
