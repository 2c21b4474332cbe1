/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_STATION_PRIVATE_H
#define SIGNET_PERSONALIZE_STATION_PRIVATE_H
#include "office.h"
#include "os/proc.h"
#include "reader.h"
#include "station.h"

#define TURN_MS		250
#define STOP_MS		3000

struct worker {
	struct proc		 proc;
	struct reader_setup	 setup;
	char			 title[40];
};
struct station {
	const struct station_run *run;
	struct board		*board;
	struct proc		 clerk;
	struct office_setup	 office;
	bool			 clerk_ready;	/* it said so */
	bool			 clerk_heard, was_ready;	/* ever */
	struct error		 failed;	/* why there is no sense in it */
	struct worker		*worker;
	struct reader_watch	*watch;
	size_t			 n;
	int64_t			 clerk_at;	/* when to start it again */
	struct proc		 agent;
	int64_t			 agent_at;	/* likewise */
	uint32_t		 issued;
	int			 ending;	/* how often we were told to */
};

void	 station_draw(struct station *);
void	 station_show(struct station *, const struct event *);
void	 station_show_own(struct station *, size_t reader, enum event_kind,
	    const char *text);

int	 crew_start(struct station *, struct error *);
/* Its first word: then there are workers, or it is tried again later; or
 * "failed" says why neither. */
void	 crew_hear_clerk(struct station *);
/* Replace who died or hangs. */
void	 crew_look(struct station *);
void	 crew_end(struct station *, bool at_once);
void	 crew_close(int *fd);
/* What a child must not have: the lines to the others. */
void	 crew_close_others(struct station *);

/* See that it runs, if it is wanted; and what it says. */
void	 station_agent_look(struct station *);
void	 station_agent_hear(struct station *);
#endif
