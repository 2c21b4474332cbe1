/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_EVENT_H
#define SIGNET_PERSONALIZE_EVENT_H
/*
 * What happens at a reader, told to the process that shows it: by the worker
 * what it sees, by the clerk what it knows.
 */
#include <stdint.h>
#include "base/error.h"
#include "clerk.h"

enum event_kind {
	/* From the worker. */
	EVENT_EMPTY,		/* waits for a card */
	EVENT_CARD,		/* there is one */
	EVENT_GONE,		/* it was pulled, or the exchange broke off */
	EVENT_AWAY,		/* reader or pcscd is not there; text */
	/* From the clerk. */
	EVENT_JOB,		/* the card is that holder's */
	EVENT_STEP,
	EVENT_WAIT,		/* for the CA */
	EVENT_ISSUED,
	EVENT_REFUSED,		/* not a card for us; text */
	EVENT_NOTHING,		/* no item waits for a card */
	EVENT_FAILED,		/* this time; text */
	EVENT_SPOILED,		/* text */
	EVENT_TROUBLE,		/* with the store or the CA: it is tried again */
	EVENT_BALANCE,		/* of the batches: how many are ... */
	/* From the process that watches. */
	EVENT_HUNG,		/* a command took too long: worker killed */
	EVENT__MAX
};
const char *event_name(enum event_kind);

struct event {
	uint32_t	 reader;		/* its place in the station's list */
	enum event_kind	 kind;
	enum job_step	 step;			/* of STEP */
	enum card_slot	 slot;
	char		 number[JOB_TEXT], holder[JOB_TEXT];
	char		 text[400];
	uint32_t	 waiting, issued, spoiled;	/* of BALANCE */
	int64_t		 sent;			/* when, in nanoseconds of the
						 * machine's clock */
};
/* It sets "sent" by itself: events of several processes are put in order by it. */
int	 event_send(int fd, const struct event *, struct error *);
/* 1, 0 who tells is gone, -1. */
int	 event_recv(int fd, struct event *, struct error *);
#endif
