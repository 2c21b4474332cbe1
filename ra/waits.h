/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_WAITS_H
#define SIGNET_RA_WAITS_H
/*
 * Requests that wait for an order.
 *
 * One thread has one connection to the store and listens there; when something
 * was issued it looks, once for all that wait, which orders are over, and
 * wakes those requests.  Waiting costs no thread and asks the store nothing.
 */
#include "base/error.h"
#include "db/db_row.h"
#include "net/http.h"

#define WAITS_MAX	2000		/* requests that wait at once */

struct wait {				/* stays with its request */
	uint8_t			 id[DB_ORDER_ID];
	int64_t			 until;		/* clock_monotonic_ms() */
	struct http_request	*http;
	struct wait		*next;
};

struct waits;
/* bell: as of db_set_bell(). */
int	 waits_start(struct waits **, const char *database, int bell,
	    struct error *);
/* Wakes all that wait, and every one that still comes. */
void	 waits_end(struct waits *);
void	 waits_free(struct waits **);
/* To be taken before the order is looked at that may then be waited for. */
uint64_t waits_now(struct waits *);
/* 1 the request is suspended, 0 there is no room or no time for that.  What has
 * happened since is not missed. */
int	 waits_add(struct waits *, struct http_request *,
	    const uint8_t id[DB_ORDER_ID], uint64_t since, int ms);
unsigned int waits_count(struct waits *);
/* For http_conf.context_free. */
void	 wait_free(void *wait);
#endif
