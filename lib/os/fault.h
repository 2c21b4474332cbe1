/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_FAULT_H
#define SIGNET_OS_FAULT_H
/*
 * Named points at which a test kills the process.  They exist only in a build
 * configured with --enable-faults; otherwise the macro is empty.
 *
 * SIGNET_FAULT=name[:n] kills the process with SIGKILL at the n-th pass
 * (default 1) of the point called name; SIGNET_FAULT_LIST=FILE appends each
 * name as it is passed, so that a test can enumerate them.
 *
 * SIGNET_FAULT_PLAN=FILE is for programs that replace their dead processes:
 * FILE, which is there when the program starts, has "name n KILL" or "name n
 * STOP".  Each pass in whatever process takes one off n in it, and at 0 that
 * signal comes, once; the test may write a new plan into the same file.
 */
#ifdef SIGNET_FAULTS
void	 fault_point(const char *name);
#define FAULT(name)	fault_point(name)
#else
#define FAULT(name)	((void)0)
#endif
#endif
