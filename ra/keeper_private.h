/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_KEEPER_PRIVATE_H
#define SIGNET_RA_KEEPER_PRIVATE_H
/*
 * What the processes with keys answer, apart from the sockets over which they
 * are asked.
 */
#include <pthread.h>
#include "keeper.h"

/* keeper.c: r is the answer, or the error. */
void	 keeper_answer(keeper_answer_fn *, void *arg, struct msg *q,
	    struct msg *r);

/* sealer.c: keeper_answer_fn; arg is the struct keeper. */
enum { SEAL_SIGN = 1, SEAL_CERT };
int	 sealer_answer(void *keeper, struct msg *q, struct msg *r,
	    struct error *);

/* tls_keeper.c: the same; arg is a struct tls. */
enum { TLS_CHAIN = 1, TLS_SIGN };
struct tls {
	struct keeper	 k;
	struct identity	 before;	/* what k.id was */
	pthread_mutex_t	 lock;		/* of both; not while one signs */
};
int	 tls_keeper_answer(void *tls, struct msg *q, struct msg *r,
	    struct error *);
#endif
