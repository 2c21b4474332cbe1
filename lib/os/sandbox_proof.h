/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_SANDBOX_PROOF_H
#define SIGNET_OS_SANDBOX_PROOF_H
/*
 * The sandbox of a process, tried by the process that is in it.  Only in a
 * build with --enable-faults, and where SIGNET_SANDBOX_PROOF names a directory:
 * with a file "outside" in it, which everybody may read and no sandbox names,
 * and a file "report", to which is appended for each attempt one line:
 *
 *	PID ATTEMPT RESULT
 *
 * RESULT is "refused" (EACCES, as the sandbox says it), "done", or the number
 * of another error, which says that something else than the sandbox, or
 * nothing, stood in the way.
 */
#include "os/sandbox.h"

/* While files can still be opened. */
void	 sandbox_proof_open(void);
void	 sandbox_proof_run(const struct sandbox *, bool landlock);
#endif
