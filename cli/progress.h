/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_PROGRESS_H
#define SIGNET_CLI_PROGRESS_H
/*
 * Long work tells how far it is: on a terminal one line that is rewritten,
 * otherwise a plain line every ten seconds.  Nothing is written for work that
 * takes less than a second.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE		*f;
	const char	*what;		/* "reading requests"; borrowed */
	uint64_t	 total;		/* 0: not known */
	uint64_t	 done;
	int64_t		 began, said;	/* monotonic ms */
	bool		 terminal;
	bool		 shown;		/* a line stands on the terminal */
};
void	 progress_begin(struct progress *, const char *what, uint64_t total);
void	 progress_set(struct progress *, uint64_t done);
/* Take the line away again.  May be called at any time, more than once. */
void	 progress_end(struct progress *);
#endif
