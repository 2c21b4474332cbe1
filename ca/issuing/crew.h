/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_CA_CREW_H
#define SIGNET_CA_CREW_H
/*
 * Work that consists of many equal and independent pieces, on several
 * threads.  They live as long as the work does: to start one costs a hundredth
 * of an RSA signature.
 */
#include <stddef.h>

#define CREW_MAX	32

typedef void crew_fn(void *arg, size_t i);
/* fn(arg, i) once for each i below n, on up to "threads" threads of which the
 * caller's is one; back when all are done. */
void	 crew_run(size_t n, size_t threads, crew_fn *fn, void *arg);
/* As many as there are processors, if "wanted" is 0. */
size_t	 crew_size(size_t wanted);
#endif
