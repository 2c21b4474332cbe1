/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_READER_H
#define SIGNET_PERSONALIZE_READER_H
/*
 * The worker: a process for one reader and the cards that people put into it.
 *
 * It has PC/SC and a clerk to ask, and neither store nor key nor network.  A
 * command cannot be taken back once a card has it; so the worker says how long
 * the one at hand may take, and who watches kills it when that is over.
 */
#include <stdatomic.h>
#include <stdint.h>

struct reader_watch {		/* in memory that both share */
	_Atomic int64_t	 until;	/* clock_monotonic_ms(); 0: nothing under way */
};

struct reader_setup {
	const char		*name;		/* as PC/SC has it */
	uint32_t		 index;
	int			 clerk;		/* fd */
	struct reader_watch	*watch;
	const char		*user;
};
/* The body of the process (proc_fn): ends when the parent does.  Events go to
 * the parent. */
int	 reader_main(int parent, void *setup);
#endif
