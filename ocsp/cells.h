/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_CELLS_H
#define SIGNET_OCSP_CELLS_H
/*
 * What was read about certificates, bounded in memory.
 *
 * A cell is one certificate as it was read and does not change.  When the
 * feed reports the certificate, or the cell makes room for another, it dies:
 * who still holds it, such as an answer made from it, sees that and forgets
 * it.  So nothing has to be searched for what a change makes untrue.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/clock.h"
#include "base/error.h"

#define CELL_SERIAL	21

enum cell_state { CELL_UNREAD, CELL_NEVER_ISSUED, CELL_GOOD, CELL_REVOKED };

struct cell_status {
	enum cell_state	 state;
	int8_t		 reason;	/* CRLReason; -1: none is told */
	int64_t		 revoked_at;
	int64_t		 not_after;	/* of the certificate; 0: not known */
};

struct cell_key {
	uint16_t	 ca;		/* number in struct issuers */
	uint8_t		 serial_len;
	uint8_t		 serial[CELL_SERIAL];
};

struct cell {
	atomic_uint	 refs;
	atomic_bool	 dead;
	struct cell_key	 key;
	struct cell_status status;
	int64_t		 seq;		/* of the feed, when it was read */
	int64_t		 since;		/* thisUpdate is not earlier */
};

struct cells;
int	 cells_new(struct cells **, size_t bytes, const struct rng *,
	    struct error *);
void	 cells_free(struct cells **);
/* A reference, or NULL.  It may be CELL_UNREAD: only "since" is known. */
struct cell *cells_get(struct cells *, const struct cell_key *);
/*
 * What was read when the feed stood at seq: a new cell, and a reference to
 * it.  Dead from the beginning if the feed has moved on meanwhile, because
 * what it reported then may be about this one.
 */
struct cell *cells_put(struct cells *, const struct cell_key *,
	    const struct cell_status *, int64_t seq);
void	 cell_free(struct cell **);	/* drop a reference; NULL is fine */

/* The feed stands here now; before what it reports is dropped. */
void	 cells_set_seq(struct cells *, int64_t seq);
int64_t	 cells_seq(const struct cells *);
/* Something about it changed at this time. */
void	 cells_drop(struct cells *, const struct cell_key *, int64_t now);
/* All, or those for which fn says so. */
typedef bool cells_fn(void *arg, const struct cell *);
void	 cells_sweep(struct cells *, cells_fn *, void *arg);
size_t	 cells_count(struct cells *);
#endif
