/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_CALENDAR_H
#define SIGNET_CLI_CALENDAR_H
/*
 * signet calendar: what ends or is due, and when.
 *
 *	cmd_calendar.c		the command, what it prints
 *	calendar_files.c	what the settings of this machine name
 *	calendar_store.c	what the store knows
 *	calendar_ical.c		for programs that show calendars
 */
#include "cli/doctor.h"

enum calendar_state { CALENDAR_COMING, CALENDAR_DUE, CALENDAR_OVERDUE,
    CALENDAR__MAX };

struct calendar_entry {
	const char	*kind;		/* "root-crl" */
	const char	*what;		/* in words */
	const char	*key;		/* with kind: what makes it the same one
					 * another day */
	int64_t		 from;		/* it is due from then on; 0: nobody has
					 * to do anything */
	int64_t		 at;		/* it ends, or has to be done by then */
	int64_t		 count;		/* so many end within "days" */
	int		 days;		/* 0: it is a moment */
	const char	*todo;		/* or NULL */
};

struct calendar {
	struct cli		*cli;
	struct doctor		 doctor;	/* settings of the daemons */
	struct arena		*arena;
	int64_t			 now, until;
	bool			 each;		/* not weeks, but each */
	struct calendar_entry	*v;
	size_t			 n;
	size_t			 unknown;	/* could not be looked at */
	const char		**profile;	/* of our people and programs */
	size_t			 nprofiles;
	const char		**serial;	/* told from their files */
	size_t			 nserials;
};

/* It is taken if it is due, or not later than "until"; strings are borrowed. */
void	 calendar_add(struct calendar *, const struct calendar_entry *);
/* It could not be looked at; clears the error. */
void	 calendar_unknown(struct calendar *, const char *what,
	    struct error *);
enum calendar_state calendar_state(const struct calendar *,
	    const struct calendar_entry *);

void	 calendar_files(struct calendar *);
int	 calendar_store(struct calendar *, struct error *);
/* The whole as iCalendar. */
int	 calendar_ical(struct calendar *, struct buf *out, struct error *);
#endif
