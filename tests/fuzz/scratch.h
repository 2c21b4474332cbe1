/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_FUZZ_SCRATCH_H
#define SIGNET_TESTS_FUZZ_SCRATCH_H
/*
 * A directory of a target's own, in memory where there is such a place: what
 * we write is synced, and a disk allows that a few hundred times a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_SIZE	40

static void
scratch_make(char dir[SCRATCH_SIZE], const char *name)
{
	snprintf(dir, SCRATCH_SIZE, "%s/fuzz-%.12s.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", name);
	if (mkdtemp(dir) == NULL)
		abort();
}
#endif
