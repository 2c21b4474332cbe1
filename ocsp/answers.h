/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_ANSWERS_H
#define SIGNET_OCSP_ANSWERS_H
/*
 * Signed answers, ready to be sent, bounded in memory.
 *
 * An answer is found by the octets of the request as they came, so that a
 * request that was seen before is not even decoded; and by its CertID, for
 * those who write the same question in another way.  It is gone when the cell
 * that it was made from dies, or its time is over.
 */
#include <stdatomic.h>
#include "base/mem.h"
#include "cells.h"
#include "net/http.h"

enum answer_by { ANSWER_BY_PATH, ANSWER_BY_BODY, ANSWER_BY_ID };

struct answer {
	atomic_uint	 refs;
	_Atomic int64_t	 renew_at;
	struct http_shared *reply;
	struct cell	*cell;
	int64_t		 made_at, expires;
	size_t		 size;		/* of the reply, for the bound */
};
/* All given is taken over.  Returns a reference. */
struct answer *answer_new(struct http_shared *, struct cell *, size_t size,
	    int64_t made_at, int64_t renew_at, int64_t expires);
void	 answer_free(struct answer **);

#define ANSWER_KEY_MAX	1024		/* longer requests are not kept */

struct answers;
int	 answers_new(struct answers **, size_t bytes, const struct rng *,
	    struct error *);
void	 answers_free(struct answers **);
/* A reference to an answer that may be sent now, or NULL. */
struct answer *answers_get(struct answers *, enum answer_by, struct bytes key,
	    int64_t now);
/* Takes a reference of its own. */
void	 answers_put(struct answers *, enum answer_by, struct bytes key,
	    struct answer *);
void	 answers_drop_all(struct answers *);

struct answers_use {
	size_t	 n, bytes;
	int64_t	 oldest;		/* made_at of the oldest; 0: none */
};
/* Of those that may still be sent; the others are thrown out. */
void	 answers_look(struct answers *, int64_t now, struct answers_use *);
#endif
