/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_FUZZ_SCRATCH_H
#define SIGNET_TESTS_FUZZ_SCRATCH_H
/*
 * A directory of a target's own: where the caller says (who cleans up), else in
 * memory where there is such a place: what we write is synced, and a disk allows
 * that a few hundred times a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_SIZE	160

static void
scratch_make(char dir[SCRATCH_SIZE], const char *name)
{
	const char	*tmp = getenv("TMPDIR");

	if (tmp == NULL)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	if (snprintf(dir, SCRATCH_SIZE, "%s/fuzz-%.12s.XXXXXX", tmp, name) >=
	    SCRATCH_SIZE || mkdtemp(dir) == NULL)
		abort();
}
#endif
