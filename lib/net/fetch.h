/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_NET_FETCH_H
#define SIGNET_NET_FETCH_H
/*
 * One exchange with an HTTP server, as a client far away has it: for checking
 * our own public addresses, and for what a holder's own program asks there.
 * http and https only; no cookies, no proxy from the environment, a few
 * redirects; bounded in bytes and in time.
 */
#include <stdint.h>
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"

struct fetch {
	const char	*url;
	struct bytes	 body;		/* p NULL: GET, else POST */
	const char	*type;		/* of the body */
	int64_t		 max;		/* bytes of an answer that are taken */
	int		 ms;		/* time for all of it */
	int		 fd;		/* where the answer goes; -1: reply */
	const char	*roots;		/* PEM file whom TLS trusts; NULL: all
					 * whom this machine trusts */
	/* With a password: https only, and no redirects. */
	const char	*user;
	const struct secret *password;
};
struct fetch_reply {
	int		 status;	/* 200 */
	char		 type[80];	/* Content-Type, lower case, without
					 * parameters; or "" */
	int		 retry_after;	/* seconds; 0: it does not say */
	int64_t		 size;
	int64_t		 ms;		/* from the beginning to the end */
	struct buf	 body;		/* when fd was -1 */
};
/*
 * ERROR_INPUT for an address that is none, ERROR_UPSTREAM when there is no
 * answer, ERROR_DENIED when it is too big or the server does not prove who it
 * is, ERROR_CONFIG for roots that cannot be read.  Any status that the server
 * gives is an answer.
 */
int	 fetch(struct fetch_reply *, const struct fetch *, struct error *);
void	 fetch_reply_clear(struct fetch_reply *);
#endif
