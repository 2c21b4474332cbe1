/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_TOP_H
#define SIGNET_CLI_TOP_H
/*
 * signet top: an installation at work, on one page.
 *
 *	cmd_top.c	the command: the terminal, the clock, the end
 *	top_look.c	one look at the store
 *	top_daemon.c	one look at the daemons
 *	top_draw.c	the page
 *	top_json.c	the same for programs
 */
#include "base/screen.h"
#include "cli/doctor.h"
#include "db/db_calendar.h"
#include "db/db_gauge.h"
#include "db/db_watch.h"

#define TOP_DAEMONS	3
#define TOP_ALARMS	5

struct top_daemon {
	const char	*name;
	const char	*address;	/* NULL: it is not of this installation */
	bool		 is_up;
	const char	*why_not;	/* or NULL */
	int64_t		 memory;	/* bytes, on this machine; 0: not known */
	int64_t		 oldest_ms;	/* answer; -1: it has none */
};
struct top_signer {
	const char	*ca;
	int64_t		 ends_in;	/* seconds */
};
struct top_rates {			/* in a second; below 0: not known */
	double		 issued, changed, answered;
};
struct top_look {
	int64_t			 at, at_ms;	/* the second is monotonic */
	const char		*store_error;	/* NULL: the rest is there */
	struct db_watch_marks	 marks;
	struct db_gauges	 gauges;
	struct db_gauge_publish	 publish;
	struct db_calendar_lists lists;
	struct db_watch_cards	 cards;
	struct db_watch_alarms	 alarms;
	struct top_daemon	 daemon[TOP_DAEMONS];
	int64_t			 cad_memory;
	int64_t			 answers;	/* of OCSP, in all; -1 */
	struct top_signer	*signer;
	size_t			 nsigners;
	struct top_rates	 rates;
};

struct top {
	struct cli	*cli;
	struct doctor	 doctor;	/* settings of the daemons */
	struct db	*db;
	struct arena	*arena[2];	/* of this look and the one before */
	struct top_look	 look[2];
	size_t		 n;		/* looks so far */
};
/* Look once more; what cannot be seen is said in the look. */
const struct top_look *top_look(struct top *);
void	 top_daemons(struct top *, struct top_look *, struct arena *);
void	 top_draw(const struct top_look *, struct buf *page, size_t columns,
	    size_t rows, bool colour);
void	 top_json(const struct top_look *);

/* The sum of a metric's series in the text of /metrics; -1: there is none. */
double	 top_metric(const char *text, const char *name);
#endif
