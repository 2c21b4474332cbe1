/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_ROOT_JOURNAL_H
#define SIGNET_ROOT_JOURNAL_H
/*
 * The journal: all changes of a ceremony in one file, DIR/journal.
 *
 * The file appears by one rename.  Before it, the ceremony has not happened;
 * after it, the ceremony is complete, and journal_apply() only spreads it over
 * the directory, as often as it needs to be called.
 */
#include <stdbool.h>
#include <sys/types.h>
#include "base/error.h"
#include "base/mem.h"

#define JOURNAL_MAX	(128u << 20)

struct journal_change {
	char		*name;		/* relative to the directory */
	mode_t		 mode;
	bool		 remove;
	struct buf	 data;
};

struct journal {
	struct journal_change	*v;
	size_t			 n;
};

/* A second change of the same name replaces the first. */
void	 journal_put(struct journal *, const char *name, mode_t,
	    struct bytes);
void	 journal_remove(struct journal *, const char *name);
/* Write DIR/journal. */
int	 journal_store(const struct journal *, const char *dir,
	    struct error *);
/* Make the changes and delete DIR/journal.  1 when there was one, 0, -1. */
int	 journal_apply(const char *dir, struct error *);
void	 journal_clear(struct journal *);
#endif
