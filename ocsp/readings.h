/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_READINGS_H
#define SIGNET_OCSP_READINGS_H
/*
 * What the operator sees in /metrics.
 */
#include "net/metrics.h"

enum reading { READ_GOOD, READ_REVOKED, READ_UNKNOWN, READ_MALFORMED,
    READ_UNAUTHORIZED, READ_TRY_LATER, READ_INTERNAL, READ_RECALLED,
    READ_SIGNED, READ_STORE, READ_FLOOR, READ__MAX };

struct readings {
	struct metrics	*metrics;
	struct metric	*count[READ__MAX];
	struct metric	*feed_age, *feed_lag, *feed_seq;
	struct metric	*answers, *answer_bytes, *oldest, *statuses;
	struct metric	*connections;
};
void	 readings_init(struct readings *, struct metrics *);
static inline void
reading_add(const struct readings *r, enum reading what)
{
	metric_add(r->count[what], 1);
}
#endif
