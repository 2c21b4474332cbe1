/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_PROGRAM_H
#define SIGNET_OS_PROGRAM_H
/*
 * Programs of others, whose output is read or whose input is written here.
 */
#include <sys/types.h>
#include "base/error.h"

struct program {
	pid_t		 pid;
	int		 fd;		/* its output, or its input */
	int		 said;		/* what it wrote to standard error */
	const char	*name;		/* borrowed */
};
#define PROGRAM_INIT	{ -1, -1, -1, NULL }

enum program_end { PROGRAM_READ, PROGRAM_WRITE };

/*
 * argv[0] is looked for in PATH.  env: "NAME=value", over what we have; may be
 * NULL; nothing secret belongs in argv, which everybody can see.  other: the
 * end that is not ours, -1 for /dev/null.  Who writes ignores SIGPIPE.
 */
int	 program_start(struct program *, const char *const argv[],
	    const char *const env[], enum program_end, int other, struct error *);
/* Close our end and wait.  -1 with the last line that it said unless it exits
 * with 0, or with ok. */
int	 program_end(struct program *, int ok, struct error *);
/* A file or a folder with all that is in it, by rm; well if it is not there. */
int	 program_remove(const char *path, struct error *);
#endif
