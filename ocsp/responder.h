/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OCSP_RESPONDER_H
#define SIGNET_OCSP_RESPONDER_H
/*
 * From the octets of a request to the octets of its answer; no HTTP.
 *
 * An answer is signed only from a status that was read while the feed was
 * alive, or that has not changed since because the feed has been alive without
 * a gap.  Without the store there are answers that were signed before and are
 * still valid, and then "try later": never a guess.
 */
#include "answers.h"
#include "cells.h"
#include "complain.h"
#include "feed.h"
#include "floor.h"
#include "issuers.h"
#include "readings.h"
#include "settings.h"
#include "x509/ocsp.h"
#include "x509/profile.h"

struct responder {			/* what the threads share */
	const struct ocspd_conf	*conf;
	struct profiles		 profiles;
	const struct clock	*clock;
	struct cells		*cells;
	struct answers		*answers;
	struct feed		*feed;
	struct floor		*floor;
	struct issuer_source	*issuers;
	struct complaints	*complaints;
	struct readings		*readings;
};

struct responder_thread;		/* what each has for itself */
struct responder_thread *responder_thread_new(const struct responder *);
void	 responder_thread_free(struct responder_thread **);

struct outcome {
	/* One of: an answer that may be sent to others, too (a reference);
	 * a signed one for this request; an error. */
	struct answer	*answer;
	struct buf	 bytes;
	enum ocsp_status status;
	/* With bytes: when it began to be true and ends; 0: not to be kept. */
	int64_t		 this_update, next_update;
};
void	 outcome_clear(struct outcome *);

/*
 * What was answered before to these octets (a path, or a body), if that may
 * be said again now.  One of those who ask, when an answer is half through its
 * life, gets NULL and renew: it has the next one made.
 */
struct answer *responder_recall(const struct responder *, enum answer_by,
	    struct bytes key, bool *renew);
/* key: as above, under which the answer will be recalled. */
void	 responder_ask(struct responder_thread *, enum answer_by,
	    struct bytes key, bool renew, struct bytes der,
	    struct outcome *);
#endif
