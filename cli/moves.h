/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CLI_MOVES_H
#define SIGNET_CLI_MOVES_H
/*
 * Paths that are others here than where a backup was made: OLD=NEW, as they
 * were given.
 */
#include <stdbool.h>
#include "base/error.h"
#include "base/mem.h"

struct moves {
	const char *const	*v;
	size_t			 n;
};
int	 moves_check(const struct moves *, struct error *);
/* Where it is now, the longest OLD counts; the caller frees it. */
char	*moves_place(const struct moves *, const char *path);
/* The same text with the paths of here, appended; is it another?  A path in a
 * URL, or after another name, is no path of this machine. */
bool	 moves_rewrite(const struct moves *, const char *text, struct buf *);
#endif
