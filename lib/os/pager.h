/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_PAGER_H
#define SIGNET_OS_PAGER_H
/*
 * What is longer than a screen is read with the program that $PAGER names, if
 * it names one; see doc/decisions/0045-pager.md.  Only for what asks nothing
 * while it prints: the pager has the terminal.
 */
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct pager {
	FILE	*f;		/* to it; NULL: there is none */
	pid_t	 pid;
	void	(*quit)(int);	/* what SIGINT did before */
};

/* Standard input and output are a terminal that is able, and $PAGER names a
 * program. */
bool	 pager_is_wanted(void);
/* Start it and return where to print: standard output where none is wanted or
 * none can be started.  Until pager_close() an interrupt is for the pager. */
FILE	*pager_open(struct pager *);
/* Wait until it has been read. */
void	 pager_close(struct pager *);
#endif
