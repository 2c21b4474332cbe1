/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_RA_KEEPER_H
#define SIGNET_RA_KEEPER_H
/*
 * A process that has one key and answers the questions of one other: the
 * sealer has the RA's, the TLS keeper the web server's.
 */
#include <sys/stat.h>
#include "agent/place.h"
#include "os/msg.h"
#include "settings.h"

struct keeper {
	struct place_secret	 secret;
	struct place		 place;
	struct identity		 id;
	struct stat		 seen;		/* of the certificate's file */
	bool			 told;		/* that it cannot be used */
};
int	 keeper_open(struct keeper *, const struct place_source *,
	    struct error *);
void	 keeper_clear(struct keeper *);
/* Another process replaces key and certificate when it renews them.  1: they
 * are new, and *was is what the caller now frees; 0. */
int	 keeper_look(struct keeper *, struct identity *was, const char *what);
/* No network, no store, no other files; the token of the key. */
int	 keeper_confine(const struct keeper *, const struct rad_conf *,
	    struct error *);
/* Until the other end is gone.  -1: its error is the answer. */
typedef int keeper_answer_fn(void *arg, struct msg *q, struct msg *r,
	    struct error *);
void	 keeper_loop(int fd, keeper_answer_fn *, void *arg);
/* As many questions at once as there are sockets: fn is called by a thread for
 * each of them.  When one ends they all do.  To be called in the sandbox, which
 * the threads inherit. */
int	 keeper_lanes(const int *fd, size_t n, keeper_answer_fn *, void *arg,
	    struct error *);
#endif
