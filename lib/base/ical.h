/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_BASE_ICAL_H
#define SIGNET_BASE_ICAL_H
/*
 * A calendar as programs for calendars take it (iCalendar, RFC 5545): events
 * with a reminder.  Only written; the same events give the same bytes.
 */
#include <stdint.h>
#include "base/mem.h"

struct ical_event {
	const char	*uid;		/* the same as long as it is the same */
	int64_t		 start;		/* seconds since 1970 */
	int		 days;		/* so many whole days from that one on;
					 * 0: a moment */
	const char	*summary;
	const char	*description;	/* or NULL */
	const char	*category;	/* or NULL */
	int64_t		 alarm;		/* be reminded then, too; 0: no */
	int		 alarm_before;	/* and so many days before; 0: no */
};

/* name: what programs show. */
void	 ical_begin(struct buf *, const char *name);
/* made_at: of this copy. */
void	 ical_event(struct buf *, const struct ical_event *,
	    int64_t made_at);
void	 ical_end(struct buf *);
#endif
