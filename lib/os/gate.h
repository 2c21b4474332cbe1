/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_OS_GATE_H
#define SIGNET_OS_GATE_H
/*
 * So many at once and no more: for work that takes a lot of memory or of a
 * processor, such as a slow hash, in a program of many threads.
 */
#include "base/error.h"

struct gate;
void	 gate_new(struct gate **, unsigned int width);
void	 gate_free(struct gate **);
/*
 * Wait for a place at most ms; ERROR_UPSTREAM when there was none.  A NULL
 * gate is always open.  Each gate_enter() that returned 0 has its
 * gate_leave().
 */
int	 gate_enter(struct gate *, int ms, struct error *);
void	 gate_leave(struct gate *);
#endif
